//! The operator table of the docs lists what is supported.

use std::collections::BTreeSet;
use sumcast_circuits::onnx;

#[test]
fn the_table_lists_every_supported_operator() {
    let text = include_str!("../../docs/operators.md");
    let cells = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        Some((cells.next()?, cells.next()?))
    });
    let listed: BTreeSet<(String, String)> = cells
        .filter(|(name, _)| {
            name.chars().all(|c| c.is_ascii_alphanumeric()) && name.starts_with(char::is_uppercase)
        })
        .map(|(name, domain)| (domain.to_owned(), name.to_owned()))
        .collect();
    let supported: BTreeSet<(String, String)> =
        onnx::supported().map(|(domain, name)| (domain.to_owned(), name.to_owned())).collect();
    assert_eq!(listed, supported);
}
