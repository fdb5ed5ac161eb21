//! Where a model's error begins: every tensor of the integer graph beside the float model's.

use crate::circuit::{Circuit, Layout, Op, TensorId};
use crate::execute::RunError;
use crate::graph::{Graph, Node, NodeId};

/// An error begins where it is more than this many times that of the operands.
const GROWTH: f64 = 10.0;

/// The spread of an element of an output is at least this.
const LEAST_SPREAD: f64 = 0.01;

/// The spread of another tensor is at least this part of its largest magnitude.
const LEAST_PART: f64 = 0.01;

/// [`Op::Previous`](crate::graph::Op::Previous) by name.
const PREVIOUS: &str = "Previous";

/// The error of one tensor over a set of inputs: the largest difference from the float model, relative to its spread.
///
/// The spread of an output is that of each element: its standard deviation over the inputs, or 0.01 where that is
/// smaller. The spread of any other tensor is one for all its elements, as some may hardly vary and mean nothing: the
/// root mean square of their standard deviations, or a hundredth of the largest magnitude where that is larger.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorError {
    /// The ONNX tensor's name, or one derived from it for a step inside an operator.
    pub tensor: String,
    /// The operator that computes it, by [`crate::graph::Op::name`].
    pub operator: &'static str,
    /// The largest error of its operands; nothing for the input.
    pub operands: Option<f64>,
    /// Its own, its rounding for whoever reads it included.
    pub own: f64,
}

impl TensorError {
    /// Whether this is where an error begins: above the tolerance, or above a tenth of it and more than ten times that
    /// of the operands. The first such tensor in the order of computation is the one to look at.
    #[must_use]
    /// A step before is only that of a tensor, whose error it has.
    pub fn begins(&self, tolerance: f64) -> bool {
        let grows = |operands: f64| self.own > tolerance / GROWTH && self.own > operands * GROWTH;
        self.operator != PREVIOUS && (self.own > tolerance || self.operands.is_some_and(grows))
    }
}

/// The error of every node of `graph`, in the order of computation; nothing if `circuit` is not of this graph.
///
/// # Errors
/// As [`Circuit::execute`].
pub(crate) fn tensor_errors(
    circuit: &Circuit,
    graph: &Graph,
    inputs: &[Vec<f64>],
) -> Result<Option<Vec<TensorError>>, RunError> {
    let Some(forms) = forms(circuit, graph) else { return Ok(None) };
    let mut spans: Vec<Span> = graph.nodes().iter().map(|node| Span::new(node.elements())).collect();
    for input in inputs {
        let integers = circuit.execute(&circuit.quantise_input(input)?)?;
        for ((span, forms), float) in spans.iter_mut().zip(&forms).zip(graph.eval(input)) {
            span.add(&float);
            forms.iter().for_each(|t| span.compare(&float, &circuit.reals(*t, &integers[*t])));
        }
    }
    let error = |(id, _): (NodeId, _)| spans[id.index()].error(graph.outputs().contains(&id));
    let own: Vec<f64> = graph.iter().map(error).collect();
    let of = |(node, error): (&Node, &f64)| TensorError {
        tensor: node.name.clone(),
        operator: node.op.name(),
        operands: node.op.reads().map(|x| own[x.index()]).reduce(f64::max),
        own: *error,
    };
    Ok(Some(graph.nodes().iter().zip(&own).map(of).collect()))
}

/// The tensors that hold the values of every node: the one the quantiser made of it, and what only rounds or copies
/// that. Nothing if the circuit is not of this graph.
fn forms(circuit: &Circuit, graph: &Graph) -> Option<Vec<Vec<TensorId>>> {
    let mut forms: Vec<Vec<TensorId>> = Vec::with_capacity(graph.nodes().len());
    let mut node_of: Vec<Option<usize>> = Vec::with_capacity(circuit.tensors.len());
    for (t, tensor) in circuit.tensors.iter().enumerate() {
        let next = circuit.tensors.get(t + 1).map(|next| &next.op);
        let node = match tensor.op {
            Op::Round { x, .. } | Op::Copy { x } | Op::Publish { x, .. } => node_of[x],
            // The two parts of a bend with a slope, which are summed next.
            Op::Negative { .. } => None,
            Op::Rectify { .. } if matches!(next, Some(Op::Negative { .. })) => None,
            _ => {
                let node = graph.nodes().get(forms.len())?;
                if node.name != tensor.name || Layout::of(&node.shape) != tensor.layout {
                    return None;
                }
                forms.push(Vec::new());
                Some(forms.len() - 1)
            }
        };
        if let Some(node) = node {
            forms[node].push(t);
        }
        node_of.push(node);
    }
    (forms.len() == graph.nodes().len()).then_some(forms)
}

/// What is kept of a tensor's values and differences, by element.
#[derive(Debug)]
struct Span {
    samples: f64,
    mean: Vec<f64>,
    /// Sum of the squared distances from the mean.
    squares: Vec<f64>,
    difference: Vec<f64>,
    magnitude: f64,
}

impl Span {
    fn new(elements: usize) -> Self {
        let zeros = || vec![0.0; elements];
        Self { samples: 0.0, mean: zeros(), squares: zeros(), difference: zeros(), magnitude: 0.0 }
    }

    fn add(&mut self, float: &[f64]) {
        self.samples += 1.0;
        // What is missing has no magnitude.
        for ((mean, squares), v) in
            self.mean.iter_mut().zip(&mut self.squares).zip(float).filter(|(_, v)| !v.is_nan())
        {
            let from = v - *mean;
            *mean += from / self.samples;
            *squares += from * (v - *mean);
            self.magnitude = self.magnitude.max(v.abs());
        }
    }

    fn compare(&mut self, float: &[f64], found: &[f64]) {
        for ((largest, a), b) in self.difference.iter_mut().zip(float).zip(found) {
            *largest = largest.max((a - b).abs());
        }
    }

    fn error(&self, output: bool) -> f64 {
        let variance = |squares: f64| squares / self.samples.max(1.0);
        if output {
            let relative = |(difference, squares): (&f64, &f64)| {
                difference / variance(*squares).sqrt().max(LEAST_SPREAD)
            };
            return self.difference.iter().zip(&self.squares).map(relative).fold(0.0, f64::max);
        }
        let difference = self.difference.iter().copied().fold(0.0, f64::max);
        let mean = variance(self.squares.iter().sum()) / self.squares.len() as f64;
        let spread = mean.sqrt().max(self.magnitude * LEAST_PART);
        // A tensor of zeros has no scale.
        difference / if spread > 0.0 { spread } else { LEAST_SPREAD }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::Committed;
    use crate::graph::{Function, GraphBuilder, Matrix};
    use crate::quantise::{Ranges, quantise};
    use crate::{CompileOptions, compile};

    fn errors(graph: &Graph, inputs: &[Vec<f64>], frac_bits: u8) -> Vec<TensorError> {
        let options = CompileOptions { frac_bits, ..CompileOptions::default() };
        let model = compile(graph, inputs, &options).unwrap();
        model.tensor_errors(graph, inputs).unwrap().unwrap()
    }

    fn line(from: f64, to: f64) -> Vec<Vec<f64>> {
        (0..32).map(|i| vec![from + (to - from) * f64::from(i) / 31.0; 2]).collect()
    }

    fn matrix(rows: usize, cols: usize) -> Matrix {
        let data = (0..rows * cols).map(|i| ((i * 7 % 5) as f64 - 1.7) / 3.0).collect();
        Matrix::new(rows, cols, data).unwrap()
    }

    /// Every operator, and both forms of a bend; the first layer has this name.
    fn every_operator(first: &str) -> Graph {
        let mut b = GraphBuilder::new("every", "x", &[1, 2]).unwrap();
        let x = b.input();
        b.set_scope(first);
        let h = b.linear(x, matrix(3, 2), vec![0.1, -0.2, 0.3]).unwrap();
        b.set_scope("relu");
        let relu = b.relu(h).unwrap();
        b.set_scope("leaky");
        let leaky = b.leaky(h, 0.1).unwrap();
        b.set_scope("tanh");
        let tanh = b.function(h, Function::Tanh).unwrap();
        b.set_scope("square");
        let square = b.mul(leaky, leaky).unwrap();
        b.set_scope("positive");
        let positive = b.affine(square, 1.0, 1.0).unwrap();
        b.set_scope("root");
        let root = b.sqrt(positive).unwrap();
        b.set_scope("ratio");
        let ratio = b.div(tanh, root).unwrap();
        b.set_scope("scaled");
        let scaled = b.scale(ratio, vec![0.3, 0.7, -1.1], vec![0.0, 0.5, 0.0]).unwrap();
        b.set_scope("sum");
        let sum = b.combine(&[(1.0, scaled), (-0.3, relu)]).unwrap();
        b.set_scope("turned");
        let turned = b.rearrange(&[sum], &[(0, 2), (0, 0), (0, 1)], &[3, 1]).unwrap();
        b.finish(&[("turned", turned), ("sum", sum)]).unwrap()
    }

    #[test]
    fn every_node_is_compared() {
        let graph = every_operator("linear");
        let found = errors(&graph, &line(-1.0, 1.3), 16);
        assert_eq!(found.len(), graph.nodes().len());
        for (error, (_, node)) in found.iter().zip(graph.iter()) {
            assert_eq!((&error.tensor, error.operator), (&node.name, node.op.name()));
            // A tensor beside another node's values would be off by its whole spread.
            assert!(error.own > 0.0 && error.own < 1e-3, "{error:?}");
            let operands = node.op.operands();
            assert_eq!(error.operands, operands.iter().map(|x| found[x.index()].own).reduce(f64::max));
        }
        assert!(!found.iter().any(|error| error.begins(1e-2)), "{found:?}");
    }

    #[test]
    fn roundings_and_copies_are_of_the_tensor_they_are_made_from() {
        let graph = every_operator("linear");
        let ranges = Ranges::of(&graph, &line(-1.0, 1.3)).unwrap();
        let circuit = quantise(&graph, &ranges, 8, 8, Committed::default()).unwrap();
        let forms = forms(&circuit, &graph).unwrap();
        for (forms, node) in forms.iter().zip(graph.nodes()) {
            assert!(!forms.is_empty() && forms.iter().all(|t| circuit.tensors[*t].name == node.name));
        }
        let steps = circuit.tensors.iter().filter(|tensor| matches!(tensor.op, Op::Negative { .. })).count();
        assert_eq!(steps, 1);
        let all: usize = forms.iter().map(Vec::len).sum();
        assert_eq!(all, circuit.tensors.len() - 2, "all but the two parts of the bend with a slope");
        assert!(all > graph.nodes().len() + 2, "roundings, besides the two outputs");
    }

    #[test]
    fn an_error_begins_at_the_function_whose_table_is_coarse() {
        // Between -4000 and 4000 a table of 4,096 segments has two for what is not flat of a tanh.
        let mut b = GraphBuilder::new("coarse", "x", &[1, 2]).unwrap();
        let x = b.input();
        b.set_scope("wide");
        let wide = b.linear(x, matrix(2, 2), vec![0.0; 2]).unwrap();
        b.set_scope("coarse");
        let coarse = b.function(wide, Function::Tanh).unwrap();
        b.set_scope("after");
        let after = b.linear(coarse, matrix(1, 2), vec![0.0]).unwrap();
        let graph = b.finish(&[("after", after)]).unwrap();
        let inputs: Vec<Vec<f64>> = line(-4000.0, 4000.0).into_iter().chain(line(-4.0, 4.0)).collect();
        let found = errors(&graph, &inputs, 16);
        let first = found.iter().find(|error| error.begins(1e-3)).unwrap();
        assert_eq!((first.operator, first.tensor.as_str()), ("Function", found[2].tensor.as_str()));
        assert!(first.operands < Some(1e-4) && first.own > 1e-2, "{first:?}");
    }

    #[test]
    fn an_error_begins_at_a_difference_of_large_numbers() {
        // The input's own rounding, a millionth of its spread, is as large as what is left of it.
        let mut b = GraphBuilder::new("difference", "x", &[1, 2]).unwrap();
        let x = b.input();
        b.set_scope("root");
        let square = b.mul(x, x).unwrap();
        let shifted = b.affine(square, 1.0, 1.0).unwrap();
        let root = b.sqrt(shifted).unwrap();
        b.set_scope("rest");
        let rest = b.combine(&[(1.0, root), (-1.0, x)]).unwrap();
        let graph = b.finish(&[("rest", rest)]).unwrap();
        let found = errors(&graph, &line(100.0, 2000.0), 8);
        let first = found.iter().find(|error| error.begins(1e-3)).unwrap();
        assert_eq!(first.operator, "Combine", "{found:?}");
        assert!(first.operands < Some(first.own / 100.0), "{first:?}");
    }

    #[test]
    fn growth_counts_from_a_tenth_of_the_tolerance() {
        let of = |operands, own| TensorError { tensor: "t".into(), operator: "Linear", operands, own };
        let error = |operands, own| of(Some(operands), own);
        assert!(error(0.9e-3, 1.1e-3).begins(1e-3), "above the tolerance");
        assert!(!error(0.9e-3, 1e-3).begins(1e-3), "at it");
        assert!(error(1e-5, 2e-4).begins(1e-3), "below it, and twenty times that of the operands");
        assert!(!error(1e-4, 9e-4).begins(1e-3), "nine times");
        assert!(!error(0.0, 1e-4).begins(1e-3), "a tenth of the tolerance");
        assert!(!of(None, 9e-4).begins(1e-3) && of(None, 2e-3).begins(1e-3), "the input");
    }

    #[test]
    fn an_error_begins_in_a_loop_where_it_is_made() {
        let mut b = GraphBuilder::new("loop", "x", &[4, 2]).unwrap();
        let x = b.input();
        b.set_scope("before");
        let before = b.previous(&[4, 2], vec![0.5, 0.5], false).unwrap();
        b.set_scope("sum");
        let sum = b.combine(&[(4000.0, x), (0.5, before)]).unwrap();
        b.set_scope("coarse");
        let h = b.function(sum, Function::Tanh).unwrap();
        b.close(before, h).unwrap();
        let graph = b.finish(&[("h", h)]).unwrap();
        let inputs: Vec<Vec<f64>> =
            (0..16).map(|i| [f64::from(i) / 15.0, f64::from(i) / 16e3].repeat(4)).collect();
        let found = errors(&graph, &inputs, 16);
        let of = |name: &str| found.iter().find(|error| error.tensor.starts_with(name)).unwrap();
        assert_eq!(of("before").operands, Some(of("coarse").own));
        assert!(of("before").own > 1e-2, "the step before has the error too: {found:?}");
        let first = found.iter().find(|error| error.begins(1e-3)).unwrap();
        assert_eq!(first.operator, "Function", "{found:?}");
    }

    #[test]
    fn other_graphs_are_told_apart() {
        let model = compile(&every_operator("linear"), &[], &CompileOptions::default());
        let model = model.unwrap();
        let mut b = GraphBuilder::new("every", "x", &[1, 2]).unwrap();
        let x = b.input();
        let y = b.linear(x, matrix(3, 2), vec![0.0; 3]).unwrap();
        let other = b.finish(&[("y", y)]).unwrap();
        for other in [other, every_operator("renamed")] {
            assert_eq!(model.tensor_errors(&other, &line(0.0, 1.0)), Ok(None));
        }
        assert!(model.tensor_errors(&every_operator("linear"), &line(0.0, 1.0)).unwrap().is_some());
    }

    #[test]
    fn spreads_are_of_an_outputs_elements_and_of_other_tensors() {
        // Element 0 spreads by 1, element 1 not at all.
        let mut span = Span::new(2);
        for float in [[1.0, 5.0], [-1.0, 5.0]] {
            span.add(&float);
            span.compare(&float, &[float[0], 5.02]);
        }
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
        near(span.error(true), 2.0);
        near(span.error(false), 0.02 * 2f64.sqrt());
        let mut still = Span::new(1);
        still.add(&[1e-3]);
        still.compare(&[1e-3], &[1.01e-3]);
        near(still.error(true), 1e-3);
        near(still.error(false), 1.0);
        let mut zero = Span::new(1);
        zero.add(&[0.0]);
        assert_eq!(zero.error(false), 0.0);
        zero.compare(&[0.0], &[1e-3]);
        near(zero.error(false), 0.1);
    }
}
