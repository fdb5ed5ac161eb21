//! The losses of an epoch, and the regrets that follow.

use super::{Room, Topic};
use crate::error::Result;
use crate::format;
use std::fmt::Write;
use sumcast_circuits::epoch::{ByWorker, Decimal, NAIVE, NETWORK, Settled, Settlement};
use sumcast_circuits::settle::{Form, Settle};
use sumcast_circuits::synthesis::{FormError, LOSS_BITS, LOSS_FRACTION};
use sumcast_circuits::{Inference, Model, Relation};
use sumcast_verifier::vk::Program;

impl Topic for Settle {
    type Input = Settlement;
    type Outcome = Settled;
    const NAME: &'static str = "settlement";

    fn new(settlement: &Settlement, room: &Room) -> Result<Self> {
        let (inferers, forecasters) = settlement.workers();
        let (inferers, forecasters) = room.of(inferers.len(), forecasters.len())?;
        Ok(Settle::new(Form::of(settlement)?.with_room(inferers, forecasters))?)
    }

    fn of_program(settlement: &Settlement, program: &Program) -> Result<Vec<(Self, Relation)>> {
        Ok(Settle::of_program(settlement, program)?)
    }

    fn model(&self) -> &Model {
        &self.model
    }

    fn outcome(&self, settlement: &Settlement) -> Result<Settled> {
        Ok(Settle::outcome(self, settlement)?)
    }

    fn run(&self, relation: &Relation, settlement: &Settlement) -> Result<(Settled, Inference)> {
        let inputs = Topic::inputs(self, settlement)?;
        let inference = self.model.run_integers(relation, &inputs.concat())?;
        Ok((Settle::outcome_of(self, settlement, &inference.tensors), inference))
    }

    fn inputs(&self, settlement: &Settlement) -> Result<Vec<Vec<i128>>> {
        let mut inputs = Settle::inputs(self, settlement)?;
        let loss = settlement.previous_network_loss.as_ref().map(previous_loss).transpose()?;
        // Of the state's two rows, the second has the naive regrets and behind them this loss.
        let slot = inputs.last_mut().and_then(|state| {
            let row = state.len() / 2;
            state.get_mut(row + self.form.inferers)
        });
        if let (Some(loss), Some(slot)) = (loss, slot) {
            *slot = loss;
        }
        Ok(inputs)
    }

    fn input_name(&self, settlement: &Settlement, tensor: usize, position: usize) -> String {
        Settle::input_name(self, settlement, tensor, position)
    }

    fn outcome_of(&self, settlement: &Settlement, tensors: &[Vec<i128>]) -> Settled {
        Settle::outcome_of(self, settlement, tensors)
    }

    fn text(settlement: &Settlement, settled: &Settled) -> String {
        let mut out = format!("topic {}, block {}\n", settled.topic_id, settled.nonce);
        let mut line = |name: &str, value: Option<&Decimal>| {
            // Writing to a string does not fail.
            let _ = value.map(|value| writeln!(out, "{name:<14}  {value}"));
        };
        line("network loss", settled.losses.get(NETWORK));
        line("naive loss", settled.losses.get(NAIVE));
        line("initial regret", settled.initial_regret.as_ref());
        line("regret scale", settled.regret_scale.as_ref());
        out + "\n" + &workers(settlement, settled)
    }
}

/// The network's last loss, as the state has it. No result depends on it.
fn previous_loss(loss: &Decimal) -> Result<i128> {
    let found = loss.to_fixed(LOSS_FRACTION).filter(|v| v.unsigned_abs() < 1 << LOSS_BITS);
    let error = || FormError::Range {
        field: "previous_network_loss".into(),
        value: loss.clone(),
        bound: format!("below 2^{} there", LOSS_BITS - LOSS_FRACTION),
    };
    Ok(found.ok_or_else(error)?)
}

/// A table of the workers.
fn workers(settlement: &Settlement, settled: &Settled) -> String {
    let (inferers, forecasters) = settlement.workers();
    let row = |kind: &str, worker: &str| {
        let number = |of: Option<&ByWorker>| format::decimal(of.and_then(|all| all.get(worker)));
        vec![
            format!("{kind:<10}  {worker}"),
            number(Some(&settled.losses)),
            number(Some(&settlement.regrets)),
            number(Some(&settled.regrets)),
            number(settled.naive_regrets.as_ref()),
        ]
    };
    let heading = ["loss", "regret before", "regret", "naive regret"].map(str::to_owned);
    let heading = [format!("{:<10}  address", "worker")].into_iter().chain(heading).collect();
    // A settlement need not say who forecasts.
    let kind = if forecasters.is_empty() { "worker" } else { "inferer" };
    let inferers = inferers.iter().map(|worker| row(kind, worker));
    let forecasters = forecasters.iter().map(|worker| row("forecaster", worker));
    let rows: Vec<_> = [heading].into_iter().chain(inferers).chain(forecasters).collect();
    format::table(&rows)
}
