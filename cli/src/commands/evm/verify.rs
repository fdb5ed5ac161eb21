//! `sumcast evm verify`.

use super::super::verify::{Verdict, sentence};
use crate::error::Result;
use crate::output::{self, Outcome};
use crate::{files, format};
use anyhow::anyhow;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use std::time::Instant;
use sumcast_evm as evm;
use sumcast_evm::{GasParts, Part, Sumcast};
use sumcast_verifier::{Key, ProofFile};

/// Arguments of `evm verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast evm verify --vk model/vk.bin model.proof\n  \
    sumcast evm verify --vk model/vk.bin model.proof --chain monad --json\n\n\
    Exit code 0: the contract accepts the proof; 1: it does not; 2: the key or a file is unusable.\n\
    The contract runs in this program, in an EVM of its own. The gas is that of a whole transaction: through the\n\
    registry, where the model is registered, as a feed does it; or with --via verifier, to the verifier itself with the\n\
    key as data. For zksync there is a verdict and no gas: its prices are not those of the EVM.")]
pub(crate) struct Verify {
    /// The verifying key
    #[arg(long, value_name = "VK")]
    vk: PathBuf,
    /// The proof with its statement
    proof: PathBuf,
    /// Whose prices the gas has
    #[arg(long, value_enum, default_value_t = Chain::Ethereum)]
    chain: Chain,
    /// What the transaction calls
    #[arg(long, value_enum, default_value_t = Via::Registry)]
    via: Via,
}

/// What `--chain` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Chain {
    Ethereum,
    Monad,
    Zksync,
}

/// What `--via` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Via {
    Registry,
    Verifier,
}

impl Verify {
    pub(crate) fn run(self) -> Result<Outcome> {
        let (vk, bytes) = (files::read_small(&self.vk)?, files::read_small(&self.proof)?);
        let key = files::decode_key(&self.vk, &vk)?;
        let chain = match self.chain {
            Chain::Ethereum => evm::Chain::Ethereum,
            Chain::Monad => evm::Chain::Monad,
            Chain::Zksync => evm::Chain::Zksync,
        };
        let file = ProofFile::from_bytes(&bytes);
        // A contract is given integers in the width the key has for them: those that do not fit cannot even be asked of.
        let checked = file.as_ref().map_err(Clone::clone).and_then(|file| {
            file.statement.check(&key.program)?;
            Ok(file)
        });
        let (verdict, run) = match checked {
            Err(error) => {
                let error = sentence(&self.proof, &error);
                (Verdict::new(&key, file.as_ref().ok(), Some(error), 0.0), Run::default())
            }
            Ok(file) => self.by_contract(chain, &vk, &key, file)?,
        };
        output::warn_insecure(verdict.insecure_srs);
        let valid = verdict.valid;
        let outcome = Outcome::new(&Report {
            verdict,
            chain: chain.name(),
            revision: chain.revision(),
            via: self.via,
            gas_note: chain.unpriced(),
            run,
        })?;
        Ok(if valid { outcome } else { outcome.rejected() })
    }

    /// Deploys the contracts and lets them verify.
    fn by_contract(
        &self,
        chain: evm::Chain,
        vk: &[u8],
        key: &Key,
        file: &ProofFile,
    ) -> Result<(Verdict, Run)> {
        let of_key = |error: evm::Error| anyhow!("{}: {error}", self.vk.display());
        let mut contracts = Sumcast::deploy(chain, &key.srs.tau).map_err(of_key)?;
        let route = match self.via {
            Via::Registry => evm::Route::Registry,
            Via::Verifier => evm::Route::Verifier,
        };
        if route == evm::Route::Registry {
            contracts.ensure_registered(vk).map_err(of_key)?;
        }
        let begun = Instant::now();
        let receipt = contracts.verify(vk, &key.program.tensors, file, route).map_err(of_key)?;
        let seconds = begun.elapsed().as_secs_f64();

        // The contract is told the model and not what the file says of it.
        let stranger = (file.model_id != key.model_id()).then(|| {
            let [expected, found] = [key.model_id(), file.model_id].map(hex::encode);
            format!("the proof is for model {found}, not for {expected}")
        });
        let verdict = match &receipt.outcome {
            evm::Outcome::Returned(_) => None,
            outcome => Some(outcome.to_string()),
        };
        let error = stranger.or(verdict).map(|error| format!("{}: {error}", self.proof.display()));
        let run =
            Run { gas: receipt.gas, calldata_bytes: Some(receipt.calldata_bytes), gas_parts: receipt.parts };
        Ok((Verdict::new(key, Some(file), error, seconds), run))
    }
}

/// What the transaction took; nothing where the proof or its statement could not be put into one.
#[derive(Debug, Default, Serialize)]
struct Run {
    gas: Option<u64>,
    calldata_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gas_parts: Option<GasParts>,
}

/// The verdict of the contract, and what it costs.
#[derive(Debug, Serialize)]
struct Report {
    /// Its seconds are those of the embedded EVM.
    #[serde(flatten)]
    verdict: Verdict,
    chain: &'static str,
    /// The revision of the chain whose rules and prices are followed.
    revision: &'static str,
    via: Via,
    /// Why there is no gas.
    #[serde(skip_serializing_if = "Option::is_none")]
    gas_note: Option<&'static str>,
    #[serde(flatten)]
    run: Run,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.verdict)?;
        if let Some(bytes) = self.run.calldata_bytes {
            writeln!(f, "calldata  {}", format::bytes(bytes as u64))?;
        }
        match (self.run.gas, self.gas_note) {
            (Some(gas), _) => {
                writeln!(f, "gas       {} on {} ({})", format::count(gas), self.chain, self.revision)?;
            }
            (None, Some(note)) => writeln!(f, "gas       unknown on {}: {note}", self.chain)?,
            (None, None) => {}
        }
        let Some(parts) = &self.run.gas_parts else { return Ok(()) };
        let whole = |gas: u64| Part { calls: 0, gas };
        for (name, part) in [
            ("transaction", whole(parts.base)),
            ("calldata", whole(parts.calldata)),
            ("ecAdd", parts.ec_add),
            ("ecMul", parts.ec_mul),
            ("pairing", parts.pairing),
            ("keccak", parts.keccak),
            ("floor", whole(parts.floor)),
            ("other", whole(parts.other)),
        ] {
            match part.calls {
                0 if part.gas == 0 => {}
                0 => writeln!(f, "  {name:<12} {:>10}", format::count(part.gas))?,
                calls => {
                    writeln!(f, "  {name:<12} {:>10}  in {}", format::count(part.gas), format::count(calls))?;
                }
            }
        }
        Ok(())
    }
}
