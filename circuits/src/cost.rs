//! What a proof costs, to choose the limb width and the row length by.

use crate::circuit::Circuit;
use crate::lower::Lowered;
use crate::lower::Placement;

/// Limb widths to choose from, bits.
pub(crate) const LIMBS: [u8; 3] = [8, 10, 12];

/// Row lengths to choose from, log2.
pub(crate) const ROW_LOGS: std::ops::RangeInclusive<u8> = 8..=18;

/// Microseconds of two cores for a cell of a row (the opening, and the last sumcheck), for a lookup cell, and for a
/// table entry (two multi-scalar multiplications).
const OPENING: f64 = 2.6;
const LOOKUP: f64 = 0.8;
const ENTRY: f64 = 7.0;

/// Gas of a row: a scalar multiplication and an addition, and for most a point of calldata.
const ROW_GAS: f64 = 7_200.0;

/// Gas that weighs as much as a microsecond.
const GAS_PER_MICROSECOND: f64 = 1.5;

/// The cost of a proof, in microseconds, gas converted.
pub(crate) fn cost(lowered: &Lowered, circuit: &Circuit, placement: &Placement) -> f64 {
    let (cells, entries) = lowered.lookup_cells(circuit);
    OPENING * f64::from(1u32 << placement.row_log)
        + LOOKUP * cells as f64
        + ENTRY * entries as f64
        + placement.rows() as f64 * ROW_GAS / GAS_PER_MICROSECOND
}
