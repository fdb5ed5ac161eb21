//! A proof of an epoch, before it goes on a chain.

use super::kind::Kind;
use super::place::{Place, Topic};
use crate::error::{Rejected, Result};
use crate::files;
use anyhow::{anyhow, bail};
use std::path::Path;
use sumcast_contracts::abi::ITopicFeed;
use sumcast_contracts::client::Client;
use sumcast_verifier::ProofFile;

/// A proof with its statement, and the file it is from.
#[derive(Debug)]
pub(super) struct EpochProof<'a> {
    pub(super) path: &'a Path,
    pub(super) file: ProofFile,
}

impl<'a> EpochProof<'a> {
    pub(super) fn read(path: &'a Path) -> Result<Self> {
        let bytes = files::read_small(path)?;
        let file = ProofFile::from_bytes(&bytes).map_err(|error| anyhow!("{}: {error}", path.display()))?;
        Ok(Self { path, file })
    }

    /// What a topic counts it as.
    pub(super) async fn kind(&self, client: &Client, of: &Topic) -> Result<Kind> {
        let model_id = self.file.model_id;
        let call = ITopicFeed::keyKindCall { topicId: of.topic, modelId: model_id.into() };
        Kind::decode(of.ask(client, &call).await?).ok_or_else(|| {
            Rejected(format!(
                "{}: topic {} counts no proofs of key {}: its owner adds it with `sumcast evm network key`",
                self.path.display(),
                of.topic,
                hex::encode(model_id)
            ))
            .into()
        })
    }

    /// That a topic counts it as this.
    pub(super) async fn check_kind(&self, client: &Client, of: &Topic, kind: Kind) -> Result<()> {
        let found = self.kind(client, of).await?;
        if found != kind {
            bail!(Rejected(format!(
                "{}: this is {found} and not {kind}: take it to `sumcast evm network {}`",
                self.path.display(),
                found.command()
            )));
        }
        Ok(())
    }

    /// That it is of this epoch and this kind.
    pub(super) async fn check_context(&self, client: &Client, place: &Place, kind: Kind) -> Result<()> {
        let context = place.context(client, kind).await?;
        if context != self.file.statement.context {
            let context = hex::encode(context);
            bail!(Rejected(format!(
                "{}: the proof is of context {}, and {kind} of this feed, topic and epoch has {context}: prove again with \
                 --context {context}",
                self.path.display(),
                hex::encode(self.file.statement.context)
            )));
        }
        Ok(())
    }
}
