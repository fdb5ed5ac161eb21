//! From a decoded model to a graph.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{
    ImportError, ML_OPSETS, OPSETS,
    call::{Call, Outcome, Value},
    error::Problem,
    proto::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TypeProto, ValueInfoProto},
    tensor::{self, ConstTensor, element},
};
use crate::{
    graph::{DroppedOutput, Graph, GraphBuilder},
    ops::{self, Import, Operator},
};

/// Builds the graph of `model`; operators may generate `budget` elements.
pub(super) fn import(model: ModelProto, budget: usize) -> Result<Graph, ImportError> {
    let Evaluated { builder, values, kept, dropped } = evaluate(model, budget)?;
    let mut found = Vec::new();
    for name in &kept {
        let problem = match values.get(name) {
            Some(Value::Node(id)) => {
                found.push((name.as_str(), *id));
                continue;
            }
            Some(Value::Const(_)) => "does not depend on the model's input; remove it from the model",
            Some(Value::Label) => {
                "is a class label declared as a number; declare it as an integer or remove it"
            }
            None => "is optional and its operator does not make it",
        };
        return Err(ImportError::Output { name: name.clone(), problem });
    }
    let mut graph = builder.finish(&found)?;
    graph.dropped_outputs = dropped;
    Ok(graph)
}

/// A model all of whose needed nodes are imported.
pub(super) struct Evaluated {
    builder: GraphBuilder,
    /// What each tensor's name stands for.
    pub(super) values: BTreeMap<String, Value>,
    kept: Vec<String>,
    dropped: Vec<DroppedOutput>,
}

pub(super) fn evaluate(model: ModelProto, mut budget: usize) -> Result<Evaluated, ImportError> {
    let opsets = opsets(&model.opset_import)?;
    let mut proto = model.graph.ok_or(ImportError::NoGraph)?;
    if !proto.sparse_initializer.is_empty() {
        let problem = super::TensorProblem::Sparse;
        return Err(ImportError::Tensor { name: "sparse_initializer".into(), problem });
    }
    let mut values = initializers(&mut proto)?;
    let (input, shape) = input(&proto, &values)?;
    let mut builder = GraphBuilder::new(proto.name.as_deref().unwrap_or_default(), &input, &shape)?;
    values.insert(input, Value::Node(builder.input()));
    check_names(&proto, &values)?;

    let (kept, dropped) = outputs(&proto);
    if kept.is_empty() {
        return Err(ImportError::NoOutput { names: names(&proto.output) });
    }
    let needed = needed(&proto, &kept);
    for (node, _) in proto.node.iter().zip(needed).filter(|(_, needed)| *needed) {
        let entry = lookup(node)?;
        let opset = opset(&opsets, node)?;
        let inputs =
            node.input.iter().map(|name| if name.is_empty() { None } else { values.get(name).cloned() });
        let inputs = inputs.collect();
        let mark = builder.node_count();
        builder.set_scope(node.output.iter().find(|o| !o.is_empty()).map_or("", String::as_str));
        let call = Call { builder: &mut builder, node, inputs, opset, budget: &mut budget };
        let results = apply(entry, call).map_err(|problem| ImportError::Operator {
            op: node.op_type().to_owned(),
            node: label(node),
            problem,
        })?;
        for (name, value) in node.output.iter().zip(results).filter(|(name, _)| !name.is_empty()) {
            if let Value::Node(id) = value
                && id.index() >= mark
            {
                builder.rename(id, name);
            }
            values.insert(name.clone(), value);
        }
    }

    Ok(Evaluated { builder, values, kept, dropped })
}

/// The version of each operator set the model uses; an exporter may list one twice.
fn opsets(list: &[OperatorSetIdProto]) -> Result<BTreeMap<&str, i64>, ImportError> {
    let mut versions = BTreeMap::new();
    for set in list {
        let domain = normal_domain(set.domain());
        let version = set.version();
        let range = match domain {
            "" => OPSETS,
            "ai.onnx.ml" => ML_OPSETS,
            _ => continue,
        };
        if !range.contains(&version) {
            let domain = if domain.is_empty() { "ai.onnx" } else { domain };
            let (first, last) = (*range.start(), *range.end());
            return Err(ImportError::Opset { domain: domain.into(), version, first, last });
        }
        let known = versions.entry(domain).or_insert(version);
        *known = version.max(*known);
    }
    Ok(versions)
}

fn opset(opsets: &BTreeMap<&str, i64>, node: &NodeProto) -> Result<i64, ImportError> {
    opsets
        .get(normal_domain(node.domain()))
        .copied()
        .ok_or_else(|| ImportError::NoOpset { node: label(node), domain: node.domain().to_owned() })
}

fn normal_domain(domain: &str) -> &str {
    if domain == "ai.onnx" { "" } else { domain }
}

/// The node's name, or that of its first output when it has none.
fn label(node: &NodeProto) -> String {
    match node.name() {
        "" => node.output.first().cloned().unwrap_or_default(),
        name => name.to_owned(),
    }
}

fn lookup(node: &NodeProto) -> Result<&'static Operator, ImportError> {
    let domain = normal_domain(node.domain());
    ops::REGISTRY.iter().find(|op| op.domain == domain && op.name == node.op_type()).ok_or_else(|| {
        ImportError::UnsupportedOperator {
            op: node.op_type().to_owned(),
            domain: if domain.is_empty() { "ai.onnx".into() } else { domain.to_owned() },
            node: label(node),
            supported: ops::REGISTRY
                .iter()
                .map(|op| match op.domain {
                    "" => op.name.to_owned(),
                    domain => format!("{domain}.{}", op.name),
                })
                .collect::<Vec<_>>()
                .join(", "),
        }
    })
}

fn initializers(proto: &mut GraphProto) -> Result<BTreeMap<String, Value>, ImportError> {
    let mut values = BTreeMap::new();
    for init in std::mem::take(&mut proto.initializer) {
        let name = init.name().to_owned();
        let tensor =
            tensor::decode(&init).map_err(|problem| ImportError::Tensor { name: name.clone(), problem })?;
        if values.insert(name.clone(), Value::from(tensor)).is_some() {
            return Err(ImportError::Duplicate(name));
        }
    }
    Ok(values)
}

fn names(infos: &[ValueInfoProto]) -> Vec<String> {
    infos.iter().map(|i| i.name().to_owned()).collect()
}

/// The name and shape of the one input that is not a weight.
fn input(proto: &GraphProto, values: &BTreeMap<String, Value>) -> Result<(String, Vec<usize>), ImportError> {
    let inputs: Vec<&ValueInfoProto> =
        proto.input.iter().filter(|i| !values.contains_key(i.name())).collect();
    let [info] = inputs.as_slice() else {
        return Err(ImportError::Inputs { names: inputs.iter().map(|i| i.name().to_owned()).collect() });
    };
    let name = info.name();
    let fail = |problem: String| ImportError::Input { name: name.to_owned(), problem };
    let tensor = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    let tensor = tensor.ok_or_else(|| fail("it is not a tensor".into()))?;
    if !element::is_float(tensor.elem_type()) {
        return Err(fail(format!("its element type {} is not floating point", tensor.elem_type())));
    }
    let shape = tensor
        .shape
        .as_ref()
        .ok_or_else(|| fail("it declares no shape; export with a fixed shape".into()))?;
    let mut dims = Vec::with_capacity(shape.dim.len());
    for (i, dim) in shape.dim.iter().enumerate() {
        match (dim.dim_value, dim.dim_param.as_deref()) {
            (Some(d), _) if d > 0 => {
                dims.push(usize::try_from(d).map_err(|_| fail(format!("dimension {i} is too large")))?);
            }
            _ if i == 0 => dims.push(1),
            (None, Some(symbol)) if !symbol.is_empty() => {
                return Err(fail(format!(
                    "dimension {i} is the symbol '{symbol}'; export with a fixed size"
                )));
            }
            (value, _) => {
                let size = value.map_or("unknown".into(), |d| d.to_string());
                return Err(fail(format!("dimension {i} is {size}; export with a fixed size")));
            }
        }
    }
    Ok((name.to_owned(), dims))
}

/// Checks that each tensor is made once, before it is read.
fn check_names(proto: &GraphProto, values: &BTreeMap<String, Value>) -> Result<(), ImportError> {
    let mut known: BTreeSet<&str> = values.keys().map(String::as_str).collect();
    for node in &proto.node {
        if let Some(tensor) =
            node.input.iter().find(|name| !name.is_empty() && !known.contains(name.as_str()))
        {
            return Err(ImportError::Undefined { node: label(node), tensor: tensor.clone() });
        }
        for name in node.output.iter().filter(|name| !name.is_empty()) {
            if !known.insert(name) {
                return Err(ImportError::Duplicate(name.clone()));
            }
        }
    }
    match proto.output.iter().find(|o| !known.contains(o.name())) {
        Some(o) => Err(ImportError::Undefined { node: "graph output".into(), tensor: o.name().to_owned() }),
        None => Ok(()),
    }
}

/// The outputs to compute, and those left out.
fn outputs(proto: &GraphProto) -> (Vec<String>, Vec<DroppedOutput>) {
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    for info in &proto.output {
        match info.r#type.as_ref().and_then(not_float) {
            None => kept.push(info.name().to_owned()),
            Some(ty) => dropped.push(DroppedOutput {
                name: info.name().to_owned(),
                reason: format!(
                    "its elements are {ty}; the graph computes real numbers, from which it can be derived"
                ),
            }),
        }
    }
    (kept, dropped)
}

/// The element type of a tensor that does not hold real numbers. Sequences are ZipMap's and hold scores.
fn not_float(ty: &TypeProto) -> Option<&'static str> {
    match ty.tensor_type.as_ref()?.elem_type() {
        element::STRING => Some("strings"),
        element::BOOL => Some("truth values"),
        ty if element::is_int(ty) => Some("integers"),
        _ => None,
    }
}

/// Which nodes the tensors `outputs` depend on.
fn needed(proto: &GraphProto, outputs: &[String]) -> Vec<bool> {
    let mut wanted: BTreeSet<&str> = outputs.iter().map(String::as_str).collect();
    let mut needed = vec![false; proto.node.len()];
    for (node, needed) in proto.node.iter().zip(&mut needed).rev() {
        if node.output.iter().any(|o| wanted.contains(o.as_str())) {
            *needed = true;
            wanted.extend(node.input.iter().map(String::as_str).filter(|i| !i.is_empty()));
        }
    }
    needed
}

/// Imports one node; where it has only constants and its import folds none, it is evaluated on them.
fn apply(operator: &Operator, mut call: Call<'_>) -> Outcome {
    let Operator { import, since, .. } = *operator;
    if call.opset < since {
        return Err(Problem::Since { since, opset: call.opset });
    }
    let subgraph = |a: &&super::proto::AttributeProto| a.g.is_some() || !a.graphs.is_empty();
    if let Some(a) = call.node.attribute.iter().find(subgraph) {
        return Err(Problem::Subgraph(a.name().to_owned()));
    }
    // Operators fill memory in proportion to what they read.
    let mut read = 0usize;
    for value in call.inputs.iter().flatten() {
        read += match value {
            Value::Label => 0,
            value => tensor::count(&call.shape(value)?)?,
        };
    }
    call.charge(read)?;
    if call.inputs.iter().flatten().any(|v| matches!(v, Value::Label)) {
        return Ok(vec![Value::Label; call.node.output.len()]);
    }
    match import(&mut call) {
        Err(Problem::NeedsActivation(i))
            if call.inputs.iter().flatten().all(|v| matches!(v, Value::Const(_))) =>
        {
            fold(import, call, i)
        }
        outcome => outcome,
    }
}

/// Evaluates a node on constants, in a graph of its own whose input is input `i`.
fn fold(import: Import, mut call: Call<'_>, i: usize) -> Outcome {
    let operand: Rc<ConstTensor> = call.constant(i)?;
    let data = operand.as_floats().ok_or(Problem::InputType { input: i, expected: "floating point" })?;
    let mut scratch = GraphBuilder::new("", "", &operand.shape)?;
    call.inputs[i] = Some(Value::Node(scratch.input()));
    let Call { node, inputs, opset, budget, .. } = call;
    let outcome = import(&mut Call { builder: &mut scratch, node, inputs, opset, budget: &mut *budget })?;
    // Four multiplications cost about as much as filling an element.
    *budget = budget
        .checked_sub(scratch.multiplications() / 4)
        .ok_or(Problem::Budget(super::MAX_GENERATED_ELEMENTS))?;
    let values = scratch.eval(data);
    let finish = |value| match value {
        Value::Node(id) => {
            let data = values[id.index()].clone();
            if data.iter().any(|x| !x.is_finite()) {
                return Err(Problem::Arithmetic("the result is NaN or infinite"));
            }
            Ok(ConstTensor::floats(scratch.shape(id)?.to_vec(), data).into())
        }
        value => Ok(value),
    };
    outcome.into_iter().map(finish).collect()
}
