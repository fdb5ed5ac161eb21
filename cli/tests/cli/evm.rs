//! The contracts: in the embedded EVM, and on a chain that anvil runs.

use super::anvil::{Anvil, OTHER, OTHER_KEY, OWNER, OWNER_KEY, text};
use super::{HOME, LINREG, bundled, json, sumcast, write};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use sumcast_contracts::Contract;
use sumcast_contracts::abi::IAlloraConsumerAdapter;
use sumcast_contracts::alloy_primitives::{Bytes, U256};
use sumcast_contracts::client::Client;

fn number(text: &Value) -> f64 {
    text.as_str().unwrap().parse().unwrap()
}

/// A proof of the first input with an output above zero, which every interface can hold.
fn prove(context: &str, name: &str) -> (PathBuf, f64) {
    let (path, inputs) = (HOME.join(name), bundled("linreg", "inputs.json"));
    for index in 0..64 {
        let proven = json(&[
            &"prove",
            &LINREG.dir,
            &"--input",
            &inputs,
            &"--index",
            &index.to_string(),
            &"--context",
            &context,
            &"-o",
            &path,
        ]);
        let output = proven["output"][0].as_f64().unwrap();
        if output > 1e-4 {
            return (path, output);
        }
    }
    panic!("no output is above zero");
}

#[test]
fn an_inference_goes_on_chain_and_comes_back() {
    let Some(chain) = Anvil::start(31337) else { return };
    let deployed = chain.json(OWNER_KEY, &[&"deploy", &"--adapter"]);
    assert_eq!((&deployed["chain_id"], &deployed["insecure_srs"]), (&31337.into(), &true.into()));
    assert_eq!(deployed["transactions"].as_array().unwrap().len(), 4);
    let [registry, feed] = ["registry", "feed"].map(|name| text(&deployed, name).to_owned());

    let register: &[&dyn AsRef<OsStr>] = &[&"register", &"--registry", &registry, &"--vk", &LINREG.vk()];
    let registered = chain.json(OWNER_KEY, register);
    assert_eq!(registered["was_registered"], false);
    assert_eq!(registered["model_id"], LINREG.report["model_id"]);
    assert!(registered["gas_used"].as_u64().unwrap() > 100_000);
    let again = chain.json(OTHER_KEY, register);
    assert_eq!((&again["was_registered"], again.get("transaction")), (&true.into(), None));

    let topic = chain.json(
        OWNER_KEY,
        &[&"topic", &"--feed", &feed, &"--max-age", &"600", &"--publisher", &OWNER, &"--min-epoch", &"3"],
    );
    assert_eq!((text(&topic, "topic"), text(&topic, "owner")), ("1", &*OWNER.to_lowercase()));
    let accept: &[&dyn AsRef<OsStr>] =
        &[&"accept", &"--feed", &feed, &"--topic", &"1", &"--vk", &LINREG.vk()];

    // Where and for whom an inference counts.
    let at = |feed: &str, epoch: &str, worker: &str| {
        let context = chain.json(
            "",
            &[&"context", &"--feed", &feed, &"--topic", &"1", &"--epoch", &epoch, &"--worker", &worker],
        );
        text(&context, "context").to_owned()
    };
    let context = at(&feed, "7", OWNER);
    let (proof, output) = prove(&context, "posted.proof");
    let verified = json(&[&"evm", &"verify", &"--vk", &LINREG.vk(), &proof]);
    assert_eq!(verified["context"], context.as_str());
    let to = |feed: &str, epoch: &str, worker: &str, proof: &Path| -> Vec<String> {
        let proof = proof.to_str().unwrap();
        ["submit", "--feed", feed, "--topic", "1", "--epoch", epoch, "--worker", worker, proof]
            .map(String::from)
            .to_vec()
    };
    let submit = |arguments: &[String]| -> Vec<String> { arguments.to_vec() };
    let refused = |key: &str, arguments: Vec<String>, code: i32, expected: &str| {
        let arguments = submit(&arguments);
        let arguments: Vec<&dyn AsRef<OsStr>> = arguments.iter().map(|argument| argument as _).collect();
        chain.fails(key, &arguments, code, expected);
    };

    // Nothing counts before the topic's owner says so, and only the owner does.
    refused(OWNER_KEY, to(&feed, "7", OWNER, &proof), 1, "does not accept model");
    chain.fails(OTHER_KEY, accept, 1, "does not own topic 1");
    assert_eq!(chain.json(OWNER_KEY, accept)["was_accepted"], false);
    assert_eq!(chain.json(OWNER_KEY, accept)["was_accepted"], true);
    chain.fails("", &[&"read", &"--feed", &feed, &"--topic", &"1"], 1, "has posted nothing");

    // Another's place, another epoch, another feed: the proof is of another context.
    refused(OTHER_KEY, to(&feed, "7", OTHER, &proof), 1, "prove again with --context");
    refused(OWNER_KEY, to(&feed, "8", OWNER, &proof), 1, "prove again with --context");
    let second = chain
        .json(OWNER_KEY, &[&"deploy", &"--verifier", &text(&deployed, "verifier"), &"--registry", &registry]);
    assert!(second.get("insecure_srs").is_none() && second["registry"] == deployed["registry"]);
    let other_feed = text(&second, "feed");
    refused(OWNER_KEY, to(other_feed, "7", OWNER, &proof), 1, "prove again with --context");
    // A file that says otherwise does not help: the contract has the context from nobody but itself.
    let mut bytes = std::fs::read(&proof).unwrap();
    bytes[6..38].copy_from_slice(&unhex(&at(&feed, "8", OWNER)));
    let relabelled = write("relabelled.proof", &bytes);
    refused(OWNER_KEY, to(&feed, "8", OWNER, &relabelled), 1, "check failed");
    // Nor does an altered proof, and others post for a worker only where it lets them.
    let mut bytes = std::fs::read(&proof).unwrap();
    // The last byte of the last point, before the inverse.
    let point = bytes.len() - 33;
    bytes[point] ^= 1;
    refused(OWNER_KEY, to(&feed, "7", OWNER, &write("altered.proof", &bytes)), 1, "on the curve");
    refused(OTHER_KEY, to(&feed, "7", OWNER, &proof), 1, "may not post for worker");
    let (early, _) = prove(&at(&feed, "2", OWNER), "early.proof");
    refused(OWNER_KEY, to(&feed, "2", OWNER, &early), 1, "the topic's first is 3");

    let posted = {
        let arguments = to(&feed, "7", OWNER, &proof);
        let arguments: Vec<&dyn AsRef<OsStr>> = arguments.iter().map(|argument| argument as _).collect();
        chain.json(OWNER_KEY, &arguments)
    };
    assert!((number(&posted["values"][0]) - output).abs() < 1e-12, "{posted}");
    // The feed's own work comes on top of the verification, and no unused gas was bought.
    let verification = verified["gas"].as_u64().unwrap();
    let gas = posted["gas_used"].as_u64().unwrap();
    assert!(gas > verification && gas < verification + 250_000, "{gas} {verification}");
    let transaction = chain.rpc("eth_getTransactionByHash", &json!([posted["transaction"]]));
    let limit = u64::from_str_radix(text(&transaction, "gas").trim_start_matches("0x"), 16).unwrap();
    assert!(limit >= gas && limit < gas + gas / 20, "{limit} {gas}");

    let read = chain.json("", &[&"read", &"--feed", &feed, &"--topic", &"1"]);
    assert_eq!((&read["values"], &read["epoch"]), (&posted["values"], &7.into()));
    let seen = adapter_value(&chain.url(), text(&deployed, "adapter"));
    assert!((seen - output).abs() < 1e-12, "{seen}");

    // Once only, and not before what is there.
    refused(OWNER_KEY, to(&feed, "7", OWNER, &proof), 1, "epoch 7 is taken");
    let (before, _) = prove(&at(&feed, "5", OWNER), "before.proof");
    refused(OWNER_KEY, to(&feed, "5", OWNER, &before), 1, "last epoch is 7");

    // It ages.
    chain.rpc("evm_increaseTime", &json!([1000]));
    chain.rpc("evm_mine", &json!([]));
    chain.fails("", &[&"read", &"--feed", &feed, &"--topic", &"1"], 1, "the topic allows 600 s");
    let old =
        chain.json("", &[&"read", &"--feed", &feed, &"--topic", &"1", &"--any-age", &"--worker", &OWNER]);
    assert_eq!(old["values"], posted["values"]);
}

#[test]
fn every_bundled_model_is_verified_on_a_node_and_in_the_embedded_evm() {
    let Some(chain) = Anvil::start(31337) else { return };
    // One string for all, long enough for the longest rows.
    let params = HOME.join("chain.srs");
    json(&[&"params", &"new", &"--log-size", &"18", &"-o", &params]);
    let deployed = chain.json(OWNER_KEY, &[&"deploy", &"--params", &params]);
    let [registry, feed] = ["registry", "feed"].map(|name| text(&deployed, name).to_owned());
    let models = std::fs::read_dir(bundled("", "")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut models: Vec<String> = models.map(|name| name.into_string().unwrap()).collect();
    models.sort();
    assert!(models.len() >= 8, "{models:?}");
    for (i, name) in models.iter().enumerate() {
        let (dir, proof) = (HOME.join(format!("chain-{name}")), HOME.join(format!("chain-{name}.proof")));
        let (onnx, inputs) = (bundled(name, "network.onnx"), bundled(name, "inputs.json"));
        json(&[&"compile", &onnx, &"--calibrate", &inputs, &"--params", &params, &"-o", &dir]);
        let vk = dir.join("vk.bin");
        let registered = chain.json(OWNER_KEY, &[&"register", &"--registry", &registry, &"--vk", &vk]);
        assert_eq!(registered["was_registered"], false, "{name}");
        let topic = (i + 1).to_string();
        let make = |outputs: usize| {
            let outputs = outputs.to_string();
            chain.json(OWNER_KEY, &[&"topic", &"--feed", &feed, &"--max-age", &"600", &"--outputs", &outputs])
        };
        let context = chain.json(
            "",
            &[&"context", &"--feed", &feed, &"--topic", &topic, &"--epoch", &"1", &"--worker", &OWNER],
        );
        let proven = json(&[
            &"prove",
            &dir,
            &"--input",
            &inputs,
            &"--index",
            &"0",
            &"--context",
            &text(&context, "context"),
            &"-o",
            &proof,
        ]);
        let output: Vec<f64> =
            proven["output"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
        assert_eq!(text(&make(output.len()), "topic"), topic);
        chain.json(OWNER_KEY, &[&"accept", &"--feed", &feed, &"--topic", &topic, &"--vk", &vk]);
        let verified = json(&[&"evm", &"verify", &"--vk", &vk, &proof]);
        assert_eq!(verified["valid"], true, "{name}");
        let posted = chain.json(
            OWNER_KEY,
            &[&"submit", &"--feed", &feed, &"--topic", &topic, &"--epoch", &"1", &"--worker", &OWNER, &proof],
        );
        let values = posted["values"].as_array().unwrap();
        assert_eq!(values.len(), output.len(), "{name}");
        for (value, output) in values.iter().zip(&output) {
            assert!((number(value) - output).abs() <= 1e-12 * output.abs().max(1.0), "{name}: {posted}");
        }
        println!("{name}: {} gas", verified["gas"]);
    }
}

/// What a contract sees that expects Allora's own.
fn adapter_value(url: &str, adapter: &str) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let call = IAlloraConsumerAdapter::getTopicValueCall { topicId: U256::from(1), extraData: Bytes::new() };
    let value = runtime.block_on(async {
        let client = Client::connect(url, None).await.unwrap();
        client.read(Contract::Adapter, adapter.parse().unwrap(), &call).await.unwrap()
    });
    value.recentValue.to::<u128>() as f64 / 1e18
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn a_public_chain_gets_no_development_string_unasked() {
    let Some(chain) = Anvil::start(10143) else { return };
    chain.fails(OWNER_KEY, &[&"deploy"], 2, "chain 10143 is public");
    let deployed = chain.json(OWNER_KEY, &[&"deploy", &"--allow-insecure"]);
    let registry = text(&deployed, "registry");
    let register: &[&dyn AsRef<OsStr>] = &[&"register", &"--registry", &registry, &"--vk", &LINREG.vk()];
    chain.fails(OWNER_KEY, register, 2, "--allow-insecure");

    // A verifier of another string.
    let params = HOME.join("other.srs");
    json(&[&"params", &"new", &"--log-size", &"11", &"-o", &params]);
    let other = chain.json(OWNER_KEY, &[&"deploy", &"--params", &params, &"--allow-insecure"]);
    assert_ne!(other["srs_id"], deployed["srs_id"]);
    let registry = text(&other, "registry");
    let register: &[&dyn AsRef<OsStr>] =
        &[&"register", &"--registry", &registry, &"--vk", &LINREG.vk(), &"--allow-insecure"];
    chain.fails(OWNER_KEY, register, 1, "of other parameters than the verifier on chain");
}

#[test]
fn what_a_chain_needs_is_asked_for() {
    let Some(chain) = Anvil::start(31337) else { return };
    let address = format!("0x{}", "11".repeat(20));
    let read: &[&dyn AsRef<OsStr>] = &[&"read", &"--feed", &address, &"--topic", &"1", &"--worker", &OWNER];
    chain.fails("", read, 2, "there is no contract at 0x1111");
    let topic: &[&dyn AsRef<OsStr>] = &[&"topic", &"--feed", &address, &"--max-age", &"60"];
    chain.fails(OWNER_KEY, topic, 2, "there is no contract at 0x1111");
    chain.fails("", topic, 2, "set SUMCAST_PRIVATE_KEY");
    chain.fails("0x1234", topic, 2, "SUMCAST_PRIVATE_KEY: a private key is 64 hexadecimal digits");
    chain.fails(&format!("0x{}", "42".repeat(32)), &[&"deploy"], 2, "has no funds on chain 31337");
}

#[test]
fn nodes_that_are_none_are_told_apart() {
    let at = |url: &str| {
        let run = sumcast(&[&"evm", &"read", &"--json", &"--rpc", &url, &"--feed", &OWNER, &"--topic", &"1"]);
        assert_eq!(run.code, 2);
        run.json()["error"].as_str().unwrap().to_owned()
    };
    assert!(at("localhost").contains("is not the address of a node"));
    assert!(at("ftp://127.0.0.1").contains("it begins with http:// or https://"));
    // The port is free, since nothing listens on it any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let said = at(&format!("http://127.0.0.1:{port}/secret"));
    assert!(said.contains("nothing answers there") && !said.contains("secret"), "{said}");
}

#[test]
fn the_contract_verifies_what_the_verifier_does() {
    let vk = LINREG.vk();
    let plain = json(&[&"verify", &"--vk", &vk, &LINREG.proof]);
    for chain in ["ethereum", "monad", "zksync"] {
        let verified = json(&[&"evm", &"verify", &"--vk", &vk, &LINREG.proof, &"--chain", &chain]);
        for (key, value) in plain.as_object().unwrap().iter().filter(|(key, _)| *key != "verify_seconds") {
            assert_eq!(&verified[key], value, "{key}");
        }
        assert_eq!(verified["chain"], chain);
        assert!(verified["calldata_bytes"].as_u64() > Some(2_000));
        match chain {
            "zksync" => assert!(verified["gas"].is_null() && verified["gas_note"].is_string()),
            _ => assert!(verified["gas"].as_u64() > Some(300_000)),
        }
    }
    let text = sumcast(&[&"evm", &"verify", &"--vk", &vk, &LINREG.proof]).stdout;
    assert!(
        text.starts_with("valid, in ") && text.contains("on ethereum (Osaka)") && text.contains("pairing"),
        "{text}"
    );
    let whole = json(&[&"evm", &"verify", &"--vk", &vk, &LINREG.proof, &"--via", &"verifier"]);
    assert_eq!(whole["via"], "verifier");

    let rejected = |name: &str, bytes: &[u8], expected: &str| {
        let run = sumcast(&[&"evm", &"verify", &"--json", &"--vk", &vk, &write(name, bytes)]);
        assert_eq!((run.code, &run.json()["valid"]), (1, &false.into()), "{name}");
        let said = run.json()["error"].as_str().unwrap().to_owned();
        assert!(said.contains(expected) && said.contains(name), "{said}");
        run.json()
    };
    let bytes = std::fs::read(&LINREG.proof).unwrap();
    let altered = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    let value = rejected("evm-context.proof", &altered(6), "check failed: the constraints");
    assert!(value["gas"].as_u64() > Some(100_000), "what it took until then");
    rejected("evm-point.proof", &altered(bytes.len() - 33), "is not on the curve");
    rejected("evm-last.proof", &altered(bytes.len() - 1), "the opening");
    rejected("evm-model.proof", &altered(38), "the proof is for model");
    rejected("evm-short.proof", &bytes[..bytes.len() - 1], "where the key asks for");
    let value = rejected("evm-none.proof", b"nothing", "this is not a Sumcast proof");
    assert!(value["gas"].is_null() && value["context"].is_null());
    let run = sumcast(&[&"evm", &"verify", &"--json", &"--vk", &LINREG.proof, &LINREG.proof]);
    assert_eq!(run.code, 2);
}
