//! What is paid, and no more.

use super::Site;
use crate::anvil::text;
use serde_json::json;

/// A price above what posts are sent with, and one above what may be paid, in wei.
const HIGH: u64 = 100_000_000_000;
const TOO_HIGH: u64 = 2_000_000_000_000;

#[test]
fn fees_are_raised_until_it_is_in_a_block() {
    let Some(site) = Site::begin("relay-fees", 0) else { return };
    site.chain.rpc("evm_setAutomine", &json!([false]));
    let _relayer = site.relay();
    let id = site.ask("1", 1);
    let first = site.until_state(&id, "sent");
    let transaction = |hash: &serde_json::Value| site.chain.rpc("eth_getTransactionByHash", &json!([hash]));
    site.until(&id, |_| transaction(&first["transaction"]).is_object());
    let old = transaction(&first["transaction"]);
    // A minute later the price is far above it, and the block does not take it.
    site.chain.rpc("evm_increaseTime", &json!([61]));
    site.chain.rpc("anvil_setNextBlockBaseFeePerGas", &json!([HIGH]));
    site.mine(1);
    assert_eq!(site.relayed(), 0);
    let raised = site.until(&id, |post| post["transaction"] != first["transaction"]);
    assert_eq!((&raised["state"], &raised["attempts"]), (&json!("sent"), &json!(1)));
    site.until(&id, |_| transaction(&raised["transaction"]).is_object());
    let new = transaction(&raised["transaction"]);
    assert_eq!((&new["nonce"], &new["input"]), (&old["nonce"], &old["input"]));
    let fee = |of: &serde_json::Value, name: &str| {
        u128::from_str_radix(of[name].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    };
    for name in ["maxFeePerGas", "maxPriorityFeePerGas"] {
        assert!(8 * fee(&new, name) >= 9 * fee(&old, name), "{name} {new} {old}");
    }
    site.mine(1);
    let done = site.until_state(&id, "confirmed");
    assert_eq!(done["transaction"], raised["transaction"]);
    assert_eq!((site.events(1), site.relayed()), (1, 1));
}

#[test]
fn what_may_be_paid_is_kept() {
    let Some(site) = Site::begin("relay-limits", 0) else { return };
    let relayer = site.relay();
    let paid = site.until_state(&site.ask("1", 1), "confirmed");
    site.end(relayer);

    // What is left is less than another post may cost.
    let fee: u64 = text(&paid, "fee_wei").parse().unwrap();
    let relayer = site.relay_within(&(fee + fee / 2).to_string());
    let [second, third] = [2, 3].map(|epoch| site.ask("1", epoch));
    site.until_error(&second, "spend_wei_per_day");
    assert_eq!((site.post(&second)["state"].clone(), site.relayed()), (json!("waiting"), 1));
    // A day of the chain later there is enough for one at this price, and not for two.
    let price = fee / paid["gas_used"].as_u64().unwrap() * 7 / 10;
    site.chain.rpc("evm_increaseTime", &json!([86_401]));
    site.chain.rpc("anvil_setNextBlockBaseFeePerGas", &json!([price]));
    site.mine(1);
    site.until_state(&second, "confirmed");
    site.until_error(&third, "spend_wei_per_day");
    assert_eq!((site.post(&third)["state"].clone(), site.relayed()), (json!("waiting"), 2));
    site.end(relayer);

    // The price of a gas.
    site.chain.rpc("evm_setAutomine", &json!([false]));
    site.chain.rpc("anvil_setNextBlockBaseFeePerGas", &json!([TOO_HIGH]));
    site.mine(1);
    let _relayer = site.relay();
    site.until_error(&third, "max_fee_gwei");
    assert_eq!(site.relayed(), 2);
    site.chain.rpc("anvil_setNextBlockBaseFeePerGas", &json!([1_000_000_000_u64]));
    site.mine(1);
    site.until_state(&third, "sent");
    site.chain.rpc("evm_setAutomine", &json!([true]));
    site.mine(1);
    site.until_state(&third, "confirmed");
    assert_eq!(site.relayed(), 3);
}
