//! Whether a job can be done before it is no longer wanted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What the last proof of each model took in this process, in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Times(Mutex<HashMap<String, i64>>);

impl Times {
    /// Notes what a proof has taken.
    pub(super) fn note(&self, model: &str, milliseconds: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(model.into(), milliseconds);
    }

    /// What a proof takes, if that is known.
    pub(super) fn of(&self, model: &str) -> Option<i64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(model).copied()
    }
}

/// Why a job is too late, if it is: when it has to be done and when it is begun, and how long it takes, all in milliseconds.
pub(super) fn too_late(deadline: Option<i64>, now: i64, takes: Option<i64>) -> Option<String> {
    let left = deadline?.saturating_sub(now);
    match takes {
        _ if left < 0 => Some("its deadline had passed before it was begun".into()),
        Some(takes) if left < takes => Some(format!(
            "it takes about {takes} ms, and its deadline would have passed in {left} ms: give it more time or a higher priority"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_late_that_cannot_be_done_in_time() {
        let late = |deadline, takes| too_late(deadline, 1000, takes);
        assert_eq!(late(None, Some(i64::MAX)), None);
        assert_eq!(late(Some(1000), None), None);
        assert_eq!(late(Some(1500), Some(500)), None);
        assert!(late(Some(999), None).unwrap().contains("had passed"));
        assert!(late(Some(999), Some(0)).unwrap().contains("had passed"));
        assert!(late(Some(1500), Some(501)).unwrap().contains("takes about 501 ms"));
    }

    #[test]
    fn the_last_time_counts() {
        let times = Times::default();
        assert_eq!(times.of("a"), None);
        times.note("a", 5);
        times.note("a", 3);
        times.note("b", 1);
        assert_eq!((times.of("a"), times.of("b")), (Some(3), Some(1)));
    }
}
