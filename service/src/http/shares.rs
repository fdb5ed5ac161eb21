//! Places that many share, of which nobody has more than a part.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many places each has taken.
type Taken<K> = Arc<Mutex<HashMap<K, usize>>>;

/// Places, and who has how many.
#[derive(Clone, Debug)]
pub(crate) struct Shares<K> {
    places: Arc<Semaphore>,
    all: u32,
    part: usize,
    taken: Taken<K>,
}

/// One of the places that somebody may have, until it is dropped.
#[derive(Debug)]
pub(crate) struct Part<K: Eq + Hash> {
    of: K,
    taken: Taken<K>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place<K: Eq + Hash> {
    _part: Part<K>,
    _place: OwnedSemaphorePermit,
}

impl<K: Clone + Eq + Hash> Shares<K> {
    /// So many places, at least one, of which one may have a quarter or, if they trust each other, all.
    pub(crate) fn new(all: usize, trusted: bool) -> Self {
        let all = u32::try_from(all.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX).max(1);
        let places = Arc::new(Semaphore::new(all as usize));
        let part = (all as usize).div_ceil(if trusted { 1 } else { 4 });
        Self { places, all, part, taken: Arc::default() }
    }

    /// One of the places that somebody may have, if there are some left.
    pub(crate) fn part(&self, of: K) -> Option<Part<K>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(of.clone()).or_default();
        if *count >= self.part {
            return None;
        }
        *count += 1;
        Some(Part { of, taken: self.taken.clone() })
    }

    /// A place for whoever it may be, once there is one.
    pub(crate) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().acquire_owned().await.ok()
    }

    /// A place for somebody, if it may have one and there is one after a while.
    pub(crate) async fn enter(&self, of: K, wait: Duration) -> Option<Place<K>> {
        let part = self.part(of)?;
        let place = tokio::time::timeout(wait, self.place()).await.ok()??;
        Some(Place { _part: part, _place: place })
    }

    /// Until all places are free.
    pub(crate) async fn empty(&self) {
        // Nobody closes the semaphore.
        let _ = self.places.acquire_many(self.all).await;
    }
}

impl<K: Eq + Hash> Drop for Part<K> {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_has_more_than_a_part() {
        let shares = Shares::new(8, false);
        let enter = async |of| shares.enter(of, Duration::ZERO).await;
        let (one, two) = (enter("one").await, enter("one").await);
        assert!(one.is_some() && two.is_some());
        assert!(enter("one").await.is_none());
        assert!(enter("two").await.is_some(), "others have theirs");
        drop(one);
        assert!(enter("one").await.is_some());
        drop(two);
        assert!(shares.taken.lock().unwrap().is_empty());
        shares.empty().await;
    }

    #[tokio::test]
    async fn there_are_no_more_places_than_there_are() {
        let shares = Shares::new(2, true);
        let first = shares.enter("one", Duration::ZERO).await;
        let second = shares.enter("one", Duration::ZERO).await;
        assert!(first.is_some() && second.is_some());
        assert!(shares.enter("three", Duration::ZERO).await.is_none());
        drop(first);
        assert!(shares.enter("three", Duration::ZERO).await.is_some());
    }
}
