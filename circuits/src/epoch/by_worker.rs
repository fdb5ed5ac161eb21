//! Numbers, or maps of them, by worker, in an order that is kept.

use super::Decimal;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

/// Numbers by worker, or what else is by worker: a JSON object, in an order that is kept, that names no worker twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByWorker<T = Decimal>(Vec<(String, T)>);

impl<T> Default for ByWorker<T> {
    fn default() -> Self {
        Self(vec![])
    }
}

impl<T> ByWorker<T> {
    /// The number of a worker.
    #[must_use]
    pub fn get(&self, worker: &str) -> Option<&T> {
        self.0.iter().find(|(key, _)| key == worker).map(|(_, number)| number)
    }

    /// The workers and their numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(worker, number)| (worker.as_str(), number))
    }

    /// How many workers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a worker behind all others; gives it back where it has a number already.
    ///
    /// # Errors
    /// The worker.
    pub fn push(&mut self, worker: String, number: T) -> Result<(), String> {
        if self.get(&worker).is_some() {
            return Err(worker);
        }
        self.0.push((worker, number));
        Ok(())
    }

    /// Orders them by worker.
    pub(super) fn sort(&mut self) {
        self.sort_by_key(str::to_owned);
    }

    /// Orders them by what a key says of a worker.
    pub(super) fn sort_by_key<K: Ord>(&mut self, key: impl Fn(&str) -> K) {
        self.0.sort_by_cached_key(|(worker, _)| key(worker));
    }
}

impl<T: Serialize> Serialize for ByWorker<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (worker, number) in self.iter() {
            map.serialize_entry(worker, number)?;
        }
        map.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByWorker<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = ByWorker<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of numbers by worker")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ByWorker<T>, A::Error> {
                let mut numbers = ByWorker::default();
                while let Some((worker, number)) = map.next_entry()? {
                    let twice =
                        |worker| A::Error::custom(format!("{worker:?} is there twice: keep one of them"));
                    numbers.push(worker, number).map_err(twice)?;
                }
                Ok(numbers)
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// The key of a forecaster among all workers of an epoch: its address, and if an inferer has the same, with `#forecaster`
/// behind it.
///
/// One account can infer and forecast in the same epoch, and the two have regrets, losses and weights of their own.
#[must_use]
pub fn forecaster_key(address: &str, is_inferer: bool) -> String {
    if is_inferer { format!("{address}#forecaster") } else { address.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_kept_and_nothing_twice() {
        let text = r#"{"b":"1","a":"2.5","c":"-3"}"#;
        let numbers: ByWorker = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&numbers).unwrap(), text);
        assert_eq!(numbers.get("a").unwrap().to_string(), "2.5");
        assert!(numbers.get("d").is_none() && numbers.len() == 3 && !numbers.is_empty());
        let error = serde_json::from_str::<ByWorker>(r#"{"b":"1","a":"2","b":"1"}"#).unwrap_err();
        assert!(error.to_string().contains("\"b\" is there twice"), "{error}");
        assert!(serde_json::from_str::<ByWorker>("[1]").unwrap_err().to_string().contains("by worker"));

        let mut numbers = numbers;
        numbers.sort();
        assert_eq!(numbers.iter().map(|(worker, _)| worker).collect::<String>(), "abc");
    }

    #[test]
    fn a_forecaster_that_infers_has_another_key() {
        assert_eq!(forecaster_key("x", false), "x");
        assert_eq!(forecaster_key("x", true), "x#forecaster");
    }
}
