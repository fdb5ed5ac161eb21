//! The constraints at the sumcheck's point, and the claims they need (`docs/protocol.md` 3 to 5).

use crate::vk::{Axis, Block, Claim, Form, Lookup, Piece, Program};
use crate::{Fr, Statement, mle};
use ark_ff::{Field, One, Zero};
use std::sync::Arc;

/// A weighted block evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its weight.
    pub weight: Fr,
    /// The block.
    pub block: Block,
    /// A point that begins with the block's; parts of one claim share it.
    z: Arc<[Fr]>,
}

impl Part {
    /// The point, of the block's log size.
    pub fn point(&self) -> &[Fr] {
        prefix(&self.z, self.block.log)
    }
}

/// A linear functional of the rows, and what the verifier adds to it on its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Functional {
    /// The committed part.
    pub parts: Vec<Part>,
    /// The open part's value.
    pub open: Fr,
}

impl Functional {
    fn add_form(&mut self, form: &Form, z: &[Fr], scale: Fr, statement: &Statement) {
        let shared: Arc<[Fr]> = z.into();
        for term in &form.terms {
            let (low, high) = z.split_at_checked(term.piece.log().into()).unwrap_or((z, &[]));
            let weight = scale * term.coefficient.field() * mle::select(high, term.cube.into());
            match term.piece {
                Piece::One { .. } => self.open += weight,
                Piece::Index { .. } => self.open += weight * mle::index(low),
                Piece::Public { tensor, .. } => {
                    self.open += weight * statement.evaluate(tensor.into(), low);
                }
                Piece::Block(block) => self.parts.push(Part { weight, block, z: shared.clone() }),
                Piece::Limbs(limbs) => self.parts.extend(limbs.blocks().map(|(block, shift)| {
                    let weight = weight * Fr::from(2u64).pow([shift]);
                    Part { weight, block, z: shared.clone() }
                })),
            }
        }
    }

    fn block(block: Block, z: &[Fr]) -> Self {
        let part = Part { weight: Fr::one(), block, z: prefix(z, block.log).into() };
        Self { parts: vec![part], open: Fr::zero() }
    }
}

/// The challenges up to the end of S1.
#[derive(Clone, Debug, Default)]
pub struct Challenges {
    /// Lookup challenge.
    pub alpha: Fr,
    /// Tuple challenge.
    pub beta: Fr,
    /// Constraint batching.
    pub lambda: Fr,
    /// The output point.
    pub tau: Vec<Fr>,
    /// The point of S1, coordinate `k` for bit `k`; empty before S1.
    pub x: Vec<Fr>,
}

/// The first `len` coordinates.
fn prefix(point: &[Fr], len: u8) -> &[Fr] {
    point.get(..len.into()).unwrap_or(point)
}

impl Challenges {
    fn bind(&self, claim: &Claim) -> Vec<Fr> {
        let coordinates = claim.runs.iter().flat_map(|run| {
            let point = match run.axis {
                Axis::Tau => &self.tau,
                Axis::X => &self.x,
            };
            point.iter().skip(run.start.into()).take(run.len.into())
        });
        coordinates.copied().collect()
    }

    /// `eq(tau, x)` over the first `n` coordinates.
    fn eq(&self, n: u8) -> Fr {
        mle::eq(prefix(&self.tau, n), prefix(&self.x, n))
    }

    /// `prod (1 - x_k)` over the coordinates from `n` on: where a shorter term stands.
    pub(crate) fn late(&self, n: u8) -> Fr {
        self.x.iter().skip(n.into()).fold(Fr::one(), |acc, x| acc * (Fr::one() - *x))
    }
}

/// The powers of `lambda` in the order of section 5.
#[derive(Debug)]
pub struct Powers {
    next: Fr,
    base: Fr,
}

impl Powers {
    /// `1, base, base^2, ..`
    pub fn of(base: Fr) -> Self {
        Self { next: Fr::one(), base }
    }
}

impl Iterator for Powers {
    type Item = Fr;

    fn next(&mut self) -> Option<Fr> {
        let out = self.next;
        self.next *= self.base;
        Some(out)
    }
}

/// Three powers of `lambda` for a lookup: its equations 3, 1 and 2.
pub fn lookup_powers(powers: &mut Powers) -> [Fr; 3] {
    [0; 3].map(|_| powers.next().unwrap_or_default())
}

/// The functionals of a proof (section 6).
#[derive(Debug)]
pub struct ClaimList;

impl ClaimList {
    /// Claim 0: the linear parts at `tau`, multiplicities included.
    pub fn linear(program: &Program, statement: &Statement, ch: &Challenges) -> Functional {
        let mut out = Functional::default();
        let mut powers = Powers::of(ch.lambda);
        for product in &program.products {
            let power = powers.next().unwrap_or_default();
            let form = product.linear.and_then(|f| program.forms.get(usize::from(f)));
            if let Some(form) = form {
                out.add_form(form, prefix(&ch.tau, form.log), power, statement);
            }
        }
        for lookup in &program.lookups {
            let [_, _, power] = lookup_powers(&mut powers);
            let mut functional = Functional::block(lookup.multiplicity, &ch.tau);
            for part in &mut functional.parts {
                part.weight = -power;
            }
            out.parts.append(&mut functional.parts);
        }
        out
    }

    /// The claims at the point of S1, in the order of section 5.
    pub fn at_x(program: &Program, statement: &Statement, ch: &Challenges) -> Vec<Functional> {
        let mut out: Vec<Functional> = program
            .claims
            .iter()
            .map(|claim| {
                let mut functional = Functional::default();
                if let Some(form) = program.forms.get(usize::from(claim.form)) {
                    functional.add_form(form, &ch.bind(claim), Fr::one(), statement);
                }
                functional
            })
            .collect();
        for lookup in &program.lookups {
            out.push(Functional::block(lookup.helper, &ch.x));
            for column in &lookup.columns {
                let mut functional = Functional::default();
                let forms = column.iter().filter_map(|f| program.forms.get(usize::from(*f)));
                for (form, power) in forms.zip(Powers::of(ch.beta)) {
                    functional.add_form(form, prefix(&ch.x, lookup.log), power, statement);
                }
                out.push(functional);
            }
            out.push(Functional::block(lookup.table_helper, &ch.x));
            let z = prefix(&ch.x, lookup.table_log);
            let mut table = Functional { parts: Vec::new(), open: mle::index(z) };
            let forms = lookup.table.iter().filter_map(|f| program.forms.get(usize::from(*f)));
            for (form, power) in forms.zip(Powers::of(ch.beta).skip(1)) {
                table.add_form(form, z, power, statement);
            }
            out.push(table);
        }
        out
    }

    /// Which claims of [`ClaimList::at_x`] have a committed part and so are sent.
    pub fn committed(program: &Program) -> impl Iterator<Item = bool> {
        let committed = |f: &u16| program.forms.get(usize::from(*f)).is_some_and(Form::is_committed);
        let claims = program.claims.iter().map(move |c| committed(&c.form));
        let lookups = program.lookups.iter().flat_map(move |l: &Lookup| {
            let columns = l.columns.iter().map(move |c| c.iter().any(committed));
            let table = l.table.iter().any(committed);
            std::iter::once(true).chain(columns).chain([true, table])
        });
        claims.chain(lookups)
    }

    /// Number of claims sent.
    pub fn sent(program: &Program) -> usize {
        Self::committed(program).filter(|c| *c).count()
    }
}

/// All terms of S1 at its point, given the claims' full values in the order of [`ClaimList::at_x`].
///
/// # Soundness
/// This is the polynomial S1 sums, written once more from section 5; equality with the last claim of S1 leaves
/// a cheating prover the `N D` roots of a difference polynomial at a random point.
pub fn terms_at(program: &Program, ch: &Challenges, values: &[Fr]) -> Fr {
    let mut sum = Fr::zero();
    let mut powers = Powers::of(ch.lambda);
    for product in &program.products {
        let power = powers.next().unwrap_or_default();
        for term in &product.terms {
            let mut value = power * term.coefficient.field() * ch.late(term.vars);
            if term.eq {
                value *= ch.eq(term.vars);
            }
            for factor in &term.factors {
                value *= values.get(usize::from(*factor)).copied().unwrap_or_default();
            }
            sum += value;
        }
    }
    let mut values = values.iter().skip(program.claims.len()).copied();
    let mut next = || values.next().unwrap_or_default();
    for lookup in &program.lookups {
        let [total, cells, entries] = lookup_powers(&mut powers);
        let helper = next();
        let factors: Vec<Fr> = lookup.columns.iter().map(|_| ch.alpha - next()).collect();
        let (table_helper, table) = (next(), next());
        sum += ch.late(lookup.log)
            * (total * helper + cells * ch.eq(lookup.log) * lookup_cells(helper, &factors));
        sum += ch.late(lookup.table_log)
            * table_helper
            * (entries * ch.eq(lookup.table_log) * (ch.alpha - table) - total);
    }
    sum
}

/// `h prod_i f_i - sum_i prod_{j != i} f_j`.
pub fn lookup_cells(helper: Fr, factors: &[Fr]) -> Fr {
    let (product, derivative) =
        factors.iter().fold((Fr::one(), Fr::zero()), |(p, d), f| (p * *f, d * *f + p));
    helper * product - derivative
}
