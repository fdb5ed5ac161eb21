//! The relation before its blocks are placed: forms over symbols, claims, products.

use super::blocks::Symbol;
use std::collections::HashMap;
use sumcast_verifier::vk::{Axis, Run};

/// What a term places, before placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Piece {
    One(u8),
    Block(Symbol),
    Public(u8, u8),
}

impl Piece {
    pub(crate) fn log(self) -> u8 {
        match self {
            Self::One(log) | Self::Public(log, _) => log,
            Self::Block(symbol) => symbol.log,
        }
    }
}

/// A vector as a sum of weighted pieces over whole sub-cubes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Form {
    pub(crate) log: u8,
    /// Coefficient, sub-cube, piece.
    pub(crate) terms: Vec<(i128, u32, Piece)>,
}

impl Form {
    pub(crate) fn zero(log: u8) -> Self {
        Self { log, terms: Vec::new() }
    }

    pub(crate) fn of(piece: Piece) -> Self {
        Self { log: piece.log(), terms: vec![(1, 0, piece)] }
    }

    /// `sum_k 2^(width k) block_k`.
    pub(crate) fn limbs(symbols: &[Symbol], width: u8) -> Self {
        let mut form = Self::zero(symbols.first().map_or(0, |s| s.log));
        for (k, symbol) in symbols.iter().enumerate() {
            form.terms.push((1i128 << (usize::from(width) * k), 0, Piece::Block(*symbol)));
        }
        form
    }

    /// Adds `c` times another form of the same size.
    pub(crate) fn add(mut self, c: i128, other: &Self) -> Self {
        for (coefficient, cube, piece) in &other.terms {
            let same = self.terms.iter_mut().find(|(_, q, p)| q == cube && p == piece);
            match same {
                Some((sum, _, _)) => *sum += c * coefficient,
                None => self.terms.push((c * coefficient, *cube, *piece)),
            }
        }
        self.terms.retain(|(c, _, _)| *c != 0);
        self
    }

    /// Adds a constant everywhere.
    pub(crate) fn plus(self, c: i128) -> Self {
        let one = Self::of(Piece::One(self.log));
        if c == 0 { self } else { self.add(c, &one) }
    }
}

/// A form and what its variables are bound to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Claim {
    pub(crate) form: usize,
    pub(crate) vars: u8,
    pub(crate) runs: Vec<Run>,
}

/// A run, or none if it is empty.
pub(crate) fn run(axis: Axis, start: u8, len: u8) -> Option<Run> {
    (len > 0).then_some(Run { axis, start, len })
}

/// Coordinates as runs of consecutive ones.
pub(crate) fn bound(coordinates: &[(Axis, u8)]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (axis, at) in coordinates {
        match runs.last_mut() {
            Some(last) if last.axis == *axis && last.start + last.len == *at => last.len += 1,
            _ => runs.push(Run { axis: *axis, start: *at, len: 1 }),
        }
    }
    runs
}

/// A product term over claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) coefficient: i128,
    pub(crate) vars: u8,
    pub(crate) eq: bool,
    pub(crate) factors: Vec<usize>,
}

/// `sum of terms + linear = 0` on a cube.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Constraint {
    pub(crate) log: u8,
    pub(crate) linear: usize,
    pub(crate) terms: Vec<Term>,
}

/// Forms, claims and constraints, each form and claim once.
#[derive(Debug, Default)]
pub(crate) struct Relation {
    pub(crate) forms: Vec<Form>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) constraints: Vec<Constraint>,
    known_forms: HashMap<Form, usize>,
    known_claims: HashMap<Claim, usize>,
}

impl Relation {
    pub(crate) fn form(&mut self, form: Form) -> usize {
        if let Some(known) = self.known_forms.get(&form) {
            return *known;
        }
        self.known_forms.insert(form.clone(), self.forms.len());
        self.forms.push(form);
        self.forms.len() - 1
    }

    pub(crate) fn claim(&mut self, form: Form, vars: u8, runs: impl IntoIterator<Item = Run>) -> usize {
        let claim = Claim { form: self.form(form), vars, runs: runs.into_iter().collect() };
        if let Some(known) = self.known_claims.get(&claim) {
            return *known;
        }
        self.known_claims.insert(claim.clone(), self.claims.len());
        self.claims.push(claim);
        self.claims.len() - 1
    }

    /// A claim whose variables are all those of the cube summed over.
    pub(crate) fn claim_at_x(&mut self, form: Form) -> usize {
        let log = form.log;
        self.claim(form, log, run(Axis::X, 0, log))
    }

    /// A form's cells, of which `claim` is the claim at the point of the sumcheck, are their own squares: 0 or 1.
    pub(crate) fn constrain_bit(&mut self, form: &Form, claim: usize) {
        let square = Term { coefficient: 1, vars: form.log, eq: true, factors: vec![claim, claim] };
        self.constrain(Form::zero(form.log).add(-1, form), vec![square]);
    }

    pub(crate) fn constrain(&mut self, linear: Form, terms: Vec<Term>) {
        let log = linear.log;
        let linear = self.form(linear);
        self.constraints.push(Constraint { log, linear, terms });
    }
}
