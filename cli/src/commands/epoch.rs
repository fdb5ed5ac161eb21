//! `sumcast epoch import` and `sumcast epoch import-losses`.

use crate::error::Result;
use crate::files::{self, Readers};
use crate::output::Outcome;
use crate::topic::network;
use anyhow::anyhow;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::path::{Path, PathBuf};
use sumcast_circuits::epoch::import::{EpochAnswers, SettlementAnswers, Synthesis};
use sumcast_circuits::epoch::{Epoch as Inputs, RegretScale, Settlement, WeightFunction};

/// Largest answer that is read.
const MAX_BYTES: u64 = 1 << 24;

/// Assemble epochs of an Allora topic.
#[derive(Debug, Subcommand)]
pub(crate) enum Epoch {
    /// Make an epoch from what a node of the Allora chain answers
    #[command(
        after_help = "Each file has one answer of the node's REST interface, as it came. Answers about regrets do not \
        say whose they are: theirs have an object with addresses as keys and answers as values. Ask for regrets, scale, \
        topic and parameters at the block in which the network inference was computed, with the header \
        x-cosmos-block-height.\n\nExample, with T for the topic and H for the block of the inferences:\n  \
        curl $NODE/emissions/v9/inferences/T/H > inferences.json\n  \
        curl $NODE/emissions/v9/forecasts/T/H > forecasts.json\n  \
        curl $NODE/emissions/v9/topics/T > topic.json\n  \
        curl $NODE/emissions/v9/params > params.json\n  \
        curl $NODE/emissions/v9/network_loss/T/H_BEFORE > loss.json\n  \
        curl $NODE/emissions/v9/latest_regret_stdnorm/T > scale.json\n  \
        for a in $(jq -r '.inferences.inferences[].inferer' inferences.json); do \
        curl $NODE/emissions/v9/inferer_network_regret/T/$a | jq --arg a $a '{($a): .}'; done | jq -s add > regrets.json\n  \
        sumcast epoch import --inferences inferences.json --forecasts forecasts.json --topic topic.json \
        --params params.json --network-loss loss.json --stored-scale scale.json --inferer-regrets regrets.json \
        --forecaster-regrets forecaster_regrets.json -o epoch.json"
    )]
    Import(Box<Import>),
    /// Make a settlement, which losses and regrets follow from, from what a node of the Allora chain answers
    #[command(after_help = "Example:\n  \
        sumcast epoch import-losses --losses reputer_losses.json --stakes stakes.json --topic topic.json \
        --params params.json --network-loss loss.json --stored-scale scale.json --inferer-regrets regrets.json \
        --forecaster-regrets forecaster_regrets.json -o settlement.json\n\n\
        Loss, scale and regrets are those before, as for the epoch that is settled: both then have one state.")]
    ImportLosses(Box<ImportLosses>),
}

/// Answers that both commands take.
#[derive(Debug, Args)]
struct Shared {
    /// Answer of /emissions/v9/topics/{topic_id}
    #[arg(long, value_name = "FILE")]
    topic: PathBuf,
    /// Answer of /emissions/v9/params
    #[arg(long, value_name = "FILE")]
    params: PathBuf,
    /// By address, answers of /emissions/v9/inferer_network_regret/{topic_id}/{actor_id}
    #[arg(long, value_name = "FILE")]
    inferer_regrets: Option<PathBuf>,
    /// By address, answers of /emissions/v9/forecaster_network_regret/{topic_id}/{worker}
    #[arg(long, value_name = "FILE")]
    forecaster_regrets: Option<PathBuf>,
    /// By address, answers of /emissions/v9/naive_inferer_network_regret/{topic_id}/{inferer}
    #[arg(long, value_name = "FILE")]
    naive_regrets: Option<PathBuf>,
    /// Answer of /emissions/v9/network_loss/{topic_id}/{block_height} for the last epoch with losses before; none before
    /// the first
    #[arg(long, value_name = "FILE")]
    network_loss: Option<PathBuf>,
    /// Answer of /emissions/v9/latest_regret_stdnorm/{topic_id} before
    #[arg(long, value_name = "FILE")]
    stored_scale: Option<PathBuf>,
    /// Weight function of the chain's release: gradient before v0.16
    #[arg(long, value_enum, default_value_t = Function::Exp1DivExp1)]
    weight_function: Function,
    /// What regrets are divided by where no scale is stored: std before v0.16
    #[arg(long, value_enum, default_value_t = Spread::Mad)]
    regret_scale: Spread,
    /// File to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Arguments of `epoch import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Answer of /emissions/v9/inferences/{topic_id}/{block_height}
    #[arg(long, value_name = "FILE")]
    inferences: PathBuf,
    /// Answer of /emissions/v9/forecasts/{topic_id}/{block_height}
    #[arg(long, value_name = "FILE")]
    forecasts: Option<PathBuf>,
    #[command(flatten)]
    shared: Shared,
}

/// Arguments of `epoch import-losses`.
#[derive(Debug, Args)]
pub(crate) struct ImportLosses {
    /// Answer of /emissions/v9/reputer_loss_bundles/{topic_id}/{block_height}
    #[arg(long, value_name = "FILE")]
    losses: PathBuf,
    /// Answer of /emissions/v9/reputers_stakes/{topic_id}?addresses=.. for all reputers
    #[arg(long, value_name = "FILE")]
    stakes: PathBuf,
    #[command(flatten)]
    shared: Shared,
}

/// A weight function.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Function {
    #[value(name = "gradient")]
    Gradient,
    #[value(name = "exp1_div_exp1")]
    Exp1DivExp1,
}

/// A measure of how far regrets are apart.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Spread {
    Std,
    Mad,
}

impl Epoch {
    pub(crate) fn run(self) -> Result<Outcome> {
        match self {
            Self::Import(import) => import.run(),
            Self::ImportLosses(import) => import.run(),
        }
    }
}

impl Import {
    fn run(&self) -> Result<Outcome> {
        let shared = &self.shared;
        files::check_destination(&shared.output)?;
        let answers = EpochAnswers {
            inferences: read(&self.inferences)?,
            topic: read(&shared.topic)?,
            params: read(&shared.params)?,
            forecasts: read_optional(self.forecasts.as_deref())?,
            network_loss: read_optional(shared.network_loss.as_deref())?,
            regret_scale: read_optional(shared.stored_scale.as_deref())?,
            inferer_regrets: read_optional(shared.inferer_regrets.as_deref())?,
            forecaster_regrets: read_optional(shared.forecaster_regrets.as_deref())?,
            naive_regrets: read_optional(shared.naive_regrets.as_deref())?,
        };
        let epoch = answers.epoch(&shared.synthesis())?;
        write(&shared.output, &epoch)?;
        Outcome::new(&Imported::of(&epoch, &shared.output))
    }
}

impl ImportLosses {
    fn run(&self) -> Result<Outcome> {
        let shared = &self.shared;
        files::check_destination(&shared.output)?;
        let answers = SettlementAnswers {
            losses: read(&self.losses)?,
            stakes: read(&self.stakes)?,
            topic: read(&shared.topic)?,
            params: read(&shared.params)?,
            inferer_regrets: read_optional(shared.inferer_regrets.as_deref())?,
            forecaster_regrets: read_optional(shared.forecaster_regrets.as_deref())?,
            naive_regrets: read_optional(shared.naive_regrets.as_deref())?,
            network_loss: read_optional(shared.network_loss.as_deref())?,
            regret_scale: read_optional(shared.stored_scale.as_deref())?,
        };
        let settlement = answers.settlement(&shared.synthesis())?;
        write(&shared.output, &settlement)?;
        Outcome::new(&ImportedLosses::of(&settlement, &shared.output))
    }
}

impl Shared {
    fn synthesis(&self) -> Synthesis {
        Synthesis {
            weight_function: match self.weight_function {
                Function::Gradient => WeightFunction::Gradient,
                Function::Exp1DivExp1 => WeightFunction::Exp1DivExp1,
            },
            regret_scale: match self.regret_scale {
                Spread::Std => RegretScale::Std,
                Spread::Mad => RegretScale::Mad,
            },
        }
    }
}

/// The JSON of a file.
fn read(path: &Path) -> Result<Value> {
    let bytes = files::read(path, MAX_BYTES)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| anyhow!("{} is not JSON, as a node answers it: {error}", path.display()))
}

fn read_optional(path: Option<&Path>) -> Result<Option<Value>> {
    path.map(read).transpose()
}

fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    files::write(path, text.as_bytes(), Readers::Usual)
}

/// An epoch that was written.
#[derive(Debug, Serialize)]
struct Imported {
    file: PathBuf,
    topic_id: u64,
    nonce: u64,
    inferers: usize,
    forecasters: usize,
    forecasts: usize,
    network_inference: &'static str,
    naive: bool,
}

impl Imported {
    fn of(epoch: &Inputs, file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            topic_id: epoch.topic_id,
            nonce: epoch.nonce,
            inferers: epoch.inferers.len(),
            forecasters: epoch.forecasters.len(),
            forecasts: epoch.forecasters.iter().map(|forecaster| forecaster.forecasts.len()).sum(),
            network_inference: network::how(epoch),
            naive: epoch.has_naive(),
        }
    }
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "wrote {}: topic {}, block {}", self.file.display(), self.topic_id, self.nonce)?;
        writeln!(f, "inferers           {}", self.inferers)?;
        writeln!(f, "forecasters        {}, with {} forecasts", self.forecasters, self.forecasts)?;
        writeln!(f, "network inference  {}", self.network_inference)
    }
}

/// A settlement that was written.
#[derive(Debug, Serialize)]
struct ImportedLosses {
    file: PathBuf,
    topic_id: u64,
    nonce: u64,
    workers: usize,
    reputers: usize,
    naive: bool,
}

impl ImportedLosses {
    fn of(settlement: &Settlement, file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            topic_id: settlement.topic_id,
            nonce: settlement.nonce,
            workers: settlement.regrets.len(),
            reputers: settlement.reports.len(),
            naive: settlement.naive_regrets.is_some(),
        }
    }
}

impl fmt::Display for ImportedLosses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "wrote {}: topic {}, block {}", self.file.display(), self.topic_id, self.nonce)?;
        writeln!(f, "workers   {}", self.workers)?;
        writeln!(f, "reputers  {}", self.reputers)
    }
}
