//! Tables of functions: linear interpolation on as few segments as the precision allows.

use crate::circuit::Table;
use crate::graph::Function;

/// Fewest and most segments, log2.
const SEGMENTS: std::ops::RangeInclusive<u8> = 6..=12;

/// A table of `function` over `[-2^domain, 2^domain)` with steps of `limb` bits a segment. Its error is below
/// `2^-(precision + 2)` where the largest number of segments allows it.
pub(crate) fn table(function: Function, domain: i16, limb: u8, precision: u8) -> Table {
    let tolerance = 2f64.powi(-i32::from(precision) - 2);
    let chosen = SEGMENTS.clone().find(|log| error(function, domain, *log) <= tolerance);
    let log = chosen.unwrap_or(*SEGMENTS.end());
    // The slope's rounding adds up over the steps of a segment.
    let fraction = precision + limb + 1;
    let scale = 2f64.powi(fraction.into());
    let width = 2f64.powi(i32::from(domain) + 1 - i32::from(log));
    let step = width / 2f64.powi(limb.into());
    let start = |s: usize| s as f64 * width - 2f64.powi(domain.into());
    let (values, slopes) = (0..1usize << log)
        .map(|s| {
            let (from, to) = (start(s), start(s + 1));
            // An argument is cut to the start of its step: half a step is made up for here. Half the sag of the
            // chord centres the error of a curved segment.
            let (a, b) = (function.eval(from + step / 2.0), function.eval(to + step / 2.0));
            let sag = function.eval((from + to + step) / 2.0) - (a + b) / 2.0;
            let slope = ((b - a) * scale / 2f64.powi(limb.into())).round();
            (((a + sag / 2.0) * scale).round() as i64, slope as i64)
        })
        .unzip();
    Table { name: function.name().to_owned(), log, domain, fraction, values, slopes }
}

/// Largest error of the interpolation, at a sample of segments.
fn error(function: Function, domain: i16, log: u8) -> f64 {
    let width = 2f64.powi(i32::from(domain) + 1 - i32::from(log));
    let segments = 1usize << log;
    (0..segments)
        .map(|s| {
            let from = s as f64 * width - 2f64.powi(domain.into());
            let chord = (function.eval(from) + function.eval(from + width)) / 2.0;
            // Half the sag remains after centring.
            (function.eval(from + width / 2.0) - chord).abs() / 2.0
        })
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_is_as_precise_as_asked() {
        for function in [Function::Tanh, Function::Sigmoid, Function::Gelu, Function::Softplus] {
            let t = table(function, 3, 8, 16);
            let scale = 2f64.powi(t.fraction.into());
            let steps = 256 << t.log;
            for i in (0..steps).step_by(97) {
                let x = (i as f64 + 0.3) * 16.0 / f64::from(steps) - 8.0;
                let (segment, low) = (i as usize >> 8, i64::from(i & 255));
                let y = (t.values[segment] + t.slopes[segment] * low) as f64 / scale;
                assert!((y - function.eval(x)).abs() < 2f64.powi(-14), "{} at {x}", function.name());
            }
        }
    }
}
