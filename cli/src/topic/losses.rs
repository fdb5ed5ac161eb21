//! The losses of an epoch, and the regrets that follow.

use super::{Room, Topic};
use crate::error::Result;
use crate::format;
use std::fmt::Write;
use sumcast_circuits::epoch::{ByWorker, Decimal, NAIVE, NETWORK, OneOutValues, Settled, Settlement};
use sumcast_circuits::settle::{Form, Settle};
use sumcast_circuits::{Inference, Model, Relation};
use sumcast_verifier::vk::Program;

impl Topic for Settle {
    type Input = Settlement;
    type Outcome = Settled;
    const NAME: &'static str = "settlement";

    fn new(settlement: &Settlement, room: &Room) -> Result<Self> {
        let (inferers, forecasters) = settlement.workers();
        let (inferers, forecasters) = room.of(inferers.len(), forecasters.len())?;
        let form = Form::of(settlement)?.with_room(inferers, forecasters);
        Ok(Settle::new(if room.one_out { form.with_one_outs() } else { form })?)
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
        Ok(Settle::run(self, relation, settlement)?)
    }

    fn inputs(&self, settlement: &Settlement) -> Result<Vec<Vec<i128>>> {
        Ok(Settle::inputs(self, settlement)?)
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

/// A table of the workers.
fn workers(settlement: &Settlement, settled: &Settled) -> String {
    let (inferers, forecasters) = settlement.workers();
    let values = &settled.one_out_values;
    let row = |kind: &str, worker: &str| {
        let number = |of: Option<&ByWorker>| format::decimal(of.and_then(|all| all.get(worker)));
        let mut cells = vec![
            format!("{kind:<10}  {worker}"),
            number(Some(&settled.losses)),
            number(Some(&settlement.regrets)),
            number(Some(&settled.regrets)),
            number(settled.naive_regrets.as_ref()),
        ];
        if *values != OneOutValues::default() {
            let inferer = values.one_out_inferer_values.get(worker);
            let without = inferer.or_else(|| values.one_out_forecaster_values.get(worker));
            cells.extend([without, values.one_in_forecaster_values.get(worker)].map(format::decimal));
        }
        cells
    };
    let heading = ["loss", "regret before", "regret", "naive regret", "network without", "with it alone"];
    let heading = [format!("{:<10}  address", "worker")].into_iter().chain(heading.map(str::to_owned));
    // A settlement need not say who forecasts.
    let kind = if forecasters.is_empty() { "worker" } else { "inferer" };
    let inferers = inferers.iter().map(|worker| row(kind, worker));
    let forecasters = forecasters.iter().map(|worker| row("forecaster", worker));
    let rows: Vec<_> = inferers.chain(forecasters).collect();
    let heading = heading.take(rows.first().map_or(0, Vec::len)).collect();
    let rows: Vec<_> = [heading].into_iter().chain(rows).collect();
    format::table(&rows)
}
