//! What a proof costs, to choose the limb width and the row length by.

use crate::circuit::Circuit;
use crate::lower::Lowered;
use sumcast_verifier::Shape;
use sumcast_verifier::vk::Program;

/// Limb widths to choose from, bits.
pub(crate) const LIMBS: [u8; 3] = [8, 10, 12];

/// Row lengths to choose from, log2.
pub(crate) const ROW_LOGS: std::ops::RangeInclusive<u8> = 8..=18;

/// Microseconds of two cores for a cell of a row (the opening, and the last sumcheck), for a lookup cell, and for a
/// table entry (two multi-scalar multiplications).
const OPENING: f64 = 4.9;
const LOOKUP: f64 = 0.8;
const ENTRY: f64 = 7.0;

/// Gas of a verification on chain: of a row, a scalar multiplication and an addition; of a row's commitment in the
/// calldata; of a scalar of a proof, with what is computed from it; of a term of a form that is evaluated.
const ROW: f64 = 6_500.0;
const POINT: f64 = 1_024.0;
const SCALAR: f64 = 1_000.0;
const TERM: f64 = 750.0;

/// Gas that weighs as much as a microsecond. From 0.15 to 0.20 the networks of 8 thousand, 100 thousand and a million
/// weights get rows of 2^13, 2^15 and 2^17: those with which, by the times above, a proof takes two cores 55, 175 and 610
/// milliseconds, and the first two are verified for less than 500,000 gas.
const GAS_PER_MICROSECOND: f64 = 0.18;

/// The cost of a proof, in microseconds, gas converted.
pub(crate) fn cost(lowered: &Lowered, circuit: &Circuit, program: &Program) -> f64 {
    let (cells, entries) = lowered.lookup_cells(circuit);
    OPENING * f64::from(1u32 << program.row_log)
        + LOOKUP * cells as f64
        + ENTRY * entries as f64
        + gas(program) / GAS_PER_MICROSECOND
}

/// The gas that the choice has a part in.
fn gas(program: &Program) -> f64 {
    let shape = Shape::of(program);
    let points = shape.rows - usize::from(program.fixed_rows);
    let forms = program.evaluated().filter_map(|form| program.forms.get(usize::from(form)));
    let terms: usize = forms.map(|form| form.terms.len()).sum();
    // Every scalar of both sumchecks has a cell of the mask.
    ROW * shape.rows as f64 + POINT * points as f64 + SCALAR * shape.mask as f64 + TERM * terms as f64
}
