//! One-node models for the operators' tests.

use prost::Message;

use super::{
    ImportError, MAX_GENERATED_ELEMENTS,
    call::Value,
    import, importer,
    proto::{
        AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
        TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
    },
    tensor::element,
};
use crate::graph::Graph;

/// An input of the node under test.
#[derive(Clone, Debug)]
pub(crate) enum Arg<'a> {
    /// The model's input and its value; every mention is the same tensor.
    Input(&'a [usize], &'a [f64]),
    Floats(&'a [usize], &'a [f64]),
    Ints(&'a [usize], &'a [i64]),
    Bools(&'a [usize], &'a [bool]),
    /// A vector of integers.
    List(&'a [i64]),
    /// A scalar integer.
    Int(i64),
    Absent,
}

/// An attribute of the node under test.
#[derive(Clone, Debug)]
pub(crate) enum Attr {
    Int(i64),
    Float(f32),
    Text(&'static str),
    Ints(&'static [i64]),
    Floats(&'static [f32]),
    Texts(&'static [&'static str]),
    Tensor(Vec<i64>, Vec<f32>),
    /// A vector of double precision.
    Doubles(Vec<f64>),
    /// A vector of bytes.
    Bytes(Vec<i32>),
}

type Attrs<'a> = [(&'a str, Attr)];

fn attribute(name: &str, attr: &Attr) -> AttributeProto {
    let mut proto = AttributeProto { name: Some(name.into()), ..Default::default() };
    match attr {
        Attr::Int(i) => proto.i = Some(*i),
        Attr::Float(f) => proto.f = Some(*f),
        Attr::Text(s) => proto.s = Some(s.as_bytes().to_vec()),
        Attr::Ints(v) => proto.ints = v.to_vec(),
        Attr::Floats(v) => proto.floats = v.to_vec(),
        Attr::Texts(v) => proto.strings = v.iter().map(|s| s.as_bytes().to_vec()).collect(),
        Attr::Doubles(data) => {
            proto.t = Some(TensorProto {
                dims: vec![data.len() as i64],
                data_type: Some(element::DOUBLE),
                double_data: data.clone(),
                ..Default::default()
            });
        }
        Attr::Bytes(data) => {
            proto.t = Some(TensorProto {
                dims: vec![data.len() as i64],
                data_type: Some(element::UINT8),
                int32_data: data.clone(),
                ..Default::default()
            });
        }
        Attr::Tensor(dims, data) => {
            proto.t = Some(TensorProto {
                dims: dims.clone(),
                data_type: Some(element::FLOAT),
                float_data: data.clone(),
                ..Default::default()
            });
        }
    }
    proto
}

fn tensor(name: &str, arg: &Arg<'_>) -> TensorProto {
    let mut proto = TensorProto { name: Some(name.into()), ..Default::default() };
    let shape = match arg {
        Arg::Input(shape, _) | Arg::Floats(shape, _) | Arg::Ints(shape, _) | Arg::Bools(shape, _) => {
            shape.to_vec()
        }
        Arg::List(list) => vec![list.len()],
        Arg::Int(_) | Arg::Absent => vec![],
    };
    proto.dims = shape.iter().map(|d| *d as i64).collect();
    let ty = match arg {
        Arg::Input(_, data) | Arg::Floats(_, data) => {
            proto.double_data = data.to_vec();
            element::DOUBLE
        }
        Arg::Ints(_, data) | Arg::List(data) => {
            proto.int64_data = data.to_vec();
            element::INT64
        }
        Arg::Int(i) => {
            proto.int64_data = vec![*i];
            element::INT64
        }
        Arg::Bools(_, data) => {
            proto.int32_data = data.iter().map(|b| i32::from(*b)).collect();
            element::BOOL
        }
        Arg::Absent => 0,
    };
    proto.data_type = Some(ty);
    proto
}

pub(crate) fn info(name: &str, ty: i32, shape: &[usize]) -> ValueInfoProto {
    let dim = |d: &usize| DimensionProto { dim_value: Some(*d as i64), dim_param: None };
    let shape = Some(TensorShapeProto { dim: shape.iter().map(dim).collect() });
    let tensor_type = Some(TensorTypeProto { elem_type: Some(ty), shape });
    ValueInfoProto { name: Some(name.into()), r#type: Some(TypeProto { tensor_type, ..Default::default() }) }
}

/// A model of the node `op` (`domain.name` for a domain that is not the standard one), and its input's value. Each
/// output that is asked for is added to the input times zero, so that constant results can be read off.
fn model(
    op: &str,
    opset: i64,
    attrs: &Attrs<'_>,
    args: &[Arg<'_>],
    outputs: &[usize],
) -> (Vec<u8>, Vec<f64>) {
    let (domain, op_type) = op.rsplit_once('.').unwrap_or(("", op));
    let mut graph = GraphProto { name: Some("test".into()), ..Default::default() };
    let mut node =
        NodeProto { op_type: Some(op_type.into()), domain: Some(domain.into()), ..Default::default() };
    node.attribute = attrs.iter().map(|(name, attr)| attribute(name, attr)).collect();
    let (mut shape, mut value) = (vec![1], vec![0.0]);
    for (i, arg) in args.iter().enumerate() {
        let name = match arg {
            Arg::Absent => String::new(),
            Arg::Input(s, v) => {
                (shape, value) = (s.to_vec(), v.to_vec());
                "x".into()
            }
            arg => {
                let name = format!("c{i}");
                graph.initializer.push(tensor(&name, arg));
                name
            }
        };
        node.input.push(name);
    }
    node.output = (0..=*outputs.iter().max().unwrap_or(&0)).map(|k| format!("y{k}")).collect();
    graph.node.push(node);
    graph.input.push(info("x", element::FLOAT, &shape));
    graph.output = outputs.iter().map(|k| info(&format!("y{k}"), element::FLOAT, &[])).collect();
    let set =
        |domain: &str, version| OperatorSetIdProto { domain: Some(domain.into()), version: Some(version) };
    let opset_import =
        if domain.is_empty() { vec![set("", opset)] } else { vec![set("", 17), set(domain, opset)] };
    (ModelProto { graph: Some(graph), opset_import }.encode_to_vec(), value)
}

/// The graph of a node whose first output is computed.
pub(crate) fn graph_of(op: &str, opset: i64, attrs: &Attrs<'_>, args: &[Arg<'_>]) -> Graph {
    import(&model(op, opset, attrs, args, &[0]).0).unwrap()
}

/// The graph of a node whose output `k` is multiplied by itself, so that it is made a factor as most of a network's
/// tensors are.
pub(crate) fn squared(
    op: &str,
    opset: i64,
    attrs: &Attrs<'_>,
    args: &[Arg<'_>],
    k: usize,
) -> Result<Graph, ImportError> {
    let (bytes, _) = model(op, opset, attrs, args, &[k]);
    // A constant has no square to compute, and may be of integers.
    import(&bytes)?;
    let mut model = ModelProto::decode(bytes.as_slice())?;
    let graph = model.graph.as_mut().unwrap();
    let y = format!("y{k}");
    graph.node.push(NodeProto {
        input: vec![y.clone(), y],
        output: vec!["square".into()],
        op_type: Some("Mul".into()),
        ..Default::default()
    });
    graph.output = vec![info("square", element::FLOAT, &[])];
    import(&model.encode_to_vec())
}

/// The shapes and values of the last `count` outputs that hold real numbers.
pub(crate) fn all_floats(
    op: &str,
    opset: i64,
    attrs: &Attrs<'_>,
    args: &[Arg<'_>],
    count: usize,
) -> Vec<(Vec<usize>, Vec<f64>)> {
    let first = usize::from(op.ends_with("Classifier"));
    let outputs: Vec<usize> = (first..count).collect();
    let (bytes, input) = model(op, opset, attrs, args, &outputs);
    let graph = import(&bytes).unwrap();
    let values = graph.eval_outputs(&input);
    graph.outputs().iter().map(|id| graph.node(*id).shape.clone()).zip(values).collect()
}

/// A model whose second node casts the first one's constant output to floating point and adds it to `x * 0`.
fn through_constant(op: &str, opset: i64, attrs: &Attrs<'_>, args: &[Arg<'_>]) -> (Vec<usize>, Vec<f64>) {
    let (bytes, _) = model(op, opset, attrs, args, &[0]);
    let mut model = ModelProto::decode(bytes.as_slice()).unwrap();
    let graph = model.graph.as_mut().unwrap();
    graph.input = vec![info("x", element::FLOAT, &[1])];
    graph.output = vec![info("z", element::FLOAT, &[])];
    let node = |op: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>| NodeProto {
        input: inputs.iter().map(|s| (*s).to_owned()).collect(),
        output: vec![output.into()],
        op_type: Some(op.into()),
        attribute,
        ..Default::default()
    };
    graph.initializer.push(tensor("none", &Arg::Floats(&[], &[0.0])));
    graph.node.push(node("Cast", &["y0"], "f", vec![attribute("to", &Attr::Int(1))]));
    graph.node.push(node("Squeeze", &["x"], "s", vec![]));
    graph.node.push(node("Mul", &["s", "none"], "zero", vec![]));
    graph.node.push(node("Add", &["f", "zero"], "z", vec![]));
    let graph = import(&model.encode_to_vec()).unwrap();
    let shape = graph.node(graph.outputs()[0]).shape.clone();
    (shape, graph.eval_outputs(&[1.0]).remove(0))
}

/// The shape and value of the first output.
pub(crate) fn floats(op: &str, opset: i64, attrs: &Attrs<'_>, args: &[Arg<'_>]) -> (Vec<usize>, Vec<f64>) {
    if args.iter().any(|a| matches!(a, Arg::Input(..))) {
        all_floats(op, opset, attrs, args, 1).remove(0)
    } else {
        through_constant(op, opset, attrs, args)
    }
}

/// That results are as many as expected, and within 0.000001 of them.
pub(crate) fn near(found: &[f64], expected: &[f64]) {
    let all = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6);
    assert!(found.len() == expected.len() && all, "{found:?}");
}

/// The integers of the first output, which is constant.
pub(crate) fn ints(op: &str, opset: i64, attrs: &Attrs<'_>, args: &[Arg<'_>]) -> Vec<i64> {
    let (bytes, _) = model(op, opset, attrs, args, &[0]);
    let model = ModelProto::decode(bytes.as_slice()).unwrap();
    let values = importer::evaluate(model, MAX_GENERATED_ELEMENTS).unwrap().values;
    let Value::Const(tensor) = &values["y0"] else { panic!("not constant") };
    tensor.as_ints().unwrap().to_vec()
}

/// Checks that the import fails, naming the operator and containing `expected`.
pub(crate) fn fails(op: &str, opset: i64, attrs: &Attrs<'_>, args: &[Arg<'_>], expected: &str) {
    let error = import(&model(op, opset, attrs, args, &[0]).0).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}
