//! The `sumcast` binary; the library beside it says what it does.
#![forbid(unsafe_code)]

/// A proof takes and gives back many vectors of megabytes, whose pages the system's allocator asks the kernel for anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    sumcast_cli::run()
}
