//! Whatever is changed in a proof, a statement or a key, the contract and the Rust verifier give the same verdict.

mod common;

use common::{deploy, honest, lines, specs, vk};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use sumcast_contracts::Failure;
use sumcast_contracts::abi::ISumcastVerifier::{self, ISumcastVerifierErrors as VerifierError};
use sumcast_contracts::abi::Statement as AbiStatement;
use sumcast_contracts::alloy_sol_types::SolCall;
use sumcast_evm::{Chain, Outcome, Receipt, Sumcast};
use sumcast_verifier::encoding::Reader;
use sumcast_verifier::vk::{Program, Visibility};
use sumcast_verifier::{
    Check, DecodeError, Key, KeyError, ProofFile, Statement, Tensor, VerifyError, verify,
};

/// What a verifier says, as far as both can say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Accepted,
    Srs,
    Key,
    Statement,
    Length,
    Scalar,
    Point,
    Constraints,
    Opening,
}

fn of_contract(receipt: &Receipt) -> Verdict {
    match &receipt.outcome {
        Outcome::Returned(_) => Verdict::Accepted,
        Outcome::Reverted(Failure::Verifier(error)) => match error {
            VerifierError::WrongSrs(_) => Verdict::Srs,
            VerifierError::InvalidKey(_) => Verdict::Key,
            VerifierError::InvalidStatement(_) => Verdict::Statement,
            VerifierError::InvalidProofLength(_) => Verdict::Length,
            VerifierError::InvalidScalar(_) => Verdict::Scalar,
            VerifierError::InvalidPoint(_) => Verdict::Point,
            VerifierError::ConstraintsFailed(_) => Verdict::Constraints,
            VerifierError::OpeningFailed(_) => Verdict::Opening,
            VerifierError::PrecompileFailed(_) => panic!("no precompile fails: {receipt:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn of_rust(result: Result<(), VerifyError>) -> Verdict {
    match result {
        Ok(()) => Verdict::Accepted,
        Err(VerifyError::Tensor { .. }) => Verdict::Statement,
        Err(VerifyError::Encoding(DecodeError::Truncated | DecodeError::Trailing(_))) => Verdict::Length,
        Err(VerifyError::Encoding(DecodeError::Scalar)) => Verdict::Scalar,
        Err(VerifyError::Encoding(DecodeError::Coordinate | DecodeError::Curve)) => Verdict::Point,
        Err(VerifyError::Rejected(Check::Constraints)) => Verdict::Constraints,
        Err(VerifyError::Rejected(Check::Opening)) => Verdict::Opening,
        Err(error @ (VerifyError::Magic | VerifyError::Version(_) | VerifyError::Model { .. })) => {
            panic!("a contract has no proof files: {error}")
        }
    }
}

/// A statement as a contract is given it.
#[derive(Clone)]
struct Packed {
    context: [u8; 32],
    tensors: Vec<u8>,
}

impl Packed {
    fn of(vk: &[u8], statement: &Statement) -> Self {
        Self { context: statement.context, tensors: statement.packed(&specs(vk)) }
    }

    /// The statement, if the bytes are as many as the program asks for and its points are points.
    fn unpack(&self, program: &Program) -> Option<Statement> {
        let mut reader = Reader::new(&self.tensors);
        let tensors = program.tensors.iter().map(|spec| match spec.visibility {
            Visibility::Public => {
                let integer = |bytes: &[u8]| {
                    let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
                    bytes.iter().fold(sign, |value: i128, byte| (value << 8) | i128::from(*byte))
                };
                let bytes = reader.bytes(spec.width() * spec.len as usize).ok()?;
                Some(Tensor::Public(bytes.chunks(spec.width()).map(integer).collect()))
            }
            Visibility::Committed => reader.points(program.tensor_rows(spec)).ok().map(Tensor::Committed),
        });
        let tensors = tensors.collect::<Option<Vec<_>>>()?;
        reader.finish().ok()?;
        Some(Statement { context: self.context, tensors })
    }
}

fn ask(contracts: &mut Sumcast, vk: &[u8], statement: &Packed, proof: &[u8]) -> Verdict {
    let statement =
        AbiStatement { context: statement.context.into(), tensors: statement.tensors.clone().into() };
    let call =
        ISumcastVerifier::verifyCall { vk: vk.to_vec().into(), statement, proof: proof.to_vec().into() };
    of_contract(&contracts.evm.call(contracts.verifier, call.abi_encode().into()).unwrap())
}

fn ask_rust(vk: &[u8], statement: &Packed, proof: &[u8]) -> Verdict {
    let key = match Key::from_bytes(vk) {
        Ok(key) => key,
        Err(_) => return Verdict::Key,
    };
    let Some(statement) = statement.unpack(&key.program) else { return Verdict::Statement };
    of_rust(verify(&key, &ProofFile { model_id: key.model_id(), statement, body: proof.to_vec() }))
}

/// Counts verdicts, so that a test sees that its changes met every check they were made for.
#[derive(Default, Debug)]
struct Seen(BTreeMap<Verdict, usize>);

impl Seen {
    fn compare(
        &mut self,
        contracts: &mut Sumcast,
        what: &str,
        vk: &[u8],
        statement: &Packed,
        proof: &[u8],
    ) -> Verdict {
        let (contract, rust) = (ask(contracts, vk, statement, proof), ask_rust(vk, statement, proof));
        assert_eq!(contract, rust, "{what}");
        *self.0.entry(contract).or_default() += 1;
        contract
    }

    fn of(&self, verdict: Verdict) -> usize {
        self.0.get(&verdict).copied().unwrap_or_default()
    }
}

#[test]
fn no_byte_of_a_proof_can_be_another() {
    let (vk, file) = honest();
    let mut contracts = deploy(Chain::Ethereum, &vk);
    let mut rng = StdRng::seed_from_u64(1);
    let statement = Packed::of(&vk, &file.statement);
    let mut seen = Seen::default();
    assert_eq!(seen.compare(&mut contracts, "honest", &vk, &statement, &file.body), Verdict::Accepted);
    for i in 0..file.body.len() {
        let mut proof = file.body.clone();
        proof[i] ^= rng.random_range(1..=255u8);
        let verdict = seen.compare(&mut contracts, &format!("byte {i}"), &vk, &statement, &proof);
        assert_ne!(verdict, Verdict::Accepted, "byte {i}");
    }
    assert!(seen.of(Verdict::Point) > 500 && seen.of(Verdict::Scalar) > 20, "{seen:?}");
    assert!(seen.of(Verdict::Constraints) > 500 && seen.of(Verdict::Opening) > 50, "{seen:?}");
}

/// Values at and around the moduli, in place of every scalar and every coordinate.
#[test]
fn numbers_beyond_their_modulus_are_refused() {
    let (vk, file) = honest();
    let mut contracts = deploy(Chain::Ethereum, &vk);
    let statement = Packed::of(&vk, &file.statement);
    let modulus = |name: &str| {
        let text = include_str!("../../src/lib/Constants.sol");
        let line = text.lines().find(|line| line.contains(&format!(" {name} = "))).unwrap();
        let hex = line.split("0x").nth(1).unwrap().trim_end_matches(';');
        (0..64).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect::<Vec<u8>>()
    };
    let mut seen = Seen::default();
    let values = [modulus("R"), modulus("Q"), vec![0xff; 32], vec![0; 32]];
    for word in 0..file.body.len() / 32 {
        for value in &values {
            let mut proof = file.body.clone();
            proof[32 * word..32 * word + 32].copy_from_slice(value);
            let verdict = seen.compare(&mut contracts, &format!("word {word}"), &vk, &statement, &proof);
            assert_ne!(verdict, Verdict::Accepted, "word {word}");
        }
    }
    // The same number plus its modulus is another encoding of it.
    for (word, name) in [(0, "Q"), (1, "Q")].into_iter().chain((0..file.body.len() / 32).map(|i| (i, "R"))) {
        let mut proof = file.body.clone();
        let bytes = &mut proof[32 * word..32 * word + 32];
        let carry = bytes.iter_mut().zip(&modulus(name)).rev().fold(0, |carry, (byte, more)| {
            let sum = u16::from(*byte) + u16::from(*more) + carry;
            *byte = sum as u8;
            sum >> 8
        });
        if carry == 0 {
            let verdict =
                seen.compare(&mut contracts, &format!("word {word} + {name}"), &vk, &statement, &proof);
            assert_ne!(verdict, Verdict::Accepted, "word {word} + {name}");
        }
    }
    assert!(seen.of(Verdict::Scalar) > 100 && seen.of(Verdict::Point) > 40, "{seen:?}");
}

#[test]
fn a_proof_has_one_length() {
    let (vk, file) = honest();
    let mut contracts = deploy(Chain::Ethereum, &vk);
    let statement = Packed::of(&vk, &file.statement);
    let mut seen = Seen::default();
    for length in (0..file.body.len()).step_by(31).chain([file.body.len() - 1]) {
        seen.compare(&mut contracts, "cut", &vk, &statement, &file.body[..length]);
    }
    for more in [1, 31, 32, 64, 20_000] {
        let proof = [file.body.clone(), vec![0; more]].concat();
        seen.compare(&mut contracts, "longer", &vk, &statement, &proof);
    }
    assert_eq!(seen.0.len(), 1, "{seen:?}");
    assert!(seen.of(Verdict::Length) > 80, "{seen:?}");
}

#[test]
fn a_statement_is_what_was_proven() {
    let (vk, file) = honest();
    let mut contracts = deploy(Chain::Ethereum, &vk);
    let mut rng = StdRng::seed_from_u64(2);
    let honest = Packed::of(&vk, &file.statement);
    let mut seen = Seen::default();
    for i in 0..32 {
        let mut statement = honest.clone();
        statement.context[i] ^= rng.random_range(1..=255u8);
        let verdict = seen.compare(&mut contracts, "context", &vk, &statement, &file.body);
        assert_ne!(verdict, Verdict::Accepted);
    }
    for round in 0..6 {
        for i in 0..honest.tensors.len() {
            let mut statement = honest.clone();
            let flip = if round == 0 { 1 << rng.random_range(0..8) } else { rng.random_range(1..=255u8) };
            statement.tensors[i] ^= flip;
            let verdict = seen.compare(&mut contracts, &format!("byte {i}"), &vk, &statement, &file.body);
            assert_ne!(verdict, Verdict::Accepted);
        }
    }
    for length in 0..honest.tensors.len() {
        let statement = Packed { tensors: honest.tensors[..length].to_vec(), ..honest };
        assert_eq!(seen.compare(&mut contracts, "cut", &vk, &statement, &file.body), Verdict::Statement);
    }
    for more in [1, 4, 32, 64, 10_000] {
        let statement = Packed { tensors: [honest.tensors.clone(), vec![0; more]].concat(), ..honest };
        assert_eq!(seen.compare(&mut contracts, "longer", &vk, &statement, &file.body), Verdict::Statement);
    }
    assert!(seen.of(Verdict::Statement) > 100 && seen.of(Verdict::Constraints) > 40, "{seen:?}");
}

#[test]
fn proofs_are_for_their_model() {
    let (first, _) = honest();
    for number in ["1", "2"] {
        let other = if number == "1" { "2" } else { "1" };
        let mut contracts = deploy(Chain::Ethereum, &vk(other));
        let (.., file) = lines().find(|line| line.0 == number && line.1 == "accepted").unwrap();
        let statement = Packed::of(&vk(number), &file.statement);
        let verdict = ask(&mut contracts, &vk(other), &statement, &file.body);
        assert!(verdict != Verdict::Accepted, "{verdict:?}");
    }
    assert!(!first.is_empty());
}

fn check_key(contracts: &mut Sumcast, vk: &[u8]) -> Verdict {
    let call = ISumcastVerifier::checkKeyCall { vk: vk.to_vec().into() };
    of_contract(&contracts.evm.call(contracts.verifier, call.abi_encode().into()).unwrap())
}

/// Bytes of a key from the kind of its SRS to the end of its point, where a contract knows one SRS alone.
const SRS: std::ops::Range<usize> = 7..135;

fn compare_key(contracts: &mut Sumcast, seen: &mut Seen, what: &str, vk: &[u8]) -> Verdict {
    let contract = check_key(contracts, vk);
    let rust = match Key::from_bytes(vk) {
        Ok(_) => Verdict::Accepted,
        Err(KeyError::Magic | KeyError::Version(_) | KeyError::Encoding(_) | KeyError::IllFormed { .. }) => {
            Verdict::Key
        }
    };
    let of_another_srs = contract == Verdict::Srs;
    assert!(contract == rust || of_another_srs, "{what}: {contract:?}, {:?}", Key::from_bytes(vk).err());
    *seen.0.entry(contract).or_default() += 1;
    contract
}

#[test]
fn keys_are_checked_alike() {
    for number in ["1", "2"] {
        let vk = vk(number);
        let mut contracts = deploy(Chain::Ethereum, &vk);
        let mut seen = Seen::default();
        assert_eq!(compare_key(&mut contracts, &mut seen, "honest", &vk), Verdict::Accepted);
        for i in SRS {
            let mut wrong = vk.clone();
            wrong[i] ^= 1;
            assert_eq!(check_key(&mut contracts, &wrong), Verdict::Srs, "byte {i}");
        }
        let mut rng = StdRng::seed_from_u64(3);
        for i in (0..vk.len()).filter(|i| !SRS.contains(i)) {
            for value in [0, 1, 2, 3, 4, 7, 8, 9, 16, 31, 32, 33, 64, 65, 128, 255, vk[i] ^ 1, rng.random()] {
                let mut wrong = vk.clone();
                wrong[i] = value;
                compare_key(&mut contracts, &mut seen, &format!("byte {i} = {value}"), &wrong);
            }
        }
        for round in 0..3_000 {
            let mut wrong = vk.clone();
            for _ in 0..rng.random_range(2..5) {
                let i = rng.random_range(SRS.end..vk.len());
                wrong[i] = match rng.random_range(0..3) {
                    0 => rng.random_range(0..12),
                    1 => wrong[i] ^ (1 << rng.random_range(0..8)),
                    _ => rng.random(),
                };
            }
            compare_key(&mut contracts, &mut seen, &format!("round {round}"), &wrong);
        }
        for length in 0..vk.len() {
            assert_ne!(compare_key(&mut contracts, &mut seen, "cut", &vk[..length]), Verdict::Accepted);
        }
        for more in [1, 2, 64, 5_000] {
            let longer = [vk.clone(), vec![0; more]].concat();
            assert_ne!(compare_key(&mut contracts, &mut seen, "longer", &longer), Verdict::Accepted);
        }
        assert!(seen.of(Verdict::Accepted) > 100 && seen.of(Verdict::Key) > 1_000, "{seen:?}");
    }
}

/// Keys that are well-formed and of another model: the honest proof fails, at the same check in both.
#[test]
fn a_proof_fails_under_every_other_key() {
    let (vk, file) = honest();
    let mut contracts = deploy(Chain::Ethereum, &vk);
    let statement = Packed::of(&vk, &file.statement);
    let mut rng = StdRng::seed_from_u64(4);
    let mut seen = Seen::default();
    for i in (0..vk.len()).filter(|i| !SRS.contains(i)) {
        for value in [vk[i] ^ 1, vk[i] ^ 2, rng.random_range(0..10)] {
            let mut wrong = vk.clone();
            wrong[i] = value;
            if wrong == vk || Key::from_bytes(&wrong).is_err() {
                continue;
            }
            let contract = ask(&mut contracts, &wrong, &statement, &file.body);
            if contract != Verdict::Srs {
                assert_eq!(contract, ask_rust(&wrong, &statement, &file.body), "byte {i} = {value}");
            }
            assert_ne!(contract, Verdict::Accepted, "byte {i} = {value}");
            *seen.0.entry(contract).or_default() += 1;
        }
    }
    assert!(seen.0.len() > 2 && seen.of(Verdict::Constraints) > 50, "{seen:?}");
}
