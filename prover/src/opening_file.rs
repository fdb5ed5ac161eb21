//! The file that opens the commitments of a proof's statement, which goes with a proof that has hidden tensors.
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

use crate::TensorOpening;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use sumcast_verifier::ProofFile;
use sumcast_verifier::encoding::{Reader, scalar_bytes};
use sumcast_verifier::vk::{Program, Role, Visibility, limits};
use thiserror::Error;

/// The value of `format`.
const FORMAT: &str = "sumcast opening 1";

/// Why bytes are no opening file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct OpeningFileError(String);

/// An opening file.
#[derive(Serialize, Deserialize)]
pub struct OpeningFile {
    format: String,
    /// Of the proof's model.
    pub model_id: String,
    /// Of the proof.
    pub context: String,
    /// What opens each committed tensor, or some of them.
    pub tensors: Vec<OpeningEntry>,
}

/// What opens one tensor.
#[derive(Serialize, Deserialize)]
pub struct OpeningEntry {
    /// Its number in the statement.
    pub tensor: usize,
    /// `input` or `output`, as the file says.
    pub role: String,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// In decimal.
    pub integers: Vec<String>,
    /// For people; the integers count.
    #[serde(default, skip_deserializing)]
    values: Vec<f64>,
    /// In hexadecimal.
    blinds: Vec<String>,
}

/// Without what is secret.
impl fmt::Debug for OpeningFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpeningFile").field("model_id", &self.model_id).finish_non_exhaustive()
    }
}

/// Without what is secret.
impl fmt::Debug for OpeningEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpeningEntry").field("tensor", &self.tensor).finish_non_exhaustive()
    }
}

impl OpeningFile {
    /// The file for a proof. `names` are those of the statement's tensors.
    pub fn new(program: &Program, names: &[String], proof: &ProofFile, openings: &[TensorOpening]) -> Self {
        let entry = |opening: &TensorOpening| {
            let spec = program.tensors.get(opening.tensor)?;
            let role = match spec.role {
                Role::Input => "input",
                Role::Output => "output",
            };
            let real = |value: &i128| *value as f64 / 2f64.powi(spec.fraction.into());
            Some(OpeningEntry {
                tensor: opening.tensor,
                role: role.to_owned(),
                name: names.get(opening.tensor).map_or(role, String::as_str).to_owned(),
                integers: opening.values.iter().map(ToString::to_string).collect(),
                values: opening.values.iter().map(real).collect(),
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
    ///
    /// # Errors
    /// None that is known: text and numbers have JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, OpeningFileError> {
        let bytes = serde_json::to_vec_pretty(self);
        let mut bytes = bytes.map_err(|error| OpeningFileError(error.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Of the inputs of a program, the committed one that the file opens as it is in `inputs`, the last if there are
    /// several: what makes a state's commitment that of an earlier proof.
    pub fn known(&self, program: &Program, inputs: &[Vec<i128>]) -> Option<TensorOpening> {
        // The state is the last input; one before it may be a model's, which is committed, too.
        let inputs = program.tensors.iter().zip(inputs).enumerate();
        let mut committed = inputs.filter(|(_, (spec, _))| spec.visibility == Visibility::Committed);
        let (tensor, (_, values)) = committed.next_back()?;
        let openings = self.tensors.iter().filter_map(|entry| entry.opening().ok());
        let opening = openings.into_iter().find(|opening| opening.values == *values)?;
        Some(TensorOpening { tensor, ..opening })
    }

    /// Reads a file. Whether it opens anything is for [`TensorOpening::check`] to say.
    ///
    /// # Errors
    /// [`OpeningFileError`]: what is wrong with it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OpeningFileError> {
        let file: Self =
            serde_json::from_slice(bytes).map_err(|error| OpeningFileError(error.to_string()))?;
        if file.format != FORMAT {
            let found = &file.format;
            return Err(OpeningFileError(format!(
                "its \"format\" is {found:?}, and this version reads {FORMAT:?}"
            )));
        }
        let mut seen = BTreeSet::new();
        for (i, entry) in file.tensors.iter().enumerate() {
            if !seen.insert(entry.tensor) || entry.tensor >= limits::TENSORS {
                return Err(OpeningFileError(format!(
                    "\"tensors\"[{i}] is tensor {}: each is there once, from 0",
                    entry.tensor
                )));
            }
            entry.opening().map_err(|error| OpeningFileError(format!("\"tensors\"[{i}]: {error}")))?;
        }
        Ok(file)
    }
}

impl OpeningEntry {
    /// What it opens its tensor with.
    ///
    /// # Errors
    /// [`OpeningFileError`]: which of its numbers is none.
    pub fn opening(&self) -> Result<TensorOpening, OpeningFileError> {
        let integer = |(i, text): (usize, &String)| {
            let wrong = || format!("\"integers\"[{i}] is not an integer of at most 128 bits");
            text.parse().map_err(|_| OpeningFileError(wrong()))
        };
        let blind = |(i, text): (usize, &String)| {
            let wrong = || format!("\"blinds\"[{i}] is not 64 hexadecimal digits below the group's order");
            let wrong = || OpeningFileError(wrong());
            let mut bytes = [0; 32];
            hex::decode_to_slice(text.as_bytes(), &mut bytes).map_err(|_| wrong())?;
            Reader::new(&bytes).scalar().map_err(|_| wrong())
        };
        Ok(TensorOpening {
            tensor: self.tensor,
            values: self.integers.iter().enumerate().map(integer).collect::<Result<_, _>>()?,
            blinds: self.blinds.iter().enumerate().map(blind).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        OpeningFile::from_bytes(text.as_bytes())
            .err()
            .map_or_else(|| "none".into(), |error| error.to_string())
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
        let good = OpeningFile::from_bytes(with(&entry("1", r#""-7", "8""#, &one)).as_bytes()).unwrap();
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
            (with("3"), "expected struct OpeningEntry"),
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
