//! The verdict on a proof, as JSON.

use sumcast_verifier::encoding::point_bytes;
use sumcast_verifier::vk::{Role, SrsKind, TensorSpec, Visibility};
use sumcast_verifier::{Key, ProofFile, Statement, Tensor, verify};

/// The verdict on a proof file under a key, an object with
///
/// - `valid`: whether the key's model has the statement's outputs for its inputs;
/// - `error`: a sentence, unless it is;
/// - `model_id`: the key's, 64 hexadecimal digits, if it is a key;
/// - `insecure_srs`: whether whoever made the key's parameters can forge proofs, if it is a key;
/// - `context`: the proof's, 64 hexadecimal digits, if it is a proof;
/// - `tensors`: of the statement, valid or not, where they are of the key's kinds, lengths and bounds: each with its
///   `role` (`input` or `output`), `visibility`, `fraction`, and either `values`, integers `v` in decimal that stand for
///   `v / 2^fraction`, or `commitments`, points of 128 hexadecimal digits.
pub fn answer(key: &[u8], proof: &[u8]) -> String {
    let key = match Key::from_bytes(key) {
        Ok(key) => key,
        Err(error) => return object(&[("valid", "false".into()), ("error", text(&error.to_string()))]),
    };
    let file = ProofFile::from_bytes(proof);
    let error = file.as_ref().map_err(Clone::clone).and_then(|file| verify(&key, file)).err();
    let mut fields = vec![("valid", error.is_none().to_string())];
    if let Some(error) = error {
        fields.push(("error", text(&error.to_string())));
    }
    fields.push(("model_id", text(&hex(&key.model_id()))));
    fields.push(("insecure_srs", (key.srs.kind == SrsKind::Development).to_string()));
    if let Ok(file) = file {
        fields.push(("context", text(&hex(&file.statement.context))));
        if file.statement.check(&key.program).is_ok() {
            fields.push(("tensors", tensors(&key.program.tensors, &file.statement)));
        }
    }
    object(&fields)
}

fn tensors(specs: &[TensorSpec], statement: &Statement) -> String {
    array(specs.iter().zip(&statement.tensors).map(|(spec, tensor)| {
        let role = match spec.role {
            Role::Input => "input",
            Role::Output => "output",
        };
        let visibility = match spec.visibility {
            Visibility::Public => "public",
            Visibility::Committed => "committed",
        };
        let held = match tensor {
            Tensor::Public(values) => ("values", array(values.iter().map(|value| text(&value.to_string())))),
            Tensor::Committed(points) => {
                ("commitments", array(points.iter().map(|point| text(&hex(&point_bytes(point))))))
            }
        };
        object(&[
            ("role", text(role)),
            ("visibility", text(visibility)),
            ("fraction", spec.fraction.to_string()),
            held,
        ])
    }))
}

/// An object of names that need no escapes and values that are JSON.
fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

fn array(values: impl Iterator<Item = String>) -> String {
    format!("[{}]", values.collect::<Vec<_>>().join(","))
}

fn text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn unhex(text: &str) -> Vec<u8> {
        let text = text.trim();
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
    }

    #[test]
    fn texts_are_json() {
        let hostile = "a\"b\\c\u{1}\n\u{1f}é";
        assert_eq!(serde_json::from_str::<Value>(&text(hostile)).unwrap(), json!(hostile));
    }

    #[test]
    fn a_verdict_has_the_statement() {
        let key = unhex(include_str!("../../tests/vectors/1.vk.hex"));
        let line = include_str!("../../tests/vectors/proofs.tsv").lines().next().unwrap();
        let proof = unhex(line.rsplit('\t').next().unwrap());
        let read = |key: &[u8], proof: &[u8]| serde_json::from_str::<Value>(&answer(key, proof)).unwrap();
        let found = read(&key, &proof);
        let file = ProofFile::from_bytes(&proof).unwrap();
        assert_eq!((&found["valid"], found.get("error")), (&json!(true), None));
        assert_eq!(found["context"], hex(&file.statement.context));
        assert_eq!(found["model_id"], hex(&file.model_id));
        for (tensor, found) in file.statement.tensors.iter().zip(found["tensors"].as_array().unwrap()) {
            if let Some(values) = tensor.public() {
                assert_eq!(found["values"], json!(values.iter().map(i128::to_string).collect::<Vec<_>>()));
            }
            assert_eq!(found["commitments"].as_array().map_or(0, Vec::len), tensor.commitments().len());
        }
        // Of what is refused, as much as can be read.
        let mut wrong = proof.clone();
        *wrong.last_mut().unwrap() ^= 1;
        let refused = read(&key, &wrong);
        assert_eq!((&refused["valid"], &refused["tensors"]), (&json!(false), &found["tensors"]));
        assert!(refused["error"].as_str().is_some_and(|error| !error.is_empty()));
        assert_eq!(read(&key, b"")["error"], "this is not a Sumcast proof");
        assert_eq!(
            read(b"", &proof),
            json!({"valid": false, "error": "this is not a Sumcast verifying key"})
        );
    }

    #[test]
    fn room_is_what_was_asked_for_or_nothing() {
        assert!(crate::key(usize::MAX).is_null());
        assert!(!crate::proof(3).is_null());
        assert!(!crate::verify().is_null());
        assert_eq!(crate::answer_len(), answer(b"", &[0; 3]).len());
    }
}
