//! What is wrong with files, in a sentence.

use object_store::path::Path;
use std::error::Error as _;

/// What a store says of a bucket that is not there.
const NO_BUCKET: &str = "NoSuchBucket";

/// The longest that is repeated of what a store says.
const LONGEST: usize = 300;

/// A file could not be written, read, listed or removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot {doing} {file}: {why}")]
pub struct FileError {
    doing: &'static str,
    file: String,
    why: String,
    kind: Kind,
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// There is no such file, or not even the bucket that it would be in.
    Missing,
    /// The store has answered that it does not do this.
    Refused,
    /// Anything else: nobody has answered, there is no room.
    Other,
}

impl FileError {
    pub(super) fn new(doing: &'static str, file: &Path, error: &object_store::Error) -> Self {
        let said = error.to_string();
        // Of what a store says, only this: the rest repeats the request.
        let code = element(&said, "Code");
        let kind = match error {
            _ if code == Some(NO_BUCKET) => Kind::Missing,
            object_store::Error::NotFound { .. } => Kind::Missing,
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                Kind::Refused
            }
            _ if code.is_some() => Kind::Refused,
            _ => Kind::Other,
        };
        let why = match code {
            Some(code) => match element(&said, "Message").filter(|message| !message.is_empty()) {
                Some(message) => format!("{code}: {message}"),
                None => code.to_owned(),
            },
            None => innermost(error),
        };
        let why = why.chars().take(LONGEST).collect();
        Self { doing, file: file.to_string(), why, kind }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }
}

/// Whether a file is not there, in a place that is.
pub(super) fn is_no_file(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { .. })
        && element(&error.to_string(), "Code").is_none_or(|code| code != NO_BUCKET)
}

/// What caused it, up to where a page or a document begins.
fn innermost(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut inner = error.source();
    while let Some(error) = inner {
        text = error.to_string();
        inner = error.source();
    }
    text.split('<').next().unwrap_or_default().trim_end_matches([':', ' ']).to_owned()
}

/// What an element of XML holds.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once("</").map(|(held, _)| held)
}
