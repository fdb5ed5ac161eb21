//! The table of `docs/operators.md`: what [`REGISTRY`] says of each operator, and what its samples cost as they are
//! lowered. `SUMCAST_WRITE_OPERATORS=1` writes it.

use super::{Operator, REGISTRY, samples};
use crate::{
    circuit::{Committed, Op as IntOp},
    graph::{Graph, Op},
    lower::Lowered,
    onnx::{ImportError, testing},
    quantise::{Ranges, quantise},
};
use samples::{Sample, X};
use std::{fmt::Write as _, path::Path};

/// As the larger bundled models have them.
const PRECISION: u8 = 16;
const LIMB: u8 = 10;

const BEGIN: &str = "<!-- Written by `SUMCAST_WRITE_OPERATORS=1 cargo test -p sumcast-circuits --lib ops::table`: do not edit. -->\n";
const END: &str = "<!-- end of what is written -->\n";

/// What a node of the graph becomes in the integer graph.
fn word(op: &Op) -> Option<&'static str> {
    Some(match op {
        Op::Input | Op::Reshape { .. } => return None,
        Op::Linear { .. } => "matrix product",
        Op::Scale { .. } => "scaling",
        Op::Combine { .. } => "sum",
        Op::Mul { .. } => "product",
        Op::MatMul { .. } => "product of matrices",
        Op::Leaky { .. } => "rectifying",
        Op::Positive { .. } => "comparison",
        Op::Function { .. } => "table",
        Op::Div { .. } => "division",
        Op::Sqrt { .. } => "root",
        Op::Rearrange { .. } => "wiring",
        Op::Leaves { .. } => "paths of trees",
        Op::Previous { .. } => "step before",
    })
}

/// What a sample's graph consists of, its last product left out, each kind of node once.
fn becomes(graph: &Graph) -> String {
    let mut words: Vec<&str> = Vec::new();
    for node in &graph.nodes()[..graph.nodes().len() - 1] {
        words.extend(word(&node.op).filter(|w| !words.contains(w)));
    }
    if words.is_empty() { "nothing".into() } else { words.join(", ") }
}

/// Witness cells, lookups and weights for each element of the result.
fn cost(graph: &Graph) -> [f64; 3] {
    let elements = graph.node(graph.outputs()[0]).elements() as f64;
    let ranges = Ranges::of(graph, &[X.to_vec()]).unwrap();
    let circuit = quantise(graph, &ranges, PRECISION, LIMB, Committed::default()).unwrap();
    let lowered = Lowered::new(&circuit);
    let tensors = circuit.tensors.iter().enumerate();
    let (cells, lookups) = tensors
        .filter(|(_, tensor)| !matches!(tensor.op, IntOp::Publish { .. }))
        .map(|(t, _)| lowered.cells_of(t))
        .fold((0, 0), |(cells, lookups), (c, l)| (cells + c, lookups + l));
    [cells, lookups, lowered.weights()].map(|n| n as f64 / elements)
}

/// The columns of a sample: what it becomes, cells, lookups, weights.
fn measured(operator: &Operator, sample: &Sample) -> [String; 4] {
    let name = match operator.domain {
        "" => operator.name.to_owned(),
        domain => format!("{domain}.{}", operator.name),
    };
    let version = *operator.versions().end();
    let graph = |output| testing::squared(&name, version, &sample.attrs, &sample.args, output);
    // An output before it can be a class label.
    let found = match graph(0) {
        Err(ImportError::Output { problem, .. }) if problem.contains("class label") => graph(1),
        found => found,
    };
    match found {
        Ok(graph) => {
            let [cells, lookups, weights] = cost(&graph).map(|n| format!("{n:.1}").replace(".0", ""));
            [becomes(&graph), cells, lookups, weights]
        }
        Err(ImportError::Output { problem, .. }) if problem.contains("does not depend") => {
            ["constant", "", "", ""].map(String::from)
        }
        Err(error) => panic!("{name} has no sample that fits, see ops/samples.rs: {error}"),
    }
}

fn table() -> String {
    let mut out = String::from(
        "| operator | domain | sets | restrictions | with | becomes | cells | lookups | weights |\n\
         |---|---|---|---|---|---|---:|---:|---:|\n",
    );
    for operator in REGISTRY {
        let sets = operator.versions();
        for (i, sample) in samples::of(operator.name).iter().enumerate() {
            let head = match i {
                0 => format!(
                    "{} | {} | {} to {} | {}",
                    operator.name,
                    operator.domain,
                    sets.start(),
                    sets.end(),
                    operator.restrictions
                ),
                _ => "| | |".into(),
            };
            let [becomes, cells, lookups, weights] = measured(operator, sample);
            let with = sample.with;
            writeln!(out, "| {head} | {with} | {becomes} | {cells} | {lookups} | {weights} |").unwrap();
        }
    }
    // Empty cells have one space.
    while out.contains("|  |") {
        out = out.replace("|  |", "| |");
    }
    out
}

#[test]
fn the_table_of_the_docs_is_this() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operators.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the table's first line is a comment");
    let (_, after) = rest.split_once(END).expect("the table's last line is a comment");
    let fresh = format!("{before}{BEGIN}\n{}\n{END}{after}", table());
    if std::env::var_os("SUMCAST_WRITE_OPERATORS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    } else {
        assert!(
            page == fresh,
            "the table of docs/operators.md is not up to date: set SUMCAST_WRITE_OPERATORS=1 and run this test again"
        );
    }
}
