//! An epoch as integers, and what they become.

use super::form::fixed;
use super::places::{PERCENTILES, Places, row_log};
use super::{Form, FormError, LOSS_BITS, LOSS_FRACTION, Phase, VALUE_BITS, WEIGHT_FRACTION, absent};
use crate::epoch::{
    ByWorker, Case, Confidence, Decimal, Epoch, OneOutInferences, Outcome, RegretScale, SHOWN_DIGITS,
};
use crate::execute::RunError;
use crate::lanes::LIMBS;
use crate::{CompileError, Inference, Model, Relation};
use thiserror::Error;

/// Why an epoch has no proof.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SynthesisError {
    /// It is not of the form, or beyond what one holds.
    #[error(transparent)]
    Form(#[from] FormError),
    /// A number in between is beyond what a circuit holds.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Its circuit is beyond the limits of a key.
    #[error(transparent)]
    Compile(#[from] CompileError),
}

/// A circuit for the epochs of a form.
#[derive(Clone, Debug)]
pub struct Synthesis {
    /// What it is made for.
    pub form: Form,
    /// The circuit as a model, whose inputs are integers.
    pub model: Model,
}

impl Synthesis {
    /// Makes the circuit of a form.
    ///
    /// # Errors
    /// [`CompileError`] when it is beyond the limits of a key.
    pub fn new(form: Form) -> Result<Self, CompileError> {
        let circuits = LIMBS.map(|limb| form.circuit(limb)).to_vec();
        let model = Model::of_circuits("synthesis", circuits, form.row_log())?;
        Ok(Self { form, model })
    }

    /// The network inference of an epoch, as a proof would say it.
    ///
    /// # Errors
    /// [`SynthesisError`].
    pub fn outcome(&self, epoch: &Epoch) -> Result<Outcome, SynthesisError> {
        let tensors = self.model.evaluate(&self.inputs(epoch)?.concat())?;
        Ok(self.form.outcome(epoch, &tensors))
    }

    /// The same, with the statement's tensors and the witness.
    ///
    /// # Errors
    /// [`SynthesisError`].
    pub fn run(&self, relation: &Relation, epoch: &Epoch) -> Result<(Outcome, Inference), SynthesisError> {
        let inference = self.model.run_integers(relation, &self.inputs(epoch)?.concat())?;
        Ok((self.form.outcome(epoch, &inference.tensors), inference))
    }

    /// A run in which a liar changes numbers as they are found, by their names and in all lanes: what it gives has no proof,
    /// and tests see to that.
    ///
    /// # Errors
    /// [`SynthesisError`].
    pub fn lie(
        &self,
        relation: &Relation,
        epoch: &Epoch,
        liar: &mut dyn FnMut(&str, &mut [i128]),
    ) -> Result<Inference, SynthesisError> {
        Ok(self.model.run_as(relation, &self.inputs(epoch)?.concat(), liar)?)
    }

    /// What a statement says of an epoch that its inputs are of: `tensors` are those of the statement in their order, and
    /// of a committed one nothing is read.
    #[must_use]
    pub fn outcome_of(&self, epoch: &Epoch, tensors: &[Vec<i128>]) -> Outcome {
        self.form.outcome(epoch, tensors)
    }

    /// The integers of the statement's input tensors, in their order: inferences, forecasts, state.
    ///
    /// # Errors
    /// [`SynthesisError::Form`].
    pub fn inputs(&self, epoch: &Epoch) -> Result<Vec<Vec<i128>>, SynthesisError> {
        Ok(self.form.inputs(epoch)?.to_vec())
    }
}

impl Form {
    /// Log2 of the rows of its key.
    pub(crate) fn row_log(&self) -> u8 {
        row_log(Places::of(self).shape)
    }

    /// The integers of inferences, forecasts and state.
    pub(crate) fn inputs(&self, epoch: &Epoch) -> Result<[Vec<i128>; 3], FormError> {
        self.check(epoch)?;
        Ok([self.inferences(epoch)?, self.forecasts(epoch)?, self.state(epoch)?])
    }

    fn inferences(&self, epoch: &Epoch) -> Result<Vec<i128>, FormError> {
        let mut out = vec![absent(VALUE_BITS).into(); self.inferers];
        for (slot, inferer) in out.iter_mut().zip(&epoch.inferers) {
            let field = format!("the inference of {:?}", inferer.address);
            *slot = fixed(&field, &inferer.inference, self.value_fraction, VALUE_BITS)?;
        }
        Ok(out)
    }

    /// A row of losses for each forecaster, by inferer.
    fn forecasts(&self, epoch: &Epoch) -> Result<Vec<i128>, FormError> {
        let columns = 1usize << Places::of(self).shape.columns;
        let mut out = vec![0; self.forecasters.max(1) * columns];
        for row in out.chunks_mut(columns).take(self.forecasters) {
            row[..self.inferers].fill(absent(LOSS_BITS).into());
        }
        for (row, forecaster) in out.chunks_mut(columns).zip(&epoch.forecasters) {
            for forecast in &forecaster.forecasts {
                let Some(column) = epoch.inferers.iter().position(|i| i.address == forecast.inferer) else {
                    continue;
                };
                let field =
                    format!("the loss of {:?} that {:?} forecasts", forecast.inferer, forecaster.address);
                row[column] = loss(&field, &forecast.loss)?;
            }
        }
        Ok(out)
    }

    /// The regrets of all workers, then the naive ones, the network's loss, the initial regret and the scale; then two such
    /// rows for each other group.
    fn state(&self, epoch: &Epoch) -> Result<Vec<i128>, FormError> {
        let places = Places::of(self);
        let mut out = vec![absent(LOSS_BITS).into(); places.state()];
        let (first, others) = out.split_at_mut(2 << places.shape.columns);
        let (regrets, naive) = first.split_at_mut(1 << places.shape.columns);
        // What nobody asks for may be anything that can be divided: a zero.
        let open = |regret: &Option<Decimal>, needed: bool| {
            regret.clone().or_else(|| (!needed && epoch.initial_regret.is_none()).then(Decimal::zero))
        };
        let several = matches!(epoch.case(), Case::AllNew | Case::Weighted);
        for (j, inferer) in epoch.inferers.iter().enumerate() {
            let of = |what: &str| format!("the {what} of {:?}", inferer.address);
            put(&mut regrets[j], &of("regret"), open(&inferer.regret, several))?;
            let needed = several && epoch.has_naive();
            put(&mut naive[j], &of("naive regret"), open(&inferer.naive_regret, needed))?;
        }
        for (j, forecaster) in epoch.forecasters.iter().enumerate() {
            let field = format!("the regret of {:?}", forecaster.address);
            put(&mut regrets[self.inferers + j], &field, open(&forecaster.regret, several))?;
        }
        let scale = match &epoch.params.regret_scale {
            RegretScale::Stored(scale) => Some(scale.clone()),
            RegretScale::Std | RegretScale::Mad => None,
        };
        let scalars = &mut naive[places.scalars..];
        put(&mut scalars[0], "previous_network_loss", epoch.previous_network_loss.clone())?;
        put(&mut scalars[1], "initial_regret", epoch.initial_regret.clone())?;
        put(&mut scalars[2], "regret_scale", scale)?;
        self.one_out_regrets(epoch, others)?;
        Ok(out)
    }

    /// What the tensors of a statement say of an epoch.
    pub(crate) fn outcome(&self, epoch: &Epoch, tensors: &[Vec<i128>]) -> Outcome {
        let number = |tensor: usize, i: usize, fraction: u8| {
            let v = tensors.get(tensor).and_then(|tensor| tensor.get(i)).copied().unwrap_or_default();
            Decimal::from_fixed(v, fraction).rounded(SHOWN_DIGITS)
        };
        let value = |tensor: usize, i: usize| number(tensor, i, self.value_fraction);
        let mut outcome = Outcome {
            topic_id: epoch.topic_id,
            nonce: epoch.nonce,
            forecast_implied: None,
            weights: None,
            network_inference: value(3, 0),
            confidence: None,
            naive_inference: None,
            one_outs: OneOutInferences::default(),
        };
        if self.phase == Phase::First || epoch.case() == Case::Single {
            return outcome;
        }
        let keys = epoch.worker_keys();
        let (mut implied, mut weights) = (ByWorker::default(), ByWorker::default());
        let add = |to: &mut ByWorker, worker: &String, v: Decimal| {
            // Keys differ.
            let _ = to.push(worker.clone(), v);
        };
        let (inferers, forecasters) = keys.split_at(epoch.inferers.len());
        for (j, worker) in inferers.iter().enumerate() {
            add(&mut weights, worker, number(7, j, WEIGHT_FRACTION));
        }
        for (k, (worker, forecaster)) in forecasters.iter().zip(&epoch.forecasters).enumerate() {
            let infers = |address: &String| epoch.inferers.iter().any(|i| i.address == *address);
            if forecaster.forecasts.iter().any(|forecast| infers(&forecast.inferer)) {
                add(&mut implied, &forecaster.address, value(6, k));
                add(&mut weights, worker, number(7, self.inferers + k, WEIGHT_FRACTION));
            }
        }
        outcome.forecast_implied = Some(implied);
        outcome.weights = Some(weights);
        outcome.confidence = Some(Confidence {
            percentiles: PERCENTILES.iter().map(|q| percent(*q)).collect(),
            values: (0..PERCENTILES.len()).map(|q| value(4, q)).collect(),
        });
        outcome.naive_inference = epoch.has_naive().then(|| value(5, 0));
        if self.one_outs {
            outcome.one_outs = self.one_out_inferences(epoch, &value);
        }
        outcome
    }
}

/// A loss or a regret.
pub(crate) fn loss(field: &str, value: &Decimal) -> Result<i128, FormError> {
    fixed(field, value, LOSS_FRACTION, LOSS_BITS)
}

/// Puts a number where it is not absent.
pub(super) fn put(slot: &mut i128, field: &str, value: Option<Decimal>) -> Result<(), FormError> {
    if let Some(value) = value {
        *slot = loss(field, &value)?;
    }
    Ok(())
}

/// Hundredths of a percent, in percent.
fn percent(hundredths: i64) -> Decimal {
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.trim_end_matches(".00").parse().unwrap_or_else(|_| Decimal::zero())
}
