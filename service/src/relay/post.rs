//! Posts: inferences and settlements that are to be in a feed.

use crate::job::words;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where the inference of a proof is to be posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The chain, by its name in the settings.
    pub chain: String,
    /// The topic of the chain's feed, in decimal.
    #[schema(example = "1")]
    pub topic: String,
    /// The epoch, from 1.
    #[schema(example = 301)]
    pub epoch: u64,
}

/// How far a post is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PostState)]
pub enum State {
    /// Its proof is not done, or nothing is signed for it.
    Waiting,
    /// A transaction is signed and may be in a block.
    Sent,
    /// It is in the feed.
    Confirmed,
    /// It cannot be posted.
    Refused,
}

words!(State {
    Waiting = "waiting",
    Sent = "sent",
    Confirmed = "confirmed",
    Refused = "refused",
});

/// What is posted. Of one epoch, each is posted before those that are named after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PostKind)]
pub enum Kind {
    /// A worker's proven inference, to an `InferenceFeed`.
    Inference,
    /// A proven network inference, to a `TopicFeed`.
    Synthesis,
    /// The proven settlement of an epoch, to a `TopicFeed`.
    Settlement,
}

words!(Kind { Inference = "inference", Synthesis = "synthesis", Settlement = "settlement" });

/// A post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Post {
    /// Its name.
    pub id: String,
    /// The job of its proof.
    pub job: String,
    /// Whose that is: the name of an API key, or empty where none is asked for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// The chain, by its name in the settings.
    pub chain: String,
    /// What is posted.
    pub kind: Kind,
    /// The topic of the chain's feed, in decimal.
    pub topic: String,
    /// The epoch.
    pub epoch: u64,
    /// Whose inference it is; nobody's alone, of a network inference or a settlement.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub worker: String,
    /// The workers of a network inference by slot, `-` for an absent one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// How far it is.
    pub state: State,
    /// The transaction that is in a block, or the one that was sent last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// The number of its block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<u64>,
    /// The gas that it used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas_used: Option<u64>,
    /// What was paid for it, in decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_wei: Option<String>,
    /// What holds it up, or why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many nonces were signed for it.
    pub attempts: i64,
    /// When it was asked for, milliseconds since 1970.
    pub created: i64,
    /// When its last transaction was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<i64>,
    /// When it was confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<i64>,
}
