//! The compiled contracts.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolValue;
use serde_json::Value;
use sumcast_verifier::G2Affine;

use crate::convert::g2_words;

/// A contract of `contracts/src/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contract {
    /// Verifies proofs of every model.
    Verifier,
    /// Knows models by the digests of their keys.
    Registry,
    /// Keeps the proven inferences of workers.
    Feed,
    /// Answers from a feed to who expects Allora's consumer contract.
    Adapter,
    /// Keeps the proven network inferences of topics.
    Topics,
    /// Some of several keys, which vouch for epochs.
    Attestors,
}

impl Contract {
    /// All of them, each after those it is deployed with.
    pub const ALL: [Self; 6] =
        [Self::Verifier, Self::Registry, Self::Feed, Self::Adapter, Self::Topics, Self::Attestors];

    /// Its name in Solidity.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verifier => "SumcastVerifier",
            Self::Registry => "ModelRegistry",
            Self::Feed => "InferenceFeed",
            Self::Adapter => "AlloraConsumerAdapter",
            Self::Topics => "TopicFeed",
            Self::Attestors => "Attestors",
        }
    }

    /// The file that the compiler wrote.
    fn artifact(self) -> &'static str {
        match self {
            Self::Verifier => include_str!("../../artifacts/SumcastVerifier.json"),
            Self::Registry => include_str!("../../artifacts/ModelRegistry.json"),
            Self::Feed => include_str!("../../artifacts/InferenceFeed.json"),
            Self::Adapter => include_str!("../../artifacts/AlloraConsumerAdapter.json"),
            Self::Topics => include_str!("../../artifacts/TopicFeed.json"),
            Self::Attestors => include_str!("../../artifacts/Attestors.json"),
        }
    }

    fn field(self, name: &str) -> Value {
        let mut artifact: Value = serde_json::from_str(self.artifact()).unwrap_or_default();
        artifact[name].take()
    }

    /// A field of bytes in hexadecimal. The files are part of this crate, and its tests read them all.
    fn code(self, name: &str) -> Vec<u8> {
        let field = self.field(name);
        let text = field.as_str().unwrap_or_default();
        hex::decode(text.strip_prefix("0x").unwrap_or(text)).unwrap_or_default()
    }

    /// The code it has once it is deployed, with zeros for immutable values.
    pub fn deployed_code(self) -> Bytes {
        self.code("deployedBytecode").into()
    }

    /// What the compiler says of its functions, events and errors.
    pub fn json_abi(self) -> Value {
        self.field("abi")
    }

    /// What a transaction that deploys it has as data, with these encoded arguments of the constructor.
    fn deployment(self, arguments: &[u8]) -> Bytes {
        let mut code = self.code("bytecode");
        code.extend_from_slice(arguments);
        code.into()
    }

    /// Deploys a verifier for the keys of the structured reference string with this `[tau]_2`.
    pub fn deploy_verifier(tau: &G2Affine) -> Bytes {
        Self::Verifier.deployment(&g2_words(tau).abi_encode())
    }

    /// Deploys a registry whose models this verifier verifies.
    pub fn deploy_registry(verifier: Address) -> Bytes {
        Self::Registry.deployment(&verifier.abi_encode())
    }

    /// Deploys a feed of inferences of this registry's models.
    pub fn deploy_feed(registry: Address) -> Bytes {
        Self::Feed.deployment(&registry.abi_encode())
    }

    /// Deploys an adapter of this feed.
    pub fn deploy_adapter(feed: Address) -> Bytes {
        Self::Adapter.deployment(&feed.abi_encode())
    }

    /// Deploys a feed of network inferences, which follow from the inferences of this feed of workers.
    pub fn deploy_topics(feed: Address) -> Bytes {
        Self::Topics.deployment(&feed.abi_encode())
    }

    /// Deploys attestors, of which so many attest an epoch. The contract wants them in ascending order, so they are given
    /// to it in that order.
    pub fn deploy_attestors(mut signers: Vec<Address>, threshold: usize) -> Bytes {
        signers.sort();
        Self::Attestors.deployment(&(signers, U256::from(threshold)).abi_encode_params())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{
        IAlloraConsumerAdapter, IAttestors, IInferenceFeed, IModelRegistry, ISumcastVerifier, ITopicFeed,
    };
    use alloy_primitives::keccak256;
    use alloy_sol_types::SolInterface;
    use ark_ec::AffineRepr;
    use std::collections::BTreeSet;
    use sumcast_verifier::encoding::g2_bytes;

    /// `name(types)` of an entry of an ABI.
    fn signature(entry: &Value) -> String {
        fn types(parameters: &Value) -> String {
            let parameters = parameters.as_array().into_iter().flatten();
            let types: Vec<String> = parameters
                .map(|parameter| {
                    let name = parameter["type"].as_str().unwrap();
                    match name.strip_prefix("tuple") {
                        Some(suffix) => format!("({}){suffix}", types(&parameter["components"])),
                        None => name.to_owned(),
                    }
                })
                .collect();
            types.join(",")
        }
        format!("{}({})", entry["name"].as_str().unwrap(), types(&entry["inputs"]))
    }

    fn selectors(contract: Contract, kind: &str) -> BTreeSet<[u8; 4]> {
        let abi = contract.json_abi();
        let entries = abi.as_array().unwrap().iter().filter(|entry| entry["type"] == kind);
        entries.map(|entry| keccak256(signature(entry))[..4].try_into().unwrap()).collect()
    }

    /// That the contract has all these functions with these arguments.
    fn has_functions<Calls: SolInterface>(contract: Contract) {
        let compiled = selectors(contract, "function");
        for selector in Calls::selectors() {
            assert!(compiled.contains(&selector), "{contract:?} has no {}", hex::encode(selector));
        }
    }

    #[test]
    fn contracts_have_the_functions_that_are_called() {
        has_functions::<ISumcastVerifier::ISumcastVerifierCalls>(Contract::Verifier);
        has_functions::<IModelRegistry::IModelRegistryCalls>(Contract::Registry);
        has_functions::<IInferenceFeed::IInferenceFeedCalls>(Contract::Feed);
        has_functions::<IAlloraConsumerAdapter::IAlloraConsumerAdapterCalls>(Contract::Adapter);
        has_functions::<ITopicFeed::ITopicFeedCalls>(Contract::Topics);
        has_functions::<IAttestors::IAttestorsCalls>(Contract::Attestors);
    }

    #[test]
    fn every_error_of_a_contract_has_its_sentence() {
        for contract in Contract::ALL {
            let abi = contract.json_abi();
            for entry in abi.as_array().unwrap().iter().filter(|entry| entry["type"] == "error") {
                let signature = signature(entry);
                let mut data = keccak256(&signature)[..4].to_vec();
                // Enough zeros for any arguments; a dynamic one is then empty, its length where it points.
                data.resize(4 + 32 * 8, 0);
                let failure = crate::Failure::decode(&data);
                assert!(!matches!(failure, crate::Failure::Unknown(_)), "{contract:?}: {signature}");
                assert!(failure.to_string().len() > 20, "{signature}: {failure}");
            }
        }
    }

    #[test]
    fn contracts_can_be_deployed() {
        for contract in Contract::ALL {
            let (creation, deployed) = (contract.code("bytecode"), contract.deployed_code());
            assert!(creation.len() > deployed.len() && deployed.len() > 500, "{contract:?}");
            assert!(deployed.len() < 24_576, "{contract:?}: {} bytes", deployed.len());
            assert_eq!(contract.field("contractName"), contract.name());
        }
    }

    #[test]
    fn constructors_take_what_they_are_given() {
        let inputs = |contract: Contract| {
            let abi = contract.json_abi();
            let constructor = abi.as_array().unwrap().iter().find(|entry| entry["type"] == "constructor");
            let inputs = constructor.unwrap()["inputs"].as_array().unwrap().iter();
            inputs.map(|input| input["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(inputs(Contract::Verifier), ["uint256[4]"]);
        assert_eq!(inputs(Contract::Registry), ["address"]);
        assert_eq!(inputs(Contract::Feed), ["address"]);
        assert_eq!(inputs(Contract::Adapter), ["address"]);
        assert_eq!(inputs(Contract::Topics), ["address"]);
        assert_eq!(inputs(Contract::Attestors), ["address[]", "uint256"]);
        let tau = G2Affine::generator();
        let code = Contract::deploy_verifier(&tau);
        assert_eq!(code[Contract::Verifier.code("bytecode").len()..], g2_bytes(&tau));
    }
}
