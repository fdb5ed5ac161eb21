//! The prover (`docs/protocol.md` 5 to 8).

use crate::backend::{Backend, Summand};
use crate::cells::{Cells, start_of};
use crate::commit::commit_small_rows;
use crate::key::{ProvingKey, SetupError};
use crate::lookup::{Helper, Positions, positions};
use crate::sumcheck::{self, Instance};
use crate::{opening, reduction};
use ark_bn254::{Fr, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::Zero;
use std::time::{Duration, Instant};
use sumcast_params::Srs;
use sumcast_verifier::relation::{Challenges, ClaimList, Functional, Powers, lookup_powers};
use sumcast_verifier::transcript::{Label, Transcript};
use sumcast_verifier::vk::Program;
use sumcast_verifier::{Proof, ProofFile, Statement, VerifyError};
use thiserror::Error;

/// The stages of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Commitments of the witness.
    Witness,
    /// Lookup helpers and their commitments.
    Lookups,
    /// S1: all constraints.
    Constraints,
    /// S2: all claims to one point.
    Reduction,
    /// The opening.
    Opening,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 5] =
        [Self::Witness, Self::Lookups, Self::Constraints, Self::Reduction, Self::Opening];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Witness => "witness",
            Self::Lookups => "lookups",
            Self::Constraints => "constraints",
            Self::Reduction => "reduction",
            Self::Opening => "opening",
        }
    }
}

/// How long each stage took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timings(pub Vec<(Stage, Duration)>);

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProveError {
    /// The SRS does not fit the key.
    #[error(transparent)]
    Srs(#[from] SetupError),
    /// The statement does not fit the key.
    #[error(transparent)]
    Statement(#[from] VerifyError),
    /// The number of witness cells is not that of the program's witness rows.
    #[error("{found} witness cells where the program has {expected}")]
    WitnessCells {
        /// Cells given.
        found: usize,
        /// Cells of the program.
        expected: usize,
    },
    /// A tuple is not in its table.
    #[error("the witness does not satisfy the relation: lookup {lookup} has no entry {tuple:?}")]
    Lookup {
        /// Number of the lookup.
        lookup: usize,
        /// The tuple.
        tuple: Vec<i128>,
    },
    /// The constraints do not hold.
    #[error("the witness does not satisfy the relation: its constraints do not add up to zero")]
    Unsatisfied,
    /// A challenge hit one of the few values the argument excludes (probability below 2^-200).
    #[error("a challenge hit an excluded value: change the context")]
    Challenge,
}

struct Clock<'a> {
    timings: Timings,
    progress: &'a mut (dyn FnMut(Stage) + Send),
    current: Option<(Stage, Instant)>,
}

impl Clock<'_> {
    fn enter(&mut self, stage: Stage) {
        self.leave();
        (self.progress)(stage);
        self.current = Some((stage, Instant::now()));
    }

    fn leave(&mut self) {
        if let Some((stage, since)) = self.current.take() {
            self.timings.0.push((stage, since.elapsed()));
        }
    }
}

/// Proves that `cells`, the witness rows one after another, satisfy the relation with the statement's public
/// tensors. Multiplicities are filled in here. `progress` hears of every stage as it begins.
///
/// # Errors
/// [`ProveError`]; a witness that does not satisfy the relation gives no proof.
pub fn prove(
    key: &ProvingKey,
    srs: &Srs,
    statement: Statement,
    cells: Vec<i64>,
    backend: &dyn Backend,
    progress: &mut (dyn FnMut(Stage) + Send),
) -> Result<(ProofFile, Timings), ProveError> {
    // On a thread of the pool, which hands out small tasks without waking another one first.
    rayon::scope(|_| prove_in_pool(key, srs, statement, cells, backend, progress))
}

fn prove_in_pool(
    key: &ProvingKey,
    srs: &Srs,
    statement: Statement,
    mut cells: Vec<i64>,
    backend: &dyn Backend,
    progress: &mut (dyn FnMut(Stage) + Send),
) -> Result<(ProofFile, Timings), ProveError> {
    key.check_srs(srs)?;
    let program = &key.key.program;
    statement.check(program)?;
    let expected = usize::from(program.witness_rows) << program.row_log;
    if cells.len() != expected {
        return Err(ProveError::WitnessCells { found: cells.len(), expected });
    }
    let mut clock = Clock { timings: Timings::default(), progress, current: None };
    let g1 = &srs.g1()[..1 << program.row_log];

    clock.enter(Stage::Witness);
    let found = fill_multiplicities(program, &key.fixed, &mut cells, &statement.public)?;
    let cells = Cells { program, fixed: &key.fixed, witness: &cells, public: &statement.public };
    let witness = commit_small_rows(g1, cells.witness, program.row_log, backend);
    let model_id = key.key.model_id();
    let mut transcript = Transcript::new(&model_id, &statement);
    let mut ch = Challenges {
        alpha: transcript.points(Label::Witness, &witness),
        beta: transcript.challenge(Label::Beta),
        ..Challenges::default()
    };

    clock.enter(Stage::Lookups);
    let helpers: Vec<Helper> = program
        .lookups
        .iter()
        .zip(&found)
        .map(|(lookup, found)| Helper::new(&cells, lookup, found, ch.alpha, ch.beta))
        .collect::<Option<_>>()
        .ok_or(ProveError::Challenge)?;
    let mut helper_rows = vec![Fr::zero(); usize::from(program.helper_rows) << program.row_log];
    let mut helper = vec![G1Projective::zero(); program.helper_rows.into()];
    for ((lookup, found), h) in program.lookups.iter().zip(&found).zip(&helpers) {
        h.commit(&mut helper, program, lookup, found, g1, backend);
        for (block, values) in [(lookup.helper, &h.cells), (lookup.table_helper, &h.entries)] {
            let start = start_of(block, program.first_helper_row(), program.row_log);
            helper_rows[start..start + values.len()].copy_from_slice(values);
        }
    }
    let helper = G1Projective::normalize_batch(&helper);
    ch.lambda = transcript.points(Label::Helper, &helper);
    ch.tau = (0..program.tau_len()).map(|_| transcript.challenge(Label::Tau)).collect();

    clock.enter(Stage::Constraints);
    let rows = reduction::Rows { cells: &cells, helper: &helper_rows };
    let linear = ClaimList::linear(program, &statement, &ch);
    let linear_value = reduction::evaluate(&rows, &linear, backend);
    transcript.scalars(Label::Linear, &[linear_value]);
    let claims: Vec<Vec<Fr>> = program.claims.iter().map(|c| cells.claim(c, &ch.tau, backend)).collect();
    let s1 = sumcheck::run(
        instances(program, &claims, helpers, &ch),
        program.rounds(),
        program.degree(),
        &ch.tau,
        -(linear_value + linear.open),
        backend,
        |round| transcript.scalars(Label::ConstraintRound, round),
    )
    .ok_or(ProveError::Unsatisfied)?;
    ch.x = s1.point;
    let functionals = ClaimList::at_x(program, &statement, &ch);
    let values = values_at_x(program, &s1.factors, ch.alpha);
    let (committed, values): (Vec<&Functional>, Vec<Fr>) = functionals
        .iter()
        .zip(values)
        .filter(|(f, _)| !f.parts.is_empty())
        .map(|(f, value)| (f, value.map_or_else(|| reduction::evaluate(&rows, f, backend), |v| v - f.open)))
        .unzip();
    let gamma = transcript.scalars(Label::Claims, &values);

    clock.enter(Stage::Reduction);
    let all: Vec<&Functional> = std::iter::once(&linear).chain(committed).collect();
    let (reduction_rounds, y) =
        reduction::run(&rows, &all, gamma, backend, |round| transcript.scalars(Label::ReductionRound, round));
    let row_values = rows.at(&y, backend);
    let rho = transcript.scalars(Label::Rows, &row_values);
    let folded = rows.fold((0..program.rows()).zip(Powers::of(rho)), backend);
    let value = row_values.iter().zip(Powers::of(rho)).map(|(v, power)| power * v).sum();

    clock.enter(Stage::Opening);
    let opening =
        opening::open(g1, &folded, &y, value, &mut transcript, backend).ok_or(ProveError::Challenge)?;
    clock.leave();
    let proof = Proof {
        witness,
        helper,
        linear: linear_value,
        constraint_rounds: s1.rounds,
        claims: values,
        reduction_rounds,
        rows: row_values,
        opening,
    };
    Ok((ProofFile { model_id, statement, body: proof.to_bytes() }, clock.timings))
}

/// Finds every tuple of every lookup and writes the multiplicities into the witness.
fn fill_multiplicities(
    program: &Program,
    fixed: &[i64],
    witness: &mut [i64],
    public: &[Vec<i128>],
) -> Result<Vec<Positions>, ProveError> {
    let mut out = Vec::new();
    for (number, lookup) in program.lookups.iter().enumerate() {
        let cells = Cells { program, fixed, witness, public };
        let found =
            positions(&cells, lookup).map_err(|tuple| ProveError::Lookup { lookup: number, tuple })?;
        let start = start_of(lookup.multiplicity, program.first_witness_row(), program.row_log);
        witness[start..start + found.multiplicities.len()].copy_from_slice(&found.multiplicities);
        out.push(found);
    }
    Ok(out)
}

/// The claims' full values, from what S1 folded its factors to; none for a claim that no term has.
fn values_at_x(program: &Program, factors: &[Vec<Fr>], alpha: Fr) -> Vec<Option<Fr>> {
    let mut out = vec![None; program.claims.len()];
    let mut instances = factors.iter();
    for (term, values) in program.products.iter().flat_map(|p| &p.terms).zip(&mut instances) {
        for (claim, value) in term.factors.iter().zip(values) {
            out[usize::from(*claim)] = Some(*value);
        }
    }
    // For a lookup: `h` and the keys, then `u` and the table's key.
    for values in instances {
        out.push(Some(values[0]));
        out.extend(values[1..].iter().map(|key| Some(alpha - key)));
    }
    out
}

/// The terms of S1, scaled by their powers of `lambda`.
fn instances(program: &Program, claims: &[Vec<Fr>], helpers: Vec<Helper>, ch: &Challenges) -> Vec<Instance> {
    let mut out = Vec::new();
    let mut powers = Powers::of(ch.lambda);
    for product in &program.products {
        let power = powers.next().unwrap_or_default();
        out.extend(product.terms.iter().map(|term| Instance {
            vars: term.vars,
            summand: Summand::Product,
            eq: term.eq,
            scale: power * term.coefficient.field(),
            linear: Fr::zero(),
            factors: term.factors.iter().map(|c| claims[usize::from(*c)].clone()).collect(),
        }));
    }
    for (lookup, helper) in program.lookups.iter().zip(helpers) {
        let [total, cells, entries] = lookup_powers(&mut powers);
        out.push(Instance {
            vars: lookup.log,
            summand: Summand::LookupCells,
            eq: true,
            scale: cells,
            linear: total,
            factors: std::iter::once(helper.cells).chain(helper.keys).collect(),
        });
        out.push(Instance {
            vars: lookup.table_log,
            summand: Summand::Product,
            eq: true,
            scale: entries,
            linear: -total,
            factors: vec![helper.entries, helper.table],
        });
    }
    out
}
