//! Network inferences with the proofs of their workers.

use super::bad_input::refused;
use super::hidden::BOTH;
use super::synthesize::{Synthesised, changed, epoch, rejected};
use super::{Compiled, HOME, LINREG, MLP, json};
use serde_json::Value;
use std::path::Path;
use std::sync::LazyLock;

/// Who runs the bundled model.
const WORKER: &str = "allo1inferer01";

/// An epoch in which the worker infers what its model gives, and so many units more.
fn of_model(name: &str, units: f64) -> Synthesised {
    let output = LINREG.proven["output"][0].as_f64().unwrap();
    let unit = 2f64.powi(-48);
    let file = changed(&epoch("case_infers_and_forecasts"), &format!("{name}.json"), |epoch| {
        epoch["inferers"][1]["inference"] = format!("{}", output + units * unit).into();
    });
    Synthesised::new(name, file, &[])
}

static EPOCH: LazyLock<Synthesised> = LazyLock::new(|| of_model("bundle", 0.0));

fn worker(address: &str, vk: &Path, proof: &Path) -> String {
    format!("{address}={}:{}", vk.display(), proof.display())
}

#[test]
fn a_workers_proof_is_linked() {
    let argument = worker(WORKER, &LINREG.vk(), &LINREG.proof);
    let run = EPOCH.verify(&EPOCH.epoch, &["--worker", &argument]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let value = run.json();
    let linked = &value["workers"][0];
    assert_eq!((&linked["worker"], &linked["slot"]), (&WORKER.into(), &1.into()));
    assert_eq!(linked["model_id"], LINREG.report["model_id"]);
    assert_eq!(linked["context"], LINREG.proven["context"]);
    let output: f64 = linked["output"].as_str().unwrap().parse().unwrap();
    assert_eq!(Some(output), LINREG.proven["output"][0].as_f64());
    assert_eq!(value["valid"], true);

    let vk = EPOCH.vk();
    let arguments: [&dyn AsRef<std::ffi::OsStr>; 8] =
        [&"verify", &"--vk", &vk, &EPOCH.proof, &"--epoch", &EPOCH.epoch, &"--worker", &argument];
    let text = super::sumcast(&arguments).stdout;
    assert!(text.contains(&format!("proven    {WORKER}: ")), "{text}");
}

#[test]
fn one_that_is_not_is_rejected() {
    let check = |of: &Synthesised, argument: &str, expected: &[&str]| {
        rejected(&of.verify(&of.epoch, &["--worker", argument]), expected);
    };
    let own = worker(WORKER, &LINREG.vk(), &LINREG.proof);
    for (name, units) in [("above", 1.0), ("below", -1.0)] {
        let other = of_model(name, units);
        check(
            &other,
            &own,
            &["worker allo1inferer01: ", "linreg.proof: its output is", "in the statement is"],
        );
    }
    let other = HOME.join("linreg-1.proof");
    let inputs = LINREG.inputs();
    json(&[&"prove", &LINREG.dir, &"--input", &inputs, &"--index", &"1", &"-o", &other]);
    check(&EPOCH, &worker(WORKER, &LINREG.vk(), &other), &[WORKER, "linreg-1.proof: its output is"]);
    check(&EPOCH, &worker(WORKER, &MLP.vk(), &LINREG.proof), &[WORKER, "linreg.proof"]);
    check(&EPOCH, &worker("allo1inferer00", &LINREG.vk(), &LINREG.proof), &["worker allo1inferer00"]);
    let hidden: &Compiled = &BOTH;
    check(&EPOCH, &worker(WORKER, &hidden.vk(), &hidden.proof), &[WORKER, "its output is a commitment"]);
    let mut bytes = std::fs::read(&LINREG.proof).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let bad = super::write("linked-bad.proof", bytes);
    check(&EPOCH, &worker(WORKER, &LINREG.vk(), &bad), &[WORKER, "linked-bad.proof"]);
    let good = ["--worker", &own, "--worker", &worker("allo1inferer00", &LINREG.vk(), &other)];
    rejected(&EPOCH.verify(&EPOCH.epoch, &good), &["worker allo1inferer00"]);
}

#[test]
fn workers_that_are_none() {
    let (vk, own) = (EPOCH.vk(), worker(WORKER, &LINREG.vk(), &LINREG.proof));
    let mut of_epoch: Vec<&dyn AsRef<std::ffi::OsStr>> = vec![&"verify", &"--vk", &vk, &EPOCH.proof];
    let refuse = |all: &[&dyn AsRef<std::ffi::OsStr>], workers: &[&str], expected: &[&str]| {
        let mut all = all.to_vec();
        for worker in workers {
            all.extend([&"--worker" as &dyn AsRef<std::ffi::OsStr>, worker]);
        }
        refused(&all, expected);
    };
    refuse(&of_epoch, &[&own], &["--epoch"]);
    of_epoch.extend([&"--epoch" as &dyn AsRef<std::ffi::OsStr>, &EPOCH.epoch]);
    refuse(&of_epoch, &["allo1inferer01"], &["ADDRESS=MODEL.vk:MODEL.proof"]);
    refuse(&of_epoch, &[&own, &own], &["allo1inferer01: it is there twice"]);
    let stranger = worker("allo1forecaster00", &LINREG.vk(), &LINREG.proof);
    refuse(&of_epoch, &[&stranger], &["nobody of that address infers", "allo1inferer04"]);
    let missing = worker(WORKER, &LINREG.vk(), &HOME.join("no-such.proof"));
    refuse(&of_epoch, &[&missing], &["no-such.proof"]);
    let no_key = worker(WORKER, &LINREG.proof, &LINREG.proof);
    refuse(&of_epoch, &[&no_key], &["linreg.proof", "verifying key"]);
    assert!(matches!(EPOCH.report["proof"], Value::String(_)));
}
