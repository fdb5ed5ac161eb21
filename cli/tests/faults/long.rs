//! A proof that takes longer than a process may be silent.

use crate::on_both;
use crate::place::Place;
use crate::slow::Slow;
use std::time::{Duration, Instant};

on_both!(a_long_proof_is_begun_once);

/// Longer than a process may be silent before its jobs are handed to others, 15 s.
const LONG: Duration = Duration::from_secs(25);

fn a_long_proof_is_begun_once(place: &mut Place) {
    let desk = place.desk();
    let first = place.worker();
    let model = desk.model("mlp_1m");
    desk.done(&model);
    let slow = Slow::down(first.id(), Duration::from_secs(1));
    let proof = desk.submit(&model, ("mlp_1m", 0));
    desk.until(&proof, |job| job["state"] == "running");
    // Somebody else would take it.
    let _second = place.worker();
    let begun = Instant::now();
    let job = desk.until(&proof, |job| {
        assert_eq!((&job["state"], &job["attempts"]), (&"running".into(), &1.into()), "{job}");
        begun.elapsed() > LONG
    });
    assert_eq!(job["attempts"], 1);
    drop(slow);
    assert_eq!(desk.proven(place, &proof)["attempts"], 1);
}
