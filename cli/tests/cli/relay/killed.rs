//! Relayers that are killed, nodes that go away, blocks that are dropped.

use super::Site;
use super::node::Way;
use crate::anvil::text;
use serde_json::json;

#[test]
fn killed_at_each_stage_it_posts_once() {
    let Some(site) = Site::begin("relay-killed", 2) else { return };
    let confirmed = |id: &str| {
        site.until(id, |post| post["block"].is_u64());
        site.mine(2);
        site.until_state(id, "confirmed")
    };

    // Before anything is recorded.
    site.node.set(Way::Before("eth_estimateGas"));
    let relayer = site.relay();
    let id = site.ask("1", 1);
    site.node.wait_for_cut();
    relayer.kill();
    assert_eq!(site.post(&id)["state"], "waiting");
    site.node.set(Way::Open);
    let relayer = site.relay();
    confirmed(&id);
    site.end(relayer);

    // Between record and send, and after the node has it.
    for (epoch, way) in
        [(2, Way::Before("eth_sendRawTransaction")), (3, Way::After("eth_sendRawTransaction"))]
    {
        site.node.set(way);
        let relayer = site.relay();
        let id = site.ask("1", epoch);
        site.node.wait_for_cut();
        relayer.kill();
        let left = site.post(&id);
        assert_eq!((&left["state"], &left["attempts"]), (&json!("sent"), &json!(1)), "{left}");
        // The node takes its time to put it in a block.
        site.until(&id, |_| site.events(epoch) == usize::from(epoch == 3));
        site.node.set(Way::Open);
        let relayer = site.relay();
        let post = confirmed(&id);
        assert_eq!((&post["transaction"], &post["attempts"]), (&left["transaction"], &json!(1)));
        site.end(relayer);
    }

    // While it is in no block; then before it is confirmed.
    site.chain.rpc("evm_setAutomine", &json!([false]));
    let relayer = site.relay();
    let id = site.ask("1", 4);
    let sent = site.until_state(&id, "sent");
    let known = || site.chain.rpc("eth_getTransactionByHash", &json!([sent["transaction"]]));
    site.until(&id, |_| known().is_object());
    relayer.kill();
    let relayer = site.relay();
    site.mine(1);
    site.until(&id, |post| post["block"].is_u64());
    relayer.kill();
    site.chain.rpc("evm_setAutomine", &json!([true]));
    site.mine(2);
    let _relayer = site.relay();
    assert_eq!(site.until_state(&id, "confirmed")["transaction"], sent["transaction"]);

    for epoch in 1..=4 {
        assert_eq!(site.events(epoch), 1, "epoch {epoch}");
    }
    assert_eq!(site.relayed(), 4);
}

#[test]
fn a_reorg_brings_it_back() {
    let Some(site) = Site::begin("relay-reorg", 3) else { return };
    let _relayer = site.relay();
    let id = site.ask("1", 1);
    let post = site.until(&id, |post| post["block"].is_u64());
    assert_eq!((&post["state"], site.events(1)), (&json!("sent"), 1));
    site.chain.rpc("evm_setAutomine", &json!([false]));
    site.mine(1);
    site.chain.rpc("anvil_reorg", &json!([2, []]));
    assert_eq!((site.events(1), site.relayed()), (0, 0));
    let dropped = site.until(&id, |post| post.get("block").is_none());
    assert_eq!(dropped["state"], "sent");
    let known = || site.chain.rpc("eth_getTransactionByHash", &json!([post["transaction"]]));
    site.until(&id, |_| known().is_object());
    site.mine(4);
    let again = site.until_state(&id, "confirmed");
    assert_eq!((&again["transaction"], &again["attempts"]), (&post["transaction"], &json!(1)));
    assert!(again["block"].as_u64() > post["block"].as_u64(), "{again} {post}");
    assert_eq!((site.events(1), site.relayed()), (1, 1));
}

#[test]
fn a_node_that_is_down_costs_time_only() {
    let Some(site) = Site::begin("relay-down", 0) else { return };
    site.node.set(Way::Down);
    let _relayer = site.relay();
    // Another chain, whose node stays away, keeps nothing from this one.
    let dead = site.ask_on("dead", "1", 1);
    site.until_error(&dead, "cannot be used");
    let id = site.ask("1", 1);
    let post = site.until_error(&id, "cannot be used");
    assert_eq!(post["state"], "waiting");
    // The rest of the address may be secret.
    assert!(!text(&post, "error").contains("secret"), "{post}");
    site.node.set(Way::Open);
    assert!(site.until_state(&id, "confirmed").get("error").is_none());

    // While a transaction is under way.
    site.chain.rpc("evm_setAutomine", &json!([false]));
    let id = site.ask("1", 2);
    site.until_state(&id, "sent");
    site.node.set(Way::Down);
    site.until_error(&id, "cannot be used");
    site.mine(1);
    site.node.set(Way::Open);
    assert!(site.until_state(&id, "confirmed").get("error").is_none());
    assert_eq!((site.events(1), site.events(2), site.relayed()), (1, 1, 2));
    assert_eq!(site.post(&dead)["state"], "waiting");
}
