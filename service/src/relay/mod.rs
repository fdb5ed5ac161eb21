//! The relayer: posts finished proofs to chains (`docs/relay.md`).
//!
//! - [`Chains`]: where to, as the settings have it;
//! - `decide`: what to do next about a post, from what is known;
//! - `ask`: finds out what is known, and `topic` of network inferences and their settlements;
//! - `round`: does it;
//! - `payload`: what is sent.

mod account;
mod ask;
mod decide;
mod key;
mod payload;
mod place;
mod post;
mod round;
mod settings;
mod topic;

pub(crate) use payload::member;
pub(crate) use place::Place;
pub use post::{Kind as PostKind, Post, State as PostState, Target};
pub use settings::{Chain, Chains};

use crate::artifacts::{Artifacts, Use};
use crate::config::Config;
use crate::store::Store;
use crate::{new_id, open_store};
use account::Account;
use anyhow::bail;
use std::future::Future;
use std::time::Duration;
use tokio::sync::watch;

/// How often a chain is looked at.
const ROUND: Duration = Duration::from_secs(1);

/// The longest wait after a round that has failed.
const LONGEST: Duration = Duration::from_secs(60);

/// A relayer, ready to begin.
#[derive(Debug)]
pub struct Relay {
    store: Store,
    /// Its name, of which there is no other.
    owner: String,
    accounts: Vec<Account>,
}

impl Relay {
    /// Opens the key of each chain's account, the database and the place of artifacts.
    ///
    /// # Errors
    /// What cannot be opened; nothing of it has a key or a password in it.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        if config.chains.is_empty() {
            bail!("there is no chain to post to: the settings have no [chains.NAME]");
        }
        let signers = config.chains.iter().map(|chain| Ok((chain, key::signer(chain)?)));
        let signers = signers.collect::<anyhow::Result<Vec<_>>>()?;
        let store = open_store(config).await?;
        let artifacts = Artifacts::open(&config.artifacts(), Use::Reading).await?;
        let owner = new_id();
        let account = |(chain, signer): (&Chain, _)| {
            Account::new(chain.clone(), signer, store.clone(), artifacts.clone(), owner.clone())
        };
        let accounts = signers.into_iter().map(account).collect();
        Ok(Self { store, owner, accounts })
    }

    /// The chains, by their names.
    pub fn chains(&self) -> impl Iterator<Item = &Chain> {
        self.accounts.iter().map(|account| &account.chain)
    }

    /// Works on every chain until it is told to stop.
    ///
    /// # Errors
    /// The database's, at the end.
    pub async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let (ending, told) = watch::channel(false);
        let chains = self.accounts.into_iter().map(|account| tokio::spawn(keep_on(account, told.clone())));
        let chains: Vec<_> = chains.collect();
        stop.await;
        ending.send_replace(true);
        for chain in chains {
            chain.await?;
        }
        Ok(self.store.give_back(&self.owner).await?)
    }

    /// Works on every chain once.
    ///
    /// # Errors
    /// What kept it from working on a chain; the others are worked on.
    pub async fn once(mut self) -> anyhow::Result<()> {
        let mut failed = vec![];
        for account in &mut self.accounts {
            if let Err(error) = account.round().await {
                failed.push(format!("chain {}: {error:#}", account.chain.name));
            }
        }
        self.store.give_back(&self.owner).await?;
        if !failed.is_empty() {
            bail!("{}", failed.join("; "));
        }
        Ok(())
    }
}

/// Round by round, later after one that has failed.
async fn keep_on(mut account: Account, mut told: watch::Receiver<bool>) {
    let mut next = ROUND;
    loop {
        let mut wait = ROUND;
        // A round may end anywhere: whoever comes next goes on from what is on record.
        let done = tokio::select! {
            _ = told.wait_for(|told| *told) => return,
            done = account.round() => done,
        };
        match done {
            Ok(()) => next = ROUND,
            Err(error) => {
                (wait, next) = (next, (2 * next).min(LONGEST));
                tracing::warn!(chain = account.chain.name, "{error:#}; trying again in {} s", wait.as_secs());
            }
        }
        if tokio::time::timeout(wait, told.wait_for(|told| *told)).await.is_ok() {
            return;
        }
    }
}
