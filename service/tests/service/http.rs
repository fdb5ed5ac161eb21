//! The service as a caller meets it: over HTTP, on a database in a file and on PostgreSQL.

use crate::running::{Place, Running, on_both, sample};
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::time::Duration;
use sumcast_service::Config;

on_both!(
    a_model_is_uploaded_proven_and_verified,
    what_cannot_be_done_says_why,
    jobs_are_listed_cancelled_and_refused_when_too_many_wait,
    a_job_without_a_ticket_is_found,
    a_job_whose_ticket_is_used_up_is_found,
);

async fn a_model_is_uploaded_proven_and_verified(place: &Place) {
    let service = Running::begin(place.config()).await;
    let model = service.model().await;
    let (input, expected) = sample();
    let context = "ab".repeat(32);
    let asked = json!({"model": model, "input": input, "context": context});
    let (status, job) = service.post("/v1/proofs", &asked, Some("first")).await;
    assert_eq!((status, &job["state"]), (StatusCode::ACCEPTED, &json!("queued")), "{job}");
    let id = job["id"].as_str().unwrap();

    let done = service.events(id).await.pop().unwrap();
    assert_eq!((&done["state"], &done["attempts"]), (&json!("done"), &json!(1)), "{done}");
    let output = done["result"]["output"][0].as_f64().unwrap();
    assert!((output - expected).abs() < 1e-4, "{output} {expected}");
    assert_eq!(done["result"]["context"], context);

    // The same request under the same name is the same proof; another one is refused.
    let (status, again) = service.post("/v1/proofs", &asked, Some("first")).await;
    assert_eq!((status, &again["id"]), (StatusCode::OK, &job["id"]));
    let other = json!({"model": model, "input": input});
    let (status, problem) = service.post("/v1/proofs", &other, Some("first")).await;
    assert_eq!((status, &problem["title"]), (StatusCode::CONFLICT, &json!("conflict")));

    // The file is a proof for who has the key alone.
    let file = service.client.get(format!("{}/v1/jobs/{id}/files/proof", service.url)).send().await.unwrap();
    let file = file.bytes().await.unwrap();
    let key = service.client.get(format!("{}/v1/jobs/{model}/files/vk", service.url)).send().await.unwrap();
    let key = sumcast_verifier::Key::from_bytes(&key.bytes().await.unwrap()).unwrap();
    let proof = sumcast_verifier::ProofFile::from_bytes(&file).unwrap();
    assert_eq!(sumcast_verifier::verify(&key, &proof), Ok(()));
    let check = |bytes: Vec<u8>| {
        let path = format!("{}/v1/verify?job={model}", service.url);
        let request = service.client.post(path).body(bytes);
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    assert_eq!(check(file.to_vec()).await["valid"], true);
    let mut wrong = file.to_vec();
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(check(wrong).await["valid"], false);
    assert_eq!(check(b"nothing".to_vec()).await["valid"], false);
    service.end().await;
}

async fn what_cannot_be_done_says_why(place: &Place) {
    let service = Running::begin(Config { max_body_bytes: 1 << 19, ..place.config() }).await;
    let (status, problem) = service.get("/v1/jobs/none").await;
    assert_eq!((status, &problem["status"]), (StatusCode::NOT_FOUND, &json!(404)));
    let (status, problem) = service.upload(Form::new().text("name", "nothing")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(problem["detail"].as_str().unwrap().contains("no part \"model\""), "{problem}");
    let large = Form::new().part("model", Part::bytes(vec![0; 1 << 20]));
    let (status, problem) = service.upload(large).await;
    assert_eq!((status, &problem["title"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("too large")));

    // No ONNX file: the job fails, by its own fault and so at once.
    let (_, job) = service.upload(Form::new().part("model", Part::bytes(b"no model".to_vec()))).await;
    let failed = service.events(job["id"].as_str().unwrap()).await.pop().unwrap();
    assert_eq!((&failed["state"], &failed["attempts"]), (&json!("failed"), &json!(1)), "{failed}");
    assert!(failed["error"].as_str().is_some_and(|error| !error.is_empty()));

    let model = service.model().await;
    let refused = |body: Value| {
        let service = &service;
        async move { service.post("/v1/proofs", &body, None).await }
    };
    for (body, detail) in [
        (json!({"model": model, "input": [1.0]}), "input has 1 numbers, and the model takes 10"),
        (json!({"model": model, "input": sample().0, "context": "ab"}), "64 hexadecimal digits"),
        (json!({"model": model, "input": sample().0, "priority": 10}), "from 0 to 9"),
        (json!({"model": model, "input": sample().0, "else": 1}), "unknown field `else`"),
        (json!({"model": model, "input": ["a"]}), "input"),
    ] {
        let (status, problem) = refused(body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{problem}");
    }
    assert_eq!(refused(json!({"model": "none", "input": []})).await.0, StatusCode::NOT_FOUND);
    // A number beyond the model's bounds: the job fails, and its error names the tensor.
    let mut input = sample().0;
    input[0] = json!(1e9);
    let (_, job) = refused(json!({"model": model, "input": input})).await;
    let failed = service.events(job["id"].as_str().unwrap()).await.pop().unwrap();
    assert_eq!((&failed["state"], &failed["attempts"]), (&json!("failed"), &json!(1)), "{failed}");
    service.end().await;
}

async fn jobs_are_listed_cancelled_and_refused_when_too_many_wait(place: &Place) {
    let service = Running::begin(place.config()).await;
    let model = service.model().await;
    service.end().await;

    // Nobody works here.
    let config = Config { jobs_at_once: 0, queue_limit: 3, ..place.config() };
    let service = Running::begin(config).await;
    let asked = json!({"model": model, "input": sample().0});
    let mut ids = vec![];
    for _ in 0..3 {
        let (status, job) = service.post("/v1/proofs", &asked, None).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{job}");
        ids.push(job["id"].as_str().unwrap().to_owned());
    }
    let response =
        service.client.post(format!("{}/v1/proofs", service.url)).json(&asked).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(response.headers().contains_key("retry-after"));

    let cancelled =
        service.client.delete(format!("{}/v1/jobs/{}", service.url, ids[1])).send().await.unwrap();
    assert_eq!(cancelled.json::<Value>().await.unwrap()["state"], "cancelled");
    let (status, problem) = service.get(&format!("/v1/jobs/{}/files/proof", ids[1])).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem["detail"].as_str().unwrap().contains("is cancelled"), "{problem}");

    // Pages, from the latest.
    let (_, page) = service.get("/v1/proofs?limit=2").await;
    let listed = |page: &Value| -> Vec<String> {
        page["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(listed(&page), [ids[2].clone(), ids[1].clone()]);
    let (_, page) =
        service.get(&format!("/v1/proofs?limit=2&before={}", page["next"].as_str().unwrap())).await;
    assert_eq!((listed(&page), page.get("next")), (vec![ids[0].clone()], None));
    let (_, page) = service.get("/v1/proofs?state=cancelled").await;
    assert_eq!(listed(&page), [ids[1].clone()]);
    // Of every kind in one list, and how many there are.
    let (_, page) = service.get("/v1/jobs").await;
    assert_eq!(listed(&page), [ids[2].clone(), ids[1].clone(), ids[0].clone(), model.clone()]);
    let (_, page) = service.get("/v1/jobs?limit=1&kind=compile&state=done").await;
    assert_eq!((listed(&page), page.get("next")), (vec![model.clone()], None));
    for (query, detail) in
        [("kind=none", "unknown variant `none`"), ("limit=0", "from 1 to 100"), ("x=1", "`x`")]
    {
        let (status, problem) = service.get(&format!("/v1/jobs?{query}")).await;
        assert!(status.is_client_error(), "{status}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{problem}");
    }
    let (_, queue) = service.get("/v1/queue").await;
    let expected = json!({"queued": 2, "running": 0, "done": 1, "failed": 0, "cancelled": 1, "limit": 3});
    assert_eq!(queue, expected);
    // Whoever follows a job that waits does not keep the service from its end.
    let events =
        service.client.get(format!("{}/v1/jobs/{}/events", service.url, ids[0])).send().await.unwrap();
    tokio::time::timeout(Duration::from_secs(60), service.end()).await.unwrap();
    assert_eq!(events.text().await.unwrap().matches("event: job").count(), 1);

    // Whoever comes next does what waits, and not what was cancelled.
    let service = Running::begin(place.config()).await;
    for (id, state) in ids.iter().zip(["done", "cancelled", "done"]) {
        let last = service.events(id).await.pop().unwrap();
        assert_eq!(last["state"], state, "{last}");
    }
    service.end().await;
}

async fn a_job_without_a_ticket_is_found(place: &Place) {
    let service = Running::begin(place.config()).await;
    let model = service.model().await;
    service.end().await;
    // As if a process had been stopped between the job and its ticket.
    let store = sumcast_service::Store::open(&place.config().database()).await.unwrap();
    let request = json!({"input": sample().0, "context": "00".repeat(32)});
    let job = sumcast_service::NewJob {
        id: "01".into(),
        model: Some(model),
        ..sumcast_service::NewJob::new(sumcast_service::job::Kind::Prove, "", request)
    };
    store.put(&job).await.unwrap();
    let service = Running::begin(place.config()).await;
    let found = tokio::time::timeout(Duration::from_secs(60), service.events("01")).await.unwrap();
    assert_eq!(found.last().unwrap()["state"], "done");
    service.end().await;
}

async fn a_job_whose_ticket_is_used_up_is_found(place: &Place) {
    let service = Running::begin(place.config()).await;
    let model = service.model().await;
    service.end().await;
    let service = Running::begin(Config { jobs_at_once: 0, ..place.config() }).await;
    let asked = json!({"model": model, "input": sample().0});
    let mut ids = vec![];
    for _ in 0..2 {
        let (_, job) = service.post("/v1/proofs", &asked, None).await;
        ids.push(job["id"].as_str().unwrap().to_owned());
    }
    service.end().await;
    // As if a database had been put back to what it was: one was never begun, the other one's end is forgotten.
    let pool = sqlx::AnyPool::connect(&place.config().database()).await.unwrap();
    let tickets = if place.postgres.is_some() { "apalis.jobs" } else { "Jobs" };
    let used = sqlx::AssertSqlSafe(format!("UPDATE {tickets} SET status = 'Done'"));
    assert_eq!(sqlx::query(used).execute(&pool).await.unwrap().rows_affected(), 3);
    let begun = "UPDATE sumcast_jobs SET state = 'running', attempts = 1 WHERE id = $1";
    sqlx::query(begun).bind(&ids[1]).execute(&pool).await.unwrap();
    pool.close().await;
    let service = Running::begin(place.config()).await;
    for (id, attempts) in ids.iter().zip([1, 2]) {
        let found = tokio::time::timeout(Duration::from_secs(60), service.events(id)).await.unwrap();
        let last = found.last().unwrap();
        assert_eq!((&last["state"], &last["attempts"]), (&json!("done"), &json!(attempts)), "{last}");
    }
    service.end().await;
}
