//! A chain in memory, run by ZKsync's own virtual machine.

use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::fmt;
use zksync_multivm::interface::storage::{InMemoryStorage, ReadStorage, StorageView};
use zksync_multivm::interface::{
    ExecutionResult, InspectExecutionMode, L1BatchEnv, L2BlockEnv, SystemEnv, TxExecutionMode, VmFactory,
    VmInterface, VmInterfaceExt,
};
use zksync_multivm::vm_latest::constants::BATCH_COMPUTATIONAL_GAS_LIMIT;
use zksync_multivm::vm_latest::{HistoryDisabled, Vm};
use zksync_types::block::L2BlockHasher;
use zksync_types::fee_model::BatchFeeInput;
use zksync_types::l2::L2Tx;
use zksync_types::transaction_request::TransactionRequest;
use zksync_types::utils::{deployed_address_evm_create, storage_key_for_eth_balance};
use zksync_types::{
    Address, EIP_1559_TX_TYPE, H256, K256PrivateKey, L1BatchNumber, L2BlockNumber, L2ChainId,
    PackedEthSignature, ProtocolVersionId, SYSTEM_CONTEXT_ADDRESS, U256, get_code_key, get_deployer_key,
    u256_to_h256,
};

use crate::System;

/// The rules that are followed.
pub const PROTOCOL: ProtocolVersionId = ProtocolVersionId::Version29;
const CHAIN_ID: u32 = 270;
/// Of a unit of gas, in wei. It has no influence on what is counted.
const GAS_PRICE: u64 = 45_250_000;
/// The most that a transaction may use.
const GAS_LIMIT: u64 = 80_000_000;
/// Bytes of a transaction.
const MAX_TRANSACTION: usize = 1 << 20;
/// The deployer's setting of which code it takes: its slot, and the value with which it takes that of the EVM.
const CODE_KINDS: (u64, u64) = (1, 1);

/// What a transaction took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The gas it is charged for.
    pub gas: u64,
    /// Bytes it publishes, which are charged at the chain's price of a byte.
    pub pubdata_bytes: u64,
}

/// A chain in memory. What a transaction costs depends on its place in a batch: the first to run a contract, or to touch
/// a slot, pays for fetching it.
pub struct Chain {
    state: InMemoryStorage,
    batch: Option<Vm<StorageView<InMemoryStorage>, HistoryDisabled>>,
    system: System,
    gas_per_pubdata: u64,
    key: K256PrivateKey,
    nonce: u64,
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").field("nonce", &self.nonce).finish_non_exhaustive()
    }
}

impl Chain {
    /// A chain with the system's contracts and no others, and its price of a byte that is published, in gas.
    ///
    /// # Errors
    /// None that depends on the arguments.
    pub fn new(system: System, gas_per_pubdata: u64) -> Result<Self> {
        let key = K256PrivateKey::from_bytes(H256::repeat_byte(0x5c)).context("the sender's key")?;
        let mut state = InMemoryStorage::with_custom_system_contracts_and_chain_id(
            L2ChainId::from(CHAIN_ID),
            system.deployed.clone(),
        );
        let (slot, kind) = CODE_KINDS;
        state.set_value(get_deployer_key(H256::from_low_u64_be(slot)), H256::from_low_u64_be(kind));
        let rich = U256::from(10).pow(U256::from(24));
        state.set_value(storage_key_for_eth_balance(&key.address()), u256_to_h256(rich));
        Ok(Self { state, batch: None, system, gas_per_pubdata, key, nonce: 0 })
    }

    /// Lets the next transaction be the first of a batch.
    pub fn seal(&mut self) {
        self.batch = None;
    }

    /// Sends a transaction with this data to a contract.
    ///
    /// # Errors
    /// Says how it failed.
    pub fn call(&mut self, to: Address, data: Vec<u8>) -> Result<Receipt> {
        self.transact(Some(to), data, U256::zero())
    }

    /// Gives one wei to an account.
    ///
    /// # Errors
    /// Says how it failed.
    pub fn transfer(&mut self, to: Address) -> Result<Receipt> {
        self.transact(Some(to), Vec::new(), U256::one())
    }

    /// Creates a contract from this code of the EVM, and gives its address.
    ///
    /// # Errors
    /// Says how it failed.
    pub fn create(&mut self, code: Vec<u8>) -> Result<(Address, Receipt)> {
        let address = deployed_address_evm_create(self.key.address(), self.nonce.into());
        let receipt = self.transact(None, code, U256::zero())?;
        if (&self.state).read_value(&get_code_key(&address)).is_zero() {
            bail!("there is no contract at {address:?}");
        }
        Ok((address, receipt))
    }

    fn transact(&mut self, to: Option<Address>, data: Vec<u8>, value: U256) -> Result<Receipt> {
        let transaction = self.sign(to, data, value)?;
        let mut vm = self.batch.take().unwrap_or_else(|| self.begin());
        vm.push_transaction(transaction.into());
        let result = vm.execute(InspectExecutionMode::OneTx);
        match result.result {
            ExecutionResult::Success { .. } => {}
            ExecutionResult::Revert { output } => bail!("the transaction was reverted: {output}"),
            ExecutionResult::Halt { reason } => bail!("the transaction was stopped: {reason}"),
        }
        self.nonce += 1;
        for log in result.logs.storage_logs.iter().map(|log| log.log) {
            // What the system knows of batches is its own: each begins as the first.
            if log.is_write() && *log.key.address() != SYSTEM_CONTEXT_ADDRESS {
                self.state.set_value(log.key, log.value);
            }
        }
        for (hash, code) in result.dynamic_factory_deps {
            self.state.store_factory_dep(hash, code);
        }
        self.batch = Some(vm);
        Ok(Receipt {
            gas: GAS_LIMIT - result.refunds.gas_refunded,
            pubdata_bytes: result.statistics.pubdata_published.into(),
        })
    }

    /// The transaction as a wallet sends it.
    fn sign(&self, to: Option<Address>, data: Vec<u8>, value: U256) -> Result<L2Tx> {
        let request = TransactionRequest {
            nonce: self.nonce.into(),
            from: Some(self.key.address()),
            to,
            value,
            gas_price: GAS_PRICE.into(),
            gas: GAS_LIMIT.into(),
            max_priority_fee_per_gas: Some(U256::zero()),
            input: data.into(),
            transaction_type: Some(EIP_1559_TX_TYPE.into()),
            chain_id: Some(CHAIN_ID.into()),
            ..TransactionRequest::default()
        };
        let signature = PackedEthSignature::sign_raw(&self.key, &request.get_default_signed_message()?)?;
        let bytes = request.get_signed_bytes(&signature)?;
        let (request, hash) = TransactionRequest::from_bytes(&bytes, L2ChainId::from(CHAIN_ID))?;
        let mut transaction = L2Tx::from_request(request, MAX_TRANSACTION, true)?;
        transaction.set_input(bytes, hash);
        Ok(transaction)
    }

    fn begin(&self) -> Vm<StorageView<InMemoryStorage>, HistoryDisabled> {
        Vm::new(self.header(), self.environment(), StorageView::new(self.state.clone()).to_rc_ptr())
    }

    fn header(&self) -> L1BatchEnv {
        let timestamp = 1_700_000_000;
        L1BatchEnv {
            previous_batch_hash: None,
            number: L1BatchNumber(1),
            timestamp,
            fee_input: BatchFeeInput::pubdata_independent(
                GAS_PRICE,
                GAS_PRICE,
                self.gas_per_pubdata * GAS_PRICE,
            ),
            fee_account: Address::repeat_byte(0xfe),
            enforced_base_fee: None,
            first_l2_block: L2BlockEnv {
                number: 1,
                timestamp,
                prev_block_hash: L2BlockHasher::legacy_hash(L2BlockNumber(0)),
                max_virtual_blocks_to_create: 1,
                interop_roots: Vec::new(),
            },
        }
    }

    fn environment(&self) -> SystemEnv {
        SystemEnv {
            zk_porter_available: false,
            version: PROTOCOL,
            base_system_smart_contracts: self.system.base.clone(),
            bootloader_gas_limit: BATCH_COMPUTATIONAL_GAS_LIMIT,
            execution_mode: TxExecutionMode::VerifyExecute,
            default_validation_computational_gas_limit: BATCH_COMPUTATIONAL_GAS_LIMIT,
            chain_id: L2ChainId::from(CHAIN_ID),
        }
    }
}
