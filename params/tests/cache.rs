//! The development cache across processes.

use std::process::Command;

use sumcast_params::cache;

/// Set in the processes that [`racing_processes_get_one_string`] starts.
const RACER: &str = "SUMCAST_TEST_RACER";

/// Runs as a test of nothing, or as one of the racing processes.
#[test]
fn racer() {
    if std::env::var_os(RACER).is_some() {
        let srs = cache::development(10).unwrap();
        let id: String = srs.id().iter().map(|byte| format!("{byte:02x}")).collect();
        println!("id={id}");
    }
}

#[test]
fn racing_processes_get_one_string() {
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("cache");
    let racers: Vec<_> = (0..2)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "racer", "--nocapture"])
                .env("SUMCAST_CACHE", &cache)
                .env(RACER, "1")
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let ids: Vec<_> = racers
        .into_iter()
        .map(|racer| {
            let output = racer.wait_with_output().unwrap();
            assert!(output.status.success());
            let text = String::from_utf8(output.stdout).unwrap();
            let at = text.find("id=").unwrap();
            text[at..at + 67].to_owned()
        })
        .collect();
    assert_eq!(ids[0], ids[1]);

    let names: Vec<_> = std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["development-18.srs"]);
    let largest = cache::development_in(&cache, cache::DEFAULT_LOG_SIZE).unwrap();
    assert_eq!(largest.log_size(), cache::DEFAULT_LOG_SIZE);
}
