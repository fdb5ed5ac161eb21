//! A proof and its bytes (`docs/protocol.md` 9).

use crate::encoding::{Reader, point_bytes, scalar_bytes};
use crate::opening::Opening;
use crate::relation::ClaimList;
use crate::sumcheck::RoundPolynomial;
use crate::vk::{Program, limits};
use crate::{DecodeError, Fr, G1Affine, Statement, VerifyError};

/// The lengths of a proof's parts, which follow from the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Witness commitments, `n_A`.
    pub witness: usize,
    /// Helper commitments, `n_H`.
    pub helper: usize,
    /// Rounds of S1, `N`.
    pub rounds: usize,
    /// Degree of the rounds of S1, `D`.
    pub degree: usize,
    /// Claims sent.
    pub claims: usize,
    /// Rounds of S2, `m`.
    pub row_log: usize,
    /// All rows.
    pub rows: usize,
}

impl Shape {
    /// The shape of a program's proofs.
    pub fn of(program: &Program) -> Self {
        Self {
            witness: program.witness_rows.into(),
            helper: program.helper_rows.into(),
            rounds: program.rounds().into(),
            degree: program.degree(),
            claims: ClaimList::sent(program),
            row_log: program.row_log.into(),
            rows: program.rows(),
        }
    }

    /// Bytes of the proof body.
    pub fn bytes(&self) -> usize {
        let points = self.witness.saturating_add(self.helper).saturating_add(7);
        let scalars = self
            .rounds
            .saturating_mul(self.degree)
            .saturating_add(self.claims)
            .saturating_add(self.row_log.saturating_mul(2))
            .saturating_add(self.rows)
            .saturating_add(7);
        points.saturating_mul(64).saturating_add(scalars.saturating_mul(32))
    }
}

/// The argument, without its statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Commitments of the witness rows.
    pub witness: Vec<G1Affine>,
    /// Commitments of the helper rows.
    pub helper: Vec<G1Affine>,
    /// Committed part of the linear parts at `tau`.
    pub linear: Fr,
    /// Rounds of S1.
    pub constraint_rounds: Vec<RoundPolynomial>,
    /// Committed parts of the claims.
    pub claims: Vec<Fr>,
    /// Rounds of S2.
    pub reduction_rounds: Vec<RoundPolynomial>,
    /// `v_i`, the rows at `y`.
    pub rows: Vec<Fr>,
    /// The opening.
    pub opening: Opening,
}

impl Proof {
    /// Decodes the body of a proof of this shape.
    ///
    /// # Errors
    /// [`DecodeError`] when it is not canonical, too short or too long.
    pub fn from_bytes(bytes: &[u8], shape: &Shape) -> Result<Self, DecodeError> {
        match bytes.len().checked_sub(shape.bytes()) {
            None => return Err(DecodeError::Truncated),
            Some(0) => {}
            Some(more) => return Err(DecodeError::Trailing(more)),
        }
        let mut r = Reader::new(bytes);
        let rounds = |r: &mut Reader<'_>, count: usize, degree: usize| {
            (0..count)
                .map(|_| r.scalars(degree).map(|coefficients| RoundPolynomial { coefficients }))
                .collect::<Result<Vec<_>, _>>()
        };
        let proof = Self {
            witness: r.points(shape.witness)?,
            helper: r.points(shape.helper)?,
            linear: r.scalar()?,
            constraint_rounds: rounds(&mut r, shape.rounds, shape.degree)?,
            claims: r.scalars(shape.claims)?,
            reduction_rounds: rounds(&mut r, shape.row_log, 2)?,
            rows: r.scalars(shape.rows)?,
            opening: Opening::read(&mut r)?,
        };
        r.finish()?;
        Ok(proof)
    }

    /// The canonical bytes of the body.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.witness.iter().chain(&self.helper).flat_map(point_bytes));
        let scalars = std::iter::once(&self.linear)
            .chain(self.constraint_rounds.iter().flat_map(|r| &r.coefficients))
            .chain(&self.claims)
            .chain(self.reduction_rounds.iter().flat_map(|r| &r.coefficients))
            .chain(&self.rows);
        out.extend(scalars.flat_map(scalar_bytes));
        self.opening.write(&mut out);
        out
    }
}

const MAGIC: &[u8; 4] = b"SCPF";
const VERSION: u16 = 1;

/// A proof with its statement, as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofFile {
    /// The model it is for.
    pub model_id: [u8; 32],
    /// What it states.
    pub statement: Statement,
    /// The body of the proof; its shape is the key's, so it is decoded by [`crate::verify()`].
    pub body: Vec<u8>,
}

impl ProofFile {
    /// Decodes the statement and keeps the body.
    ///
    /// # Errors
    /// [`VerifyError::Magic`], [`VerifyError::Version`] or [`VerifyError::Encoding`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        let mut r = Reader::new(bytes);
        if r.bytes(4).ok() != Some(MAGIC) {
            return Err(VerifyError::Magic);
        }
        let version = r.u16()?;
        if version != VERSION {
            return Err(VerifyError::Version(version));
        }
        let (context, model_id) = (r.array()?, r.array()?);
        let tensors = usize::from(r.u8()?);
        if tensors > limits::PUBLIC {
            return Err(VerifyError::Public { tensor: tensors, reason: "more than the limit" });
        }
        let mut public = Vec::new();
        for _ in 0..tensors {
            let len = r.u32()? as usize;
            if r.remaining() / 16 < len {
                return Err(DecodeError::Truncated.into());
            }
            public.push((0..len).map(|_| r.i128()).collect::<Result<Vec<_>, _>>()?);
        }
        let body = r.bytes(r.remaining())?.to_vec();
        Ok(Self { model_id, statement: Statement { context, public }, body })
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(VERSION.to_be_bytes());
        out.extend(self.statement.context);
        out.extend(self.model_id);
        out.push(u8::try_from(self.statement.public.len()).unwrap_or(u8::MAX));
        for tensor in &self.statement.public {
            out.extend(u32::try_from(tensor.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend(tensor.iter().flat_map(|v| v.to_be_bytes()));
        }
        out.extend(&self.body);
        out
    }
}
