//! Proofs and keys that are not what they were: exit code 1 for a proof, 2 for a key.

use super::{HOME, LINREG, MLP, Run, finish, sumcast, write};
use std::path::Path;

fn verify(vk: &Path, proof: &Path) -> Run {
    let run = sumcast(&[&"verify", &"--json", &"--vk", &vk, &proof]);
    assert!(run.code == 0 || run.json().get("error").is_some());
    run
}

/// That bytes are rejected as a proof of the model, with this in the error.
fn rejected(name: &str, bytes: &[u8], expected: &str) {
    let path = write(name, bytes);
    let run = verify(&LINREG.vk(), &path);
    assert_eq!(run.code, 1, "{name}");
    let value = run.json();
    assert_eq!(value["valid"], false);
    let error = value["error"].as_str().unwrap();
    assert!(error.contains(expected) && error.contains(name), "{name}: {error}");
    assert_eq!(value["model_id"], LINREG.report["model_id"]);
    let told = sumcast(&[&"verify", &"--vk", &LINREG.vk(), &path]);
    assert!(told.stdout.starts_with("INVALID: ") && told.code == 1);
}

/// Where the parts of the statement begin: magic and version, context, model id, count, kind and length of the input.
const CONTEXT: usize = 6;
const KIND: usize = CONTEXT + 32 + 32 + 1;
const INPUT: usize = KIND + 1 + 4;

fn statement_bytes() -> usize {
    let outputs = LINREG.proven["output"].as_array().unwrap().len();
    INPUT + 16 * 10 + 1 + 4 + 16 * outputs
}

/// A file as an earlier version would have begun it.
fn version_1(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[4..6].copy_from_slice(&[0, 1]);
    bytes
}

#[test]
fn files_of_an_earlier_version_are_to_be_made_again() {
    let said = |run: Run| {
        assert_eq!(run.code, 2);
        run.json()["error"].as_str().unwrap().to_owned()
    };
    let vk = write("old.vk", version_1(&std::fs::read(LINREG.vk()).unwrap()));
    let expected =
        "old.vk: verifying key version 1 is not supported, only version 4 is: compile the model again";
    assert!(said(verify(&vk, &LINREG.proof)).ends_with(expected));
    assert!(said(sumcast(&[&"inspect", &"--json", &vk])).ends_with(expected));
    let model = write("old.bin", version_1(&std::fs::read(LINREG.dir.join("model.bin")).unwrap()));
    let expected = "old.bin: compiled model version 1 is not supported: compile the model again";
    assert!(said(sumcast(&[&"inspect", &"--json", &model])).ends_with(expected));
    let proof = write("old-inspected.proof", version_1(&std::fs::read(&LINREG.proof).unwrap()));
    assert!(said(sumcast(&[&"inspect", &"--json", &proof])).contains("prove again"));
}

#[test]
fn altered_proofs_are_rejected() {
    let proof = std::fs::read(&LINREG.proof).unwrap();
    let altered = |at: usize| {
        let mut bytes = proof.clone();
        bytes[at] ^= 1;
        bytes
    };
    rejected("magic.proof", &altered(0), "not a Sumcast proof");
    rejected(
        "version.proof",
        &altered(4),
        "version 260 is not supported, only version 4 is: compile the model again",
    );
    rejected(
        "old.proof",
        &version_1(&proof),
        "version 1 is not supported, only version 4 is: compile the model again",
    );
    rejected("kind.proof", &altered(KIND), "");
    rejected("context.proof", &altered(CONTEXT + 31), "check failed");
    rejected("model.proof", &altered(CONTEXT + 32), "is for model");
    rejected("input.proof", &altered(INPUT + 15), "check failed");
    rejected("output.proof", &altered(statement_bytes() - 1), "check failed");
    rejected("length.proof", &altered(INPUT - 1), "");
    for part in 0..12 {
        let at = statement_bytes() + part * (proof.len() - statement_bytes() - 1) / 11;
        rejected("part.proof", &altered(at), "");
    }
}

#[test]
fn cut_and_extended_proofs_are_rejected() {
    let proof = std::fs::read(&LINREG.proof).unwrap();
    for len in [0, 3, 4, 6, 38, 70, INPUT, statement_bytes(), proof.len() - 1] {
        rejected("cut.proof", &proof[..len], "");
    }
    for more in [1, 32, 4096] {
        rejected("long.proof", &[proof.as_slice(), &vec![0; more]].concat(), "follow the end");
    }
    rejected("garbage.proof", &[7; 3000], "not a Sumcast proof");
    // Lengths beyond the file, which nothing is allocated for.
    let mut bytes = proof.clone();
    bytes[INPUT - 4..INPUT].fill(0xff);
    rejected("huge.proof", &bytes, "end early");
}

#[test]
fn a_proof_under_another_key_is_rejected() {
    let run = verify(&MLP.vk(), &LINREG.proof);
    assert_eq!(run.code, 1);
    assert!(run.json()["error"].as_str().unwrap().contains("is for model"));
}

#[test]
fn altered_keys_are_refused_or_reject() {
    let vk = std::fs::read(LINREG.vk()).unwrap();
    for i in 0..24 {
        let at = i * (vk.len() - 1) / 23;
        let mut bytes = vk.clone();
        bytes[at] ^= 1;
        let run = verify(&write("altered.vk", bytes), &LINREG.proof);
        assert!(run.code == 1 || run.code == 2, "byte {at}");
    }
    for len in [0, 3, 6, 100, vk.len() - 1] {
        assert_eq!(verify(&write("cut.vk", &vk[..len]), &LINREG.proof).code, 2);
    }
    assert_eq!(verify(&write("long.vk", [vk.as_slice(), &[0]].concat()), &LINREG.proof).code, 2);
}

#[test]
fn a_directory_of_two_models_makes_no_proof() {
    let dir = HOME.join("mixed");
    std::fs::create_dir_all(&dir).unwrap();
    for (from, file) in [(&*LINREG, "model.bin"), (&*LINREG, "srs.bin"), (&*MLP, "vk.bin")] {
        std::fs::copy(from.dir.join(file), dir.join(file)).unwrap();
    }
    let proof = HOME.join("mixed.proof");
    let prove = || {
        let inputs = LINREG.inputs();
        let run = sumcast(&[&"prove", &dir, &"--input", &inputs, &"--index", &"0", &"-o", &proof, &"--json"]);
        assert_eq!(run.code, 2);
        assert!(!proof.exists());
        run.json()["error"].as_str().unwrap().to_owned()
    };
    assert!(prove().contains("vk.bin and model.bin are of different models: compile again"));

    // The same shape with other weights: only the check of the finished proof can tell.
    let mut onnx = std::fs::read(LINREG.onnx()).unwrap();
    let weights = onnx.windows(12).position(|name| name == b"coefficients").unwrap();
    onnx[weights + 12 + 8] ^= 0x10;
    let onnx = write("other.onnx", onnx);
    let other = HOME.join("other");
    let run = sumcast(&[&"compile", &onnx, &"--calibrate", &LINREG.inputs(), &"-o", &other]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    std::fs::copy(other.join("vk.bin"), dir.join("vk.bin")).unwrap();
    assert!(prove().contains("vk.bin and model.bin are of different models: compile again"));

    std::fs::copy(LINREG.vk(), dir.join("vk.bin")).unwrap();
    let srs = sumcast(&[&"params", &"new", &"--log-size", &"12", &"-o", &dir.join("srs.bin")]);
    assert_eq!(srs.code, 0);
    assert!(prove().contains("another SRS"));
}

#[test]
fn a_wrong_srs_file_is_refused() {
    let dir = HOME.join("damaged");
    std::fs::create_dir_all(&dir).unwrap();
    for file in ["model.bin", "vk.bin"] {
        std::fs::copy(LINREG.dir.join(file), dir.join(file)).unwrap();
    }
    let mut bytes = std::fs::read(LINREG.dir.join("srs.bin")).unwrap();
    let at = bytes.len() - 5;
    bytes[at] ^= 1;
    std::fs::write(dir.join("srs.bin"), bytes).unwrap();
    let mut command =
        super::command(&[&"prove", &dir, &"--input", &LINREG.inputs(), &"--index", &"0", &"--json", &"-o"]);
    command.arg(HOME.join("damaged.proof"));
    let run = finish(command);
    assert_eq!(run.code, 2);
    assert!(run.json()["error"].as_str().unwrap().contains("is damaged"));
}
