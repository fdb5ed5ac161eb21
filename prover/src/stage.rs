//! The stages of a proof and their times.

use std::time::{Duration, Instant};

/// The stages of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Commitments of the witness.
    Witness,
    /// Lookup helpers and their commitments.
    Lookups,
    /// S1: all constraints.
    Constraints,
    /// S2: all claims to one point.
    Reduction,
    /// The opening.
    Opening,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 5] =
        [Self::Witness, Self::Lookups, Self::Constraints, Self::Reduction, Self::Opening];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Witness => "witness",
            Self::Lookups => "lookups",
            Self::Constraints => "constraints",
            Self::Reduction => "reduction",
            Self::Opening => "opening",
        }
    }
}

/// How long each stage took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timings(pub Vec<(Stage, Duration)>);

/// Times the stages and tells of them.
pub(crate) struct Clock<'a> {
    timings: Timings,
    progress: &'a mut (dyn FnMut(Stage) + Send),
    current: Option<(Stage, Instant)>,
}

impl<'a> Clock<'a> {
    pub(crate) fn new(progress: &'a mut (dyn FnMut(Stage) + Send)) -> Self {
        Self { timings: Timings::default(), progress, current: None }
    }

    pub(crate) fn enter(&mut self, stage: Stage) {
        self.leave();
        (self.progress)(stage);
        self.current = Some((stage, Instant::now()));
    }

    /// The times of all stages entered.
    pub(crate) fn stop(mut self) -> Timings {
        self.leave();
        self.timings
    }

    fn leave(&mut self) {
        if let Some((stage, since)) = self.current.take() {
            self.timings.0.push((stage, since.elapsed()));
        }
    }
}
