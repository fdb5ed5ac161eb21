//! Where the time of a proof goes, and how little of it would do.

use crate::floor::{Counting, Floor, Steps, Units, beside};
use crate::subject::{Subject, prove_on};
use anyhow::Result;
use std::time::{Duration, Instant};
use sumcast_prover::{Backend, Cpu, Proven, Stage};
use sumcast_verifier::vk::Program;
use sumcast_verifier::{ProofFile, verify};

/// What was measured of a model: medians of all runs, the sizes, and what the stages are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    name: String,
    runs: usize,
    run: Duration,
    stages: Vec<Duration>,
    other: Duration,
    total: Duration,
    verify: Duration,
    program: Program,
    proof_bytes: usize,
    key_bytes: usize,
    steps: Steps,
}

/// The times of one run.
struct Sample {
    run: Duration,
    stages: Vec<Duration>,
    other: Duration,
    total: Duration,
    verify: Duration,
}

impl Report {
    /// Proves and verifies a run `runs` times, at least once, after one time whose operations are counted.
    ///
    /// # Errors
    /// What a run, its proof or its verification has for one.
    pub fn measure(subject: &dyn Subject, runs: usize) -> Result<Self> {
        let program = subject.key().key.program.clone();
        let counting = Counting::default();
        let (_, file) = sample(subject, &counting, &mut |stage| counting.enter(stage))?;
        let mut steps = counting.into_steps();
        for (steps, beside) in steps.iter_mut().zip(beside(&program, &file.statement)) {
            steps.extend(beside);
        }
        let sample = |_| Ok(sample(subject, &Cpu, &mut |_| ())?.0);
        let samples = (0..runs.max(1)).map(sample).collect::<Result<Vec<Sample>>>()?;
        let of = |time: &dyn Fn(&Sample) -> Duration| median(samples.iter().map(time).collect());
        Ok(Self {
            name: subject.name().into(),
            runs: samples.len(),
            run: of(&|s| s.run),
            stages: (0..Stage::ALL.len()).map(|i| of(&|s| s.stages[i])).collect(),
            other: of(&|s| s.other),
            total: of(&|s| s.total),
            verify: of(&|s| s.verify),
            program,
            proof_bytes: file.to_bytes().len(),
            key_bytes: subject.key().key.to_bytes().len(),
            steps,
        })
    }

    /// From the input to the proof.
    #[must_use]
    pub const fn total(&self) -> Duration {
        self.total
    }

    /// A time, and its share of the total.
    fn share(&self, time: Duration) -> String {
        let percent = 100.0 * time.as_secs_f64() / self.total.as_secs_f64().max(f64::MIN_POSITIVE);
        format!("{} ({percent:>2.0} %)", milliseconds(time))
    }
}

/// One run, and its proof file.
fn sample(
    subject: &dyn Subject,
    backend: &dyn Backend,
    progress: &mut (dyn FnMut(Stage) + Send),
) -> Result<(Sample, ProofFile)> {
    let start = Instant::now();
    let inference = subject.run()?;
    let run = start.elapsed();
    let Proven { file, timings, .. } = prove_on(backend, subject, inference, &mut rand::rng(), progress)?;
    let total = start.elapsed();
    let bytes = file.to_bytes();
    let start = Instant::now();
    verify(&subject.key().key, &ProofFile::from_bytes(&bytes)?)?;
    let verify = start.elapsed();
    let stage = |stage| timings.0.iter().filter(|(s, _)| *s == stage).map(|(_, time)| time).sum();
    let stages = Stage::ALL.map(stage).to_vec();
    let other = total.saturating_sub(run + stages.iter().sum());
    Ok((Sample { run, stages, other, total, verify }, file))
}

/// The middle value; of an even number, the upper of the two.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

pub(crate) fn milliseconds(time: Duration) -> String {
    let value = 1e3 * time.as_secs_f64();
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") }
}

/// The reports as one Markdown table, a column a model, below a line that says how they were measured.
///
/// `run` is the inference with its witness, `other` what is outside the stages: checks before them, and memory given
/// back after. Medians do not add up exactly to the median of the total.
pub fn table(reports: &[Report]) -> String {
    let row = |label: &str, cell: &dyn Fn(&Report) -> String| -> Vec<String> {
        std::iter::once(label.to_string()).chain(reports.iter().map(cell)).collect()
    };
    let mut rows = vec![row("", &|r| r.name.clone()), row("run", &|r| r.share(r.run))];
    for (i, stage) in Stage::ALL.iter().enumerate() {
        rows.push(row(stage.name(), &|r| r.share(r.stages[i])));
    }
    rows.push(row("other", &|r| r.share(r.other)));
    rows.push(row("**total**", &|r| format!("**{}**", milliseconds(r.total))));
    rows.push(row("verify", &|r| milliseconds(r.verify)));
    rows.push(row("rows: fixed / witness / helper", &|r| {
        let Program { fixed_rows, witness_rows, helper_rows, .. } = &r.program;
        format!("{fixed_rows} / {witness_rows} / {helper_rows}")
    }));
    rows.push(row("row length", &|r| format!("2^{}", r.program.row_log)));
    rows.push(row("rounds", &|r| r.program.rounds().to_string()));
    rows.push(row("proof file, bytes", &|r| r.proof_bytes.to_string()));
    rows.push(row("verifying key, bytes", &|r| r.key_bytes.to_string()));

    let mut runs: Vec<String> = reports.iter().map(|r| r.runs.to_string()).collect();
    runs.dedup();
    let threads = rayon::current_num_threads();
    format!(
        "Milliseconds, medians of {} runs on {threads} threads; in brackets, shares of the total.\n\n{}",
        runs.join(", "),
        markdown(&rows)
    )
}

/// What each stage takes at least: a Markdown table for each report, below what an operation takes.
///
/// A stage's floor is the sum of those of its steps, each of its operations or, where it is longer, of the bytes that
/// come from memory.
pub fn floors(reports: &[Report], units: &Units) -> String {
    let threads = rayon::current_num_threads();
    let tables = reports.iter().map(|r| floors_of(r, units));
    format!("On {threads} threads {units}.\n{}", tables.collect::<String>())
}

fn floors_of(report: &Report, units: &Units) -> String {
    let name = report.name.as_str();
    let heads =
        ["additions", "multiplications", "small", "from memory", "floor, ms", "measured, ms", "ratio"];
    let row = |label: String, floor: Floor, measured: Duration| -> Vec<String> {
        let Floor { work, from_memory, seconds } = floor;
        let floor = Duration::from_secs_f64(seconds);
        let ratio = measured.as_secs_f64() / seconds;
        let numbers = [work.additions, work.multiplications, work.small].map(thousands);
        let bytes = format!("{} MB", from_memory / 1_000_000);
        let times = [milliseconds(floor), milliseconds(measured), format!("{ratio:.1}")];
        std::iter::once(label).chain(numbers).chain([bytes]).chain(times).collect()
    };
    let mut rows = vec![std::iter::once(name).chain(heads).map(String::from).collect()];
    for ((stage, steps), measured) in Stage::ALL.iter().zip(&report.steps).zip(&report.stages) {
        rows.push(row(stage.name().into(), Floor::of(steps, units), *measured));
    }
    let all = Floor::of(report.steps.iter().flatten(), units);
    rows.push(row("**all**".into(), all, report.stages.iter().sum()));
    format!("\n{}", markdown(&rows))
}

/// A number in thousands or millions.
fn thousands(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..10_000_000 => format!("{} k", number / 1000),
        _ => format!("{} M", number / 1_000_000),
    }
}

/// A Markdown table whose columns line up in plain text too; the first row is the head.
pub(crate) fn markdown(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|c| rows.iter().map(|row| row[c].chars().count()).max().unwrap_or(0).max(3))
        .collect();
    let mut out = String::new();
    for (i, row) in rows.iter().enumerate() {
        for (c, (cell, width)) in row.iter().zip(&widths).enumerate() {
            out += &if c == 0 { format!("| {cell:<width$} |") } else { format!(" {cell:>width$} |") };
        }
        out += "\n";
        if i == 0 {
            for (c, width) in widths.iter().enumerate() {
                let dashes = "-".repeat(width + 1);
                out += &if c == 0 { format!("|{dashes}-|") } else { format!("{dashes}:|") };
            }
            out += "\n";
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Case, Source};
    use sumcast_params::Srs;

    #[test]
    fn medians_are_of_the_sorted_times() {
        let times = |values: &[u64]| values.iter().copied().map(Duration::from_millis).collect();
        assert_eq!(median(times(&[5, 1, 3])), Duration::from_millis(3));
        assert_eq!(median(times(&[4, 1])), Duration::from_millis(4));
    }

    #[test]
    fn columns_line_up() {
        let rows = [["", "a"], ["first", "10"]].map(|row| row.map(String::from).to_vec());
        assert_eq!(markdown(&rows), "|       |   a |\n|-------|----:|\n| first |  10 |\n");
    }

    #[test]
    fn a_report_has_a_line_for_every_stage() {
        let srs = |log_size| Ok(Srs::development(log_size, &mut rand::rng()));
        let case = Case::set_up(Source::open("linreg").unwrap(), srs).unwrap();
        let reports = [Report::measure(&case, 1).unwrap()];
        let units = Units { addition: 60.0, multiplication: 10.0, small: 2.0, byte: 0.1 };
        for text in [table(&reports), floors(&reports, &units)] {
            for stage in Stage::ALL {
                let line = format!("| {} ", stage.name());
                assert!(text.lines().any(|l| l.starts_with(&line)), "{text}");
            }
        }
    }
}
