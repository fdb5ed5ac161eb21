//! Constants that a fixed block can hold: one term less for a verifier to evaluate.

use super::blocks::{Area, FixedBlock};
use super::symbolic::{Form, Piece};
use super::{Lowered, TableBlocks};

/// Adds the constant of a form to its fixed block, such as a rounding's half to the bias, where the block is in no other
/// term and the sums are cells. Forms keep their values.
pub(super) fn fold(lowered: &mut Lowered) {
    let mut uses = vec![0u32; lowered.fixed.len()];
    let blocks = lowered.relation.forms.iter().flat_map(|form| &form.terms).filter_map(fixed);
    blocks.for_each(|id| uses[id] += 1);
    let table = lowered.table.iter().flat_map(TableBlocks::all);
    let fetches =
        lowered.fetches.iter().flat_map(|f| f.key.terms.iter().chain(&f.table.terms)).filter_map(fixed);
    table.chain(fetches).for_each(|id| uses[id] += 1);
    for form in &mut lowered.relation.forms {
        let Some((one, constant)) = constant_of(form) else { continue };
        for i in 0..form.terms.len() {
            let coefficient = form.terms[i].0;
            let whole = form.terms[i].1 == 0 && form.terms[i].2.log() == form.log;
            let alone = |id: &usize| uses[*id] == 1 && lowered.fixed[*id].log == form.log;
            let Some(id) = fixed(&form.terms[i]).filter(|id| whole && alone(id)) else { continue };
            if constant % coefficient == 0 && raise(&mut lowered.fixed[id], constant / coefficient) {
                form.terms.remove(one);
                break;
            }
        }
    }
}

/// The fixed block of a term.
fn fixed((_, _, piece): &(i128, u32, Piece)) -> Option<usize> {
    match piece {
        Piece::Block(symbol) if symbol.area == Area::Fixed => Some(symbol.id),
        _ => None,
    }
}

/// Which term is a constant everywhere, and the constant.
fn constant_of(form: &Form) -> Option<(usize, i128)> {
    let one = form.terms.iter().position(|(_, cube, piece)| *cube == 0 && *piece == Piece::One(form.log))?;
    Some((one, form.terms[one].0))
}

/// Adds to every cell of a block, if the sums fit.
fn raise(block: &mut FixedBlock, by: i128) -> bool {
    let size = 1usize << block.log;
    let sums = block.cells.iter().copied().chain(std::iter::repeat_n(0, size - block.cells.len()));
    let sums: Option<Vec<i64>> = sums.map(|cell| i64::try_from(i128::from(cell) + by).ok()).collect();
    match sums {
        Some(cells) => {
            block.cells = cells;
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_raised_where_the_sums_fit() {
        let mut block = FixedBlock { log: 2, cells: vec![5, -7] };
        assert!(raise(&mut block, 10));
        assert_eq!(block.cells, [15, 3, 10, 10]);
        assert!(!raise(&mut block, i128::from(i64::MAX)));
        assert_eq!(block.cells, [15, 3, 10, 10]);
    }
}
