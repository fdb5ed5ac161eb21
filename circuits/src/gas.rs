//! What a proof costs on chain, before there is a measurement.
//!
//! [`gas_estimate`] is what `sumcast compile` prints, and what a row of a model is weighed by in [`crate::cost`].

use serde::Serialize;
use std::collections::BTreeMap;
use sumcast_verifier::Shape;
use sumcast_verifier::vk::{Block, FormTerm, Limbs, Piece, Program, Visibility};

/// An estimate of the gas that verification through the registry takes, in one transaction on Ethereum.
#[derive(Clone, Debug, Serialize)]
pub struct GasEstimate {
    /// By part, as in `docs/gas.md`.
    #[serde(flatten)]
    pub parts: BTreeMap<&'static str, u64>,
    /// The sum.
    pub total: u64,
}

/// What a part of the gas grows with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing: there is one in every verification.
    Once,
    /// Bytes of a proof and of commitments in its statement.
    Byte,
    /// Bytes of integers in its statement.
    TensorByte,
    /// These integers, as often as they are evaluated.
    Integer,
    /// Rows, of all groups.
    Row,
    /// Fixed rows.
    FixedRow,
    /// Variables of a row.
    RowVariable,
    /// Points of a proof.
    Point,
    /// Scalars of a proof.
    Scalar,
    /// Coefficients of the rounds of both sumchecks.
    Coefficient,
    /// Coordinates of challenges.
    Coordinate,
    /// Claims that are sent.
    Claim,
    /// Forms.
    Form,
    /// Terms of products.
    Product,
    /// Factors of these.
    Factor,
    /// Lookups.
    Lookup,
    /// Forms, as often as they are evaluated.
    Evaluation,
    /// Their terms.
    Term,
    /// Blocks of these and of lookups that are within a row, limbs of one sum being one block.
    Block,
    /// Variables of these blocks and of their rows.
    BlockVariable,
    /// Limbs of sums.
    Limb,
    /// Rows of blocks that are longer than one.
    LongRow,
    /// Cells of the mask that have a weight.
    Mask,
}

/// Parts of the gas, as in `docs/gas.md`, and what each costs a unit: least squares over the bundled models as they are
/// measured there, and with rows and limbs of other lengths. `cargo run --release -p sumcast-benches --example gas --
/// --fit` prints this table anew, for when the contract costs something else. The benchmarks' tests measure how far it is
/// off.
const RATES: [(&str, &[(Unit, u64)]); 14] = [
    ("base", &[(Unit::Once, 21000)]),
    ("calldata", &[(Unit::Byte, 16), (Unit::TensorByte, 11), (Unit::Once, 2400)]),
    ("registry", &[(Unit::Form, 12), (Unit::FixedRow, 25), (Unit::Once, 8916)]),
    (
        "key",
        &[
            (Unit::Form, 772),
            (Unit::Factor, 665),
            (Unit::FixedRow, 196),
            (Unit::Term, 79),
            (Unit::Once, 6289),
        ],
    ),
    ("statement", &[(Unit::Integer, 170), (Unit::Once, 2363)]),
    ("proof", &[(Unit::Scalar, 43), (Unit::Point, 228), (Unit::Once, 1136)]),
    ("transcript", &[(Unit::Coordinate, 117), (Unit::Scalar, 55), (Unit::Once, 2192)]),
    ("sumcheck", &[(Unit::Coefficient, 146), (Unit::Product, 693), (Unit::Lookup, 1265), (Unit::Once, 593)]),
    (
        "claims",
        &[
            (Unit::Evaluation, 696),
            (Unit::Term, 804),
            (Unit::Block, 754),
            (Unit::BlockVariable, 29),
            (Unit::Limb, 364),
            (Unit::LongRow, 728),
            (Unit::Once, 9971),
        ],
    ),
    ("mask", &[(Unit::Mask, 175), (Unit::RowVariable, 40), (Unit::Once, 2774)]),
    ("opening", &[(Unit::RowVariable, 254), (Unit::Row, 101), (Unit::Once, 6180)]),
    ("points", &[(Unit::Row, 6601), (Unit::Once, 53058)]),
    ("pairing", &[(Unit::Once, 113428)]),
    ("rest", &[(Unit::Claim, 104), (Unit::Once, 1453)]),
];

impl Unit {
    /// How many of them a verification has.
    fn count(self, program: &Program) -> u64 {
        let shape = Shape::of(program);
        let points = shape.witness + shape.helper + 8;
        let products = || program.products.iter().flat_map(|product| &product.terms);
        let tensors = |of: Visibility| program.tensors.iter().filter(move |tensor| tensor.visibility == of);
        let terms = || evaluated_terms(program);
        let len =
            |tensor: u8| program.tensors.get(usize::from(tensor)).map_or(0, |tensor| tensor.len as usize);
        let limbs = || {
            terms().filter_map(|term| if let Piece::Limbs(limbs) = term.piece { Some(limbs) } else { None })
        };
        let blocks = || {
            let of_terms = terms().filter_map(|term| match term.piece {
                Piece::Block(block) | Piece::Limbs(Limbs { block, .. }) => Some(block),
                _ => None,
            });
            of_terms.chain(lookup_blocks(program))
        };
        let is_long = |block: &Block| block.log > program.row_log;
        let within = || blocks().filter(|block| !is_long(block));
        let count = match self {
            Self::Once => 1,
            Self::Byte => {
                let rows = tensors(Visibility::Committed).map(|tensor| program.tensor_rows(tensor));
                shape.bytes() + 64 * rows.sum::<usize>()
            }
            Self::TensorByte => {
                tensors(Visibility::Public).map(|tensor| tensor.width() * tensor.len as usize).sum()
            }
            Self::Integer => {
                let public = terms().filter_map(|term| match term.piece {
                    Piece::Public { tensor, .. } => Some(len(tensor)),
                    _ => None,
                });
                public.sum()
            }
            Self::Row => shape.rows,
            Self::FixedRow => program.fixed_rows.into(),
            Self::RowVariable => shape.row_log,
            Self::Point => points,
            Self::Scalar => (shape.bytes() - 64 * points) / 32,
            Self::Coefficient => program.degrees().sum::<usize>() + 2 * shape.row_log,
            Self::Coordinate => usize::from(program.tau_len()) + shape.rounds + shape.row_log,
            Self::Claim => shape.claims,
            Self::Form => program.forms.len(),
            Self::Product => products().count(),
            Self::Factor => products().map(|term| term.factors.len()).sum(),
            Self::Lookup => program.lookups.len(),
            Self::Evaluation => program.evaluated().count(),
            Self::Term => terms().count(),
            Self::Block => within().count(),
            Self::BlockVariable => within().count() * shape.row_log,
            Self::Limb => limbs().map(|limbs| usize::from(limbs.count)).sum(),
            Self::LongRow => blocks().filter(is_long).map(|block| block.at as usize).sum(),
            Self::Mask => shape.mask,
        };
        count as u64
    }
}

/// The terms of the forms that are evaluated, as often as they are.
pub(crate) fn evaluated_terms(program: &Program) -> impl Iterator<Item = &FormTerm> {
    let forms = program.evaluated().filter_map(|form| program.forms.get(usize::from(form)));
    forms.flat_map(|form| &form.terms)
}

/// The blocks of lookups of which something is claimed.
pub(crate) fn lookup_blocks(program: &Program) -> impl Iterator<Item = Block> {
    program.lookups.iter().flat_map(|l| [l.multiplicity, l.helper, l.table_helper])
}

/// Estimates the gas of a program's proofs by the table of rates in this file. They are fitted to the bundled models, for
/// which it is within 1.1 %; of other models it may be further off, above all of ones with committed tensors, since none of
/// these has any. It ranks models and row lengths, and tells what a posting will cost before there is a proof; `sumcast
/// evm verify` measures a proof.
pub fn gas_estimate(program: &Program) -> GasEstimate {
    let gas = |rates: &[(Unit, u64)]| rates.iter().map(|(unit, gas)| gas * unit.count(program)).sum();
    let parts: BTreeMap<_, u64> = RATES.iter().map(|(part, rates)| (*part, gas(rates))).collect();
    let total = parts.values().sum();
    GasEstimate { parts, total }
}

/// The parts of the gas, and of what each of them the estimate is made: how much there is of it in a verification.
pub fn gas_units(program: &Program) -> Vec<(&'static str, Vec<(Unit, u64)>)> {
    let counts = |rates: &[(Unit, u64)]| rates.iter().map(|(unit, _)| (*unit, unit.count(program))).collect();
    RATES.iter().map(|(part, rates)| (*part, counts(rates))).collect()
}

/// Of the estimate, what is there for the mask alone: its weights, its point, and [`masking_bytes`] of data.
pub fn masking_gas(program: &Program) -> u64 {
    let rate = |part: &str, unit: Unit| {
        let rates = RATES.iter().filter(|(name, _)| *name == part).flat_map(|(_, rates)| *rates);
        rates.filter(|(of, _)| *of == unit).map(|(_, gas)| gas).sum::<u64>()
    };
    let bytes = masking_bytes(&Shape::of(program)) as u64;
    let weights = gas_estimate(program).parts.get("mask").copied().unwrap_or_default();
    weights + rate("points", Unit::Row) + rate("calldata", Unit::Byte) * bytes
}

/// Bytes of a proof that are there for the mask alone: its commitment, its claim, its two evaluations in the opening,
/// and the coefficients that the last round of the first sumcheck has more.
pub fn masking_bytes(shape: &Shape) -> usize {
    64 + 32 * (3 + shape.last_degree - shape.degree)
}
