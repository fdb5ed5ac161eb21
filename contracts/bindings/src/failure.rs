//! Why a call reverted.

mod network;

use alloy_primitives::{Bytes, U256};
use alloy_sol_types::{Panic, Revert, SolError, SolInterface};
use std::fmt;

use crate::abi::IAlloraConsumerAdapter::IAlloraConsumerAdapterErrors as AdapterError;
use crate::abi::IAttestors::IAttestorsErrors as AttestorsError;
use crate::abi::IInferenceFeed::IInferenceFeedErrors as FeedError;
use crate::abi::IModelRegistry::IModelRegistryErrors as RegistryError;
use crate::abi::ISumcastVerifier::ISumcastVerifierErrors as VerifierError;
use crate::abi::ITopicFeed::ITopicFeedErrors as TopicError;
use crate::abi::KeyPart;

/// What a contract gave as the reason of a revert. Its text names the check that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// An error of the verifier.
    Verifier(VerifierError),
    /// An error of the registry.
    Registry(RegistryError),
    /// An error of the feed of workers, or one that the feed of topics has too.
    Feed(FeedError),
    /// An error of the adapter.
    Adapter(AdapterError),
    /// An error of the feed of topics.
    Topics(TopicError),
    /// An error of the attestors.
    Attestors(AttestorsError),
    /// A sentence.
    Reason(String),
    /// A fault that the compiler guards against.
    Panic(U256),
    /// Nothing, as where the gas ran out.
    Nothing,
    /// An error of none of these contracts.
    Unknown(Bytes),
}

impl Failure {
    /// What the returned data of a reverted call says.
    pub fn decode(data: &[u8]) -> Self {
        if data.is_empty() {
            return Self::Nothing;
        }
        VerifierError::abi_decode(data)
            .map(Self::Verifier)
            .or_else(|_| RegistryError::abi_decode(data).map(Self::Registry))
            .or_else(|_| FeedError::abi_decode(data).map(Self::Feed))
            .or_else(|_| AdapterError::abi_decode(data).map(Self::Adapter))
            .or_else(|_| TopicError::abi_decode(data).map(Self::Topics))
            .or_else(|_| AttestorsError::abi_decode(data).map(Self::Attestors))
            .or_else(|_| Revert::abi_decode(data).map(|revert| Self::Reason(revert.reason)))
            .or_else(|_| Panic::abi_decode(data).map(|panic| Self::Panic(panic.code)))
            .unwrap_or_else(|_| Self::Unknown(Bytes::copy_from_slice(data)))
    }

    /// Whether it is a verdict on the proof or its statement, where others say that a call could not be made.
    pub fn rejects_proof(&self) -> bool {
        match self {
            Self::Verifier(error) => match error {
                VerifierError::InvalidStatement(_)
                | VerifierError::InvalidProofLength(_)
                | VerifierError::InvalidScalar(_)
                | VerifierError::InvalidPoint(_)
                | VerifierError::ConstraintsFailed(_)
                | VerifierError::OpeningFailed(_) => true,
                VerifierError::WrongSrs(_)
                | VerifierError::InvalidKey(_)
                | VerifierError::PrecompileFailed(_) => false,
            },
            _ => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verifier(error) => verifier(error, f),
            Self::Registry(error) => registry(error, f),
            Self::Feed(error) => feed(error, f),
            Self::Adapter(error) => adapter(error, f),
            Self::Topics(error) => network::topics(error, f),
            Self::Attestors(error) => network::attestors(error, f),
            Self::Reason(reason) => write!(f, "the contract says: {reason}"),
            Self::Panic(code) => {
                write!(
                    f,
                    "the contract failed an assertion of the compiler's, code {code:#x}: this is a bug of the contract"
                )
            }
            Self::Nothing => f.write_str(
                "the contract gave no reason: the gas ran out, or there is no such contract at the address",
            ),
            Self::Unknown(data) => {
                write!(
                    f,
                    "the contract gave an error that is none of Sumcast's, {data}: is it the right address?"
                )
            }
        }
    }
}

fn verifier(error: &VerifierError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        VerifierError::WrongSrs(_) => f.write_str(
            "the verifying key is of other parameters than the verifier on chain: compile the model with the \
             parameters the verifier was deployed with, or deploy a verifier for these",
        ),
        VerifierError::InvalidKey(error) => {
            write!(f, "the verifying key is malformed: {} {}", key_part(error.part), error.index)
        }
        VerifierError::InvalidStatement(error) => write!(
            f,
            "tensor {} of the statement has not the length, the bounds or the encoding that the key asks for",
            error.tensor
        ),
        VerifierError::InvalidProofLength(error) => {
            write!(f, "the proof has {} bytes where the key asks for {}", error.found, error.expected)
        }
        VerifierError::InvalidScalar(error) => {
            write!(f, "malformed proof: the scalar at byte {} is not below the group order", error.offset)
        }
        VerifierError::InvalidPoint(error) => {
            write!(f, "malformed proof: the point at byte {} is not on the curve", error.offset)
        }
        VerifierError::ConstraintsFailed(_) => {
            f.write_str("check failed: the constraints at the sumcheck's point (section 5)")
        }
        VerifierError::OpeningFailed(_) => {
            f.write_str("check failed: the opening of the claims (sections 6 and 7)")
        }
        VerifierError::PrecompileFailed(error) => write!(
            f,
            "the chain's precompile at address {} failed: it is missing, or had too little gas",
            error.precompile
        ),
    }
}

fn key_part(part: KeyPart) -> &'static str {
    match part {
        KeyPart::Header => "header",
        KeyPart::Srs => "point of the parameters",
        KeyPart::Tensor => "tensor",
        KeyPart::Form => "form",
        KeyPart::Claim => "claim",
        KeyPart::Product => "product",
        KeyPart::Lookup => "lookup",
        KeyPart::FixedRow => "fixed row",
        KeyPart::End => "end",
        KeyPart::Helpers => "helper rows",
        KeyPart::Steps => "number of steps",
        KeyPart::Masks => "number of masks",
        KeyPart::__Invalid => "part",
    }
}

fn registry(error: &RegistryError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        RegistryError::UnknownModel(error) => {
            write!(f, "model {:x} is not registered: register it with `sumcast evm register`", error.modelId)
        }
        RegistryError::ModelExists(error) => write!(f, "model {:x} is registered already", error.modelId),
        RegistryError::StoreFailed(_) => f.write_str(
            "the verifying key could not be stored: it is longer than a contract may be, or the gas ran out",
        ),
    }
}

fn feed(error: &FeedError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        FeedError::NoOutputs(_) => f.write_str("a topic has at least one output"),
        FeedError::NotTopicOwner(error) => write!(
            f,
            "{} does not own topic {}: use the key of its owner, or create a topic of your own, such as with `sumcast evm \
             topic`",
            error.caller, error.topicId
        ),
        FeedError::NotPendingOwner(error) => {
            write!(f, "topic {} was not offered to {}", error.topicId, error.caller)
        }
        FeedError::WrongOutputs(error) => write!(
            f,
            "model {:x} has {} outputs where the topic has {}",
            error.modelId, error.found, error.expected
        ),
        FeedError::CommittedOutput(error) => write!(
            f,
            "model {:x} hides its output, tensor {}, so that a feed has nothing to store: compile it without --hide \
             output",
            error.modelId, error.tensor
        ),
        FeedError::ModelNotAccepted(error) => write!(
            f,
            "topic {} does not accept model {:x}: its owner adds it with `sumcast evm accept`",
            error.topicId, error.modelId
        ),
        FeedError::NotWorker(error) => write!(
            f,
            "{} may not post for worker {}: use the worker's key, or let the worker allow it with setRelayer",
            error.caller, error.worker
        ),
        FeedError::Expired(error) => write!(f, "the worker's signature ended at time {}", error.deadline),
        FeedError::InvalidSignature(error) => {
            write!(f, "the signature is not worker {}'s, or is of another post", error.worker)
        }
        FeedError::EpochTooLow(error) => write!(
            f,
            "epoch {} is taken: the last epoch is {}, and the topic's first is {}; post a later one",
            error.epoch, error.last, error.minEpoch
        ),
        FeedError::NoInference(error) => {
            write!(f, "worker {} has posted nothing to topic {}", error.worker, error.topicId)
        }
        FeedError::Stale(error) => {
            write!(f, "the last inference is {} s old, and the topic allows {} s", error.age, error.maxAge)
        }
        FeedError::InvalidShortString(_) | FeedError::StringTooLong(_) => {
            f.write_str("the contract was compiled with a name or version that is too long")
        }
    }
}

fn adapter(error: &AdapterError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        AdapterError::AlloraConsumerNotSwitchedOn(_) => f.write_str("the contract is switched off"),
        AdapterError::AlloraConsumerInvalidConfidenceIntervals(_) => {
            f.write_str("the confidence interval is not the one that was proven")
        }
        AdapterError::AlloraConsumerInvalidDataTime(_) => {
            f.write_str("the inference or its timestamp is too old, or the timestamp is in the future")
        }
        AdapterError::AlloraConsumerInvalidDataProvider(_) => {
            f.write_str("the topic has no publisher: name the worker in extraData")
        }
        AdapterError::NotRepresentable(error) => write!(
            f,
            "the value {} is negative or too large for this interface: read it from the feed {}",
            error.number, error.feed
        ),
        AdapterError::UnsupportedTopic(error) => write!(
            f,
            "topic {} has {} values, where this interface has one, or six with a confidence interval",
            error.topicId, error.values
        ),
        AdapterError::InvalidExtraData(error) => {
            write!(f, "the extraData {} is neither empty nor an address", error.extraData)
        }
        AdapterError::WrongInference(error) => {
            write!(f, "the inference {} is not the one that was proven, {}", error.found, error.proven)
        }
        AdapterError::InvalidPost(_) => {
            f.write_str("the signature is neither empty nor a call of the feed's postSigned")
        }
        AdapterError::AddressEmptyCode(error) => write!(f, "there is no contract at {}", error.target),
        AdapterError::InsufficientBalance(error) => {
            write!(f, "the contract has {} where {} is needed", error.balance, error.needed)
        }
        AdapterError::FailedCall(_) => f.write_str("the call of the feed failed without a reason"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::ISumcastVerifier;
    use alloy_primitives::address;

    #[test]
    fn reverts_are_told_apart() {
        assert_eq!(Failure::decode(&[]), Failure::Nothing);
        let revert = Revert { reason: "because".into() }.abi_encode();
        assert_eq!(Failure::decode(&revert).to_string(), "the contract says: because");
        let panic = Panic { code: U256::from(0x11) }.abi_encode();
        assert!(Failure::decode(&panic).to_string().contains("0x11"));
        for unknown in [&[1][..], &[1, 2, 3, 4], &[0xff; 100]] {
            assert!(matches!(Failure::decode(unknown), Failure::Unknown(_)));
        }
        // The selector of an error without its arguments.
        let short = &ISumcastVerifier::InvalidScalar { offset: U256::from(64) }.abi_encode()[..20];
        assert!(matches!(Failure::decode(short), Failure::Unknown(_)));
    }

    #[test]
    fn sentences_have_the_arguments() {
        let scalar = ISumcastVerifier::InvalidScalar { offset: U256::from(64) };
        let failure = Failure::decode(&scalar.abi_encode());
        assert!(failure.rejects_proof());
        assert_eq!(
            failure.to_string(),
            "malformed proof: the scalar at byte 64 is not below the group order"
        );
        let key = ISumcastVerifier::InvalidKey { part: KeyPart::Claim, index: U256::from(3) };
        let failure = Failure::decode(&key.abi_encode());
        assert!(!failure.rejects_proof());
        assert_eq!(failure.to_string(), "the verifying key is malformed: claim 3");
        let account = address!("5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c");
        let nothing = crate::abi::IInferenceFeed::NoInference { topicId: U256::from(2), worker: account };
        let text = Failure::decode(&nothing.abi_encode()).to_string();
        assert!(
            text.to_lowercase().contains(&format!("{account:?} has posted nothing to topic 2")),
            "{text}"
        );
    }
}
