//! Scaler: `(x - offset) scale`, by feature or by one number.

use super::Operator;
use crate::onnx::{
    Problem,
    call::{Call, Outcome, Value},
};

pub(super) const SCALER: Operator = Operator::ml("Scaler", import);

fn import(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let shape = call.builder.shape(x)?.to_vec();
    let features = shape.last().copied().unwrap_or(1);
    let total = shape.iter().product();
    let list = |name: &str, default: f64| {
        let list = call.float_list(name)?;
        let list = if list.is_empty() { vec![default] } else { list };
        if list.len() != 1 && list.len() != features {
            return Err(Problem::attribute(
                name,
                format!("must hold 1 or {features} numbers; it holds {}", list.len()),
            ));
        }
        Ok(list.iter().copied().cycle().take(total).collect::<Vec<_>>())
    };
    let (offset, scale) = (list("offset", 0.0)?, list("scale", 1.0)?);
    let shift = offset.iter().zip(&scale).map(|(o, s)| -o * s).collect();
    Ok(vec![Value::Node(call.builder.scale(x, scale, shift)?)])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    #[test]
    fn features_are_scaled() {
        let x = || [Arg::Input(&[2, 2], &[1.0, 2.0, 3.0, 4.0])];
        let by_feature = [("offset", Attr::Floats(&[1.0, 2.0])), ("scale", Attr::Floats(&[2.0, 0.5]))];
        assert_eq!(floats("ai.onnx.ml.Scaler", 1, &by_feature, &x()).1, [0.0, 0.0, 4.0, 1.0]);
        let by_one = [("offset", Attr::Floats(&[1.0]))];
        assert_eq!(floats("ai.onnx.ml.Scaler", 1, &by_one, &x()).1, [0.0, 1.0, 2.0, 3.0]);
        fails(
            "ai.onnx.ml.Scaler",
            1,
            &[("scale", Attr::Floats(&[1.0; 3]))],
            &x(),
            "must hold 1 or 2 numbers",
        );
    }
}
