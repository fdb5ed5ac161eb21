//! A proof and its bytes (`docs/protocol.md` 9).

use crate::encoding::{Reader, point_bytes, scalar_bytes};
use crate::opening::Opening;
use crate::relation::ClaimList;
use crate::sumcheck::RoundPolynomial;
use crate::vk::{Program, degrees, limits};
use crate::{DecodeError, Fr, G1Affine, Statement, Tensor, VerifyError, mask};

/// The lengths of a proof's parts, which follow from the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Witness commitments, `n_A`.
    pub witness: usize,
    /// Helper commitments, `n_H`.
    pub helper: usize,
    /// Rounds of S1, `N`.
    pub rounds: usize,
    /// Degree of the rounds of S1 but the last, `D`.
    pub degree: usize,
    /// Degree of the last round of S1, `D_0`.
    pub last_degree: usize,
    /// Claims sent.
    pub claims: usize,
    /// Rounds of S2, `m`.
    pub row_log: usize,
    /// All rows, which the verifier folds.
    pub rows: usize,
    /// Cells of the mask that have a weight, `n_U`.
    pub mask: usize,
}

impl Shape {
    /// The shape of a program's proofs.
    pub fn of(program: &Program) -> Self {
        Self {
            witness: program.witness_rows.into(),
            helper: program.helper_rows.into(),
            rounds: program.rounds().into(),
            degree: program.degree(),
            last_degree: program.last_degree(),
            claims: ClaimList::sent(program),
            row_log: program.row_log.into(),
            rows: program.rows(),
            mask: mask::cells(program),
        }
    }

    /// Coefficients sent in each round of S1, from the first round to the last.
    fn degrees(&self) -> impl Iterator<Item = usize> + use<> {
        degrees(self.rounds, self.degree, self.last_degree)
    }

    /// Bytes of the proof body.
    pub fn bytes(&self) -> usize {
        // The mask, and seven points and nine scalars of the opening, `V` and the mask's claim.
        let points = self.witness.saturating_add(self.helper).saturating_add(8);
        let scalars = self
            .degrees()
            .fold(11, usize::saturating_add)
            .saturating_add(self.claims)
            .saturating_add(self.row_log.saturating_mul(2));
        points.saturating_mul(64).saturating_add(scalars.saturating_mul(32))
    }
}

/// The argument, without its statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Commitments of the witness rows.
    pub witness: Vec<G1Affine>,
    /// Commitment of the mask.
    pub mask: G1Affine,
    /// Commitments of the helper rows.
    pub helper: Vec<G1Affine>,
    /// Committed part of the linear parts at `tau`, masked.
    pub linear: Fr,
    /// Rounds of S1.
    pub constraint_rounds: Vec<RoundPolynomial>,
    /// Committed parts of the claims, masked.
    pub claims: Vec<Fr>,
    /// The mask of S1 at its point.
    pub mask_claim: Fr,
    /// Rounds of S2.
    pub reduction_rounds: Vec<RoundPolynomial>,
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
        let round = |r: &mut Reader<'_>, degree| {
            r.scalars(degree).map(|coefficients| RoundPolynomial { coefficients })
        };
        let proof = Self {
            witness: r.points(shape.witness)?,
            mask: r.point()?,
            helper: r.points(shape.helper)?,
            linear: r.scalar()?,
            constraint_rounds: shape
                .degrees()
                .map(|degree| round(&mut r, degree))
                .collect::<Result<_, _>>()?,
            claims: r.scalars(shape.claims)?,
            mask_claim: r.scalar()?,
            reduction_rounds: (0..shape.row_log).map(|_| round(&mut r, 2)).collect::<Result<_, _>>()?,
            opening: Opening::read(&mut r)?,
        };
        r.finish()?;
        Ok(proof)
    }

    /// The canonical bytes of the body.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let points = self.witness.iter().chain([&self.mask]).chain(&self.helper);
        out.extend(points.flat_map(point_bytes));
        let scalars = std::iter::once(&self.linear)
            .chain(self.constraint_rounds.iter().flat_map(|r| &r.coefficients))
            .chain(&self.claims)
            .chain([&self.mask_claim])
            .chain(self.reduction_rounds.iter().flat_map(|r| &r.coefficients));
        out.extend(scalars.flat_map(scalar_bytes));
        self.opening.write(&mut out);
        out
    }
}

const MAGIC: &[u8; 4] = b"SCPF";
/// The version of proof files that is known.
pub(crate) const VERSION: u16 = 4;

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
        if tensors > limits::TENSORS {
            return Err(VerifyError::Tensor { tensor: tensors, reason: "more than the limit" });
        }
        let tensors = (0..tensors).map(|number| tensor(&mut r, number)).collect::<Result<_, _>>()?;
        let body = r.bytes(r.remaining())?.to_vec();
        Ok(Self { model_id, statement: Statement { context, tensors }, body })
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(VERSION.to_be_bytes());
        out.extend(self.statement.context);
        out.extend(self.model_id);
        out.push(u8::try_from(self.statement.tensors.len()).unwrap_or(u8::MAX));
        let len = |len: usize| u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes();
        for tensor in &self.statement.tensors {
            match tensor {
                Tensor::Public(values) => {
                    out.push(0);
                    out.extend(len(values.len()));
                    out.extend(values.iter().flat_map(|v| v.to_be_bytes()));
                }
                Tensor::Committed(points) => {
                    out.push(1);
                    out.extend(len(points.len()));
                    out.extend(points.iter().flat_map(point_bytes));
                }
            }
        }
        out.extend(&self.body);
        out
    }
}

/// A tensor of a proof file. Allocates no more than the bytes there are.
fn tensor(r: &mut Reader<'_>, number: usize) -> Result<Tensor, VerifyError> {
    let (kind, len) = (r.u8()?, r.u32()? as usize);
    let size = match kind {
        0 => 16,
        1 => 64,
        _ => return Err(VerifyError::Tensor { tensor: number, reason: "unknown kind" }),
    };
    if r.remaining().checked_div(size).unwrap_or(0) < len {
        return Err(DecodeError::Truncated.into());
    }
    Ok(match kind {
        0 => Tensor::Public((0..len).map(|_| r.i128()).collect::<Result<_, _>>()?),
        _ => Tensor::Committed(r.points(len)?),
    })
}
