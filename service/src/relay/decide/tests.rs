use super::*;
use sumcast_contracts::alloy_primitives::B256;

const HEAD: Head = Head { number: 100, time: 1000, base_fee: 10 };

fn transaction(max_fee: u128, tip: u128, signed: u64) -> Transaction {
    Transaction {
        hash: "0x01".into(),
        post: "post".into(),
        chain: "c".into(),
        account: "0x".into(),
        nonce: 7,
        raw: "02".into(),
        gas: 100,
        max_fee,
        tip,
        signed,
    }
}

fn included(block: u64, success: bool) -> Included {
    let hash = B256::repeat_byte(1);
    Included { hash, block, block_hash: hash, success, gas_used: 90, fee: U256::from(900) }
}

#[test]
fn what_is_sent_is_followed() {
    let fresh = transaction(22, 2, 941);
    let sent = Sent {
        head: HEAD,
        confirmations: 3,
        place: Found::Free { known: true, next: true },
        last: &fresh,
        attempts: 1,
        was_included: false,
        fees: Fees { max: 22, tip: 2 },
        max_fee: 1000,
        left: 1_000_000,
    };
    let at = |place: Found| follow(&Sent { place, ..sent.clone() });
    let (done, failed) = (included(97, true), included(97, false));
    assert_eq!(at(Found::Block(done)), Follow::Confirm(done));
    assert_eq!(at(Found::Block(included(98, true))), Follow::Note(included(98, true)));
    assert_eq!(at(Found::Block(included(98, false))), Follow::Note(included(98, false)));
    assert_eq!(at(Found::Block(failed)), Follow::Failed { by: failed, again: true });
    let last = Sent { attempts: MOST_ATTEMPTS, place: Found::Block(failed), ..sent.clone() };
    assert_eq!(follow(&last), Follow::Failed { by: failed, again: false });
    assert_eq!(at(Found::Used { for_good: false }), Follow::Taken);
    assert_eq!(at(Found::Used { for_good: true }), Follow::Lost);
    assert_eq!(at(Found::Free { known: true, next: true }), Follow::Wait);
    assert_eq!(at(Found::Free { known: false, next: true }), Follow::Resend);
    let dropped = Sent { was_included: true, ..sent.clone() };
    assert_eq!(follow(&dropped), Follow::Reorganised);
    // No confirmations: the block alone will do.
    let now = Sent { confirmations: 0, place: Found::Block(included(100, true)), ..sent.clone() };
    assert_eq!(follow(&now), Follow::Confirm(included(100, true)));

    // A minute of the chain is enough.
    let late = transaction(22, 2, 940);
    let late = Sent { last: &late, ..sent };
    let (known, next) = (true, true);
    assert_eq!(follow(&late), Follow::Raise(Fees { max: 25, tip: 3 }));
    let dear = Sent { fees: Fees { max: 500, tip: 50 }, ..late.clone() };
    assert_eq!(follow(&dear), Follow::Raise(Fees { max: 500, tip: 50 }));
    let too_dear = Sent { fees: Fees { max: 5000, tip: 2000 }, ..late.clone() };
    assert_eq!(follow(&too_dear), Follow::Raise(Fees { max: 1000, tip: 1000 }));
    // Those behind another one wait for it, and nothing is raised beyond what may be paid.
    let behind = Sent { place: Found::Free { known, next: false }, ..late.clone() };
    assert_eq!(follow(&behind), Follow::Wait);
    assert_eq!(follow(&Sent { max_fee: 24, ..late.clone() }), Follow::Stuck { known });
    let unknown = Sent { max_fee: 24, place: Found::Free { known: false, next }, ..late.clone() };
    assert_eq!(follow(&unknown), Follow::Stuck { known: false });
    // From 22 to 25 for each of 100 gas.
    assert_eq!(follow(&Sent { left: 299, ..late.clone() }), Follow::Stuck { known });
    assert_eq!(follow(&Sent { left: 300, ..late }), Follow::Raise(Fees { max: 25, tip: 3 }));
}

#[test]
fn fees_that_replace_others_are_an_eighth_higher() {
    let most = u128::MAX;
    for fee in [0, 1, 7, 8, 9, 1000, 1_000_000_007] {
        let raised = raised(&transaction(fee, fee, 0), Fees { max: 0, tip: 0 }, most).unwrap();
        assert!(raised.max > fee && raised.max * 8 >= fee * 9, "{fee} {raised:?}");
        assert!(
            raised.tip > fee && raised.tip * 8 >= fee * 9 && raised.tip <= raised.max,
            "{fee} {raised:?}"
        );
    }
    assert_eq!(raised(&transaction(most, 1, 0), Fees { max: 0, tip: 0 }, most - 1), None);
}

#[test]
fn proofs_are_waited_for() {
    let job = |state| (state, Some("why".to_owned()));
    let of = |state, behind, in_flight| turn(&Waiting { proof: Some(&job(state)), behind, in_flight });
    assert_eq!(of(JobState::Done, false, 0), Turn::Go);
    assert_eq!(of(JobState::Done, true, 0), Turn::Wait);
    assert_eq!(of(JobState::Done, false, IN_FLIGHT), Turn::Wait);
    assert_eq!(of(JobState::Done, false, IN_FLIGHT - 1), Turn::Go);
    for state in [JobState::Queued, JobState::Running] {
        assert_eq!(of(state, false, 0), Turn::Wait);
    }
    assert_eq!(of(JobState::Failed, false, 0), Turn::Refuse("there is no proof: why".into()));
    assert!(matches!(of(JobState::Cancelled, true, 0), Turn::Refuse(_)));
    assert!(matches!(turn(&Waiting { proof: None, behind: false, in_flight: 0 }), Turn::Refuse(_)));
}

#[test]
fn nothing_is_signed_that_should_not_be() {
    let asked = Asked {
        head: HEAD,
        there: false,
        for_good: false,
        tried: Ok(100),
        fees: Fees { max: 22, tip: 2 },
        max_fee: 1000,
        spent: 0,
        spend_per_day: 2200,
        balance: U256::from(2200),
    };
    let fees = asked.fees;
    assert_eq!(step(&asked), Step::Sign { gas: 100, fees });
    assert_eq!(step(&Asked { for_good: true, there: true, ..asked.clone() }), Step::Posted);
    let held = |known: Asked, why: &str| match step(&known) {
        Step::Hold(said) => assert!(said.contains(why), "{said}"),
        other => panic!("{other:?}"),
    };
    let stays = |known: Asked, why: &str| match step(&known) {
        Step::Stay(said) => assert!(said.contains(why), "{said}"),
        other => panic!("{other:?}"),
    };
    stays(Asked { there: true, ..asked.clone() }, "somebody else has posted it");
    // Whatever the contract says of it then.
    let no = || Err(Against::Always("no".into()));
    stays(Asked { there: true, tried: no(), ..asked.clone() }, "somebody else");
    stays(Asked { tried: Err(Against::Now("not yet".into())), ..asked.clone() }, "not yet");
    assert_eq!(step(&Asked { tried: no(), ..asked.clone() }), Step::Refuse("no".into()));
    held(Asked { max_fee: 11, ..asked.clone() }, "more than the 11 wei that max_fee_gwei");
    let capped = Asked { max_fee: 12, ..asked.clone() };
    assert_eq!(step(&capped), Step::Sign { gas: 100, fees: Fees { max: 12, tip: 2 } });
    held(Asked { spent: 1, ..asked.clone() }, "left of the 2200 wei of spend_wei_per_day");
    held(Asked { spend_per_day: 2199, ..asked.clone() }, "left of the 2199 wei");
    held(Asked { balance: U256::from(2199), ..asked.clone() }, "more than the account has");
    // Numbers that no chain has: refused, not wrapped around.
    held(
        Asked { tried: Ok(u64::MAX), fees: Fees { max: u128::MAX, tip: 1 }, max_fee: u128::MAX, ..asked },
        "may cost",
    );
}
