//! A chain in memory.

use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_sol_types::SolCall;
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

/// Whose transactions they are unless said.
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
        outcome: Box<Outcome>,
    },
    /// A function of a contract did not return what it is to return.
    #[error("{function} gave no answer: {outcome}")]
    NoAnswer {
        /// Its signature.
        function: &'static str,
        /// What happened.
        outcome: Box<Outcome>,
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
}

impl Evm {
    /// A chain without contracts.
    pub fn new(chain: Chain) -> Self {
        let mut state = CacheDB::new(EmptyDB::new());
        let rich = U256::from(10).pow(U256::from(24));
        state.insert_account_info(SENDER, AccountInfo { balance: rich, ..AccountInfo::default() });
        Self { chain, state }
    }

    /// Whose prices it has.
    pub fn chain(&self) -> Chain {
        self.chain
    }

    /// The account that all transactions come from, but for those that say another.
    pub fn sender(&self) -> Address {
        SENDER
    }

    /// Sends a transaction with this data to a contract.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn call(&mut self, to: Address, data: Bytes) -> Result<Receipt, Error> {
        Ok(self.transact(SENDER, TxKind::Call(to), data, None)?.0)
    }

    /// As [`Evm::call`], from another account.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn call_as(&mut self, from: Address, to: Address, data: Bytes) -> Result<Receipt, Error> {
        Ok(self.transact(from, TxKind::Call(to), data, None)?.0)
    }

    /// What a function of a contract returns, or how it ends without; in a transaction, as all else.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::NoAnswer`].
    pub fn read<C: SolCall>(&mut self, to: Address, call: &C) -> Result<C::Return, Error> {
        let outcome = self.call(to, call.abi_encode().into())?.outcome;
        let answer = match &outcome {
            Outcome::Returned(data) => C::abi_decode_returns(data).ok(),
            _ => None,
        };
        answer.ok_or_else(|| Error::NoAnswer { function: C::SIGNATURE, outcome: Box::new(outcome) })
    }

    /// As [`Evm::call`], and gives back what was seen.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn watch(&mut self, to: Address, data: Bytes, watch: Watch) -> Result<(Receipt, Watch), Error> {
        let (receipt, seen) = self.transact(SENDER, TxKind::Call(to), data, Some(watch.clone()))?;
        Ok((receipt, seen.unwrap_or(watch)))
    }

    /// Sends a transaction that creates a contract from this code.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn create(&mut self, code: Bytes) -> Result<Receipt, Error> {
        Ok(self.transact(SENDER, TxKind::Create, code, None)?.0)
    }

    /// Deploys a contract.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Deployment`].
    pub fn deploy(&mut self, contract: &'static str, code: Bytes) -> Result<Address, Error> {
        let receipt = self.create(code)?;
        match receipt.address {
            Some(address) => Ok(address),
            None => Err(Error::Deployment { contract, outcome: Box::new(receipt.outcome) }),
        }
    }

    fn transact(
        &mut self,
        caller: Address,
        kind: TxKind,
        data: Bytes,
        watch: Option<Watch>,
    ) -> Result<(Receipt, Option<Watch>), Error> {
        let (limit, calldata_bytes) = (self.chain.gas_limit(), data.len());
        let account = self.state.load_account(caller).map_err(|error| Error::Refused(error.to_string()))?;
        let nonce = account.info.nonce;
        let transaction = TxEnv { caller, gas_limit: limit, kind, data, nonce, ..TxEnv::default() };
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
