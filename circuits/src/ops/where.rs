//! Equal of constants, and Where on a constant condition.

use super::Operator;
use crate::{
    graph::layout,
    onnx::{
        Problem,
        call::{Call, Outcome},
        tensor::{self, ConstTensor, Data},
    },
};

pub(super) const EQUAL: Operator = Operator::new("Equal", equal).limited("constants only");

fn equal(call: &mut Call<'_>) -> Outcome {
    let (a, b) = (call.constant(0)?, call.constant(1)?);
    let shape = broadcast(&[&a.shape, &b.shape])?;
    call.charge(tensor::count(&shape)?)?;
    let index = |c: &ConstTensor| layout::broadcast_index(&c.shape, &shape).unwrap_or_default();
    let (i, j) = (index(&a), index(&b));
    let pairs = i.iter().zip(&j);
    let same = match (&a.data, &b.data) {
        (Data::Float(a), Data::Float(b)) => pairs.map(|(i, j)| a[*i] == b[*j]).collect(),
        (Data::Int(a), Data::Int(b)) => pairs.map(|(i, j)| a[*i] == b[*j]).collect(),
        (Data::Bool(a), Data::Bool(b)) => pairs.map(|(i, j)| a[*i] == b[*j]).collect(),
        (Data::Strings(a), Data::Strings(b)) => pairs.map(|(i, j)| a[*i] == b[*j]).collect(),
        _ => return Err(Problem::InputType { input: 1, expected: "of the first input's type" }),
    };
    Ok(vec![ConstTensor { shape, data: Data::Bool(same) }.into()])
}

pub(super) const WHERE: Operator = Operator::new("Where", import).since(9).limited("constant condition");

fn import(call: &mut Call<'_>) -> Outcome {
    let condition = call.constant(0)?;
    let Data::Bool(truth) = &condition.data else {
        return Err(Problem::InputType { input: 0, expected: "truth values" });
    };
    let (a, b) = (call.input(1)?, call.input(2)?);
    let (a_shape, b_shape) = (call.shape(&a)?, call.shape(&b)?);
    let shape = broadcast(&[&condition.shape, &a_shape, &b_shape])?;
    call.charge(tensor::count(&shape)?)?;
    let index = |from: &[usize]| layout::broadcast_index(from, &shape).unwrap_or_default();
    let (at, i, j) = (index(&condition.shape), index(&a_shape), index(&b_shape));
    let pick = |((at, i), j): ((&usize, &usize), &usize)| if truth[*at] { (0, *i) } else { (1, *j) };
    let picks: Vec<_> = at.iter().zip(&i).zip(&j).map(pick).collect();
    Ok(vec![call.rearrange(&[a, b], &picks, shape)?])
}

fn broadcast(shapes: &[&[usize]]) -> Result<Vec<usize>, Problem> {
    let shape = shapes.iter().try_fold(vec![], |a, b| layout::broadcast_shape(&a, b));
    shape.ok_or_else(|| Problem::Shape(format!("shapes {shapes:?} do not broadcast")))
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
        fails("Where", 9, &[], &[x(), x(), x()], "must be constant");
        fails("Where", 9, &[], &[Arg::List(&[1, 0]), x(), x()], "truth values");
        fails("Where", 9, &[], &[mask(), x(), Arg::Floats(&[3], &[0.0; 3])], "do not broadcast");
    }
}
