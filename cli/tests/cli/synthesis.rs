//! Proofs of network inferences, which are verified as those of models are.

use super::{json, sumcast, write};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use sumcast_circuits::Inference;
use sumcast_circuits::epoch::Epoch;
use sumcast_circuits::synthesis::{Form, Synthesis};
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Cpu, ProvingKey, prove, srs_log};

/// A key and a proof of an epoch, and the same proof with another network inference.
static FILES: LazyLock<[PathBuf; 3]> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../circuits/tests/epochs/synthesis_g3_301.json");
    let epoch = Epoch::from_json(&std::fs::read(path).unwrap()).unwrap();
    let synthesis = Synthesis::new(Form::of(&epoch).unwrap()).unwrap();
    let relation = synthesis.model.lower().unwrap();
    let rng = &mut StdRng::seed_from_u64(1);
    let srs = Srs::development(srs_log(relation.program.row_log).into(), rng);
    let (program, fixed) = (relation.program.clone(), relation.fixed.clone());
    let key = ProvingKey::setup(program, fixed, None, &srs, &Cpu).unwrap();
    let (_, Inference { tensors, cells, .. }) = synthesis.run(&relation, &epoch).unwrap();
    let assignment = Assignment { context: [1; 32], tensors, cells };
    let file = prove(&key, &srs, assignment, rng, &Cpu, &mut |_| ()).unwrap().file;
    let mut lie = file.clone();
    lie.statement.tensors[3] = sumcast_verifier::Tensor::Public(vec![1]);
    [
        write("synthesis.vk", key.key.to_bytes()),
        write("synthesis.proof", file.to_bytes()),
        write("synthesis_lie.proof", lie.to_bytes()),
    ]
});

#[test]
fn syntheses_are_verified() {
    let [vk, proof, lie] = &*FILES;
    let verified = json(&[&"verify", &"--vk", vk, proof]);
    assert_eq!(verified["valid"], true);
    assert_eq!(sumcast(&[&"verify", &"--vk", vk, lie]).code, 1);
}

#[cfg(feature = "evm")]
#[test]
fn the_contract_verifies_syntheses() {
    let [vk, proof, lie] = &*FILES;
    for via in ["registry", "verifier"] {
        let verified = json(&[&"evm", &"verify", &"--vk", vk, proof, &"--via", &via]);
        assert_eq!(verified["valid"], true, "{verified}");
        assert!(verified["gas"].as_u64().is_some_and(|gas| gas > 500_000), "{verified}");
    }
    let run = sumcast(&[&"evm", &"verify", &"--json", &"--vk", vk, lie]);
    assert_eq!((run.code, &run.json()["valid"]), (1, &serde_json::Value::Bool(false)));
}
