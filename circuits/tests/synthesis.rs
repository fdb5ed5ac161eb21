//! Every epoch in `tests/epochs`, by the circuits and by the reference.

use std::path::PathBuf;
use sumcast_circuits::epoch::{
    ByWorker, Decimal, Epoch, Forecast, Forecaster, Inferer, OneOutInferences, OneOutRegrets, Outcome,
    RegretScale, WeightFunction,
};
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
    let (found, expected) = (&found.one_outs, &expected.one_outs);
    all.extend([
        errors(&found.one_out_inferer_inferences, &expected.one_out_inferer_inferences),
        errors(&found.one_out_forecaster_inferences, &expected.one_out_forecaster_inferences),
        errors(&found.one_in_forecaster_inferences, &expected.one_in_forecaster_inferences),
    ]);
    let [found, expected] = [found, expected].map(|of| &of.one_out_inferer_forecast_implied);
    assert!(found.iter().map(|(key, _)| key).eq(expected.iter().map(|(key, _)| key)));
    all.extend(found.iter().zip(expected.iter()).map(|((_, a), (_, b))| errors(a, b)));
    all.into_iter().fold(0.0, f64::max)
}

/// The form of an epoch, by whose name one-outs are asked for or not.
fn form(name: &str, epoch: &Epoch) -> Form {
    let form = Form::of(epoch).unwrap();
    if name.starts_with("one_out") { form.with_one_outs() } else { form }
}

#[test]
fn all_epochs_are_within_a_billionth_of_the_reference() {
    let all = epochs();
    assert!(all.len() > 40, "{}", all.len());
    let mut failed = Vec::new();
    for (name, epoch, expected) in all {
        let synthesis = Synthesis::new(form(&name, &epoch)).unwrap();
        let found = synthesis.outcome(&epoch).map(|found| worst(&found, &expected));
        if !found.as_ref().is_ok_and(|worst| *worst <= 1.0) {
            failed.push((name, found));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Random numbers below 1, always the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn decimal(&mut self, from: f64, to: f64) -> Decimal {
        format!("{:.12}", from + (to - from) * self.next()).parse().unwrap()
    }
}

/// An epoch of random sizes and numbers; `name` gives a worker its address.
fn random_epoch(seed: u64, name: impl Fn(&str, usize) -> String) -> Epoch {
    let random = &mut Random(seed);
    let (inferers, forecasters) = (2 + (random.next() * 9.0) as usize, (random.next() * 4.0) as usize);
    let mut epoch =
        Epoch::from_json(&std::fs::read(folder().join("synthesis_g1_301.json")).unwrap()).unwrap();
    epoch.params.weight_function =
        [WeightFunction::Gradient, WeightFunction::Exp1DivExp1][(random.next() * 2.0) as usize];
    let stored = RegretScale::Stored(random.decimal(0.1, 2.0));
    epoch.params.regret_scale =
        [RegretScale::Std, RegretScale::Mad, stored][(random.next() * 3.0) as usize].clone();
    epoch.inferers = (0..inferers)
        .map(|j| Inferer {
            address: name("inferer", j),
            inference: random.decimal(-0.5, 0.5),
            regret: Some(random.decimal(-3.0, 0.5)),
            naive_regret: Some(random.decimal(-3.0, 0.5)),
        })
        .collect();
    epoch.forecasters = (0..forecasters)
        .map(|k| Forecaster {
            address: name("forecaster", k),
            regret: Some(random.decimal(-3.0, 0.5)),
            forecasts: (0..inferers)
                .filter_map(|j| {
                    let (given, loss) = (random.next() < 0.7, random.decimal(-5.0, 0.0));
                    given.then(|| Forecast { inferer: name("inferer", j), loss })
                })
                .collect(),
        })
        .collect();
    epoch.checked().unwrap()
}

#[test]
fn the_order_of_workers_changes_nothing_and_the_inference_is_among_theirs() {
    let mut compared = 0;
    for seed in 0..40 {
        let named = |kind: &str, j: usize| format!("{kind}{j:02}");
        let turned = |kind: &str, j: usize| format!("{kind}{:02}", (j * 7 + 3) % 13);
        let outcome =
            |epoch: &Epoch| Synthesis::new(Form::of(epoch).unwrap()).unwrap().outcome(epoch).unwrap();
        let (epoch, other) = (random_epoch(seed, named), random_epoch(seed, turned));
        let (found, again) = (outcome(&epoch), outcome(&other));
        assert_eq!(found.network_inference, again.network_inference, "{seed}");
        // Which of two workers with one value comes first is a matter of their names.
        let implied = found.forecast_implied.iter().flat_map(ByWorker::iter).map(|(_, v)| v);
        let mut values: Vec<&Decimal> =
            epoch.inferers.iter().map(|inferer| &inferer.inference).chain(implied).collect();
        values.sort();
        if values.windows(2).all(|pair| (pair[1].to_f64() - pair[0].to_f64()) > 1e-12) {
            compared += 1;
            assert_eq!(found.confidence, again.confidence, "{seed}");
        }
        assert_eq!(found.naive_inference, again.naive_inference, "{seed}");
        let (weights, others) = (found.weights.unwrap(), again.weights.unwrap());
        for (kind, count) in [("inferer", epoch.inferers.len()), ("forecaster", epoch.forecasters.len())] {
            for j in 0..count {
                assert_eq!(weights.get(&named(kind, j)), others.get(&turned(kind, j)), "{seed}");
            }
        }
        assert!(weights.iter().all(|(_, weight)| !weight.is_negative()), "{seed}");
        let all = || epoch.inferers.iter().map(|inferer| &inferer.inference);
        // To the nearest of the integers that inferences are.
        let (least, most) = (all().min().unwrap().to_f64(), all().max().unwrap().to_f64());
        let within = |v: &Decimal| (least - 1e-14..=most + 1e-14).contains(&v.to_f64());
        assert!(within(&found.network_inference), "{seed}");
        assert!(found.confidence.unwrap().values.iter().all(within), "{seed}");
    }
    assert!(compared > 20);
}

#[test]
fn more_room_and_one_outs_change_no_network_inference() {
    for (name, room) in [
        ("one_out_5x3_exp1_mad", (9, 4)),
        ("one_out_missing_forecasts", (7, 5)),
        ("one_out_two_inferers", (2, 2)),
    ] {
        let epoch = Epoch::from_json(&std::fs::read(folder().join(format!("{name}.json"))).unwrap()).unwrap();
        let outcome = |form| Synthesis::new(form).unwrap().outcome(&epoch).unwrap();
        let found = outcome(form(name, &epoch));
        assert_eq!(outcome(form(name, &epoch).with_room(room.0, room.1)), found, "{name}");
        let plain = outcome(Form::of(&epoch).unwrap());
        assert_eq!(plain, Outcome { one_outs: OneOutInferences::default(), ..found }, "{name}");
    }
}

#[test]
fn a_missing_regret_of_a_network_is_named() {
    let read = |name: &str| {
        Epoch::from_json(&std::fs::read(folder().join(format!("{name}.json"))).unwrap()).unwrap()
    };
    let mut epoch = read("one_out_5x3_exp1_mad");
    epoch.one_outs.one_in_forecaster_regrets = ByWorker::default();
    let refused = |epoch: &Epoch| {
        let form = Form::of(epoch).unwrap();
        assert!(Synthesis::new(form.clone()).unwrap().outcome(epoch).is_ok());
        Synthesis::new(form.with_one_outs()).unwrap().outcome(epoch).unwrap_err().to_string()
    };
    let expected = "the regret of \"allo1inferer00\" with no forecaster but \"allo1forecaster00\" is missing, and there is no \
                    initial_regret to take in its place: give one of them";
    assert_eq!(refused(&epoch), expected);
    epoch.one_outs = OneOutRegrets::default();
    assert!(refused(&epoch).contains("the regret of \"allo1inferer01\" without \"allo1inferer00\""));
    epoch.initial_regret = Some("-1".parse().unwrap());
    assert!(Synthesis::new(Form::of(&epoch).unwrap().with_one_outs()).unwrap().outcome(&epoch).is_ok());
}
