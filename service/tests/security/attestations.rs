//! Signatures of attestors: who may see what is to be signed, and what is no signature.

use super::{Serving, answer};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection, Executor, Row};
use std::path::Path;
use sumcast_contracts::alloy_primitives::B256;
use sumcast_contracts::{Signer, attest};
use sumcast_service::job::Kind;
use sumcast_service::keys::Scope;
use sumcast_service::relay::PostKind;
use sumcast_service::{Config, NewJob, NewPost};

/// What is signed.
const HASH: B256 = B256::repeat_byte(7);

fn signer(byte: u8) -> Signer {
    Signer::from_bytes(&B256::repeat_byte(byte)).unwrap()
}

fn signature(byte: u8, hash: B256) -> String {
    format!("0x{}", hex::encode(attest([&signer(byte)], hash).unwrap()))
}

async fn database(folder: &Path) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let url = Config { data: folder.to_owned(), ..Config::default() }.database();
    AnyConnection::connect(&url).await.unwrap()
}

/// A service with two posts of alice's: `network`, of which two of three are to sign, and `model`, of an inference.
async fn service(folder: &Path) -> Serving {
    let address = |byte: u8| format!("0x{}", hex::encode([byte; 20]));
    let chain = json!({
        "rpc": "http://127.0.0.1:9", "chain_id": 5, "feed": address(1), "topics": address(2), "worker": address(3),
        "max_fee_gwei": 1, "spend_wei_per_day": "1",
    });
    let chains = serde_json::from_value(json!({ "c": chain })).unwrap();
    let service = Serving::with(folder, |config| Config { chains, ..config }).await;
    for (id, kind) in [("network", PostKind::Synthesis), ("model", PostKind::Inference)] {
        // It is too late before it is begun.
        let job = NewJob { deadline: Some(1), ..NewJob::new(Kind::Prove, "alice", Value::Null) };
        let [id, chain, topic, worker] = [id, "c", "1", ""].map(String::from);
        let members = vec![address(4), "-".into()];
        let post = NewPost { id, chain, kind, topic, epoch: 1, worker, members };
        service.store.put_posting(&job, &post).await.unwrap();
        // As the relayer notes it.
        let signers = [1, 2, 3].map(|byte| signer(byte).address().to_string()).join(",");
        let put = sqlx::query(
            "INSERT INTO sumcast_attestations (post, job, hash, settled_epoch, attestors, threshold, signers) \
             VALUES ($1, $2, $3, 0, $4, 2, $5)",
        );
        let put = put.bind(post.id).bind(job.id).bind(HASH.to_string()).bind(address(9)).bind(signers);
        put.execute(&mut database(folder).await).await.unwrap();
    }
    service
}

#[tokio::test(flavor = "multi_thread")]
async fn attestors_see_what_they_sign_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let service = service(folder.path()).await;
    let alice = service.key("alice", &[Scope::Read, Scope::Prove, Scope::Post]).await;
    let attestor = service.key("attestor", &[Scope::Attest]).await;
    let reader = service.key("attestor", &[Scope::Attest, Scope::Read, Scope::Post]).await;
    let give = async |id: &str, key: &str, signature: &str| {
        let request = service.request(Method::POST, &format!("/v1/posts/{id}/signatures"), key);
        answer(request.json(&json!({ "signature": signature }))).await
    };
    let good = signature(1, HASH);

    // Who owns a post signs nothing of it, and who signs owns none.
    assert_eq!(give("network", &alice, &good).await.0, StatusCode::FORBIDDEN);
    for path in ["/v1/attestations", "/v1/posts/network/attestation", "/v1/posts/network/files/proof"] {
        assert_eq!(service.get(path, &alice).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/v1/posts", "/v1/posts/network", "/v1/jobs"] {
        assert_eq!(service.get(path, &attestor).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(service.get("/v1/posts/network", &reader).await.0, StatusCode::NOT_FOUND);
    for (method, path) in [(Method::DELETE, "/v1/posts/network"), (Method::POST, "/v1/posts/network/retry")] {
        assert_eq!(answer(service.request(method, path, &reader)).await.0, StatusCode::NOT_FOUND, "{path}");
    }

    let (status, to_sign) = service.get("/v1/posts/network/attestation", &attestor).await;
    assert_eq!(status, StatusCode::OK, "{to_sign}");
    assert_eq!((&to_sign["attestation"], &to_sign["chain_id"]), (&json!(HASH.to_string()), &json!(5)));
    assert_eq!((&to_sign["members"][1], &to_sign["signed"]), (&json!("-"), &json!([])));
    assert_eq!(to_sign.get("owner"), None);
    // Of a proof that is not done there are no files; and of an inference nothing is ever signed.
    let (status, problem) = service.get("/v1/posts/network/files/proof", &attestor).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    for id in ["model", "none", "%27%20OR%201%20=%201"] {
        assert_eq!(give(id, &attestor, &good).await.0, StatusCode::NOT_FOUND, "{id}");
        for path in ["attestation", "files/proof", "files/vk", "files/opening"] {
            let (status, problem) = service.get(&format!("/v1/posts/{id}/{path}"), &attestor).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{id} {path} {problem}");
        }
    }
    for file in ["epoch.json", "model.bin", "..", "%2e%2e%2fproof"] {
        let (status, problem) = service.get(&format!("/v1/posts/network/files/{file}"), &attestor).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{file} {problem}");
    }

    // Whatever is given twice is there once.
    for (byte, count) in [(1, 1), (1, 1), (3, 2)] {
        let (status, given) = give("network", &attestor, &signature(byte, HASH)).await;
        assert_eq!((status, given["signed"].as_array().unwrap().len()), (StatusCode::OK, count), "{given}");
    }
    // What is withdrawn is not signed.
    let (status, post) = answer(service.request(Method::DELETE, "/v1/posts/network", &alice)).await;
    assert_eq!((status, &post["state"]), (StatusCode::OK, &json!("refused")), "{post}");
    let (status, problem) = give("network", &attestor, &good).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("it was withdrawn"), "{problem}");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_signature_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let service = service(folder.path()).await;
    let key = service.key("attestor", &[Scope::Attest]).await;
    let good = signature(1, HASH);
    let altered = |at: usize, with: &str| {
        let mut altered = good.clone();
        altered.replace_range(at..at + with.len(), with);
        altered
    };
    let texts = [
        String::new(),
        "0x".into(),
        good[..good.len() - 1].into(),
        good[..good.len() - 2].into(),
        format!("{good}00"),
        good.replace("0x", "0y"),
        altered(2, "é"),
        altered(2, "\0\0"),
        "0".repeat(130),
        "f".repeat(130),
        // A bit where 27 and 28 are asked for, r and s of zero, an s that is high.
        altered(130, "00"),
        altered(2, &"0".repeat(64)),
        altered(66, &"0".repeat(64)),
        altered(66, &"f".repeat(64)),
        // Another hash's, an outsider's, and one with the numbers of two.
        signature(1, B256::repeat_byte(8)),
        signature(5, HASH),
        altered(66, &signature(2, HASH)[66..130]),
        "1".repeat(100_000),
    ];
    let bodies = texts.iter().map(|text| json!({ "signature": text }));
    let others = [
        json!(null),
        json!([]),
        json!(good),
        json!({}),
        json!({ "signature": null }),
        json!({ "signature": 7 }),
        json!({ "signature": [good] }),
        json!({ "signature": good, "signer": signer(1).address().to_string() }),
    ];
    for body in bodies.chain(others) {
        let request = service.request(Method::POST, "/v1/posts/network/signatures", &key).json(&body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{body}");
    }
    let plain = service.request(Method::POST, "/v1/posts/network/signatures", &key).body(good.clone());
    assert_eq!(answer(plain).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let mut database = database(folder.path()).await;
    let count = database.fetch_one("SELECT COUNT(*) AS given FROM sumcast_signatures").await.unwrap();
    assert_eq!(count.get::<i64, _>("given"), 0);
    service.end().await;
}
