//! Of network inferences.

use std::fmt;

use crate::abi::EpochKind;
use crate::abi::IAttestors::IAttestorsErrors as AttestorsError;
use crate::abi::ITopicFeed::ITopicFeedErrors as TopicError;

pub(super) fn topics(error: &TopicError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        TopicError::UnknownInferenceTopic(error) => {
            write!(f, "the workers' feed has no topic {}", error.inferenceTopic)
        }
        TopicError::NoSource(error) => write!(f, "there is no contract at {} to be a source", error.source),
        TopicError::GenesisExists(error) => {
            write!(
                f,
                "topic {} has its genesis, which never changes: go on from it with --state and its opening, or create another \
                 topic",
                error.topicId
            )
        }
        TopicError::InvalidKind(_) => f.write_str("a key is for the synthesis or for the settlement"),
        TopicError::WrongTensorCount(error) => write!(
            f,
            "the statement of key {:x} has {} tensors where its kind has {}: it is of the other kind, of a model, or of a \
             topic that has had no loss, whose network inference has no interval",
            error.modelId, error.found, error.expected
        ),
        TopicError::WrongTensorKind(error) => write!(
            f,
            "tensor {} of key {:x} has not the direction or the visibility that its kind has",
            error.tensor, error.modelId
        ),
        TopicError::WrongTensorLength(error) => write!(
            f,
            "tensor {} of key {:x} has length {}, which none of its kind has",
            error.tensor, error.modelId, error.length
        ),
        TopicError::WrongTensorScale(error) => write!(
            f,
            "tensor {} of key {:x} has more fraction bits than a value can be compared at",
            error.tensor, error.modelId
        ),
        TopicError::WrongStateShape(error) => write!(
            f,
            "the state of key {:x}, tensor {}, has another row, scale or length than the topic's states: make all keys of a \
             topic with the same --inferers and --forecasters",
            error.modelId, error.tensor
        ),
        TopicError::KeyNotAccepted(error) => write!(
            f,
            "topic {} does not count proofs of {} by key {:x}: its owner adds it with `sumcast evm network key`",
            error.topicId,
            kind(error.kind),
            error.modelId
        ),
        TopicError::StateMismatch(error) => write!(
            f,
            "the proof is of another state than the topic's, the hash of its commitment is {:x}, the topic's is {:x}: prove \
             again with --state and the opening of the topic's state, which the proof of the last settlement has left, or \
             that of the genesis",
            error.found, error.expected
        ),
        TopicError::WrongMemberCount(error) => {
            write!(
                f,
                "there are {} members for {} slots: name the worker of each slot, and nobody for an absent one",
                error.found, error.expected
            )
        }
        TopicError::WrongAbsence(error) => {
            if error.member.is_zero() {
                write!(f, "slot {} has an inference and no member", error.slot)
            } else {
                write!(f, "slot {} has no inference, and {} is named as its member", error.slot, error.member)
            }
        }
        TopicError::InferenceOfAnotherEpoch(error) => write!(
            f,
            "the last inference that {} has posted is of epoch {}, and epoch {} is asked for: where it did not post in \
             time, its slot is to be absent",
            error.member, error.found, error.expected
        ),
        TopicError::WrongInference(error) => write!(
            f,
            "{} has posted the inference {}, and the statement has {}, both as integers of the key: are the members in the \
             order of their slots, and the inferences of the epoch those that were posted?",
            error.member, error.expected, error.found
        ),
        TopicError::NotAttested(error) => write!(f, "the source {} does not confirm the epoch", error.source),
        TopicError::NoNetworkInference(error) => write!(f, "nothing was posted to topic {}", error.topicId),
    }
}

fn kind(kind: EpochKind) -> &'static str {
    match kind {
        EpochKind::Synthesis => "a synthesis",
        EpochKind::Settlement => "a settlement",
        EpochKind::None | EpochKind::__Invalid => "no kind",
    }
}

pub(super) fn attestors(error: &AttestorsError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        AttestorsError::InvalidThreshold(error) => {
            write!(f, "a threshold of {} is none for {} signers", error.threshold, error.signers)
        }
        AttestorsError::SignersNotAscending(error) => {
            write!(
                f,
                "signer {} is zero, there twice, or below the one before: list them once, in ascending order",
                error.index
            )
        }
        AttestorsError::WrongSignatures(error) => write!(
            f,
            "there are {} bytes of signatures where the threshold asks for {}, 65 for each: have more attestors sign, such \
             as with `sumcast evm network attest`",
            error.foundBytes, error.expectedBytes
        ),
        AttestorsError::NotSigner(error) => write!(
            f,
            "signature {} is {}'s, who is no signer: it was made with another key, or of something else, such as other \
             members, another epoch, or before the last settlement: sign again",
            error.index, error.recovered
        ),
        AttestorsError::SignaturesNotAscending(error) => {
            write!(f, "signature {} is not in the ascending order of the signers", error.index)
        }
        AttestorsError::ECDSAInvalidSignature(_)
        | AttestorsError::ECDSAInvalidSignatureLength(_)
        | AttestorsError::ECDSAInvalidSignatureS(_) => f.write_str("a signature of an attestor is malformed"),
    }
}
