//! Where on a chain a proof counts.

use super::post::Kind;
use super::settings::Chain;
use sumcast_contracts::InferencePlace;
use sumcast_contracts::abi::EpochKind;
use sumcast_contracts::alloy_primitives::{Address, B256, U256};
use sumcast_contracts::epoch::EpochPlace;

/// A place for one proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In an `InferenceFeed`.
    Inference(InferencePlace),
    /// In a `TopicFeed`.
    Epoch(EpochPlace),
}

impl Place {
    /// That of an epoch of a topic; none of a network inference where the chain has no `TopicFeed`.
    pub(crate) fn new(chain: &Chain, kind: Kind, topic: U256, epoch: u64) -> Option<Self> {
        let Chain { chain_id, feed, topics, worker, .. } = *chain;
        let kind = match kind {
            Kind::Inference => {
                return Some(Self::Inference(InferencePlace { chain_id, feed, topic, epoch, worker }));
            }
            Kind::Synthesis => EpochKind::Synthesis,
            Kind::Settlement => EpochKind::Settlement,
        };
        Some(Self::Epoch(EpochPlace { chain_id, feed: topics?, topic, epoch, kind }))
    }

    /// The context that a proof has.
    pub(crate) fn context(&self) -> B256 {
        match self {
            Self::Inference(place) => place.context(),
            Self::Epoch(place) => place.context(),
        }
    }

    /// The contract.
    pub(super) fn feed(&self) -> Address {
        match self {
            Self::Inference(place) => place.feed,
            Self::Epoch(place) => place.feed,
        }
    }
}
