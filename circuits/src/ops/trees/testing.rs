//! Ensembles for tests, a line a node.

use crate::onnx::testing::{Arg, Attr, floats};

/// Tree, number, mode, feature, value, where it goes when true and when false, whether missing values count as true.
pub(in crate::ops) type Row = (i64, i64, &'static str, i64, f32, i64, i64, i64);

/// Tree, number of the leaf, target or class, weight.
pub(in crate::ops) type Weight = (i64, i64, i64, f32);

pub(in crate::ops) type Attrs = Vec<(&'static str, Attr)>;

/// A leaf.
pub(in crate::ops) const fn leaf(tree: i64, node: i64) -> Row {
    (tree, node, "LEAF", 0, 0.0, 0, 0, 0)
}

/// One node and two leaves.
pub(in crate::ops) const ONE: [Row; 3] = [(0, 0, "BRANCH_LEQ", 0, 0.0, 1, 2, 0), leaf(0, 1), leaf(0, 2)];

pub(in crate::ops) fn ints(list: impl IntoIterator<Item = i64>) -> Attr {
    Attr::Ints(Vec::leak(list.into_iter().collect()))
}

pub(in crate::ops) fn numbers(list: impl IntoIterator<Item = f32>) -> Attr {
    Attr::Floats(Vec::leak(list.into_iter().collect()))
}

fn nodes(rows: &[Row]) -> Attrs {
    vec![
        ("nodes_treeids", ints(rows.iter().map(|r| r.0))),
        ("nodes_nodeids", ints(rows.iter().map(|r| r.1))),
        ("nodes_modes", Attr::Texts(Vec::leak(rows.iter().map(|r| r.2).collect()))),
        ("nodes_featureids", ints(rows.iter().map(|r| r.3))),
        ("nodes_values", numbers(rows.iter().map(|r| r.4))),
        ("nodes_truenodeids", ints(rows.iter().map(|r| r.5))),
        ("nodes_falsenodeids", ints(rows.iter().map(|r| r.6))),
        ("nodes_missing_value_tracks_true", ints(rows.iter().map(|r| r.7))),
    ]
}

/// The attributes of a regressor, and `more`.
pub(in crate::ops) fn regressor(rows: &[Row], weights: &[Weight], targets: i64, more: Attrs) -> Attrs {
    let mut attrs = nodes(rows);
    attrs.extend([
        ("target_treeids", ints(weights.iter().map(|w| w.0))),
        ("target_nodeids", ints(weights.iter().map(|w| w.1))),
        ("target_ids", ints(weights.iter().map(|w| w.2))),
        ("target_weights", numbers(weights.iter().map(|w| w.3))),
        ("n_targets", Attr::Int(targets)),
    ]);
    attrs.extend(more);
    attrs
}

/// The attributes of a classifier, and `more`.
pub(in crate::ops) fn classifier(rows: &[Row], weights: &[Weight], classes: i64, more: Attrs) -> Attrs {
    let mut attrs = nodes(rows);
    attrs.extend([
        ("class_treeids", ints(weights.iter().map(|w| w.0))),
        ("class_nodeids", ints(weights.iter().map(|w| w.1))),
        ("class_ids", ints(weights.iter().map(|w| w.2))),
        ("class_weights", numbers(weights.iter().map(|w| w.3))),
        ("classlabels_int64s", ints(0..classes)),
    ]);
    attrs.extend(more);
    attrs
}

/// The attributes with one replaced, or added.
pub(in crate::ops) fn with(mut attrs: Attrs, name: &'static str, attr: Attr) -> Attrs {
    attrs.retain(|(known, _)| *known != name);
    attrs.push((name, attr));
    attrs
}

/// What a regressor gives for each of the inputs.
pub(in crate::ops) fn regress(attrs: &Attrs, inputs: &[&[f64]]) -> Vec<Vec<f64>> {
    let of =
        |x: &&[f64]| floats("ai.onnx.ml.TreeEnsembleRegressor", 3, attrs, &[Arg::Input(&[1, x.len()], x)]).1;
    inputs.iter().map(of).collect()
}

pub(in crate::ops) fn close(found: &[f64], expected: &[f64]) {
    let near = found.len() == expected.len()
        && found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-6 * b.abs().max(1.0));
    assert!(near, "{found:?}, not {expected:?}");
}
