//! `sumcast settle`.

use crate::error::Result;
use crate::output::{self, Outcome};
use crate::topic::{self, Proving};
use clap::Args;
use std::path::PathBuf;
use sumcast_circuits::settle::Settle as Circuit;

/// Arguments of `settle`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast settle settlement.json\n  \
    sumcast settle settlement.json --json\n  \
    sumcast settle settlement.json --prove -o settlement.proof\n  \
    sumcast settle settlement.json --prove -o settlement.proof --state epoch.proof.opening\n  \
    sumcast verify --vk settlement.proof.vk settlement.proof --settlement settlement.json\n\n\
    SETTLEMENT.json is what `sumcast epoch import-losses` writes. The outcome is computed by the integers of a proof's\n\
    circuit. A proof's statement has stakes, reports and losses, and commitments of the state before and after. What\n\
    opens these goes to PROOF.opening, readable by its owner alone: without it nobody can go on from the state.\n\
    With --one-out it has the losses of the networks without each worker, too, and the states their regrets.\n\
    With --state the state before has the commitment of an earlier proof, that of the epoch or of the last settlement.\n\
    The key is of the room for workers and the topic's parameters, and has no secret, as that of `sumcast synthesize`.")]
pub(crate) struct Settle {
    /// The settlement
    #[arg(value_name = "SETTLEMENT.json")]
    settlement: PathBuf,
    #[command(flatten)]
    proving: Proving,
}

impl Settle {
    pub(crate) fn run(&self) -> Result<Outcome> {
        let report =
            self.proving.run::<Circuit>(&topic::read_settlement(&self.settlement)?, &self.settlement)?;
        output::warn_insecure(report.insecure_srs());
        Outcome::new(&report)
    }
}
