//! ONNX files that claim more than they hold.

use super::{Serving, answer};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use sumcast_prover::peak_memory;
use sumcast_service::Config;
use sumcast_service::keys::Scope;

/// The element types of a tensor.
const FLOAT: u64 = 1;
const INT64: u64 = 7;

/// How much memory this process may have grown by, bytes. One of these files says that it has 2^60.
const GROWTH: u64 = 3 << 30;

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = vec![];
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A field of a number.
fn number(tag: u64, value: u64) -> Vec<u8> {
    [varint(tag << 3), varint(value)].concat()
}

/// A field of bytes: a text or a message.
fn bytes(tag: u64, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    [varint(tag << 3 | 2), varint(value.len() as u64), value.to_vec()].concat()
}

/// A tensor of these sides, whose data are what is given.
fn tensor(name: &str, kind: u64, sides: &[u64], data: &[u8]) -> Vec<u8> {
    let sides: Vec<u8> = sides.iter().flat_map(|side| number(1, *side)).collect();
    [sides, number(2, kind), bytes(8, name), bytes(9, data)].concat()
}

/// A tensor of integers.
fn ints(name: &str, values: &[i64]) -> Vec<u8> {
    let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    tensor(name, INT64, &[values.len() as u64], &data)
}

/// A node with its inputs, its output and its attributes.
fn node(op: &str, inputs: &[&str], output: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
    let inputs: Vec<u8> = inputs.iter().flat_map(|input| bytes(1, input)).collect();
    let attributes: Vec<u8> = attributes.iter().flat_map(|attribute| bytes(5, attribute)).collect();
    [inputs, bytes(2, output), bytes(4, op), attributes].concat()
}

/// An attribute of an integer.
fn attribute(name: &str, value: u64) -> Vec<u8> {
    [bytes(1, name), number(3, value), number(20, 2)].concat()
}

/// What goes in or out of a graph: floats of these sides.
fn value(name: &str, sides: &[u64]) -> Vec<u8> {
    let sides: Vec<u8> = sides.iter().flat_map(|side| bytes(1, number(1, *side))).collect();
    let kind = [number(1, FLOAT), bytes(2, sides)].concat();
    [bytes(1, name), bytes(2, bytes(1, kind))].concat()
}

/// A file of a graph from `x`, of two numbers or as many as are said, to `y`.
fn file(nodes: &[Vec<u8>], tensors: &[Vec<u8>], sides: &[u64], more: Vec<u8>) -> Vec<u8> {
    let nodes: Vec<u8> = nodes.iter().flat_map(|node| bytes(1, node)).collect();
    let tensors: Vec<u8> = tensors.iter().flat_map(|tensor| bytes(5, tensor)).collect();
    let ends = [bytes(11, value("x", sides)), bytes(12, value("y", &[1, 2]))].concat();
    let graph = [nodes, bytes(2, "graph"), tensors, ends, more].concat();
    [number(1, 8), bytes(7, graph), bytes(8, number(2, 17))].concat()
}

/// The files, each with what is wrong with it.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let add = || node("Add", &["x", "c"], "y", &[]);
    let one = |tensor: Vec<u8>| file(&[add()], &[tensor], &[1, 2], vec![]);
    // The first node makes what the second one uses.
    let made = |op: &str, inputs: &[&str], tensors: &[Vec<u8>]| {
        file(&[node(op, inputs, "c", &[]), add()], tensors, &[1, 2], vec![])
    };
    let far = bytes(13, [bytes(1, "location"), bytes(2, "/etc/passwd")].concat());
    let outside = [tensor("c", FLOAT, &[1, 2], &[]), far, number(14, 1)].concat();
    let sparse = bytes(15, bytes(1, tensor("c", FLOAT, &[1 << 40], &[0; 8])));
    // Each node is twice as large as the one before.
    let mut doubling: Vec<Vec<u8>> = (0..48)
        .map(|i| {
            let from = if i == 0 { "x".to_owned() } else { format!("d{i}") };
            node("Concat", &[&from, &from], &format!("d{}", i + 1), &[attribute("axis", 1)])
        })
        .collect();
    doubling.push(node("ReduceSum", &["d48"], "y", &[]));
    vec![
        ("data of 2^40 elements that are not there", one(tensor("c", FLOAT, &[1 << 40], &[]))),
        ("a product of sides that overflows", one(tensor("c", FLOAT, &[1 << 32, 1 << 32], &[]))),
        ("data that are too few", one(tensor("c", FLOAT, &[1 << 20], &[0; 8]))),
        ("a side below zero", one(tensor("c", FLOAT, &[u64::MAX], &[0; 8]))),
        ("data in a file outside", one(outside)),
        ("a sparse tensor of 2^40 elements", file(&[add()], &[], &[1, 2], sparse)),
        ("2^40 zeros", made("ConstantOfShape", &["s"], &[ints("s", &[1 << 40])])),
        ("2^26 zeros", made("ConstantOfShape", &["s"], &[ints("s", &[1 << 26])])),
        (
            "a number broadcast to 2^26",
            made("Expand", &["n", "s"], &[tensor("n", FLOAT, &[1], &[0; 4]), ints("s", &[1 << 26])]),
        ),
        (
            "a number repeated 2^40 times",
            made("Tile", &["n", "s"], &[tensor("n", FLOAT, &[1], &[0; 4]), ints("s", &[1 << 40])]),
        ),
        (
            "2^62 integers",
            made("Range", &["a", "b", "s"], &[ints("a", &[0]), ints("b", &[1 << 62]), ints("s", &[1])]),
        ),
        ("an input of 2^60 numbers", file(&[node("Relu", &["x"], "y", &[])], &[], &[1, 1 << 60], vec![])),
        ("an input of 2^26 numbers", file(&[node("Relu", &["x"], "y", &[])], &[], &[1, 1 << 26], vec![])),
        ("48 doublings", file(&doubling, &[], &[1, 2], vec![])),
        ("two million nodes", bytes(7, bytes(1, [])).repeat(1 << 21)),
        ("nothing", vec![]),
        ("a length beyond the end", [varint(7 << 3 | 2), varint(1 << 62)].concat()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_claim_too_much_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let service = Serving::begin(folder.path()).await;
    let key = service.key("alice", &[Scope::Read, Scope::Models]).await;
    let before = peak_memory().unwrap();
    for (what, file) in files() {
        let form = Form::new().part("model", Part::bytes(file));
        let (status, job) = answer(service.request(Method::POST, "/v1/models", &key).multipart(form)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{what}: {job}");
        let failed = service.end_of(&job, &key).await;
        assert_eq!(
            (&failed["state"], &failed["attempts"]),
            (&"failed".into(), &1.into()),
            "{what}: {failed}"
        );
        let why = failed["error"].as_str().unwrap();
        assert!(!why.is_empty() && why.len() < 4000, "{what}: {why}");
    }
    let grown = peak_memory().unwrap() - before;
    assert!(grown < GROWTH, "{grown} bytes");
    service.works().await;
    service.end().await;
}

/// What a file makes of little, up to what may be made of it: the memory is bounded before a proof would need it.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_grow_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let bounded = |config| Config { max_job_bytes: Some(1 << 30), ..config };
    let service = Serving::with(folder.path(), bounded).await;
    let key = service.key("alice", &[Scope::Read, Scope::Models]).await;
    let before = peak_memory().unwrap();
    let chain = |op: &str, sides: &[u64], length: usize| {
        let name = |i| match i {
            0 => "x".to_owned(),
            i if i == length => "y".to_owned(),
            i => format!("t{i}"),
        };
        let nodes: Vec<_> = (0..length).map(|i| node(op, &[&name(i)], &name(i + 1), &[])).collect();
        file(&nodes, &[], sides, vec![])
    };
    for (what, file) in [
        ("2^21 numbers", chain("Relu", &[1, 1 << 21], 1)),
        ("2^20 numbers, functions of each", chain("Sigmoid", &[1, 1 << 20], 2)),
        ("2^20 numbers, shares of their sum", chain("Softmax", &[1, 1 << 20], 1)),
        ("1,000 functions, one after the other", chain("Sigmoid", &[1, 1 << 11], 1000)),
        (
            "products of all with all",
            file(&[node("MatMul", &["x", "x"], "y", &[])], &[], &[1, 1 << 10, 1 << 10], vec![]),
        ),
    ] {
        let form = Form::new().part("model", Part::bytes(file));
        let (_, job) = answer(service.request(Method::POST, "/v1/models", &key).multipart(form)).await;
        let ended = service.end_of(&job, &key).await;
        assert_eq!(ended["attempts"], 1, "{what}: {ended}");
    }
    let grown = peak_memory().unwrap() - before;
    assert!(grown < GROWTH, "{grown} bytes");
    service.works().await;
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn models_beyond_the_memory_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let little = |config| Config { max_job_bytes: Some(1 << 16), ..config };
    let service = Serving::with(folder.path(), little).await;
    let key = service.key("alice", &[Scope::Read, Scope::Models]).await;
    let form = Form::new().part("model", Part::bytes(super::linreg("network.onnx")));
    let (_, job) = answer(service.request(Method::POST, "/v1/models", &key).multipart(form)).await;
    let failed = service.end_of(&job, &key).await;
    assert!(failed["error"].as_str().unwrap().contains("max_job_bytes"), "{failed}");
    service.end().await;
}
