//! Settlements that go on from a state which another settlement has left.

use crate::epoch::{Settled, Settlement};
use crate::settle::Settle;
use crate::synthesis::{LOSS_BITS, SynthesisError, absent};
use crate::{Inference, Relation};

/// The state among the tensors of a statement.
const STATE: usize = 2;

impl Settle {
    /// As [`Settle::run`], on a state that was left: its integers are `left`, as many as the statement has. A settlement does
    /// not say all of them, the network's last loss for one, and takes those from there, so that its state has the
    /// commitment of that which was left. Where both say a number, the settlement's goes in.
    ///
    /// # Errors
    /// [`SynthesisError`].
    pub fn run_from(
        &self,
        relation: &Relation,
        settlement: &Settlement,
        left: &[i128],
    ) -> Result<(Settled, Inference), SynthesisError> {
        let mut inputs = self.inputs(settlement)?;
        let absent = i128::from(absent(LOSS_BITS));
        for (number, left) in inputs.iter_mut().skip(STATE).take(1).flatten().zip(left) {
            if *number == absent {
                *number = *left;
            }
        }
        let inference = self.model.run_integers(relation, &inputs.concat())?;
        Ok((self.outcome_of(settlement, &inference.tensors), inference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settle::Form;

    #[test]
    fn a_state_that_was_left_is_taken_whole() {
        let settlement = include_bytes!("../tests/epochs/settle_5x3_4_naive.json");
        let mut settlement = Settlement::from_json(settlement).unwrap();
        let naive = settlement.naive_regrets.clone().unwrap();
        let workers = settlement.regrets.iter().map(|(worker, _)| worker.to_owned());
        settlement.forecasters = workers.filter(|worker| naive.get(worker).is_none()).collect();
        let settle = Settle::new(Form::of(&settlement).unwrap()).unwrap();
        let relation = settle.model.lower().unwrap();
        let (settled, first) = settle.run(&relation, &settlement).unwrap();
        let left = &first.tensors[4];
        assert_ne!(&first.tensors[STATE], left);

        (settlement.regrets, settlement.naive_regrets) = (settled.regrets, settled.naive_regrets);
        let (alone, next) = settle.run(&relation, &settlement).unwrap();
        let loss = next.tensors[STATE].iter().zip(left).filter(|(said, left)| said != left).count();
        assert_eq!(loss, 1, "the network's loss, which a settlement does not say");
        let (settled, next) = settle.run_from(&relation, &settlement, left).unwrap();
        assert_eq!((&next.tensors[STATE], settled), (left, alone));

        // What the settlement says stays as it says it.
        let other: Vec<i128> = left.iter().map(|v| v + 1).collect();
        let (_, inference) = settle.run_from(&relation, &settlement, &other).unwrap();
        let taken = inference.tensors[STATE].iter().zip(left).filter(|(taken, left)| taken != left).count();
        assert!(taken < left.len() / 2, "{taken}");
    }
}
