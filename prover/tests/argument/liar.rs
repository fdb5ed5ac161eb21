//! A prover who lies in one step and finishes honestly from there, or adapts what it says later to the lie.

use crate::relation::{FREE, WEIGHTS, X, assignment, prove_by};
use ark_ec::AffineRepr;
use ark_ff::Field;
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Conduct, LookupValues, ProvingKey};
use sumcast_verifier::relation::{Challenges, ClaimList, terms_at};
use sumcast_verifier::transcript::Label;
use sumcast_verifier::{Fr, G1Affine, ProofFile, RoundPolynomial, Statement};

/// What is said against the truth.
#[derive(Clone)]
pub(crate) enum Lie {
    /// Cells or tensors, before anything is committed.
    Witness(fn(&mut Assignment)),
    /// The same, and in each lookup what the second function makes of the values: keys that are true to the cells.
    Lookup(fn(&mut Assignment), fn(usize, Fr, Fr, &mut LookupValues)),
    /// The statement, after its rows are committed.
    Statement(fn(&mut Statement)),
    /// An entry of a lookup's multiplicities, by so much more.
    Multiplicity(usize, usize, i64),
    /// A point of a message: another one.
    Point(Label, usize),
    /// Two points of a message, exchanged.
    Swap(Label, usize, usize),
    /// A scalar of a message: the label, which message of that label, which scalar.
    Scalar(Label, usize, usize),
    /// The challenge after a message, taken from another proof: which message of that label.
    Frozen(Label, usize, Fr),
}

/// One lie, and what has been said so far.
pub(crate) struct Liar<'a> {
    lie: &'a Lie,
    /// Whether to say of the mask of S1 what makes the constraints' check pass.
    adapts: bool,
    key: &'a ProvingKey,
    statement: Option<Statement>,
    ch: Challenges,
    linear: Fr,
    rounds: Vec<RoundPolynomial>,
    messages: Vec<Label>,
    /// Whether there was an occasion for the lie.
    told: bool,
}

impl<'a> Liar<'a> {
    /// The number of earlier messages with a label.
    fn earlier(&self, label: Label) -> usize {
        self.messages.iter().filter(|l| **l == label).count()
    }

    /// The claim that makes the constraints hold at the point of S1.
    fn fitting_mask(&self, claims: &[Fr]) -> Fr {
        let (program, statement) = (&self.key.key.program, self.statement.as_ref().unwrap());
        let linear = ClaimList::linear(program, statement, &self.ch);
        let rounds = self.rounds.iter().zip(self.ch.x.iter().rev());
        let last = rounds.fold(-(self.linear + linear.open), |claim, (round, x)| round.next_claim(claim, *x));
        let mut sent = claims.iter();
        let full = ClaimList::at_x(program, statement, &self.ch).into_iter().map(|f| match f.parts.len() {
            0 => f.open,
            _ => f.open + sent.next().unwrap(),
        });
        last - terms_at(program, &self.ch, &full.collect::<Vec<_>>())
    }
}

impl Conduct for Liar<'_> {
    fn insists(&self) -> bool {
        true
    }

    fn multiplicities(&mut self, lookup: usize, values: &mut [i64]) {
        if let Lie::Multiplicity(at, entry, more) = self.lie
            && *at == lookup
        {
            values[*entry] += more;
            self.told = true;
        }
    }

    fn helpers(&mut self, lookup: usize, alpha: Fr, beta: Fr, values: &mut LookupValues) {
        if let Lie::Lookup(_, change) = self.lie {
            change(lookup, alpha, beta, values);
        }
    }

    fn statement(&mut self, statement: &mut Statement) {
        if let Lie::Statement(change) = self.lie {
            change(statement);
            self.told = true;
        }
        self.statement = Some(statement.clone());
    }

    fn points(&mut self, label: Label, points: &mut [G1Affine]) {
        match self.lie {
            Lie::Point(at, i) if *at == label => {
                points[*i] = (points[*i] + G1Affine::generator()).into();
                self.told = true;
            }
            Lie::Swap(at, i, j) if *at == label => {
                points.swap(*i, *j);
                self.told = true;
            }
            _ => {}
        }
    }

    fn scalars(&mut self, label: Label, scalars: &mut [Fr]) {
        if let Lie::Scalar(at, message, i) = self.lie
            && *at == label
            && *message == self.earlier(label)
        {
            scalars[*i] += Fr::from(1u64);
            self.told = true;
        }
        match label {
            Label::Linear => self.linear = scalars[0],
            Label::ConstraintRound => self.rounds.push(RoundPolynomial { coefficients: scalars.to_vec() }),
            Label::Claims if self.adapts => {
                let (mask, claims) = scalars.split_last_mut().unwrap();
                *mask = self.fitting_mask(claims);
            }
            _ => {}
        }
    }

    fn challenge(&mut self, label: Label, challenge: Fr) -> Fr {
        let challenge = match self.lie {
            Lie::Frozen(at, message, frozen) if *at == label && *message == self.earlier(label) => {
                self.told = true;
                *frozen
            }
            _ => challenge,
        };
        self.messages.push(label);
        match label {
            Label::Witness => self.ch.alpha = challenge,
            Label::Beta => self.ch.beta = challenge,
            Label::Helper => self.ch.lambda = challenge,
            Label::Tau => self.ch.tau.push(challenge),
            Label::ConstraintRound => self.ch.x.insert(0, challenge),
            _ => {}
        }
        challenge
    }
}

/// The proof of a liar about [`X`].
///
/// # Panics
/// If there was no occasion for the lie.
pub(crate) fn lie(key: &ProvingKey, srs: &Srs, lie: &Lie, adapts: bool) -> ProofFile {
    let mut assignment = assignment(&WEIGHTS, X);
    let mut liar = Liar {
        lie,
        adapts,
        key,
        statement: None,
        ch: Challenges::default(),
        linear: Fr::default(),
        rounds: Vec::new(),
        messages: Vec::new(),
        told: false,
    };
    if let Lie::Witness(change) | Lie::Lookup(change, _) = lie {
        let before = assignment.clone();
        change(&mut assignment);
        liar.told = before != assignment;
    }
    let file = prove_by(key, srs, assignment, &mut liar, 11).unwrap().file;
    assert!(liar.told);
    file
}

/// A cell that no constraint reads.
pub(crate) fn free(assignment: &mut Assignment) {
    assignment.cells[FREE] += 1;
}

/// The keys of a lookup's column made those of the tuples of cells, and `h` the sum of their inverses.
pub(crate) fn true_keys(values: &mut LookupValues, column: usize, cell: usize, key: Fr) {
    values.keys[column][cell] = key;
    values.cells[cell] = values.keys.iter().map(|keys| keys[cell].inverse().unwrap()).sum();
}

/// The challenges of an honest proof.
#[derive(Default)]
pub(crate) struct Recorder(pub(crate) Vec<(Label, Fr)>);

impl Conduct for Recorder {
    fn challenge(&mut self, label: Label, challenge: Fr) -> Fr {
        self.0.push((label, challenge));
        challenge
    }
}
