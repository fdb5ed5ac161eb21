//! Where an error begins, and the precision that a tolerance asks for.

use super::bad_input::refused;
use super::{HOME, MLP, bundled, json, sumcast, write};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

fn onnx() -> PathBuf {
    bundled("mlp_tanh", "network.onnx")
}

fn inputs() -> PathBuf {
    bundled("mlp_tanh", "inputs.json")
}

/// The report of the Tanh network, compiled into `dir` with these arguments too.
fn compiled(dir: &Path, more: &[&str]) -> Value {
    let (onnx, inputs) = (onnx(), inputs());
    let mut arguments: Vec<&dyn AsRef<OsStr>> = vec![&"compile", &onnx, &"--calibrate", &inputs, &"-o", &dir];
    arguments.extend(more.iter().map(|argument| argument as &dyn AsRef<OsStr>));
    json(&arguments)
}

fn accuracy(dir: &Path, tolerance: &str) -> Value {
    json(&[&"accuracy", &dir, &"--onnx", &onnx(), &"--inputs", &inputs(), &"--tolerance", &tolerance])
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn the_tensor_where_the_error_begins_is_named() {
    let dir = HOME.join("begins");
    let report = compiled(&dir, &["--frac-bits", "10"]);
    assert!(number(&report["outputs"][0]["max_relative_error"]) > 1e-3);
    let begins = &report["error_begins"];
    // The layer before the table is exact but for the input's rounding and that of its weights.
    assert_eq!((&begins["tensor"], &begins["operator"]), (&"/1/Tanh_output_0".into(), &"Function".into()));
    assert!(number(&begins["error_in"]) < 1e-5 && number(&begins["error_out"]) > 1e-4, "{begins}");
    assert_eq!((&report["tolerance"], &report["tensors_compared"]), (&1e-3.into(), &6.into()));

    let same = accuracy(&dir, "1e-3");
    for key in ["error_begins", "outputs", "tolerance", "tensors_compared"] {
        assert_eq!(same[key], report[key], "on the calibration inputs, {key}");
    }
    assert_eq!(accuracy(&dir, "0.5")["error_begins"], Value::Null);
    let tight = &accuracy(&dir, "1e-9")["error_begins"];
    assert_eq!((&tight["operator"], &tight["error_in"]), (&"Input".into(), &Value::Null));

    let said = |tolerance: &str| {
        let (onnx, inputs) = (onnx(), inputs());
        let run =
            sumcast(&[&"accuracy", &dir, &"--onnx", &onnx, &"--inputs", &inputs, &"--tolerance", &tolerance]);
        run.stdout
    };
    assert!(said("1e-3").contains("the error begins at tensor \"/1/Tanh_output_0\" (Function): "));
    assert!(said("0.5").contains("the error begins nowhere: at a tolerance of 5.0e-1, none of 6 tensors"));
}

#[test]
fn another_float_model_has_no_such_tensor() {
    let other = onnx();
    let accuracy =
        [&"accuracy" as &dyn AsRef<OsStr>, &MLP.dir, &"--onnx", &other, &"--inputs", &MLP.inputs()]
            .map(|argument| argument.as_ref().to_owned());
    let arguments: Vec<&dyn AsRef<OsStr>> = accuracy.iter().map(|a| a as &dyn AsRef<OsStr>).collect();
    let report = json(&arguments);
    assert!(number(&report["max_relative_error"]) > 1e-2);
    assert_eq!((&report["tensors_compared"], &report["error_begins"]), (&0.into(), &Value::Null));
    assert!(sumcast(&arguments).stdout.contains("where the error begins is unknown"));
}

#[test]
fn the_smallest_precision_within_the_tolerance_is_taken() {
    let dir = HOME.join("auto");
    let report = compiled(&dir, &["--frac-bits", "auto", "--tolerance", "1e-3"]);
    let tried = report["precisions_tried"].as_array().unwrap();
    let (last, before) = tried.split_last().unwrap();
    assert!(!before.is_empty(), "a tolerance that the smallest precision does not meet");
    for (bits, trial) in (8u64..).zip(tried) {
        assert_eq!(trial["frac_bits"], bits);
    }
    assert!(before.iter().all(|trial| number(&trial["max_relative_error"]) > 1e-3), "{tried:?}");
    assert!(number(&last["max_relative_error"]) <= 1e-3);
    assert_eq!(report["frac_bits"], last["frac_bits"]);
    assert_eq!(report["outputs"][0]["max_relative_error"], last["max_relative_error"]);
    assert_eq!(accuracy(&dir, "1e-3")["max_relative_error"], last["max_relative_error"], "what was written");

    // The same by hand.
    for trial in &tried[before.len() - 1..] {
        let bits = trial["frac_bits"].to_string();
        let by_hand = compiled(&HOME.join("by-hand"), &["--frac-bits", &bits]);
        assert_eq!(by_hand["outputs"][0]["max_relative_error"], trial["max_relative_error"]);
        assert!(by_hand.get("precisions_tried").is_none());
    }
    let tighter = compiled(&HOME.join("tighter"), &["--frac-bits", "auto", "--tolerance", "2e-4"]);
    assert!(tighter["frac_bits"].as_u64() > report["frac_bits"].as_u64());

    let (onnx, inputs) = (onnx(), inputs());
    let run = sumcast(&[&"compile", &onnx, &"--calibrate", &inputs, &"--frac-bits", &"auto", &"-o", &dir]);
    assert!(run.stdout.contains("the fewest within the tolerance of 1.0e-3: error "), "{}", run.stdout);
}

#[test]
fn precisions_that_cannot_be_found() {
    let (onnx, inputs, dir) = (onnx(), inputs(), HOME.join("not-found"));
    let compile = |more: &[&str], expected: &[&str]| {
        let mut arguments: Vec<&dyn AsRef<OsStr>> = vec![&"compile", &onnx, &"-o", &dir];
        arguments.extend(more.iter().map(|argument| argument as &dyn AsRef<OsStr>));
        refused(&arguments, expected);
        assert!(!dir.exists(), "nothing is left behind");
    };
    compile(&["--frac-bits", "auto"], &["--frac-bits auto", "--calibrate INPUTS.json"]);
    compile(&["--frac-bits", "automatic"], &["automatic", "8..=24", "auto"]);
    compile(&["--frac-bits", "7"], &["8..=24"]);
    let inputs = inputs.to_str().unwrap();
    for tolerance in ["0", "-1e-3", "NaN", "inf", "small"] {
        let given = format!("--tolerance={tolerance}");
        compile(&["--calibrate", inputs, &given], &["--tolerance", "a positive number"]);
    }
    compile(
        &["--calibrate", inputs, "--frac-bits", "auto", "--tolerance", "1e-12"],
        &[
            "network.onnx",
            "8 to 24",
            "tolerance of 1.0e-12",
            "least error is",
            "begins at tensor",
            "raise --tolerance",
        ],
    );
    let huge = format!(r#"{{"inputs": [{:?}]}}"#, [1e30; 32]);
    let huge = write("huge.json", huge);
    let huge = huge.to_str().unwrap();
    compile(&["--calibrate", huge, "--frac-bits", "auto"], &["network.onnx", "8 to 24", "would need"]);
}
