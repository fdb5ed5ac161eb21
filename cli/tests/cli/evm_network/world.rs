//! A topic on a chain: its workers, its attestors, its states, and the commands of both.

use crate::anvil::{Anvil, OTHER, OTHER_KEY, OWNER, OWNER_KEY, text};
use crate::{HOME, LINREG, bundled, json, write};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use sumcast_contracts::client::private_key;

pub(crate) type Arguments<'a> = Vec<&'a dyn AsRef<OsStr>>;

/// Keys of the attestors, two of whom are enough, and of somebody else.
pub(crate) fn attestor(i: u8) -> String {
    format!("0x{}", hex::encode([i + 1; 32]))
}
pub(crate) const OUTSIDER: u8 = 8;

pub(crate) fn account(key: &str) -> String {
    private_key(key).unwrap().address().to_string()
}

/// The members in the order of their addresses; the third slot is nobody's.
pub(crate) fn members() -> String {
    format!("{OTHER},{OWNER},-")
}

/// The room of all keys of the topic.
const ROOM: [&str; 4] = ["--inferers", "3", "--forecasters", "1"];
const FORECASTER: &str = "0xfffffffffffffffffffffffffffffffffffffff0";

/// A topic with its workers and attestors.
pub(crate) struct Topic {
    pub(crate) chain: Anvil,
    registry: String,
    pub(crate) feed: String,
    pub(crate) topics: String,
}

/// What the network remembers: a synthesis and a settlement of one epoch have the same.
#[derive(Clone)]
pub(crate) struct State {
    /// Of both members, and of the forecaster.
    regrets: Value,
    naive_regrets: Value,
    loss: Value,
    scale: Value,
}

impl State {
    pub(crate) fn genesis() -> Self {
        let [other, owner] = [OTHER, OWNER].map(str::to_lowercase);
        Self {
            regrets: json!({ &other: "-0.564029182602293", &owner: "-1.2", FORECASTER: "-0.3" }),
            naive_regrets: json!({ &other: "0.317534531965887", &owner: "-0.246059598489941" }),
            loss: "-3.775970877774801".into(),
            scale: "0.9".into(),
        }
    }

    /// After what `settle` says.
    pub(crate) fn after(settled: &Value) -> Self {
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
    pub(crate) fn epoch(&self, name: &str, number: u64, inferences: &[(String, Value)]) -> PathBuf {
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
    pub(crate) fn settlement(&self, name: &str, number: u64, losses: [&str; 2]) -> PathBuf {
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
pub(crate) struct Proven {
    pub(crate) proof: PathBuf,
    pub(crate) report: Value,
}

impl Proven {
    pub(crate) fn beside(&self, what: &str) -> PathBuf {
        self.proof.with_extension(format!("proof.{what}"))
    }
}

impl Topic {
    /// Contracts, workers whose models count, and a topic without keys and genesis.
    pub(crate) fn new(chain: Anvil) -> Self {
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

    /// The name of a file of this topic alone, where another test has one of the same name.
    pub(crate) fn own(&self, name: &str) -> String {
        format!("{}-{name}", self.chain.url().rsplit(':').next().unwrap())
    }

    /// The members post what the model infers, each of another input.
    pub(crate) fn infer(&self, epoch: u64) -> Vec<(String, Value)> {
        let inputs = bundled("linreg", "inputs.json");
        let members = [(OTHER, OTHER_KEY), (OWNER, OWNER_KEY)].into_iter().enumerate();
        let post = |(i, (worker, key)): (usize, (&str, &str))| {
            let proof = HOME.join(self.own(&format!("network-{epoch}-{i}.proof")));
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

    pub(crate) fn run(&self, key: &str, name: &str, more: &[&str]) -> Value {
        self.chain.json(key, &arguments(&self.command(name, more)))
    }

    pub(crate) fn fails(&self, key: &str, name: &str, more: &[&str], code: i32, expected: &str) {
        fails(&self.chain, key, &self.command(name, more), code, expected);
    }

    /// A proof by `synthesize` or `settle` for an epoch of the topic, of the state that an opening has.
    pub(crate) fn prove(
        &self,
        name: &str,
        epoch: &str,
        kind: &str,
        file: &Path,
        state: Option<&Path>,
    ) -> Proven {
        let proof = HOME.join(self.own(&format!("{name}.proof")));
        let context = self.run("", "context", &["--epoch", epoch, "--kind", kind]);
        let command = if kind == "synthesis" { "synthesize" } else { "settle" };
        let context = text(&context, "context").to_owned();
        let mut all: Arguments<'_> = vec![&command, &file, &"--prove", &"-o", &proof, &"--context", &context];
        all.extend(ROOM.iter().map(|argument| argument as &dyn AsRef<OsStr>));
        if let Some(state) = &state {
            all.extend([&"--state" as &dyn AsRef<OsStr>, state]);
        }
        let report = json(&all);
        Proven { proof, report }
    }

    /// Registers the key of a proof, and has the topic count its proofs.
    pub(crate) fn add_key(&self, kind: &str, proven: &Proven) {
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

    pub(crate) fn attest(&self, i: u8, proven: &Proven, epoch: &str, more: &[&str]) -> Value {
        let all = Self::signing(proven, epoch, more);
        self.run(&attestor(i), "attest", &all.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub(crate) fn signature(&self, i: u8, proven: &Proven, epoch: &str, more: &[&str]) -> String {
        text(&self.attest(i, proven, epoch, more), "signature").to_owned()
    }

    pub(crate) fn no_attestation(
        &self,
        i: u8,
        proven: &Proven,
        epoch: &str,
        more: &[&str],
        code: i32,
        expected: &str,
    ) {
        let all = Self::signing(proven, epoch, more);
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        self.fails(&attestor(i), "attest", &all, code, expected);
    }

    /// The arguments of `post`, or of `settle`, without the network's members.
    pub(crate) fn submission<'a>(proven: &'a Proven, epoch: &'a str, signatures: &[&'a str]) -> Vec<&'a str> {
        let mut all = vec!["--epoch", epoch, proven.proof.to_str().unwrap()];
        signatures.iter().for_each(|signature| all.extend(["--signature", signature]));
        all
    }
}

pub(crate) fn arguments(all: &[String]) -> Arguments<'_> {
    all.iter().map(|argument| argument as &dyn AsRef<OsStr>).collect()
}

pub(crate) fn fails(chain: &Anvil, key: &str, all: &[String], code: i32, expected: &str) {
    chain.fails(key, &arguments(all), code, expected);
}

pub(crate) fn near(found: &Value, expected: &Value) {
    let [found, expected] = [found, expected].map(|v| v.as_str().unwrap().parse::<f64>().unwrap());
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
}
