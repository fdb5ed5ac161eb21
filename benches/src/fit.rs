//! Rates from measurements, and those of the estimate of gas.

use crate::Gas;
use crate::gas::PartGas;
use std::fmt::Write;

/// Steps of the descent, far more than it takes.
const STEPS: usize = 200_000;

/// The table of rates in `circuits/src/gas.rs` that fits these measurements best, as Rust.
pub fn gas_rates(all: &[Gas]) -> String {
    let mut out = String::new();
    let parts: Vec<Vec<_>> = all.iter().map(|gas| gas.by_part().collect()).collect();
    for i in 0..parts.first().map_or(0, Vec::len) {
        let of_models: Vec<_> = parts.iter().map(|parts| &parts[i]).collect();
        let part = of_models[0];
        let measured: Vec<f64> = of_models.iter().map(|part| part.gas as f64).collect();
        let counts = |part: &&PartGas| part.units.iter().map(|(_, count)| *count as f64).collect();
        let counts: Vec<Vec<f64>> = of_models.iter().map(counts).collect();
        let rates = part.units.iter().zip(least_squares(&counts, &measured));
        let rates: Vec<_> = rates.map(|((unit, _), rate)| format!("(Unit::{unit:?}, {rate:.0})")).collect();
        let _ = writeln!(out, "    ({:?}, &[{}]),", part.name, rates.join(", "));
    }
    out
}

/// What is not negative and makes the sums of `rates x counts` nearest to what was measured, each in proportion to
/// it: one rate after another is set to its best, over and over.
pub(crate) fn least_squares(counts: &[Vec<f64>], measured: &[f64]) -> Vec<f64> {
    // In proportion to what was measured, all of which is then 1.
    let relative = |row: &Vec<f64>, y: &f64| row.iter().map(|count| count / y.max(1.0)).collect();
    let rows: Vec<Vec<f64>> = counts.iter().zip(measured).map(|(row, y)| relative(row, y)).collect();
    let mut rates = vec![0.0; rows.first().map_or(0, Vec::len)];
    let mut errors = vec![1.0; rows.len()];
    for _ in 0..STEPS {
        for (j, rate) in rates.iter_mut().enumerate() {
            let square: f64 = rows.iter().map(|row| row[j] * row[j]).sum();
            let slope: f64 = rows.iter().zip(&errors).map(|(row, error)| row[j] * error).sum();
            if square > 0.0 {
                let next = (*rate + slope / square).max(0.0);
                for (row, error) in rows.iter().zip(&mut errors) {
                    *error -= row[j] * (next - *rate);
                }
                *rate = next;
            }
        }
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_found_again() {
        let counts: Vec<Vec<f64>> = [3.0, 5.0, 8.0, 20.0].iter().map(|n| vec![*n, 1.0]).collect();
        let measured: Vec<f64> = counts.iter().map(|row| 70.0 * row[0] + 500.0).collect();
        let rates = least_squares(&counts, &measured);
        assert!((rates[0] - 70.0).abs() < 0.01 && (rates[1] - 500.0).abs() < 0.1, "{rates:?}");
        // A rate that would be negative is zero.
        let measured: Vec<f64> = counts.iter().map(|row| 70.0 * row[0] - 10.0).collect();
        assert_eq!(least_squares(&counts, &measured)[1], 0.0);
    }
}
