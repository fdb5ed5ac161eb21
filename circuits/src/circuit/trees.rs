//! Decision trees of integers.

use serde::{Deserialize, Serialize};

/// Decision trees as entries of a table. Positions count from the forest's first entry, which is of no tree and zero;
/// tree `t` begins at position `t + 1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trees {
    /// The number of trees.
    pub(crate) trees: u32,
    /// The most splits on a path, at least 1.
    pub(crate) depth: u8,
    /// Features are below `2^bits` in magnitude.
    pub(crate) bits: u8,
    /// Whether features may be missing.
    pub(crate) missing: bool,
    /// By position.
    pub(crate) nodes: Vec<TreeNode>,
    /// For each of a leaf's numbers, by position: zero where there is no leaf.
    pub(crate) values: Vec<Vec<i64>>,
}

/// An entry: a path goes on at `child` where the feature is at most the bound, else at `child + 1`. A leaf is its own
/// child and has the bound `2^bits`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TreeNode {
    pub(crate) feature: u32,
    pub(crate) bound: i64,
    pub(crate) child: u32,
    /// Whether a missing feature is below every bound, and not above.
    pub(crate) low: bool,
}

impl Trees {
    /// A leaf of zeros, for the trees that pad.
    pub(crate) fn nothing(&self) -> usize {
        self.nodes.len() - 1
    }

    /// The root of a tree, or the leaf of zeros where there is none.
    pub(crate) fn root(&self, t: usize) -> usize {
        if t < self.trees as usize { t + 1 } else { self.nothing() }
    }

    /// What the node at a position compares.
    pub(crate) fn compared(&self, at: usize, features: &[i128]) -> i128 {
        let node = &self.nodes[at];
        let x = features[node.feature as usize];
        if node.low && x == missing(self.bits) { -x } else { x }
    }

    /// Where a path goes on from a position.
    pub(crate) fn next(&self, at: usize, features: &[i128]) -> usize {
        let node = &self.nodes[at];
        node.child as usize + usize::from(self.compared(at, features) > node.bound.into())
    }

    /// The leaf that tree `t` gives.
    pub(crate) fn leaf(&self, t: usize, features: &[i128]) -> usize {
        (0..self.depth).fold(self.root(t), |at, _| self.next(at, features))
    }
}

/// What stands for a missing input of `bits` bits.
pub(crate) fn missing(bits: u8) -> i128 {
    (1 << bits) - 1
}
