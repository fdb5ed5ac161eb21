//! The jobs that this process has begun.
//!
//! A job outlives the queue's own interest in it: where the database goes away, the queue forgets what it has handed out, and
//! hands it out again once the database is back. What is being worked on all the while is then waited for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedMutexGuard, Semaphore};

/// More than any process works on at once.
const MOST: usize = 1 << 16;

type Turn = tokio::sync::Mutex<()>;

/// The jobs that this process has begun, each once, and no more at once than the settings say.
#[derive(Debug)]
pub(crate) struct Begun {
    places: Semaphore,
    at_once: u32,
    turns: Mutex<HashMap<String, Weak<Turn>>>,
}

impl Begun {
    pub(crate) fn new(at_once: usize) -> Self {
        let at_once = at_once.min(MOST);
        Self { places: Semaphore::new(at_once), at_once: at_once as u32, turns: Mutex::default() }
    }

    /// Does something about a job, once nothing else is being done about it here and there is a place.
    pub(crate) async fn alone<T>(&self, id: &str, work: impl Future<Output = T>) -> T {
        let _turn = self.turn(id).await;
        // The places are never closed.
        let _place = self.places.acquire().await;
        work.await
    }

    async fn turn(&self, id: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| turn.strong_count() > 0);
            let known = turns.get(id).and_then(Weak::upgrade);
            let turn = known.unwrap_or_default();
            turns.insert(id.to_owned(), Arc::downgrade(&turn));
            turn
        };
        turn.lock_owned().await
    }

    /// Once nothing is being worked on.
    pub(crate) async fn ended(&self) {
        // The places are never closed.
        let _all = self.places.acquire_many(self.at_once).await;
    }
}
