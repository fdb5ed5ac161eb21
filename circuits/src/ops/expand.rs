//! Expand: broadcasting to a constant shape.

use super::Operator;
use crate::{
    graph::layout,
    onnx::{
        Problem,
        call::{Call, Outcome},
        tensor,
    },
};

pub(super) const EXPAND: Operator = Operator::new("Expand", import).limited("constant shape");

fn import(call: &mut Call<'_>) -> Outcome {
    let x = call.input(0)?;
    let from = call.shape(&x)?;
    let wanted = call.ints(1)?;
    let cannot = || Problem::Shape(format!("cannot expand {from:?} to {wanted:?}"));
    let wanted: Option<Vec<usize>> = wanted.iter().map(|d| usize::try_from(*d).ok()).collect();
    let shape = wanted.and_then(|w| layout::broadcast_shape(&from, &w)).ok_or_else(cannot)?;
    call.charge(tensor::count(&shape)?)?;
    let index = layout::broadcast_index(&from, &shape).ok_or_else(cannot)?;
    Ok(vec![call.select(&x, &index, shape)?])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, fails, floats};

    #[test]
    fn either_side_broadcasts() {
        let x = || Arg::Input(&[2, 1], &[1.0, 2.0]);
        assert_eq!(
            floats("Expand", 13, &[], &[x(), Arg::List(&[1, 2])]),
            (vec![2, 2], vec![1.0, 1.0, 2.0, 2.0])
        );
        fails("Expand", 13, &[], &[x(), Arg::List(&[3, 1])], "cannot expand");
        fails("Expand", 13, &[], &[x(), Arg::List(&[2, i64::MAX])], "too large");
        fails("Expand", 13, &[], &[x(), Arg::List(&[2, 1 << 25])], "expands to more than");
    }
}
