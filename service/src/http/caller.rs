//! Who asks, and what they may do.
//!
//! [`identify`] stands before every path of the interface but those of its health, finds the caller of a request and
//! counts it among the caller's. A handler takes the caller by the extractor of the scope that it asks for, before it reads a
//! body, and asks the caller whose jobs it may see; its description names the scope, and a test holds the two against each
//! other:
//!
//! ```text
//! #[utoipa::path(post, .., security(("key" = ["prove"])))]
//! async fn submit(State(service): State<Service>, Prover(caller): Prover, Body(asked): Body<Submit>) {
//!     let model = service.job(&caller, Kind::Compile, &asked.model).await?;
//!     let job = NewJob { .., ..NewJob::new(Kind::Prove, caller.owner(), request) };
//! ```

use super::connections::Peer;
use super::rates::Rates;
use super::shares::Shares;
use super::{Problem, Service};
use crate::config::Config;
use crate::keys::{self, Ended, Scope};
use crate::store::now;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How long a request waits while others are answered.
const WAIT: Duration = Duration::from_secs(5);

/// Whose requests are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// A key's, by its id.
    Key(String),
    /// An address's, where no keys are asked for.
    Address(Option<IpAddr>),
}

/// How much callers may ask for.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    rates: Rates<Who>,
    requests: Shares<Who>,
    /// Jobs that are followed.
    pub(super) followers: Shares<Who>,
}

impl Limits {
    /// As the settings have it. Where no keys are asked for, callers trust each other.
    pub(crate) fn new(config: &Config) -> Self {
        let trusted = !config.asks_for_keys();
        let requests = Shares::new(config.requests_at_once, trusted);
        Self { rates: Rates::new(), requests, followers: Shares::new(config.max_followers, trusted) }
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    who: Who,
    name: String,
    scopes: Vec<Scope>,
}

impl Caller {
    /// Whoever asks where no keys are asked for: may do everything.
    fn anybody(request: &Request) -> Self {
        let address = request.extensions().get::<Peer>().map(|peer| peer.0);
        Self { who: Who::Address(address), name: String::new(), scopes: vec![Scope::Operate] }
    }

    /// Whose requests its own are counted with.
    pub(super) fn who(&self) -> Who {
        self.who.clone()
    }

    /// Whose the jobs are that this caller asks for; empty where no keys are asked for.
    pub(crate) fn owner(&self) -> &str {
        &self.name
    }

    /// Whose jobs the caller sees: one owner's, or everyone's if there is none.
    pub(crate) fn sees(&self) -> Option<&str> {
        (!self.scopes.contains(&Scope::Operate)).then_some(&self.name)
    }

    /// The caller of a request, if it may do this.
    fn of(parts: &Parts, scope: Scope) -> Result<Self, Problem> {
        // None where nobody has asked who it is.
        let caller = parts.extensions.get::<Self>().ok_or_else(no_key)?;
        caller.check(scope).map(|()| caller.clone())
    }

    /// Refuses the caller if it may not do this.
    pub(super) fn check(&self, scope: Scope) -> Result<(), Problem> {
        let may = self.scopes.contains(&scope) || self.scopes.contains(&Scope::Operate);
        if may { Ok(()) } else { Err(Problem::forbidden(scope)) }
    }
}

/// Extractors of callers that may do something, refused otherwise.
macro_rules! extractors {
    ($($(#[$doc:meta])* $name:ident = $scope:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(super) struct $name(pub(super) Caller);

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                Caller::of(parts, Scope::$scope).map(Self)
            }
        }
    )*};
}

extractors! {
    /// Who may see what it owns: scope `read`.
    Reader = Read;
    /// Who may ask for proofs: scope `prove`.
    Prover = Prove;
    /// Who may upload models: scope `models`.
    Uploader = Models;
    /// Who may have proofs posted to chains: scope `post`.
    Poster = Post;
    /// Who may do everything, of everyone: scope `operate`.
    Operator = Operate;
}

/// Finds the caller of a request; refuses it if there has to be a key and there is none that counts, or if the caller asks
/// for too much.
pub(super) async fn identify(
    State(service): State<Service>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (caller, per_minute) = match service.config.asks_for_keys() {
        true => keyed(&service, request.headers()).await?,
        false => (Caller::anybody(&request), None),
    };
    let per_minute = per_minute.unwrap_or(service.config.requests_per_minute);
    service.limits.rates.take(caller.who(), per_minute, Instant::now()).map_err(Problem::too_many)?;
    let place = service.limits.requests.enter(caller.who(), WAIT).await;
    let _place = place.ok_or_else(Problem::overloaded)?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// The caller whose key these headers have, with the key's own limit of requests in a minute.
async fn keyed(service: &Service, headers: &HeaderMap) -> Result<(Caller, Option<u32>), Problem> {
    let token = bearer(headers).ok_or_else(no_key)?;
    let unknown = || Problem::unauthorized("this service knows no such key: ask its operators for one", true);
    let (id, secret) = keys::read(token).ok_or_else(unknown)?;
    let key = service.store.key(id).await?.filter(|key| key.is_of(&secret)).ok_or_else(unknown)?;
    let ended =
        |how| Problem::unauthorized(format!("this key {how}: ask the operators for another one"), true);
    match key.ended(now()) {
        None => {
            let caller = Caller { who: Who::Key(key.id), name: key.name, scopes: key.scopes };
            Ok((caller, key.per_minute))
        }
        Some(Ended::Revoked) => Err(ended("was revoked")),
        Some(Ended::Expired) => Err(ended("has expired")),
    }
}

fn no_key() -> Problem {
    Problem::unauthorized(
        "this service asks for a key: send it as the header Authorization: Bearer KEY",
        false,
    )
}

/// The token of the header `Authorization`, of the scheme `Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
