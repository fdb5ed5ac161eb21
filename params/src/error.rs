//! What can be wrong with a string or its file, each with the file's name and the mend.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::check::PowersCheck;
use crate::srs::MAX_LOG_SIZE;

/// Why a string could not be made, imported, written or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SrsError {
    /// The operating system refused a read or a write.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was attempted, as a verb.
        doing: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// The file does not start as a Sumcast parameter file does.
    #[error(
        "{} is not a Sumcast parameter file: its first eight bytes are not the magic; import a .ptau with `sumcast params import`, or make a development file with `sumcast params new`",
        path.display()
    )]
    NotSrs {
        /// The file.
        path: PathBuf,
    },
    /// The file does not start as a snarkjs powers-of-tau file does.
    #[error(
        "{} is not a powers-of-tau file: its first four bytes are not `ptau`; give the .ptau that snarkjs made or a ceremony published",
        path.display()
    )]
    NotPtau {
        /// The file.
        path: PathBuf,
    },
    /// The file is of a format version this build does not read.
    #[error(
        "{} is of format version {found}, and this build reads version {known}; use the release that wrote it, or make the file again",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: u32,
        /// The version this build reads.
        known: u32,
    },
    /// The file ends before what its header announces.
    #[error(
        "{} is truncated: {found} bytes where at least {expected} are announced; remove it, and copy, download or make it again",
        path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes that the header announces, as far as it could be read.
        expected: u64,
        /// Bytes in the file.
        found: u64,
    },
    /// The file goes on after what its header announces.
    #[error(
        "{} has {found} bytes where {expected} are announced; remove it, and copy, download or make it again",
        path.display()
    )]
    TrailingBytes {
        /// The file.
        path: PathBuf,
        /// Bytes that the header announces.
        expected: u64,
        /// Bytes in the file.
        found: u64,
    },
    /// A parameter file whose content does not match its digests or its own rules.
    #[error("{} is damaged: {part}; remove it, and copy or make it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        part: Part,
    },
    /// A point that is none of its group, or that no power of `tau` can be.
    #[error(
        "{}: the {group} point of tau^{exponent} {fault}; the file must not be used, get it again from its source",
        path.display()
    )]
    Point {
        /// The file.
        path: PathBuf,
        /// The group.
        group: Group,
        /// The exponent of `tau`.
        exponent: u64,
        /// What is wrong with the point.
        fault: PointFault,
    },
    /// More powers were asked for than the file holds.
    #[error(
        "{} holds 2^{have} powers and 2^{asked} are asked for; ask for at most 2^{have}, or give a larger file",
        path.display()
    )]
    TooSmall {
        /// The file.
        path: PathBuf,
        /// Base-2 logarithm of the powers in the file.
        have: u32,
        /// Base-2 logarithm of the powers asked for.
        asked: u32,
    },
    /// A size that no string has.
    #[error("a size of 2^{asked} powers is out of range; ask for at most 2^{MAX_LOG_SIZE}")]
    LogSize {
        /// Base-2 logarithm of the powers asked for.
        asked: u32,
    },
    /// A section of a powers-of-tau file that is not as the format says.
    #[error(
        "{}: section {section} of the powers-of-tau file {fault}; download or make it again",
        path.display()
    )]
    Section {
        /// The file.
        path: PathBuf,
        /// The section's number in the format.
        section: u32,
        /// What is wrong with it.
        fault: SectionFault,
    },
    /// A powers-of-tau file over another curve.
    #[error(
        "{} is not over BN254 (snarkjs calls it bn128): its base field is another one; give a bn128 file",
        path.display()
    )]
    WrongCurve {
        /// The file.
        path: PathBuf,
    },
    /// A powers-of-tau file whose header announces an impossible size.
    #[error(
        "{}: its header announces 2^{power} powers of a ceremony of 2^{ceremony_power}, where 1 to {MAX_LOG_SIZE} is possible; download or make it again",
        path.display()
    )]
    Power {
        /// The file.
        path: PathBuf,
        /// The file's own power.
        power: u32,
        /// The power of the ceremony it was cut from.
        ceremony_power: u32,
    },
    /// Points that are not the powers of one `tau`.
    #[error(
        "{}: {check}; the file must not be used, get it again from its source",
        path.display()
    )]
    Inconsistent {
        /// The file.
        path: PathBuf,
        /// The check that failed.
        check: PowersCheck,
    },
    /// No variable says where the cache lies.
    #[error(
        "no cache directory: set SUMCAST_CACHE to a directory, or XDG_CACHE_HOME or HOME, or name a parameter file"
    )]
    NoCacheDirectory,
}

impl SrsError {
    /// Attaches the file and the act to an [`io::Error`], for `map_err`.
    pub(crate) fn io(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), doing, source }
    }
}

/// The part of a parameter file that is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The header's size field holds a value out of `0..=28`.
    LogSize(u32),
    /// The header, G2 points or digest table do not match their digest.
    Head,
    /// The header's provenance is of no known kind.
    Provenance,
    /// G1 powers `first..=last` do not match their digest.
    Powers {
        /// Exponent of the chunk's first power.
        first: u64,
        /// Exponent of the chunk's last power.
        last: u64,
    },
    /// The powers are intact but cannot be powers of one `tau`.
    Check(PowersCheck),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogSize(found) => {
                write!(f, "its size field is {found}, out of 0..={MAX_LOG_SIZE}")
            }
            Self::Head => f.write_str("its header does not match its digest"),
            Self::Provenance => f.write_str("its provenance is of no known kind"),
            Self::Powers { first, last } => {
                write!(f, "powers {first} to {last} do not match their digest")
            }
            Self::Check(check) => check.fmt(f),
        }
    }
}

/// One of the two groups of the pairing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The group of commitments.
    G1,
    /// The group of the verifier's powers.
    G2,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::G1 => "G1",
            Self::G2 => "G2",
        })
    }
}

/// What is wrong with a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointFault {
    /// A coordinate is not below the base field's modulus.
    NotReduced,
    /// It is the point at infinity, the power of no nonzero `tau`.
    Infinity,
    /// It does not satisfy the curve's equation.
    NotOnCurve,
    /// It is on the curve of G2 and out of the subgroup of prime order.
    NotInSubgroup,
}

impl fmt::Display for PointFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotReduced => "has a coordinate that is not reduced",
            Self::Infinity => "is the point at infinity",
            Self::NotOnCurve => "is not on the curve",
            Self::NotInSubgroup => "is not in the subgroup of prime order",
        })
    }
}

/// What is wrong with a section of a powers-of-tau file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionFault {
    /// The file has none of this number.
    Missing,
    /// The file has two of this number.
    Repeated,
    /// Its length is not the one that the header's power gives.
    Length {
        /// Bytes that the power gives.
        expected: u64,
        /// Bytes that the section announces.
        found: u64,
    },
}

impl fmt::Display for SectionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Repeated => f.write_str("is there twice"),
            Self::Length { expected, found } => {
                write!(f, "is {found} bytes long where its power gives {expected}")
            }
        }
    }
}
