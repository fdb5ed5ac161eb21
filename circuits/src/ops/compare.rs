//! Comparisons of numbers, Sign, and what is made of truth values: And, Not, Or and Xor. A computed truth value is one
//! or zero.

use std::cmp::Ordering;

use super::Operator;
use crate::{
    graph::{NodeId, layout},
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
        tensor::{self, ConstTensor, Data},
    },
};

/// What is true of both operands.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Equal,
}

impl Kind {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Greater => order.is_gt(),
            Self::Less => order.is_lt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::LessOrEqual => order.is_le(),
            Self::Equal => order.is_eq(),
        }
    }
}

const QUANTISED: &str = "computed numbers as they are quantised";

pub(super) const EQUAL: Operator =
    Operator::new("Equal", |call| compare(call, Kind::Equal)).limited(QUANTISED);
pub(super) const GREATER: Operator =
    Operator::new("Greater", |call| compare(call, Kind::Greater)).limited(QUANTISED);
pub(super) const GREATER_OR_EQUAL: Operator =
    Operator::new("GreaterOrEqual", |call| compare(call, Kind::GreaterOrEqual)).since(12).limited(QUANTISED);
pub(super) const LESS: Operator = Operator::new("Less", |call| compare(call, Kind::Less)).limited(QUANTISED);
pub(super) const LESS_OR_EQUAL: Operator =
    Operator::new("LessOrEqual", |call| compare(call, Kind::LessOrEqual)).since(12).limited(QUANTISED);

fn compare(call: &mut Call<'_>, kind: Kind) -> Outcome {
    let (a, b) = (call.input(0)?, call.input(1)?);
    let shape = broadcast(call, &[&a, &b])?;
    if let (Value::Const(a), Value::Const(b)) = (&a, &b) {
        return Ok(vec![constants(a, b, shape, kind)?.into()]);
    }
    let one = |call: &mut Call<'_>, a: &Value, b: &Value| -> Result<NodeId, Problem> {
        let excess = difference(call, a, b, &shape)?;
        Ok(call.builder.positive(excess)?)
    };
    let y = match kind {
        Kind::Greater => one(call, &a, &b)?,
        Kind::Less => one(call, &b, &a)?,
        Kind::GreaterOrEqual | Kind::LessOrEqual => {
            let other = if kind == Kind::LessOrEqual { one(call, &a, &b)? } else { one(call, &b, &a)? };
            call.builder.affine(other, -1.0, 1.0)?
        }
        Kind::Equal => {
            let (more, less) = (one(call, &a, &b)?, one(call, &b, &a)?);
            let either = call.builder.combine(&[(1.0, more), (1.0, less)])?;
            call.builder.affine(either, -1.0, 1.0)?
        }
    };
    Ok(vec![Value::Node(y)])
}

/// The shape that values broadcast to, paid for a few times over.
pub(super) fn broadcast(call: &mut Call<'_>, values: &[&Value]) -> Result<Vec<usize>, Problem> {
    let shapes: Vec<Vec<usize>> = values.iter().map(|v| call.shape(v)).collect::<Result<_, _>>()?;
    let shape = shapes.iter().try_fold(vec![], |a, b| layout::broadcast_shape(&a, b));
    let shape = shape.ok_or_else(|| Problem::Shape(format!("shapes {shapes:?} do not broadcast")))?;
    call.charge(tensor::count(&shape)?.saturating_mul(4))?;
    Ok(shape)
}

/// `a - b`, broadcast to `shape`; one of them is computed.
pub(super) fn difference(
    call: &mut Call<'_>,
    a: &Value,
    b: &Value,
    shape: &[usize],
) -> Result<NodeId, Problem> {
    match (a, b) {
        (Value::Const(c), x) => {
            let (x, c) = (call.node_of(x, shape)?, call.broadcast_const(c, shape)?);
            Ok(call.builder.scale(x, vec![-1.0; c.len()], c)?)
        }
        (x, Value::Const(c)) => {
            let (x, c) = (call.node_of(x, shape)?, call.broadcast_const(c, shape)?);
            Ok(call.builder.scale(x, vec![1.0; c.len()], c.iter().map(|c| -c).collect())?)
        }
        _ => {
            let (a, b) = (call.node_of(a, shape)?, call.node_of(b, shape)?);
            Ok(call.builder.sub(a, b)?)
        }
    }
}

fn constants(
    a: &ConstTensor,
    b: &ConstTensor,
    shape: Vec<usize>,
    kind: Kind,
) -> Result<ConstTensor, Problem> {
    let (i, j) = (a.broadcast_index(&shape), b.broadcast_index(&shape));
    macro_rules! each {
        ($a:ident, $b:ident) => {
            i.iter()
                .zip(&j)
                .map(|(i, j)| $a[*i].partial_cmp(&$b[*j]).is_some_and(|o| kind.holds(o)))
                .collect()
        };
    }
    let truth = match (&a.data, &b.data) {
        (Data::Float(a), Data::Float(b)) => each!(a, b),
        (Data::Int(a), Data::Int(b)) => each!(a, b),
        (Data::Bool(a), Data::Bool(b)) => each!(a, b),
        (Data::Strings(a), Data::Strings(b)) if kind == Kind::Equal => each!(a, b),
        _ => return Err(Problem::InputType { input: 1, expected: "of the first input's type" }),
    };
    Ok(ConstTensor { shape, data: Data::Bool(truth) })
}

pub(super) const SIGN: Operator = Operator::new("Sign", sign).limited(QUANTISED);

fn sign(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let b = &mut *call.builder;
    let negated = b.affine(x, -1.0, 0.0)?;
    let (above, below) = (b.positive(x)?, b.positive(negated)?);
    Ok(vec![Value::Node(b.sub(above, below)?)])
}

/// What two truth values make.
#[derive(Clone, Copy)]
enum Pair {
    And,
    Or,
    Xor,
}

pub(super) const AND: Operator = Operator::new("And", |call| logic(call, Pair::And));
pub(super) const OR: Operator = Operator::new("Or", |call| logic(call, Pair::Or));
pub(super) const XOR: Operator = Operator::new("Xor", |call| logic(call, Pair::Xor));

fn logic(call: &mut Call<'_>, kind: Pair) -> Outcome {
    let (a, b) = (call.input(0)?, call.input(1)?);
    let shape = broadcast(call, &[&a, &b])?;
    let y = match (&a, &b) {
        (Value::Const(a), Value::Const(b)) => {
            let (a, b) = (truth(a, 0, &shape)?, truth(b, 1, &shape)?);
            let of = |(a, b): (&bool, &bool)| match kind {
                Pair::And => *a && *b,
                Pair::Or => *a || *b,
                Pair::Xor => a != b,
            };
            let data = Data::Bool(a.iter().zip(&b).map(of).collect());
            return Ok(vec![ConstTensor { shape, data }.into()]);
        }
        (Value::Const(c), x) | (x, Value::Const(c)) => {
            let c = truth(c, usize::from(matches!(b, Value::Const(_))), &shape)?;
            let x = call.node_of(x, &shape)?;
            // What is multiplied, and what is added, where the constant is true and where it is false.
            let (yes, no) = match kind {
                Pair::And => ((1.0, 0.0), (0.0, 0.0)),
                Pair::Or => ((0.0, 1.0), (1.0, 0.0)),
                Pair::Xor => ((-1.0, 1.0), (1.0, 0.0)),
            };
            let (scale, shift) = c.iter().map(|c| if *c { yes } else { no }).unzip();
            call.builder.scale(x, scale, shift)?
        }
        _ => {
            let (a, b) = (call.node_of(&a, &shape)?, call.node_of(&b, &shape)?);
            let both = call.builder.mul(a, b)?;
            match kind {
                Pair::And => both,
                Pair::Or => call.builder.combine(&[(1.0, a), (1.0, b), (-1.0, both)])?,
                Pair::Xor => call.builder.combine(&[(1.0, a), (1.0, b), (-2.0, both)])?,
            }
        }
    };
    Ok(vec![Value::Node(y)])
}

/// A constant's truth values, broadcast.
fn truth(c: &ConstTensor, input: usize, shape: &[usize]) -> Result<Vec<bool>, Problem> {
    let Data::Bool(truth) = &c.data else {
        return Err(Problem::InputType { input, expected: "truth values" });
    };
    Ok(c.broadcast_index(shape).into_iter().map(|i| truth[i]).collect())
}

pub(super) const NOT: Operator = Operator::new("Not", not);

fn not(call: &mut Call<'_>) -> Outcome {
    Ok(vec![match call.input(0)? {
        Value::Const(c) => {
            let truth = truth(&c, 0, &c.shape)?;
            ConstTensor { shape: c.shape.clone(), data: Data::Bool(truth.iter().map(|t| !t).collect()) }
                .into()
        }
        x => {
            let shape = call.shape(&x)?;
            let x = call.node_of(&x, &shape)?;
            Value::Node(call.builder.affine(x, -1.0, 1.0)?)
        }
    }])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, fails, floats, ints};

    const OPERATORS: [(&str, [f64; 3]); 5] = [
        ("Greater", [0.0, 0.0, 1.0]),
        ("Less", [1.0, 0.0, 0.0]),
        ("GreaterOrEqual", [0.0, 1.0, 1.0]),
        ("LessOrEqual", [1.0, 1.0, 0.0]),
        ("Equal", [0.0, 1.0, 0.0]),
    ];

    #[test]
    fn numbers_below_equal_and_above() {
        let x = || Arg::Input(&[3], &[-1.0, 0.5, 2.0]);
        let half = || Arg::Floats(&[1], &[0.5]);
        for (op, expected) in OPERATORS {
            assert_eq!(floats(op, 13, &[], &[x(), half()]).1, expected, "{op}");
            let turned: Vec<f64> = expected.iter().rev().copied().collect();
            let x = Arg::Input(&[3], &[2.0, 0.5, -1.0]);
            assert_eq!(floats(op, 13, &[], &[x, half()]).1, turned, "{op}");
            let constants = [Arg::Floats(&[3], &[-1.0, 0.5, 2.0]), half()];
            assert_eq!(floats(op, 13, &[], &constants).1, expected, "{op} of constants");
        }
        assert_eq!(floats("Less", 13, &[], &[half(), x()]).1, [0.0, 0.0, 1.0]);
        assert_eq!(floats("Equal", 13, &[], &[x(), x()]).1, [1.0; 3]);
        assert_eq!(floats("Sign", 13, &[], &[Arg::Input(&[3], &[-7.0, 0.0, 0.1])]).1, [-1.0, 0.0, 1.0]);
        fails("Less", 13, &[], &[x(), Arg::Int(1)], "do not mix");
        fails("Less", 13, &[], &[x(), Arg::Floats(&[2], &[0.0; 2])], "do not broadcast");
        fails("Less", 13, &[], &[half(), Arg::Int(1)], "of the first input's type");
        fails("GreaterOrEqual", 11, &[], &[x(), x()], "came with operator set 12");
    }

    #[test]
    fn truth_values_combine() {
        let x = || Arg::Input(&[2, 1], &[0.0, 1.0]);
        let c = || Arg::Bools(&[2], &[false, true]);
        let cases =
            [("And", [0.0, 0.0, 0.0, 1.0]), ("Or", [0.0, 1.0, 1.0, 1.0]), ("Xor", [0.0, 1.0, 1.0, 0.0])];
        for (op, expected) in cases {
            assert_eq!(floats(op, 13, &[], &[x(), c()]).1, expected, "{op}");
            assert_eq!(floats(op, 13, &[], &[c(), x()]).1, expected, "{op}");
            assert_eq!(floats(op, 13, &[], &[Arg::Bools(&[2, 1], &[false, true]), c()]).1, expected, "{op}");
            let same = floats(op, 13, &[], &[x(), x()]).1;
            assert_eq!(same, [expected[0], expected[3]], "{op}");
        }
        assert_eq!(floats("Not", 13, &[], &[x()]).1, [1.0, 0.0]);
        assert_eq!(floats("Not", 13, &[], &[c()]).1, [1.0, 0.0]);
        fails("And", 13, &[], &[x(), Arg::Int(1)], "input 1 must be truth values");
        assert_eq!(ints("Where", 13, &[], &[c(), Arg::Int(3), Arg::Int(4)]), [4, 3]);
    }
}
