//! The contracts on a chain of their own.

use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_sol_types::SolCall;
use sumcast_contracts::abi::{IModelRegistry, ISumcastVerifier};
use sumcast_contracts::{Contract, statement};
use sumcast_verifier::vk::TensorSpec;
use sumcast_verifier::{G2Affine, ProofFile};

use crate::evm::{Error, Evm, Outcome, Receipt};
use crate::{Chain, Watch};

/// How a proof gets to the verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Through the registry, where the model is registered: it reads the key from its own store.
    Registry,
    /// To the verifier itself, with the key in the transaction's data.
    Verifier,
}

/// A verifier, and a registry of its models.
#[derive(Debug)]
pub struct Sumcast {
    /// The chain they are on.
    pub evm: Evm,
    /// Address of the verifier.
    pub verifier: Address,
    /// Address of the registry.
    pub registry: Address,
}

impl Sumcast {
    /// Deploys both on a new chain.
    ///
    /// # Errors
    /// [`Error`].
    pub fn deploy(chain: Chain, tau: &G2Affine) -> Result<Self, Error> {
        let mut evm = Evm::new(chain);
        let verifier = evm.deploy(Contract::Verifier.name(), Contract::deploy_verifier(tau))?;
        let registry = evm.deploy(Contract::Registry.name(), Contract::deploy_registry(verifier))?;
        Ok(Self { evm, verifier, registry })
    }

    /// Registers a model.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn register(&mut self, vk: &[u8]) -> Result<Receipt, Error> {
        let call = IModelRegistry::registerCall { vk: vk.to_vec().into() };
        self.evm.call(self.registry, call.abi_encode().into())
    }

    /// Whether the registry has a model.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn is_registered(&mut self, model_id: [u8; 32]) -> Result<bool, Error> {
        let call = IModelRegistry::isRegisteredCall { modelId: model_id.into() };
        let receipt = self.evm.call(self.registry, call.abi_encode().into())?;
        Ok(match receipt.outcome {
            Outcome::Returned(data) => {
                IModelRegistry::isRegisteredCall::abi_decode_returns(&data).unwrap_or_default()
            }
            _ => false,
        })
    }

    /// Registers a model unless it is registered, and gives its id.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Key`].
    pub fn ensure_registered(&mut self, vk: &[u8]) -> Result<B256, Error> {
        let model_id = keccak256(vk);
        if !self.is_registered(model_id.0)? {
            let receipt = self.register(vk)?;
            if !matches!(receipt.outcome, Outcome::Returned(_)) {
                return Err(Error::Key(receipt.outcome));
            }
        }
        Ok(model_id)
    }

    /// The verdict on a proof under a key, whose program has these tensors, in one transaction. Through the registry, a
    /// model that is not there yet is registered first, in a transaction that does not count.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Key`].
    pub fn verify(
        &mut self,
        vk: &[u8],
        specs: &[TensorSpec],
        proof: &ProofFile,
        route: Route,
    ) -> Result<Receipt, Error> {
        let (to, data) = self.verification(vk, specs, proof, route)?;
        self.evm.call(to, data)
    }

    /// As [`Sumcast::verify`], and gives back what was seen.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Key`].
    pub fn watch(
        &mut self,
        vk: &[u8],
        specs: &[TensorSpec],
        proof: &ProofFile,
        route: Route,
        watch: Watch,
    ) -> Result<(Receipt, Watch), Error> {
        let (to, data) = self.verification(vk, specs, proof, route)?;
        self.evm.watch(to, data, watch)
    }

    /// What is called, and with what.
    fn verification(
        &mut self,
        vk: &[u8],
        specs: &[TensorSpec],
        proof: &ProofFile,
        route: Route,
    ) -> Result<(Address, Bytes), Error> {
        let (statement, body) = (statement(&proof.statement, specs), proof.body.clone().into());
        Ok(match route {
            Route::Verifier => {
                let call = ISumcastVerifier::verifyCall { vk: vk.to_vec().into(), statement, proof: body };
                (self.verifier, call.abi_encode().into())
            }
            Route::Registry => {
                let model_id = self.ensure_registered(vk)?;
                let call = IModelRegistry::verifyCall { modelId: model_id, statement, proof: body };
                (self.registry, call.abi_encode().into())
            }
        })
    }
}
