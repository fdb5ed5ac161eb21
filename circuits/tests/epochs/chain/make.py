#!/usr/bin/env python3
"""Composes the answers in this folder, and what importing them has to give; README.md says what is real about them.

    python3 make.py
"""
import hashlib, json, os
from decimal import Decimal as D

HERE = os.path.dirname(os.path.abspath(__file__))
read = lambda name: json.load(open(os.path.join(HERE, "..", name)))
write = lambda name, value: open(os.path.join(HERE, name), "w").write(json.dumps(value, indent=1) + "\n")

def account(name):
    """A bech32 address, of nobody: its 20 bytes are from a hash of the name."""
    data = int.from_bytes(hashlib.sha256(b"sumcast sample " + name.encode()).digest()[:20], "big")
    five = [data >> 5 * i & 31 for i in reversed(range(32))]
    def checksum(values):
        c = 1
        for v in values:
            top, c = c >> 25, (c & 0x1ffffff) << 5 ^ v
            for i, g in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
                if top >> i & 1: c ^= g
        return c
    prefix = "allo"
    head = [ord(x) >> 5 for x in prefix] + [0] + [ord(x) & 31 for x in prefix]
    c = checksum(head + five + [0] * 6) ^ 1
    letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    return prefix + "1" + "".join(letters[v] for v in five + [c >> 5 * (5 - i) & 31 for i in range(6)])

# The last forecaster has the account of an inferer.
ACCOUNT = {n: account(n) for n in [f"inferer{i}" for i in range(5)] + [f"forecaster{i}" for i in range(2)] + [f"reputer{i}" for i in range(5)]}
ACCOUNT["forecaster2"] = ACCOUNT["inferer1"]
TOPIC, BLOCK, BEFORE = 1, 7038657, 7038537
SCALE, INITIAL = "0.8431057711842203118", "-4.6354400918506867409"

def bundle(reputer, block, combined, naive, inferers, forecasters):
    values = lambda of: [{"worker": a, "value": v} for a, v in of]
    return {"topic_id": str(TOPIC), "reputer_request_nonce": {"reputer_nonce": {"block_height": str(block)}}, "reputer": reputer,
            "extra_data": None, "combined_value": combined, "inferer_values": values(inferers), "forecaster_values": values(forecasters),
            "naive_value": naive, "one_out_inferer_values": [], "one_out_forecaster_values": [], "one_in_forecaster_values": [],
            "one_out_inferer_forecaster_values": []}

def topic(**more):
    return {"topic": {"id": str(TOPIC), "creator": account("creator"), "metadata": "sample", "loss_method": "mse",
        "epoch_last_ended": str(BLOCK), "epoch_length": "120", "ground_truth_lag": "120", "p_norm": "3", "alpha_regret": "0.1",
        "allow_negative": False, "epsilon": "0.01", "initial_regret": INITIAL, "worker_submission_window": "12",
        "merit_sortition_alpha": "0.1", "active_inferer_quantile": "0.25", "active_forecaster_quantile": "0.25",
        "active_reputer_quantile": "0.25", **more}, "weight": "27846702.125", "effective_revenue": "616667"}

def regrets(of, block=BEFORE): return {a: {"regret": {"block_height": str(block), "value": v}} for a, v in of}

epoch, settle = read("synthesis_g3_301.json"), read("settle_301.json")
inf = [(ACCOUNT[x["address"]], x) for x in epoch["inferers"]]
fcs = [(ACCOUNT[x["address"]], x) for x in epoch["forecasters"]]
inference = lambda a, x, **more: {"topic_id": str(TOPIC), "block_height": str(BLOCK), "inferer": a, **more, "extra_data": None, "proof": ""}
write("inferences.json", {"inferences": {"inferences": [inference(a, x, value=x["inference"]) for a, x in inf]}})
write("inferences_v10.json", {"inferences": {"inferences": [inference(a, x, value="0", values=[x["inference"]]) for a, x in inf]}, "block_height": str(BLOCK)})
write("forecasts.json", {"forecasts": {"forecasts": [{"topic_id": str(TOPIC), "block_height": str(BLOCK), "forecaster": a,
    "forecast_elements": [{"inferer": ACCOUNT[e["inferer"]], "value": e["loss"]} for e in x["forecasts"]], "extra_data": None} for a, x in fcs]}})
write("network_loss.json", {"loss_bundle": bundle("", BEFORE, epoch["previous_network_loss"], "-3.1", [], [])})
write("network_loss_none.json", {"loss_bundle": bundle("", 0, "0", "0", [], [])})
write("topic.json", topic())
write("topic_v10.json", topic(c_norm="0.8", topic_type="TOPIC_TYPE_REGRESSION", output_arity="TOPIC_OUTPUT_ARITY_SINGLE"))
write("params.json", {"params": {"version": "v2", "max_serialized_msg_length": "1000000", "required_minimum_stake": "100000",
    "max_top_inferers_to_reward": "32", "max_top_forecasters_to_reward": "6", "max_top_reputers_to_reward": "6", "c_norm": "0.75",
    "epsilon_reputer": "0.01", "epsilon_safe_div": "0.0000001", "max_elements_per_forecast": "12", "p_norm_safe_div": "8.25",
    "global_whitelist_enabled": True}})
write("latest_regret_stdnorm.json", {"value": SCALE})
write("inferer_regrets.json", regrets((a, x["regret"]) for a, x in inf))
write("forecaster_regrets.json", regrets((a, x["regret"]) for a, x in fcs))
# One is new among the naive: the chain answers with block 0 and the topic's initial regret.
naive = [(a, x["naive_regret"]) for a, x in inf]
write("naive_regrets.json", {**regrets(naive[:-1]), **regrets([(naive[-1][0], INITIAL)], 0)})
write("not_implemented.json", {"code": 12, "message": "Not Implemented", "details": []})

params = {**epoch["params"], "regret_scale": {"stored": SCALE}}
by_address = lambda workers: sorted(workers, key=lambda w: w["address"])
write("expected_epoch.json", {"topic_id": TOPIC, "nonce": BLOCK, "params": params, "previous_network_loss": epoch["previous_network_loss"], "initial_regret": INITIAL,
    "inferers": by_address({**x, "address": a, "naive_regret": INITIAL if a == naive[-1][0] else x["naive_regret"]} for a, x in inf),
    "forecasters": by_address({**x, "address": a, "forecasts": [{**e, "inferer": ACCOUNT[e["inferer"]]} for e in x["forecasts"]]} for a, x in fcs)})

coins = lambda stake: str((D(stake) * 10**18).to_integral_value())
key = {n: a + ("#forecaster" if n == "forecaster2" else "") for n, a in ACCOUNT.items()}
signed, reports = [], []
for i, r in enumerate(settle["reports"]):
    # The second reports neither the first inferer nor the last forecaster.
    losses = {n: v for n, v in r["losses"].items() if i != 1 or n not in ("inferer0", "forecaster2")}
    naive_loss = str(D(losses["network"]) + D("0.31"))
    of = lambda kind: [(ACCOUNT[n], v) for n, v in losses.items() if n.startswith(kind)]
    signed.append(bundle(ACCOUNT[r["reputer"]], BLOCK, losses["network"], naive_loss, of("inferer"), of("forecaster")))
    reports.append({"reputer": ACCOUNT[r["reputer"]], "stake": coins(r["stake"]), "losses": {**{key.get(n, n): v for n, v in losses.items()}, "naive": naive_loss}})
write("reputer_losses.json", {"loss_bundles": {"reputer_value_bundles": [{"value_bundle": b, "signature": "c2FtcGxl", "pubkey": "02" + "00" * 32} for b in signed]}})
write("reputer_losses_v10.json", {"loss_bundles": signed})
write("reputers_stakes.json", {"amounts": [{"topic_id": str(TOPIC), "reputer": ACCOUNT[r["reputer"]], "amount": coins(r["stake"])} for r in settle["reports"]]})
names = {**{x["address"]: x["regret"] for x in epoch["inferers"]}, **{x["address"]: x["regret"] for x in epoch["forecasters"]}}
write("expected_settlement.json", {"topic_id": TOPIC, "nonce": BLOCK, "params": {**params, "regret_scale": "mad"},
    "regrets": {key[n]: v for n, v in names.items()},
    "naive_regrets": {a: INITIAL if a == naive[-1][0] else v for a, v in naive},
    "initial_regret": INITIAL, "forecasters": [key[x["address"]] for x in epoch["forecasters"]], "reports": reports})
