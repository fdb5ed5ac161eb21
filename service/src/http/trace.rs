//! Names for requests, and what is told of them: to the log, to the metrics, to the caller.

use super::new_id;
use crate::{metrics, trace};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;
use tracing::Instrument;

/// The header of a request's id.
const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that a caller may give.
const LONGEST: usize = 64;

/// Gives a request its id, and tells of it once it is answered. Of what it brings nothing is told but its path.
pub(super) async fn traced(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = given(request.headers()).unwrap_or_else(new_id);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // Of paths that are none there are too many to tell apart.
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", id, %method, path);
    let mut response = trace::of(id.clone(), next.run(request)).instrument(span.clone()).await;
    let (took, status) = (begun.elapsed(), response.status().as_u16());
    span.in_scope(|| tracing::info!(status, milliseconds = took.as_millis() as u64, "answered"));
    let method = if is_known(method.as_str()) { method.as_str() } else { "other" };
    metrics::request(method, &route, status, took);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, id);
    }
    response
}

/// The id that the caller gave, if it can be written anywhere.
fn given(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(HEADER)?.to_str().ok()?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    ((1..=LONGEST).contains(&id.len()) && id.chars().all(fits)).then(|| id.to_owned())
}

fn is_known(method: &str) -> bool {
    ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"].contains(&method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_can_be_written_anywhere_are_taken() {
        let given = |id: &str| given(&HeaderMap::from_iter([(HEADER, HeaderValue::from_str(id).unwrap())]));
        assert_eq!(given("a-1_b.C").as_deref(), Some("a-1_b.C"));
        for wrong in ["", "a b", "\"", "a\tb", "<b>", &"a".repeat(65)] {
            assert_eq!(given(wrong), None, "{wrong:?}");
        }
    }
}
