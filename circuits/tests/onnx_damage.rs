//! Damaged and hostile files: each gives an error or a graph, never a panic, in bounded time.

use std::{path::Path, time::Instant};

use sumcast_circuits::onnx::{self, ImportError, Problem, TensorProblem};

fn bundled(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(name).join("network.onnx"))
        .unwrap()
}

#[test]
fn every_truncation_is_handled() {
    for name in ["linreg", "logreg", "scaled_ridge"] {
        let bytes = bundled(name);
        let whole = onnx::import(&bytes).unwrap();
        for len in 0..bytes.len() {
            // A cut at the end may only lose the repeated operator sets, without which the model is the same.
            if let Ok(graph) = onnx::import(&bytes[..len]) {
                assert_eq!(graph, whole, "{name} cut to {len} bytes");
            }
        }
    }
    let bytes = bundled("mlp_gelu");
    for len in (0..bytes.len()).step_by(97) {
        assert!(onnx::import(&bytes[..len]).is_err(), "mlp_gelu cut to {len} bytes");
    }
}

#[test]
fn every_bit_flip_is_handled() {
    for name in ["linreg", "logreg"] {
        let mut bytes = bundled(name);
        for i in 0..bytes.len() * 8 {
            bytes[i / 8] ^= 1 << (i % 8);
            let _ = onnx::import(&bytes);
            bytes[i / 8] ^= 1 << (i % 8);
        }
    }
}

#[test]
fn random_bytes_over_a_model_are_handled() {
    let clean = bundled("mlp_gelu");
    let mut next = random();
    for _ in 0..300 {
        let mut bytes = clean.clone();
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            bytes[at] = next(256) as u8;
        }
        let _ = onnx::import(&bytes);
    }
    for len in 0..200 {
        let noise: Vec<u8> = (0..len).map(|_| next(256) as u8).collect();
        let _ = onnx::import(&noise);
    }
}

#[derive(serde::Deserialize)]
struct Case {
    model: String,
}

#[test]
fn random_bytes_over_each_operator_are_handled() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("data/ops.json")).unwrap();
    let mut next = random();
    let rounds = std::env::var("SUMCAST_FUZZ_ROUNDS").map_or(10, |rounds| rounds.parse().unwrap());
    for case in &cases {
        let unhex = |i| u8::from_str_radix(&case.model[i..i + 2], 16).unwrap();
        let clean: Vec<u8> = (0..case.model.len()).step_by(2).map(unhex).collect();
        for _ in 0..rounds {
            let mut bytes = clean.clone();
            for _ in 0..=next(3) {
                let at = next(bytes.len());
                bytes[at] = if next(2) == 0 { next(256) as u8 } else { [0, 1, 0x7f, 0x80, 0xff][next(5)] };
            }
            let _ = onnx::import(&bytes);
        }
    }
}

/// A generator of numbers below a bound, the same in each run.
fn random() -> impl FnMut(usize) -> usize {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move |bound| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    }
}

/// A protobuf field: its number, and a number or bytes.
enum Wire<'a> {
    Int(u32, u64),
    Bytes(u32, &'a [u8]),
}

use Wire::{Bytes, Int};

fn varint(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

fn message(fields: &[Wire<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for field in fields {
        match field {
            Int(number, v) => {
                varint(&mut out, u64::from(number << 3));
                varint(&mut out, *v);
            }
            Bytes(number, v) => {
                varint(&mut out, u64::from(number << 3 | 2));
                varint(&mut out, v.len() as u64);
                out.extend_from_slice(v);
            }
        }
    }
    out
}

fn info(field: u32, name: &str, dims: &[u64]) -> Vec<u8> {
    let dims: Vec<Vec<u8>> = dims.iter().map(|d| message(&[Int(1, *d)])).collect();
    let shape = message(&dims.iter().map(|d| Bytes(1, d)).collect::<Vec<_>>());
    let tensor = message(&[Int(1, 1), Bytes(2, &shape)]);
    let ty = message(&[Bytes(1, &tensor)]);
    message(&[Bytes(field, &message(&[Bytes(1, name.as_bytes()), Bytes(2, &ty)]))])
}

fn node(op: &str, inputs: &[&str], output: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut fields: Vec<_> = inputs.iter().map(|i| Bytes(1, i.as_bytes())).collect();
    fields.extend([Bytes(2, output.as_bytes()), Bytes(4, op.as_bytes())]);
    fields.extend(attributes.iter().map(|a| Bytes(5, a)));
    message(&[Bytes(1, &message(&fields))])
}

fn ints(name: &str, values: &[i64]) -> Vec<u8> {
    let mut fields: Vec<_> = values.iter().map(|v| Int(7, *v as u64)).collect();
    let len = values.len() as u64;
    fields.extend([Int(1, len), Int(2, 7), Bytes(8, name.as_bytes())]);
    message(&[Bytes(5, &message(&fields))])
}

fn float(name: &str, dims: &[u64], raw: &[u8]) -> Vec<u8> {
    let mut fields: Vec<_> = dims.iter().map(|d| Int(1, *d)).collect();
    fields.extend([Int(2, 1), Bytes(8, name.as_bytes()), Bytes(9, raw)]);
    message(&[Bytes(5, &message(&fields))])
}

fn import(parts: &[Vec<u8>]) -> Result<(), ImportError> {
    let graph = [parts.concat(), info(12, "y", &[])].concat();
    let opset = message(&[Int(2, 13)]);
    onnx::import(&message(&[Bytes(7, &graph), Bytes(8, &opset)])).map(|_| ())
}

fn x() -> Vec<u8> {
    info(11, "x", &[1, 2])
}

fn problem(parts: &[Vec<u8>]) -> Problem {
    match import(parts) {
        Err(ImportError::Operator { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn broken_graphs_are_named() {
    import(&[x(), node("Relu", &["x"], "y", &[])]).unwrap();
    let cycle = [x(), node("Add", &["x", "z"], "y", &[]), node("Relu", &["y"], "z", &[])];
    assert!(matches!(import(&cycle), Err(ImportError::Undefined { tensor, .. }) if tensor == "z"));
    let twice = [x(), node("Relu", &["x"], "y", &[]), node("Abs", &["x"], "y", &[])];
    assert!(matches!(import(&twice), Err(ImportError::Duplicate(name)) if name == "y"));
    assert!(matches!(import(&[x()]), Err(ImportError::Undefined { node, .. }) if node == "graph output"));
    let two = [x(), info(11, "w", &[1]), node("Add", &["x", "w"], "y", &[])];
    assert!(matches!(import(&two), Err(ImportError::Inputs { names }) if names == ["x", "w"]));
    let unknown = import(&[x(), node("Loop", &["x"], "y", &[])]).unwrap_err().to_string();
    assert!(
        unknown.contains("Loop") && unknown.contains("'y'") && unknown.contains("ai.onnx.ml.LinearRegressor")
    );
    let branch = message(&[Bytes(1, b"then_branch"), Bytes(6, &[])]);
    let body = [x(), node("Relu", &["x"], "y", &[branch])];
    assert_eq!(problem(&body), Problem::Subgraph("then_branch".into()));
    assert!(matches!(onnx::import(&[]), Err(ImportError::NoGraph)));
}

#[test]
fn unfit_operator_sets_and_inputs_are_named() {
    let graph = [x(), node("Relu", &["x"], "y", &[]), info(12, "y", &[])].concat();
    for version in [0, 7, 22, u64::MAX] {
        let error = onnx::import(&message(&[Bytes(7, &graph), Bytes(8, &message(&[Int(2, version)]))]));
        assert!(matches!(error, Err(ImportError::Opset { first: 8, last: 21, .. })), "{version}: {error:?}");
    }
    assert!(matches!(onnx::import(&message(&[Bytes(7, &graph)])), Err(ImportError::NoOpset { .. })));
    let symbol = message(&[Bytes(1, &message(&[Int(1, 1)])), Bytes(1, &message(&[Bytes(2, b"steps")]))]);
    let ty = message(&[Bytes(1, &message(&[Int(1, 1), Bytes(2, &symbol)]))]);
    let input = message(&[Bytes(11, &message(&[Bytes(1, b"x"), Bytes(2, &ty)]))]);
    let error = import(&[input, node("Relu", &["x"], "y", &[])]).unwrap_err().to_string();
    assert!(error.contains("'steps'"), "{error}");
}

#[test]
fn bad_weights_are_named() {
    let model = |w: Vec<u8>| import(&[x(), w, node("Add", &["x", "w"], "y", &[])]);
    model(float("w", &[2], &[0; 8])).unwrap();
    let problem = |w| match model(w) {
        Err(ImportError::Tensor { name, problem }) if name == "w" => problem,
        other => panic!("{other:?}"),
    };
    assert!(matches!(problem(float("w", &[2], &[0; 9])), TensorProblem::Length { .. }));
    assert!(matches!(problem(float("w", &[1 << 62, 1 << 62], &[0; 8])), TensorProblem::Shape(_)));
    assert!(matches!(problem(float("w", &[u64::MAX], &[0; 8])), TensorProblem::Shape(_)));
    assert_eq!(problem(float("w", &[1], &f32::INFINITY.to_le_bytes())), TensorProblem::NotFinite(0));
    let external = message(&[Int(1, 1), Int(2, 1), Bytes(8, b"w"), Int(14, 1)]);
    assert_eq!(problem(message(&[Bytes(5, &external)])), TensorProblem::External);
}

#[test]
fn models_that_grow_are_stopped() {
    let start = Instant::now();
    let huge = ints("s", &[1 << 20, 1 << 20]);
    for op in [node("Expand", &["x", "s"], "y", &[]), node("ConstantOfShape", &["s"], "y", &[])] {
        assert!(matches!(problem(&[x(), huge.clone(), op]), Problem::Shape(_)));
    }
    let large = ints("s", &[1 << 22]);
    let filled = [x(), large, node("ConstantOfShape", &["s"], "c", &[]), node("Add", &["x", "c"], "y", &[])];
    assert!(matches!(problem(&filled), Problem::Budget(_) | Problem::Shape(_)));
    // Joining a tensor with itself doubles it: thirty times would be a billion elements.
    let axis = message(&[Bytes(1, b"axis"), Int(3, 1)]);
    let mut parts = vec![x()];
    let mut last = "x".to_owned();
    for i in 0..30 {
        let next = if i == 29 { "y".to_owned() } else { format!("t{i}") };
        parts.push(node("Concat", &[&last, &last], &next, std::slice::from_ref(&axis)));
        last = next;
    }
    assert!(matches!(problem(&parts), Problem::Budget(_)));
    // An outer product of long vectors.
    let wide = [info(11, "x", &[1 << 20, 1]), float("w", &[1, 1 << 10], &[0; 1 << 12])];
    let outer = [wide.concat(), node("MatMul", &["x", "w"], "y", &[])];
    assert!(import(&outer).is_err());
    assert!(matches!(
        import(&[info(11, "x", &[1 << 40, 1 << 40]), node("Relu", &["x"], "y", &[])]),
        Err(ImportError::Graph(_))
    ));
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn long_chains_take_bounded_time() {
    let start = Instant::now();
    let perm = message(&[Bytes(1, b"perm"), Int(8, 1), Int(8, 0)]);
    // The pairs of operators of each chain, and whether the first also reads the model's input.
    let chains = [
        ("Relu", "Exp", false),
        ("Neg", "Identity", false),
        ("Neg", "Transpose", false),
        ("Add", "Neg", true),
        ("Mul", "Relu", true),
    ];
    for (a, b, with_input) in chains {
        let mut parts = vec![info(11, "x", &[2, 1])];
        let mut last = "x".to_owned();
        for i in 0..20_000 {
            let next = if i == 19_999 { "y".to_owned() } else { format!("t{i}") };
            let op = if i % 2 == 0 { a } else { b };
            let inputs = [last.as_str(), "x"];
            let count = if with_input && i % 2 == 0 { 2 } else { 1 };
            let attributes = if op == "Transpose" { std::slice::from_ref(&perm) } else { &[] };
            parts.push(node(op, &inputs[..count], &next, attributes));
            last = next;
        }
        import(&parts).unwrap();
    }
    // One weight read by many layers.
    let mut parts = vec![info(11, "x", &[1, 64]), float("w", &[64, 64], &[0; 1 << 14])];
    let mut last = "x".to_owned();
    for i in 0..2_000 {
        let next = format!("t{i}");
        parts.push(node("MatMul", &[&last, "w"], &next, &[]));
        last = next;
    }
    parts.push(node("Relu", &[&last], "y", &[]));
    assert!(matches!(problem(&parts), Problem::Budget(_)));
    // The product of two constants, folded.
    let big = float("w", &[1 << 10, 1 << 10], &vec![0; 1 << 22]);
    let parts =
        [info(11, "x", &[1]), big, node("MatMul", &["w", "w"], "p", &[]), node("Add", &["x", "p"], "y", &[])];
    assert!(matches!(problem(&parts), Problem::Budget(_)));
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn files_of_many_small_records_are_refused() {
    // Two bytes a node.
    let nodes: Vec<u8> = [0x0a, 0x00].repeat(2_000_000);
    assert!(matches!(onnx::import(&message(&[Bytes(7, &nodes)])), Err(ImportError::Records { .. })));
}
