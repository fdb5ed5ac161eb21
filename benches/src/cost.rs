//! How long proofs take, beside what the model of `circuits/src/cost.rs` says.

use crate::fit::least_squares;
use crate::report::{markdown, milliseconds};
use crate::subject::{Subject, prove_on};
use crate::{ALL_MODELS, Case, Layout, Source, development, open};
use anyhow::Result;
use std::fmt::Write;
use std::time::{Duration, Instant};
use sumcast_circuits::cost::{GAS_PER_MICROSECOND, LIMBS, MICROSECONDS, ROW_LOGS, Work, work};
use sumcast_circuits::gas::gas_estimate;
use sumcast_prover::Cpu;
use sumcast_verifier::vk::Program;

/// Microseconds a unit of work, as in `circuits/src/cost.rs`.
pub type Rates = Vec<(Work, f64)>;

/// Fitted to beside the bundled models: the largest of three families, and a small perceptron.
const LARGEST: [&str; 4] =
    ["perceptron_32-64-32-1", "perceptron_128-1024-1024-1", "forest_1000x6_1", "mlp_8k*64"];

/// Predicted only: perceptrons of a thousand to 655 thousand weights, wide and deep; forests of 10 to 500 trees;
/// batches; network inferences.
const HELD_OUT: [&str; 28] = [
    "perceptron_16-32-16-1",
    "perceptron_64-128-128-1",
    "perceptron_64-96-96-96-96-96-1",
    "perceptron_64-256-256-1",
    "perceptron_96-512-256-1",
    "perceptron_128-640-640-256-1",
    "forest_10x6_1",
    "forest_30x6_1",
    "forest_100x6_1",
    "forest_300x6_1",
    "forest_500x6_8",
    "forest_100x9_16",
    "forest_50x4_64",
    "mlp_8k*4",
    "mlp_8k*8",
    "mlp_8k*16",
    "mlp_8k*32",
    "linreg*64",
    "mlp_tanh*32",
    "mlp_100k*32",
    "forest_100x6*32",
    "xgb_dir*8",
    "lstm*4",
    "gru*16",
    "cnn1d*16",
    "transformer*8",
    "synthesis_g1_301",
    "size_32x6_exp1_mad",
];

/// Row lengths beside a bundled model's own that are fitted to: two shorter ones and a longer one.
const BESIDE: [i8; 3] = [-2, -1, 1];

/// What a measurement is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// A bundled model.
    Bundled,
    /// One with rows or limbs that are not its own.
    Beside,
    /// Another one that is fitted to.
    Largest,
    /// One that is not.
    HeldOut,
}

/// A proof that was measured.
#[derive(Clone, Debug)]
pub struct Timed {
    name: String,
    part: Part,
    row_log: u8,
    work: Vec<(Work, u64)>,
    time: Duration,
}

/// Proves each of them once, and all of them again, `runs` times after one time that does not count, so that what slows
/// the machine for a while slows all of them. Gives the least times from the input to the proof, since whatever else a
/// machine does only adds to them.
///
/// # Errors
/// What a run or its proof has for one.
pub(crate) fn in_turn(subjects: &[Box<dyn Subject>], runs: usize) -> Result<Vec<Duration>> {
    let mut times = vec![Duration::MAX; subjects.len()];
    for run in 0..=runs {
        for (subject, least) in subjects.iter().zip(&mut times) {
            let start = Instant::now();
            prove_on(&Cpu, &**subject, subject.run()?, &mut rand::rng(), &mut |_| ())?;
            if run > 0 {
                *least = start.elapsed().min(*least);
            }
        }
    }
    Ok(times)
}

/// Measures everything that the model of the time is fitted to, and what it is not.
///
/// # Errors
/// What cannot be set up or proven.
pub fn times(runs: usize) -> Result<Vec<Timed>> {
    let mut subjects: Vec<(Part, Box<dyn Subject>)> = Vec::new();
    for model in ALL_MODELS {
        let case = Case::open(model)?;
        let (own, limb) = (case.relation.program.row_log, case.model.limb_bits());
        subjects.push((Part::Bundled, Box::new(case)));
        let rows = BESIDE.iter().filter_map(|by| own.checked_add_signed(*by)).map(|row_log| (row_log, limb));
        let limbs = LIMBS.into_iter().filter(|bits| *bits != limb).map(|bits| (own, bits));
        for (row_log, limb_bits) in rows.chain(limbs) {
            let layout = Layout { row_log: Some(row_log), limb_bits: Some(limb_bits) };
            subjects.extend(laid_out(model, layout)?.map(|case| (Part::Beside, Box::new(case) as _)));
        }
    }
    for (part, names) in [(Part::Largest, &LARGEST[..]), (Part::HeldOut, &HELD_OUT)] {
        for name in names {
            subjects.push((part, open(name)?));
        }
    }
    let (parts, subjects): (Vec<Part>, Vec<_>) = subjects.into_iter().unzip();
    let times = in_turn(&subjects, runs)?;
    let timed = parts.into_iter().zip(&subjects).zip(times).map(|((part, subject), time)| {
        let program = &subject.key().key.program;
        let (name, row_log) = (subject.name().into(), program.row_log);
        Timed { name, part, row_log, work: work(program).to_vec(), time }
    });
    Ok(timed.collect())
}

/// A bundled model, or one of a folder, laid out as told; none where it cannot be.
pub(crate) fn laid_out(model: &str, layout: Layout) -> Result<Option<Case>> {
    let source = Source::open(model)?;
    // Too many rows, too short ones, or of a length that no model has.
    let Ok((model, relation)) = source.compile_as(layout) else { return Ok(None) };
    Case::of(source, model, relation, development).map(Some)
}

/// The rates of the source.
#[must_use]
pub fn time_rates() -> Rates {
    MICROSECONDS.to_vec()
}

/// The rates that fit what was measured best, but for what is held out.
#[must_use]
pub fn fitted_rates(all: &[Timed]) -> Rates {
    let fitted = || all.iter().filter(|timed| timed.part != Part::HeldOut);
    let counts: Vec<Vec<f64>> =
        fitted().map(|timed| timed.work.iter().map(|(_, count)| *count as f64).collect()).collect();
    let measured: Vec<f64> = fitted().map(|timed| 1e6 * timed.time.as_secs_f64()).collect();
    MICROSECONDS.iter().map(|(work, _)| *work).zip(least_squares(&counts, &measured)).collect()
}

/// The table of rates in `circuits/src/cost.rs`, as Rust.
#[must_use]
pub fn rates_table(rates: &Rates) -> String {
    // Three digits.
    let rate = |rate: f64| if rate < 10.0 { format!("{rate:.3}") } else { format!("{rate:.1}") };
    let rates: Vec<String> =
        rates.iter().map(|(work, each)| format!("(Work::{work:?}, {})", rate(*each))).collect();
    format!("const MICROSECONDS: [(Work, f64); {}] = [{}];\n", rates.len(), rates.join(", "))
}

/// The microseconds of so much work.
fn predicted(rates: &Rates, work: &[(Work, u64)]) -> f64 {
    rates.iter().zip(work).map(|((_, each), (_, count))| each * *count as f64).sum()
}

/// What was measured, and what these rates predict: a Markdown table, below a line for each kind of it.
#[must_use]
pub fn cost_table(all: &[Timed], rates: &Rates) -> String {
    let ratio = |timed: &Timed| {
        predicted(rates, &timed.work) / (1e6 * timed.time.as_secs_f64()).max(f64::MIN_POSITIVE)
    };
    let mut out = String::new();
    for (part, what) in [
        (Part::Bundled, "bundled models, fitted to"),
        (Part::Beside, "bundled models with other rows or limbs, fitted to"),
        (Part::Largest, "others, fitted to"),
        (Part::HeldOut, "held out"),
    ] {
        let ratios: Vec<f64> = all.iter().filter(|timed| timed.part == part).map(ratio).collect();
        let [least, most] = [f64::min, f64::max].map(|of| ratios.iter().copied().reduce(of).unwrap_or(1.0));
        let square = ratios.iter().map(|r| (r - 1.0).powi(2)).sum::<f64>() / ratios.len().max(1) as f64;
        let _ = writeln!(
            out,
            "- {} {what}: predicted over measured {least:.2} to {most:.2}, {:.0} % off in the mean square",
            ratios.len(),
            100.0 * square.sqrt()
        );
    }
    let head = ["", "row", "measured, ms", "predicted, ms", "ratio", ""];
    let mut rows = vec![head.map(String::from).to_vec()];
    rows.extend(all.iter().map(|timed| {
        let note = match timed.part {
            Part::HeldOut => "held out",
            Part::Beside => "other layout",
            Part::Bundled | Part::Largest => "",
        };
        vec![
            timed.name.clone(),
            format!("2^{}", timed.row_log),
            milliseconds(timed.time),
            milliseconds(Duration::from_secs_f64(1e-6 * predicted(rates, &timed.work))),
            format!("{:.2}", ratio(timed)),
            note.into(),
        ]
    }));
    format!("{out}\n{}", markdown(&rows))
}

/// Gas and microseconds.
type Point = (f64, f64);

/// The gas a microsecond at which a choice costs no more than the others: from where to where, and which of the others
/// cost less below and above.
fn bounds(own: Point, others: &[(String, Point)]) -> ([f64; 2], [&str; 2]) {
    let (mut from, mut to, mut names) = (0.0, f64::INFINITY, ["", ""]);
    for (name, (gas, time)) in others {
        let (gas, time) = (own.0 - gas, time - own.1);
        let rate = gas / time;
        if time > 0.0 && rate > from {
            (from, names[0]) = (rate, name);
        } else if time < 0.0 && rate < to {
            (to, names[1]) = (rate, name);
        }
    }
    ([from, to], names)
}

/// Between which gas a microsecond the bundled models keep the layouts that they have now, by these rates and the
/// estimate of gas: a Markdown table, below a line that says where all of them do.
///
/// # Errors
/// What cannot be compiled.
pub fn exchange(rates: &Rates) -> Result<String> {
    let point = |program: &Program| (gas_estimate(program).total as f64, predicted(rates, &work(program)));
    let head = ["", "now", "from", "below which", "to", "above which"];
    let mut rows = vec![head.map(String::from).to_vec()];
    let (mut from, mut to) = (0.0f64, f64::INFINITY);
    for model in ALL_MODELS {
        let source = Source::open(model)?;
        let name = |row_log: u8, limbs: u8| format!("2^{row_log}, limbs of {limbs}");
        let (own, relation) = source.compile()?;
        let now = name(relation.program.row_log, own.limb_bits());
        let all = LIMBS.into_iter().flat_map(|limb| ROW_LOGS.map(move |row| (row, limb)));
        let others: Vec<(String, Point)> = all
            .filter_map(|(row_log, limb_bits)| {
                let layout = Layout { row_log: Some(row_log), limb_bits: Some(limb_bits) };
                let relation = source.compile_as(layout).ok()?.1;
                Some((name(row_log, limb_bits), point(&relation.program)))
            })
            .filter(|(other, _)| *other != now)
            .collect();
        let ([least, most], [below, above]) = bounds(point(&relation.program), &others);
        (from, to) = (from.max(least), to.min(most));
        let rate = |rate: f64| if rate.is_finite() { format!("{rate:.2}") } else { "-".into() };
        rows.push(vec![model.into(), now, rate(least), below.into(), rate(most), above.into()]);
    }
    let all = if from <= to {
        format!("from {from:.3} to {to:.3}")
    } else {
        format!("at no one rate: it would be at least {from:.3} and at most {to:.3}")
    };
    Ok(format!(
        "Gas that weighs as much as a microsecond: all layouts stay {all}; the source has {GAS_PER_MICROSECOND}.\n\n{}",
        markdown(&rows)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_stays_between_its_neighbours() {
        let other = |name: &str, point| (name.to_string(), point);
        let others =
            [other("longer", (90.0, 40.0)), other("shorter", (130.0, 10.0)), other("both", (140.0, 30.0))];
        let ([from, to], names) = bounds((100.0, 20.0), &others);
        assert_eq!((from, to, names), (0.5, 3.0, ["longer", "shorter"]));
    }

    #[test]
    fn rates_are_found_again() {
        let timed = |counts: [u64; 5]| {
            let work: Vec<_> =
                MICROSECONDS.iter().zip(counts).map(|((work, _), count)| (*work, count)).collect();
            let time = Duration::from_secs_f64(1e-6 * predicted(&time_rates(), &work));
            Timed { name: String::new(), part: Part::Bundled, row_log: 9, work, time }
        };
        let all: Vec<Timed> = (1..=8)
            .map(|i| timed([1000 * i, 1000 * i * i, 90_000 / i, 4000 * (i % 3), 40 + 13 * (i % 4)]))
            .collect();
        for ((_, found), (work, rate)) in fitted_rates(&all).iter().zip(&time_rates()) {
            assert!((found / rate - 1.0).abs() < 0.01, "{work:?}: {found} for {rate}");
        }
        assert!(cost_table(&all, &time_rates()).contains("1.00 to 1.00, 0 % off"));
    }
}
