//! What a topic's network computes in an epoch, as a circuit: run, proven, and checked against the epoch's file.
//!
//! `synthesize`, `settle` and `verify` share this; what is computed is a [`Topic`].

pub(crate) mod bundle;
pub(crate) mod check;
pub(crate) mod joined;
mod losses;
pub(crate) mod network;
pub(crate) mod tensors;

use crate::error::Result;
use crate::files::{self, Readers};
use crate::format;
use crate::opening;
use crate::parameters;
use crate::progress::Progress;
use crate::proving::{self, Context32, Job, Made, STAGES, ZERO_CONTEXT, context};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use sumcast_circuits::epoch::{Epoch, MAX_FORECASTERS, MAX_INFERERS, Settlement};
use sumcast_circuits::{Inference, Model, Relation};
use sumcast_prover::{Assignment, Cpu, ProvingKey, TensorOpening};
use sumcast_verifier::vk::Program;

/// Largest file of an epoch that is read.
const MAX_BYTES: u64 = 1 << 24;

/// What a topic's network computes in an epoch, as a circuit of some room.
pub(crate) trait Topic: Sized {
    /// What it is computed from.
    type Input;
    /// What is printed of it.
    type Outcome: Serialize;
    /// What it is called.
    const NAME: &'static str;

    /// The circuit for an input.
    fn new(input: &Self::Input, room: &Room) -> Result<Self>;
    /// Those that a key may be of, with their relations.
    fn of_program(input: &Self::Input, program: &Program) -> Result<Vec<(Self, Relation)>>;
    /// The circuit.
    fn model(&self) -> &Model;
    /// The outcome alone.
    fn outcome(&self, input: &Self::Input) -> Result<Self::Outcome>;
    /// The outcome with all that is to be proven.
    fn run(&self, relation: &Relation, input: &Self::Input) -> Result<(Self::Outcome, Inference)>;
    /// The integers of the statement's input tensors.
    fn inputs(&self, input: &Self::Input) -> Result<Vec<Vec<i128>>>;
    /// What one of these is, in words.
    fn input_name(&self, input: &Self::Input, tensor: usize, position: usize) -> String;
    /// What the tensors of a statement say; of a committed one that is not opened there is nothing.
    fn outcome_of(&self, input: &Self::Input, tensors: &[Vec<i128>]) -> Self::Outcome;
    /// An outcome for people.
    fn text(input: &Self::Input, outcome: &Self::Outcome) -> String;
}

/// The epoch that a file has.
pub(crate) fn read_epoch(path: &Path) -> Result<Epoch> {
    let bytes = files::read(path, MAX_BYTES)?;
    Epoch::from_json(&bytes).with_context(|| path.display().to_string())
}

/// The settlement that a file has.
pub(crate) fn read_settlement(path: &Path) -> Result<Settlement> {
    let bytes = files::read(path, MAX_BYTES)?;
    Settlement::from_json(&bytes).with_context(|| path.display().to_string())
}

/// What a circuit is made for, where that is more than an input says.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Room {
    /// Room for this many inferers, so that epochs of fewer have the same key
    #[arg(long, value_name = "N", value_parser = most(MAX_INFERERS))]
    inferers: Option<u16>,
    /// Room for this many forecasters
    #[arg(long, value_name = "K", value_parser = most(MAX_FORECASTERS))]
    forecasters: Option<u16>,
    /// With the networks without each worker, and those of all inferers and one forecaster
    #[arg(long)]
    pub(crate) one_out: bool,
    /// Fraction bits of inferences, of a command that takes them.
    #[arg(skip)]
    frac_bits: Option<u8>,
}

/// A count up to a limit.
fn most(limit: usize) -> clap::builder::RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(..=limit as i64)
}

impl Room {
    /// With inferences of so many fraction bits.
    pub(crate) fn set_frac_bits(&mut self, bits: Option<u8>) {
        self.frac_bits = bits;
    }

    /// Inferers and forecasters that a circuit has room for, of as many as there are.
    pub(crate) fn of(&self, inferers: usize, forecasters: usize) -> Result<(usize, usize)> {
        let room = |asked: Option<u16>, found: usize, what: &str| match asked.map(usize::from) {
            Some(asked) if asked < found => {
                bail!("--{what} {asked}: there are {found} {what}; give {found} or more, or leave it out")
            }
            Some(asked) => Ok(asked),
            None => Ok(found),
        };
        Ok((room(self.inferers, inferers, "inferers")?, room(self.forecasters, forecasters, "forecasters")?))
    }
}

/// Arguments of a command that computes an outcome and may prove it.
#[derive(Debug, Args)]
pub(crate) struct Proving {
    /// Prove the outcome
    #[arg(long, requires = "output")]
    prove: bool,
    /// File to write the proof and its statement to
    #[arg(short, long, value_name = "PROOF", requires = "prove")]
    output: Option<PathBuf>,
    /// 32 bytes in hexadecimal that the proof is bound to; zeros if not given
    #[arg(
        long, value_name = "HEX32", requires = "prove",
        default_value = ZERO_CONTEXT, hide_default_value = true, value_parser = context
    )]
    context: Context32,
    /// Parameters from `sumcast params`; a development string if not given
    #[arg(long, value_name = "FILE", requires = "prove")]
    params: Option<PathBuf>,
    /// File to write the verifying key to; PROOF.vk if not given
    #[arg(long, value_name = "FILE", requires = "prove")]
    vk: Option<PathBuf>,
    /// File to write what opens the statement's commitments to; PROOF.opening if not given
    #[arg(long, value_name = "FILE", requires = "prove")]
    opening: Option<PathBuf>,
    /// An opening of an earlier proof that has the state, so that its commitment is the same
    #[arg(long, value_name = "OPENING", requires = "prove")]
    state: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) room: Room,
}

impl Proving {
    /// The outcome of an input, which is of a file, and its proof if it is asked for.
    pub(crate) fn run<T: Topic>(&self, input: &T::Input, file: &Path) -> Result<Report<T::Outcome>> {
        let destinations = self.output.as_deref().map(|proof| self.destinations(proof)).transpose()?;
        let about = || file.display().to_string();
        let topic = T::new(input, &self.room).with_context(about)?;
        let (outcome, proven) = match destinations {
            None => (topic.outcome(input).with_context(about)?, None),
            Some(to) => {
                let (outcome, proven) = self.prove(&topic, input, file, to)?;
                (outcome, Some(proven))
            }
        };
        Ok(Report { text: T::text(input, &outcome), outcome, proven })
    }

    /// Where everything goes, if it can be written there.
    fn destinations(&self, proof: &Path) -> Result<Destinations> {
        files::check_destination(proof)?;
        let opening = proving::beside(self.opening.as_deref(), proof, "--opening", "opening")?;
        let vk = proving::beside(self.vk.as_deref(), proof, "--vk", "vk")?;
        if proving::is_same(&opening, &vk) {
            bail!("--vk: {} is where the opening goes; name another file", vk.display());
        }
        Ok(Destinations { proof: proof.to_owned(), opening, vk })
    }

    fn prove<T: Topic>(
        &self,
        topic: &T,
        input: &T::Input,
        file: &Path,
        to: Destinations,
    ) -> Result<(T::Outcome, Proven)> {
        let about = || file.display().to_string();
        let progress = Progress::new(STAGES + 3);
        progress.stage("circuit");
        let mut relation = topic.model().lower().with_context(about)?;
        progress.stage("parameters");
        let srs = parameters::for_rows(self.params.as_deref(), relation.program.row_log)?;
        progress.stage("key");
        let begun = Instant::now();
        let fixed = std::mem::take(&mut relation.fixed);
        let key = ProvingKey::setup(relation.program.clone(), fixed, topic.model().secret(), &srs, &Cpu)
            .with_context(about)?;
        let key_seconds = begun.elapsed().as_secs_f64();
        let names = topic.model().tensor_names();
        let known = self.known(topic, input, &relation.program)?;
        let job = Job {
            key: &key,
            srs: &srs,
            names: &names,
            proof: &to.proof,
            opening: Some(&to.opening),
            known: &known,
            about: about(),
            invalid: &|| anyhow!("{}: the proof of it is not valid, so it is not written", file.display()),
        };
        let (outcome, made) = job.run(&progress, || {
            let (outcome, Inference { tensors, cells, .. }) =
                topic.run(&relation, input).with_context(about)?;
            Ok((outcome, Assignment { context: self.context, tensors, cells }))
        })?;
        let vk = key.key.to_bytes();
        files::write(&to.vk, &vk, Readers::Usual)?;
        Ok((outcome, Proven { vk: to.vk, vk_bytes: vk.len(), key_seconds, made }))
    }
}

impl Proving {
    /// What opens the commitment that the state has already, if there is one: of what `--state` opens, that which has the
    /// state's numbers.
    fn known<T: Topic>(&self, topic: &T, input: &T::Input, program: &Program) -> Result<Vec<TensorOpening>> {
        let Some(path) = &self.state else { return Ok(vec![]) };
        match opening::read(path)?.known(program, &topic.inputs(input)?) {
            Some(known) => Ok(vec![known]),
            None => bail!(
                "--state: {} opens no state with these regrets for as many workers: give the opening of a proof that has \
                 it or has left it, with the same --inferers, --forecasters and --one-out",
                path.display()
            ),
        }
    }
}

/// Where a proof and what belongs to it go.
struct Destinations {
    proof: PathBuf,
    opening: PathBuf,
    vk: PathBuf,
}

/// An outcome and, if it was proven, its proof.
#[derive(Debug, Serialize)]
pub(crate) struct Report<O: Serialize> {
    #[serde(flatten)]
    outcome: O,
    #[serde(flatten)]
    proven: Option<Proven>,
    #[serde(skip)]
    text: String,
}

impl<O: Serialize> Report<O> {
    /// Whether it was proven by a development string.
    pub(crate) fn insecure_srs(&self) -> bool {
        self.proven.as_ref().is_some_and(|proven| proven.made.insecure_srs)
    }
}

impl<O: Serialize> fmt::Display for Report<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text)?;
        self.proven.as_ref().map_or(Ok(()), |proven| write!(f, "\n{proven}"))
    }
}

/// A proof that was made, and its key.
#[derive(Debug, Serialize)]
struct Proven {
    vk: PathBuf,
    vk_bytes: usize,
    /// Making the key, which a topic needs once.
    key_seconds: f64,
    #[serde(flatten)]
    made: Made,
}

impl fmt::Display for Proven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = &self.made;
        writeln!(f, "proved in {}: {}", format::seconds(made.prove_seconds), made.proof.display())?;
        writeln!(f, "model id  {}", made.model_id)?;
        writeln!(f, "context   {}", made.context)?;
        writeln!(f, "key       {}, {}", self.vk.display(), format::bytes(self.vk_bytes as u64))?;
        write!(f, "{made}")?;
        let [key, check] = [self.key_seconds, made.check_seconds].map(format::seconds);
        writeln!(f, "making the key took {key}, checking the proof {check}")
    }
}
