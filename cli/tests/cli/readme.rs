//! The README's commands, as they stand there.

use super::{HOME, MLP, command, finish};
use std::path::Path;

const README: &str = include_str!("../../../README.md");

/// The lines of the README's shell blocks that call the binary, each in one piece.
fn commands() -> impl Iterator<Item = String> {
    let blocks = README.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let lines =
        blocks.flat_map(|block| block.replace("\\\n", "").lines().map(str::to_owned).collect::<Vec<_>>());
    lines.filter(|line| line.starts_with("sumcast "))
}

/// What a node answers about an epoch.
fn answers() -> impl Iterator<Item = std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../circuits/tests/epochs/chain");
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path())
}

#[test]
fn the_walk_through_works() {
    let folder = HOME.join("readme");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(MLP.onnx(), folder.join("model.onnx")).unwrap();
    std::fs::copy(MLP.inputs(), folder.join("inputs.json")).unwrap();
    for answer in answers() {
        std::fs::copy(&answer, folder.join(answer.file_name().unwrap())).unwrap();
    }
    // Of the ceremony's file there is none here.
    let walk = commands().filter(|line| !line.contains("ptau") && !line.contains("ceremony"));
    let walk = walk.filter(|line| cfg!(feature = "evm") || !line.contains(" evm "));
    let mut runs = Vec::new();
    for line in walk {
        let mut command = command(&[]);
        command.args(line.split_whitespace().skip(1)).current_dir(&folder);
        let run = finish(command);
        assert_eq!(run.code, 0, "{line}: {}", run.stderr);
        runs.push((line, run.stdout));
    }
    let said = |words: &str, beginning: &str| {
        let (_, stdout) = runs.iter().find(|(line, _)| line.starts_with(words)).unwrap();
        assert!(stdout.starts_with(beginning), "{words}: {stdout}");
    };
    said("sumcast verify", "valid, in ");
    said("sumcast reveal", "valid and opened, in ");
    said("sumcast synthesize", "topic 1, block 7038657\n");
    said("sumcast verify --vk epoch.proof.vk", "valid and of its file, in ");
    if cfg!(feature = "evm") {
        said("sumcast evm verify", "valid, in ");
    }
}

#[test]
fn the_checks_run_the_readmes_tests() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/run");
    let script = std::fs::read_to_string(script).unwrap();
    let tests = "cargo test --workspace";
    assert!(
        README.contains(&format!("```sh\n{tests}\n```"))
            && script.contains(&format!("step \"tests\" {tests}\n"))
    );
}

#[test]
fn links_lead_to_files() {
    for target in README.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(target);
        assert!(target.starts_with("https://") || path.exists(), "{target}");
    }
}

/// The requests of the section on the service, by curl and a shell.
#[test]
#[cfg(all(feature = "service", unix))]
fn the_service_answers_the_requests() {
    let block =
        README.split("### On request").nth(1).and_then(|rest| rest.split("```console\n").nth(1)).unwrap();
    let block = block.split("```").next().unwrap();
    let lines = block.lines().map(|line| line.strip_prefix("$ ").unwrap());
    let lines: Vec<&str> = lines.filter(|line| *line != "sumcast serve &").collect();
    assert!(lines.len() >= 4 && lines.iter().filter(|line| line.contains("curl")).count() >= 4, "{lines:?}");
    let folder = HOME.join("readme-service");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(MLP.onnx(), folder.join("model.onnx")).unwrap();
    std::fs::copy(MLP.inputs(), folder.join("inputs.json")).unwrap();
    let service = super::serve::Serving::begin(&folder.join("data"));
    let binary = Path::new(env!("CARGO_BIN_EXE_sumcast")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let script = format!("set -e\n{}", lines.join("\n").replace("localhost:8080", &service.at));
    let mut shell = std::process::Command::new("bash");
    shell.args(["-c", &script]).current_dir(&folder).env("PATH", path);
    let run = finish(shell);
    service.kill();
    assert_eq!(run.code, 0, "{script}\n{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("\"state\":\"done\"") && run.stdout.contains("\nvalid, in "),
        "{}",
        run.stdout
    );
}
