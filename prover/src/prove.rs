//! The prover (`docs/protocol.md` 5 to 8).

use crate::assignment::{Assignment, state, statement_cells, statement_rows};
use crate::backend::{Backend, Summand};
use crate::cells::{Cells, start_of};
use crate::channel::{Channel, Conduct, Honest, LookupValues};
use crate::commit::commit_small_rows;
use crate::key::{ProvingKey, SetupError, check_srs};
use crate::lookup::{Helper, Positions, positions};
use crate::mask::{self, Mask, Masks, Tails};
use crate::reveal::TensorOpening;
use crate::stage::{Clock, Stage, Timings};
use crate::sumcheck::{self, Instance};
use crate::{opening, reduction};
use ark_bn254::{Fr, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::Zero;
use rand::CryptoRng;
use sumcast_params::Srs;
use sumcast_verifier::mask::on_claims;
use sumcast_verifier::opening::Claimed;
use sumcast_verifier::relation::{Challenges, ClaimList, Functional, Powers, lookup_powers};
use sumcast_verifier::transcript::{Label, Transcript};
use sumcast_verifier::vk::Program;
use sumcast_verifier::{Proof, ProofFile, VerifyError, row_weights};
use thiserror::Error;

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
    /// A commitment that is there already is of other values.
    #[error("tensor {0} of the statement has a commitment that is not of its values")]
    Known(usize),
    /// The constraints do not hold.
    #[error("the witness does not satisfy the relation: its constraints do not add up to zero")]
    Unsatisfied,
    /// No claim reads the row that hides the opening.
    #[error("nothing fresh would hide the opening: the relation must read its first helper or witness row")]
    Bare,
    /// A challenge hit one of the few values the argument excludes (probability below 2^-200).
    #[error("a challenge hit an excluded value: change the context")]
    Challenge,
}

/// A proof, and what the prover keeps.
#[derive(Clone, Debug)]
pub struct Proven {
    /// Statement and proof.
    pub file: ProofFile,
    /// What opens the commitments of the statement.
    pub openings: Vec<TensorOpening>,
    /// How long it took.
    pub timings: Timings,
}

/// Proves an assignment: that it satisfies the relation. All randomness that hides it is taken from `rng`; equal
/// randomness gives equal proofs, and two proofs with the same randomness betray what they hide. `progress` hears of
/// every stage as it begins.
///
/// # Errors
/// [`ProveError`]; a witness that does not satisfy the relation gives no proof.
pub fn prove(
    key: &ProvingKey,
    srs: &Srs,
    assignment: Assignment,
    rng: &mut dyn CryptoRng,
    backend: &dyn Backend,
    progress: &mut (dyn FnMut(Stage) + Send),
) -> Result<Proven, ProveError> {
    prove_as(key, srs, assignment, rng, &mut Honest, backend, progress)
}

/// As [`prove`], where some committed tensors have commitments already, such as the state that another proof has left:
/// `known` opens them. A commitment blinded by zeros is a digest, which anyone who knows the values can recompute.
///
/// # Errors
/// As [`prove`]; [`ProveError::Known`] for an opening of other values than the assignment has.
pub fn prove_known(
    key: &ProvingKey,
    srs: &Srs,
    assignment: Assignment,
    known: &[TensorOpening],
    rng: &mut dyn CryptoRng,
    backend: &dyn Backend,
    progress: &mut (dyn FnMut(Stage) + Send),
) -> Result<Proven, ProveError> {
    prove_all(key, srs, assignment, known, rng, &mut Honest, backend, progress)
}

/// As [`prove`], with a conduct: honest, or of a liar who is to be caught.
///
/// # Errors
/// As [`prove`].
pub fn prove_as(
    key: &ProvingKey,
    srs: &Srs,
    assignment: Assignment,
    rng: &mut dyn CryptoRng,
    conduct: &mut dyn Conduct,
    backend: &dyn Backend,
    progress: &mut (dyn FnMut(Stage) + Send),
) -> Result<Proven, ProveError> {
    prove_all(key, srs, assignment, &[], rng, conduct, backend, progress)
}

#[expect(clippy::too_many_arguments, reason = "the arguments of `prove_as` and of `prove_known`")]
fn prove_all(
    key: &ProvingKey,
    srs: &Srs,
    assignment: Assignment,
    known: &[TensorOpening],
    rng: &mut dyn CryptoRng,
    conduct: &mut dyn Conduct,
    backend: &dyn Backend,
    progress: &mut (dyn FnMut(Stage) + Send),
) -> Result<Proven, ProveError> {
    check_srs(&key.key, srs)?;
    backend.prepare(srs);
    let mask = Mask::random(&key.key.program, rng);
    let mut tails = Tails::random(&key.key.program, &key.tails, rng);
    for opening in known {
        let rows = statement_rows(&key.key.program, opening.tensor);
        if rows.len() != opening.blinds.len()
            || assignment.tensors.get(opening.tensor) != Some(&opening.values)
        {
            return Err(ProveError::Known(opening.tensor));
        }
        tails.fix(rows, &opening.blinds);
    }
    // On a thread of the pool, which hands out small tasks without waking another one first.
    rayon::scope(|_| prove_in_pool(key, srs, assignment, &mask, &tails, conduct, backend, progress))
}

#[expect(clippy::too_many_arguments, reason = "the arguments of `prove_as`")]
fn prove_in_pool(
    key: &ProvingKey,
    srs: &Srs,
    assignment: Assignment,
    mask: &Mask,
    tails: &Tails,
    conduct: &mut dyn Conduct,
    backend: &dyn Backend,
    progress: &mut (dyn FnMut(Stage) + Send),
) -> Result<Proven, ProveError> {
    let program = &key.key.program;
    let expected = usize::from(program.witness_rows) << program.row_log;
    let Assignment { context, tensors, cells } = assignment;
    if cells.len() != expected {
        return Err(ProveError::WitnessCells { found: cells.len(), expected });
    }
    let mut clock = Clock::new(progress);
    let powers = &srs.g1()[..mask::reach(program.row_log)];
    let g1 = &powers[..1 << program.row_log];

    clock.enter(Stage::Witness);
    let blinding = key.blinding(srs);
    let mut own = statement_cells(program, &tensors)?;
    own.extend(cells);
    let insist = conduct.insists();
    let found = fill_multiplicities(program, &key.fixed, &mut own, &tensors, conduct)?;
    let cells = Cells { program, fixed: &key.fixed, own: &own, public: &tensors };
    let (rows, mask_point) = rayon::join(
        || commit_small_rows(g1, cells.own, program.row_log, backend),
        || backend.msm(&g1[..mask.cells.len()], &mask.cells).into_affine(),
    );
    let rows = tails.blind(rows, program.first_statement_row(), blinding, powers, backend);
    let (commitments, witness) = rows.split_at(program.statement_rows());
    let (mut statement, openings) = state(program, context, tensors.clone(), commitments, tails);
    statement.check(program)?;
    conduct.statement(&mut statement);
    let model_id = key.key.model_id();
    let mut channel =
        Channel { transcript: Transcript::new(&model_id, &program.tensors, &statement), conduct };
    let mut committed = witness.to_vec();
    committed.push(mask_point);
    let (mut witness, alpha) = channel.points(Label::Witness, committed);
    let mask_point = witness.pop().unwrap_or_default();
    let mut ch = Challenges { alpha, beta: channel.draw(Label::Beta), ..Challenges::default() };

    clock.enter(Stage::Lookups);
    let mut helpers: Vec<Helper> = program
        .lookups
        .iter()
        .zip(&found)
        .map(|(lookup, found)| Helper::new(&cells, lookup, found, ch.alpha, ch.beta, backend))
        .collect::<Option<_>>()
        .ok_or(ProveError::Challenge)?;
    let mut helper_rows = vec![Fr::zero(); usize::from(program.helper_rows) << program.row_log];
    let mut helper = vec![G1Projective::zero(); program.helper_rows.into()];
    for (number, (lookup, found)) in program.lookups.iter().zip(&found).enumerate() {
        let h = &mut helpers[number];
        let true_values = insist.then(|| h.values.clone());
        channel.conduct.helpers(number, ch.alpha, ch.beta, &mut h.values);
        h.commit(&mut helper, program, lookup, found, g1, backend);
        if let Some(true_values) = true_values {
            h.commit_changes(&true_values, &mut helper, program, lookup, g1, backend);
        }
        for (block, values) in [(lookup.helper, &h.values.cells), (lookup.table_helper, &h.values.entries)] {
            let start = start_of(block, program.first_helper_row(), program.row_log);
            helper_rows[start..start + values.len()].copy_from_slice(values);
        }
    }
    let helper = tails.blind(helper, program.first_helper_row(), blinding, powers, backend);
    let (helper, lambda) = channel.points(Label::Helper, helper);
    ch.lambda = lambda;
    ch.tau = (0..program.tau_len()).map(|_| channel.draw(Label::Tau)).collect();

    clock.enter(Stage::Constraints);
    let rows = reduction::Rows { cells: &cells, helper: &helper_rows };
    let linear = ClaimList::linear(program, &statement, &ch);
    let linear_value = reduction::evaluate(&rows, &linear, backend) + mask.linear();
    let ([linear_value], _) = channel.scalars(Label::Linear, [linear_value]);
    let claims: Vec<Vec<Fr>> = program.claims.iter().map(|c| cells.claim(c, &ch.tau, backend)).collect();
    let claim_masks = mask.by_claim(program);
    let s1 = sumcheck::run(
        instances(program, claims, &claim_masks, helpers, &ch),
        &program.degrees().collect::<Vec<_>>(),
        &ch.tau,
        -(linear_value + linear.open),
        Masks { sum: -mask.linear(), rounds: mask.constraints() },
        insist,
        backend,
        |round| channel.round(Label::ConstraintRound, round),
    )
    .ok_or(ProveError::Unsatisfied)?;
    ch.x = s1.point;
    let functionals = ClaimList::at_x(program, &statement, &ch);
    let on_claims = on_claims(&ch);
    let mut claims: Vec<Fr> = functionals
        .iter()
        .zip(values_at_x(program, &s1.factors, ch.alpha))
        .zip(&claim_masks)
        .filter(|((f, _), _)| !f.parts.is_empty())
        .map(|((f, value), mask)| {
            let unused = || reduction::evaluate(&rows, f, backend) + on_claims * mask;
            value.map_or_else(unused, |v| v - f.open)
        })
        .collect();
    claims.push(s1.mask);
    let (mut claims, gamma) = channel.scalars(Label::Claims, claims);

    clock.enter(Stage::Reduction);
    let all: Vec<&Functional> =
        std::iter::once(&linear).chain(functionals.iter().filter(|f| !f.parts.is_empty())).collect();
    let combined = |values: &mut dyn Iterator<Item = Fr>| -> Fr {
        values.zip(Powers::of(gamma)).map(|(v, power)| v * power).sum()
    };
    let claimed = combined(&mut std::iter::once(linear_value).chain(claims.iter().copied()));
    let masks = mask.claims().iter().map(|cell| on_claims * cell);
    let masked = combined(&mut std::iter::once(mask.linear()).chain(masks).chain([s1.mask]));
    let masks = Masks { sum: masked, rounds: mask.reduction() };
    let s2 = reduction::run(&rows, &all, gamma, claimed, masks, backend, |round| {
        channel.round(Label::ReductionRound, round)
    });
    let weights = row_weights(program, all.iter().copied(), gamma, &s2.y);
    if weights.get(tails.long()).is_none_or(Zero::is_zero) {
        return Err(ProveError::Bare);
    }
    let mut folded = rows.fold(weights.iter().copied().enumerate(), backend);
    tails.extend(&mut folded, &weights);

    clock.enter(Stage::Opening);
    let mask_weights = sumcast_verifier::mask::weights(program, &ch, gamma, &s2.y);
    let claimed = Claimed { y: &s2.y, weights: &mask_weights, value: s2.value };
    let opening = opening::open(powers, &folded, &mask.cells, claimed, &mut channel, backend)
        .ok_or(ProveError::Challenge)?;
    let timings = clock.stop();
    let mask_claim = claims.pop().unwrap_or_default();
    let proof = Proof {
        witness,
        mask: mask_point,
        helper,
        linear: linear_value,
        constraint_rounds: s1.rounds,
        claims,
        mask_claim,
        reduction_rounds: s2.rounds,
        opening,
    };
    let file = ProofFile { model_id, statement, body: proof.to_bytes() };
    Ok(Proven { file, openings, timings })
}

/// Finds every tuple of every lookup and writes the multiplicities into the witness.
fn fill_multiplicities(
    program: &Program,
    fixed: &[i64],
    own: &mut [i64],
    public: &[Vec<i128>],
    conduct: &mut dyn Conduct,
) -> Result<Vec<Positions>, ProveError> {
    let mut out = Vec::new();
    for (number, lookup) in program.lookups.iter().enumerate() {
        let cells = Cells { program, fixed, own, public };
        let mut found = positions(&cells, lookup, conduct.insists())
            .map_err(|tuple| ProveError::Lookup { lookup: number, tuple })?;
        conduct.multiplicities(number, &mut found.multiplicities);
        let start = start_of(lookup.multiplicity, program.first_statement_row(), program.row_log);
        own[start..start + found.multiplicities.len()].copy_from_slice(&found.multiplicities);
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

/// The terms of S1, scaled by their powers of `lambda`. `masks` are those of all claims, in the order of
/// [`ClaimList::at_x`].
fn instances(
    program: &Program,
    mut claims: Vec<Vec<Fr>>,
    masks: &[Fr],
    helpers: Vec<Helper>,
    ch: &Challenges,
) -> Vec<Instance> {
    let mut out = Vec::new();
    let mut powers = Powers::of(ch.lambda);
    // A claim's vector goes to the last of the factors that it is.
    let terms = program.products.iter().flat_map(|product| &product.terms);
    let mut uses = vec![0; claims.len()];
    terms.flat_map(|term| &term.factors).for_each(|claim| uses[usize::from(*claim)] += 1);
    let mut vector = |claim: &u16| {
        let claim = usize::from(*claim);
        uses[claim] -= 1;
        if uses[claim] == 0 { std::mem::take(&mut claims[claim]) } else { claims[claim].clone() }
    };
    for product in &program.products {
        let power = powers.next().unwrap_or_default();
        out.extend(product.terms.iter().map(|term| Instance {
            vars: term.vars,
            summand: Summand::Product,
            eq: term.eq,
            scale: power * term.coefficient.field(),
            linear: Fr::zero(),
            factors: term.factors.iter().map(&mut vector).collect(),
            masks: term.factors.iter().map(|c| masks[usize::from(*c)]).collect(),
        }));
    }
    let mut masks = masks[program.claims.len()..].iter().copied();
    for (lookup, helper) in program.lookups.iter().zip(helpers) {
        let [total, cells, entries] = lookup_powers(&mut powers);
        let LookupValues { cells: h, keys, entries: u, table } = helper.values;
        // A key stands in its factor with the opposite sign.
        let mut mask = || masks.next().unwrap_or_default();
        let h_masks = std::iter::once(mask()).chain(keys.iter().map(|_| -mask())).collect();
        let u_masks = vec![mask(), -mask()];
        out.push(Instance {
            vars: lookup.log,
            summand: Summand::LookupCells,
            eq: true,
            scale: cells,
            linear: total,
            factors: std::iter::once(h).chain(keys).collect(),
            masks: h_masks,
        });
        out.push(Instance {
            vars: lookup.table_log,
            summand: Summand::Product,
            eq: true,
            scale: entries,
            linear: -total,
            factors: vec![u, table],
            masks: u_masks,
        });
    }
    out
}
