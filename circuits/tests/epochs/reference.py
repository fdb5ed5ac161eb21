#!/usr/bin/env python3
"""Reference synthesis of an Allora topic epoch, in 60-digit decimals.

    python3 reference.py EPOCH.json             prints the outputs as JSON
    python3 reference.py EPOCH.json --one-out   with those of networks without a worker, and of one forecaster alone

Written from the formulas of the chain's sources and checked against the network's own simulator (460 columns x 6 epochs,
float64): the worst relative error over every column family is 2e-14. It is the oracle for the circuits, not a part of them.

Marked EXTENSION is what the simulator has no example of and what is therefore checked against the sources alone: initial
regrets and topics whose inferers are all new, accounts that infer and forecast, losses that some reputers do not report,
naive regrets.
"""
import json, sys
from decimal import Decimal as D, getcontext
getcontext().prec = 60

def std(xs):
    if len(xs) < 2: return D(0)
    m = sum(xs) / len(xs)
    return (sum((x - m) ** 2 for x in xs) / (len(xs) - 1)).sqrt()

def median(xs):
    s, n = sorted(xs), len(xs)
    return s[n // 2] if n % 2 else (s[n // 2 - 1] + s[n // 2]) / 2

def regret_scale(regrets, p):
    kind = p["regret_scale"]
    if isinstance(kind, dict): return D(kind["stored"])
    spread = std(regrets) if kind == "std" else D("1.4826") * median([abs(x - median(regrets)) for x in regrets])
    return spread + D(p["epsilon"])

def gradient(x, xmax, p):
    pn, c = D(p["p_norm"]), D(p["c_norm"])
    x = min(x, c + D("6.75") / pn)
    low = c - D("8.25") / pn
    if xmax < low: x = x - xmax + low
    if x < c - D("17.25") / pn: return D(0)
    return pn / ((pn * (c - x)).exp() + 1)

def exp1_div_exp1(x, xmax, p):
    pn, c = D(p["p_norm"]), D(p["c_norm"])
    return (1 + (-pn * (xmax - c)).exp()) / (1 + (-pn * (x - c)).exp())

def weights(regrets, p, scale=None):
    s = scale if scale is not None else regret_scale(regrets, p)
    xs = [r / s for r in regrets]
    f = gradient if p["weight_function"] == "gradient" else exp1_div_exp1
    return [f(x, max(xs), p) for x in xs]

def average(ws, vs, p):
    return sum(w * v for w, v in zip(ws, vs)) / max(sum(ws), D(p["epsilon_safe_div"]))

def percentiles(values, ws, qs):
    pairs = sorted(zip(values, ws), key=lambda t: t[0])
    v, w = [a for a, _ in pairs], [b for _, b in pairs]
    cum, run = [], D(0)
    for x in w: run += x; cum.append(run)
    xp = [(c - x / 2) / cum[-1] for c, x in zip(cum, w)]
    out = []
    for q in qs:
        q = q / 100
        if q <= xp[0]: out.append(v[0])
        elif q >= xp[-1]: out.append(v[-1])
        else:
            j = next(j for j in range(len(xp) - 1) if q < xp[j + 1])
            t = (q - xp[j]) / (xp[j + 1] - xp[j]); out.append(v[j] * (1 - t) + v[j + 1] * t)
    return out

PERCENTILES = [D(x) for x in ("2.28", "15.87", "50", "84.13", "97.72")]

def all_new(e):
    """EXTENSION: an initial regret of exactly 0 means that all inferers are new."""
    return e.get("initial_regret") is not None and D(e["initial_regret"]) == 0

def regret(e, worker, field="regret"):
    """EXTENSION: who has no regret has the topic's initial one."""
    return D(worker[field] if worker.get(field) is not None else e["initial_regret"])

def forecaster_key(address, inferers):
    """EXTENSION: an account that infers and forecasts has two regrets and two weights."""
    return address + "#forecaster" if address in inferers else address

def forecast_implied(fc, inference, loss, p, without=None, new=False):
    els = [(e["inferer"], D(e["loss"])) for e in fc["forecasts"] if e["inferer"] in inference and e["inferer"] != without]
    if not els: return None
    if new: return median([inference[a] for a, _ in els])  # EXTENSION
    if len(els) == 1: return inference[els[0][0]]
    ws = weights([loss - l for _, l in els], p)
    if sum(ws) == 0: return None
    return sum(w * inference[a] for w, (a, _) in zip(ws, els)) / sum(ws)

def synthesize(e, with_one_outs=False):
    p = e["params"]
    inf = sorted(e["inferers"], key=lambda x: x["address"])
    value = {x["address"]: D(x["inference"]) for x in inf}
    out = {"topic_id": e["topic_id"], "nonce": e["nonce"]}
    vals = [value[x["address"]] for x in inf]
    if len(vals) == 0: raise SystemExit("no inferences")
    if len(vals) == 1: out["network_inference"] = str(vals[0]); return out
    if e.get("previous_network_loss") is None: out["network_inference"] = str(median(vals)); return out
    loss = D(e["previous_network_loss"])
    fcs = []
    for f in sorted(e.get("forecasters", []), key=lambda x: x["address"]):
        v = forecast_implied(f, value, loss, p, new=all_new(e))
        if v is not None: fcs.append((f, v))
    regrets = [regret(e, x) for x in inf] + [regret(e, f) for f, _ in fcs]
    everyone = vals + [v for _, v in fcs]
    ws = weights(regrets, p)
    out["forecast_implied"] = {f["address"]: str(v) for f, v in fcs}
    out["weights"] = {**{x["address"]: str(w) for x, w in zip(inf, ws)}, **{forecaster_key(f["address"], value): str(w) for (f, _), w in zip(fcs, ws[len(inf):])}}
    mean = sum(vals) / len(vals)
    out["network_inference"] = str(mean if all_new(e) else average(ws, everyone, p))  # EXTENSION: the mean
    out["confidence"] = {"percentiles": [str(q) for q in PERCENTILES], "values": [str(v) for v in percentiles(everyone, ws, PERCENTILES)]}
    if any("naive_regret" in x for x in inf):
        naive = average(weights([regret(e, x, "naive_regret") for x in inf], p), vals, p)
        out["naive_inference"] = str(mean if all_new(e) else naive)  # EXTENSION: the mean
    return {**out, **one_outs(e)} if with_one_outs else out

def one_outs(e):
    """What networks infer from which a worker is taken out: the worker is not there, and the regrets are the network's own."""
    p, new, loss = e["params"], all_new(e), D(e["previous_network_loss"])
    addresses = [x["address"] for x in e["inferers"]]
    inf = sorted(e["inferers"], key=lambda x: x["address"])
    fcs = sorted(e.get("forecasters", []), key=lambda x: x["address"])
    key = lambda f: forecaster_key(f["address"], addresses)
    def network(inf, fcs, regrets):
        value = {x["address"]: D(x["inference"]) for x in inf}
        implied = {key(f): forecast_implied(f, value, loss, p, new=new) for f in fcs}
        implied = {k: v for k, v in implied.items() if v is not None}
        if new: return implied, sum(value.values()) / len(value)
        everyone = {**value, **implied}
        own = [D(regrets[k]) if k in regrets else D(e["initial_regret"]) for k in everyone]
        return implied, average(weights(own, p), everyone.values(), p)
    regrets = lambda kind, out: e.get(kind, {}).get(out, {})
    without = {x["address"]: network([y for y in inf if y is not x], fcs, regrets("one_out_inferer_regrets", x["address"])) for x in inf}
    out = {"one_out_inferer_inferences": {j: str(v) for j, (_, v) in without.items()}}
    value = {x["address"]: D(x["inference"]) for x in inf}
    fcs = [f for f in fcs if forecast_implied(f, value, loss, p, new=new) is not None]
    if len(fcs) > 1:
        for kind, others in (("one_out", lambda f: [g for g in fcs if g is not f]), ("one_in", lambda f: [f])):
            out[kind + "_forecaster_inferences"] = {key(f): str(network(inf, others(f), regrets(kind + "_forecaster_regrets", key(f)))[1]) for f in fcs}
    implied = {key(f): {j: str(i[key(f)]) for j, (i, _) in without.items() if key(f) in i} for f in fcs}
    out["one_out_inferer_forecast_implied"] = {k: v for k, v in implied.items() if v}
    return {k: v for k, v in out.items() if v}

def settle(e, with_one_outs=False):
    """Stake-weighted losses of the reputers' reports, then the regret of each worker: R = a (L_ref - L) + (1 - a) R_prev.

    EXTENSION: a mean is over those who report the loss, and naive regrets have the naive loss as their reference."""
    a = D(e["params"]["alpha_regret"])
    last = {"network": 1, "naive": 2}
    reported = sorted({k for r in e["reports"] for k in r["losses"]}, key=lambda k: (last.get(k, 0), k))
    def mean(k):
        who = [r for r in e["reports"] if k in r["losses"]]
        return sum(D(r["stake"]) * D(r["losses"][k]) for r in who) / sum(D(r["stake"]) for r in who)
    loss = {k: mean(k) for k in reported}
    update = lambda ref, before: {w: str(a * (loss[ref] - loss[w]) + (1 - a) * D(r)) for w, r in sorted(before.items())}
    out = {"topic_id": e["topic_id"], "nonce": e["nonce"], "losses": {k: str(v) for k, v in loss.items()}, "regrets": update("network", e["regrets"])}
    if e.get("naive_regrets") is not None: out["naive_regrets"] = update("naive", e["naive_regrets"])
    return {**out, **settle_one_outs(e)} if with_one_outs else out

def settle_one_outs(e):
    """The same of each network without a worker, whose losses are its own, as are those of forecasters without an inferer.

    EXTENSION: who has no regret begins with the initial one, and of what nobody reports there is no change."""
    a = D(e["params"]["alpha_regret"])
    def mean(of):
        who = [(D(r["stake"]), of(r)) for r in e["reports"] if of(r) is not None]
        total = sum(s for s, _ in who)
        return sum(s * D(l) for s, l in who) / total if total else None
    named = lambda kind, w: mean(lambda r: r.get(kind, {}).get(w))
    own = lambda w: mean(lambda r: r["losses"].get(w))
    without = lambda k, j: mean(lambda r: r.get("one_out_inferer_forecaster_values", {}).get(k, {}).get(j))
    workers = sorted({w for r in e["reports"] for w in r["losses"] if w not in ("network", "naive")} | set(e["regrets"]))
    fcs = [w for w in workers if w in e["forecasters"]]
    inf = [w for w in workers if w not in fcs]
    several = fcs if len(fcs) > 1 else []
    regrets, values = {}, {}
    def network(kind, out, members, loss):
        ref = values.setdefault(f"{kind}_values", {})[out] = named(f"{kind}_values", out)
        before, after = e.get(f"{kind}_regrets", {}).get(out, {}), {}
        for w in members:
            l, r = loss(w), before.get(w)
            if ref is not None and l is not None: r = str(a * (ref - l) + (1 - a) * D(r if r is not None else e["initial_regret"]))
            if r is not None: after[w] = r
        if after: regrets.setdefault(f"{kind}_regrets", {})[out] = after
    for j in inf: network("one_out_inferer", j, [w for w in inf + fcs if w != j], lambda w: without(w, j) if w in fcs else own(w))
    for k in several: network("one_out_forecaster", k, [w for w in inf + fcs if w != k], own)
    for k in several: network("one_in_forecaster", k, inf + [k], own)
    for k in fcs: values.setdefault("one_out_inferer_forecaster_values", {})[k] = {j: str(without(k, j)) for j in inf if without(k, j) is not None}
    values = {kind: {w: v if isinstance(v, dict) else str(v) for w, v in of.items() if v} for kind, of in values.items()}
    return {**regrets, **{kind: of for kind, of in values.items() if of}}

if __name__ == "__main__":
    e = json.load(open(sys.argv[1]))
    print(json.dumps((settle if "reports" in e else synthesize)(e, "--one-out" in sys.argv[2:]), indent=1))
