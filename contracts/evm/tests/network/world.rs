//! Workers, what they infer, and the epochs that are synthesised from it.

use rand::SeedableRng;
use rand::rngs::StdRng;
use std::path::PathBuf;
use std::sync::{LazyLock, OnceLock};
use sumcast_circuits::epoch::{Epoch, Outcome as Synthesised};
use sumcast_circuits::synthesis::{Form, Synthesis};
use sumcast_circuits::{CompileOptions, Inference, Model, Relation, compile, onnx};
use sumcast_contracts::abi::EpochKind;
use sumcast_contracts::alloy_primitives::utils::format_units;
use sumcast_contracts::alloy_primitives::{Address, B256, I256};
use sumcast_contracts::{Signer, attest, epoch};
use sumcast_evm::{Chain, Network, Post};
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Cpu, Proven, ProvingKey, TensorOpening, prove_known, srs_log};
use sumcast_verifier::ProofFile;
use sumcast_verifier::vk::{TensorSpec, Visibility};

/// The epoch of all.
pub(crate) const EPOCH: u64 = 301;

/// The string of all keys.
static SRS: LazyLock<Srs> = LazyLock::new(|| Srs::development(19, &mut StdRng::seed_from_u64(2)));

/// The members: model and row of its inputs.
const MEMBERS: [(&str, usize); 5] =
    [("linreg", 0), ("scaled_ridge", 0), ("mlp_8k", 0), ("linreg", 1), ("linreg", 2)];

/// A member's account; they ascend.
pub(crate) fn member(slot: usize) -> Address {
    Address::repeat_byte(0x11 * (slot as u8 + 1))
}

pub(crate) fn members() -> Vec<Address> {
    (0..MEMBERS.len()).map(member).collect()
}

/// An attestor's key; there are three.
pub(crate) fn signer(i: u8) -> Signer {
    Signer::from_bytes(&B256::repeat_byte(i + 1)).unwrap()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What proves.
pub(crate) struct Prover {
    pub(crate) relation: Relation,
    pub(crate) key: ProvingKey,
    srs: Srs,
}

impl Prover {
    pub(crate) fn new(model: &Model) -> Self {
        let relation = model.lower().unwrap();
        let srs = SRS.prefix(srs_log(relation.program.row_log).into()).unwrap();
        let (program, fixed) = (relation.program.clone(), relation.fixed.clone());
        let key = ProvingKey::setup(program, fixed, None, &srs, &Cpu).unwrap();
        Self { relation, key, srs }
    }

    fn specs(&self) -> &[TensorSpec] {
        &self.relation.program.tensors
    }

    /// A proof with fresh randomness, but for the commitments that these openings open.
    pub(crate) fn prove(&self, context: B256, inference: Inference, known: &[TensorOpening]) -> Proven {
        let Inference { tensors, cells, .. } = inference;
        let assignment = Assignment { context: context.0, tensors, cells };
        prove_known(&self.key, &self.srs, assignment, known, &mut rand::rng(), &Cpu, &mut |_| ()).unwrap()
    }
}

/// The key of a form.
pub(crate) fn key(form: Form) -> Vec<u8> {
    Prover::new(&Synthesis::new(form).unwrap().model).key.key.to_bytes()
}

/// A worker's model.
struct Worker {
    model: Model,
    inputs: Vec<Vec<f64>>,
    prover: Prover,
}

impl Worker {
    fn open(name: &str) -> Self {
        let folder = root().join("models").join(name);
        let graph = onnx::import(&std::fs::read(folder.join("network.onnx")).unwrap()).unwrap();
        let text = std::fs::read_to_string(folder.join("inputs.json")).unwrap();
        let mut data: serde_json::Value = serde_json::from_str(&text).unwrap();
        let inputs: Vec<Vec<f64>> = serde_json::from_value(data["inputs"].take()).unwrap();
        let model = compile(&graph, &inputs, &CompileOptions::default()).unwrap();
        let prover = Prover::new(&model);
        Self { model, inputs, prover }
    }

    fn prove(&self, context: B256, row: usize) -> ProofFile {
        let inference = self.model.run(&self.prover.relation, &self.inputs[row]).unwrap();
        self.prover.prove(context, inference, &[]).file
    }
}

/// All that is made once: models, keys, the members' proofs, the epoch of their inferences.
pub(crate) struct World {
    workers: Vec<(&'static str, Worker)>,
    inferences: Vec<ProofFile>,
    synthesis: Synthesis,
    prover: Prover,
    /// The epoch.
    pub(crate) epoch: Epoch,
}

impl World {
    pub(crate) fn get() -> &'static Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(|| {
            let names = ["linreg", "scaled_ridge", "mlp_8k"];
            let workers: Vec<_> = names.into_iter().map(|name| (name, Worker::open(name))).collect();
            let mut network = deploy(&workers);
            let mut inferences = vec![];
            let mut values = vec![];
            for (slot, (name, row)) in MEMBERS.into_iter().enumerate() {
                let worker = worker(&workers, name);
                let context = network.worker_context(EPOCH, member(slot)).unwrap();
                let file = worker.prove(context, row);
                let specs = worker.prover.specs();
                network.post_inference(member(slot), EPOCH, specs, &file).unwrap();
                values.push(network.inference(member(slot)).unwrap());
                inferences.push(file);
            }
            let epoch = epoch_of(&values);
            let synthesis = Synthesis::new(Form::of(&epoch).unwrap()).unwrap();
            let prover = Prover::new(&synthesis.model);
            Self { workers, inferences, synthesis, prover, epoch }
        })
    }

    /// A chain on which all members have posted, and a topic that accepts the key and has no genesis.
    pub(crate) fn network(&self) -> Network {
        let mut network = deploy(&self.workers);
        for (slot, (name, _)) in MEMBERS.into_iter().enumerate() {
            let specs = worker(&self.workers, name).prover.specs();
            network.post_inference(member(slot), EPOCH, specs, &self.inferences[slot]).unwrap();
        }
        network.add_key(&self.prover.key.key.to_bytes(), EpochKind::Synthesis).unwrap();
        network
    }

    /// A chain on which the state of a proof is the topic's.
    pub(crate) fn network_of(&self, file: &ProofFile) -> Network {
        let mut network = self.network();
        network.set_genesis(epoch::state(&file.statement, self.specs()).unwrap()).unwrap();
        network
    }

    /// A member posts its inference once more, for another epoch.
    pub(crate) fn post_again(&self, network: &mut Network, slot: usize, epoch: u64) {
        let (name, row) = MEMBERS[slot];
        let worker = worker(&self.workers, name);
        let file = worker.prove(network.worker_context(epoch, member(slot)).unwrap(), row);
        network.post_inference(member(slot), epoch, worker.prover.specs(), &file).unwrap();
    }

    /// The tensors of the synthesis.
    pub(crate) fn specs(&self) -> &[TensorSpec] {
        self.prover.specs()
    }

    /// Where a tensor begins among the packed ones.
    pub(crate) fn offset(&self, tensor: usize) -> usize {
        let size = |spec: &TensorSpec| match spec.visibility {
            Visibility::Public => spec.width() * spec.len as usize,
            Visibility::Committed => 64,
        };
        self.specs()[..tensor].iter().map(size).sum()
    }

    /// A synthesis of an epoch, proven in a context. The state has the commitment that the openings open, or one of its own
    /// where there are none.
    pub(crate) fn prove(
        &self,
        epoch: &Epoch,
        context: B256,
        known: &[TensorOpening],
    ) -> (Synthesised, Proven) {
        let (outcome, inference) = self.synthesis.run(&self.prover.relation, epoch).unwrap();
        (outcome, self.prover.prove(context, inference, known))
    }

    /// The same in the context of a network's epoch.
    pub(crate) fn proof(&self, epoch: &Epoch, known: &[TensorOpening]) -> ProofFile {
        self.prove(epoch, self.context(), known).1.file
    }

    fn context(&self) -> B256 {
        self.network().place(EPOCH, EpochKind::Synthesis).context()
    }

    /// The honest proof of the epoch, with what opens its state.
    fn first(&self) -> &'static Proven {
        static FIRST: OnceLock<Proven> = OnceLock::new();
        FIRST.get_or_init(|| self.prove(&self.epoch, self.context(), &[]).1)
    }

    /// The honest proof of the epoch.
    pub(crate) fn honest(&self) -> &'static ProofFile {
        &self.first().file
    }

    /// What opens the commitment of its state.
    pub(crate) fn state(&self) -> &'static [TensorOpening] {
        &self.first().openings
    }

    /// A post of a proof by these members, with the attestation of these signers.
    pub(crate) fn post(
        &self,
        network: &Network,
        file: &ProofFile,
        members: Vec<Address>,
        signers: &[Signer],
    ) -> Post {
        let attestation = network.attestation(EPOCH, 0, &members, self.specs(), file);
        let signatures = attest(signers, attestation).unwrap();
        Post::new(EPOCH, members, self.specs(), file, signatures)
    }

    /// The same with the attestation of two attestors.
    pub(crate) fn attested(&self, network: &Network, file: &ProofFile, members: Vec<Address>) -> Post {
        self.post(network, file, members, &[signer(0), signer(2)])
    }
}

fn worker<'a>(workers: &'a [(&'static str, Worker)], name: &str) -> &'a Worker {
    &workers.iter().find(|(found, _)| *found == name).unwrap().1
}

/// The contracts with attestors of two of three, and a topic that takes the workers' models.
fn deploy(workers: &[(&'static str, Worker)]) -> Network {
    let signers = (0..3).map(|i| signer(i).address()).collect();
    let mut network = Network::deploy(Chain::Ethereum, &SRS.tau(), signers, 2).unwrap();
    for (_, worker) in workers {
        network.add_model(&worker.prover.key.key.to_bytes()).unwrap();
    }
    network
}

/// An epoch of the members with these inferences, of 18 decimals: its regrets and its three forecasters are those of a
/// test vector.
fn epoch_of(values: &[I256]) -> Epoch {
    let path = root().join("circuits/tests/epochs/synthesis_g1_301.json");
    let mut epoch = Epoch::from_json(&std::fs::read(path).unwrap()).unwrap();
    let names: Vec<String> = (0..values.len()).map(|slot| format!("{:?}", member(slot))).collect();
    for forecaster in &mut epoch.forecasters {
        for forecast in &mut forecaster.forecasts {
            let slot = epoch.inferers.iter().position(|inferer| inferer.address == forecast.inferer).unwrap();
            forecast.inferer.clone_from(&names[slot]);
        }
    }
    for ((inferer, name), value) in epoch.inferers.iter_mut().zip(names).zip(values) {
        inferer.address = name;
        inferer.inference = format_units(*value, 18).unwrap().parse().unwrap();
    }
    let epoch = epoch.checked().unwrap();
    assert_eq!((epoch.inferers.len(), epoch.forecasters.len()), (5, 3));
    epoch
}
