//! What operators have: names of requests, metrics, jobs that were given up.

use super::{Serving, answer, proof_of};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use sumcast_service::job::{Cause, Failure, Kind};
use sumcast_service::keys::Scope;
use sumcast_service::{Config, NewJob};

const ALL: [Scope; 3] = [Scope::Read, Scope::Prove, Scope::Models];

#[tokio::test(flavor = "multi_thread")]
async fn requests_have_names_that_their_jobs_keep() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::begin(folder.path()).await;
    let key = service.key("alice", &ALL).await;
    let model = service.model(&key).await;
    let submit = |id: &str| {
        let request = service.request(Method::POST, "/v1/proofs", &key).header("X-Request-Id", id);
        request.json(&proof_of(&model)).send()
    };
    let response = submit("given-1").await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "given-1");
    let job: Value = response.json().await.unwrap();
    assert_eq!(job["request_id"], "given-1", "{job}");
    // What could not be written anywhere is not taken, and what is refused has a name, too.
    let response = submit("a b").await.unwrap();
    let named = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(named.len(), 26, "{named}");
    assert_eq!(response.json::<Value>().await.unwrap()["request_id"], named);
    let refused = service.request(Method::GET, "/v1/nothing", "").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    assert!(refused.headers().contains_key("x-request-id"));
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_read_metrics() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::begin(folder.path()).await;
    let key = service.key("alice", &ALL).await;
    let operator = service.key("operator", &[Scope::Operate]).await;
    let model = service.model(&key).await;
    let request = service.request(Method::POST, "/v1/proofs", &key).json(&proof_of(&model));
    let (_, job) = answer(request).await;
    assert_eq!(service.end_of(&job, &key).await["state"], "done");
    // A path that is none is no series of its own.
    assert_eq!(service.get("/v1/nothing-like-this", &key).await.0, StatusCode::NOT_FOUND);

    // As the relayer leaves it.
    sqlx::any::install_default_drivers();
    let url = Config { data: folder.path().to_owned(), ..Config::default() }.database();
    let mut database = <sqlx::AnyConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let posted = sqlx::query(
        "INSERT INTO sumcast_posts (id, job, owner, chain, kind, topic, epoch, worker, state, attempts, created, gas_used, \
         fee_wei) VALUES ('p', 'j', '', 'here', 'inference', '1', 1, '0x', 'confirmed', 1, 0, 5, '600')",
    );
    posted.execute(&mut database).await.unwrap();
    let response = service.request(Method::GET, "/metrics", &operator).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let kinds: Vec<_> = response.headers().get_all("content-type").iter().collect();
    assert_eq!(kinds, ["application/openmetrics-text; version=1.0.0; charset=utf-8"]);
    let text = response.text().await.unwrap();
    for line in [
        "sumcast_jobs{state=\"done\"} 2",
        "sumcast_jobs{state=\"queued\"} 0",
        "sumcast_jobs_ended_total{kind=\"prove\",outcome=\"done\"}",
        "sumcast_job_seconds_count{kind=\"compile\"}",
        "sumcast_http_requests_total{method=\"POST\",route=\"/v1/proofs\",status=\"202\"}",
        "sumcast_http_request_seconds_bucket{le=\"0.001\",route=\"/v1/proofs\"}",
        "sumcast_http_requests_total{method=\"GET\",route=\"other\",status=\"404\"}",
        "sumcast_posts_gas{chain=\"here\",state=\"confirmed\"} 5",
        "sumcast_posts_wei{chain=\"here\",state=\"confirmed\"} 600",
        "process_resident_memory_bytes",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.lines().any(|line| line.starts_with("sumcast_stage_seconds_count{stage=")), "{text}");
    assert!(!text.contains("nothing-like-this") && text.ends_with("# EOF\n"), "{text}");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_listed_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::begin(folder.path()).await;
    let key = service.key("alice", &ALL).await;
    let operator = service.key("operator", &[Scope::Operate]).await;
    let model = service.model(&key).await;
    // As if it had been begun as often as it may be, and its process stopped each time.
    let input = proof_of(&model)["input"].clone();
    let request = serde_json::json!({"input": input, "context": "00".repeat(32)});
    let new = NewJob::new(Kind::Prove, "alice", request);
    let job = NewJob { id: "0given".into(), model: Some(model), ..new };
    service.store.put(&job).await.unwrap();
    for _ in 0..3 {
        service.store.begin("0given").await.unwrap().unwrap();
    }
    let failure = Failure { cause: Cause::Service, why: "nobody ended it".into() };
    assert!(service.store.end("0given", 3, Err(&failure)).await.unwrap());
    assert_eq!(service.store.job("0given").await.unwrap().unwrap().cause, Some(Cause::Service));
    // One that has failed by its own fault is none of these.
    let form = reqwest::multipart::Form::new().part("model", reqwest::multipart::Part::bytes(vec![0; 9]));
    let (_, own) = answer(service.request(Method::POST, "/v1/models", &key).multipart(form)).await;
    assert_eq!(service.end_of(&own, &key).await["cause"], "job");

    let listed = async || {
        let (status, page) = service.get("/v1/dead-letters", &operator).await;
        assert_eq!(status, StatusCode::OK);
        let ids = page["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(listed().await, ["0given"]);
    let retry = async |id: &str| {
        answer(service.request(Method::POST, &format!("/v1/jobs/{id}/retry"), &operator)).await
    };
    let (status, job) = retry("0given").await;
    assert_eq!((status, &job["state"]), (StatusCode::ACCEPTED, &"queued".into()), "{job}");
    let done = service.end_of(&job, &key).await;
    assert_eq!((&done["state"], &done["attempts"]), (&"done".into(), &4.into()), "{done}");
    assert_eq!(listed().await, [] as [&str; 0]);
    assert_eq!(retry("0given").await.0, StatusCode::CONFLICT);
    assert_eq!(retry("none").await.0, StatusCode::NOT_FOUND);
    service.end().await;
}
