//! The bundled models, from ONNX file to verified proof.

use rand::SeedableRng;
use rand::rngs::StdRng;
use std::path::PathBuf;
use sumcast_circuits::{CompileOptions, Model, Relation, RunError, compile, onnx};
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Cpu, ProvingKey, prove, srs_log};
use sumcast_verifier::{ProofFile, Statement, Tensor, VerifyError, verify};

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
    let (key, srs) = setup(&relation);
    Case { model, relation, key, srs, inputs, outputs }
}

fn setup(relation: &Relation) -> (ProvingKey, Srs) {
    let srs = Srs::development(srs_log(relation.program.row_log).into(), &mut rand::rng());
    let (program, fixed) = (relation.program.clone(), relation.fixed.clone());
    (ProvingKey::setup(program, fixed, Some(&[3; 32]), &srs, &Cpu).unwrap(), srs)
}

fn assignment(model: &Model, relation: &Relation, input: &[f64], context: u8) -> Assignment {
    let inference = model.run(relation, input).unwrap();
    Assignment { context: [context; 32], tensors: inference.tensors, cells: inference.cells }
}

fn proof(case: &Case, index: usize) -> ProofFile {
    let assignment = assignment(&case.model, &case.relation, &case.inputs[index], index as u8);
    let rng = &mut StdRng::seed_from_u64(5);
    prove(&case.key, &case.srs, assignment, rng, &Cpu, &mut |_| ()).unwrap().file
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
fn a_proof_holds_for_its_own_statement_and_bytes_only() {
    let case = case("linreg");
    let key = &case.key.key;
    let file = proof(&case, 3);
    let bytes = file.to_bytes();
    let verdict = |bytes: &[u8]| ProofFile::from_bytes(bytes).and_then(|file| verify(key, &file));
    assert_eq!(verdict(&bytes), Ok(()));
    for i in 0..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[i] ^= 1 << (i % 8);
        assert!(verdict(&wrong).is_err(), "byte {i}");
    }
    for len in 0..bytes.len() {
        assert!(verdict(&bytes[..len]).is_err(), "cut to {len}");
    }
    for extra in [&[0u8][..], &[0; 32], &[0; 64]] {
        assert!(verdict(&[&bytes, extra].concat()).is_err());
    }
    let with = |change: &dyn Fn(&mut Statement)| {
        let mut file = file.clone();
        change(&mut file.statement);
        verify(key, &file)
    };
    assert!(with(&|s| s.context[0] ^= 1).is_err());
    let add = |s: &mut Statement, tensor: usize, v| {
        let Tensor::Public(values) = &mut s.tensors[tensor] else { panic!() };
        values[0] += v;
    };
    assert!(with(&|s| add(s, 0, 1)).is_err());
    assert!(with(&|s| add(s, 1, -1)).is_err());
    // The same model under another string, and another model under the same one.
    let same = self::case("linreg");
    assert!(matches!(verify(&same.key.key, &file), Err(VerifyError::Model { .. })));
    let mut relation = case.relation.fixed.clone();
    relation[0] += 1;
    let program = case.relation.program.clone();
    let other = ProvingKey::setup(program, relation, None, &case.srs, &Cpu).unwrap();
    let mut claimed = file.clone();
    claimed.model_id = other.key.model_id();
    assert!(matches!(verify(&other.key, &claimed), Err(VerifyError::Rejected(_))));
}

#[test]
fn proofs_are_the_same_on_any_number_of_threads() {
    let case = case("mlp_tanh");
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| proof(&case, 0).to_bytes())
    };
    let one = on(1);
    assert_eq!(one, on(2));
    assert_eq!(one, on(5));
}

#[test]
fn inputs_beyond_the_bounds_are_refused_by_name() {
    let case = case("mlp_8k");
    let run = |input: Vec<f64>| case.model.run(&case.relation, &input).unwrap_err();
    let input = |v: f64| vec![v; 32];
    assert!(matches!(run(input(f64::NAN)), RunError::NotFinite { element: 0 }));
    assert!(matches!(run(input(f64::NEG_INFINITY)), RunError::NotFinite { .. }));
    assert!(matches!(run(input(1e9)), RunError::Input { element: 0, .. }));
    assert!(matches!(run(vec![0.0; 31]), RunError::Length { found: 31, expected: 32 }));
    // Every input at its own bound, with the sign that drives some hidden value furthest.
    let bound = case.inputs.iter().flatten().fold(0.0f64, |a, v| a.max(v.abs())) * 3.9;
    let refused = (0..200u32).any(|seed| {
        let extreme: Vec<f64> =
            (0..32u32).map(|i| if (seed * 7919 + i * i) % 7 < 4 { bound } else { -bound }).collect();
        matches!(case.model.run(&case.relation, &extreme),
            Err(RunError::Overflow { tensor, .. }) if !tensor.is_empty())
    });
    assert!(refused);
}

#[test]
fn models_without_calibration_accept_their_whole_domain() {
    for name in ["linreg", "mlp_8k", "mlp_tanh"] {
        let graph = onnx::import(&std::fs::read(folder(name).join("network.onnx")).unwrap()).unwrap();
        let model = compile(&graph, &[], &CompileOptions::default()).unwrap();
        let relation = model.lower().unwrap();
        let (key, srs) = setup(&relation);
        for sign in [-1.0, 1.0] {
            let assignment = assignment(&model, &relation, &vec![sign * 63.9; model.input_len()], 0);
            let proven = prove(&key, &srs, assignment, &mut rand::rng(), &Cpu, &mut |_| ()).unwrap();
            assert_eq!(verify(&key.key, &proven.file), Ok(()), "{name}");
        }
    }
}

#[test]
fn bundled_models_are_precise_and_prove() {
    for name in [
        "linreg",
        "scaled_ridge",
        "logreg",
        "mlp_8k",
        "mlp_tanh",
        "mlp_gelu",
        "mlp_100k",
        "mlp_1m",
        "forest_100x6",
        "xgb_200x5",
        "lgbm_300x6",
        "xgb_dir",
        "lstm",
        "gru",
        "cnn1d",
        "transformer",
    ] {
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
