//! PostgreSQL is killed, restarted, away for a while: jobs that are being worked on are not begun again.

use crate::place::Place;
use crate::postgres::{Server, sql};
use crate::serving::{Serving, wait};
use std::process::Command;
use std::time::Duration;

/// Longer than a process may be silent before its jobs are handed to others, 15 s.
const AWAY: Duration = Duration::from_secs(20);

/// How a server is ended.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Connections are closed, what was begun is undone.
    Fast,
    /// At once: what was begun is undone when it starts again.
    Immediate,
    /// kill -9.
    Killed,
}

impl Server {
    /// Ends the server, and waits for its end.
    fn end(&mut self, how: End) {
        let mut process = self.process.take().unwrap();
        let signal = match how {
            End::Fast => "-INT",
            End::Immediate => "-QUIT",
            End::Killed => "-KILL",
        };
        assert!(Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success());
        process.wait().unwrap();
    }
}

/// What happens to the server while proofs are made, by one process or by two. None is begun more often than this.
fn while_proofs_are_made(workers: usize, most: u64, happens: impl Fn(&mut Place)) {
    let Some(mut place) = Place::own_postgres() else { return };
    // One that is alone has a place for a job that it is at already.
    let service = place.serve_with(if workers == 0 { "jobs_at_once = 2" } else { "" });
    let model = service.model("mlp_100k");
    service.done(&model);
    let workers: Vec<_> = (0..workers).map(|_| place.worker()).collect();
    let slow: Vec<_> = workers.iter().chain([&service]).map(Serving::slow).collect();
    let proofs: Vec<String> = (0..4).map(|input| service.submit(&model, ("mlp_100k", input))).collect();
    for id in &proofs[..=workers.len()] {
        service.until(id, |job| job["state"] != "queued");
    }
    happens(&mut place);
    drop(slow);
    // It answers as before, without being started again.
    let next = wait(|| {
        let (status, job) = service.try_submit(&model, ("mlp_100k", 4), Some("next")).ok()?;
        [200, 202].contains(&status).then(|| job["id"].as_str().unwrap().to_owned())
    });
    for id in proofs.iter().chain([&next]) {
        let job = service.proven(&place, id);
        assert!((1..=most).contains(&job["attempts"].as_u64().unwrap()), "{job}");
        // An attempt that does not count removes its own once it knows.
        wait(|| (place.files(id).len() == 1).then_some(()));
    }
    assert_eq!(service.json("/v1/proofs?limit=100")["jobs"].as_array().unwrap().len(), 5);
    // All still work, and end when they are told to.
    workers.into_iter().for_each(Serving::stop);
    service.stop();
}

/// It comes back before a process that works is taken for dead: what is being made is not made again.
fn ended(how: End) {
    while_proofs_are_made(1, 1, |place| {
        place.server().end(how);
        place.server().begin();
    });
}

/// It comes back after that: a process waits for what it makes itself, and does not know what others make.
fn away(workers: usize, most: u64) {
    while_proofs_are_made(workers, most, |place| {
        place.server().end(End::Fast);
        std::thread::sleep(AWAY);
        place.server().begin();
    });
}

#[test]
fn it_is_killed() {
    ended(End::Killed);
}

#[test]
fn it_is_restarted() {
    ended(End::Fast);
}

#[test]
fn it_is_restarted_at_once() {
    ended(End::Immediate);
}

#[test]
fn it_is_away_for_longer_than_a_process_may_be_silent() {
    away(0, 1);
}

#[test]
fn it_is_away_for_longer_than_two_processes_may_be_silent() {
    away(1, 2);
}

#[test]
fn one_of_its_processes_is_killed() {
    while_proofs_are_made(1, 1, |place| {
        let ask = "SELECT min(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        let process = sql(&place.postgres.as_ref().unwrap().url(), ask);
        assert!(Command::new("kill").args(["-KILL", &process]).status().unwrap().success());
    });
}

/// It is not there when a request comes: nothing is accepted that is not kept.
#[test]
fn a_request_comes_while_it_is_away() {
    let Some(mut place) = Place::own_postgres() else { return };
    let service = place.serve();
    let model = service.model("linreg");
    service.done(&model);
    place.server().end(End::Fast);
    let (status, problem) = service.try_submit(&model, ("linreg", 0), Some("away")).unwrap();
    assert!((500..600).contains(&status), "{status} {problem}");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("try again")), "{problem}");
    place.server().begin();
    let (status, job) = wait(|| {
        let answer = service.try_submit(&model, ("linreg", 0), Some("away")).ok()?;
        (answer.0 < 500).then_some(answer)
    });
    assert_eq!(status, 202, "{job}");
    service.proven(&place, job["id"].as_str().unwrap());
    assert_eq!(service.json("/v1/proofs")["jobs"].as_array().unwrap().len(), 1);
}
