//! What of an epoch of a `TopicFeed` is hashed: where a proof belongs, what is attested, what an attestor signs
//! (`docs/topic-feed.md`).

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolStruct, SolValue, eip712_domain};
use std::ops::Range;
use sumcast_verifier::Statement;
use sumcast_verifier::vk::TensorSpec;

use crate::abi::EpochKind;

/// What is signed, by EIP-712.
mod signed {
    alloy_sol_types::sol! {
        struct Epoch {
            address feed;
            uint256 topicId;
            uint64 epoch;
            uint8 kind;
            bytes32 digest;
        }
    }
}

/// Where a statement has what is attested of it.
const FORECASTS: Range<usize> = 1..2;
const REPORTS: Range<usize> = 0..2;
const STATE: Range<usize> = 2..3;
const NEW_STATE: Range<usize> = 4..5;

/// What a proof of an epoch is of, and what an attestation of it is of: one kind, in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochPlace {
    /// The chain.
    pub chain_id: u64,
    /// The `TopicFeed`.
    pub feed: Address,
    /// Its topic.
    pub topic: U256,
    /// The epoch.
    pub epoch: u64,
    /// Synthesis or settlement.
    pub kind: EpochKind,
}

impl EpochPlace {
    /// The context that a proof has, as `TopicFeed.context` says it.
    pub fn context(&self) -> B256 {
        let kind = b"SumcastEpoch(uint256 chainId,address feed,uint256 topicId,uint64 epoch,uint8 kind)";
        let chain_id = U256::from(self.chain_id);
        let fields =
            (keccak256(kind), chain_id, self.feed, self.topic, self.epoch, U256::from(self.kind as u8));
        keccak256(fields.abi_encode())
    }

    /// What a signer of these attestors signs, as `Attestors.attestation` says it.
    pub fn attestation(&self, attestors: Address, digest: B256) -> B256 {
        let domain = eip712_domain! {
            name: "SumcastAttestors",
            version: "1",
            chain_id: self.chain_id,
            verifying_contract: attestors,
        };
        let Self { feed, topic, epoch, kind, .. } = *self;
        signed::Epoch { feed, topicId: topic, epoch, kind: kind as u8, digest }.eip712_signing_hash(&domain)
    }

    /// What is attested of a proof here: of a synthesis with its members, of a settlement without.
    pub fn digest(
        &self,
        model_id: B256,
        settled_epoch: u64,
        members: &[Address],
        statement: &Statement,
        specs: &[TensorSpec],
    ) -> B256 {
        match self.kind {
            EpochKind::Settlement => settlement_digest(model_id, settled_epoch, statement, specs),
            _ => synthesis_digest(model_id, settled_epoch, members, statement, specs),
        }
    }
}

/// What is attested of a synthesis, as `TopicFeed.synthesisDigest` says it: a member a slot, zero for an absent one, and
/// the forecasts that the statement has. Those of a key are `specs`.
pub fn synthesis_digest(
    model_id: B256,
    settled_epoch: u64,
    members: &[Address],
    statement: &Statement,
    specs: &[TensorSpec],
) -> B256 {
    let kind = b"Synthesis(bytes32 modelId,uint64 settledEpoch,address[] members,bytes32 forecastsHash)";
    let words: Vec<u8> = members.iter().flat_map(|member| member.into_word().0).collect();
    let forecasts = forecasts_hash(statement, specs);
    keccak256((keccak256(kind), model_id, settled_epoch, keccak256(words), forecasts).abi_encode())
}

/// What is attested of a settlement, as `TopicFeed.settlementDigest` says it: stakes, reports and the next state that the
/// statement has.
pub fn settlement_digest(
    model_id: B256,
    settled_epoch: u64,
    statement: &Statement,
    specs: &[TensorSpec],
) -> B256 {
    let kind = b"Settlement(bytes32 modelId,uint64 settledEpoch,bytes32 reportsHash,bytes32 stateHash)";
    let (reports, state) = (reports_hash(statement, specs), next_state_hash(statement, specs));
    keccak256((keccak256(kind), model_id, settled_epoch, reports, state).abi_encode())
}

/// The hash of a synthesis' forecasts, packed.
pub fn forecasts_hash(statement: &Statement, specs: &[TensorSpec]) -> B256 {
    keccak256(packed(statement, specs, FORECASTS))
}

/// The hash of a settlement's stakes and reports, packed.
pub fn reports_hash(statement: &Statement, specs: &[TensorSpec]) -> B256 {
    keccak256(packed(statement, specs, REPORTS))
}

/// The hash of the commitment of the state that a settlement leaves.
pub fn next_state_hash(statement: &Statement, specs: &[TensorSpec]) -> B256 {
    keccak256(packed(statement, specs, NEW_STATE))
}

/// The commitment of the state that goes into a synthesis or a settlement, as `TopicFeed.setGenesis` takes it; none if
/// the statement has none of one point there.
pub fn state(statement: &Statement, specs: &[TensorSpec]) -> Option<[B256; 2]> {
    let point = packed(statement, specs, STATE);
    let (x, y) = point.split_at_checked(32)?;
    Some([x.try_into().ok()?, y.try_into().ok()?])
}

/// Some tensors of a statement, packed.
fn packed(statement: &Statement, specs: &[TensorSpec], tensors: Range<usize>) -> Vec<u8> {
    let specs = specs.get(tensors.clone()).unwrap_or_default();
    let tensors = statement.tensors.get(tensors).unwrap_or_default().to_vec();
    Statement { context: statement.context, tensors }.packed(specs)
}
