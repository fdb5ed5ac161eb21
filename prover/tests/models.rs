//! The bundled models, from ONNX file to verified proof.

use std::path::PathBuf;
use sumcast_circuits::{CompileOptions, Model, Relation, compile, onnx};
use sumcast_params::Srs;
use sumcast_prover::{Cpu, ProvingKey, prove};
use sumcast_verifier::{ProofFile, Statement, verify};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models").join(name)
}

struct Case {
    model: Model,
    relation: Relation,
    key: ProvingKey,
    srs: Srs,
    inputs: Vec<Vec<f64>>,
    outputs: Vec<Vec<f64>>,
}

fn case(name: &str) -> Case {
    let graph = onnx::import(&std::fs::read(folder(name).join("network.onnx")).unwrap()).unwrap();
    let text = std::fs::read_to_string(folder(name).join("inputs.json")).unwrap();
    let data: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rows = |key: &str| -> Vec<Vec<f64>> { serde_json::from_value(data[key].clone()).unwrap() };
    let (inputs, outputs) = (rows("inputs"), rows("outputs"));
    let model = compile(&graph, &inputs, &CompileOptions::default()).unwrap();
    let relation = model.lower().unwrap();
    let srs = Srs::development(relation.program.row_log.into(), &mut rand::rng());
    let key = ProvingKey::setup(relation.program.clone(), relation.fixed.clone(), &srs, &Cpu).unwrap();
    Case { model, relation, key, srs, inputs, outputs }
}

fn proof(case: &Case, index: usize) -> ProofFile {
    let inference = case.model.run(&case.relation, &case.inputs[index]).unwrap();
    let statement = Statement { context: [index as u8; 32], public: inference.public };
    prove(&case.key, &case.srs, statement, inference.cells, &Cpu, &mut |_| ()).unwrap().0
}

/// The quantised model's error against onnxruntime, relative to the output's spread.
fn relative_error(case: &Case) -> f64 {
    let infer = |input: &Vec<f64>| case.model.infer(input).unwrap().pop().unwrap();
    let ours: Vec<Vec<f64>> = case.inputs.iter().map(infer).collect();
    (0..case.outputs[0].len())
        .map(|o| {
            let values: Vec<f64> = case.outputs.iter().map(|v| v[o]).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
            let error = ours.iter().zip(&values).map(|(a, b)| (a[o] - b).abs()).fold(0.0, f64::max);
            error / variance.sqrt().max(0.01)
        })
        .fold(0.0, f64::max)
}

#[test]
fn bundled_models_are_precise_and_prove() {
    for name in
        ["linreg", "scaled_ridge", "logreg", "mlp_8k", "mlp_tanh", "mlp_gelu", "mlp_100k", "mlp_1m"]
    {
        let case = case(name);
        let error = relative_error(&case);
        let program = &case.relation.program;
        println!(
            "{name}: error {error:.2e}, rows of 2^{}: {} + {} + {}, {} rounds of degree {}, limbs of {} bits",
            program.row_log,
            program.fixed_rows,
            program.witness_rows,
            program.helper_rows,
            program.rounds(),
            program.degree(),
            case.model.limb_bits(),
        );
        let bytes = proof(&case, 0).to_bytes();
        println!("  key {} bytes, proof {} bytes", case.key.key.to_bytes().len(), bytes.len());
        assert_eq!(verify(&case.key.key, &ProofFile::from_bytes(&bytes).unwrap()), Ok(()));
        assert!(bytes.len() < 10_000, "{name}: {} bytes", bytes.len());
        assert!(error < 1e-3, "{name}: {error}");
    }
}
