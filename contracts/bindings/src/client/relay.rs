//! What a relayer asks of a node: transactions as bytes, which can be kept before they are sent, and where they are.

use super::{Client, ClientError, MARGIN, Signer};
use crate::Contract;
use alloy_network::eip2718::{Decodable2718, Encodable2718};
use alloy_network::{Ethereum, EthereumWallet, Network, NetworkTransactionBuilder, TransactionBuilder};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_provider::Provider;
use alloy_rpc_types_eth::{BlockId, BlockNumberOrTag, TransactionRequest};
use alloy_sol_types::SolCall;

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its time, in seconds since 1970.
    pub time: u64,
    /// What a gas costs at least, in wei.
    pub base_fee: u128,
}

/// What is paid for a gas, in wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// At most.
    pub max: u128,
    /// Of that, at most for whoever makes the block.
    pub tip: u128,
}

/// A call of a contract that is to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The contract.
    pub to: Address,
    /// What it is called with.
    pub data: Bytes,
    /// The account's number for the transaction.
    pub nonce: u64,
    /// Gas that it may use.
    pub gas: u64,
    /// What a gas may cost.
    pub fees: Fees,
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Its hash.
    pub hash: B256,
    /// Itself, as nodes take it.
    pub raw: Bytes,
}

/// A transaction that is in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Included {
    /// Its hash.
    pub hash: B256,
    /// The number of its block.
    pub block: u64,
    /// The hash of its block.
    pub block_hash: B256,
    /// Whether it did what it should.
    pub success: bool,
    /// The gas it used.
    pub gas_used: u64,
    /// What was paid for it, in wei.
    pub fee: U256,
}

impl Call {
    /// What a signed transaction calls, if it is one of a contract with fees as EIP-1559 has them.
    pub fn of(mut raw: &[u8]) -> Option<Self> {
        let signed = <Ethereum as Network>::TxEnvelope::decode_2718(&mut raw).ok()?;
        let request: TransactionRequest = signed.into();
        Some(Self {
            to: *request.to?.to()?,
            data: request.input.into_input()?,
            nonce: request.nonce?,
            gas: request.gas?,
            fees: Fees { max: request.max_fee_per_gas?, tip: request.max_priority_fee_per_gas? },
        })
    }

    /// The transaction of it on a chain, signed.
    ///
    /// # Errors
    /// [`ClientError::Key`].
    pub async fn sign(&self, chain_id: u64, signer: &Signer) -> Result<Signed, ClientError> {
        let request = TransactionRequest::default()
            .with_chain_id(chain_id)
            .with_kind(TxKind::Call(self.to))
            .with_input(self.data.clone())
            .with_nonce(self.nonce)
            .with_gas_limit(self.gas)
            .with_max_fee_per_gas(self.fees.max)
            .with_max_priority_fee_per_gas(self.fees.tip);
        let signed = request.build(&EthereumWallet::from(signer.clone())).await;
        let signed = signed.map_err(|error| ClientError::Key(format!("cannot sign: {error}")))?;
        Ok(Signed { hash: *signed.tx_hash(), raw: signed.encoded_2718().into() })
    }
}

impl Client {
    /// The last block.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn head(&self) -> Result<Head, ClientError> {
        let block = self.provider.get_block(BlockId::latest()).await.map_err(|error| self.node(&error))?;
        let none = |what: &str| ClientError::Node { url: self.url.clone(), reason: what.into() };
        let header = block.ok_or_else(|| none("it has no last block"))?.header;
        let base_fee =
            header.base_fee_per_gas.ok_or_else(|| none("its chain has no fees as EIP-1559 has them"))?;
        Ok(Head { number: header.number, time: header.timestamp, base_fee: base_fee.into() })
    }

    /// The hash of the block of a number, if there is one.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn block_hash(&self, number: u64) -> Result<Option<B256>, ClientError> {
        let block = self.provider.get_block_by_number(number.into()).await;
        Ok(block.map_err(|error| self.node(&error))?.map(|block| block.header.hash))
    }

    /// How many transactions of an account are in blocks up to one.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn nonce(&self, account: Address, block: u64) -> Result<u64, ClientError> {
        let count = self.provider.get_transaction_count(account).block_id(at(block));
        count.await.map_err(|error| self.node(&error))
    }

    /// What an account has, in wei.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn balance(&self, account: Address) -> Result<U256, ClientError> {
        self.provider.get_balance(account).await.map_err(|error| self.node(&error))
    }

    /// What gets a transaction into one of the next blocks.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn fees(&self) -> Result<Fees, ClientError> {
        let fees = self.provider.estimate_eip1559_fees().await.map_err(|error| self.node(&error))?;
        Ok(Fees { max: fees.max_fee_per_gas, tip: fees.max_priority_fee_per_gas })
    }

    /// The answer of a contract as of a block.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn read_at<C: SolCall>(
        &self,
        contract: Contract,
        address: Address,
        call: &C,
        block: u64,
    ) -> Result<C::Return, ClientError> {
        let request = self.request(TxKind::Call(address), call.abi_encode().into());
        let data = self.provider.call(request).block(at(block)).await;
        let data = data.map_err(|error| self.refused("run the call", &error))?;
        C::abi_decode_returns(&data)
            .map_err(|_| ClientError::WrongContract { address, contract: contract.name() })
    }

    /// Tries a call as an account, without sending it: the gas that it may use.
    ///
    /// # Errors
    /// [`ClientError`]; what the contract has against it is [`ClientError::Rejected`].
    pub async fn try_call(&self, from: Address, to: Address, data: Bytes) -> Result<u64, ClientError> {
        let request = self.request(TxKind::Call(to), data).with_from(from);
        self.simulate(&request).await?;
        let gas = self.provider.estimate_gas(request).await;
        let gas = gas.map_err(|error| self.refused("estimate the gas", &error))?;
        Ok(gas.saturating_add(gas / MARGIN))
    }

    /// Where a transaction is, if it is in a block.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn included(&self, hash: B256) -> Result<Option<Included>, ClientError> {
        let receipt = self.provider.get_transaction_receipt(hash).await;
        let Some(receipt) = receipt.map_err(|error| self.node(&error))? else { return Ok(None) };
        let (Some(block), Some(block_hash)) = (receipt.block_number, receipt.block_hash) else {
            return Ok(None);
        };
        let gas_used = receipt.gas_used;
        let fee = U256::from(gas_used) * U256::from(receipt.effective_gas_price);
        Ok(Some(Included { hash, block, block_hash, success: receipt.status(), gas_used, fee }))
    }

    /// Whether the node has a transaction, in a block or waiting for one.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn knows(&self, hash: B256) -> Result<bool, ClientError> {
        let found = self.provider.get_transaction_by_hash(hash).await;
        found.map(|found| found.is_some()).map_err(|error| self.node(&error))
    }

    /// Gives a signed transaction to the node, and does not wait for it.
    ///
    /// # Errors
    /// [`ClientError::Refused`], [`ClientError::Node`]; of the latter the node may have taken it.
    pub async fn send_raw(&self, raw: &[u8]) -> Result<(), ClientError> {
        let sent = self.provider.send_raw_transaction(raw).await;
        sent.map(|_| ()).map_err(|error| self.refused("take the transaction", &error))
    }
}

fn at(block: u64) -> BlockId {
    BlockId::Number(BlockNumberOrTag::Number(block))
}
