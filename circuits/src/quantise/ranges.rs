//! How large every tensor of a model gets.

use super::QuantiseError;
use crate::graph::{
    Graph, Node, Op, ZERO,
    recurrence::{Steps, parts_of},
};

/// Without calibration inputs, inputs up to this magnitude are provided for.
pub const DEFAULT_INPUT_BOUND: f64 = 64.0;

/// Room left above what calibration inputs reach.
pub const MARGIN: f64 = 4.0;

/// The states of a loop that has more steps than this must be bounded without regard to their number.
const MAX_STEPS: usize = 256;

/// A closed interval that holds all elements of a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Range {
    fn of(values: impl IntoIterator<Item = f64>) -> Self {
        values.into_iter().fold(Self { low: f64::INFINITY, high: f64::NEG_INFINITY }, |r, v| Self {
            low: r.low.min(v),
            high: r.high.max(v),
        })
    }

    fn times(self, c: f64) -> Self {
        Self::of([self.low * c, self.high * c])
    }

    fn plus(self, other: Self) -> Self {
        Self { low: self.low + other.low, high: self.high + other.high }
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// The largest magnitude.
    pub(crate) fn magnitude(self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    /// Integer bits of the largest magnitude; negative for small ones.
    pub(crate) fn bits(self) -> i32 {
        let m = self.magnitude();
        if m > 0.0 { (m.log2().floor() as i32 + 1).max(-64) } else { -64 }
    }
}

/// The range of every node: that of the calibration inputs with a margin or, without any, by interval analysis.
pub(crate) fn ranges(graph: &Graph, calibration: &[Vec<f64>]) -> Result<Vec<Range>, QuantiseError> {
    if calibration.is_empty() { intervals(graph) } else { Ok(calibrated(graph, calibration)) }
}

fn calibrated(graph: &Graph, inputs: &[Vec<f64>]) -> Vec<Range> {
    let zero = Range { low: 0.0, high: 0.0 };
    let mut ranges = vec![zero; graph.nodes().len()];
    for input in inputs {
        for (range, values) in ranges.iter_mut().zip(graph.eval(input)) {
            *range = range.union(Range::of(values));
        }
    }
    let with_margin = ranges.into_iter().map(|r| r.times(MARGIN));
    // Leaves that no input has reached are known all the same.
    let leaves = |(range, node): (Range, &Node)| match &node.op {
        Op::Leaves { .. } => interval(node, graph, &[]),
        _ => range,
    };
    with_margin.zip(graph.nodes()).map(leaves).collect()
}

fn intervals(graph: &Graph) -> Result<Vec<Range>, QuantiseError> {
    let nodes = graph.nodes();
    let nothing = Range { low: f64::INFINITY, high: f64::NEG_INFINITY };
    let mut out = vec![nothing; nodes.len()];
    for part in parts_of(nodes) {
        // What the states of a loop reach grows step by step, or settles before the last.
        let steps = if part.len() > 1 { Steps::of(nodes, &part).map_or(1, |s| s.count) } else { 1 };
        for step in 0..steps {
            if step == MAX_STEPS {
                return Err(QuantiseError::Unbounded { tensor: nodes[part[0]].name.clone() });
            }
            let before: Vec<Range> = part.iter().map(|i| out[*i]).collect();
            for i in &part {
                out[*i] = interval(&nodes[*i], graph, &out);
            }
            if part.iter().zip(before).all(|(i, before)| out[*i] == before) {
                break;
            }
        }
    }
    Ok(out)
}

fn interval(node: &Node, graph: &Graph, of: &[Range]) -> Range {
    match &node.op {
        Op::Input => Range { low: -DEFAULT_INPUT_BOUND, high: DEFAULT_INPUT_BOUND },
        Op::Linear { x, weight, bias } => {
            let x = of[x.index()];
            let rows = (0..weight.rows()).map(|o| {
                let start = Range { low: bias[o], high: bias[o] };
                weight.row(o).iter().fold(start, |acc, w| acc.plus(x.times(*w)))
            });
            rows.reduce(Range::union).unwrap_or(x)
        }
        Op::Scale { x, scale, shift } => {
            let x = of[x.index()];
            let elements =
                scale.iter().zip(shift).map(|(c, s)| x.times(*c).plus(Range { low: *s, high: *s }));
            elements.reduce(Range::union).unwrap_or(x)
        }
        Op::Combine { terms } => {
            terms.iter().fold(Range { low: 0.0, high: 0.0 }, |acc, (c, x)| acc.plus(of[x.index()].times(*c)))
        }
        Op::Mul { a, b } => {
            let (a, b) = (of[a.index()], of[b.index()]);
            a.times(b.low).union(a.times(b.high))
        }
        Op::MatMul { a, b } => {
            let inner = graph.node(*a).shape.last().copied().unwrap_or(1);
            let (a, b) = (of[a.index()], of[b.index()]);
            a.times(b.low).union(a.times(b.high)).times(inner as f64)
        }
        Op::Leaky { x, slope } => {
            let x = of[x.index()];
            let bent = |v: f64| if v < 0.0 { slope * v } else { v };
            let ends = Range::of([bent(x.low), bent(x.high)]);
            if x.low < 0.0 && x.high > 0.0 { ends.union(Range { low: 0.0, high: 0.0 }) } else { ends }
        }
        Op::Positive { .. } => Range { low: 0.0, high: 1.0 },
        Op::Function { x, function } => {
            let x = of[x.index()];
            // All functions but Gelu are monotone; its minimum is about -0.17.
            Range::of([function.eval(x.low), function.eval(x.high), -0.2])
        }
        Op::Div { a, b } => {
            let (a, b) = (of[a.index()], of[b.index()]);
            // The denominator is positive; how small it gets no interval can tell.
            let smallest = b.low.max(1.0 / 64.0);
            a.times(1.0 / smallest).union(a.times(1.0 / b.high.max(smallest)))
        }
        Op::Sqrt { x } => Range { low: 0.0, high: of[x.index()].high.max(0.0).sqrt() },
        Op::Rearrange { inputs, index } => {
            let zero = index.contains(&ZERO).then_some(Range { low: 0.0, high: 0.0 });
            let read = inputs.iter().map(|x| of[x.index()]).chain(zero).reduce(Range::union);
            read.unwrap_or(Range { low: 0.0, high: 0.0 })
        }
        Op::Leaves { forest, value, .. } => Range::of(forest.each_leaf().map(|leaf| leaf[*value])),
        Op::Reshape { x } => of[x.index()],
        Op::Previous { x, initial, .. } => Range::of(initial.iter().copied()).union(of[x.index()]),
    }
}
