//! A node test, and the models of one input that it is turned into.

use std::{fs, path::Path};

use prost::Message;
use serde::{Deserialize, Serialize};

use crate::onnx::{
    TensorProblem,
    proto::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto},
    tensor::{self, ConstTensor, element},
    testing::info,
};

/// A model with what it is to compute, as in the ONNX project's folders of node tests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Case {
    pub(super) name: String,
    #[serde(with = "hex")]
    model: Vec<u8>,
    sets: Vec<Set>,
}

/// Tensors for the graph's inputs, and those it is to output, in its order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Set {
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tensor(#[serde(with = "hex")] Vec<u8>);

mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&bytes.iter().map(|b| format!("{b:02x}")).collect::<String>())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        let byte = |i| u8::from_str_radix(text.get(i..i + 2).unwrap_or_default(), 16);
        (0..text.len()).step_by(2).map(byte).collect::<Result<_, _>>().map_err(D::Error::custom)
    }
}

/// Which of the graph's inputs depend on the model's; the others are constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Computed {
    /// All of floating point.
    All,
    /// This one.
    One(usize),
    /// None.
    None,
}

/// A test as a model of one input.
pub(super) struct Trial {
    pub(super) model: ModelProto,
    pub(super) input: Vec<f64>,
    /// The outputs' names and what they are to be.
    pub(super) expected: Vec<(String, ConstTensor)>,
}

/// The model's input where a test has none or several of floating point.
const PACKED: &str = "conformance/input";

impl Case {
    /// Reads a test's folder; none where it holds no model.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let model = fs::read(folder.join("model.onnx")).ok()?;
        let mut sets: Vec<_> = fs::read_dir(folder).ok()?.filter_map(|f| Some(f.ok()?.path())).collect();
        sets.retain(|path| path.is_dir());
        sets.sort();
        let tensors = |set: &Path, kind: &str| {
            (0..).map_while(|i| fs::read(set.join(format!("{kind}_{i}.pb"))).ok()).map(Tensor).collect()
        };
        let sets = sets.iter().map(|s| Set { inputs: tensors(s, "input"), outputs: tensors(s, "output") });
        let name = folder.file_name()?.to_str()?.to_owned();
        Some(Self { name, model, sets: sets.collect() })
    }

    pub(super) fn sets(&self) -> &[Set] {
        &self.sets
    }

    /// Bytes in all.
    pub(super) fn size(&self) -> usize {
        let tensors = self.sets.iter().flat_map(|s| s.inputs.iter().chain(&s.outputs));
        self.model.len() + tensors.map(|t| t.0.len()).sum::<usize>()
    }

    /// Domain and name of each node's operator.
    pub(super) fn operators(&self) -> Vec<(String, String)> {
        let model = ModelProto::decode(self.model.as_slice()).unwrap_or_default();
        let nodes = model.graph.unwrap_or_default().node;
        let domain = |n: &NodeProto| if n.domain() == "ai.onnx" { "" } else { n.domain() }.to_owned();
        nodes.iter().map(|n| (domain(n), n.op_type().to_owned())).collect()
    }

    /// The ways to choose what is computed: all inputs of floating point, each alone, none.
    pub(super) fn ways(&self) -> Vec<Computed> {
        let floats = self.sets.first().map_or(vec![], |set| self.floats(set));
        let all = if floats.is_empty() { None } else { Some(Computed::All) };
        let alone = if floats.len() > 1 { floats } else { vec![] };
        all.into_iter().chain(alone.into_iter().map(Computed::One)).chain([Computed::None]).collect()
    }

    /// The inputs that can be computed.
    fn floats(&self, set: &Set) -> Vec<usize> {
        let computable = |t: &Tensor| {
            TensorProto::decode(t.0.as_slice())
                .is_ok_and(|t| element::is_float(t.data_type.unwrap_or(0)) && t.dims.iter().all(|d| *d > 0))
        };
        (0..set.inputs.len()).filter(|i| computable(&set.inputs[*i])).collect()
    }

    /// The model of one input, or why there is none.
    pub(super) fn trial(&self, set: &Set, computed: Computed) -> Result<Trial, String> {
        let mut model = ModelProto::decode(self.model.as_slice()).map_err(|e| e.to_string())?;
        let graph = model.graph.get_or_insert_default();
        if graph.input.iter().any(|i| i.r#type.as_ref().is_none_or(|t| t.tensor_type.is_none())) {
            return Err("an input is not a tensor".into());
        }
        let computed = match computed {
            Computed::All => self.floats(set),
            Computed::One(i) => vec![i],
            Computed::None => vec![],
        };
        let fed: Vec<String> =
            graph.input.iter().take(set.inputs.len()).map(|i| i.name().to_owned()).collect();
        let mut input = Vec::new();
        let mut parts = Vec::new();
        graph.initializer.retain(|t| !fed.iter().any(|name| name == t.name()));
        for (i, (name, bytes)) in fed.iter().zip(&set.inputs).enumerate() {
            let mut tensor = TensorProto::decode(bytes.0.as_slice()).map_err(|e| e.to_string())?;
            if computed.contains(&i) {
                let tensor = tensor::decode(&tensor).map_err(|e| unusable("input", &e))?;
                let data = tensor.as_floats().unwrap_or_default();
                parts.push((name, tensor.shape.clone(), input.len()..input.len() + data.len()));
                input.extend_from_slice(data);
            } else {
                tensor.name = Some(name.clone());
                graph.initializer.push(tensor);
            }
        }
        if let [(name, shape, _)] = parts.as_slice() {
            graph.input = vec![info(name, element::FLOAT, shape)];
        } else {
            // One vector, from which each tensor is gathered.
            input.resize(input.len().max(1), 0.0);
            graph.input = vec![info(PACKED, element::FLOAT, &[input.len()])];
            for (name, shape, range) in parts {
                let index = format!("{PACKED}/{name}");
                graph.initializer.push(TensorProto {
                    name: Some(index.clone()),
                    data_type: Some(element::INT64),
                    dims: shape.iter().map(|d| *d as i64).collect(),
                    int64_data: range.map(|i| i as i64).collect(),
                    ..Default::default()
                });
                let gather = NodeProto {
                    op_type: Some("Gather".into()),
                    input: vec![PACKED.into(), index],
                    output: vec![name.clone()],
                    ..Default::default()
                };
                graph.node.insert(0, gather);
            }
        }
        let expected = expected(graph, set)?;
        if !model.opset_import.iter().any(|set| matches!(set.domain(), "" | "ai.onnx")) {
            let latest = Some(*crate::onnx::OPSETS.end());
            model.opset_import.push(OperatorSetIdProto { domain: None, version: latest });
        }
        Ok(Trial { model, input, expected })
    }
}

/// What is to be computed: the outputs of floating point or, where there are none, all, declared as such so that the
/// importer computes them.
fn expected(graph: &mut GraphProto, set: &Set) -> Result<Vec<(String, ConstTensor)>, String> {
    let mut all = Vec::new();
    for (info, bytes) in graph.output.iter().zip(&set.outputs) {
        let tensor_type = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
        let ty = tensor_type.ok_or("an output is not a tensor")?.elem_type();
        all.push((info.name().to_owned(), element::is_float(ty), bytes));
    }
    if all.iter().any(|(_, float, _)| *float) {
        all.retain(|(_, float, _)| *float);
    }
    graph.output = all.iter().map(|(name, ..)| info(name, element::FLOAT, &[])).collect();
    let decode = |(name, _, bytes): (String, bool, &Tensor)| {
        let proto = TensorProto::decode(bytes.0.as_slice()).map_err(|e| e.to_string())?;
        Ok((name, tensor::decode(&proto).map_err(|e| unusable("output", &e))?))
    };
    all.into_iter().map(decode).collect()
}

fn unusable(what: &str, problem: &TensorProblem) -> String {
    match problem {
        TensorProblem::NotFinite(_) => format!("an {what} of the test has a NaN or an infinity"),
        problem => format!("an {what} of the test: {problem}"),
    }
}
