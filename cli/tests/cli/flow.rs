//! Everything that works.

use super::{Compiled, HOME, LINREG, MLP, bundled, command, finish, json, sumcast, write};
use serde_json::Value;
use std::path::Path;

fn has(value: &Value, keys: &[&str]) {
    for key in keys {
        assert!(value.get(key).is_some(), "{key} is missing in {value}");
    }
}

fn first(value: &Value) -> f64 {
    value[0].as_f64().unwrap()
}

fn whole_flow(model: &Compiled) {
    let report = &model.report;
    has(
        report,
        &[
            "parameters",
            "nodes",
            "witness_cells",
            "lookups",
            "rows",
            "rounds",
            "predicted_gas",
            "seconds",
            "vk_bytes",
        ],
    );
    has(report, &["model_id", "fixed_rows", "witness_rows", "helper_rows", "limb_bits", "insecure_srs"]);
    has(report, &["mask_cells", "degree", "last_degree", "gas_terms"]);
    assert_eq!(["model", "input", "output"].map(|key| &report[key]), ["hidden", "public", "public"]);
    let error = &report["outputs"][0];
    assert!(error["max_relative_error"].as_f64().unwrap() < 1e-3, "{error}");
    assert!(error["max_error"].as_f64().unwrap() >= error["mean_error"].as_f64().unwrap());
    let written: Value =
        serde_json::from_slice(&std::fs::read(model.dir.join("report.json")).unwrap()).unwrap();
    assert_eq!(&written, report);
    let rows = ["fixed_rows", "witness_rows", "helper_rows"].map(|key| report[key].as_u64().unwrap());
    assert_eq!(report["rows"], rows.iter().sum::<u64>());
    let size = |file: &str| std::fs::metadata(model.dir.join(file)).unwrap().len();
    assert_eq!(report["vk_bytes"], size("vk.bin"));

    let accuracy = json(&[&"accuracy", &model.dir, &"--onnx", &model.onnx(), &"--inputs", &model.inputs()]);
    assert_eq!(accuracy["inputs"], 64);
    assert!(accuracy["max_relative_error"].as_f64().unwrap() < 1e-3);
    assert!(accuracy["recorded_max_relative_error"].as_f64().unwrap() < 1e-3, "{accuracy}");
    has(&accuracy["outputs"][0], &["name", "max_error", "mean_error", "mean_relative_error", "spread"]);

    let ran =
        json(&[&"run", &model.dir, &"--input", &model.inputs(), &"--index", &"0", &"--onnx", &model.onnx()]);
    assert!(ran["outputs"][0]["max_error"].as_f64().unwrap() < 1e-3);
    assert!((first(&ran["output"]) - first(&ran["outputs"][0]["float"])).abs() < 1e-3);

    let proven = &model.proven;
    has(
        proven,
        &["model_id", "output", "prove_seconds", "proof_bytes", "peak_memory_bytes", "stages", "context"],
    );
    assert_eq!(proven["output"], ran["output"]);
    assert_eq!(proven["model_id"], report["model_id"]);
    assert_eq!(proven["proof_bytes"], std::fs::metadata(&model.proof).unwrap().len());
    assert_eq!(proven["proof_body_bytes"], report["proof_body_bytes"], "the predicted size");
    assert!(proven["proof_bytes"].as_u64().unwrap() < 10_000);
    for stage in ["inference", "witness", "lookups", "constraints", "reduction", "opening"] {
        assert!(proven["stages"][stage].as_f64().unwrap() >= 0.0, "{stage}");
    }
    if Path::new("/proc/self/status").exists() {
        assert!(proven["peak_memory_bytes"].as_u64().unwrap() > 1 << 20);
    }

    // A device, or the CPU and why it is that.
    let made_on = proven.get("made_on").map(|made_on| made_on.as_str().unwrap());
    assert_eq!(made_on.is_some(), cfg!(feature = "cuda"));
    assert!(made_on.is_none_or(|made_on| made_on.contains("the CPU")), "{made_on:?}");

    let verified = json(&[&"verify", &"--vk", &model.vk(), &model.proof]);
    has(&verified, &["verify_seconds", "input"]);
    assert!(verified.get("input_commitment").is_none() && verified.get("output_commitment").is_none());
    assert_eq!(verified["valid"], true);
    assert!(verified.get("error").is_none());
    assert_eq!(verified["model_id"], report["model_id"]);
    assert_eq!(verified["context"], "0".repeat(64));
    assert_eq!(verified["output"], ran["output"]);
    let inputs: Value = serde_json::from_slice(&std::fs::read(model.inputs()).unwrap()).unwrap();
    for (proven, given) in
        verified["input"].as_array().unwrap().iter().zip(inputs["inputs"][0].as_array().unwrap())
    {
        assert!((proven.as_f64().unwrap() - given.as_f64().unwrap()).abs() < 1e-4);
    }

    for (path, kind) in [
        (model.dir.join("model.bin"), "model"),
        (model.vk(), "key"),
        (model.dir.join("srs.bin"), "srs"),
        (model.proof.clone(), "proof"),
    ] {
        let inspected = json(&[&"inspect", &path]);
        assert_eq!(inspected["kind"], kind);
        assert_eq!(inspected["bytes"], std::fs::metadata(&path).unwrap().len());
        assert!(sumcast(&[&"inspect", &path]).stdout.len() > 40);
    }
    let key = json(&[&"inspect", &model.vk()]);
    assert_eq!(key["model_id"], report["model_id"]);
    assert_eq!(key["predicted_gas"], report["predicted_gas"]);
    assert_eq!(
        (&key["tensors"][0]["role"], &key["tensors"][0]["visibility"]),
        (&"input".into(), &"public".into())
    );
    let proof = json(&[&"inspect", &model.proof]);
    assert_eq!(proof["tensors"][0]["visibility"], "public");
    assert!(proof["tensors"][0]["integers"][0].as_str().unwrap().parse::<i128>().is_ok());
}

#[test]
fn linreg_goes_the_whole_way() {
    whole_flow(&LINREG);
}

#[test]
fn mlp_8k_goes_the_whole_way() {
    whole_flow(&MLP);
}

#[test]
fn people_read_the_same() {
    let model = &*LINREG;
    let verified = sumcast(&[&"verify", &"--vk", &model.vk(), &model.proof]);
    assert_eq!(verified.code, 0);
    assert!(verified.stdout.starts_with("valid, in "), "{}", verified.stdout);
    assert!(verified.stdout.contains(model.report["model_id"].as_str().unwrap()));
    assert!(verified.stderr.contains("insecure"), "{}", verified.stderr);

    let (dir, proof) = (HOME.join("read"), HOME.join("read.proof"));
    let compiled = sumcast(&[&"compile", &model.onnx(), &"--calibrate", &model.inputs(), &"-o", &dir]);
    assert!(compiled.stdout.contains("quantisation error over 64 calibration inputs"), "{}", compiled.stdout);
    let proven = sumcast(&[&"prove", &dir, &"--input", &model.inputs(), &"--index", &"1", &"-o", &proof]);
    assert!(proven.stdout.starts_with("proved in "), "{}", proven.stdout);
    let ran = sumcast(&[&"run", &dir, &"--input", &model.inputs(), &"--index", &"1"]);
    assert!(ran.stdout.starts_with("variable: "), "{}", ran.stdout);
    let accuracy = sumcast(&[&"accuracy", &dir, &"--onnx", &model.onnx(), &"--inputs", &model.inputs()]);
    assert!(accuracy.stdout.contains("max relative"), "{}", accuracy.stdout);
}

#[test]
fn development_strings_are_marked_everywhere() {
    let model = &*LINREG;
    let srs = model.dir.join("srs.bin");
    let verified = json(&[&"verify", &"--vk", &model.vk(), &model.proof]);
    let objects = [
        &model.report,
        &model.proven,
        &verified,
        &json(&[&"inspect", &model.vk()]),
        &json(&[&"inspect", &srs]),
    ];
    for object in objects {
        assert_eq!(object["insecure_srs"], true, "{object}");
    }
    assert!(HOME.join("cache/development-18.srs").is_file(), "SUMCAST_CACHE is where it is kept");
}

#[test]
fn compiling_without_calibration_works() {
    let dir = HOME.join("uncalibrated");
    let report = json(&[&"compile", &LINREG.onnx(), &"-o", &dir, &"--frac-bits", &"12", &"--rows", &"1"]);
    assert_eq!(report["outputs"].as_array().unwrap().len(), 0);
    assert_eq!(report["frac_bits"], 12);
    assert_eq!(report["calibration_inputs"], 0);
    let proof = HOME.join("uncalibrated.proof");
    json(&[&"prove", &dir, &"--input", &LINREG.inputs(), &"--index", &"3", &"-o", &proof]);
    assert_eq!(json(&[&"verify", &"--vk", &dir.join("vk.bin"), &proof])["valid"], true);
}

#[test]
fn inputs_may_be_nested_or_flat() {
    let inputs: Value = serde_json::from_slice(&std::fs::read(LINREG.inputs()).unwrap()).unwrap();
    let input = &inputs["inputs"][5];
    let expected =
        json(&[&"run", &LINREG.dir, &"--input", &LINREG.inputs(), &"--index", &"5"])["output"].clone();
    for (name, text) in [
        ("flat.json", format!(r#"{{"input": {input}}}"#)),
        ("nested.json", format!(r#"{{"inputs": [[{input}]]}}"#)),
    ] {
        let path = write(name, text);
        assert_eq!(json(&[&"run", &LINREG.dir, &"--input", &path])["output"], expected);
    }
}

#[test]
fn a_context_is_bound_and_shown() {
    let model = &*LINREG;
    let context = "0123456789abcdef".repeat(4);
    let proof = HOME.join("context.proof");
    let given = format!("0x{context}");
    let proven = json(&[
        &"prove",
        &model.dir,
        &"--input",
        &model.inputs(),
        &"--index",
        &"0",
        &"--context",
        &given,
        &"-o",
        &proof,
    ]);
    assert_eq!(proven["context"], context);
    assert_eq!(json(&[&"verify", &"--vk", &model.vk(), &proof])["context"], context);
    let (other, this) = (std::fs::read(&model.proof).unwrap(), std::fs::read(&proof).unwrap());
    assert_eq!(this.len(), other.len());
    assert_ne!(this[200..], other[200..]);
}

#[test]
fn proofs_are_made_on_any_number_of_threads() {
    let model = &*MLP;
    for threads in ["1", "2", "5"] {
        let proof = HOME.join(format!("threads-{threads}.proof"));
        let mut command =
            command(&[&"prove", &model.dir, &"--input", &model.inputs(), &"--index", &"0", &"-o", &proof]);
        command.env("RAYON_NUM_THREADS", threads);
        assert_eq!(finish(command).code, 0);
        let verified = json(&[&"verify", &"--vk", &model.vk(), &proof]);
        assert_eq!(verified["output"], model.proven["output"], "{threads} threads");
    }
}

#[test]
fn a_proof_replaces_a_file_and_leaves_nothing_else() {
    let folder = HOME.join("outputs");
    std::fs::create_dir_all(&folder).unwrap();
    let proof = folder.join("a.proof");
    std::fs::write(&proof, "what was here").unwrap();
    json(&[&"prove", &LINREG.dir, &"--input", &LINREG.inputs(), &"--index", &"0", &"-o", &proof]);
    assert_eq!(json(&[&"verify", &"--vk", &LINREG.vk(), &proof])["valid"], true);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn params_are_made_and_used() {
    let srs = HOME.join("own.srs");
    let made = json(&[&"params", &"new", &"--log-size", &"12", &"-o", &srs]);
    assert_eq!((&made["log_size"], &made["insecure_srs"]), (&12.into(), &true.into()));
    assert_eq!(made["bytes"], std::fs::metadata(&srs).unwrap().len());
    let dir = HOME.join("own");
    let report = json(&[&"compile", &LINREG.onnx(), &"--params", &srs, &"-o", &dir]);
    assert_ne!(report["model_id"], LINREG.report["model_id"], "a key belongs to its string");
    assert_eq!(json(&[&"inspect", &dir.join("srs.bin")])["id"], made["id"]);
}

#[test]
fn powers_of_tau_are_imported() {
    let ptau = bundled("..", "params/tests/data/power4-prepared.ptau");
    let srs = HOME.join("imported.srs");
    let imported = json(&[&"params", &"import", &ptau, &"--log-size", &"3", &"-o", &srs]);
    assert_eq!((&imported["log_size"], &imported["insecure_srs"]), (&3.into(), &false.into()));
    assert_eq!(json(&[&"inspect", &srs])["provenance"], imported["provenance"]);
    assert!(sumcast(&[&"params", &"import", &ptau, &"-o", &srs]).stdout.contains("2^4 powers"));
}

#[test]
fn every_command_explains_itself() {
    let commands: [&[&str]; 10] = [
        &["params", "new"],
        &["params", "import"],
        &["compile"],
        &["run"],
        &["accuracy"],
        &["prove"],
        &["verify"],
        &["reveal"],
        &["inspect"],
        &["demo"],
    ];
    for name in commands.iter().chain(&[&[][..]]) {
        let mut command = command(&[]);
        command.args(*name).arg("--help");
        let run = finish(command);
        assert_eq!(run.code, 0);
        assert!(run.stdout.contains("Examples:\n  sumcast "), "{}", run.stdout);
        assert!(run.stdout.contains("--json"));
    }
    assert_eq!(sumcast(&[&"--version"]).code, 0);
}
