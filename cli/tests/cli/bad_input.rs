//! Everything a user can get wrong: exit code 2, one sentence, no panic.

use super::{HOME, LINREG, MLP, bundled, command, finish, sumcast, write};
use std::ffi::OsStr;
use std::path::PathBuf;

/// That a command is refused, with all of these in its sentence, in both forms of output.
pub(super) fn refused(arguments: &[&dyn AsRef<OsStr>], expected: &[&str]) {
    let mut with_json = command(arguments);
    with_json.arg("--json");
    let run = finish(with_json);
    assert_eq!(run.code, 2, "{} {}", run.stdout, run.stderr);
    let value = run.json();
    let error = value["error"].as_str().unwrap();
    for part in expected {
        assert!(error.contains(part), "{part:?} is not in {error:?}");
    }
    assert!(!error.contains('\n'), "{error}");
    let run = sumcast(arguments);
    assert_eq!(run.code, 2);
    assert!(run.stdout.is_empty() && run.stderr.contains("error: "), "{}", run.stderr);
}

fn compile(model: &PathBuf, expected: &[&str]) {
    refused(&[&"compile", &model, &"-o", &HOME.join("refused")], expected);
    assert!(!HOME.join("refused").exists(), "nothing is left behind");
}

fn run(input: &PathBuf, expected: &[&str]) {
    let proof = HOME.join("refused.proof");
    refused(&[&"run", &LINREG.dir, &"--input", &input], expected);
    refused(&[&"prove", &LINREG.dir, &"--input", &input, &"-o", &proof], expected);
    assert!(!proof.exists(), "nothing is left behind");
}

#[test]
fn models_that_are_none() {
    let onnx = std::fs::read(MLP.onnx()).unwrap();
    compile(&HOME.join("missing.onnx"), &["missing.onnx", "No such file"]);
    compile(&HOME, &["cannot read", "directory"]);
    compile(&write("empty.onnx", ""), &["empty.onnx"]);
    compile(&write("text.onnx", "this is no model"), &["text.onnx"]);
    compile(&write("noise.onnx", [0xff; 4096]), &["noise.onnx"]);
    compile(&MLP.inputs(), &["inputs.json"]);
    for tenth in 1..10 {
        compile(&write("cut.onnx", &onnx[..onnx.len() * tenth / 10]), &["cut.onnx"]);
    }
}

#[test]
fn inputs_that_are_none() {
    run(&HOME.join("missing.json"), &["missing.json", "No such file"]);
    run(&HOME, &["cannot read", "directory"]);
    let (one, numbers) = ("0.5, ".repeat(9), "0.5, ".repeat(10));
    for (text, expected) in [
        (String::new(), "not a file of inputs"),
        ("{".to_owned(), "not a file of inputs"),
        ("[1, 2]".to_owned(), "an object with the field"),
        (r#"{"values": [1]}"#.to_owned(), "no field \"input\""),
        (format!(r#"{{"input": [{one} NaN]}}"#), "no NaN or infinity"),
        (format!(r#"{{"input": [{one} Infinity]}}"#), "no NaN or infinity"),
        (format!(r#"{{"input": [{one} 1e999]}}"#), "out of range"),
        (format!(r#"{{"input": [{one} 1e300]}}"#), "calibration"),
        (format!(r#"{{"input": [{one} -1e6]}}"#), "calibration"),
        (format!(r#"{{"input": [{one} "0.5"]}}"#), "expected numbers in \"input\""),
        (format!(r#"{{"input": [{one} null]}}"#), "missing or not a finite number"),
        (format!(r#"{{"input": [{numbers} 1]}}"#), "has 11 numbers, and the model takes 10"),
        (r#"{"input": []}"#.to_owned(), "has 0 numbers"),
        (format!(r#"{{"input": [[{one} 1], 2]}}"#), "unevenly"),
        (format!(r#"{{"input": {}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000)), "nested deeper"),
        (r#"{"inputs": []}"#.to_owned(), "empty"),
    ] {
        run(&write("wrong.json", text), &["wrong.json", expected]);
    }
    run(&LINREG.inputs(), &["64 inputs: choose one with --index, 0 to 63"]);
    run(&LINREG.onnx(), &["not a file of inputs"]);
    let large = HOME.join("large.json");
    std::fs::File::create(&large).unwrap().set_len((1 << 26) + 1).unwrap();
    run(&large, &["large.json", "the limit"]);
}

#[test]
fn an_index_beyond_the_inputs() {
    let arguments: [&dyn AsRef<OsStr>; 6] =
        [&"run", &LINREG.dir, &"--input", &LINREG.inputs(), &"--index", &"64"];
    refused(&arguments, &["no input 64", "0 to 63"]);
}

#[test]
fn inputs_of_another_model() {
    let proof = HOME.join("none.proof");
    refused(
        &[&"prove", &LINREG.dir, &"--input", &MLP.inputs(), &"--index", &"0", &"-o", &proof],
        &["32 numbers, and the model takes 10"],
    );
    let dir = HOME.join("none");
    refused(&[&"compile", &LINREG.onnx(), &"--calibrate", &MLP.inputs(), &"-o", &dir], &["takes 10"]);
    assert!(!proof.exists() && !dir.exists());
    refused(
        &[&"run", &LINREG.dir, &"--input", &LINREG.inputs(), &"--index", &"0", &"--onnx", &MLP.onnx()],
        &["give the file it was compiled from"],
    );
    refused(
        &[&"accuracy", &LINREG.dir, &"--onnx", &MLP.onnx(), &"--inputs", &LINREG.inputs()],
        &["give the file it was compiled from"],
    );
}

#[test]
fn directories_that_are_no_models() {
    let (inputs, proof) = (LINREG.inputs(), HOME.join("none.proof"));
    let prove = |dir: &PathBuf, expected: &[&str]| {
        refused(&[&"prove", &dir, &"--input", &inputs, &"--index", &"0", &"-o", &proof], expected);
    };
    prove(&HOME.join("nowhere"), &["not a compiled model", "sumcast compile"]);
    prove(&LINREG.vk(), &["not a compiled model"]);
    let damaged = HOME.join("damaged-model");
    std::fs::create_dir_all(&damaged).unwrap();
    for file in ["model.bin", "vk.bin", "srs.bin"] {
        std::fs::copy(LINREG.dir.join(file), damaged.join(file)).unwrap();
    }
    let model = std::fs::read(LINREG.dir.join("model.bin")).unwrap();
    let mut altered = model.clone();
    altered[60] ^= 1;
    for (bytes, expected) in [
        (&[][..], "not a compiled Sumcast model"),
        (&model[..model.len() - 1], "damaged: compile the model again"),
        (&altered, "damaged: compile the model again"),
    ] {
        std::fs::write(damaged.join("model.bin"), bytes).unwrap();
        prove(&damaged, &["model.bin", expected]);
    }
    assert!(!proof.exists());
}

#[test]
fn files_that_are_not_keys_or_proofs() {
    refused(&[&"verify", &"--vk", &LINREG.proof, &LINREG.proof], &["not a Sumcast verifying key"]);
    refused(&[&"verify", &"--vk", &LINREG.vk(), &HOME.join("missing.proof")], &["missing.proof"]);
    refused(&[&"verify", &"--vk", &HOME.join("missing.bin"), &LINREG.proof], &["missing.bin"]);
    refused(&[&"verify", &"--vk", &*HOME, &LINREG.proof], &["directory"]);
    refused(&[&"inspect", &LINREG.inputs()], &["no file of Sumcast's"]);
    refused(&[&"inspect", &*HOME], &["cannot read"]);
    refused(&[&"inspect", &HOME.join("missing.bin")], &["missing.bin"]);
    refused(&[&"inspect", &write("magic.bin", "SCVK")], &["magic.bin"]);
    refused(&[&"inspect", &write("magic.srs", "SUMC")], &["magic.srs"]);
}

#[test]
fn outputs_that_cannot_be_written() {
    let (dir, inputs) = (&LINREG.dir, LINREG.inputs());
    let nowhere = HOME.join("no/such/folder/proof");
    let prove = |proof: &PathBuf, expected: &[&str]| {
        refused(&[&"prove", &dir, &"--input", &inputs, &"--index", &"0", &"-o", &proof], expected);
    };
    prove(&nowhere, &["there is no directory", "make it first"]);
    prove(&HOME, &["it is a directory"]);
    refused(&[&"params", &"new", &"--log-size", &"4", &"-o", &nowhere], &["there is no directory"]);
    refused(&[&"compile", &LINREG.onnx(), &"-o", &LINREG.vk()], &["it is a file; name a directory"]);
}

#[test]
fn parameters_that_do_not_fit() {
    let srs = HOME.join("small.srs");
    assert_eq!(sumcast(&[&"params", &"new", &"--log-size", &"3", &"-o", &srs]).code, 0);
    let (dir, onnx) = (HOME.join("unfit"), LINREG.onnx());
    let compile = |params: &PathBuf, expected: &[&str]| {
        refused(&[&"compile", &onnx, &"--params", &params, &"-o", &dir], expected);
    };
    compile(&srs, &["small.srs"]);
    compile(&LINREG.vk(), &["vk.bin"]);
    compile(&HOME.join("missing.srs"), &["missing.srs"]);
    let ptau = bundled("..", "params/tests/data/power4-prepared.ptau");
    compile(&ptau, &["power4-prepared.ptau"]);
    let bytes = std::fs::read(&ptau).unwrap();
    let cut = write("cut.ptau", &bytes[..bytes.len() / 2]);
    refused(&[&"params", &"import", &cut, &"-o", &HOME.join("none.srs")], &["cut.ptau"]);
    refused(&[&"params", &"import", &LINREG.vk(), &"-o", &HOME.join("none.srs")], &["vk.bin"]);
    refused(
        &[&"params", &"import", &ptau, &"--log-size", &"20", &"-o", &HOME.join("none.srs")],
        &["power4-prepared.ptau"],
    );
    refused(&[&"inspect", &ptau], &["sumcast params import"]);
    assert!(!dir.exists() && !HOME.join("none.srs").exists());
}

#[test]
fn arguments_that_make_no_sense() {
    let (dir, inputs, proof) = (&LINREG.dir, LINREG.inputs(), HOME.join("none.proof"));
    let prove = |more: &[&str], expected: &[&str]| {
        let mut arguments: Vec<&dyn AsRef<OsStr>> = vec![&"prove", &dir, &"--input", &inputs, &"-o", &proof];
        arguments.extend(more.iter().map(|argument| argument as &dyn AsRef<OsStr>));
        refused(&arguments, expected);
    };
    prove(&["--context", "12"], &["64 hexadecimal digits"]);
    prove(&["--index", "-1"], &["-1"]);
    prove(&["--index", "first"], &["--index"]);
    prove(&["--nonsense"], &["--nonsense"]);
    refused(&[&"prove"], &["required arguments"]);
    refused(&[&"nonsense"], &["nonsense"]);
    refused(&[&"compile", &LINREG.onnx(), &"-o", &"x", &"--frac-bits", &"25"], &["8..=24"]);
    refused(&[&"compile", &LINREG.onnx(), &"-o", &"x", &"--rows", &"0"], &["--rows"]);
    refused(&[&"params", &"new", &"--log-size", &"25", &"-o", &"x"], &["1..=24"]);
    refused(&[&"demo", &"--models", &"mlp_9k"], &["mlp_9k", "mlp_8k"]);
}

#[test]
fn a_machine_without_a_cache() {
    let mut command = command(&[&"compile", &LINREG.onnx(), &"-o", &HOME.join("uncached"), &"--json"]);
    for variable in ["SUMCAST_CACHE", "XDG_CACHE_HOME", "HOME"] {
        command.env_remove(variable);
    }
    let run = finish(command);
    assert_eq!(run.code, 2);
    assert!(run.json()["error"].as_str().unwrap().contains("SUMCAST_CACHE"));
}
