//! Every settlement in `tests/epochs`, by the circuits and by the reference.

use std::path::PathBuf;
use sumcast_circuits::epoch::{ByWorker, Decimal, RegretScale, Settled, Settlement};
use sumcast_circuits::settle::{Form, Settle};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/epochs")
}

fn settlement(name: &str) -> Settlement {
    Settlement::from_json(&std::fs::read(folder().join(format!("{name}.json"))).unwrap()).unwrap()
}

fn settled(settlement: &Settlement) -> Settled {
    Settle::new(Form::of(settlement).unwrap()).unwrap().outcome(settlement).unwrap()
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= (1e-9 * expected.abs()).max(1e-12)
}

fn same(found: &ByWorker, expected: &ByWorker) -> bool {
    let pairs = found.iter().zip(expected.iter());
    found.len() == expected.len()
        && pairs.into_iter().all(|((a, x), (b, y))| a == b && close(x.to_f64(), y.to_f64()))
}

#[test]
fn all_settlements_are_within_a_billionth_of_the_reference() {
    let names =
        std::fs::read_dir(folder()).unwrap().filter_map(|e| e.unwrap().file_name().into_string().ok());
    let names: Vec<String> = names
        .filter_map(|name| Some(name.strip_suffix(".expected.json")?.to_owned()))
        .filter(|name| name.starts_with("settle"))
        .collect();
    assert!(names.len() > 5);
    for name in names {
        let expected = std::fs::read(folder().join(format!("{name}.expected.json"))).unwrap();
        let expected: Settled = serde_json::from_slice(&expected).unwrap();
        let settlement = settlement(&name);
        let form = Form::of(&settlement).unwrap();
        let form = if name.starts_with("settle_one_out") { form.with_one_outs() } else { form };
        let found = Settle::new(form).unwrap().outcome(&settlement).unwrap();
        assert!(same(&found.losses, &expected.losses), "{name}: {:#?} {:#?}", found.losses, expected.losses);
        assert!(
            same(&found.regrets, &expected.regrets),
            "{name}: {:#?} {:#?}",
            found.regrets,
            expected.regrets
        );
        assert_eq!(found.naive_regrets.is_some(), expected.naive_regrets.is_some(), "{name}");
        for (found, expected) in found.naive_regrets.iter().zip(&expected.naive_regrets) {
            assert!(same(found, expected), "{name}: {found:#?} {expected:#?}");
        }
        same_one_outs(&name, &found, &expected);
    }
}

fn same_nested(found: &ByWorker<ByWorker>, expected: &ByWorker<ByWorker>) -> bool {
    let pairs = found.iter().zip(expected.iter());
    found.len() == expected.len() && pairs.into_iter().all(|((a, x), (b, y))| a == b && same(x, y))
}

fn same_one_outs(name: &str, found: &Settled, expected: &Settled) {
    let (regrets, others) = (&found.one_outs, &expected.one_outs);
    for (found, expected) in [
        (&regrets.one_out_inferer_regrets, &others.one_out_inferer_regrets),
        (&regrets.one_out_forecaster_regrets, &others.one_out_forecaster_regrets),
        (&regrets.one_in_forecaster_regrets, &others.one_in_forecaster_regrets),
        (
            &found.one_out_values.one_out_inferer_forecaster_values,
            &expected.one_out_values.one_out_inferer_forecaster_values,
        ),
    ] {
        assert!(same_nested(found, expected), "{name}: {found:#?} {expected:#?}");
    }
    let (values, others) = (&found.one_out_values, &expected.one_out_values);
    for (found, expected) in [
        (&values.one_out_inferer_values, &others.one_out_inferer_values),
        (&values.one_out_forecaster_values, &others.one_out_forecaster_values),
        (&values.one_in_forecaster_values, &others.one_in_forecaster_values),
    ] {
        assert!(same(found, expected), "{name}: {found:#?} {expected:#?}");
    }
}

#[test]
fn one_outs_change_nothing_else_and_a_missing_regret_is_named() {
    let mut settlement = settlement("settle_one_out_stored");
    let form = Form::of(&settlement).unwrap();
    let of = |form: Form, settlement: &Settlement| Settle::new(form).unwrap().outcome(settlement);
    let found = of(form.clone().with_one_outs(), &settlement).unwrap();
    let roomy = of(form.clone().with_room(4, 3).with_one_outs(), &settlement).unwrap();
    assert_eq!(found, roomy);
    let plain = of(form.clone(), &settlement).unwrap();
    let (one_outs, one_out_values) = Default::default();
    assert_eq!(plain, Settled { one_outs, one_out_values, ..found.clone() });

    settlement.one_outs.one_out_forecaster_regrets = ByWorker::default();
    let refused = of(form.clone().with_one_outs(), &settlement).unwrap_err().to_string();
    let expected = "the regret of \"allo1inferer00\" without \"allo1forecaster00\" is missing";
    assert!(refused.starts_with(expected), "{refused}");
    // A network that nobody reports needs none.
    for report in &mut settlement.reports {
        report.one_out_values.one_out_forecaster_values = ByWorker::default();
    }
    let found = of(form.with_one_outs(), &settlement).unwrap();
    assert!(found.one_out_values.one_out_forecaster_values.is_empty());
    assert!(found.one_outs.one_out_forecaster_regrets.is_empty());
    assert_eq!(found.one_outs.one_in_forecaster_regrets.len(), 2);
}

fn deviation(of: &[f64]) -> f64 {
    let mean = of.iter().sum::<f64>() / of.len() as f64;
    (of.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (of.len() - 1) as f64).sqrt()
}

fn median(of: &[f64]) -> f64 {
    let mut of = of.to_vec();
    of.sort_by(f64::total_cmp);
    (of[(of.len() - 1) / 2] + of[of.len() / 2]) / 2.0
}

fn regrets(settled: &Settled) -> Vec<f64> {
    settled.regrets.iter().map(|(_, regret)| regret.to_f64()).collect()
}

#[test]
fn the_initial_regret_is_a_quantile_of_the_experienced() {
    let before = settlement("settle_301");
    let all: Vec<String> = before.regrets.iter().map(|(worker, _)| worker.to_owned()).collect();
    for count in 1..=all.len() {
        let settlement = Settlement { experienced: all[all.len() - count..].to_vec(), ..before.clone() };
        let found = settled(&settlement);
        let regrets = regrets(&found);
        let mut of = regrets[regrets.len() - count..].to_vec();
        of.sort_by(f64::total_cmp);
        let at = 0.25 * (count - 1) as f64;
        let (low, high) = (of[at.floor() as usize], of[at.ceil() as usize]);
        let quantile = low + (at - at.floor()) * (high - low);
        let spread = if count > 1 { deviation(&of) } else { 0.0 };
        let expected = quantile + (0.75 - 8.25 / 3.0) * (spread + 0.01);
        let found = found.initial_regret.unwrap().to_f64();
        assert!((found - expected).abs() < 1e-11, "{count}: {found} {expected}");
    }
    // Without any it stays what it is.
    let initial = Some("-0.5".parse::<Decimal>().unwrap());
    assert_eq!(settled(&Settlement { initial_regret: initial, ..before }).initial_regret, None);
}

#[test]
fn a_stored_scale_is_that_of_the_new_regrets() {
    let mut settlement = settlement("settle_301");
    settlement.params.regret_scale = RegretScale::Stored("0.9".parse().unwrap());
    let found = settled(&settlement);
    let expected = deviation(&regrets(&found)) + 0.01;
    assert!((found.regret_scale.unwrap().to_f64() - expected).abs() < 1e-11);
    settlement.params.weight_function = sumcast_circuits::epoch::WeightFunction::Exp1DivExp1;
    let found = settled(&settlement);
    let all = regrets(&found);
    let middle = median(&all);
    let apart: Vec<f64> = all.iter().map(|x| (x - middle).abs()).collect();
    let expected = 1.4826 * median(&apart) + 0.01;
    assert!((found.regret_scale.unwrap().to_f64() - expected).abs() < 1e-11);
}
