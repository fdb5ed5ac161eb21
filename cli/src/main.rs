//! The `sumcast` binary; the library beside it says what it does.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    sumcast_cli::run()
}
