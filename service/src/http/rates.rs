//! How many requests a caller may make in a minute.
//!
//! Each caller has a bucket that holds the requests of a minute and fills evenly in one; a request takes one of them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The time in which a bucket fills.
const MINUTE: Duration = Duration::from_secs(60);

/// What is left of a caller's requests.
#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// The buckets of all callers; what is full is dropped.
#[derive(Debug)]
struct Buckets<K> {
    of: HashMap<K, Bucket>,
    swept: Instant,
}

/// The rates of all callers.
#[derive(Clone, Debug)]
pub(crate) struct Rates<K> {
    buckets: Arc<Mutex<Buckets<K>>>,
}

impl<K: Eq + Hash> Rates<K> {
    pub(crate) fn new() -> Self {
        let buckets = Buckets { of: HashMap::new(), swept: Instant::now() };
        Self { buckets: Arc::new(Mutex::new(buckets)) }
    }

    /// Takes one of a caller's requests.
    ///
    /// # Errors
    /// How long it takes until there is one again.
    pub(crate) fn take(&self, of: K, per_minute: u32, now: Instant) -> Result<(), Duration> {
        let most = f64::from(per_minute.max(1));
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(buckets.swept) >= MINUTE {
            // Whoever has asked for nothing in a minute has a full one again.
            buckets.of.retain(|_, bucket| now.saturating_duration_since(bucket.at) < MINUTE);
            buckets.swept = now;
        }
        let bucket = buckets.of.entry(of).or_insert(Bucket { left: most, at: now });
        let minutes = now.saturating_duration_since(bucket.at).as_secs_f64() / MINUTE.as_secs_f64();
        bucket.left = (bucket.left + minutes * most).min(most);
        bucket.at = now;
        if bucket.left < 1.0 {
            return Err(MINUTE.mul_f64((1.0 - bucket.left) / most));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_its_requests() {
        let (rates, begun) = (Rates::new(), Instant::now());
        let take = |of, seconds| rates.take(of, 60, begun + Duration::from_secs(seconds));
        for _ in 0..60 {
            assert_eq!(take("one", 0), Ok(()));
        }
        assert_eq!(take("one", 0), Err(Duration::from_secs(1)));
        assert_eq!(take("two", 0), Ok(()), "others have theirs");
        assert_eq!((take("one", 2), take("one", 2)), (Ok(()), Ok(())));
        assert!(take("one", 2).is_err());
        for _ in 0..60 {
            assert_eq!(take("one", 1000), Ok(()));
        }
        assert!(take("one", 1000).is_err(), "it holds no more than a minute's");
    }

    #[test]
    fn full_buckets_are_dropped() {
        let (rates, begun) = (Rates::new(), Instant::now());
        for of in 0..100 {
            assert_eq!(rates.take(of, 60, begun), Ok(()));
        }
        assert_eq!(rates.take(100, 60, begun + MINUTE), Ok(()));
        assert_eq!(rates.buckets.lock().unwrap().of.len(), 1);
    }
}
