//! Limits of a key, which bound the work and memory of a verifier.

/// Largest log size of a row.
pub const ROW_LOG: u8 = 20;
/// Largest log size of any form, block or cube.
pub const LOG: u8 = 32;
/// Most public tensors.
pub const PUBLIC: usize = 64;
/// Largest log size of a public tensor.
pub const PUBLIC_LOG: u8 = 20;
/// Most bits of a public integer.
pub const PUBLIC_BITS: u8 = 100;
/// Most rows of one group.
pub const ROWS: usize = 1 << 12;
/// Most forms, claims or products.
pub const ENTRIES: usize = 1 << 12;
/// Most terms of a form.
pub const TERMS: usize = 1 << 12;
/// Most lookups.
pub const LOOKUPS: usize = 64;
/// Most columns of a lookup.
pub const COLUMNS: u8 = 4;
/// Most components of a lookup's tuples.
pub const ARITY: u8 = 8;
/// Most factors of a term, `eq` not counted.
pub const FACTORS: usize = 4;
/// Largest shift of a coefficient.
pub const SHIFT: u8 = 200;
