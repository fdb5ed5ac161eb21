//! What LSTM, GRU and RNN have in common: directions, weights by gate, states, and the outputs' places.
//!
//! All steps of a layer are the rows of one tensor. A state is read as its step before ([`GraphBuilder::previous`]), so
//! that a gate is one matrix product for all steps.

use std::rc::Rc;

use crate::{
    graph::{Function, GraphBuilder, Matrix, NodeId},
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
        tensor::{self, ConstTensor},
    },
};

/// What of them is refused.
pub(super) const RESTRICTIONS: &str =
    "constant weights and initial states, full sequences, activations Relu, Sigmoid, Tanh; no clip";

/// What sets one of the three apart from the others.
pub(super) struct Kind {
    /// The matrices of each direction, stacked in `W` and `R`.
    pub(super) gates: usize,
    /// The activations of a direction, where none are named.
    pub(super) activations: &'static [&'static str],
    /// The number of states: the output, and for LSTM the cell.
    pub(super) states: usize,
    /// The states after each step, from those before.
    pub(super) step: fn(&mut Direction<'_>) -> Result<Vec<NodeId>, Problem>,
}

/// Rows and columns of a layer.
#[derive(Clone, Copy)]
struct Sizes {
    steps: usize,
    batch: usize,
    inputs: usize,
    hidden: usize,
    directions: usize,
    /// Whether the batch is the first axis of inputs and outputs.
    batch_first: bool,
}

/// One direction of a layer while it is built.
pub(super) struct Direction<'a> {
    pub(super) builder: &'a mut GraphBuilder,
    /// The states before each step.
    pub(super) before: Vec<NodeId>,
    pub(super) linear_before_reset: bool,
    x: NodeId,
    sizes: Sizes,
    gates: usize,
    /// Of this direction: the weights of inputs and of the state, and both biases.
    w: &'a [f64],
    r: &'a [f64],
    b: Vec<f64>,
    activations: Vec<Option<Function>>,
}

impl Direction<'_> {
    /// `W_gate x + b` for all steps.
    pub(super) fn input(&mut self, gate: usize, bias: Vec<f64>) -> Result<NodeId, Problem> {
        let Sizes { inputs, hidden, .. } = self.sizes;
        let data = self.w[gate * hidden * inputs..][..hidden * inputs].to_vec();
        Ok(self.builder.linear(self.x, Matrix::new(hidden, inputs, data)?, bias)?)
    }

    /// `R_gate state + b` for all steps.
    pub(super) fn recurrent(
        &mut self,
        gate: usize,
        state: NodeId,
        bias: Vec<f64>,
    ) -> Result<NodeId, Problem> {
        let hidden = self.sizes.hidden;
        let data = self.r[gate * hidden * hidden..][..hidden * hidden].to_vec();
        Ok(self.builder.linear(state, Matrix::new(hidden, hidden, data)?, bias)?)
    }

    /// The biases of a gate: that of the inputs, and that of the state.
    pub(super) fn biases(&self, gate: usize) -> [Vec<f64>; 2] {
        let hidden = self.sizes.hidden;
        [gate, self.gates + gate].map(|part| self.b[part * hidden..][..hidden].to_vec())
    }

    pub(super) fn zeros(&self) -> Vec<f64> {
        vec![0.0; self.sizes.hidden]
    }

    /// `activation(W_gate x + R_gate state + both biases)`.
    pub(super) fn gate(&mut self, gate: usize, activation: usize, state: NodeId) -> Result<NodeId, Problem> {
        let [inputs, states] = self.biases(gate);
        let x = self.input(gate, inputs.iter().zip(states).map(|(a, b)| a + b).collect())?;
        let zeros = self.zeros();
        let state = self.recurrent(gate, state, zeros)?;
        let sum = self.builder.combine(&[(1.0, x), (1.0, state)])?;
        self.activate(activation, sum)
    }

    /// The activation of this number; Relu is no [`Function`].
    pub(super) fn activate(&mut self, activation: usize, x: NodeId) -> Result<NodeId, Problem> {
        Ok(match self.activations[activation] {
            Some(function) => self.builder.function(x, function)?,
            None => self.builder.relu(x)?,
        })
    }
}

/// Imports a layer.
pub(super) fn layer(call: &mut Call<'_>, kind: &Kind) -> Outcome {
    let x = call.activation(0)?;
    refuse(call)?;
    let backward = match call.text("direction", "forward")?.as_str() {
        "forward" => vec![false],
        "reverse" => vec![true],
        "bidirectional" => vec![false, true],
        other => return Err(Problem::attribute("direction", format!("is '{other}'"))),
    };
    let (x, sizes) = sizes(call, x, backward.len())?;
    let Sizes { steps, batch, inputs, hidden, directions, .. } = sizes;
    let activations = activations(call, kind, directions)?;
    let w = floats(call, 1, &[directions, kind.gates * hidden, inputs])?;
    let r = floats(call, 2, &[directions, kind.gates * hidden, hidden])?;
    let b = optional(call, 3, &[directions, 2 * kind.gates * hidden])?;
    if let Some(lengths) = call.optional_ints(4)?
        && lengths.iter().any(|length| *length != steps as i64)
    {
        let problem = "input 4 gives sequences shorter than the tensor, which is not supported";
        return Err(Problem::Unsupported(problem.into()));
    }
    let axes = if sizes.batch_first { [batch, directions, hidden] } else { [directions, batch, hidden] };
    let initial: Vec<Option<Rc<ConstTensor>>> =
        (0..kind.states).map(|k| optional(call, 5 + k, &axes)).collect::<Result<_, _>>()?;
    let linear_before_reset = call.flag("linear_before_reset")?;
    // The nodes of a direction are some twenty tensors of the layer's size.
    call.charge(tensor::count(&[steps, batch, hidden, directions])?.saturating_mul(20))?;

    let mut found: Vec<Vec<NodeId>> = Vec::new();
    for (d, backward) in backward.iter().enumerate() {
        let part = |t: &ConstTensor| {
            let data = t.as_floats().unwrap_or_default();
            let len = data.len() / directions;
            data[d * len..][..len].to_vec()
        };
        let first = |t: &Option<Rc<ConstTensor>>| match t {
            None => vec![0.0; batch * hidden],
            Some(t) if !sizes.batch_first => part(t),
            Some(t) => {
                let rows = t.as_floats().unwrap_or_default().chunks(hidden);
                rows.skip(d).step_by(directions).flatten().copied().collect()
            }
        };
        let builder = &mut *call.builder;
        let shape = [steps, batch, hidden];
        let before = initial.iter().map(|t| builder.previous(&shape, first(t), *backward));
        let mut direction = Direction {
            before: before.collect::<Result<_, _>>()?,
            builder,
            linear_before_reset,
            x,
            sizes,
            gates: kind.gates,
            w: &part(&w),
            r: &part(&r),
            b: b.as_ref().map_or_else(|| vec![0.0; 2 * kind.gates * hidden], |b| part(b)),
            activations: activations[d * kind.activations.len()..][..kind.activations.len()].to_vec(),
        };
        let states = (kind.step)(&mut direction)?;
        for (before, state) in direction.before.iter().zip(&states) {
            direction.builder.close(*before, *state)?;
        }
        found.push(states);
    }
    outputs(call, sizes, &backward, &found)
}

/// Refuses what is not supported, by name.
fn refuse(call: &Call<'_>) -> Result<(), Problem> {
    if call.float("clip")?.is_some() {
        return Err(Problem::attribute("clip", "is not supported"));
    }
    if call.flag("input_forget")? {
        return Err(Problem::attribute("input_forget", "is not supported"));
    }
    if let Some(peepholes) = call.optional_floats(7)?
        && peepholes.as_floats().is_some_and(|p| p.iter().any(|p| *p != 0.0))
    {
        return Err(Problem::Unsupported("input 7, peepholes, is not supported".into()));
    }
    Ok(())
}

/// The input with its steps first, and all sizes.
fn sizes(call: &mut Call<'_>, x: NodeId, directions: usize) -> Result<(NodeId, Sizes), Problem> {
    let batch_first = call.flag("layout")?;
    let shape = call.builder.shape(x)?;
    let &[first, second, inputs] = shape else {
        return Err(Problem::Shape(format!("the input must have three axes; its shape is {shape:?}")));
    };
    let (steps, batch) = if batch_first { (second, first) } else { (first, second) };
    let states = call.constant(2)?;
    let hidden = match states.shape.as_slice() {
        [_, _, hidden] if (1..=states.data.len()).contains(hidden) => *hidden,
        other => return Err(Problem::Shape(format!("input 2 must have three axes; its shape is {other:?}"))),
    };
    if call.int("hidden_size")?.is_some_and(|size| size != hidden as i64) {
        return Err(Problem::attribute("hidden_size", format!("is not {hidden}, as input 2 has it")));
    }
    call.charge(tensor::count(&[steps, batch, inputs])?)?;
    let x = if batch_first { call.builder.transpose(x, &[1, 0, 2])? } else { x };
    Ok((x, Sizes { steps, batch, inputs, hidden, directions, batch_first }))
}

/// The activations of all directions; nothing stands for Relu.
fn activations(call: &Call<'_>, kind: &Kind, directions: usize) -> Result<Vec<Option<Function>>, Problem> {
    let mut names = call.texts("activations")?;
    if names.is_empty() {
        let defaults = kind.activations.iter().map(|name| (*name).to_owned());
        names = defaults.cycle().take(kind.activations.len() * directions).collect();
    }
    if names.len() != kind.activations.len() * directions {
        let expected = kind.activations.len() * directions;
        return Err(Problem::attribute(
            "activations",
            format!("must name {expected}, and names {}", names.len()),
        ));
    }
    let known = |name: &String| match name.to_ascii_lowercase().as_str() {
        "sigmoid" => Ok(Some(Function::Sigmoid)),
        "tanh" => Ok(Some(Function::Tanh)),
        "relu" => Ok(None),
        _ => Err(Problem::attribute(
            "activations",
            format!("names '{name}'; 'Relu', 'Sigmoid' and 'Tanh' are known"),
        )),
    };
    names.iter().map(known).collect()
}

/// Constant input `i`, of this shape.
fn floats(call: &Call<'_>, i: usize, shape: &[usize]) -> Result<Rc<ConstTensor>, Problem> {
    optional(call, i, shape)?.ok_or(Problem::MissingInput(i))
}

/// Constant input `i`, of this shape, if it is there.
fn optional(call: &Call<'_>, i: usize, shape: &[usize]) -> Result<Option<Rc<ConstTensor>>, Problem> {
    let found = call.optional_floats(i)?;
    match &found {
        Some(t) if t.shape != shape => {
            Err(Problem::Shape(format!("input {i} must have shape {shape:?}; its shape is {:?}", t.shape)))
        }
        _ => Ok(found),
    }
}

/// `Y`, with the states after every step, and `Y_h` and the like, with those after the last.
fn outputs(call: &mut Call<'_>, sizes: Sizes, backward: &[bool], found: &[Vec<NodeId>]) -> Outcome {
    let Sizes { steps, batch, hidden, directions, batch_first, .. } = sizes;
    let row = |t: usize, b: usize| (t * batch + b) * hidden;
    let (mut all, mut last) = (Vec::new(), Vec::new());
    let place = |list: &mut Vec<(usize, usize)>, d: usize, from: usize| {
        list.extend((0..hidden).map(|j| (d, from + j)));
    };
    let end = |d: usize| if backward[d] { 0 } else { steps - 1 };
    let [outer, inner] = if batch_first { [batch, steps] } else { [steps, batch] };
    if batch_first {
        for b in 0..batch {
            for t in 0..steps {
                (0..directions).for_each(|d| place(&mut all, d, row(t, b)));
            }
            (0..directions).for_each(|d| place(&mut last, d, row(end(d), b)));
        }
    } else {
        for t in 0..steps {
            for d in 0..directions {
                (0..batch).for_each(|b| place(&mut all, d, row(t, b)));
            }
        }
        for d in 0..directions {
            (0..batch).for_each(|b| place(&mut last, d, row(end(d), b)));
        }
    }
    let of = |k: usize| -> Vec<Value> { found.iter().map(|states| Value::Node(states[k])).collect() };
    let shape = if batch_first {
        vec![outer, inner, directions, hidden]
    } else {
        vec![outer, directions, inner, hidden]
    };
    let mut values = vec![call.rearrange(&of(0), &all, shape)?];
    let shape = if batch_first { [batch, directions, hidden] } else { [directions, batch, hidden] };
    for k in 0..found.first().map_or(0, Vec::len) {
        values.push(call.rearrange(&of(k), &last, shape.to_vec())?);
    }
    Ok(values)
}
