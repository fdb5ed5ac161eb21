//! A chain that anvil runs.

use super::{Run, command, finish};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Set where the tests of a chain are to fail rather than be skipped without anvil.
const REQUIRED: &str = "SUMCAST_REQUIRE_ANVIL";

/// Accounts that anvil gives funds to, and their keys, which everybody knows.
pub(super) const OWNER: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
pub(super) const OWNER_KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
pub(super) const OTHER: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
pub(super) const OTHER_KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

/// A chain of its own, which ends with the test.
pub(super) struct Anvil {
    process: Child,
    port: u16,
}

/// The anvil of the contracts' own packages, for this platform.
fn packaged() -> Option<PathBuf> {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/node_modules/@foundry-rs");
    let mut packages = std::fs::read_dir(packages).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    packages.find_map(|package| {
        let anvil = package.join("bin/anvil");
        (package.file_name()?.to_str()?.starts_with("anvil-") && anvil.exists()).then_some(anvil)
    })
}

impl Anvil {
    /// None where there is no anvil and none is required.
    pub(super) fn start(chain_id: u64) -> Option<Self> {
        let program = packaged().unwrap_or_else(|| PathBuf::from("anvil"));
        let started = Command::new(&program)
            .args(["--port", "0", "--chain-id", &chain_id.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // On PATH may be a script that starts another process: they end together.
            .process_group(0)
            .spawn();
        let mut process = match started {
            Ok(process) => process,
            Err(error) if std::env::var_os(REQUIRED).is_none() => {
                eprintln!("skipped: there is no anvil on PATH or in contracts/node_modules ({error})");
                return None;
            }
            Err(error) => panic!("{REQUIRED} is set, and {} cannot be run: {error}", program.display()),
        };
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().expect("anvil says where it listens").unwrap();
            if let Some(address) = line.strip_prefix("Listening on ") {
                break address.rsplit(':').next().unwrap().trim().parse().unwrap();
            }
        };
        // What it says later is to be taken from it.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { process, port })
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The result of a call of the node's own interface.
    pub(super) fn rpc(&self, method: &str, params: &Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let mut value: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        value["result"].take()
    }

    /// Transactions of an account.
    fn sent(&self, account: &str) -> Value {
        self.rpc("eth_getTransactionCount", &json!([account, "latest"]))
    }

    /// A command on this chain, with this key.
    pub(super) fn run(&self, key: &str, arguments: &[&dyn AsRef<OsStr>]) -> Run {
        let mut command = command(&[&"evm"]);
        command.args(arguments.iter().map(AsRef::as_ref));
        command.args(["--json", "--rpc", &self.url()]).env("SUMCAST_PRIVATE_KEY", key);
        finish(command)
    }

    /// As [`Anvil::run`], for a run that succeeds.
    pub(super) fn json(&self, key: &str, arguments: &[&dyn AsRef<OsStr>]) -> Value {
        let run = self.run(key, arguments);
        assert_eq!(run.code, 0, "{} {}", run.stdout, run.stderr);
        run.json()
    }

    /// As [`Anvil::run`], for a run that ends with this exit code and says this, and sends nothing.
    pub(super) fn fails(&self, key: &str, arguments: &[&dyn AsRef<OsStr>], code: i32, expected: &str) {
        let before = [OWNER, OTHER].map(|account| self.sent(account));
        let run = self.run(key, arguments);
        assert_eq!(run.code, code, "{} {}", run.stdout, run.stderr);
        let said = run.json()["error"].as_str().unwrap().to_owned();
        assert!(said.contains(expected), "{said:?} has no {expected:?}");
        assert_eq!([OWNER, OTHER].map(|account| self.sent(account)), before, "{said}");
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["--", &group]).status();
        let _ = self.process.wait();
    }
}

/// A field that is a text.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}
