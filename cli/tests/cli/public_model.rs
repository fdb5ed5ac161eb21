//! Who can tell a model by its id: everybody who has a public one, nobody else.

use super::{HOME, LINREG, MLP, json, sumcast};
use std::path::{Path, PathBuf};

fn compile(at: &str, more: &[&str]) -> PathBuf {
    let dir = HOME.join(at);
    let (onnx, inputs) = (MLP.onnx(), MLP.inputs());
    let mut arguments: Vec<&dyn AsRef<std::ffi::OsStr>> =
        vec![&"compile", &onnx, &"--calibrate", &inputs, &"-o", &dir];
    arguments.extend(more.iter().map(|argument| argument as &dyn AsRef<std::ffi::OsStr>));
    let report = json(&arguments);
    assert_eq!(report["model"], if more.contains(&"--public-model") { "public" } else { "hidden" });
    dir
}

fn same(a: &Path, b: &Path, file: &str) -> bool {
    std::fs::read(a.join(file)).unwrap() == std::fs::read(b.join(file)).unwrap()
}

#[test]
fn public_models_are_the_same_every_time() {
    let (one, two) = (compile("public-1", &["--public-model"]), compile("public-2", &["--public-model"]));
    for file in ["model.bin", "vk.bin", "srs.bin"] {
        assert!(same(&one, &two, file), "{file}");
    }
    let proof = HOME.join("public-1.proof");
    json(&[&"prove", &one, &"--input", &MLP.inputs(), &"--index", &"0", &"-o", &proof]);
    assert_eq!(json(&[&"verify", &"--vk", &two.join("vk.bin"), &proof])["output"], MLP.proven["output"]);
    assert_eq!(json(&[&"inspect", &one.join("model.bin")])["model"], "public");
}

#[test]
fn hidden_models_differ_every_time() {
    let dir = compile("hidden-again", &[]);
    assert!(!same(&dir, &MLP.dir, "model.bin") && !same(&dir, &MLP.dir, "vk.bin"));
    assert!(same(&dir, &MLP.dir, "srs.bin"));
    assert_eq!(json(&[&"inspect", &dir.join("model.bin")])["model"], "hidden");
    let public = compile("hidden-public", &["--public-model"]);
    assert!(!same(&public, &MLP.dir, "vk.bin"));
    // The shape is no secret: the keys are alike but for the commitments of the weights.
    let (ours, theirs) = (std::fs::read(public.join("vk.bin")).unwrap(), std::fs::read(MLP.vk()).unwrap());
    let commitments = 64 * MLP.report["fixed_rows"].as_u64().unwrap() as usize;
    assert_eq!(ours.len(), theirs.len());
    assert_eq!(ours[..ours.len() - commitments], theirs[..ours.len() - commitments]);
    for (ours, theirs) in ours.chunks(64).rev().zip(theirs.chunks(64).rev()).take(commitments / 64 - 1) {
        assert_ne!(ours, theirs);
    }
}

#[test]
fn a_key_of_another_secret_makes_no_proof() {
    let dir = compile("two-secrets", &[]);
    std::fs::copy(MLP.vk(), dir.join("vk.bin")).unwrap();
    let proof = HOME.join("two-secrets.proof");
    let run =
        sumcast(&[&"prove", &dir, &"--input", &MLP.inputs(), &"--index", &"0", &"-o", &proof, &"--json"]);
    assert_eq!(run.code, 2);
    let error = run.json()["error"].as_str().unwrap().to_owned();
    assert!(error.contains("vk.bin and model.bin are of different models: compile again"), "{error}");
    assert!(!proof.exists());
}

#[test]
#[cfg(unix)]
fn what_is_secret_is_its_owners_alone() {
    use super::mode;
    assert_eq!(mode(&LINREG.dir.join("model.bin")), 0o600);
    // As the system has it for new files.
    let usual = super::write("usual", "");
    for file in
        [LINREG.vk(), LINREG.dir.join("srs.bin"), LINREG.dir.join("report.json"), LINREG.proof.clone()]
    {
        assert_eq!(mode(&file), mode(&usual), "{}", file.display());
    }
}
