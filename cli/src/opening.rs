//! The file that opens the commitments of a proof's statement: what `prove`, `synthesize` and others write next to a proof with
//! hidden tensors, and `reveal` and `verify` read.
//!
//! One JSON object:
//!
//! | field | holds |
//! |---|---|
//! | `format` | `"sumcast opening 1"` |
//! | `model_id`, `context` | those of the proof, in hexadecimal |
//! | `tensors` | one object for each committed tensor |
//! | - `tensor` | its number in the statement |
//! | - `role`, `name` | `"input"` or `"output"`, and the tensor's name: an output's is that in the ONNX file |
//! | - `integers` | its integers, in decimal and as strings, since JSON's own numbers are short |
//! | - `values` | the real numbers they stand for; for people, not read back |
//! | - `blinds` | the blinding factor of each of its commitments, 32 bytes big-endian in hexadecimal |
//!
//! Whoever has an entry of `tensors` can show the values of that tensor, so the file is as secret as they are. An
//! entry opens its own tensor alone: a file without the others reveals the others to nobody.

use crate::error::Result;
use crate::files;
use crate::summary::{real, role};
use anyhow::{anyhow, bail};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;
use sumcast_prover::TensorOpening;
use sumcast_verifier::ProofFile;
use sumcast_verifier::encoding::{Reader, scalar_bytes};
use sumcast_verifier::vk::{Program, limits};

/// The value of `format`.
const FORMAT: &str = "sumcast opening 1";

/// An opening file.
#[derive(Serialize, Deserialize)]
pub(crate) struct OpeningFile {
    format: String,
    /// Of the proof's model.
    pub(crate) model_id: String,
    /// Of the proof.
    pub(crate) context: String,
    /// What opens each committed tensor, or some of them.
    pub(crate) tensors: Vec<Entry>,
}

/// What opens one tensor.
#[derive(Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Its number in the statement.
    pub(crate) tensor: usize,
    /// `input` or `output`, as the file says.
    pub(crate) role: String,
    /// For people.
    #[serde(default)]
    pub(crate) name: String,
    /// In decimal.
    pub(crate) integers: Vec<String>,
    /// For people; the integers count.
    #[serde(default, skip_deserializing)]
    values: Vec<f64>,
    /// In hexadecimal.
    blinds: Vec<String>,
}

impl OpeningFile {
    /// The file for a proof. `names` are those of the statement's tensors.
    pub(crate) fn new(
        program: &Program,
        names: &[String],
        proof: &ProofFile,
        openings: &[TensorOpening],
    ) -> Self {
        let entry = |opening: &TensorOpening| {
            let spec = program.tensors.get(opening.tensor)?;
            Some(Entry {
                tensor: opening.tensor,
                role: role(spec.role).to_owned(),
                name: names.get(opening.tensor).map_or(role(spec.role), String::as_str).to_owned(),
                integers: opening.values.iter().map(ToString::to_string).collect(),
                values: opening.values.iter().map(|value| real(spec, *value)).collect(),
                blinds: opening.blinds.iter().map(|blind| hex::encode(scalar_bytes(blind))).collect(),
            })
        };
        Self {
            format: FORMAT.to_owned(),
            model_id: hex::encode(proof.model_id),
            context: hex::encode(proof.statement.context),
            tensors: openings.iter().filter_map(entry).collect(),
        }
    }

    /// Its bytes.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads a file. Whether it opens anything is for [`TensorOpening::check`] to say.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = files::read_small(path)?;
        Self::parse(&bytes).map_err(|error| {
            anyhow!("{} is not an opening that `sumcast prove` wrote: {error:#}", path.display())
        })
    }

    /// Why it does not open a proof, if it is of another one.
    pub(crate) fn foreign(&self, path: &Path, proof: &ProofFile, at: &Path) -> Option<String> {
        let own = (&hex::encode(proof.model_id), &hex::encode(proof.statement.context));
        ((&self.model_id, &self.context) != own).then(|| {
            format!(
                "{}: it opens a proof for model {} with context {}, not {}",
                path.display(),
                self.model_id,
                self.context,
                at.display()
            )
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let file: Self = serde_json::from_slice(bytes)?;
        if file.format != FORMAT {
            bail!("its \"format\" is {:?}, and this version reads {FORMAT:?}", file.format);
        }
        let mut seen = BTreeSet::new();
        for (i, entry) in file.tensors.iter().enumerate() {
            if !seen.insert(entry.tensor) || entry.tensor >= limits::TENSORS {
                bail!("\"tensors\"[{i}] is tensor {}: each is there once, from 0", entry.tensor);
            }
            entry.opening().map_err(|error| anyhow!("\"tensors\"[{i}]: {error}"))?;
        }
        Ok(file)
    }
}

impl Entry {
    /// What it opens its tensor with.
    pub(crate) fn opening(&self) -> Result<TensorOpening> {
        let integer = |(i, text): (usize, &String)| {
            text.parse().map_err(|_| anyhow!("\"integers\"[{i}] is not an integer of at most 128 bits"))
        };
        let blind = |(i, text): (usize, &String)| {
            let wrong = || anyhow!("\"blinds\"[{i}] is not 64 hexadecimal digits below the group's order");
            let mut bytes = [0; 32];
            hex::decode_to_slice(text.as_bytes(), &mut bytes).map_err(|_| wrong())?;
            Reader::new(&bytes).scalar().map_err(|_| wrong())
        };
        Ok(TensorOpening {
            tensor: self.tensor,
            values: self.integers.iter().enumerate().map(integer).collect::<Result<_>>()?,
            blinds: self.blinds.iter().enumerate().map(blind).collect::<Result<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        OpeningFile::parse(text.as_bytes()).err().map_or_else(|| "none".into(), |error| format!("{error:#}"))
    }

    /// A file of one entry with these fields.
    fn with(entry: &str) -> String {
        let head = r#""format": "sumcast opening 1", "model_id": "", "context": """#;
        format!(r#"{{{head}, "tensors": [{entry}]}}"#)
    }

    #[test]
    fn entries_are_read_or_refused() {
        let (zero, one) = ("0".repeat(64), format!("{}1", "0".repeat(63)));
        let order = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
        let entry = |number: &str, integer: &str, blind: &str| {
            format!(
                r#"{{"tensor": {number}, "role": "input", "integers": [{integer}], "blinds": ["{blind}"]}}"#
            )
        };
        let good = OpeningFile::parse(with(&entry("1", r#""-7", "8""#, &one)).as_bytes()).unwrap();
        let opening = good.tensors[0].opening().unwrap();
        assert_eq!((opening.tensor, opening.values), (1, vec![-7, 8]));
        assert_eq!(opening.blinds, [1u64.into()]);
        for (text, expected) in [
            (with(&entry("0", "7", &zero)), "expected a string"),
            (with(&entry("0", r#""7.0""#, &zero)), "\"integers\"[0]"),
            (with(&entry("0", &format!(r#""{}""#, "9".repeat(40)), &zero)), "\"integers\"[0]"),
            (with(&entry("0", r#""7""#, "00")), "\"blinds\"[0]"),
            (with(&entry("0", r#""7""#, &"g".repeat(64))), "\"blinds\"[0]"),
            (with(&entry("0", r#""7""#, order)), "\"blinds\"[0]"),
            (with(&entry("-1", r#""7""#, &zero)), "expected usize"),
            (with(&entry("64", r#""7""#, &zero)), "tensor 64"),
            (with(&[entry("0", "", &zero), entry("0", "", &zero)].join(", ")), "each is there once"),
            (with("{}"), "missing field"),
            (with("3"), "expected struct Entry"),
            (with(&"[".repeat(1 << 16)), "expected usize"),
            (with("").replace("opening 1", "opening 2"), "this version reads"),
            ("{}".into(), "missing field"),
            ("[]".into(), "invalid"),
            (String::new(), "EOF"),
        ] {
            let found = fault(&text);
            assert!(found.contains(expected), "{text:.200}: {found}");
        }
    }
}
