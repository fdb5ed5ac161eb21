//! What a proof of an epoch is of.

use clap::ValueEnum;
use serde::Serialize;
use std::fmt;
use sumcast_contracts::abi::EpochKind;

/// What `--kind` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Synthesis,
    Settlement,
}

impl Kind {
    /// The kind that a contract says, if it says one.
    pub(super) fn decode(kind: EpochKind) -> Option<Self> {
        match kind {
            EpochKind::Synthesis => Some(Self::Synthesis),
            EpochKind::Settlement => Some(Self::Settlement),
            EpochKind::None | EpochKind::__Invalid => None,
        }
    }

    /// As a contract takes it.
    pub(super) fn encode(self) -> EpochKind {
        match self {
            Self::Synthesis => EpochKind::Synthesis,
            Self::Settlement => EpochKind::Settlement,
        }
    }

    /// The command that takes its proofs.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Synthesis => "post",
            Self::Settlement => "settle",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Synthesis => "a synthesis",
            Self::Settlement => "a settlement",
        })
    }
}
