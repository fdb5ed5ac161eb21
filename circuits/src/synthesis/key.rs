//! The circuits that a key may be of.

use super::places::Places;
use super::{Form, LOSS_FRACTION, Synthesis, SynthesisError};
use crate::Relation;
use crate::epoch::{Epoch, MAX_FORECASTERS, MAX_INFERERS};
use sumcast_verifier::vk::Program;

/// Most fraction bits of inferences.
pub(crate) const MAX_FRACTION: u8 = LOSS_FRACTION + 4;

impl Synthesis {
    /// The syntheses of an epoch that a key may be of, with their relations: how much room there is and at what scale
    /// inferences are is the key's, the rest the epoch's. A key is of one of them only if its fixed rows are, too: those
    /// have what is computed, and the program little more than how much of it.
    ///
    /// # Errors
    /// [`SynthesisError`] where the epoch has no circuit.
    pub fn of_program(epoch: &Epoch, program: &Program) -> Result<Vec<(Self, Relation)>, SynthesisError> {
        let own = Form::of(epoch)?;
        let [inferences, forecasts, state, ..] = program.tensors.as_slice() else { return Ok(vec![]) };
        let (inferers, value_fraction) = (inferences.len as usize, inferences.fraction);
        if !(own.inferers..=MAX_INFERERS).contains(&inferers) || value_fraction > MAX_FRACTION {
            return Ok(vec![]);
        }
        let mut found = vec![];
        let room = own.forecasters..=MAX_FORECASTERS;
        for (forecasters, one_outs) in room.flat_map(|room| [(room, false), (room, true)]) {
            let form = Form { inferers, forecasters, value_fraction, one_outs, ..own.clone() };
            let places = Places::of(&form);
            let lens = [forecasters.max(1) << places.shape.columns, places.state()];
            if [forecasts, state].map(|tensor| tensor.len as usize) != lens {
                continue;
            }
            let synthesis = Self::new(form)?;
            let relation = synthesis.model.lower()?;
            if relation.program == *program {
                found.push((synthesis, relation));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(name: &str) -> Epoch {
        let path = format!("{}/tests/epochs/{name}.json", env!("CARGO_MANIFEST_DIR"));
        Epoch::from_json(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn a_keys_circuit_is_found_again() {
        for (name, room) in [
            ("case_no_loss_even", (6, 0)),
            ("case_all_new", (9, 3)),
            ("case_infers_and_forecasts", (0, 0)),
            ("size_2x0_exp1_stored", (2, 1)),
            ("one_out_5x3_exp1_mad", (0, 0)),
            ("one_out_two_inferers", (3, 2)),
        ] {
            let epoch = epoch(name);
            let form = Form::of(&epoch).unwrap().with_room(room.0, room.1);
            let form = if name.starts_with("one_out") { form.with_one_outs() } else { form };
            let form = Form { value_fraction: form.value_fraction - 8, ..form };
            let synthesis = Synthesis::new(form.clone()).unwrap();
            let relation = synthesis.model.lower().unwrap();
            let found = Synthesis::of_program(&epoch, &relation.program).unwrap();
            let found: Vec<_> = found.iter().filter(|(_, again)| again.fixed == relation.fixed).collect();
            assert_eq!(found[0].0.form, form, "{name}");
            assert_eq!(found.len(), 1, "{name}");
        }
    }

    #[test]
    fn a_key_of_something_else_has_none() {
        let five = epoch("size_5x3_exp1_mad");
        let program_of = |epoch: &Epoch| {
            let synthesis = Synthesis::new(Form::of(epoch).unwrap()).unwrap();
            synthesis.model.lower().unwrap().program
        };
        // Too little room, another phase.
        for other in ["size_2x0_exp1_mad", "case_no_loss_odd"] {
            assert!(Synthesis::of_program(&five, &program_of(&epoch(other))).unwrap().is_empty(), "{other}");
        }
        let mut program = program_of(&five);
        program.tensors.clear();
        assert!(Synthesis::of_program(&five, &program).unwrap().is_empty());
    }
}
