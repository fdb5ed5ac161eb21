//! What holds for every answer.

use super::{Problem, Service};
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// The longest sentence of a refusal that is not ours.
const LONGEST: usize = 1 << 12;

/// Refuses a request that takes longer than the settings allow, its body included.
pub(super) async fn in_time(
    State(service): State<Service>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let seconds = service.config.request_seconds;
    let answered = tokio::time::timeout(Duration::from_secs(seconds), next.run(request)).await;
    answered.map_err(|_| Problem::slow(seconds))
}

/// Makes a [`Problem`] of every refusal: of those, too, that are no doing of a handler. Nothing is taken for what it is not.
pub(super) async fn refusals(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let mut response = if is_problem(&response) { as_problem(response).await } else { response };
    let nosniff = HeaderValue::from_static("nosniff");
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

/// Whether a refusal is not yet a [`Problem`].
fn is_problem(response: &Response) -> bool {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let plain = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    (status.is_client_error() || status.is_server_error()) && plain
}

async fn as_problem(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let text = to_bytes(body, LONGEST).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let told = match text.trim() {
        "" => parts.status.canonical_reason().unwrap_or_default().to_lowercase(),
        text => text.to_owned(),
    };
    let mut response = Problem::unreadable(parts.status, told).into_response();
    for gone in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
        parts.headers.remove(gone);
    }
    response.headers_mut().extend(parts.headers);
    response
}
