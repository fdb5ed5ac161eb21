//! A settlement moves a topic's state on, and what is not attested or not of the state does not.

use crate::posts::accepted;
use crate::world::{EPOCH, Prover, World, members, signer};
use sumcast_circuits::epoch::Settlement;
use sumcast_circuits::settle::{Form, Settle as Circuit};
use sumcast_contracts::abi::EpochKind;
use sumcast_contracts::abi::IAttestors::IAttestorsErrors as AttestorsError;
use sumcast_contracts::abi::ITopicFeed::{ITopicFeedErrors as TopicError, stateCall};
use sumcast_contracts::alloy_primitives::keccak256;
use sumcast_contracts::{Failure, attest, epoch};
use sumcast_evm::{Outcome, Settle};

#[test]
fn a_settlement_moves_the_state_on() {
    let world = World::get();
    let mut network = world.network();
    let settlement = include_bytes!("../../../../circuits/tests/epochs/settle_301.json");
    let mut settlement = Settlement::from_json(settlement).unwrap();
    let workers = settlement.regrets.iter().map(|(worker, _)| worker.to_owned());
    settlement.forecasters = workers.filter(|worker| worker.starts_with("forecaster")).collect();
    let circuit = Circuit::new(Form::of(&settlement).unwrap()).unwrap();
    let prover = Prover::new(&circuit.model);
    network.add_key(&prover.key.key.to_bytes(), EpochKind::Settlement).unwrap();
    let (_, inference) = circuit.run(&prover.relation, &settlement).unwrap();
    let context = network.place(EPOCH, EpochKind::Settlement).context();
    let file = prover.prove(context, inference, &[]).file;
    let specs = &prover.relation.program.tensors;
    network.set_genesis(epoch::state(&file.statement, specs).unwrap()).unwrap();
    assert_eq!(network.settled().unwrap(), 0);

    let settle = |settled: u64, signers: [u8; 2]| {
        let attestation = network.settlement_attestation(EPOCH, settled, specs, &file);
        Settle::new(EPOCH, specs, &file, attest(&signers.map(signer), attestation).unwrap())
    };
    let honest = settle(0, [0, 2]);
    let strangers = [settle(0, [0, 7]), settle(EPOCH, [0, 2])];
    for wrong in strangers {
        let Outcome::Reverted(failure) = network.settle(wrong).unwrap().outcome else { panic!() };
        assert!(matches!(failure, Failure::Attestors(AttestorsError::NotSigner(_))), "{failure}");
    }
    accepted(&network.settle(honest.clone()).unwrap());
    let (topics, topic) = (network.topics, network.topic);
    let state = network.evm().read(topics, &stateCall { topicId: topic }).unwrap();
    let point = &honest.tensors[honest.tensors.len() - 64..];
    assert_eq!((state.stateHash, state.settledEpoch), (keccak256(point), EPOCH));
    assert_eq!(network.settled().unwrap(), EPOCH);

    // The state is no longer the one that the synthesis was made of, nor this settlement.
    let post = world.attested(&network, world.honest(), members());
    let Outcome::Reverted(failure) = network.post(post).unwrap().outcome else { panic!() };
    assert!(matches!(failure, Failure::Topics(TopicError::StateMismatch(_))), "{failure}");
    let Outcome::Reverted(_) = network.settle(honest).unwrap().outcome else { panic!() };
}
