//! The ONNX project's own node tests, on the quantised executor.
//!
//! A few of them are in `tests/data/node_tests.json` and always run. `conformance.sh` runs all, chooses those few and
//! writes `docs/conformance.md`: it sets `SUMCAST_ONNX_TESTS`, the folder of the tests, and `SUMCAST_WRITE_CONFORMANCE`.

mod case;
mod report;
mod run;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use self::{
    case::Case,
    report::Entry,
    run::{Outcome, run},
};
use super::supported;

/// The folders of the tests that are run.
const FOLDERS: [&str; 3] = ["node", "simple", "pytorch-operator"];

/// How many of an operator's tests always run, and how large all but the first may be, in bytes.
const FEW: usize = 4;
const SMALL: usize = 4096;

/// The tests that always run.
#[derive(Serialize, Deserialize)]
struct Few {
    source: String,
    tests: Vec<Kept>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// Whether it passes with a computed input, and not as constants only.
    computed: bool,
    case: Case,
}

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Where the tests are from.
fn source() -> String {
    let script = include_str!("../../../conformance.sh");
    let version =
        script.lines().find_map(|line| line.strip_prefix("version=")).expect("the script has a version");
    format!("ONNX {version}, Copyright (c) ONNX Project Contributors, Apache-2.0")
}

#[test]
fn a_few_node_tests_pass() {
    let few: Few = serde_json::from_slice(&std::fs::read(at("tests/data/node_tests.json")).unwrap()).unwrap();
    assert_eq!(few.source, source(), "conformance.sh names another version: run it");
    for Kept { computed, case } in &few.tests {
        let outcome = run(case);
        assert!(outcome.is_right() && outcome.is_computed() == *computed, "{}: {outcome:?}", case.name);
    }
    let tested: BTreeSet<_> = few.tests.iter().flat_map(|kept| kept.case.operators()).collect();
    assert!(tested.len() > 40, "of {} operators only", tested.len());
}

#[test]
fn the_page_has_every_operator() {
    let page = std::fs::read_to_string(at("../docs/conformance.md")).unwrap();
    // The operators that are not supported come last.
    let (rows, _) = page.split_once("\n## Why").unwrap();
    for (_, name) in supported() {
        let row = format!("\n| {name} |");
        assert!(rows.contains(&row), "{name} is not in docs/conformance.md: run circuits/conformance.sh");
    }
}

/// Runs all tests where there is a folder of them.
#[test]
fn every_node_test() {
    let Some(folder) = std::env::var_os("SUMCAST_ONNX_TESTS") else { return };
    let mut entries = Vec::new();
    for kind in FOLDERS {
        let mut tests: Vec<PathBuf> =
            std::fs::read_dir(Path::new(&folder).join(kind)).unwrap().map(|f| f.unwrap().path()).collect();
        tests.sort();
        entries.extend(tests.iter().filter_map(|test| Case::read(test)).map(Entry::of));
    }
    let page = report::page(&entries, &source());
    let few = Few { source: source(), tests: choose(&entries) };
    if std::env::var_os("SUMCAST_WRITE_CONFORMANCE").is_some() {
        std::fs::write(at("../docs/conformance.md"), &page).unwrap();
        let lines: Vec<String> = few.tests.iter().map(|t| serde_json::to_string(t).unwrap()).collect();
        let text = format!("{{\"source\":{:?},\"tests\":[\n{}\n]}}\n", few.source, lines.join(",\n"));
        std::fs::write(at("tests/data/node_tests.json"), text).unwrap();
    }
    let found = std::fs::read_to_string(at("../docs/conformance.md")).unwrap();
    assert!(found == page, "docs/conformance.md is not up to date: run circuits/conformance.sh");
    for entry in &entries {
        assert!(
            !matches!(entry.outcome, Some(Outcome::Wrong(_))),
            "{}: {:?}",
            entry.case.name,
            entry.outcome
        );
    }
}

/// The smallest tests of each operator, those that compute something first.
fn choose(entries: &[Entry]) -> Vec<Kept> {
    let mut by_operator: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        if entry.outcome.as_ref().is_some_and(Outcome::is_right) {
            by_operator.entry(&entry.operator).or_default().push(entry);
        }
    }
    let mut chosen = Vec::new();
    for mut entries in by_operator.into_values() {
        let computed = |e: &Entry| e.outcome.as_ref().is_some_and(Outcome::is_computed);
        entries.sort_by_key(|e| (!computed(e), e.case.size()));
        let small = entries.iter().enumerate().filter(|(i, e)| *i == 0 || e.case.size() <= SMALL);
        chosen.extend(small.take(FEW).map(|(_, e)| Kept { computed: computed(e), case: e.case.clone() }));
    }
    chosen
}
