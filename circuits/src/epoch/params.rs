//! The parameters of a topic and of the module that its epochs follow.

use super::{Decimal, EpochError};
use serde::{Deserialize, Serialize};

/// How a normalised regret becomes a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightFunction {
    /// p / (e^(p(c - x)) + 1), with the chain's bounds for regrets far from the best; the chain's before v0.16.
    Gradient,
    /// (1 + e^(-p(best - c))) / (1 + e^(-p(x - c))), the chain's since v0.16.
    #[serde(rename = "exp1_div_exp1")]
    Exp1DivExp1,
}

/// What regrets are divided by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegretScale {
    /// The sample standard deviation of the regrets at hand, plus epsilon.
    Std,
    /// 1.4826 times their median absolute deviation, plus epsilon.
    Mad,
    /// The topic's own of the previous epoch, for all weights; epsilon is part of it.
    Stored(Decimal),
}

/// The parameters of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Params {
    /// How a normalised regret becomes a weight.
    pub weight_function: WeightFunction,
    /// What regrets are divided by.
    pub regret_scale: RegretScale,
    /// Steepness p of the weight function, above 0.
    pub p_norm: Decimal,
    /// Its centre c.
    pub c_norm: Decimal,
    /// What is added to a scale, above 0.
    pub epsilon: Decimal,
    /// The least sum of weights that is divided by, above 0.
    pub epsilon_safe_div: Decimal,
    /// Share of the latest epoch in a regret, above 0 and at most 1.
    pub alpha_regret: Decimal,
}

impl Params {
    /// That each is in its range.
    pub(super) fn check(&self) -> Result<(), EpochError> {
        let stored = match &self.regret_scale {
            RegretScale::Stored(scale) => Some(("regret_scale.stored", scale)),
            RegretScale::Std | RegretScale::Mad => None,
        };
        let positive = [
            ("p_norm", &self.p_norm),
            ("epsilon", &self.epsilon),
            ("epsilon_safe_div", &self.epsilon_safe_div),
        ];
        for (field, value) in positive.into_iter().chain(stored) {
            if !value.is_positive() {
                return Err(EpochError::NotPositive { field, value: value.clone() });
            }
        }
        if !self.alpha_regret.is_positive() || self.alpha_regret > Decimal::from(1) {
            return Err(EpochError::Alpha { value: self.alpha_regret.clone() });
        }
        Ok(())
    }
}
