//! A model at every row length: gas, time, bytes.

use crate::cost::{in_turn, laid_out};
use crate::report::{markdown, milliseconds};
use crate::subject::Subject;
use crate::{Case, Layout, Source};
use anyhow::Result;
use serde_json::{Value, json};
use std::time::Duration;
use sumcast_circuits::cost::{ROW_LOGS, microseconds};
use sumcast_circuits::gas::gas_estimate;
use sumcast_cli::count;
use sumcast_verifier::Shape;

/// Most gas of what is drawn, over the least of its model.
const MOST_GAS: f64 = 1.3;

/// The bundled models of each panel of the picture, and what they are; others have a panel of their own.
const PANELS: [(&str, &[&str]); 4] = [
    ("Regressions, perceptrons", &["linreg", "scaled_ridge", "logreg", "mlp_8k", "mlp_100k", "mlp_1m"]),
    ("Trees", &["forest_100x6", "xgb_200x5", "lgbm_300x6", "xgb_dir"]),
    ("Functions, sequences", &["mlp_tanh", "mlp_gelu", "cnn1d", "gru", "lstm", "transformer"]),
    ("Others", &[]),
];

/// A model with rows of one length.
#[derive(Clone, Debug)]
struct Choice {
    row_log: u8,
    limb_bits: u8,
    rows: [u16; 3],
    gas: u64,
    time: Duration,
    predicted: f64,
    proof_bytes: usize,
}

/// A model with rows of every length that it can have.
#[derive(Clone, Debug)]
pub struct RowLengths {
    name: String,
    chosen: u8,
    choices: Vec<Choice>,
}

impl RowLengths {
    /// Proves the first input of the bundled model of that name, or of a folder, with rows of every length in turn,
    /// `runs` times each.
    ///
    /// # Errors
    /// What cannot be set up or proven.
    pub fn measure(model: &str, runs: usize) -> Result<Self> {
        let source = Source::open(model)?;
        let chosen = source.compile()?.1.program.row_log;
        let with_rows = |row_log| Layout { row_log: Some(row_log), limb_bits: None };
        let cases: Vec<Case> = ROW_LOGS
            .filter_map(|row_log| laid_out(model, with_rows(row_log)).transpose())
            .collect::<Result<_>>()?;
        let mut choices: Vec<Choice> = cases.iter().map(Choice::of).collect();
        let subjects: Vec<Box<dyn Subject>> = cases.into_iter().map(|case| Box::new(case) as _).collect();
        for (choice, time) in choices.iter_mut().zip(in_turn(&subjects, runs)?) {
            choice.time = time;
        }
        Ok(Self { name: source.name, chosen, choices })
    }

    /// Whether another length has both less gas and less time.
    fn is_beaten(&self, choice: &Choice) -> bool {
        self.choices.iter().any(|other| other.gas < choice.gas && other.time < choice.time)
    }
}

impl Choice {
    fn of(case: &Case) -> Self {
        let program = &case.relation.program;
        Self {
            row_log: program.row_log,
            limb_bits: case.model.limb_bits(),
            rows: [program.fixed_rows, program.witness_rows, program.helper_rows],
            gas: gas_estimate(program).total,
            time: Duration::ZERO,
            predicted: 1e-6 * microseconds(program),
            proof_bytes: Shape::of(program).bytes(),
        }
    }
}

/// A Markdown table for each model.
#[must_use]
pub fn rows_tables(all: &[RowLengths]) -> String {
    let table = |lengths: &RowLengths| {
        let head = [
            lengths.name.as_str(),
            "limbs, bits",
            "rows: fixed / witness / helper",
            "gas",
            "measured, ms",
            "predicted, ms",
            "proof, bytes",
            "",
        ];
        let mut rows = vec![head.map(String::from).to_vec()];
        rows.extend(lengths.choices.iter().map(|choice| {
            let note = match (choice.row_log == lengths.chosen, lengths.is_beaten(choice)) {
                (true, false) => "chosen",
                (true, true) => "chosen, beaten in both",
                (false, true) => "beaten in both",
                (false, false) => "",
            };
            let [fixed, witness, helper] = choice.rows;
            vec![
                format!("2^{}", choice.row_log),
                choice.limb_bits.to_string(),
                format!("{fixed} / {witness} / {helper}"),
                count(choice.gas),
                milliseconds(choice.time),
                milliseconds(Duration::from_secs_f64(choice.predicted)),
                count(choice.proof_bytes as u64),
                note.into(),
            ]
        }));
        markdown(&rows)
    };
    all.iter().map(table).collect::<Vec<_>>().join("\n")
}

/// The picture of them, for `benches/peers/plot.py`: a curve for each model, from the length with the least gas over
/// shorter ones, and on it the one that was chosen.
#[must_use]
pub fn rows_figure(all: &[RowLengths]) -> Value {
    let of_panel = |lengths: &&RowLengths, panel: usize| {
        let found = PANELS.iter().position(|(_, names)| names.contains(&lengths.name.as_str()));
        found.unwrap_or(PANELS.len() - 1) == panel
    };
    let panels = PANELS.iter().enumerate().filter_map(|(i, (title, _))| {
        let models: Vec<&RowLengths> = all.iter().filter(|lengths| of_panel(lengths, i)).collect();
        (!models.is_empty()).then(|| panel(title, &models))
    });
    json!({
        "title": "Gas and proving time of models at every row length",
        "panels": panels.collect::<Vec<_>>(),
    })
}

fn panel(title: &str, models: &[&RowLengths]) -> Value {
    let (mut series, mut chosen) = (Vec::new(), Vec::new());
    for lengths in models {
        let choices = || lengths.choices.iter();
        let Some(least) = choices().min_by_key(|choice| choice.gas) else { continue };
        let above = |choice: &Choice| choice.gas as f64 / least.gas as f64;
        let drawn: Vec<&Choice> =
            choices().filter(|choice| choice.row_log <= least.row_log && above(choice) <= MOST_GAS).collect();
        let point = |choice: &Choice| {
            let percent = 100.0 * (above(choice) - 1.0);
            ((100.0 * percent).round() / 100.0, (1e5 * choice.time.as_secs_f64()).round() / 1e5)
        };
        chosen.extend(
            drawn.iter().filter(|choice| choice.row_log == lengths.chosen).map(|choice| point(choice)),
        );
        let (x, y): (Vec<f64>, Vec<f64>) = drawn.iter().map(|choice| point(choice)).unzip();
        series.push(json!({
            "name": lengths.name, "x": x, "y": y, "style": {"markersize": 3, "linewidth": 1.4},
        }));
    }
    let (x, y): (Vec<f64>, Vec<f64>) = chosen.into_iter().unzip();
    series.push(json!({
        "name": "chosen", "x": x, "y": y,
        "style": {"linestyle": "none", "marker": "o", "markersize": 9, "color": "#24292f", "alpha": 0.35},
    }));
    json!({
        "title": title,
        "x": "gas above the least, %",
        "y": "proving time",
        "log": [false, true],
        "units": [null, "s"],
        "series": series,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths() -> RowLengths {
        let choice = |row_log, gas, time| Choice {
            row_log,
            limb_bits: 8,
            rows: [1, 1, 1],
            gas,
            time: Duration::from_millis(time),
            predicted: 0.0,
            proof_bytes: 2000,
        };
        let choices = vec![choice(9, 900_000, 10), choice(10, 400_000, 20), choice(11, 410_000, 30)];
        RowLengths { name: "linreg".into(), chosen: 10, choices }
    }

    #[test]
    fn lengths_that_others_beat_are_told() {
        let text = rows_tables(&[lengths()]);
        let note = |row: &str| text.lines().find(|line| line.contains(row)).unwrap().to_string();
        assert!(note("2^10").contains("chosen |"), "{text}");
        assert!(note("2^11").contains("beaten in both") && !note("2^9").contains("beaten"), "{text}");
    }

    #[test]
    fn a_figure_has_a_curve_a_model_and_its_choice() {
        let mut lengths = lengths();
        lengths.choices[0].gas = 440_000;
        let figure = rows_figure(&[lengths]);
        let series = &figure["panels"][0]["series"];
        assert_eq!(
            series[0]["x"],
            json!([10.0, 0.0]),
            "rows of 2^11 are longer than those with the least gas"
        );
        assert_eq!(series[0]["y"], json!([0.01, 0.02]));
        assert_eq!(series[1]["y"], json!([0.02]));
    }
}
