//! What attestors sign of a statement.

use crate::chain;
use crate::error::{Rejected, Result};
use anyhow::{anyhow, bail};
use serde::Serialize;
use std::fmt;
use sumcast_circuits::epoch::Decimal;
use sumcast_contracts::alloy_primitives::Address;
use sumcast_contracts::epoch::{forecasts_hash, next_state_hash, reports_hash};
use sumcast_verifier::Statement;
use sumcast_verifier::vk::TensorSpec;

/// What is attested, as far as the statement has it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Attested {
    Synthesis { members: Vec<Slot>, forecasts_hash: String },
    Settlement { reports_hash: String, state_hash: String },
}

/// A slot of a synthesis; one that is absent has neither a member nor an inference.
#[derive(Debug, Serialize)]
pub(super) struct Slot {
    member: Option<Address>,
    inference: Option<Decimal>,
}

impl Attested {
    /// Of a synthesis with these members, zero for an absent one: a slot of the statement is absent where its member is.
    pub(super) fn synthesis(
        statement: &Statement,
        specs: &[TensorSpec],
        members: &[Address],
    ) -> Result<Self> {
        let inferences = statement.tensors.first().and_then(|tensor| tensor.public());
        let Some((spec, inferences)) = specs.first().zip(inferences) else {
            bail!("the statement has no inferences: is it of a synthesis?");
        };
        if members.len() != inferences.len() {
            let error = anyhow!(
                "--members has {} and the statement {} slots: name the worker of each, and - for an absent one",
                members.len(),
                inferences.len()
            );
            return Err(error);
        }
        let absent = 1 - (1i128 << spec.bits.min(126));
        let slot = |(j, (member, value)): (usize, (&Address, &i128))| {
            let member = (!member.is_zero()).then_some(*member);
            let inference = (*value != absent).then(|| Decimal::from_fixed(*value, spec.fraction));
            match (&member, &inference) {
                (Some(member), None) => bail!(Rejected(format!(
                    "slot {j} has no inference in the statement, and {member} is named as its member: write - for it"
                ))),
                (None, Some(inference)) => bail!(Rejected(format!(
                    "slot {j} has the inference {inference} in the statement, and no member: name its worker"
                ))),
                _ => Ok(Slot { member, inference }),
            }
        };
        let members = members.iter().zip(inferences).enumerate().map(slot).collect::<Result<_>>()?;
        Ok(Self::Synthesis { members, forecasts_hash: chain::hash(forecasts_hash(statement, specs)) })
    }

    /// Of a settlement.
    pub(super) fn settlement(statement: &Statement, specs: &[TensorSpec]) -> Self {
        Self::Settlement {
            reports_hash: chain::hash(reports_hash(statement, specs)),
            state_hash: chain::hash(next_state_hash(statement, specs)),
        }
    }
}

impl fmt::Display for Attested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Synthesis { members, forecasts_hash } => {
                for (j, slot) in members.iter().enumerate() {
                    match (slot.member, &slot.inference) {
                        (Some(member), Some(inference)) => {
                            writeln!(f, "slot {j:<10} {member} infers {inference}")?;
                        }
                        _ => writeln!(f, "slot {j:<10} absent")?,
                    }
                }
                writeln!(f, "forecasts       {forecasts_hash}")
            }
            Self::Settlement { reports_hash, state_hash } => {
                writeln!(f, "reports         {reports_hash}")?;
                writeln!(f, "next state      {state_hash}")
            }
        }
    }
}
