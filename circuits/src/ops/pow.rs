//! Pow with a constant exponent of 1/2, 1, 2 or 3.

use super::Operator;
use crate::onnx::{
    Problem,
    call::{Call, Outcome, Value},
};

pub(super) const POW: Operator = Operator::new("Pow", import).limited("constant exponent 0.5, 1, 2 or 3");

fn import(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let tensor = call.constant(1)?;
    let exponent = match (tensor.as_floats(), tensor.as_ints()) {
        (Some([e]), _) => *e,
        (_, Some([e])) => *e as f64,
        _ => return Err(Problem::Unsupported("the exponent must be one number".into())),
    };
    let y = match exponent {
        0.5 => call.builder.sqrt(x)?,
        1.0 => x,
        2.0 => call.builder.mul(x, x)?,
        3.0 => {
            let square = call.builder.mul(x, x)?;
            call.builder.mul(x, square)?
        }
        e => return Err(Problem::Unsupported(format!("the exponent is {e}; 0.5, 1, 2 and 3 are supported"))),
    };
    Ok(vec![Value::Node(y)])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, fails, floats};

    #[test]
    fn small_exponents() {
        let x = || Arg::Input(&[1], &[4.0]);
        for (e, y) in [(0.5, 2.0), (1.0, 4.0), (2.0, 16.0), (3.0, 64.0)] {
            assert_eq!(floats("Pow", 15, &[], &[x(), Arg::Floats(&[], &[e])]).1, [y]);
        }
        assert_eq!(floats("Pow", 15, &[], &[x(), Arg::Ints(&[1], &[2])]).1, [16.0]);
        fails("Pow", 15, &[], &[x(), Arg::Floats(&[], &[2.5])], "0.5, 1, 2 and 3");
        fails("Pow", 15, &[], &[x(), x()], "must be constant");
    }
}
