//! Add, Sub, Mul, Div, Mean and Sum, with broadcasting, Neg and Reciprocal.

use super::Operator;
use crate::{
    graph::layout,
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
        tensor::{self, ConstTensor, Data},
    },
};

#[derive(Clone, Copy)]
enum Kind {
    Add,
    Sub,
    Mul,
    Div,
}

pub(super) const ADD: Operator = Operator::new("Add", add);

fn add(call: &mut Call<'_>) -> Outcome {
    binary(call, Kind::Add)
}

pub(super) const SUB: Operator = Operator::new("Sub", sub);

fn sub(call: &mut Call<'_>) -> Outcome {
    binary(call, Kind::Sub)
}

pub(super) const MUL: Operator = Operator::new("Mul", mul);

fn mul(call: &mut Call<'_>) -> Outcome {
    binary(call, Kind::Mul)
}

pub(super) const DIV: Operator =
    Operator::new("Div", div).limited("a divisor that is not constant must be positive on every input");

fn div(call: &mut Call<'_>) -> Outcome {
    binary(call, Kind::Div)
}

pub(super) const RECIPROCAL: Operator =
    Operator::new("Reciprocal", reciprocal).limited("positive on every input");

fn reciprocal(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let one = call.builder.affine(x, 0.0, 1.0)?;
    Ok(vec![Value::Node(call.builder.div(one, x)?)])
}

pub(super) const SUM: Operator = Operator::new("Sum", sum);

fn sum(call: &mut Call<'_>) -> Outcome {
    let mut total = call.input(0)?;
    for i in 1..call.inputs.len() {
        let next = call.input(i)?;
        total = pair(call, &total, &next, Kind::Add)?;
    }
    Ok(vec![total])
}

pub(super) const MEAN: Operator = Operator::new("Mean", mean);

fn mean(call: &mut Call<'_>) -> Outcome {
    let total = sum(call)?;
    let share = ConstTensor::floats(vec![], vec![1.0 / call.inputs.len() as f64]).into();
    total.iter().map(|total| pair(call, total, &share, Kind::Mul)).collect()
}

pub(super) const NEG: Operator = Operator::new("Neg", neg);

fn neg(call: &mut Call<'_>) -> Outcome {
    if let Some(Value::Const(c)) = call.optional(0)
        && let Some(ints) = c.as_ints()
    {
        let negated = ints.iter().map(|i| i.checked_neg()).collect::<Option<_>>();
        let data = negated.ok_or(Problem::Arithmetic("integer overflow"))?;
        return Ok(vec![ConstTensor::ints(c.shape.clone(), data).into()]);
    }
    let x = call.activation(0)?;
    Ok(vec![Value::Node(call.builder.affine(x, -1.0, 0.0)?)])
}

fn binary(call: &mut Call<'_>, kind: Kind) -> Outcome {
    let (a, b) = (call.input(0)?, call.input(1)?);
    Ok(vec![pair(call, &a, &b, kind)?])
}

fn pair(call: &mut Call<'_>, a: &Value, b: &Value, kind: Kind) -> Result<Value, Problem> {
    let (a_shape, b_shape) = (call.shape(a)?, call.shape(b)?);
    let shape = layout::broadcast_shape(&a_shape, &b_shape)
        .ok_or_else(|| Problem::Shape(format!("shapes {a_shape:?} and {b_shape:?} do not broadcast")))?;
    let size = tensor::count(&shape)?;
    call.charge(size)?;
    Ok(match (a, b) {
        (Value::Const(a), Value::Const(b)) => constants(a, b, shape, kind)?.into(),
        (Value::Node(_), Value::Const(c)) => {
            let x = call.node_of(a, &shape)?;
            let c = call.broadcast_const(c, &shape)?;
            let (ones, zeros) = (vec![1.0; size], vec![0.0; size]);
            let (scale, shift) = match kind {
                Kind::Add => (ones, c),
                Kind::Sub => (ones, c.iter().map(|c| -c).collect()),
                Kind::Mul => (c, zeros),
                Kind::Div if c.contains(&0.0) => return Err(Problem::Arithmetic("division by zero")),
                Kind::Div => (c.iter().map(|c| 1.0 / c).collect(), zeros),
            };
            Value::Node(call.builder.scale(x, scale, shift)?)
        }
        (Value::Const(c), Value::Node(_)) => {
            let x = call.node_of(b, &shape)?;
            if matches!(kind, Kind::Div) {
                let a = call.node_of(a, &shape)?;
                return Ok(Value::Node(call.builder.div(a, x)?));
            }
            let c = call.broadcast_const(c, &shape)?;
            let (scale, shift) = match kind {
                Kind::Mul => (c, vec![0.0; size]),
                Kind::Sub => (vec![-1.0; size], c),
                Kind::Add | Kind::Div => (vec![1.0; size], c),
            };
            Value::Node(call.builder.scale(x, scale, shift)?)
        }
        _ => {
            let (a, b) = (call.node_of(a, &shape)?, call.node_of(b, &shape)?);
            Value::Node(match kind {
                Kind::Add => call.builder.combine(&[(1.0, a), (1.0, b)])?,
                Kind::Sub => call.builder.sub(a, b)?,
                Kind::Mul => call.builder.mul(a, b)?,
                Kind::Div => call.builder.div(a, b)?,
            })
        }
    })
}

fn constants(
    a: &ConstTensor,
    b: &ConstTensor,
    shape: Vec<usize>,
    kind: Kind,
) -> Result<ConstTensor, Problem> {
    let pairs = a.broadcast_index(&shape).into_iter().zip(b.broadcast_index(&shape));
    let data = match (&a.data, &b.data) {
        (Data::Float(a), Data::Float(b)) => {
            let data: Vec<f64> = pairs
                .map(|(i, j)| match kind {
                    Kind::Add => a[i] + b[j],
                    Kind::Sub => a[i] - b[j],
                    Kind::Mul => a[i] * b[j],
                    Kind::Div => a[i] / b[j],
                })
                .collect();
            if data.iter().any(|x| !x.is_finite()) {
                return Err(Problem::Arithmetic("the result is NaN or infinite"));
            }
            Data::Float(data)
        }
        (Data::Int(a), Data::Int(b)) => {
            let data = pairs.map(|(i, j)| match kind {
                Kind::Add => a[i].checked_add(b[j]),
                Kind::Sub => a[i].checked_sub(b[j]),
                Kind::Mul => a[i].checked_mul(b[j]),
                Kind::Div => a[i].checked_div(b[j]),
            });
            let data = data.collect::<Option<_>>();
            Data::Int(data.ok_or(Problem::Arithmetic("integer overflow or division by zero"))?)
        }
        _ => {
            return Err(Problem::InputType {
                input: 1,
                expected: "of the first input's type, integers or floats",
            });
        }
    };
    Ok(ConstTensor { shape, data })
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, fails, floats, ints};

    #[test]
    fn computed_and_constant_operands_broadcast() {
        let x = || Arg::Input(&[1, 2], &[3.0, -4.0]);
        let c = || Arg::Floats(&[2, 1], &[2.0, 8.0]);
        for (op, xc, cx) in [
            ("Add", [5.0, -2.0, 11.0, 4.0], [5.0, -2.0, 11.0, 4.0]),
            ("Sub", [1.0, -6.0, -5.0, -12.0], [-1.0, 6.0, 5.0, 12.0]),
            ("Mul", [6.0, -8.0, 24.0, -32.0], [6.0, -8.0, 24.0, -32.0]),
            ("Div", [1.5, -2.0, 0.375, -0.5], [2.0 / 3.0, -0.5, 8.0 / 3.0, -2.0]),
        ] {
            assert_eq!(floats(op, 13, &[], &[x(), c()]), (vec![2, 2], xc.to_vec()), "{op}");
            assert_eq!(floats(op, 13, &[], &[c(), x()]), (vec![2, 2], cx.to_vec()), "{op}");
        }
        assert_eq!(floats("Mul", 13, &[], &[x(), x()]).1, [9.0, 16.0]);
        assert_eq!(floats("Sub", 13, &[], &[x(), x()]).1, [0.0, 0.0]);
        assert_eq!(floats("Neg", 13, &[], &[x()]).1, [-3.0, 4.0]);
        fails("Add", 13, &[], &[x(), Arg::Floats(&[3], &[1.0; 3])], "do not broadcast");
        fails("Div", 13, &[], &[x(), Arg::Floats(&[], &[0.0])], "division by zero");
        fails("Add", 13, &[], &[x(), Arg::Ints(&[], &[1])], "do not mix");
        fails("Add", 13, &[], &[x()], "input 1 is missing");
    }

    #[test]
    fn integers_fold_with_checks() {
        let (a, b) = (Arg::Ints(&[2], &[7, -7]), Arg::Ints(&[1], &[2]));
        assert_eq!(ints("Div", 13, &[], &[a.clone(), b.clone()]), [3, -3]);
        assert_eq!(ints("Mul", 13, &[], &[a.clone(), b.clone()]), [14, -14]);
        assert_eq!(ints("Neg", 13, &[], std::slice::from_ref(&a)), [-7, 7]);
        fails("Mul", 13, &[], &[Arg::Ints(&[], &[i64::MAX]), b], "overflow");
        fails("Div", 13, &[], &[a, Arg::Ints(&[], &[0])], "division by zero");
    }

    #[test]
    fn sums_means_and_reciprocals() {
        let x = || Arg::Input(&[2], &[2.0, 4.0]);
        let c = || Arg::Floats(&[], &[6.0]);
        assert_eq!(floats("Sum", 13, &[], &[x(), c(), x()]).1, [10.0, 14.0]);
        assert_eq!(floats("Sum", 13, &[], &[x()]).1, [2.0, 4.0]);
        assert_eq!(floats("Mean", 13, &[], &[x(), c()]).1, [4.0, 5.0]);
        assert_eq!(floats("Mean", 13, &[], &[c(), c()]).1, [6.0]);
        assert_eq!(floats("Reciprocal", 13, &[], &[x()]).1, [0.5, 0.25]);
    }
}
