//! Limits: of requests, of bodies, of connections that say little.

use super::{Serving, answer, proof_of};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, StatusCode};
use std::time::Duration;
use sumcast_service::Config;
use sumcast_service::keys::{ApiKey, NewKey, Scope};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

const ALL: [Scope; 3] = [Scope::Read, Scope::Prove, Scope::Models];

impl Serving {
    /// A connection on which something was sent.
    async fn raw(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// That the service still does what it is for.
    pub(super) async fn works(&self) {
        let key = self.key("works", &ALL).await;
        let model = self.model(&key).await;
        let request = self.request(Method::POST, "/v1/proofs", &key).json(&proof_of(&model));
        let (status, job) = answer(request).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{job}");
        assert_eq!(self.end_of(&job, &key).await["state"], "done");
    }
}

/// What comes on a connection until the service ends it.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = vec![];
    // A connection may be reset.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("it is ended");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_its_requests_in_a_minute() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::begin(folder.path()).await;
    let new = NewKey { name: "few".into(), scopes: vec![Scope::Read], days: None, per_minute: Some(3) };
    let (key, token) = ApiKey::new(new).unwrap();
    service.store.put_key(&key).await.unwrap();
    for _ in 0..3 {
        assert_eq!(service.get("/v1/proofs", token.reveal()).await.0, StatusCode::OK);
    }
    let response = service.request(Method::GET, "/v1/proofs", token.reveal()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    let other = service.key("few", &[Scope::Read]).await;
    assert_eq!(service.get("/v1/proofs", &other).await.0, StatusCode::OK, "another key has its own");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_heads_hold_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::with(folder.path(), |config| Config { patience_seconds: 1, ..config }).await;
    let mut slow = vec![];
    for text in ["", "G", "GET /v1/proofs HTTP/1.1\r\n", "GET /v1/proofs HTTP/1.1\r\nA: b\r\n"] {
        for _ in 0..20 {
            slow.push(service.raw(text).await);
        }
    }
    // One goes on, a byte at a time.
    let mut drip = service.raw("GET /v1/proofs HTTP/1.1\r\nA: ").await;
    let dripping = tokio::spawn(async move {
        let begun = std::time::Instant::now();
        while drip.write_all(b"a").await.is_ok() {
            assert!(begun.elapsed() < PATIENCE, "it is ended");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    service.works().await;
    for stream in slow {
        let answer = rest(stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    dripping.await.unwrap();
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_and_large_requests_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let small = |config| Config { request_seconds: 1, max_body_bytes: 1 << 19, ..config };
    let service = Serving::with(folder.path(), small).await;
    let key = service.key("alice", &ALL).await;
    // A body that does not come.
    let head = format!(
        "POST /v1/proofs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{{\"model\""
    );
    let answer_of = rest(service.raw(&head).await).await;
    assert!(answer_of.starts_with("HTTP/1.1 408"), "{answer_of}");
    assert!(answer_of.contains("application/problem+json"), "{answer_of}");
    // Heads of too many bytes and of too many lines.
    let long = format!("GET /v1/proofs HTTP/1.1\r\nHost: a\r\nA: {}\r\n\r\n", "a".repeat(1 << 16));
    let many = format!("GET /v1/proofs HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(200));
    let path = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(1 << 17));
    for head in [long, many, path] {
        // What comes too late may be reset rather than refused.
        let mut stream = TcpStream::connect(service.at).await.unwrap();
        let _ = stream.write_all(head.as_bytes()).await;
        let told = rest(stream).await;
        assert!(
            told.is_empty() || told.starts_with("HTTP/1.1 431") || told.starts_with("HTTP/1.1 414"),
            "{told}"
        );
    }
    // Bodies that say how long they are, and bodies that do not.
    let large = vec![b'a'; 1 << 20];
    let parts = |bytes: &[u8]| {
        bytes.chunks(1 << 16).map(|part| Ok::<_, std::io::Error>(part.to_vec())).collect::<Vec<_>>()
    };
    let chunked = || Body::wrap_stream(futures::stream::iter(parts(&large)));
    let json = |body: Body| {
        service
            .request(Method::POST, "/v1/proofs", &key)
            .header("content-type", "application/json")
            .body(body)
    };
    let form = |part: Part| {
        service.request(Method::POST, "/v1/models", &key).multipart(Form::new().part("model", part))
    };
    for request in [
        json(large.clone().into()),
        json(chunked()),
        form(Part::bytes(large.clone())),
        form(Part::stream(chunked())),
        service.request(Method::POST, "/v1/verify?job=none", &key).body(chunked()),
    ] {
        // Whoever still sends when it is refused sees the refusal.
        let (status, problem) = answer(request).await;
        assert_eq!((status, &problem["title"]), (StatusCode::PAYLOAD_TOO_LARGE, &"too large".into()));
    }
    service.works().await;
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_a_part_of_the_connections() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::with(folder.path(), |config| Config { max_connections: 8, ..config }).await;
    let first = service.raw("GET").await;
    let _second = service.raw("GET").await;
    assert_eq!(rest(service.raw("GET").await).await, "", "the third is ended at once");
    drop(first);
    let begun = std::time::Instant::now();
    loop {
        let request = "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        if rest(service.raw(request).await).await.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_nothing_of_an_answer_is_left() {
    let folder = tempfile::tempdir().unwrap();
    // One connection of this address at a time.
    let one = |config| Config { max_connections: 1, patience_seconds: 1, ..config };
    let service = Serving::with(folder.path(), one).await;
    let asked = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n".repeat(64);
    let held = service.raw(&asked).await;
    let next = service.raw("GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let told = rest(next).await;
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    drop(held);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_follows_a_part_of_what_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let idle = |config| Config { max_followers: 8, jobs_at_once: 0, ..config };
    let service = Serving::with(folder.path(), idle).await;
    let key = service.key("alice", &ALL).await;
    let form = Form::new().part("model", Part::bytes(vec![0; 10]));
    let (_, job) = answer(service.request(Method::POST, "/v1/models", &key).multipart(form)).await;
    let path = format!("/v1/jobs/{}/events", job["id"].as_str().unwrap());
    let follow = async || service.request(Method::GET, &path, &key).send().await.unwrap();
    let (first, second) = (follow().await, follow().await);
    assert_eq!((first.status(), second.status()), (StatusCode::OK, StatusCode::OK));
    let third = follow().await;
    assert_eq!(third.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(third.headers().contains_key("retry-after"));
    drop((first, second));
    let begun = std::time::Instant::now();
    while follow().await.status() != StatusCode::OK {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::timeout(PATIENCE, service.end()).await.unwrap();
}
