//! Models of any magnitude are either quantised within the precision or refused, never quantised wrong.

use sumcast_circuits::graph::{Function, Graph, GraphBuilder, Matrix};
use sumcast_circuits::{CompileError, CompileOptions, QuantiseError, RunError, compile};

/// `4 -> 3 -> 2` with weights, inputs and addends of the given magnitudes, bent by `activation`.
fn network(weight: f64, bias: f64, activation: u32) -> Graph {
    let mut b = GraphBuilder::new("network", "x", &[1, 4]).unwrap();
    let matrix = |rows: usize, cols: usize| {
        let data = (0..rows * cols).map(|i| weight * ((i * 37 % 11) as f64 - 5.0) / 5.0).collect();
        Matrix::new(rows, cols, data).unwrap()
    };
    let x = b.input();
    let h = b.linear(x, matrix(3, 4), vec![bias, -bias, 0.5 * bias]).unwrap();
    let h = match activation {
        0 => b.relu(h).unwrap(),
        1 => b.function(h, Function::Tanh).unwrap(),
        2 => b.leaky(h, 0.01).unwrap(),
        3 => b.mul(h, h).unwrap(),
        _ => b.scale(h, vec![0.3, -weight, 7.0], vec![bias, 0.0, 0.1]).unwrap(),
    };
    let y = b.linear(h, matrix(2, 3), vec![bias, 0.0]).unwrap();
    b.finish(&[("y", y)]).unwrap()
}

#[test]
fn magnitudes_from_tiny_to_huge() {
    let (mut compiled, mut refused) = (0, 0);
    for exponent in -30i32..=30 {
        for activation in 0..5 {
            for (w, b, x) in
                [(exponent, 0, 0), (0, exponent, 0), (0, 0, exponent), (exponent, exponent, -exponent)]
            {
                let power = |e: i32| 10f64.powi(e);
                let graph = network(power(w), power(b), activation);
                let inputs: Vec<Vec<f64>> = (0..3)
                    .map(|k| (0..4).map(|i| power(x) * ((k * 4 + i) as f64 * 0.17 - 1.0)).collect())
                    .collect();
                let at = format!("weights 1e{w}, addends 1e{b}, inputs 1e{x}, activation {activation}");
                match compile(&graph, &inputs, &CompileOptions::default()) {
                    Err(CompileError::Quantise(QuantiseError::TooLarge { .. })) => refused += 1,
                    Err(e) => panic!("{at}: {e}"),
                    Ok(model) => {
                        compiled += 1;
                        for input in &inputs {
                            let expected = &graph.eval_outputs(input)[0];
                            let found = &model.infer(input).unwrap_or_else(|e| panic!("{at}: {e}"))[0];
                            let scale = expected.iter().fold(1.0f64, |a, v| a.max(v.abs()));
                            // Inputs, weights and activations each keep 16 bits of the largest of their kind.
                            let gain = 1.0 + power(w).abs() * power(w).abs() * 40.0;
                            for (f, e) in found.iter().zip(expected) {
                                assert!((f - e).abs() <= 1e-3 * scale + 1e-4 * gain, "{at}: {f} is not {e}");
                            }
                        }
                        model.lower().unwrap();
                    }
                }
            }
        }
    }
    assert!(compiled > 300 && refused > 50, "{compiled} compiled, {refused} refused");
}

#[test]
fn models_round_trip_and_damage_is_told() {
    let inputs = [vec![0.5, -0.25, 1.0, 2.0]];
    let model = compile(&network(1.0, 0.1, 1), &inputs, &CompileOptions::default()).unwrap();
    let bytes = model.to_bytes();
    assert_eq!(sumcast_circuits::Model::from_bytes(&bytes).as_ref(), Ok(&model));
    for i in 0..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[i] ^= 0x55;
        assert!(sumcast_circuits::Model::from_bytes(&wrong).is_err(), "byte {i}");
        assert!(sumcast_circuits::Model::from_bytes(&bytes[..i]).is_err(), "cut to {i}");
    }
}

#[test]
fn options_are_checked() {
    let graph = network(1.0, 0.1, 0);
    let with = |frac_bits, rows| {
        compile(&graph, &[], &CompileOptions { frac_bits, rows, ..CompileOptions::default() }).map(|_| ())
    };
    assert_eq!(with(7, None), Err(CompileError::FracBits(7)));
    assert_eq!(with(25, None), Err(CompileError::FracBits(25)));
    assert_eq!(with(16, Some(0)), Err(CompileError::Rows(0)));
    assert_eq!(with(24, Some(1)), Ok(()));
    let short = compile(&graph, &[vec![1.0; 3]], &CompileOptions::default());
    assert!(matches!(short, Err(CompileError::Quantise(QuantiseError::Calibration { found: 3, .. }))));
}

#[test]
fn a_division_by_nothing_is_refused_by_name() {
    let mut b = GraphBuilder::new("ratio", "x", &[1, 2]).unwrap();
    let x = b.input();
    let up = b.select(x, &[0], &[1]).unwrap();
    let down = b.select(x, &[1], &[1]).unwrap();
    let y = b.div(up, down).unwrap();
    let graph = b.finish(&[("y", y)]).unwrap();
    let model = compile(&graph, &[vec![1.0, 2.0]], &CompileOptions::default()).unwrap();
    assert!((model.infer(&[1.5, 2.0]).unwrap()[0][0] - 0.75).abs() < 1e-4);
    assert!(matches!(model.infer(&[1.0, 0.0]), Err(RunError::Domain { .. })));
    assert!(matches!(model.infer(&[1.0, -1.0]), Err(RunError::Domain { .. })));
}
