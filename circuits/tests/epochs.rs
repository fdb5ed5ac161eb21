//! The epochs under `epochs/`: they are read, in full, and what is expected of them comes back as it is written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use sumcast_circuits::epoch::{ByWorker, Case, Decimal, Epoch, NAIVE, NETWORK, Outcome, Settled, Settlement};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/epochs")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The names of all epochs, or of all settlements.
fn names(settlements: bool) -> Vec<String> {
    let files =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = files
        .filter_map(|file| Some(file.strip_suffix(".json")?.to_owned()))
        .filter(|name| !name.contains('.') && name.starts_with("settle_") == settlements)
        .collect();
    names.sort();
    names
}

/// The two as JSON, without what is between tokens, in the order they are written.
fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn decimals(text: &str) -> Vec<Decimal> {
    let strings = text
        .split('"')
        .filter(|part| part.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']));
    strings.filter_map(|part| part.parse().ok()).collect()
}

/// That JSON written by us is that of a file: the same keys in the same order, and the same numbers.
fn same_json(name: &str, ours: &str, file: &str) {
    let keys = |text: &str| -> Vec<String> {
        text.split('"')
            .skip(1)
            .step_by(2)
            .filter(|part| part.parse::<Decimal>().is_err())
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(keys(ours), keys(file), "{name}");
    assert_eq!(decimals(ours), decimals(file), "{name}");
    let shape = |text: &str| compact(text).chars().filter(|c| "{}[]:,".contains(*c)).collect::<String>();
    assert_eq!(shape(ours), shape(file), "{name}");
}

fn keys(numbers: &ByWorker) -> Vec<&str> {
    numbers.iter().map(|(worker, _)| worker).collect()
}

/// Whether two numbers differ by 1e-9 of the second, or 1e-12, at most.
fn near(a: f64, b: &Decimal) -> bool {
    let b = b.to_f64();
    (a - b).abs() <= (1e-9 * b.abs()).max(1e-12)
}

#[test]
fn epochs_and_outcomes() {
    let mut cases = [0; 4];
    for name in names(false) {
        let text = read(&format!("{name}.json"));
        let epoch = Epoch::from_json(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(Epoch::from_json(&serde_json::to_vec(&epoch).unwrap()).as_ref(), Ok(&epoch), "{name}");
        let expected = read(&format!("{name}.expected.json"));
        let outcome: Outcome =
            serde_json::from_str(&expected).unwrap_or_else(|error| panic!("{name}: {error}"));
        same_json(&name, &serde_json::to_string(&outcome).unwrap(), &expected);

        cases[epoch.case() as usize] += 1;
        assert_eq!((outcome.topic_id, outcome.nonce), (epoch.topic_id, epoch.nonce));
        let full = matches!(epoch.case(), Case::AllNew | Case::Weighted);
        assert_eq!((outcome.weights.is_some(), outcome.forecast_implied.is_some()), (full, full), "{name}");
        assert_eq!(outcome.confidence.is_some(), full, "{name}");
        assert_eq!(outcome.naive_inference.is_some(), full && epoch.has_naive(), "{name}");
        if let (Some(weights), Some(implied)) = (&outcome.weights, &outcome.forecast_implied) {
            weighted_mean(&name, &epoch, &outcome, weights, implied);
        }
    }
    assert!(cases.iter().zip([2, 2, 2, 40]).all(|(found, least)| *found >= least), "{cases:?}");
}

/// That the network inference is the mean of inferences and forecast-implied inferences by these weights.
fn weighted_mean(name: &str, epoch: &Epoch, outcome: &Outcome, weights: &ByWorker, implied: &ByWorker) {
    // All of them but forecasters of nobody at hand, in order.
    let at_hand: BTreeSet<&str> = epoch.inferers.iter().map(|inferer| inferer.address.as_str()).collect();
    let all = epoch.worker_keys();
    let (inferers, forecasters) = all.split_at(epoch.inferers.len());
    let of_someone = epoch.forecasters.iter().zip(forecasters).filter(|(forecaster, _)| {
        forecaster.forecasts.iter().any(|forecast| at_hand.contains(forecast.inferer.as_str()))
    });
    let of_someone: Vec<_> = of_someone.collect();
    let expected: Vec<&str> =
        inferers.iter().chain(of_someone.iter().map(|(_, key)| *key)).map(String::as_str).collect();
    assert_eq!(keys(weights), expected, "{name}");
    assert_eq!(
        keys(implied),
        of_someone.iter().map(|(f, _)| f.address.as_str()).collect::<Vec<_>>(),
        "{name}"
    );

    let values =
        epoch.inferers.iter().map(|inferer| &inferer.inference).chain(implied.iter().map(|(_, v)| v));
    let values: Vec<f64> = values.map(Decimal::to_f64).collect();
    let mean = if epoch.case() == Case::AllNew {
        values[..at_hand.len()].iter().sum::<f64>() / at_hand.len() as f64
    } else {
        let weights: Vec<f64> = weights.iter().map(|(_, weight)| weight.to_f64()).collect();
        let sum = weights.iter().sum::<f64>().max(epoch.params.epsilon_safe_div.to_f64());
        weights.iter().zip(&values).map(|(weight, value)| weight * value).sum::<f64>() / sum
    };
    assert!(near(mean, &outcome.network_inference), "{name}: {mean} and {}", outcome.network_inference);
}

#[test]
fn settlements_and_what_follows() {
    let mut gaps = 0;
    let names = names(true);
    assert!(names.len() >= 7, "{names:?}");
    for name in names {
        let text = read(&format!("{name}.json"));
        let settlement =
            Settlement::from_json(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let again = serde_json::to_vec(&settlement).unwrap();
        assert_eq!(Settlement::from_json(&again).as_ref(), Ok(&settlement), "{name}");
        let expected = read(&format!("{name}.expected.json"));
        let settled: Settled =
            serde_json::from_str(&expected).unwrap_or_else(|error| panic!("{name}: {error}"));
        same_json(&name, &serde_json::to_string(&settled).unwrap(), &expected);
        assert_eq!(keys(&settled.losses), settlement.reported(), "{name}");

        for (worker, loss) in settled.losses.iter() {
            let reporters: Vec<_> =
                settlement.reporters(worker).map(|(s, l)| (s.to_f64(), l.to_f64())).collect();
            gaps += usize::from(reporters.len() < settlement.reports.len());
            let mean = reporters.iter().map(|(stake, loss)| stake * loss).sum::<f64>()
                / reporters.iter().map(|(stake, _)| stake).sum::<f64>();
            assert!(near(mean, loss), "{name}, {worker}: {mean} and {loss}");
        }
        let alpha = settlement.params.alpha_regret.to_f64();
        let loss = |worker: &str| settled.losses.get(worker).unwrap().to_f64();
        let follows = |before: &ByWorker, after: &ByWorker, reference: &str| {
            assert_eq!(keys(before), keys(after), "{name}");
            for ((worker, before), (_, after)) in before.iter().zip(after.iter()) {
                let regret = alpha * (loss(reference) - loss(worker)) + (1.0 - alpha) * before.to_f64();
                assert!(near(regret, after), "{name}, {worker}: {regret} and {after}");
            }
        };
        follows(&settlement.regrets, &settled.regrets, NETWORK);
        assert_eq!(settlement.naive_regrets.is_some(), settled.naive_regrets.is_some(), "{name}");
        if let (Some(before), Some(after)) = (&settlement.naive_regrets, &settled.naive_regrets) {
            follows(before, after, NAIVE);
        }
    }
    assert!(gaps > 5, "{gaps}");
}
