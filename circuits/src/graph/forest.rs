//! Decision trees.

use super::GraphError;

/// A node of a tree as it is given: see [`Forest::new`].
#[derive(Clone, Debug, PartialEq)]
pub enum Branch {
    /// Goes to `yes` where the feature is at most `bound`, to `no` where it is more. Both are positions in the list of
    /// branches, and a branch may be gone to from several others.
    Split {
        /// Which feature.
        feature: usize,
        /// Compared as `f32`; infinite is allowed.
        bound: f32,
        /// Where to go up to the bound.
        yes: usize,
        /// Where to go beyond it.
        no: usize,
        /// Whether a feature that is not a number goes to `yes`.
        missing: bool,
    },
    /// What the tree gives.
    Leaf(Vec<f64>),
}

/// A node of a forest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TreeNode {
    /// Goes to node `below` where the feature is at most `bound`, to node `below + 1` where it is more.
    Split {
        /// Which feature.
        feature: u32,
        /// Compared as `f32`; infinite is allowed.
        bound: f32,
        /// Where to go up to the bound; the next node is where to go beyond it.
        below: u32,
        /// Whether a feature that is not a number goes to `below`.
        missing: bool,
    },
    /// Row `leaf` of the leaves.
    Leaf {
        /// The row.
        leaf: u32,
    },
}

/// Decision trees over the same features. The root of tree `t` is node `t`; paths end.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    features: usize,
    width: usize,
    trees: usize,
    depth: usize,
    nodes: Vec<TreeNode>,
    leaves: Vec<f64>,
}

/// Most nodes of a forest.
pub const MAX_TREE_NODES: usize = 1 << 24;

impl Forest {
    /// The trees whose roots are at `roots` in `branches`, over `features` features, with `width` numbers a leaf.
    ///
    /// # Errors
    /// [`GraphError::Tree`] without trees, for a position, feature or leaf that does not fit, for a path that does not
    /// end, and above [`MAX_TREE_NODES`]; [`GraphError::NotFinite`] for a leaf that is not finite.
    pub fn new(
        features: usize,
        width: usize,
        roots: &[usize],
        branches: &[Branch],
    ) -> Result<Self, GraphError> {
        if roots.is_empty() || width == 0 {
            return Err(GraphError::Tree("there are none"));
        }
        let mut build = Build { place: vec![None; branches.len()], nodes: Vec::new(), queue: Vec::new() };
        for root in roots {
            build.add(*root)?;
        }
        let mut leaves = Vec::new();
        let mut next = 0;
        while let Some((at, branch)) = build.queue.get(next).copied() {
            next += 1;
            match &branches[branch] {
                Branch::Leaf(values) => {
                    if values.len() != width {
                        return Err(GraphError::Tree("a leaf holds too many or too few numbers"));
                    }
                    if values.iter().any(|v| !v.is_finite()) {
                        return Err(GraphError::NotFinite("a leaf"));
                    }
                    build.nodes[at] = TreeNode::Leaf { leaf: (leaves.len() / width) as u32 };
                    leaves.extend(values);
                }
                Branch::Split { feature, bound, yes, no, missing } => {
                    if *feature >= features || bound.is_nan() {
                        return Err(GraphError::Tree(
                            "a node compares a feature that is not there, or to no number",
                        ));
                    }
                    let below = build.nodes.len() as u32;
                    build.add(*yes)?;
                    build.add(*no)?;
                    build.nodes[at] =
                        TreeNode::Split { feature: *feature as u32, bound: *bound, below, missing: *missing };
                }
            }
        }
        let nodes = build.nodes;
        let depth = depth(&nodes, roots.len()).ok_or(GraphError::Tree("a path does not end"))?;
        Ok(Self { features, width, trees: roots.len(), depth, nodes, leaves })
    }

    /// The number of features.
    #[must_use]
    pub const fn features(&self) -> usize {
        self.features
    }

    /// Numbers a leaf holds.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// The number of trees.
    #[must_use]
    pub const fn trees(&self) -> usize {
        self.trees
    }

    /// The most splits on a path.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// All nodes.
    #[must_use]
    pub fn nodes(&self) -> &[TreeNode] {
        &self.nodes
    }

    /// The numbers of a leaf.
    #[must_use]
    pub fn leaf(&self, leaf: u32) -> &[f64] {
        &self.leaves[leaf as usize * self.width..][..self.width]
    }

    /// The numbers of all leaves.
    pub fn each_leaf(&self) -> impl Iterator<Item = &[f64]> {
        self.leaves.chunks(self.width)
    }

    /// The leaf that tree `t` gives.
    #[must_use]
    pub fn walk(&self, t: usize, features: &[f64]) -> u32 {
        let mut at = t;
        loop {
            match self.nodes[at] {
                TreeNode::Leaf { leaf } => return leaf,
                TreeNode::Split { feature, bound, below, missing } => {
                    let x = features[feature as usize] as f32;
                    let yes = if x.is_nan() { missing } else { x <= bound };
                    at = below as usize + usize::from(!yes);
                }
            }
        }
    }
}

/// Nodes as they are placed: children side by side.
struct Build {
    /// The first node that each branch became.
    place: Vec<Option<u32>>,
    nodes: Vec<TreeNode>,
    /// Nodes to fill in, with their branches.
    queue: Vec<(usize, usize)>,
}

impl Build {
    /// A node that is the branch or, where it has a place already, goes there whatever the features.
    fn add(&mut self, branch: usize) -> Result<(), GraphError> {
        let at = self.nodes.len();
        if at >= MAX_TREE_NODES {
            return Err(GraphError::Tree("there are too many nodes"));
        }
        let place = self.place.get_mut(branch).ok_or(GraphError::Tree("a node goes where there is none"))?;
        let below = *place.get_or_insert(at as u32);
        // Filled in later, unless it goes on elsewhere.
        self.nodes.push(TreeNode::Split { feature: 0, bound: f32::INFINITY, below, missing: true });
        if below as usize == at {
            self.queue.push((at, branch));
        }
        Ok(())
    }
}

/// The most splits on a path from the first `trees` nodes; `None` where one does not end.
fn depth(nodes: &[TreeNode], trees: usize) -> Option<usize> {
    /// Not seen, on the path that is being walked, or known.
    #[derive(Clone, Copy)]
    enum State {
        New,
        Open,
        Known(usize),
    }
    let mut states = vec![State::New; nodes.len()];
    let mut path: Vec<usize> = (0..trees).collect();
    while let Some(at) = path.last().copied() {
        let children = match (states[at], nodes[at]) {
            (State::Known(_), _) => 0..0,
            (_, TreeNode::Leaf { .. }) => {
                states[at] = State::Known(0);
                0..0
            }
            (_, TreeNode::Split { below, .. }) => {
                below as usize..below as usize + 1 + usize::from(forks(&nodes[at]))
            }
        };
        let (mut most, mut pending) = (0, false);
        for child in children.clone() {
            match states[child] {
                State::Known(depth) => most = most.max(depth + 1),
                State::Open => return None,
                State::New => {
                    path.push(child);
                    pending = true;
                }
            }
        }
        if pending {
            states[at] = State::Open;
            continue;
        }
        if !children.is_empty() {
            states[at] = State::Known(most);
        }
        path.pop();
    }
    let of = |t: usize| if let State::Known(depth) = states[t] { depth } else { 0 };
    (0..trees).map(of).max()
}

/// Whether a node can go either way.
fn forks(node: &TreeNode) -> bool {
    !matches!(node, TreeNode::Leaf { .. } | TreeNode::Split { bound: f32::INFINITY, missing: true, .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(feature: usize, bound: f32, yes: usize, no: usize) -> Branch {
        Branch::Split { feature, bound, yes, no, missing: false }
    }

    fn leaf(v: f64) -> Branch {
        Branch::Leaf(vec![v])
    }

    #[test]
    fn a_path_is_that_of_the_branches() {
        // Leaf 3 is gone to from two splits.
        let branches = [
            split(0, 1.0, 1, 2),
            leaf(10.0),
            split(1, -1.0, 3, 4),
            leaf(20.0),
            split(0, 5.0, 3, 5),
            leaf(30.0),
        ];
        let forest = Forest::new(2, 1, &[0, 4], &branches).unwrap();
        assert_eq!((forest.trees(), forest.depth()), (2, 4));
        let of = |t, x: &[f64]| forest.leaf(forest.walk(t, x))[0];
        for (x, first, second) in [
            ([1.0, 0.0], 10.0, 20.0),
            ([1.1, -1.0], 20.0, 20.0),
            ([1.1, 0.0], 20.0, 20.0),
            ([5.1, 0.0], 30.0, 30.0),
        ] {
            assert_eq!((of(0, &x), of(1, &x)), (first, second), "{x:?}");
        }
        // What is no number is not at most anything.
        assert_eq!(of(1, &[f64::NAN, 0.0]), 30.0);
        // Compared as `f32`.
        assert_eq!(of(0, &[1.0 + 1e-9, 0.0]), 10.0);
    }

    #[test]
    fn what_is_no_forest_is_refused() {
        let refused = |roots: &[usize], branches: &[Branch]| Forest::new(1, 1, roots, branches).is_err();
        assert!(!refused(&[0], &[leaf(1.0)]));
        assert!(refused(&[], &[leaf(1.0)]));
        assert!(refused(&[1], &[leaf(1.0)]));
        assert!(refused(&[0], &[leaf(f64::NAN)]));
        assert!(refused(&[0], &[Branch::Leaf(vec![])]));
        assert!(refused(&[0], &[split(0, 1.0, 1, 2), leaf(1.0)]));
        assert!(refused(&[0], &[split(1, 1.0, 1, 1), leaf(1.0)]));
        assert!(refused(&[0], &[split(0, f32::NAN, 1, 1), leaf(1.0)]));
        assert!(refused(&[0], &[split(0, 1.0, 1, 0), leaf(1.0)]));
        assert!(refused(&[0], &[split(0, 1.0, 1, 2), leaf(1.0), split(0, 1.0, 0, 1)]));
    }
}
