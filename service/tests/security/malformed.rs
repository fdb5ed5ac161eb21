//! Requests that are none: names that lead elsewhere, SQL, nesting, numbers and bytes that are none.

use super::{Serving, answer, proof_of};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::path::Path;
use sumcast_service::keys::Scope;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ALL: [Scope; 3] = [Scope::Read, Scope::Prove, Scope::Models];

/// Names that lead elsewhere where somebody takes them for paths, and SQL where somebody takes them for that.
const NAMES: [&str; 12] = [
    "..",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/sumcast.db",
    "/etc/passwd",
    "sumcast.db",
    "a%00b",
    "%ff%fe",
    "' OR '1' = '1",
    "x'; DROP TABLE sumcast_jobs; --",
    "$1",
    "%",
];

/// That a request is refused, and by no fault of the service.
async fn refused(request: RequestBuilder, what: &str) -> StatusCode {
    let response = request.send().await.unwrap();
    let (status, kind) = (response.status(), response.headers().get("content-type").cloned());
    let text = response.text().await.unwrap();
    assert!(status.is_client_error(), "{what}: {status} {text}");
    assert_eq!(kind.unwrap(), "application/problem+json", "{what}: {status} {text}");
    assert!(!text.contains("sqlx") && !text.contains("/tmp"), "{what}: {text}");
    status
}

/// What the service says to bytes on a connection, until it ends it.
async fn raw(service: &Serving, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(service.at).await.unwrap();
    // Both may fail where the service has ended it.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = vec![];
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn names_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::begin(folder.path()).await;
    let key = service.key("alice", &ALL).await;
    let model = service.model(&key).await;
    for name in NAMES {
        for path in [
            format!("/v1/jobs/{name}"),
            format!("/v1/jobs/{name}/events"),
            format!("/v1/jobs/{name}/files/vk"),
            format!("/v1/jobs/{model}/files/{name}"),
        ] {
            refused(service.request(Method::GET, &path, &key), &path).await;
        }
        for (method, path) in
            [(Method::DELETE, format!("/v1/jobs/{name}")), (Method::POST, format!("/v1/verify?job={name}"))]
        {
            refused(service.request(method, &path, &key).body("a"), &path).await;
        }
        let asked = json!({"model": name, "input": []});
        let status = refused(service.request(Method::POST, "/v1/proofs", &key).json(&asked), name).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        // Where it is but a name it is taken as one.
        let named = service.request(Method::POST, "/v1/proofs", &key).header("Idempotency-Key", name);
        assert_eq!(answer(named.json(&proof_of(&model))).await.0, StatusCode::ACCEPTED, "{name}");
        let (status, page) =
            service.get(&format!("/v1/proofs?before={}", name.replace('%', "%25")), &key).await;
        assert!(status == StatusCode::OK || status.is_client_error(), "{name}: {page}");
        let file = Part::bytes(super::linreg("network.onnx")).file_name(name);
        let form = Form::new().part("model", file).text("name", name);
        let (status, job) = answer(service.request(Method::POST, "/v1/models", &key).multipart(form)).await;
        assert_eq!((status, &job["request"]["name"]), (StatusCode::ACCEPTED, &json!(name)), "{job}");
        service.end_of(&job, &key).await;
    }
    // What was written is in the folder of the job, under the service's own names.
    let found: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(found.iter().all(|name| name == "artifacts" || name.starts_with("sumcast.db")), "{found:?}");
    for job in std::fs::read_dir(folder.path().join("artifacts")).unwrap() {
        let name = job.unwrap().file_name().into_string().unwrap();
        assert!(name.len() == 26 && name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
    }
    assert!(!Path::new("/etc/passwd/model.bin").exists());
    service.works().await;
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::begin(folder.path()).await;
    let key = service.key("alice", &ALL).await;
    let model = service.model(&key).await;
    let with = |input: &str| format!("{{\"model\": \"{model}\", \"input\": {input}}}");
    let ten = |number: &str| with(&format!("[{}]", [number; 10].join(", ")));
    for body in [
        String::new(),
        "{".into(),
        "null".into(),
        "[".repeat(1 << 20),
        format!("{}1{}", "[".repeat(1000), "]".repeat(1000)),
        with(&"[".repeat(100_000)),
        with(&"{\"a\":".repeat(100_000)),
        ten("NaN"),
        ten("1e999"),
        ten("0x10"),
        ten("\"1\""),
        ten("true"),
        with("{}"),
        with("[1, 2"),
        format!("{{\"model\": \"{model}\", \"model\": \"{model}\", \"input\": []}}"),
        format!("{{\"model\": \"{model}\", \"input\": [], \"priority\": 1e400}}"),
        format!("{{\"model\": \"{model}\", \"input\": [], \"deadline_seconds\": 99999999999999999999}}"),
        format!("{{\"model\": \"{model}\", \"input\": [], \"deadline_seconds\": -1}}"),
    ] {
        let request =
            service.request(Method::POST, "/v1/proofs", &key).header("content-type", "application/json");
        let start: String = body.chars().take(80).collect();
        refused(request.body(body), &start).await;
    }
    let invalid = [b"{\"model\": \"", &[0xff, 0xfe, 0xc0][..], b"\", \"input\": []}"].concat();
    let json = service.request(Method::POST, "/v1/proofs", &key).header("content-type", "application/json");
    refused(json.body(invalid), "bytes that are no text").await;
    refused(service.request(Method::POST, "/v1/proofs", &key).body("{}"), "no content type").await;

    let form = |body: &[u8], boundary: &str| {
        let request = service.request(Method::POST, "/v1/models", &key);
        request.header("content-type", format!("multipart/form-data{boundary}")).body(body.to_vec())
    };
    let part = b"--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\n";
    for (body, boundary) in [
        (b"".to_vec(), ""),
        (b"".to_vec(), "; boundary=b"),
        (b"--b".to_vec(), "; boundary=b"),
        (b"--b\r\n\r\n".repeat(1000), "; boundary=b"),
        ([&part[..], b"no end"].concat(), "; boundary=b"),
        ([&part[..], &[0xff, 0xfe][..], b"\r\n--b--\r\n"].concat(), "; boundary=b"),
        ([&b"--b\r\n"[..], &b"A: b\r\n".repeat(10_000), b"\r\n\r\n--b--\r\n"].concat(), "; boundary=b"),
        ([part.repeat(1000), b"--b--\r\n".to_vec()].concat(), "; boundary=b"),
        (part.to_vec(), "; boundary=\"\""),
    ] {
        let start = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        refused(form(&body, boundary), &start).await;
    }
    service.works().await;
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::begin(folder.path()).await;
    let key = service.key("alice", &ALL).await;
    let head = format!(
        "POST /v1/proofs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    );
    for request in [
        b"\0\0\0\0".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"GET /v1/\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"GET /v1/proofs HTTP/1.1\r\nHost: a\r\nA\x00: b\r\n\r\n".to_vec(),
        b"GET http://[::1 HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        // Two lengths, a length beside chunks, lengths that are none: whoever is in between may count otherwise.
        format!("{head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{{}}").into_bytes(),
        format!("{head}Content-Length: -1\r\n\r\n{{}}").into_bytes(),
        format!("{head}Content-Length: 99999999999999999999999\r\n\r\n{{}}").into_bytes(),
        format!("{head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{{}}").into_bytes(),
        format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}").into_bytes(),
        format!("{head}Transfer-Encoding: gzip\r\n\r\n{{}}").into_bytes(),
    ] {
        let told = raw(&service, &request).await;
        let shown = String::from_utf8_lossy(&request).into_owned();
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 4"), "{shown:?}: {told}");
    }
    // Many at once on one connection are answered, each by itself; but the last, whose caller has gone before it was.
    let one = format!("GET /v1/proofs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n\r\n");
    assert!(raw(&service, one.repeat(101).as_bytes()).await.matches("HTTP/1.1 200").count() >= 100);
    service.works().await;
    service.end().await;
}

/// Headers whose values are none, or in none of the forms that are asked for.
#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::begin(folder.path()).await;
    let key = service.key("alice", &ALL).await;
    let model = service.model(&key).await;
    for name in [&b""[..], &[0xff, 0xfe], &[b'a'; 256]] {
        let value = reqwest::header::HeaderValue::from_bytes(name).unwrap();
        let request = service.request(Method::POST, "/v1/proofs", &key).header("Idempotency-Key", value);
        refused(request.json(&proof_of(&model)), "Idempotency-Key").await;
    }
    for value in [&b"Bearer"[..], b"Bearer ", b"Bearer \xff", b"bearer sumcast_", b"Basic YTpi", b"\xff \xff"]
    {
        let value = reqwest::header::HeaderValue::from_bytes(value).unwrap();
        let request = service.request(Method::GET, "/v1/proofs", "").header("authorization", value);
        assert_eq!(refused(request, "Authorization").await, StatusCode::UNAUTHORIZED);
    }
    for query in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=99999999999999999999",
        "limit=a",
        "state=none",
        "else=1",
        "%ff=%ff",
    ] {
        refused(service.request(Method::GET, &format!("/v1/proofs?{query}"), &key), query).await;
    }
    let (status, problem): (_, Value) = answer(service.request(Method::PATCH, "/v1/proofs", &key)).await;
    assert_eq!((status, &problem["title"]), (StatusCode::METHOD_NOT_ALLOWED, &json!("method not allowed")));
    service.end().await;
}
