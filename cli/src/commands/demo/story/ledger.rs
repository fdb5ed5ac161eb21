//! What proofs took, by what they are of.

use super::checks::Verified;
use crate::format;
use serde::Serialize;

/// The proofs of one model or circuit.
#[derive(Debug, Default, Serialize)]
pub(super) struct Entry {
    /// The model or circuit.
    of: String,
    /// The hash of its key, in hexadecimal.
    model_id: String,
    /// How many there are.
    pub(super) proofs: usize,
    /// Median, inference included.
    prove_seconds: f64,
    /// Bytes of a file, statement and proof.
    proof_bytes: usize,
    /// Median, decoding key and proof included.
    verify_seconds: f64,
    /// Of the transaction that registers the key, once.
    register_gas: u64,
    /// Of a transaction with a proof; median.
    gas: u64,
    #[serde(skip)]
    all: Vec<(f64, f64, u64)>,
}

/// All of them.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Ledger(pub(super) Vec<Entry>);

impl Ledger {
    /// A key was registered.
    pub(super) fn register(&mut self, of: &str, model_id: [u8; 32], gas: u64) {
        let model_id = hex::encode(model_id);
        self.0.push(Entry { of: of.to_owned(), model_id, register_gas: gas, ..Entry::default() });
    }

    /// A proof under a registered key was made, verified, and posted for so much gas.
    pub(super) fn add(&mut self, of: &str, prove_seconds: f64, verified: &Verified, gas: u64) {
        let Some(entry) = self.0.iter_mut().find(|entry| entry.of == of) else { return };
        entry.all.push((prove_seconds, verified.seconds, gas));
        entry.proofs = entry.all.len();
        entry.proof_bytes = verified.bytes;
        entry.prove_seconds = median(entry.all.iter().map(|(prove, ..)| *prove), f64::total_cmp);
        entry.verify_seconds = median(entry.all.iter().map(|(_, verify, _)| *verify), f64::total_cmp);
        entry.gas = median(entry.all.iter().map(|(.., gas)| *gas), u64::cmp);
    }

    /// Proofs of all kinds.
    pub(super) fn proofs(&self) -> usize {
        self.0.iter().map(|entry| entry.proofs).sum()
    }

    /// For people.
    pub(super) fn table(&self) -> String {
        let heading =
            ["proof of", "proofs", "prove", "proof", "verify", "gas of a post", "gas of the key", "model id"];
        let mut rows = vec![heading.map(String::from).to_vec()];
        rows.extend(self.0.iter().map(|entry| {
            vec![
                entry.of.clone(),
                entry.proofs.to_string(),
                format::seconds(entry.prove_seconds),
                format::bytes(entry.proof_bytes as u64),
                format::seconds(entry.verify_seconds),
                format::count(entry.gas),
                format::count(entry.register_gas),
                format!("{:.8}..", entry.model_id),
            ]
        }));
        format::table(&rows)
    }
}

/// The one in the middle, or the upper of two; nothing without any.
fn median<T: Default + Copy>(
    values: impl Iterator<Item = T>,
    order: impl Fn(&T, &T) -> std::cmp::Ordering,
) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_by(order);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_in_the_middle() {
        assert_eq!(median([3, 1, 2].into_iter(), u64::cmp), 2);
        assert_eq!(median([0.5, -1.0].into_iter(), f64::total_cmp), 0.5);
        assert_eq!(median([].into_iter(), u64::cmp), 0);
    }
}
