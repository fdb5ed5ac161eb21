//! The verifying key: a small program of which the verifiers are the interpreters
//! (`docs/protocol.md` 3, 4 and 9).

mod check;
mod codec;
pub mod limits;

pub use codec::HEAD;
pub(crate) use codec::VERSION;

use crate::encoding::integer;
use crate::transcript::keccak256;
use crate::{Fr, G1Affine, G2Affine, KeyError};
use ark_ff::Field;

/// A vector inside the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// Log2 of its length.
    pub log: u8,
    /// Its row, or the first of them.
    pub row: u16,
    /// Its offset inside the row, a multiple of `2^log`; for a block longer than a row the number of rows it has.
    pub at: u32,
}

/// Blocks of one length, at one distance from each other in a row, each `2^width` times as heavy as the one before:
/// the limbs of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limbs {
    /// The first.
    pub block: Block,
    /// How many, at least 2.
    pub count: u8,
    /// Log2 of a limb's weight over that of the limb before.
    pub width: u8,
    /// Log2 of the distance from a limb's block to the next.
    pub stride: u8,
}

impl Limbs {
    /// Each limb's block and the log2 of its weight.
    pub fn blocks(self) -> impl Iterator<Item = (Block, u64)> {
        (0..self.count).map(move |k| {
            let at = u32::from(k).checked_shl(self.stride.into()).unwrap_or(0);
            let block = Block { at: self.block.at.saturating_add(at), ..self.block };
            (block, u64::from(k).saturating_mul(self.width.into()))
        })
    }
}

/// What a term of a form places on its sub-cube.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// Ones.
    One {
        /// Log2 of its length.
        log: u8,
    },
    /// Positions `0, 1, 2, ..`.
    Index {
        /// Log2 of its length.
        log: u8,
    },
    /// A block of rows.
    Block(Block),
    /// The sum of blocks that are limbs.
    Limbs(Limbs),
    /// A public tensor of the statement.
    Public {
        /// Log2 of its length, the tensor's.
        log: u8,
        /// Its number.
        tensor: u8,
    },
}

impl Piece {
    /// Log2 of the length.
    pub fn log(&self) -> u8 {
        match self {
            Self::One { log } | Self::Index { log } | Self::Public { log, .. } => *log,
            Self::Block(block) | Self::Limbs(Limbs { block, .. }) => block.log,
        }
    }

    /// Whether it is of committed rows.
    pub fn is_committed(&self) -> bool {
        matches!(self, Self::Block(_) | Self::Limbs(_))
    }
}

/// A coefficient `mantissa x 2^shift`, never zero; the mantissa is odd unless the shift is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Coefficient {
    mantissa: i32,
    shift: u8,
}

impl Coefficient {
    /// 1.
    pub const ONE: Self = Self { mantissa: 1, shift: 0 };

    /// The coefficient of this value, if it is one: its odd part has 31 bits and it is not zero.
    pub fn new(value: i128) -> Option<Self> {
        if value == 0 {
            return None;
        }
        let shift = value.trailing_zeros();
        let odd = value.checked_shr(shift)?;
        Self::from_parts(i32::try_from(odd).ok()?, u8::try_from(shift).ok()?)
    }

    /// From its parts, if they are canonical.
    pub fn from_parts(mantissa: i32, shift: u8) -> Option<Self> {
        let canonical = if shift == 0 { mantissa != 0 } else { mantissa & 1 == 1 };
        (canonical && shift <= limits::SHIFT).then_some(Self { mantissa, shift })
    }

    /// `mantissa` and `shift`.
    pub fn parts(&self) -> (i32, u8) {
        (self.mantissa, self.shift)
    }

    /// As a field element.
    pub fn field(&self) -> Fr {
        integer(i128::from(self.mantissa)) * Fr::from(2u64).pow([u64::from(self.shift)])
    }
}

/// A term of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FormTerm {
    /// Its coefficient.
    pub coefficient: Coefficient,
    /// Number of the aligned sub-cube, of the piece's size, that it lives on.
    pub cube: u32,
    /// What is there.
    pub piece: Piece,
}

/// A vector as a sum of terms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Form {
    /// Log2 of its length.
    pub log: u8,
    /// Its terms.
    pub terms: Vec<FormTerm>,
}

impl Form {
    /// Whether it has a committed part.
    pub fn is_committed(&self) -> bool {
        self.terms.iter().any(|t| t.piece.is_committed())
    }
}

/// Which point a run of variables is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Axis {
    /// `tau`.
    Tau,
    /// The point of S1.
    X,
}

/// A run of consecutive coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    /// Of which point.
    pub axis: Axis,
    /// First coordinate.
    pub start: u8,
    /// Number of coordinates, at least 1.
    pub len: u8,
}

/// A form at a point.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// Number of the form.
    pub form: u16,
    /// Number of variables of the cube of S1 that it ranges over.
    pub vars: u8,
    /// What the form's variables are bound to, least significant first.
    pub runs: Vec<Run>,
}

/// A term of a product constraint: `coefficient x sum_x [eq(tau, x)] prod claims`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductTerm {
    /// Its coefficient.
    pub coefficient: Coefficient,
    /// Number of variables summed over.
    pub vars: u8,
    /// Whether `eq(tau, x)` is a factor.
    pub eq: bool,
    /// The claims that are multiplied.
    pub factors: Vec<u16>,
}

/// A product constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Number of output variables.
    pub log: u8,
    /// The linear part, a form of log size `log`.
    pub linear: Option<u16>,
    /// The product terms.
    pub terms: Vec<ProductTerm>,
}

/// A lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Log2 of the cells of a column.
    pub log: u8,
    /// Log2 of the table's entries.
    pub table_log: u8,
    /// For each column, the forms of its components.
    pub columns: Vec<Vec<u16>>,
    /// The forms of the table's components `1 ..`; component 0 is the position.
    pub table: Vec<u16>,
    /// Multiplicities, in the witness.
    pub multiplicity: Block,
    /// Helper of the cells.
    pub helper: Block,
    /// Helper of the table.
    pub table_helper: Block,
}

/// Whether a tensor of the statement goes in or comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Model input.
    Input,
    /// Model output.
    Output,
}

/// How a statement holds a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// As its integers.
    Public,
    /// As commitments of its rows, blinded.
    Committed,
}

/// A tensor of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// In or out.
    pub role: Role,
    /// As integers or as commitments.
    pub visibility: Visibility,
    /// Log2 of its padded length.
    pub log: u8,
    /// Its values are below `2^bits` in magnitude; of a committed tensor the relation itself has to say so.
    pub bits: u8,
    /// A value `v` stands for the real number `v / 2^fraction`.
    pub fraction: u8,
    /// Its length.
    pub len: u32,
}

impl TensorSpec {
    /// Bytes of an integer of a public tensor, in two's complement: enough for its bits and a sign.
    pub fn width(&self) -> usize {
        usize::from(self.bits / 8).saturating_add(1)
    }
}

/// Where the SRS of a key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SrsKind {
    /// Made on one machine: whoever made it can forge proofs.
    Development,
    /// Imported from a powers-of-tau file this software does not know.
    Imported,
    /// Imported from the file of the public ceremony.
    Ceremony,
}

/// The verifier's part of the SRS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SrsPoints {
    /// Where it comes from; informative.
    pub kind: SrsKind,
    /// `[tau]_2`.
    pub tau: G2Affine,
}

/// The relation a model's proofs are about, without the commitments of its fixed rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Log2 of the row length, `m`.
    pub row_log: u8,
    /// Tensors of the statement.
    pub tensors: Vec<TensorSpec>,
    /// Number of fixed rows, `n_W`.
    pub fixed_rows: u16,
    /// Number of witness rows, `n_A`.
    pub witness_rows: u16,
    /// Number of helper rows, `n_H`.
    pub helper_rows: u16,
    /// Forms.
    pub forms: Vec<Form>,
    /// Claims.
    pub claims: Vec<Claim>,
    /// Product constraints.
    pub products: Vec<Product>,
    /// Lookups.
    pub lookups: Vec<Lookup>,
}

impl Program {
    /// Checks that the program is well-formed.
    ///
    /// # Errors
    /// [`KeyError::IllFormed`].
    pub fn check(&self) -> Result<(), KeyError> {
        check::check(self)
    }

    /// Rows of a tensor: none of a public one.
    pub fn tensor_rows(&self, spec: &TensorSpec) -> usize {
        match spec.visibility {
            Visibility::Public => 0,
            Visibility::Committed => {
                let row = 1u64.checked_shl(self.row_log.into()).unwrap_or(u64::MAX);
                usize::try_from(u64::from(spec.len).div_ceil(row)).unwrap_or(usize::MAX)
            }
        }
    }

    /// Number of statement rows, `n_S`: those of the committed tensors, in order.
    pub fn statement_rows(&self) -> usize {
        self.tensors.iter().fold(0, |sum: usize, spec| sum.saturating_add(self.tensor_rows(spec)))
    }

    /// First statement row.
    pub fn first_statement_row(&self) -> usize {
        self.fixed_rows.into()
    }

    /// First witness row.
    pub fn first_witness_row(&self) -> usize {
        self.first_statement_row().saturating_add(self.statement_rows())
    }

    /// First helper row.
    pub fn first_helper_row(&self) -> usize {
        self.first_witness_row().saturating_add(self.witness_rows.into())
    }

    /// Number of rows of all groups.
    pub fn rows(&self) -> usize {
        self.first_helper_row().saturating_add(self.helper_rows.into())
    }

    /// Numbers of the forms a verifier evaluates: those of claims, linear parts and lookups, as often as they are.
    pub fn evaluated(&self) -> impl Iterator<Item = u16> {
        let claims = self.claims.iter().map(|c| c.form);
        let linear = self.products.iter().filter_map(|p| p.linear);
        let lookups = self.lookups.iter().flat_map(|l| l.columns.iter().flatten().chain(&l.table).copied());
        claims.chain(linear).chain(lookups)
    }

    /// Coefficients sent in each round of S1, from the first round to the last.
    pub fn degrees(&self) -> impl Iterator<Item = usize> + use<> {
        degrees(self.rounds().into(), self.degree(), self.last_degree())
    }

    /// Number of rounds of S1, `N`, at least 1.
    pub fn rounds(&self) -> u8 {
        let products = self.products.iter().flat_map(|p| p.terms.iter().map(|t| t.vars));
        let lookups = self.lookups.iter().map(|l| l.log.max(l.table_log));
        products.chain(lookups).max().unwrap_or(0).max(1)
    }

    /// Degree of the rounds of S1, `D`, at least 2.
    pub fn degree(&self) -> usize {
        let products = self
            .products
            .iter()
            .flat_map(|p| p.terms.iter().map(|t| t.factors.len().saturating_add(usize::from(t.eq))));
        let lookups = self.lookups.iter().map(|l| l.columns.len().saturating_add(2));
        products.chain(lookups).max().unwrap_or(0).max(2)
    }

    /// Degree of the last round of S1, `D_0`, in which masked claims are quadratic.
    pub fn last_degree(&self) -> usize {
        let degree = |factors: usize, other: bool| factors.saturating_mul(2).saturating_add(other.into());
        let products = self
            .products
            .iter()
            .flat_map(|p| p.terms.iter().map(|t| degree(t.factors.len(), t.eq || t.vars == 0)));
        let lookups = self.lookups.iter().map(|l| degree(l.columns.len().saturating_add(1), true).max(5));
        products.chain(lookups).max().unwrap_or(0).max(self.degree())
    }

    /// Number of coordinates of `tau`.
    pub fn tau_len(&self) -> u8 {
        let products = self.products.iter().map(|p| p.log);
        let eq = self.products.iter().flat_map(|p| p.terms.iter().filter(|t| t.eq).map(|t| t.vars));
        let claims = self.claims.iter().flat_map(|c| &c.runs).filter(|r| r.axis == Axis::Tau);
        let lookups = self.lookups.iter().map(|l| l.log.max(l.table_log));
        products
            .chain(eq)
            .chain(claims.map(|r| r.start.saturating_add(r.len)))
            .chain(lookups)
            .max()
            .unwrap_or(0)
    }
}

/// `count` rounds of `degree` coefficients, the last of `last`.
pub(crate) fn degrees(count: usize, degree: usize, last: usize) -> impl Iterator<Item = usize> + use<> {
    (0..count).rev().map(move |k| if k == 0 { last } else { degree })
}

/// A verifying key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The SRS.
    pub srs: SrsPoints,
    /// The relation.
    pub program: Program,
    /// Commitments of the fixed rows.
    pub fixed: Vec<G1Affine>,
}

impl Key {
    /// The model id: Keccak-256 of the encoded key.
    pub fn model_id(&self) -> [u8; 32] {
        keccak256(&self.to_bytes())
    }

    /// Decodes and checks a key.
    ///
    /// # Errors
    /// [`KeyError`] when it is not canonical or not well-formed.
    ///
    /// # Soundness
    /// Every condition `docs/protocol.md` 9 asks of a key is checked here, so the rest of the crate may rely on it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let key = codec::decode(bytes)?;
        key.program.check()?;
        Ok(key)
    }

    /// The canonical encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }
}
