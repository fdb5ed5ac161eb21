//! Reading what a request brings.

use super::Problem;
use crate::store::now;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::ops::RangeInclusive;

/// The longest name that a caller may give a request.
const LONGEST: usize = 255;

/// Priorities that a request may have.
const PRIORITY: RangeInclusive<i64> = 0..=9;

/// A body in JSON, which is refused as a [`Problem`].
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = axum::Json::<T>::from_request(request, state).await;
        read.map(|axum::Json(value)| Self(value))
            .map_err(|error: JsonRejection| Problem::unreadable(error.status(), error.body_text()))
    }
}

/// What the query of a URL asks for, which is refused as a [`Problem`].
pub(super) struct Asking<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asking<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(value)| Self(value))
            .map_err(|error: QueryRejection| Problem::unreadable(error.status(), error.body_text()))
    }
}

/// The caller's name for a request, of the header `Idempotency-Key`.
pub(super) fn idempotency(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| !text.is_empty() && text.len() <= LONGEST);
    let refused =
        || Problem::invalid(format!("an Idempotency-Key has 1 to {LONGEST} visible ASCII characters"));
    text.map(|text| Some(text.to_owned())).ok_or_else(refused)
}

/// The context that a request asks for, as 64 hexadecimal digits in lower case; zeros if it asks for none.
pub(super) fn context(asked: Option<&str>) -> Result<String, Problem> {
    let Some(asked) = asked else { return Ok("0".repeat(64)) };
    let digits = asked.strip_prefix("0x").unwrap_or(asked);
    if hex::decode_to_slice(digits, &mut [0; 32]).is_err() {
        return Err(Problem::invalid("context has 64 hexadecimal digits, with or without 0x"));
    }
    Ok(digits.to_lowercase())
}

/// A priority that a request may have.
pub(super) fn priority(asked: i64) -> Result<i64, Problem> {
    let refused = || Problem::invalid(format!("priority is {asked}: from 0 to 9"));
    PRIORITY.contains(&asked).then_some(asked).ok_or_else(refused)
}

/// When a job is no longer wanted, of which that was said in seconds.
pub(super) fn deadline(seconds: Option<u32>) -> Option<i64> {
    seconds.map(|seconds| now() + 1000 * i64::from(seconds))
}
