//! Network inferences and settlements, from an epoch to a verified proof, a chain of them, and liars.

use ark_bn254::Fr;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sumcast_circuits::epoch::{Epoch, RegretScale, Settlement};
use sumcast_circuits::settle::{self, Settle};
use sumcast_circuits::synthesis::{self, Synthesis};
use sumcast_circuits::{Inference, Model, Relation};
use sumcast_params::Srs;
use sumcast_prover::{
    Assignment, Conduct, Cpu, ProveError, Proven, ProvingKey, TensorOpening, prove, prove_as, prove_known,
    srs_log,
};
use sumcast_verifier::{ProofFile, Tensor, verify};

fn read(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../circuits/tests/epochs/{name}.json", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn epoch(name: &str) -> Epoch {
    Epoch::from_json(&read(name)).unwrap()
}

fn srs() -> Srs {
    Srs::development(18, &mut StdRng::seed_from_u64(1))
}

struct Case {
    relation: Relation,
    key: ProvingKey,
}

impl Case {
    fn new(model: &Model, srs: &Srs) -> Self {
        let relation = model.lower().unwrap();
        let (program, fixed) = (relation.program.clone(), relation.fixed.clone());
        let key = ProvingKey::setup(program, fixed, None, srs, &Cpu).unwrap();
        Self { relation, key }
    }

    fn prove(&self, inference: Inference, known: &[TensorOpening], srs: &Srs) -> Result<Proven, ProveError> {
        let rng = &mut StdRng::seed_from_u64(5);
        prove_known(&self.key, srs, assignment(inference), known, rng, &Cpu, &mut |_| ())
    }
}

fn assignment(inference: Inference) -> Assignment {
    Assignment { context: [3; 32], tensors: inference.tensors, cells: inference.cells }
}

fn state(file: &ProofFile, tensor: usize) -> &Tensor {
    &file.statement.tensors[tensor]
}

#[test]
fn every_kind_of_epoch_is_proven() {
    let srs = srs();
    let names = [
        "synthesis_g1_301",
        "synthesis_g3_301",
        "case_all_new",
        "case_no_loss_odd",
        "case_one_inference_with_forecasts",
        "case_missing_forecasts",
        "size_12x2_gradient_stored",
    ];
    for name in names {
        let epoch = epoch(name);
        let synthesis = Synthesis::new(synthesis::Form::of(&epoch).unwrap()).unwrap();
        let case = Case::new(&synthesis.model, &srs);
        let (outcome, inference) = synthesis.run(&case.relation, &epoch).unwrap();
        assert_eq!(
            outcome,
            synthesis.outcome(&epoch).unwrap(),
            "{name}: the same inside the proof as outside"
        );
        let proven = case.prove(inference, &[], &srs).unwrap();
        assert_eq!(verify(&case.key.key, &proven.file), Ok(()), "{name}");
        for opening in &proven.openings {
            opening.check(&case.relation.program, &proven.file.statement, &srs, &Cpu).unwrap();
        }
        // The statement is what was proven: any other public integer is refused.
        for tensor in 0..proven.file.statement.tensors.len() {
            let mut other = proven.file.clone();
            let Tensor::Public(values) = &mut other.statement.tensors[tensor] else { continue };
            values[0] += 1;
            assert!(verify(&case.key.key, &other).is_err(), "{name}: tensor {tensor}");
        }
    }
}

#[test]
fn epochs_are_chained_by_the_commitments_of_their_states() {
    let srs = srs();
    let mut epoch = epoch("synthesis_g1_301");
    let mut settlement = Settlement::from_json(&read("settle_301")).unwrap();
    // The state has, beside regrets, naive ones, an initial one and a scale.
    let scale = RegretScale::Stored("0.9".parse().unwrap());
    (epoch.params.regret_scale, settlement.params.regret_scale) = (scale.clone(), scale);
    let initial = Some("-0.5".parse().unwrap());
    (epoch.initial_regret, settlement.initial_regret) = (initial.clone(), initial);
    let inferers = || epoch.inferers.iter();
    let named = |w: &&str| !w.starts_with("inferer");
    settlement.forecasters =
        settlement.regrets.iter().map(|(w, _)| w).filter(named).map(str::to_owned).collect();
    let mut naive = sumcast_circuits::epoch::ByWorker::default();
    inferers().for_each(|i| naive.push(i.address.clone(), i.naive_regret.clone().unwrap()).unwrap());
    settlement.naive_regrets = Some(naive);
    for report in &mut settlement.reports {
        let network = report.losses.get("network").unwrap().clone();
        report.losses.push("naive".into(), network).unwrap();
    }

    let settle = Settle::new(settle::Form::of(&settlement).unwrap()).unwrap();
    let settle_case = Case::new(&settle.model, &srs);
    let (settled, inference) = settle.run(&settle_case.relation, &settlement).unwrap();
    // A commitment blinded by zeros can be recomputed by anyone who knows the state.
    let before = TensorOpening { tensor: 2, values: inference.tensors[2].clone(), blinds: vec![Fr::from(0)] };
    let [first, again] =
        [0, 1].map(|_| settle_case.prove(inference.clone(), std::slice::from_ref(&before), &srs).unwrap());
    assert_eq!(verify(&settle_case.key.key, &first.file), Ok(()));
    assert_eq!(state(&first.file, 2), state(&again.file, 2));
    let other = TensorOpening { values: vec![0; before.values.len()], ..before.clone() };
    let refused = settle_case.prove(inference, &[other], &srs).map(|_| ());
    assert_eq!(refused, Err(ProveError::Known(2)));

    // The next epoch takes the state that this one has left.
    for inferer in &mut epoch.inferers {
        inferer.regret = settled.regrets.get(&inferer.address).cloned();
        inferer.naive_regret = settled.naive_regrets.as_ref().unwrap().get(&inferer.address).cloned();
    }
    for forecaster in &mut epoch.forecasters {
        forecaster.regret = settled.regrets.get(&forecaster.address).cloned();
    }
    epoch.previous_network_loss = settled.losses.get("network").cloned();
    epoch.params.regret_scale = RegretScale::Stored(settled.regret_scale.clone().unwrap());
    let synthesis = Synthesis::new(synthesis::Form::of(&epoch).unwrap()).unwrap();
    let case = Case::new(&synthesis.model, &srs);
    assert_eq!(
        case.relation.program.row_log, settle_case.relation.program.row_log,
        "commitments of rows of one length are of one kind"
    );
    let (_, inference) = synthesis.run(&case.relation, &epoch).unwrap();
    let left = TensorOpening { tensor: 2, ..first.openings[1].clone() };
    assert_eq!(left.values, inference.tensors[2], "decimals of 20 digits give the integers back");
    let next = case.prove(inference, &[left], &srs).unwrap();
    assert_eq!(verify(&case.key.key, &next.file), Ok(()));
    assert_eq!(state(&next.file, 2), state(&first.file, 4));
}

/// Goes on, whatever the relation says.
struct Insists;

impl Conduct for Insists {
    fn insists(&self) -> bool {
        true
    }
}

/// What it is about, the name of the numbers concerned, and what becomes of them.
type Lie<'a> = (&'a str, &'a str, &'a dyn Fn(&mut [i128]));

/// That a run with a lie gives no proof, and one made all the same is refused.
fn refused(case: &Case, lie: Inference, srs: &Srs, what: &str) {
    let rng = &mut StdRng::seed_from_u64(9);
    let found = prove(&case.key, srs, assignment(lie.clone()), rng, &Cpu, &mut |_| ()).map(|_| ());
    assert!(matches!(found, Err(ProveError::Unsatisfied | ProveError::Lookup { .. })), "{what}: {found:?}");
    let insisting = prove_as(&case.key, srs, assignment(lie), rng, &mut Insists, &Cpu, &mut |_| ());
    if let Ok(proven) = insisting {
        assert!(verify(&case.key.key, &proven.file).is_err(), "{what}");
    }
}

/// That no lie about a synthesis gives a proof, each of numbers that there are.
fn all_refused(case: &Case, synthesis: &Synthesis, epoch: &Epoch, lies: &[Lie<'_>], srs: &Srs) {
    for (what, number, change) in lies {
        let mut heard = 0;
        let lie = synthesis.lie(&case.relation, epoch, &mut |name, values| {
            if name == *number {
                heard += 1;
                change(values);
            }
        });
        assert!(heard > 0, "{what}");
        refused(case, lie.unwrap(), srs, what);
    }
}

#[test]
fn a_liar_at_any_step_of_a_synthesis_is_refused() {
    let srs = srs();
    let epoch = epoch("synthesis_g3_301");
    let synthesis = Synthesis::new(synthesis::Form::of(&epoch).unwrap()).unwrap();
    let case = Case::new(&synthesis.model, &srs);
    // Rows of eight workers: 4 is that of the combined set.
    let combined = 4 * 8;
    let lies: [Lie<'_>; 7] = [
        ("weight", "weight", &|v| v[combined + 2] += 1),
        ("regret", "regret", &|v| v[combined + 1] -= 1),
        ("loss", "network loss", &|v| v.iter_mut().for_each(|v| *v += i128::from(*v != 0))),
        ("order of workers", "weight", &|v| v.swap(combined, combined + 1)),
        ("dropped worker", "presence", &|v| v[combined + 3] = 0),
        ("percentile", "result", &|v| v[2] += 1),
        ("network inference", "inference", &|v| v[combined..combined + 8].iter_mut().for_each(|v| *v += 1)),
    ];
    all_refused(&case, &synthesis, &epoch, &lies, &srs);
}

#[test]
fn one_outs_are_proven_and_a_liar_in_any_group_is_refused() {
    let epoch = epoch("one_out_g1_301");
    let synthesis = Synthesis::new(synthesis::Form::of(&epoch).unwrap().with_one_outs()).unwrap();
    let row_log = synthesis.model.lower().unwrap().program.row_log;
    let srs = Srs::development(srs_log(row_log).into(), &mut StdRng::seed_from_u64(1));
    let case = Case::new(&synthesis.model, &srs);
    let (outcome, inference) = synthesis.run(&case.relation, &epoch).unwrap();
    assert_eq!(outcome, synthesis.outcome(&epoch).unwrap(), "the same inside the proof as outside");
    assert_eq!(outcome.one_outs.one_out_inferer_inferences.len(), 5);
    let proven = case.prove(inference, &[], &srs).unwrap();
    assert_eq!(verify(&case.key.key, &proven.file), Ok(()));
    // Groups of eight rows of eight workers; 4 is the row of the combined set. The first inferer is left out of the second.
    let combined = 64 + 4 * 8;
    let lies: [Lie<'_>; 4] = [
        ("another worker left out", "inferers", &|v| v[combined + 2] = 0),
        ("an inference", "inferences and forecasts", &|v| v[combined + 64 + 3] += 1),
        ("a regret", "normalised regret", &|v| v[combined + 1] -= 1),
        ("an inference without a worker", "one-out inference", &|v| v[combined] += 1),
    ];
    all_refused(&case, &synthesis, &epoch, &lies, &srs);
}

#[test]
fn a_liar_at_any_step_of_a_settlement_is_refused() {
    let srs = srs();
    let settlement = Settlement::from_json(&read("settle_301")).unwrap();
    let settle = Settle::new(settle::Form::of(&settlement).unwrap()).unwrap();
    let case = Case::new(&settle.model, &srs);
    let lies: [Lie<'_>; 4] = [
        ("loss", "loss", &|v| v[1] += 1),
        ("stake", "stake", &|v| v[0] += 1),
        ("regret", "regret", &|v| v[6 * 8 + 2] += 1),
        ("a reputer left out", "report", &|v| v[..8].fill(0)),
    ];
    for (what, number, change) in lies {
        let lie = settle.lie(&case.relation, &settlement, &mut |name, values| {
            if name == number {
                change(values);
            }
        });
        refused(&case, lie.unwrap(), &srs, what);
    }
}
