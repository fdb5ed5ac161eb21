//! What is made of the leaves that the trees give: sums, means, least and greatest, target by target.

use super::{
    Step, Trees,
    walks::{Seen, Serves},
};
use crate::{
    graph::{Matrix, NodeId},
    onnx::{Problem, call::Call},
};

/// How much the totals of a tree's leaves may differ, to count as one: as a part of its largest weight. Those of the
/// classes of a random forest are the same before they are rounded to single precision.
const SAME: f64 = 1e-6;

/// What is made of a target's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Aggregate {
    Sum,
    Average,
    Min,
    Max,
}

impl Aggregate {
    /// The aggregate `name`.
    pub(in crate::ops) fn named(name: &str) -> Result<Self, Problem> {
        match name {
            "SUM" => Ok(Self::Sum),
            "AVERAGE" => Ok(Self::Average),
            "MIN" => Ok(Self::Min),
            "MAX" => Ok(Self::Max),
            other => Err(Problem::attribute(
                "aggregate_function",
                format!("is {other}; SUM, AVERAGE, MIN and MAX are known"),
            )),
        }
    }

    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Sum | Self::Average => a + b,
            Self::Min => a.min(b),
            Self::Max => a.max(b),
        }
    }
}

impl Trees {
    /// The aggregate of each target plus its base, a row for each row of `x`.
    pub(in crate::ops) fn aggregate(
        self,
        call: &mut Call<'_>,
        x: NodeId,
        kind: Aggregate,
        base: &[f64],
    ) -> Result<NodeId, Problem> {
        let mut seen = Vec::with_capacity(self.roots.len());
        for root in &self.roots {
            seen.push(self.look(call, *root)?);
        }
        let mut base = base.to_vec();
        base.resize(self.targets, 0.0);
        match kind {
            Aggregate::Sum => self.sum(call, x, &seen, 1.0, base),
            Aggregate::Average => self.sum(call, x, &seen, 1.0 / self.roots.len() as f64, base),
            Aggregate::Min | Aggregate::Max => self.extreme(call, x, &seen, kind, &base),
        }
    }

    /// Of each target, whether every path gives it a weight; `None` where no path does.
    pub(in crate::ops) fn scored(&self, call: &mut Call<'_>) -> Result<Vec<Option<bool>>, Problem> {
        let mut scored = vec![None; self.targets];
        for root in &self.roots {
            let seen = self.look(call, *root)?;
            for (target, spread) in &seen.targets {
                scored[*target] = Some(scored[*target] == Some(true) || spread.leaves == seen.leaves);
            }
        }
        Ok(scored)
    }

    /// One weight a target on each leaf, by target. Of a single target's weights the first counts, as in onnxruntime.
    pub(super) fn merge(&mut self, kind: Aggregate) {
        for step in &mut self.steps {
            let Step::Leaf(list) = step else { continue };
            list.sort_by_key(|(target, _)| *target);
            let single = self.targets == 1;
            list.dedup_by(|next, kept| {
                let same = next.0 == kept.0;
                if same && !single {
                    kept.1 = kind.of(kept.1, next.1);
                }
                same
            });
        }
    }

    /// `base + factor * sum`; a leaf without a target's weight adds nothing to it.
    fn sum(
        &self,
        call: &mut Call<'_>,
        x: NodeId,
        seen: &[Seen],
        factor: f64,
        mut base: Vec<f64>,
    ) -> Result<NodeId, Problem> {
        let mut serves = Vec::with_capacity(seen.len());
        for tree in seen {
            let (mut list, mut constants, mut largest) = (Vec::new(), 0.0, 0f64);
            for (target, spread) in &tree.targets {
                let everywhere = spread.leaves == tree.leaves;
                if spread.least == spread.most && (everywhere || spread.least == 0.0) {
                    base[*target] += factor * spread.least;
                    constants += spread.least;
                } else {
                    list.push(*target);
                    largest = largest.max(spread.least.abs()).max(spread.most.abs());
                }
            }
            let [least, most] = tree.totals;
            let rest = if list.len() > 1 && most - least <= SAME * largest { list.pop() } else { None };
            if let Some(rest) = rest {
                base[rest] += factor * (f64::midpoint(least, most) - constants);
            }
            serves.push(Serves { targets: list, rest });
        }
        let (walks, width) = self.walks(&serves);
        if walks.is_empty() {
            call.charge(self.targets.saturating_mul(self.features))?;
            let none = Matrix::new(self.targets, self.features, vec![0.0; self.targets * self.features])?;
            return Ok(call.builder.linear(x, none, base)?);
        }
        let leaves = self.plant(call, x, &walks, width, &vec![0.0; self.targets], seen)?;
        let mut terms = Vec::with_capacity(width);
        for (value, y) in leaves.into_iter().enumerate() {
            call.charge(self.targets.saturating_mul(walks.len()))?;
            let mut weight = vec![0.0; self.targets * walks.len()];
            for (t, walk) in walks.iter().enumerate() {
                if let Some(target) = walk.targets.get(value) {
                    weight[target * walks.len() + t] = factor;
                    if let Some(rest) = walk.rest {
                        weight[rest * walks.len() + t] = -factor;
                    }
                }
            }
            let weight = Matrix::new(self.targets, walks.len(), weight)?;
            let bias = std::mem::replace(&mut base, vec![0.0; self.targets]);
            terms.push((1.0, call.builder.linear(y, weight, bias)?));
        }
        match terms.as_slice() {
            [(_, only)] => Ok(*only),
            terms => Ok(call.builder.combine(terms)?),
        }
    }

    /// `base` plus the least or greatest of the weights that there are, zero where there is none.
    fn extreme(
        &self,
        call: &mut Call<'_>,
        x: NodeId,
        seen: &[Seen],
        kind: Aggregate,
        base: &[f64],
    ) -> Result<NodeId, Problem> {
        // What changes nothing, on leaves without a weight: the other extreme of all weights.
        let mut idle: Vec<Option<f64>> = vec![None; self.targets];
        let mut always = vec![false; self.targets];
        let mut constant: Vec<Option<f64>> = vec![None; self.targets];
        let mut serves = Vec::with_capacity(seen.len());
        for tree in seen {
            let mut list = Vec::new();
            for (target, spread) in &tree.targets {
                let everywhere = spread.leaves == tree.leaves;
                always[*target] |= everywhere;
                let far = if kind == Aggregate::Min { spread.most } else { spread.least };
                let other = if kind == Aggregate::Min { Aggregate::Max } else { Aggregate::Min };
                idle[*target] = Some(idle[*target].map_or(far, |v| other.of(v, far)));
                if everywhere && spread.least == spread.most {
                    constant[*target] = Some(constant[*target].map_or(far, |v| kind.of(v, far)));
                } else {
                    list.push(*target);
                }
            }
            serves.push(Serves { targets: list, rest: None });
        }
        if let Some(target) = (0..self.targets).find(|t| idle[*t].is_some() && !always[*t]) {
            return Err(Problem::Unsupported(format!(
                "there are paths on which no tree gives target {target} a weight, and its least or greatest is that of none"
            )));
        }
        let (walks, width) = self.walks(&serves);
        let idle: Vec<f64> = idle.into_iter().map(Option::unwrap_or_default).collect();
        let leaves = if walks.is_empty() { vec![] } else { self.plant(call, x, &walks, width, &idle, seen)? };
        let rows = call.builder.shape(x)?[0];
        let mut columns: Vec<Vec<(u32, usize)>> = vec![Vec::new(); self.targets];
        for (t, walk) in walks.iter().enumerate() {
            for (value, target) in walk.targets.iter().enumerate() {
                columns[*target].push((value as u32, t));
            }
        }
        let mut results = Vec::with_capacity(self.targets);
        for (target, column) in columns.iter().enumerate() {
            let held = constant[target];
            call.charge(column.len().saturating_mul(rows).saturating_mul(8).saturating_add(64))?;
            if column.is_empty() {
                let (x, width) = leaves.first().map_or((x, self.features), |y| (*y, walks.len()));
                call.charge(width)?;
                let none = Matrix::new(1, width, vec![0.0; width])?;
                let bias = vec![held.unwrap_or(0.0) + base[target]];
                results.push(call.builder.linear(x, none, bias)?);
                continue;
            }
            let width = walks.len();
            let of = |r: usize| column.iter().map(move |(k, t)| (*k, (r * width + t) as u32));
            let index: Vec<_> = (0..rows).flat_map(of).collect();
            let b = &mut *call.builder;
            let y = b.rearrange(&leaves, &index, &[rows, column.len()])?;
            let y = if kind == Aggregate::Max {
                let y = b.max_last(y)?;
                b.clip(y, held, None)?
            } else {
                let y = b.affine(y, -1.0, 0.0)?;
                let y = b.max_last(y)?;
                let y = b.affine(y, -1.0, 0.0)?;
                b.clip(y, None, held)?
            };
            results.push(b.affine(y, 1.0, base[target])?);
        }
        let index: Vec<_> =
            (0..rows).flat_map(|r| (0..self.targets).map(move |target| (target as u32, r as u32))).collect();
        Ok(call.builder.rearrange(&results, &index, &[rows, self.targets])?)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        graph::Op,
        onnx::testing::{Arg, Attr, fails, graph_of},
        ops::trees::testing::{ONE, Row, Weight, classifier, close, leaf, numbers, regress, regressor, with},
    };

    const OP: &str = "ai.onnx.ml.TreeEnsembleRegressor";

    /// Three trees of which one is a leaf, their nodes in no order and their numbers with gaps.
    const ROWS: [Row; 9] = [
        (4, 9, "BRANCH_LEQ", 0, 0.0, 3, 5, 0),
        leaf(4, 5),
        leaf(4, 3),
        (2, 0, "BRANCH_GT", 1, 0.0, 1, 2, 0),
        (2, 1, "BRANCH_LT", 0, -1.0, 3, 4, 0),
        leaf(2, 2),
        leaf(2, 3),
        leaf(2, 4),
        leaf(8, 0),
    ];
    const WEIGHTS: [Weight; 10] = [
        (4, 3, 0, 1.0),
        (4, 5, 0, 2.0),
        (4, 3, 1, -1.0),
        (4, 5, 1, 0.5),
        (2, 2, 0, 4.0),
        (2, 3, 0, -8.0),
        (2, 4, 1, 16.0),
        (2, 2, 1, 3.0),
        (8, 0, 0, 1.5),
        (8, 0, 1, 0.25),
    ];

    #[test]
    fn each_aggregate() {
        for (kind, expected) in [
            ("SUM", [-5.5, -0.75, 2.5, 15.25, 7.5, 3.75]),
            ("AVERAGE", [-5.5 / 3.0, -0.25, 2.5 / 3.0, 15.25 / 3.0, 2.5, 1.25]),
            ("MIN", [-8.0, -1.0, 1.0, -1.0, 1.5, 0.25]),
            ("MAX", [1.5, 0.25, 1.5, 16.0, 4.0, 3.0]),
        ] {
            let x: [&[f64]; 3] = [&[-2.0, 1.0], &[-1.0, 1.0], &[1.0, -1.0]];
            let attrs = regressor(&ROWS, &WEIGHTS, 2, vec![("aggregate_function", Attr::Text(kind))]);
            close(&regress(&attrs, &x).concat(), &expected);
            let base = with(attrs, "base_values", numbers([100.0, 200.0]));
            let raised: Vec<f64> = expected
                .iter()
                .enumerate()
                .map(|(i, y)| y + if i % 2 == 0 { 100.0 } else { 200.0 })
                .collect();
            close(&regress(&base, &x).concat(), &raised);
        }
        let attrs = regressor(&ROWS, &WEIGHTS, 2, vec![("aggregate_function", Attr::Text("MODE"))]);
        fails(OP, 3, &attrs, &[Arg::Input(&[1, 2], &[0.0; 2])], "MIN and MAX are known");
    }

    #[test]
    fn a_target_that_a_path_gives_no_weight() {
        // The least of no weights is zero, and that a path has none depends on the input.
        let weights = [(0, 1, 0, 1.0), (0, 1, 1, 1.0), (0, 2, 1, 2.0)];
        let attrs = |more| regressor(&ONE, &weights, 3, more);
        let x = || [Arg::Input(&[1, 1], &[0.0])];
        fails(OP, 3, &attrs(vec![("aggregate_function", Attr::Text("MIN"))]), &x(), "no tree gives target 0");
        fails(OP, 3, &attrs(vec![("base_values", numbers([0.0, 0.0, 1.0]))]), &x(), "no tree gives target 2");
        let base = attrs(vec![("base_values", numbers([0.0, 5.0, 0.0]))]);
        assert_eq!(regress(&base, &[&[0.0], &[1.0]]).concat(), [1.0, 6.0, 0.0, 0.0, 7.0, 0.0]);
        let all = [(0, 1, 1, 1.0), (0, 2, 1, 2.0)];
        let max = regressor(&ONE, &all, 3, vec![("aggregate_function", Attr::Text("MAX"))]);
        assert_eq!(regress(&max, &[&[0.0], &[1.0]]).concat(), [0.0, 1.0, 0.0, 0.0, 2.0, 0.0]);
    }

    #[test]
    fn a_single_targets_first_weight_counts() {
        let weights = [(0, 1, 0, 1.0), (0, 1, 0, 5.0), (0, 2, 0, 2.0)];
        let one = regressor(&ONE, &weights, 1, vec![("post_transform", Attr::Text("LOGISTIC"))]);
        assert_eq!(regress(&one, &[&[0.0], &[1.0]]).concat(), [1.0, 2.0]);
        let two = regressor(&ONE, &weights, 2, vec![]);
        assert_eq!(regress(&two, &[&[0.0], &[1.0]]).concat(), [6.0, 0.0, 2.0, 0.0]);
    }

    /// The trees that are walked and the numbers of their leaves.
    fn walked(op: &str, attrs: &[(&'static str, Attr)]) -> (usize, usize) {
        let found: Vec<_> = graph_of(op, 3, attrs, &[Arg::Input(&[1, 2], &[0.0; 2])])
            .nodes()
            .iter()
            .filter_map(|n| {
                if let Op::Leaves { forest, value, .. } = &n.op {
                    Some((forest.clone(), *value))
                } else {
                    None
                }
            })
            .collect();
        let forest = &found[0].0;
        assert_eq!(found.iter().map(|f| f.1).collect::<Vec<_>>(), (0..forest.width()).collect::<Vec<_>>());
        (forest.trees(), forest.width())
    }

    #[test]
    fn trees_are_walked_as_seldom_as_they_can() {
        let of = |count: i64, weight: fn(i64, i64) -> f32| {
            let leaves = [1, 2].into_iter();
            let weights: Vec<Weight> =
                leaves.flat_map(|leaf| (0..count).map(move |k| (0, leaf, k, weight(leaf, k)))).collect();
            walked(OP, &regressor(&ONE, &weights, count, vec![]))
        };
        let vary: fn(i64, i64) -> f32 = |leaf, k| (leaf * leaf + k * k * leaf) as f32;
        assert_eq!([1, 4, 5, 6, 9].map(|n| of(n, vary)), [(1, 1), (1, 4), (2, 3), (2, 3), (3, 3)]);
        // One that does not vary, and a total that does not.
        assert_eq!(of(5, |leaf, k| if k == 2 { 7.0 } else { (leaf * (k + 1)) as f32 }), (1, 4));
        assert_eq!(of(5, |leaf, k| (if k == 4 { -10 * leaf } else { leaf * (k + 1) }) as f32), (1, 4));
        // Leaves that each serve one target: the third tree is constant.
        assert_eq!(walked(OP, &regressor(&ROWS, &WEIGHTS, 2, vec![])), (2, 2));
        let weights =
            [(0, 1, 0, 0.1), (0, 1, 1, 0.3), (0, 1, 2, 0.6), (0, 2, 0, 0.3), (0, 2, 1, 0.4), (0, 2, 2, 0.3)];
        let classes = classifier(&ONE, &weights, 3, vec![]);
        let graph_op = "ai.onnx.ml.TreeEnsembleClassifier";
        let graph =
            crate::onnx::testing::squared(graph_op, 3, &classes, &[Arg::Input(&[1, 1], &[0.0])], 1).unwrap();
        let y = graph.eval_outputs(&[1.0]).remove(0);
        close(&y, &[0.09, 0.16, 0.09]);
        let widths = graph.nodes().iter().filter(|n| matches!(n.op, Op::Leaves { .. })).count();
        assert_eq!(widths, 2);
    }

    #[test]
    fn rows_and_constants() {
        // Two rows of features, and an ensemble of leaves alone.
        let attrs = regressor(&ONE, &[(0, 1, 0, 1.0), (0, 2, 0, 2.0)], 1, vec![]);
        let y = crate::onnx::testing::floats(OP, 3, &attrs, &[Arg::Input(&[2, 1], &[0.0, 1.0])]);
        assert_eq!(y, (vec![2, 1], vec![1.0, 2.0]));
        for kind in ["SUM", "MAX"] {
            let more = vec![("aggregate_function", Attr::Text(kind))];
            let attrs = regressor(&[leaf(3, 1)], &[(3, 1, 1, 2.5)], 2, more);
            assert_eq!(regress(&attrs, &[&[1.0]]).concat(), [0.0, 2.5]);
        }
    }
}
