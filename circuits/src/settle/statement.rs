//! A settlement as integers, and what they become.

use super::form::{Form, STAKE_BITS, read};
use super::program::REPUTERS;
use crate::epoch::{ByWorker, Decimal, NAIVE, NETWORK, RegretScale, SHOWN_DIGITS, Settled, Settlement};
use crate::lanes::LIMBS;
use crate::synthesis::{FormError, LOSS_BITS, LOSS_FRACTION, SynthesisError, absent, loss, row_log};
use crate::{CompileError, Inference, Model, Relation};

/// A circuit for the settlements of a form.
#[derive(Clone, Debug)]
pub struct Settle {
    /// What it is made for.
    pub form: Form,
    /// The circuit as a model, whose inputs are integers.
    pub model: Model,
}

impl Settle {
    /// Makes the circuit of a form.
    ///
    /// # Errors
    /// [`CompileError`] when it is beyond the limits of a key.
    pub fn new(form: Form) -> Result<Self, CompileError> {
        let circuits = LIMBS.map(|limb| form.circuit(limb)).to_vec();
        let model = Model::of_circuits("settlement", circuits, row_log(form.shape()))?;
        Ok(Self { form, model })
    }

    /// The losses and regrets of a settlement, as a proof would say them.
    ///
    /// # Errors
    /// [`SynthesisError`].
    pub fn outcome(&self, settlement: &Settlement) -> Result<Settled, SynthesisError> {
        let tensors = self.model.evaluate(&self.inputs(settlement)?.concat())?;
        Ok(self.form.outcome(settlement, &tensors))
    }

    /// The same, with the statement's tensors and the witness.
    ///
    /// # Errors
    /// [`SynthesisError`].
    pub fn run(
        &self,
        relation: &Relation,
        settlement: &Settlement,
    ) -> Result<(Settled, Inference), SynthesisError> {
        let inference = self.model.run_integers(relation, &self.inputs(settlement)?.concat())?;
        Ok((self.form.outcome(settlement, &inference.tensors), inference))
    }

    /// A run in which a liar changes numbers as they are found, by their names and in all lanes: what it gives has no proof,
    /// and tests see to that.
    ///
    /// # Errors
    /// [`SynthesisError`].
    pub fn lie(
        &self,
        relation: &Relation,
        settlement: &Settlement,
        liar: &mut dyn FnMut(&str, &mut [i128]),
    ) -> Result<Inference, SynthesisError> {
        Ok(self.model.run_as(relation, &self.inputs(settlement)?.concat(), liar)?)
    }

    /// What a statement says of a settlement that its inputs are of: `tensors` are those of the statement in their order.
    /// Without the state after, which is committed, there are losses alone.
    #[must_use]
    pub fn outcome_of(&self, settlement: &Settlement, tensors: &[Vec<i128>]) -> Settled {
        self.form.outcome(settlement, tensors)
    }

    /// The integers of the statement's input tensors, in their order: stakes, reports, state.
    ///
    /// # Errors
    /// [`SynthesisError::Form`].
    pub fn inputs(&self, settlement: &Settlement) -> Result<Vec<Vec<i128>>, SynthesisError> {
        self.form.check(settlement)?;
        let (reports, state) = (self.form.reports(settlement)?, self.form.state(settlement)?);
        Ok(vec![self.form.stakes(settlement), reports, state])
    }
}

impl Form {
    /// The column of each worker.
    pub(super) fn columns_of(&self, settlement: &Settlement) -> Vec<(usize, String)> {
        let (inferers, forecasters) = settlement.workers();
        let forecasters = forecasters.into_iter().enumerate().map(|(k, worker)| (self.inferers + k, worker));
        inferers.into_iter().enumerate().chain(forecasters).collect()
    }

    /// Stakes by reputer, scaled by a power of two, then a one for each experienced worker.
    fn stakes(&self, settlement: &Settlement) -> Vec<i128> {
        let columns = 1usize << self.columns();
        let mut out = vec![0; columns + self.inferers + self.forecasters];
        let stakes: Vec<&Decimal> = settlement.reports.iter().map(|report| &report.stake).collect();
        for (slot, stake) in out.iter_mut().zip(scaled(&stakes)) {
            *slot = stake;
        }
        for (column, worker) in self.columns_of(settlement) {
            out[columns + column] = settlement.experienced.contains(&worker).into();
        }
        out
    }

    /// A row of losses for each reputer, by worker, then the network's by reputer, and the naive network's; then as many
    /// rows for each other group.
    fn reports(&self, settlement: &Settlement) -> Result<Vec<i128>, FormError> {
        let workers = self.columns_of(settlement);
        let mut rows = self.no_reports();
        for (m, report) in settlement.reports.iter().enumerate() {
            for (of, value) in report.losses.iter() {
                let v = loss(&format!("the loss of {of:?} that {:?} reports", report.reputer), value)?;
                match of {
                    NETWORK => rows[Self::NETWORKS[0]][m] = v,
                    NAIVE => rows[Self::NETWORKS[1]][m] = v,
                    _ => {
                        if let Some((column, _)) = workers.iter().find(|(_, worker)| worker == of) {
                            rows[m][*column] = v;
                        }
                    }
                }
            }
        }
        let others = self.one_out_reports(settlement)?;
        Ok([rows, others].concat().concat())
    }

    /// The rows of reports of a group of which nobody reports anything.
    pub(super) fn no_reports(&self) -> Vec<Vec<i128>> {
        let none = i128::from(absent(LOSS_BITS));
        let mut rows = vec![vec![0; 1 << self.columns()]; REPUTERS + 2];
        for row in rows.iter_mut().take(REPUTERS) {
            row[..self.inferers + self.forecasters].fill(none);
        }
        for row in Self::NETWORKS {
            rows[row][..REPUTERS].fill(none);
        }
        rows
    }

    /// The regrets of all workers, then the naive ones, the network's loss, the initial regret and the scale; then two such
    /// rows for each other group.
    fn state(&self, settlement: &Settlement) -> Result<Vec<i128>, FormError> {
        let columns = 1usize << self.columns();
        let mut out = vec![i128::from(absent(LOSS_BITS)); self.state_len()];
        self.one_out_regrets(settlement, &mut out[2 * columns..])?;
        let mut put = |at: usize, field: &str, value: Option<&Decimal>| -> Result<(), FormError> {
            if let Some(value) = value {
                out[at] = loss(field, value)?;
            }
            Ok(())
        };
        for (column, worker) in self.columns_of(settlement) {
            put(column, &format!("the regret of {worker:?}"), settlement.regrets.get(&worker))?;
            if column < self.inferers {
                let naive = settlement.naive_regrets.as_ref().and_then(|regrets| regrets.get(&worker));
                put(columns + column, &format!("the naive regret of {worker:?}"), naive)?;
            }
        }
        let previous = settlement.previous_network_loss.as_ref();
        put(columns + self.inferers, "previous_network_loss", previous)?;
        put(columns + self.inferers + 1, "initial_regret", settlement.initial_regret.as_ref())?;
        if let RegretScale::Stored(scale) = &settlement.params.regret_scale {
            put(columns + self.inferers + 2, "regret_scale", Some(scale))?;
        }
        Ok(out)
    }

    /// What the tensors of a statement say of a settlement.
    fn outcome(&self, settlement: &Settlement, tensors: &[Vec<i128>]) -> Settled {
        let columns = 1usize << self.columns();
        let at = |tensor: usize, i: usize| tensors.get(tensor)?.get(i).copied();
        let of_loss =
            |i: usize| Decimal::from_fixed(at(3, i).unwrap_or_default(), LOSS_FRACTION).rounded(SHOWN_DIGITS);
        let workers = self.columns_of(settlement);
        let column =
            |worker: &str| workers.iter().find(|(_, known)| known == worker).map(|(column, _)| *column);
        let mut losses = ByWorker::default();
        for worker in settlement.reported() {
            let at = match worker {
                NETWORK => Some(self.heads()[0]),
                NAIVE => Some(self.heads()[1]),
                _ => column(worker),
            };
            // Keys differ.
            let _ = at.map(|at| losses.push(worker.to_owned(), of_loss(at)));
        }
        let after = |known: &ByWorker, first: usize| {
            let mut out = ByWorker::default();
            for (worker, _) in known.iter() {
                let value = column(worker).and_then(|column| read(at(4, first + column)?));
                let _ = value.map(|value| out.push(worker.to_owned(), value));
            }
            out
        };
        let (one_outs, one_out_values) = self.one_outs_after(settlement, &at);
        let scalar = |k: usize| at(4, columns + self.inferers + k).and_then(read);
        Settled {
            topic_id: settlement.topic_id,
            nonce: settlement.nonce,
            losses,
            regrets: after(&settlement.regrets, 0),
            naive_regrets: settlement.naive_regrets.as_ref().map(|known| after(known, columns)),
            initial_regret: if settlement.experienced.is_empty() { None } else { scalar(1) },
            regret_scale: self.scale.and_then(|_| scalar(2)),
            one_outs,
            one_out_values,
        }
    }
}

/// Numbers times a power of two that gives the largest all bits of a stake.
fn scaled(stakes: &[&Decimal]) -> Vec<i128> {
    let at =
        |fraction: u8| -> Option<Vec<i128>> { stakes.iter().map(|stake| stake.to_fixed(fraction)).collect() };
    let exact = (0..=60).rev().find_map(at).unwrap_or_default();
    let bits = 128 - exact.iter().copied().max().unwrap_or_default().leading_zeros();
    let shift = bits.saturating_sub(u32::from(STAKE_BITS) - 1);
    exact.into_iter().map(|v| if shift == 0 { v } else { (v + (1 << (shift - 1))) >> shift }).collect()
}
