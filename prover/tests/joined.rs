//! Models and the synthesis of what they infer in one proof.

use rand::SeedableRng;
use rand::rngs::StdRng;
use std::path::Path;
use sumcast_circuits::epoch::Epoch;
use sumcast_circuits::joined::{JoinError, Joined, Member};
use sumcast_circuits::synthesis::{Form, Synthesis};
use sumcast_circuits::{
    Committed, CompileOptions, Inference, Model, Relation, RunError, Secret, compile, onnx,
};
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Conduct, Cpu, ProveError, ProvingKey, prove, prove_as};
use sumcast_verifier::{Tensor, verify};

/// Inferers with models: a linear one, trees whose features may be missing, a network with a function and a committed
/// input.
const MODELS: [(usize, &str); 3] = [(0, "linreg"), (2, "lgbm_300x6"), (3, "mlp_tanh")];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn epoch() -> Epoch {
    let path = root().join("circuits/tests/epochs/synthesis_g3_301.json");
    Epoch::from_json(&std::fs::read(path).unwrap()).unwrap()
}

fn model(name: &str, options: &CompileOptions) -> (Model, Vec<Vec<f64>>) {
    let dir = root().join("models").join(name);
    let graph = onnx::import_path(dir.join("network.onnx")).unwrap();
    let text = std::fs::read(dir.join("inputs.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let numbers = |v: &serde_json::Value| -> Vec<f64> {
        v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    };
    let mut inputs: Vec<_> = json["inputs"].as_array().unwrap().iter().map(numbers).collect();
    if name == "lgbm_300x6" {
        inputs[0][3] = f64::NAN;
    }
    (compile(&graph, &inputs, options).unwrap(), inputs)
}

fn options() -> CompileOptions {
    CompileOptions { limb_bits: Some(10), ..CompileOptions::default() }
}

/// An epoch in which the inferers with models infer what these give, with their inputs and others.
fn story() -> (Epoch, Vec<Member>, [Vec<Vec<f64>>; 2]) {
    let mut epoch = epoch();
    let mut members = vec![];
    let mut inputs = [vec![], vec![]];
    for (inferer, name) in MODELS {
        let committed = Committed { input: name == "mlp_tanh", outputs: false };
        let secret = (name == "linreg").then_some(Secret([7; 32]));
        let (model, all) = model(name, &CompileOptions { committed, secret, ..options() });
        let infers = model.infer(&all[0]).unwrap()[0][0];
        epoch.inferers[inferer].inference = format!("{infers:.60}").parse().unwrap();
        inputs.iter_mut().zip(&all).for_each(|(list, input)| list.push(input.clone()));
        members.push(Member { inferer, model });
    }
    (epoch, members, inputs)
}

struct Case {
    relation: Relation,
    key: ProvingKey,
    srs: Srs,
}

impl Case {
    fn new(model: &Model) -> Self {
        let srs = Srs::development(18, &mut StdRng::seed_from_u64(1));
        let relation = model.lower().unwrap();
        let (program, fixed) = (relation.program.clone(), relation.fixed.clone());
        let key = ProvingKey::setup(program, fixed, model.secret(), &srs, &Cpu).unwrap();
        Self { relation, key, srs }
    }
}

fn assignment(inference: Inference) -> Assignment {
    Assignment { context: [3; 32], tensors: inference.tensors, cells: inference.cells }
}

/// Goes on, whatever the relation says.
struct Insists;

impl Conduct for Insists {
    fn insists(&self) -> bool {
        true
    }
}

#[test]
fn models_and_their_synthesis_have_one_proof() {
    let (epoch, members, [inputs, others]) = story();
    let joined = Joined::new(Form::of(&epoch).unwrap(), members.clone()).unwrap();
    let case = Case::new(&joined.model);
    let (outcome, inference) = joined.run(&case.relation, &epoch, &inputs).unwrap();
    let alone = Synthesis::new(joined.form.clone()).unwrap();
    assert_eq!(outcome, alone.outcome(&epoch).unwrap(), "as of the inferences by themselves");

    let rng = &mut StdRng::seed_from_u64(5);
    let proven = prove(&case.key, &case.srs, assignment(inference), rng, &Cpu, &mut |_| ()).unwrap();
    assert_eq!(verify(&case.key.key, &proven.file), Ok(()));
    for opening in &proven.openings {
        opening.check(&case.relation.program, &proven.file.statement, &case.srs, &Cpu).unwrap();
    }
    for tensor in 0..proven.file.statement.tensors.len() {
        let mut other = proven.file.clone();
        let Tensor::Public(values) = &mut other.statement.tensors[tensor] else { continue };
        values[0] += 1;
        assert!(verify(&case.key.key, &other).is_err(), "tensor {tensor}");
    }
    // The tensors of a synthesis by itself, but for the inferences, are those of the joined one.
    let stated: Vec<Vec<i128>> = proven
        .file
        .statement
        .tensors
        .iter()
        .map(|tensor| tensor.public().map(<[i128]>::to_vec).unwrap_or_default())
        .collect();
    assert_eq!(joined.outcome_of(&epoch, &stated), outcome);

    // Whoever has the models finds the key again.
    let found = Joined::of_program(&epoch, &members, &case.relation.program).unwrap();
    assert!(found.iter().any(|(again, relation)| relation.fixed == case.relation.fixed
        && again.model.secret() == joined.model.secret()));
    assert!(Joined::of_program(&epoch, &members[1..], &case.relation.program).unwrap().is_empty());

    // A synthesis of other inferences than those of the models in the same proof.
    let lie = joined.lie(&case.relation, &epoch, [&inputs, &others]).unwrap();
    let found = prove(&case.key, &case.srs, assignment(lie.clone()), rng, &Cpu, &mut |_| ()).map(|_| ());
    assert_eq!(found, Err(ProveError::Unsatisfied));
    let insisting = prove_as(&case.key, &case.srs, assignment(lie), rng, &mut Insists, &Cpu, &mut |_| ());
    if let Ok(proven) = insisting {
        assert!(verify(&case.key.key, &proven.file).is_err());
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let (epoch, members, [inputs, others]) = story();
    let form = Form::of(&epoch).unwrap();
    let refused = |members: Vec<Member>| Joined::new(form.clone(), members).map(|_| ()).unwrap_err();
    assert_eq!(refused(vec![]), JoinError::Inferer(0));
    assert_eq!(refused(vec![members[1].clone(), members[1].clone()]), JoinError::Inferer(2));
    let of = |model: Model, inferer| Member { inferer, model };
    assert_eq!(refused(vec![of(members[0].model.clone(), 5)]), JoinError::Inferer(5));
    let narrow = model("linreg", &CompileOptions { limb_bits: Some(8), ..options() }).0;
    assert_eq!(refused(vec![of(narrow, 1)]), JoinError::Limbs { inferer: 1, found: 8 });
    let classes = model("logreg", &options()).0;
    assert_eq!(refused(vec![of(classes, 1)]), JoinError::Output { inferer: 1, found: 2 });
    let batch = members[0].model.batched(1).unwrap();
    assert_eq!(refused(vec![of(batch, 1)]), JoinError::Batch(1));

    let joined = Joined::new(form, members).unwrap();
    let relation = joined.model.lower().unwrap();
    let run = |inputs: &[Vec<f64>]| joined.run(&relation, &epoch, inputs).map(|_| ()).unwrap_err();
    assert!(matches!(run(&others), JoinError::Inference { address, .. } if address == "inferer0"));
    assert_eq!(run(&inputs[1..]), JoinError::Inputs { found: 2, expected: 3 });
    let mut short = inputs.clone();
    short[1].pop();
    let length = RunError::Length { found: 31, expected: 32 };
    assert_eq!(run(&short), JoinError::from(length));
}
