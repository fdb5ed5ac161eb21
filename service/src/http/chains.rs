//! The chains that proofs are posted to.

use super::Service;
use super::caller::Reader;
use crate::keys::Scope;
use crate::relay::Chain;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// A chain, as its settings have it, without what may be secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Shown {
    /// What it is called
    name: String,
    /// Its number
    chain_id: u64,
    /// The feed that inferences are posted to
    feed: String,
    /// The feed that network inferences are posted to, if there is one
    #[serde(skip_serializing_if = "Option::is_none")]
    topics: Option<String>,
    /// Whose inferences they are, and the account that posts
    worker: String,
    /// The node, as scheme and host
    rpc: String,
    /// Blocks on top of a post before it counts as confirmed
    confirmations: u64,
    /// The most that is paid for a gas, in wei, in decimal
    max_fee_wei: String,
    /// The most that is paid in 24 hours, in wei, in decimal
    spend_wei_per_day: String,
}

impl Shown {
    fn of(chain: &Chain) -> Self {
        Self {
            name: chain.name.clone(),
            chain_id: chain.chain_id,
            feed: chain.feed.to_string(),
            topics: chain.topics.map(|topics| topics.to_string()),
            worker: chain.worker.to_string(),
            rpc: chain.shown_rpc(),
            confirmations: chain.confirmations,
            max_fee_wei: chain.max_fee.to_string(),
            spend_wei_per_day: chain.spend_per_day.to_string(),
        }
    }
}

/// The chains of a service.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Chains {
    chains: Vec<Shown>,
    /// Whether whoever asks may have proofs posted to them
    may_post: bool,
}

/// List chains
#[utoipa::path(get, path = "/v1/chains", tag = "posts", security(("key" = ["read"])), responses((status = 200, body = Chains)))]
pub(super) async fn list(State(service): State<Service>, Reader(caller): Reader) -> Json<Chains> {
    let chains = service.config.chains.iter().map(Shown::of).collect();
    Json(Chains { chains, may_post: caller.check(Scope::Post).is_ok() })
}
