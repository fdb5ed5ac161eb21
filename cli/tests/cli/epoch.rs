//! Epochs from the answers of a node.

use super::bad_input::refused;
use super::{HOME, json, sumcast, write};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

fn answer(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../circuits/tests/epochs/chain").join(name)
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The arguments that both commands take.
const SHARED: [(&str, &str); 5] = [
    ("--topic", "topic.json"),
    ("--params", "params.json"),
    ("--inferer-regrets", "inferer_regrets.json"),
    ("--forecaster-regrets", "forecaster_regrets.json"),
    ("--naive-regrets", "naive_regrets.json"),
];
const EPOCH: [(&str, &str); 4] = [
    ("--inferences", "inferences.json"),
    ("--forecasts", "forecasts.json"),
    ("--network-loss", "network_loss.json"),
    ("--stored-scale", "latest_regret_stdnorm.json"),
];
const LOSSES: [(&str, &str); 2] = [("--losses", "reputer_losses.json"), ("--stakes", "reputers_stakes.json")];

/// A command with these answers, each under the argument it is for, to a file.
fn arguments(command: &str, answers: &[(&str, PathBuf)], output: &Path) -> Vec<String> {
    let mut all = vec!["epoch".to_owned(), command.to_owned(), "-o".to_owned(), output.display().to_string()];
    for (argument, path) in answers {
        all.extend([(*argument).to_owned(), path.display().to_string()]);
    }
    all
}

fn as_arguments(all: &[String]) -> Vec<&dyn AsRef<OsStr>> {
    all.iter().map(|argument| argument as &dyn AsRef<OsStr>).collect()
}

fn all_of(own: &[(&'static str, &str)]) -> Vec<(&'static str, PathBuf)> {
    own.iter().chain(&SHARED).map(|(argument, name)| (*argument, answer(name))).collect()
}

/// The answers with another file for one of them, or without it.
fn with(
    own: &[(&'static str, &str)],
    argument: &str,
    other: Option<PathBuf>,
) -> Vec<(&'static str, PathBuf)> {
    let mut answers = all_of(own);
    let i = answers.iter().position(|(named, _)| *named == argument).unwrap();
    match other {
        Some(path) => answers[i].1 = path,
        None => drop(answers.remove(i)),
    }
    answers
}

#[test]
fn an_epoch_is_imported() {
    let output = HOME.join("epoch.json");
    let report = json(&as_arguments(&arguments("import", &all_of(&EPOCH), &output)));
    let expected = read(&answer("expected_epoch.json"));
    assert_eq!(read(&output), expected);
    assert_eq!((&report["topic_id"], &report["nonce"]), (&expected["topic_id"], &expected["nonce"]));
    assert_eq!(
        (&report["inferers"], &report["forecasters"], &report["forecasts"]),
        (&5.into(), &3.into(), &15.into())
    );
    assert_eq!(
        (&report["network_inference"], &report["naive"]),
        (&"weighted by regrets".into(), &true.into())
    );
    assert_eq!(report["file"].as_str(), output.to_str());

    let text = sumcast(&as_arguments(&arguments("import", &all_of(&EPOCH), &output))).stdout;
    assert!(
        text.contains("epoch.json: topic 1, block 7038657\n") && text.contains("3, with 15 forecasts"),
        "{text}"
    );
}

#[test]
fn what_may_be_left_out() {
    let output = HOME.join("epoch-of-few.json");
    let few = [("--inferences", answer("inferences.json"))];
    let few: Vec<_> = few.into_iter().chain(SHARED[..2].iter().map(|(a, name)| (*a, answer(name)))).collect();
    let mut all = arguments("import", &few, &output);
    all.extend(["--weight-function", "gradient", "--regret-scale", "std"].map(str::to_owned));
    let report = json(&as_arguments(&all));
    assert!(report["network_inference"].as_str().unwrap().starts_with("the median"), "{report}");
    let epoch = read(&output);
    assert_eq!(
        (&epoch["params"]["weight_function"], &epoch["params"]["regret_scale"]),
        (&"gradient".into(), &"std".into())
    );
    assert_eq!(epoch["forecasters"], Value::Array(Vec::new()));
}

#[test]
fn a_settlement_is_imported() {
    let output = HOME.join("settlement.json");
    let report = json(&as_arguments(&arguments("import-losses", &all_of(&LOSSES), &output)));
    let (found, expected) = (read(&output), read(&answer("expected_settlement.json")));
    for field in ["topic_id", "nonce", "params", "regrets", "naive_regrets"] {
        assert_eq!(found[field], expected[field], "{field}");
    }
    // Reports are in the order of their reputers.
    let mut reports = expected["reports"].as_array().unwrap().clone();
    reports.sort_by_key(|report| report["reputer"].as_str().unwrap().to_owned());
    assert_eq!(found["reports"], Value::Array(reports));
    assert_eq!(
        (&report["workers"], &report["reputers"], &report["naive"]),
        (&8.into(), &5.into(), &true.into())
    );
    let text = sumcast(&as_arguments(&arguments("import-losses", &all_of(&LOSSES), &output))).stdout;
    assert!(text.contains("workers   8\nreputers  5\n"), "{text}");
}

#[test]
fn answers_that_are_none() {
    let output = HOME.join("no-epoch.json");
    let refuse = |command: &str, answers: &[(&str, PathBuf)], expected: &[&str]| {
        refused(&as_arguments(&arguments(command, answers, &output)), expected);
        assert!(!output.exists(), "nothing is left behind");
    };
    let missing = HOME.join("no-answer.json");
    refuse("import", &with(&EPOCH, "--inferences", Some(missing)), &["no-answer.json", "No such file"]);
    let text = write("no.json", "<html>");
    refuse("import", &with(&EPOCH, "--params", Some(text)), &["no.json is not JSON"]);
    let error = || Some(answer("not_implemented.json"));
    refuse(
        "import",
        &with(&EPOCH, "--forecasts", error()),
        &["the forecasts", "Not Implemented", "/emissions/v9/forecasts/"],
    );
    refuse("import", &with(&EPOCH, "--topic", Some(answer("params.json"))), &["the topic", "no field topic"]);
    refuse(
        "import",
        &with(&EPOCH, "--inferer-regrets", None),
        &["no answer for the regret of", "inferer_network_regret"],
    );
    refuse("import", &with(&EPOCH, "--topic", None), &["--topic <FILE>"]);
    refuse(
        "import-losses",
        &with(&LOSSES, "--stakes", error()),
        &["the stakes", "/emissions/v9/reputers_stakes/"],
    );
    let other = HOME.join("no-folder").join("epoch.json");
    refused(&as_arguments(&arguments("import", &all_of(&EPOCH), &other)), &["no-folder", "make it first"]);
}

#[test]
fn help_has_an_example() {
    for command in ["import", "import-losses"] {
        let help = sumcast(&[&"epoch", &command, &"--help"]);
        let example = format!("sumcast epoch {command} --");
        assert!(help.code == 0 && help.stdout.contains(&example), "{}", help.stdout);
    }
    assert!(sumcast(&[&"--help"]).stdout.contains("epoch"));
}
