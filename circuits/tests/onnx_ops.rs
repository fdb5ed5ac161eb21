//! Small models that use each operator over several operator sets, and networks as PyTorch and scikit-learn export them,
//! against what onnxruntime computes. `data/make_ops.py` makes them.

use std::collections::BTreeSet;

use sumcast_circuits::{
    graph::{Function, Op},
    onnx,
};

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    opset: i64,
    model: String,
    inputs: Vec<Vec<f64>>,
    outputs: Vec<Vec<Vec<f64>>>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("data/ops.json")).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn each_model_computes_what_onnxruntime_does() {
    for case in cases() {
        let at = format!("{} at operator set {}", case.name, case.opset);
        let graph = onnx::import(&unhex(&case.model)).unwrap_or_else(|e| panic!("{at}: {e}"));
        for (input, expected) in case.inputs.iter().zip(&case.outputs) {
            let found = graph.eval_outputs(input);
            assert_eq!(found.len(), expected.len(), "{at}");
            for (found, expected) in found.iter().zip(expected) {
                assert_eq!(found.len(), expected.len(), "{at}");
                for (f, e) in found.iter().zip(expected) {
                    assert!((f - e).abs() <= 1e-5 * (1.0 + e.abs()), "{at}: {found:?} is not {expected:?}");
                }
            }
        }
    }
}

#[test]
fn exported_gelu_is_recognised() {
    let mut seen = 0;
    for case in cases().iter().filter(|c| c.name.starts_with("torch_gelu")) {
        let graph = onnx::import(&unhex(&case.model)).unwrap();
        let function = if case.name.ends_with("tanh") { Function::GeluTanh } else { Function::Gelu };
        let names: Vec<_> = graph.nodes().iter().map(|n| n.op.name()).collect();
        assert_eq!(names, ["Input", "Linear", "Function", "Linear"], "{} {}", case.name, case.opset);
        let recognised = |op: &Op| matches!(op, Op::Function { function: f, .. } if *f == function);
        assert!(graph.nodes().iter().any(|n| recognised(&n.op)));
        seen += 1;
    }
    assert_eq!(seen, 10);
}

#[test]
fn each_operator_is_covered() {
    let cases = cases();
    let models: Vec<Vec<u8>> = cases.iter().map(|c| unhex(&c.model)).collect();
    let missing: BTreeSet<&str> = onnx::supported()
        .map(|(_, op)| op)
        .filter(|op| {
            // An operator's name as a protobuf field: tag 4, length, text.
            let field = [&[0x22, op.len() as u8], op.as_bytes()].concat();
            !models.iter().any(|m| m.windows(field.len()).any(|w| w == field))
        })
        .collect();
    assert_eq!(missing, BTreeSet::new());
}
