//! From a request to the feed, and what is refused on the way.

use super::{OWNER, Site};
use crate::anvil::{OTHER_KEY, OWNER_KEY, text};
use crate::{LINREG, finish};
use serde_json::{Value, json};

#[test]
fn an_upload_is_on_chain_without_a_further_command() {
    let Some(site) = Site::begin("relay-upload", 0) else { return };
    let relayer = site.relay();
    let id = site.ask("1", 7);
    let post = site.until_state(&id, "confirmed");
    assert_eq!(
        (&post["kind"], &post["worker"], &post["attempts"]),
        (&json!("inference"), &json!(OWNER), &json!(1))
    );
    let block =
        site.chain.rpc("eth_getTransactionReceipt", &json!([post["transaction"]]))["blockNumber"].clone();
    assert_eq!(block, format!("{:#x}", post["block"].as_u64().unwrap()));
    assert!(post["gas_used"].as_u64().unwrap() > 300_000, "{post}");
    assert!(post["fee_wei"].as_str().unwrap().parse::<u64>().unwrap() > 1_000_000, "{post}");
    assert!(post.get("error").is_none() && post["confirmed"].as_u64() >= post["sent"].as_u64(), "{post}");

    // What the feed has is what was proven.
    let job = site.service.json(&format!("GET /v1/jobs/{}", text(&post, "job")), &Value::Null);
    let read = site.chain.json("", &[&"read", &"--feed", &site.feed, &"--topic", &"1", &"--worker", &OWNER]);
    assert_eq!(read["epoch"], 7);
    let value: f64 = text(&json!({"value": read["values"][0]}), "value").parse().unwrap();
    assert!((value - job["result"]["output"][0].as_f64().unwrap()).abs() < 1e-12, "{read} {job}");
    assert_eq!(job["request"]["post"], json!({"chain": "local", "topic": "1", "epoch": 7}));
    assert_eq!((site.events(7), site.relayed()), (1, 1));

    // Once only, however the topic is written.
    for topic in ["1", "001"] {
        let problem = site.request("local", topic, 7);
        assert_eq!(problem["status"], 409);
        assert!(text(&problem, "detail").contains("its post is confirmed"), "{problem}");
    }
    let chains = site.service.json("GET /v1/chains", &Value::Null);
    let local = &chains["chains"][1];
    assert_eq!((&local["name"], &local["chain_id"]), (&json!("local"), &json!(31337)));
    assert_eq!(local["rpc"], format!("http://{}", site.node.at));

    site.end(relayer);
    // A round by itself, while nobody else has the lease.
    let id = site.ask("1", 8);
    site.service.end(&format!("/v1/jobs/{}", text(&site.post(&id), "job")));
    for state in ["sent", "confirmed"] {
        let mut once = site.command(super::PLENTY);
        once.arg("--once");
        let run = finish(once);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(!run.stderr.contains("secret") && !run.stderr.contains(&OWNER_KEY[2..]), "{}", run.stderr);
        assert_eq!(site.post(&id)["state"], state);
    }
    assert_eq!((site.events(8), site.relayed()), (1, 2));
}

#[test]
fn what_the_contract_rejects_is_refused() {
    let Some(site) = Site::begin("relay-rejected", 0) else { return };
    let _relayer = site.relay();
    // Topic 2 is not there yet.
    let [first, second] = [5, 6].map(|epoch| site.ask("2", epoch));
    for id in [&first, &second] {
        let post = site.until_state(id, "refused");
        assert!(text(&post, "error").contains("topic 2 does not accept model"), "{post}");
        assert!(post.get("transaction").is_none() && post["attempts"] == 0, "{post}");
    }
    assert_eq!(site.relayed(), 0);
    site.accept("2");
    let own = site.sent() - site.before;
    // Again with the same proof, or with another one.
    let again = site.service.json(&format!("POST /v1/posts/{first}/retry"), &json!({}));
    assert_eq!(again["state"], "waiting");
    site.until_state(&first, "confirmed");
    assert_eq!(site.ask("2", 6), second);
    site.until_state(&second, "confirmed");
    assert_eq!((site.events(5), site.events(6), site.relayed() - own), (1, 1, 2));
    let late = site.service.json(&format!("POST /v1/posts/{first}/retry"), &json!({}));
    assert_eq!(late["status"], 409);
    // The feed has gone on: an earlier epoch is too late.
    let late = site.until_state(&site.ask("2", 4), "refused");
    assert!(text(&late, "error").contains("last epoch is 6"), "{late}");
}

#[test]
fn without_a_proof_there_is_no_post() {
    let Some(site) = Site::begin("relay-unproven", 0) else { return };
    let _relayer = site.relay();
    // A number beyond the model's bounds.
    let mut input = inputs()["inputs"][0].clone();
    input[0] = json!(1e9);
    let post = |epoch: u64| json!({"chain": "local", "topic": "1", "epoch": epoch});
    let job =
        site.service.json("POST /v1/proofs", &json!({"model": site.model, "input": input, "post": post(1)}));
    let failed = site.service.end(&format!("/v1/jobs/{}", text(&job, "id")));
    assert_eq!(failed["state"], "failed", "{failed}");
    // Another proof takes its place, and the next epoch waits for it.
    let id = site.service.json("GET /v1/posts?limit=1", &Value::Null)["posts"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let refused = site.until_state(&id, "refused");
    assert!(text(&refused, "error").starts_with("there is no proof"), "{refused}");
    assert_eq!(site.ask("1", 1), id);
    site.until_state(&id, "confirmed");

    // A request that is not what it should be names the field.
    let input = &inputs()["inputs"][0];
    let mut wrong =
        vec![(json!({"chain": "local", "topic": "1", "epoch": 9, "else": 1}), "unknown field `else`")];
    for (field, value, sentence) in [
        ("chain", json!("other"), "post.chain is \"other\": the settings have dead, local"),
        ("topic", json!("one"), "post.topic is the number of a topic"),
        ("topic", json!("9".repeat(78)), "post.topic is the number of a topic"),
        ("epoch", json!(0), "post.epoch is 0: from 1"),
        ("epoch", json!(u64::MAX), "post.epoch is"),
    ] {
        let mut post = post(9);
        post[field] = value;
        wrong.push((post, sentence));
    }
    for (post, sentence) in wrong {
        let asked = json!({"model": site.model, "input": input, "post": post});
        let problem = site.service.json("POST /v1/proofs", &asked);
        assert_eq!(problem["status"], 422, "{problem}");
        assert!(text(&problem, "detail").contains(sentence), "{problem}");
    }
    let context = "00".repeat(32);
    let asked = json!({"model": site.model, "input": input, "post": post(9), "context": context});
    let problem = site.service.json("POST /v1/proofs", &asked);
    assert!(text(&problem, "detail").contains("context is that of the place"), "{problem}");
    // None of these has left a post.
    let posts = site.service.json("GET /v1/posts?state=confirmed&chain=local", &Value::Null);
    assert_eq!(posts["posts"].as_array().unwrap().len(), 1);
    let posts = site.service.json("GET /v1/posts?chain=none", &Value::Null);
    assert_eq!(posts, json!({"posts": []}));
    let all = site.service.json("GET /v1/posts", &Value::Null);
    assert_eq!((all["posts"].as_array().unwrap().len(), all.get("next")), (1, None));
    assert_eq!(site.service.json("GET /v1/posts/none", &Value::Null)["status"], 404);
}

#[test]
fn a_relayer_says_what_it_lacks() {
    let settings = |more: &str| {
        let table = format!(
            "[chains.local]\nrpc = \"http://127.0.0.1:9/secret\"\nchain_id = 1\nfeed = \"{OWNER}\"\nworker = \"{OWNER}\"\n\
             max_fee_gwei = 1\nspend_wei_per_day = \"1\"\n{more}\n"
        );
        crate::write(&format!("lacks{}.toml", more.len()), table)
    };
    let data = crate::HOME.join("lacks");
    let (plain, keystore) = (settings(""), settings("keystore = \"/nowhere\""));
    let run = |config: &std::path::Path, key: Option<&str>| {
        let mut command = crate::command(&[&"relay", &"--once", &"--data", &data, &"--config", &config]);
        command.env_remove("SUMCAST_RELAY_KEY_LOCAL");
        command.envs(key.map(|key| ("SUMCAST_RELAY_KEY_LOCAL", key)));
        finish(command)
    };
    for (config, key, sentence) in [
        (&plain, None, "set SUMCAST_RELAY_KEY_LOCAL, or give chains.local.keystore"),
        (&plain, Some("12"), "SUMCAST_RELAY_KEY_LOCAL: a private key is 64 hexadecimal digits"),
        (&plain, Some(OTHER_KEY), "the key is that of account"),
        (&keystore, None, "the keystore needs its password: give password_file"),
    ] {
        let run = run(config, key);
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(run.stderr.contains(sentence), "{}", run.stderr);
        assert!(!run.stderr.contains(&OTHER_KEY[2..]), "{}", run.stderr);
    }
    // Without a post there is nothing to ask a node.
    let done = run(&plain, Some(OWNER_KEY));
    assert_eq!(done.code, 0, "{}", done.stderr);
    let none = crate::write("none.toml", "");
    assert!(run(&none, Some(OWNER_KEY)).stderr.contains("no [chains.NAME]"));
    let shown = crate::sumcast(&[&"serve", &"--print-config", &"--config", &plain]);
    assert!(
        shown.stdout.contains("rpc = \"http://127.0.0.1:9\"") && !shown.stdout.contains("secret"),
        "{}",
        shown.stdout
    );
}

fn inputs() -> Value {
    serde_json::from_slice(&std::fs::read(LINREG.inputs()).unwrap()).unwrap()
}
