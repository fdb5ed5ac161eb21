//! Two relayers, and somebody else who posts or sends.

use super::Site;
use super::node::Way;
use crate::anvil::{OTHER, OWNER, OWNER_KEY, text};
use crate::write;
use serde_json::json;

#[test]
fn two_relayers_post_once() {
    let Some(site) = Site::begin("relay-two", 0) else { return };
    let [first, second] = [site.relay(), site.relay()];
    let ids: Vec<String> = (1..=4).map(|epoch| site.ask("1", epoch)).collect();
    for id in &ids {
        assert_eq!(site.until_state(id, "confirmed")["attempts"], 1);
    }
    site.end(first);
    site.until_state(&site.ask("1", 5), "confirmed");
    second.kill();
    let _third = site.relay();
    site.until_state(&site.ask("1", 6), "confirmed");
    for epoch in 1..=6 {
        assert_eq!(site.events(epoch), 1, "epoch {epoch}");
    }
    assert_eq!(site.relayed(), 6);
}

#[test]
fn what_others_do_is_noticed() {
    let Some(site) = Site::begin("relay-others", 1) else { return };
    // The worker itself has posted it.
    let id = site.ask("1", 1);
    let job = text(&site.post(&id), "job").to_owned();
    site.service.end(&format!("/v1/jobs/{job}"));
    let proof = site.service.ask(&format!("GET /v1/jobs/{job}/files/proof"), "", b"");
    let proof = write("relayed.proof", proof);
    let submit = ["submit", "--feed", &site.feed, "--topic", "1", "--epoch", "1", proof.to_str().unwrap()];
    let submit = submit.map(str::to_owned);
    let arguments: Vec<&dyn AsRef<std::ffi::OsStr>> = submit.iter().map(|argument| argument as _).collect();
    site.chain.json(OWNER_KEY, &arguments);
    let relayer = site.relay();
    site.until_error(&id, "waits for confirmations");
    site.mine(1);
    let post = site.until_state(&id, "confirmed");
    assert!(post.get("transaction").is_none() && post["attempts"] == 0, "{post}");
    assert_eq!((site.events(1), site.relayed()), (1, 1));
    site.end(relayer);

    // The worker has used the nonce of what was signed.
    site.node.set(Way::Before("eth_sendRawTransaction"));
    let relayer = site.relay();
    let id = site.ask("1", 2);
    site.node.wait_for_cut();
    relayer.kill();
    let left = site.post(&id);
    site.chain.rpc("eth_sendTransaction", &json!([{"from": OWNER, "to": OTHER, "value": "0x1"}]));
    assert_eq!(site.relayed(), 2);
    site.node.set(Way::Open);
    let _relayer = site.relay();
    let held = site.until_error(&id, "another transaction has its nonce");
    assert_eq!(held["attempts"], 1);
    site.mine(1);
    site.until(&id, |post| post["block"].is_u64());
    site.mine(1);
    let post = site.until_state(&id, "confirmed");
    assert_eq!(post["attempts"], 2);
    assert_ne!(post["transaction"], left["transaction"]);
    assert_eq!((site.events(2), site.relayed()), (1, 3));
}
