//! TreeEnsemble, which came with set 5: nodes that compare and leaves in lists of their own.

use super::{
    Operator,
    trees::{self, Aggregate, Mode, Step, Test, Transform, Trees},
};
use crate::onnx::{
    Problem,
    call::{Call, Outcome, Value},
    tensor::Data,
};

pub(super) const TREE_ENSEMBLE: Operator = Operator::ml("TreeEnsemble", import).since(5).limited(
    "post-transforms NONE and SOFTMAX_ZERO, as SOFTMAX; thresholds in double precision must be of single",
);

fn import(call: &mut Call<'_>) -> Outcome {
    let (x, features) = trees::features(call)?;
    let targets = trees::targets(call)?;
    let transform = match call.int("post_transform")?.unwrap_or(0) {
        0 => Transform::None,
        3 => Transform::SoftmaxZero,
        other => {
            let problem = match other {
                1 => {
                    "is 1, which the standard calls SOFTMAX and onnxruntime LOGISTIC; use 0 and an operator behind"
                }
                2 => {
                    "is 2, which the standard calls LOGISTIC and onnxruntime SOFTMAX; use 0 and an operator behind"
                }
                4 => "is PROBIT, which is not supported",
                _ => "is not known",
            };
            return Err(Problem::attribute("post_transform", problem));
        }
    };
    let kind = match call.int("aggregate_function")?.unwrap_or(1) {
        0 => Aggregate::Average,
        1 => Aggregate::Sum,
        2 => Aggregate::Min,
        3 => Aggregate::Max,
        other => {
            return Err(Problem::attribute("aggregate_function", format!("is {other}; 0 to 3 are known")));
        }
    };
    let trees = read(call, features, targets)?;
    let scored = trees.scored(call)?;
    transform.check(&scored, &[])?;
    let y = trees.aggregate(call, x, kind, &[])?;
    Ok(vec![Value::Node(transform.apply(call, y)?)])
}

/// The nodes come first among the steps, then the leaves.
fn read(call: &mut Call<'_>, features: usize, targets: usize) -> Result<Trees, Problem> {
    let lists = Lists::read(call)?;
    let nodes = lists.modes.len();
    let leaves = leaves(call, targets)?;
    let place = |id: i64, leaf: bool, from: &str| {
        let (what, count) = if leaf { ("leaf", leaves.len()) } else { ("node", nodes) };
        let at = usize::try_from(id).ok().filter(|at| *at < count);
        let at =
            at.ok_or_else(|| Problem::Shape(format!("{from} goes to {what} {id}, which is not there")))?;
        Ok::<_, Problem>(if leaf { nodes + at } else { at })
    };
    let mut steps = vec![Step::Leaf(Vec::new()); nodes];
    steps.extend(leaves.iter().map(|leaf| Step::Leaf(vec![*leaf])));
    let mut trees = Trees { features, targets, steps, roots: Vec::new() };
    for at in 0..nodes {
        let from = format!("node {at}");
        let yes = place(lists.yes[at], lists.yes_leaf[at] != 0, &from)?;
        let no = place(lists.no[at], lists.no_leaf[at] != 0, &from)?;
        let test = Test {
            feature: trees::feature(lists.features[at], features)?,
            mode: lists.modes[at].clone(),
            sides: [yes, no],
            missing: lists.missing.get(at) == Some(&1),
        };
        trees.branch(at, test);
    }
    for root in call.int_list("tree_roots")?.unwrap_or_default() {
        let at = place(root, false, "a root")?;
        let leaf = lists.yes[at] == lists.no[at] && lists.yes_leaf[at] != 0 && lists.no_leaf[at] != 0;
        // Of such a tree the standard means the leaf that its root goes to, and runtimes take that of the root's number.
        if leaf && lists.yes[at] != root {
            let same =
                usize::try_from(root).ok().and_then(|i| leaves.get(i)) == leaves.get(lists.yes[at] as usize);
            if !same {
                return Err(Problem::Shape(format!(
                    "node {root} is a tree of one leaf, which must have the number of the node"
                )));
            }
        }
        trees.roots.push(at);
    }
    if trees.roots.is_empty() {
        return Err(Problem::MissingAttribute("tree_roots"));
    }
    trees.check(call)?;
    Ok(trees)
}

/// The target and weight of each leaf.
fn leaves(call: &mut Call<'_>, targets: usize) -> Result<Vec<(usize, f64)>, Problem> {
    let ids = call.int_list("leaf_targetids")?.unwrap_or_default();
    let weights = call.tensor("leaf_weights")?.ok_or(Problem::MissingAttribute("leaf_weights"))?;
    let weights =
        weights.as_floats().ok_or_else(|| Problem::attribute("leaf_weights", "must hold numbers"))?;
    trees::same_length("leaf_targetids", ids.len(), "leaf_weights", weights.len())?;
    call.charge(ids.len().saturating_mul(4))?;
    let target = |id: &i64| {
        usize::try_from(*id).ok().filter(|t| *t < targets).ok_or_else(|| {
            Problem::attribute("leaf_targetids", format!("holds {id}, and there are {targets} targets"))
        })
    };
    ids.iter().zip(weights).map(|(id, w)| Ok((target(id)?, *w))).collect()
}

/// The attributes `nodes_*`.
struct Lists {
    modes: Vec<Mode>,
    features: Vec<i64>,
    yes: Vec<i64>,
    no: Vec<i64>,
    yes_leaf: Vec<i64>,
    no_leaf: Vec<i64>,
    missing: Vec<i64>,
}

impl Lists {
    fn read(call: &mut Call<'_>) -> Result<Self, Problem> {
        let ints = |name| Ok::<_, Problem>(call.int_list(name)?.unwrap_or_default());
        let mut lists = Self {
            modes: Vec::new(),
            features: ints("nodes_featureids")?,
            yes: ints("nodes_truenodeids")?,
            no: ints("nodes_falsenodeids")?,
            yes_leaf: ints("nodes_trueleafs")?,
            no_leaf: ints("nodes_falseleafs")?,
            missing: ints("nodes_missing_value_tracks_true")?,
        };
        lists.modes = modes(call)?;
        let count = lists.modes.len();
        for (name, len) in [
            ("nodes_featureids", lists.features.len()),
            ("nodes_truenodeids", lists.yes.len()),
            ("nodes_falsenodeids", lists.no.len()),
            ("nodes_trueleafs", lists.yes_leaf.len()),
            ("nodes_falseleafs", lists.no_leaf.len()),
        ] {
            trees::same_length(name, len, "nodes_modes", count)?;
        }
        if !lists.missing.is_empty() {
            trees::same_length("nodes_missing_value_tracks_true", lists.missing.len(), "nodes_modes", count)?;
        }
        Ok(lists)
    }
}

/// How each node compares. The members of the nodes that look for them follow one another in one list, each node's with
/// one that is no number behind.
fn modes(call: &mut Call<'_>) -> Result<Vec<Mode>, Problem> {
    let modes = call.any_tensor("nodes_modes")?.ok_or(Problem::MissingAttribute("nodes_modes"))?;
    let Data::Int(modes) = modes.data else {
        return Err(Problem::attribute("nodes_modes", "must hold integers"));
    };
    let splits = numbers(call, "nodes_splits")?;
    let members = numbers(call, "membership_values")?;
    trees::same_length("nodes_splits", splits.len(), "nodes_modes", modes.len())?;
    call.charge((modes.len() + members.len()).saturating_mul(8))?;
    let mut sets = members.split(|v| v.is_nan());
    let of = |split: f64| trees::threshold("nodes_splits", split);
    modes
        .iter()
        .zip(splits)
        .enumerate()
        .map(|(at, (mode, split))| {
            Ok(match mode {
                0 => Mode::Leq(of(split)?),
                1 => Mode::Lt(of(split)?),
                2 => Mode::Gte(of(split)?),
                3 => Mode::Gt(of(split)?),
                4 => Mode::Eq(of(split)?),
                5 => Mode::Neq(of(split)?),
                6 => {
                    let set = sets.next().filter(|set| !set.is_empty()).ok_or_else(|| {
                        Problem::attribute("membership_values", format!("holds no members for node {at}"))
                    })?;
                    let member = |v: &f64| trees::threshold("membership_values", *v);
                    Mode::Member(set.iter().map(member).collect::<Result<_, _>>()?)
                }
                other => {
                    return Err(Problem::attribute(
                        "nodes_modes",
                        format!("holds {other}, which is not a mode"),
                    ));
                }
            })
        })
        .collect()
}

fn numbers(call: &Call<'_>, name: &'static str) -> Result<Vec<f64>, Problem> {
    let Some(tensor) = call.any_tensor(name)? else { return Ok(Vec::new()) };
    Ok(tensor.as_floats().ok_or_else(|| Problem::attribute(name, "must hold numbers"))?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::trees::testing::{Attrs, ints, node, with};
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    const OP: &str = "ai.onnx.ml.TreeEnsemble";
    const NAN: f32 = f32::NAN;

    /// One node and two leaves, 10 and 20.
    fn one(mode: i32, missing: i64) -> Attrs {
        let split = Attr::Tensor(vec![1], vec![if mode == 6 { NAN } else { 2.0 }]);
        let members = Attr::Tensor(vec![4], vec![3.0, 1.0, 6.0, NAN]);
        let attrs = with(node(), "nodes_modes", Attr::Bytes(vec![mode]));
        let attrs = with(with(attrs, "nodes_splits", split), "membership_values", members);
        with(attrs, "nodes_missing_value_tracks_true", ints([missing]))
    }

    fn gives(attrs: &Attrs) -> Vec<Vec<f64>> {
        let of = |x: f64| floats(OP, 5, attrs, &[Arg::Input(&[1, 1], &[x])]).1;
        [0.0, 1.0, 2.0, 3.0, 3.5, 6.0, f64::NAN].map(of).to_vec()
    }

    #[test]
    fn each_mode() {
        let (t, f) = (10.0, 20.0);
        for (mode, expected) in [
            (0, [t, t, t, f, f, f, f]),
            (1, [t, t, f, f, f, f, f]),
            (2, [f, f, t, t, t, t, f]),
            (3, [f, f, f, t, t, t, f]),
            (4, [f, f, t, f, f, f, f]),
            (5, [t, t, f, t, t, t, t]),
            (6, [f, t, f, t, f, t, f]),
        ] {
            assert_eq!(gives(&one(mode, 0)).concat(), expected, "{mode}");
            let [rest @ .., _] = expected;
            assert_eq!(
                gives(&one(mode, 1)).concat(),
                [rest.as_slice(), &[t]].concat(),
                "{mode}, missing is true"
            );
        }
    }

    #[test]
    fn trees_share_lists() {
        // Two trees; members of the first node, then of the third; one leaf is gone to from two nodes.
        let list = |list: &[i64]| ints(list.to_vec());
        let two: Attrs = vec![
            ("n_targets", Attr::Int(2)),
            ("nodes_modes", Attr::Bytes(vec![6, 0, 6])),
            ("nodes_splits", Attr::Tensor(vec![3], vec![NAN, 1.0, NAN])),
            ("membership_values", Attr::Tensor(vec![6], vec![1.0, 2.0, 3.0, NAN, 2.0, NAN])),
            ("nodes_featureids", list(&[0, 0, 0])),
            ("nodes_truenodeids", list(&[1, 0, 2])),
            ("nodes_falsenodeids", list(&[0, 1, 1])),
            ("nodes_trueleafs", list(&[0, 1, 1])),
            ("nodes_falseleafs", list(&[1, 1, 1])),
            ("tree_roots", list(&[0, 2])),
            ("leaf_targetids", list(&[0, 1, 1])),
            ("leaf_weights", Attr::Tensor(vec![3], vec![1.0, 2.0, 4.0])),
        ];
        let (low, other) = (vec![1.0, 2.0], vec![0.0, 4.0]);
        let expected = [&low, &low, &vec![0.0, 6.0], &other, &low, &low, &low];
        assert_eq!(gives(&two), expected.map(Clone::clone));
        let average = with(two, "aggregate_function", Attr::Int(0));
        assert_eq!(gives(&average)[2], [0.0, 3.0]);
        for (kind, expected) in [(2, 10.0), (3, 10.0)] {
            assert_eq!(gives(&with(one(0, 0), "aggregate_function", Attr::Int(kind)))[0], [expected]);
        }
    }

    #[test]
    fn misuse_is_refused() {
        let refused = |name, attr, expected| {
            fails(OP, 5, &with(one(6, 0), name, attr), &[Arg::Input(&[1, 1], &[0.0])], expected);
        };
        refused("nodes_modes", Attr::Bytes(vec![7]), "holds 7, which is not a mode");
        refused("nodes_modes", Attr::Tensor(vec![1], vec![0.0]), "must hold integers");
        refused("nodes_modes", Attr::Bytes(vec![6, 6]), "as long as 'nodes_modes', 2");
        refused("nodes_featureids", ints([1]), "the input has 1 features");
        refused("nodes_truenodeids", ints([2]), "node 0 goes to leaf 2, which is not there");
        refused("nodes_falseleafs", ints([0]), "node 0 goes to node 1, which is not there");
        refused("nodes_trueleafs", ints([0]), "a path that does not end");
        refused("nodes_missing_value_tracks_true", ints([0, 0]), "it has 2 elements");
        refused("membership_values", Attr::Tensor(vec![1], vec![NAN]), "no members for node 0");
        refused("tree_roots", ints([1]), "a root goes to node 1, which is not there");
        refused("tree_roots", ints([]), "'tree_roots' is missing");
        refused("leaf_targetids", ints([0, 1]), "there are 1 targets");
        refused("leaf_targetids", ints([0]), "'leaf_targetids' must be as long as 'leaf_weights', 2");
        refused("leaf_weights", Attr::Tensor(vec![2], vec![0.0, NAN]), "NaN or infinite");
        refused("aggregate_function", Attr::Int(4), "0 to 3 are known");
        refused("post_transform", Attr::Int(1), "the standard calls SOFTMAX");
        refused("post_transform", Attr::Int(2), "the standard calls LOGISTIC");
        refused("post_transform", Attr::Int(4), "is PROBIT");
        refused("n_targets", Attr::Int(-1), "must be positive");
        fails(OP, 3, &one(0, 0), &[Arg::Input(&[1, 1], &[0.0])], "came with operator set 5");
        let split = with(one(0, 0), "nodes_splits", Attr::Doubles(vec![0.1]));
        fails(OP, 5, &split, &[Arg::Input(&[1, 1], &[0.0])], "not a number of single precision");
    }
}
