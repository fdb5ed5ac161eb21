//! Gather with constant indices.

use super::Operator;
use crate::onnx::{
    Problem,
    call::{Call, Outcome, axis},
    tensor,
};

pub(super) const GATHER: Operator = Operator::new("Gather", import).limited("constant indices");

fn import(call: &mut Call<'_>) -> Outcome {
    let x = call.input(0)?;
    let shape = call.shape(&x)?;
    let at = axis(call.int("axis")?.unwrap_or(0), shape.len())?;
    let picks = call.ints(1)?;
    let rows: Vec<usize> =
        picks.iter().map(|i| axis(*i, shape[at])).collect::<Result<_, _>>().map_err(|_| {
            Problem::Shape(format!("an index is out of range for axis {at} of shape {shape:?}"))
        })?;
    let (outer, inner): (usize, usize) = (shape[..at].iter().product(), shape[at + 1..].iter().product());
    let picks_shape = call.constant(1)?.shape.clone();
    let result = [&shape[..at], &picks_shape, &shape[at + 1..]].concat();
    let total = tensor::count(&result)?;
    call.charge(total)?;
    let mut index = Vec::with_capacity(total);
    for block in 0..outer {
        for row in &rows {
            let start = (block * shape[at] + row) * inner;
            index.extend(start..start + inner);
        }
    }
    Ok(vec![call.select(&x, &index, result)?])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats, ints};

    #[test]
    fn rows_and_columns() {
        let x = || Arg::Input(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(floats("Gather", 13, &[], &[x(), Arg::Ints(&[], &[-1])]), (vec![3], vec![4.0, 5.0, 6.0]));
        let columns = floats("Gather", 13, &[("axis", Attr::Int(1))], &[x(), Arg::Ints(&[1, 2], &[2, 0])]);
        assert_eq!(columns, (vec![2, 1, 2], vec![3.0, 1.0, 6.0, 4.0]));
        assert_eq!(ints("Gather", 13, &[], &[Arg::List(&[7, 8]), Arg::Ints(&[], &[1])]), [8]);
        fails("Gather", 13, &[], &[x(), Arg::Ints(&[], &[2])], "out of range");
        fails("Gather", 13, &[], &[x(), Arg::Floats(&[], &[0.0])], "must be integers");
    }
}
