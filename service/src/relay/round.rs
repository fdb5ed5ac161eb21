//! One look at a chain: what is known of each post, and what is done about it.

use super::account::Account;
use super::decide::{Follow, Sent, Step, Turn, Waiting, follow, step, turn};
use super::payload::Payload;
use super::post::State as PostState;
use crate::store::{Lease, Open, Place, Settled, Transaction};
use anyhow::Context;
use std::collections::BTreeSet;
use sumcast_contracts::client::{Call, Client, ClientError, Fees, Head, Included};

/// What all posts of a round go by.
pub(super) struct Round<'a> {
    pub(super) account: &'a Account,
    pub(super) client: &'a Client,
    lease: Lease,
    pub(super) head: Head,
    pub(super) fees: Fees,
    /// The account's transactions in blocks.
    pub(super) count: u64,
}

/// What became of a post whose turn it was.
enum Done {
    /// It is at an end.
    Ended,
    /// A transaction is sent.
    Sent,
    /// It waits, for something of its own.
    Stuck(String),
    /// It waits, and so do those after it, for something of the chain or the account.
    Held(String),
}

impl<'a> Round<'a> {
    /// Asks the node how the chain is.
    pub(super) async fn begin(
        account: &'a Account,
        client: &'a Client,
        lease: Lease,
    ) -> anyhow::Result<Self> {
        // The count is older than every receipt: what it counts of ours has one.
        let head = client.head().await?;
        let count = client.nonce(account.chain.worker, head.number).await?;
        let fees = client.fees().await?;
        Ok(Self { account, client, lease, head, fees, count })
    }

    /// What is done about posts that are sent.
    pub(super) async fn follow(&self, sent: impl Iterator<Item = &Open>) -> anyhow::Result<()> {
        let Account { chain, store, .. } = self.account;
        let transactions = store.unsettled(&chain.name).await?;
        for open in sent {
            let post = &open.post;
            let ours: Vec<_> = transactions.iter().filter(|one| one.post == post.id).collect();
            // Where there is none, another relayer has just settled it.
            let Some(last) = ours.last().copied() else { continue };
            let own = last.account == chain.worker.to_string();
            let known = Sent {
                head: self.head,
                confirmations: chain.confirmations,
                place: self.find(&ours, last).await?,
                last,
                attempts: post.attempts,
                was_included: post.block.is_some(),
                fees: self.fees,
                max_fee: chain.max_fee,
                left: if own { chain.spend_per_day.saturating_sub(self.spent().await?) } else { 0 },
            };
            let (nonce, time) = (last.nonce, self.head.time);
            let settle = |by, how| store.settle(&post.id, nonce, by, time, how);
            match follow(&known) {
                Follow::Wait => self.account.hold(open, None).await?,
                Follow::Note(by) => {
                    let by = place(&by);
                    let known = post.block == Some(by.block.unsigned_abs()) && post.error.is_none();
                    if !known || post.transaction.as_ref() != Some(&by.hash) {
                        tracing::info!(
                            post = post.id,
                            chain = chain.name,
                            hash = by.hash,
                            "in block {}",
                            by.block
                        );
                        store.place(&post.id, Some(&by)).await?;
                    }
                }
                Follow::Reorganised => {
                    tracing::warn!(post = post.id, chain = chain.name, "a reorg has dropped its block");
                    store.place(&post.id, None).await?;
                }
                Follow::Resend => self.send(open, last).await?,
                Follow::Raise(fees) => self.raise(open, last, fees).await?,
                Follow::Stuck { known } => {
                    let why = "it is in no block, and max_fee_gwei, spend_wei_per_day or the key allows no higher fees";
                    self.account.hold(open, Some(why)).await?;
                    if !known {
                        self.send(open, last).await?;
                    }
                }
                Follow::Confirm(by) => {
                    tracing::info!(post = post.id, chain = chain.name, %by.hash, "confirmed");
                    settle(Some(&place(&by)), Settled::Confirmed).await?;
                }
                Follow::Failed { by, again } => {
                    let why = format!("transaction {} failed in block {}", by.hash, by.block);
                    tracing::warn!(post = post.id, chain = chain.name, "{why}");
                    let how = if again { Settled::Again(&why) } else { Settled::Refused(&why) };
                    settle(Some(&place(&by)), how).await?;
                }
                Follow::Taken => {
                    let why = "another transaction has its nonce: it waits for confirmations";
                    self.account.hold(open, Some(why)).await?;
                }
                Follow::Lost => {
                    let why = format!("nonce {nonce} was used by a transaction that is not the relayer's");
                    tracing::warn!(post = post.id, chain = chain.name, "{why}");
                    settle(None, Settled::Again(&why)).await?;
                }
            }
        }
        Ok(())
    }

    /// Gives a transaction that is on record to the node.
    async fn send(&self, open: &Open, transaction: &Transaction) -> anyhow::Result<()> {
        let raw = hex::decode(&transaction.raw).context("a transaction on record")?;
        tracing::info!(post = open.post.id, chain = transaction.chain, hash = transaction.hash, "sent");
        match self.client.send_raw(&raw).await {
            // It stays on record, and is tried again.
            Err(ClientError::Refused { what, reason }) => {
                self.account.hold(open, Some(&format!("the node refuses to {what}: {reason}"))).await
            }
            sent => Ok(sent?),
        }
    }

    /// Signs a transaction with higher fees, and all else as it was, and sends it.
    async fn raise(&self, open: &Open, last: &Transaction, fees: Fees) -> anyhow::Result<()> {
        let call = hex::decode(&last.raw).ok().and_then(|raw| Call::of(&raw));
        let call = call.context("a transaction on record")?;
        self.sign(open, Call { fees, ..call }, true).await
    }

    /// What is done about posts that wait, in the order of their epochs. Returns whether nothing was, and all of them wait for
    /// something of their own.
    pub(super) async fn post(&self, open: &[Open]) -> anyhow::Result<bool> {
        let place = |open: &Open| (open.post.topic.clone(), open.post.worker.clone());
        let (sent, waiting): (Vec<_>, Vec<_>) =
            open.iter().partition(|open| open.post.state == PostState::Sent);
        // A feed takes the epochs of a worker, or of a topic that has none, in their order.
        let in_flight = sent.iter().filter(|open| open.post.block.is_none());
        let mut busy: BTreeSet<_> = in_flight.clone().map(|open| place(open)).collect();
        let mut in_flight = in_flight.count();
        let mut held = None;
        let mut quiet = sent.is_empty();
        for open in waiting {
            let known =
                Waiting { proof: open.proof.as_ref(), behind: busy.contains(&place(open)), in_flight };
            match turn(&known) {
                Turn::Go => (),
                Turn::Wait => {
                    self.account.hold(open, None).await?;
                    busy.insert(place(open));
                    continue;
                }
                Turn::Refuse(why) => {
                    self.account.refuse(open, &why).await?;
                    continue;
                }
            }
            if held.is_none() {
                match self.work(open).await? {
                    Done::Ended => {
                        quiet = false;
                        continue;
                    }
                    Done::Sent => in_flight += 1,
                    Done::Stuck(why) => self.account.hold(open, Some(&why)).await?,
                    Done::Held(why) => held = Some(why),
                }
            }
            busy.insert(place(open));
            if let Some(why) = &held {
                self.account.hold(open, Some(why)).await?;
            }
        }
        Ok(quiet && in_flight == 0 && held.is_none())
    }

    /// What is done about a post whose turn it is.
    async fn work(&self, open: &Open) -> anyhow::Result<Done> {
        let Account { chain, store, .. } = self.account;
        let post = &open.post;
        let payload = match Payload::of(self.account, post).await? {
            Ok(payload) => payload,
            Err(why) => return self.account.refuse(open, &why).await.map(|()| Done::Ended),
        };
        let (data, asked) = match self.ask(open, &payload).await {
            Ok(asked) => asked,
            Err(error) => match error.downcast_ref() {
                Some(ClientError::Refused { .. }) => return Ok(Done::Stuck(error.to_string())),
                _ => return Err(error),
            },
        };
        match step(&asked) {
            Step::Posted => {
                tracing::info!(post = post.id, chain = chain.name, "the feed has it already");
                store.posted(&post.id).await?;
                Ok(Done::Ended)
            }
            Step::Stay(why) => Ok(Done::Stuck(why)),
            Step::Hold(why) => Ok(Done::Held(why)),
            Step::Refuse(why) => self.account.refuse(open, &why).await.map(|()| Done::Ended),
            Step::Sign { gas, fees } => {
                let call =
                    Call { to: payload.place.feed(), data, nonce: self.next_nonce().await?, gas, fees };
                self.sign(open, call, false).await.map(|()| Done::Sent)
            }
        }
    }

    /// Signs a transaction, puts it on record, and sends it.
    async fn sign(&self, open: &Open, call: Call, replaces: bool) -> anyhow::Result<()> {
        let Account { chain, signer, store, .. } = self.account;
        let signed = call.sign(chain.chain_id, signer).await?;
        let Call { nonce, gas, fees, .. } = call;
        let transaction = Transaction {
            hash: format!("{:#x}", signed.hash),
            post: open.post.id.clone(),
            chain: chain.name.clone(),
            account: chain.worker.to_string(),
            nonce,
            raw: hex::encode(&signed.raw),
            gas,
            max_fee: fees.max,
            tip: fees.tip,
            signed: self.head.time,
        };
        if !store.record(&self.lease, &transaction, replaces).await? {
            tracing::warn!(post = open.post.id, chain = chain.name, "left to another relayer");
            return Ok(());
        }
        self.send(open, &transaction).await
    }
}

/// Where a transaction is, as the database has it.
fn place(included: &Included) -> Place {
    Place {
        hash: format!("{:#x}", included.hash),
        block: i64::try_from(included.block).unwrap_or(i64::MAX),
        gas_used: i64::try_from(included.gas_used).unwrap_or(i64::MAX),
        fee_wei: included.fee.to_string(),
    }
}
