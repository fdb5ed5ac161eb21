//! Network inferences: computed, proven, and verified as those of an epoch.

use super::bad_input::refused;
use super::{HOME, json, sumcast, write};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// An epoch or settlement of the circuits' tests.
pub(super) fn epoch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../circuits/tests/epochs").join(format!("{name}.json"))
}

pub(super) fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// An epoch or settlement with a change, in a file of its own.
pub(super) fn changed(of: &Path, name: &str, change: impl FnOnce(&mut Value)) -> PathBuf {
    let mut value = read(of);
    change(&mut value);
    write(name, value.to_string())
}

/// That numbers are within a billionth of what is expected, each in its place.
pub(super) fn near(found: &Value, expected: &Value) {
    match expected {
        Value::Object(all) => {
            for (key, value) in all {
                near(&found[key], value);
            }
        }
        Value::Array(all) => {
            assert_eq!(found.as_array().map(Vec::len), Some(all.len()));
            all.iter().enumerate().for_each(|(i, value)| near(&found[i], value));
        }
        Value::String(text) => {
            let expected: f64 = text.parse().unwrap();
            let found: f64 = found.as_str().unwrap().parse().unwrap();
            let error = (found - expected).abs();
            assert!(error <= (1e-9 * expected.abs()).max(1e-12), "{found} {expected}");
        }
        other => assert_eq!(found, other),
    }
}

/// A proof of a network inference, and what was said of it.
pub(super) struct Synthesised {
    pub(super) epoch: PathBuf,
    pub(super) proof: PathBuf,
    pub(super) report: Value,
}

impl Synthesised {
    pub(super) fn new(name: &str, epoch: PathBuf, more: &[&str]) -> Self {
        let proof = HOME.join(format!("{name}.proof"));
        let mut arguments: Vec<&dyn AsRef<std::ffi::OsStr>> =
            vec![&"synthesize", &epoch, &"--prove", &"-o", &proof];
        arguments.extend(more.iter().map(|argument| argument as &dyn AsRef<std::ffi::OsStr>));
        let report = json(&arguments);
        Self { epoch, proof, report }
    }

    pub(super) fn vk(&self) -> PathBuf {
        self.proof.with_extension("proof.vk")
    }

    pub(super) fn opening(&self) -> PathBuf {
        self.proof.with_extension("proof.opening")
    }

    /// `verify` with this proof as one of an epoch.
    pub(super) fn verify(&self, epoch: &Path, more: &[&str]) -> super::Run {
        let vk = self.vk();
        let mut arguments: Vec<&dyn AsRef<std::ffi::OsStr>> =
            vec![&"verify", &"--json", &"--vk", &vk, &self.proof, &"--epoch", &epoch];
        arguments.extend(more.iter().map(|argument| argument as &dyn AsRef<std::ffi::OsStr>));
        sumcast(&arguments)
    }
}

/// That a proof is rejected, and why.
pub(super) fn rejected(run: &super::Run, expected: &[&str]) {
    assert_eq!(run.code, 1, "{} {}", run.stdout, run.stderr);
    let value = run.json();
    assert_eq!((&value["valid"], value.get("outcome")), (&false.into(), None));
    let error = value["error"].as_str().unwrap();
    for part in expected {
        assert!(error.contains(part), "{part:?} is not in {error:?}");
    }
}

static PROVEN: LazyLock<Synthesised> =
    LazyLock::new(|| Synthesised::new("network", epoch("case_infers_and_forecasts"), &[]));

#[test]
fn outcomes_are_the_references() {
    for name in [
        "case_no_loss_odd",
        "case_no_loss_even",
        "case_all_new_naive",
        "case_infers_and_forecasts",
        "case_no_naive",
        "case_far_gradient_capped",
        "size_1x0_exp1_stored",
        "size_5x3_gradient_std",
        "size_32x6_exp1_mad",
        "synthesis_g1_301",
    ] {
        let expected = read(&epoch(&format!("{name}.expected")));
        let outcome = json(&[&"synthesize", &epoch(name)]);
        near(&outcome, &expected);
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&outcome), keys(&expected), "{name}");
    }
}

#[test]
fn one_outs_are_computed_proven_and_verified_by_a_flag() {
    for name in ["one_out_g1_301", "one_out_12x2_exp1_stored", "one_out_one_inference", "one_out_no_loss"] {
        let expected = read(&epoch(&format!("{name}.expected")));
        near(&json(&[&"synthesize", &epoch(name), &"--one-out"]), &expected);
        let plain = json(&[&"synthesize", &epoch(name)]);
        assert_eq!(plain.get("one_out_inferer_inferences"), None, "{name}");
    }
    let text = sumcast(&[&"synthesize", &epoch("one_out_g1_301"), &"--one-out"]).stdout;
    for part in [
        "weight  network without  with it alone\n",
        "0.1818 %      0.229486743              -\n",
        "0.200124042    0.183428891\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }

    let of = epoch("one_out_two_inferers");
    let expected = read(&epoch("one_out_two_inferers.expected"));
    let proven = Synthesised::new("one_out", of.clone(), &["--one-out"]);
    near(&proven.report, &expected);
    let opening = proven.opening();
    let opening = ["--opening", opening.to_str().unwrap()];
    let opened = proven.verify(&of, &opening).json();
    assert_eq!((&opened["valid"], &opened["state"]), (&true.into(), &"opened".into()));
    near(&opened["outcome"], &expected);
    let inspected = json(&[&"inspect", &proven.proof]);
    assert_eq!(inspected["tensors"][8]["name"], "one_out_inferences");
    let other = changed(&of, "one_out_regret.json", |epoch| {
        epoch["one_out_inferer_regrets"]["allo1inferer01"]["allo1forecaster00"] = "-0.5".into();
    });
    rejected(
        &proven.verify(&other, &opening),
        &["the regret of \"allo1forecaster00\" without \"allo1inferer01\" is -0.5 in", "one_out_regret.json"],
    );
}

#[test]
fn an_outcome_for_people_has_a_table_of_workers() {
    let text = sumcast(&[&"synthesize", &epoch("case_infers_and_forecasts")]).stdout;
    for part in [
        "topic 49, block 5003600\nnetwork inference  0.034654366513",
        ": weighted by regrets\n",
        "interval           -0.07033",
        " at 97.72 %\n",
        "\ninferer     allo1inferer00     0.00107450842  -0.564029183   6.2821 %\n",
        "\nforecaster  allo1inferer02      0.0632539666   -0.35818806  44.4334 %\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let text = sumcast(&[&"synthesize", &epoch("case_no_loss_odd")]).stdout;
    assert!(text.contains("the median of the inferences") && text.contains("       -       -\n"), "{text}");
}

#[test]
fn a_network_inference_is_proven_and_verified() {
    let proven = &*PROVEN;
    near(&proven.report, &read(&epoch("case_infers_and_forecasts.expected")));
    for field in ["model_id", "context", "proof", "opening", "vk"] {
        assert!(proven.report[field].is_string(), "{field}");
    }
    for field in ["proof_bytes", "prove_seconds", "key_seconds", "check_seconds", "vk_bytes"] {
        assert!(proven.report[field].is_number(), "{field}");
    }
    assert!(proven.report["stages"]["opening"].is_number());
    #[cfg(unix)]
    assert_eq!(super::mode(&proven.opening()) & 0o077, 0);

    let verified = json(&[&"verify", &"--vk", &proven.vk(), &proven.proof]);
    assert_eq!((&verified["valid"], &verified["model_id"]), (&true.into(), &proven.report["model_id"]));
    let verified = proven.verify(&proven.epoch, &[]).json();
    assert_eq!((&verified["valid"], &verified["state"]), (&true.into(), &"committed".into()));
    near(&verified["outcome"], &read(&epoch("case_infers_and_forecasts.expected")));
    let opening = proven.opening();
    let opened = proven.verify(&proven.epoch, &["--opening", opening.to_str().unwrap()]).json();
    assert_eq!((&opened["valid"], &opened["state"]), (&true.into(), &"opened".into()));

    let text = sumcast(&[&"verify", &"--vk", &proven.vk(), &proven.proof, &"--epoch", &proven.epoch]).stdout;
    assert!(text.starts_with("valid and of its file, in ") && text.contains("network inference  0.03465"));
    assert!(text.contains("state     committed"), "{text}");
    let revealed =
        sumcast(&[&"reveal", &proven.proof, &"--opening", &opening, &"--vk", &proven.vk(), &"--json"]);
    assert_eq!(revealed.json()["tensors"][0]["tensor"], 2);
}

#[test]
fn a_proof_is_of_its_own_epoch_alone() {
    let proven = &*PROVEN;
    let other = epoch("case_no_loss_odd");
    rejected(&proven.verify(&other, &[]), &["network.proof.vk", "case_no_loss_odd.json", "another phase"]);
    let other = changed(&proven.epoch, "steeper.json", |epoch| epoch["params"]["p_norm"] = "3.5".into());
    rejected(&proven.verify(&other, &[]), &["not the key of a synthesis", "other parameters"]);
    let other = changed(&proven.epoch, "scaled.json", |epoch| {
        epoch["params"]["regret_scale"] = json!({"stored": "0.9"});
    });
    rejected(&proven.verify(&other, &[]), &["not the key of a synthesis"]);

    let other = changed(&proven.epoch, "inference.json", |epoch| {
        epoch["inferers"][1]["inference"] = "0.00076688491002".into();
    });
    let names = ["network.proof: ", "the inference of \"allo1inferer01\" is 0.00076688491", "inference.json"];
    rejected(&proven.verify(&other, &[]), &names);
    let other = changed(&proven.epoch, "absent.json", |epoch| {
        epoch["inferers"].as_array_mut().unwrap().pop();
    });
    rejected(
        &proven.verify(&other, &[]),
        &["the inference of slot 4, which the epoch has nobody for is absent"],
    );
    let other = changed(&proven.epoch, "forecast.json", |epoch| {
        epoch["forecasters"][0]["forecasts"][0]["loss"] = "-3.5".into();
    });
    rejected(
        &proven.verify(&other, &[]),
        &["the loss that \"allo1forecaster00\" forecasts of \"allo1inferer04\" is -3.5 in"],
    );

    // Only its opening says what the state is.
    let other = changed(&proven.epoch, "regret.json", |epoch| epoch["inferers"][0]["regret"] = "-0.5".into());
    assert_eq!(proven.verify(&other, &[]).code, 0);
    let opening = proven.opening();
    let opening = ["--opening", opening.to_str().unwrap()];
    rejected(&proven.verify(&other, &opening), &["the regret of \"allo1inferer00\" is -0.5 in"]);
    let foreign = changed(Path::new(opening[1]), "foreign.opening", |opening| {
        opening["context"] = "11".repeat(32).into();
    });
    let foreign = ["--opening", foreign.to_str().unwrap()];
    rejected(&proven.verify(&proven.epoch, &foreign), &["foreign.opening: it opens a proof for"]);
    let false_one = changed(Path::new(opening[1]), "false.opening", |opening| {
        opening["tensors"][0]["integers"][0] = "1".into();
    });
    let false_one = ["--opening", false_one.to_str().unwrap()];
    rejected(&proven.verify(&proven.epoch, &false_one), &["false.opening", "do not open tensor 2"]);
    let none = changed(Path::new(opening[1]), "none-of-it.opening", |opening| {
        opening["tensors"] = json!([]);
    });
    let run = proven.verify(&proven.epoch, &["--opening", none.to_str().unwrap()]);
    assert!(run.code == 2 && run.stdout.contains("does not open the state"), "{}", run.stdout);
}

#[test]
fn a_topic_keeps_its_key() {
    let room = ["--inferers", "8", "--forecasters", "3"];
    let of_few = changed(&PROVEN.epoch, "few.json", |epoch| {
        epoch["inferers"].as_array_mut().unwrap().pop();
        epoch["forecasters"].as_array_mut().unwrap().pop();
    });
    let few = Synthesised::new("few", of_few, &room);
    let context = "22".repeat(32);
    let vk = HOME.join("all.vk");
    let more = [&room[..], &["--context", &context, "--vk", vk.to_str().unwrap()]].concat();
    let all = Synthesised::new("all", PROVEN.epoch.clone(), &more);
    assert_eq!(few.report["model_id"], all.report["model_id"]);
    assert_ne!(few.report["model_id"], PROVEN.report["model_id"]);
    assert_eq!(std::fs::read(few.vk()).unwrap(), std::fs::read(&vk).unwrap());
    assert!(!all.vk().exists() && all.report["vk"] == vk.to_str().unwrap());
    near(&all.report, &read(&epoch("case_infers_and_forecasts.expected")));
    let run = json(&[&"verify", &"--vk", &few.vk(), &all.proof, &"--epoch", &all.epoch]);
    assert_eq!(run["context"], context);
    assert_eq!(few.verify(&few.epoch, &[]).code, 0);
    rejected(
        &few.verify(&all.epoch, &[]),
        &["the inference of \"allo1inferer04\"", "absent in the statement"],
    );
}

#[test]
fn a_state_keeps_its_commitment() {
    let opening = PROVEN.opening();
    let again = Synthesised::new(
        "again",
        PROVEN.epoch.clone(),
        &["--state", opening.to_str().unwrap(), "--context", &"33".repeat(32)],
    );
    let state = |of: &Synthesised| json(&[&"inspect", &of.proof])["tensors"][2].clone();
    assert_eq!(state(&again), state(&PROVEN));
    let other = changed(&PROVEN.epoch, "other-state.json", |epoch| {
        epoch["inferers"][2]["regret"] = "-1.5".into();
    });
    let fresh = Synthesised::new("fresh", PROVEN.epoch.clone(), &[]);
    assert_ne!(state(&fresh), state(&PROVEN));
    let output = HOME.join("other-state.proof");
    let all: [&dyn AsRef<std::ffi::OsStr>; 7] =
        [&"synthesize", &other, &"--prove", &"-o", &output, &"--state", &opening];
    refused(&all, &["--state", "network.proof.opening opens no state with these regrets"]);
    assert!(!output.exists());
}

#[test]
fn the_scale_of_inferences_can_be_kept() {
    let coarse = Synthesised::new("coarse", PROVEN.epoch.clone(), &["--frac-bits", "32"]);
    assert_ne!(coarse.report["model_id"], PROVEN.report["model_id"]);
    assert_eq!(json(&[&"inspect", &coarse.vk()])["tensors"][0]["fraction"], 32);
    let outcome = &coarse.verify(&coarse.epoch, &[]).json()["outcome"];
    let inference: f64 = outcome["network_inference"].as_str().unwrap().parse().unwrap();
    assert!((inference - 0.034_654_366_5).abs() < 2f64.powi(-30), "{inference}");
    refused(&[&"synthesize", &coarse.epoch, &"--frac-bits", &"12"], &["0, 8, 16, 24, 32, 40 or 48"]);
    let large = epoch("case_no_loss_odd");
    refused(&[&"synthesize", &large, &"--frac-bits", &"48"], &["the inference of", "below 2^5 there"]);
}

#[test]
fn a_topics_first_epoch_is_proven() {
    let first = Synthesised::new("first", epoch("case_no_loss_even"), &["--forecasters", "3"]);
    let verified = first.verify(&first.epoch, &[]).json();
    near(&verified["outcome"], &read(&epoch("case_no_loss_even.expected")));
}

#[test]
fn tensors_have_names() {
    let proven = &*PROVEN;
    let proof = json(&[&"inspect", &proven.proof]);
    let key = json(&[&"inspect", &proven.vk()]);
    assert_eq!(proof["statement"], "synthesis");
    let named = |value: &Value| {
        let tensors = value["tensors"].as_array().unwrap();
        tensors.iter().map(|tensor| tensor["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(named(&proof), named(&key));
    assert_eq!(named(&key)[..4], ["inferences", "forecasts", "state", "network_inference"]);
    assert_eq!(json(&[&"inspect", &proven.opening()])["tensors"][0]["name"], "state");
    let text = sumcast(&[&"inspect", &proven.proof]).stdout;
    assert!(
        text.contains("in the form of a synthesis") && text.contains("tensor 7  weights, public"),
        "{text}"
    );
}

#[test]
fn epochs_that_are_none() {
    let output = HOME.join("none.proof");
    let refuse = |epoch: &Path, expected: &[&str]| {
        refused(&[&"synthesize", &epoch], expected);
        refused(&[&"synthesize", &epoch, &"--prove", &"-o", &output], expected);
        assert!(!output.exists(), "nothing is left behind");
    };
    refuse(&HOME.join("no-epoch-here.json"), &["no-epoch-here.json", "No such file"]);
    refuse(&write("text.json", "<html>"), &["text.json: this is no epoch"]);
    let other = |name: &str, change: &dyn Fn(&mut Value)| changed(&PROVEN.epoch, name, change);
    let epoch = other("unknown.json", &|epoch| epoch["params"]["weight_function"] = "other".into());
    refuse(&epoch, &["unknown.json", "other", "exp1_div_exp1"]);
    let epoch = other("many.json", &|epoch| {
        let one = epoch["inferers"][0].clone();
        let many = (0..33).map(|i| {
            let mut one = one.clone();
            one["address"] = format!("a{i}").into();
            one
        });
        epoch["inferers"] = many.collect();
    });
    refuse(&epoch, &["many.json", "33 inferers", "at most 32"]);
    let epoch = other("large.json", &|epoch| epoch["inferers"][0]["inference"] = "1e30".into());
    refuse(&epoch, &["large.json", "the inference of \"allo1inferer00\" is 1000000"]);
}

#[test]
fn what_cannot_be_asked_for() {
    let (proven, output) = (&*PROVEN, HOME.join("unasked.proof"));
    let prove = |more: &[&str], expected: &[&str]| {
        let mut all: Vec<&dyn AsRef<std::ffi::OsStr>> = vec![&"synthesize", &proven.epoch, &"--prove"];
        all.extend(more.iter().map(|argument| argument as &dyn AsRef<std::ffi::OsStr>));
        refused(&all, expected);
        assert!(!output.exists(), "nothing is left behind");
    };
    let at = output.to_str().unwrap();
    prove(&[], &["--output <PROOF>"]);
    refused(&[&"synthesize", &proven.epoch, &"-o", &output], &["--prove"]);
    refused(&[&"synthesize", &proven.epoch, &"--vk", &output], &["--prove"]);
    prove(&["-o", HOME.to_str().unwrap()], &["it is a directory"]);
    prove(&["-o", &format!("{at}/no/such")], &["there is no directory"]);
    prove(&["-o", at, "--vk", at], &["--vk", "is where the proof goes"]);
    prove(&["-o", at, "--opening", at], &["--opening", "is where the proof goes"]);
    let one = HOME.join("one-file");
    let one = one.to_str().unwrap();
    prove(&["-o", at, "--vk", one, "--opening", one], &["is where the opening goes"]);
    prove(&["-o", at, "--inferers", "4"], &["--inferers 4: there are 5 inferers"]);
    prove(&["-o", at, "--forecasters", "1"], &["there are 2 forecasters"]);
    prove(&["-o", at, "--inferers", "33"], &["33", "32"]);
    prove(&["-o", at, "--context", "12"], &["64 hexadecimal digits"]);
    prove(&["-o", at, "--params", &format!("{at}.srs")], &["unasked.proof.srs"]);
    let srs = HOME.join("short.srs");
    assert_eq!(sumcast(&[&"params", &"new", &"--log-size", &"4", &"-o", &srs]).code, 0);
    prove(&["-o", at, "--params", srs.to_str().unwrap()], &["short.srs"]);

    let verify = |more: &[&str], code: i32, expected: &str| {
        let run = proven.verify(&proven.epoch, more);
        assert!(run.code == code && run.stdout.contains(expected), "{}", run.stdout);
    };
    verify(&["--params", srs.to_str().unwrap()], 2, "short.srs");
    verify(&["--opening", proven.proof.to_str().unwrap()], 2, "is not an opening");
    verify(&["--settlement", proven.epoch.to_str().unwrap()], 2, "cannot be used with");
    refused(
        &[&"verify", &"--vk", &proven.vk(), &proven.proof, &"--opening", &proven.opening()],
        &["--epoch", "--settlement"],
    );
    for command in ["synthesize", "settle", "verify"] {
        let help = sumcast(&[&command, &"--help"]).stdout;
        assert!(help.contains("Examples:\n  sumcast "), "{help}");
    }
}
