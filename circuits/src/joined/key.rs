//! The circuits that a key may be of.

use super::{JoinError, Joined, Member};
use crate::Relation;
use crate::epoch::{Epoch, MAX_FORECASTERS, MAX_INFERERS};
use crate::synthesis::{Form, MAX_FRACTION};
use sumcast_verifier::vk::{Program, Role};

impl Joined {
    /// The circuits of models and an epoch's synthesis that a key may be of, with their relations: how much room there is is
    /// the key's, the rest the epoch's. A key is of one of them only if its fixed rows are, too.
    ///
    /// # Errors
    /// [`JoinError`] where they have no circuit.
    pub fn of_program(
        epoch: &Epoch,
        members: &[Member],
        program: &Program,
    ) -> Result<Vec<(Self, Relation)>, JoinError> {
        let own = Form::of(epoch)?;
        // An input for each inferer, its own or its model's, the forecasts and the state.
        let inputs = program.tensors.iter().take_while(|spec| spec.role == Role::Input).count();
        let inferers = inputs.saturating_sub(2);
        if !(own.inferers..=MAX_INFERERS).contains(&inferers) {
            return Ok(vec![]);
        }
        let outputs: usize = members.iter().map(|member| member.model.output_names().len()).sum();
        let network = program.tensors.get(inputs + outputs).filter(|spec| spec.fraction <= MAX_FRACTION);
        let Some(network) = network else { return Ok(vec![]) };
        let mut found = vec![];
        for forecasters in own.forecasters..=MAX_FORECASTERS {
            let mut form = own.clone().with_room(inferers, forecasters);
            form.value_fraction = network.fraction;
            let joined = match Self::new(form, members.to_vec()) {
                // These models do not have outputs of the key's.
                Err(JoinError::Bits(_)) => continue,
                joined => joined?,
            };
            let relation = joined.model.lower()?;
            if relation.program == *program {
                found.push((joined, relation));
            }
        }
        Ok(found)
    }
}
