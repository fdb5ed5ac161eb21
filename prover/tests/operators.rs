//! The small models of `circuits/tests/data`, each operator over several operator sets: quantised within the
//! precision, and every relation proven and verified, with public tensors and with committed ones.

use sumcast_circuits::{Committed, CompileOptions, Secret, compile, graph::Graph, onnx};
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Cpu, ProvingKey, prove};
use sumcast_verifier::verify;

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn every_operator_is_quantised_and_proven() {
    let cases: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../circuits/tests/data/ops.json")).unwrap();
    let srs = Srs::development(16, &mut rand::rng());
    let mut failures = Vec::new();
    for case in &cases {
        let name = format!("{} {}", case["name"], case["opset"]);
        if let Err(e) = check(case, &srs) {
            failures.push(format!("{name}: {e}"));
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

fn check(case: &serde_json::Value, srs: &Srs) -> Result<(), Box<dyn std::error::Error>> {
    let graph = onnx::import(&unhex(case["model"].as_str().unwrap()))?;
    let inputs: Vec<Vec<f64>> = serde_json::from_value(case["inputs"].clone())?;
    let expected: Vec<Vec<Vec<f64>>> = serde_json::from_value(case["outputs"].clone())?;
    let model = compile(&graph, &inputs, &CompileOptions::default())?;
    for (input, expected) in inputs.iter().zip(&expected) {
        for (found, expected) in model.infer(input)?.iter().zip(expected) {
            let largest = expected.iter().fold(1.0f64, |a, v| a.max(v.abs()));
            for (f, e) in found.iter().zip(expected) {
                if (f - e).abs() > 2e-4 * largest {
                    return Err(format!("{found:?} is not {expected:?}").into());
                }
            }
        }
    }
    proven(&graph, &inputs, &CompileOptions::default(), srs)?;
    let hidden = CompileOptions {
        committed: Committed { input: true, outputs: true },
        secret: Some(Secret([7; 32])),
        ..CompileOptions::default()
    };
    proven(&graph, &inputs, &hidden, srs).map_err(|e| format!("committed: {e}").into())
}

fn proven(
    graph: &Graph,
    inputs: &[Vec<f64>],
    options: &CompileOptions,
    srs: &Srs,
) -> Result<(), Box<dyn std::error::Error>> {
    let model = compile(graph, inputs, options)?;
    let relation = model.lower()?;
    let inference = model.run(&relation, &inputs[0])?;
    let key = ProvingKey::setup(relation.program, relation.fixed, model.secret(), srs, &Cpu)?;
    let assignment = Assignment { context: [0; 32], tensors: inference.tensors, cells: inference.cells };
    let proven = prove(&key, srs, assignment, &mut rand::rng(), &Cpu, &mut |_| ())?;
    for opening in &proven.openings {
        opening.check(&key.key.program, &proven.file.statement, srs, &Cpu)?;
    }
    Ok(verify(&key.key, &proven.file)?)
}
