//! Network inferences on a chain that anvil runs: a genesis, epochs and settlements that take one another's states, and
//! what is refused.

use super::anvil::{Anvil, OTHER, OTHER_KEY, OWNER, OWNER_KEY, text};
use super::{HOME, LINREG, bundled, json, sumcast, write};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::PathBuf;
use sumcast_contracts::client::private_key;

type Arguments<'a> = Vec<&'a dyn AsRef<OsStr>>;

/// Keys of the attestors, two of whom are enough, and of somebody else.
fn attestor(i: u8) -> String {
    format!("0x{}", hex::encode([i + 1; 32]))
}
const OUTSIDER: u8 = 8;

fn account(key: &str) -> String {
    private_key(key).unwrap().address().to_string()
}

/// The members in the order of their addresses; the third slot is nobody's.
fn members() -> String {
    format!("{OTHER},{OWNER},-")
}

/// The room of all keys of the topic.
const ROOM: [&str; 4] = ["--inferers", "3", "--forecasters", "1"];
const FORECASTER: &str = "0xfffffffffffffffffffffffffffffffffffffff0";

/// A topic with its workers and attestors.
struct Topic {
    chain: Anvil,
    registry: String,
    feed: String,
    topics: String,
}

/// What the network remembers: a synthesis and a settlement of one epoch have the same.
#[derive(Clone)]
struct State {
    /// Of both members, and of the forecaster.
    regrets: Value,
    naive_regrets: Value,
    loss: Value,
    scale: Value,
}

impl State {
    fn genesis() -> Self {
        let [other, owner] = [OTHER, OWNER].map(str::to_lowercase);
        Self {
            regrets: json!({ &other: "-0.564029182602293", &owner: "-1.2", FORECASTER: "-0.3" }),
            naive_regrets: json!({ &other: "0.317534531965887", &owner: "-0.246059598489941" }),
            loss: "-3.775970877774801".into(),
            scale: "0.9".into(),
        }
    }

    /// After what `settle` says.
    fn after(settled: &Value) -> Self {
        Self {
            regrets: settled["regrets"].clone(),
            naive_regrets: settled["naive_regrets"].clone(),
            loss: settled["losses"]["network"].clone(),
            scale: settled["regret_scale"].clone(),
        }
    }

    fn params(&self) -> Value {
        json!({
            "weight_function": "exp1_div_exp1",
            "regret_scale": { "stored": self.scale },
            "p_norm": "3",
            "c_norm": "0.75",
            "epsilon": "0.01",
            "epsilon_safe_div": "0.0000001",
            "alpha_regret": "0.1",
        })
    }

    /// An epoch of these inferences.
    fn epoch(&self, name: &str, number: u64, inferences: &[(String, Value)]) -> PathBuf {
        let inferers: Vec<Value> = inferences
            .iter()
            .map(|(address, inference)| {
                json!({
                    "address": address,
                    "inference": inference,
                    "regret": self.regrets[address],
                    "naive_regret": self.naive_regrets[address],
                })
            })
            .collect();
        let forecasts: Vec<Value> =
            inferences.iter().map(|(address, _)| json!({ "inferer": address, "loss": "-3.2" })).collect();
        let forecaster = json!({
            "address": FORECASTER, "regret": self.regrets[FORECASTER], "forecasts": forecasts,
        });
        let epoch = json!({
            "topic_id": 1,
            "nonce": number,
            "params": self.params(),
            "previous_network_loss": self.loss,
            "initial_regret": "-0.5",
            "inferers": inferers,
            "forecasters": [forecaster],
        });
        write(name, epoch.to_string())
    }

    /// A settlement of these losses of the network.
    fn settlement(&self, name: &str, number: u64, losses: [&str; 2]) -> PathBuf {
        let reports: Vec<Value> = losses
            .iter()
            .enumerate()
            .map(|(i, loss)| {
                let mut all = json!({ "network": loss, "naive": "-2.9" });
                for (j, worker) in self.regrets.as_object().unwrap().keys().enumerate() {
                    all[worker] = format!("-{}.{i}", j + 2).into();
                }
                json!({ "reputer": format!("reputer{i}"), "stake": format!("{}00", i + 1), "losses": all })
            })
            .collect();
        let settlement = json!({
            "topic_id": 1,
            "nonce": number,
            "params": self.params(),
            "previous_network_loss": self.loss,
            "initial_regret": "-0.5",
            "regrets": self.regrets,
            "naive_regrets": self.naive_regrets,
            "forecasters": [FORECASTER],
            "reports": reports,
        });
        write(name, settlement.to_string())
    }
}

/// A proof, its files and what was said of it.
struct Proven {
    proof: PathBuf,
    report: Value,
}

impl Proven {
    fn beside(&self, what: &str) -> PathBuf {
        self.proof.with_extension(format!("proof.{what}"))
    }
}

impl Topic {
    /// Contracts, workers whose models count, and a topic without keys and genesis.
    fn new(chain: Anvil) -> Self {
        let signers: Vec<String> = (0..3).map(|i| account(&attestor(i))).collect();
        let mut deploy: Arguments<'_> = vec![&"deploy", &"--threshold", &"2"];
        signers.iter().for_each(|signer| deploy.extend([&"--attestor" as &dyn AsRef<OsStr>, signer]));
        let deployed = chain.json(OWNER_KEY, &deploy);
        let names: Vec<&str> =
            deployed["transactions"].as_array().unwrap().iter().map(|done| text(done, "contract")).collect();
        assert_eq!(names[2..], ["InferenceFeed", "TopicFeed", "Attestors"]);
        let [registry, feed, topics, source] =
            ["registry", "feed", "topics", "attestors"].map(|name| text(&deployed, name).to_owned());

        chain.json(OWNER_KEY, &[&"register", &"--registry", &registry, &"--vk", &LINREG.vk()]);
        chain.json(OWNER_KEY, &[&"topic", &"--feed", &feed, &"--max-age", &"600"]);
        chain.json(OWNER_KEY, &[&"accept", &"--feed", &feed, &"--topic", &"1", &"--vk", &LINREG.vk()]);
        let create = |inference_topic: &str, source: &str| -> Vec<String> {
            let of = ["--inference-topic", inference_topic, "--source", source];
            ["network", "create", "--topics", &topics, "--max-age", "600", "--min-epoch", "300"]
                .iter()
                .chain(&of)
                .map(|argument| (*argument).to_owned())
                .collect()
        };
        fails(&chain, OWNER_KEY, &create("2", &source), 1, "the workers' feed has no topic 2");
        fails(&chain, OWNER_KEY, &create("1", OTHER), 1, "there is no contract at 0x70997970");
        let created = chain.json(OWNER_KEY, &arguments(&create("1", &source)));
        assert_eq!((text(&created, "topic"), text(&created, "owner")), ("1", &*OWNER.to_lowercase()));
        Self { chain, registry, feed, topics }
    }

    /// The members post what the model infers, each of another input.
    fn infer(&self, epoch: u64) -> Vec<(String, Value)> {
        let inputs = bundled("linreg", "inputs.json");
        let members = [(OTHER, OTHER_KEY), (OWNER, OWNER_KEY)].into_iter().enumerate();
        let post = |(i, (worker, key)): (usize, (&str, &str))| {
            let proof = HOME.join(format!("network-{epoch}-{i}.proof"));
            let place = [
                "--feed".to_owned(),
                self.feed.clone(),
                "--topic".into(),
                "1".into(),
                "--epoch".into(),
                epoch.to_string(),
                "--worker".into(),
                worker.into(),
            ];
            let mut context: Arguments<'_> = vec![&"context"];
            context.extend(arguments(&place));
            let context = self.chain.json("", &context);
            json(&[
                &"prove",
                &LINREG.dir,
                &"--input",
                &inputs,
                &"--index",
                &(epoch as usize % 7 + i).to_string(),
                &"--context",
                &text(&context, "context"),
                &"-o",
                &proof,
            ]);
            let mut submit: Arguments<'_> = vec![&"submit"];
            submit.extend(arguments(&place));
            submit.push(&proof);
            (worker.to_lowercase(), self.chain.json(key, &submit)["values"][0].clone())
        };
        members.map(post).collect()
    }

    /// A command of the topic.
    fn command(&self, name: &str, more: &[&str]) -> Vec<String> {
        let own = ["network", name, "--topics", &self.topics, "--topic", "1"];
        own.iter().chain(more).map(|argument| (*argument).to_owned()).collect()
    }

    fn run(&self, key: &str, name: &str, more: &[&str]) -> Value {
        self.chain.json(key, &arguments(&self.command(name, more)))
    }

    fn fails(&self, key: &str, name: &str, more: &[&str], code: i32, expected: &str) {
        fails(&self.chain, key, &self.command(name, more), code, expected);
    }

    /// A proof by `synthesize` or `settle` for an epoch of the topic, of the state that an opening has.
    fn prove(&self, name: &str, epoch: &str, kind: &str, file: &PathBuf, state: Option<&PathBuf>) -> Proven {
        let proof = HOME.join(format!("{name}.proof"));
        let context = self.run("", "context", &["--epoch", epoch, "--kind", kind]);
        let command = if kind == "synthesis" { "synthesize" } else { "settle" };
        let context = text(&context, "context").to_owned();
        let mut all: Arguments<'_> = vec![&command, file, &"--prove", &"-o", &proof, &"--context", &context];
        all.extend(ROOM.iter().map(|argument| argument as &dyn AsRef<OsStr>));
        if let Some(state) = state {
            all.extend([&"--state" as &dyn AsRef<OsStr>, state]);
        }
        let report = json(&all);
        Proven { proof, report }
    }

    /// Registers the key of a proof, and has the topic count its proofs.
    fn add_key(&self, kind: &str, proven: &Proven) {
        let vk = proven.beside("vk");
        let key = ["--kind", kind, "--vk", vk.to_str().unwrap()];
        self.fails(OWNER_KEY, "key", &key, 1, "is not registered");
        self.chain.json(OWNER_KEY, &[&"register", &"--registry", &self.registry, &"--vk", &vk]);
        self.fails(OTHER_KEY, "key", &key, 1, "does not own topic 1");
        let other = if kind == "synthesis" { "settlement" } else { "synthesis" };
        let other = ["--kind", other, "--vk", vk.to_str().unwrap()];
        self.fails(OWNER_KEY, "key", &other, 1, "it is of the other kind");
        assert_eq!(self.run(OWNER_KEY, "key", &key)["was_added"], false);
        let again = self.run(OWNER_KEY, "key", &key);
        assert_eq!((&again["was_added"], again.get("transaction")), (&true.into(), None));
    }

    /// What attestors sign a proof with.
    fn signing(proven: &Proven, epoch: &str, more: &[&str]) -> Vec<String> {
        let vk = proven.beside("vk");
        let all = ["--epoch", epoch, "--vk", vk.to_str().unwrap(), proven.proof.to_str().unwrap()];
        all.iter().chain(more).map(|argument| (*argument).to_owned()).collect()
    }

    fn attest(&self, i: u8, proven: &Proven, epoch: &str, more: &[&str]) -> Value {
        let all = Self::signing(proven, epoch, more);
        self.run(&attestor(i), "attest", &all.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn signature(&self, i: u8, proven: &Proven, epoch: &str, more: &[&str]) -> String {
        text(&self.attest(i, proven, epoch, more), "signature").to_owned()
    }

    fn no_attestation(&self, i: u8, proven: &Proven, epoch: &str, more: &[&str], code: i32, expected: &str) {
        let all = Self::signing(proven, epoch, more);
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        self.fails(&attestor(i), "attest", &all, code, expected);
    }

    /// The arguments of `post`, or of `settle`, without the network's members.
    fn submission<'a>(proven: &'a Proven, epoch: &'a str, signatures: &[&'a str]) -> Vec<&'a str> {
        let mut all = vec!["--epoch", epoch, proven.proof.to_str().unwrap()];
        signatures.iter().for_each(|signature| all.extend(["--signature", signature]));
        all
    }
}

fn arguments(all: &[String]) -> Arguments<'_> {
    all.iter().map(|argument| argument as &dyn AsRef<OsStr>).collect()
}

fn fails(chain: &Anvil, key: &str, all: &[String], code: i32, expected: &str) {
    chain.fails(key, &arguments(all), code, expected);
}

fn near(found: &Value, expected: &Value) {
    let [found, expected] = [found, expected].map(|v| v.as_str().unwrap().parse::<f64>().unwrap());
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
}

/// A topic whose first epoch is proven, with its key and its genesis.
fn begun(chain: Anvil) -> (Topic, Proven) {
    let topic = Topic::new(chain);
    let inferences = topic.infer(301);
    let epoch = State::genesis().epoch("network-301.json", 301, &inferences);
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
