//! Whoever shows what a proof hides can show nothing else.

use super::hidden::{BOTH, changed, integers, read, refused, reveal};
use super::{Compiled, HOME, LINREG, command, finish, json, sumcast, write};
use serde_json::Value;
use std::ffi::OsStr;

#[test]
fn other_values_do_not_open() {
    let model = &*BOTH;
    let not = |name: &str, change: &dyn Fn(&mut Value)| {
        let run = reveal(model, &changed(model, name, change), &[]);
        refused(&run, 1, "");
        assert!(
            !sumcast(&[&"reveal", &model.proof, &"--opening", &HOME.join(name), &"--vk", &model.vk()])
                .stdout
                .contains("input ")
        );
    };
    for tensor in 0..2 {
        let value = integers(model, tensor)[0];
        for other in [value + 1, -value, 0, i128::MAX, value + (1 << 64)] {
            not("value.opening", &|opening| {
                opening["tensors"][tensor]["integers"][0] = other.to_string().into();
            });
        }
        not("blind.opening", &|opening| {
            let blind = opening["tensors"][tensor]["blinds"][0].as_str().unwrap().to_owned();
            let last = if blind.ends_with('0') { "1" } else { "0" };
            opening["tensors"][tensor]["blinds"][0] = format!("{}{last}", &blind[..63]).into();
        });
        not("short.opening", &|opening| {
            opening["tensors"][tensor]["integers"].as_array_mut().unwrap().pop();
        });
        not("blinds.opening", &|opening| opening["tensors"][tensor]["blinds"] = Value::Array(vec![]));
    }
    not("swapped.opening", &|opening| {
        opening["tensors"][0]["tensor"] = 1.into();
        opening["tensors"][1]["tensor"] = 0.into();
    });
    not("beyond.opening", &|opening| opening["tensors"][0]["tensor"] = 5.into());
    // What is there for people is not read: the values come from the integers.
    let told = changed(model, "told.opening", |opening| {
        opening["tensors"][0]["values"][0] = 1e9.into();
        opening["tensors"][0]["role"] = "output".into();
    });
    let run = reveal(model, &told, &[]);
    assert_eq!(run.code, 0);
    assert_ne!(run.json()["tensors"][0]["values"][0], 1e9);
    assert_eq!(run.json()["tensors"][0]["role"], "input");
}

#[test]
fn an_opening_is_of_one_proof() {
    let model = &*BOTH;
    let prove = |name: &str, context: &str| {
        let proof = HOME.join(name);
        let inputs = model.inputs();
        let index = [&"--input" as &dyn AsRef<OsStr>, &inputs, &"--index", &"0", &"--context", &context];
        let mut arguments: Vec<&dyn AsRef<OsStr>> = vec![&"prove", &model.dir, &"-o", &proof];
        arguments.extend(index);
        json(&arguments);
        HOME.join(format!("{name}.opening"))
    };
    // The same input and context, but other randomness.
    refused(&reveal(model, &prove("again.proof", &"0".repeat(64)), &[]), 1, "do not open");
    refused(&reveal(model, &prove("contexts.proof", &"1".repeat(64)), &[]), 1, "opens a proof for model");
    let other = Compiled::with("linreg", "hidden-other", &["--hide", "input,output"]);
    refused(&reveal(model, &other.opening(), &[]), 1, "opens a proof for model");
    let run =
        sumcast(&[&"reveal", &other.proof, &"--opening", &other.opening(), &"--vk", &model.vk(), &"--json"]);
    refused(&run, 1, "the proof is for model");
    // A statement of another's values, with their opening: the proof is not for it.
    let mut proof = std::fs::read(&model.proof).unwrap();
    let again = std::fs::read(HOME.join("again.proof")).unwrap();
    let at = 6 + 64 + 1 + 5;
    proof[at..at + 64].copy_from_slice(&again[at..at + 64]);
    let proof = write("mixed-statement.proof", proof);
    let opening = HOME.join("again.proof.opening");
    let run = sumcast(&[&"reveal", &proof, &"--opening", &opening, &"--vk", &model.vk(), &"--json"]);
    refused(&run, 1, "check failed");
    // And of a proof that hides nothing, nothing is opened.
    let public = changed(model, "public.opening", |opening| {
        opening["model_id"] = LINREG.report["model_id"].clone();
    });
    refused(&reveal(&LINREG, &public, &[]), 1, "is not committed");
}

#[test]
fn parameters_are_the_keys_own() {
    let model = &*BOTH;
    let srs = model.dir.join("srs.bin");
    assert_eq!(reveal(model, &model.opening(), &[&"--params", &srs]).code, 0);
    let other = HOME.join("other-tau.srs");
    json(&[&"params", &"new", &"--log-size", &"12", &"-o", &other]);
    refused(&reveal(model, &model.opening(), &[&"--params", &other]), 2, "not the parameters of");
    refused(
        &reveal(model, &model.opening(), &[&"--params", &model.proof]),
        2,
        "not a Sumcast parameter file",
    );

    // Without the file beside the key, the cached string; without that too, one that is not the key's.
    let alone = HOME.join("alone");
    std::fs::create_dir_all(&alone).unwrap();
    let vk = alone.join("vk.bin");
    std::fs::copy(model.vk(), &vk).unwrap();
    let run = |cache: &str| {
        let mut command =
            command(&[&"reveal", &model.proof, &"--opening", &model.opening(), &"--vk", &vk, &"--json"]);
        command.env("SUMCAST_CACHE", HOME.join(cache));
        finish(command)
    };
    assert_eq!(run("cache").code, 0);
    refused(&run("another-cache"), 2, "by --params");
}

#[test]
fn parameters_that_are_no_powers_open_nothing() {
    // The generators of the key, and other points in between: what could be opened as anything.
    let model = &*BOTH;
    let bytes = std::fs::read(model.dir.join("srs.bin")).unwrap();
    let path = write("points.srs", forged(bytes));
    let opening = model.opening();
    refused(&reveal(model, &opening, &[&"--params", &path]), 2, "not powers of one secret");
}

/// A parameter file with two of its powers exchanged, and the digests made again.
fn forged(mut bytes: Vec<u8>) -> Vec<u8> {
    use sumcast_params::Srs;
    let path = write("forged.srs", &bytes);
    let points = 64 * Srs::read(&path).unwrap().g1().len();
    let head = bytes.len() - points;
    let (second, third) = (head + 2 * 64, head + 3 * 64);
    for i in 0..64 {
        bytes.swap(second + i, third + i);
    }
    let digest = |bytes: &[u8]| -> [u8; 32] {
        use blake2::{Blake2b, Digest, digest::consts::U32};
        Blake2b::<U32>::digest(bytes).into()
    };
    let of_points = digest(&bytes[head..]);
    bytes[head - 64..head - 32].copy_from_slice(&of_points);
    let of_head = digest(&bytes[..head - 32]);
    bytes[head - 32..head].copy_from_slice(&of_head);
    bytes
}

#[test]
fn hostile_openings_are_refused() {
    let model = &*BOTH;
    let entry = |fields: &str| {
        let opening = read(&model.opening());
        format!(
            r#"{{"format": "sumcast opening 1", "model_id": {}, "context": {}, "tensors": [{fields}]}}"#,
            opening["model_id"], opening["context"]
        )
    };
    for (text, expected) in [
        (String::new(), "EOF"),
        ("{".into(), "EOF"),
        ("[]".into(), "not an opening"),
        ("null".into(), "not an opening"),
        ("{}".into(), "missing field"),
        ("[".repeat(1 << 20), "expected a string"),
        (format!("{{\"format\": {}", "[".repeat(1 << 20)), "not an opening"),
        (entry("{}"), "missing field"),
        (entry(r#"{"tensor": 0, "role": "input", "integers": [1], "blinds": []}"#), "expected a string"),
        (entry(r#"{"tensor": 1e9, "role": "input", "integers": [], "blinds": []}"#), "expected usize"),
        (entry(r#"{"tensor": -1, "role": "input", "integers": [], "blinds": []}"#), "expected usize"),
        (entry(r#"{"tensor": 99, "role": "input", "integers": [], "blinds": []}"#), "tensor 99"),
        (entry(r#"{"tensor": 0, "role": "input", "integers": ["x"], "blinds": []}"#), "\"integers\"[0]"),
        (entry(r#"{"tensor": 0, "role": "input", "integers": [], "blinds": ["0x"]}"#), "\"blinds\"[0]"),
        (entry(&["{\"tensor\": 0, \"role\": \"\", \"integers\": [], \"blinds\": []}"; 2].join(",")), "once"),
        (entry("").replace("opening 1", "opening 9"), "this version reads"),
        ("\u{0}\u{1}".into(), "not an opening"),
    ] {
        refused(&reveal(model, &write("hostile.opening", text), &[]), 2, expected);
    }
    refused(&reveal(model, &write("bytes.opening", [0xff; 100]), &[]), 2, "bytes.opening");
    refused(&reveal(model, &model.proof, &[]), 2, "not an opening");
    refused(&reveal(model, &HOME.join("missing.opening"), &[]), 2, "missing.opening");
    refused(&reveal(model, &HOME, &[]), 2, "directory");
    let large = HOME.join("large.opening");
    std::fs::File::create(&large).unwrap().set_len((1 << 26) + 1).unwrap();
    refused(&reveal(model, &large, &[]), 2, "the limit");
    let empty = write("no.proof", "");
    let run = sumcast(&[&"reveal", &empty, &"--opening", &model.opening(), &"--vk", &model.vk(), &"--json"]);
    refused(&run, 1, "not a Sumcast proof");
}
