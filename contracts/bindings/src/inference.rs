//! Where an inference counts: what a proof for an `InferenceFeed` is bound to.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

/// What a proof of an inference is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InferencePlace {
    /// The chain.
    pub chain_id: u64,
    /// The `InferenceFeed`.
    pub feed: Address,
    /// Its topic.
    pub topic: U256,
    /// The epoch.
    pub epoch: u64,
    /// Whose inference it is.
    pub worker: Address,
}

impl InferencePlace {
    /// The context that a proof has, as `InferenceFeed.context` says it.
    pub fn context(&self) -> B256 {
        let kind =
            b"SumcastInference(uint256 chainId,address feed,uint256 topicId,uint64 epoch,address worker)";
        let chain_id = U256::from(self.chain_id);
        keccak256((keccak256(kind), chain_id, self.feed, self.topic, self.epoch, self.worker).abi_encode())
    }
}
