//! The topic: its workers, circuits and contracts, and what a day brings.

use super::chain::{Chain, gas};
use super::checks::{NEXT_STATE, STATE, Verified};
use super::ledger::Ledger;
use super::lies::{self, Lie};
use super::memory::Memory;
use super::prover::{Files, Prover};
use super::report::Day;
use super::workers::{BEFORE, DAYS, NAMES, Worker};
use crate::error::Result;
use crate::files;
use crate::progress::Progress;
use crate::topic::bundle;
use anyhow::Context;
use sumcast_circuits::epoch::{Decimal, Epoch, Outcome};
use sumcast_circuits::settle::{self, Settle};
use sumcast_circuits::synthesis::{self, Synthesis};
use sumcast_contracts::abi::EpochKind;
use sumcast_contracts::alloy_primitives::Address;
use sumcast_evm::Receipt;
use sumcast_prover::TensorOpening;
use sumcast_verifier::{ProofFile, Tensor};
use tempfile::TempDir;

/// A circuit of the topic, with its keys.
struct Circuit<C> {
    circuit: C,
    prover: Prover,
}

/// The topic.
pub(super) struct Topic {
    home: TempDir,
    workers: Vec<Worker>,
    synthesis: Circuit<Synthesis>,
    settle: Circuit<Settle>,
    chain: Chain,
    memory: Memory,
    /// The state that the last settlement has left: what opens it, and its commitment.
    left: Option<(TensorOpening, Tensor)>,
    pub(super) ledger: Ledger,
}

/// A synthesis that was proven and verified.
pub(super) struct Proved {
    pub(super) verified: Verified,
    /// The proofs of its inferences.
    pub(super) workers: Vec<bundle::Worker>,
    outcome: Outcome,
    files: Files,
    seconds: f64,
}

impl Topic {
    /// Compiles the workers' models, lets the days before those that are proven pass, and deploys the contracts.
    pub(super) fn begin(progress: &Progress) -> Result<Self> {
        let home = tempfile::tempdir().context("cannot make a temporary directory")?;
        let mut workers = vec![];
        for (slot, name) in NAMES.iter().enumerate() {
            progress.stage(format!("{name}: compile"));
            workers.push(Worker::new(slot, home.path())?);
        }
        progress.stage("the days before");
        let (memory, synthesis, settle) = history(&workers)?;
        progress.stage("keys of the topic");
        let prover = Prover::new(&synthesis.model, "synthesis", home.path())?;
        let synthesis = Circuit { circuit: synthesis, prover };
        let prover = Prover::new(&settle.model, "settlement", home.path())?;
        let settle = Circuit { circuit: settle, prover };

        progress.stage("contracts");
        let mut chain = Chain::deploy(&synthesis.prover.srs.tau())?;
        let of_workers = workers.iter().map(|worker| (worker.name, &worker.prover, None));
        let of_topic = [
            ("synthesis", &synthesis.prover, Some(EpochKind::Synthesis)),
            ("settlement", &settle.prover, Some(EpochKind::Settlement)),
        ];
        let mut ledger = Ledger::default();
        for (name, prover, kind) in of_workers.chain(of_topic) {
            let gas = chain.accept(&files::read_small(&prover.vk)?, kind)?;
            ledger.register(name, prover.model_id(), gas);
        }
        Ok(Self { home, workers, synthesis, settle, chain, memory, left: None, ledger })
    }

    /// A day: inferences, synthesis and settlement, each proven, verified and posted. On the last one lies are tried.
    pub(super) fn day(&mut self, k: usize, progress: &Progress) -> Result<(Day, Vec<Lie>)> {
        let day = BEFORE + k;
        let number = day as u64;
        let (values, proofs) = self.infer(day, progress)?;
        let epoch = self.memory.epoch(day, &values)?;
        let mut synthesis = self.synthesise(&epoch, "synthesis", self.state(), progress)?;
        synthesis.workers = proofs;
        let Proved { verified, workers, files, .. } = &synthesis;
        let prover = &self.synthesis.prover;
        let outcome = &synthesis.outcome;
        verified.of_epoch(&epoch, outcome, prover, files, workers)?;
        match &self.left {
            None => self.chain.set_genesis(prover.specs(), &verified.file)?,
            Some((_, commitment)) => verified.takes(commitment)?,
        }
        let last = k + 1 == DAYS.len();
        let lies = if last { lies::try_all(self, &epoch, &synthesis, progress)? } else { vec![] };

        let Proved { verified, files, seconds, .. } = &synthesis;
        let posted = gas(&self.post(number, &verified.file)?)?;
        self.ledger.add("synthesis", *seconds, verified, posted);
        let on_chain = self.chain.read()?;

        let truth = self.workers[0].truth(day)?;
        let settled =
            self.settle(&epoch, outcome, truth, (files.opening(STATE)?, verified.tensor(STATE)?), progress)?;
        let told = Day::new(DAYS[k], truth, &epoch, outcome, &settled, on_chain)?;
        self.memory.settle(settled)?;
        Ok((told, lies))
    }

    /// The workers' inferences of a day, as their feed has them, and the proofs.
    fn infer(&mut self, day: usize, progress: &Progress) -> Result<(Vec<Decimal>, Vec<bundle::Worker>)> {
        let number = day as u64;
        let (mut values, mut proofs) = (vec![], vec![]);
        for worker in &self.workers {
            let Worker { name, account, model, prover, .. } = worker;
            let files = Files::new(self.home.path(), &format!("{name}-{number}"));
            let context = self.chain.worker_context(*account, number)?;
            let ((), seconds) = prover.prove(&files, context, None, progress, || {
                Ok(((), model.run(&prover.relation, worker.input(day)?)?))
            })?;
            let verified = Verified::read(&prover.vk, &files.proof)?;
            let (value, gas) = self.chain.infer(*account, number, prover.specs(), &verified.file)?;
            self.ledger.add(name, seconds, &verified, gas);
            values.push(value);
            let (vk, proof) = (prover.vk.clone(), files.proof);
            proofs.push(bundle::Worker { address: (*name).to_owned(), vk, proof });
        }
        Ok((values, proofs))
    }

    /// What opens the state that the last settlement has left.
    pub(super) fn state(&self) -> Option<&TensorOpening> {
        self.left.as_ref().map(|(opening, _)| opening)
    }

    /// Proves the network inference of an epoch, of a state with a commitment that is there or with one of its own.
    pub(super) fn synthesise(
        &self,
        epoch: &Epoch,
        name: &str,
        known: Option<&TensorOpening>,
        progress: &Progress,
    ) -> Result<Proved> {
        let Circuit { circuit, prover } = &self.synthesis;
        let files = Files::new(self.home.path(), &format!("{name}-{}", epoch.nonce));
        let context = self.chain.context(epoch.nonce, EpochKind::Synthesis);
        let (outcome, seconds) =
            prover.prove(&files, context, known, progress, || Ok(circuit.run(&prover.relation, epoch)?))?;
        let verified = Verified::read(&prover.vk, &files.proof)?;
        Ok(Proved { verified, workers: vec![], outcome, files, seconds })
    }

    /// Proves and posts the settlement of an epoch, of the state that its synthesis has.
    fn settle(
        &mut self,
        epoch: &Epoch,
        outcome: &Outcome,
        truth: f64,
        (state, commitment): (TensorOpening, &Tensor),
        progress: &Progress,
    ) -> Result<sumcast_circuits::epoch::Settled> {
        let Circuit { circuit, prover } = &self.settle;
        let settlement = self.memory.settlement(epoch, outcome, truth)?;
        let files = Files::new(self.home.path(), &format!("settlement-{}", epoch.nonce));
        let context = self.chain.context(epoch.nonce, EpochKind::Settlement);
        let (settled, seconds) = prover.prove(&files, context, Some(&state), progress, || {
            Ok(circuit.run(&prover.relation, &settlement)?)
        })?;
        let verified = Verified::read(&prover.vk, &files.proof)?;
        verified.of_settlement(&settlement, prover, &files)?;
        verified.takes(commitment)?;
        let posted = gas(&self.chain.settle(epoch.nonce, prover.specs(), &verified.file)?)?;
        self.ledger.add("settlement", seconds, &verified, posted);
        let left = TensorOpening { tensor: STATE, ..files.opening(NEXT_STATE)? };
        self.left = Some((left, verified.tensor(NEXT_STATE)?.clone()));
        Ok(settled)
    }

    /// Posts a network inference of all workers.
    pub(super) fn post(&mut self, number: u64, file: &ProofFile) -> Result<Receipt> {
        let members: Vec<Address> = self.workers.iter().map(|worker| worker.account).collect();
        self.chain.post(number, &members, self.synthesis.prover.specs(), file)
    }

    /// An error without the directory of the files it is about, which nobody else sees.
    pub(super) fn without_paths(&self, error: &anyhow::Error) -> String {
        let home = format!("{}{}", self.home.path().display(), std::path::MAIN_SEPARATOR);
        format!("{error:#}").replace(&home, "")
    }
}

/// What the days before those that are proven have left, computed and not proven, and the circuits by which.
fn history(workers: &[Worker]) -> Result<(Memory, Synthesis, Settle)> {
    let mut memory = Memory::new()?;
    let mut circuits = None;
    for day in 0..BEFORE {
        let values = workers.iter().map(|worker| Ok(worker.infer(day)?.to_string().parse()?));
        let values: Vec<Decimal> = values.collect::<Result<_>>()?;
        let truth = workers[0].truth(day)?;
        let epoch = memory.epoch(day, &values)?;
        let (synthesis, settle) = match circuits.take() {
            Some((synthesis, settle)) => (synthesis, Some(settle)),
            None => (Synthesis::new(synthesis::Form::of(&epoch)?)?, None),
        };
        let settlement = memory.settlement(&epoch, &synthesis.outcome(&epoch)?, truth)?;
        let settle = match settle {
            Some(settle) => settle,
            None => Settle::new(settle::Form::of(&settlement)?)?,
        };
        memory.settle(settle.outcome(&settlement)?)?;
        circuits = Some((synthesis, settle));
    }
    let (synthesis, settle) = circuits.context("no days come before")?;
    Ok((memory, synthesis, settle))
}
