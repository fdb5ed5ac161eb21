//! Paths of decision trees (`docs/protocol.md` 11).

use super::Cells;
use super::blocks::{Area, Symbol, aligned};
use super::constraints::Lowering;
use super::symbolic::{Form, Piece, Term};
use crate::circuit::{TensorId, TreeNode, Trees, log2_ceil, missing};

/// The cells of all paths of a forest over a tensor: a region of `2^log` parts of `2^(of one level)` cells.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    /// The features' tensor and the forest.
    pub(crate) x: TensorId,
    pub(crate) forest: usize,
    /// Log2 of a level: rows of features in the high variables, trees in the low ones.
    pub(crate) level: u8,
    /// The position of a node; the other components of its tuple are at the same place of their areas.
    pub(crate) position: Symbol,
    /// The feature's value.
    pub(crate) fetched: Symbol,
    /// Of the difference to the bound.
    pub(crate) limbs: Vec<Symbol>,
    /// Where features may be missing: a bit for each feature, and the limbs of what is above the low ones.
    pub(crate) missing: Option<(Symbol, Vec<Symbol>)>,
}

/// The lookup of features: `2^log` cells in a table of `2^table_log` entries.
#[derive(Clone, Debug)]
pub(crate) struct Fetch {
    pub(crate) key: Form,
    pub(crate) value: Form,
    pub(crate) table: Form,
    /// How often each entry is found.
    pub(crate) multiplicity: Symbol,
}

impl Paths {
    /// A component of the tuples.
    pub(crate) fn component(&self, area: Area) -> Symbol {
        Symbol { area, ..self.position }
    }

    /// Where level `k` lies, of `depth`; level `depth` is part 0.
    pub(crate) fn part(k: u8, depth: u8) -> u32 {
        u32::from(k % depth)
    }

    /// A part of a block of the region.
    fn level_of(&self, symbol: Symbol, part: u32) -> Symbol {
        symbol.part(part << self.level, self.level)
    }

    /// What a leaf's tuple has instead of a bound and a child, in the areas of values and of slopes: piece, coefficient
    /// and offset in the area's block.
    pub(crate) fn leaf(&self, trees: &Trees) -> [(i128, Piece); 2] {
        let position = self.level_of(self.position, 0);
        [(1 << trees.bits, Piece::One(self.level)), (1, Piece::Block(position))]
    }
}

impl Lowering<'_> {
    pub(super) fn leaves(&mut self, t: TensorId, x: TensorId, forest: usize, value: usize) {
        let known = self.out.paths.iter().find(|paths| (paths.x, paths.forest) == (x, forest)).cloned();
        let paths = known.unwrap_or_else(|| {
            let paths = self.paths(t, x, forest);
            self.out.cells[t] = Some(Cells::Paths(paths.clone()));
            self.out.paths.push(paths.clone());
            paths
        });
        let leaf = paths.level_of(paths.component(Area::Leaves(value as u8)), 0);
        self.atoms[t] = Some(Form::of(Piece::Block(leaf)));
    }

    fn paths(&mut self, t: TensorId, x: TensorId, forest: usize) -> Paths {
        let trees = &self.circuit.forests[forest];
        let (depth, level) = (trees.depth, self.log(t));
        let log = level + log2_ceil(depth.into());
        let position = Symbol { area: Area::Positions, id: self.out.tuples.add(log), offset: 0, log };
        self.out.tuple_tables.push(None);
        let limbs = (trees.bits + 1).div_ceil(self.circuit.limb);
        let paths = Paths {
            x,
            forest,
            level,
            position,
            fetched: self.plain_block(log),
            limbs: self.limb_blocks(limbs, log),
            missing: trees.missing.then(|| {
                let log = self.log(x);
                (self.plain_block(log), self.limb_blocks(limbs, log))
            }),
        };
        let start = self.out.forest_starts[forest].0;
        let (roots, features) = (self.roots(t, trees), self.log(x));
        let mut root = |of: &dyn Fn(TreeNode) -> i64| {
            let cells = roots.iter().map(|node| of(*node)).collect();
            (1, 0, Piece::Block(self.fixed_block(level, cells)))
        };
        let root_feature = root(&|node| feature(node, features));
        let root_bound = root(&|node| -node.bound);
        let root_child = root(&|node| -(i64::from(node.child) + start as i64));

        // bit_k = N_(k+1) - C_k.
        let minus = |area: Area| (-1, 0, Piece::Block(paths.component(area)));
        let next = |k: u8| {
            let part = Paths::part(k + 1, depth);
            (1, k.into(), Piece::Block(paths.level_of(position, part)))
        };
        let mut bit = Form { log, terms: (0..depth).map(next).collect() };
        bit.terms.extend([minus(Area::Slopes), root_child]);

        // X_k - B_k, the bound of a leaf in the parts of no level.
        let mut excess = Form::of(Piece::Block(paths.fetched));
        excess.terms.extend([minus(Area::Values), root_bound]);
        for (size, cube) in aligned(depth.into(), 1 << (log - level)) {
            excess.terms.push((-(1 << trees.bits), cube, Piece::One(level + size)));
        }

        // (2 bit - 1) excess - bit = limbs.
        let width = self.circuit.limb;
        let difference = Form::limbs(&paths.limbs, width);
        let relation = &mut self.out.relation;
        let (b, e) = (relation.claim_at_x(bit.clone()), relation.claim_at_x(excess.clone()));
        relation.constrain_bit(&bit, b);
        let linear = Form::zero(log).add(-1, &excess).add(-1, &bit).add(-1, &difference);
        relation.constrain(linear, vec![Term { coefficient: 2, vars: log, eq: true, factors: vec![b, e] }]);

        // The features' vector has the row's number above that of the feature.
        let mut key = Form::of(Piece::Block(paths.component(Area::Features)));
        key.terms.push(root_feature);
        let (columns, trees_log) = (self.log(x) - (level - self.trees_log(t)), self.trees_log(t));
        if level > trees_log {
            let rows = (0..1i64 << level).map(|i| (i >> trees_log) << columns).collect();
            let rows = Piece::Block(self.fixed_block(level, rows));
            key.terms.extend((0..depth).map(|k| (1, k.into(), rows)));
        }
        let mut table = self.atom(x);
        if let Some((bit, above)) = &paths.missing {
            table = self.low_and_high(&table, missing(trees.bits), *bit, above);
        }
        let multiplicity = self.plain_block(table.log);
        let value = Form::of(Piece::Block(paths.fetched));
        self.out.fetches.push(Fetch { key, value, table, multiplicity });
        paths
    }

    /// The features and, in the upper half, the same with `-most` for those that are missing, which are `most`: their
    /// `bit` is 1, and it is theirs alone.
    fn low_and_high(&mut self, x: &Form, most: i128, bit: Symbol, above: &[Symbol]) -> Form {
        let z = Form::of(Piece::Block(bit));
        let low = x.clone().add(-2 * most, &z);
        let relation = &mut self.out.relation;
        let (at_z, at_x) = (relation.claim_at_x(z.clone()), relation.claim_at_x(x.clone()));
        relation.constrain_bit(&z, at_z);
        let theirs = Term { coefficient: 1, vars: z.log, eq: true, factors: vec![at_z, at_x] };
        relation.constrain(Form::zero(z.log).add(-most, &z), vec![theirs]);
        let rest = Form::limbs(above, self.circuit.limb);
        relation.constrain(Form::zero(z.log).plus(most - 1).add(-1, &low).add(-1, &rest), vec![]);
        let mut both = Form { log: x.log + 1, terms: x.terms.clone() };
        let upper = |(c, cube, piece): &(i128, u32, Piece)| (*c, cube + (1 << (x.log - piece.log())), *piece);
        both.terms.extend(low.terms.iter().map(upper));
        both
    }

    /// Log2 of the trees of a tensor of leaves.
    fn trees_log(&self, t: TensorId) -> u8 {
        self.circuit.tensors[t].layout.cols_log()
    }

    /// The root of each path of a level.
    fn roots(&self, t: TensorId, trees: &Trees) -> Vec<TreeNode> {
        let tensor = &self.circuit.tensors[t];
        let tree = |i: usize| {
            let t = i & ((1 << self.trees_log(t)) - 1);
            if self.circuit.is_element(tensor, i) { trees.root(t) } else { trees.nothing() }
        };
        (0..1 << self.log(t)).map(|i| trees.nodes[tree(i)]).collect()
    }
}

/// Where a node's feature is in the table of `2^log` features, or of twice as many.
pub(crate) fn feature(node: TreeNode, log: u8) -> i64 {
    i64::from(node.feature) + (i64::from(node.low) << log)
}
