//! Writes the corpora and the fixtures of the fuzz targets: real keys, proofs, parameters, models and inputs, small
//! ones. The same bytes in each run; to be run again when a format changes.
//!
//! Files whose name begins with `found-` are inputs that once failed; they are kept.

use rand::{SeedableRng, rngs::StdRng};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use sumcast_circuits::graph::{Function, Graph, GraphBuilder, Matrix};
use sumcast_circuits::{Committed, CompileOptions, Secret, compile, onnx};
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Cpu, ProvingKey, prove};
use sumcast_verifier::vk::{
    Axis, Block, Claim, Coefficient, Form, FormTerm, Key, Piece, Program, Role, Run, TensorSpec, Visibility,
};
use sumcast_verifier::{ProofFile, verify};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Log2 of the powers made: the longest row of these models.
const SRS_LOG: u32 = 14;
/// Largest seed.
const MAX_BYTES: usize = 1 << 16;

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn repository() -> PathBuf {
    here().join("..")
}

/// The corpus of one target.
struct Corpus(PathBuf);

impl Corpus {
    fn new(target: &str) -> Result<Self> {
        let dir = here().join("corpus").join(target);
        fs::create_dir_all(&dir)?;
        for entry in fs::read_dir(&dir)? {
            let entry = entry?;
            if !entry.file_name().to_string_lossy().starts_with("found-") {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self(dir))
    }

    /// Writes a seed of several parts, one after another.
    fn add(&self, name: &str, parts: &[&[u8]]) -> Result<()> {
        let bytes = parts.concat();
        if bytes.len() > MAX_BYTES {
            return Err(format!("seed {name} has {} bytes", bytes.len()).into());
        }
        Ok(fs::write(self.0.join(name), bytes)?)
    }
}

/// A key and a proof under it.
struct Proven {
    name: &'static str,
    vk: Vec<u8>,
    proof: Vec<u8>,
}

fn main() -> Result<()> {
    let srs = Srs::development(SRS_LOG, &mut StdRng::seed_from_u64(1));
    let proven = graphs()?
        .into_iter()
        .map(|(name, graph, options)| proven(name, &graph, &options, &srs))
        .collect::<Result<Vec<_>>>()?;

    let fixture = proven.iter().find(|p| p.name == "mlp").ok_or("no model mlp")?;
    fs::create_dir_all(here().join("fixtures"))?;
    fs::write(here().join("fixtures/vk.bin"), &fixture.vk)?;
    fs::write(here().join("fixtures/proof.bin"), &fixture.proof)?;

    proofs_and_keys(&proven, fixture)?;
    statements()?;
    parameters()?;
    models()?;
    inputs()
}

/// Models that between them have every kind of constraint, and tensors public and committed.
fn graphs() -> Result<Vec<(&'static str, Graph, CompileOptions)>> {
    let ramp = |rows: usize, cols: usize| {
        Matrix::new(rows, cols, (0..rows * cols).map(|i| 0.125 * (i % 7) as f64 - 0.375).collect())
    };
    let mut b = GraphBuilder::new("mlp", "x", &[1, 4])?;
    let y = b.linear(b.input(), ramp(6, 4)?, vec![0.25; 6])?;
    let y = b.function(y, Function::Tanh)?;
    let y = b.linear(y, ramp(3, 6)?, vec![-0.125; 3])?;
    let y = b.relu(y)?;
    let mlp = b.finish(&[("y", y)])?;

    let mut b = GraphBuilder::new("norm", "x", &[1, 4])?;
    let squares = b.mul(b.input(), b.input())?;
    let sum = b.sum_last(squares, 1.0)?;
    let shifted = b.affine(sum, 1.0, 1.0)?;
    let root = b.sqrt(shifted)?;
    let root = b.broadcast(root, &[1, 4])?;
    let y = b.div(b.input(), root)?;
    let norm = b.finish(&[("y", y)])?;

    let linreg = onnx::import_path(repository().join("models/linreg/network.onnx"))?;
    let public = CompileOptions::default();
    let hidden = CompileOptions {
        committed: Committed { input: true, outputs: false },
        secret: Some(Secret([3; 32])),
        ..public.clone()
    };
    Ok(vec![("linreg", linreg, public.clone()), ("mlp", mlp, hidden), ("norm", norm, public)])
}

fn proven(name: &'static str, graph: &Graph, options: &CompileOptions, srs: &Srs) -> Result<Proven> {
    let model = compile(graph, &[], options)?;
    let relation = model.lower()?;
    let inference = model.run(&relation, &vec![0.5; model.input_len()])?;
    let key = ProvingKey::setup(relation.program, relation.fixed, model.secret(), srs, &Cpu)?;
    let assignment = Assignment { context: [7; 32], tensors: inference.tensors, cells: inference.cells };
    // The same randomness each time would betray a secret, of which there is none here.
    let rng = &mut StdRng::seed_from_u64(3);
    let file = prove(&key, srs, assignment, rng, &Cpu, &mut |_| ())?.file;
    verify(&key.key, &file)?;
    Ok(Proven { name, vk: key.key.to_bytes(), proof: file.to_bytes() })
}

fn proofs_and_keys(proven: &[Proven], fixture: &Proven) -> Result<()> {
    let (proof, vk, any) = (Corpus::new("proof")?, Corpus::new("vk")?, Corpus::new("verify_any")?);
    for p in proven {
        proof.add(p.name, &[&p.proof])?;
        vk.add(p.name, &[&p.vk])?;
        any.add(p.name, &[&u32::try_from(p.vk.len())?.to_be_bytes(), &p.vk, &p.proof])?;
    }
    // A proof file without a body: the target makes one of zeros.
    let file = ProofFile::from_bytes(&fixture.proof)?;
    let empty = ProofFile { body: Vec::new(), ..file };
    proof.add("empty", &[&empty.to_bytes()])?;
    let len = u32::try_from(fixture.vk.len())?.to_be_bytes();
    any.add("empty", &[&len, &fixture.vk, &empty.to_bytes()])?;
    for (name, program) in heavy() {
        let key = Key { program, fixed: Vec::new(), ..Key::from_bytes(&fixture.vk)? }.to_bytes();
        vk.add(name, &[&key])?;
        any.add(name, &[&u32::try_from(key.len())?.to_be_bytes(), &key, &empty.to_bytes()])?;
    }

    let verify = Corpus::new("verify")?;
    verify.add("original", &[&[0], &fixture.proof])?;
    verify.add("cut", &[&[0], &fixture.proof[..fixture.proof.len() / 2]])?;
    for edit in 0..6u8 {
        // The kind of edit is in the high bits of its first four bytes, little-endian.
        verify.add(&format!("edit-{edit}"), &[&[1, 1, 0, 0, 0, 43 * edit, 5, 0, 9, 0, 1, 1, 1]])?;
    }
    Ok(())
}

/// Programs whose verification is the most work, or memory, that so short a key can ask for within the limits: as many
/// claims as one form has terms, each of which binds a long point, goes over many rows, or evaluates a public tensor.
fn heavy() -> [(&'static str, Program); 3] {
    let program = |count: usize, log: u8, piece: Piece, program: Program| Program {
        row_log: 10,
        forms: vec![Form {
            log,
            terms: vec![FormTerm { coefficient: Coefficient::ONE, cube: 0, piece }; count],
        }],
        claims: vec![
            Claim { form: 0, vars: 0, runs: vec![Run { axis: Axis::Tau, start: 0, len: log }] };
            count
        ],
        ..program
    };
    let block = |at| Piece::Block(Block { log: 32, row: 0, at });
    let rows = |witness_rows| Program { witness_rows, ..Program::default() };
    let tensor = TensorSpec {
        role: Role::Input,
        visibility: Visibility::Public,
        log: 12,
        bits: 100,
        fraction: 0,
        len: 1 << 12,
    };
    let public = Program { tensors: vec![tensor], ..Program::default() };
    [
        ("heavy-points", program(256, 32, block(1), rows(1))),
        ("heavy-rows", program(15, 32, block(1024), rows(1024))),
        ("heavy-public", program(7, 12, Piece::Public { log: 12, tensor: 0 }, public)),
    ]
}

fn statements() -> Result<()> {
    let statement = Corpus::new("statement")?;
    let count: Vec<u8> = (0..=255).collect();
    statement.add("empty", &[])?;
    statement.add("zeros", &[&[0; 128]])?;
    statement.add("ones", &[&[0xff; 128]])?;
    statement.add("count", &[&count])
}

fn parameters() -> Result<()> {
    let corpus = Corpus::new("srs")?;
    let temporary = here().join("corpus/srs/.tmp");
    for log_size in [0, 1, 3] {
        Srs::development(log_size, &mut StdRng::seed_from_u64(2)).write(&temporary)?;
        let bytes = fs::read(&temporary)?;
        corpus.add(&format!("development-{log_size}"), &[&[0], &bytes])?;
        corpus.add(&format!("repaired-{log_size}"), &[&[1], &bytes])?;
    }
    fs::remove_file(temporary)?;
    for name in ["power2-new", "power4-prepared"] {
        let bytes = fs::read(repository().join(format!("params/tests/data/{name}.ptau")))?;
        corpus.add(name, &[&[2], &bytes])?;
    }
    Ok(())
}

fn models() -> Result<()> {
    let corpus = Corpus::new("onnx")?;
    for name in ["linreg", "logreg", "scaled_ridge"] {
        let bytes = fs::read(repository().join("models").join(name).join("network.onnx"))?;
        corpus.add(name, &[&bytes])?;
    }
    corpus.add("external", &[&fs::read(repository().join("circuits/tests/data/dynamo.onnx"))?])?;
    // One model for each operator, of one operator set.
    let cases: Vec<serde_json::Value> =
        serde_json::from_slice(&fs::read(repository().join("circuits/tests/data/ops.json"))?)?;
    for case in cases.iter().filter(|case| case["opset"] == 17) {
        let (name, model) = (case["name"].as_str(), case["model"].as_str());
        let (name, model) = name.zip(model).ok_or("ops.json has changed")?;
        corpus.add(name, &[&hex::decode(model)?])?;
    }
    Ok(())
}

fn inputs() -> Result<()> {
    let corpus = Corpus::new("json")?;
    let texts: [(&str, &[u8], &str); 9] = [
        ("flat", &[2, 2, 3], r#"{"input": [1, 2, 3, 4, -5.5, 6e-3]}"#),
        ("nested", &[2, 2, 3], r#"{"input": [[1, 2, 3], [4, -5.5, 6e-3]]}"#),
        ("batched", &[2, 2, 3], r#"{"inputs": [[[1, 2, 3], [4, 5, 6]]], "outputs": [[1]]}"#),
        ("other", &[1, 1], r#"{"input": 3, "other": {"a": [null, "b\u00e9", true, 1e-9]}}"#),
        ("scalar", &[0], r#"{"input": 18446744073709551615}"#),
        ("ragged", &[1, 2], r#"{"input": [[1], 2]}"#),
        ("twice", &[1, 1], r#"{"input": [1], "input": [2], "inputs": []}"#),
        ("nan", &[1, 1], r#"{"input": [NaN, -Infinity, 1e999]}"#),
        ("deep", &[1, 1], r#"{"input": [[[[[[[[[1]]]]]]]]]}"#),
    ];
    for (name, shape, text) in texts {
        corpus.add(name, &[shape, text.as_bytes()])?;
    }
    let linreg = fs::read(repository().join("models/linreg/inputs.json"))?;
    corpus.add("linreg", &[&[2, 1, 10], &linreg])
}
