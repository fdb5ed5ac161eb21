//! One answer of a node, and its fields.

use super::super::Decimal;
use super::ImportError;
use serde_json::Value;
use std::str::FromStr;

/// A part of an answer that knows where it is.
#[derive(Clone, Debug)]
pub(super) struct Answer<'a> {
    /// What was asked for.
    name: String,
    /// Where it was asked for.
    path: &'static str,
    /// The fields that lead here.
    field: String,
    value: &'a Value,
}

impl<'a> Answer<'a> {
    /// A whole answer, if it is none that says what went wrong.
    pub(super) fn new(
        name: impl Into<String>,
        path: &'static str,
        value: &'a Value,
    ) -> Result<Self, ImportError> {
        let name = name.into();
        if let (Some(code), Some(Value::String(message))) =
            (value.get("code").and_then(Value::as_i64), value.get("message"))
        {
            return Err(ImportError::Refused { answer: name, code, message: message.clone(), path });
        }
        Ok(Self { name, path, field: String::new(), value })
    }

    /// A field that has to be there.
    pub(super) fn get(&self, field: &str) -> Result<Answer<'a>, ImportError> {
        self.optional(field).ok_or_else(|| ImportError::Missing {
            answer: self.name.clone(),
            field: self.join(field),
            path: self.path,
        })
    }

    /// A field, if it is there and not null.
    pub(super) fn optional(&self, field: &str) -> Option<Answer<'a>> {
        let value = self.value.get(field).filter(|value| !value.is_null())?;
        Some(self.at(self.join(field), value))
    }

    /// The block height that a bundle of losses is about.
    pub(super) fn reputer_nonce(&self) -> Result<Answer<'a>, ImportError> {
        self.get("reputer_request_nonce")?.get("reputer_nonce")?.get("block_height")
    }

    /// The elements of a list.
    pub(super) fn list(&self) -> Result<Vec<Answer<'a>>, ImportError> {
        let list = self.value.as_array().ok_or_else(|| self.malformed("a list is expected"))?;
        Ok(list.iter().enumerate().map(|(i, value)| self.at(format!("{}[{i}]", self.field), value)).collect())
    }

    /// The elements of a list field; none if it is not there, as of lists that are empty.
    pub(super) fn elements(&self, field: &str) -> Result<Vec<Answer<'a>>, ImportError> {
        self.optional(field).map_or(Ok(Vec::new()), |list| list.list())
    }

    /// Whether it is a list.
    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// A decimal number.
    pub(super) fn decimal(&self) -> Result<Decimal, ImportError> {
        match self.value {
            Value::String(text) => {
                text.parse().map_err(|error: super::super::DecimalError| self.malformed(&error.to_string()))
            }
            _ => Err(self.malformed("a decimal number in a string is expected, as the chain has them")),
        }
    }

    /// An integer, which the chain has in a string.
    pub(super) fn integer<T: FromStr>(&self) -> Result<T, ImportError> {
        let text = match self.value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.to_string().parse().ok(),
            _ => None,
        };
        text.ok_or_else(|| self.malformed("an integer of 0 or above is expected"))
    }

    /// A text.
    pub(super) fn text(&self) -> Result<String, ImportError> {
        self.value.as_str().map(str::to_owned).ok_or_else(|| self.malformed("a text is expected"))
    }

    /// The error that this holds what it should not.
    pub(super) fn malformed(&self, expected: &str) -> ImportError {
        ImportError::Malformed {
            answer: self.name.clone(),
            field: if self.field.is_empty() { "its whole".to_owned() } else { self.field.clone() },
            found: self.value.to_string().chars().take(80).collect(),
            expected: expected.to_owned(),
        }
    }

    fn join(&self, field: &str) -> String {
        if self.field.is_empty() { field.to_owned() } else { format!("{}.{field}", self.field) }
    }

    fn at(&self, field: String, value: &'a Value) -> Answer<'a> {
        Answer { name: self.name.clone(), path: self.path, field, value }
    }
}

/// That an integer field is the one expected.
pub(super) fn expect(answer: &Answer<'_>, expected: u64, what: &str) -> Result<(), ImportError> {
    if answer.integer::<u64>()? == expected {
        return Ok(());
    }
    Err(answer.malformed(&format!("{expected} is expected, {what}; are the answers of one epoch?")))
}

/// The value in an answer about a worker's regret, from an object with one answer for each worker.
pub(super) fn regret(
    name: &'static str,
    path: &'static str,
    answers: Option<&Value>,
    worker: &str,
) -> Result<Decimal, ImportError> {
    let nobody = || ImportError::Nobody { answer: name, address: worker.to_owned(), path };
    let value = answers.and_then(|answers| answers.get(worker)).ok_or_else(nobody)?;
    Answer::new(format!("{name} of {worker}"), path, value)?.get("regret")?.get("value")?.decimal()
}
