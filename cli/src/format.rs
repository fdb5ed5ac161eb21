//! Numbers for people.

use sumcast_circuits::epoch::Decimal;

/// A duration in the unit that suits it.
pub(crate) fn seconds(value: f64) -> String {
    if value < 0.001 {
        format!("{:.0} us", value * 1e6)
    } else if value < 1.0 {
        format!("{:.1} ms", value * 1e3)
    } else {
        format!("{value:.2} s")
    }
}

/// A size in the unit that suits it, decimal.
pub(crate) fn bytes(value: u64) -> String {
    match value {
        0..1_000 => format!("{value} B"),
        1_000..1_000_000 => format!("{:.1} KB", value as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", value as f64 / 1e6),
        _ => format!("{:.2} GB", value as f64 / 1e9),
    }
}

/// A count with its thousands apart.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An error or a ratio, which spans many magnitudes.
pub(crate) fn small(value: f64) -> String {
    if value == 0.0 { "0".into() } else { format!("{value:.1e}") }
}

/// The first digits of a number in a table, or that there is none.
pub(crate) fn decimal(value: Option<&Decimal>) -> String {
    value.map_or("-".into(), |value| value.rounded(9).to_string())
}

/// The first of a list of real numbers, and how many there are.
pub(crate) fn reals(values: &[f64]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = values.iter().take(SHOWN).map(|v| format!("{v:.6}")).collect();
    match values.len() {
        0 => "none".into(),
        n if n > SHOWN => format!("{}, .. ({n} numbers)", shown.join(", ")),
        _ => shown.join(", "),
    }
}

/// Rows of cells under a heading, the first column to the left and the others to the right.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |i: usize| rows.iter().filter_map(|row| row.get(i)).map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(i, (cell, width))| match i {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(seconds(0.000_25), "250 us");
        assert_eq!(seconds(0.012_34), "12.3 ms");
        assert_eq!(seconds(2.5), "2.50 s");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(7_430), "7.4 KB");
        assert_eq!(bytes(4_238_178), "4.2 MB");
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(small(0.000_034), "3.4e-5");
        assert_eq!(decimal("-0.12345678949".parse().ok().as_ref()), "-0.123456789");
        assert_eq!(decimal(None), "-");
        assert_eq!(reals(&[]), "none");
        assert_eq!(reals(&[1.0, -0.5]), "1.000000, -0.500000");
        assert!(reals(&[0.0; 9]).ends_with(".. (9 numbers)"));
    }

    #[test]
    fn tables_line_up() {
        let cells = |row: [&str; 2]| row.map(String::from).to_vec();
        assert_eq!(table(&[cells(["model", "size"]), cells(["a", "12"])]), "model  size\na        12\n");
    }
}
