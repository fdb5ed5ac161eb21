//! What the `sumcast` binary does: compiles ONNX models, proves their inferences and verifies the proofs.
//!
//! Each command is one file under `commands/`. A command returns an outcome, which `run` prints as text
//! or as one JSON object, or an error, which is one sentence. `sumcast --help` lists the commands.
//!
//! This library is the binary's own and no interface: it exists so that `fuzz/` reaches the parser of inputs, and
//! `benches/` the way numbers are written.
#![forbid(unsafe_code)]

#[cfg(feature = "evm")]
mod chain;
mod commands;
mod error;
mod files;
mod format;
mod input;
#[cfg(feature = "service")]
mod logs;
mod measure;
mod opening;
mod output;
mod parameters;
mod precision;
mod progress;
mod proving;
mod summary;
mod tolerance;
mod topic;

#[doc(hidden)]
pub use format::count;

use clap::Parser;
use std::process::ExitCode;

/// zkML prover and verifier: prove the inference of an ONNX model, verify it anywhere.
#[derive(Debug, Parser)]
#[command(
    name = "sumcast",
    version,
    after_help = "Examples:\n  \
        sumcast compile model.onnx --calibrate inputs.json -o model\n  \
        sumcast prove model --input input.json -o model.proof\n  \
        sumcast verify --vk model/vk.bin model.proof\n  \
        sumcast synthesize epoch.json --prove -o epoch.proof\n  \
        sumcast demo\n\n\
        Exit codes: 0 success, 1 a proof or check is rejected, 2 bad usage or bad input."
)]
struct Cli {
    /// Print one JSON object on stdout, and nothing else there
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: commands::Command,
}

/// Runs the command that the arguments name, prints what it says, and gives its exit code.
#[doc(hidden)]
pub fn run() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => output::print(cli.command.run(), cli.json),
        Err(error) => output::print_usage(&error),
    }
}
