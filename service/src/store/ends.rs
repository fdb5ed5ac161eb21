//! Ends of jobs, as this process tells them to itself: who follows a job need not ask the database all the time.

use super::Store;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Ends that are told to whoever listens slowly.
pub(super) const KEPT: usize = 256;

/// The ends of jobs from now on.
#[derive(Debug)]
pub(crate) struct Ends(Receiver<String>);

impl Store {
    /// The ends that are told by this process from now on.
    pub(crate) fn ends(&self) -> Ends {
        Ends(self.ends.subscribe())
    }

    pub(super) fn tell_end(&self, id: &str) {
        // Nobody may listen.
        let _ = self.ends.send(id.to_owned());
    }
}

impl Ends {
    /// Until a job may have ended.
    pub(crate) async fn of(&mut self, id: &str) {
        loop {
            match self.0.recv().await {
                Ok(ended) if ended != id => (),
                Ok(_) | Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
