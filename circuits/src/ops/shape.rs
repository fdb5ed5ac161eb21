//! Shape: the dimensions of a tensor, which are constant here.

use super::Operator;
use crate::onnx::{
    call::{Call, Outcome},
    tensor::ConstTensor,
};

pub(super) const SHAPE: Operator = Operator::new("Shape", import);

fn import(call: &mut Call<'_>) -> Outcome {
    let x = call.input(0)?;
    let shape: Vec<i64> = call.shape(&x)?.iter().map(|d| *d as i64).collect();
    let rank = shape.len() as i64;
    let clamp = |i: i64| if i < 0 { i.saturating_add(rank) } else { i }.clamp(0, rank) as usize;
    let start = clamp(call.int("start")?.unwrap_or(0));
    let end = clamp(call.int("end")?.unwrap_or(rank)).max(start);
    let dims = shape[start..end].to_vec();
    Ok(vec![ConstTensor::ints(vec![dims.len()], dims).into()])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, ints};

    #[test]
    fn dimensions_and_parts_of_them() {
        let x = || [Arg::Input(&[1, 2, 3], &[0.0; 6])];
        assert_eq!(ints("Shape", 13, &[], &x()), [1, 2, 3]);
        assert_eq!(ints("Shape", 15, &[("start", Attr::Int(-2)), ("end", Attr::Int(-1))], &x()), [2]);
        assert_eq!(ints("Shape", 15, &[("start", Attr::Int(2)), ("end", Attr::Int(i64::MIN))], &x()), [0; 0]);
    }
}
