//! The small models of `circuits/tests/data`, each operator over several operator sets: quantised within the
//! precision, and every relation proven and verified, with public tensors and with committed ones.

use std::collections::BTreeSet;
use sumcast_circuits::graph::{Graph, GraphBuilder, GraphError, Matrix, NodeId};
use sumcast_circuits::{Committed, CompileOptions, Secret, compile, onnx};
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Cpu, ProveError, ProvingKey, prove};
use sumcast_verifier::verify;
use sumcast_verifier::vk::{FormTerm, Piece, Program};

fn cases() -> Vec<serde_json::Value> {
    serde_json::from_str(include_str!("../../circuits/tests/data/ops.json")).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn every_operator_is_quantised_and_proven() {
    let cases = cases();
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

#[test]
fn every_operator_is_proven_in_batches() {
    let cases = cases();
    let srs = Srs::development(17, &mut rand::rng());
    let mut seen = BTreeSet::new();
    let mut failures = Vec::new();
    for case in cases.iter().filter(|case| seen.insert(case["name"].to_string())) {
        for committed in [Committed::default(), Committed { input: true, outputs: true }] {
            if let Err(e) = batch(case, committed, &srs) {
                failures.push(format!("{}: {e}", case["name"]));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), seen.len(), failures.join("\n"));
}

/// Four inputs in one proof: the same outputs as one by one, in order.
fn batch(
    case: &serde_json::Value,
    committed: Committed,
    srs: &Srs,
) -> Result<(), Box<dyn std::error::Error>> {
    let graph = onnx::import(&unhex(case["model"].as_str().unwrap()))?;
    let inputs: Vec<Vec<f64>> = serde_json::from_value(case["inputs"].clone())?;
    let options = CompileOptions { committed, ..CompileOptions::default() };
    let one = compile(&graph, &inputs, &options)?;
    let inputs: Vec<&Vec<f64>> = inputs.iter().cycle().take(4).collect();
    let each = inputs.iter().map(|input| one.infer(input)).collect::<Result<Vec<_>, _>>()?;
    let model = one.batched(2)?;
    let relation = model.lower()?;
    let inference = model.run(&relation, &inputs.into_iter().flatten().copied().collect::<Vec<_>>())?;
    for (o, output) in inference.outputs.iter().enumerate() {
        assert_eq!(*output, each.iter().flat_map(|outputs| outputs[o].clone()).collect::<Vec<_>>());
    }
    let key = ProvingKey::setup(relation.program, relation.fixed, model.secret(), srs, &Cpu)?;
    let assignment = Assignment { context: [0; 32], tensors: inference.tensors, cells: inference.cells };
    let proven = prove(&key, srs, assignment, &mut rand::rng(), &Cpu, &mut |_| ())?;
    Ok(verify(&key.key, &proven.file)?)
}

/// Witness cells that the linear part of a constraint reads, within the witness rows: those of all tensors. Only the
/// room between tensors, which limbs share, is read by products alone.
fn cells_read(program: &Program) -> BTreeSet<usize> {
    let forms = program.products.iter().filter_map(|p| p.linear);
    let mut out = BTreeSet::new();
    let blocks = |term: &FormTerm| match term.piece {
        Piece::Block(block) => vec![block],
        Piece::Limbs(limbs) => limbs.blocks().map(|(block, _)| block).collect(),
        _ => vec![],
    };
    for block in forms.flat_map(|f| &program.forms[usize::from(f)].terms).flat_map(blocks) {
        let (first, row) = (program.first_witness_row(), usize::from(block.row));
        if (first..program.first_helper_row()).contains(&row) {
            let within = if block.log <= program.row_log { block.at as usize } else { 0 };
            let len = if block.log <= program.row_log {
                1 << block.log
            } else {
                (block.at as usize) << program.row_log
            };
            let start = ((row - first) << program.row_log) + within;
            out.extend(start..start + len);
        }
    }
    out
}

/// Cells altered in a model, spread over all that are read.
const ALTERED: usize = 16;

#[test]
fn no_cell_that_a_constraint_reads_can_be_another() {
    let cases = cases();
    let srs = Srs::development(16, &mut rand::rng());
    let mut seen = BTreeSet::new();
    let mut altered = 0;
    for case in cases.iter().filter(|case| seen.insert(case["name"].to_string())) {
        let graph = onnx::import(&unhex(case["model"].as_str().unwrap())).unwrap();
        let inputs: Vec<Vec<f64>> = serde_json::from_value(case["inputs"].clone()).unwrap();
        altered += alter(&case["name"].to_string(), &graph, &inputs, ALTERED, &srs);
    }
    assert!(altered > 500, "{altered}");
}

/// Alters the committed tensors, and so many of the cells read; returns how many of these there were.
fn alter(name: &str, graph: &Graph, inputs: &[Vec<f64>], cells: usize, srs: &Srs) -> usize {
    let committed = Committed { input: true, outputs: true };
    let options = CompileOptions { committed, ..CompileOptions::default() };
    let model = compile(graph, inputs, &options).unwrap();
    let relation = model.lower().unwrap();
    let inference = model.run(&relation, &inputs[0]).unwrap();
    let key = ProvingKey::setup(relation.program, relation.fixed, None, srs, &Cpu).unwrap();
    let read = cells_read(&key.key.program);
    let attempt = |change: &dyn Fn(&mut Assignment)| {
        let tensors = inference.tensors.clone();
        let mut assignment = Assignment { context: [0; 32], tensors, cells: inference.cells.clone() };
        change(&mut assignment);
        prove(&key, srs, assignment, &mut rand::rng(), &Cpu, &mut |_| ()).map(|_| ())
    };
    let refused = |result: Result<(), ProveError>, what: &str| {
        let caught = matches!(result, Err(ProveError::Unsatisfied | ProveError::Lookup { .. }));
        assert!(caught, "{name}: {what}: {result:?}");
    };
    let tensors = inference.tensors.len();
    for tensor in 0..tensors {
        let last = inference.tensors[tensor].len() - 1;
        refused(attempt(&|a| a.tensors[tensor][last] += 1), "a committed tensor");
    }
    let step = read.len().div_ceil(cells).max(1);
    for cell in read.iter().step_by(step) {
        refused(attempt(&|a| a.cells[*cell] ^= 1), &format!("cell {cell}"));
    }
    read.len().div_ceil(step)
}

type Build = fn(&mut GraphBuilder, NodeId) -> Result<NodeId, GraphError>;

/// Graphs whose tensors are moved and multiplied in all ways there are; the input is of 6 by 5 numbers.
const PRODUCTS: &[(&str, Build)] = &[
    ("a matrix with itself", |b, x| {
        let turned = b.transpose(x, &[1, 0])?;
        b.matmul(x, turned)
    }),
    ("pairs of matrices, turned", |b, x| {
        // [4, 8] as two heads of four columns, their products side by side again.
        let weight = Matrix::new(8, 5, (0..40).map(|i| f64::from(i * 7 % 11) / 7.0 - 0.6).collect()).unwrap();
        let h = b.linear(x, weight, vec![0.1; 8])?;
        let h = b.select(h, &(8..40).collect::<Vec<_>>(), &[4, 2, 4])?;
        let (heads, turned) = (b.transpose(h, &[1, 0, 2])?, b.transpose(h, &[1, 2, 0])?);
        let y = b.matmul(heads, turned)?;
        let y = b.matmul(y, heads)?;
        let y = b.transpose(y, &[1, 0, 2])?;
        b.reshape(y, &[4, 8])
    }),
    ("three pairs of odd matrices", |b, x| {
        let x = b.reshape(x, &[3, 2, 5])?;
        let x = b.transpose(x, &[0, 2, 1])?;
        let turned = b.transpose(x, &[0, 2, 1])?;
        b.matmul(x, turned)
    }),
    ("a broadcast denominator, and one that is not", |b, x| {
        let square = b.mul(x, x)?;
        let sum = b.sum_last(square, 1.0)?;
        let sum = b.affine(sum, 1.0, 1.0)?;
        let all = b.broadcast(sum, &[6, 5])?;
        let y = b.div(x, all)?;
        let one = b.affine(square, 1.0, 1.0)?;
        let z = b.div(x, one)?;
        b.sub(y, z)
    }),
    ("slices, joined the other way round", |b, x| {
        let (low, high) =
            (b.select(x, &[0, 1, 5, 6, 10, 11], &[3, 2])?, b.select(x, &[18, 19, 23, 24, 28, 29], &[3, 2])?);
        let product = b.mul(low, high)?;
        let index: Vec<(u32, u32)> = (0..6).map(|i| (1, i)).chain((0..30).map(|i| (0, i))).collect();
        b.rearrange(&[x, product], &index, &[9, 4])
    }),
    ("comparisons", |b, x| {
        let turned = b.reshape(x, &[5, 6])?;
        let turned = b.transpose(turned, &[1, 0])?;
        let (greater, product) = (b.sub(x, turned)?, b.mul(x, turned)?);
        let (greater, positive) = (b.positive(greater)?, b.positive(product)?);
        let chosen = b.mul(greater, x)?;
        b.combine(&[(1.0, chosen), (-2.0, positive), (1.0, greater)])
    }),
    ("a quarter of a product, in another shape", |b, x| {
        let turned = b.transpose(x, &[1, 0])?;
        let y = b.matmul(x, turned)?;
        let y = b.affine(y, 0.25, 0.0)?;
        let squares = b.mul(y, y)?;
        let flat = b.reshape(y, &[1, 36])?;
        let flat = b.mul(flat, flat)?;
        let flat = b.reshape(flat, &[6, 6])?;
        b.combine(&[(1.0, squares), (-0.5, flat)])
    }),
    ("the last of six rows, after all of them", |b, x| {
        let weight = Matrix::new(4, 5, (0..20).map(|i| f64::from(i * 7 % 11) / 7.0 - 0.6).collect()).unwrap();
        let h = b.linear(x, weight, vec![0.1; 4])?;
        let turned = b.transpose(h, &[1, 0])?;
        let scores = b.matmul(h, turned)?;
        let y = b.matmul(scores, h)?;
        let y = b.combine(&[(0.3, y), (1.0, h)])?;
        let square = b.mul(y, y)?;
        let norm = b.sum_last(square, 0.25)?;
        let norm = b.affine(norm, 1.0, 1.0)?;
        let norm = b.sqrt(norm)?;
        let norm = b.broadcast(norm, &[6, 4])?;
        let y = b.div(y, norm)?;
        b.select(y, &[20, 21, 22, 23], &[1, 4])
    }),
    ("sums of squares of all rows", |b, x| {
        let weight = Matrix::new(4, 5, (0..20).map(|i| f64::from(i * 7 % 11) / 7.0 - 0.6).collect()).unwrap();
        let h = b.linear(x, weight, vec![0.1; 4])?;
        let square = b.mul(h, h)?;
        b.sum_last(square, 0.5)
    }),
    ("a view of a view, scaled and added", |b, x| {
        let turned = b.transpose(x, &[1, 0])?;
        let y = b.mul(turned, turned)?;
        let back = b.transpose(y, &[1, 0])?;
        let both = b.mul(back, x)?;
        let scaled = b.scale(turned, (0..30).map(|i| f64::from(i) / 9.0).collect(), vec![0.5; 30])?;
        let scaled = b.transpose(scaled, &[1, 0])?;
        b.combine(&[(1.0, both), (0.3, scaled), (2.0, x)])
    }),
];

#[test]
fn products_and_rearrangements_are_proven_and_no_others() {
    let srs = Srs::development(16, &mut rand::rng());
    let inputs: Vec<Vec<f64>> =
        (0..4).map(|k| (0..30).map(|i| f64::from((i * 37 + k * 11) % 23) / 10.0 - 1.1).collect()).collect();
    for (name, build) in PRODUCTS {
        let mut b = GraphBuilder::new(name, "x", &[6, 5]).unwrap();
        let x = b.input();
        let y = build(&mut b, x).unwrap();
        let graph = b.finish(&[("y", y)]).unwrap();
        let model = compile(&graph, &inputs, &CompileOptions::default()).unwrap();
        for input in &inputs {
            let found = model.infer(input).unwrap().remove(0);
            for (f, e) in found.iter().zip(&graph.eval_outputs(input)[0]) {
                assert!((f - e).abs() < 1e-3, "{name}: {f} is not {e}");
            }
        }
        proven(&graph, &inputs, &CompileOptions::default(), &srs).unwrap();
        assert!(alter(name, &graph, &inputs, 2 * ALTERED, &srs) > ALTERED, "{name}");
    }
}

#[test]
fn padding_of_a_public_input_is_zero() {
    let srs = Srs::development(16, &mut rand::rng());
    let (name, build) = PRODUCTS[0];
    let mut b = GraphBuilder::new(name, "x", &[6, 5]).unwrap();
    let x = b.input();
    let y = build(&mut b, x).unwrap();
    let graph = b.finish(&[("y", y)]).unwrap();
    let input: Vec<f64> = (0..30).map(|i| f64::from(i % 7) / 5.0).collect();
    let model = compile(&graph, std::slice::from_ref(&input), &CompileOptions::default()).unwrap();
    let relation = model.lower().unwrap();
    let mut inference = model.run(&relation, &input).unwrap();
    let key = ProvingKey::setup(relation.program, relation.fixed, None, &srs, &Cpu).unwrap();
    // Column 6 of 8, where there are five.
    inference.tensors[0][6] = 1;
    let assignment = Assignment { context: [0; 32], tensors: inference.tensors, cells: inference.cells };
    let result = prove(&key, &srs, assignment, &mut rand::rng(), &Cpu, &mut |_| ());
    assert_eq!(result.map(|_| ()), Err(ProveError::Unsatisfied));
}
