//! The dashboard's files as they are served; `service/dashboard-tests` has it in a browser.

use crate::running::{Place, Running};
use reqwest::StatusCode;
use sumcast_service::Config;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_needs_no_key_and_allows_nothing_from_elsewhere() {
    let place = Place::sqlite();
    let service = Running::begin(Config { require_keys: Some(true), ..place.config() }).await;
    let get = |path: &str| service.client.get(format!("{}{path}", service.url));
    assert_eq!(get("/v1/queue").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/dashboard/app.js", "text/javascript; charset=utf-8"),
        ("/dashboard/verifier.wasm", "application/wasm"),
    ] {
        let response = get(path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let headers = response.headers().clone();
        assert_eq!(headers["content-type"], kind);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"), "{policy}");

        // Who has it is told so; who has another one is given it.
        let again = |tag: &str| get(path).header("if-none-match", tag).send();
        let tag = headers["etag"].to_str().unwrap();
        let known = again(&format!("\"other\", {tag}")).await.unwrap();
        assert_eq!((known.status(), &known.headers()["etag"]), (StatusCode::NOT_MODIFIED, &headers["etag"]));
        assert!(known.bytes().await.unwrap().is_empty());
        let other = again("\"other\"").await.unwrap().bytes().await.unwrap();
        assert_eq!(other, response.bytes().await.unwrap());
    }
    assert_eq!(get("/dashboard/none.js").send().await.unwrap().status(), StatusCode::NOT_FOUND);
    service.end().await;
}
