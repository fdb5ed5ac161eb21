//! The story of a topic: three workers infer by bundled models, two forecasters say how well they will do, and a network
//! inference follows each day, proven, verified and posted to contracts.
//!
//! What is proven goes the way that users go: the same steps, the same files, the same checks as those of the commands.

mod chain;
mod checks;
mod ledger;
mod lies;
mod losses;
mod memory;
mod prover;
mod report;
mod topic;
mod workers;

use super::plot;
use crate::error::Result;
use crate::files::{self, Readers};
use crate::progress::Progress;
use crate::proving;
pub(super) use report::{Day, Story};
use std::path::Path;
use std::time::Instant;
use topic::Topic;
use workers::{DAYS, NAMES, YEAR};

/// Stages of the progress bar: before the first day; of each day's proofs; of the lies that are proven.
pub(super) const STAGES: usize = NAMES.len() + 3 + (DAYS.len() * (NAMES.len() + 2) + 2) * proving::STAGES;

/// Tells the story, and writes its plot to a file.
pub(super) fn tell(to: &Path, progress: &Progress) -> Result<Story> {
    let begun = Instant::now();
    files::check_destination(to)?;
    let mut topic = Topic::begin(progress)?;
    let (mut days, mut refused) = (vec![], vec![]);
    for k in 0..DAYS.len() {
        let (day, lies) = topic.day(k, progress)?;
        days.push(day);
        refused.extend(lies);
    }
    files::write(to, plot::plot(&days, YEAR).as_bytes(), Readers::Usual)?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Story::new(days, topic.ledger, refused, to, seconds))
}
