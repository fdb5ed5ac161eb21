//! What a synthesis circuit is made for.

use super::{Groups, LOSS_BITS, LOSS_FRACTION, VALUE_BITS, WEIGHT_FRACTION};
use crate::epoch::{Decimal, Epoch, Params, RegretScale, WeightFunction};
use crate::lanes::ARGUMENT;
use thiserror::Error;

/// Where a topic stands, which decides how an inference follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The network has had no loss: the inference is the median of the inferences.
    First,
    /// It has had one, and all inferers are new: the mean of the inferences.
    AllNew,
    /// The mean weighted by regrets.
    Regular,
}

/// What regrets are divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scale {
    /// A number of the state.
    Stored,
    /// Each set's standard deviation, and epsilon.
    Std,
    /// Each set's median deviation from its median times 1.4826, and epsilon.
    Mad,
}

/// Why an epoch has no circuit, or none of a form.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FormError {
    /// A number is beyond what a circuit holds.
    #[error("{field} is {value}, and a proof holds numbers {bound}")]
    Range {
        /// Where it is.
        field: String,
        /// The number.
        value: Decimal,
        /// What is held.
        bound: String,
    },
    /// A worker has no regret for a network without someone, and there is no initial one.
    #[error("{0} is missing, and there is no initial_regret to take in its place: give one of them")]
    Regret(String),
    /// A form has too little room.
    #[error("the epoch has {found} {what}, and the form has room for {room}: make a form with more room")]
    Room {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// For how many there is room.
        room: usize,
    },
    /// A form is of other parameters.
    #[error("the epoch's {0} is not that of the form: make a form of the epoch's parameters")]
    Other(&'static str),
}

/// What a synthesis circuit is made for: most workers, the topic's parameters, and where the topic stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Most inferers.
    pub inferers: usize,
    /// Most forecasters.
    pub forecasters: usize,
    /// Whether there are the networks without a worker, too, and those of inferers and one forecaster.
    pub one_outs: bool,
    /// Where the topic stands.
    pub phase: Phase,
    /// The weight function.
    pub weight_function: WeightFunction,
    /// What regrets are divided by.
    pub scale: Scale,
    /// Fraction bits of inferences: 48, or by eights less for larger ones.
    pub value_fraction: u8,
    /// `p`, and `p c`, with the fraction of arguments.
    pub(super) p_norm: i64,
    pub(super) p_c: i64,
    /// `p`, and the least sum of weights that is divided by, with the fraction of weights.
    pub(super) p_weight: i64,
    pub(super) least_weight: i64,
    /// With the fraction of losses.
    pub(super) epsilon: i64,
}

impl Form {
    /// The form of an epoch, with room for just its workers.
    ///
    /// # Errors
    /// [`FormError::Range`] for a parameter that is beyond what a circuit holds.
    pub fn of(epoch: &Epoch) -> Result<Self, FormError> {
        let Params { p_norm, c_norm, epsilon, epsilon_safe_div, .. } = &epoch.params;
        let p_c = fixed("p_norm", p_norm, ARGUMENT, 43)?;
        let p_c = (p_c * fixed("c_norm", c_norm, ARGUMENT, 46)?) >> ARGUMENT;
        let phase = if epoch.previous_network_loss.is_none() {
            Phase::First
        } else if epoch.initial_regret.as_ref().is_some_and(Decimal::is_zero) {
            Phase::AllNew
        } else {
            Phase::Regular
        };
        let epsilon_fixed = fixed("epsilon", epsilon, LOSS_FRACTION, LOSS_BITS)?;
        if epsilon_fixed == 0 {
            let bound = format!("of 2^-{LOSS_FRACTION} and above there");
            return Err(FormError::Range { field: "epsilon".into(), value: epsilon.clone(), bound });
        }
        Ok(Self {
            inferers: epoch.inferers.len(),
            forecasters: epoch.forecasters.len(),
            one_outs: false,
            phase,
            weight_function: epoch.params.weight_function,
            scale: match epoch.params.regret_scale {
                RegretScale::Stored(_) => Scale::Stored,
                RegretScale::Std => Scale::Std,
                RegretScale::Mad => Scale::Mad,
            },
            value_fraction: value_fraction(epoch),
            p_norm: fixed("p_norm", p_norm, ARGUMENT, 43)? as i64,
            p_c: p_c as i64,
            p_weight: fixed("p_norm", p_norm, WEIGHT_FRACTION, 53)? as i64,
            least_weight: fixed("epsilon_safe_div", epsilon_safe_div, WEIGHT_FRACTION, 58)? as i64,
            epsilon: epsilon_fixed as i64,
        })
    }

    /// The same with room for more workers.
    #[must_use]
    pub fn with_room(self, inferers: usize, forecasters: usize) -> Self {
        let (inferers, forecasters) = (self.inferers.max(inferers), self.forecasters.max(forecasters));
        Self { inferers, forecasters, ..self }
    }

    /// The same with one-out and one-in inferences.
    #[must_use]
    pub fn with_one_outs(self) -> Self {
        Self { one_outs: true, ..self }
    }

    /// The networks it is of.
    pub(super) fn groups(&self) -> Groups {
        Groups::new(self.inferers, self.forecasters, self.one_outs)
    }

    /// That an epoch is of this form.
    ///
    /// # Errors
    /// [`FormError`].
    pub(super) fn check(&self, epoch: &Epoch) -> Result<(), FormError> {
        let own = Self::of(epoch)?;
        let same = [
            ("phase", own.phase == self.phase),
            ("weight_function", own.weight_function == self.weight_function),
            ("regret_scale", own.scale == self.scale),
            ("p_norm", (own.p_norm, own.p_weight) == (self.p_norm, self.p_weight)),
            ("c_norm", own.p_c == self.p_c),
            ("epsilon", own.epsilon == self.epsilon),
            ("epsilon_safe_div", own.least_weight == self.least_weight),
        ];
        let (found, room) = ([own.inferers, own.forecasters], [self.inferers, self.forecasters]);
        fits(found, room, &same)
    }
}

/// That there is room for inferers and for forecasters, and that all that a form is of is the same.
pub(crate) fn fits(
    found: [usize; 2],
    room: [usize; 2],
    same: &[(&'static str, bool)],
) -> Result<(), FormError> {
    for (what, (found, room)) in ["inferers", "forecasters"].into_iter().zip(found.into_iter().zip(room)) {
        if found > room {
            return Err(FormError::Room { what, found, room });
        }
    }
    same.iter().find(|(_, same)| !same).map_or(Ok(()), |(what, _)| Err(FormError::Other(what)))
}

/// A number of so many fraction bits, below `2^bits` in magnitude.
pub(crate) fn fixed(field: &str, value: &Decimal, fraction: u8, bits: u8) -> Result<i128, FormError> {
    let found = value.to_fixed(fraction).filter(|v| v.unsigned_abs() < 1 << bits);
    found.ok_or_else(|| FormError::Range {
        field: field.into(),
        value: value.clone(),
        bound: format!("below 2^{} there", bits - fraction),
    })
}

/// As many fraction bits, by eights up to 48, as leave the largest inference four times as much room as it takes.
fn value_fraction(epoch: &Epoch) -> u8 {
    let largest = epoch.inferers.iter().map(|inferer| inferer.inference.to_f64().abs()).fold(0.0, f64::max);
    let fits = |fraction: &u8| largest < 2f64.powi(i32::from(VALUE_BITS - 2 - fraction));
    (0..=6).rev().map(|k| 8 * k).find(fits).unwrap_or(0)
}
