//! The dashboard: a page of the service's own, in the binary.
//!
//! Its files ask for nothing but the requests that anybody can make, of this service alone, which the policy in their
//! headers makes sure of.

use axum::Router;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::future::ready;

/// A file of the dashboard.
#[derive(Clone, Copy)]
struct File {
    /// Where it is served.
    path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

/// The files of `service/src/dashboard/`, each with its kind.
macro_rules! files {
    ($($name:literal: $kind:expr),* $(,)?) => {
        [$(File {
            path: concat!("/dashboard/", $name),
            kind: $kind,
            bytes: include_bytes!(concat!("../dashboard/", $name)),
        }),*]
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

const INDEX: File =
    File { path: "/", kind: "text/html; charset=utf-8", bytes: include_bytes!("../dashboard/index.html") };

const FILES: [File; 22] = files! {
    "api.js": SCRIPT,
    "app.js": SCRIPT,
    "chains.js": SCRIPT,
    "chart.js": SCRIPT,
    "dom.js": SCRIPT,
    "forms.js": SCRIPT,
    "format.js": SCRIPT,
    "icon.svg": "image/svg+xml",
    "job.js": SCRIPT,
    "jobs.js": SCRIPT,
    "live.js": SCRIPT,
    "models.js": SCRIPT,
    "overview.js": SCRIPT,
    "plots.js": SCRIPT,
    "progress.js": SCRIPT,
    "statement.js": SCRIPT,
    "style.css": "text/css; charset=utf-8",
    "synthesis.js": SCRIPT,
    "topics.js": SCRIPT,
    "verifier.js": SCRIPT,
    "verifier.wasm": "application/wasm",
    "verify.js": SCRIPT,
};

/// What a browser lets the page do: run its own scripts and the verifier, look as its own style sheet says, and ask this
/// service. Text never becomes markup: there is no policy by which a script could make any.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    // Kept, and asked about: a service that is newer has other files under the same names.
    (header::CACHE_CONTROL, "no-cache"),
];

/// The paths of the dashboard.
pub(super) fn router() -> Router {
    std::iter::once(INDEX).chain(FILES).fold(Router::new(), |router, file| {
        let tag = format!("\"{}\"", hex::encode(&Sha256::digest(file.bytes)[..16]));
        router.route(file.path, get(move |asked: HeaderMap| ready(answer(&file, &tag, &asked))))
    })
}

/// A file, or that who asks has it.
fn answer(file: &File, tag: &str, asked: &HeaderMap) -> Response {
    let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let known = known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
    let tag = [(header::ETAG, tag)];
    match known {
        true => (StatusCode::NOT_MODIFIED, HEADERS, tag).into_response(),
        false => (HEADERS, tag, [(header::CONTENT_TYPE, file.kind)], file.bytes).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/dashboard");
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| format!("/dashboard/{}", entry.unwrap().file_name().into_string().unwrap()))
            .filter(|path| !["index.html", "verifier.sources"].iter().any(|other| path.ends_with(other)))
            .collect();
        found.sort();
        let mut served = FILES.map(|file| file.path);
        served.sort_unstable();
        assert_eq!(found, served);
    }
}
