//! Where blocks lie: every block is placed in one of a few areas, the areas in rows.

use crate::circuit::log2_ceil;
use sumcast_verifier::vk::Block;

/// An area of the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Area {
    /// Weights, biases, tables.
    Fixed,
    /// Limbs: the column of the range lookup.
    Limbs,
    /// Table positions: component 0 of the function lookup.
    Positions,
    /// Table values: component 1, at the same offsets.
    Values,
    /// Table slopes: component 2, at the same offsets.
    Slopes,
    /// The features of nodes: with the number of a function's table, component 1, at the same offsets.
    Features,
    /// The numbers of leaves: the components after those, at the same offsets.
    Leaves(u8),
    /// Witness cells that no lookup reads.
    Plain,
    /// Rows of the committed tensors of the statement; `id` is the tensor's number there.
    Statement,
}

/// A block before its area is placed: block `id` of the area, or an aligned part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Symbol {
    pub(crate) area: Area,
    pub(crate) id: usize,
    /// Offset inside the block.
    pub(crate) offset: u32,
    pub(crate) log: u8,
}

impl Symbol {
    /// An aligned part.
    pub(crate) fn part(self, offset: u32, log: u8) -> Self {
        Self { offset: self.offset + offset, log, ..self }
    }
}

/// Blocks of an area, placed one after another by falling size, which aligns them all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allocator {
    logs: Vec<u8>,
}

impl Allocator {
    pub(crate) fn add(&mut self, log: u8) -> usize {
        self.logs.push(log);
        self.logs.len() - 1
    }

    /// The offset of each block, and the sum of their sizes.
    pub(crate) fn place(&self) -> (Vec<u64>, u64) {
        let mut order: Vec<usize> = (0..self.logs.len()).collect();
        order.sort_by_key(|i| std::cmp::Reverse(self.logs[*i]));
        let mut offsets = vec![0; self.logs.len()];
        let mut next = 0u64;
        for i in order {
            offsets[i] = next;
            next += 1u64 << self.logs[i];
        }
        (offsets, next)
    }

    /// Log2 of the area as one block.
    pub(crate) fn log(&self) -> u8 {
        log2_ceil(self.place().1 as usize)
    }

    pub(crate) fn logs(&self) -> impl Iterator<Item = u8> + '_ {
        self.logs.iter().copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }
}

/// A fixed block: its first cells, zero beyond.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FixedBlock {
    pub(crate) log: u8,
    pub(crate) cells: Vec<i64>,
}

/// The block at an address of a group whose first row is `first`.
pub(crate) fn block_at(address: u64, log: u8, first: u16, row_log: u8) -> Block {
    let row = first + (address >> row_log) as u16;
    let at = if log <= row_log { (address & ((1 << row_log) - 1)) as u32 } else { 1 << (log - row_log) };
    Block { log, row, at }
}

/// Fixed blocks in rows: those longer than a row take as many rows as they fill, the others share rows.
#[derive(Clone, Debug)]
pub(crate) struct FixedLayout {
    /// Address of each block.
    pub(crate) addresses: Vec<u64>,
    /// Rows in all.
    pub(crate) rows: u64,
}

impl FixedLayout {
    pub(crate) fn new(blocks: &[FixedBlock], row_log: u8) -> Self {
        let mut addresses = vec![0; blocks.len()];
        let mut next = 0u64;
        let (long, mut short): (Vec<usize>, Vec<usize>) =
            (0..blocks.len()).partition(|i| blocks[*i].log > row_log);
        for i in long {
            addresses[i] = next;
            next += rows_of(&blocks[i], row_log) << row_log;
        }
        short.sort_by_key(|i| std::cmp::Reverse(blocks[*i].log));
        for i in short {
            addresses[i] = next;
            next += 1 << blocks[i].log;
        }
        Self { addresses, rows: next.div_ceil(1 << row_log) }
    }

    pub(crate) fn block(&self, blocks: &[FixedBlock], id: usize, row_log: u8) -> Block {
        let mut block = block_at(self.addresses[id], blocks[id].log, 0, row_log);
        if block.log > row_log {
            block.at = rows_of(&blocks[id], row_log) as u32;
        }
        block
    }
}

fn rows_of(block: &FixedBlock, row_log: u8) -> u64 {
    (block.cells.len() as u64).div_ceil(1 << row_log).max(1)
}

/// The numbers from `from` up to `to` as aligned ranges of powers of two, as large as can be: log2 of the size, and the
/// range's number.
pub(super) fn aligned(from: u32, to: u32) -> impl Iterator<Item = (u8, u32)> {
    let mut at = from;
    std::iter::from_fn(move || {
        let left = to.checked_sub(at).filter(|left| *left > 0)?;
        let size = at.trailing_zeros().min(left.ilog2()) as u8;
        let cube = at >> size;
        at += 1 << size;
        Some((size, cube))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_aligned() {
        assert_eq!(aligned(5, 16).collect::<Vec<_>>(), [(0, 5), (1, 3), (3, 1)]);
        assert_eq!(aligned(4, 4).count(), 0);
        assert_eq!(aligned(1, 2).collect::<Vec<_>>(), [(0, 1)]);
        assert_eq!(aligned(0, 7).collect::<Vec<_>>(), [(2, 0), (1, 2), (0, 6)]);
    }
}
