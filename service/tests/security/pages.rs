//! Web pages: whose may use a service.

use super::Serving;
use reqwest::{Method, StatusCode};
use sumcast_service::Config;

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_others_use_no_service_without_keys() {
    let folder = tempfile::tempdir().unwrap();
    let listed =
        |config| Config { require_keys: None, cors_origins: vec!["https://a.example".into()], ..config };
    let service = Serving::with(folder.path(), listed).await;
    let ask = async |header: &str, value: &str| {
        let request = service.request(Method::GET, "/v1/proofs", "").header(header, value);
        request.send().await.unwrap()
    };
    // A name that was made to lead here, and a page that was shown by somebody else.
    assert_eq!(ask("host", "evil.example:80").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(ask("origin", "https://evil.example").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(ask("origin", &format!("http://{}", service.at)).await.status(), StatusCode::OK);
    let allowed = ask("origin", "https://a.example").await;
    assert_eq!(allowed.status(), StatusCode::OK);
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://a.example");
    assert_eq!(allowed.headers()["x-content-type-options"], "nosniff");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_told_what_pages_may() {
    let folder = tempfile::tempdir().unwrap();
    let listed = |config| Config { cors_origins: vec!["https://a.example".into()], ..config };
    for (service, told) in [
        (Serving::with(folder.path(), listed).await, true),
        (Serving::begin(&folder.path().join("other")).await, false),
    ] {
        for (origin, own) in [("https://a.example", true), ("https://evil.example", false)] {
            let request = service.request(Method::OPTIONS, "/v1/proofs", "").header("origin", origin);
            let request = request.header("access-control-request-method", "POST");
            let response =
                request.header("access-control-request-headers", "authorization").send().await.unwrap();
            let allowed = response.headers().get("access-control-allow-origin");
            assert_eq!(allowed.is_some_and(|allowed| allowed == origin), own && told, "{origin}");
        }
        service.end().await;
    }
    let wrong = Config { cors_origins: vec!["*".into()], ..Config::default() };
    let refused = Serving::refused(&folder.path().join("wrong"), wrong).await;
    assert!(refused.contains("cors_origins has \"*\""), "{refused}");
}
