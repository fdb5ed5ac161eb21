//! `sumcast synthesize`.

use crate::error::Result;
use crate::output::{self, Outcome};
use crate::topic::Proving;
use clap::Args;
use std::path::PathBuf;
use sumcast_circuits::synthesis::Synthesis;

/// Arguments of `synthesize`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast synthesize epoch.json\n  \
    sumcast synthesize epoch.json --json\n  \
    sumcast synthesize epoch.json --prove -o epoch.proof\n  \
    sumcast synthesize epoch.json --prove -o epoch.proof --inferers 32 --forecasters 6 --params ceremony.srs\n  \
    sumcast verify --vk epoch.proof.vk epoch.proof --epoch epoch.json\n\n\
    EPOCH.json is what `sumcast epoch import` writes. The outcome is computed by the integers of a proof's circuit.\n\
    A proof's statement has inferences, forecasts and outcome, and a commitment of the state: regrets, the previous\n\
    loss, the initial regret and a stored scale. What opens it goes to PROOF.opening, readable by its owner alone.\n\
    The key is of the room for workers, the topic's parameters and its phase, and has no secret: whoever makes it\n\
    again with the same parameters gets the same model id. With the same --inferers and --forecasters all epochs of\n\
    a topic have one key, as long as the inferences are of one magnitude.")]
pub(crate) struct Synthesize {
    /// The epoch
    #[arg(value_name = "EPOCH.json")]
    epoch: PathBuf,
    #[command(flatten)]
    proving: Proving,
}

impl Synthesize {
    pub(crate) fn run(&self) -> Result<Outcome> {
        let report = self.proving.run::<Synthesis>(&self.epoch)?;
        output::warn_insecure(report.insecure_srs());
        Outcome::new(&report)
    }
}
