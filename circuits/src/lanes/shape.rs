//! Which lanes a program has, and where tensors lie in them.

use serde::{Deserialize, Serialize};

/// A lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) group: usize,
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl Lane {
    /// Of the first group.
    pub(crate) const fn first(row: usize, column: usize) -> Self {
        Self { group: 0, row, column }
    }
}

/// Log2 of how many groups of lanes there are, of rows in each, and of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(crate) groups: u8,
    pub(crate) rows: u8,
    pub(crate) columns: u8,
}

impl Shape {
    /// Log2 of the lanes.
    pub(crate) fn lanes(self) -> u8 {
        self.groups + self.group()
    }

    /// Log2 of the lanes of a group.
    pub(crate) fn group(self) -> u8 {
        self.rows + self.columns
    }

    /// A lane by its number, `(group 2^rows + row) 2^columns + column`.
    pub(crate) fn lane(self, number: usize) -> Lane {
        let low = |v: usize, bits: u8| v & ((1 << bits) - 1);
        Lane {
            group: number >> self.group(),
            row: low(number >> self.columns, self.rows),
            column: low(number, self.columns),
        }
    }

    /// The number of a lane of a slot.
    pub(crate) fn number(self, slot: usize, lane: Lane) -> u32 {
        let lanes = (((slot << self.groups) | lane.group) << self.rows) | lane.row;
        ((lanes << self.columns) | lane.column) as u32
    }

    /// Where a tensor lies whose first number is that of a lane of a slot.
    pub(crate) fn spot(self, slot: usize, lane: Lane) -> Spot {
        Spot { at: self.number(slot, lane), parts: 0, apart: 0 }
    }

    /// The same of a tensor of equal parts, one at this place of each group.
    pub(crate) fn parts(self, slot: usize, lane: Lane) -> Spot {
        Spot { parts: self.groups, apart: self.group(), ..self.spot(slot, lane) }
    }
}

/// Where a tensor lies among the numbers of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spot {
    /// Its first number, aligned.
    at: u32,
    /// Log2 of its parts.
    parts: u8,
    /// Log2 of how far apart they are.
    apart: u8,
}

impl Spot {
    /// The parts of a tensor of `2^log` numbers: where each begins in it, log2 of its size, and its first number.
    pub(crate) fn parts(self, log: u8) -> impl Iterator<Item = (u32, u8, u32)> {
        let size = log - self.parts;
        (0..1u32 << self.parts).map(move |k| (k << size, size, self.at + (k << self.apart)))
    }

    /// Whether it is in one piece.
    pub(crate) fn is_whole(self) -> bool {
        self.parts == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_numbered_by_group_row_and_column() {
        let shape = Shape { groups: 1, rows: 2, columns: 3 };
        assert_eq!((shape.group(), shape.lanes()), (5, 6));
        let lane = Lane { group: 1, row: 2, column: 5 };
        assert_eq!((shape.number(3, lane), shape.lane(53)), (3 * 64 + 53, lane));
        assert_eq!(shape.lane(21), Lane::first(2, 5));
    }

    #[test]
    fn a_tensor_lies_in_one_piece_or_in_as_many_as_there_are_groups() {
        let shape = Shape { groups: 1, rows: 2, columns: 3 };
        let at = Lane::first(2, 0);
        assert_eq!(shape.spot(1, at).parts(4).collect::<Vec<_>>(), [(0, 4, 80)]);
        assert_eq!(shape.parts(1, at).parts(5).collect::<Vec<_>>(), [(0, 4, 80), (16, 4, 112)]);
        let one = Shape { groups: 0, ..shape };
        assert_eq!(one.parts(1, at).parts(4).collect::<Vec<_>>(), [(0, 4, 48)]);
        assert!(one.parts(1, at).is_whole() && !shape.parts(1, at).is_whole());
    }
}
