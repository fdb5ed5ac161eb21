#!/usr/bin/env python3
"""Exports an ONNX multilayer perceptron with ReLUs as the integers that the halo2 baseline reads.

Inputs and weights get --frac-bits fractional bits, biases twice as many, so that a layer drops --frac-bits
bits of its accumulator. Needs `onnx` (../requirements.txt).
"""

import argparse
import json
import sys

try:
    import numpy as np
    import onnx
    from onnx import numpy_helper
except ImportError as error:
    sys.exit(f"export_dense.py: {error.name} is not installed: pip install -r benches/peers/requirements.txt")


def dense_layers(graph):
    """[weights (outputs x inputs), bias, relu] of every layer, in order."""
    constants = {c.name: numpy_helper.to_array(c).astype(np.float64) for c in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            value = next((a for a in node.attribute if a.name == "value"), None)
            if value is not None:
                constants[node.output[0]] = numpy_helper.to_array(value.t).astype(np.float64)
    layers = []
    current = graph.input[0].name
    for node in graph.node:
        if node.op_type == "Constant":
            continue
        if current not in node.input:
            raise ValueError(f"node {node.name!r} ({node.op_type}) does not continue the chain of layers")
        others = [constants.get(name) for name in node.input if name != current]
        if any(other is None for other in others):
            raise ValueError(f"node {node.name!r} ({node.op_type}) has an operand that is not constant")
        if node.op_type == "Gemm":
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.input[0] != current or attributes.get("transA", 0):
                raise ValueError(f"node {node.name!r}: only Gemm with the layer's input on its left is read")
            weights = others[0] if attributes.get("transB", 0) else others[0].T
            weights = weights * attributes.get("alpha", 1.0)
            bias = others[1] * attributes.get("beta", 1.0) if len(others) > 1 else np.zeros(1)
            layers.append([weights, np.broadcast_to(bias.reshape(-1), len(weights)), False])
        elif node.op_type == "MatMul" and node.input[0] == current and others[0].ndim == 2:
            layers.append([others[0].T, np.zeros(others[0].shape[1]), False])
        elif node.op_type == "Add" and layers and not layers[-1][2]:
            layers[-1][1] = layers[-1][1] + others[0].reshape(-1)
        elif node.op_type == "Relu" and layers:
            layers[-1][2] = True
        elif node.op_type not in ("Flatten", "Identity"):
            raise ValueError(f"node {node.name!r}: {node.op_type} is not a part of a perceptron with ReLUs")
        current = node.output[0]
    if not layers or current != graph.output[0].name:
        raise ValueError("the model is not a chain of dense layers that ends in its output")
    return layers


def quantise(values, bits):
    return [int(v) for v in np.rint(np.asarray(values, dtype=np.float64) * 2.0**bits)]


def evaluate(layers, x):
    """The same integers as the circuit's."""
    for layer in layers:
        shift = layer["shift"]
        z = [sum(w * v for w, v in zip(row, x)) + b for row, b in zip(layer["weights"], layer["bias"])]
        x = [(v + (1 << (shift - 1))) >> shift for v in z]
        x = [max(v, 0) for v in x] if layer["relu"] else x
    return x


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="the ONNX file")
    parser.add_argument("inputs", help='{"inputs": [[..]], "outputs": [[..]]}')
    parser.add_argument("--index", type=int, default=0, help="which of the inputs")
    parser.add_argument("--frac-bits", type=int, default=16, help="fractional bits of inputs and weights")
    parser.add_argument("-o", "--output", required=True, help="where to write the network")
    args = parser.parse_args()

    bits = args.frac_bits
    try:
        layers = [
            {
                "weights": [quantise(row, bits) for row in weights],
                "bias": quantise(bias, 2 * bits),
                "shift": bits,
                "relu": relu,
            }
            for weights, bias, relu in dense_layers(onnx.load(args.model).graph)
        ]
    except ValueError as error:
        sys.exit(f"export_dense.py: {args.model}: {error}")
    with open(args.inputs, encoding="utf-8") as file:
        data = json.load(file)
    x = quantise(np.asarray(data["inputs"][args.index]).reshape(-1), bits)
    with open(args.output, "w", encoding="utf-8") as file:
        json.dump({"layers": layers, "input": x}, file)

    output = evaluate(layers, x)
    print(f"{sum(len(l['bias']) * (len(l['weights'][0]) + 1) for l in layers)} parameters, output {output}", file=sys.stderr)
    if "outputs" in data:
        expected = np.asarray(data["outputs"], dtype=np.float64)
        expected = expected.reshape(len(data["inputs"]), -1)
        spread = max(float(np.ptp(expected)), 1e-30)
        error = np.abs(np.asarray(output) / 2.0**bits - expected[args.index]).max()
        print(f"error {error:.3g}, {100 * error / spread:.3g} % of the output spread", file=sys.stderr)


if __name__ == "__main__":
    main()
