//! The binary as a user meets it: commands, files, exit codes.

mod accuracy;
#[cfg(all(unix, feature = "evm"))]
mod anvil;
mod bad_input;
mod batch;
mod bundle;
mod demo;
mod epoch;
#[cfg(all(unix, feature = "evm"))]
mod evm;
#[cfg(all(unix, feature = "evm"))]
mod evm_network;
mod flow;
mod hidden;
mod joined;
#[cfg(feature = "service")]
mod key;
mod public_model;
mod readme;
#[cfg(all(unix, feature = "evm", feature = "service"))]
mod relay;
mod reveal;
#[cfg(feature = "service")]
mod serve;
mod settle;
mod synthesis;
mod synthesize;
mod tamper;

use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// What a run of the binary left.
struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Run {
    /// The one JSON object on stdout.
    fn json(&self) -> Value {
        assert_eq!(self.stdout.trim_end().lines().count(), 1, "{}", self.stdout);
        let value: Value = serde_json::from_str(&self.stdout).unwrap();
        assert!(value.is_object());
        value
    }
}

/// The binary with these arguments, its cache among the tests' own files.
fn command(arguments: &[&dyn AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sumcast"));
    command.args(arguments.iter().map(AsRef::as_ref)).env("SUMCAST_CACHE", HOME.join("cache"));
    command
}

fn finish(mut command: Command) -> Run {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let run =
        Run { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) };
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    run
}

fn sumcast(arguments: &[&dyn AsRef<OsStr>]) -> Run {
    finish(command(arguments))
}

/// As [`sumcast`] with `--json`, for a run that succeeds.
fn json(arguments: &[&dyn AsRef<OsStr>]) -> Value {
    let mut command = command(arguments);
    command.arg("--json");
    let run = finish(command);
    assert_eq!(run.code, 0, "{} {}", run.stdout, run.stderr);
    run.json()
}

/// A directory for this run of the tests, empty at its start.
static HOME: LazyLock<PathBuf> = LazyLock::new(|| {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli");
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(&home).unwrap();
    home
});

/// A bundled model's file.
fn bundled(model: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(model).join(file)
}

/// The permissions of a file, as `ls` has them in octal.
#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A compiled model with a proof of its input 0.
struct Compiled {
    name: &'static str,
    dir: PathBuf,
    report: Value,
    proof: PathBuf,
    proven: Value,
}

impl Compiled {
    fn new(name: &'static str) -> Self {
        Self::with(name, name, &[])
    }

    /// In files of the name `at`, compiled with more arguments.
    fn with(name: &'static str, at: &str, more: &[&str]) -> Self {
        let (dir, proof) = (HOME.join(at), HOME.join(at).with_extension("proof"));
        let inputs = bundled(name, "inputs.json");
        let onnx = bundled(name, "network.onnx");
        let mut arguments: Vec<&dyn AsRef<OsStr>> =
            vec![&"compile", &onnx, &"--calibrate", &inputs, &"-o", &dir];
        arguments.extend(more.iter().map(|argument| argument as &dyn AsRef<OsStr>));
        let report = json(&arguments);
        let proven = json(&[&"prove", &dir, &"--input", &inputs, &"--index", &"0", &"-o", &proof]);
        Self { name, dir, report, proof, proven }
    }

    fn onnx(&self) -> PathBuf {
        bundled(self.name, "network.onnx")
    }

    fn inputs(&self) -> PathBuf {
        bundled(self.name, "inputs.json")
    }

    /// Where `prove` writes what opens the proof's commitments.
    fn opening(&self) -> PathBuf {
        self.proof.with_extension("proof.opening")
    }

    fn vk(&self) -> PathBuf {
        self.dir.join("vk.bin")
    }
}

static LINREG: LazyLock<Compiled> = LazyLock::new(|| Compiled::new("linreg"));
static MLP: LazyLock<Compiled> = LazyLock::new(|| Compiled::new("mlp_8k"));

/// A file of the tests' own.
fn write(name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = HOME.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}
