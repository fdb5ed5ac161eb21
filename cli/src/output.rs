//! What commands print: text, or one JSON object.

use crate::error::{Result, exit_code};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

/// The result of a command, in both of its forms.
#[derive(Debug)]
pub(crate) struct Outcome {
    json: Value,
    text: String,
    accepted: bool,
}

impl Outcome {
    /// The outcome a report describes.
    pub(crate) fn new(report: &(impl Serialize + Display)) -> Result<Self> {
        Ok(Self { json: serde_json::to_value(report)?, text: report.to_string(), accepted: true })
    }

    /// Exit code 1 instead of 0.
    pub(crate) fn rejected(self) -> Self {
        Self { accepted: false, ..self }
    }
}

/// Prints an outcome or an error, and gives the exit code.
pub(crate) fn print(result: Result<Outcome>, json: bool) -> ExitCode {
    match result {
        Ok(outcome) => {
            put(&if json { outcome.json.to_string() } else { outcome.text });
            ExitCode::from(u8::from(!outcome.accepted))
        }
        Err(error) => {
            print_error(&format!("{error:#}"), json);
            ExitCode::from(exit_code(&error))
        }
    }
}

/// Prints what clap has to say: help and version are no errors.
pub(crate) fn print_usage(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|argument| argument == "--json");
    if error.use_stderr() && json {
        let text = error.to_string();
        let sentence = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
        print_error(&sentence.split_whitespace().collect::<Vec<_>>().join(" "), true);
    } else {
        // Nobody is left to tell if the terminal is gone.
        let _ = error.print();
    }
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

/// Says on stderr that a development string is in use.
pub(crate) fn warn_insecure(insecure: bool) {
    if insecure {
        eprintln!(
            "warning: the parameters are a development string, which is insecure: whoever made it can forge proofs; \
             for proofs that convince others, import a ceremony's file with `sumcast params import`"
        );
    }
}

fn print_error(sentence: &str, json: bool) {
    if json {
        put(&json!({ "error": sentence }).to_string());
    } else {
        eprintln!("error: {sentence}");
    }
}

fn put(text: &str) {
    let text = text.trim_end_matches('\n');
    // A reader that closed the pipe has seen what it wanted.
    let _ = writeln!(io::stdout().lock(), "{text}");
}
