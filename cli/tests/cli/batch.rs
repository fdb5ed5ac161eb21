//! Proofs of many inputs.

use super::bad_input::refused;
use super::{HOME, LINREG, MLP, bundled, json, sumcast, write};
use serde_json::{Value, json as object};

/// The first inputs of a bundled model, in a file of their own.
fn first_inputs(model: &str, count: usize) -> std::path::PathBuf {
    let text = std::fs::read_to_string(bundled(model, "inputs.json")).unwrap();
    let data: Value = serde_json::from_str(&text).unwrap();
    let inputs = &data["inputs"].as_array().unwrap()[..count];
    write(&format!("{model}-{count}.json"), object!({ "inputs": inputs }).to_string())
}

#[test]
fn a_batch_is_one_proof_and_what_is_more_is_split() {
    let (onnx, inputs) = (bundled("mlp_8k", "network.onnx"), bundled("mlp_8k", "inputs.json"));
    let (dir, proof) = (HOME.join("batch"), HOME.join("batch.proof"));
    let report = json(&[&"compile", &onnx, &"--calibrate", &inputs, &"--batch", &"3", &"-o", &dir]);
    assert_eq!((&report["batch"], &report["batch_asked"]), (&object!(4), &object!(3)));
    let vk = dir.join("vk.bin");

    // Each input's output is that of a proof of its own.
    let alone =
        json(&[&"prove", &MLP.dir, &"--input", &inputs, &"--index", &"1", &"-o", &HOME.join("alone.proof")]);
    let of = |file: &std::path::Path| json(&[&"prove", &dir, &"--input", &file, &"--batch", &"-o", &proof]);
    let proven = of(&first_inputs("mlp_8k", 3));
    assert_eq!((&proven["inputs"], &proven["batch"]), (&object!(3), &object!(4)));
    assert_eq!(proven["output"].as_array().unwrap().len(), 3);
    assert_eq!(proven["output"][1], alone["output"][0]);
    let verified = json(&[&"verify", &"--vk", &vk, &proof]);
    assert_eq!(verified["output"].as_array().unwrap()[..3], proven["output"].as_array().unwrap()[..]);
    assert_eq!(verified["output"][3], verified["output"][2], "the last input fills the batch");
    #[cfg(feature = "evm")]
    assert_eq!(json(&[&"evm", &"verify", &"--vk", &vk, &proof])["valid"], true);

    let split = of(&first_inputs("mlp_8k", 6));
    assert_eq!((&split["inputs"], split["more_proofs"].as_array().unwrap().len()), (&object!(6), 1));
    assert_eq!(split["output"].as_array().unwrap()[..3], proven["output"].as_array().unwrap()[..]);
    for i in 0..2 {
        let part = HOME.join(format!("batch.proof.{i}"));
        assert_eq!(json(&[&"verify", &"--vk", &vk, &part])["valid"], true);
    }
    assert_eq!(sumcast(&[&"verify", &"--vk", &MLP.vk(), &proof]).code, 1);

    // Accuracy is of single inputs, whatever a proof is of.
    let accuracy = json(&[&"accuracy", &dir, &"--onnx", &onnx, &"--inputs", &inputs]);
    assert!(accuracy["max_relative_error"].as_f64().unwrap() < 1e-3);
    refused(
        &[&"prove", &dir, &"--input", &inputs, &"--index", &"0", &"-o", &proof],
        &["batches of 4", "--batch"],
    );
}

#[test]
fn a_model_of_single_inputs_says_how_to_make_batches() {
    let proof = HOME.join("none.proof");
    let arguments: [&dyn AsRef<std::ffi::OsStr>; 7] =
        [&"prove", &LINREG.dir, &"--input", &LINREG.inputs(), &"--batch", &"-o", &proof];
    refused(&arguments, &["one by one", "--batch N"]);
}
