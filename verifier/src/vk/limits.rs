//! Limits of a key, which bound the work and memory of a verifier.

/// Smallest and largest log size of a row. A row has room for the masks of its own opening from `2^8` on.
pub const ROW_LOG: std::ops::RangeInclusive<u8> = 8..=20;
/// Largest log size of any form, block or cube.
pub const LOG: u8 = 32;
/// Most tensors of a statement.
pub const TENSORS: usize = 64;
/// Largest log size of a tensor of a statement.
pub const TENSOR_LOG: u8 = 20;
/// Most bits of an integer of a statement.
pub const TENSOR_BITS: u8 = 100;
/// Most rows of one group.
pub const ROWS: usize = 1 << 12;
/// Most forms, claims or products.
pub const ENTRIES: usize = 1 << 12;
/// Most bytes of the terms of a form.
pub const TERM_BYTES: usize = u16::MAX as usize;
/// Most lookups.
pub const LOOKUPS: usize = 64;
/// Most columns of a lookup.
pub const COLUMNS: u8 = 4;
/// Most components of a lookup's tuples.
pub const ARITY: u8 = 8;
/// Most factors of a term, `eq` not counted.
pub const FACTORS: usize = 4;
/// Most steps of evaluating all forms at their points: one for each term, for each row of a block that spans rows,
/// and for each element of a public tensor. A step takes about as many multiplications as a form has variables.
pub const STEPS: u64 = 1 << 18;
/// Most limbs of a piece.
pub const LIMBS: u8 = 64;
/// Largest log2 of a limb's weight over that of the limb before. A word holds what four limbs are multiplied by.
pub const WIDTH: u8 = 63;
/// Largest shift of a coefficient.
pub const SHIFT: u8 = 200;
