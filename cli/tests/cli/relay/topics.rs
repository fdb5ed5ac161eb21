//! Network inferences and settlements: from a request, by the signatures of attestors, to a `TopicFeed`.

use super::node::{Node, Way};
use super::{PLENTY, Relayer, post, until};
use crate::anvil::{Anvil, OTHER, OWNER, text};
use crate::evm_network::world::{OUTSIDER, Proven, State, Topic, attestor, members, near};
use crate::serve::Serving;
use crate::{HOME, command, write};
use serde_json::{Value, json};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use sumcast_contracts::alloy_primitives::B256;
use sumcast_contracts::attest;
use sumcast_contracts::client::private_key;

/// The account that posts, which is neither a worker nor an attestor nor an owner: another one of anvil's.
const RELAYER: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const RELAYER_KEY: &str = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a";

const ROOM: &str = "inferers=3&forecasters=1";

/// A service, and a chain with a topic of network inferences.
struct Network {
    topic: Topic,
    node: Node,
    service: Serving,
    name: &'static str,
    data: PathBuf,
    config: PathBuf,
}

impl Network {
    /// None where there is no anvil and none is required.
    fn begin(name: &'static str) -> Option<Self> {
        let topic = Topic::new(Anvil::start(31337)?);
        let node = Node::before(&topic.chain.url());
        let settings = format!(
            "[chains.local]\nrpc = \"http://{}\"\nchain_id = 31337\nfeed = \"{}\"\ntopics = \"{}\"\n\
             worker = \"{RELAYER}\"\nconfirmations = 0\nmax_fee_gwei = 1000\nspend_wei_per_day = \"{PLENTY}\"\n",
            node.at, topic.feed, topic.topics
        );
        let (data, config) = (HOME.join(name), write(&format!("{name}.toml"), settings));
        let service = Serving::with(&[&"--data", &data, &"--config", &config]);
        Some(Self { topic, node, service, name, data, config })
    }

    fn relay(&self) -> Relayer {
        let log = File::options().create(true).append(true).open(HOME.join(format!("{}.log", self.name)));
        let mut command = command(&[&"relay", &"--data", &self.data, &"--config", &self.config]);
        command.env("SUMCAST_RELAY_KEY_LOCAL", RELAYER_KEY);
        Relayer(command.stdout(Stdio::null()).stderr(log.unwrap()).spawn().unwrap())
    }

    /// What the service answers to a request for a proof of an epoch.
    fn request(&self, kind: &str, query: &str, file: &Path) -> Value {
        let body = std::fs::read(file).unwrap();
        let head = format!("POST /v1/{kind}?{ROOM}{query}");
        serde_json::from_slice(&self.service.ask(&head, "application/json", &body)).unwrap()
    }

    /// A job of a request, at its end.
    fn done(&self, job: &Value) -> Value {
        let job = self.service.end(&format!("/v1/jobs/{}", text(job, "id")));
        assert_eq!(job["state"], "done", "{job}");
        job
    }

    /// Asks for a proof that is to be posted: its job, and the id of the post.
    fn ask(&self, kind: &str, epoch: u64, more: &str, file: &Path) -> (Value, String) {
        let job = self.request(kind, &format!("&{}{more}", place(epoch)), file);
        let posts = self.service.json("GET /v1/posts", &Value::Null);
        let post = posts["posts"].as_array().unwrap().iter().find(|post| post["job"] == job["id"]);
        let post = post.unwrap_or_else(|| panic!("{job}: {posts}"));
        (job, text(post, "id").to_owned())
    }

    fn until_state(&self, id: &str, state: &str) -> Value {
        until(&self.service, id, |post| post["state"] == state)
    }

    fn until_error(&self, id: &str, words: &str) -> Value {
        until(&self.service, id, |post| post["error"].as_str().is_some_and(|error| error.contains(words)))
    }

    /// The files of a proof, as an attestor has them from the service at this address.
    fn files(&self, name: &str, at: &str, report: Value) -> Proven {
        let proof = HOME.join(format!("{}-{name}.proof", self.name));
        for (file, path) in [("proof", proof.clone()), ("vk", proof.with_extension("proof.vk"))] {
            let bytes = self.service.ask(&format!("GET {at}/files/{file}"), "", b"");
            std::fs::write(path, bytes).unwrap();
        }
        Proven { proof, report }
    }

    /// The key and the first state of the topic, from proofs that are posted nowhere: the job that has the state.
    fn genesis(&self, epoch: &Path) -> String {
        let job = self.done(&self.request("syntheses", "", epoch));
        let first = self.files("first", &format!("/v1/jobs/{}", text(&job, "id")), Value::Null);
        self.topic.add_key("synthesis", &first);
        let (vk, proof) = (first.beside("vk"), first.proof.to_str().unwrap());
        self.topic.run(crate::anvil::OWNER_KEY, "genesis", &["--vk", vk.to_str().unwrap(), proof]);
        text(&job, "id").to_owned()
    }

    fn to_sign(&self, id: &str) -> Value {
        self.service.json(&format!("GET /v1/posts/{id}/attestation"), &Value::Null)
    }

    /// Gives a signature for a post.
    fn give(&self, id: &str, signature: &str) -> Value {
        let path = format!("POST /v1/posts/{id}/signatures");
        self.service.json(&path, &json!({ "signature": signature }))
    }

    /// Two attestors look at the proof of a post, and sign.
    fn sign(&self, id: &str, epoch: u64, attestors: [u8; 2], more: &[&str]) -> String {
        self.until_error(id, "0 of 2 attestors have signed it");
        let proven = self.files(id, &format!("/v1/posts/{id}"), Value::Null);
        let epoch = epoch.to_string();
        let first = self.topic.signature(attestors[0], &proven, &epoch, more);
        let given = self.give(id, &first);
        assert_eq!(given["signed"].as_array().map(Vec::len), Some(1), "{given}");
        self.until_error(id, "1 of 2 attestors have signed it");
        let second = self.topic.signature(attestors[1], &proven, &epoch, more);
        let given = self.give(id, &second);
        assert_eq!(given["signed"].as_array().map(Vec::len), Some(2), "{given}");
        first
    }

    /// How often something was posted to the topic for an epoch.
    fn events(&self, epoch: u64) -> usize {
        let (topic, epoch) = (format!("0x{:064x}", 1), format!("0x{epoch:064x}"));
        let at = &self.topic.topics;
        let filter = json!([{"address": at, "fromBlock": "0x0", "topics": [null, topic, epoch]}]);
        self.topic.chain.rpc("eth_getLogs", &filter).as_array().unwrap().len()
    }

    /// The transactions of the relayer that are in blocks.
    fn relayed(&self) -> u64 {
        let count = self.topic.chain.rpc("eth_getTransactionCount", &json!([RELAYER, "latest"]));
        u64::from_str_radix(count.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    }
}

/// Where a proof is to be posted, as a query says it.
fn place(epoch: u64) -> String {
    format!("post.chain=local&post.topic=1&post.epoch={epoch}")
}

/// The signature of a key over whatever it may be.
fn signature(key: u8, attestation: &Value) -> String {
    let signer = private_key(&attestor(key)).unwrap();
    let attestation: B256 = attestation.as_str().unwrap().parse().unwrap();
    format!("0x{}", hex::encode(attest([&signer], attestation).unwrap()))
}

#[test]
fn a_network_inference_is_on_chain_without_a_further_command() {
    let Some(network) = Network::begin("relay-network") else { return };
    let (topic, members) = (&network.topic, members());
    let relayer = network.relay();
    let inferences = topic.infer(301);
    let epoch = State::genesis().epoch("relay-network-301.json", 301, &inferences);
    let genesis = network.genesis(&epoch);
    let losses = State::genesis().settlement("relay-settlement-301.json", 301, ["-3.1", "-3.4"]);
    let first = network.request("settlements", &format!("&state={genesis}"), &losses);
    let first = format!("/v1/jobs/{}", text(&network.done(&first), "id"));
    topic.add_key("settlement", &network.files("settlement", &first, Value::Null));

    // Two attestors sign what the service has proven, and the relayer does the rest.
    let with = format!("&state={genesis}&post.members={members}");
    let (job, id) = network.ask("syntheses", 301, &with, &epoch);
    let waiting = network.until_error(&id, "0 of 2 attestors have signed it");
    assert_eq!(
        (&waiting["state"], &waiting["kind"], waiting.get("worker")),
        (&json!("waiting"), &json!("synthesis"), None)
    );
    let to_sign = network.to_sign(&id);
    let all = network.service.json("GET /v1/attestations", &Value::Null);
    assert_eq!(all, json!({ "attestations": [to_sign] }));
    assert_eq!(to_sign["members"], json!([OTHER, OWNER, "-"]));
    assert_eq!((&to_sign["settled_epoch"], &to_sign["threshold"]), (&json!(0), &json!(2)));
    assert_eq!((to_sign["signers"].as_array().unwrap().len(), &to_sign["signed"]), (3, &json!([])));
    let signed = network.sign(&id, 301, [2, 0], &["--members", &members]);
    let posted = network.until_state(&id, "confirmed");
    assert_eq!((&posted["attempts"], network.events(301)), (&json!(1), 1), "{posted}");
    assert!(posted["gas_used"].as_u64().unwrap() > 300_000, "{posted}");
    let outcome = network.done(&job)["result"]["outcome"].clone();
    let read = topic.run("", "read", &[]);
    assert_eq!((&read["epoch"], &read["settled_epoch"]), (&json!(301), &json!(0)));
    near(&read["value"], &outcome["network_inference"]);
    for i in 0..5 {
        near(&read["interval"][i]["value"], &outcome["confidence"]["values"][i]);
    }
    let late = network.give(&id, &signed);
    assert_eq!(late["status"], 409, "{late}");
    // Once only, of each kind.
    let again = network.request("syntheses", &format!("{with}&{}", place(301)), &epoch);
    assert_eq!(again["status"], 409);
    assert!(text(&again, "detail").contains("the synthesis of epoch 301 of topic 1"), "{again}");

    // Its settlement, with a relayer that is killed between record and send.
    let state = format!("&state={}", text(&job, "id"));
    let (job, id) = network.ask("settlements", 301, &state, &losses);
    network.until_error(&id, "0 of 2");
    network.node.set(Way::Before("eth_sendRawTransaction"));
    network.sign(&id, 301, [1, 2], &[]);
    network.node.wait_for_cut();
    relayer.kill();
    let left = post(&network.service, &id);
    assert_eq!((&left["state"], &left["attempts"]), (&json!("sent"), &json!(1)), "{left}");
    network.node.set(Way::Open);
    let _relayer = network.relay();
    let settled = network.until_state(&id, "confirmed");
    assert_eq!((&settled["transaction"], &settled["attempts"]), (&left["transaction"], &json!(1)));
    assert_eq!((network.events(301), network.relayed()), (2, 2));
    assert_eq!(topic.run("", "read", &[])["settled_epoch"], 301);

    // The next epoch goes on from there, asked for together with its settlement.
    let inferences = topic.infer(302);
    let state = State::after(&network.done(&job)["result"]["outcome"]);
    let epoch = state.epoch("relay-network-302.json", 302, &inferences);
    let losses = state.settlement("relay-settlement-302.json", 302, ["-2.7", "-3.0"]);
    let from = format!("&state={}", text(&job, "id"));
    let (settlement, next) = network.ask("settlements", 302, &from, &losses);
    let (job, id) = network.ask("syntheses", 302, &format!("{from}&post.members={members}"), &epoch);
    network.done(&settlement);
    network.until_error(&id, "0 of 2");
    assert_eq!(network.to_sign(&id)["settled_epoch"], 301);
    assert_eq!(network.to_sign(&next)["status"], 409);
    network.sign(&id, 302, [0, 1], &["--members", &members]);
    network.until_state(&id, "confirmed");
    let read = topic.run("", "read", &[]);
    assert_eq!((&read["epoch"], &read["settled_epoch"]), (&json!(302), &json!(301)));
    near(&read["value"], &network.done(&job)["result"]["outcome"]["network_inference"]);
    network.sign(&next, 302, [0, 2], &[]);
    network.until_state(&next, "confirmed");
    assert_eq!((network.events(302), network.relayed()), (2, 4));
}

#[test]
fn what_is_not_attested_or_not_true_is_not_posted() {
    let Some(network) = Network::begin("relay-unattested") else { return };
    let (topic, members) = (&network.topic, members());
    let _relayer = network.relay();
    let inferences = topic.infer(300);
    let epoch = State::genesis().epoch("relay-unattested.json", 301, &inferences);
    let job = network.done(&network.request("syntheses", "", &epoch));
    let with = format!("&state={}&post.members={members}", text(&job, "id"));

    // Without a key that the topic counts, and without a genesis.
    let (_, id) = network.ask("syntheses", 301, &with, &epoch);
    let refused = network.until_state(&id, "refused");
    assert!(text(&refused, "error").contains("does not count proofs of a synthesis"), "{refused}");
    let genesis = network.genesis(&epoch);
    assert_eq!(network.service.json(&format!("POST /v1/posts/{id}/retry"), &json!({}))["state"], "waiting");
    let refused = network.until_state(&id, "refused");
    assert!(text(&refused, "error").contains("another state than the topic's"), "{refused}");

    // Of the topic's state, for an epoch that its members have not come to.
    let with = |members: &str| format!("&state={genesis}&post.members={members}");
    assert_eq!(network.ask("syntheses", 301, &with(&members), &epoch).1, id);
    let held = network.until_error(&id, "the last inference that");
    assert!(text(&held, "error").contains("is of epoch 300"), "{held}");
    assert_eq!(network.to_sign(&id)["status"], 409);
    let withdrawn = network.service.json(&format!("DELETE /v1/posts/{id}"), &Value::Null);
    assert_eq!((&withdrawn["state"], &withdrawn["error"]), (&json!("refused"), &json!("it was withdrawn")));

    // Others than those whose inferences these are.
    let inferences = topic.infer(301);
    let epoch = State::genesis().epoch("relay-unattested.json", 301, &inferences);
    assert_eq!(network.ask("syntheses", 301, &with(&format!("{OWNER},{OTHER},-")), &epoch).1, id);
    let refused = network.until_state(&id, "refused");
    assert!(text(&refused, "error").contains("has posted the inference"), "{refused}");

    // Signatures of others, or of something else.
    assert_eq!(network.ask("syntheses", 301, &with(&members), &epoch).1, id);
    network.until_error(&id, "0 of 2 attestors have signed it");
    let to_sign = network.to_sign(&id)["attestation"].clone();
    let other = json!(format!("0x{}", "11".repeat(32)));
    let good = signature(0, &to_sign);
    let mut high = good.clone();
    high.replace_range(66..130, &"f".repeat(64));
    for (wrong, sentence) in [
        (signature(OUTSIDER, &to_sign), "who is no signer of the attestors"),
        (signature(1, &other), "something else was signed"),
        (high, "signature is none"),
        (format!("{}00", &good[..130]), "signature is none"),
        (good[..130].into(), "signature has 130 hexadecimal digits"),
        (String::new(), "signature has 130 hexadecimal digits"),
    ] {
        let problem = network.give(&id, &wrong);
        assert_eq!(problem["status"], 422, "{problem}");
        assert!(text(&problem, "detail").contains(sentence), "{problem}");
    }
    // The same one twice is one.
    for _ in 0..2 {
        assert_eq!(network.give(&id, &good)["signed"].as_array().unwrap().len(), 1);
    }
    network.until_error(&id, "1 of 2 attestors have signed it");
    assert_eq!(network.relayed(), 0);

    // Somebody else posts it.
    let proven = network.files("other", &format!("/v1/posts/{id}"), Value::Null);
    let second = signature(2, &to_sign);
    let mut submission = Topic::submission(&proven, "301", &[&good, &second]);
    submission.extend(["--members", &members]);
    topic.run(crate::anvil::OTHER_KEY, "post", &submission);
    let posted = network.until_state(&id, "confirmed");
    assert!(posted.get("transaction").is_none(), "{posted}");
    assert_eq!((network.events(301), network.relayed()), (1, 0));

    // What a request may not ask for names the field.
    let wrong = |query: &str, sentence: &str| {
        let problem = network.request("syntheses", query, &epoch);
        assert_eq!(problem["status"], 422, "{problem}");
        assert!(text(&problem, "detail").contains(sentence), "{problem}");
    };
    wrong("&post.chain=local", "given together");
    wrong(&format!("&post.members={members}"), "given together");
    wrong(&format!("&{}", place(302)), "post.members has 0, and there are 3 slots");
    wrong(
        &format!("&{}&post.members={OTHER},{OWNER},{RELAYER}", place(302)),
        "slot 2, which has no inference",
    );
    wrong(&format!("&{}&post.members={OTHER},-,-", place(302)), "no address for slot 1");
    wrong(&format!("&{}&post.members={OTHER},0x12,-", place(302)), "post.members has \"0x12\"");
    wrong(&format!("&{}&context={}", place(302), "00".repeat(32)), "context is that of the place");
    wrong("&post.chain=other&post.topic=1&post.epoch=302", "post.chain is \"other\"");
    wrong("&post.chain=local&post.topic=1&post.epoch=0", "post.epoch is 0");
    let losses = State::genesis().settlement("relay-unattested-settlement.json", 301, ["-3.1", "-3.4"]);
    let problem = network.request("settlements", &format!("&{}&post.members=-", place(302)), &losses);
    assert!(text(&problem, "detail").contains("a settlement has none"), "{problem}");
    assert_eq!(network.service.json("GET /v1/posts", &Value::Null)["posts"].as_array().unwrap().len(), 1);
}
