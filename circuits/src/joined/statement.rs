//! Inputs of models and an epoch as integers, and what they become.

use super::{JoinError, Joined};
use crate::epoch::{Decimal, Epoch, Outcome};
use crate::{Inference, Relation};

impl Joined {
    /// The network inference of an epoch, with the statement's tensors and the witness. `inputs` are of the models, by
    /// inferer.
    ///
    /// # Errors
    /// [`JoinError`]; an inference of the epoch that is not its model's is refused.
    pub fn run(
        &self,
        relation: &Relation,
        epoch: &Epoch,
        inputs: &[Vec<f64>],
    ) -> Result<(Outcome, Inference), JoinError> {
        let inference = self.model.run_integers(relation, &self.integers(epoch, inputs)?.concat())?;
        Ok((self.checked(epoch, &inference.tensors)?, inference))
    }

    /// The network inference of an epoch, as a proof would say it.
    ///
    /// # Errors
    /// As [`Joined::run`].
    pub fn outcome(&self, epoch: &Epoch, inputs: &[Vec<f64>]) -> Result<Outcome, JoinError> {
        self.checked(epoch, &self.model.evaluate(&self.integers(epoch, inputs)?.concat())?)
    }

    /// What the tensors of a run say, if its models infer what the epoch has.
    fn checked(&self, epoch: &Epoch, tensors: &[Vec<i128>]) -> Result<Outcome, JoinError> {
        let mut at = self.given();
        for member in &self.members {
            let (inferer, fraction) = (&epoch.inferers[member.inferer], member.inference().fraction);
            let value = tensors[at].first().copied().unwrap_or_default();
            if inferer.inference.to_fixed(fraction) != Some(value) {
                return Err(JoinError::Inference {
                    address: inferer.address.clone(),
                    found: inferer.inference.clone(),
                    model: Decimal::from_fixed(value, fraction),
                });
            }
            at += member.model.output_names().len();
        }
        Ok(self.outcome_of(epoch, tensors))
    }

    /// A run in which the synthesis takes what the models say of other inputs: what it gives has no proof, and tests see to
    /// that.
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn lie(
        &self,
        relation: &Relation,
        epoch: &Epoch,
        [inputs, others]: [&[Vec<f64>]; 2],
    ) -> Result<Inference, JoinError> {
        let [own, others] = [self.integers(epoch, inputs)?, self.integers(epoch, others)?];
        Ok(self.model.run_mixed(relation, &own.concat(), &others.concat(), self.models)?)
    }

    /// The integers of the statement's input tensors, in their order: the models' inputs, the inferences of those who have no
    /// model, forecasts, state.
    ///
    /// # Errors
    /// [`JoinError`].
    fn integers(&self, epoch: &Epoch, inputs: &[Vec<f64>]) -> Result<Vec<Vec<i128>>, JoinError> {
        let (found, expected) = (inputs.len(), self.members.len());
        if found != expected {
            return Err(JoinError::Inputs { found, expected });
        }
        let mut integers = Vec::with_capacity(self.given());
        for (member, input) in self.members.iter().zip(inputs) {
            integers.push(member.model.integers(input)?);
        }
        integers.extend(self.inputs(epoch)?.split_off(expected));
        Ok(integers)
    }

    /// What an epoch says of the statement's input tensors, in their order: nothing of the models' inputs.
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn inputs(&self, epoch: &Epoch) -> Result<Vec<Vec<i128>>, JoinError> {
        if epoch.inferers.len() <= self.members.iter().map(|member| member.inferer).max().unwrap_or(0) {
            return Err(JoinError::Inferer(epoch.inferers.len()));
        }
        let mut inputs = vec![vec![]; self.members.len()];
        let [inferences, forecasts, state] = self.form.inputs(epoch)?;
        let others = inferences.into_iter().enumerate().filter(|(j, _)| !self.has_model(*j));
        inputs.extend(others.map(|(_, v)| vec![v]));
        inputs.extend([forecasts, state]);
        Ok(inputs)
    }

    /// Whether an inferer has a model.
    fn has_model(&self, inferer: usize) -> bool {
        self.members.iter().any(|member| member.inferer == inferer)
    }

    /// Inputs of the statement.
    fn given(&self) -> usize {
        self.form.inferers + 2
    }

    /// What a statement says of an epoch that its inputs are of: `tensors` are those of the statement in their order, and
    /// of a committed one nothing is read.
    #[must_use]
    pub fn outcome_of(&self, epoch: &Epoch, tensors: &[Vec<i128>]) -> Outcome {
        let of_models: usize = self.members.iter().map(|member| member.model.output_names().len()).sum();
        // Those of a synthesis by itself: three inputs, then what goes out.
        let given = std::iter::repeat_n(vec![], 3);
        let tensors: Vec<_> = given.chain(tensors.iter().skip(self.given() + of_models).cloned()).collect();
        self.form.outcome(epoch, &tensors)
    }

    /// What an integer of an input tensor is, of an epoch of this form: `the inference of "a"`. Tensors are numbered as in
    /// [`Joined::inputs`].
    #[must_use]
    pub fn input_name(&self, epoch: &Epoch, tensor: usize, position: usize) -> String {
        let Some(tensor) = tensor.checked_sub(self.members.len()) else {
            let whose = epoch.inferers.get(self.members[tensor].inferer);
            return format!("number {position} of the input of {:?}", whose.map_or("", |i| &i.address));
        };
        let others: Vec<usize> = (0..self.form.inferers).filter(|j| !self.has_model(*j)).collect();
        match others.get(tensor) {
            Some(inferer) => self.form.input_name(epoch, 0, *inferer),
            None => self.form.input_name(epoch, tensor - others.len() + 1, position),
        }
    }
}
