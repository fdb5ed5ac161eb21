//! From numbers to places.

/// A linear scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// The first and the last number, which differ.
    pub(super) numbers: (f64, f64),
    /// Where they are.
    pub(super) places: (f64, f64),
}

impl Scale {
    /// One on which all of some numbers have a place, from a tick to a tick, with its ticks: about as many as asked for.
    pub(super) fn of(numbers: impl Iterator<Item = f64>, places: (f64, f64), ticks: u32) -> (Self, Vec<f64>) {
        let (low, high) = numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| {
            (low.min(number), high.max(number))
        });
        let (low, high) = if high - low > 0.0 { (low, high) } else { (low - 1.0, low + 1.0) };
        let step = step((high - low) / f64::from(ticks.max(1)));
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        let count = (last - first).round() as usize;
        let ticks = (0..=count).map(|i| (first + i as f64) * step).collect();
        (Self { numbers: (first * step, last * step), places }, ticks)
    }

    /// Where a number is.
    pub(super) fn at(&self, number: f64) -> f64 {
        let ((a, b), (from, to)) = (self.numbers, self.places);
        from + (number - a) / (b - a) * (to - from)
    }
}

/// The least of 1, 2 and 5 times a power of ten that is no less.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].map(|digit| digit * power).into_iter().find(|step| *step >= least).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_places() {
        let scale = Scale { numbers: (-1.0, 3.0), places: (100.0, 20.0) };
        assert_eq!([-1.0, 0.0, 3.0].map(|number| scale.at(number)), [100.0, 80.0, 20.0]);
    }

    #[test]
    fn scales_go_from_tick_to_tick() {
        let (scale, ticks) = Scale::of([0.3, -1.9, 0.8].into_iter(), (0.0, 1.0), 6);
        assert_eq!((scale.numbers, ticks.len()), ((-2.0, 1.0), 7));
        assert_eq!((ticks[0], ticks[4], ticks[6]), (-2.0, 0.0, 1.0));
        // All the same, and none at all.
        assert_eq!(Scale::of([4.0, 4.0].into_iter(), (0.0, 1.0), 2).0.numbers, (3.0, 5.0));
    }

    #[test]
    fn steps_are_round() {
        for (least, expected) in [(1.0, 1.0), (1.1, 2.0), (0.03, 0.05), (0.6, 1.0), (70.0, 100.0)] {
            assert!((step(least) / expected - 1.0).abs() < 1e-12, "{least}");
        }
    }
}
