//! Well-formedness of a key, wherever the argument's soundness or the verifier's safety depends on it
//! (`docs/protocol.md` 9).

use super::{Axis, Block, Claim, Form, Limbs, Lookup, Piece, Program, TensorSpec, Visibility, codec, limits};
use crate::KeyError;
use crate::mask;

type Reason = Result<(), &'static str>;

pub(super) fn check(program: &Program) -> Result<(), KeyError> {
    let at = |part, index| move |reason| KeyError::IllFormed { part, index, reason };
    whole(program).map_err(at("key", 0))?;
    for (i, t) in program.tensors.iter().enumerate() {
        tensor(t).map_err(at("tensor", i))?;
    }
    for (i, f) in program.forms.iter().enumerate() {
        form(program, f).map_err(at("form", i))?;
    }
    let rounds = program.rounds();
    for (i, c) in program.claims.iter().enumerate() {
        claim(program, c, rounds).map_err(at("claim", i))?;
    }
    for (i, p) in program.products.iter().enumerate() {
        product(program, p).map_err(at("product", i))?;
    }
    for (i, l) in program.lookups.iter().enumerate() {
        lookup(program, l).map_err(at("lookup", i))?;
    }
    helpers(program).map_err(at("helper blocks", 0))?;
    ensure(steps(program) <= limits::STEPS, "its forms take too many steps to evaluate")
        .map_err(at("key", 0))?;
    let room = 1usize.checked_shl(program.row_log.into()).unwrap_or(0);
    ensure(mask::cells(program) <= room, "a row is too short for the masks").map_err(at("key", 0))
}

fn ensure(condition: bool, reason: &'static str) -> Reason {
    if condition { Ok(()) } else { Err(reason) }
}

fn whole(program: &Program) -> Reason {
    ensure(limits::ROW_LOG.contains(&program.row_log), "row length outside 2^8 .. 2^20")?;
    let rows = [program.fixed_rows, program.witness_rows, program.helper_rows];
    let most = rows.iter().map(|n| usize::from(*n)).max().unwrap_or(0).max(program.statement_rows());
    ensure(most <= limits::ROWS, "too many rows")?;
    ensure(
        program.tensors.len() <= limits::TENSORS
            && program.forms.len() <= limits::ENTRIES
            && program.claims.len() <= limits::ENTRIES
            && program.products.len() <= limits::ENTRIES
            && program.lookups.len() <= limits::LOOKUPS,
        "more entries than the limits",
    )
}

fn tensor(t: &TensorSpec) -> Reason {
    ensure(t.log <= limits::TENSOR_LOG && u64::from(t.len) <= 1 << t.log, "longer than its log size")?;
    ensure(t.bits <= limits::TENSOR_BITS, "too many bits")
}

/// The rows a block may use: `from .. to`.
fn block(program: &Program, b: Block, from: usize, to: usize) -> Reason {
    ensure(b.log <= limits::LOG, "block too long")?;
    let row = usize::from(b.row);
    ensure(row >= from, "block in rows of another group")?;
    let count = if b.log <= program.row_log {
        let size = 1u64 << b.log;
        let aligned = u64::from(b.at).checked_rem(size) == Some(0);
        ensure(aligned && u64::from(b.at) < 1 << program.row_log, "block not aligned inside its row")?;
        1
    } else {
        let most = 1u64 << b.log.saturating_sub(program.row_log);
        ensure(b.at >= 1 && u64::from(b.at) <= most, "row count outside the block's length")?;
        b.at as usize
    };
    ensure(row.saturating_add(count) <= to, "block outside its rows")
}

fn limbs(program: &Program, limbs: Limbs, to: usize) -> Reason {
    let Limbs { block: first, count, width, stride } = limbs;
    ensure((2..=limits::LIMBS).contains(&count) && width <= limits::WIDTH, "limbs outside the limits")?;
    block(program, first, 0, to)?;
    ensure(first.log <= program.row_log, "limbs longer than a row")?;
    ensure(first.log <= stride, "limbs that overlap")?;
    ensure(stride <= program.row_log, "limbs further apart than a row")?;
    let last = u64::from(first.at).saturating_add(u64::from(count.saturating_sub(1)) << stride);
    let end = last.saturating_add(1 << first.log);
    ensure(end <= 1 << program.row_log, "limbs beyond their row")
}

fn form(program: &Program, form: &Form) -> Reason {
    ensure(form.log <= limits::LOG, "too long")?;
    ensure(codec::form_terms(form).len() <= limits::TERM_BYTES, "its terms take too many bytes")?;
    for term in &form.terms {
        let log = term.piece.log();
        ensure(log <= form.log, "a piece longer than its form")?;
        let cubes = 1u64 << form.log.saturating_sub(log);
        ensure(u64::from(term.cube) < cubes, "a sub-cube outside the form")?;
        match term.piece {
            Piece::One { .. } | Piece::Index { .. } => {}
            Piece::Block(b) => block(program, b, 0, program.first_helper_row())?,
            Piece::Limbs(l) => limbs(program, l, program.first_helper_row())?,
            Piece::Public { log, tensor } => {
                let spec = program.tensors.get(usize::from(tensor)).ok_or("no such tensor")?;
                ensure(spec.visibility == Visibility::Public, "a committed tensor has no public piece")?;
                ensure(spec.log == log, "not the tensor's log size")?;
            }
        }
    }
    Ok(())
}

fn claim(program: &Program, claim: &Claim, rounds: u8) -> Reason {
    let form = program.forms.get(usize::from(claim.form)).ok_or("no such form")?;
    ensure(claim.vars <= rounds, "more variables than the sumcheck has")?;
    let mut bound = 0u32;
    let mut seen = 0u64;
    for run in &claim.runs {
        let end = run.start.saturating_add(run.len);
        ensure(run.len >= 1 && end <= limits::LOG, "a run outside the limits")?;
        bound = bound.saturating_add(run.len.into());
        if run.axis == Axis::X {
            ensure(end <= claim.vars, "a variable the claim does not range over")?;
            for k in run.start..end {
                ensure(seen & (1 << k) == 0, "a variable bound twice")?;
                seen |= 1 << k;
            }
        }
    }
    ensure(bound == u32::from(form.log), "the binding's length is not the form's")
}

fn product(program: &Program, product: &super::Product) -> Reason {
    ensure(product.log <= limits::LOG, "too many output variables")?;
    ensure(product.terms.len() <= usize::from(u8::MAX), "too many terms")?;
    if let Some(linear) = product.linear {
        let form = program.forms.get(usize::from(linear)).ok_or("no such form")?;
        ensure(form.log == product.log, "the linear part's size is not the constraint's")?;
    }
    for term in &product.terms {
        ensure(
            (1..=limits::FACTORS).contains(&term.factors.len()),
            "a term without factors or with too many",
        )?;
        ensure(term.vars <= limits::LOG, "too many variables")?;
        for factor in &term.factors {
            let claim = program.claims.get(usize::from(*factor)).ok_or("no such claim")?;
            ensure(claim.vars == term.vars, "a factor over other variables")?;
        }
    }
    Ok(())
}

fn lookup(program: &Program, l: &Lookup) -> Reason {
    ensure(l.log <= limits::LOG && l.table_log <= limits::LOG, "too long")?;
    let arity = l.table.len().saturating_add(1);
    ensure(
        (1..=usize::from(limits::COLUMNS)).contains(&l.columns.len()) && arity <= usize::from(limits::ARITY),
        "columns or components outside the limits",
    )?;
    let sized = |form: &u16, log: u8| program.forms.get(usize::from(*form)).is_some_and(|f| f.log == log);
    for column in &l.columns {
        ensure(column.len() == arity, "a column without all components")?;
        ensure(column.iter().all(|f| sized(f, l.log)), "a component of another size")?;
    }
    ensure(l.table.iter().all(|f| sized(f, l.table_log)), "a table component of another size")?;
    let (first, end) = (program.first_helper_row(), program.rows());
    ensure(l.multiplicity.log == l.table_log && l.table_helper.log == l.table_log, "not the table's size")?;
    ensure(l.helper.log == l.log, "not the columns' size")?;
    block(program, l.multiplicity, program.first_witness_row(), first)?;
    block(program, l.helper, first, end)?;
    block(program, l.table_helper, first, end)
}

/// Steps that evaluating every form takes, as [`limits::STEPS`] counts them.
fn steps(program: &Program) -> u64 {
    let term = |piece: &Piece| match piece {
        Piece::One { .. } | Piece::Index { .. } => 1,
        Piece::Block(b) if b.log > program.row_log => u64::from(b.at),
        Piece::Block(_) => 1,
        Piece::Limbs(l) => l.count.into(),
        Piece::Public { tensor, .. } => {
            program.tensors.get(usize::from(*tensor)).map_or(1, |t| u64::from(t.len).saturating_add(1))
        }
    };
    let form = |f: &Form| f.terms.iter().fold(1, |sum: u64, t| sum.saturating_add(term(&t.piece)));
    // Each form once: many claims can be of a long one.
    let costs: Vec<u64> = program.forms.iter().map(form).collect();
    let evaluated = program.evaluated().filter_map(|f| costs.get(usize::from(f)));
    evaluated.fold(0, |sum, cost| sum.saturating_add(*cost))
}

/// That no helper cell belongs to two blocks.
fn helpers(program: &Program) -> Reason {
    let size = 1u64 << program.row_log;
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for b in program.lookups.iter().flat_map(|l| [l.helper, l.table_helper]) {
        let start = u64::from(b.row).saturating_mul(size);
        spans.push(if b.log <= program.row_log {
            let start = start.saturating_add(b.at.into());
            (start, start.saturating_add(1 << b.log))
        } else {
            (start, start.saturating_add(u64::from(b.at).saturating_mul(size)))
        });
    }
    spans.sort_unstable();
    let disjoint = spans.iter().zip(spans.iter().skip(1)).all(|(a, b)| a.1 <= b.0);
    ensure(disjoint, "two of them overlap")
}
