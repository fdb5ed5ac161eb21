//! Network inferences on a chain that anvil runs: a genesis, epochs and settlements that take one another's states, and
//! what is refused.

pub(crate) mod world;

use super::anvil::{Anvil, OTHER, OTHER_KEY, OWNER, OWNER_KEY, text};
use super::{HOME, LINREG, sumcast, write};
use serde_json::{Value, json};
use world::{OUTSIDER, Proven, State, Topic, account, arguments, attestor, fails, members, near};

/// A topic whose first epoch is proven, with its key and its genesis.
fn begun(chain: Anvil) -> (Topic, Proven) {
    let topic = Topic::new(chain);
    let inferences = topic.infer(301);
    let epoch = State::genesis().epoch(&topic.own("network-301.json"), 301, &inferences);
    let proven = topic.prove("network-301", "301", "synthesis", &epoch, None);
    let members = members();
    topic.no_attestation(0, &proven, "301", &["--members", &members], 1, "counts no proofs of key");
    topic.add_key("synthesis", &proven);

    let (vk, proof) = (proven.beside("vk"), proven.proof.to_str().unwrap());
    let genesis = ["--vk", vk.to_str().unwrap(), proof];
    topic.no_attestation(0, &proven, "301", &["--members", &members], 1, "another state than the topic's");
    topic.fails(OTHER_KEY, "genesis", &genesis, 1, "does not own topic 1");
    let linreg = LINREG.vk();
    let model = ["--vk", linreg.to_str().unwrap(), LINREG.proof.to_str().unwrap()];
    topic.fails(OWNER_KEY, "genesis", &model, 2, "no key of a synthesis or a settlement");
    let mut altered = std::fs::read(&proven.proof).unwrap();
    altered[6] ^= 1;
    let altered = write("network-altered.proof", altered);
    let false_one = ["--vk", vk.to_str().unwrap(), altered.to_str().unwrap()];
    topic.fails(OWNER_KEY, "genesis", &false_one, 1, "check failed");
    let set = topic.run(OWNER_KEY, "genesis", &genesis);
    assert_eq!(text(&set, "state").len(), 128);
    topic.fails(OWNER_KEY, "genesis", &genesis, 1, "has its genesis, which never changes");
    (topic, proven)
}

#[test]
fn states_go_from_epoch_to_epoch() {
    let Some(chain) = Anvil::start(31337) else { return };
    let (topic, first) = begun(chain);
    let members = members();
    let with = ["--members", &members];
    topic.fails("", "read", &[], 1, "nothing was posted to topic 1");

    // The first epoch: two attestors sign, and anyone posts.
    let signed = topic.attest(0, &first, "301", &with);
    assert_eq!((&signed["kind"], &signed["settled_epoch"]), (&"synthesis".into(), &0.into()));
    assert_eq!(signed["members"][0]["member"], OTHER.to_lowercase());
    assert!(signed["members"][2]["member"].is_null() && signed["members"][2]["inference"].is_null());
    let in_file = write("network-a.sig", format!("{}\n", text(&signed, "signature")));
    let in_file = format!("@{}", in_file.display());
    let second = topic.signature(2, &first, "301", &with);
    let third = topic.signature(1, &first, "301", &with);
    let mut post = Topic::submission(&first, "301", &[&third, &in_file, &second]);
    post.extend(with);
    let posted = topic.run(OTHER_KEY, "post", &post);
    near(&posted["value"], &first.report["network_inference"]);
    for i in 0..5 {
        near(&posted["interval"][i], &first.report["confidence"]["values"][i]);
    }
    assert_eq!(posted["settled_epoch"], 0);
    assert_eq!(posted["forecasts_hash"], signed["forecasts_hash"]);
    let read = topic.run("", "read", &[]);
    assert_eq!(
        (&read["value"], &read["epoch"], &read["settled_epoch"]),
        (&posted["value"], &301.into(), &0.into())
    );
    assert_eq!(read["interval"][3]["percentile"], "84.13");
    assert_eq!(read["interval"][3]["value"], posted["interval"][3]);
    topic.fails(OTHER_KEY, "post", &post, 1, "epoch 301 is taken");

    // Its settlement takes the state by the opening, and leaves the next one.
    let settlement = State::genesis().settlement("network-settlement-301.json", 301, ["-3.1", "-3.4"]);
    let opening = first.beside("opening");
    let settled = topic.prove("network-settled-301", "301", "settlement", &settlement, Some(&opening));
    topic.add_key("settlement", &settled);
    let signed = topic.attest(0, &settled, "301", &[]);
    let signatures = [text(&signed, "signature").to_owned(), topic.signature(1, &settled, "301", &[])];
    let settle = Topic::submission(&settled, "301", &[&signatures[0], &signatures[1]]);
    let done = topic.run(OTHER_KEY, "settle", &settle);
    for field in ["reports_hash", "state_hash"] {
        assert_eq!(done[field], signed[field], "{field}");
    }
    let read = topic.run("", "read", &[]);
    assert_eq!((&read["settled_epoch"], &read["state_hash"]), (&301.into(), &done["state_hash"]));
    topic.fails(OTHER_KEY, "settle", &settle, 1, "epoch 301 is taken");

    // The next epoch takes that one, and so does its settlement.
    let inferences = topic.infer(302);
    let state = State::after(&settled.report);
    let epoch = state.epoch("network-302.json", 302, &inferences);
    let fresh = topic.prove("network-fresh", "302", "synthesis", &epoch, None);
    topic.no_attestation(0, &fresh, "302", &with, 1, "another state than the topic's, that of epoch 301");
    let opening = settled.beside("opening");
    let next = topic.prove("network-next", "302", "synthesis", &epoch, Some(&opening));
    // An attestation is of one state.
    let early =
        [0, 1].map(|i| topic.signature(i, &next, "302", &["--members", &members, "--settled-epoch", "300"]));
    let mut post = Topic::submission(&next, "302", &[&early[0], &early[1]]);
    post.extend(with);
    topic.fails(OWNER_KEY, "post", &post, 1, "before the last settlement");
    let signatures = [2, 1].map(|i| topic.signature(i, &next, "302", &with));
    let mut post = Topic::submission(&next, "302", &[&signatures[0], &signatures[1]]);
    post.extend(with);
    let posted = topic.run(OWNER_KEY, "post", &post);
    assert_eq!(posted["settled_epoch"], 301);
    near(&posted["value"], &next.report["network_inference"]);
    let settlement = state.settlement("network-settlement-302.json", 302, ["-2.7", "-3.0"]);
    let settled = topic.prove("network-settled-302", "302", "settlement", &settlement, Some(&opening));
    let signatures = [1, 2].map(|i| topic.signature(i, &settled, "302", &[]));
    let done = topic.run(
        OWNER_KEY,
        "settle",
        &Topic::submission(&settled, "302", &[&signatures[0], &signatures[1]]),
    );
    assert_eq!(done["settled_before"], 301);

    // It ages.
    topic.chain.rpc("evm_increaseTime", &json!([1000]));
    topic.chain.rpc("evm_mine", &json!([]));
    topic.fails("", "read", &[], 1, "the topic allows 600 s");
    let old = topic.run("", "read", &["--any-age"]);
    assert_eq!((&old["value"], old.get("interval")), (&posted["value"], None));
    assert!(old["age_seconds"].as_u64() >= Some(1000));
}

#[test]
fn what_is_not_attested_or_not_true_is_refused() {
    let Some(chain) = Anvil::start(31337) else { return };
    let (topic, first) = begun(chain);
    let honest = members();
    let with = ["--members", &honest];
    let signatures = [0, 1].map(|i| topic.signature(i, &first, "301", &with));
    let refused = |epoch: &str, members: &str, signatures: &[&str], expected: &str| {
        let mut post = Topic::submission(&first, epoch, signatures);
        post.extend(["--members", members]);
        topic.fails(OWNER_KEY, "post", &post, 1, expected);
    };
    let [a, b] = [signatures[0].as_str(), signatures[1].as_str()];
    refused("301", &honest, &[a], "65 bytes of signatures where the threshold asks for 130");
    refused("301", &honest, &[a, a], "not in the ascending order");
    refused("302", &honest, &[a, b], "prove again with --context");
    // Other members than were signed, and others that were.
    let swapped = format!("{OWNER},{OTHER},-");
    refused("301", &swapped, &[a, b], "has posted the inference");
    let wrong = [0, 1].map(|i| topic.signature(i, &first, "301", &["--members", &swapped]));
    refused("301", &swapped, &[&wrong[0], &wrong[1]], "has posted the inference");
    refused("301", &honest, &[&wrong[0], b], "who is no signer");
    refused("301", &format!("{OTHER},{OWNER}"), &[a, b], "there are 2 members for 3 slots");
    refused("301", &format!("{OTHER},-,-"), &[a, b], "slot 1 has an inference and no member");
    let stranger = account(&attestor(OUTSIDER));
    refused("301", &format!("{OTHER},{stranger},-"), &[a, b], "has posted nothing");

    // What an attestor does not sign.
    let not = |i: u8, epoch: &str, members: &str, code: i32, expected: &str| {
        topic.no_attestation(i, &first, epoch, &["--members", members], code, expected);
    };
    not(OUTSIDER, "301", &honest, 1, "is no attestor of topic 1");
    not(0, "302", &honest, 1, "prove again with --context");
    not(0, "301", &format!("{OTHER},{OWNER}"), 2, "--members has 2 and the statement 3 slots");
    not(0, "301", &format!("{OTHER},-,-"), 1, "and no member: name its worker");
    not(0, "301", &format!("{OTHER},{OWNER},{OWNER}"), 1, "write - for it");
    not(0, "301", "0x12,-,-", 2, "an absent slot is -");
    topic.no_attestation(0, &first, "301", &[], 2, "--members has 0");
    let altered = Proven { proof: HOME.join("network-altered.proof"), report: Value::Null };
    std::fs::copy(first.beside("vk"), altered.beside("vk")).unwrap();
    topic.no_attestation(0, &altered, "301", &with, 1, "check failed");

    // A settlement is no network inference, and the other way round.
    let settlement = State::genesis().settlement("network-refused.json", 301, ["-3.1", "-3.4"]);
    let opening = first.beside("opening");
    let settled = topic.prove("network-refused", "301", "settlement", &settlement, Some(&opening));
    let settle = Topic::submission(&settled, "301", &[a, b]);
    topic.fails(OWNER_KEY, "settle", &settle, 1, "counts no proofs of key");
    topic.add_key("settlement", &settled);
    topic.fails(OWNER_KEY, "settle", &settle, 1, "who is no signer");
    let mut post = settle.clone();
    post.extend(with);
    topic.fails(OWNER_KEY, "post", &post, 1, "take it to `sumcast evm network settle`");
    let other = Topic::submission(&first, "301", &[a, b]);
    topic.fails(OWNER_KEY, "settle", &other, 1, "take it to `sumcast evm network post`");
    topic.no_attestation(0, &settled, "301", &with, 2, "a settlement has none");
    topic.fails(OWNER_KEY, "settle", &Topic::submission(&settled, "301", &["0x12"]), 2, "130 hexadecimal");
    topic.fails("", "read", &[], 1, "nothing was posted");

    // All that was wrong with it was what was said of it.
    let mut post = Topic::submission(&first, "301", &[b, a]);
    post.extend(with);
    topic.run(OWNER_KEY, "post", &post);
}

#[test]
fn a_deployment_goes_on_where_it_was_interrupted() {
    let Some(chain) = Anvil::start(31337) else { return };
    let signers = [0, 1].map(|i| account(&attestor(i)));
    let attestors = |threshold: &str| -> Vec<String> {
        let [a, b] = signers.each_ref().map(String::as_str);
        ["--attestor", a, "--attestor", b, "--threshold", threshold].map(String::from).into()
    };
    let deploy = |more: &[String]| -> Vec<String> {
        ["deploy".to_owned()].into_iter().chain(more.iter().cloned()).collect()
    };
    // Five are there when the sixth is refused.
    let run = chain.run(OWNER_KEY, &arguments(&deploy(&attestors("3"))));
    let said = run.json()["error"].as_str().unwrap().to_owned();
    assert_eq!(run.code, 1, "{said}");
    assert!(said.contains("a threshold of 3 is none for 2 signers"), "{said}");
    let there = |contract: &str| {
        let (_, rest) = said.split_once(&format!("{contract} is at ")).unwrap();
        rest.split('.').next().unwrap().to_owned()
    };
    let names = [
        ("--verifier", "SumcastVerifier"),
        ("--registry", "ModelRegistry"),
        ("--feed", "InferenceFeed"),
        ("--topics", "TopicFeed"),
    ];
    let given: Vec<String> =
        names.into_iter().flat_map(|(argument, name)| [argument.to_owned(), there(name)]).collect();
    let deployed = chain.json(OWNER_KEY, &arguments(&deploy(&[&given[..], &attestors("2")].concat())));
    assert_eq!(deployed["transactions"].as_array().unwrap().len(), 1);
    assert_eq!(deployed["topics"], given[7].to_lowercase());

    let usage = |more: &[&str], expected: &str| {
        let more: Vec<String> = more.iter().map(|argument| (*argument).to_owned()).collect();
        fails(&chain, OWNER_KEY, &deploy(&more), 2, expected);
    };
    usage(&["--attestor", &signers[0]], "--threshold");
    usage(&["--threshold", "1"], "--attestor");
    usage(&["--feed", OWNER], "--registry");
    usage(&["--topics", OWNER], "--feed");
}

#[test]
fn every_command_has_its_examples() {
    for name in ["create", "key", "genesis", "context", "attest", "post", "settle", "read"] {
        let help = sumcast(&[&"evm", &"network", &name, &"--help"]);
        let example = format!("Examples:\n  sumcast evm network {name} --rpc ");
        assert!(help.code == 0 && help.stdout.contains(&example), "{}", help.stdout);
    }
}
