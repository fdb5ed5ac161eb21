"""Models of any size as ONNX files, with inputs and the outputs that they have in floating point."""

import json
import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FEATURES = 32
INPUTS = 64
SEED = 1


def parameters(width):
    """Of a perceptron of three dense layers, both hidden ones of one width."""
    return (FEATURES + 1) * width + (width + 1) * width + (width + 1)


def width_for(weights):
    """The width with the number of parameters closest to `weights`."""
    low = max(1, math.isqrt(weights) - FEATURES)
    return min(range(low, math.isqrt(weights) + 2), key=lambda width: abs(parameters(width) - weights))


def save(folder, graph, opsets, inputs, outputs):
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(*opset) for opset in opsets], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, folder / "network.onnx")
    data = {"inputs": inputs.astype(float).tolist(), "outputs": outputs.astype(float).tolist()}
    (folder / "inputs.json").write_text(json.dumps(data))


def graph_of(name, nodes, constants, outputs=1):
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, FEATURES])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, outputs])
    return helper.make_graph(nodes, name, [x], [y], [numpy_helper.from_array(v, k) for k, v in constants.items()])


def perceptron(folder, width):
    """Random weights that keep the magnitude of what they are applied to (He), and inputs of standard deviation 1."""
    rng = np.random.default_rng(SEED)
    sizes = [FEATURES, width, width, 1]
    inputs = rng.standard_normal((INPUTS, FEATURES), np.float32)
    nodes, constants, y = [], {}, inputs
    for i, (before, after) in enumerate(zip(sizes, sizes[1:])):
        weights = rng.standard_normal((after, before), np.float32) * np.float32(math.sqrt(2 / before))
        bias = rng.standard_normal(after, np.float32) * np.float32(0.1)
        constants |= {f"w{i}": weights, f"b{i}": bias}
        last = i == len(sizes) - 2
        given = "x" if i == 0 else f"h{i - 1}"
        summed = "y" if last else f"s{i}"
        nodes.append(helper.make_node("Gemm", [given, f"w{i}", f"b{i}"], [summed], transB=1))
        y = y @ weights.T + bias
        if not last:
            nodes.append(helper.make_node("Relu", [summed], [f"h{i}"]))
            y = np.maximum(y, 0)
    save(folder, graph_of(f"perceptron_{width}", nodes, constants), [("", 17)], inputs, y)


def ensemble(folder, trees, height):
    """Complete trees that compare random features with random thresholds; the output is the mean of their leaves."""
    rng = np.random.default_rng(SEED)
    inner, nodes = 2**height - 1, 2 ** (height + 1) - 1
    shape = (trees, inner)
    feature = rng.integers(0, FEATURES, shape)
    bound = rng.uniform(-1, 1, shape).astype(np.float32)
    leaves = (rng.uniform(-1, 1, (trees, nodes - inner)) / trees).astype(np.float32)
    inputs = rng.uniform(-1, 1, (INPUTS, FEATURES)).astype(np.float32)

    at = np.zeros((INPUTS, trees), int)
    for _ in range(height):
        tree = np.arange(trees)
        left = inputs[np.arange(INPUTS)[:, None], feature[tree, at]] <= bound[tree, at]
        at = 2 * at + np.where(left, 1, 2)
    outputs = leaves[np.arange(trees), at - inner].sum(axis=1, dtype=np.float64, keepdims=True)

    numbers = np.arange(nodes)
    children = np.where(numbers < inner, 2 * numbers + 1, 0)
    whole = lambda of_inner: np.pad(of_inner, ((0, 0), (0, nodes - inner))).ravel().tolist()  # noqa: E731
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        n_targets=1,
        nodes_treeids=np.repeat(np.arange(trees), nodes).tolist(),
        nodes_nodeids=np.tile(numbers, trees).tolist(),
        nodes_featureids=whole(feature),
        nodes_values=whole(bound),
        nodes_modes=(["BRANCH_LEQ"] * inner + ["LEAF"] * (nodes - inner)) * trees,
        nodes_truenodeids=np.tile(children, trees).tolist(),
        nodes_falsenodeids=np.tile(np.where(numbers < inner, children + 1, 0), trees).tolist(),
        target_treeids=np.repeat(np.arange(trees), nodes - inner).tolist(),
        target_nodeids=np.tile(numbers[inner:], trees).tolist(),
        target_ids=[0] * leaves.size,
        target_weights=leaves.ravel().tolist(),
    )
    save(folder, graph_of(f"ensemble_{trees}x{height}", [node], {}), [("", 17), ("ai.onnx.ml", 3)], inputs, outputs)


def batched(folder, source, batch):
    """The model of another folder, and its inputs again and again until there are `batch`: one file for systems whose
    batch is an option, and one for those that take it from the shape of the model's input."""
    data = json.loads((source / "inputs.json").read_text())
    more = {key: [values[i % len(values)] for i in range(max(batch, len(values)))] for key, values in data.items()}
    (folder / "inputs.json").write_text(json.dumps(more))
    model = onnx.load(source / "network.onnx")
    onnx.save(model, folder / "network.onnx")
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = batch
    del model.graph.value_info[:]
    onnx.save(model, folder / "batch.onnx")
