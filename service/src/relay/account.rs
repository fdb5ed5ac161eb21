//! The account of a chain, and a look at its posts.

use super::decide::{Turn, Waiting, turn};
use super::post::State as PostState;
use super::round::Round;
use super::settings::Chain;
use crate::artifacts::Artifacts;
use crate::job::State as JobState;
use crate::store::{Lease, Open, Store};
use anyhow::{Context, bail};
use std::fmt;
use std::time::{Duration, Instant};
use sumcast_contracts::client::{Client, Signer};

/// What a chain's posts are worked on with.
pub(super) struct Account {
    pub(super) chain: Chain,
    pub(super) signer: Signer,
    pub(super) store: Store,
    pub(super) artifacts: Artifacts,
    owner: String,
    /// The node, once it has answered, and until it does not.
    client: Option<Client>,
    /// What was on record when the node had nothing to be done, and when it was asked.
    quiet: Option<(Seen, Instant)>,
}

/// What is on record of posts whose proofs are done: the posts with their jobs, and the last signature that was given.
type Seen = (Vec<(String, String)>, i64);

/// How long the node is left alone if nothing changes here, while all that posts wait for is signatures, or what others post.
const QUIET: Duration = Duration::from_secs(10);

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("chain", &self.chain).finish_non_exhaustive()
    }
}

impl Account {
    pub(super) fn new(
        chain: Chain,
        signer: Signer,
        store: Store,
        artifacts: Artifacts,
        owner: String,
    ) -> Self {
        Self { chain, signer, store, artifacts, owner, client: None, quiet: None }
    }

    /// Looks at each post that is neither confirmed nor refused, and does what is next, unless another relayer does.
    pub(super) async fn round(&mut self) -> anyhow::Result<()> {
        let Some(lease) = self.store.lease(&self.chain.name, &self.owner).await? else { return Ok(()) };
        let mut open = self.store.open_posts(&self.chain.name).await?;
        for one in open.iter().filter(|one| one.post.state == PostState::Waiting) {
            // Whatever else is to be said of it.
            let known = Waiting { proof: one.proof.as_ref(), behind: false, in_flight: 0 };
            if let Turn::Refuse(why) = turn(&known) {
                self.refuse(one, &why).await?;
            }
        }
        // For the others the node has nothing to say.
        let done = |open: &Open| matches!(&open.proof, Some((JobState::Done, _)));
        open.retain(|open| open.post.state == PostState::Sent || done(open));
        if open.is_empty() {
            return Ok(());
        }
        let on_record = open.iter().map(|open| (open.post.id.clone(), open.post.job.clone())).collect();
        let seen = (on_record, self.store.last_signature(&self.chain.name).await?);
        if self.quiet.as_ref().is_some_and(|(known, at)| *known == seen && at.elapsed() < QUIET) {
            return Ok(());
        }
        self.quiet = None;
        match self.work(lease, &open).await {
            Ok(true) => self.quiet = Some((seen, Instant::now())),
            Ok(false) => (),
            Err(error) => {
                let why = format!("{error:#}");
                for one in &open {
                    self.hold(one, Some(&why)).await?;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Whether there was nothing to be done, and will not be until a signature or what somebody else posts.
    async fn work(&mut self, lease: Lease, open: &[Open]) -> anyhow::Result<bool> {
        // It is kept if all goes well.
        let client = match self.client.take() {
            Some(client) => client,
            None => self.connect().await?,
        };
        let round = Round::begin(self, &client, lease).await?;
        round.follow(open.iter().filter(|open| open.post.state == PostState::Sent)).await?;
        let quiet = round.post(&self.store.open_posts(&self.chain.name).await?).await?;
        self.client = Some(client);
        Ok(quiet)
    }

    async fn connect(&self) -> anyhow::Result<Client> {
        let Chain { name, rpc, chain_id, feed, topics, .. } = &self.chain;
        let client = Client::connect(rpc.as_str(), None).await?;
        let found = client.chain_id();
        if found != *chain_id {
            let rpc = self.chain.shown_rpc();
            bail!("chains.{name}: the node at {rpc} is of chain {found}, and chain_id is {chain_id}");
        }
        client.check_contract(*feed).await.with_context(|| format!("chains.{name}.feed"))?;
        if let Some(topics) = topics {
            client.check_contract(*topics).await.with_context(|| format!("chains.{name}.topics"))?;
        }
        Ok(client)
    }

    /// Refuses a post that waits.
    pub(super) async fn refuse(&self, open: &Open, why: &str) -> anyhow::Result<()> {
        tracing::warn!(post = open.post.id, chain = self.chain.name, "refused: {why}");
        Ok(self.store.refuse(&open.post.id, why).await?)
    }

    /// Notes what holds a post up, or that nothing does, if that is new.
    pub(super) async fn hold(&self, open: &Open, why: Option<&str>) -> anyhow::Result<()> {
        if open.post.error.as_deref() == why {
            return Ok(());
        }
        if let Some(why) = why {
            tracing::warn!(post = open.post.id, chain = self.chain.name, "held up: {why}");
        }
        Ok(self.store.hold(&open.post.id, why).await?)
    }
}
