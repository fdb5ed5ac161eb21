//! The relayer as a process, beside a service and a chain that anvil runs.

mod killed;
mod limits;
mod node;
mod others;
mod posts;
mod topics;

use super::anvil::{Anvil, OWNER, OWNER_KEY, text};
use super::serve::Serving;
use super::{HOME, LINREG, command, write};
use node::Node;
use serde_json::{Value, json};
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// What a relayer may spend in a test that is of something else.
const PLENTY: &str = "1000000000000000000";

/// A service with a model, and a chain with a feed whose topic 1 accepts the model.
struct Site {
    chain: Anvil,
    /// The relayer's way to the chain.
    node: Node,
    service: Serving,
    name: &'static str,
    data: PathBuf,
    feed: String,
    model: String,
    /// Transactions that the account has sent before the relayer.
    before: u64,
    confirmations: u64,
}

/// A relayer that runs.
struct Relayer(Child);

impl Site {
    /// None where there is no anvil and none is required.
    fn begin(name: &'static str, confirmations: u64) -> Option<Self> {
        let chain = Anvil::start(31337)?;
        let node = Node::before(&chain.url());
        let deployed = chain.json(OWNER_KEY, &[&"deploy"]);
        let [registry, feed] = ["registry", "feed"].map(|name| text(&deployed, name).to_owned());
        let data = HOME.join(name);
        let config = settings(name, &node, &feed, confirmations, PLENTY);
        let service = Serving::with(&[&"--data", &data, &"--config", &config]);
        let model = service.upload();
        assert_eq!(service.end(&format!("/v1/jobs/{model}"))["state"], "done");
        let vk = service.ask(&format!("GET /v1/jobs/{model}/files/vk"), "", b"");
        let vk = write(&format!("{name}.vk"), vk);
        chain.json(OWNER_KEY, &[&"register", &"--registry", &registry, &"--vk", &vk]);
        let mut site = Self { chain, node, service, name, data, feed, model, before: 0, confirmations };
        site.accept("1");
        site.before = site.sent();
        Some(site)
    }

    /// Creates a topic, and lets it accept the model.
    fn accept(&self, topic: &str) {
        let created = self.chain.json(OWNER_KEY, &[&"topic", &"--feed", &self.feed, &"--max-age", &"600"]);
        assert_eq!(text(&created, "topic"), topic);
        let vk = HOME.join(format!("{}.vk", self.name));
        self.chain.json(OWNER_KEY, &[&"accept", &"--feed", &self.feed, &"--topic", &topic, &"--vk", &vk]);
    }

    fn command(&self, spend: &str) -> Command {
        let config = settings(self.name, &self.node, &self.feed, self.confirmations, spend);
        let mut command = command(&[&"relay", &"--data", &self.data, &"--config", &config]);
        command.env("SUMCAST_RELAY_KEY_LOCAL", OWNER_KEY).env("SUMCAST_RELAY_KEY_DEAD", OWNER_KEY);
        command
    }

    /// A relayer that may spend so much.
    fn relay_within(&self, spend: &str) -> Relayer {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        Relayer(self.command(spend).stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    /// What the relayers have said.
    fn log(&self) -> PathBuf {
        HOME.join(format!("{}.log", self.name))
    }

    /// Tells a relayer to end, and waits.
    fn end(&self, mut relayer: Relayer) {
        let told = Command::new("kill").args(["-TERM", &relayer.0.id().to_string()]).status().unwrap();
        assert!(told.success());
        let ended = relayer.0.wait().unwrap();
        assert!(ended.success(), "{ended}: {}", std::fs::read_to_string(self.log()).unwrap());
    }

    fn relay(&self) -> Relayer {
        self.relay_within(PLENTY)
    }

    /// What the service answers to a request for a proof that is to be posted.
    fn request(&self, chain: &str, topic: &str, epoch: u64) -> Value {
        let inputs: Value = serde_json::from_slice(&std::fs::read(LINREG.inputs()).unwrap()).unwrap();
        let post = json!({"chain": chain, "topic": topic, "epoch": epoch});
        let body = json!({"model": self.model, "input": inputs["inputs"][0], "post": post});
        self.service.json("POST /v1/proofs", &body)
    }

    /// Asks for a proof that is to be posted: the id of the post.
    fn ask(&self, topic: &str, epoch: u64) -> String {
        self.ask_on("local", topic, epoch)
    }

    fn ask_on(&self, chain: &str, topic: &str, epoch: u64) -> String {
        let job = self.request(chain, topic, epoch);
        let posts = self.service.json(&format!("GET /v1/posts?chain={chain}"), &Value::Null);
        let post = posts["posts"].as_array().unwrap().iter().find(|post| post["job"] == job["id"]);
        let post = post.unwrap_or_else(|| panic!("{job}: {posts}"));
        assert_eq!((&post["epoch"], text(post, "topic")), (&json!(epoch), topic));
        text(post, "id").to_owned()
    }

    fn post(&self, id: &str) -> Value {
        post(&self.service, id)
    }

    /// A post once it is as it should be.
    fn until(&self, id: &str, what: impl Fn(&Value) -> bool) -> Value {
        until(&self.service, id, what)
    }

    fn until_state(&self, id: &str, state: &str) -> Value {
        self.until(id, |post| post["state"] == state)
    }

    /// A post once an error says this.
    fn until_error(&self, id: &str, words: &str) -> Value {
        self.until(id, |post| post["error"].as_str().is_some_and(|error| error.contains(words)))
    }

    /// The transactions of the account that are in blocks.
    fn sent(&self) -> u64 {
        let count = self.chain.rpc("eth_getTransactionCount", &json!([OWNER, "latest"]));
        u64::from_str_radix(count.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    }

    /// The transactions by which a relayer has posted.
    fn relayed(&self) -> u64 {
        self.sent() - self.before
    }

    /// How often an epoch was posted.
    fn events(&self, epoch: u64) -> usize {
        let epoch = format!("0x{epoch:064x}");
        let filter = json!([{"address": self.feed, "fromBlock": "0x0", "topics": [null, null, null, epoch]}]);
        self.chain.rpc("eth_getLogs", &filter).as_array().unwrap().len()
    }

    /// Lets the chain go on by empty blocks, or by what waits.
    fn mine(&self, blocks: u64) {
        for _ in 0..blocks {
            self.chain.rpc("evm_mine", &json!([]));
        }
    }
}

fn post(service: &Serving, id: &str) -> Value {
    service.json(&format!("GET /v1/posts/{id}"), &Value::Null)
}

/// A post once it is as it should be.
fn until(service: &Serving, id: &str, what: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let post = post(service, id);
        if what(&post) {
            return post;
        }
        assert!(begun.elapsed() < PATIENCE, "{post}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Settings with the chain `local`, and with the chain `dead`, whose node does not answer.
fn settings(name: &str, node: &Node, feed: &str, confirmations: u64, spend: &str) -> PathBuf {
    let chain = |name: &str, at: String| {
        format!(
            "[chains.{name}]\nrpc = \"http://{at}/secret\"\nchain_id = 31337\nfeed = \"{feed}\"\nworker = \"{OWNER}\"\n\
             confirmations = {confirmations}\nmax_fee_gwei = 1000\nspend_wei_per_day = \"{spend}\"\n"
        )
    };
    let settings = chain("local", node.at.to_string()) + &chain("dead", "127.0.0.1:9".into());
    // Once: a relayer that begins may be reading it.
    let path = HOME.join(format!("{name}-{spend}.toml"));
    if path.exists() { path } else { write(&format!("{name}-{spend}.toml"), settings) }
}

impl Relayer {
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Relayer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
