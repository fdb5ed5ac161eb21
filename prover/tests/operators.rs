//! The small models of `circuits/tests/data`, each operator over several operator sets: quantised within the
//! precision, and every relation proven and verified, with public tensors and with committed ones.

use std::collections::BTreeSet;
use sumcast_circuits::{Committed, CompileOptions, Secret, compile, graph::Graph, onnx};
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
        let committed = Committed { input: true, outputs: true };
        let options = CompileOptions { committed, ..CompileOptions::default() };
        let model = compile(&graph, &inputs, &options).unwrap();
        let relation = model.lower().unwrap();
        let inference = model.run(&relation, &inputs[0]).unwrap();
        let key = ProvingKey::setup(relation.program, relation.fixed, None, &srs, &Cpu).unwrap();
        let read = cells_read(&key.key.program);
        let attempt = |change: &dyn Fn(&mut Assignment)| {
            let tensors = inference.tensors.clone();
            let mut assignment = Assignment { context: [0; 32], tensors, cells: inference.cells.clone() };
            change(&mut assignment);
            prove(&key, &srs, assignment, &mut rand::rng(), &Cpu, &mut |_| ()).map(|_| ())
        };
        let refused = |result: Result<(), ProveError>, what: &str| {
            let caught = matches!(result, Err(ProveError::Unsatisfied | ProveError::Lookup { .. }));
            assert!(caught, "{}: {what}: {result:?}", case["name"]);
        };
        let tensors = inference.tensors.len();
        for tensor in 0..tensors {
            let last = inference.tensors[tensor].len() - 1;
            refused(attempt(&|a| a.tensors[tensor][last] += 1), "a committed tensor");
        }
        for cell in read.iter().step_by(read.len().div_ceil(ALTERED).max(1)) {
            refused(attempt(&|a| a.cells[*cell] ^= 1), &format!("cell {cell}"));
            altered += 1;
        }
    }
    assert!(altered > 500, "{altered}");
}
