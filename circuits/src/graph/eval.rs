//! Evaluation in `f64`.

use super::{
    Graph, Node, Op, matmul,
    recurrence::{Steps, Window, parts_of},
};

impl Graph {
    /// The value of every node on `input`, flat, indexed by [`super::NodeId::index`].
    ///
    /// # Panics
    /// If `input` does not have as many elements as the input node.
    #[must_use]
    pub fn eval(&self, input: &[f64]) -> Vec<Vec<f64>> {
        eval_nodes(&self.nodes, input)
    }

    /// The values of the outputs on `input`, in the order of [`Graph::outputs`].
    ///
    /// # Panics
    /// As [`Graph::eval`].
    #[must_use]
    pub fn eval_outputs(&self, input: &[f64]) -> Vec<Vec<f64>> {
        let values = self.eval(input);
        self.outputs.iter().map(|id| values[id.0].clone()).collect()
    }
}

pub(super) fn eval_nodes(nodes: &[Node], input: &[f64]) -> Vec<Vec<f64>> {
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); nodes.len()];
    for part in parts_of(nodes) {
        match part.as_slice() {
            [i] => values[*i] = eval_node(&nodes[*i], nodes, &values, input, Window::WHOLE),
            part => eval_loop(nodes, part, &mut values),
        }
    }
    values
}

/// The nodes of a loop, a step of all after the other.
fn eval_loop(nodes: &[Node], part: &[usize], values: &mut [Vec<f64>]) {
    let Some(steps) = Steps::of(nodes, part) else { return };
    for i in part {
        values[*i] = vec![0.0; nodes[*i].elements()];
    }
    for at in steps.order() {
        let window = Window { at, of: steps.count };
        for i in part {
            let step = eval_node(&nodes[*i], nodes, values, &[], window);
            let all = &mut values[*i];
            let range = window.range(all.len());
            all[range].copy_from_slice(&step);
        }
    }
}

fn eval_node(node: &Node, nodes: &[Node], values: &[Vec<f64>], input: &[f64], window: Window) -> Vec<f64> {
    let of = |id: &super::NodeId| window.part(&values[id.0]);
    match &node.op {
        Op::Input => {
            assert_eq!(input.len(), node.elements(), "the input has shape {:?}", node.shape);
            input.to_vec()
        }
        Op::Linear { x, weight, bias } => {
            let rows = of(x).chunks_exact(weight.cols());
            rows.flat_map(|x| (0..weight.rows()).map(|o| dot(weight.row(o), x) + bias[o])).collect()
        }
        Op::Scale { x, scale, shift } => {
            let constants = window.part(scale).iter().zip(window.part(shift));
            of(x).iter().zip(constants).map(|(x, (c, d))| c * x + d).collect()
        }
        Op::Combine { terms } => {
            let mut sum = vec![0.0; window.range(node.elements()).len()];
            for (c, x) in terms {
                sum.iter_mut().zip(of(x)).for_each(|(s, x)| *s += c * x);
            }
            sum
        }
        Op::Mul { a, b } => of(a).iter().zip(of(b)).map(|(a, b)| a * b).collect(),
        Op::MatMul { a, b } => {
            let cols = node.shape.last().copied().unwrap_or(1);
            matmul::eval(of(a), of(b), &nodes[a.0].shape, cols)
        }
        Op::Leaky { x, slope } => of(x).iter().map(|x| if *x < 0.0 { slope * x } else { *x }).collect(),
        Op::Positive { x } => of(x).iter().map(|x| f64::from(u8::from(*x > 0.0))).collect(),
        Op::Function { x, function } => of(x).iter().map(|x| function.eval(*x)).collect(),
        Op::Div { a, b } => of(a).iter().zip(of(b)).map(|(a, b)| a / b).collect(),
        Op::Sqrt { x } => of(x).iter().map(|x| x.sqrt()).collect(),
        Op::Rearrange { inputs, index } => {
            let read = |(k, j): &(u32, u32)| inputs.get(*k as usize).map_or(0.0, |x| of(x)[*j as usize]);
            index.iter().map(read).collect()
        }
        Op::Leaves { x, forest, value } => {
            let rows = of(x).chunks_exact(forest.features());
            rows.flat_map(|x| (0..forest.trees()).map(|t| forest.leaf(forest.walk(t, x))[*value])).collect()
        }
        Op::Reshape { x } => of(x).to_vec(),
        Op::Previous { x, initial, backward } => {
            let steps = Steps { count: node.elements() / initial.len(), backward: *backward };
            let before = |t| match steps.before(t) {
                None => initial,
                Some(t) => &values[x.0][t * initial.len()..][..initial.len()],
            };
            window.range(steps.count).flat_map(before).copied().collect()
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
