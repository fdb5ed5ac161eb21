//! What is true is posted, and read.

use crate::world::{EPOCH, World, members, signer};
use sumcast_circuits::epoch::Decimal;
use sumcast_contracts::abi::{EpochKind, ITopicFeed};
use sumcast_contracts::alloy_primitives::{I256, keccak256};
use sumcast_evm::{Network, Outcome, Receipt};

/// That a post was taken.
pub(crate) fn accepted(receipt: &Receipt) {
    assert!(matches!(receipt.outcome, Outcome::Returned(_)), "{}", receipt.outcome);
}

/// A number with 18 decimals, rounded toward zero.
fn decimals(number: &Decimal) -> I256 {
    let text = number.to_exact_string();
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let rest = &format!("{rest:0<18}")[..18];
    format!("{whole}{rest}").parse().unwrap()
}

/// The topic's value and interval, with their epochs.
fn read(network: &mut Network) -> (I256, Vec<I256>, [u64; 2]) {
    let (topics, topic) = (network.topics, network.topic);
    let value = network.evm().read(topics, &ITopicFeed::valueCall { topicId: topic }).unwrap();
    let interval = network.evm().read(topics, &ITopicFeed::intervalCall { topicId: topic }).unwrap();
    let percentiles = [228, 1587, 5000, 8413, 9772].map(|hundredths| format!("{hundredths}0000000000000000"));
    assert_eq!(interval.percentiles.iter().map(ToString::to_string).collect::<Vec<_>>(), percentiles);
    (value.value, interval.values, [value.epoch, interval.epoch])
}

#[test]
fn a_synthesis_of_posted_inferences_is_posted_and_read() {
    let world = World::get();
    let honest = world.honest();
    let mut network = world.network_of(honest);
    let place = network.place(EPOCH, EpochKind::Synthesis);
    // Another proof of the topic's state.
    let (outcome, proven) = world.prove(&world.epoch, place.context(), world.state());
    let file = proven.file;
    assert_ne!(file.body, honest.body);
    assert_eq!(file.statement, honest.statement);

    let (topics, topic) = (network.topics, network.topic);
    let state = network.evm().read(topics, &ITopicFeed::stateCall { topicId: topic }).unwrap();
    let post = world.attested(&network, &file, members());
    let at = world.offset(2);
    assert_eq!((state.stateHash, state.settledEpoch), (keccak256(&post.tensors[at..at + 64]), 0));
    accepted(&network.post(post).unwrap());

    let (value, interval, epochs) = read(&mut network);
    assert_eq!(epochs, [EPOCH; 2]);
    assert_eq!(value, decimals(&outcome.network_inference));
    assert!(!value.is_zero());
    let expected: Vec<I256> = outcome.confidence.unwrap().values.iter().map(decimals).collect();
    assert_eq!(interval, expected);
    assert!(interval.is_sorted());
}

#[test]
fn any_two_attestors_are_enough() {
    let world = World::get();
    for pair in [[0, 1], [1, 0], [1, 2], [0, 2]] {
        let mut network = world.network_of(world.honest());
        let post = world.post(&network, world.honest(), members(), &pair.map(signer));
        accepted(&network.post(post).unwrap());
    }
}
