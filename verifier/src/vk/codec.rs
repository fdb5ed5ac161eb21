//! Bytes of a key (`docs/protocol.md` 9).

use super::{
    Axis, Block, Claim, Coefficient, Form, FormTerm, Key, Limbs, Lookup, Piece, Product, ProductTerm,
    Program, Role, Run, SrsKind, SrsPoints, TensorSpec, Visibility, limits,
};
use crate::encoding::{Reader, g2_bytes, point_bytes};
use crate::{DecodeError, KeyError};

const MAGIC: [u8; 4] = *b"SCVK";
/// The version of key files that is known.
pub(crate) const VERSION: u16 = 4;
/// What a key begins with: magic and version.
pub const HEAD: [u8; 6] = {
    let ([a, b, c, d], [high, low]) = (MAGIC, VERSION.to_be_bytes());
    [a, b, c, d, high, low]
};
const NONE: u16 = u16::MAX;
/// Bit of a form's log size that says it has a committed part.
const COMMITTED: u8 = 0x80;
/// Bit of a run's start that says it is one of the point of S1.
const ON_X: u8 = 0x80;

fn ill(part: &'static str, index: usize, reason: &'static str) -> KeyError {
    KeyError::IllFormed { part, index, reason }
}

/// A count within a limit.
fn count(value: usize, limit: usize, part: &'static str) -> Result<usize, KeyError> {
    if value <= limit { Ok(value) } else { Err(ill(part, value, "more than the limit")) }
}

pub(super) fn decode(bytes: &[u8]) -> Result<Key, KeyError> {
    let mut r = Reader::new(bytes);
    if r.array().ok() != Some(MAGIC) {
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
    let srs = SrsPoints { kind, tau: r.g2_point()? };
    let row_log = r.u8()?;
    let n = count(r.u8()?.into(), limits::TENSORS, "tensors")?;
    let tensors = (0..n).map(|i| tensor(&mut r, i)).collect::<Result<_, _>>()?;
    let fixed_rows = r.u16()?;
    let witness_rows = r.u16()?;
    let helper_rows = r.u16()?;
    let n = count(r.u16()?.into(), limits::ENTRIES, "forms")?;
    let forms = (0..n).map(|i| form(&mut r, i)).collect::<Result<_, _>>()?;
    let n = count(r.u16()?.into(), limits::ENTRIES, "claims")?;
    let claims = (0..n).map(|_| claim(&mut r)).collect::<Result<_, _>>()?;
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

/// A number of one to four bytes.
fn uint<const N: usize>(r: &mut Reader<'_>) -> Result<u32, DecodeError> {
    Ok(r.array::<N>()?.iter().fold(0, |acc, b| (acc << 8) | u32::from(*b)))
}

/// Bits of the byte that a term of a form or of a product begins with: where the coefficient is -1 and where its
/// mantissa and its shift follow; the bits around them say what else does.
mod head {
    pub(super) const MINUS: u8 = 0x08;
    pub(super) const MANTISSA: u8 = 0x10;
    pub(super) const SHIFT: u8 = 0x20;
    /// Of a form's term: its sub-cube follows.
    pub(super) const CUBE: u8 = 0x40;
    /// Of a product's term: `eq` is a factor.
    pub(super) const EQ: u8 = 0x01;
}

fn coefficient(r: &mut Reader<'_>, head: u8, part: &'static str, i: usize) -> Result<Coefficient, KeyError> {
    let not_canonical = ill(part, i, "coefficient not canonical");
    let mantissa = match (head & head::MINUS != 0, head & head::MANTISSA != 0) {
        (false, false) => 1,
        (true, false) => -1,
        (false, true) => match i32::from_be_bytes(r.array()?) {
            -1 | 1 => return Err(not_canonical),
            mantissa => mantissa,
        },
        (true, true) => return Err(not_canonical),
    };
    let shift = if head & head::SHIFT == 0 { 0 } else { r.u8()? };
    let canonical = (shift == 0) == (head & head::SHIFT == 0);
    Coefficient::from_parts(mantissa, shift).filter(|_| canonical).ok_or(not_canonical)
}

fn block(r: &mut Reader<'_>) -> Result<Block, KeyError> {
    Ok(Block { log: r.u8()?, row: r.u16()?, at: uint::<3>(r)? })
}

fn form(r: &mut Reader<'_>, i: usize) -> Result<Form, KeyError> {
    let first = r.u8()?;
    let mut r = Reader::new({
        let length = r.u16()?;
        r.bytes(length.into())?
    });
    let mut terms = Vec::new();
    while r.remaining() > 0 {
        terms.push(form_term(&mut r, i)?);
    }
    let form = Form { log: first & !COMMITTED, terms };
    if form.is_committed() != (first & COMMITTED != 0) {
        return Err(ill("form", i, "it does not say whether it has a committed part"));
    }
    Ok(form)
}

fn form_term(r: &mut Reader<'_>, i: usize) -> Result<FormTerm, KeyError> {
    let head = r.u8()?;
    let coefficient = coefficient(r, head, "form", i)?;
    let cube = if head & head::CUBE == 0 { 0 } else { r.u32()? };
    if (cube == 0) != (head & head::CUBE == 0) {
        return Err(ill("form", i, "sub-cube not canonical"));
    }
    let piece = match head & !(head::MINUS | head::MANTISSA | head::SHIFT | head::CUBE) {
        0 => Piece::One { log: r.u8()? },
        1 => Piece::Index { log: r.u8()? },
        2 => Piece::Block(block(r)?),
        3 => Piece::Public { log: r.u8()?, tensor: r.u8()? },
        4 => Piece::Limbs(Limbs { block: block(r)?, count: r.u8()?, width: r.u8()?, stride: r.u8()? }),
        _ => return Err(ill("form", i, "unknown piece")),
    };
    Ok(FormTerm { coefficient, cube, piece })
}

fn claim(r: &mut Reader<'_>) -> Result<Claim, KeyError> {
    let (form, vars, n) = (r.u16()?, r.u8()?, r.u8()?);
    let runs = (0..n)
        .map(|_| {
            let (start, len) = (r.u8()?, r.u8()?);
            let axis = if start & ON_X == 0 { Axis::Tau } else { Axis::X };
            Ok(Run { axis, start: start & !ON_X, len })
        })
        .collect::<Result<_, KeyError>>()?;
    Ok(Claim { form, vars, runs })
}

fn product(r: &mut Reader<'_>, i: usize) -> Result<Product, KeyError> {
    let (log, linear, n) = (r.u8()?, r.u16()?, r.u8()?);
    let terms = (0..n)
        .map(|_| {
            let head = r.u8()?;
            if head & !(head::MINUS | head::MANTISSA | head::SHIFT | head::EQ) != 0 {
                return Err(ill("product", i, "unknown bits"));
            }
            let coefficient = coefficient(r, head, "product", i)?;
            let vars = r.u8()?;
            let eq = head & head::EQ != 0;
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
    let mut out = HEAD.to_vec();
    let w = &mut out;
    w.push(match key.srs.kind {
        SrsKind::Development => 0,
        SrsKind::Imported => 1,
        SrsKind::Ceremony => 2,
    });
    w.extend(g2_bytes(&key.srs.tau));
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
        w.push(form.log | if form.is_committed() { COMMITTED } else { 0 });
        let terms = form_terms(form);
        w.extend(short(terms.len()));
        w.extend(terms);
    }
    w.extend(short(program.claims.len()));
    for claim in &program.claims {
        w.extend(claim.form.to_be_bytes());
        w.extend([claim.vars, byte(claim.runs.len())]);
        for run in &claim.runs {
            let axis = if run.axis == Axis::X { ON_X } else { 0 };
            w.extend([run.start | axis, run.len]);
        }
    }
    w.extend(short(program.products.len()));
    for product in &program.products {
        w.push(product.log);
        w.extend(product.linear.unwrap_or(NONE).to_be_bytes());
        w.push(byte(product.terms.len()));
        for term in &product.terms {
            put_head(w, if term.eq { head::EQ } else { 0 }, term.coefficient);
            w.extend([term.vars, byte(term.factors.len())]);
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

/// The bytes of a form's terms.
pub(super) fn form_terms(form: &Form) -> Vec<u8> {
    let mut out = Vec::new();
    let w = &mut out;
    for term in &form.terms {
        let kind = match term.piece {
            Piece::One { .. } => 0,
            Piece::Index { .. } => 1,
            Piece::Block(_) => 2,
            Piece::Public { .. } => 3,
            Piece::Limbs(_) => 4,
        };
        put_head(w, kind | if term.cube == 0 { 0 } else { head::CUBE }, term.coefficient);
        if term.cube != 0 {
            w.extend(term.cube.to_be_bytes());
        }
        match term.piece {
            Piece::One { log } | Piece::Index { log } => w.push(log),
            Piece::Block(block) => put_block(w, block),
            Piece::Public { log, tensor } => w.extend([log, tensor]),
            Piece::Limbs(Limbs { block, count, width, stride }) => {
                put_block(w, block);
                w.extend([count, width, stride]);
            }
        }
    }
    out
}

/// The first byte of a term, and its coefficient.
fn put_head(w: &mut Vec<u8>, bits: u8, coefficient: Coefficient) {
    let (mantissa, shift) = coefficient.parts();
    let sign = match mantissa {
        1 => 0,
        -1 => head::MINUS,
        _ => head::MANTISSA,
    };
    w.push(bits | sign | if shift == 0 { 0 } else { head::SHIFT });
    if sign == head::MANTISSA {
        w.extend(mantissa.to_be_bytes());
    }
    if shift != 0 {
        w.push(shift);
    }
}

fn put_block(w: &mut Vec<u8>, block: Block) {
    w.push(block.log);
    w.extend(block.row.to_be_bytes());
    w.extend(block.at.to_be_bytes().iter().skip(1));
}
