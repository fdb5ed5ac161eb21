//! Functions with a bend at zero: Abs, LeakyRelu and Relu.

use super::Operator;
use crate::onnx::call::{Call, Outcome, Value};

fn leaky(call: &mut Call<'_>, slope: f64) -> Outcome {
    let x = call.activation(0)?;
    Ok(vec![Value::Node(call.builder.leaky(x, slope)?)])
}

pub(super) const ABS: Operator = Operator::new("Abs", abs);

fn abs(call: &mut Call<'_>) -> Outcome {
    leaky(call, -1.0)
}

pub(super) const LEAKY_RELU: Operator = Operator::new("LeakyRelu", leaky_relu);

fn leaky_relu(call: &mut Call<'_>) -> Outcome {
    let slope = call.float("alpha")?.unwrap_or(0.01);
    leaky(call, slope)
}

pub(super) const RELU: Operator = Operator::new("Relu", relu);

fn relu(call: &mut Call<'_>) -> Outcome {
    leaky(call, 0.0)
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    #[test]
    fn negative_numbers_bend() {
        let x = || [Arg::Input(&[3], &[-2.0, 0.0, 3.0])];
        assert_eq!(floats("Abs", 13, &[], &x()).1, [2.0, 0.0, 3.0]);
        assert_eq!(floats("LeakyRelu", 16, &[], &x()).1, [-0.02, 0.0, 3.0]);
        assert_eq!(floats("LeakyRelu", 16, &[("alpha", Attr::Float(0.5))], &x()).1, [-1.0, 0.0, 3.0]);
        assert_eq!(floats("Relu", 14, &[], &x()).1, [0.0, 0.0, 3.0]);
        fails("LeakyRelu", 16, &[("alpha", Attr::Int(1))], &x(), "must be a finite number");
        fails("LeakyRelu", 16, &[("alpha", Attr::Float(f32::NAN))], &x(), "must be a finite number");
    }
}
