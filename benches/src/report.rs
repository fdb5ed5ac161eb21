//! Where the time of a proof goes.

use crate::Case;
use anyhow::Result;
use std::time::{Duration, Instant};
use sumcast_prover::{Proven, Stage};
use sumcast_verifier::vk::Program;

/// What was measured of a model: medians of all runs, and the sizes.
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
    /// Proves and verifies the first input `runs` times, at least once, after one time that does not count.
    ///
    /// # Errors
    /// As [`Case::run`], [`Case::prove`] and [`Case::verify`].
    pub fn measure(case: &Case, runs: usize) -> Result<Self> {
        let (_, proof_bytes) = sample(case)?;
        let samples = (0..runs.max(1)).map(|_| Ok(sample(case)?.0)).collect::<Result<Vec<Sample>>>()?;
        let of = |time: &dyn Fn(&Sample) -> Duration| median(samples.iter().map(time).collect());
        Ok(Self {
            name: case.source.name.clone(),
            runs: samples.len(),
            run: of(&|s| s.run),
            stages: (0..Stage::ALL.len()).map(|i| of(&|s| s.stages[i])).collect(),
            other: of(&|s| s.other),
            total: of(&|s| s.total),
            verify: of(&|s| s.verify),
            program: case.relation.program.clone(),
            proof_bytes,
            key_bytes: case.key.key.to_bytes().len(),
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

/// One run, and the bytes of its proof file.
fn sample(case: &Case) -> Result<(Sample, usize)> {
    let start = Instant::now();
    let inference = case.run()?;
    let run = start.elapsed();
    let Proven { file, timings, .. } = case.prove(inference, &mut rand::rng())?;
    let total = start.elapsed();
    let bytes = file.to_bytes();
    let start = Instant::now();
    case.verify(&bytes)?;
    let verify = start.elapsed();
    let stage = |stage| timings.0.iter().filter(|(s, _)| *s == stage).map(|(_, time)| time).sum();
    let stages = Stage::ALL.map(stage).to_vec();
    let other = total.saturating_sub(run + stages.iter().sum());
    Ok((Sample { run, stages, other, total, verify }, bytes.len()))
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
    use crate::Source;
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
        let text = table(&[Report::measure(&case, 1).unwrap()]);
        for stage in Stage::ALL {
            let line = format!("| {} ", stage.name());
            assert!(text.lines().any(|l| l.starts_with(&line)), "{text}");
        }
    }
}
