//! Areas in rows, and the program that results.

use super::Lowered;
use super::blocks::{Allocator, Area, FixedLayout, Symbol, block_at};
use super::constraints::is_trivial;
use super::statement::{positions, stated, tensors};
use super::symbolic::{self, Piece};
use crate::circuit::Circuit;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use sumcast_verifier::vk::{
    self, Block, Claim, Coefficient, Form, FormTerm, Limbs, Product, ProductTerm, Program, Visibility, limits,
};

/// Where everything lies, for rows of `2^row_log`.
#[derive(Clone, Debug)]
pub(crate) struct Placement {
    pub(crate) row_log: u8,
    pub(super) fixed: FixedLayout,
    limb_offsets: Vec<u64>,
    pub(super) tuple_offsets: Vec<u64>,
    /// Addresses in the witness rows: the areas of limbs and tuples, the plain blocks, the multiplicities.
    pub(super) limbs: u64,
    pub(super) tuples: HashMap<Area, u64>,
    plain: Vec<u64>,
    pub(super) multiplicities: [u64; 2],
    pub(crate) witness_rows: u64,
    /// First row and number of rows of each committed tensor of the statement, by its number there.
    statement: Vec<(u64, u64)>,
    statement_rows: u64,
    /// Addresses in the helper rows: cells and entries of each lookup.
    pub(super) helpers: Vec<[u64; 2]>,
    pub(crate) helper_rows: u64,
}

/// Blocks of falling size in one address space.
struct Group {
    allocator: Allocator,
}

impl Group {
    fn new() -> Self {
        Self { allocator: Allocator::default() }
    }

    /// Adds a block if it is there.
    fn add(&mut self, present: bool, log: u8) -> Option<usize> {
        present.then(|| self.allocator.add(log))
    }

    fn place(&self, row_log: u8) -> (impl Fn(Option<usize>) -> u64 + use<>, u64) {
        let (offsets, total) = self.allocator.place();
        (move |id: Option<usize>| id.map_or(0, |id| offsets[id]), total.div_ceil(1 << row_log))
    }
}

impl Placement {
    pub(crate) fn new(lowered: &Lowered, circuit: &Circuit, row_log: u8) -> Self {
        let (has_limbs, has_tuples) = (!lowered.limbs.is_empty(), !lowered.tuples.is_empty());
        let (limb_log, tuple_log) = (lowered.limbs.log(), lowered.tuples.log());
        let mut witness = Group::new();
        let limbs = witness.add(has_limbs, limb_log);
        let areas: Vec<Area> = lowered.tuple_areas().collect();
        let tuples: Vec<_> = areas.iter().map(|_| witness.add(has_tuples, tuple_log)).collect();
        let range = witness.add(has_limbs, circuit.limb);
        let function = witness.add(has_tuples, lowered.table_log);
        let plain: Vec<Option<usize>> = lowered.plain_logs().map(|log| witness.add(true, log)).collect();
        let (at, witness_rows) = witness.place(row_log);
        let mut helper = Group::new();
        let mut pair = |present, log, table| [helper.add(present, log), helper.add(present, table)];
        let mut helpers =
            vec![pair(has_limbs, limb_log, circuit.limb), pair(has_tuples, tuple_log, lowered.table_log)];
        helpers.extend(lowered.fetches.iter().map(|f| pair(true, f.key.log, f.table.log)));
        let (helper_at, helper_rows) = helper.place(row_log);
        let mut statement_rows = 0;
        let statement = stated(circuit)
            .map(|(t, _, visibility)| {
                let first = statement_rows;
                if visibility == Visibility::Committed {
                    statement_rows += u64::from(positions(circuit, t)).div_ceil(1 << row_log);
                }
                (first, statement_rows - first)
            })
            .collect();
        Self {
            row_log,
            fixed: FixedLayout::new(&lowered.fixed, row_log),
            limb_offsets: lowered.limbs.place().0,
            tuple_offsets: lowered.tuples.place().0,
            limbs: at(limbs),
            tuples: areas.into_iter().zip(tuples.into_iter().map(&at)).collect(),
            plain: plain.into_iter().map(&at).collect(),
            multiplicities: [at(range), at(function)],
            witness_rows,
            statement,
            statement_rows,
            helpers: helpers.into_iter().map(|pair| pair.map(&helper_at)).collect(),
            helper_rows,
        }
    }

    /// Rows of all groups.
    pub(crate) fn rows(&self) -> u64 {
        self.fixed.rows + self.statement_rows + self.witness_rows + self.helper_rows
    }

    /// Rows of weights.
    pub(crate) fn fixed_rows(&self) -> u64 {
        self.fixed.rows
    }

    /// The address of a witness block within the witness rows.
    pub(crate) fn witness_address(&self, symbol: Symbol) -> u64 {
        let base = match symbol.area {
            Area::Limbs => self.limbs + self.limb_offsets[symbol.id],
            Area::Positions | Area::Values | Area::Slopes | Area::Features | Area::Leaves(_) => {
                self.tuples[&symbol.area] + self.tuple_offsets[symbol.id]
            }
            Area::Plain => self.plain[symbol.id],
            Area::Fixed | Area::Statement => 0,
        };
        base + u64::from(symbol.offset)
    }

    pub(super) fn witness_block(&self, address: u64, log: u8) -> Block {
        block_at(address, log, (self.fixed.rows + self.statement_rows) as u16, self.row_log)
    }

    pub(super) fn helper_block(&self, address: u64, log: u8) -> Block {
        let first = self.fixed.rows + self.statement_rows + self.witness_rows;
        block_at(address, log, first as u16, self.row_log)
    }

    pub(super) fn block(&self, lowered: &Lowered, symbol: Symbol) -> Block {
        match symbol.area {
            Area::Fixed => self.fixed.block(&lowered.fixed, symbol.id, self.row_log),
            Area::Statement => {
                let (first, rows) = self.statement[symbol.id];
                let at = if symbol.log > self.row_log { rows as u32 } else { symbol.offset };
                Block { log: symbol.log, row: (self.fixed.rows + first) as u16, at }
            }
            _ => self.witness_block(self.witness_address(symbol), symbol.log),
        }
    }

    pub(super) fn form(&self, lowered: &Lowered, form: &symbolic::Form) -> Form {
        let mut terms = Vec::new();
        for (coefficient, cube, piece) in &form.terms {
            terms.extend(self.terms(lowered, *coefficient, *cube, *piece));
        }
        Form { log: form.log, terms: join_limbs(terms, self.row_log) }
    }

    /// A term, its coefficient in as many parts as it takes.
    pub(super) fn terms(
        &self,
        lowered: &Lowered,
        coefficient: i128,
        cube: u32,
        piece: Piece,
    ) -> impl Iterator<Item = FormTerm> + use<> {
        let piece = match piece {
            Piece::One(log) => vk::Piece::One { log },
            Piece::Public(log, tensor) => vk::Piece::Public { log, tensor },
            Piece::Block(symbol) => vk::Piece::Block(self.block(lowered, symbol)),
        };
        coefficients(coefficient).map(move |coefficient| FormTerm { coefficient, cube, piece })
    }

    /// The program.
    pub(crate) fn program(&self, lowered: &Lowered, circuit: &Circuit) -> Program {
        let relation = &lowered.relation;
        let mut forms: Vec<Form> = relation.forms.iter().map(|f| self.form(lowered, f)).collect();
        let claims = relation
            .claims
            .iter()
            .map(|c| Claim { form: c.form as u16, vars: c.vars, runs: c.runs.clone() })
            .collect();
        let term = |t: &symbolic::Term| {
            coefficients(t.coefficient)
                .map(|coefficient| ProductTerm {
                    coefficient,
                    vars: t.vars,
                    eq: t.eq,
                    factors: t.factors.iter().map(|f| *f as u16).collect(),
                })
                .collect::<Vec<_>>()
        };
        let products = relation
            .constraints
            .iter()
            .filter(|c| !is_trivial(c, relation))
            .map(|c| Product {
                log: c.log,
                linear: (!relation.forms[c.linear].terms.is_empty()).then_some(c.linear as u16),
                terms: c.terms.iter().flat_map(term).collect(),
            })
            .collect();
        let lookups = self.lookups(lowered, circuit, &mut forms);
        let mut program = Program {
            row_log: self.row_log,
            tensors: tensors(circuit),
            fixed_rows: self.fixed.rows as u16,
            witness_rows: self.witness_rows as u16,
            helper_rows: self.helper_rows as u16,
            forms,
            claims,
            products,
            lookups,
        };
        drop_unused(&mut program);
        program
    }

    /// The fixed rows, one after another.
    pub(crate) fn fixed_cells(&self, lowered: &Lowered) -> Vec<i64> {
        let mut out = vec![0i64; (self.fixed.rows as usize) << self.row_log];
        for (block, address) in lowered.fixed.iter().zip(&self.fixed.addresses) {
            let start = *address as usize;
            out[start..start + block.cells.len()].copy_from_slice(&block.cells);
        }
        out
    }
}

impl Lowered {
    fn plain_logs(&self) -> impl Iterator<Item = u8> + '_ {
        self.plain.logs()
    }
}

/// Drops the forms that no claim, no linear part and no lookup has.
fn drop_unused(program: &mut Program) {
    let used: BTreeSet<usize> = program.evaluated().map(usize::from).collect();
    let numbers: BTreeMap<usize, u16> = used.iter().copied().zip(0..=u16::MAX).collect();
    let mut number = 0usize..;
    program.forms.retain(|_| number.next().is_some_and(|n| used.contains(&n)));
    let claims = program.claims.iter_mut().map(|c| &mut c.form);
    let linear = program.products.iter_mut().filter_map(|p| p.linear.as_mut());
    let lookups = program.lookups.iter_mut().flat_map(|l| l.columns.iter_mut().flatten().chain(&mut l.table));
    for form in claims.chain(linear).chain(lookups) {
        *form = numbers[&usize::from(*form)];
    }
}

/// Joins blocks at one distance, a power of two, from each other in a row, each with the weight of the one before times
/// the same power of two.
fn join_limbs(terms: Vec<FormTerm>, row_log: u8) -> Vec<FormTerm> {
    let mut out: Vec<FormTerm> = Vec::new();
    for term in terms {
        match out.last_mut().and_then(|last| joined(last, &term, row_log).map(|piece| (last, piece))) {
            Some((last, limbs)) => last.piece = vk::Piece::Limbs(limbs),
            None => out.push(term),
        }
    }
    out
}

/// A term with the next one as one more limb, if it is one.
fn joined(term: &FormTerm, next: &FormTerm, row_log: u8) -> Option<Limbs> {
    let ((mantissa, shift), (next_mantissa, next_shift)) =
        (term.coefficient.parts(), next.coefficient.parts());
    let vk::Piece::Block(after) = next.piece else { return None };
    let (block, count, width, stride) = match term.piece {
        vk::Piece::Block(block) => {
            let distance = after.at.checked_sub(block.at).filter(|d| d.is_power_of_two())?;
            (block, 1, next_shift.checked_sub(shift)?, distance.trailing_zeros() as u8)
        }
        vk::Piece::Limbs(Limbs { block, count, width, stride }) => (block, count, width, stride),
        _ => return None,
    };
    let follows = after.at == block.at + (u32::from(count) << stride)
        && (after.row, after.log, next.cube) == (block.row, block.log, term.cube)
        && (next_mantissa, u32::from(next_shift))
            == (mantissa, u32::from(shift) + u32::from(count) * u32::from(width));
    let fits = block.log <= stride.min(row_log) && count < limits::LIMBS && width <= limits::WIDTH;
    (follows && fits).then_some(Limbs { block, count: count + 1, width, stride })
}

/// A coefficient as a sum of those the key can hold: 30 bits each.
fn coefficients(value: i128) -> impl Iterator<Item = Coefficient> {
    let whole = Coefficient::new(value);
    let (sign, magnitude) = (value.signum(), value.unsigned_abs());
    let parts = (0..5u32).filter_map(move |k| {
        let chunk = (magnitude >> (30 * k)) & ((1 << 30) - 1);
        Coefficient::new(sign * ((chunk << (30 * k)) as i128))
    });
    let split = whole.is_none();
    whole.into_iter().chain(parts.filter(move |_| split))
}
