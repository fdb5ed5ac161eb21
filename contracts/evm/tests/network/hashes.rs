//! What Rust hashes is what the contracts hash.

use crate::world::{World, members, signer};
use sumcast_contracts::abi::{EpochKind, IAttestors, ITopicFeed};
use sumcast_contracts::alloy_primitives::{B256, keccak256};
use sumcast_contracts::epoch::{settlement_digest, synthesis_digest};
use sumcast_verifier::vk::{Role, TensorSpec, Visibility};
use sumcast_verifier::{G1Affine, Statement, Tensor};

#[test]
fn contexts_and_attestations_are_the_contracts() {
    let mut network = World::get().network();
    let (topics, topic, attestors) = (network.topics, network.topic, network.attestors);
    let digest = B256::repeat_byte(7);
    for (epoch, kind) in [(1, EpochKind::Synthesis), (u64::MAX, EpochKind::Settlement)] {
        let place = network.place(epoch, kind);
        let call = ITopicFeed::contextCall { topicId: topic, epoch, kind };
        assert_eq!(network.evm().read(topics, &call).unwrap(), place.context());
        let call = IAttestors::attestationCall { feed: topics, topicId: topic, epoch, kind, digest };
        assert_eq!(network.evm().read(attestors, &call).unwrap(), place.attestation(attestors, digest));
    }
    let signers = network.evm().read(attestors, &IAttestors::signersCall {}).unwrap();
    assert!(signers.is_sorted() && (0..3).all(|i| signers.contains(&signer(i).address())));
}

#[test]
fn digests_are_the_contracts() {
    let world = World::get();
    let file = world.honest();
    let model_id: B256 = file.model_id.into();
    let mut network = world.network();
    let topics = network.topics;

    let packed = file.statement.packed(world.specs());
    let forecasts = keccak256(&packed[world.offset(1)..world.offset(2)]);
    let call = ITopicFeed::synthesisDigestCall {
        modelId: model_id,
        settledEpoch: 9,
        members: members(),
        forecastsHash: forecasts,
    };
    let digest = synthesis_digest(model_id, 9, &members(), &file.statement, world.specs());
    assert_eq!(network.evm().read(topics, &call).unwrap(), digest);

    // Of a settlement: stakes, reports, state, losses, next state.
    let point = |y: i32| Tensor::Committed(vec![G1Affine::new_unchecked(1.into(), y.into())]);
    let public = |values: &[i128]| Tensor::Public(values.to_vec());
    let tensors = vec![public(&[1, 2]), public(&[3]), point(2), public(&[4]), point(-2)];
    let specs: Vec<TensorSpec> = tensors
        .iter()
        .map(|tensor| TensorSpec {
            role: Role::Input,
            visibility: if tensor.public().is_some() { Visibility::Public } else { Visibility::Committed },
            log: 1,
            bits: 15,
            fraction: 0,
            len: 1,
        })
        .collect();
    let statement = Statement { context: [0; 32], tensors };
    let packed = statement.packed(&specs);
    let call = ITopicFeed::settlementDigestCall {
        modelId: model_id,
        settledEpoch: 8,
        reportsHash: keccak256([0, 1, 0, 2, 0, 3]),
        stateHash: keccak256(&packed[packed.len() - 64..]),
    };
    let digest = settlement_digest(model_id, 8, &statement, &specs);
    assert_eq!(network.evm().read(topics, &call).unwrap(), digest);
}
