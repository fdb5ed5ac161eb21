//! Statements with commitments: what they hide, and what is written to show it.

use super::{Compiled, HOME, LINREG, Run, command, finish, json, sumcast, write};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use sumcast_verifier::encoding::point_bytes;
use sumcast_verifier::{Key, Proof, ProofFile, Shape};

pub(super) static BOTH: LazyLock<Compiled> =
    LazyLock::new(|| Compiled::with("linreg", "hidden-both", &["--hide", "input,output"]));

pub(super) fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// `reveal` with the model's own files, but for the opening.
pub(super) fn reveal(model: &Compiled, opening: &Path, more: &[&dyn AsRef<OsStr>]) -> Run {
    let vk = model.vk();
    let mut arguments: Vec<&dyn AsRef<OsStr>> =
        vec![&"reveal", &model.proof, &"--opening", &opening, &"--vk", &vk, &"--json"];
    arguments.extend(more);
    sumcast(&arguments)
}

/// The opening of a model with a change, in a file of its own.
pub(super) fn changed(model: &Compiled, name: &str, change: impl FnOnce(&mut Value)) -> PathBuf {
    let mut opening = read(&model.opening());
    change(&mut opening);
    write(name, opening.to_string())
}

/// That `reveal` says no, and why.
pub(super) fn refused(run: &Run, code: i32, expected: &str) {
    assert_eq!(run.code, code, "{} {}", run.stdout, run.stderr);
    let value = run.json();
    assert!(value["error"].as_str().unwrap().contains(expected), "{value}");
    if code == 1 {
        assert_eq!((&value["valid"], &value["tensors"]), (&false.into(), &Value::Array(vec![])));
    }
}

pub(super) fn integers(model: &Compiled, tensor: usize) -> Vec<i128> {
    let opening = read(&model.opening());
    let texts = opening["tensors"][tensor]["integers"].as_array().unwrap();
    texts.iter().map(|text| text.as_str().unwrap().parse().unwrap()).collect()
}

/// Whether a file has an integer of any size above a few bits, in either order of its bytes.
fn contains(bytes: &[u8], value: i128) -> bool {
    let (big, little) = (value.to_be_bytes(), value.to_le_bytes());
    bytes.windows(8).any(|window| window == &big[8..] || window == &little[..8])
}

fn whole_flow(at: &str, hide: &[&str], hidden: [bool; 2]) {
    let model = Compiled::with("linreg", at, hide);
    let visibility = hidden.map(|hidden| if hidden { "committed" } else { "public" });
    assert_eq!([&model.report["input"], &model.report["output"]], visibility);
    assert_eq!(model.proven["output"], LINREG.proven["output"], "the prover knows it anyway");
    assert_eq!(model.proven["opening"], model.opening().to_str().unwrap());

    let verified = json(&[&"verify", &"--vk", &model.vk(), &model.proof]);
    let shown = json(&[&"verify", &"--vk", &LINREG.vk(), &LINREG.proof]);
    let revealed = reveal(&model, &model.opening(), &[]);
    assert_eq!(revealed.code, 0, "{}", revealed.stdout);
    let revealed = revealed.json();
    assert_eq!((&revealed["valid"], &revealed["model_id"]), (&true.into(), &model.report["model_id"]));
    let mut opened = revealed["tensors"].as_array().unwrap().iter();
    let proof = std::fs::read(&model.proof).unwrap();
    let inspected = json(&[&"inspect", &model.proof]);
    let key = json(&[&"inspect", &model.vk()]);
    for (i, (role, hidden)) in ["input", "output"].into_iter().zip(hidden).enumerate() {
        let commitment = format!("{role}_commitment");
        assert_eq!(inspected["tensors"][i]["visibility"], visibility[i]);
        assert_eq!(key["tensors"][i]["visibility"], visibility[i]);
        if !hidden {
            assert_eq!(verified[role], shown[role]);
            assert!(verified.get(&commitment).is_none());
            continue;
        }
        assert!(verified.get(role).is_none());
        assert_eq!(verified[&commitment], inspected["tensors"][i]["commitments"]);
        assert_eq!(verified[&commitment][0].as_str().unwrap().len(), 128);
        let tensor = opened.next().unwrap();
        assert_eq!(tensor["role"], role);
        assert_eq!(tensor["values"], shown[role]);
        for text in tensor["integers"].as_array().unwrap() {
            let value = text.as_str().unwrap().parse().unwrap();
            assert!(!contains(&proof, value), "{role} {value}");
        }
    }
    assert!(opened.next().is_none());
    let opening = json(&[&"inspect", &model.opening()]);
    assert_eq!((&opening["kind"], &opening["model_id"]), (&"opening".into(), &model.report["model_id"]));
    assert!(opening["tensors"][0].get("blinds").is_none() && opening["tensors"][0].get("integers").is_none());
    #[cfg(unix)]
    assert_eq!(super::mode(&model.opening()), 0o600);
}

#[test]
fn hidden_inputs_go_the_whole_way() {
    whole_flow("hidden-input", &["--hide", "input"], [true, false]);
}

#[test]
fn hidden_outputs_go_the_whole_way() {
    whole_flow("hidden-output", &["--hide", "output", "--public-model"], [false, true]);
}

#[test]
fn both_may_be_hidden() {
    whole_flow("hidden-two", &["--hide", "input", "--hide", "output"], [true, true]);
    // The same integers are in a proof that does not hide them, so they would have been found.
    let public = std::fs::read(&LINREG.proof).unwrap();
    assert!(integers(&BOTH, 0).iter().chain(&integers(&BOTH, 1)).all(|value| contains(&public, *value)));
    assert!(!HOME.join("linreg.proof.opening").exists(), "nothing is hidden there");
}

#[test]
fn people_read_the_same() {
    let model = &*BOTH;
    let vk = model.vk();
    let verified = sumcast(&[&"verify", &"--vk", &vk, &model.proof]);
    assert!(verified.stdout.contains("input     committed as "), "{}", verified.stdout);
    let revealed = sumcast(&[&"reveal", &model.proof, &"--opening", &model.opening(), &"--vk", &vk]);
    assert!(revealed.stdout.starts_with("valid and opened, in "), "{}", revealed.stdout);
    let inspected = sumcast(&[&"inspect", &model.opening()]);
    assert!(inspected.stdout.contains("a secret"), "{}", inspected.stdout);
    let proof = HOME.join("read-hidden.proof");
    let proven =
        sumcast(&[&"prove", &model.dir, &"--input", &model.inputs(), &"--index", &"1", &"-o", &proof]);
    assert!(proven.stdout.contains("keep it secret"), "{}", proven.stdout);
}

#[test]
fn a_part_is_revealed_alone() {
    let model = &*BOTH;
    for only in ["input", "output"] {
        let run = reveal(model, &model.opening(), &[&"--only", &only]);
        let tensors = run.json()["tensors"].clone();
        assert_eq!((tensors.as_array().unwrap().len(), &tensors[0]["role"]), (1, &only.into()));
    }
    let part = changed(model, "part.opening", |opening| {
        opening["tensors"].as_array_mut().unwrap().remove(0);
    });
    let run = reveal(model, &part, &[]);
    assert_eq!((run.code, &run.json()["tensors"][0]["role"]), (0, &"output".into()));
    refused(&reveal(model, &part, &[&"--only", &"input"]), 2, "opens no input");
    let none = changed(model, "none.opening", |opening| opening["tensors"] = Value::Array(vec![]));
    refused(&reveal(model, &none, &[]), 2, "opens no tensor");
}

#[test]
fn openings_go_where_they_are_asked_to() {
    let model = &*BOTH;
    let folder = HOME.join("openings");
    std::fs::create_dir_all(&folder).unwrap();
    let inputs = model.inputs();
    let prove = |proof: &Path, opening: Option<&Path>| {
        let mut command =
            command(&[&"prove", &model.dir, &"--input", &inputs, &"--index", &"2", &"--json", &"-o", &proof]);
        opening.map(|path| command.arg("--opening").arg(path));
        finish(command)
    };
    let (proof, opening) = (folder.join("a.proof"), folder.join("kept"));
    for _ in 0..2 {
        let run = prove(&proof, Some(&opening));
        assert_eq!((run.code, &run.json()["opening"]), (0, &opening.to_str().unwrap().into()));
        let run = sumcast(&[&"reveal", &proof, &"--opening", &opening, &"--vk", &model.vk()]);
        assert_eq!(run.code, 0, "{}", run.stdout);
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2, "nothing else is left");
    let said = |run: Run| {
        assert_eq!(run.code, 2);
        run.json()["error"].as_str().unwrap().to_owned()
    };
    assert!(said(prove(&proof, Some(&proof))).contains("is where the proof goes"));
    assert!(said(prove(&proof, Some(&folder))).contains("it is a directory"));
    assert!(said(prove(&folder.join("b.proof"), Some(&folder.join("no/such")))).contains("make it first"));
    assert!(!folder.join("b.proof").exists());
    if cfg!(unix) {
        assert!(said(prove(Path::new("/dev/null"), None)).contains("with --opening"));
        assert_eq!(prove(Path::new("/dev/null"), Some(&opening)).code, 0);
    }
    // There is nothing to open of a proof that hides nothing.
    let mut public =
        command(&[&"prove", &LINREG.dir, &"--input", &inputs, &"--index", &"0", &"--json", &"-o"]);
    public.arg(folder.join("c.proof")).arg("--opening").arg(&opening);
    assert!(said(finish(public)).contains("nothing to open"));
}

#[test]
fn no_two_proofs_have_anything_in_common() {
    let model = &*BOTH;
    let key = Key::from_bytes(&std::fs::read(model.vk()).unwrap()).unwrap();
    let parts = |path: &Path| {
        let file = ProofFile::from_bytes(&std::fs::read(path).unwrap()).unwrap();
        let p = Proof::from_bytes(&file.body, &Shape::of(&key.program)).unwrap();
        let o = &p.opening;
        let points = file.statement.commitments().chain(&p.witness).chain([&p.mask]).chain(&p.helper);
        let points: Vec<[u8; 64]> = points
            .chain([&o.h, &o.q, &o.g, &o.s, &o.d, &o.batch, &o.batch_quotient])
            .map(point_bytes)
            .collect();
        let rounds = p.constraint_rounds.iter().chain(&p.reduction_rounds).flat_map(|r| &r.coefficients);
        let scalars = [&p.linear, &p.mask_claim]
            .into_iter()
            .chain(&p.claims)
            .chain(rounds)
            .chain(&o.evaluations)
            .chain([&o.inverse]);
        (points, scalars.copied().collect::<Vec<_>>())
    };
    let (points, scalars) = parts(&model.proof);
    let proof = HOME.join("in-common.proof");
    json(&[&"prove", &model.dir, &"--input", &model.inputs(), &"--index", &"0", &"-o", &proof]);
    let (other_points, other_scalars) = parts(&proof);
    assert_eq!(points.len() * 64 + scalars.len() * 32, 2 * 64 + Shape::of(&key.program).bytes());
    for (i, point) in points.iter().enumerate() {
        assert!(!other_points.contains(point), "point {i}");
    }
    for (i, scalar) in scalars.iter().enumerate() {
        assert!(!other_scalars.contains(scalar), "scalar {i}");
    }
}
