//! A chain in memory.

use alloy_primitives::{Address, Bytes, TxKind, U256};
use monad_revm::api::builder::MonadBuilder;
use monad_revm::api::default_ctx::monad_context_with_db;
use revm::context::TxEnv;
use revm::context::result::{ExecutionResult, HaltReason, Output};
use revm::database::{CacheDB, EmptyDB};
use revm::state::AccountInfo;
use revm::{Context, InspectCommitEvm, MainBuilder, MainContext};
use sumcast_contracts::Failure;
use thiserror::Error;

use crate::meter::Meter;
use crate::{Chain, GasParts, Watch};

/// Whose transactions all of them are.
const SENDER: Address = Address::repeat_byte(0x5c);

/// Why a transaction could not be made, or what was to be deployed was not.
#[derive(Debug, Error)]
pub enum Error {
    /// The chain does not take it: it has too much data, for one.
    #[error("the chain does not take the transaction: {0}")]
    Refused(String),
    /// A contract was not deployed.
    #[error("{contract} was not deployed: {outcome}")]
    Deployment {
        /// Its name.
        contract: &'static str,
        /// What happened.
        outcome: Outcome,
    },
    /// The contracts do not take the verifying key.
    #[error("the contract refuses the verifying key: {0}")]
    Key(Outcome),
}

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It returned this.
    Returned(Bytes),
    /// It was reverted.
    Reverted(Failure),
    /// It was stopped: the gas ran out, or there was a fault.
    Halted(String),
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Returned(_) => f.write_str("it succeeded"),
            Self::Reverted(failure) => failure.fmt(f),
            Self::Halted(reason) => write!(f, "the transaction was stopped: {reason}"),
        }
    }
}

/// What a transaction gave and took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// How it ended.
    pub outcome: Outcome,
    /// The gas it used; none where the chain's prices are not known.
    pub gas: Option<u64>,
    /// The same by part.
    pub parts: Option<GasParts>,
    /// Bytes of its data.
    pub calldata_bytes: usize,
    /// The contract it deployed.
    pub address: Option<Address>,
}

/// A chain in memory, whose transactions follow one another.
#[derive(Debug)]
pub struct Evm {
    chain: Chain,
    state: CacheDB<EmptyDB>,
    nonce: u64,
}

impl Evm {
    /// A chain without contracts.
    pub fn new(chain: Chain) -> Self {
        let mut state = CacheDB::new(EmptyDB::new());
        let rich = U256::from(10).pow(U256::from(24));
        state.insert_account_info(SENDER, AccountInfo { balance: rich, ..AccountInfo::default() });
        Self { chain, state, nonce: 0 }
    }

    /// Whose prices it has.
    pub fn chain(&self) -> Chain {
        self.chain
    }

    /// The account that all transactions come from.
    pub fn sender(&self) -> Address {
        SENDER
    }

    /// Sends a transaction with this data to a contract.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn call(&mut self, to: Address, data: Bytes) -> Result<Receipt, Error> {
        Ok(self.transact(TxKind::Call(to), data, None)?.0)
    }

    /// As [`Evm::call`], and gives back what was seen.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn watch(&mut self, to: Address, data: Bytes, watch: Watch) -> Result<(Receipt, Watch), Error> {
        let (receipt, seen) = self.transact(TxKind::Call(to), data, Some(watch.clone()))?;
        Ok((receipt, seen.unwrap_or(watch)))
    }

    /// Sends a transaction that creates a contract from this code.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn create(&mut self, code: Bytes) -> Result<Receipt, Error> {
        Ok(self.transact(TxKind::Create, code, None)?.0)
    }

    /// Deploys a contract.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Deployment`].
    pub fn deploy(&mut self, contract: &'static str, code: Bytes) -> Result<Address, Error> {
        let receipt = self.create(code)?;
        match receipt.address {
            Some(address) => Ok(address),
            None => Err(Error::Deployment { contract, outcome: receipt.outcome }),
        }
    }

    fn transact(
        &mut self,
        kind: TxKind,
        data: Bytes,
        watch: Option<Watch>,
    ) -> Result<(Receipt, Option<Watch>), Error> {
        let (limit, calldata_bytes) = (self.chain.gas_limit(), data.len());
        let transaction =
            TxEnv { caller: SENDER, gas_limit: limit, kind, data, nonce: self.nonce, ..TxEnv::default() };
        let mut meter = Meter::new(watch);
        let result = match self.chain {
            Chain::Ethereum | Chain::Zksync => Context::mainnet()
                .modify_cfg_chained(|cfg| cfg.set_spec_and_mainnet_gas_params(Chain::ETHEREUM))
                .with_db(&mut self.state)
                .build_mainnet_with_inspector(&mut meter)
                .inspect_tx_commit(transaction)
                .map_err(|error| error.to_string()),
            Chain::Monad => monad_context_with_db(&mut self.state)
                .build_monad_with_inspector(&mut meter)
                .inspect_tx_commit(transaction)
                .map_err(|error| error.to_string()),
        };
        let result = result.map_err(Error::Refused)?;
        self.nonce += 1;
        let used = result.tx_gas_used();
        let floor = used.saturating_sub(result.gas().spent_sub_refunded());
        let priced = self.chain.unpriced().is_none();
        let (outcome, address) = outcome(result);
        let receipt = Receipt {
            outcome,
            gas: priced.then_some(used),
            parts: priced.then(|| meter.parts(limit, used, floor)),
            calldata_bytes,
            address,
        };
        Ok((receipt, meter.into_watch()))
    }
}

fn outcome(result: ExecutionResult<HaltReason>) -> (Outcome, Option<Address>) {
    match result {
        ExecutionResult::Success { output: Output::Call(data), .. } => (Outcome::Returned(data), None),
        ExecutionResult::Success { output: Output::Create(data, address), .. } => {
            (Outcome::Returned(data), address)
        }
        ExecutionResult::Revert { output, .. } => (Outcome::Reverted(Failure::decode(&output)), None),
        ExecutionResult::Halt { reason, .. } => (Outcome::Halted(format!("{reason:?}")), None),
    }
}
