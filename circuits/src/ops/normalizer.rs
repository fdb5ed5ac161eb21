//! Normalizer: each row divided by its maximum, its sum of absolute values or its Euclidean length.
//!
//! The divisor must be positive. onnxruntime passes a row of zeros on unchanged; here its quotient is undefined.

use super::Operator;
use crate::onnx::{
    Problem,
    call::{Call, Outcome, Value},
};

pub(super) const NORMALIZER: Operator =
    Operator::ml("Normalizer", import).limited("an input of zeros is refused");

fn import(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let norm = call.text("norm", "MAX")?;
    let b = &mut *call.builder;
    let shape = b.shape(x)?.to_vec();
    let norm = match norm.as_str() {
        "MAX" => b.max_last(x)?,
        "L1" => {
            let size = b.leaky(x, -1.0)?;
            b.sum_last(size, 1.0)?
        }
        "L2" => {
            let square = b.mul(x, x)?;
            let sum = b.sum_last(square, 1.0)?;
            b.sqrt(sum)?
        }
        other => return Err(Problem::attribute("norm", format!("is {other}; MAX, L1 and L2 are known"))),
    };
    let norm = b.broadcast(norm, &shape)?;
    Ok(vec![Value::Node(b.div(x, norm)?)])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    #[test]
    fn each_norm() {
        let op = "ai.onnx.ml.Normalizer";
        let x = || [Arg::Input(&[1, 3], &[4.0, -3.0, 0.0])];
        let by = |norm| [("norm", Attr::Text(norm))];
        assert_eq!(floats(op, 1, &by("MAX"), &x()).1, [1.0, -0.75, 0.0]);
        assert_eq!(floats(op, 1, &by("L1"), &x()).1, [4.0 / 7.0, -3.0 / 7.0, 0.0]);
        assert_eq!(floats(op, 1, &by("L2"), &x()).1, [0.8, -0.6, 0.0]);
        fails(op, 1, &by("L3"), &x(), "MAX, L1 and L2");
    }
}
