//! ONNX files: any bytes give an error or a graph, and a small graph compiles or gives an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sumcast_circuits::graph::Graph;
use sumcast_circuits::{CompileOptions, compile, onnx};
use sumcast_fuzz::Memory;

/// The importer's own limit is 2^22 elements of 8 bytes that operators generate, or four times as many of matrices, and the
/// rewriting holds two graphs.
const MEMORY: Memory = Memory { per_byte: 1024, fixed: 384 << 20 };
/// Nodes and elements up to which a graph is compiled as well: what keeps one run in milliseconds.
const NODES: usize = 24;
const ELEMENTS: usize = 512;

fuzz_target!(|bytes: &[u8]| {
    let Ok(graph) = MEMORY.bound(bytes.len(), || onnx::import(bytes)) else { return };
    if is_small(&graph)
        && let Ok(model) = compile(&graph, &[], &CompileOptions::default())
        && let Ok(relation) = model.lower()
    {
        // Refused when it leaves a bound, and otherwise an inference.
        let input = vec![0.5; model.input_len()];
        if let Ok(inference) = model.run(&relation, &input) {
            assert_eq!(inference.tensors.len(), relation.program.tensors.len());
        }
    }
});

fn is_small(graph: &Graph) -> bool {
    let elements = graph.parameters() + graph.iter().map(|(_, node)| node.elements()).sum::<usize>();
    graph.nodes().len() <= NODES && elements <= ELEMENTS
}
