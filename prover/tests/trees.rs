//! Decision trees, from a forest to verified proofs: paths are those of the float model, and no others are proven.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::Arc;
use sumcast_circuits::graph::forest::Branch;
use sumcast_circuits::graph::{Forest, Function, Graph, GraphBuilder, Matrix};
use sumcast_circuits::{Committed, CompileOptions, Model, Relation, RunError, compile};
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Cpu, ProveError, Proven, ProvingKey, prove};
use sumcast_verifier::verify;
use sumcast_verifier::vk::{Block, FormTerm, Piece, Program};

const FEATURES: usize = 5;

/// Random trees of up to `depth` splits, some of one leaf only, over bounds that inputs hit.
fn forest(trees: usize, depth: usize, width: usize, rng: &mut StdRng) -> Arc<Forest> {
    fn grow(branches: &mut Vec<Branch>, depth: usize, width: usize, rng: &mut StdRng) -> usize {
        let at = branches.len();
        branches.push(Branch::Leaf((0..width).map(|_| rng.random_range(-3.0..3.0)).collect()));
        if depth > 0 && rng.random_range(0..6) > 0 {
            let (yes, no) = (grow(branches, depth - 1, width, rng), grow(branches, depth - 1, width, rng));
            let (feature, bound) = (rng.random_range(0..FEATURES), bound(rng));
            branches[at] = Branch::Split { feature, bound, yes, no, missing: rng.random() };
        }
        at
    }
    let mut branches = Vec::new();
    let roots: Vec<usize> = (0..trees).map(|_| grow(&mut branches, depth, width, rng)).collect();
    Arc::new(Forest::new(FEATURES, width, &roots, &branches).unwrap())
}

fn bound(rng: &mut StdRng) -> f32 {
    rng.random_range(-8..8) as f32 / 3.0
}

/// Half of the features are bounds.
fn input(rows: usize, rng: &mut StdRng) -> Vec<f64> {
    let feature =
        |_| if rng.random() { f64::from(bound(rng)) } else { rng.random_range(-3.0f32..3.0).into() };
    (0..rows * FEATURES).map(feature).collect()
}

fn of_forest(rows: usize, forest: &Arc<Forest>) -> Graph {
    let mut b = GraphBuilder::new("trees", "x", &[rows, FEATURES]).unwrap();
    let x = b.input();
    let mut outputs = Vec::new();
    for value in 0..forest.width() {
        let leaves = b.leaves(x, forest, value).unwrap();
        let ones = Matrix::new(1, forest.trees(), vec![1.0; forest.trees()]).unwrap();
        let sum = b.linear(leaves, ones, vec![0.25]).unwrap();
        outputs.push((format!("y{value}"), sum));
    }
    let sigmoid = b.function(outputs[0].1, Function::Sigmoid).unwrap();
    outputs.push(("p".into(), sigmoid));
    let outputs: Vec<(&str, _)> = outputs.iter().map(|(name, id)| (name.as_str(), *id)).collect();
    b.finish(&outputs).unwrap()
}

struct Case {
    model: Model,
    relation: Relation,
    key: ProvingKey,
}

impl Case {
    fn new(graph: &Graph, inputs: &[Vec<f64>], committed: Committed, srs: &Srs) -> Self {
        let options = CompileOptions { committed, ..CompileOptions::default() };
        Self::of(compile(graph, inputs, &options).unwrap(), srs)
    }

    fn of(model: Model, srs: &Srs) -> Self {
        let relation = model.lower().unwrap();
        let (program, fixed) = (relation.program.clone(), relation.fixed.clone());
        let key = ProvingKey::setup(program, fixed, None, srs, &Cpu).unwrap();
        Self { model, relation, key }
    }

    fn assignment(&self, input: &[f64]) -> Assignment {
        let inference = self.model.run(&self.relation, input).unwrap();
        Assignment { context: [0; 32], tensors: inference.tensors, cells: inference.cells }
    }

    fn prove(&self, assignment: Assignment, srs: &Srs) -> Result<Proven, ProveError> {
        prove(&self.key, srs, assignment, &mut rand::rng(), &Cpu, &mut |_| ())
    }
}

#[test]
fn paths_are_those_of_the_float_model_and_proven() {
    let rng = &mut StdRng::seed_from_u64(1);
    let srs = Srs::development(16, &mut rand::rng());
    for (trees, depth, width, rows) in
        [(1, 0, 1, 1), (1, 1, 1, 1), (3, 2, 2, 1), (4, 4, 1, 2), (9, 5, 1, 3), (20, 7, 3, 1)]
    {
        let forest = forest(trees, depth, width, rng);
        let graph = of_forest(rows, &forest);
        let inputs: Vec<Vec<f64>> = (0..50).map(|_| input(rows, rng)).collect();
        // An eighth of the numbers are missing.
        let sparse = |input: &Vec<f64>| {
            let mut hole = |v: &f64| if rng.random_range(0..8) == 0 { f64::NAN } else { *v };
            input.iter().map(&mut hole).collect()
        };
        let mut sparse: Vec<Vec<f64>> = inputs.iter().map(sparse).collect();
        sparse[0][0] = f64::NAN;
        for (inputs, committed) in [
            (&inputs, Committed::default()),
            (&inputs, Committed { input: true, outputs: true }),
            (&sparse, Committed::default()),
            (&sparse, Committed { input: true, outputs: false }),
        ] {
            let case = Case::new(&graph, inputs, committed, &srs);
            for input in inputs {
                let found = case.model.infer(input).unwrap();
                for (found, expected) in found.iter().zip(graph.eval_outputs(input)) {
                    for (found, expected) in found.iter().zip(expected) {
                        assert!(
                            (found - expected).abs() < 1e-4,
                            "{trees} trees of {depth}: {found} {expected}"
                        );
                    }
                }
            }
            let proven = case.prove(case.assignment(&inputs[0]), &srs).unwrap();
            verify(&case.key.key, &proven.file).unwrap();
            let batch = Case::of(case.model.batched(2).unwrap(), &srs);
            let proven = batch.prove(batch.assignment(&inputs[..4].concat()), &srs).unwrap();
            verify(&batch.key.key, &proven.file).unwrap();
        }
    }
}

/// Cells that a form reads, within the witness rows.
fn cells(program: &Program, form: u16) -> Vec<usize> {
    let blocks = |term: &FormTerm| match term.piece {
        Piece::Block(block) => vec![block],
        Piece::Limbs(limbs) => limbs.blocks().map(|(block, _)| block).collect(),
        _ => vec![],
    };
    let witness = program.first_witness_row()..program.first_helper_row();
    let at = |block: Block| {
        let start = (usize::from(block.row) - program.first_witness_row()) << program.row_log;
        if block.log > program.row_log {
            start..start + ((block.at as usize) << program.row_log)
        } else {
            start + block.at as usize..start + block.at as usize + (1 << block.log)
        }
    };
    let terms = &program.forms[usize::from(form)].terms;
    let of_witness = terms.iter().flat_map(blocks).filter(|block| witness.contains(&usize::from(block.row)));
    of_witness.flat_map(at).collect()
}

#[test]
fn no_cell_of_a_path_can_be_another() {
    let rng = &mut StdRng::seed_from_u64(2);
    let srs = Srs::development(15, &mut rand::rng());
    let forest = forest(3, 3, 1, rng);
    let inputs: Vec<Vec<f64>> = (0..8).map(|_| input(1, rng)).collect();
    let case = Case::new(&of_forest(1, &forest), &inputs, Committed::default(), &srs);
    let program = &case.key.key.program;
    // The range lookup, the table of nodes, the features.
    assert_eq!(program.lookups.len(), 3);
    let mut read: Vec<usize> = program.lookups[1..]
        .iter()
        .flat_map(|l| &l.columns[0])
        .flat_map(|form| cells(program, *form))
        .collect();
    read.sort_unstable();
    read.dedup();
    assert!(read.len() >= 6 * 16);
    for cell in read {
        let mut assignment = case.assignment(&inputs[0]);
        assignment.cells[cell] += 1;
        let refused = case.prove(assignment, &srs);
        assert!(
            matches!(refused, Err(ProveError::Lookup { .. } | ProveError::Unsatisfied)),
            "{cell}: {refused:?}"
        );
    }
}

#[test]
fn the_path_of_other_features_is_refused() {
    let rng = &mut StdRng::seed_from_u64(3);
    let srs = Srs::development(15, &mut rand::rng());
    let branches = [
        Branch::Split { feature: 2, bound: 1.0, yes: 1, no: 2, missing: false },
        Branch::Leaf(vec![-1.0]),
        Branch::Leaf(vec![1.0]),
    ];
    let forest = Arc::new(Forest::new(FEATURES, 1, &[0], &branches).unwrap());
    let inputs: Vec<Vec<f64>> = (0..8).map(|_| input(1, rng)).collect();
    let case = Case::new(&of_forest(1, &forest), &inputs, Committed::default(), &srs);
    let (mut low, mut high) = (inputs[0].clone(), inputs[0].clone());
    (low[2], high[2]) = (1.0, 1.0f32.next_up().into());
    let missing = case.model.infer(&[f64::NAN; FEATURES]);
    assert!(matches!(missing, Err(RunError::NotFinite { element: 0 })), "{missing:?}");
    let (ours, others) = (case.assignment(&low), case.assignment(&high));
    assert_ne!(ours.tensors[1], others.tensors[1]);
    // All of the other path, with the features of ours: only the comparison tells.
    let program = &case.key.key.program;
    let fetched = cells(program, program.lookups[2].columns[0][1]);
    let mut lie = Assignment { tensors: others.tensors.clone(), ..others.clone() };
    lie.tensors[0].clone_from(&ours.tensors[0]);
    for cell in fetched {
        lie.cells[cell] = ours.cells[cell];
    }
    assert_eq!(case.prove(lie, &srs).map(|_| ()), Err(ProveError::Unsatisfied));
    assert!(case.prove(ours, &srs).is_ok() && case.prove(others, &srs).is_ok());
}

#[test]
fn inputs_that_no_integer_stands_for_are_refused() {
    let near = [1.0f32, 1.0 + 1.0 / (1 << 23) as f32];
    let split = |bound, yes, no| Branch::Split { feature: 0, bound, yes, no, missing: false };
    let leaf = |v| Branch::Leaf(vec![v]);
    let branches = [split(near[0], 2, 1), split(near[1], 3, 4), leaf(0.0), leaf(1.0), leaf(2.0)];
    let forest = Arc::new(Forest::new(FEATURES, 1, &[0], &branches).unwrap());
    let graph = of_forest(1, &forest);
    let at = |v: f32| vec![v.into(), 0.0, 0.0, 0.0, 0.0];
    let fine = compile(&graph, &[at(1.0), at(2.0)], &CompileOptions::default()).unwrap();
    let coarse = compile(&graph, &[at(1.0), at(10_000.0)], &CompileOptions::default()).unwrap();
    for v in [near[0], near[1], near[1].next_up(), -5.0] {
        let expected = graph.eval_outputs(&at(v).to_vec())[0][0];
        assert!((fine.infer(&at(v)).unwrap()[0][0] - expected).abs() < 1e-4);
    }
    let refused = coarse.infer(&at(near[1]));
    assert!(matches!(refused, Err(RunError::Path { element: 0, .. })), "{refused:?}");
    assert!(coarse.infer(&at(near[0])).is_ok() && coarse.infer(&at(near[1].next_up())).is_ok());
}

#[test]
fn bounds_beyond_all_features_are_never_reached() {
    let srs = Srs::development(15, &mut rand::rng());
    let split = |bound, yes, no| Branch::Split { feature: 0, bound, yes, no, missing: false };
    let leaf = |v| Branch::Leaf(vec![v]);
    let branches = [split(1e9, 1, 4), split(-1e9, 4, 2), split(f32::INFINITY, 3, 4), leaf(1.0), leaf(2.0)];
    let forest = Arc::new(Forest::new(FEATURES, 1, &[0], &branches).unwrap());
    let at = |v: f64| vec![v, 0.0, 0.0, 0.0, 0.0];
    for with_missing in [false, true] {
        let sparse = if with_missing { vec![f64::NAN; FEATURES] } else { at(0.0) };
        let case = Case::new(&of_forest(1, &forest), &[at(1.0), sparse], Committed::default(), &srs);
        let bits = case.key.key.program.tensors[0].bits;
        // The largest integers that are accepted.
        let scale = 2f64.powi(case.key.key.program.tensors[0].fraction.into());
        let most = (2f64.powi(bits.into()) - 1.0 - f64::from(with_missing)) / scale;
        for input in [at(most), at(-most)] {
            assert!(
                (case.model.infer(&input).unwrap()[0][0] - 1.25).abs() < 1e-4,
                "{with_missing} {input:?}"
            );
            assert!(case.prove(case.assignment(&input), &srs).is_ok());
        }
    }
}

#[test]
fn the_limbs_of_a_committed_input_hold_no_more_than_its_bits() {
    // A feature above the bound of a leaf would leave it. Small features have fewer bits than fill their limbs.
    let rng = &mut StdRng::seed_from_u64(4);
    let forest = forest(3, 3, 1, rng);
    let small: Vec<Vec<f64>> = (0..4).map(|_| input(1, rng).iter().map(|v| v * 1e-5).collect()).collect();
    for (inputs, fills) in [(&small, false), (&small, true)] {
        let committed = Committed { input: fills, outputs: false };
        let options = CompileOptions { committed, ..CompileOptions::default() };
        let model = compile(&of_forest(1, &forest), inputs, &options).unwrap();
        let program = model.lower().unwrap().program;
        let exact = (program.tensors[0].bits + 1).is_multiple_of(model.limb_bits());
        assert_eq!(exact, fills, "{} bits in limbs of {}", program.tensors[0].bits, model.limb_bits());
    }
}

#[test]
fn what_is_missing_is_neither_low_nor_there() {
    let srs = Srs::development(15, &mut rand::rng());
    let branches = [
        Branch::Split { feature: 2, bound: 1.0, yes: 1, no: 2, missing: true },
        Branch::Leaf(vec![-1.0]),
        Branch::Leaf(vec![1.0]),
    ];
    let forest = Arc::new(Forest::new(FEATURES, 1, &[0], &branches).unwrap());
    let [high, missing] = [2.0, f64::NAN].map(|v| vec![0.0, 0.0, v, 0.0, 0.0]);
    let inputs = [vec![0.5; FEATURES], high.clone(), missing.clone()];
    let case = Case::new(&of_forest(1, &forest), &inputs, Committed::default(), &srs);
    let (ours, others) = (case.assignment(&high), case.assignment(&missing));
    assert_eq!((ours.tensors[1][0] > 0, others.tensors[1][0] > 0), (true, false));
    // The path of what is missing for what is not.
    let mut lie = others.clone();
    lie.tensors[0].clone_from(&ours.tensors[0]);
    let refused = case.prove(lie, &srs).map(|_| ());
    assert!(matches!(refused, Err(ProveError::Unsatisfied | ProveError::Lookup { .. })), "{refused:?}");
    // What is missing for what is not said to be: the bits of ours in the path of the others.
    let differing = (0..others.cells.len()).filter(|i| others.cells[*i] != ours.cells[*i]);
    for cell in differing {
        let mut lie = others.clone();
        lie.cells[cell] = ours.cells[cell];
        assert!(case.prove(lie, &srs).is_err(), "{cell}");
    }
    assert!(case.prove(ours, &srs).is_ok() && case.prove(others, &srs).is_ok());
}
