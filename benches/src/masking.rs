//! What hiding adds to a proof.

use crate::Case;
use crate::report::{markdown, median, milliseconds};
use anyhow::Result;
use rand::{CryptoRng, RngCore};
use std::time::{Duration, Instant};
use sumcast_circuits::gas::{gas_estimate, masking_bytes, masking_gas};
use sumcast_verifier::Shape;

/// A generator of zeros: a proof made with it hides nothing, and hiding nothing takes no time.
#[derive(Clone, Copy, Debug)]
struct Zeros;

impl RngCore for Zeros {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

// Said of it only because a prover asks for it: nothing is kept from anybody here.
impl CryptoRng for Zeros {}

/// What masking adds to the proofs of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masking {
    name: String,
    runs: usize,
    unmasked: Duration,
    masked: Duration,
    shape: Shape,
    /// Gas of the mask, and of all.
    gas: (u64, u64),
}

impl Masking {
    /// Proves the first input `runs` times, at least once, with fresh randomness and as often with zeros, by turns and
    /// each of them first every other time, after one of each that does not count and is verified.
    ///
    /// # Errors
    /// As [`Case::run`], [`Case::prove`] and [`Case::verify`].
    pub fn measure(case: &Case, runs: usize) -> Result<Self> {
        let program = &case.relation.program;
        for rng in [&mut Zeros as &mut dyn CryptoRng, &mut rand::rng()] {
            case.verify(&case.prove(case.run()?, rng)?.file.to_bytes())?;
        }
        let (mut unmasked, mut masked) = (Vec::new(), Vec::new());
        for i in 0..runs.max(1) {
            if i % 2 == 0 {
                unmasked.push(time(case, &mut Zeros)?);
            }
            masked.push(time(case, &mut rand::rng())?);
            if i % 2 == 1 {
                unmasked.push(time(case, &mut Zeros)?);
            }
        }
        Ok(Self {
            name: case.source.name.clone(),
            runs: masked.len(),
            unmasked: median(unmasked),
            masked: median(masked),
            shape: Shape::of(program),
            gas: (masking_gas(program), gas_estimate(program).total),
        })
    }

    /// Scalars of a proof, and how many are there for the mask alone.
    fn scalars(&self) -> (usize, usize) {
        let Shape { rounds, degree, last_degree, claims, row_log, .. } = self.shape;
        // `V`, the mask's claim, and nine scalars of the opening.
        let all = 11 + (rounds - 1) * degree + last_degree + claims + 2 * row_log;
        (all, 3 + last_degree - degree)
    }

    /// Points of a proof, and how many are there for the mask alone.
    fn points(&self) -> (usize, usize) {
        (self.shape.witness + self.shape.helper + 8, 1)
    }
}

/// From the input to the proof.
fn time(case: &Case, rng: &mut dyn CryptoRng) -> Result<Duration> {
    let start = Instant::now();
    case.prove(case.run()?, rng)?;
    Ok(start.elapsed())
}

/// What is added to a rest, and its share of that.
fn added(part: u64, all: u64) -> String {
    let rest = all - part;
    format!("{rest} + {part} ({:.1} %)", 100.0 * part as f64 / rest as f64)
}

/// The measurements as one Markdown table, a column a model, below a line that says how they were made.
pub fn masking_table(all: &[Masking]) -> String {
    let row = |label: &str, cell: &dyn Fn(&Masking) -> String| -> Vec<String> {
        std::iter::once(label.to_string()).chain(all.iter().map(cell)).collect()
    };
    let rows = [
        row("", &|m| m.name.clone()),
        row("unmasked", &|m| milliseconds(m.unmasked)),
        row("masked", &|m| milliseconds(m.masked)),
        row("**overhead**", &|m| {
            let ratio = m.masked.as_secs_f64() / m.unmasked.as_secs_f64().max(f64::MIN_POSITIVE);
            format!("**{:.1} %**", 100.0 * (ratio - 1.0))
        }),
        row("points", &|m| format!("{} + {}", m.points().0 - m.points().1, m.points().1)),
        row("scalars", &|m| format!("{} + {}", m.scalars().0 - m.scalars().1, m.scalars().1)),
        row("bytes", &|m| added(masking_bytes(&m.shape) as u64, m.shape.bytes() as u64)),
        row("rounds", &|m| format!("{} + 0", m.shape.rounds + m.shape.row_log)),
        row("mask, cells", &|m| m.shape.mask.to_string()),
        row("predicted gas", &|m| added(m.gas.0, m.gas.1)),
    ];
    let mut runs: Vec<String> = all.iter().map(|m| m.runs.to_string()).collect();
    runs.dedup();
    format!(
        "Milliseconds, medians of {} runs of each on {} threads; sizes without what masking adds, and that.\n\n{}",
        runs.join(", "),
        rayon::current_num_threads(),
        markdown(&rows)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;
    use sumcast_params::Srs;

    #[test]
    fn zeros_make_proofs_of_the_same_shape_that_hide_nothing() {
        let srs = |log_size| Ok(Srs::development(log_size, &mut rand::rng()));
        let case = Case::set_up(Source::open("linreg").unwrap(), srs).unwrap();
        let proof = |rng: &mut dyn CryptoRng| case.prove(case.run().unwrap(), rng).unwrap().file;
        let (zeros, again) = (proof(&mut Zeros), proof(&mut Zeros));
        assert_eq!(zeros, again);
        let masked = proof(&mut rand::rng());
        assert_eq!(masked.body.len(), zeros.body.len());
        assert_ne!(masked.body, proof(&mut rand::rng()).body);
        case.verify(&zeros.to_bytes()).unwrap();

        let measured = Masking::measure(&case, 1).unwrap();
        let (points, scalars) = (measured.points(), measured.scalars());
        assert_eq!(64 * points.0 + 32 * scalars.0, zeros.body.len());
        assert_eq!(64 * points.1 + 32 * scalars.1, masking_bytes(&measured.shape));
        assert!(masking_table(&[measured]).contains("| bytes "));
    }

    #[test]
    fn shares_are_of_the_rest() {
        assert_eq!(added(20, 120), "100 + 20 (20.0 %)");
    }
}
