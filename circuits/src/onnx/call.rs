//! What an operator's import sees: its node, its inputs and the graph being built.

use std::rc::Rc;

use super::{
    error::Problem,
    proto::{AttributeProto, NodeProto},
    tensor::{self, ConstTensor, Data, count},
};
use crate::graph::{GraphBuilder, NodeId, layout};

/// What a tensor's name stands for during import.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Known at import.
    Const(Rc<ConstTensor>),
    /// Computed from the model's input.
    Node(NodeId),
    /// A class label, which whoever reads the scores can derive and the graph does not compute.
    Label,
}

impl From<ConstTensor> for Value {
    fn from(tensor: ConstTensor) -> Self {
        Self::Const(Rc::new(tensor))
    }
}

/// The values of a node's outputs, or what is wrong.
pub(crate) type Outcome = Result<Vec<Value>, Problem>;

/// A node being imported.
pub(crate) struct Call<'a> {
    pub(crate) builder: &'a mut GraphBuilder,
    pub(crate) node: &'a NodeProto,
    pub(crate) inputs: Vec<Option<Value>>,
    /// The version of the operator set that the node is of.
    pub(crate) opset: i64,
    /// The elements that may still be generated.
    pub(crate) budget: &'a mut usize,
}

impl Call<'_> {
    /// Takes `elements` from the budget. To be called before memory of that size is filled.
    pub(crate) fn charge(&mut self, elements: usize) -> Result<(), Problem> {
        *self.budget =
            self.budget.checked_sub(elements).ok_or(Problem::Budget(super::MAX_GENERATED_ELEMENTS))?;
        Ok(())
    }

    /// Input `i`, which may be absent.
    pub(crate) fn optional(&self, i: usize) -> Option<&Value> {
        self.inputs.get(i)?.as_ref()
    }

    /// Input `i`.
    pub(crate) fn input(&self, i: usize) -> Result<Value, Problem> {
        self.optional(i).cloned().ok_or(Problem::MissingInput(i))
    }

    /// Input `i`, which must be computed.
    pub(crate) fn activation(&self, i: usize) -> Result<NodeId, Problem> {
        match self.input(i)? {
            Value::Node(id) => Ok(id),
            Value::Const(_) => Err(Problem::NeedsActivation(i)),
            Value::Label => Err(Problem::Label(i)),
        }
    }

    /// Input `i`, which must be constant.
    pub(crate) fn constant(&self, i: usize) -> Result<Rc<ConstTensor>, Problem> {
        match self.input(i)? {
            Value::Const(c) => Ok(c),
            Value::Node(_) => Err(Problem::NotConstant(i)),
            Value::Label => Err(Problem::Label(i)),
        }
    }

    /// The integers of the constant input `i`, or `None` when the input is absent.
    pub(crate) fn optional_ints(&self, i: usize) -> Result<Option<Vec<i64>>, Problem> {
        if self.optional(i).is_none() {
            return Ok(None);
        }
        let tensor = self.constant(i)?;
        let ints = tensor.as_ints().ok_or(Problem::InputType { input: i, expected: "integers" })?;
        Ok(Some(ints.to_vec()))
    }

    /// The integers of the constant input `i`.
    pub(crate) fn ints(&self, i: usize) -> Result<Vec<i64>, Problem> {
        self.optional_ints(i)?.ok_or(Problem::MissingInput(i))
    }

    /// The numbers of the constant input `i`, or `None` when the input is absent.
    pub(crate) fn optional_floats(&self, i: usize) -> Result<Option<Rc<ConstTensor>>, Problem> {
        if self.optional(i).is_none() {
            return Ok(None);
        }
        let tensor = self.constant(i)?;
        tensor.as_floats().ok_or(Problem::InputType { input: i, expected: "floating point" })?;
        Ok(Some(tensor))
    }

    /// The shape of a value.
    pub(crate) fn shape(&self, value: &Value) -> Result<Vec<usize>, Problem> {
        match value {
            Value::Const(c) => Ok(c.shape.clone()),
            Value::Node(id) => Ok(self.builder.shape(*id)?.to_vec()),
            Value::Label => Err(Problem::Unsupported("a class label's shape is not known".into())),
        }
    }

    fn find(&self, name: &str) -> Option<&AttributeProto> {
        self.node.attribute.iter().find(|a| a.name.as_deref() == Some(name))
    }

    /// Attribute `name` through `get`, or `None` when it is absent.
    fn typed<T>(
        &self,
        name: &str,
        expected: &str,
        get: impl Fn(&AttributeProto) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(attribute) = self.find(name) else { return Ok(None) };
        let value = get(attribute).ok_or_else(|| Problem::attribute(name, format!("must be {expected}")))?;
        Ok(Some(value))
    }

    /// The integer attribute `name`.
    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, Problem> {
        self.typed(name, "an integer", |a| a.i)
    }

    /// The integer attribute `name` as a truth value, false when absent.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        Ok(self.int(name)?.unwrap_or(0) != 0)
    }

    /// The floating point attribute `name`, which must be finite.
    pub(crate) fn float(&self, name: &str) -> Result<Option<f64>, Problem> {
        let value = self.typed(name, "a finite number", |a| a.f.filter(|f| f.is_finite()))?;
        Ok(value.map(f64::from))
    }

    /// The list of integers `name`.
    pub(crate) fn int_list(&self, name: &str) -> Result<Option<Vec<i64>>, Problem> {
        self.typed(name, "a list of integers", |a| (a.f.is_none() && a.i.is_none()).then(|| a.ints.clone()))
    }

    /// The list of numbers `name`, all finite; empty when absent.
    pub(crate) fn float_list(&self, name: &str) -> Result<Vec<f64>, Problem> {
        let list = self.typed(name, "a list of finite numbers", |a| {
            a.floats.iter().map(|f| f.is_finite().then(|| f64::from(*f))).collect::<Option<Vec<_>>>()
        })?;
        Ok(list.unwrap_or_default())
    }

    /// The list of numbers `name`, which may be infinite or not numbers; `None` when absent or empty.
    pub(crate) fn any_floats(&self, name: &str) -> Result<Option<Vec<f64>>, Problem> {
        let list = self.typed(name, "a list of numbers", |a| {
            (a.f.is_none() && a.ints.is_empty()).then(|| a.floats.iter().map(|f| f64::from(*f)).collect())
        })?;
        Ok(list.filter(|list: &Vec<f64>| !list.is_empty()))
    }

    /// The list of texts `name`; empty when absent.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, Problem> {
        let list = self.typed(name, "a list of texts", |a| {
            a.strings.iter().map(|s| String::from_utf8(s.clone()).ok()).collect::<Option<Vec<_>>>()
        })?;
        Ok(list.unwrap_or_default())
    }

    /// The text attribute `name`, or `default`.
    pub(crate) fn text(&self, name: &str, default: &str) -> Result<String, Problem> {
        let text = self.typed(name, "a text", |a| String::from_utf8(a.s.clone()?).ok())?;
        Ok(text.unwrap_or_else(|| default.to_owned()))
    }

    /// The number of strings in the list `name`.
    pub(crate) fn string_count(&self, name: &str) -> usize {
        self.find(name).map_or(0, |a| a.strings.len())
    }

    /// The tensor attribute `name`.
    pub(crate) fn tensor(&self, name: &str) -> Result<Option<ConstTensor>, Problem> {
        let proto = self.typed(name, "a tensor", |a| a.t.clone())?;
        Ok(proto.as_ref().map(tensor::decode).transpose()?)
    }

    /// The tensor attribute `name`, whose numbers may be infinite or not numbers.
    pub(crate) fn any_tensor(&self, name: &str) -> Result<Option<ConstTensor>, Problem> {
        let proto = self.typed(name, "a tensor", |a| a.t.clone())?;
        Ok(proto.as_ref().map(tensor::decode_any).transpose()?)
    }

    /// A float tensor as a node of shape `shape`, broadcast when need be. A constant becomes a scaling by zero, so it
    /// needs a node of the graph to stand on.
    pub(crate) fn node_of(&mut self, value: &Value, shape: &[usize]) -> Result<NodeId, Problem> {
        match value {
            Value::Label => Err(Problem::Unsupported("a class label is not computed in the graph".into())),
            Value::Node(id) if self.builder.shape(*id)? == shape => Ok(*id),
            Value::Node(id) => {
                self.charge(count(shape)?)?;
                Ok(self.builder.broadcast(*id, shape)?)
            }
            Value::Const(c) => {
                let data = self.broadcast_const(c, shape)?;
                let anchor = vec![(0, 0); data.len()];
                let x = self.builder.rearrange(&[self.builder.input()], &anchor, shape)?;
                Ok(self.builder.scale(x, vec![0.0; data.len()], data)?)
            }
        }
    }

    /// The numbers of a float constant, broadcast to `shape`.
    pub(crate) fn broadcast_const(&mut self, c: &ConstTensor, shape: &[usize]) -> Result<Vec<f64>, Problem> {
        let data = c
            .as_floats()
            .ok_or_else(|| Problem::Unsupported("integers and computed numbers do not mix".into()))?;
        self.charge(count(shape)?)?;
        if let [one] = data {
            return Ok(vec![*one; count(shape)?]);
        }
        let index = layout::broadcast_index(&c.shape, shape)
            .ok_or_else(|| Problem::Shape(format!("shape {:?} does not broadcast to {shape:?}", c.shape)))?;
        Ok(index.iter().map(|i| data[*i]).collect())
    }

    /// A tensor of shape `shape` whose element `i` is element `j` of `inputs[k]`, where `index[i] = (k, j)`: folded when
    /// all inputs are constant. Constants beside computed tensors enter as the addends of a scaling.
    pub(crate) fn rearrange(
        &mut self,
        inputs: &[Value],
        index: &[(usize, usize)],
        shape: Vec<usize>,
    ) -> Result<Value, Problem> {
        self.charge(index.len())?;
        let nodes: Vec<NodeId> =
            inputs.iter().filter_map(|v| if let Value::Node(id) = v { Some(*id) } else { None }).collect();
        if nodes.is_empty() {
            return rearrange_consts(inputs, index, shape);
        }
        let mut place = 0;
        let places: Vec<u32> = inputs
            .iter()
            .map(|v| {
                let at = place;
                place += u32::from(matches!(v, Value::Node(_)));
                at
            })
            .collect();
        let mut pairs = Vec::with_capacity(index.len());
        let (mut scale, mut shift) = (vec![1.0; index.len()], vec![0.0; index.len()]);
        for (i, (k, j)) in index.iter().enumerate() {
            match &inputs[*k] {
                Value::Node(_) => pairs.push((places[*k], u32::try_from(*j).unwrap_or(u32::MAX))),
                Value::Const(c) => {
                    let data =
                        c.as_floats().ok_or(Problem::InputType { input: *k, expected: "floating point" })?;
                    (scale[i], shift[i]) = (0.0, data[*j]);
                    pairs.push((0, 0));
                }
                Value::Label => return Err(Problem::Label(*k)),
            }
        }
        let x = self.builder.rearrange(&nodes, &pairs, &shape)?;
        if nodes.len() == inputs.len() {
            return Ok(Value::Node(x));
        }
        Ok(Value::Node(self.builder.scale(x, scale, shift)?))
    }

    /// The elements `index` of one tensor.
    pub(crate) fn select(&mut self, x: &Value, index: &[usize], shape: Vec<usize>) -> Result<Value, Problem> {
        let pairs: Vec<_> = index.iter().map(|j| (0, *j)).collect();
        self.rearrange(std::slice::from_ref(x), &pairs, shape)
    }

    /// The same elements under another shape.
    pub(crate) fn reshape(&mut self, x: &Value, shape: Vec<usize>) -> Result<Value, Problem> {
        match x {
            Value::Const(c) => {
                self.charge(c.data.len())?;
                Ok(c.reshaped(shape)?.into())
            }
            Value::Node(id) => {
                let from = self.builder.shape(*id)?;
                if count(from)? != count(&shape)? {
                    return Err(Problem::Shape(format!("cannot reshape {from:?} to {shape:?}")));
                }
                Ok(Value::Node(self.builder.reshape(*id, &shape)?))
            }
            Value::Label => Ok(Value::Label),
        }
    }
}

fn rearrange_consts(inputs: &[Value], index: &[(usize, usize)], shape: Vec<usize>) -> Result<Value, Problem> {
    let consts: Vec<&ConstTensor> = inputs
        .iter()
        .enumerate()
        .map(|(i, v)| if let Value::Const(c) = v { Ok(&**c) } else { Err(Problem::Label(i)) })
        .collect::<Result<_, _>>()?;
    let first = consts.first().ok_or(Problem::MissingInput(0))?;
    if let [only] = consts.as_slice() {
        return Ok(ConstTensor { shape, data: only.data.select(index.iter().map(|(_, j)| *j)) }.into());
    }
    macro_rules! gather {
        ($kind:ident) => {{
            let mut lists = Vec::new();
            for (i, c) in consts.iter().enumerate() {
                let Data::$kind(list) = &c.data else {
                    return Err(Problem::InputType { input: i, expected: "of the first input's type" });
                };
                lists.push(list);
            }
            Data::$kind(index.iter().map(|(k, j)| lists[*k][*j].clone()).collect())
        }};
    }
    #[allow(clippy::clone_on_copy)]
    let data = match &first.data {
        Data::Float(_) => gather!(Float),
        Data::Int(_) => gather!(Int),
        Data::Bool(_) => gather!(Bool),
        Data::Strings(_) => gather!(Strings),
    };
    Ok(ConstTensor { shape, data }.into())
}

/// The axis `axis` of a tensor of rank `rank`, counted from the end when negative.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize, Problem> {
    let from_end = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
    from_end
        .and_then(|a| usize::try_from(a).ok())
        .filter(|a| *a < rank)
        .ok_or_else(|| Problem::Shape(format!("axis {axis} is out of range for rank {rank}")))
}
