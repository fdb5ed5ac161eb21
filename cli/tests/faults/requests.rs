//! The same request many times at once.

use crate::on_both;
use crate::place::Place;
use crate::serving::Serving;
use serde_json::Value;
use std::collections::BTreeSet;

on_both!(
    fifty_requests_of_one_key_are_one_proof,
    fifty_requests_of_one_key_to_two_services_are_one_proof,
    ten_uploads_of_one_key_are_one_model,
);

/// Asks many times at once. Returns the answers.
fn at_once(times: usize, ask: impl Fn(usize) -> (u16, Value) + Sync) -> Vec<(u16, Value)> {
    std::thread::scope(|scope| {
        let ask = &ask;
        let asking: Vec<_> = (0..times).map(|i| scope.spawn(move || ask(i))).collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    })
}

/// The one job that all the answers are of; one of them says that it is new.
fn one(answers: &[(u16, Value)]) -> String {
    let ids: BTreeSet<_> = answers.iter().map(|(_, job)| job["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 1, "{answers:?}");
    let new = answers.iter().filter(|(status, _)| *status == 202).count();
    let known = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!((new, known), (1, answers.len() - 1));
    ids.into_iter().next().unwrap().to_owned()
}

fn fifty(place: &Place, services: &[&Serving]) {
    let model = services[0].model("linreg");
    services[0].done(&model);
    let answers = at_once(50, |i| {
        services[i % services.len()].try_submit(&model, ("linreg", 0), Some("the same")).unwrap()
    });
    let id = one(&answers);
    assert_eq!(services[0].proven(place, &id)["attempts"], 1);
    assert_eq!(services[0].json("/v1/proofs?limit=100")["jobs"].as_array().unwrap().len(), 1);
}

fn fifty_requests_of_one_key_are_one_proof(place: &mut Place) {
    fifty(place, &[&place.serve()]);
}

fn fifty_requests_of_one_key_to_two_services_are_one_proof(place: &mut Place) {
    fifty(place, &[&place.serve(), &place.serve()]);
}

fn ten_uploads_of_one_key_are_one_model(place: &mut Place) {
    let service = place.serve();
    let id = one(&at_once(10, |_| service.upload("linreg", Some("the same"))));
    assert_eq!(service.done(&id)["attempts"], 1);
    // The others have left nothing.
    let folders = std::fs::read_dir(place.data().join("artifacts")).unwrap().count();
    assert_eq!(folders, 1);
}
