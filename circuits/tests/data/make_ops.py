#!/usr/bin/env python3
"""Make ops.json: small ONNX models, one operator or one exported network each, with what onnxruntime computes.

    pip install onnx onnxruntime skl2onnx scikit-learn torch onnxmltools xgboost lightgbm catboost
    python make_ops.py

ops.json: [{"name", "opset", "model": hex, "inputs": [[...], ...], "outputs": [[[...], ...], ...]}], where `outputs` holds,
for each input, each floating point output flattened.
"""
import io, json, os, tempfile, warnings
import numpy as np, onnx, onnxruntime as ort
from onnx import TensorProto as T, helper as h, numpy_helper

warnings.filterwarnings("ignore")
ort.set_default_logger_severity(4)
rng = np.random.default_rng(7)
ML = "ai.onnx.ml"
cases = []


def short(x):
    return float(np.format_float_scientific(np.float32(x)))


def run(name, opset, blob, shape, count=2):
    """Record a model's outputs on random inputs."""
    s = ort.InferenceSession(blob, providers=["CPUExecutionProvider"])
    inputs = [rng.standard_normal(shape).astype(np.float32).round(3) for _ in range(count)]
    outputs = []
    for x in inputs:
        found = s.run(None, {s.get_inputs()[0].name: x})
        rows = []
        for o in found:
            if isinstance(o, list):  # ZipMap: a list of maps from class to score.
                o = np.array([list(m.values()) for m in o])
            if np.asarray(o).dtype.kind == "f":
                rows.append([short(v) for v in np.asarray(o).flatten()])
        outputs.append(rows)
    cases.append({"name": name, "opset": opset, "model": blob.hex(),
                  "inputs": [[short(v) for v in x.flatten()] for x in inputs], "outputs": outputs})


def model(name, opset, nodes, shape, consts=(), outputs=("y",), types=None, ml=None):
    inits = [numpy_helper.from_array(np.asarray(v), k) for k, v in dict(consts).items()]
    ins = [h.make_tensor_value_info("x", T.FLOAT, ["batch", *shape[1:]] if opset % 2 else shape)]
    ir = {9: 3, 13: 7, 17: 8, 21: 10}[opset]
    if ir == 3:  # The first versions list initialisers among the inputs.
        ins += [h.make_tensor_value_info(i.name, i.data_type, i.dims) for i in inits]
    outs = [h.make_tensor_value_info(o, (types or {}).get(o, T.FLOAT), None) for o in outputs]
    g = h.make_graph(nodes, name, ins, outs, inits)
    sets = [h.make_opsetid("", opset), h.make_opsetid(ML, ml or (1 if opset == 9 else 3))]
    run(name, opset, h.make_model(g, opset_imports=sets, ir_version=ir).SerializeToString(), shape)


def n(op, ins, out="y", domain="", **attrs):
    return h.make_node(op, ins.split(), out.split(), domain=domain, **attrs)


def f(*shape):
    return rng.standard_normal(shape).astype(np.float32).round(2)


def i(*values):
    return np.array(values, dtype=np.int64)


def operators(v):
    one = lambda name, nodes, shape=(1, 4), consts=(), **kw: model(name, v, nodes if isinstance(nodes, list) else [nodes], shape, consts, **kw)
    for op in "Abs Erf Exp Identity Neg Relu Sigmoid Softplus Tanh LeakyRelu Shape Dropout".split():
        if op == "Shape":
            one("Shape", [n("Shape", "x", "s"), n("Cast", "s", "f", to=T.FLOAT), n("ReduceSum", "f", "t", keepdims=0), n("Add", "x t")], (1, 2, 3))
        else:
            one(op, n(op, "x"))
    one("Sqrt", [n("Abs", "x", "a"), n("Sqrt", "a")])
    for op in "Add Sub Mul Div".split():
        one(op + "Const", n(op, "x c"), consts={"c": f(2, 1) + 3})
        one("Const" + op, [n("Exp", "x", "e"), n(op, "c e")], consts={"c": f(2, 1)})
        one(op, [n("Exp", "x", "e"), n("Tanh", "x", "t"), n(op, "t e")])
    for op in "Max Min".split():
        one(op, [n("Neg", "x", "m"), n(op, "x m c")], consts={"c": f(4) * 0})
    one("Pow", n("Pow", "x c"), consts={"c": np.float32(3)})
    if v == 9:
        one("Clip", n("Clip", "x", min=-.5, max=.5))
    else:
        one("Clip", n("Clip", "x lo hi"), consts={"lo": np.float32(-.5), "hi": np.float32(.5)})
        one("ClipHigh", h.make_node("Clip", ["x", "", "hi"], ["y"]), consts={"hi": np.float32(.25)})
    one("Cast", [n("Cast", "x", "d", to=T.DOUBLE), n("Cast", "d", to=T.FLOAT)])
    if v >= 20:
        one("Gelu", n("Gelu", "x"))
        one("GeluTanh", n("Gelu", "x", approximate="tanh"))
    one("Gemm", n("Gemm", "x w b", alpha=.5, beta=2.0, transB=1), consts={"w": f(3, 4), "b": f(3)})
    one("GemmLeft", n("Gemm", "w x b", transB=1), consts={"w": f(3, 4), "b": f(3, 1)})
    one("GemmTransA", n("Gemm", "x w b", transA=1), consts={"w": f(1, 2), "b": f(4, 2)})
    one("MatMul", n("MatMul", "x w"), consts={"w": f(4, 3)})
    one("MatMulLeft", n("MatMul", "w x"), (1, 3, 2), consts={"w": f(2, 3)})
    one("MatMulVector", n("MatMul", "x w"), (1, 3, 2), consts={"w": f(2)})
    one("BatchNormalization", n("BatchNormalization", "x s b m v"), (1, 3, 2),
        consts={"s": f(3), "b": f(3), "m": f(3), "v": abs(f(3)) + 1})
    one("Flatten", n("Flatten", "x", axis=2), (1, 2, 3))
    one("Reshape", n("Reshape", "x s"), (1, 2, 3), consts={"s": i(0, -1)})
    if v < 13:
        one("Squeeze", [n("Unsqueeze", "x", "u", axes=[0, 3]), n("Squeeze", "u", axes=[3])])
        one("ReduceSum", n("ReduceSum", "x", axes=[1], keepdims=0), (1, 2, 3))
        one("Split", [n("Split", "x", "a b", axis=1, split=[1, 3]), n("Mul", "a b")])
    else:
        one("Squeeze", [n("Unsqueeze", "x ax", "u"), n("Squeeze", "u sq")], consts={"ax": i(0, 3), "sq": i(3)})
        one("ReduceSum", n("ReduceSum", "x ax", keepdims=0), (1, 2, 3), consts={"ax": i(1)})
        one("Split", [n("Split", "x l", "a b", axis=1), n("Mul", "a b")], consts={"l": i(1, 3)})
    one("ReduceMean", n("ReduceMean", "x", keepdims=1), (1, 2, 3))
    if v < 18:
        one("ReduceMeanLast", n("ReduceMean", "x", axes=[-1]), (1, 2, 3))
    else:
        one("ReduceMeanLast", n("ReduceMean", "x ax"), (1, 2, 3), consts={"ax": i(-1)})
    one("SplitEqual", [n("Split", "x", "a b", axis=1, **({"num_outputs": 2} if v >= 18 else {})), n("Sub", "a b")])
    one("Transpose", n("Transpose", "x", perm=[2, 0, 1]), (1, 2, 3))
    one("Concat", [n("Tanh", "x", "t"), n("Concat", "x c t", axis=1)], consts={"c": f(1, 2)})
    if v == 9:
        one("Slice", n("Slice", "x", starts=[1], ends=[-1], axes=[1]))
    else:
        one("Slice", n("Slice", "x st en ax sp"), (1, 6),
            consts={"st": i(-1), "en": i(-100), "ax": i(1), "sp": i(-2)})
    one("Gather", n("Gather", "x k", axis=1), consts={"k": i(2, -1, 0)})
    one("Expand", n("Expand", "x s"), (1, 2, 1), consts={"s": i(3, 1, 2)})
    for axis in (1, -1):
        one(f"Softmax{axis}", n("Softmax", "x", axis=axis), (1, 3, 2))
    one("SoftmaxWide", n("Softmax", "x"), (1, 7))
    one("Constant", [h.make_node("Constant", [], ["c"], value=numpy_helper.from_array(f(4))), n("Mul", "x c")])
    one("ConstantOfShape", [n("ConstantOfShape", "s", "c"), n("Add", "x c")], consts={"s": i(3, 1)})
    # A shape computed at run time, as exporters write x.view(x.size(0), -1) and masks.
    axes = {} if v >= 13 else {"axes": [0]}
    un = "%s z" if v >= 13 else "%s"
    one("ShapeSubgraph", [
        n("Shape", "x", "s"), n("Gather", "s i0", "d0", axis=0), n("Gather", "s i1", "d1", axis=0),
        n("Mul", "d1 two", "m"), n("Div", "m two", "q"), n("Add", "q one", "p"), n("Sub", "p one", "r"),
        n("Unsqueeze", un % "d0", "u0", **axes), n("Unsqueeze", un % "r", "u1", **axes),
        n("Concat", "u0 u1 last", "t", axis=0), n("Reshape", "x t", "y")], (1, 4, 3),
        consts={"i0": np.int64(0), "i1": np.int64(1), "two": np.int64(2), "one": np.int64(1), "last": i(-1), "z": i(0)})
    if v >= 11:
        one("RangeWhere", [
            n("Range", "a b c", "r"), n("Equal", "r k", "e"), n("Where", "e x w", "y")], (1, 4),
            consts={"a": np.int64(0), "b": np.int64(4), "c": np.int64(1), "k": i(2), "w": f(4)})
    one("Scaler", n("Scaler", "x", domain=ML, offset=[1., 2., 3., 4.], scale=[.5, 2., 1., -1.]))
    one("LinearRegressor", n("LinearRegressor", "x", domain=ML, coefficients=list(f(8).tolist()), intercepts=[.5, -1.], targets=2))
    for t in "NONE LOGISTIC SOFTMAX SOFTMAX_ZERO".split():
        for rows in (1, 2, 3):
            one(f"LinearClassifier{t}{rows}", n("LinearClassifier", "x", "l y", domain=ML, coefficients=f(4 * rows).tolist(),
                intercepts=f(rows).tolist(), classlabels_ints=list(range(max(rows, 2))), post_transform=t),
                outputs=("l", "y"), types={"l": T.INT64})
    for t in "MAX L1 L2".split():
        one(f"Normalizer{t}", [n("Exp", "x", "e"), n("Normalizer", "e", domain=ML, norm=t)])


def images(v):
    """Pooling, convolution and normalisation, and products of tensors with batches."""
    one = lambda name, nodes, shape=(1, 2, 4, 4), consts=(): model(name, v, nodes if isinstance(nodes, list) else [nodes], shape, consts)
    for op in "MaxPool AveragePool".split():
        one(op, n(op, "x", kernel_shape=[2, 2], strides=[2, 2]))
        one(op + "Line", n(op, "x", kernel_shape=[3], strides=[2], auto_pad="SAME_UPPER"), (1, 2, 6))
        one(op + "Pads", n(op, "x", kernel_shape=[3, 2], strides=[2, 3], pads=[1, 0, 1, 1], **({"ceil_mode": 1} if v > 9 else {})))
        one("Global" + op, n("Global" + op, "x"))
    one("AveragePoolInclude", n("AveragePool", "x", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1), (1, 1, 3, 3))
    if v > 9:
        one("MaxPoolDilated", n("MaxPool", "x", kernel_shape=[2, 2], dilations=[2, 1]))
    for op in "ReduceMax ReduceMin".split():
        one(op, n(op, "x", **({"axes": [1]} if v < 18 else {})), (1, 3, 2))
    one("Conv", n("Conv", "x w b", pads=[1, 0, 1, 1], strides=[2, 1]), consts={"w": f(3, 2, 3, 2), "b": f(3)})
    one("ConvLine", n("Conv", "x w", dilations=[2], auto_pad="VALID"), (1, 2, 6), consts={"w": f(2, 2, 3)})
    one("ConvGroups", n("Conv", "x w", group=2), (1, 4, 3, 3), consts={"w": f(4, 2, 2, 2)})
    one("ConvNet", [
        n("Conv", "x w", "c", pads=[1, 1, 1, 1]), n("BatchNormalization", "c s b m v", "n"), n("Relu", "n", "r"),
        n("MaxPool", "r", "p", kernel_shape=[2, 2], strides=[2, 2]), n("GlobalAveragePool", "p", "g"),
        n("Flatten", "g", "t"), n("MatMul", "t d")], (1, 1, 4, 4),
        consts={"w": f(2, 1, 3, 3), "s": f(2), "b": f(2), "m": f(2), "v": abs(f(2)) + 1, "d": f(2, 3)})
    one("InstanceNormalization", n("InstanceNormalization", "x s b"), (1, 2, 2, 3), consts={"s": f(2), "b": f(2)})
    if v >= 17:
        one("LayerNormalization", n("LayerNormalization", "x s b"), (1, 2, 6), consts={"s": f(6), "b": f(6)})
        one("LayerNormalizationAxis", n("LayerNormalization", "x s", axis=1, epsilon=.01), (1, 2, 3), consts={"s": f(2, 3)})
    one("MatMulBatch", n("MatMul", "x w"), (1, 2, 2, 3), consts={"w": f(2, 3, 2)})
    one("MatMulComputed", [n("Tanh", "x", "t"), n("Transpose", "t", "u", perm=[0, 2, 1]), n("MatMul", "x u")], (1, 2, 3))


def recurrent(v):
    """Recurrent layers, with the steps on the second axis of the input as frameworks have them."""
    def one(name, op, gates, d=1, states="", bias=True, outputs=("y",), **attrs):
        consts = {"w": f(d, gates * 3, 2), "r": f(d, gates * 3, 3)} | ({"b": f(d, gates * 6)} if bias else {})
        consts |= {k: f(d, 1, 3) for k in states}
        ins = ["t", "w", "r", "b" if bias else "", "", *states]
        nodes = [n("Transpose", "x", "t", perm=[1, 0, 2]), h.make_node(op, ins, outputs, hidden_size=3, **attrs)]
        model(name, v, nodes, (1, 5, 2), consts, [o for o in outputs if o])

    one("RNN", "RNN", 1, states="s")
    one("RNNReluReverse", "RNN", 1, activations=["Relu"], direction="reverse")
    one("GRU", "GRU", 3, states="s", outputs=("y", "last"))
    one("GRUBoth", "GRU", 3, d=2, direction="bidirectional", linear_before_reset=1, outputs=("y", "last"))
    one("LSTM", "LSTM", 4)
    one("LSTMReverse", "LSTM", 4, bias=False, direction="reverse", outputs=("", "last", "cell"))
    one("LSTMBoth", "LSTM", 4, d=2, states="sc", direction="bidirectional", outputs=("y", "last", "cell"))


def choices(v):
    """Comparisons and what is made of them, norms, and activations composed of others."""
    one = lambda name, nodes, shape=(1, 4), consts=(): model(name, v, nodes if isinstance(nodes, list) else [nodes], shape, consts)
    c = {"c": np.array([.5, -.5, 0, 2], dtype=np.float32)}
    cast = n("Cast", "b", to=T.FLOAT)
    for op in "Greater GreaterOrEqual Less LessOrEqual Equal".split():
        one(op, [n(op, "x c", "b"), cast], consts=c)
        one(op + "Computed", [n("Relu", "x", "r"), n(op, "x r", "b"), cast])
    for op in "And Or Xor".split():
        one(op, [n("Greater", "x c", "p"), n("Tanh", "x", "t"), n("Less", "c t", "q"), n(op, "p q", "b"), cast], consts=c)
        one(op + "Const", [n("Greater", "x c", "p"), n(op, "p k", "b"), cast], consts={**c, "k": np.array([True, False, True, False])})
    one("Not", [n("Greater", "x c", "p"), n("Not", "p", "b"), cast], consts=c)
    one("WhereComputed", [n("Greater", "x c", "p"), n("Tanh", "x", "t"), n("Where", "p t c")], consts=c)
    for op in "Elu HardSigmoid Selu Sign Softsign ThresholdedRelu Celu".split() + (["HardSwish"] if v > 13 else []) + (["Mish"] if v > 17 else []):
        one(op, n(op, "x"))
    one("PRelu", n("PRelu", "x s"), consts={"s": f(4)})
    one("Reciprocal", [n("Exp", "x", "e"), n("Reciprocal", "e")])
    for op in "Sum Mean".split():
        one(op, [n("Tanh", "x", "t"), n(op, "x c t")], consts=c)
    for op in "ReduceL1 ReduceL2 ReduceSumSquare".split():
        if v < 18:
            one(op, n(op, "x", axes=[1]), (1, 3, 2))
        else:
            one(op, n(op, "x ax"), (1, 3, 2), {"ax": i(1)})
    for op in "ArgMax ArgMin".split():
        one(op, [n(op, "x", "k", axis=2, keepdims=0), n("Cast", "k", to=T.FLOAT)], (1, 2, 5))
    one("TopK", [n("TopK", "x k", "v j"), n("Cast", "j", "p", to=T.FLOAT), n("Mul", "v p")], (1, 5), {"k": i(3)})
    one("MatMulHeads", [n("Transpose", "x", "a", perm=[0, 2, 1, 3]), n("Transpose", "x", "b", perm=[0, 2, 3, 1]),
        n("MatMul", "a b", "s"), n("Softmax", "s", "p"), n("MatMul", "p a", "m"), n("Transpose", "m", perm=[0, 2, 1, 3])], (1, 3, 2, 4))


def exports():
    """Networks as their frameworks export them."""
    import torch, torch.nn as nn
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler

    torch.manual_seed(7)

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.n = nn.Linear(5, 8), nn.Linear(8, 3), nn.LayerNorm(8)

        def forward(self, x):
            y = self.n(self.a(x)) + .1
            y = torch.cat([y[:, :4].clamp(-1, 1), y[:, 4:].abs()], 1).view(x.size(0), -1)
            return torch.softmax(self.b(y), -1), nn.functional.softplus(self.b(y)).mean(-1)

    nets = {
        "torch_gelu": nn.Sequential(nn.Linear(4, 6), nn.GELU(), nn.Linear(6, 2)),
        "torch_gelu_tanh": nn.Sequential(nn.Linear(4, 6), nn.GELU(approximate="tanh"), nn.Linear(6, 2)),
        "torch_norm": nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU6(), nn.Dropout(.5), nn.Linear(6, 2), nn.Sigmoid()),
        "torch_head": Head(),
    }
    for name, net in nets.items():
        width = 5 if name == "torch_head" else 4
        net.train()
        for _ in range(3):
            net(torch.randn(16, width))
        net.eval()
        for opset in (11, 13, 16) + (() if name == "torch_head" else (17, 20)):
            out = io.BytesIO()
            torch.onnx.export(net, torch.randn(1, width), out, opset_version=opset, input_names=["x"], dynamo=False,
                              dynamic_axes={"x": {0: "batch"}})
            run(name, opset, strip(out.getvalue()), (1, width))

    X, y = rng.standard_normal((60, 4)).astype(np.float32), rng.integers(0, 3, 60)
    fits = {
        "skl_logistic3": (LogisticRegression(), y), "skl_logistic2": (LogisticRegression(), y > 0),
        "skl_minmax_ridge": (make_pipeline(MinMaxScaler(), Normalizer(), Ridge()), np.stack([X[:, 0], y], 1)),
        "skl_mlp": (MLPRegressor(hidden_layer_sizes=(5, 4), activation="tanh", max_iter=5), X[:, 1] * y),
        "skl_mlp3": (make_pipeline(StandardScaler(), MLPClassifier(hidden_layer_sizes=(5,), max_iter=5)), y),
        "skl_names": (LogisticRegression(), np.array(["down", "flat", "up"])[y]),
    }
    for name, (m, target) in fits.items():
        m.fit(X, target)
        for opset in (11, 15, 17):
            run(name, opset, strip(to_onnx(m, X[:1], target_opset={"": opset, ML: 3}).SerializeToString()), (1, 4))


def ensemble(prefix, trees):
    """The attributes of trees, each a list of nodes (mode, feature, value, true, false) and leaves {target: weight}."""
    a = {"nodes_" + k: [] for k in "treeids nodeids modes featureids values truenodeids falsenodeids".split()}
    a |= {prefix + "_" + k: [] for k in "treeids nodeids ids weights".split()}
    for t, nodes in enumerate(trees):
        for i, node in enumerate(nodes):
            row = ("LEAF", 0, 0., 0, 0) if isinstance(node, dict) else node
            for k, value in zip("treeids nodeids modes featureids values truenodeids falsenodeids".split(), (t, i, *row)):
                a["nodes_" + k].append(value)
            for target, weight in node.items() if isinstance(node, dict) else ():
                for k, value in zip("treeids nodeids ids weights".split(), (t, i, target, weight)):
                    a[prefix + "_" + k].append(value)
    return a


def trees():
    """Tree ensembles: each mode and aggregate, and models as their frameworks export them."""
    import onnxmltools, catboost, lightgbm, xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType
    from skl2onnx import to_onnx
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor

    modes = [[("BRANCH_" + mode, t % 4, .25, 1, 2), {0: t + 1.}, ("BRANCH_LEQ", (t + 1) % 4, -.25, 3, 4), {1: -.5}, {0: 2., 1: t / 2}]
             for t, mode in enumerate("LEQ LT GTE GT EQ NEQ".split())] + [[{0: 1.5, 1: 2.5}]]
    for opset, kind in zip((9, 13, 17, 21), "SUM AVERAGE MIN MAX".split()):
        node = n("TreeEnsembleRegressor", "x", domain=ML, n_targets=2, aggregate_function=kind, **ensemble("target", modes))
        model(f"TreeEnsembleRegressor{kind}", opset, [node], (1, 4))
    for t in "NONE LOGISTIC SOFTMAX".split():
        for classes in (1, 3):
            forest = [[("BRANCH_LEQ", k, .1, 1, 2)] + [{c: short(v) for c, v in enumerate(f(classes))} for _ in range(2)] for k in range(4)]
            node = n("TreeEnsembleClassifier", "x", "l y", domain=ML, classlabels_int64s=list(range(max(classes, 2))),
                     post_transform=t, **ensemble("class", forest))
            model(f"TreeEnsembleClassifier{t}{classes}", 17, [node], (1, 4), outputs=("l", "y"), types={"l": T.INT64})
    tensor = lambda v, t: numpy_helper.from_array(np.array(v, t), "t")
    node = n("TreeEnsemble", "r", domain=ML, n_targets=2, nodes_modes=tensor([0, 6, 6], np.uint8), nodes_splits=tensor([0, np.nan, np.nan], np.float32),
             membership_values=tensor([1, 3, np.nan, 0, 2, np.nan], np.float32), nodes_featureids=[0, 1, 2], nodes_truenodeids=[1, 0, 1],
             nodes_falsenodeids=[2, 2, 3], nodes_trueleafs=[0, 1, 1], nodes_falseleafs=[0, 1, 1], tree_roots=[0, 2],
             leaf_targetids=[0, 1, 0, 1], leaf_weights=tensor([1, 2, 3, 4], np.float32))
    model("TreeEnsemble", 21, [n("Mul", "x zero", "z"), n("Add", "z one", "r"), node], (1, 4),
          consts={"zero": np.array([1, 0, 0, 0], np.float32), "one": np.array([0, 3, 2, 1], np.float32)}, ml=5)

    X = rng.standard_normal((80, 4)).astype(np.float32)
    y = X[:, 0] * X[:, 1] + X[:, 2]
    three = np.digitize(y, [-.5, .5])
    for name, m, target in [("skl_forest", RandomForestRegressor(4, max_depth=3), y), ("skl_forest3", RandomForestClassifier(4, max_depth=3), three),
                            ("skl_forest2", RandomForestClassifier(4, max_depth=3), y > 0), ("skl_boost2", GradientBoostingClassifier(n_estimators=4, max_depth=2), y > 0)]:
        run(name, 17, strip(to_onnx(m.fit(X, target), X[:1], target_opset={"": 17, ML: 3}).SerializeToString()), (1, 4))
    sizes = dict(n_estimators=4, max_depth=3)
    types = dict(initial_types=[("x", FloatTensorType([None, 4]))], target_opset=15)
    for name, m, target in [("lgb", lightgbm.LGBMRegressor(**sizes, verbose=-1, min_child_samples=5), y), ("lgb3", lightgbm.LGBMClassifier(**sizes, verbose=-1), three)]:
        run(name, 15, strip(onnxmltools.convert_lightgbm(m.fit(X, target), zipmap=False, **types).SerializeToString()), (1, 4))
    for name, m, target in [("xgb", xgboost.XGBRegressor(**sizes), y), ("xgb2", xgboost.XGBClassifier(**sizes), y > 0)]:
        run(name, 15, strip(onnxmltools.convert_xgboost(m.fit(X, target), **types).SerializeToString()), (1, 4))
    for name, m, target in [("cat", catboost.CatBoostRegressor(iterations=4, depth=3, verbose=0), y), ("cat2", catboost.CatBoostClassifier(iterations=4, depth=3, verbose=0), (y > 0).astype(int))]:
        path = os.path.join(tempfile.mkdtemp(), "m.onnx")
        m.fit(X, target).save_model(path, format="onnx")
        run(name, 15, strip(open(path, "rb").read()), (1, 4))


def strip(blob):
    """Leave out documentation and the exporter's notes of where in the source an operator came from."""
    m = onnx.load_from_string(blob)
    del m.metadata_props[:]
    for node in m.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    return m.SerializeToString()


for opset in (9, 13, 17, 21):
    operators(opset)
exports()
rng = np.random.default_rng(11)
for opset in (9, 13, 17, 21):
    images(opset)
rng = np.random.default_rng(13)
trees()
rng = np.random.default_rng(13)
for opset in (9, 21):
    recurrent(opset)
rng = np.random.default_rng(13)
for opset in (13, 17, 21):
    choices(opset)
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops.json")
with open(path, "w") as out:
    out.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
print(f"{len(cases)} models, {os.path.getsize(path)} bytes")
