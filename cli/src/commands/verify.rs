//! `sumcast verify`.

use crate::error::Result;
use crate::opening;
use crate::output::{self, Outcome};
use crate::summary::{commitments, reals};
use crate::topic::bundle::{Linked, Worker};
use crate::topic::check::{self, Checked, Claim};
use crate::topic::joined::{Modelled, OfInferer};
use crate::{files, format, parameters, topic};
use anyhow::bail;
use clap::{ArgGroup, Args};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use sumcast_circuits::epoch::Epoch;
use sumcast_circuits::joined::Joined;
use sumcast_circuits::settle::Settle;
use sumcast_circuits::synthesis::Synthesis;
use sumcast_verifier::vk::{Role, SrsKind};
use sumcast_verifier::{Key, ProofFile, VerifyError, verify};

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("of").args(["epoch", "settlement"]))]
#[command(after_help = "Examples:\n  \
    sumcast verify --vk model/vk.bin model.proof\n  \
    sumcast verify --vk epoch.proof.vk epoch.proof --epoch epoch.json\n  \
    sumcast verify --vk epoch.proof.vk epoch.proof --epoch epoch.json --opening epoch.proof.opening\n  \
    sumcast verify --vk epoch.proof.vk epoch.proof --epoch epoch.json --worker allo1a=model/vk.bin:a.proof\n\n\
    Exit code 0: the proof is valid; 1: it is not; 2: the key or a file is unusable.\n\
    A valid proof says that the model of the key gives this output for this input. Whether the input and the context\n\
    are the expected ones is for whoever relies on it to compare. What the statement has as commitments, only who has\n\
    their opening can show: see `sumcast reveal`.\n\
    With --epoch the proof is of a network inference: the key has to be that of the epoch's circuit, which is made\n\
    again, and the inferences and forecasts have to be the epoch's. The state is committed: that it is the epoch's is\n\
    checked with --opening. Topic and block are the file's, and a proof has them only in its context. With --settlement\n\
    it is of losses and regrets, in the same manner; what the regrets are, the opening shows.\n\
    With --worker the inference of that worker has to be the first output of its model's proof: its first 18 decimals,\n\
    in the fraction bits of the statement, as contracts compare them. Whose model it is, its model id says.\n\
    With --model the proof is one of models and synthesis: the key is made again of the models too, for which it takes\n\
    their directories. What the models' inputs ought to be, the file does not say: the statement shows what they are.")]
pub(crate) struct Verify {
    /// The verifying key
    #[arg(long, value_name = "VK")]
    vk: PathBuf,
    /// The proof with its statement
    proof: PathBuf,
    /// The epoch that the proof is to be of
    #[arg(long, value_name = "EPOCH.json")]
    epoch: Option<PathBuf>,
    /// The settlement that the proof is to be of
    #[arg(long, value_name = "SETTLEMENT.json")]
    settlement: Option<PathBuf>,
    /// What opens the state, to compare it with the file's
    #[arg(long, value_name = "FILE", requires = "of")]
    opening: Option<PathBuf>,
    /// The parameters that the key was made with; srs.bin beside it or the cached development string if not given
    #[arg(long, value_name = "SRS", requires = "of")]
    params: Option<PathBuf>,
    /// A worker of the epoch, and the key and proof of its inference; may be given again
    #[arg(long = "worker", value_name = "ADDRESS=VK:PROOF", requires = "epoch")]
    workers: Vec<Worker>,
    /// An inferer of the epoch whose model the proof is of, too; may be given again
    #[arg(long = "model", value_name = "ADDRESS=DIR", requires = "epoch", conflicts_with = "workers")]
    models: Vec<OfInferer>,
}

impl Verify {
    pub(crate) fn run(self) -> Result<Outcome> {
        let (vk, bytes) = (files::read_small(&self.vk)?, files::read_small(&self.proof)?);
        let begun = Instant::now();
        let key = files::decode_key(&self.vk, &vk)?;
        let file = ProofFile::from_bytes(&bytes);
        let verdict = file.as_ref().map_err(Clone::clone).and_then(|file| verify(&key, file).map(|()| file));
        let verify_seconds = begun.elapsed().as_secs_f64();

        let checked = match verdict {
            Ok(proof) => self.check(&key, proof)?,
            Err(error) => Err(sentence(&self.proof, &error)),
        };
        let (of_epoch, error) = match checked {
            Ok(of_epoch) => (of_epoch, None),
            Err(error) => (None, Some(error)),
        };
        let verdict = Verdict::new(&key, file.as_ref().ok(), error, verify_seconds);
        let linked = of_epoch.iter().flat_map(|found| &found.workers);
        let insecure = verdict.insecure_srs || linked.into_iter().any(|worker| worker.insecure_srs);
        output::warn_insecure(insecure);
        let report = Report { verdict, of_epoch };
        let outcome = Outcome::new(&report)?;
        Ok(if report.verdict.valid { outcome } else { outcome.rejected() })
    }

    /// Whether a valid proof is of the epoch or settlement that is given, if one is, and of the workers' proofs.
    fn check(&self, key: &Key, proof: &ProofFile) -> Result<check::Verdict<Option<OfEpoch>>> {
        let begun = Instant::now();
        let opening = self.opening.as_deref().map(opening::read).transpose()?;
        let opening = self.opening.as_deref().zip(opening.as_ref());
        let claim = |srs| Claim { key, vk: &self.vk, srs, proof, path: &self.proof, opening };
        let srs = || parameters::of_key(key, &self.vk, self.params.as_deref());
        let (checked, workers) = match (&self.epoch, &self.settlement) {
            (None, None) => return Ok(Ok(None)),
            (None, Some(path)) => {
                let settlement = topic::read_settlement(path)?;
                (claim(&srs()?).check::<Settle>(&settlement, path)?, Ok(vec![]))
            }
            (Some(path), _) => {
                let epoch = topic::read_epoch(path)?;
                let slots = self.slots(&epoch)?;
                let checked = if self.models.is_empty() {
                    claim(&srs()?).check::<Synthesis>(&epoch, path)?
                } else {
                    let modelled = Modelled::with_models(epoch, &self.models)?;
                    claim(&srs()?).check::<Joined>(&modelled, path)?
                };
                let mut workers = Ok(vec![]);
                for (worker, slot) in self.workers.iter().zip(slots) {
                    if let (Ok(_), Ok(before)) = (&checked, &mut workers) {
                        match worker.check(slot, key, &proof.statement)? {
                            Ok(linked) => before.push(linked),
                            Err(error) => workers = Err(error),
                        }
                    }
                }
                (checked, workers)
            }
        };
        let epoch_seconds = begun.elapsed().as_secs_f64();
        Ok(checked.and_then(|checked| Ok(Some(OfEpoch { checked, workers: workers?, epoch_seconds }))))
    }

    /// The slots of the workers whose proofs are given.
    fn slots(&self, epoch: &Epoch) -> Result<Vec<usize>> {
        let mut seen = BTreeSet::new();
        let slot = |worker: &Worker| {
            if !seen.insert(worker.address.clone()) {
                bail!("--worker {}: it is there twice; give each worker one proof", worker.address);
            }
            worker.slot(epoch)
        };
        self.workers.iter().map(slot).collect()
    }
}

/// The verdict and, of a proof that is of an epoch, what it says of that.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    verdict: Verdict,
    #[serde(flatten)]
    of_epoch: Option<OfEpoch>,
}

/// What a proof says of the epoch that it is of.
#[derive(Debug, Serialize)]
struct OfEpoch {
    #[serde(flatten)]
    checked: Checked,
    /// Whose inferences are proven, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    workers: Vec<Linked>,
    /// Making the key again, and all checks.
    epoch_seconds: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(of_epoch) = &self.of_epoch else { return write!(f, "{}", self.verdict) };
        writeln!(f, "valid and of its file, in {}", format::seconds(of_epoch.epoch_seconds))?;
        writeln!(f, "model id  {}", self.verdict.model_id)?;
        if let Some(context) = &self.verdict.context {
            writeln!(f, "context   {context}")?;
        }
        for worker in &of_epoch.workers {
            write!(f, "{worker}")?;
        }
        write!(f, "{}", of_epoch.checked.text())
    }
}

/// Why a proof is rejected.
pub(super) fn sentence(proof: &Path, error: &VerifyError) -> String {
    format!("{}: {error}", proof.display())
}

/// The verdict. What an invalid proof claims is given too, as far as it can be read.
#[derive(Debug, Serialize)]
pub(super) struct Verdict {
    pub(super) valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Decoding key and proof, and all checks.
    verify_seconds: f64,
    model_id: String,
    context: Option<String>,
    /// Of the tensors that the statement has as values.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Vec<f64>>,
    /// Of those that it has as commitments, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_commitment: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_commitment: Option<Vec<String>>,
    pub(super) insecure_srs: bool,
}

impl Verdict {
    /// What there is to say of a proof that was found valid, or has this error.
    pub(super) fn new(
        key: &Key,
        proof: Option<&ProofFile>,
        error: Option<String>,
        verify_seconds: f64,
    ) -> Self {
        let statement = proof.map(|proof| &proof.statement);
        let public = |role| reals(&key.program, statement?, role);
        let committed = |role| commitments(&key.program, statement?, role);
        Self {
            valid: error.is_none(),
            error,
            verify_seconds,
            model_id: hex::encode(key.model_id()),
            context: statement.map(|statement| hex::encode(statement.context)),
            input: public(Role::Input),
            input_commitment: committed(Role::Input),
            output: public(Role::Output),
            output_commitment: committed(Role::Output),
            insecure_srs: key.srs.kind == SrsKind::Development,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            None => writeln!(f, "valid, in {}", format::seconds(self.verify_seconds))?,
            Some(error) => return writeln!(f, "INVALID: {error}"),
        }
        writeln!(f, "model id  {}", self.model_id)?;
        if let Some(context) = &self.context {
            writeln!(f, "context   {context}")?;
        }
        let of = [
            ("input", &self.input, &self.input_commitment),
            ("output", &self.output, &self.output_commitment),
        ];
        for (name, values, commitments) in of {
            if let Some(values) = values {
                writeln!(f, "{name:<9} {}", format::reals(values))?;
            }
            for commitment in commitments.iter().flatten() {
                writeln!(f, "{name:<9} committed as {commitment}")?;
            }
        }
        Ok(())
    }
}
