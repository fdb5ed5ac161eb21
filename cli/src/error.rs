//! Errors and their exit codes.

use std::fmt;

/// The result of everything a command does; an error is a sentence that names the file, the field and the mend.
pub(crate) type Result<T> = anyhow::Result<T>;

/// A proof or a check was rejected: exit code 1, where every other error is 2.
#[derive(Debug)]
pub(crate) struct Rejected(pub(crate) String);

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Rejected {}

/// Exit code of an error.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<Rejected>() { 1 } else { 2 }
}
