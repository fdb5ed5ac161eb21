//! What a proof costs on chain, before there is a measurement.

use serde::Serialize;
use std::collections::BTreeMap;
use sumcast_verifier::Shape;
use sumcast_verifier::vk::{Block, Piece, Program, Visibility};

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
    /// These integers.
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
    /// Terms of forms, as often as they are evaluated, and blocks of lookups.
    Term,
    /// Those that are sums of limbs.
    Limbs,
    /// Rows of blocks that are longer than one.
    LongRow,
    /// Cells of the mask that have a weight.
    Mask,
}

/// Parts of the gas, as in `docs/gas.md`, and what each costs a unit: least squares over the bundled models as they are
/// measured there. `cargo run --release -p sumcast-benches --example gas -- --fit` prints this table anew, for when the
/// contract costs something else. The benchmarks' tests measure how far it is off.
const RATES: [(&str, &[(Unit, u64)]); 14] = [
    ("base", &[(Unit::Once, 21000)]),
    ("calldata", &[(Unit::Byte, 16), (Unit::TensorByte, 15), (Unit::Once, 1866)]),
    ("registry", &[(Unit::Form, 19), (Unit::FixedRow, 33), (Unit::Once, 8734)]),
    ("key", &[(Unit::Form, 898), (Unit::Factor, 565), (Unit::FixedRow, 325), (Unit::Once, 6412)]),
    ("statement", &[(Unit::Integer, 162), (Unit::Once, 2485)]),
    ("proof", &[(Unit::Scalar, 40), (Unit::Point, 365)]),
    ("transcript", &[(Unit::Coordinate, 189), (Unit::Scalar, 24), (Unit::Once, 2238)]),
    ("sumcheck", &[(Unit::Coefficient, 130), (Unit::Product, 786), (Unit::Lookup, 1255), (Unit::Once, 1040)]),
    (
        "claims",
        &[
            (Unit::Term, 2310),
            (Unit::Limbs, 1126),
            (Unit::Integer, 14),
            (Unit::LongRow, 848),
            (Unit::Once, 4027),
        ],
    ),
    ("mask", &[(Unit::Mask, 170), (Unit::RowVariable, 105), (Unit::Once, 2281)]),
    ("opening", &[(Unit::RowVariable, 258), (Unit::Row, 98), (Unit::Once, 6123)]),
    ("points", &[(Unit::Row, 6603), (Unit::Once, 53049)]),
    ("pairing", &[(Unit::Once, 113423)]),
    ("rest", &[(Unit::Claim, 104), (Unit::Once, 1453)]),
];

impl Unit {
    /// How many of them a verification has.
    fn count(self, program: &Program) -> u64 {
        let shape = Shape::of(program);
        let points = shape.witness + shape.helper + 8;
        let products = || program.products.iter().flat_map(|product| &product.terms);
        let tensors = |of: Visibility| program.tensors.iter().filter(move |tensor| tensor.visibility == of);
        let evaluated = || program.evaluated().filter_map(|form| program.forms.get(usize::from(form)));
        let terms = || evaluated().flat_map(|form| &form.terms);
        let blocks = || program.lookups.iter().flat_map(|l| [l.multiplicity, l.helper, l.table_helper]);
        let long = |block: Block| if block.log > program.row_log { u64::from(block.at) } else { 0 };
        let count = match self {
            Self::Once => 1,
            Self::Byte => {
                let rows = tensors(Visibility::Committed).map(|tensor| program.tensor_rows(tensor));
                shape.bytes() + 64 * rows.sum::<usize>()
            }
            Self::TensorByte => {
                tensors(Visibility::Public).map(|tensor| tensor.width() * tensor.len as usize).sum()
            }
            Self::Integer => tensors(Visibility::Public).map(|tensor| tensor.len as usize).sum(),
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
            Self::Term => terms().count() + blocks().count(),
            Self::Limbs => terms().filter(|term| matches!(term.piece, Piece::Limbs(_))).count(),
            Self::LongRow => {
                let of_forms = terms().map(|term| match term.piece {
                    Piece::Block(block) => long(block),
                    _ => 0,
                });
                return of_forms.chain(blocks().map(long)).sum();
            }
            Self::Mask => shape.mask,
        };
        count as u64
    }
}

/// Estimates the gas of a program's proofs by the table of rates in this file. They are fitted to the bundled models, for
/// which it is within 1 %; of other models it may be further off, above all of ones with committed tensors, since none of
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
