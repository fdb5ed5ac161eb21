//! API keys: what is asked for where, which ones count, and whose jobs are seen.

use super::{Serving, answer, proof_of};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sumcast_service::job::Kind;
use sumcast_service::keys::{ApiKey, NewKey, Scope};
use sumcast_service::{NewJob, NewPost};

const SCOPES: [Scope; 5] = [Scope::Read, Scope::Prove, Scope::Models, Scope::Post, Scope::Operate];

/// Every path of the description asks for a key, and for the scope that it says; the health of the service, for none.
#[tokio::test(flavor = "multi_thread")]
async fn every_path_asks_for_its_scope() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::begin(folder.path()).await;
    let mut keys = vec![];
    for scope in SCOPES {
        keys.push((scope, service.key("somebody", &[scope]).await));
    }
    let (_, openapi) = service.get("/openapi.json", "").await;
    let mut seen = 0;
    for (path, operations) in openapi["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let path = path.replace("{id}", "none").replace("{name}", "vk").replace("{token}", "t");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let send = |key: &str| service.request(method.clone(), &path, key).send();
            let response = send("").await.unwrap();
            if path.starts_with("/health/") {
                assert_eq!((response.status(), operation.get("security")), (StatusCode::OK, None), "{path}");
                continue;
            }
            seen += 1;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"sumcast\"");
            let wanted = operation["security"][0]["key"][0].as_str().unwrap_or_default();
            assert!(SCOPES.iter().any(|scope| scope.word() == wanted), "{method} {path} names no scope");
            for (scope, key) in &keys {
                let response = send(key).await.unwrap();
                let (status, allowed) =
                    (response.status(), scope.word() == wanted || *scope == Scope::Operate);
                assert_eq!(status != StatusCode::FORBIDDEN, allowed, "{method} {path} {scope:?}: {status}");
                if !allowed {
                    let problem: Value = response.json().await.unwrap();
                    assert!(problem["detail"].as_str().unwrap().contains(wanted), "{problem}");
                }
            }
        }
    }
    assert!(seen >= 9, "{seen}");
    for open in ["/openapi.json", "/docs/"] {
        assert_eq!(service.request(Method::GET, open, "").send().await.unwrap().status(), StatusCode::OK);
    }
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_keys_that_count_are_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::begin(folder.path()).await;
    let key = service.key("alice", &[Scope::Read]).await;
    assert_eq!(service.get("/v1/proofs", &key).await.0, StatusCode::OK);

    let (id, secret) = key.strip_prefix("sumcast_").unwrap().split_once('_').unwrap();
    let other = service.key("bob", &[Scope::Read]).await;
    let (other, _) = other.strip_prefix("sumcast_").unwrap().split_once('_').unwrap();
    let turned = secret.chars().rev().collect::<String>();
    for wrong in [
        format!("sumcast_{id}_{turned}"),
        format!("sumcast_{other}_{secret}"),
        format!("sumcast_{id}_"),
        format!("sumcast_{id}_{}", &secret[1..]),
        format!("sumcast_' OR 1 = 1 --_{secret}"),
        secret.into(),
        "none".into(),
    ] {
        let response = service.request(Method::GET, "/v1/proofs", &wrong).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{wrong}");
        let challenge = response.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("invalid_token"), "{challenge}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    let basic = service.request(Method::GET, "/v1/proofs", "").basic_auth("alice", Some(&key));
    assert_eq!(answer(basic).await.0, StatusCode::UNAUTHORIZED);

    // One that is at its end is told so, to who has it.
    let refused = async |key: &str, why: &str| {
        let (status, problem) = service.get("/v1/proofs", key).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
    };
    assert!(service.store.revoke_key(id).await.unwrap().unwrap().revoked.is_some());
    refused(&key, "was revoked").await;
    let new = NewKey { name: "alice".into(), scopes: vec![Scope::Read], days: Some(1), per_minute: None };
    let (mut expired, token) = ApiKey::new(new).unwrap();
    expired.expires = Some(expired.created);
    service.store.put_key(&expired).await.unwrap();
    refused(token.reveal(), "has expired").await;

    // The secret is nowhere in the folder.
    service.end().await;
    for file in std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        let bytes = if file.is_file() { std::fs::read(file).unwrap() } else { vec![] };
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_seen_by_their_owner_and_by_operators() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::begin(folder.path()).await;
    let all = [Scope::Read, Scope::Prove, Scope::Models];
    let [alice, bob] = [service.key("alice", &all).await, service.key("bob", &all).await];
    let again = service.key("alice", &[Scope::Read]).await;
    let operator = service.key("operator", &[Scope::Operate]).await;

    let model = service.model(&alice).await;
    let submit = async |key: &str| {
        let request = service.request(Method::POST, "/v1/proofs", key).header("Idempotency-Key", "one");
        answer(request.json(&proof_of(&model))).await
    };
    let (status, job) = submit(&alice).await;
    assert_eq!((status, &job["owner"]), (StatusCode::ACCEPTED, &json!("alice")), "{job}");
    let proof = service.end_of(&job, &alice).await;
    assert_eq!(proof["state"], "done", "{proof}");
    let id = proof["id"].as_str().unwrap();

    let verify = format!("/v1/verify?job={model}");
    let paths = [
        format!("/v1/jobs/{model}"),
        format!("/v1/jobs/{model}/files/vk"),
        format!("/v1/jobs/{id}"),
        format!("/v1/jobs/{id}/files/proof"),
        format!("/v1/jobs/{id}/events"),
    ];
    for path in &paths {
        for (key, expected) in [
            (&alice, StatusCode::OK),
            (&again, StatusCode::OK),
            (&operator, StatusCode::OK),
            (&bob, StatusCode::NOT_FOUND),
        ] {
            let found = service.request(Method::GET, path, key).send().await.unwrap().status();
            assert_eq!(found, expected, "{path}");
        }
    }
    // What is another's is as what is not there: to use it, to cancel it, to verify by it.
    assert_eq!(submit(&bob).await.0, StatusCode::NOT_FOUND);
    for request in [
        service.request(Method::DELETE, &format!("/v1/jobs/{id}"), &bob),
        service.request(Method::POST, &verify, &bob).body("proof"),
    ] {
        assert_eq!(answer(request).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(answer(service.request(Method::POST, &verify, &alice).body("proof")).await.0, StatusCode::OK);
    for (key, seen) in [(&alice, 1), (&bob, 0), (&operator, 1)] {
        for path in ["/v1/models", "/v1/proofs"] {
            let (_, page) = service.get(path, key).await;
            assert_eq!(page["jobs"].as_array().unwrap().len(), seen, "{path}");
        }
        assert_eq!(service.get("/v1/jobs", key).await.1["jobs"].as_array().unwrap().len(), 2 * seen);
        assert_eq!(service.get("/v1/queue", key).await.1["done"], 2 * seen);
    }
    // An operator's request is the operator's, under whatever name it has at others.
    let (status, job) = submit(&operator).await;
    assert_eq!((status, &job["owner"]), (StatusCode::ACCEPTED, &json!("operator")), "{job}");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_take_their_scope_and_are_seen_by_their_owner() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::begin(folder.path()).await;
    let scopes = [Scope::Read, Scope::Prove, Scope::Models];
    let alice = service.key("alice", &scopes).await;
    let model = service.model(&alice).await;
    let mut asked = proof_of(&model);
    asked["post"] = json!({"chain": "none", "topic": "1", "epoch": 1});
    let submit =
        async |key: &str| answer(service.request(Method::POST, "/v1/proofs", key).json(&asked)).await;
    let (status, problem) = submit(&alice).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("post"), "{problem}");
    let alice = service.key("alice", &[Scope::Read, Scope::Prove, Scope::Post]).await;
    let (status, problem) = submit(&alice).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("post.chain"), "{problem}");

    let new = NewJob::new(Kind::Prove, "alice", Value::Null);
    let job = NewJob { id: "job".into(), deadline: Some(1), ..new };
    let [id, chain, topic, worker] = ["post", "c", "1", "0x"].map(String::from);
    let post = NewPost { id, chain, topic, epoch: 1, worker };
    service.store.put_posting(&job, &post).await.unwrap();
    let bob = service.key("bob", &[Scope::Read, Scope::Post]).await;
    let operator = service.key("operator", &[Scope::Operate]).await;
    let retry = async |key: &str| answer(service.request(Method::POST, "/v1/posts/post/retry", key)).await.0;
    for (key, seen, found, retried) in [
        (&alice, 1, StatusCode::OK, StatusCode::OK),
        (&bob, 0, StatusCode::NOT_FOUND, StatusCode::NOT_FOUND),
        (&operator, 1, StatusCode::OK, StatusCode::OK),
    ] {
        let (_, page) = service.get("/v1/posts", key).await;
        assert_eq!(page["posts"].as_array().unwrap().len(), seen, "{page}");
        assert_eq!(service.get("/v1/posts/post", key).await.0, found);
        assert_eq!(retry(key).await, retried);
    }
    service.end().await;
}
