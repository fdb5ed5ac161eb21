//! What a proof gives away: nothing, with the masks; all weights, without.

use crate::relation::{ROW_LOG, WEIGHTS, X, assignment, fixed, prove_by, setup, srs};
use ark_ff::{Field, One, Zero};
use rand::RngCore;
use std::collections::BTreeSet;
use sumcast_params::Srs;
use sumcast_prover::{Conduct, Cpu, Honest, ProvingKey, prove, prove_as};
use sumcast_verifier::transcript::Label;
use sumcast_verifier::{Fr, Proof, ProofFile, Shape, trace, verify};

/// A source of randomness that is zero but for one draw of 64 bytes, which is one: no masks, or a single one.
struct Unit {
    draw: usize,
    at: Option<usize>,
}

impl Unit {
    fn none() -> Self {
        Self { draw: 0, at: None }
    }
}

impl RngCore for Unit {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
        if self.at == Some(self.draw) {
            bytes[0] = 1;
        }
        self.draw += 1;
    }
}

impl rand::CryptoRng for Unit {}

fn body(key: &ProvingKey, file: &ProofFile) -> Proof {
    Proof::from_bytes(&file.body, &Shape::of(&key.key.program)).unwrap()
}

/// The solution of a square system, if it has one.
fn solve(mut rows: Vec<Vec<Fr>>) -> Option<Vec<Fr>> {
    let n = rows.len();
    for column in 0..n {
        let pivot = (column..n).find(|r| !rows[*r][column].is_zero())?;
        rows.swap(column, pivot);
        let inverse = rows[column][column].inverse()?;
        rows[column].iter_mut().for_each(|v| *v *= inverse);
        for r in (0..n).filter(|r| *r != column) {
            let factor = rows[r][column];
            let pivot = rows[column].clone();
            rows[r].iter_mut().zip(pivot).for_each(|(v, p)| *v -= factor * p);
        }
    }
    rows.iter().map(|row| row.last().copied()).collect()
}

fn rank(mut rows: Vec<Vec<Fr>>) -> usize {
    let mut rank = 0;
    for column in 0..rows.first().map_or(0, Vec::len) {
        let Some(pivot) = (rank..rows.len()).find(|r| !rows[*r][column].is_zero()) else { continue };
        rows.swap(rank, pivot);
        let inverse = rows[rank][column].inverse().unwrap();
        let (top, below) = rows.split_at_mut(rank + 1);
        for row in below {
            let factor = row[column] * inverse;
            row.iter_mut().zip(&top[rank]).for_each(|(v, p)| *v -= factor * p);
        }
        rank += 1;
    }
    rank
}

/// From many proofs, each a linear equation in the weights: claim 0 is their extension at a known point.
fn equations(key: &ProvingKey, srs: &Srs, count: u8, masked: bool) -> Vec<Vec<Fr>> {
    let equation = |i: u8| {
        let mut assignment = assignment(&WEIGHTS, [i64::from(i) % 16, 2, 3, 4]);
        assignment.context[0] = i;
        let mut unmasked = Unit::none();
        let mut masks = rand::rng();
        let rng: &mut dyn rand::CryptoRng = if masked { &mut masks } else { &mut unmasked };
        let file = prove(key, srs, assignment, rng, &Cpu, &mut |_| ()).unwrap().file;
        let (verdict, events) = trace(&key.key, &file);
        assert_eq!(verdict, Ok(()));
        let drawn = |label| events.iter().filter(move |e| e.label == label).map(|e| e.challenge);
        let mut x: Vec<Fr> = drawn(Label::ConstraintRound).collect();
        x.reverse();
        let tau: Vec<Fr> = drawn(Label::Tau).collect();
        let point = [x[0], x[1], tau[0], tau[1]];
        let mut row: Vec<Fr> = (0..16).map(|w| sumcast_verifier::mle::select(&point, w)).collect();
        row.push(body(key, &file).claims[0]);
        row
    };
    (0..count).map(equation).collect()
}

#[test]
fn unmasked_proofs_give_the_weights_away_and_masked_ones_do_not() {
    let (key, srs) = setup(2);
    let truth: Vec<Fr> = WEIGHTS.concat().into_iter().map(|w| Fr::from(w as u64)).collect();
    let holds = |weights: &[Fr], row: &[Fr]| {
        let sum: Fr = weights.iter().zip(row).map(|(w, c)| *w * c).sum();
        sum == row[16]
    };
    let unmasked = equations(&key, &srs, 20, false);
    let found = solve(unmasked[..16].to_vec()).unwrap();
    assert_eq!(found, truth);
    assert!(unmasked[16..].iter().all(|row| holds(&found, row)));

    let masked = equations(&key, &srs, 20, true);
    let found = solve(masked[..16].to_vec()).unwrap();
    assert!(found.iter().zip(&truth).all(|(f, t)| f != t));
    assert!(masked[16..].iter().all(|row| !holds(&found, row)));
    assert!(masked.iter().all(|row| !holds(&truth, row)));
}

/// A model with other weights that has the same outputs for [`X`].
const OTHER: [[i64; 4]; 4] = [[4, 3, 4, 2], [0, 6, 0, 0], [8, 10, 0, 0], [10, 10, 4, 12]];

/// The bodies of many proofs of one statement as words of 32 bytes.
fn words(weights: &[[i64; 4]; 4], seeds: std::ops::Range<u64>, masked: bool) -> Vec<Vec<[u8; 32]>> {
    let srs = srs();
    let program = crate::relation::program(2);
    let key = ProvingKey::setup(program, fixed(weights), Some(&[9; 32]), &srs, &Cpu).unwrap();
    let words = |i| {
        let assignment = assignment(weights, X);
        let file = match masked {
            true => prove_by(&key, &srs, assignment, &mut Honest, i).unwrap().file,
            false => prove(&key, &srs, assignment, &mut Unit::none(), &Cpu, &mut |_| ()).unwrap().file,
        };
        file.body.chunks(32).map(|word| word.try_into().unwrap()).collect()
    };
    seeds.map(words).collect()
}

/// The largest statistic of a two-sample chi-square test of any half byte, with 15 degrees of freedom, at either end
/// of any word.
fn largest_difference(a: &[Vec<[u8; 32]>], b: &[Vec<[u8; 32]>]) -> f64 {
    let ends: [fn(&[u8; 32]) -> u8; 2] = [|word| word[31] & 15, |word| word[1] >> 4];
    let histogram = |proofs: &[Vec<[u8; 32]>], word: usize, end: fn(&[u8; 32]) -> u8| {
        let mut bins = [0f64; 16];
        proofs.iter().for_each(|proof| bins[usize::from(end(&proof[word]))] += 1.0);
        bins
    };
    let statistic = |word: usize, end| {
        let (a, b) = (histogram(a, word, end), histogram(b, word, end));
        a.iter().zip(&b).filter(|(a, b)| *a + *b > 0.0).map(|(a, b)| (a - b).powi(2) / (a + b)).sum::<f64>()
    };
    let each = (0..a[0].len()).flat_map(|word| ends.map(|end| statistic(word, end)));
    each.fold(0.0, f64::max)
}

#[test]
fn proofs_of_two_models_with_one_statement_look_alike() {
    assert_eq!(assignment(&WEIGHTS, X).tensors, assignment(&OTHER, X).tensors);
    let (a, b) = (words(&WEIGHTS, 0..250, true), words(&OTHER, 250..500, true));
    // Above 60 with probability 2e-7 for a word; there are some 300.
    let found = largest_difference(&a, &b);
    assert!(found < 60.0, "{found}");
    // No word is ever said twice.
    for word in 0..a[0].len() {
        let distinct: BTreeSet<[u8; 32]> = a.iter().chain(&b).map(|proof| proof[word]).collect();
        assert_eq!(distinct.len(), a.len() + b.len(), "word {word}");
    }
    // The same test sees what is not masked.
    let (a, b) = (words(&WEIGHTS, 0..20, false), words(&OTHER, 0..20, false));
    assert!(largest_difference(&a, &b) > 30.0);
    let told = (0..a[0].len()).filter(|word| a[0][*word] != b[0][*word]).count();
    assert!(told > a[0].len() / 2, "{told}");
}

/// Draws the challenges of another proof, so that messages are linear in the masks.
struct Frozen(Vec<Fr>);

impl Conduct for Frozen {
    fn challenge(&mut self, _label: Label, challenge: Fr) -> Fr {
        self.0.pop().unwrap_or(challenge)
    }
}

#[test]
fn the_masks_reach_every_scalar_of_a_proof() {
    let (key, srs) = setup(2);
    let honest = prove_by(&key, &srs, assignment(&WEIGHTS, X), &mut Honest, 6).unwrap().file;
    assert_eq!(verify(&key.key, &honest), Ok(()));
    let mut challenges: Vec<Fr> = trace(&key.key, &honest).1.iter().map(|e| e.challenge).collect();
    challenges.reverse();
    let scalars = |at: Option<usize>| -> Vec<Fr> {
        let mut rng = Unit { draw: 0, at };
        let mut conduct = Frozen(challenges.clone());
        let assignment = assignment(&WEIGHTS, X);
        let file = prove_as(&key, &srs, assignment, &mut rng, &mut conduct, &Cpu, &mut |_| ()).unwrap().file;
        let proof = body(&key, &file);
        let rounds = proof.constraint_rounds.iter().chain(&proof.reduction_rounds);
        std::iter::once(proof.linear)
            .chain(rounds.flat_map(|round| round.coefficients.clone()))
            .chain(proof.claims)
            .chain([proof.mask_claim])
            .chain(proof.opening.evaluations)
            .collect()
    };
    let none = scalars(None);
    let program = &key.key.program;
    let draws = sumcast_verifier::mask::cells(program) + 3 + program.rows() + 11;
    let effects: Vec<Vec<Fr>> =
        (0..draws).map(|i| scalars(Some(i)).iter().zip(&none).map(|(a, b)| *a - b).collect()).collect();
    // All but one are free: the mask's claim follows from the others by the check of section 5.
    assert_eq!(rank(effects), none.len() - 1);
    let scalars = Shape::of(program).bytes() - 64 * (program.witness_rows + program.helper_rows + 8) as usize;
    // `j` follows from challenges alone.
    assert_eq!(none.len() + 1, scalars / 32);
    assert!(program.row_log == ROW_LOG && Fr::one() != Fr::zero());
}
