//! Proofs of an honest prover and of liars, with the verdict on each: `verifier/tests/vectors/`, written by the
//! prover's own tests, for this verifier and any other.
//!
//! `N.vk.hex` are keys; a line of `proofs.tsv` has the key's number, the verdict (`accepted`, or the check that fails),
//! what was lied about, and the proof file in hexadecimal.

use sumcast_verifier::{
    Check, DecodeError, Key, Proof, ProofFile, Shape, Tensor, VerifyError, trace, verify,
};

const PROOFS: &str = include_str!("vectors/proofs.tsv");

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn key(number: &str) -> Key {
    let text = match number {
        "1" => include_str!("vectors/1.vk.hex"),
        _ => include_str!("vectors/2.vk.hex"),
    };
    Key::from_bytes(&unhex(text.trim())).unwrap()
}

fn lines() -> impl Iterator<Item = [&'static str; 4]> {
    PROOFS.lines().map(|line| {
        let mut fields = line.split('\t');
        [0; 4].map(|_| fields.next().unwrap())
    })
}

#[test]
fn every_proof_gets_its_verdict() {
    let mut counts = [0; 3];
    for [number, word, name, bytes] in lines() {
        let bytes = unhex(bytes);
        let file = ProofFile::from_bytes(&bytes).unwrap();
        assert_eq!(file.to_bytes(), bytes, "{name}");
        let body = Proof::from_bytes(&file.body, &Shape::of(&key(number).program)).unwrap().to_bytes();
        assert_eq!(body, file.body, "{name}");
        let (kind, expected) = match word {
            "accepted" => (0, Ok(())),
            "constraints" => (1, Err(VerifyError::Rejected(Check::Constraints))),
            "opening" => (2, Err(VerifyError::Rejected(Check::Opening))),
            _ => panic!("{word}"),
        };
        counts[kind] += 1;
        assert_eq!(verify(&key(number), &file), expected, "{name}");
        let (verdict, events) = trace(&key(number), &file);
        assert_eq!(verdict, expected, "{name}");
        if word == "accepted" {
            let absorbed: Vec<u8> = events.into_iter().flat_map(|event| event.absorbed).collect();
            assert_eq!(absorbed, file.body, "{name}");
        }
    }
    assert!(counts[0] >= 3 && counts[1] >= 50 && counts[2] >= 50, "{counts:?}");
}

#[test]
fn a_statement_has_the_tensors_of_its_key() {
    let [number, _, _, bytes] = lines().next().unwrap();
    let (key, honest) = (key(number), ProofFile::from_bytes(&unhex(bytes)).unwrap());
    let reason = |change: &dyn Fn(&mut Vec<Tensor>)| {
        let mut file = honest.clone();
        change(&mut file.statement.tensors);
        match verify(&key, &file) {
            Err(VerifyError::Tensor { reason, .. }) => reason,
            other => panic!("{other:?}"),
        }
    };
    let values = |tensors: &mut Vec<Tensor>, change: &dyn Fn(&mut Vec<i128>)| {
        let Tensor::Public(values) = &mut tensors[0] else { panic!() };
        change(values);
    };
    assert_eq!(reason(&|t| values(t, &|v| v[0] = 16)), "a value is out of bounds");
    assert_eq!(reason(&|t| values(t, &|v| v[3] = -16)), "a value is out of bounds");
    assert_eq!(reason(&|t| values(t, &|v| v.push(0))), "wrong length");
    assert_eq!(reason(&|t| values(t, &|v| v.clear())), "wrong length");
    assert_eq!(reason(&|t| t.truncate(2)), "the number of tensors is not the key's");
    assert_eq!(reason(&|t| t[2] = Tensor::Committed(vec![])), "wrong number of commitments");
    assert_eq!(reason(&|t| t[2] = Tensor::Public(vec![0; 4])), "public where the key has a commitment");
    assert_eq!(reason(&|t| t[1] = t[2].clone()), "a commitment where the key has integers");
}

#[test]
fn only_the_whole_file_is_a_proof() {
    let [number, _, _, bytes] = lines().next().unwrap();
    let (key, bytes) = (key(number), unhex(bytes));
    let verdict = |bytes: &[u8]| ProofFile::from_bytes(bytes).and_then(|file| verify(&key, &file));
    assert_eq!(verdict(&bytes), Ok(()));
    for len in (0..bytes.len()).step_by(7) {
        assert!(verdict(&bytes[..len]).is_err(), "{len}");
    }
    for more in 1..40 {
        let longer = [&bytes[..], &vec![0; more]].concat();
        assert_eq!(verdict(&longer), Err(VerifyError::Encoding(DecodeError::Trailing(more))));
    }
    // A length that the file has no bytes for, and a kind of tensor there is not.
    let head = 4 + 2 + 32 + 32;
    let with = |at: usize, value: &[u8]| {
        let mut wrong = bytes.clone();
        wrong[at..at + value.len()].copy_from_slice(value);
        ProofFile::from_bytes(&wrong).err()
    };
    assert_eq!(with(head + 2, &[0xff; 4]), Some(VerifyError::Encoding(DecodeError::Truncated)));
    assert!(matches!(with(head + 1, &[2]), Some(VerifyError::Tensor { tensor: 0, .. })));
    assert!(matches!(with(head, &[65]), Some(VerifyError::Tensor { tensor: 65, .. })));
    assert_eq!(with(0, b"X"), Some(VerifyError::Magic));
    assert_eq!(with(4, &[0, 1]), Some(VerifyError::Version(1)));
    // The most tensors there can be, and nothing behind them.
    let mut most = [&bytes[..head], &[64]].concat();
    for tensor in 0..64u8 {
        most.extend([tensor % 2, 0, 0, 0, 1]);
        most.extend(vec![0; if tensor % 2 == 0 { 16 } else { 64 }]);
    }
    let file = ProofFile::from_bytes(&most).unwrap();
    assert_eq!((file.statement.tensors.len(), file.body.len()), (64, 0));
    assert_eq!(file.to_bytes(), most);
    assert_eq!(ProofFile::from_bytes(&most[..most.len() - 1]), Err(DecodeError::Truncated.into()));
}
