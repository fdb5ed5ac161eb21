//! The story as it is told.

use super::chain::Posted;
use super::ledger::Ledger;
use super::lies::Lie;
use super::losses::REPUTERS;
use super::workers::{BEFORE, YEAR};
use crate::error::{Rejected, Result};
use crate::format;
use anyhow::{Context, anyhow};
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use sumcast_circuits::epoch::{ByWorker, Decimal, Epoch, NAIVE, NETWORK, Outcome, Settled};

/// Most that the contract's value, of 18 decimals, may be from that of the statement.
const ROUNDING: f64 = 1e-15;

/// The story of a topic.
#[derive(Debug, Serialize)]
pub(in super::super) struct Story {
    /// What is inferred.
    topic: &'static str,
    year: u16,
    /// Days that settle the state before the first one here, without proofs.
    days_before: usize,
    /// The days that are proven, in their order.
    days: Vec<Day>,
    /// By what they are of.
    proofs: Ledger,
    /// Lies about the last day.
    refused: Vec<Lie>,
    plot: PathBuf,
    /// All of it.
    seconds: f64,
}

/// A day. All returns are in percent.
#[derive(Debug, Serialize)]
pub(in super::super) struct Day {
    pub(in super::super) date: &'static str,
    epoch: u64,
    /// The return that the workers inferred the day before.
    pub(in super::super) truth: f64,
    /// Inferers, then forecasters.
    pub(in super::super) workers: Vec<Member>,
    pub(in super::super) network_inference: f64,
    pub(in super::super) naive_inference: f64,
    pub(in super::super) interval: Interval,
    network_loss: f64,
    naive_loss: f64,
    /// What the contract has.
    on_chain: Posted,
}

/// An inferer or a forecaster of a day.
#[derive(Debug, Serialize)]
pub(in super::super) struct Member {
    pub(in super::super) worker: String,
    pub(in super::super) forecasts: bool,
    /// Of a forecaster, what its forecasts imply.
    pub(in super::super) inference: f64,
    /// Before the day.
    regret: f64,
    /// Share of all weights.
    pub(in super::super) weight: f64,
    /// As reported, by stake.
    loss: f64,
}

/// Values below which shares of the weight lie.
#[derive(Debug, Serialize)]
pub(in super::super) struct Interval {
    /// In percent.
    percentiles: Vec<f64>,
    pub(in super::super) values: Vec<f64>,
}

impl Day {
    /// What there is to tell of a day.
    ///
    /// # Errors
    /// [`Rejected`] where the contract has another network inference.
    pub(super) fn new(
        date: &'static str,
        truth: f64,
        epoch: &Epoch,
        outcome: &Outcome,
        settled: &Settled,
        on_chain: Posted,
    ) -> Result<Self> {
        let none = |what: &str| anyhow!("{date}: the outcome has no {what}");
        let of = |numbers: Option<&ByWorker>, worker: &str, what: &str| {
            numbers.and_then(|all| all.get(worker)).map(Decimal::to_f64).ok_or_else(|| none(what))
        };
        let weights = outcome.weights.as_ref().context("there are no weights")?;
        let total: f64 = weights.iter().map(|(_, weight)| weight.to_f64()).sum();
        let member = |worker: &str, forecasts, inference: f64, regret: &Option<Decimal>| {
            Ok(Member {
                worker: worker.to_owned(),
                forecasts,
                inference,
                regret: regret.as_ref().ok_or_else(|| none("regret"))?.to_f64(),
                weight: of(Some(weights), worker, "weight")? / total,
                loss: of(Some(&settled.losses), worker, "loss")?,
            })
        };
        let inferers = epoch
            .inferers
            .iter()
            .map(|inferer| member(&inferer.address, false, inferer.inference.to_f64(), &inferer.regret));
        let forecasters = epoch.forecasters.iter().map(|forecaster| {
            let implied = of(outcome.forecast_implied.as_ref(), &forecaster.address, "implied inference")?;
            member(&forecaster.address, true, implied, &forecaster.regret)
        });
        let network_inference = outcome.network_inference.to_f64();
        let read: Decimal = on_chain.value.parse()?;
        if on_chain.epoch != epoch.nonce || (read.to_f64() - network_inference).abs() > ROUNDING {
            let value = &on_chain.value;
            return Err(Rejected(format!("{date}: the contract has {value}, not {network_inference}")).into());
        }
        let confidence = outcome.confidence.as_ref().ok_or_else(|| none("interval"))?;
        let numbers = |all: &[Decimal]| all.iter().map(Decimal::to_f64).collect();
        Ok(Self {
            date,
            epoch: epoch.nonce,
            truth,
            workers: inferers.chain(forecasters).collect::<Result<_>>()?,
            network_inference,
            naive_inference: outcome
                .naive_inference
                .as_ref()
                .ok_or_else(|| none("naive inference"))?
                .to_f64(),
            interval: Interval {
                percentiles: numbers(&confidence.percentiles),
                values: numbers(&confidence.values),
            },
            network_loss: of(Some(&settled.losses), NETWORK, "network loss")?,
            naive_loss: of(Some(&settled.losses), NAIVE, "naive loss")?,
            on_chain,
        })
    }
}

impl Story {
    pub(super) fn new(days: Vec<Day>, proofs: Ledger, refused: Vec<Lie>, plot: &Path, seconds: f64) -> Self {
        Self {
            topic: "next-day S&P 500 log-return, percent",
            year: YEAR,
            days_before: BEFORE,
            days,
            proofs,
            refused,
            plot: plot.to_owned(),
            seconds,
        }
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, days_before, .. } = self;
        let (first, last) = (self.days.first(), self.days.last());
        let (Some(first), Some(last)) = (first, last) else { return Ok(()) };
        writeln!(
            f,
            "Three workers infer the next day's return of the S&P 500, in percent, by three bundled models. Two forecasters\n\
             say what each worker's loss will be: one the mean of its losses, recent ones more, one the worst of the last\n\
             three. The network weighs all five by their regrets. Regrets come from {days_before} days without proofs, then from\n\
             {} days, {} to {} {year}, of which everything is proven. {} reputers report losses, which are log10 of the\n\
             squared error. Prices are real; forecasters, reputers and their stakes are the demo's.\n",
            self.days.len(),
            first.date,
            last.date,
            REPUTERS.len(),
        )?;
        writeln!(f, "{} {year}\n{}", last.date, last.table())?;
        writeln!(f, "{}", days(&self.days))?;
        writeln!(f, "{}", self.proofs.table())?;
        writeln!(
            f,
            "All {} proofs are valid, by the verifier in Rust and by the contracts in an embedded EVM. Each inference in a\n\
             synthesis is the output of its worker's proof, and each state is the one that the last settlement left, by its\n\
             commitment. Prove and verify are medians, and so is the gas of a post, with the signatures of 2 of 3 attestors\n\
             where it is the topic's. What was refused, by both:\n",
            self.proofs.proofs(),
        )?;
        for Lie { lie, verifier, contract } in &self.refused {
            writeln!(f, "- {lie}\n  verifier: {verifier}\n  contract: {contract}")?;
        }
        writeln!(f, "\nplot      {}", self.plot.display())?;
        writeln!(f, "all that  {}", format::seconds(self.seconds))
    }
}

impl Day {
    /// The workers and what becomes of their inferences.
    fn table(&self) -> String {
        let heading = ["worker", "inference", "regret", "weight", "from"];
        let mut rows = vec![heading.map(String::from).to_vec()];
        rows.extend(self.workers.iter().map(|member| {
            let from = if member.forecasts { "its forecasts" } else { "its model's proof" };
            vec![
                member.worker.clone(),
                percent(member.inference),
                format!("{:.3}", member.regret),
                format!("{:.1} %", 100.0 * member.weight),
                from.into(),
            ]
        }));
        let row = |name: &str, value: f64, from: &str| {
            vec![name.into(), percent(value), String::new(), String::new(), from.into()]
        };
        rows.push(row("network", self.network_inference, "the synthesis' proof"));
        rows.push(row("naive", self.naive_inference, "without forecasters"));
        rows.push(row("truth", self.truth, "the data"));
        format::table(&rows)
    }

    /// The values below which 15.87 and 84.13 percent of the weight lie.
    fn middle(&self) -> String {
        let at = |i: usize| self.interval.values.get(i).map_or_else(|| "-".into(), |value| percent(*value));
        format!("{} .. {}", at(1), at(3))
    }
}

/// A line a day.
fn days(days: &[Day]) -> String {
    let names = days.first().into_iter().flat_map(|day| &day.workers).map(|member| member.worker.clone());
    let behind = ["network", "15.87 .. 84.13 %", "naive", "truth", "network loss", "naive loss"];
    let heading = ["day".to_owned()].into_iter().chain(names).chain(behind.map(String::from));
    let mut rows = vec![heading.collect()];
    rows.extend(days.iter().map(|day| {
        let mut row = vec![day.date.to_owned()];
        row.extend(day.workers.iter().map(|member| percent(member.inference)));
        row.extend([percent(day.network_inference), day.middle()]);
        row.extend([day.naive_inference, day.truth, day.network_loss, day.naive_loss].map(percent));
        row
    }));
    format::table(&rows)
}

/// A return or a loss.
fn percent(value: f64) -> String {
    format!("{value:.4}")
}
