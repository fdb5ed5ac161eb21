//! Whole proofs: the same bytes wherever they are made.

use crate::{backend, failing, well};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::path::PathBuf;
use sumcast_circuits::{CompileOptions, Model, Relation, compile, onnx};
use sumcast_cuda_host::Host;
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Backend, Cpu, ProvingKey, prove, srs_log};
use sumcast_verifier::{ProofFile, verify};

struct Case {
    model: Model,
    relation: Relation,
    srs: Srs,
    input: Vec<f64>,
}

impl Case {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../models").join(name);
        let graph = onnx::import(&std::fs::read(folder.join("network.onnx")).unwrap()).unwrap();
        let text = std::fs::read_to_string(folder.join("inputs.json")).unwrap();
        let data: serde_json::Value = serde_json::from_str(&text).unwrap();
        let inputs: Vec<Vec<f64>> = serde_json::from_value(data["inputs"].clone()).unwrap();
        let model = compile(&graph, &inputs, &CompileOptions::default()).unwrap();
        let relation = model.lower().unwrap();
        let log = srs_log(relation.program.row_log);
        let srs = Srs::development(log.into(), &mut StdRng::seed_from_u64(1));
        Self { model, relation, srs, input: inputs[0].clone() }
    }

    fn key(&self, backend: &dyn Backend) -> ProvingKey {
        let (program, fixed) = (self.relation.program.clone(), self.relation.fixed.clone());
        ProvingKey::setup(program, fixed, Some(&[3; 32]), &self.srs, backend).unwrap()
    }

    fn proof(&self, key: &ProvingKey, backend: &dyn Backend) -> ProofFile {
        let inference = self.model.run(&self.relation, &self.input).unwrap();
        let assignment = Assignment { context: [7; 32], tensors: inference.tensors, cells: inference.cells };
        let rng = &mut StdRng::seed_from_u64(5);
        prove(key, &self.srs, assignment, rng, backend, &mut |_| ()).unwrap().file
    }
}

#[test]
fn the_bytes_of_a_proof_are_those_of_the_cpu() {
    for name in ["linreg", "mlp_tanh"] {
        let case = Case::new(name);
        let key = case.key(&Cpu);
        let expected = case.proof(&key, &Cpu);
        assert_eq!(verify(&key.key, &expected), Ok(()));
        let cuda = well();
        assert_eq!(case.key(&cuda).key, key.key, "{name}");
        assert_eq!(case.proof(&key, &cuda).to_bytes(), expected.to_bytes(), "{name}");
        let counts = cuda.counts();
        assert!(counts.answered > 50, "{name}");
        assert_eq!((counts.full, counts.faults), (0, 0), "{name}");
    }
}

#[test]
fn a_device_without_room_or_that_fails_changes_no_byte() {
    let case = Case::new("linreg");
    let key = case.key(&Cpu);
    let expected = case.proof(&key, &Cpu).to_bytes();
    let cuda = backend(Host::default(), 1 << 14);
    assert_eq!(case.proof(&key, &cuda).to_bytes(), expected);
    let counts = cuda.counts();
    assert!(counts.answered > 0 && counts.full > 0 && counts.faults == 0, "{counts:?}");
    let cuda = well();
    case.proof(&key, &cuda);
    let calls = cuda.device().calls();
    for call in (0..8).map(|i| i * (calls - 1) / 7) {
        let cuda = failing(call);
        assert_eq!(case.proof(&key, &cuda).to_bytes(), expected, "call {call}");
        assert_eq!(cuda.counts().faults, 1, "call {call}");
    }
}
