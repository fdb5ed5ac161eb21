//! The proving key: a relation, its fixed cells, and their commitments.

use crate::Backend;
use crate::commit::commit_small_rows;
use sumcast_params::{Provenance, Srs};
use sumcast_verifier::vk::{Key, Program, SrsKind, SrsPoints};
use sumcast_verifier::{KeyError, opening::low_variables};
use thiserror::Error;

/// Everything the prover needs besides the SRS and the witness.
#[derive(Clone, Debug)]
pub struct ProvingKey {
    /// The verifying key.
    pub key: Key,
    /// The fixed rows, one after another.
    pub fixed: Vec<i64>,
}

/// Why a relation cannot be set up, or a key used, with an SRS.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SetupError {
    /// The program is ill-formed.
    #[error(transparent)]
    Program(#[from] KeyError),
    /// The SRS is too short.
    #[error("the SRS has 2^{have} powers and the model needs 2^{need}: take a larger one, or more rows")]
    TooShort {
        /// Log2 of the powers there are.
        have: u32,
        /// Log2 of the powers needed.
        need: u8,
    },
    /// The SRS is not the one of the key.
    #[error(
        "the model was compiled with another SRS: give the one it was compiled with, or compile it again"
    )]
    OtherSrs,
    /// The number of fixed cells is not that of the program's fixed rows.
    #[error("{found} fixed cells where the program has {expected}")]
    FixedCells {
        /// Cells given.
        found: usize,
        /// Cells of the program.
        expected: usize,
    },
}

/// The points of an SRS that a verifier needs for rows of `2^row_log`.
fn srs_points(srs: &Srs, row_log: u8) -> Result<SrsPoints, SetupError> {
    let too_short = SetupError::TooShort { have: srs.log_size(), need: row_log };
    if srs.log_size() < row_log.into() {
        return Err(too_short);
    }
    let t = low_variables(row_log.into()) as u32;
    Ok(SrsPoints {
        kind: match srs.provenance() {
            Provenance::Development => SrsKind::Development,
            Provenance::Ceremony(_) => SrsKind::Ceremony,
            Provenance::Imported { .. } => SrsKind::Imported,
        },
        tau: srs.tau_g2(0).ok_or_else(|| too_short.clone())?,
        tau_b: srs.tau_g2(t).ok_or(too_short)?,
    })
}

impl ProvingKey {
    /// Commits the fixed rows.
    ///
    /// # Errors
    /// [`SetupError`] when the program is ill-formed, does not fit the cells, or the SRS is too short.
    pub fn setup(
        program: Program,
        fixed: Vec<i64>,
        srs: &Srs,
        backend: &dyn Backend,
    ) -> Result<Self, SetupError> {
        program.check()?;
        let expected = usize::from(program.fixed_rows) << program.row_log;
        if fixed.len() != expected {
            return Err(SetupError::FixedCells { found: fixed.len(), expected });
        }
        let points = srs_points(srs, program.row_log)?;
        let commitments = commit_small_rows(srs.g1(), &fixed, program.row_log, backend);
        Ok(Self { key: Key { srs: points, program, fixed: commitments }, fixed })
    }

    /// That this SRS is the one of the key, and long enough.
    ///
    /// # Errors
    /// [`SetupError::OtherSrs`] or [`SetupError::TooShort`].
    pub fn check_srs(&self, srs: &Srs) -> Result<(), SetupError> {
        let points = srs_points(srs, self.key.program.row_log)?;
        if points.tau == self.key.srs.tau && points.tau_b == self.key.srs.tau_b {
            Ok(())
        } else {
            Err(SetupError::OtherSrs)
        }
    }
}
