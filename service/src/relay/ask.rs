//! What is known of a post: what the chain says of it, and what is on record.

use super::account::Account;
use super::decide::{Against, Asked, Found};
use super::payload::Payload;
use super::place::Place;
use super::round::Round;
use super::settings::Chain;
use crate::store::{Open, Transaction};
use anyhow::Context;
use std::collections::BTreeSet;
use sumcast_contracts::abi::IInferenceFeed;
use sumcast_contracts::alloy_primitives::{B256, Bytes};
use sumcast_contracts::client::ClientError;
use sumcast_contracts::{Contract, InferencePlace};

/// Seconds that a limit of spending is for.
const DAY: u64 = 24 * 60 * 60;

impl Round<'_> {
    /// Where one of a post's transactions is.
    pub(super) async fn find(&self, ours: &[&Transaction], last: &Transaction) -> anyhow::Result<Found> {
        let account = last.account.parse().context("the account of a transaction")?;
        let count = match account == self.account.chain.worker {
            true => self.count,
            false => self.client.nonce(account, self.head.number).await?,
        };
        for one in ours {
            let found = self.client.included(hash(&one.hash)?).await?;
            if let Some(found) = found
                && self.client.block_hash(found.block).await? == Some(found.block_hash)
            {
                return Ok(Found::Block(found));
            }
        }
        if count > last.nonce {
            let deep = self.head.number.saturating_sub(self.account.chain.confirmations);
            let for_good = self.client.nonce(account, deep).await? > last.nonce;
            return Ok(Found::Used { for_good });
        }
        let known = self.client.knows(hash(&last.hash)?).await?;
        Ok(Found::Free { known, next: count == last.nonce })
    }

    /// The call that posts a post, and what the chain says of it.
    pub(super) async fn ask(&self, open: &Open, payload: &Payload) -> anyhow::Result<(Bytes, Asked)> {
        let Chain { worker, confirmations, max_fee, spend_per_day, .. } = self.account.chain;
        let deep = self.head.number.saturating_sub(confirmations);
        let there = self.has(payload, self.head.number).await?;
        let for_good = there && self.has(payload, deep).await?;
        let (call, tried) = match &payload.place {
            Place::Inference(place) => {
                let call = payload.call(Bytes::new());
                let tried = match self.client.try_call(worker, place.feed, call.clone()).await {
                    Ok(gas) => Ok(gas),
                    Err(ClientError::Rejected(failure)) => Err(Against::Always(failure.to_string())),
                    Err(error) => return Err(error.into()),
                };
                (call, tried)
            }
            Place::Epoch(place) => self.try_epoch(&open.post, place, payload).await?,
        };
        let balance = self.client.balance(worker).await?;
        let (head, fees, spent) = (self.head, self.fees, self.spent().await?);
        Ok((call, Asked { head, there, for_good, tried, fees, max_fee, spent, spend_per_day, balance }))
    }

    /// Whether a post's feed has it as of a block.
    async fn has(&self, payload: &Payload, block: u64) -> Result<bool, ClientError> {
        match &payload.place {
            Place::Inference(InferencePlace { feed, topic, epoch, worker, .. }) => {
                let call = IInferenceFeed::lastEpochCall { topicId: *topic, worker: *worker };
                Ok(self.client.read_at(Contract::Feed, *feed, &call, block).await? == *epoch)
            }
            Place::Epoch(place) => self.has_epoch(place, payload, block).await,
        }
    }

    /// Wei that were paid in the last 24 hours, or may be for what is in flight.
    pub(super) async fn spent(&self) -> anyhow::Result<u128> {
        let Account { chain, store, .. } = self.account;
        let paid = store.paid(&chain.name, self.head.time.saturating_sub(DAY)).await?;
        let mut most = 0_u128;
        let unsettled = store.unsettled(&chain.name).await?;
        // Of each nonce the last one, which may cost the most.
        for (i, one) in unsettled.iter().enumerate() {
            let replaced = unsettled
                .get(i + 1)
                .is_some_and(|next| (&next.account, next.nonce) == (&one.account, one.nonce));
            most = most.saturating_add(if replaced { 0 } else { one.most() });
        }
        Ok(paid.saturating_add(most))
    }

    /// The first nonce that is neither used nor signed for.
    pub(super) async fn next_nonce(&self) -> anyhow::Result<u64> {
        let Account { chain, store, .. } = self.account;
        let account = chain.worker.to_string();
        let unsettled = store.unsettled(&chain.name).await?;
        let taken: BTreeSet<u64> =
            unsettled.iter().filter(|one| one.account == account).map(|one| one.nonce).collect();
        let mut nonce = self.count;
        while taken.contains(&nonce) {
            nonce = nonce.saturating_add(1);
        }
        Ok(nonce)
    }
}

/// A hash of the database.
fn hash(text: &str) -> anyhow::Result<B256> {
    text.parse().context("the hash of a transaction on record")
}
