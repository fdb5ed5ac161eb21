//! Which web pages may ask.
//!
//! A browser asks on behalf of any page that it shows, whoever wrote it. Where keys are asked for a page needs one; where
//! none are, the pages of others are told from the service's own by the headers that browsers send.

use super::{Problem, Service};
use anyhow::Context;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use std::net::IpAddr;
use std::time::Duration;
use tower_http::cors::CorsLayer;

/// How long a browser remembers what it may do.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// What pages of these origins are allowed; those of others are not, and without any nothing is said at all.
pub(super) fn cors(origins: &[String]) -> anyhow::Result<CorsLayer> {
    if origins.is_empty() {
        return Ok(CorsLayer::new());
    }
    let origins: anyhow::Result<Vec<HeaderValue>> = origins.iter().map(|origin| parse(origin)).collect();
    Ok(CorsLayer::new()
        .allow_origin(origins?)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("x-request-id"),
        ])
        .expose_headers([header::RETRY_AFTER, HeaderName::from_static("x-request-id")])
        .max_age(REMEMBERED))
}

/// An origin as browsers send it.
fn parse(origin: &str) -> anyhow::Result<HeaderValue> {
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let bare = host.filter(|host| !host.is_empty() && !host.contains(['/', '*', '?', '#', '@', ' ']));
    let told = || {
        format!("cors_origins has {origin:?}: an origin is http:// or https://, a host and a port, no path")
    };
    bare.and_then(|_| origin.parse().ok()).with_context(told)
}

/// Refuses what a page of somebody else's asks for, where no keys are asked for.
pub(super) async fn check(
    State(service): State<Service>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let config = &service.config;
    if !config.asks_for_keys() {
        let headers = request.headers();
        if config.require_keys.is_none() && !is_local(headers) {
            return Err(Problem::foreign(
                "this service is for its own machine, and was asked by another name: set require_keys to serve others",
            ));
        }
        if !is_own(headers, &config.cors_origins) {
            return Err(Problem::foreign(
                "this comes from a page of another origin: name that in cors_origins if it may use the service",
            ));
        }
    }
    Ok(next.run(request).await)
}

/// Whether the service was asked by a name of its own machine; a name that leads to it from elsewhere is none.
fn is_local(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let Ok(host) = host.to_str() else { return false };
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    };
    let bare = bare.unwrap_or_default();
    bare.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Whether no page asks, or one of the service itself or of an origin that is allowed.
fn is_own(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let of = origin.split_once("://").map(|(_, host)| host);
    (of.is_some() && of == host) || allowed.iter().any(|allowed| allowed == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(HeaderName, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn origins_are_origins() {
        for origin in ["https://a.example", "http://localhost:3000"] {
            assert_eq!(parse(origin).unwrap(), origin);
        }
        for wrong in
            ["", "*", "a.example", "https://", "https://*.a.example", "https://a.example/", "ftp://a"]
        {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_of_this_machine_are_told_from_others() {
        for (host, local) in [
            ("localhost:8080", true),
            ("127.0.0.1", true),
            ("[::1]:8080", true),
            ("a.example:8080", false),
            ("192.0.2.1:8080", false),
            ("127.0.0.1.a.example", false),
            ("", false),
        ] {
            assert_eq!(is_local(&headers(&[(header::HOST, host)])), local, "{host}");
        }
    }

    #[test]
    fn pages_are_the_services_own_or_allowed() {
        let allowed = ["https://a.example".to_owned()];
        for (origin, own) in [
            ("http://localhost:8080", true),
            ("https://a.example", true),
            ("https://b.example", false),
            ("http://localhost:3000", false),
            ("null", false),
        ] {
            let sent = headers(&[(header::HOST, "localhost:8080"), (header::ORIGIN, origin)]);
            assert_eq!(is_own(&sent, &allowed), own, "{origin}");
        }
        assert!(is_own(&headers(&[(header::HOST, "localhost:8080")]), &[]));
    }
}
