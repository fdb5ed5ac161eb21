//! How trees are walked.
//!
//! A proof costs by the number of trees. A tree is walked once for up to [`WIDEST`] targets whose weights differ from
//! leaf to leaf; the others' weights are constants. Where the weights of each leaf have the same total, one target's are
//! what the others leave. Which tree serves which targets is a matrix from trees to targets.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Step, Trees};
use crate::{
    graph::{Forest, NodeId, forest::Branch},
    onnx::{Problem, call::Call},
};

/// Most numbers of a leaf.
const WIDEST: usize = 4;

/// A target's weights in a tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    /// On how many leaves.
    pub(super) leaves: usize,
    pub(super) least: f64,
    pub(super) most: f64,
}

/// A tree: its steps that can be gone to, and the weights of its leaves.
pub(super) struct Seen {
    steps: usize,
    pub(super) leaves: usize,
    pub(super) targets: BTreeMap<usize, Spread>,
    /// The least and the greatest total of a leaf's weights.
    pub(super) totals: [f64; 2],
}

/// What a tree is walked for.
pub(super) struct Serves {
    pub(super) targets: Vec<usize>,
    /// The target that has what these leave.
    pub(super) rest: Option<usize>,
}

/// A tree as it is walked: its root, and the targets of its leaves' numbers.
pub(super) struct Walk {
    root: usize,
    pub(super) targets: Vec<usize>,
    pub(super) rest: Option<usize>,
}

impl Trees {
    /// Refuses paths that do not end.
    pub(in crate::ops) fn check(&self, call: &mut Call<'_>) -> Result<(), Problem> {
        call.charge(self.steps.len())?;
        // Whether a step is on the path that is walked or known to be on none that does not end.
        let (mut open, mut known) = (vec![false; self.steps.len()], vec![false; self.steps.len()]);
        let mut path = self.roots.clone();
        while let Some(at) = path.last().copied() {
            let Step::Split { yes, no, .. } = self.steps[at] else {
                known[at] = true;
                path.pop();
                continue;
            };
            if known[at] || open[at] {
                known[at] = true;
                path.pop();
                continue;
            }
            open[at] = true;
            for to in [yes, no].into_iter().filter(|to| !known[*to]) {
                if open[to] {
                    return Err(Problem::Shape("a tree has a path that does not end".into()));
                }
                path.push(to);
            }
        }
        Ok(())
    }

    /// The steps that can be gone to from a root, each once.
    fn reach(&self, call: &mut Call<'_>, root: usize) -> Result<Vec<usize>, Problem> {
        let mut found = vec![root];
        let mut known = BTreeSet::from([root]);
        let mut next = 0;
        while let Some(at) = found.get(next).copied() {
            next += 1;
            if let Step::Split { yes, no, .. } = self.steps[at] {
                found.extend([yes, no].into_iter().filter(|to| known.insert(*to)));
            }
        }
        call.charge(found.len())?;
        Ok(found)
    }

    /// What is at the ends of a tree's paths.
    pub(super) fn look(&self, call: &mut Call<'_>, root: usize) -> Result<Seen, Problem> {
        let steps = self.reach(call, root)?;
        let mut seen = Seen {
            steps: steps.len(),
            leaves: 0,
            targets: BTreeMap::new(),
            totals: [f64::INFINITY, f64::NEG_INFINITY],
        };
        for at in steps {
            let Step::Leaf(list) = &self.steps[at] else { continue };
            seen.leaves += 1;
            call.charge(list.len())?;
            let total: f64 = list.iter().map(|(_, weight)| weight).sum();
            seen.totals = [seen.totals[0].min(total), seen.totals[1].max(total)];
            for (target, weight) in list {
                let spread = seen.targets.entry(*target).or_insert(Spread {
                    leaves: 0,
                    least: *weight,
                    most: *weight,
                });
                spread.leaves += 1;
                spread.least = spread.least.min(*weight);
                spread.most = spread.most.max(*weight);
            }
        }
        Ok(seen)
    }

    /// The fewest walks that serve these targets, and the numbers of a leaf that they need.
    pub(super) fn walks(&self, serves: &[Serves]) -> (Vec<Walk>, usize) {
        let count = |width: &usize| serves.iter().map(|s| s.targets.len().div_ceil(*width)).sum::<usize>();
        let width = (1..=WIDEST).min_by_key(count).unwrap_or(1);
        let of = |(root, serves): (&usize, &Serves)| {
            let walk = |targets: &[usize]| Walk { root: *root, targets: targets.to_vec(), rest: serves.rest };
            serves.targets.chunks(width).map(walk).collect::<Vec<_>>()
        };
        (self.roots.iter().zip(serves).flat_map(of).collect(), width)
    }

    /// The leaves' numbers of the walks: element `t` of the last axis is that of walk `t`. A leaf without a weight has
    /// what is `idle` for the target.
    pub(super) fn plant(
        &self,
        call: &mut Call<'_>,
        x: NodeId,
        walks: &[Walk],
        width: usize,
        idle: &[f64],
        seen: &[Seen],
    ) -> Result<Vec<NodeId>, Problem> {
        let sizes: BTreeMap<usize, usize> =
            self.roots.iter().copied().zip(seen.iter().map(|s| s.steps)).collect();
        let size: usize = walks.iter().map(|walk| sizes[&walk.root]).fold(0, usize::saturating_add);
        call.charge(size.saturating_mul(2 * (width + 2)))?;
        let (mut branches, mut roots) = (Vec::new(), Vec::new());
        for walk in walks {
            roots.push(self.graft(call, walk, width, idle, &mut branches)?);
        }
        let forest = Arc::new(Forest::new(self.features, width, &roots, &branches)?);
        (0..width).map(|value| Ok(call.builder.leaves(x, &forest, value)?)).collect()
    }

    /// Adds a walk's branches, and says where its root is. Leaves are repeated wherever they are gone to, so that none
    /// needs a step to it.
    fn graft(
        &self,
        call: &mut Call<'_>,
        walk: &Walk,
        width: usize,
        idle: &[f64],
        branches: &mut Vec<Branch>,
    ) -> Result<usize, Problem> {
        let leaf = |list: &[(usize, f64)]| {
            let weight = |target: &usize| match list.binary_search_by_key(target, |(t, _)| *t) {
                Ok(at) => list[at].1,
                Err(_) => idle[*target],
            };
            let mut values: Vec<f64> = walk.targets.iter().map(weight).collect();
            values.resize(width, 0.0);
            Branch::Leaf(values)
        };
        let steps = self.reach(call, walk.root)?;
        let first = branches.len();
        let splits = steps.iter().filter(|at| matches!(self.steps[**at], Step::Split { .. }));
        let places: BTreeMap<usize, usize> = splits.enumerate().map(|(i, at)| (*at, first + i)).collect();
        // The splits come first, their leaves behind.
        let mut ends = Vec::new();
        let mut place = |to: usize| match &self.steps[to] {
            Step::Split { .. } => places[&to],
            Step::Leaf(list) => {
                ends.push(leaf(list));
                first + places.len() + ends.len() - 1
            }
        };
        for at in steps {
            if let Step::Split { feature, bound, yes, no, missing } = self.steps[at] {
                let (yes, no) = (place(yes), place(no));
                branches.push(Branch::Split { feature, bound, yes, no, missing });
            }
        }
        let root = place(walk.root);
        branches.extend(ends);
        Ok(root)
    }
}
