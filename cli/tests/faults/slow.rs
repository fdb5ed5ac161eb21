//! A slow machine.

use std::process::{Child, Command, Stdio};

/// A process gets a part of its time, until this is dropped: clocks go on, and so does everything else.
#[derive(Debug)]
pub(crate) struct Slow {
    process: u32,
    rhythm: Child,
}

impl Slow {
    /// One of so many hundredths of a second.
    pub(crate) fn down(process: u32, parts: u32) -> Self {
        let rest = 0.01 * f64::from(parts - 1);
        let rhythm = format!(
            "while kill -STOP {process} && sleep {rest:.2} && kill -CONT {process}; do sleep 0.01; done"
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
