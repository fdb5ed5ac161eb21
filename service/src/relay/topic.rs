//! Posts to a `TopicFeed`: whether they are there, and what attestors have to sign before they can be.

use super::decide::Against;
use super::payload::Payload;
use super::post::Post;
use super::round::Round;
use crate::store::Attestation;
use sumcast_contracts::abi::IAttestors::IAttestorsErrors as AttestorsError;
use sumcast_contracts::abi::IInferenceFeed::IInferenceFeedErrors as FeedError;
use sumcast_contracts::abi::ITopicFeed::ITopicFeedErrors as TopicError;
use sumcast_contracts::abi::{EpochKind, IAttestors, ITopicFeed};
use sumcast_contracts::alloy_primitives::Bytes;
use sumcast_contracts::client::ClientError;
use sumcast_contracts::epoch::EpochPlace;
use sumcast_contracts::{Contract, Failure, source_data};

impl Round<'_> {
    /// Whether a topic has a post's epoch as of a block: its network inference, or its settlement with the state that this
    /// proof leaves.
    pub(super) async fn has_epoch(
        &self,
        place: &EpochPlace,
        payload: &Payload,
        block: u64,
    ) -> Result<bool, ClientError> {
        let EpochPlace { feed, topic, epoch, kind, .. } = *place;
        if kind == EpochKind::Settlement {
            let call = ITopicFeed::stateCall { topicId: topic };
            let state = self.client.read_at(Contract::Topics, feed, &call, block).await?;
            return Ok((state.settledEpoch, state.stateHash) == (epoch, payload.next_state()));
        }
        let call = ITopicFeed::lastEpochCall { topicId: topic };
        Ok(self.client.read_at(Contract::Topics, feed, &call, block).await? == epoch)
    }

    /// The call that posts an epoch, with the signatures that there are, and what the contract says of it. Where nothing else
    /// is against it, what is to be signed is noted: the contract looks at signatures last.
    pub(super) async fn try_epoch(
        &self,
        post: &Post,
        place: &EpochPlace,
        payload: &Payload,
    ) -> anyhow::Result<(Bytes, Result<u64, Against>)> {
        let store = &self.account.store;
        let Some(to_sign) = self.to_sign(place, payload).await? else {
            let why = format!(
                "topic {} of the feed {} is not there, or has a source that is no contract of attestors, and the relayer knows \
                 no other",
                place.topic, place.feed
            );
            return Ok((Bytes::new(), Err(Against::Always(why))));
        };
        let signatures = store.signatures(&post.id, to_sign.hash).await?;
        let signatures: Vec<_> = signatures.iter().map(|signature| signature.bytes).collect();
        let (count, threshold) = (signatures.len(), to_sign.threshold);
        let call = payload.call(source_data(&signatures, to_sign.hash, &to_sign.signers, threshold));
        let tried = match self.client.try_call(self.account.chain.worker, place.feed, call.clone()).await {
            Ok(gas) => Ok(gas),
            Err(ClientError::Rejected(Failure::Attestors(AttestorsError::WrongSignatures(_))))
                if count < threshold =>
            {
                store.attest(post, &to_sign).await?;
                Err(Against::Now(format!("{count} of {threshold} attestors have signed it")))
            }
            Err(ClientError::Rejected(failure)) => Err(against(&failure)),
            Err(error) => return Err(error.into()),
        };
        Ok((call, tried))
    }

    /// What the attestors of a topic are to sign with the state that it has now; nothing where there are none.
    async fn to_sign(
        &self,
        place: &EpochPlace,
        payload: &Payload,
    ) -> Result<Option<Attestation>, ClientError> {
        let (client, block, topic) = (self.client, self.head.number, place.topic);
        let call = ITopicFeed::topicCall { topicId: topic };
        let attestors = client.read_at(Contract::Topics, place.feed, &call, block).await?.source;
        if attestors.is_zero() {
            return Ok(None);
        }
        let call = ITopicFeed::stateCall { topicId: topic };
        let settled_epoch = client.read_at(Contract::Topics, place.feed, &call, block).await?.settledEpoch;
        let threshold = IAttestors::thresholdCall {};
        let threshold = match client.read_at(Contract::Attestors, attestors, &threshold, block).await {
            Err(ClientError::Rejected(_) | ClientError::WrongContract { .. }) => return Ok(None),
            threshold => usize::try_from(threshold?).unwrap_or(usize::MAX),
        };
        let signers = IAttestors::signersCall {};
        let signers = client.read_at(Contract::Attestors, attestors, &signers, block).await?;
        let hash = payload.attestation(place, attestors, settled_epoch);
        Ok(Some(Attestation { hash, settled_epoch, attestors, threshold, signers }))
    }
}

/// What a contract has against an epoch. A member that has not come to it yet may still post.
fn against(failure: &Failure) -> Against {
    let why = failure.to_string();
    match failure {
        Failure::Topics(TopicError::InferenceOfAnotherEpoch(of)) if of.found < of.expected => {
            Against::Now(why)
        }
        Failure::Feed(FeedError::NoInference(_)) => Against::Now(why),
        _ => Against::Always(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumcast_contracts::abi::IInferenceFeed;
    use sumcast_contracts::alloy_primitives::{Address, U256};
    use sumcast_contracts::alloy_sol_types::SolError;

    #[test]
    fn a_member_may_still_post() {
        let member = Address::repeat_byte(1);
        let of = |expected, found| {
            let error = ITopicFeed::InferenceOfAnotherEpoch { member, expected, found };
            against(&Failure::decode(&error.abi_encode()))
        };
        assert!(matches!(of(7, 6), Against::Now(_)));
        assert!(matches!(of(7, 8), Against::Always(_)));
        let none = IInferenceFeed::NoInference { topicId: U256::ONE, worker: member };
        assert!(matches!(against(&Failure::decode(&none.abi_encode())), Against::Now(_)));
        assert!(matches!(against(&Failure::Nothing), Against::Always(_)));
    }
}
