//! Clip: bounds are attributes before opset 11, constant scalar inputs since.

use super::Operator;
use crate::onnx::{
    Problem,
    call::{Call, Outcome, Value},
    tensor::ConstTensor,
};

pub(super) const CLIP: Operator = Operator::new("Clip", import).limited("constant bounds");

fn import(call: &mut Call<'_>) -> Outcome {
    if let Some(Value::Const(c)) = call.optional(0)
        && let Some(ints) = c.as_ints()
    {
        let bound = |i| match call.optional_ints(i)?.as_deref() {
            None => Ok(None),
            Some([bound]) => Ok(Some(*bound)),
            Some(list) => Err(one_number(i, &[list.len()])),
        };
        let (lo, hi) = (bound(1)?.unwrap_or(i64::MIN), bound(2)?.unwrap_or(i64::MAX));
        let data = ints.iter().map(|v| (*v).max(lo).min(hi)).collect();
        return Ok(vec![ConstTensor::ints(c.shape.clone(), data).into()]);
    }
    let x = call.activation(0)?;
    let (lo, hi) = if call.opset < 11 {
        (call.float("min")?, call.float("max")?)
    } else {
        (bound(call, 1)?, bound(call, 2)?)
    };
    // Exporters write the extremes of f32 for a bound that is not meant.
    let lo = lo.filter(|lo| *lo > f64::from(f32::MIN));
    let hi = hi.filter(|hi| *hi < f64::from(f32::MAX));
    Ok(vec![Value::Node(call.builder.clip(x, lo, hi)?)])
}

fn bound(call: &Call<'_>, i: usize) -> Result<Option<f64>, Problem> {
    let Some(tensor) = call.optional_floats(i)? else { return Ok(None) };
    match tensor.as_floats() {
        Some([bound]) => Ok(Some(*bound)),
        _ => Err(one_number(i, &tensor.shape)),
    }
}

fn one_number(i: usize, shape: &[usize]) -> Problem {
    Problem::Shape(format!("the bound (input {i}) must be one number; its shape is {shape:?}"))
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats, ints};

    #[test]
    fn bounds_by_attribute_and_by_input() {
        let x = || Arg::Input(&[3], &[-9.0, 0.5, 9.0]);
        let attrs = [("min", Attr::Float(-1.0)), ("max", Attr::Float(6.0))];
        assert_eq!(floats("Clip", 9, &attrs, &[x()]).1, [-1.0, 0.5, 6.0]);
        assert_eq!(floats("Clip", 9, &attrs[..1], &[x()]).1, [-1.0, 0.5, 9.0]);
        assert_eq!(
            floats("Clip", 13, &[], &[x(), Arg::Absent, Arg::Floats(&[], &[6.0])]).1,
            [-9.0, 0.5, 6.0]
        );
        assert_eq!(floats("Clip", 13, &[], &[x(), Arg::Floats(&[], &[0.0])]).1, [0.0, 0.5, 9.0]);
        let extremes =
            [x(), Arg::Floats(&[], &[f64::from(f32::MIN)]), Arg::Floats(&[], &[f64::from(f32::MAX)])];
        assert_eq!(floats("Clip", 13, &[], &extremes).1, [-9.0, 0.5, 9.0]);
        fails("Clip", 13, &[], &[x(), Arg::Floats(&[2], &[0.0; 2])], "must be one number");
        fails("Clip", 13, &[], &[x(), Arg::Floats(&[], &[2.0]), Arg::Floats(&[], &[1.0])], "lower bound");
        fails("Clip", 13, &[], &[x(), x()], "must be constant");
        let list = || Arg::List(&[-9, 2, 9]);
        assert_eq!(ints("Clip", 13, &[], &[list(), Arg::Int(0)]), [0, 2, 9]);
        assert_eq!(ints("Clip", 13, &[], &[list(), Arg::Int(0), Arg::Int(4)]), [0, 2, 4]);
        fails("Clip", 13, &[], &[list(), Arg::List(&[0, 0])], "must be one number");
    }
}
