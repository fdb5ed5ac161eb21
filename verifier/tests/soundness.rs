//! The soundness error of `docs/security.md`, added up.

use sumcast_verifier::Key;
use sumcast_verifier::Shape;
use sumcast_verifier::vk::limits;

/// Powers of `tau` in the largest public file.
const POWERS: f64 = (1u64 << 29) as f64;

/// Least size of the field, log2.
const FIELD: f64 = 253.0;

fn exp2(n: impl Into<f64>) -> f64 {
    n.into().exp2()
}

/// The sum of the opening's terms for rows of `2^m`.
fn opening(m: u8) -> f64 {
    POWERS / exp2(m / 2) + 1.0 + 6.0 * POWERS + 5.0 + 2.0 * POWERS + 2.0 * POWERS
}

/// Columns, arity, log sizes of columns and table.
fn lookup(g: f64, a: f64, n: u8, t: u8) -> f64 {
    (g * exp2(n) + exp2(t)) + (a - 1.0) * g * exp2(n) * exp2(t)
}

#[test]
fn at_the_limits_of_a_key() {
    let log = limits::LOG;
    let (g, a) = (f64::from(limits::COLUMNS), f64::from(limits::ARITY));
    let (lookups, entries) = (limits::LOOKUPS as f64, limits::ENTRIES as f64);
    let factors = limits::FACTORS as f64;
    let degree = (factors + 1.0).max(g + 2.0);
    let last = (2.0 * factors + 1.0).max(2.0 * (g + 1.0) + 1.0);
    let claims = entries + lookups * (g + 3.0) + 1.0;
    let sum = lookups * lookup(g, a, log, log)
        + 4.0 * f64::from(log)
        + (entries + 3.0 * lookups)
        + (f64::from(log) - 1.0) * degree
        + last
        + claims
        + 2.0 * f64::from(*limits::ROW_LOG.end())
        + opening(*limits::ROW_LOG.start());
    assert!(sum < exp2(75.0), "{}", sum.log2());
    assert!(FIELD - sum.log2() - 64.0 > 100.0);
}

#[test]
fn of_a_key() {
    let text = include_str!("vectors/2.vk.hex").trim();
    let bytes: Vec<u8> =
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect();
    let key = Key::from_bytes(&bytes).unwrap();
    let (program, shape) = (&key.program, Shape::of(&key.program));
    let lookups: f64 = program
        .lookups
        .iter()
        .map(|l| lookup(l.columns.len() as f64, l.table.len() as f64 + 1.0, l.log, l.table_log))
        .sum();
    let rest = 4 * usize::from(program.tau_len())
        + program.products.len()
        + 3 * program.lookups.len()
        + (shape.rounds - 1) * shape.degree
        + shape.last_degree
        + shape.claims
        + 1
        + 2 * shape.row_log;
    let sum = lookups + rest as f64 + opening(program.row_log);
    assert!(sum < exp2(32.5), "{}", sum.log2());
}
