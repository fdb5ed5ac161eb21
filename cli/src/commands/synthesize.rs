//! `sumcast synthesize`.

use crate::error::Result;
use crate::output::{self, Outcome};
use crate::topic::joined::{Modelled, WithInput};
use crate::topic::{self, Proving};
use clap::Args;
use std::path::PathBuf;
use sumcast_circuits::joined::Joined;
use sumcast_circuits::synthesis::Synthesis;

/// Arguments of `synthesize`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast synthesize epoch.json\n  \
    sumcast synthesize epoch.json --json\n  \
    sumcast synthesize epoch.json --prove -o epoch.proof\n  \
    sumcast synthesize epoch.json --prove -o epoch.proof --inferers 32 --forecasters 6 --params ceremony.srs\n  \
    sumcast synthesize epoch.json --prove -o epoch.proof --state settlement.proof.opening\n  \
    sumcast synthesize epoch.json --prove -o epoch.proof --model allo1a=model:inputs.json:0\n  \
    sumcast synthesize epoch.json --one-out\n  \
    sumcast verify --vk epoch.proof.vk epoch.proof --epoch epoch.json\n\n\
    EPOCH.json is what `sumcast epoch import` writes. The outcome is computed by the integers of a proof's circuit.\n\
    A proof's statement has inferences, forecasts and outcome, and a commitment of the state: regrets, the previous\n\
    loss, the initial regret and a stored scale. What opens it goes to PROOF.opening, readable by its owner alone.\n\
    Every proof commits to its state afresh; with --state it has the commitment of the proof that left the state.\n\
    The key is of the room for workers, the topic's parameters and its phase, and has no secret: whoever makes it\n\
    again with the same parameters gets the same model id. With --one-out the statement has the network inferences without\n\
    each worker, too, and the state the regrets of those networks: the circuit is as many times larger. With the same --inferers, --forecasters and --frac-bits all\n\
    epochs of a topic after its first loss have one key, but for those in which all inferers are new. Inferences are\n\
    below 2^(53 - N) with N fraction bits: prices may need fewer than they first are given.\n\
    With --model one proof is of the models and of the synthesis: the statement has the inputs and outputs of the models\n\
    in place of these inferers' inferences, which have to be the outputs. The models are compiled with --limb-bits 10,\n\
    and their first output is one number. Where weights are hidden the key is, too: whoever has the models makes it again.")]
pub(crate) struct Synthesize {
    /// The epoch
    #[arg(value_name = "EPOCH.json")]
    epoch: PathBuf,
    /// Fraction bits of inferences, 0 to 48 by eights; by the size of the largest one if not given
    #[arg(long, value_name = "N", value_parser = frac_bits)]
    frac_bits: Option<u8>,
    /// The model of an inferer and its input, to be in the same proof; may be given again
    #[arg(long = "model", value_name = "ADDRESS=DIR:INPUT.json")]
    models: Vec<WithInput>,
    #[command(flatten)]
    proving: Proving,
}

/// Reads fraction bits.
fn frac_bits(text: &str) -> std::result::Result<u8, String> {
    let bits = text.parse().ok().filter(|bits: &u8| *bits <= 48 && bits.is_multiple_of(8));
    bits.ok_or_else(|| "fraction bits of inferences are 0, 8, 16, 24, 32, 40 or 48".into())
}

impl Synthesize {
    pub(crate) fn run(mut self) -> Result<Outcome> {
        self.proving.room.set_frac_bits(self.frac_bits);
        let epoch = topic::read_epoch(&self.epoch)?;
        let report = if self.models.is_empty() {
            self.proving.run::<Synthesis>(&epoch, &self.epoch)?
        } else {
            self.proving.run::<Joined>(&Modelled::with_inputs(epoch, &self.models)?, &self.epoch)?
        };
        output::warn_insecure(report.insecure_srs());
        Outcome::new(&report)
    }
}
