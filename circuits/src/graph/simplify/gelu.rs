//! The two forms of Gelu, as frameworks write them before opset 20.

use std::f64::consts::{FRAC_1_SQRT_2, SQRT_2};

use super::{Pass, Rewrite, rules::uniform_factor};
use crate::graph::{
    Function, NodeId, Op,
    function::{GELU_TANH_CUBIC, GELU_TANH_FACTOR},
};

/// How far, relatively, a constant written in `f32` may be from the exact one.
const TOLERANCE: f64 = 1e-6;

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE * b.abs()
}

impl Pass<'_> {
    /// `(k h) (s + s f(h))` is `2 k s Gelu(h)` when `f(h)` is `erf(h / sqrt 2)`, or the tanh of the cubic.
    pub(super) fn gelu(&mut self, a: NodeId, b: NodeId) -> Option<Rewrite> {
        self.gelu_sides(a, b).or_else(|| self.gelu_sides(b, a))
    }

    fn gelu_sides(&mut self, side: NodeId, gate: NodeId) -> Option<Rewrite> {
        let Op::Scale { x: inner, scale, shift } = self.op(gate) else { return None };
        let s = uniform_factor(scale, &[])?;
        if !shift.iter().all(|d| close(*d, s)) {
            return None;
        }
        let (function, argument, factor) = match self.op(*inner) {
            Op::Function { x, function: Function::Erf } => {
                let (argument, factor) = self.erf_argument(side, *x)?;
                (Function::Gelu, argument, factor)
            }
            Op::Function { x, function: Function::Tanh } => {
                let (argument, factor) = self.uniform(side);
                if !self.is_tanh_cubic(*x, argument) {
                    return None;
                }
                (Function::GeluTanh, Argument::Node(argument), factor)
            }
            _ => return None,
        };
        let shape = self.nodes[side.0].shape.clone();
        let elements = shape.iter().product();
        let x = match argument {
            Argument::Node(x) => x,
            Argument::Scaled(op) => self.helper(side, shape.clone(), op),
        };
        let x = self.helper(side, shape, Op::Function { x, function });
        let (scale, shift) = (vec![2.0 * factor * s; elements], vec![0.0; elements]);
        Some(Rewrite::Op(Op::Scale { x, scale, shift }))
    }

    /// The `h` with `x = h / sqrt 2` and `side = k h`, and `k`.
    fn erf_argument(&self, side: NodeId, x: NodeId) -> Option<(Argument, f64)> {
        let Op::Scale { x: base, scale: c, shift: d } = self.op(x) else { return None };
        if *base == side && uniform_factor(c, d).is_some_and(|c| close(c, FRAC_1_SQRT_2)) {
            return Some((Argument::Node(side), 1.0));
        }
        // Otherwise both are scalings of one base: side = k sqrt 2 x element by element.
        let ones = vec![1.0; c.len()];
        let zeros = vec![0.0; c.len()];
        let (side_base, k_scale, k_shift) = match self.op(side) {
            Op::Scale { x, scale, shift } if x == base => (*x, scale, shift),
            _ => (side, &ones, &zeros),
        };
        let at = c.iter().position(|c| *c != 0.0)?;
        let k = k_scale[at] / (c[at] * SQRT_2);
        let proportional = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| close(*a, k * SQRT_2 * b));
        if side_base != *base || !proportional(k_scale, c) || !proportional(k_shift, d) {
            return None;
        }
        if close(k, 1.0) {
            return Some((Argument::Node(side), 1.0));
        }
        let by_sqrt_2 = |list: &[f64]| list.iter().map(|c| c * SQRT_2).collect();
        if uniform_factor(c, d).is_some_and(|c| close(c, FRAC_1_SQRT_2)) {
            return Some((Argument::Node(*base), k_scale[at]));
        }
        Some((Argument::Scaled(Op::Scale { x: *base, scale: by_sqrt_2(c), shift: by_sqrt_2(d) }), k))
    }

    /// Whether `x` is `sqrt(2/pi) (h + 0.044715 h^3)`.
    fn is_tanh_cubic(&self, x: NodeId, h: NodeId) -> bool {
        let Op::Combine { terms } = self.op(x) else { return false };
        let [first, second] = terms.as_slice() else { return false };
        let (line, cube) = if first.1 == h { (first, second) } else { (second, first) };
        line.1 == h
            && close(line.0, GELU_TANH_FACTOR)
            && close(cube.0, GELU_TANH_FACTOR * GELU_TANH_CUBIC)
            && self.is_cube(cube.1, h)
    }

    fn is_cube(&self, x: NodeId, h: NodeId) -> bool {
        let Op::Mul { a, b } = self.op(x) else { return false };
        let square = if *a == h { *b } else { *a };
        (*a == h || *b == h) && matches!(self.op(square), Op::Mul { a, b } if *a == h && *b == h)
    }

    /// `x` as a number times a node.
    fn uniform(&self, x: NodeId) -> (NodeId, f64) {
        if let Op::Scale { x: inner, scale, shift } = self.op(x)
            && let Some(factor) = uniform_factor(scale, shift)
        {
            return (*inner, factor);
        }
        (x, 1.0)
    }
}

/// The argument of a recognised Gelu.
enum Argument {
    Node(NodeId),
    Scaled(Op),
}
