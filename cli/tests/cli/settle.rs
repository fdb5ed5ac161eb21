//! Losses and regrets: computed, proven, and verified as those of a settlement.

use super::bad_input::refused;
use super::synthesize::{Synthesised, changed, epoch, near, read, rejected};
use super::{HOME, Run, json, sumcast};
use serde_json::json;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A settlement, and where its proof is.
static PROVEN: LazyLock<(PathBuf, PathBuf)> = LazyLock::new(|| {
    let (settlement, proof) = (epoch("settle_5x3_4_naive"), HOME.join("settlement.proof"));
    let report = json(&[&"settle", &settlement, &"--prove", &"-o", &proof]);
    near(&report, &read(&epoch("settle_5x3_4_naive.expected")));
    assert!(report["model_id"].is_string() && report["stages"]["opening"].is_number());
    (settlement, proof)
});

fn verify(settlement: &Path, more: &[&str]) -> Run {
    let (proof, vk) = (&PROVEN.1, HOME.join("settlement.proof.vk"));
    let mut all: Vec<&dyn AsRef<OsStr>> =
        vec![&"verify", &"--json", &"--vk", &vk, proof, &"--settlement", &settlement];
    all.extend(more.iter().map(|argument| argument as &dyn AsRef<OsStr>));
    sumcast(&all)
}

fn opening() -> String {
    HOME.join("settlement.proof.opening").to_str().unwrap().to_owned()
}

#[test]
fn outcomes_are_the_references() {
    for name in ["settle_301", "settle_5x3_1", "settle_12x2_3_gaps", "settle_32x6_6_naive_gaps"] {
        near(&json(&[&"settle", &epoch(name)]), &read(&epoch(&format!("{name}.expected"))));
    }
    for name in ["settle_one_out_g1_301", "settle_one_out_12x2_3_gaps"] {
        near(&json(&[&"settle", &epoch(name), &"--one-out"]), &read(&epoch(&format!("{name}.expected"))));
    }
    let text = sumcast(&[&"settle", &epoch("settle_one_out_g1_301"), &"--one-out"]).stdout;
    assert!(text.contains("naive regret  network without  with it alone\n"), "{text}");
    let text = sumcast(&[&"settle", &epoch("settle_5x3_4_naive")]).stdout;
    for part in [
        "topic 52, block 5003825\nnetwork loss    -2.0178407",
        "naive loss      -2.34157",
        "regret before",
        "\nworker      allo1forecaster02   -2.52156824    -2.39649926",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[test]
fn a_settlement_is_proven_and_verified() {
    let (settlement, proof) = &*PROVEN;
    let expected = read(&epoch("settle_5x3_4_naive.expected"));
    let verified = verify(settlement, &[]).json();
    assert_eq!((&verified["valid"], &verified["state"]), (&true.into(), &"committed".into()));
    near(&verified["outcome"]["losses"], &expected["losses"]);
    assert_eq!(verified["outcome"]["regrets"], json!({}), "they are committed");
    let opened = verify(settlement, &["--opening", &opening()]).json();
    assert_eq!((&opened["valid"], &opened["state"]), (&true.into(), &"opened".into()));
    near(&opened["outcome"], &expected);
    let inspected = json(&[&"inspect", proof]);
    assert_eq!(inspected["statement"], "settlement");
    assert_eq!(inspected["tensors"][4]["name"], "next_state");
    let opening = json(&[&"inspect", &opening()]);
    assert_eq!([&opening["tensors"][0]["name"], &opening["tensors"][1]["name"]], ["state", "next_state"]);
}

#[test]
fn one_outs_go_from_a_settlement_to_a_synthesis() {
    let settlement = changed(&epoch("settle_one_out_stored"), "one_out_settlement.json", |settlement| {
        settlement["initial_regret"] = "-0.5".into();
    });
    let proof = HOME.join("one_out_settlement.proof");
    let [vk, opening] = ["vk", "opening"].map(|file| HOME.join(format!("one_out_settlement.proof.{file}")));
    let report = json(&[&"settle", &settlement, &"--one-out", &"--prove", &"-o", &proof]);
    near(&report, &read(&epoch("settle_one_out_stored.expected")));
    let verified =
        json(&[&"verify", &"--vk", &vk, &proof, &"--settlement", &settlement, &"--opening", &opening]);
    assert_eq!((&verified["valid"], &verified["state"]), (&true.into(), &"opened".into()));
    near(&verified["outcome"], &read(&epoch("settle_one_out_stored.expected")));

    // The next epoch takes the state that is left, with the regrets of all networks.
    let next = changed(&settlement, "one_out_next.json", |value| {
        let worker = |name: String| json!({"address": name, "regret": report["regrets"][&name]});
        let inferers = (0..3).map(|j| {
            let mut inferer = worker(format!("allo1inferer0{j}"));
            inferer["inference"] = format!("0.{j}1").into();
            inferer
        });
        let forecasters = (0..2).map(|k| {
            let mut forecaster = worker(format!("allo1forecaster0{k}"));
            forecaster["forecasts"] = json!([{"inferer": format!("allo1inferer0{k}"), "loss": "-2"}]);
            forecaster
        });
        value["inferers"] = inferers.collect();
        value["forecasters"] = forecasters.collect();
        value["previous_network_loss"] = report["losses"]["network"].clone();
        value["params"]["regret_scale"] = json!({"stored": report["regret_scale"]});
        for kind in ["one_out_inferer_regrets", "one_out_forecaster_regrets", "one_in_forecaster_regrets"] {
            assert!(report[kind].is_object(), "{kind}");
            value[kind] = report[kind].clone();
        }
    });
    let state = ["--one-out", "--state", opening.to_str().unwrap()];
    let synthesised = Synthesised::new("one_out_next", next, &state);
    assert_eq!(synthesised.report["one_out_inferer_inferences"].as_object().unwrap().len(), 3);
    let [left, taken] = [&proof, &synthesised.proof].map(|proof| json(&[&"inspect", proof]));
    assert_eq!(left["tensors"][4]["commitments"], taken["tensors"][2]["commitments"]);
    assert_eq!(left["tensors"][7]["name"], "one_out_forecaster_losses");
    // Without one-outs it is another state.
    let run = sumcast(&[
        &"synthesize",
        &synthesised.epoch,
        &"--prove",
        &"-o",
        &HOME.join("one_out_other.proof"),
        &"--state",
        &opening,
    ]);
    assert!(run.stderr.contains("opens no state with these regrets"), "{}", run.stderr);
}

#[test]
fn a_proof_is_of_its_own_settlement_alone() {
    let (settlement, proof) = &*PROVEN;
    let other = changed(settlement, "loss.json", |settlement| {
        settlement["reports"][0]["losses"]["network"] = "-1.5".into();
    });
    rejected(&verify(&other, &[]), &["the loss of \"network\" that ", " reports is -1.5 in", "loss.json"]);
    let other = changed(settlement, "alpha.json", |settlement| {
        settlement["params"]["alpha_regret"] = "0.25".into();
    });
    rejected(&verify(&other, &[]), &["not the key of a settlement"]);
    let other = changed(settlement, "before.json", |settlement| {
        let worker = settlement["regrets"].as_object().unwrap().keys().next().unwrap().clone();
        settlement["regrets"][worker] = "-0.5".into();
    });
    assert_eq!(verify(&other, &[]).code, 0);
    rejected(&verify(&other, &["--opening", &opening()]), &["the regret of ", " is -0.5 in"]);
    let vk = HOME.join("settlement.proof.vk");
    let epoch = epoch("case_infers_and_forecasts");
    let run = sumcast(&[&"verify", &"--json", &"--vk", &vk, proof, &"--epoch", &epoch]);
    rejected(&run, &["not the key of a synthesis"]);
    refused(&[&"settle", &epoch], &["case_infers_and_forecasts.json: this is no settlement"]);
    refused(&[&"settle", settlement, &"--prove", &"-o", &*HOME], &["it is a directory"]);
}

#[test]
fn the_state_before_has_the_last_loss() {
    let (settlement, _) = &*PROVEN;
    let with = |name: &str, loss: &str| {
        changed(settlement, name, |settlement| settlement["previous_network_loss"] = loss.into())
    };
    let later = with("later.json", "-3.25");
    // Nothing follows from it.
    assert_eq!(json(&[&"settle", &later]), json(&[&"settle", settlement]));
    rejected(
        &verify(&later, &["--opening", &opening()]),
        &["the previous network loss is -3.25 in", "absent"],
    );
    let output = HOME.join("no-settlement.proof");
    refused(
        &[&"settle", &later, &"--prove", &"-o", &output, &"--state", &opening()],
        &["settlement.proof.opening opens no state with these regrets"],
    );
    refused(
        &[&"settle", &with("far.json", "4096"), &"--prove", &"-o", &output],
        &["far.json", "previous_network_loss is 4096", "below 2^12"],
    );
}
