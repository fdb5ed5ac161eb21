//! Clocks that are set by a day, forwards and backwards.

use crate::on_both;
use crate::place::Place;
use crate::serving::Serving;
use std::path::{Path, PathBuf};
use std::process::Command;

on_both!(
    set_back_while_jobs_wait,
    set_back_between_a_kill_and_the_next_start,
    set_forwards_while_a_proof_is_made,
    set_back_while_a_proof_is_made,
);

/// Set where these tests are to fail rather than be skipped without libfaketime.
const REQUIRED: &str = "SUMCAST_REQUIRE_FAKETIME";

/// A clock that tests set, for the processes that are begun with it.
struct Clock {
    library: PathBuf,
    file: PathBuf,
}

impl Clock {
    /// None where there is no libfaketime and none is required.
    fn new(place: &Place) -> Option<Self> {
        let folders = std::fs::read_dir("/usr/lib").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
        let library =
            folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|path| path.exists());
        let Some(library) = library else {
            assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and there is no libfaketime");
            eprintln!("skipped: there is no libfaketime");
            return None;
        };
        let clock = Self { library, file: place.folder.path().join("clock") };
        clock.set("+0");
        Some(clock)
    }

    /// Sets it: "-1d" is a day ago.
    fn set(&self, to: &str) {
        // Whole or not at all: processes look at it all the time.
        let next = self.file.with_extension("next");
        std::fs::write(&next, format!("{to}\n")).unwrap();
        std::fs::rename(next, &self.file).unwrap();
    }

    fn of(&self, mut command: Command) -> Command {
        command.env("LD_PRELOAD", &self.library).env("FAKETIME_TIMESTAMP_FILE", &self.file);
        // Durations are those of the machine, as when a clock is set.
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        command
    }

    fn desk(&self, place: &Place) -> Serving {
        place.begin(self.of(place.command(&[], "serve", "jobs_at_once = 0")))
    }

    fn worker(&self, place: &Place) -> Serving {
        Serving::begin(self.of(place.command(&[], "worker", "")), Path::new(place.folder.path()))
    }
}

fn set_back_while_jobs_wait(place: &mut Place) {
    let Some(clock) = Clock::new(place) else { return };
    let desk = clock.desk(place);
    let worker = clock.worker(place);
    let model = desk.model("linreg");
    desk.done(&model);
    worker.kill();
    let proofs = [0, 1, 2].map(|input| desk.submit(&model, ("linreg", input)));
    clock.set("-1d");
    let _worker = clock.worker(place);
    for id in &proofs {
        assert_eq!(desk.proven(place, id)["attempts"], 1);
    }
    let next = desk.submit(&model, ("linreg", 3));
    assert!(
        desk.proven(place, &next)["created"].as_i64() < desk.job(&proofs[0]).unwrap()["created"].as_i64()
    );
}

fn set_back_between_a_kill_and_the_next_start(place: &mut Place) {
    let Some(clock) = Clock::new(place) else { return };
    let desk = clock.desk(place);
    let worker = clock.worker(place);
    let model = desk.model("mlp_100k");
    desk.done(&model);
    let slow = worker.slow();
    let proof = desk.submit(&model, ("mlp_100k", 0));
    desk.until(&proof, |job| job["state"] == "running");
    worker.kill();
    drop(slow);
    clock.set("-1d");
    let _worker = clock.worker(place);
    assert_eq!(desk.proven(place, &proof)["attempts"], 2);
}

/// The clock is set while one process makes a proof and another one waits: at most it is made again, and there is one.
fn set_while_a_proof_is_made(place: &Place, to: &str) {
    let Some(clock) = Clock::new(place) else { return };
    let desk = clock.desk(place);
    let first = clock.worker(place);
    let model = desk.model("mlp_1m");
    desk.done(&model);
    let slow = first.slow();
    let proof = desk.submit(&model, ("mlp_1m", 0));
    desk.until(&proof, |job| job["state"] == "running");
    let _second = clock.worker(place);
    clock.set(to);
    std::thread::sleep(std::time::Duration::from_secs(12));
    drop(slow);
    let job = desk.proven(place, &proof);
    assert!((1..=2).contains(&job["attempts"].as_u64().unwrap()), "{job}");
    let next = desk.submit(&model, ("mlp_1m", 1));
    desk.proven(place, &next);
    assert_eq!(desk.job(&proof), Some(job));
    assert_eq!(place.files(&proof).len(), 1);
}

fn set_forwards_while_a_proof_is_made(place: &mut Place) {
    set_while_a_proof_is_made(place, "+1d");
}

fn set_back_while_a_proof_is_made(place: &mut Place) {
    set_while_a_proof_is_made(place, "-1d");
}
