//! Lookups (`docs/protocol.md` 4): positions, multiplicities, helpers.
//!
//! A helper cell is a sum of inverses of table keys, so there are no more distinct inverses than table entries:
//! one batch inversion over the table, and commitments by buckets.

use crate::Backend;
use crate::cells::{Cells, start_of};
use crate::channel::LookupValues;
use crate::commit::commit_sparse;
use crate::scalars::GRAIN;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ff::{One, Zero, batch_inversion};
use rayon::prelude::*;
use std::collections::BTreeMap;
use sumcast_verifier::encoding::integer;
use sumcast_verifier::vk::{Block, Lookup, Program};

/// In place of the position of a tuple that is not in the table.
const MISSING: u32 = u32::MAX;

/// Where each cell of a lookup finds its tuple.
#[derive(Debug)]
pub(crate) struct Positions {
    /// For each column, the table position of each cell.
    pub(crate) columns: Vec<Vec<u32>>,
    /// How often each entry is found.
    pub(crate) multiplicities: Vec<i64>,
}

/// Finds every tuple in the table.
///
/// Returns the first tuple that is not there or, for a prover who insists, takes it for entry 0.
pub(crate) fn positions(cells: &Cells<'_>, lookup: &Lookup, insist: bool) -> Result<Positions, Vec<i128>> {
    let form = |number: &u16| cells.form(&cells.program.forms[usize::from(*number)]);
    let table: Vec<Vec<i128>> = lookup.table.iter().map(form).collect();
    let entries = 1usize << lookup.table_log;
    let mut multiplicities = vec![0i64; entries];
    let mut columns = Vec::with_capacity(lookup.columns.len());
    for column in &lookup.columns {
        let components: Vec<Vec<i128>> = column.iter().map(form).collect();
        let find = |(i, position): (usize, &i128)| {
            let entry = usize::try_from(*position)
                .ok()
                .filter(|p| *p < entries && components[1..].iter().zip(&table).all(|(c, t)| c[i] == t[*p]));
            entry.or(insist.then_some(0)).map_or(MISSING, |entry| entry as u32)
        };
        let found: Vec<u32> = components[0].par_iter().enumerate().with_min_len(GRAIN).map(find).collect();
        if let Some(i) = found.iter().position(|entry| *entry == MISSING) {
            return Err(components.iter().map(|c| c[i]).collect());
        }
        found.iter().for_each(|entry| multiplicities[*entry as usize] += 1);
        columns.push(found);
    }
    Ok(Positions { columns, multiplicities })
}

/// The helpers of a lookup, and what commits them fast.
#[derive(Debug)]
pub(crate) struct Helper {
    pub(crate) values: LookupValues,
    inverses: Vec<Fr>,
}

impl Helper {
    /// Returns `None` when `alpha` is a table key, which the argument excludes.
    pub(crate) fn new(
        cells: &Cells<'_>,
        lookup: &Lookup,
        found: &Positions,
        alpha: Fr,
        beta: Fr,
        backend: &dyn Backend,
    ) -> Option<Self> {
        let indices = (0..1usize << lookup.table_log).into_par_iter().with_min_len(GRAIN);
        let mut table: Vec<Fr> = indices.map(|t| alpha - Fr::from(t as u64)).collect();
        let mut power = Fr::one();
        for number in &lookup.table {
            power *= beta;
            let form = cells.form(&cells.program.forms[usize::from(*number)]);
            let slots = table.par_iter_mut().zip(form).with_min_len(GRAIN);
            slots.for_each(|(slot, v)| *slot -= power * integer(v));
        }
        if table.iter().any(Zero::is_zero) {
            return None;
        }
        let mut inverses = table.clone();
        inverses.par_chunks_mut(GRAIN).for_each(batch_inversion);
        let key = |p: &u32| table[*p as usize];
        let keys = found.columns.iter().map(|c| c.par_iter().with_min_len(GRAIN).map(key).collect());
        let keys: Vec<Vec<Fr>> = keys.collect();
        let h = backend.gather(&inverses, &found.columns);
        let entries = inverses.par_iter().zip(&found.multiplicities).with_min_len(GRAIN);
        let entries = entries.map(|(v, m)| *v * integer((*m).into())).collect();
        Some(Self { values: LookupValues { cells: h, keys, entries, table }, inverses })
    }

    /// Adds the commitments of both helper blocks to those of the helper rows.
    pub(crate) fn commit(
        &self,
        rows: &mut [G1Projective],
        program: &Program,
        lookup: &Lookup,
        found: &Positions,
        g1: &[G1Affine],
        backend: &dyn Backend,
    ) {
        // The columns of a row share one multi-scalar multiplication over the table's inverses.
        let mut by_row: BTreeMap<usize, (Vec<G1Affine>, Vec<u32>)> = BTreeMap::new();
        for column in &found.columns {
            for (row, start, part) in spans(program, lookup.helper, column) {
                let (bases, index) = by_row.entry(row).or_default();
                bases.par_extend(&g1[start..start + part.len()]);
                index.par_extend(part);
            }
        }
        for (row, (bases, index)) in by_row {
            rows[row] += backend.msm_indexed(&bases, &index, &self.inverses);
        }
        for (row, start, part) in spans(program, lookup.table_helper, &self.values.entries) {
            rows[row] += commit_sparse(&g1[start..], part, backend);
        }
    }

    /// Adds what helpers that were changed add to the commitments.
    pub(crate) fn commit_changes(
        &self,
        before: &LookupValues,
        rows: &mut [G1Projective],
        program: &Program,
        lookup: &Lookup,
        g1: &[G1Affine],
        backend: &dyn Backend,
    ) {
        let changes: Vec<Fr> = self.values.cells.iter().zip(&before.cells).map(|(a, b)| *a - b).collect();
        for (row, start, part) in spans(program, lookup.helper, &changes) {
            rows[row] += commit_sparse(&g1[start..], part, backend);
        }
    }
}

/// The parts of a block's values in each of its rows, numbered from the first helper row: row, offset, values.
fn spans<'a, T>(
    program: &Program,
    block: Block,
    values: &'a [T],
) -> impl Iterator<Item = (usize, usize, &'a [T])> {
    let start = start_of(block, program.first_helper_row(), program.row_log);
    let (first, within) = (start >> program.row_log, start & ((1 << program.row_log) - 1));
    values.chunks(1 << program.row_log).enumerate().map(move |(j, part)| (first + j, within, part))
}
