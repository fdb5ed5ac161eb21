//! Progress on stderr, shown only where that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A bar with stages. It disappears when dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Whether a stage has begun, so that the next one completes it.
    begun: AtomicBool,
}

impl Progress {
    /// A bar of this many stages, the first of which is still to begin.
    pub(crate) fn new(stages: usize) -> Self {
        let bar = ProgressBar::new(stages as u64);
        let style = ProgressStyle::with_template("{spinner} [{bar:24}] {pos}/{len} {msg} ({elapsed})");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, begun: false.into() }
    }

    /// The next stage begins.
    pub(crate) fn stage(&self, name: impl Into<String>) {
        if self.begun.swap(true, Ordering::Relaxed) {
            self.bar.inc(1);
        }
        self.bar.set_message(name.into());
    }

    /// `done` of `total` steps of a stage that counts its own.
    pub(crate) fn count(&self, name: &'static str, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.set_message(name);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
