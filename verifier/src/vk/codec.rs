//! Bytes of a key (`docs/protocol.md` 9).

use super::{
    Axis, Block, Claim, Coefficient, Form, FormTerm, Key, Lookup, Piece, Product, ProductTerm, Program, Role,
    Run, SrsKind, SrsPoints, TensorSpec, Visibility, limits,
};
use crate::encoding::{Reader, g2_bytes, point_bytes};
use crate::{DecodeError, KeyError};

const MAGIC: &[u8; 4] = b"SCVK";
const VERSION: u16 = 2;
const NONE: u16 = u16::MAX;

fn ill(part: &'static str, index: usize, reason: &'static str) -> KeyError {
    KeyError::IllFormed { part, index, reason }
}

/// A count within a limit.
fn count(value: usize, limit: usize, part: &'static str) -> Result<usize, KeyError> {
    if value <= limit { Ok(value) } else { Err(ill(part, value, "more than the limit")) }
}

pub(super) fn decode(bytes: &[u8]) -> Result<Key, KeyError> {
    let mut r = Reader::new(bytes);
    if r.bytes(4).ok() != Some(MAGIC) {
        return Err(KeyError::Magic);
    }
    let version = r.u16()?;
    if version != VERSION {
        return Err(KeyError::Version(version));
    }
    let kind = match r.u8()? {
        0 => SrsKind::Development,
        1 => SrsKind::Imported,
        2 => SrsKind::Ceremony,
        _ => return Err(ill("srs", 0, "unknown kind")),
    };
    let srs = SrsPoints { kind, tau: r.g2_point()?, tau_b: r.g2_point()? };
    let row_log = r.u8()?;
    let n = count(r.u8()?.into(), limits::TENSORS, "tensors")?;
    let tensors = (0..n).map(|i| tensor(&mut r, i)).collect::<Result<_, _>>()?;
    let fixed_rows = r.u16()?;
    let witness_rows = r.u16()?;
    let helper_rows = r.u16()?;
    let n = count(r.u16()?.into(), limits::ENTRIES, "forms")?;
    let forms = (0..n).map(|i| form(&mut r, i)).collect::<Result<_, _>>()?;
    let n = count(r.u16()?.into(), limits::ENTRIES, "claims")?;
    let claims = (0..n).map(|i| claim(&mut r, i)).collect::<Result<_, _>>()?;
    let n = count(r.u16()?.into(), limits::ENTRIES, "products")?;
    let products = (0..n).map(|i| product(&mut r, i)).collect::<Result<_, _>>()?;
    let n = count(r.u8()?.into(), limits::LOOKUPS, "lookups")?;
    let lookups = (0..n).map(|_| lookup(&mut r)).collect::<Result<_, _>>()?;
    let fixed = r.points(fixed_rows.into())?;
    r.finish()?;
    let program =
        Program { row_log, tensors, fixed_rows, witness_rows, helper_rows, forms, claims, products, lookups };
    Ok(Key { srs, program, fixed })
}

fn tensor(r: &mut Reader<'_>, i: usize) -> Result<TensorSpec, KeyError> {
    let (role, visibility) = match r.u8()? {
        0 => (Role::Input, Visibility::Public),
        1 => (Role::Output, Visibility::Public),
        2 => (Role::Input, Visibility::Committed),
        3 => (Role::Output, Visibility::Committed),
        _ => return Err(ill("tensor", i, "unknown kind")),
    };
    Ok(TensorSpec { role, visibility, log: r.u8()?, bits: r.u8()?, fraction: r.u8()?, len: r.u32()? })
}

fn coefficient(r: &mut Reader<'_>, part: &'static str, i: usize) -> Result<Coefficient, KeyError> {
    let mantissa = i32::from_be_bytes(r.array()?);
    Coefficient::from_parts(mantissa, r.u8()?).ok_or(ill(part, i, "coefficient not canonical"))
}

fn block(r: &mut Reader<'_>) -> Result<Block, KeyError> {
    Ok(Block { log: r.u8()?, row: r.u16()?, at: r.u32()? })
}

fn form(r: &mut Reader<'_>, i: usize) -> Result<Form, KeyError> {
    let log = r.u8()?;
    let n = count(r.u16()?.into(), limits::TERMS, "terms of a form")?;
    let terms = (0..n)
        .map(|_| {
            let coefficient = coefficient(r, "form", i)?;
            let cube = r.u32()?;
            let piece = match r.u8()? {
                0 => Piece::One { log: r.u8()? },
                1 => Piece::Index { log: r.u8()? },
                2 => Piece::Block(block(r)?),
                3 => Piece::Public { log: r.u8()?, tensor: r.u8()? },
                _ => return Err(ill("form", i, "unknown piece")),
            };
            Ok(FormTerm { coefficient, cube, piece })
        })
        .collect::<Result<_, _>>()?;
    Ok(Form { log, terms })
}

fn claim(r: &mut Reader<'_>, i: usize) -> Result<Claim, KeyError> {
    let (form, vars, n) = (r.u16()?, r.u8()?, r.u8()?);
    let runs = (0..n)
        .map(|_| {
            let axis = match r.u8()? {
                0 => Axis::Tau,
                1 => Axis::X,
                _ => return Err(ill("claim", i, "unknown axis")),
            };
            Ok(Run { axis, start: r.u8()?, len: r.u8()? })
        })
        .collect::<Result<_, _>>()?;
    Ok(Claim { form, vars, runs })
}

fn product(r: &mut Reader<'_>, i: usize) -> Result<Product, KeyError> {
    let (log, linear, n) = (r.u8()?, r.u16()?, r.u8()?);
    let terms = (0..n)
        .map(|_| {
            let coefficient = coefficient(r, "product", i)?;
            let vars = r.u8()?;
            let eq = match r.u8()? {
                0 => false,
                1 => true,
                _ => return Err(ill("product", i, "a flag is 0 or 1")),
            };
            let factors = count(r.u8()?.into(), limits::FACTORS, "factors")?;
            let factors = (0..factors).map(|_| r.u16()).collect::<Result<_, _>>()?;
            Ok(ProductTerm { coefficient, vars, eq, factors })
        })
        .collect::<Result<_, KeyError>>()?;
    Ok(Product { log, linear: (linear != NONE).then_some(linear), terms })
}

fn lookup(r: &mut Reader<'_>) -> Result<Lookup, KeyError> {
    let (log, table_log, g, arity) = (r.u8()?, r.u8()?, r.u8()?, r.u8()?);
    let mut forms = |n: u8| (0..n).map(|_| r.u16()).collect::<Result<Vec<_>, DecodeError>>();
    let columns = (0..g).map(|_| forms(arity)).collect::<Result<_, _>>()?;
    let table = forms(arity.saturating_sub(1))?;
    let (multiplicity, helper, table_helper) = (block(r)?, block(r)?, block(r)?);
    Ok(Lookup { log, table_log, columns, table, multiplicity, helper, table_helper })
}

/// A length that the checks keep within the width of its field.
fn byte(len: usize) -> u8 {
    u8::try_from(len).unwrap_or(u8::MAX)
}

fn short(len: usize) -> [u8; 2] {
    u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes()
}

pub(super) fn encode(key: &Key) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    let w = &mut out;
    w.extend(VERSION.to_be_bytes());
    w.push(match key.srs.kind {
        SrsKind::Development => 0,
        SrsKind::Imported => 1,
        SrsKind::Ceremony => 2,
    });
    w.extend(g2_bytes(&key.srs.tau));
    w.extend(g2_bytes(&key.srs.tau_b));
    let program = &key.program;
    w.push(program.row_log);
    w.push(byte(program.tensors.len()));
    for t in &program.tensors {
        let kind = match (t.role, t.visibility) {
            (Role::Input, Visibility::Public) => 0,
            (Role::Output, Visibility::Public) => 1,
            (Role::Input, Visibility::Committed) => 2,
            (Role::Output, Visibility::Committed) => 3,
        };
        w.extend([kind, t.log, t.bits, t.fraction]);
        w.extend(t.len.to_be_bytes());
    }
    w.extend(program.fixed_rows.to_be_bytes());
    w.extend(program.witness_rows.to_be_bytes());
    w.extend(program.helper_rows.to_be_bytes());
    w.extend(short(program.forms.len()));
    for form in &program.forms {
        w.push(form.log);
        w.extend(short(form.terms.len()));
        for term in &form.terms {
            put_coefficient(w, term.coefficient);
            w.extend(term.cube.to_be_bytes());
            match term.piece {
                Piece::One { log } => w.extend([0, log]),
                Piece::Index { log } => w.extend([1, log]),
                Piece::Block(block) => {
                    w.push(2);
                    put_block(w, block);
                }
                Piece::Public { log, tensor } => w.extend([3, log, tensor]),
            }
        }
    }
    w.extend(short(program.claims.len()));
    for claim in &program.claims {
        w.extend(claim.form.to_be_bytes());
        w.extend([claim.vars, byte(claim.runs.len())]);
        for run in &claim.runs {
            w.extend([u8::from(run.axis == Axis::X), run.start, run.len]);
        }
    }
    w.extend(short(program.products.len()));
    for product in &program.products {
        w.push(product.log);
        w.extend(product.linear.unwrap_or(NONE).to_be_bytes());
        w.push(byte(product.terms.len()));
        for term in &product.terms {
            put_coefficient(w, term.coefficient);
            w.extend([term.vars, u8::from(term.eq), byte(term.factors.len())]);
            w.extend(term.factors.iter().flat_map(|f| f.to_be_bytes()));
        }
    }
    w.push(byte(program.lookups.len()));
    for l in &program.lookups {
        w.extend([l.log, l.table_log, byte(l.columns.len()), byte(l.table.len().saturating_add(1))]);
        w.extend(l.columns.iter().flatten().flat_map(|f| f.to_be_bytes()));
        w.extend(l.table.iter().flat_map(|f| f.to_be_bytes()));
        for block in [l.multiplicity, l.helper, l.table_helper] {
            put_block(w, block);
        }
    }
    w.extend(key.fixed.iter().flat_map(point_bytes));
    out
}

fn put_coefficient(w: &mut Vec<u8>, coefficient: Coefficient) {
    let (mantissa, shift) = coefficient.parts();
    w.extend(mantissa.to_be_bytes());
    w.push(shift);
}

fn put_block(w: &mut Vec<u8>, block: Block) {
    w.push(block.log);
    w.extend(block.row.to_be_bytes());
    w.extend(block.at.to_be_bytes());
}
