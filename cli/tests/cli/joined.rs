//! Models and the synthesis of what they infer, in one proof.

use super::bad_input::refused;
use super::synthesize::{Synthesised, changed, epoch, rejected};
use super::{Compiled, LINREG, json};
use std::path::PathBuf;
use std::sync::LazyLock;

/// Who runs the models.
const WORKERS: [&str; 2] = ["allo1inferer00", "allo1inferer01"];

static MODELS: LazyLock<[Compiled; 2]> = LazyLock::new(|| {
    let linear = Compiled::with("linreg", "joined-linreg", &["--limb-bits", "10", "--hide", "input"]);
    let network = Compiled::with("mlp_8k", "joined-mlp_8k", &["--limb-bits", "10", "--public-model"]);
    [linear, network]
});

/// The file of an epoch in which the workers infer what their models give for input 0, or some unit more.
fn file(name: &str, more: f64) -> PathBuf {
    changed(&epoch("case_infers_and_forecasts"), &format!("{name}.json"), |epoch| {
        for (slot, model) in MODELS.iter().enumerate() {
            let output = model.proven["output"][0].as_f64().unwrap();
            epoch["inferers"][slot]["inference"] = format!("{}", output + more).into();
        }
    })
}

fn with_inputs(index: &str) -> Vec<String> {
    let of = |(worker, model): (&&str, &Compiled)| {
        format!("--model={worker}={}:{}:{index}", model.dir.display(), model.inputs().display())
    };
    // In any order.
    WORKERS.iter().zip(&*MODELS).map(of).rev().collect()
}

fn models() -> Vec<String> {
    let of = |(worker, model): (&&str, &Compiled)| format!("--model={worker}={}", model.dir.display());
    WORKERS.iter().zip(&*MODELS).map(of).collect()
}

fn arguments(of: &[String]) -> Vec<&str> {
    of.iter().map(String::as_str).collect()
}

static JOINED: LazyLock<Synthesised> =
    LazyLock::new(|| Synthesised::new("joined", file("joined", 0.0), &arguments(&with_inputs("0"))));

#[test]
fn one_proof_is_of_models_and_synthesis() {
    let run = JOINED.verify(&JOINED.epoch, &arguments(&models()));
    assert_eq!(run.code, 0, "{}", run.stdout);
    let outcome = &run.json()["outcome"];
    assert_eq!(outcome["network_inference"], JOINED.report["network_inference"]);
    let alone = json(&[&"synthesize", &JOINED.epoch]);
    assert_eq!(outcome["weights"], alone["weights"]);
    assert_eq!(json(&[&"verify", &"--vk", &JOINED.vk(), &JOINED.proof])["valid"], true);
    // The state is opened, and so is the input that one model hides.
    let opening = JOINED.opening();
    let opened: serde_json::Value = serde_json::from_slice(&std::fs::read(&opening).unwrap()).unwrap();
    assert_eq!(opened["tensors"].as_array().map(Vec::len), Some(2));
    let models = models();
    let mut with_opening = arguments(&models);
    with_opening.extend(["--opening", opening.to_str().unwrap()]);
    let run = JOINED.verify(&JOINED.epoch, &with_opening);
    assert_eq!((run.code, &run.json()["state"]), (0, &"opened".into()), "{}", run.stdout);
}

#[test]
fn a_proof_of_other_models_is_rejected() {
    let models = models();
    let not_of_it = &["this is not the key of a synthesis", "with --model"];
    rejected(&JOINED.verify(&JOINED.epoch, &[]), not_of_it);
    rejected(&JOINED.verify(&JOINED.epoch, &arguments(&models[..1])), not_of_it);
    // The same file compiled again has a secret of its own.
    let again = Compiled::with("linreg", "joined-again", &["--limb-bits", "10", "--hide", "input"]);
    let again = format!("--model={}={}", WORKERS[0], again.dir.display());
    rejected(&JOINED.verify(&JOINED.epoch, &[&again, &models[1]]), not_of_it);
    // Another forecast.
    let other = changed(&JOINED.epoch, "joined-other.json", |epoch| {
        epoch["forecasters"][0]["forecasts"][0]["loss"] = "-1.25".into();
    });
    rejected(&JOINED.verify(&other, &arguments(&models)), &["the loss that", "is -1.25 in"]);
}

#[test]
fn what_cannot_be_joined_is_refused() {
    let [linear, network] = [0, 1].map(|k| with_inputs("0")[1 - k].clone());
    let epoch = &JOINED.epoch;
    refused(&[&"synthesize", &file("joined-more", 0.5), &linear], &["allo1inferer00", "its model gives"]);
    refused(&[&"synthesize", epoch, &linear, &linear], &["--model allo1inferer00", "one of each"]);
    refused(&[&"synthesize", epoch, &network.replace("inferer01", "nobody")], &["nobody of that address"]);
    refused(&[&"synthesize", epoch, &linear.trim_end_matches(":0")], &["choose one with --index"]);
    let dir = LINREG.dir.display();
    let narrow = format!("--model={}={dir}:{}:0", WORKERS[0], LINREG.inputs().display());
    refused(&[&"synthesize", epoch, &narrow], &["--model allo1inferer00", "--limb-bits 10"]);
    refused(
        &[&"compile", &LINREG.onnx(), &"-o", &super::HOME.join("nine"), &"--limb-bits", &"9"],
        &["limbs of 9 bits"],
    );
}
