//! The circuits that a key may be of.

use super::{Form, Settle};
use crate::Relation;
use crate::epoch::{MAX_FORECASTERS, MAX_INFERERS, Settlement};
use crate::synthesis::SynthesisError;
use sumcast_verifier::vk::Program;

impl Settle {
    /// The circuits of a settlement that a key may be of, with their relations: how much room there is is the key's, the
    /// rest the settlement's. A key is of one of them only if its fixed rows are, too: those have what is computed, and the
    /// program little more than how much of it.
    ///
    /// # Errors
    /// [`SynthesisError`] where the settlement has no circuit.
    pub fn of_program(
        settlement: &Settlement,
        program: &Program,
    ) -> Result<Vec<(Self, Relation)>, SynthesisError> {
        let own = Form::of(settlement)?;
        let mut found = vec![];
        for forecasters in own.forecasters..=MAX_FORECASTERS {
            // Forecasters that are not told apart are inferers.
            let room = own.inferers..=MAX_INFERERS + MAX_FORECASTERS;
            for (inferers, one_outs) in room.flat_map(|room| [(room, false), (room, true)]) {
                let form = Form { inferers, forecasters, one_outs, ..own.clone() };
                let columns = 1 << form.columns();
                let lens = program.tensors.iter().map(|spec| spec.len as usize);
                if !lens.take(3).step_by(2).eq([columns + inferers + forecasters, form.state_len()]) {
                    continue;
                }
                let settle = Self::new(form)?;
                let relation = settle.model.lower()?;
                if relation.program == *program {
                    found.push((settle, relation));
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keys_circuit_is_found_again() {
        let read = |bytes: &[u8]| Settlement::from_json(bytes).unwrap();
        let settlement = read(include_bytes!("../../tests/epochs/settle_5x3_4_naive.json"));
        let large = read(include_bytes!("../../tests/epochs/settle_32x6_6_naive_gaps.json"));
        for (settlement, room) in
            [(&settlement, (0, 0)), (&settlement, (7, 4)), (&settlement, (32, 6)), (&large, (0, 0))]
        {
            let form = Form::of(settlement).unwrap().with_room(room.0, room.1);
            let form = if room == (7, 4) { form.with_one_outs() } else { form };
            let settle = Settle::new(form.clone()).unwrap();
            let relation = settle.model.lower().unwrap();
            let found = Settle::of_program(settlement, &relation.program).unwrap();
            let found: Vec<_> = found.iter().filter(|(_, again)| again.fixed == relation.fixed).collect();
            assert_eq!((found.len(), &found[0].0.form), (1, &form));
        }
        let mut program = Settle::new(Form::of(&settlement).unwrap()).unwrap().model.lower().unwrap().program;
        program.tensors.truncate(1);
        assert!(Settle::of_program(&settlement, &program).unwrap().is_empty());
    }
}
