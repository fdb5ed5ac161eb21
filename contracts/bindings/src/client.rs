//! Reading and writing a chain through a node's JSON-RPC.
//!
//! A transaction is first run by the node without being sent, so that one that would be rejected costs nothing and
//! gives its reason; then its gas is estimated, it is signed here, sent, and waited for.

mod relay;

use alloy_json_rpc::RpcError;
use alloy_network::{EthereumWallet, TransactionBuilder};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_provider::{DynProvider, Provider, ProviderBuilder};
use alloy_rpc_types_eth::{BlockId, Log, TransactionRequest};
use alloy_sol_types::SolCall;
use alloy_transport::{TransportError, TransportErrorKind};
use std::path::Path;
use std::time::Duration;
use thiserror::Error;

use crate::{Contract, Failure};
use sumcast_verifier::G2Affine;

pub use crate::attest::Signer;
pub use relay::{Call, Fees, Head, Included, Signed};

/// How long a node may take for one answer.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a transaction may take to be in a block.
const INCLUSION: Duration = Duration::from_secs(300);
/// Gas that a transaction may use beyond the node's estimate, as a fraction: the state may change in between. It is
/// small because some chains charge for all that a transaction may use.
const MARGIN: u64 = 32;

/// Chains on one's own machine, where parameters that convince nobody else are no danger.
const DEVELOPMENT_CHAINS: [u64; 2] = [1337, 31337];

/// Why something could not be read or sent.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The address of the node is none.
    #[error("{url:?} is not the address of a node, such as http://127.0.0.1:8545: {reason}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The node cannot be reached, or answers with something else.
    #[error("the node at {url} cannot be used: {reason}")]
    Node {
        /// Its address, without what may be secret in it.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The node refused a request.
    #[error("the node refuses to {what}: {reason}")]
    Refused {
        /// What it was asked to do.
        what: &'static str,
        /// What it says.
        reason: String,
    },
    /// A contract rejects a call.
    #[error("{0}")]
    Rejected(Failure),
    /// There is no contract where one was expected.
    #[error(
        "there is no contract at {address} on chain {chain_id}: is it the right address, and the right chain?"
    )]
    NoContract {
        /// Where it was expected.
        address: Address,
        /// The chain.
        chain_id: u64,
    },
    /// A contract gives something else than it should.
    #[error("the contract at {address} does not answer as a {contract}: is it the right address?")]
    WrongContract {
        /// Where it is.
        address: Address,
        /// What was expected there.
        contract: &'static str,
    },
    /// Nobody to send a transaction as.
    #[error("a transaction needs a key to sign it")]
    NoSigner,
    /// An account that can pay for nothing.
    #[error("account {account} has no funds on chain {chain_id} to pay for gas: send it some first")]
    NoFunds {
        /// The account.
        account: Address,
        /// The chain.
        chain_id: u64,
    },
    /// A transaction was sent and failed.
    #[error(
        "transaction {hash} was sent and failed, after {gas_used} gas: the chain changed since it was tried; try again"
    )]
    Failed {
        /// Its hash.
        hash: B256,
        /// What it took.
        gas_used: u64,
    },
    /// A transaction was sent and is in no block yet.
    #[error(
        "transaction {hash} was sent, and it is not known whether it is in a block: {reason}; look it up before you send it again"
    )]
    Pending {
        /// Its hash.
        hash: B256,
        /// What happened.
        reason: String,
    },
    /// A key file could not be used.
    #[error("{0}")]
    Key(String),
}

/// The signer of a keystore file with its password.
///
/// # Errors
/// [`ClientError::Key`].
pub fn keystore(path: &Path, password: &str) -> Result<Signer, ClientError> {
    Signer::decrypt_keystore(path, password)
        .map_err(|error| ClientError::Key(format!("cannot open the keystore {}: {error}", path.display())))
}

/// The signer of a private key in hexadecimal.
///
/// # Errors
/// [`ClientError::Key`], which tells nothing of the key.
pub fn private_key(text: &str) -> Result<Signer, ClientError> {
    let text = text.trim();
    let wrong = || ClientError::Key("a private key is 64 hexadecimal digits, with or without 0x".into());
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).map_err(|_| wrong())?;
    Signer::from_bytes(&bytes.into()).map_err(|_| wrong())
}

/// A transaction that is in a block.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its hash.
    pub hash: B256,
    /// The gas it used.
    pub gas_used: u64,
    /// The number of its block.
    pub block: Option<u64>,
    /// The contract it deployed.
    pub address: Option<Address>,
    /// What it told.
    pub logs: Vec<Log>,
}

/// A node, and whoever signs.
#[derive(Debug)]
pub struct Client {
    provider: DynProvider,
    sender: Option<Address>,
    chain_id: u64,
    url: String,
}

impl Client {
    /// Connects to a node. Without a signer it only reads.
    ///
    /// # Errors
    /// [`ClientError::Url`], [`ClientError::Node`].
    pub async fn connect(url: &str, signer: Option<Signer>) -> Result<Self, ClientError> {
        let wrong = |reason: String| ClientError::Url { url: url.to_owned(), reason };
        let parsed = reqwest::Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(wrong("it begins with http:// or https://".into()));
        }
        // Nodes of providers have keys in the rest.
        let shown = format!("{}://{}", parsed.scheme(), parsed.host_str().unwrap_or_default());
        let node = |reason: String| ClientError::Node { url: shown.clone(), reason };
        // No harm if there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(ANSWER)
            .build()
            .map_err(|error| node(error.without_url().to_string()))?;
        let sender = signer.as_ref().map(Signer::address);
        let provider = match signer {
            Some(signer) => ProviderBuilder::new()
                .wallet(EthereumWallet::from(signer))
                .connect_reqwest(http, parsed)
                .erased(),
            None => ProviderBuilder::new().connect_reqwest(http, parsed).erased(),
        };
        let chain_id = provider.get_chain_id().await.map_err(|error| node(reason(&error)))?;
        Ok(Self { provider, sender, chain_id, url: shown })
    }

    /// The chain's number.
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Whether the chain is one for development, on which everybody trusts everybody.
    pub fn is_development_chain(&self) -> bool {
        DEVELOPMENT_CHAINS.contains(&self.chain_id)
    }

    /// The account that signs.
    pub fn sender(&self) -> Option<Address> {
        self.sender
    }

    /// That there is a contract at an address.
    ///
    /// # Errors
    /// [`ClientError::NoContract`], [`ClientError::Node`].
    pub async fn check_contract(&self, address: Address) -> Result<(), ClientError> {
        let code = self.provider.get_code_at(address).await.map_err(|error| self.node(&error))?;
        if code.is_empty() {
            return Err(ClientError::NoContract { address, chain_id: self.chain_id });
        }
        Ok(())
    }

    /// The time of the last block, in seconds since 1970.
    ///
    /// # Errors
    /// [`ClientError::Node`].
    pub async fn time(&self) -> Result<u64, ClientError> {
        let block = self.provider.get_block(BlockId::latest()).await.map_err(|error| self.node(&error))?;
        let none = || ClientError::Node { url: self.url.clone(), reason: "it has no last block".into() };
        Ok(block.ok_or_else(none)?.header.timestamp)
    }

    /// The answer of a contract, without a transaction.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn read<C: SolCall>(
        &self,
        contract: Contract,
        address: Address,
        call: &C,
    ) -> Result<C::Return, ClientError> {
        let data = self.simulate(&self.request(TxKind::Call(address), call.abi_encode().into())).await?;
        if data.is_empty() {
            self.check_contract(address).await?;
        }
        C::abi_decode_returns(&data)
            .map_err(|_| ClientError::WrongContract { address, contract: contract.name() })
    }

    /// Sends a call of a contract, after it was tried.
    ///
    /// # Errors
    /// [`ClientError`]; nothing was sent unless it is [`ClientError::Failed`] or [`ClientError::Pending`].
    pub async fn send(&self, address: Address, call: &impl SolCall) -> Result<Sent, ClientError> {
        self.check_contract(address).await?;
        self.transact(self.request(TxKind::Call(address), call.abi_encode().into())).await
    }

    /// Deploys a contract.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn deploy(&self, code: Bytes) -> Result<(Address, Sent), ClientError> {
        let sent = self.transact(self.request(TxKind::Create, code)).await?;
        match sent.address {
            Some(address) => Ok((address, sent)),
            None => Err(ClientError::Failed { hash: sent.hash, gas_used: sent.gas_used }),
        }
    }

    /// Deploys a verifier for the keys of a string.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn deploy_verifier(&self, tau: &G2Affine) -> Result<(Address, Sent), ClientError> {
        self.deploy(Contract::deploy_verifier(tau)).await
    }

    fn request(&self, to: TxKind, data: Bytes) -> TransactionRequest {
        let mut request = TransactionRequest::default().with_kind(to).with_input(data);
        request.from = self.sender;
        request
    }

    /// What a transaction would return.
    async fn simulate(&self, request: &TransactionRequest) -> Result<Bytes, ClientError> {
        self.provider.call(request.clone()).await.map_err(|error| self.refused("run the call", &error))
    }

    async fn transact(&self, request: TransactionRequest) -> Result<Sent, ClientError> {
        let sender = self.sender.ok_or(ClientError::NoSigner)?;
        self.simulate(&request).await?;
        let balance = self.provider.get_balance(sender).await.map_err(|error| self.node(&error))?;
        if balance == U256::ZERO {
            return Err(ClientError::NoFunds { account: sender, chain_id: self.chain_id });
        }
        let estimate = self.provider.estimate_gas(request.clone()).await;
        let estimate = estimate.map_err(|error| self.refused("estimate the gas", &error))?;
        let request = request.with_gas_limit(estimate + estimate / MARGIN);

        let pending = self.provider.send_transaction(request).await;
        let pending = pending.map_err(|error| self.refused("take the transaction", &error))?;
        let hash = *pending.tx_hash();
        let receipt = pending.with_timeout(Some(INCLUSION)).get_receipt().await;
        let receipt = receipt.map_err(|error| ClientError::Pending { hash, reason: error.to_string() })?;
        if !receipt.status() {
            return Err(ClientError::Failed { hash, gas_used: receipt.gas_used });
        }
        Ok(Sent {
            hash,
            gas_used: receipt.gas_used,
            block: receipt.block_number,
            address: receipt.contract_address,
            logs: receipt.inner.logs().to_vec(),
        })
    }

    fn node(&self, error: &TransportError) -> ClientError {
        ClientError::Node { url: self.url.clone(), reason: reason(error) }
    }

    /// A refusal: of a contract, of the node, or none since nobody answered.
    fn refused(&self, what: &'static str, error: &TransportError) -> ClientError {
        match error.as_error_resp() {
            Some(response) => match response.as_revert_data() {
                Some(data) => ClientError::Rejected(Failure::decode(&data)),
                None if response.message.contains("revert") => ClientError::Rejected(Failure::Nothing),
                None => ClientError::Refused { what, reason: response.message.to_string() },
            },
            None => self.node(error),
        }
    }
}

/// What happened to a request, without the node's address, which may have a key in it.
fn reason(error: &TransportError) -> String {
    match error {
        RpcError::ErrorResp(response) => response.message.to_string(),
        RpcError::Transport(TransportErrorKind::HttpError(http)) => {
            format!("it answers with HTTP status {}", http.status)
        }
        RpcError::Transport(TransportErrorKind::Custom(error)) => {
            match error.downcast_ref::<reqwest::Error>() {
                Some(error) if error.is_timeout() => "it does not answer in time".into(),
                Some(error) if error.is_connect() => "nothing answers there: is it running?".into(),
                _ => "the connection failed".into(),
            }
        }
        RpcError::DeserError { .. } => "its answer is none of a node of an EVM chain".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key and the file of the Web3 Secret Storage Definition's own test vector.
    const KEY: &str = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
    const KEYSTORE: &str = r#"{
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": { "iv": "6087dab2f9fdbbfaddc31a909735c1e6" },
            "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
            "kdf": "pbkdf2",
            "kdfparams": {
                "c": 262144,
                "dklen": 32,
                "prf": "hmac-sha256",
                "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"
            },
            "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"
        },
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "version": 3
    }"#;

    #[test]
    fn keystores_open_with_their_password() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, KEYSTORE).unwrap();
        let signer = keystore(file.path(), "testpassword").unwrap();
        assert_eq!(signer.address(), private_key(KEY).unwrap().address());
        let path = file.path().display().to_string();
        for wrong in [keystore(file.path(), "another"), keystore(&file.path().join("none"), "testpassword")] {
            let said = wrong.unwrap_err().to_string();
            assert!(said.starts_with("cannot open the keystore") && said.contains(&path), "{said}");
        }
    }

    #[test]
    fn private_keys_have_64_digits() {
        let address = private_key(KEY).unwrap().address();
        assert_eq!(private_key(&format!(" 0x{KEY}\n")).unwrap().address(), address);
        for wrong in ["", "0x", "12", &"0".repeat(64), &"f".repeat(64), &KEY[1..]] {
            let said = private_key(wrong).unwrap_err().to_string();
            assert!(
                said.starts_with("a private key is 64") && (wrong.len() < 3 || !said.contains(wrong)),
                "{said}"
            );
        }
    }
}
