//! What is not true is not posted, and the error says what is wrong.

use crate::posts::accepted;
use crate::world::{EPOCH, World, key, member, members, signer};
use sumcast_circuits::epoch::Epoch;
use sumcast_circuits::synthesis::Form;
use sumcast_contracts::Failure;
use sumcast_contracts::abi::EpochKind;
use sumcast_contracts::abi::IAttestors::IAttestorsErrors as AttestorsError;
use sumcast_contracts::abi::IInferenceFeed::IInferenceFeedErrors as FeedError;
use sumcast_contracts::abi::ISumcastVerifier::ISumcastVerifierErrors as VerifierError;
use sumcast_contracts::abi::ITopicFeed::{ITopicFeedErrors as TopicError, lastEpochCall};
use sumcast_contracts::alloy_primitives::{Address, U256};
use sumcast_evm::{Error, Network, Outcome, Post};

/// Why a post is refused, which changes nothing.
fn refused(network: &mut Network, post: Post) -> Failure {
    let (topics, topic) = (network.topics, network.topic);
    let last = lastEpochCall { topicId: topic };
    let before = network.evm().read(topics, &last).unwrap();
    let failure = match network.post(post).unwrap().outcome {
        Outcome::Reverted(failure) => failure,
        other => panic!("{other:?}"),
    };
    assert_eq!(network.evm().read(topics, &last).unwrap(), before);
    failure
}

/// The honest network, with what it takes.
fn ready(world: &World) -> (Network, Post) {
    let network = world.network_of(world.honest());
    let post = world.attested(&network, world.honest(), members());
    (network, post)
}

/// An epoch without the worker of its last slot.
fn without_the_last(epoch: &Epoch) -> Epoch {
    let mut epoch = epoch.clone();
    let last = epoch.inferers.pop().unwrap().address;
    for forecaster in &mut epoch.forecasters {
        forecaster.forecasts.retain(|forecast| forecast.inferer != last);
    }
    epoch
}

#[test]
fn a_value_that_was_not_posted() {
    let world = World::get();
    let (mut network, honest) = ready(world);
    let mut epoch = world.epoch.clone();
    // A millionth more.
    let inference = &mut epoch.inferers[1].inference;
    *inference = format!("{}", inference.to_f64() + 1e-6).parse().unwrap();
    let file = world.proof(&epoch, world.state());
    let post = world.attested(&network, &file, members());
    let Failure::Topics(TopicError::WrongInference(error)) = refused(&mut network, post) else { panic!() };
    assert_eq!(error.member, member(1));
    let difference: i64 = (error.found - error.expected).try_into().unwrap();
    assert!((difference - (1e-6 * (48f64).exp2()) as i64).abs() <= 1, "{difference}");
    accepted(&network.post(honest).unwrap());
}

#[test]
fn a_proof_of_another_epoch() {
    let world = World::get();
    let (mut network, honest) = ready(world);
    for place in [network.place(EPOCH + 1, EpochKind::Synthesis), network.place(EPOCH, EpochKind::Settlement)]
    {
        let (_, proven) = world.prove(&world.epoch, place.context(), world.state());
        let post = world.attested(&network, &proven.file, members());
        let failure = refused(&mut network, post);
        assert!(matches!(failure, Failure::Verifier(VerifierError::ConstraintsFailed(_))), "{failure}");
    }
    accepted(&network.post(honest.clone()).unwrap());
    // Nor does it count twice.
    let failure = refused(&mut network, honest);
    assert!(matches!(failure, Failure::Feed(FeedError::EpochTooLow(_))), "{failure}");
}

#[test]
fn another_state() {
    let world = World::get();
    let (mut network, honest) = ready(world);
    let mut epoch = world.epoch.clone();
    epoch.inferers[0].regret = Some("-1".parse().unwrap());
    // And the topic's own, with a commitment that is not the topic's.
    for epoch in [&epoch, &world.epoch] {
        let file = world.proof(epoch, &[]);
        let post = world.attested(&network, &file, members());
        let failure = refused(&mut network, post);
        assert!(matches!(failure, Failure::Topics(TopicError::StateMismatch(_))), "{failure}");
    }
    accepted(&network.post(honest.clone()).unwrap());
    // A topic without a genesis has no state.
    let failure = refused(&mut world.network(), honest);
    let Failure::Topics(TopicError::StateMismatch(error)) = failure else { panic!("{failure}") };
    assert!(error.expected.is_zero());
}

#[test]
fn signatures_that_do_not_attest() {
    let world = World::get();
    let (mut network, honest) = ready(world);
    let mut by = |signers: &[u8], members: Vec<Address>| {
        let signers: Vec<_> = signers.iter().map(|i| signer(*i)).collect();
        let mut post = world.post(&network, world.honest(), members, &signers);
        post.members = honest.members.clone();
        match refused(&mut network, post) {
            Failure::Attestors(error) => error,
            failure => panic!("{failure}"),
        }
    };
    let size = |n: u64| U256::from(65 * n);
    for found in [0, 1, 3] {
        let signers: Vec<u8> = (0..found).collect();
        let AttestorsError::WrongSignatures(error) = by(&signers, members()) else { panic!() };
        assert_eq!((error.expectedBytes, error.foundBytes), (size(2), size(found.into())));
    }
    assert!(matches!(by(&[1, 1], members()), AttestorsError::SignaturesNotAscending(_)));
    let outsider = signer(8).address();
    let AttestorsError::NotSigner(error) = by(&[0, 8], members()) else { panic!() };
    assert_eq!(error.recovered, outsider);
    // Of other members.
    let mut others = members();
    others.swap(0, 1);
    assert!(matches!(by(&[0, 1], others), AttestorsError::NotSigner(_)));
    accepted(&network.post(honest).unwrap());
}

#[test]
fn altered_bytes() {
    let world = World::get();
    let (mut network, honest) = ready(world);
    // The last byte of the first integer of each tensor that is public, inputs and outputs.
    for tensor in [0, 1, 3, 4, 5, 6, 7] {
        let at = world.offset(tensor) + world.specs()[tensor].width() - 1;
        let mut post = honest.clone();
        let mut tensors = post.tensors.to_vec();
        tensors[at] ^= 1;
        post.tensors = tensors.into();
        let failure = refused(&mut network, post);
        let expected = matches!(failure, Failure::Verifier(VerifierError::ConstraintsFailed(_)));
        assert!(expected, "tensor {tensor}: {failure}");
    }
    let mut post = honest.clone();
    post.tensors = post.tensors[..post.tensors.len() - 1].to_vec().into();
    let failure = refused(&mut network, post);
    assert!(matches!(failure, Failure::Verifier(VerifierError::InvalidStatement(_))), "{failure}");
    let mut post = honest.clone();
    let mut proof = post.proof.to_vec();
    *proof.last_mut().unwrap() ^= 1;
    post.proof = proof.into();
    assert!(refused(&mut network, post).rejects_proof());
    accepted(&network.post(honest).unwrap());
}

#[test]
fn other_members() {
    let world = World::get();
    let (mut network, honest) = ready(world);
    let mut with = |change: &dyn Fn(&mut Vec<Address>)| {
        let mut members = members();
        change(&mut members);
        let post = world.attested(&network, world.honest(), members);
        refused(&mut network, post)
    };
    let failure = with(&|members| members.swap(2, 3));
    let Failure::Topics(TopicError::WrongInference(error)) = failure else { panic!("{failure}") };
    assert_eq!(error.member, member(3));
    let failure = with(&|members| members.truncate(4));
    assert!(matches!(failure, Failure::Topics(TopicError::WrongMemberCount(_))), "{failure}");
    let failure = with(&|members| members[4] = Address::ZERO);
    assert!(matches!(failure, Failure::Topics(TopicError::WrongAbsence(_))), "{failure}");
    // Who has posted nothing.
    let absent = member(7);
    let failure = with(&|members| members[4] = absent);
    let Failure::Feed(FeedError::NoInference(error)) = failure else { panic!("{failure}") };
    assert_eq!(error.worker, absent);
    accepted(&network.post(honest).unwrap());
}

#[test]
fn a_member_that_has_gone_on() {
    let world = World::get();
    let (mut network, honest) = ready(world);
    world.post_again(&mut network, 3, EPOCH + 1);
    let failure = refused(&mut network, honest);
    let Failure::Topics(TopicError::InferenceOfAnotherEpoch(error)) = failure else { panic!("{failure}") };
    assert_eq!((error.member, error.expected, error.found), (member(3), EPOCH, EPOCH + 1));
}

#[test]
fn a_member_of_an_absent_slot() {
    let world = World::get();
    let file = world.proof(&without_the_last(&world.epoch), &[]);
    let mut network = world.network_of(&file);
    let post = world.attested(&network, &file, members());
    let failure = refused(&mut network, post);
    let Failure::Topics(TopicError::WrongAbsence(error)) = failure else { panic!("{failure}") };
    assert_eq!((error.slot, error.member), (U256::from(4), member(4)));
    let mut present = members();
    present[4] = Address::ZERO;
    let post = world.attested(&network, &file, present);
    accepted(&network.post(post).unwrap());
}

#[test]
fn a_key_of_another_form() {
    let world = World::get();
    let mut network = world.network();
    let mut refused = |form: Form, kind| match network.add_key(&key(form), kind) {
        Err(Error::NoAnswer { outcome, .. }) => match *outcome {
            Outcome::Reverted(Failure::Topics(error)) => error,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let form = Form::of(&world.epoch).unwrap();
    // A topic that has had no loss has a median for its inference, and no interval.
    let first = Form::of(&Epoch { previous_network_loss: None, ..world.epoch.clone() }).unwrap();
    let TopicError::WrongTensorCount(error) = refused(first, EpochKind::Synthesis) else { panic!() };
    assert_eq!((error.expected, error.found), (U256::from(8), U256::from(4)));
    let error = refused(form.clone(), EpochKind::Settlement);
    assert!(matches!(error, TopicError::WrongTensorCount(_)), "{error:?}");
    // The states of more workers are longer.
    let error = refused(form.with_room(20, 3), EpochKind::Synthesis);
    assert!(matches!(error, TopicError::WrongStateShape(_)), "{error:?}");
}
