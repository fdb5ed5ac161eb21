//! Every epoch in `tests/epochs`, by the circuits and by the reference.

use std::path::PathBuf;
use sumcast_circuits::epoch::{ByWorker, Decimal, Epoch, Outcome};
use sumcast_circuits::synthesis::{Form, Synthesis};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/epochs")
}

/// The epochs and what the reference says of them.
fn epochs() -> Vec<(String, Epoch, Outcome)> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(".expected.json")?.to_owned()))
        .filter(|name| !name.starts_with("settle"))
        .collect();
    names.sort();
    let read = |name: String| std::fs::read(folder().join(name)).unwrap();
    names
        .into_iter()
        .map(|name| {
            let epoch = Epoch::from_json(&read(format!("{name}.json"))).unwrap();
            let expected = serde_json::from_slice(&read(format!("{name}.expected.json"))).unwrap();
            (name, epoch, expected)
        })
        .collect()
}

/// How far a number is off, in parts of what it may be.
fn error(found: &Decimal, expected: &Decimal) -> f64 {
    let (found, expected) = (found.to_f64(), expected.to_f64());
    (found - expected).abs() / (1e-9 * expected.abs()).max(1e-12)
}

fn errors(found: &ByWorker, expected: &ByWorker) -> f64 {
    if !found.iter().map(|(key, _)| key).eq(expected.iter().map(|(key, _)| key)) {
        return f64::INFINITY;
    }
    found.iter().zip(expected.iter()).map(|((_, a), (_, b))| error(a, b)).fold(0.0, f64::max)
}

fn worst(found: &Outcome, expected: &Outcome) -> f64 {
    assert_eq!((found.topic_id, found.nonce), (expected.topic_id, expected.nonce));
    let mut all = vec![error(&found.network_inference, &expected.network_inference)];
    let mut both = |a: &Option<ByWorker>, b: &Option<ByWorker>| {
        assert_eq!(a.is_some(), b.is_some());
        all.extend(a.iter().zip(b).map(|(a, b)| errors(a, b)));
    };
    both(&found.forecast_implied, &expected.forecast_implied);
    both(&found.weights, &expected.weights);
    assert_eq!(found.confidence.is_some(), expected.confidence.is_some());
    for (a, b) in found.confidence.iter().zip(&expected.confidence) {
        assert_eq!(a.percentiles, b.percentiles);
        all.extend(a.values.iter().zip(&b.values).map(|(a, b)| error(a, b)));
    }
    assert_eq!(found.naive_inference.is_some(), expected.naive_inference.is_some());
    all.extend(found.naive_inference.iter().zip(&expected.naive_inference).map(|(a, b)| error(a, b)));
    all.into_iter().fold(0.0, f64::max)
}

#[test]
fn all_epochs_are_within_a_billionth_of_the_reference() {
    let all = epochs();
    assert!(all.len() > 40, "{}", all.len());
    let mut failed = Vec::new();
    for (name, epoch, expected) in all {
        let synthesis = Synthesis::new(Form::of(&epoch).unwrap()).unwrap();
        let found = synthesis.outcome(&epoch).map(|found| worst(&found, &expected));
        if !found.as_ref().is_ok_and(|worst| *worst <= 1.0) {
            failed.push((name, found));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}
