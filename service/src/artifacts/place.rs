//! Where files are, as the settings have it.

use object_store::path::Path;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Lengths that a bucket's name may have.
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=63;

/// Where the files of jobs are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// A folder, which the processes of a service share.
    Folder(PathBuf),
    /// A bucket of an S3-compatible store: `s3://BUCKET/PREFIX`.
    Bucket(Bucket),
}

/// A bucket of an S3-compatible store. How it is reached, and by what right, is the environment's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub(super) name: String,
    /// What all names in it begin with; nothing where the bucket is the service's alone.
    pub(super) prefix: Path,
}

impl FromStr for Place {
    type Err = String;

    /// Reads it. An error does not repeat it: somebody may have written a secret into it.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once("://") {
            Some(("s3", rest)) => Bucket::parse(rest).map(Self::Bucket),
            Some(_) => Err("artifacts is neither s3://BUCKET/PREFIX nor a folder".into()),
            None if text.is_empty() => {
                Err("artifacts is empty: leave it out, or give a folder or s3://BUCKET/PREFIX".into())
            }
            None => Ok(Self::Folder(text.into())),
        }
    }
}

impl Bucket {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, prefix) = text.split_once('/').unwrap_or((text, ""));
        let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
        if !LENGTHS.contains(&name.len()) || !name.bytes().all(fits) || name.contains("..") {
            return Err("artifacts names no bucket: in s3://BUCKET/PREFIX, BUCKET has 3 to 63 lower-case letters, digits, \
                        '.' and '-', and nothing beside it; keys are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                .into());
        }
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let segment = |text: &str| text.bytes().all(fits) && text.bytes().any(|byte| byte != b'.');
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        if !prefix.is_empty() && !prefix.split('/').all(segment) {
            return Err("artifacts has a prefix that names could not begin with: in s3://BUCKET/PREFIX, PREFIX has letters, \
                        digits, '.', '_' and '-', with single '/' between"
                .into());
        }
        Ok(Self { name: name.into(), prefix: prefix.into() })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Bucket(bucket) => bucket.fmt(f),
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, prefix } = self;
        match prefix.as_ref() {
            "" => write!(f, "s3://{name}"),
            prefix => write!(f, "s3://{name}/{prefix}"),
        }
    }
}

impl TryFrom<String> for Place {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_or_a_bucket() {
        for (text, shown) in [
            ("s3://sumcast", "s3://sumcast"),
            ("s3://sumcast/", "s3://sumcast"),
            ("s3://a.b-1/service/of_1", "s3://a.b-1/service/of_1"),
            ("s3://sumcast/service/", "s3://sumcast/service"),
            ("/mnt/shared", "/mnt/shared"),
            ("folder", "folder"),
        ] {
            let place: Place = text.parse().unwrap();
            assert_eq!(place.to_string(), shown);
            assert_eq!(shown.parse(), Ok(place.clone()));
            assert_eq!(matches!(place, Place::Bucket(_)), text.starts_with("s3:"), "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_refused_and_not_repeated() {
        for text in [
            "",
            "s3://",
            "s3:///service",
            "s3://ab",
            "s3://Sumcast",
            "s3://AKIAKEY:secret@sumcast/service",
            "s3://key:secret@sumcast",
            "s3://sum..cast",
            "s3://sumcast//service",
            "s3://sumcast/../other",
            "s3://sumcast/secret?endpoint=x",
            "s3://sumcast/a secret",
            "gs://secret",
            "https://key:secret@sumcast.s3.amazonaws.com/",
        ] {
            let refused = text.parse::<Place>().unwrap_err();
            assert!(refused.starts_with("artifacts ") && !refused.contains("secret"), "{text}: {refused}");
        }
    }
}
