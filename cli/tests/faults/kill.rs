//! kill -9 of a service: idle, in each stage of its jobs, right after an answer, during an upload.

use crate::on_both;
use crate::place::Place;
use crate::serving::{Serving, form, is_final, wait};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;

on_both!(
    killed_while_idle,
    killed_in_each_stage_of_a_model,
    killed_in_each_stage_of_a_proof,
    killed_right_after_an_answer,
    killed_during_an_upload,
);

fn killed_while_idle(place: &mut Place) {
    let service = place.serve();
    let model = service.model("linreg");
    let proof = service.submit(&model, ("linreg", 0));
    let before = service.proven(place, &proof);
    service.kill();
    let service = place.serve();
    assert_eq!(service.proven(place, &proof), before);
    let next = service.submit(&model, ("linreg", 1));
    assert_eq!(service.proven(place, &next)["attempts"], 1);
}

/// Kills a service at each of these stages, of whatever job it is at. Returns how often jobs will have been begun in all
/// once they are done.
fn kill_at(place: &Place, kind: &str, stages: &[&str]) -> u64 {
    // The first stage is not noted if it is a short one.
    let at = |job: &Value, stage: &str| {
        let first = stages[0] == stage && job["stage"].is_null();
        job["state"] == "running" && (job["stage"] == stage || first)
    };
    let list = |service: &Serving| {
        let listed = service.json(&format!("/v1/{kind}?limit=100"));
        listed["jobs"].as_array().unwrap().clone()
    };
    let mut left = vec![];
    for stage in stages {
        // It may have been at its end when it was killed.
        while !left.iter().any(|job| at(job, stage)) {
            let service = place.serve_with(SETTINGS);
            let slow = service.slow();
            wait(|| {
                let jobs = list(&service);
                assert!(!jobs.iter().all(is_final), "no job was seen at {stage}");
                jobs.iter().any(|job| at(job, stage)).then_some(())
            });
            service.kill();
            drop(slow);
            left = list(&place.desk());
        }
    }
    let begun = |job: &Value| job["attempts"].as_u64().unwrap() + u64::from(job["state"] != "done");
    left.iter().map(begun).sum()
}

/// A job may be hit more than once.
const SETTINGS: &str = "attempts = 20";

fn attempts(jobs: &[Value]) -> u64 {
    jobs.iter().map(|job| job["attempts"].as_u64().unwrap()).sum()
}

fn killed_in_each_stage_of_a_model(place: &mut Place) {
    let desk = place.desk();
    let models: Vec<String> = (0..5).map(|_| desk.model("mlp_1m")).collect();
    desk.kill();
    let expected = kill_at(place, "models", &["import", "quantise", "commit"]);
    let service = place.serve_with(SETTINGS);
    let jobs: Vec<Value> = models.iter().map(|id| service.done(id)).collect();
    assert_eq!(attempts(&jobs), expected, "{jobs:?}");
    // Each is a model that proves.
    let proofs: Vec<String> = models.iter().map(|model| service.submit(model, ("mlp_1m", 0))).collect();
    for proof in proofs {
        assert_eq!(service.proven(place, &proof)["attempts"], 1);
    }
}

fn killed_in_each_stage_of_a_proof(place: &mut Place) {
    let service = place.serve();
    let model = service.model("mlp_1m");
    service.done(&model);
    service.kill();
    let desk = place.desk();
    let proofs: Vec<String> = (0..8).map(|input| desk.submit(&model, ("mlp_1m", input))).collect();
    desk.kill();
    let expected = kill_at(place, "proofs", &["witness", "lookups", "constraints", "reduction", "opening"]);
    let service = place.serve_with(SETTINGS);
    let jobs: Vec<Value> = proofs.iter().map(|id| service.proven(place, id)).collect();
    assert_eq!(attempts(&jobs), expected, "{jobs:?}");
    for id in &proofs {
        assert_eq!(place.files(id).len(), 1, "{:?}", place.files(id));
    }
}

fn killed_right_after_an_answer(place: &mut Place) {
    let service = place.serve();
    let model = service.model("linreg");
    service.done(&model);
    let mut asked = vec![];
    let mut service: Option<Serving> = Some(service);
    for input in 0..6 {
        let running = service.take().unwrap_or_else(|| place.serve());
        asked.push(running.submit(&model, ("linreg", input)));
        running.kill();
    }
    let service = place.serve();
    for id in &asked {
        let job = service.proven(place, id);
        assert!((1..=2).contains(&job["attempts"].as_u64().unwrap()), "{job}");
    }
    let listed = service.json("/v1/proofs?limit=100");
    assert_eq!(listed["jobs"].as_array().unwrap().len(), asked.len());
}

fn killed_during_an_upload(place: &mut Place) {
    let service = place.serve();
    let (head, body) = form("linreg", Some("upload"));
    let mut stream = TcpStream::connect(&service.at).unwrap();
    let (host, length) = (&service.at, body.len());
    let head = format!("POST /v1/models HTTP/1.1\r\nHost: {host}\r\n{head}Content-Length: {length}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), &body[..body.len() / 2]].concat()).unwrap();
    // It is read by now.
    assert_eq!(service.json("/v1/models")["jobs"], serde_json::json!([]));
    service.kill();
    let mut rest = vec![];
    assert!(stream.read_to_end(&mut rest).is_err() || rest.is_empty());
    let service = place.serve();
    assert_eq!(service.json("/v1/models")["jobs"], serde_json::json!([]));
    let (status, job) = service.upload("linreg", Some("upload"));
    assert_eq!(status, 202, "{job}");
    service.done(job["id"].as_str().unwrap());
}
