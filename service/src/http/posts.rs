//! Posts: inferences that are to be in a feed, and how far they are.

use super::body::Asking;
use super::caller::{Caller, Poster, Reader};
use super::{Problem, Service, page};
use crate::new_id;
use crate::relay::{Post, PostState, Target};
use crate::store::{NewPost, PostPage};
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use sumcast_contracts::InferencePlace;
use sumcast_contracts::alloy_primitives::U256;
use utoipa::{IntoParams, ToSchema};

/// The longest number of a topic that may be given: 78 digits have every one.
const LONGEST: usize = 78;

/// Which posts are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Only those of this chain
    chain: Option<String>,
    /// Only those in this state
    #[param(inline)]
    state: Option<PostState>,
    /// Only those before this one: the last of the page before
    before: Option<String>,
    /// How many, 1 to 100
    limit: Option<i64>,
}

/// Posts, from the latest.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Posts {
    posts: Vec<Post>,
    /// What `before` is for the next page; nothing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Service {
    /// The post that a request asks for, and the context that its proof has.
    pub(super) fn place(&self, target: &Target) -> Result<(NewPost, String), Problem> {
        let Target { chain: name, topic, epoch } = target;
        let Some(chain) = self.config.chains.get(name) else {
            let known: Vec<_> = self.config.chains.iter().map(|chain| chain.name.as_str()).collect();
            let known = if known.is_empty() { "none".into() } else { known.join(", ") };
            return Err(Problem::invalid(format!("post.chain is {name:?}: the settings have {known}")));
        };
        let digits =
            !topic.is_empty() && topic.len() <= LONGEST && topic.bytes().all(|byte| byte.is_ascii_digit());
        let number = U256::from_str_radix(topic, 10).ok().filter(|_| digits);
        let number =
            number.ok_or_else(|| Problem::invalid("post.topic is the number of a topic, in decimal"))?;
        let signed = i64::try_from(*epoch).ok().filter(|epoch| *epoch > 0);
        let signed =
            signed.ok_or_else(|| Problem::invalid(format!("post.epoch is {epoch}: from 1 to 2^63 - 1")))?;
        let (feed, worker) = (chain.feed, chain.worker);
        let place = InferencePlace { chain_id: chain.chain_id, feed, topic: number, epoch: *epoch, worker };
        let post = NewPost {
            id: new_id(),
            chain: name.clone(),
            topic: number.to_string(),
            epoch: signed,
            worker: worker.to_string(),
        };
        Ok((post, hex::encode(place.context())))
    }

    /// A post that the caller sees.
    async fn post(&self, caller: &Caller, id: &str) -> Result<Post, Problem> {
        let post = self.store.post(id).await?;
        let post = post.filter(|post| caller.sees().is_none_or(|owner| owner == post.owner));
        post.ok_or_else(|| Problem::missing("post", id))
    }
}

/// What a request asks to be posted is so already, or will be.
pub(super) fn taken(post: &Post) -> Problem {
    let Post { chain, topic, epoch, .. } = post;
    let state = post.state.word();
    Problem::conflict(format!(
        "epoch {epoch} of topic {topic} on chain {chain:?} was asked for already, and its post is {state}: ask for another \
         epoch"
    ))
}

/// List posts
#[utoipa::path(
    get,
    path = "/v1/posts",
    tag = "posts",
    security(("key" = ["read"])),
    params(Asked),
    responses((status = 200, body = Posts), (status = 422, body = Problem))
)]
pub(super) async fn list(
    State(service): State<Service>,
    Reader(caller): Reader,
    Asking(asked): Asking<Asked>,
) -> Result<Json<Posts>, Problem> {
    let limit = page::limit(asked.limit)?;
    let Asked { chain, state, before, .. } = asked;
    let owner = caller.sees().map(str::to_owned);
    let page = PostPage { chain, owner, state, before, limit: limit + 1 };
    let (posts, next) = page::cut(service.store.posts(&page).await?, limit, |post| &post.id);
    Ok(Json(Posts { posts, next }))
}

/// A post
#[utoipa::path(
    get,
    path = "/v1/posts/{id}",
    tag = "posts",
    security(("key" = ["read"])),
    params(("id",)),
    responses((status = 200, body = Post), (status = 404, body = Problem))
)]
pub(super) async fn one(
    State(service): State<Service>,
    Reader(caller): Reader,
    Path(id): Path<String>,
) -> Result<Json<Post>, Problem> {
    service.post(&caller, &id).await.map(Json)
}

/// Let a post that was refused wait again
///
/// It is tried once more, with the same proof.
#[utoipa::path(
    post,
    path = "/v1/posts/{id}/retry",
    tag = "posts",
    security(("key" = ["post"])),
    params(("id",)),
    responses(
        (status = 200, body = Post),
        (status = 404, body = Problem), (status = 409, description = "it is not refused", body = Problem)
    )
)]
pub(super) async fn retry(
    State(service): State<Service>,
    Poster(caller): Poster,
    Path(id): Path<String>,
) -> Result<Json<Post>, Problem> {
    service.post(&caller, &id).await?;
    let post = service.store.retry(&id).await?.ok_or_else(|| Problem::missing("post", &id))?;
    match post.state {
        PostState::Waiting => Ok(Json(post)),
        state => Err(Problem::conflict(format!("post {id:?} is {}: it needs no retry", state.word()))),
    }
}
