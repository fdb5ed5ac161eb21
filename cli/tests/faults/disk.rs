//! Disks without room: small ones in memory, which only the process under test sees.

use crate::on_both;
use crate::place::Place;
use crate::serving::{Serving, is_final};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

on_both!(a_proof_waits_for_room, a_proof_that_finds_no_room_says_so);

/// How the process comes to a disk of its own; none where it may not.
fn own_disks() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["unshare", "--mount"], &["unshare", "--user", "--map-root-user", "--mount"]];
    let works = |way: &&[&str]| {
        let mut command = Command::new(way[0]);
        command.args(&way[1..]).args(["sh", "-c", "mount -t tmpfs tmpfs /tmp"]);
        command.output().is_ok_and(|output| output.status.success())
    };
    let way = ways.into_iter().find(works);
    if way.is_none() {
        eprintln!("skipped: a process may not have a file system of its own here");
    }
    way
}

/// A service whose folder, or one in it, is a disk of 16 MiB.
struct Small {
    service: Serving,
    folder: PathBuf,
}

impl Small {
    fn begin(place: &Place, folder: &Path) -> Option<Self> {
        let way = own_disks()?;
        std::fs::create_dir_all(folder).unwrap();
        let script = format!("mount -t tmpfs -o size=16m tmpfs {} && exec \"$@\"", folder.display());
        let under = [way, &["sh", "-c", &script, "sh"]].concat();
        let service = place.begin(place.command(&under, "serve", ""));
        // What the process sees there.
        let folder = format!("/proc/{}/root{}", service.id(), folder.display()).into();
        Some(Self { service, folder })
    }

    /// Leaves no room.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.folder.join("filling")).unwrap();
        for size in [1 << 16, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.folder.join("filling")).unwrap();
    }
}

fn a_proof_waits_for_room(place: &mut Place) {
    let Some(small) = Small::begin(place, &place.data().join("artifacts")) else { return };
    let service = &small.service;
    let model = service.model("linreg");
    service.done(&model);
    small.fill();
    let (status, problem) = service.upload("linreg", None);
    assert_eq!(status, 500, "{problem}");
    let proof = service.submit(&model, ("linreg", 0));
    service.until(&proof, |job| job["attempts"] == 1 && job["state"] == "queued");
    small.empty();
    assert_eq!(service.proven(place, &proof)["attempts"], 2);
    let next = service.model("linreg");
    service.done(&next);
    assert_eq!(service.json("/v1/models")["jobs"].as_array().unwrap().len(), 2);
}

fn a_proof_that_finds_no_room_says_so(place: &mut Place) {
    let Some(small) = Small::begin(place, &place.data().join("artifacts")) else { return };
    let service = &small.service;
    let model = service.model("linreg");
    service.done(&model);
    small.fill();
    let proof = service.submit(&model, ("linreg", 0));
    let failed = service.until(&proof, is_final);
    assert_eq!((&failed["state"], &failed["attempts"]), (&"failed".into(), &3.into()), "{failed}");
    assert!(failed["error"].as_str().unwrap().contains("failed 3 times"), "{failed}");
    small.empty();
    let next = service.submit(&model, ("linreg", 0));
    assert_eq!(service.proven(place, &next)["attempts"], 1);
}

/// The database has no room: what was accepted is done, what was not is not there.
#[test]
fn a_database_in_a_file_has_no_room() {
    let place = Place::sqlite();
    let Some(small) = Small::begin(&place, &place.data()) else { return };
    let service = &small.service;
    let model = service.model("mlp_100k");
    service.done(&model);
    let slow = service.slow();
    let first = service.submit(&model, ("mlp_100k", 0));
    service.until(&first, |job| job["state"] == "running");
    small.fill();
    let mut accepted = vec![first];
    let mut refused = 0;
    for i in 0..200 {
        let (status, job) =
            service.try_submit(&model, ("mlp_100k", i % 5), Some(&format!("key {i}"))).unwrap();
        match status {
            202 => accepted.push(job["id"].as_str().unwrap().to_owned()),
            _ => refused += 1,
        }
        if refused > 2 {
            break;
        }
    }
    assert!(refused > 2, "there was room for all");
    drop(slow);
    // What is being made is at its end, and cannot be told.
    std::thread::sleep(std::time::Duration::from_secs(5));
    small.empty();
    for id in &accepted {
        service.proven(&place, id);
    }
    assert_eq!(service.json("/v1/proofs?limit=100")["jobs"].as_array().unwrap().len(), accepted.len());
    let next = service.submit(&model, ("mlp_100k", 1));
    service.proven(&place, &next);
}
