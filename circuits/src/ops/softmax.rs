//! Softmax: over one axis since opset 13, over all axes from one on before.

use super::Operator;
use crate::onnx::{
    call::{Call, Outcome, Value, axis},
    tensor,
};

pub(super) const SOFTMAX: Operator = Operator::new("Softmax", import);

fn import(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let shape = call.builder.shape(x)?.to_vec();
    // Beside the result, the maximum by halving and the sum take about this many tensors of the input's size.
    call.charge(tensor::count(&shape)?.saturating_mul(8))?;
    let default = if call.opset < 13 { 1 } else { -1 };
    let at = axis(call.int("axis")?.unwrap_or(default), shape.len())?;
    let b = &mut *call.builder;
    let y = if call.opset < 13 {
        let sides = [shape[..at].iter().product(), shape[at..].iter().product()];
        let y = b.reshape(x, &sides)?;
        let y = b.softmax_last(y)?;
        b.reshape(y, &shape)?
    } else {
        let mut perm: Vec<usize> = (0..shape.len()).collect();
        perm.swap(at, shape.len() - 1);
        let y = b.transpose(x, &perm)?;
        let y = b.softmax_last(y)?;
        b.transpose(y, &perm)?
    };
    Ok(vec![Value::Node(y)])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    #[test]
    fn one_axis_or_all_that_follow() {
        let x = || [Arg::Input(&[1, 3, 1], &[0.0, 1.0, 2.0])];
        let expected = [0.090_030_573_170_380_46, 0.244_728_471_054_797_6, 0.665_240_955_774_821_9];
        for (opset, attrs) in [(11, vec![]), (13, vec![("axis", Attr::Int(1))])] {
            let (shape, y) = floats("Softmax", opset, &attrs, &x());
            assert_eq!(shape, [1, 3, 1]);
            assert!(y.iter().zip(expected).all(|(y, e)| (y - e).abs() < 1e-15));
        }
        assert_eq!(floats("Softmax", 13, &[], &x()).1, [1.0; 3]);
        fails("Softmax", 13, &[("axis", Attr::Int(3))], &x(), "out of range");
    }
}
