#!/bin/sh
# Runs the ONNX project's node tests and writes docs/conformance.md and the few of them that `cargo test` always runs.
# Needs Python 3 with its venv module, and a package index.
set -e
version=1.16.2
cd "$(dirname "$0")/.."
venv=target/onnx-$version
[ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check "onnx==$version"
SUMCAST_ONNX_TESTS=$("$venv/bin/python" -c 'import onnx.backend.test as t, os; print(os.path.dirname(t.__file__))')/data
export SUMCAST_ONNX_TESTS
SUMCAST_WRITE_CONFORMANCE=1 cargo test -p sumcast-circuits --lib conformance::every_node_test
