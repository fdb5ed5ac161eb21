//! `docs/conformance.md`.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    case::Case,
    run::{Outcome, run},
};
use crate::onnx::supported;

/// What stands for the operator of a test that has more than one.
const SEVERAL: &str = "several";

/// A test and what became of it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) case: Case,
    /// The operator's name, that of one which is not supported where there is one, or [`SEVERAL`].
    pub(super) operator: String,
    /// None where an operator is not supported.
    pub(super) outcome: Option<Outcome>,
}

impl Entry {
    pub(super) fn of(case: Case) -> Self {
        let operators = case.operators();
        let known =
            |op: &&(String, String)| !supported().any(|(domain, name)| *domain == op.0 && *name == op.1);
        let title = |(domain, name): &(String, String)| match domain.as_str() {
            "" | "ai.onnx.ml" => name.clone(),
            domain => format!("{domain}.{name}"),
        };
        if let Some(unknown) = operators.iter().find(known) {
            return Self { operator: title(unknown), outcome: None, case };
        }
        let operator = if let [only] = operators.as_slice() { title(only) } else { SEVERAL.into() };
        Self { operator, outcome: Some(run(&case)), case }
    }
}

/// How many of some tests had which outcome.
#[derive(Default)]
struct Tally {
    tests: usize,
    /// Right from all inputs of floating point, from one, and as constants.
    computed: usize,
    beside: usize,
    folded: usize,
    refused: usize,
    wrong: usize,
}

impl Tally {
    fn of<'a>(entries: impl Iterator<Item = &'a Entry>) -> Self {
        let mut tally = Self::default();
        for outcome in entries.filter_map(|e| e.outcome.as_ref()) {
            tally.tests += 1;
            *match outcome {
                Outcome::Computed { all: true } => &mut tally.computed,
                Outcome::Computed { all: false } => &mut tally.beside,
                Outcome::Folded { .. } => &mut tally.folded,
                Outcome::Refused(_) => &mut tally.refused,
                Outcome::Wrong(_) => &mut tally.wrong,
            } += 1;
        }
        tally
    }

    fn row(&self, name: &str) -> String {
        let Self { tests, computed, beside, folded, refused, wrong } = self;
        format!("| {name} | {tests} | {computed} | {beside} | {folded} | {refused} | {wrong} |\n")
    }
}

const HEAD: &str = "\
# Conformance

The ONNX project's own tests of nodes (its folders `node`, `simple` and `pytorch-operator`) on the quantised executor.
`circuits/conformance.sh` runs them all and writes this page; `cargo test` runs a few of each operator, from
[`circuits/tests/data/node_tests.json`](../circuits/tests/data/node_tests.json). Both are from SOURCE.

A model here has one input, of floating point, so each test is run in several ways: with all its inputs of floating point
computed, gathered from one vector; with each of them computed and the others constant; with all of them constant. A result
is right when it has the test's shape and is within a thousandth of its value, 0.000001 more before quantisation, and after
it 0.0001 for each unit of the largest number in the test, at 16 bits below the point. A test passes where it is right in
some way, and wrong in none. Where it has results of floating point, its others are left out, as in any import.

";

const COLUMNS: &str = "\
- **all computed**: right with all its inputs of floating point computed;
- **some computed**: right with one of them computed, and refused with more;
- **constant**: right where the importer folds it: what is refused otherwise is below;
- **refused**: by the importer or the compiler, for a reason below.

| operator | tests | all computed | some computed | constant | refused | wrong |
|---|---:|---:|---:|---:|---:|---:|
";

pub(super) fn page(entries: &[Entry], source: &str) -> String {
    let mut out = HEAD.replace("SOURCE", source);
    let (tried, others): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(|e| e.outcome.is_some());
    let all = Tally::of(tried.iter().copied());
    let passed = all.computed + all.beside + all.folded;
    writeln!(
        out,
        "Of {} tests, {} are of supported operators alone: {passed} pass, {} are refused, {} are wrong.\n\n\
         ## By operator\n",
        entries.len(),
        all.tests,
        all.refused,
        all.wrong
    )
    .unwrap();
    out.push_str(COLUMNS);
    for name in supported().map(|(_, name)| name).chain([SEVERAL]) {
        out.push_str(&Tally::of(tried.iter().copied().filter(|e| e.operator == name)).row(name));
    }
    out.push_str(&all.row("**all**"));

    out.push_str("\n## Why tests are refused\n\n| reason | tests | which |\n|---|---:|---|\n");
    out.push_str(&by_reason(&tried, |outcome| match outcome {
        Outcome::Refused(reason) => Some(reason),
        _ => None,
    }));
    out.push_str("\n## Why tests pass as constants only\n\n| reason | tests | which |\n|---|---:|---|\n");
    out.push_str(&by_reason(&tried, |outcome| match outcome {
        Outcome::Folded { because } => because.as_ref(),
        _ => None,
    }));

    out.push_str("\n## Operators that are not supported\n\n| operator | tests |\n|---|---:|\n");
    let mut unknown: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in others {
        *unknown.entry(&entry.operator).or_default() += 1;
    }
    for (operator, tests) in unknown {
        writeln!(out, "| {operator} | {tests} |").unwrap();
    }
    out
}

/// A row a reason, the most frequent first.
fn by_reason(entries: &[&Entry], reason: impl Fn(&Outcome) -> Option<&String>) -> String {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in entries {
        if let Some(reason) = entry.outcome.as_ref().and_then(&reason) {
            let name = entry.case.name.as_str();
            groups.entry(reason).or_default().push(name.strip_prefix("test_").unwrap_or(name));
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, tests)| std::cmp::Reverse(tests.len()));
    let row = |(reason, tests): (&str, Vec<&str>)| {
        format!("| {reason} | {} | {} |\n", tests.len(), tests.join(", "))
    };
    groups.into_iter().map(row).collect()
}
