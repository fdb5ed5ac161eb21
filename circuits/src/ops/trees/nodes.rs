//! The attributes of `TreeEnsembleRegressor` and `TreeEnsembleClassifier`.

use std::collections::BTreeMap;

use super::{Aggregate, Mode, Step, Test, Trees};
use crate::onnx::{Problem, call::Call};

/// The weights of leaves, a list each.
pub(in crate::ops) struct Weights {
    trees: Vec<i64>,
    nodes: Vec<i64>,
    /// Targets or classes.
    pub(in crate::ops) ids: Vec<i64>,
    pub(in crate::ops) weights: Vec<f64>,
}

/// The weights `target_*`.
pub(in crate::ops) fn target_weights(call: &Call<'_>) -> Result<Weights, Problem> {
    let names =
        ["target_treeids", "target_nodeids", "target_ids", "target_weights", "target_weights_as_tensor"];
    weights(call, names)
}

/// The weights `class_*`.
pub(in crate::ops) fn class_weights(call: &Call<'_>) -> Result<Weights, Problem> {
    let names = ["class_treeids", "class_nodeids", "class_ids", "class_weights", "class_weights_as_tensor"];
    weights(call, names)
}

fn weights(call: &Call<'_>, names: [&'static str; 5]) -> Result<Weights, Problem> {
    let trees = ints(call, names[0])?;
    let nodes = ints(call, names[1])?;
    let ids = ints(call, names[2])?;
    let weights = floats(call, names[3], names[4])?;
    for (name, len) in [(names[1], nodes.len()), (names[2], ids.len()), (names[3], weights.len())] {
        same_length(name, len, names[0], trees.len())?;
    }
    if let Some(weight) = weights.iter().find(|w| !w.is_finite()) {
        return Err(Problem::attribute(names[3], format!("holds {weight}")));
    }
    Ok(Weights { trees, nodes, ids, weights })
}

/// What is added to each target or class; empty when nothing is.
pub(in crate::ops) fn base_values(call: &Call<'_>) -> Result<Vec<f64>, Problem> {
    let base = floats(call, "base_values", "base_values_as_tensor")?;
    match base.iter().find(|b| !b.is_finite()) {
        Some(b) => Err(Problem::attribute("base_values", format!("holds {b}"))),
        None => Ok(base),
    }
}

/// The trees of the attributes `nodes_*`, with these weights on their leaves.
pub(in crate::ops) fn read(
    call: &mut Call<'_>,
    features: usize,
    targets: usize,
    weights: &Weights,
    kind: Aggregate,
) -> Result<Trees, Problem> {
    let lists = Lists::read(call)?;
    let places = lists.places()?;
    let count = lists.modes.len();
    call.charge(count.saturating_add(weights.ids.len()).saturating_mul(4))?;
    let mut leaves: Vec<Vec<(usize, f64)>> = vec![Vec::new(); count];
    for (i, id) in weights.ids.iter().enumerate() {
        let (tree, node) = (weights.trees[i], weights.nodes[i]);
        let unknown =
            || Problem::Shape(format!("a weight is for node {node} of tree {tree}, which is not there"));
        let at = *places.get(&(tree, node)).ok_or_else(unknown)?;
        let target = usize::try_from(*id).ok().filter(|t| *t < targets).ok_or_else(|| {
            Problem::Shape(format!("a weight is for target or class {id}, and there are {targets}"))
        })?;
        // Weights of nodes that compare are passed over, as in onnxruntime: an old exporter writes them.
        leaves[at].push((target, weights.weights[i]));
    }
    let mut trees = Trees { features, targets, steps: Vec::new(), roots: lists.roots()? };
    trees.steps = leaves.into_iter().map(Step::Leaf).collect();
    for at in 0..count {
        match lists.test(at, features, &places)? {
            Some(test) => trees.branch(at, test),
            None => {
                if matches!(&trees.steps[at], Step::Leaf(list) if list.is_empty()) {
                    let (tree, node) = (lists.trees[at], lists.nodes[at]);
                    return Err(Problem::Shape(format!("leaf {node} of tree {tree} has no weight")));
                }
            }
        }
    }
    trees.check(call)?;
    trees.merge(kind);
    Ok(trees)
}

/// The attributes `nodes_*`.
struct Lists {
    trees: Vec<i64>,
    nodes: Vec<i64>,
    modes: Vec<String>,
    features: Vec<i64>,
    values: Vec<f64>,
    yes: Vec<i64>,
    no: Vec<i64>,
    missing: Vec<i64>,
}

impl Lists {
    fn read(call: &Call<'_>) -> Result<Self, Problem> {
        let lists = Self {
            trees: ints(call, "nodes_treeids")?,
            nodes: ints(call, "nodes_nodeids")?,
            modes: call.texts("nodes_modes")?,
            features: ints(call, "nodes_featureids")?,
            values: floats(call, "nodes_values", "nodes_values_as_tensor")?,
            yes: ints(call, "nodes_truenodeids")?,
            no: ints(call, "nodes_falsenodeids")?,
            missing: ints(call, "nodes_missing_value_tracks_true")?,
        };
        let count = lists.trees.len();
        for (name, len) in [
            ("nodes_nodeids", lists.nodes.len()),
            ("nodes_modes", lists.modes.len()),
            ("nodes_featureids", lists.features.len()),
            ("nodes_values", lists.values.len()),
            ("nodes_truenodeids", lists.yes.len()),
            ("nodes_falsenodeids", lists.no.len()),
        ] {
            same_length(name, len, "nodes_treeids", count)?;
        }
        if !lists.missing.is_empty() {
            same_length("nodes_missing_value_tracks_true", lists.missing.len(), "nodes_treeids", count)?;
        }
        if count == 0 {
            return Err(Problem::MissingAttribute("nodes_treeids"));
        }
        Ok(lists)
    }

    /// Where each node is, by tree and number.
    fn places(&self) -> Result<BTreeMap<(i64, i64), usize>, Problem> {
        let mut places = BTreeMap::new();
        for (at, id) in self.trees.iter().copied().zip(self.nodes.iter().copied()).enumerate() {
            if places.insert(id, at).is_some() {
                return Err(Problem::Shape(format!("node {} of tree {} is there twice", id.1, id.0)));
            }
        }
        Ok(places)
    }

    /// The first node of each tree.
    fn roots(&self) -> Result<Vec<usize>, Problem> {
        let starts = |at: &usize| *at == 0 || self.trees[*at] != self.trees[*at - 1];
        let roots: Vec<usize> = (0..self.trees.len()).filter(starts).collect();
        let mut ids: Vec<i64> = roots.iter().map(|at| self.trees[*at]).collect();
        ids.sort_unstable();
        match ids.windows(2).find(|w| w[0] == w[1]) {
            Some(w) => Err(Problem::attribute(
                "nodes_treeids",
                format!("names tree {} in several places; a tree's nodes must follow one another", w[0]),
            )),
            None => Ok(roots),
        }
    }

    /// Node `at` where it compares; `None` where it is a leaf.
    fn test(
        &self,
        at: usize,
        features: usize,
        places: &BTreeMap<(i64, i64), usize>,
    ) -> Result<Option<Test>, Problem> {
        let mode: fn(f32) -> Mode = match self.modes[at].as_str() {
            "LEAF" => return Ok(None),
            "BRANCH_LEQ" => Mode::Leq,
            "BRANCH_LT" => Mode::Lt,
            "BRANCH_GTE" => Mode::Gte,
            "BRANCH_GT" => Mode::Gt,
            "BRANCH_EQ" => Mode::Eq,
            "BRANCH_NEQ" => Mode::Neq,
            other => {
                return Err(Problem::attribute(
                    "nodes_modes",
                    format!("holds '{other}', which is not a mode"),
                ));
            }
        };
        let tree = self.trees[at];
        let side = |node: i64| {
            places.get(&(tree, node)).copied().ok_or_else(|| {
                let from = self.nodes[at];
                Problem::Shape(format!("node {from} of tree {tree} goes to node {node}, which is not there"))
            })
        };
        Ok(Some(Test {
            feature: feature(self.features[at], features)?,
            mode: mode(threshold("nodes_values", self.values[at])?),
            sides: [side(self.yes[at])?, side(self.no[at])?],
            missing: self.missing.get(at) == Some(&1),
        }))
    }
}

/// A feature that is there.
pub(in crate::ops) fn feature(id: i64, features: usize) -> Result<usize, Problem> {
    usize::try_from(id).ok().filter(|f| *f < features).ok_or_else(|| {
        Problem::attribute("nodes_featureids", format!("holds {id}, and the input has {features} features"))
    })
}

/// A number that features are compared with, as they are: in single precision.
pub(in crate::ops) fn threshold(name: &'static str, value: f64) -> Result<f32, Problem> {
    let single = value as f32;
    if f64::from(single) == value {
        return Ok(single);
    }
    Err(Problem::attribute(
        name,
        format!("holds {value}, which is not a number of single precision; export for inputs of type float"),
    ))
}

fn ints(call: &Call<'_>, name: &str) -> Result<Vec<i64>, Problem> {
    Ok(call.int_list(name)?.unwrap_or_default())
}

/// The list `name` or, in double precision, the tensor `tensor`.
fn floats(call: &Call<'_>, name: &'static str, tensor: &'static str) -> Result<Vec<f64>, Problem> {
    let list = call.any_floats(name)?;
    let data = match call.any_tensor(tensor)? {
        Some(t) => {
            Some(t.as_floats().ok_or_else(|| Problem::attribute(tensor, "must hold numbers"))?.to_vec())
        }
        None => None,
    };
    match (list, data) {
        (Some(_), Some(data)) if !data.is_empty() => {
            Err(Problem::attribute(tensor, format!("is there beside '{name}'")))
        }
        (Some(list), _) => Ok(list),
        (None, data) => Ok(data.unwrap_or_default()),
    }
}

/// Refuses lists of different lengths.
pub(in crate::ops) fn same_length(
    name: &str,
    len: usize,
    other: &str,
    expected: usize,
) -> Result<(), Problem> {
    if len == expected {
        return Ok(());
    }
    Err(Problem::attribute(name, format!("must be as long as '{other}', {expected}; it has {len} elements")))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ONE, Row, ints, leaf, numbers, regress, regressor, with};
    use crate::onnx::testing::{Arg, Attr, fails};

    const OP: &str = "ai.onnx.ml.TreeEnsembleRegressor";

    fn refused(attrs: &[(&'static str, Attr)], expected: &str) {
        fails(OP, 3, attrs, &[Arg::Input(&[1, 1], &[0.0])], expected);
    }

    #[test]
    fn malformed_trees_are_refused() {
        let leaves = [(0, 1, 0, 1.0), (0, 2, 0, 2.0)];
        let of = |rows: &[Row]| regressor(rows, &leaves, 1, vec![]);
        let node = |to: [i64; 2]| [(0, 0, "BRANCH_LEQ", 0, 0.0, to[0], to[1], 0), leaf(0, 1), leaf(0, 2)];
        refused(&of(&node([1, 3])), "node 0 of tree 0 goes to node 3, which is not there");
        refused(&of(&node([0, 1])), "a path that does not end");
        refused(&of(&node([-1, 1])), "node -1");
        let circle = [
            (0, 0, "BRANCH_LEQ", 0, 0.0, 3, 1, 0),
            leaf(0, 1),
            leaf(0, 2),
            (0, 3, "BRANCH_GT", 0, 0.0, 2, 0, 0),
        ];
        refused(&of(&circle), "a path that does not end");
        refused(&of(&[ONE[0], ONE[1], ONE[2], leaf(0, 1)]), "node 1 of tree 0 is there twice");
        refused(&of(&[ONE[0], ONE[1], ONE[2], leaf(0, 7)]), "leaf 7 of tree 0 has no weight");
        refused(&of(&[ONE[0], ONE[1], leaf(1, 0), ONE[2]]), "tree 0 in several places");
        refused(
            &of(&[(0, 0, "BRANCH_LIKE", 0, 0.0, 1, 2, 0), ONE[1], ONE[2]]),
            "'BRANCH_LIKE', which is not a mode",
        );
        refused(&of(&[(0, 0, "BRANCH_LEQ", 1, 0.0, 1, 2, 0), ONE[1], ONE[2]]), "the input has 1 features");
        refused(&of(&[(0, 0, "BRANCH_LEQ", 0, f32::NAN, 1, 2, 0), ONE[1], ONE[2]]), "holds NaN");
        refused(&of(&[]), "'nodes_treeids' is missing");
    }

    #[test]
    fn malformed_attributes_are_refused() {
        let leaves = [(0, 1, 0, 1.0), (0, 2, 0, 2.0)];
        let one = || regressor(&ONE, &leaves, 1, vec![]);
        for name in ["nodes_nodeids", "nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids"] {
            refused(&with(one(), name, ints([0, 1])), "must be as long as 'nodes_treeids', 3; it has 2");
        }
        refused(&with(one(), "nodes_modes", Attr::Texts(&["LEAF"])), "'nodes_modes' must be as long as");
        refused(&with(one(), "nodes_values", numbers([])), "'nodes_values' must be as long as");
        refused(&with(one(), "nodes_values", ints([1, 1, 1])), "'nodes_values' must be a list of numbers");
        refused(&with(one(), "nodes_missing_value_tracks_true", ints([1])), "it has 1 elements");
        refused(&with(one(), "target_weights", numbers([1.0])), "as long as 'target_treeids', 2");
        refused(&with(one(), "target_weights", numbers([1.0, f32::INFINITY])), "holds inf");
        refused(&with(one(), "target_ids", ints([0, 1])), "target or class 1, and there are 1");
        refused(&with(one(), "target_ids", ints([0, -1])), "target or class -1");
        refused(&with(one(), "target_nodeids", ints([1, 5])), "node 5 of tree 0, which is not there");
        refused(&with(one(), "base_values", numbers([1.0, 2.0])), "must hold 1 numbers; it holds 2");
        refused(&with(one(), "base_values", numbers([f32::NAN])), "holds NaN");
        refused(&with(one(), "n_targets", Attr::Int(0)), "'n_targets' must be positive");
        refused(&with(one(), "n_targets", Attr::Int(i64::MAX)), "expands to more than");
        refused(&with(one(), "post_transform", Attr::Text("PROBIT")), "is PROBIT");
        let cube = [Arg::Input(&[1, 1, 1], &[0.0])];
        fails(OP, 3, &one(), &cube, "the input must be a matrix");
    }

    #[test]
    fn double_precision() {
        let leaves = [(0, 1, 0, 1.0), (0, 2, 0, 2.0)];
        let one = || regressor(&ONE, &leaves, 1, vec![]);
        let doubles = |list: &[f64]| Attr::Doubles(list.to_vec());
        refused(&with(one(), "nodes_values_as_tensor", doubles(&[0.5, 0.0, 0.0])), "beside 'nodes_values'");
        let none = || with(one(), "nodes_values", numbers([]));
        let values = |v| with(none(), "nodes_values_as_tensor", doubles(&[v, 0.0, 0.0]));
        assert_eq!(regress(&values(0.5), &[&[0.5], &[0.75]]).concat(), [1.0, 2.0]);
        refused(&values(0.1), "0.1, which is not a number of single precision");
        let weights = with(
            with(one(), "target_weights", numbers([])),
            "target_weights_as_tensor",
            doubles(&[0.1, 0.2]),
        );
        let all = with(weights, "base_values_as_tensor", doubles(&[0.3]));
        assert_eq!(regress(&all, &[&[0.0], &[1.0]]).concat(), [0.3 + 0.1, 0.3 + 0.2]);
    }
}
