//! The chains that proofs are posted to, as the settings have them.

use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use sumcast_contracts::alloy_primitives::Address;

/// Confirmations that are asked for if nothing is said, and the most: nodes keep the state of the last 128 blocks.
const CONFIRMATIONS: u64 = 12;
const MOST_CONFIRMATIONS: u64 = 120;

/// The longest name of a chain.
const LONGEST: usize = 32;

const GWEI: u128 = 1_000_000_000;

/// The chains of the settings by their names, each checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Written>", into = "BTreeMap<String, Written>")]
pub struct Chains(BTreeMap<String, Chain>);

impl Chains {
    /// The chain of a name.
    pub fn get(&self, name: &str) -> Option<&Chain> {
        self.0.get(name)
    }

    /// All of them, by their names.
    pub fn iter(&self) -> impl Iterator<Item = &Chain> {
        self.0.values()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A chain, with the feeds that proofs are posted to and the account that does it.
#[derive(Clone, PartialEq, Eq)]
pub struct Chain {
    /// What it is called: lower-case letters, digits and `_`.
    pub name: String,
    /// The address of a node, which may have a secret in it.
    pub rpc: Url,
    /// The chain's number.
    pub chain_id: u64,
    /// The `InferenceFeed`.
    pub feed: Address,
    /// The `TopicFeed`, for network inferences.
    pub topics: Option<Address>,
    /// Whose inferences they are: the account that posts.
    pub worker: Address,
    /// Blocks on top of a post before it counts as confirmed, 0 to 120.
    pub confirmations: u64,
    /// The most that is paid for a gas, in wei.
    pub max_fee: u128,
    /// The most that is paid in 24 hours, in wei.
    pub spend_per_day: u128,
    /// The file of the key; it is in the environment if there is none.
    pub keystore: Option<PathBuf>,
    /// The file of the keystore's password.
    pub password_file: Option<PathBuf>,
}

impl Chain {
    /// The node's address without what may be secret in it.
    pub fn shown_rpc(&self) -> String {
        let host = self.rpc.host_str().unwrap_or_default();
        let port = self.rpc.port().map_or_else(String::new, |port| format!(":{port}"));
        format!("{}://{host}{port}", self.rpc.scheme())
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain")
            .field("name", &self.name)
            .field("rpc", &self.shown_rpc())
            .finish_non_exhaustive()
    }
}

/// A chain as the file has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    rpc: String,
    chain_id: u64,
    feed: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topics: Option<String>,
    worker: String,
    #[serde(default = "usual_confirmations")]
    confirmations: u64,
    max_fee_gwei: u64,
    spend_wei_per_day: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keystore: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password_file: Option<PathBuf>,
}

fn usual_confirmations() -> u64 {
    CONFIRMATIONS
}

impl Written {
    /// What it says. An error begins with the field.
    fn check(self, name: String) -> Result<Chain, String> {
        // The address is not repeated: there may be a secret in it.
        let rpc = Url::parse(&self.rpc).map_err(|error| format!("rpc is no address of a node: {error}"))?;
        if !matches!(rpc.scheme(), "http" | "https") || !rpc.has_host() {
            return Err("rpc is no address of a node: it begins with http:// or https://".into());
        }
        let address = |field: &str, text: &str| {
            let wrong = |_| format!("{field} is {text:?}: an address is 0x and 40 hexadecimal digits");
            if text.starts_with("0x") { text.parse() } else { "".parse() }.map_err(wrong)
        };
        let feed = address("feed", &self.feed)?;
        let topics = self.topics.map(|topics| address("topics", &topics)).transpose()?;
        let worker = address("worker", &self.worker)?;
        if self.confirmations > MOST_CONFIRMATIONS {
            return Err(format!("confirmations is {}: from 0 to {MOST_CONFIRMATIONS}", self.confirmations));
        }
        if self.max_fee_gwei == 0 {
            return Err("max_fee_gwei is 0: nothing could be sent".into());
        }
        let wrong =
            |_| format!("spend_wei_per_day is {:?}: a number of wei in quotes", self.spend_wei_per_day);
        let spend_per_day = self.spend_wei_per_day.parse().map_err(wrong)?;
        if self.password_file.is_some() && self.keystore.is_none() {
            return Err("password_file has no keystore to open: give keystore, too".into());
        }
        Ok(Chain {
            name,
            rpc,
            chain_id: self.chain_id,
            feed,
            topics,
            worker,
            confirmations: self.confirmations,
            max_fee: u128::from(self.max_fee_gwei) * GWEI,
            spend_per_day,
            keystore: self.keystore,
            password_file: self.password_file,
        })
    }
}

impl TryFrom<BTreeMap<String, Written>> for Chains {
    type Error = String;

    fn try_from(written: BTreeMap<String, Written>) -> Result<Self, String> {
        let check = |(name, chain): (String, Written)| {
            let letters = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
            if name.is_empty() || name.len() > LONGEST || !letters {
                return Err(format!(
                    "chains.{name:?}: a name has 1 to {LONGEST} lower-case letters, digits and _"
                ));
            }
            let chain = chain.check(name.clone()).map_err(|why| format!("chains.{name}: {why}"))?;
            Ok((name, chain))
        };
        written.into_iter().map(check).collect::<Result<_, _>>().map(Self)
    }
}

impl From<Chains> for BTreeMap<String, Written> {
    /// As it is shown, without what may be secret.
    fn from(chains: Chains) -> Self {
        let write = |(name, chain): (String, Chain)| {
            let written = Written {
                rpc: chain.shown_rpc(),
                chain_id: chain.chain_id,
                feed: chain.feed.to_string(),
                topics: chain.topics.map(|topics| topics.to_string()),
                worker: chain.worker.to_string(),
                confirmations: chain.confirmations,
                max_fee_gwei: u64::try_from(chain.max_fee / GWEI).unwrap_or(u64::MAX),
                spend_wei_per_day: chain.spend_per_day.to_string(),
                keystore: chain.keystore,
                password_file: chain.password_file,
            };
            (name, written)
        };
        chains.0.into_iter().map(write).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn written() -> Value {
        json!({
            "rpc": "https://user:secret@node.example:8545/v2/secret?key=secret",
            "chain_id": 1,
            "feed": "0x1111111111111111111111111111111111111111",
            "worker": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
            "max_fee_gwei": 40,
            "spend_wei_per_day": "50000000000000000000",
        })
    }

    fn read(name: &str, chain: &Value) -> Result<Chains, String> {
        serde_json::from_value(json!({ name: chain })).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_shown_has_no_secret() {
        let mut written = written();
        written["topics"] = json!("0x2222222222222222222222222222222222222222");
        let chains = read("main_1", &written).unwrap();
        let chain = chains.get("main_1").unwrap();
        assert_eq!((chain.confirmations, chain.max_fee), (12, 40_000_000_000));
        assert_eq!(chain.rpc.path(), "/v2/secret");
        let shown = serde_json::to_value(&chains).unwrap();
        assert_eq!(shown["main_1"]["rpc"], "https://node.example:8545");
        assert_eq!(shown["main_1"]["topics"], written["topics"]);
        for text in [shown.to_string(), format!("{chains:?}")] {
            assert!(!text.contains("secret"), "{text}");
        }
        // What is shown can be read again.
        let again: Chains = serde_json::from_value(shown.clone()).unwrap();
        assert_eq!(serde_json::to_value(&again).unwrap(), shown);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (field, value, sentence) in [
            ("rpc", json!("secret"), "chains.a: rpc is no address of a node"),
            ("rpc", json!("ws://secret"), "begins with http://"),
            ("feed", json!("0x12"), "chains.a: feed is \"0x12\""),
            ("topics", json!(""), "chains.a: topics is \"\""),
            ("worker", json!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"), "chains.a: worker is"),
            ("confirmations", json!(121), "confirmations is 121: from 0 to 120"),
            ("max_fee_gwei", json!(0), "max_fee_gwei is 0"),
            ("spend_wei_per_day", json!("0.1"), "spend_wei_per_day is \"0.1\""),
            ("password_file", json!("p"), "password_file has no keystore"),
            ("else", json!(1), "unknown field `else`"),
        ] {
            let mut chain = written();
            chain[field] = value;
            let said = read("a", &chain).unwrap_err();
            assert!(said.contains(sentence) && !said.contains("secret"), "{said}");
        }
        for name in ["", "A", "a-b", "é"] {
            assert!(read(name, &written()).unwrap_err().contains("lower-case letters"), "{name}");
        }
    }
}
