//! The proving key: a relation, its fixed cells, and their commitments.

use crate::Backend;
use crate::commit::commit_small_rows;
use crate::mask::{Blinding, fixed_tails};
use ark_bn254::{Fr, G1Projective};
use ark_ec::CurveGroup;
use std::fmt;
use std::sync::{Arc, OnceLock};
use sumcast_params::{Provenance, Srs};
use sumcast_verifier::KeyError;
use sumcast_verifier::vk::{Key, Program, SrsKind, SrsPoints};
use thiserror::Error;
use zeroize::Zeroizing;

/// Everything the prover needs besides the SRS and the witness.
#[derive(Clone)]
pub struct ProvingKey {
    /// The verifying key.
    pub key: Key,
    /// The fixed rows, one after another.
    pub fixed: Vec<i64>,
    /// What blinds their commitments; none where the model is public.
    pub(crate) tails: Zeroizing<Vec<Fr>>,
    /// Multiples of what blinds commitments, once there was a proof.
    pub(crate) blinding: Arc<OnceLock<Blinding>>,
}

impl fmt::Debug for ProvingKey {
    /// Without the weights and what blinds them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvingKey").field("key", &self.key).finish_non_exhaustive()
    }
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

/// Log2 of the powers that rows of `2^row_log` and their tails take.
pub fn srs_log(row_log: u8) -> u8 {
    row_log.saturating_add(1)
}

/// The points of an SRS that a verifier needs for rows of `2^row_log`.
fn srs_points(srs: &Srs, row_log: u8) -> Result<SrsPoints, SetupError> {
    let need = srs_log(row_log);
    if srs.log_size() < need.into() {
        return Err(SetupError::TooShort { have: srs.log_size(), need });
    }
    Ok(SrsPoints {
        kind: match srs.provenance() {
            Provenance::Development => SrsKind::Development,
            Provenance::Ceremony(_) => SrsKind::Ceremony,
            Provenance::Imported { .. } => SrsKind::Imported,
        },
        tau: srs.tau(),
    })
}

impl ProvingKey {
    /// Commits the fixed rows: blinded by the secret or, without one, so that whoever has the model gets the same
    /// key.
    ///
    /// # Errors
    /// [`SetupError`] when the program is ill-formed, does not fit the cells, or the SRS is too short.
    pub fn setup(
        program: Program,
        fixed: Vec<i64>,
        secret: Option<&[u8; 32]>,
        srs: &Srs,
        backend: &dyn Backend,
    ) -> Result<Self, SetupError> {
        program.check()?;
        let points = srs_points(srs, program.row_log)?;
        let row_log = program.row_log;
        let key = Key { srs: points, program, fixed: Vec::new() };
        let mut key = Self::new(key, fixed, secret)?;
        backend.prepare(srs);
        let mut rows = commit_small_rows(&srs.g1()[..1 << row_log], &key.fixed, row_log, backend);
        if !key.tails.is_empty() {
            key.blinding(srs).blind(&mut rows, &key.tails);
        }
        key.key.fixed = G1Projective::normalize_batch(&rows);
        Ok(key)
    }

    /// Of a key that was set up before, with the same fixed cells and secret; others give proofs that do not verify.
    ///
    /// # Errors
    /// [`SetupError::FixedCells`].
    pub fn new(key: Key, fixed: Vec<i64>, secret: Option<&[u8; 32]>) -> Result<Self, SetupError> {
        let rows = usize::from(key.program.fixed_rows);
        let expected = rows << key.program.row_log;
        if fixed.len() != expected {
            return Err(SetupError::FixedCells { found: fixed.len(), expected });
        }
        let tails = Zeroizing::new(secret.map_or_else(Vec::new, |secret| fixed_tails(secret, rows)));
        Ok(Self { key, fixed, tails, blinding: Arc::default() })
    }

    /// Multiples of what blinds commitments under this SRS, which is the key's.
    pub(crate) fn blinding(&self, srs: &Srs) -> &Blinding {
        self.blinding.get_or_init(|| Blinding::new(srs.g1(), self.key.program.row_log))
    }
}

/// That this SRS is the one of a key, and long enough.
///
/// # Errors
/// [`SetupError::OtherSrs`] or [`SetupError::TooShort`].
pub fn check_srs(key: &Key, srs: &Srs) -> Result<(), SetupError> {
    let points = srs_points(srs, key.program.row_log)?;
    if points.tau == key.srs.tau { Ok(()) } else { Err(SetupError::OtherSrs) }
}
