//! The bundled models, against what onnxruntime computes for them.

use std::path::Path;

use sumcast_circuits::{graph::Op, onnx};

#[derive(serde::Deserialize)]
struct Samples {
    inputs: Vec<Vec<f64>>,
    outputs: Vec<Vec<f64>>,
}

/// Imports a bundled model, compares it on its samples and returns the operators of its graph after the input.
fn check(name: &str) -> Vec<&'static str> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(name);
    let graph = onnx::import_path(dir.join("network.onnx")).unwrap();
    let samples: Samples = serde_json::from_slice(&std::fs::read(dir.join("inputs.json")).unwrap()).unwrap();
    assert_eq!(samples.inputs.len(), 64);
    for (input, expected) in samples.inputs.iter().zip(&samples.outputs) {
        let found = graph.eval_outputs(input).concat();
        assert_eq!(found.len(), expected.len(), "{name}");
        for (f, e) in found.iter().zip(expected) {
            assert!((f - e).abs() <= 1e-5 * (1.0 + e.abs()), "{name}: {f} is not {e}");
        }
    }
    graph.nodes().iter().skip(1).map(|node| node.op.name()).collect()
}

#[test]
fn linear_models_are_one_layer() {
    assert_eq!(check("linreg"), ["Linear"]);
    assert_eq!(check("scaled_ridge"), ["Linear"]);
    // One row of coefficients and its two scores, which would take twice the constants as one layer.
    assert_eq!(check("logreg").last(), Some(&"Function"));
}

#[test]
fn labels_are_dropped_and_recorded() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/logreg/network.onnx");
    let graph = onnx::import_path(dir).unwrap();
    assert_eq!(graph.output_names(), ["probabilities"]);
    assert_eq!(graph.dropped_outputs.len(), 1);
    assert_eq!(graph.dropped_outputs[0].name, "label");
}

#[test]
fn networks_alternate_layers_and_activations() {
    for (name, activation) in [("mlp_8k", "Leaky"), ("mlp_100k", "Leaky"), ("mlp_tanh", "Function")] {
        let ops = check(name);
        let layers = ops.iter().step_by(2).all(|op| *op == "Linear");
        assert!(layers && ops.iter().skip(1).step_by(2).all(|op| *op == activation), "{name}: {ops:?}");
    }
    assert_eq!(check("mlp_1m").len(), 7);
}

#[test]
fn exported_gelu_is_one_function() {
    assert_eq!(check("mlp_gelu"), ["Linear", "Function", "Linear", "Function", "Linear"]);
}

#[test]
fn constants_are_counted() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/mlp_8k/network.onnx");
    let graph = onnx::import_path(dir).unwrap();
    assert_eq!(graph.parameters(), 8385);
    assert!(matches!(graph.node(graph.input()).op, Op::Input));
}
