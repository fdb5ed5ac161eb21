#!/usr/bin/env python3
"""Makes the epochs here that are not the network simulator's own, and what the reference says of all of them.

    python3 make.py            writes NAME.json and NAME.expected.json
    python3 make.py --check    says whether they are what it would write

Seeds are fixed and random() is a generator of its own, so that every run writes the same bytes. What the simulator says of
its epochs, NAME.simulator.json, is compared with the reference: it is float64.
"""
import glob, json, os, sys
from decimal import Decimal as D
from reference import forecaster_key, settle, synthesize

HERE = os.path.dirname(os.path.abspath(__file__))

class Random:
    """Splitmix64."""
    def __init__(self, seed): self.state = seed
    def bits(self):
        self.state = (self.state + 0x9e3779b97f4a7c15) % 2**64
        z = self.state
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9 % 2**64
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb % 2**64
        return z ^ (z >> 31)
    def below(self, n): return self.bits() % n
    def between(self, low, high, places=17):
        """A decimal of so many places."""
        unit = D(10) ** -places
        steps = int((D(high) - D(low)) / unit)
        return D(low) + self.below(steps) * unit

def text(x): return format(x, "f")

def params(function, scale, **more):
    return {"weight_function": function, "regret_scale": scale, "p_norm": "3", "c_norm": "0.75", "epsilon": "0.01",
            "epsilon_safe_div": "0.0000001", "alpha_regret": "0.1", **more}

def log_return(r):
    size = D(10) ** -(1 + r.below(3)) * r.between("0.5", "1", 4)
    return ((-1) ** r.below(2) * (size + r.between("0.0001", "0.001"))).quantize(D("1e-17"))

def price(around): return lambda r: (D(around) * r.between("0.97", "1.03", 6) + r.between(0, 1, 10)).quantize(D("1e-8"))

def address(kind, i): return "allo1%s%02d" % (kind, i)

def epoch(seed, inferers, forecasters, p, value=log_return, elements=None, naive=True):
    """An epoch of this size, whose numbers are as far apart as the simulator's."""
    r = Random(seed)
    inf = [{"address": address("inferer", i), "inference": text(value(r)), "regret": text(r.between("-2.7", "-0.001")),
            **({"naive_regret": text(r.between("-1.1", "0.4"))} if naive else {})} for i in range(inferers)]
    fcs = []
    for k in range(forecasters):
        count = min(inferers, 12) if elements is None else elements
        # The inferers it forecasts begin anywhere and come in no order.
        first, step = r.below(inferers), next(s for s in (5, 7, 3, 11, 1) if inferers % s)
        which = [(first + step * i) % inferers for i in range(count)]
        fcs.append({"address": address("forecaster", k), "regret": text(r.between("-0.4", "0.1")),
                    "forecasts": [{"inferer": address("inferer", j), "loss": text(r.between("-4.5", "-0.5", 16))} for j in which]})
    return {"topic_id": 1 + seed % 70, "nonce": 5000000 + 75 * seed, "params": p,
            "previous_network_loss": text(r.between("-4.5", "-3.5", 16)), "inferers": inf, "forecasters": fcs}

def edit(e, change):
    change(e)
    return e

def set_each(items, field, values):
    for item, value in zip(items, values):
        if value is None: item.pop(field, None)
        else: item[field] = value

def with_one_outs(e, seed, lacking=0):
    """The epoch or settlement with regrets of one-out and one-in networks, of which about one in so many is not there."""
    r = Random(seed)
    if "inferers" in e:
        inferers = [x["address"] for x in e["inferers"]]
        forecasters = [forecaster_key(f["address"], inferers) for f in e.get("forecasters", [])]
    else:
        forecasters = e["forecasters"] = [w for w in e["regrets"] if "forecaster" in w]
        inferers = [w for w in e["regrets"] if w not in forecasters]
    regrets = lambda of: {w: text(r.between("-2.7", "-0.001") if w in inferers else r.between("-0.4", "0.1")) for w in of if not (lacking and r.below(lacking) == 0)}
    workers = inferers + forecasters
    several = forecasters if len(forecasters) > 1 else []
    e["one_out_inferer_regrets"] = {j: regrets(w for w in workers if w != j) for j in inferers}
    if several:
        e["one_out_forecaster_regrets"] = {k: regrets(w for w in workers if w != k) for k in several}
        e["one_in_forecaster_regrets"] = {k: regrets(inferers + [k]) for k in several}
    return e

def with_one_out_values(e, seed, lacking=0):
    """The settlement with losses of one-out and one-in networks, of which about one in so many lacks from a report."""
    r = Random(seed + 1000)
    forecasters = e["forecasters"]
    inferers = [w for w in e["regrets"] if w not in forecasters]
    several = forecasters if len(forecasters) > 1 else []
    base = {}
    def values(kind, of):
        found = {w: base.setdefault((kind, w), r.between("-4.5", "-0.5", 16)) + r.between("-0.3", "0.3", 16) for w in of}
        return {w: text(v) for w, v in found.items() if not (lacking and r.below(lacking) == 0)}
    for report in e["reports"]:
        report["one_out_inferer_values"] = values("out", inferers)
        for kind in ("one_out", "one_in"):
            if several: report[kind + "_forecaster_values"] = values(kind, several)
        without = {k: values(k, inferers) for k in forecasters}
        if without: report["one_out_inferer_forecaster_values"] = without
    return e

def settlement(seed, workers, reputers, naive=False, gaps=False, p=None):
    r = Random(seed)
    inferers, forecasters = workers
    names = [address("forecaster", k) for k in range(forecasters)] + [address("inferer", i) for i in range(inferers)]
    names.sort()
    losses = {w: r.between("-4.5", "-0.5", 16) for w in names + ["network"] + (["naive"] if naive else [])}
    e = {"topic_id": 1 + seed % 70, "nonce": 5000000 + 75 * seed, "params": p or params("exp1_div_exp1", "mad"),
         "regrets": {w: text(r.between("-2.7", "0.3")) for w in names}}
    if naive: e["naive_regrets"] = {w: text(r.between("-1.1", "0.4")) for w in names if "inferer" in w}
    # Stakes are whole numbers of the smallest coin, 1e-18.
    e["reports"] = [{"reputer": address("reputer", m), "stake": str(10**22 + r.bits() * 10**4 + r.below(10**4)),
                     "losses": {w: text(l + r.between("-0.3", "0.3", 16)) for w, l in losses.items()}} for m in range(reputers)]
    if gaps:
        # Each worker lacks from all reputers but one at most; the first has one alone.
        for n, w in enumerate(names):
            lacking = set(range(reputers)) - {r.below(reputers)} if n == 0 else {m for m in range(reputers) if r.below(3) == 0 and m != n % reputers}
            for m in lacking: del e["reports"][m]["losses"][w]
        e["reports"][0]["stake"] = "0"
        for w in names:
            reporting = [rep for rep in e["reports"] if w in rep["losses"]]
            if all(rep["stake"] == "0" for rep in reporting):
                e["reports"][1]["losses"][w] = text(losses[w])
    return e

STORED = {"stored": "0.9"}
CHAIN = ("exp1_div_exp1", STORED)

def all_epochs():
    out, seed = {}, 1
    for inferers, forecasters in ((1, 0), (2, 0), (5, 3), (12, 2), (32, 6)):
        for function in ("gradient", "exp1_div_exp1"):
            for scale in ("std", "mad", STORED):
                if inferers == 1 and (function, scale) != CHAIN: continue
                # Returns and prices by turns; p and c as topics have them.
                value = (log_return, price(3000), price(65000))[seed % 3]
                p = params(function, scale, p_norm=("3", "2.5", "4.5")[seed % 3], epsilon=("0.01", "0.0001")[seed % 2])
                kind = scale if isinstance(scale, str) else "stored"
                out[f"size_{inferers}x{forecasters}_{function.split('_')[0]}_{kind}"] = epoch(seed, inferers, forecasters, p, value)
                seed += 1
    def case(name, inferers, forecasters, change, function="exp1_div_exp1", scale="mad", **more):
        nonlocal seed
        out[f"case_{name}"] = edit(epoch(seed, inferers, forecasters, params(function, scale), **more), change)
        seed += 1
    def no_loss(e):
        e["previous_network_loss"] = None
        for w in e["inferers"] + e["forecasters"]: w.pop("regret", None), w.pop("naive_regret", None)
    case("no_loss_even", 4, 2, no_loss)
    case("no_loss_odd", 5, 1, no_loss, value=price(65000))
    case("no_naive", 5, 2, lambda e: None, naive=False)
    case("no_forecasters", 7, 0, lambda e: e.pop("forecasters"))
    case("forecasters_without_inferers", 3, 2, lambda e: [x.update(inferer="allo1gone%02d" % i) for f in e["forecasters"] for i, x in enumerate(f["forecasts"])])
    case("one_element", 6, 2, lambda e: e["forecasters"][1].update(forecasts=e["forecasters"][1]["forecasts"][:1]))
    def missing(e):
        e["forecasters"][0]["forecasts"] = []
        for x in e["forecasters"][1]["forecasts"]: x["inferer"] = "allo1gone" + x["inferer"][-2:]
        for x in e["forecasters"][2]["forecasts"][1::2]: x["inferer"] = "allo1gone" + x["inferer"][-2:]
        for x in e["forecasters"][3]["forecasts"][1:]: x["inferer"] = "allo1gone" + x["inferer"][-2:]
    case("missing_forecasts", 6, 4, missing, value=price(3000))
    case("unsorted", 6, 3, lambda e: (e["inferers"].reverse(), e["forecasters"].reverse()))
    # Values that are the same have weights that are not: their order is that of the workers.
    case("ties", 6, 2, lambda e: set_each(e["inferers"], "inference", ["0.01", "0.02", "0.01", "0.02", "0.01", "-0.5"]))
    case("all_values_equal", 4, 1, lambda e: set_each(e["inferers"], "inference", ["3000.5"] * 4))
    def equal(e):
        set_each(e["inferers"] + e["forecasters"], "regret", ["-0.7"] * 9)
        set_each(e["inferers"], "naive_regret", ["0"] * 6)
        for f in e["forecasters"]: set_each(f["forecasts"], "loss", ["-2"] * 6)
    for function, scale in (("gradient", "std"), ("exp1_div_exp1", "mad")):
        case(f"equal_regrets_{function.split('_')[0]}", 6, 2, equal, function, scale)
    # All but two the same: the median of deviations is 0 and the scale epsilon, the standard deviation is not.
    most = lambda e: set_each(e["inferers"] + e["forecasters"], "regret", ["-0.7"] * 6 + ["-0.65", "-0.8"])
    case("most_regrets_equal", 6, 2, most)
    far = lambda *regrets: lambda e: (set_each(e["inferers"], "regret", regrets), set_each(e["inferers"], "naive_regret", regrets))
    # 17.25 / p below the centre a gradient is 0; with a stored scale of 0.9 that is a regret of -4.5.
    case("far_gradient_zero", 6, 1, far("-4.49", "-4.51", "-6", "0.1", "-30", "-1"), "gradient", STORED)
    case("far_gradient_capped", 6, 1, far("2.69", "2.71", "12", "0.1", "-30", "-1"), "gradient", STORED)
    # All regrets below the centre by more than 8.25 / p: the best one is moved there.
    case("far_gradient_anchored", 5, 0, far("-8", "-7.3", "-9.9", "-10.5", "-11"), "gradient", STORED)
    case("far_exp1", 6, 1, far("-8.5", "-9.2", "-6", "0.1", "-30", "-1"), "exp1_div_exp1", STORED)
    case("far_exp1_best_far_below", 5, 1, far("-10", "-18", "-19", "-10.1", "-30"), "exp1_div_exp1", {"stored": "1"})
    # Weights of a sum below epsilon_safe_div are divided by that.
    case("safe_div", 5, 0, lambda e: (far("-10", "-18", "-19", "-10.1", "-30")(e), e["params"].update(epsilon_safe_div="2.5")), "exp1_div_exp1", STORED)
    case("initial_regret", 6, 3, lambda e: (e.update(initial_regret="-2.6354400918506867409087527239705949"),
         [e["inferers"][i].pop("regret") for i in (1, 4)], e["inferers"][4].pop("naive_regret"), e["forecasters"][2].pop("regret")))
    def new(e):
        e["initial_regret"] = "0"
        for w in e["inferers"] + e["forecasters"]: w.pop("regret", None), w.pop("naive_regret", None)
    case("all_new", 5, 2, lambda e: (new(e), e["forecasters"][0].update(forecasts=e["forecasters"][0]["forecasts"][:4])))
    case("all_new_naive", 4, 1, lambda e: (new(e), e["inferers"][1].update(naive_regret="-0.2", regret="-0.3")))
    case("infers_and_forecasts", 5, 2, lambda e: e["forecasters"][1].update(address=e["inferers"][2]["address"]))
    case("one_inference_with_forecasts", 1, 1, lambda e: None)
    for workers, reputers, more in (((5, 3), 1, {}), ((5, 3), 4, {"naive": True}), ((12, 2), 3, {"gaps": True}),
                                    ((32, 6), 6, {"naive": True, "gaps": True})):
        name = f"settle_{workers[0]}x{workers[1]}_{reputers}" + "".join(f"_{k}" for k in more)
        out[name] = settlement(seed, workers, reputers, **more)
        seed += 1
    out["settle_alpha_one"] = settlement(seed, (2, 0), 2, p=params("gradient", "std", alpha_regret="1"))
    seed += 1
    # Of what follows one-out and one-in inferences are asked for, too.
    def one_out(name, inferers, forecasters, function="exp1_div_exp1", scale="mad", change=lambda e: None, lacking=0, **more):
        nonlocal seed
        e = with_one_outs(edit(epoch(seed, inferers, forecasters, params(function, scale), **more), change), seed, lacking)
        out[f"one_out_{name}"] = e
        seed += 1
        return e
    one_out("5x3_gradient_stored", 5, 3, "gradient", STORED)
    one_out("5x3_exp1_mad", 5, 3, value=price(3000))
    one_out("12x2_exp1_stored", 12, 2, "exp1_div_exp1", STORED)
    one_out("32x6_exp1_mad", 32, 6)
    one_out("no_forecasters", 4, 0, "gradient", "std")
    one_out("one_forecaster", 4, 1)
    one_out("two_inferers", 2, 2)
    one_out("two_inferers_alone", 2, 0)
    one_out("one_inference", 1, 1)
    one_out("missing_forecasts", 6, 4, change=missing)
    one_out("infers_and_forecasts", 5, 2, change=lambda e: e["forecasters"][1].update(address=e["inferers"][2]["address"]))
    one_out("initial_regret", 5, 2, change=lambda e: e.update(initial_regret="-2.63544009"), lacking=3)
    def settle_one_out(name, workers, reputers, change=lambda e: None, lacking=0, **more):
        nonlocal seed
        e = with_one_outs(edit(settlement(seed, workers, reputers, **more), change), seed, lacking)
        # Reports come last.
        e["reports"] = e.pop("reports")
        out[f"settle_one_out_{name}"] = with_one_out_values(e, seed, lacking)
        seed += 1
    settle_one_out("5x3_4_naive", (5, 3), 4, naive=True)
    settle_one_out("12x2_3_gaps", (12, 2), 3, lambda e: e.update(initial_regret="-1.5"), lacking=3, gaps=True)
    settle_one_out("32x6_6_naive", (32, 6), 6, naive=True)
    settle_one_out("one_forecaster", (4, 1), 2)
    settle_one_out("stored", (3, 2), 2, p=params(*CHAIN))
    # Nobody has a regret, of whatever network.
    def all_new(e):
        new(e)
        e["forecasters"][0].update(forecasts=e["forecasters"][0]["forecasts"][:1])
    out["one_out_all_new"] = edit(epoch(seed, 5, 2, params(*CHAIN)), all_new)
    out["one_out_no_loss"] = edit(epoch(seed, 3, 2, params(*CHAIN)), no_loss)
    return out

def differences(a, b, at=""):
    """Relative differences of what a has to what b has of the same."""
    for k in a.keys() & b.keys() if isinstance(a, dict) else range(len(a)):
        if isinstance(a[k], (dict, list)): yield from differences(a[k], b[k], f"{at}.{k}")
        elif isinstance(a[k], str): yield abs(D(a[k]) - D(b[k])) / max(abs(D(b[k])), D("1e-9")), f"{at}.{k}"

def main(check):
    files = {name: json.dumps(e, indent=1) + "\n" for name, e in all_epochs().items()}
    given = [f for f in glob.glob(os.path.join(HERE, "*.json")) if f.rsplit("/", 1)[1].startswith(("synthesis_g", "settle_30", "one_out_g", "settle_one_out_g")) and f.count(".") == 1]
    for f in given: files[os.path.basename(f)[:-5]] = open(f).read()
    stale, total = [], 0
    for name, source in sorted(files.items()):
        e = json.loads(source)
        asked = "one_out" in name
        expected = (settle if "reports" in e else synthesize)(e, asked)
        least = min([D(w) for w in expected.get("weights", {}).values() if D(w)], default=D(1))
        assert least > D("1e-60"), (name, least)  # Less is not read.
        simulator = os.path.join(HERE, name + ".simulator.json")
        if os.path.exists(simulator):
            worst = max(differences(json.load(open(simulator)), expected))
            assert worst[0] < D("2e-14"), (name, worst)
        for path, content in ((name + ".json", source), (name + ".expected.json", json.dumps(expected, indent=1) + "\n")):
            path, total = os.path.join(HERE, path), total + len(content)
            if check: stale += [path] * (not os.path.exists(path) or open(path).read() != content)
            else: open(path, "w").write(content)
    print(f"{len(files)} epochs, {total} bytes" + (", stale: " + ", ".join(stale) if stale else ""))
    return bool(stale)

if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
