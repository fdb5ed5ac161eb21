//! Where.

use super::{
    Operator,
    compare::{broadcast, difference},
};
use crate::{
    graph::layout,
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
        tensor::Data,
    },
};

pub(super) const WHERE: Operator = Operator::new("Where", import).since(9);

fn import(call: &mut Call<'_>) -> Outcome {
    let (condition, a, b) = (call.input(0)?, call.input(1)?, call.input(2)?);
    let shape = broadcast(call, &[&condition, &a, &b])?;
    let Value::Const(condition) = condition else { return computed(call, &condition, &a, &b, &shape) };
    let Data::Bool(truth) = &condition.data else {
        return Err(Problem::InputType { input: 0, expected: "truth values" });
    };
    let index = |from: &[usize]| layout::broadcast_index(from, &shape).unwrap_or_default();
    let (at, i, j) = (index(&condition.shape), index(&call.shape(&a)?), index(&call.shape(&b)?));
    let pick = |((at, i), j): ((&usize, &usize), &usize)| if truth[*at] { (0, *i) } else { (1, *j) };
    let picks: Vec<_> = at.iter().zip(&i).zip(&j).map(pick).collect();
    Ok(vec![call.rearrange(&[a, b], &picks, shape)?])
}

/// `b + condition (a - b)`.
fn computed(call: &mut Call<'_>, condition: &Value, a: &Value, b: &Value, shape: &[usize]) -> Outcome {
    let condition = call.node_of(condition, shape)?;
    if let (Value::Const(a), Value::Const(b)) = (a, b) {
        let (a, b) = (call.broadcast_const(a, shape)?, call.broadcast_const(b, shape)?);
        let scale = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        return Ok(vec![Value::Node(call.builder.scale(condition, scale, b)?)]);
    }
    let excess = difference(call, a, b, shape)?;
    let chosen = call.builder.mul(condition, excess)?;
    let y = match b {
        Value::Const(c) => {
            let c = call.broadcast_const(c, shape)?;
            call.builder.scale(chosen, vec![1.0; c.len()], c)?
        }
        b => {
            let b = call.node_of(b, shape)?;
            call.builder.combine(&[(1.0, b), (1.0, chosen)])?
        }
    };
    Ok(vec![Value::Node(y)])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, fails, floats, ints};

    #[test]
    fn constant_conditions_choose() {
        let mask = || Arg::Bools(&[2], &[true, false]);
        let x = || Arg::Input(&[2], &[1.0, 2.0]);
        assert_eq!(floats("Where", 9, &[], &[mask(), x(), Arg::Floats(&[], &[9.0])]).1, [1.0, 9.0]);
        assert_eq!(ints("Where", 9, &[], &[mask(), Arg::List(&[1, 2]), Arg::Int(5)]), [1, 5]);
        fails("Where", 9, &[], &[Arg::List(&[1, 0]), x(), x()], "truth values");
        fails("Where", 9, &[], &[mask(), x(), Arg::Floats(&[3], &[0.0; 3])], "do not broadcast");
    }
    #[test]
    fn computed_conditions_choose() {
        let x = || Arg::Input(&[2], &[1.0, 0.0]);
        let c = |c: &'static [f64]| Arg::Floats(&[2], c);
        assert_eq!(floats("Where", 9, &[], &[x(), c(&[5.0, 6.0]), c(&[7.0, 8.0])]).1, [5.0, 8.0]);
        assert_eq!(floats("Where", 9, &[], &[x(), x(), c(&[7.0, 8.0])]).1, [1.0, 8.0]);
        assert_eq!(floats("Where", 9, &[], &[x(), c(&[5.0, 6.0]), x()]).1, [5.0, 0.0]);
        assert_eq!(floats("Where", 9, &[], &[x(), x(), x()]).1, [1.0, 0.0]);
        fails("Where", 9, &[], &[x(), Arg::Int(1), x()], "do not mix");
    }
}
