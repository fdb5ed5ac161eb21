//! Max and Min of one or more tensors, with broadcasting.

use super::Operator;
use crate::{
    graph::layout,
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
        tensor::{self, ConstTensor},
    },
};

pub(super) const MAX: Operator = Operator::new("Max", max);

fn max(call: &mut Call<'_>) -> Outcome {
    reduce(call, true)
}

pub(super) const MIN: Operator = Operator::new("Min", min);

fn min(call: &mut Call<'_>) -> Outcome {
    reduce(call, false)
}

fn reduce(call: &mut Call<'_>, max: bool) -> Outcome {
    let mut best = call.input(0)?;
    for i in 1..call.inputs.len() {
        let next = call.input(i)?;
        best = pair(call, &best, &next, max)?;
    }
    Ok(vec![best])
}

fn pair(call: &mut Call<'_>, a: &Value, b: &Value, max: bool) -> Result<Value, Problem> {
    let (a_shape, b_shape) = (call.shape(a)?, call.shape(b)?);
    let shape = layout::broadcast_shape(&a_shape, &b_shape)
        .ok_or_else(|| Problem::Shape(format!("shapes {a_shape:?} and {b_shape:?} do not broadcast")))?;
    let size = tensor::count(&shape)?;
    call.charge(size)?;
    let (x, c) = match (a, b) {
        (Value::Const(a), Value::Const(b)) => {
            if let (Some(x), Some(y)) = (a.as_ints(), b.as_ints()) {
                let pairs = a
                    .broadcast_index(&shape)
                    .into_iter()
                    .zip(b.broadcast_index(&shape))
                    .map(|(i, j)| (x[i], y[j]));
                let data = pairs.map(|(a, b)| if max { a.max(b) } else { a.min(b) }).collect();
                return Ok(ConstTensor::ints(shape, data).into());
            }
            let (a, b) = (call.broadcast_const(a, &shape)?, call.broadcast_const(b, &shape)?);
            let data = a.iter().zip(&b).map(|(a, b)| if max { a.max(*b) } else { a.min(*b) }).collect();
            return Ok(ConstTensor::floats(shape, data).into());
        }
        (x, Value::Const(c)) | (Value::Const(c), x) => (x, c),
        _ => {
            let (a, b) = (call.node_of(a, &shape)?, call.node_of(b, &shape)?);
            let best = if max { call.builder.max(a, b)? } else { call.builder.min(a, b)? };
            return Ok(Value::Node(best));
        }
    };
    let x = call.node_of(x, &shape)?;
    let c = call.broadcast_const(c, &shape)?;
    let excess = call.builder.scale(x, vec![1.0; size], c.iter().map(|c| -c).collect())?;
    let excess = call.builder.relu(excess)?;
    Ok(Value::Node(if max {
        call.builder.scale(excess, vec![1.0; size], c)?
    } else {
        call.builder.sub(x, excess)?
    }))
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, fails, floats, ints};

    #[test]
    fn operands_of_each_kind() {
        let x = || Arg::Input(&[2], &[3.0, -4.0]);
        let c = || Arg::Floats(&[1], &[1.0]);
        assert_eq!(floats("Max", 13, &[], &[x(), c()]).1, [3.0, 1.0]);
        assert_eq!(floats("Min", 13, &[], &[c(), x()]).1, [1.0, -4.0]);
        assert_eq!(floats("Max", 13, &[], &[x(), x()]).1, [3.0, -4.0]);
        assert_eq!(floats("Min", 13, &[], &[x()]).1, [3.0, -4.0]);
        assert_eq!(floats("Max", 13, &[], &[x(), c(), Arg::Floats(&[2], &[0.0, 2.0])]).1, [3.0, 2.0]);
        assert_eq!(floats("Min", 13, &[], &[c(), Arg::Floats(&[2], &[0.0, 2.0])]).1, [0.0, 1.0]);
        assert_eq!(ints("Max", 13, &[], &[Arg::List(&[1, -2]), Arg::Int(0)]), [1, 0]);
        assert_eq!(ints("Min", 13, &[], &[Arg::List(&[1, -2]), Arg::Int(0)]), [0, -2]);
        fails("Max", 13, &[], &[Arg::Int(0), c()], "do not mix");
        fails("Max", 13, &[], &[], "input 0 is missing");
    }
}
