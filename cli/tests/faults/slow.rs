//! A slow machine.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A process gets a part of its time, until this is dropped: clocks go on, and so does everything else.
#[derive(Debug)]
pub(crate) struct Slow {
    process: u32,
    rhythm: Child,
}

impl Slow {
    /// Some milliseconds, then nothing for a while, so that the shortest stage of a proof is seen.
    pub(crate) fn down(process: u32, rest: Duration) -> Self {
        let rest = rest.as_secs_f64();
        let rhythm = format!(
            "while kill -STOP {process} && sleep {rest:.2} && kill -CONT {process}; do sleep 0.002; done"
        );
        let mut shell = Command::new("setpriv");
        shell.args(["--pdeathsig", "KILL", "sh", "-c", &rhythm]).stderr(Stdio::null());
        let rhythm = shell.spawn().unwrap();
        Self { process, rhythm }
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        let _ = self.rhythm.kill();
        let _ = self.rhythm.wait();
        // It may be gone already.
        let _ =
            Command::new("kill").args(["-CONT", &self.process.to_string()]).stderr(Stdio::null()).status();
    }
}
