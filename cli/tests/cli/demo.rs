//! The demo's story and the table of models.

use super::{json, sumcast};
#[cfg(feature = "evm")]
use {
    super::{HOME, command, finish},
    serde_json::Value,
    std::sync::LazyLock,
};

#[test]
fn the_table_of_some_models_is_without_the_story() {
    let report = json(&[&"demo", &"--models", &"linreg,mlp_8k"]);
    let models = report["models"].as_array().unwrap();
    assert_eq!(models.iter().map(|m| m["name"].as_str().unwrap()).collect::<Vec<_>>(), ["linreg", "mlp_8k"]);
    for model in models {
        for field in ["parameters", "prove_seconds", "proof_bytes", "verify_seconds", "peak_memory_bytes"] {
            assert!(model[field].is_number(), "{field}: {model}");
        }
        assert!(model["max_relative_error"].as_f64().unwrap() < 1e-3);
    }
    assert!(report.get("story").is_none());
    let table = sumcast(&[&"demo", &"--models", &"linreg"]);
    assert!(table.stdout.starts_with("model "), "{}", table.stdout);
    assert!(table.stderr.contains("insecure"));
}

/// The whole demo, run once: what it printed, and its plot.
#[cfg(feature = "evm")]
static DEMO: LazyLock<(Value, String)> = LazyLock::new(|| {
    let plot = HOME.join("week.svg");
    let report = json(&[&"demo", &"--plot", &plot]);
    (report, std::fs::read_to_string(plot).unwrap())
});

#[cfg(feature = "evm")]
fn story() -> &'static Value {
    &DEMO.0["story"]
}

#[cfg(feature = "evm")]
fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[cfg(feature = "evm")]
#[test]
fn every_day_is_proven_and_on_chain() {
    let days = story()["days"].as_array().unwrap();
    assert_eq!(days.len(), 5);
    for day in days {
        let number = |field: &str| day[field].as_f64().unwrap();
        let workers = day["workers"].as_array().unwrap();
        let weights: Vec<f64> = workers.iter().map(|w| w["weight"].as_f64().unwrap()).collect();
        let inferences: Vec<f64> = workers.iter().map(|w| w["inference"].as_f64().unwrap()).collect();
        assert_eq!(workers.len(), 5);
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        // The network inference is the weighted mean, and the naive one of the first three alone is among theirs.
        let mean: f64 = weights.iter().zip(&inferences).map(|(weight, value)| weight * value).sum();
        assert!((mean - number("network_inference")).abs() < 1e-9, "{mean}: {day}");
        let own = &inferences[..3];
        let least = own.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = own.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert!((least..=largest).contains(&number("naive_inference")));
        // Reputers have returns that are up to 0.003 percent from the one in the data.
        let error = (number("network_inference") - number("truth")).abs();
        let [low, high] = [error - 0.003, error + 0.003].map(|error| 2.0 * error.log10());
        assert!((low..=high).contains(&number("network_loss")), "{day}");
        let on_chain: f64 = day["on_chain"]["value"].as_str().unwrap().parse().unwrap();
        assert!((on_chain - number("network_inference")).abs() < 1e-15);
        let interval = numbers(&day["interval"]["values"]);
        assert_eq!(numbers(&day["interval"]["percentiles"]), [2.28, 15.87, 50.0, 84.13, 97.72]);
        assert!(interval.is_sorted() && day["on_chain"]["interval"].as_array().unwrap().len() == 5);
        assert_eq!(day["on_chain"]["epoch"], day["epoch"]);
    }
    // Regrets change with every settlement.
    let regret = |day: &Value| day["workers"][0]["regret"].as_f64().unwrap();
    assert!(days.windows(2).all(|pair| regret(&pair[0]) != regret(&pair[1])));
}

#[cfg(feature = "evm")]
#[test]
fn proofs_are_counted_and_lies_refused() {
    let proofs = story()["proofs"].as_array().unwrap();
    let of: Vec<&str> = proofs.iter().map(|entry| entry["of"].as_str().unwrap()).collect();
    assert_eq!(of, ["lgbm_300x6", "linreg", "mlp_8k", "synthesis", "settlement"]);
    for entry in proofs {
        assert_eq!(entry["proofs"], 5);
        assert!((200_000..2_000_000).contains(&entry["gas"].as_u64().unwrap()), "{entry}");
        assert!(entry["register_gas"].as_u64().unwrap() > 100_000);
        assert!(entry["prove_seconds"].as_f64().unwrap() > 0.0);
    }
    let refused = story()["refused"].as_array().unwrap();
    let said = |lie: usize, by: &str| refused[lie][by].as_str().unwrap();
    assert_eq!(refused.len(), 4);
    assert!(said(2, "lie").contains("linreg"));
    assert!(said(2, "verifier").starts_with("worker linreg: linreg-49.proof: its output is"), "{refused:?}");
    assert!(said(2, "contract").contains("inference"), "{refused:?}");
    assert!(
        said(3, "verifier").contains("state is not the one that the last settlement left"),
        "{refused:?}"
    );
    assert!(said(3, "contract").contains("state"), "{refused:?}");
    assert_eq!(DEMO.0["models"].as_array().unwrap().len(), 16);
}

#[cfg(feature = "evm")]
#[test]
fn the_plot_is_well_formed_and_has_a_title() {
    let svg = &DEMO.1;
    let mut open = vec![];
    for tag in svg.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap();
        let entities = ["&amp;", "&lt;", "&gt;", "&quot;"];
        let plain = entities.iter().fold(text.to_owned(), |text, entity| text.replace(entity, ""));
        assert!(!plain.contains('&'), "{text}");
        assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(svg.contains("<title id=\"title\">") && !svg.contains("NaN") && !svg.contains("inf,"));
    for name in ["lgbm_300x6", "linreg", "mlp_8k", "mean_loss", "worst_of_3", "10 Dec", "14 Dec"] {
        assert!(svg.contains(&format!(">{name}</text>")), "{name}");
    }
    assert_eq!(svg, include_str!("../../../docs/demo.svg"), "write docs/demo.svg with `sumcast demo --plot`");
    // A disc or ring a worker and day, and one each in the legend.
    assert_eq!(svg.matches("<circle ").count(), 5 * 5 + 5);
}

#[cfg(feature = "evm")]
#[test]
fn a_plot_that_cannot_be_written() {
    let mut nowhere = command(&[&"demo", &"--plot", &HOME.join("nowhere/week.svg"), &"--json"]);
    nowhere.current_dir(&*HOME);
    let run = finish(nowhere);
    assert_eq!(run.code, 2);
    assert!(run.json()["error"].as_str().unwrap().contains("nowhere"), "{}", run.stdout);
    let both = sumcast(&[&"demo", &"--plot", &"week.svg", &"--models", &"linreg"]);
    assert!(both.code == 2 && both.stderr.contains("--models"), "{}", both.stderr);
}
