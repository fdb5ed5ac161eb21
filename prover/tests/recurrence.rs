//! A recurrent layer is proven for all its steps at once: no witness holds that takes a state from another step than the
//! one before, or begins from another state.

use sumcast_circuits::graph::{Function, Graph, GraphBuilder, GraphError, Matrix};
use sumcast_circuits::{CompileOptions, Inference, Relation, compile};
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Cpu, ProveError, ProvingKey, prove};
use sumcast_verifier::verify;

const STEPS: usize = 6;
const WIDTH: usize = 2;

/// `h[t] = tanh(x[t] + R p[t])` with `p` the states before each step: as many rows as `first` has, moved on.
fn layer(first: &[f64], backward: bool) -> Result<Graph, GraphError> {
    let shape = [STEPS, WIDTH];
    let mut b = GraphBuilder::new("layer", "x", &shape)?;
    let x = b.input();
    let before = b.previous(&shape, first.to_vec(), backward)?;
    let weights = Matrix::new(WIDTH, WIDTH, vec![0.75, -0.5, 0.25, 0.5])?;
    let recurrent = b.linear(before, weights, vec![0.0; WIDTH])?;
    let sum = b.combine(&[(1.0, x), (1.0, recurrent)])?;
    let h = b.function(sum, Function::Tanh)?;
    b.close(before, h)?;
    b.finish(&[("h", h)])
}

fn input() -> Vec<f64> {
    (0..STEPS * WIDTH).map(|i| (i as f64 * 2.3).sin()).collect()
}

/// Inputs that reach the same bounds whatever a layer begins from: two numbers for all steps.
fn calibration() -> Vec<Vec<f64>> {
    [[2.0, 2.0], [-2.0, -2.0], [2.0, -2.0], [-2.0, 2.0]].map(|step| step.repeat(STEPS)).into()
}

fn proof(key: &ProvingKey, srs: &Srs, inference: &Inference) -> Result<(), ProveError> {
    let Inference { tensors, cells, .. } = inference.clone();
    let assignment = Assignment { context: [0; 32], tensors, cells };
    let proven = prove(key, srs, assignment, &mut rand::rng(), &Cpu, &mut |_| ())?;
    assert_eq!(verify(&key.key, &proven.file), Ok(()));
    Ok(())
}

/// What a layer's key is made of, and an inference of `2^batch` inputs.
fn made(graph: &Graph, batch: u8) -> (Relation, Inference) {
    let model = compile(graph, &calibration(), &CompileOptions::default()).unwrap();
    let model = model.batched(batch).unwrap();
    let relation = model.lower().unwrap();
    let inputs: Vec<f64> =
        (0..1 << batch).flat_map(|i| input().into_iter().map(move |v| v / f64::from(i + 1))).collect();
    let inference = model.run(&relation, &inputs).unwrap();
    (relation, inference)
}

#[test]
fn every_state_is_that_of_the_step_before() {
    let srs = Srs::development(14, &mut rand::rng());
    let layers: [(&str, &[f64], bool); 5] = [
        ("as it is", &[0.25, -0.5], false),
        ("from another state", &[0.25, 0.5], false),
        ("from two steps before", &[0.25, -0.5, 0.125, 0.25], false),
        ("from three steps before", &[0.25, -0.5, 0.125, 0.25, 0.375, -0.125], false),
        ("backward", &[0.25, -0.5], true),
    ];
    for batch in [0, 1] {
        let made =
            layers.map(|(name, first, backward)| (name, made(&layer(first, backward).unwrap(), batch)));
        for (name, (Relation { program, fixed, .. }, inference)) in &made {
            let key = ProvingKey::setup(program.clone(), fixed.clone(), None, &srs, &Cpu).unwrap();
            assert_eq!(proof(&key, &srs, inference).map_err(|e| e.to_string()), Ok(()), "{name}");
            for (other, (relation, lie)) in made.iter().filter(|(other, _)| other != name) {
                // All but the fixed cells is the same, so that the witness of one fits the other.
                assert!(relation.program == *program, "{name}, {other}");
                assert_ne!(inference.outputs, lie.outputs);
                let result = proof(&key, &srs, lie);
                assert!(matches!(result, Err(ProveError::Unsatisfied)), "{name}, {other}: {result:?}");
            }
        }
    }
}
