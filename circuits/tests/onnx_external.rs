//! A model as PyTorch's default exporter writes it, its weights in a file beside it. `data/dynamo.onnx` is
//! `torch.onnx.export(net, x, "dynamo.onnx")` of a small network with BatchNorm, GELU, Dropout and Softmax, without the
//! source locations it records.

use std::fs;
use std::path::{Path, PathBuf};
use sumcast_circuits::onnx::{ImportError, TensorProblem, import, import_path};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The problem of the first tensor that cannot be read.
fn problem(path: &Path) -> TensorProblem {
    match import_path(path) {
        Err(ImportError::Tensor { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn weights_beside_the_model_are_read() {
    let graph = import_path(data("dynamo.onnx")).unwrap();
    let text: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(data("dynamo.json")).unwrap()).unwrap();
    let rows = |key: &str| -> Vec<Vec<f64>> { serde_json::from_value(text[key].clone()).unwrap() };
    for (input, expected) in rows("inputs").iter().zip(rows("outputs")) {
        for (found, expected) in graph.eval_outputs(input)[0].iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6);
        }
    }
}

#[test]
fn only_files_of_the_same_folder_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dynamo.onnx");
    let bytes = fs::read(data("dynamo.onnx")).unwrap();
    let weights = fs::read(data("dynamo.onnx.data")).unwrap();
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(problem(&path), TensorProblem::ExternalFile(_)), "there is no file of weights");
    assert!(matches!(import(&bytes), Err(ImportError::Tensor { problem: TensorProblem::External, .. })));
    fs::write(folder.path().join("dynamo.onnx.data"), &weights[..weights.len() / 2]).unwrap();
    assert!(matches!(problem(&path), TensorProblem::Length { .. } | TensorProblem::Shape(_)));
    // The same number of bytes, so that the message stays well-formed.
    let name: &[u8] = b"dynamo.onnx.data";
    for other in [&b"../namo.onnx.dat"[..], b"/etc/hostname..."] {
        let mut wrong = bytes.clone();
        while let Some(at) = wrong.windows(name.len()).position(|w| w == name) {
            wrong[at..at + name.len()].copy_from_slice(other);
        }
        fs::write(&path, &wrong).unwrap();
        match problem(&path) {
            TensorProblem::ExternalFile(text) => assert!(text.contains("not the name of a file"), "{text}"),
            other => panic!("{other:?}"),
        }
    }
}
