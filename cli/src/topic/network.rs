//! The network inference of an epoch.

use super::{Room, Topic};
use crate::error::Result;
use crate::format;
use std::fmt::Write;
use sumcast_circuits::epoch::{ByWorker, Case, Decimal, Epoch, OneOutInferences, Outcome};
use sumcast_circuits::synthesis::{Form, Synthesis};
use sumcast_circuits::{Inference, Model, Relation};
use sumcast_verifier::vk::Program;

impl Topic for Synthesis {
    type Input = Epoch;
    type Outcome = Outcome;
    const NAME: &'static str = "synthesis";

    fn new(epoch: &Epoch, room: &Room) -> Result<Self> {
        let (inferers, forecasters) = room.of(epoch.inferers.len(), epoch.forecasters.len())?;
        let mut form = Form::of(epoch)?.with_room(inferers, forecasters);
        if room.one_out {
            form = form.with_one_outs();
        }
        form.value_fraction = room.frac_bits.unwrap_or(form.value_fraction);
        Ok(Synthesis::new(form)?)
    }

    fn of_program(epoch: &Epoch, program: &Program) -> Result<Vec<(Self, Relation)>> {
        Ok(Synthesis::of_program(epoch, program)?)
    }

    fn model(&self) -> &Model {
        &self.model
    }

    fn outcome(&self, epoch: &Epoch) -> Result<Outcome> {
        Ok(Synthesis::outcome(self, epoch)?)
    }

    fn run(&self, relation: &Relation, epoch: &Epoch) -> Result<(Outcome, Inference)> {
        Ok(Synthesis::run(self, relation, epoch)?)
    }

    fn inputs(&self, epoch: &Epoch) -> Result<Vec<Vec<i128>>> {
        Ok(Synthesis::inputs(self, epoch)?)
    }

    fn input_name(&self, epoch: &Epoch, tensor: usize, position: usize) -> String {
        Synthesis::input_name(self, epoch, tensor, position)
    }

    fn outcome_of(&self, epoch: &Epoch, tensors: &[Vec<i128>]) -> Outcome {
        Synthesis::outcome_of(self, epoch, tensors)
    }

    fn text(epoch: &Epoch, outcome: &Outcome) -> String {
        let mut out = format!("topic {}, block {}\n", outcome.topic_id, outcome.nonce);
        // Writing to a string does not fail.
        let _ = writeln!(out, "network inference  {}: {}", outcome.network_inference, how(epoch));
        if let Some(naive) = &outcome.naive_inference {
            let _ = writeln!(out, "naive inference    {naive}");
        }
        if let Some(confidence) = &outcome.confidence {
            for (i, (share, value)) in confidence.percentiles.iter().zip(&confidence.values).enumerate() {
                let name = if i == 0 { "interval" } else { "" };
                let _ = writeln!(out, "{name:<17}  {value} at {share} %");
            }
        }
        out + "\n" + &workers(epoch, outcome)
    }
}

/// How a network inference follows, in words.
pub(crate) fn how(epoch: &Epoch) -> &'static str {
    match epoch.case() {
        Case::Single => "the one inference",
        Case::Median => "the median of the inferences: there is no loss yet",
        Case::AllNew => "the mean of the inferences: all inferers are new",
        Case::Weighted => "weighted by regrets",
    }
}

/// A table of the workers.
fn workers(epoch: &Epoch, outcome: &Outcome) -> String {
    let total: f64 = outcome.weights.iter().flat_map(ByWorker::iter).map(|(_, w)| w.to_f64()).sum();
    let one_outs = &outcome.one_outs;
    let row = |kind: &str, address: &str, key: &str, value: Option<&Decimal>, regret: Option<&Decimal>| {
        let weight = outcome.weights.as_ref().and_then(|weights| weights.get(key));
        let share = weight.map_or("-".into(), |w| format!("{:.4} %", 100.0 * w.to_f64() / total));
        let mut cells = vec![
            format!("{kind:<10}  {address}"),
            format::decimal(value),
            format::decimal(epoch.regret(regret)),
            share,
        ];
        if *one_outs != OneOutInferences::default() {
            let inferer = one_outs.one_out_inferer_inferences.get(key);
            let without = inferer.or_else(|| one_outs.one_out_forecaster_inferences.get(key));
            cells.extend([without, one_outs.one_in_forecaster_inferences.get(key)].map(format::decimal));
        }
        cells
    };
    let heading = ["inference", "regret", "weight", "network without", "with it alone"];
    let heading = [format!("{:<10}  address", "worker")].into_iter().chain(heading.map(str::to_owned));
    let keys = epoch.worker_keys();
    let (inferers, forecasters) = keys.split_at(epoch.inferers.len());
    let inferers = epoch.inferers.iter().zip(inferers).map(|(inferer, key)| {
        row("inferer", &inferer.address, key, Some(&inferer.inference), inferer.regret.as_ref())
    });
    let forecasters = epoch.forecasters.iter().zip(forecasters).map(|(forecaster, key)| {
        let implied = outcome.forecast_implied.as_ref().and_then(|all| all.get(&forecaster.address));
        row("forecaster", &forecaster.address, key, implied, forecaster.regret.as_ref())
    });
    let rows: Vec<_> = inferers.chain(forecasters).collect();
    let heading = heading.take(rows.first().map_or(0, Vec::len)).collect();
    let rows: Vec<_> = [heading].into_iter().chain(rows).collect();
    format::table(&rows)
}
