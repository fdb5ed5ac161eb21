//! Processes that only work, beside a service that does not: killed, and stopped for a while.

use crate::on_both;
use crate::place::Place;

on_both!(
    a_killed_worker_is_replaced,
    one_of_two_workers_is_killed,
    a_worker_that_comes_back_doubles_no_proof,
    a_worker_that_comes_back_doubles_no_model,
    a_worker_that_is_told_to_end_finishes_what_it_has_begun,
);

fn a_killed_worker_is_replaced(place: &mut Place) {
    let desk = place.desk();
    let worker = place.worker();
    let model = desk.model("mlp_100k");
    desk.done(&model);
    let slow = worker.slow();
    let proof = desk.submit(&model, ("mlp_100k", 0));
    desk.until(&proof, |job| job["state"] == "running");
    worker.kill();
    drop(slow);
    let _worker = place.worker();
    assert_eq!(desk.proven(place, &proof)["attempts"], 2);
    assert_eq!(place.files(&proof).len(), 1);
}

fn one_of_two_workers_is_killed(place: &mut Place) {
    let desk = place.desk();
    let first = place.worker();
    let model = desk.model("mlp_100k");
    desk.done(&model);
    let slow = first.slow();
    let proofs: Vec<String> = (0..6).map(|input| desk.submit(&model, ("mlp_100k", input))).collect();
    desk.until(&proofs[0], |job| job["state"] == "running");
    let _second = place.worker();
    desk.until(&proofs[1], |job| job["state"] != "queued");
    first.kill();
    drop(slow);
    let jobs: Vec<_> = proofs.iter().map(|id| desk.proven(place, id)).collect();
    let attempts: u64 = jobs.iter().map(|job| job["attempts"].as_u64().unwrap()).sum();
    assert_eq!(attempts, 7, "{jobs:?}");
}

/// Stops a worker in the middle of a job until another one has done it, and lets it go on. Returns the job.
fn overtaken(place: &Place, ask: impl Fn(&crate::serving::Serving) -> String) {
    let desk = place.desk();
    let first = place.worker();
    let model = desk.model("linreg");
    desk.done(&model);
    let slow = first.slow();
    let id = ask(&desk);
    desk.until(&id, |job| job["stage"].is_string());
    drop(slow);
    first.signal("STOP");
    let second = place.worker();
    let done = desk.done(&id);
    assert_eq!(done["attempts"], 2, "{done}");
    let files = place.files(&id);
    second.kill();
    first.signal("CONT");
    // Only the first one is left: it does this once it has ended what it was at.
    let next = desk.submit(&model, ("linreg", 0));
    assert_eq!(desk.proven(place, &next)["attempts"], 1);
    assert_eq!(desk.job(&id), Some(done));
    assert_eq!(place.files(&id), files);
    // What is there is whole.
    let proof = if files.iter().any(|(path, _)| path.ends_with("proof")) {
        id
    } else {
        desk.submit(&id, ("mlp_100k", 0))
    };
    desk.proven(place, &proof);
}

fn a_worker_that_comes_back_doubles_no_proof(place: &mut Place) {
    let service = place.serve();
    let model = service.model("mlp_100k");
    service.done(&model);
    service.stop();
    overtaken(place, |desk| desk.submit(&model, ("mlp_100k", 0)));
}

fn a_worker_that_comes_back_doubles_no_model(place: &mut Place) {
    overtaken(place, |desk| desk.model("mlp_100k"));
}

fn a_worker_that_is_told_to_end_finishes_what_it_has_begun(place: &mut Place) {
    let desk = place.desk();
    let worker = place.worker();
    let model = desk.model("mlp_100k");
    desk.done(&model);
    let proofs = [0, 1].map(|input| desk.submit(&model, ("mlp_100k", input)));
    desk.until(&proofs[0], |job| job["state"] == "running");
    worker.stop();
    assert_eq!(desk.proven(place, &proofs[0])["attempts"], 1);
    let _worker = place.worker();
    assert_eq!(desk.proven(place, &proofs[1])["attempts"], 1);
}
