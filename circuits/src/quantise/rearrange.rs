//! Rearrangements: as few of the variables as can be are given by a matrix, all others are the operand's own.

use super::ranges::Range;
use super::{Info, QuantiseError, Quantiser};
use crate::circuit::{Layout, Op as IntOp, Tensor, TensorId, Wire};
use crate::graph::Node;

/// Log2 of the largest matrix of what is no variable of the operand.
pub(super) const MAX_WIRING: usize = 22;

impl Quantiser<'_> {
    /// The tensor as what a claim can be made on: a factor, or a view of one.
    pub(super) fn claimable(&mut self, t: TensorId) -> Result<TensorId, QuantiseError> {
        let short = self.fraction(t) <= self.precision + 14 && self.info[t].bits <= super::CELL_BITS;
        if short && self.circuit.is_view(t) { Ok(t) } else { self.factor(t) }
    }

    /// Elements of `inputs` at other places.
    pub(super) fn rearrange(
        &mut self,
        node: &Node,
        range: Range,
        inputs: &[TensorId],
        index: &[(u32, u32)],
    ) -> Result<TensorId, QuantiseError> {
        let layout = Layout::of(&node.shape);
        let factors: Vec<TensorId> = inputs.iter().map(|x| self.claimable(*x)).collect::<Result<_, _>>()?;
        let fraction = factors.iter().map(|x| self.fraction(*x)).max().unwrap_or(0);
        let mut bits = 0;
        let mut terms = Vec::new();
        for (k, x) in factors.iter().enumerate() {
            let from = self.circuit.tensors[*x].layout;
            let moves = index.iter().enumerate().filter(|(_, (input, _))| *input as usize == k);
            let moves = moves.map(|(i, (_, j))| (layout.position(i), from.position(*j as usize))).collect();
            let Split { order, map } = split(layout.log(), from, moves);
            let shift = fraction - self.fraction(*x);
            let wire = Wire { x: *x, order, map, shift };
            if wire.outer(layout.log()).len() + usize::from(wire.inner()) > MAX_WIRING {
                let (from, to) = (from.len(), layout.len());
                return Err(QuantiseError::Wiring { tensor: node.name.clone(), from, to });
            }
            terms.push(wire);
            bits = bits.max(self.info[*x].bits + u32::from(shift));
        }
        let tensor = Tensor { name: node.name.clone(), layout, fraction, op: IntOp::Rearrange { terms } };
        self.push(tensor, Info { range, bits, linear: false, narrow: None })
    }
}

/// The variables of an operand, as those of a [`Wire`].
struct Split {
    order: Vec<Option<u8>>,
    map: Vec<Option<u32>>,
}

/// Finds variables of the operand that are variables of the result. One after another is tried; what was found stays
/// right with fewer, so no larger set holds the one found. `moves` are the positions written and read.
fn split(log: u8, from: Layout, moves: Vec<(usize, usize)>) -> Split {
    let moves = Moves::new(log, from, moves);
    let none = vec![None; usize::from(from.log())];
    let moves = &moves;
    let free = |order: &[Option<u8>], variable: usize| {
        let taken = order.iter().flatten().copied().collect::<Vec<u8>>();
        (0..log).filter(move |v| !taken.contains(v)).filter(move |v| moves.agree(*v, variable))
    };
    // Mostly all that can be are.
    let mut order = none.clone();
    for variable in 0..order.len() {
        order[variable] = free(&order, variable).next();
    }
    if let Some(map) = moves.map(&order) {
        return Split { order, map };
    }
    let mut order = none;
    let mut map = moves.map(&order);
    for variable in 0..order.len() {
        for of_result in free(&order, variable).collect::<Vec<u8>>() {
            order[variable] = Some(of_result);
            match moves.map(&order) {
                Some(found) => {
                    map = Some(found);
                    break;
                }
                None => order[variable] = None,
            }
        }
    }
    // With no variable of the result, the map lists the moves.
    Split { order, map: map.unwrap_or_default() }
}

struct Moves {
    log: u8,
    from: Layout,
    /// For each position of the result, the one that is read.
    read: Vec<Option<u32>>,
    /// For each pair of variables of the result and the operand, whether they are equal in all moves.
    equal: Vec<u64>,
}

impl Moves {
    fn new(log: u8, from: Layout, moves: Vec<(usize, usize)>) -> Self {
        let mut read = vec![None; 1 << log];
        let mut equal = vec![u64::MAX; log.into()];
        for (p, q) in moves {
            read[p] = Some(q as u32);
            for (bit, equal) in equal.iter_mut().enumerate() {
                *equal &= if p >> bit & 1 == 1 { q as u64 } else { !(q as u64) };
            }
        }
        Self { log, from, read, equal }
    }

    fn agree(&self, of_result: u8, variable: usize) -> bool {
        self.equal[usize::from(of_result)] >> variable & 1 == 1
    }

    /// The inner variables by the result's others, if these give them, and if all other positions then read padding.
    fn map(&self, order: &[Option<u8>]) -> Option<Vec<Option<u32>>> {
        let wire = Wire { x: 0, order: order.to_vec(), map: Vec::new(), shift: 0 };
        let outer = wire.outer(self.log);
        let inner: Vec<usize> = (0..order.len()).filter(|j| order[*j].is_none()).collect();
        let outer_of = |p: usize| outer.iter().enumerate().fold(0, |o, (k, v)| o | (p >> v & 1) << k);
        let inner_of = |q: usize| inner.iter().enumerate().fold(0, |s, (k, j)| s | (q >> j & 1) << k);
        let mut map: Vec<Option<u32>> = vec![None; 1 << outer.len()];
        for (p, q) in self.read.iter().enumerate() {
            let Some(q) = q else { continue };
            let (slot, inner) = (&mut map[outer_of(p)], inner_of(*q as usize) as u32);
            if *slot.get_or_insert(inner) != inner {
                return None;
            }
        }
        let shared: Vec<(usize, u8)> =
            order.iter().enumerate().filter_map(|(j, v)| v.map(|v| (j, v))).collect();
        let reads_zero = |p: usize| {
            let Some(within) = map[outer_of(p)] else { return true };
            let of_inner = inner.iter().enumerate().fold(0, |q, (k, j)| q | (within as usize >> k & 1) << j);
            !self.from.is_element(shared.iter().fold(of_inner, |q, (j, v)| q | (p >> v & 1) << j))
        };
        let right = self.read.iter().enumerate().all(|(p, q)| q.is_some() || reads_zero(p));
        right.then_some(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The variables found for one operand; positions that it does not give are checked to be zero.
    fn found(
        to: [usize; 2],
        from: [usize; 2],
        read: impl Fn(usize, usize) -> Option<(usize, usize)>,
    ) -> Split {
        let (to, from) = (Layout::of(&to), Layout::of(&from));
        let (rows, cols) = (to.rows as usize, to.cols as usize);
        let mut moves = Vec::new();
        for (i, j) in (0..rows * cols).map(|e| (e / cols, e % cols)) {
            if let Some((r, c)) = read(i, j) {
                moves.push((to.position(i * cols + j), from.position(r * from.cols as usize + c)));
            }
        }
        let split = split(to.log(), from, moves.clone());
        let wire = Wire { x: 0, order: split.order.clone(), map: split.map.clone(), shift: 0 };
        let x: Vec<i128> =
            (0..1 << from.log()).map(|q| if from.is_element(q) { q as i128 + 1 } else { 0 }).collect();
        let y = crate::execute::rearrange(&[wire], to.log(), &[x]);
        for (p, v) in y.iter().enumerate() {
            let expected = moves.iter().find(|(to, _)| *to == p).map_or(0, |(_, q)| *q as i128 + 1);
            assert_eq!(*v, expected, "position {p}");
        }
        split
    }

    #[test]
    fn a_transpose_is_an_order_of_variables() {
        let split = found([5, 16], [16, 5], |i, j| Some((j, i)));
        let order = [4, 5, 6, 0, 1, 2, 3].map(Some);
        assert_eq!((split.order, split.map), (order.to_vec(), vec![Some(0)]));
    }

    #[test]
    fn heads_go_before_rows() {
        // [16, 2 x 8] as [2 x 16, 8].
        let split = found([32, 8], [16, 16], |i, j| Some((i % 16, i / 16 * 8 + j)));
        assert_eq!(split.order, [0, 1, 2, 7, 3, 4, 5, 6].map(Some));
    }

    #[test]
    fn a_broadcast_reads_what_it_has() {
        let split = found([8, 16], [8, 1], |i, _| Some((i, 0)));
        assert_eq!((split.order, split.map), ([4, 5, 6].map(Some).to_vec(), vec![Some(0); 16]));
        // Three columns of four are not all of them.
        let split = found([8, 3], [8, 1], |i, _| Some((i, 0)));
        assert_eq!(split.map, [Some(0), Some(0), Some(0), None]);
    }

    #[test]
    fn a_slice_is_a_matrix_of_what_is_cut() {
        // The middle third of the columns, which two variables name.
        let split = found([4, 4], [4, 12], |i, j| Some((i, 4 + j)));
        assert_eq!(split.order, [Some(0), Some(1), None, None, Some(2), Some(3)]);
        assert_eq!(split.map, [Some(1)]);
        // Three rows of six: the columns stay.
        let split = found([3, 5], [6, 5], |i, j| Some((2 + i, j)));
        assert_eq!(split.order, [Some(0), Some(1), Some(2), None, None, None]);
        assert_eq!(split.map, [Some(2), Some(3), Some(4), None]);
    }

    #[test]
    fn one_operand_of_several_leaves_the_others_room() {
        // The second half of a row that two tensors make.
        let split = found([4, 8], [4, 4], |i, j| (j >= 4).then(|| (i, j - 4)));
        assert_eq!(split.order, [0, 1, 3, 4].map(Some));
        assert_eq!(split.map, [None, Some(0)]);
        // Not a power of two: the last variable is in no identity.
        found([4, 7], [4, 3], |i, j| (j >= 4).then(|| (i, j - 4)));
        found([4, 6], [4, 3], |i, j| (j >= 3).then(|| (i, j - 3)));
    }

    #[test]
    fn padding_of_another_shape_is_moved() {
        // [6, 5] flat, and back.
        found([1, 30], [6, 5], |_, j| Some((j / 5, j % 5)));
        found([6, 5], [1, 30], |i, j| Some((0, i * 5 + j)));
        found([1, 1], [3, 3], |_, _| Some((2, 2)));
        found([3, 3], [1, 1], |_, _| Some((0, 0)));
    }
}
