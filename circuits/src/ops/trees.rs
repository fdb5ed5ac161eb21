//! What the operators on tree ensembles share: trees as they are read, the ways a node compares, and transforms of scores.
//!
//! Features are compared as `f32`. A node compares in one of several ways, each of which says on which intervals of the
//! feature it is true; [`Trees::branch`] makes them splits at the intervals' ends, so that all ways mix in one forest.

mod aggregate;
mod nodes;
#[cfg(test)]
pub(super) mod testing;
mod walks;

pub(super) use self::{
    aggregate::Aggregate,
    nodes::{base_values, class_weights, feature, read, same_length, target_weights, threshold},
};

use crate::{
    graph::{Function, NodeId},
    onnx::{Problem, call::Call, tensor},
};

/// A node of a tree; `yes` and `no` are positions among the steps.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Goes to `yes` where the feature is at most `bound`, to `no` where it is more.
    Split { feature: usize, bound: f32, yes: usize, no: usize, missing: bool },
    /// Pairs of a target and its weight.
    Leaf(Vec<(usize, f64)>),
}

/// Trees as they are read. Paths may fail to end, and positions may fail to exist.
#[derive(Clone, Debug)]
pub(super) struct Trees {
    pub(super) features: usize,
    pub(super) targets: usize,
    pub(super) steps: Vec<Step>,
    pub(super) roots: Vec<usize>,
}

/// The way a node compares its feature.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mode {
    Leq(f32),
    Lt(f32),
    Gte(f32),
    Gt(f32),
    Eq(f32),
    Neq(f32),
    /// Whether it is one of these.
    Member(Vec<f32>),
}

/// A node that compares.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) feature: usize,
    pub(super) mode: Mode,
    /// Where it goes when the comparison is true, and when it is false.
    pub(super) sides: [usize; 2],
    /// Whether what is no number counts as true; else it compares as it does, which is true for [`Mode::Neq`] only.
    pub(super) missing: bool,
}

impl Mode {
    /// The ends of the intervals, and on each interval whether the comparison is true.
    fn intervals(self) -> (Vec<f32>, Vec<bool>) {
        let below = |v: f32| if v == f32::NEG_INFINITY { vec![] } else { vec![(v + 0.0).next_down()] };
        let one = |ends: Vec<f32>, first: bool| {
            // Nothing is below minus infinity.
            let on = if ends.is_empty() { vec![!first] } else { vec![first, !first] };
            (ends, on)
        };
        match self {
            Self::Leq(v) => one(vec![v], true),
            Self::Gt(v) => one(vec![v], false),
            Self::Lt(v) => one(below(v), true),
            Self::Gte(v) => one(below(v), false),
            Self::Eq(v) => Self::Member(vec![v]).intervals(),
            Self::Neq(v) => {
                let (ends, on) = Self::Eq(v).intervals();
                (ends, on.into_iter().map(|on| !on).collect())
            }
            Self::Member(mut values) => {
                values.iter_mut().for_each(|v| *v += 0.0);
                values.sort_by(f32::total_cmp);
                values.dedup();
                let (mut ends, mut on) = (Vec::new(), vec![false]);
                for v in values {
                    match below(v).first() {
                        // Nothing is between this and the one before.
                        Some(low) if ends.last() == Some(low) => {
                            ends.pop();
                        }
                        Some(low) => {
                            ends.push(*low);
                            on.push(true);
                        }
                        None => on = vec![true],
                    }
                    if on.len() == ends.len() + 1 {
                        on.push(false);
                    }
                    ends.push(v);
                }
                (ends, on)
            }
        }
    }
}

impl Trees {
    /// Makes step `at` the node `test`; steps that it takes beside are added.
    pub(super) fn branch(&mut self, at: usize, test: Test) {
        let nan = usize::from(!(test.missing || matches!(test.mode, Mode::Neq(_))));
        let (mut ends, on) = test.mode.intervals();
        let mut sides: Vec<usize> = on.iter().map(|on| usize::from(!on)).collect();
        if ends.is_empty() || !sides.contains(&nan) {
            ends.push(f32::INFINITY);
            sides.push(nan);
        }
        let to: Vec<usize> = sides.iter().map(|side| test.sides[*side]).collect();
        // The interval that stands for what is no number.
        let nan = sides.iter().position(|side| *side == nan).unwrap_or(0);
        self.search(at, test.feature, &ends, &to, nan);
    }

    /// Makes step `at` go to `to[i]` on interval `i`, by halves; what is no number goes to interval `nan`, if that is here.
    fn search(&mut self, at: usize, feature: usize, ends: &[f32], to: &[usize], nan: usize) {
        let middle = ends.len() / 2;
        let (left, right) = to.split_at(middle + 1);
        let mut half = |ends: &[f32], to: &[usize], nan: usize| match to {
            [one] => *one,
            _ => {
                let at = self.steps.len();
                self.steps.push(Step::Leaf(Vec::new()));
                self.search(at, feature, ends, to, nan);
                at
            }
        };
        let yes = half(&ends[..middle], left, nan);
        let no = half(&ends[middle + 1..], right, nan.saturating_sub(middle + 1));
        self.steps[at] = Step::Split { feature, bound: ends[middle], yes, no, missing: nan <= middle };
    }
}

/// The features as rows, and how many there are.
pub(super) fn features(call: &mut Call<'_>) -> Result<(NodeId, usize), Problem> {
    let x = call.activation(0)?;
    match *call.builder.shape(x)? {
        [features] => Ok((call.builder.reshape(x, &[1, features])?, features)),
        [_, features] => Ok((x, features)),
        ref shape => Err(Problem::Shape(format!("the input must be a matrix; its shape is {shape:?}"))),
    }
}

/// The attribute `n_targets`.
pub(super) fn targets(call: &mut Call<'_>) -> Result<usize, Problem> {
    let targets = usize::try_from(call.int("n_targets")?.unwrap_or(0)).ok().filter(|t| *t > 0);
    let targets = targets.ok_or_else(|| Problem::attribute("n_targets", "must be positive"))?;
    call.charge(targets)?;
    Ok(targets)
}

/// A post-transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transform {
    None,
    Logistic,
    Softmax,
    /// [`Self::Softmax`] over the scores that are not exactly zero.
    SoftmaxZero,
}

impl Transform {
    /// The transform `name`.
    pub(super) fn named(name: &str) -> Result<Self, Problem> {
        match name {
            "NONE" => Ok(Self::None),
            "LOGISTIC" => Ok(Self::Logistic),
            "SOFTMAX" => Ok(Self::Softmax),
            "SOFTMAX_ZERO" => Ok(Self::SoftmaxZero),
            other => Err(Problem::attribute(
                "post_transform",
                format!("is {other}; NONE, LOGISTIC, SOFTMAX and SOFTMAX_ZERO are supported"),
            )),
        }
    }

    /// Refuses scores that are zero where paths give them no weight, if that makes a difference.
    pub(super) fn check(self, scored: &[Option<bool>], base: &[f64]) -> Result<(), Problem> {
        let zero = |t: &usize| scored[*t] != Some(true) && base.get(*t).is_none_or(|b| *b == 0.0);
        match (0..scored.len()).find(zero) {
            Some(target) if self == Self::SoftmaxZero && scored.len() > 1 => Err(Problem::attribute(
                "post_transform",
                format!(
                    "is SOFTMAX_ZERO, and on some paths score {target} is exactly zero, which is not supported"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Transforms rows of scores. SOFTMAX_ZERO is SOFTMAX, from which it differs only where a score is exactly zero. A single score stays as it is, as in onnxruntime.
    pub(super) fn apply(self, call: &mut Call<'_>, scores: NodeId) -> Result<NodeId, Problem> {
        let shape = call.builder.shape(scores)?.to_vec();
        // As for Softmax.
        call.charge(tensor::count(&shape)?.saturating_mul(8))?;
        match self {
            _ if shape.last() == Some(&1) => Ok(scores),
            Self::None => Ok(scores),
            Self::Logistic => Ok(call.builder.function(scores, Function::Sigmoid)?),
            Self::Softmax | Self::SoftmaxZero => Ok(call.builder.softmax_last(scores)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{leaf, regress, regressor};

    /// What a node of a mode gives below, at and above 1 and for what is no number: 10 where true, 20 where false.
    fn gives(mode: &'static str, value: f32, missing: i64, inputs: [f64; 4]) -> [f64; 4] {
        let rows = [(7, 0, mode, 0, value, 1, 2, missing), leaf(7, 1), leaf(7, 2)];
        let attrs = regressor(&rows, &[(7, 1, 0, 10.0), (7, 2, 0, 20.0)], 1, vec![]);
        inputs.map(|x| regress(&attrs, &[&[x]])[0][0])
    }

    #[test]
    fn each_mode() {
        let (t, f) = (10.0, 20.0);
        for (mode, expected) in [
            ("BRANCH_LEQ", [t, t, f, f]),
            ("BRANCH_LT", [t, f, f, f]),
            ("BRANCH_GTE", [f, t, t, f]),
            ("BRANCH_GT", [f, f, t, f]),
            ("BRANCH_EQ", [f, t, f, f]),
            // What is no number equals nothing.
            ("BRANCH_NEQ", [t, f, t, t]),
        ] {
            for one in [1.0f32, 0.0, -0.0, -2.5, f32::MAX, f32::MIN_POSITIVE] {
                let next = [one.next_down(), one, one.next_up(), f32::NAN].map(f64::from);
                assert_eq!(gives(mode, one, 0, next), expected, "{mode} {one}");
                let [below, at, above, _] = expected;
                assert_eq!(gives(mode, one, 1, next), [below, at, above, t], "{mode} {one}, missing is true");
            }
        }
    }

    #[test]
    fn infinite_values() {
        let (t, f) = (10.0, 20.0);
        let x = [f64::NEG_INFINITY, 0.0, f64::INFINITY, f64::NAN];
        for (mode, least, most) in [
            ("BRANCH_LEQ", [t, f, f, f], [t, t, t, f]),
            ("BRANCH_LT", [f, f, f, f], [t, t, f, f]),
            ("BRANCH_GTE", [t, t, t, f], [f, f, t, f]),
            ("BRANCH_GT", [f, t, t, f], [f, f, f, f]),
            ("BRANCH_EQ", [t, f, f, f], [f, f, t, f]),
            ("BRANCH_NEQ", [f, t, t, t], [t, t, f, t]),
        ] {
            for (value, expected) in [(f32::NEG_INFINITY, least), (f32::INFINITY, most)] {
                for missing in [0, 1] {
                    let expected =
                        if missing == 1 { [expected[0], expected[1], expected[2], t] } else { expected };
                    let found = gives(mode, value, missing, x);
                    // What is the same everywhere is a constant, to which infinity times zero is added.
                    let constant = expected == [expected[0]; 4] && found[1] == expected[0];
                    assert!(found == expected || constant, "{mode} {value}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn modes_mix() {
        // Equal to 1, else to 2, else at least 3: two nodes go to one leaf.
        let rows = [
            (0, 0, "BRANCH_EQ", 0, 1.0, 3, 1, 0),
            (0, 1, "BRANCH_EQ", 0, 2.0, 3, 2, 0),
            (0, 2, "BRANCH_GTE", 1, 3.0, 4, 5, 1),
            leaf(0, 3),
            leaf(0, 4),
            leaf(0, 5),
        ];
        let attrs = regressor(&rows, &[(0, 3, 0, 1.0), (0, 4, 0, 2.0), (0, 5, 0, 3.0)], 1, vec![]);
        let nan = f64::NAN;
        let y = regress(&attrs, &[&[1.0, 9.0], &[2.0, 9.0], &[1.5, 3.0], &[nan, 2.0], &[nan, nan]]);
        assert_eq!(y.concat(), [1.0, 1.0, 2.0, 3.0, 2.0]);
    }
}
