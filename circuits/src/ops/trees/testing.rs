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

/// Four trees of depth 3 over eight features, all paths alike.
pub(in crate::ops) fn full() -> Vec<Row> {
    let row = |tree: i64, node: i64| match node {
        0..7 => {
            (tree, node, "BRANCH_LEQ", (tree + node) % 8, node as f32 / 8.0, 2 * node + 1, 2 * node + 2, 0)
        }
        _ => leaf(tree, node),
    };
    (0..4).flat_map(|tree| (0..15).map(move |node| row(tree, node))).collect()
}

/// Weights of so many targets on each leaf of [`full`].
pub(in crate::ops) fn spread(targets: i64) -> Vec<Weight> {
    let weight = |tree: i64, node: i64, target: i64| ((tree + node * node + target * node) % 11) as f32 / 4.0;
    let of = |(tree, node)| (0..targets).map(move |target| (tree, node, target, weight(tree, node, target)));
    (0..4).flat_map(|tree| (7..15).map(move |node| (tree, node))).flat_map(of).collect()
}

/// A `TreeEnsemble` of one node and two leaves.
pub(in crate::ops) fn node() -> Attrs {
    vec![
        ("n_targets", Attr::Int(1)),
        ("nodes_modes", Attr::Bytes(vec![0])),
        ("nodes_splits", Attr::Tensor(vec![1], vec![0.5])),
        ("nodes_featureids", ints([0])),
        ("nodes_truenodeids", ints([0])),
        ("nodes_falsenodeids", ints([1])),
        ("nodes_trueleafs", ints([1])),
        ("nodes_falseleafs", ints([1])),
        ("tree_roots", ints([0])),
        ("leaf_targetids", ints([0, 0])),
        ("leaf_weights", Attr::Tensor(vec![2], vec![10.0, 20.0])),
    ]
}
