//! What goes wrong with a request, as problem+json (RFC 9457).

use crate::keys::Scope;
use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// The status, again.
    pub status: u16,
    /// What kind of problem it is.
    pub title: &'static str,
    /// What is wrong with this request, and what would mend it.
    pub detail: String,
    #[serde(skip)]
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status: status.as_u16(), title, detail: detail.into(), header: None }
    }

    /// The request is not what it should be.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid request", detail)
    }

    /// The request cannot be read.
    pub(crate) fn unreadable(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = match status {
            StatusCode::PAYLOAD_TOO_LARGE => "too large",
            StatusCode::NOT_FOUND => "not found",
            StatusCode::METHOD_NOT_ALLOWED => "method not allowed",
            _ => "invalid request",
        };
        Self::new(status, title, detail)
    }

    /// There is no key, or one that does not count.
    pub(crate) fn unauthorized(detail: impl Into<String>, sent: bool) -> Self {
        let scheme = match sent {
            true => HeaderValue::from_static("Bearer realm=\"sumcast\", error=\"invalid_token\""),
            false => HeaderValue::from_static("Bearer realm=\"sumcast\""),
        };
        let problem = Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail);
        Self { header: Some((header::WWW_AUTHENTICATE, scheme)), ..problem }
    }

    /// The key is not for this.
    pub(crate) fn forbidden(scope: Scope) -> Self {
        let scope = scope.word();
        let detail = format!("this key has no scope {scope:?}: use one that has it");
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// A page of somebody else's asks.
    pub(crate) fn foreign(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// The caller has asked too often.
    pub(crate) fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_secs() + 1;
        let detail = format!("too many requests in a minute: try again in {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too many requests", detail).retry(seconds)
    }

    /// Too much is asked for at once.
    pub(crate) fn overloaded() -> Self {
        let detail = "too much is asked for at once: wait for what was asked for before, and try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too busy", detail).retry(5)
    }

    /// The request took too long.
    pub(crate) fn slow(seconds: u64) -> Self {
        let detail = format!("the request has taken {seconds} s, as long as one may: try again");
        Self::new(StatusCode::REQUEST_TIMEOUT, "too slow", detail)
    }

    /// There is no such thing.
    pub(crate) fn missing(what: &str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not found", format!("there is no {what} {id:?}"))
    }

    /// It is not ready, or no longer what it was.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// There is too much to do already.
    pub(crate) fn busy(limit: u64) -> Self {
        let detail = format!("{limit} jobs wait already: try again later");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "queue is full", detail).retry(5)
    }

    /// The same, with the seconds after which it may be asked again.
    fn retry(self, seconds: u64) -> Self {
        Self { header: Some((header::RETRY_AFTER, seconds.into())), ..self }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Problem {
    /// A fault of the service, which is told to its operators.
    fn from(error: E) -> Self {
        tracing::error!("{:#}", error.into());
        let detail = "the service has failed: try again, and if it fails again ask its operators";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let header = self.header.clone();
        let mut response = (status, Json(self)).into_response();
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response.headers_mut().extend(header);
        response
    }
}
