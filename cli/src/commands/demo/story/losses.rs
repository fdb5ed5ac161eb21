//! Losses, who forecasts them, and who reports them: the demo's own, and the same in every run.

/// The least error that counts, in percent: of a closer inference nobody could tell how close it is.
const LEAST_ERROR: f64 = 0.001;

/// The loss of an inference: log10 of the squared error, both in percent; an error below [`LEAST_ERROR`] counts as that, so
/// that no loss is below -6.
pub(super) fn loss(inference: f64, truth: f64) -> f64 {
    2.0 * (inference - truth).abs().max(LEAST_ERROR).log10()
}

/// Someone who forecasts each worker's loss from those it has had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forecaster {
    /// By the mean of the losses, of which each day's counts four fifths of the next one's.
    Mean,
    /// By the worst of the last three.
    Worst,
}

impl Forecaster {
    /// All of them, in the order of their names.
    pub(super) const ALL: [Self; 2] = [Self::Mean, Self::Worst];

    /// Its account in the topic.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean_loss",
            Self::Worst => "worst_of_3",
        }
    }

    /// The loss that follows these, which are in order of time; 0 without any.
    pub(super) fn forecast(self, losses: &[f64]) -> f64 {
        match self {
            Self::Mean => losses.iter().fold(0.0, |mean, loss| 0.8 * mean + 0.2 * loss),
            Self::Worst => losses.iter().rev().take(3).copied().reduce(f64::max).unwrap_or(0.0),
        }
    }
}

/// Someone who reports losses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reputer {
    /// The account.
    pub(super) name: &'static str,
    /// What its reports weigh.
    pub(super) stake: u64,
    /// How far the return that it has, from a feed of prices of its own, is from the one in the data, in percent.
    pub(super) bias: f64,
}

/// Who reports, in the order of their names.
pub(super) const REPUTERS: [Reputer; 3] = [
    Reputer { name: "reputer_a", stake: 500_000, bias: 0.0 },
    Reputer { name: "reputer_b", stake: 300_000, bias: 0.002 },
    Reputer { name: "reputer_c", stake: 120_000, bias: -0.003 },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_logarithms_of_squared_errors() {
        for (inference, truth, expected) in
            [(0.3, 0.2, -2.0), (-9.0, 1.0, 2.0), (0.5, 1.5, 0.0), (0.2, 0.2, -6.0), (0.2, 0.2005, -6.0)]
        {
            assert!((loss(inference, truth) - expected).abs() < 1e-9, "{inference} {truth}");
        }
    }

    #[test]
    fn forecasts_follow_from_losses() {
        let losses = [-1.0, 0.5, -2.0, -3.0];
        // 0.2 (-1) = -0.2; 0.8 (-0.2) + 0.1 = -0.06; 0.8 (-0.06) - 0.4 = -0.448; 0.8 (-0.448) - 0.6 = -0.9584.
        assert!((Forecaster::Mean.forecast(&losses) + 0.9584).abs() < 1e-12);
        assert_eq!(Forecaster::Worst.forecast(&losses), 0.5);
        assert_eq!(Forecaster::Worst.forecast(&losses[2..]), -2.0);
        assert_eq!(Forecaster::ALL.map(|forecaster| forecaster.forecast(&[])), [0.0; 2]);
        assert!(Forecaster::ALL.map(Forecaster::name).is_sorted());
    }
}
