//! Areas in rows, and the program that results.

use super::Lowered;
use super::blocks::{Allocator, Area, FixedLayout, Symbol, block_at};
use super::constraints::is_trivial;
use super::symbolic::{self, Piece};
use crate::circuit::{Circuit, Op};
use sumcast_verifier::vk::{
    self, Block, Claim, Coefficient, Form, FormTerm, Lookup, Product, ProductTerm, Program, PublicTensor,
    Role,
};

/// Columns of a lookup.
const COLUMNS: u64 = 2;

/// Where everything lies, for rows of `2^row_log`.
#[derive(Clone, Debug)]
pub(crate) struct Placement {
    pub(crate) row_log: u8,
    fixed: FixedLayout,
    limb_offsets: Vec<u64>,
    tuple_offsets: Vec<u64>,
    /// Addresses in the witness rows: the areas of limbs and tuples, the plain blocks, the multiplicities.
    limbs: u64,
    pub(super) tuples: [u64; 3],
    plain: Vec<u64>,
    multiplicities: [u64; 2],
    pub(crate) witness_rows: u64,
    /// Addresses in the helper rows: cells and entries of the range lookup, then of the function lookup.
    helpers: [u64; 4],
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
        let tuples = [0; 3].map(|_| witness.add(has_tuples, tuple_log));
        let range = witness.add(has_limbs, circuit.limb);
        let function = witness.add(has_tuples, lowered.table_log);
        let plain: Vec<Option<usize>> = lowered.plain_logs().map(|log| witness.add(true, log)).collect();
        let (at, witness_rows) = witness.place(row_log);
        let mut helper = Group::new();
        let helpers = [
            helper.add(has_limbs, limb_log - 1),
            helper.add(has_limbs, circuit.limb),
            helper.add(has_tuples, tuple_log - 1),
            helper.add(has_tuples, lowered.table_log),
        ];
        let (helper_at, helper_rows) = helper.place(row_log);
        Self {
            row_log,
            fixed: FixedLayout::new(&lowered.fixed, row_log),
            limb_offsets: lowered.limbs.place().0,
            tuple_offsets: lowered.tuples.place().0,
            limbs: at(limbs),
            tuples: tuples.map(&at),
            plain: plain.into_iter().map(&at).collect(),
            multiplicities: [at(range), at(function)],
            witness_rows,
            helpers: helpers.map(helper_at),
            helper_rows,
        }
    }

    /// Rows of all groups.
    pub(crate) fn rows(&self) -> u64 {
        self.fixed.rows + self.witness_rows + self.helper_rows
    }

    /// Rows of weights.
    pub(crate) fn fixed_rows(&self) -> u64 {
        self.fixed.rows
    }

    /// The address of a witness block within the witness rows.
    pub(crate) fn witness_address(&self, symbol: Symbol) -> u64 {
        let base = match symbol.area {
            Area::Limbs => self.limbs + self.limb_offsets[symbol.id],
            Area::Positions => self.tuples[0] + self.tuple_offsets[symbol.id],
            Area::Values => self.tuples[1] + self.tuple_offsets[symbol.id],
            Area::Slopes => self.tuples[2] + self.tuple_offsets[symbol.id],
            Area::Plain => self.plain[symbol.id],
            Area::Fixed => 0,
        };
        base + u64::from(symbol.offset)
    }

    fn witness_block(&self, address: u64, log: u8) -> Block {
        block_at(address, log, self.fixed.rows as u16, self.row_log)
    }

    fn helper_block(&self, address: u64, log: u8) -> Block {
        block_at(address, log, (self.fixed.rows + self.witness_rows) as u16, self.row_log)
    }

    fn block(&self, lowered: &Lowered, symbol: Symbol) -> Block {
        match symbol.area {
            Area::Fixed => self.fixed.block(&lowered.fixed, symbol.id, self.row_log),
            _ => self.witness_block(self.witness_address(symbol), symbol.log),
        }
    }

    fn form(&self, lowered: &Lowered, form: &symbolic::Form) -> Form {
        let mut terms = Vec::new();
        for (coefficient, cube, piece) in &form.terms {
            let piece = match piece {
                Piece::One(log) => vk::Piece::One { log: *log },
                Piece::Public(log, tensor) => vk::Piece::Public { log: *log, tensor: *tensor },
                Piece::Block(symbol) => vk::Piece::Block(self.block(lowered, *symbol)),
            };
            terms.extend(coefficients(*coefficient).map(|coefficient| FormTerm {
                coefficient,
                cube: *cube,
                piece,
            }));
        }
        Form { log: form.log, terms }
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
        Program {
            row_log: self.row_log,
            public: public_tensors(circuit),
            fixed_rows: self.fixed.rows as u16,
            witness_rows: self.witness_rows as u16,
            helper_rows: self.helper_rows as u16,
            forms,
            claims,
            products,
            lookups,
        }
    }

    fn lookups(&self, lowered: &Lowered, circuit: &Circuit, forms: &mut Vec<Form>) -> Vec<Lookup> {
        let mut add = |block: Block| {
            let term = FormTerm { coefficient: Coefficient::ONE, cube: 0, piece: vk::Piece::Block(block) };
            forms.push(Form { log: block.log, terms: vec![term] });
            (forms.len() - 1) as u16
        };
        let mut lookup = |log: u8, table_log: u8, components: &[u64], table: Vec<u16>, number: usize| {
            let half = log - 1;
            let columns = (0..COLUMNS)
                .map(|i| {
                    let offset = i << half;
                    components.iter().map(|c| add(self.witness_block(c + offset, half))).collect()
                })
                .collect();
            Lookup {
                log: half,
                table_log,
                columns,
                table,
                multiplicity: self.witness_block(self.multiplicities[number], table_log),
                helper: self.helper_block(self.helpers[2 * number], half),
                table_helper: self.helper_block(self.helpers[2 * number + 1], table_log),
            }
        };
        let mut out = Vec::new();
        if !lowered.limbs.is_empty() {
            out.push(lookup(lowered.limbs.log(), circuit.limb, &[self.limbs], vec![], 0));
        }
        if let Some((values, slopes)) = lowered.table_blocks {
            let log = lowered.tuples.log();
            out.push(lookup(log, lowered.table_log, &self.tuples, vec![], 1));
            let table = [values, slopes].map(|id| add(self.fixed.block(&lowered.fixed, id, self.row_log)));
            if let Some(last) = out.last_mut() {
                last.table = table.to_vec();
            }
        }
        out
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

fn public_tensors(circuit: &Circuit) -> Vec<PublicTensor> {
    std::iter::once(0)
        .chain(circuit.outputs.iter().copied())
        .map(|t| {
            let tensor = &circuit.tensors[t];
            let (role, bits) = match tensor.op {
                Op::Publish { bits, .. } => (Role::Output, bits),
                Op::Input { bits } => (Role::Input, bits),
                _ => (Role::Output, 0),
            };
            // Public tensors are listed by position, padding between rows included.
            let len = tensor.layout.position(tensor.layout.len() - 1) + 1;
            PublicTensor { role, log: tensor.layout.log(), bits, fraction: tensor.fraction, len: len as u32 }
        })
        .collect()
}
