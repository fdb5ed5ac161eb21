//! What a settlement circuit is made for.

use super::program::{self, AFTER, ALPHA, BEFORE, LOSSES, NAIVE, NETWORK, ONE_OUTS, REPORTS, STAKES};
use crate::circuit::Circuit;
use crate::epoch::{Decimal, Params, RegretScale, Settlement, WeightFunction};
use crate::lanes::{ARGUMENT, Lane, Shape, Stated, circuit};
use crate::synthesis::{FormError, Groups, LOSS_BITS, LOSS_FRACTION, Scale, columns, fits, fixed};

/// Bits of stakes, which are scaled to them.
pub(super) const STAKE_BITS: u8 = 46;

/// What a settlement circuit is made for: most workers, and the topic's parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Most inferers.
    pub inferers: usize,
    /// Most forecasters.
    pub forecasters: usize,
    /// Whether there are the networks without a worker, too, and those of inferers and one forecaster.
    pub one_outs: bool,
    /// How the regret scale is found, of a topic that stores it: never [`Scale::Stored`].
    pub scale: Option<Scale>,
    /// The share of the latest loss in a regret, with [`ALPHA`] fraction bits.
    pub(super) alpha: i64,
    /// `c - 8.25 / p`, with the fraction of arguments.
    pub(super) below: i64,
    /// With the fraction of losses.
    pub(super) epsilon: i64,
}

impl Form {
    /// The form of a settlement, with room for just its workers.
    ///
    /// # Errors
    /// [`FormError::Range`] for a parameter that is beyond what a circuit holds.
    pub fn of(settlement: &Settlement) -> Result<Self, FormError> {
        let Params { alpha_regret, p_norm, c_norm, epsilon, .. } = &settlement.params;
        let (inferers, forecasters) = settlement.workers();
        let p = fixed("p_norm", p_norm, ARGUMENT, 43)?;
        if p == 0 {
            let bound = format!("of 2^-{ARGUMENT} and above there");
            return Err(FormError::Range { field: "p_norm".into(), value: p_norm.clone(), bound });
        }
        let c = fixed("c_norm", c_norm, ARGUMENT, 46)?;
        // 8.25 is 33 / 4.
        let below = c - ((33i128 << (2 * ARGUMENT - 2)) / p);
        let scale = match settlement.params.regret_scale {
            RegretScale::Stored(_) => Some(match settlement.params.weight_function {
                WeightFunction::Gradient => Scale::Std,
                WeightFunction::Exp1DivExp1 => Scale::Mad,
            }),
            RegretScale::Std | RegretScale::Mad => None,
        };
        Ok(Self {
            inferers: inferers.len(),
            forecasters: forecasters.len(),
            one_outs: false,
            scale,
            alpha: fixed("alpha_regret", alpha_regret, ALPHA, ALPHA + 1)? as i64,
            below: i64::try_from(below).map_err(|_| FormError::Range {
                field: "p_norm".into(),
                value: p_norm.clone(),
                bound: "above 2^-16 there".into(),
            })?,
            epsilon: fixed("epsilon", epsilon, LOSS_FRACTION, LOSS_BITS)? as i64,
        })
    }

    /// The same with room for more workers.
    #[must_use]
    pub fn with_room(self, inferers: usize, forecasters: usize) -> Self {
        let (inferers, forecasters) = (self.inferers.max(inferers), self.forecasters.max(forecasters));
        Self { inferers, forecasters, ..self }
    }

    /// The same with one-out and one-in losses and regrets.
    #[must_use]
    pub fn with_one_outs(self) -> Self {
        Self { one_outs: true, ..self }
    }

    /// That a settlement is of this form.
    ///
    /// # Errors
    /// [`FormError`].
    pub(super) fn check(&self, settlement: &Settlement) -> Result<(), FormError> {
        let own = Self::of(settlement)?;
        let same = [
            ("regret_scale", own.scale == self.scale),
            ("alpha_regret", own.alpha == self.alpha),
            ("p_norm or c_norm", own.below == self.below),
            ("epsilon", own.epsilon == self.epsilon),
        ];
        let (found, room) = ([own.inferers, own.forecasters], [self.inferers, self.forecasters]);
        fits(found, room, &same)
    }

    /// Log2 of the columns, those of a synthesis with as many workers.
    pub(super) fn columns(&self) -> u8 {
        columns(self.inferers, self.forecasters)
    }

    /// Its lanes.
    pub(super) fn shape(&self) -> Shape {
        Shape { groups: self.groups().log(), rows: program::ROWS, columns: self.columns() }
    }

    /// The networks it is of.
    pub(super) fn groups(&self) -> Groups {
        Groups::new(self.inferers, self.forecasters, self.one_outs)
    }

    /// How many numbers a state has: two rows for each group.
    pub(super) fn state_len(&self) -> usize {
        2 << (self.shape().columns + self.shape().groups)
    }

    /// The circuit, of limbs of so many bits.
    pub(super) fn circuit(&self, limb: u8) -> Circuit {
        let columns = 1usize << self.columns();
        let workers = self.inferers + self.forecasters;
        let of = |name, len, bits, fraction, (slot, row): (usize, usize)| Stated {
            name,
            len,
            bits,
            fraction,
            at: self.shape().spot(slot, Lane::first(row, 0)),
        };
        let losses = LOSS_FRACTION;
        let state = |name, slot| Stated {
            at: self.shape().parts(slot, Lane::first(NETWORK, 0)),
            ..of(name, self.state_len(), LOSS_BITS, losses, (slot, NETWORK))
        };
        let (out, forecasters) = (self.inferers + self.groups().forecasters_out(), self.forecasters.max(1));
        let inputs = [
            of("stakes", columns + workers, STAKE_BITS, 0, (STAKES, NETWORK)),
            of("reports", 1 << self.shape().lanes(), LOSS_BITS, losses, (REPORTS, 0)),
            state("state", BEFORE),
        ];
        let outputs = [
            of("losses", columns + 2, LOSS_BITS, losses, (LOSSES, 0)),
            state("next_state", AFTER),
            of("one_out_losses", out, LOSS_BITS, losses, (ONE_OUTS, NETWORK)),
            of("one_in_losses", forecasters, LOSS_BITS, losses, (ONE_OUTS, NAIVE)),
            of("one_out_forecaster_losses", forecasters * columns, LOSS_BITS, losses, (ONE_OUTS, 0)),
        ];
        let outputs = if self.one_outs { &outputs[..] } else { &outputs[..2] };
        // The state, before and after.
        circuit(program::program(self), limb, &inputs, outputs, &[2, 4])
    }

    /// Where a worker's own loss lies in the losses, and that of the networks.
    pub(super) fn heads(&self) -> [usize; 2] {
        let columns = 1usize << self.columns();
        [columns, columns + 1]
    }

    /// Rows of the networks' losses in the reports.
    pub(super) const NETWORKS: [usize; 2] = [NETWORK, NAIVE];
}

impl Settlement {
    /// Its workers in the order of a state: inferers, then forecasters.
    #[must_use]
    pub fn workers(&self) -> (Vec<String>, Vec<String>) {
        let with_regret = self.regrets.iter().map(|(worker, _)| worker);
        let reported =
            self.reported().into_iter().filter(|w| ![crate::epoch::NETWORK, crate::epoch::NAIVE].contains(w));
        let mut all: Vec<String> = with_regret.chain(reported).map(str::to_owned).collect();
        all.sort();
        all.dedup();
        all.into_iter().partition(|worker| !self.forecasters.contains(worker))
    }
}

/// Decimals of a state: nothing for what is absent.
pub(super) fn read(v: i128) -> Option<Decimal> {
    let absent = i128::from(crate::synthesis::absent(LOSS_BITS));
    (v != absent).then(|| Decimal::from_fixed(v, LOSS_FRACTION).rounded(crate::epoch::SHOWN_DIGITS))
}
