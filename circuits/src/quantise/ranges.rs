//! How large every tensor of a model gets.

use crate::graph::{Graph, Node, Op, ZERO};

/// Without calibration inputs, inputs up to this magnitude are provided for.
pub const DEFAULT_INPUT_BOUND: f64 = 64.0;

/// Room left above what calibration inputs reach.
pub const MARGIN: f64 = 4.0;

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

    fn union(self, other: Self) -> Self {
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
pub(crate) fn ranges(graph: &Graph, calibration: &[Vec<f64>]) -> Vec<Range> {
    if calibration.is_empty() { intervals(graph) } else { calibrated(graph, calibration) }
}

fn calibrated(graph: &Graph, inputs: &[Vec<f64>]) -> Vec<Range> {
    let zero = Range { low: 0.0, high: 0.0 };
    let mut ranges = vec![zero; graph.nodes().len()];
    for input in inputs {
        for (range, values) in ranges.iter_mut().zip(graph.eval(input)) {
            *range = range.union(Range::of(values));
        }
    }
    ranges.into_iter().map(|r| r.times(MARGIN)).collect()
}

fn intervals(graph: &Graph) -> Vec<Range> {
    let mut out: Vec<Range> = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes() {
        let range = interval(node, graph, &out);
        out.push(range);
    }
    out
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
    }
}
