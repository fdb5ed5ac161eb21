//! Activations made of others: Celu, Elu, HardSigmoid, HardSwish, Mish, PRelu, Selu, Softsign and ThresholdedRelu.

use super::{Operator, compare::broadcast};
use crate::{
    graph::{Function, GraphError, NodeId},
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
    },
};

/// `relu(x) + below (exp(min(x, 0) / width) - 1)`.
fn exponential(call: &mut Call<'_>, below: f64, width: f64) -> Result<NodeId, Problem> {
    let x = call.activation(0)?;
    let b = &mut *call.builder;
    let above = b.relu(x)?;
    let negative = b.sub(x, above)?;
    let argument = b.affine(negative, 1.0 / width, 0.0)?;
    let exp = b.function(argument, Function::Exp)?;
    let bent = b.combine(&[(1.0, above), (below, exp)])?;
    Ok(b.affine(bent, 1.0, -below)?)
}

pub(super) const CELU: Operator = Operator::new("Celu", celu).since(12);

fn celu(call: &mut Call<'_>) -> Outcome {
    let alpha = call.float("alpha")?.unwrap_or(1.0);
    if alpha <= 0.0 {
        return Err(Problem::attribute("alpha", "must be positive"));
    }
    Ok(vec![Value::Node(exponential(call, alpha, alpha)?)])
}

pub(super) const ELU: Operator = Operator::new("Elu", elu);

fn elu(call: &mut Call<'_>) -> Outcome {
    let alpha = call.float("alpha")?.unwrap_or(1.0);
    Ok(vec![Value::Node(exponential(call, alpha, 1.0)?)])
}

pub(super) const SELU: Operator = Operator::new("Selu", selu);

fn selu(call: &mut Call<'_>) -> Outcome {
    let alpha = call.float("alpha")?.unwrap_or(1.673_263_192_176_818_8);
    let gamma = call.float("gamma")?.unwrap_or(1.050_701_022_148_132_3);
    let y = exponential(call, alpha, 1.0)?;
    Ok(vec![Value::Node(call.builder.affine(y, gamma, 0.0)?)])
}

/// `clip(alpha x + beta, 0, 1)`.
fn ramp(call: &mut Call<'_>, x: NodeId, alpha: f64, beta: f64) -> Result<NodeId, GraphError> {
    let line = call.builder.affine(x, alpha, beta)?;
    call.builder.clip(line, Some(0.0), Some(1.0))
}

pub(super) const HARD_SIGMOID: Operator = Operator::new("HardSigmoid", hard_sigmoid);

fn hard_sigmoid(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let (alpha, beta) = (call.float("alpha")?.unwrap_or(0.2), call.float("beta")?.unwrap_or(0.5));
    Ok(vec![Value::Node(ramp(call, x, alpha, beta)?)])
}

pub(super) const HARD_SWISH: Operator = Operator::new("HardSwish", hard_swish).since(14);

fn hard_swish(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let gate = ramp(call, x, 1.0 / 6.0, 0.5)?;
    Ok(vec![Value::Node(call.builder.mul(x, gate)?)])
}

pub(super) const MISH: Operator = Operator::new("Mish", mish).since(18);

fn mish(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let b = &mut *call.builder;
    let gate = b.function(x, Function::Softplus)?;
    let gate = b.function(gate, Function::Tanh)?;
    Ok(vec![Value::Node(b.mul(x, gate)?)])
}

pub(super) const P_RELU: Operator = Operator::new("PRelu", p_relu);

/// `relu(x) + slope min(x, 0)`.
fn p_relu(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let (shape, slope) = (call.builder.shape(x)?.to_vec(), call.input(1)?);
    broadcast(call, &[&Value::Node(x), &slope])?;
    let above = call.builder.relu(x)?;
    let below = call.builder.sub(x, above)?;
    let below = match &slope {
        Value::Const(c) => {
            let slope = call.broadcast_const(c, &shape)?;
            call.builder.scale(below, slope, vec![0.0; shape.iter().product()])?
        }
        slope => {
            let slope = call.node_of(slope, &shape)?;
            call.builder.mul(below, slope)?
        }
    };
    Ok(vec![Value::Node(call.builder.combine(&[(1.0, above), (1.0, below)])?)])
}

pub(super) const SOFTSIGN: Operator = Operator::new("Softsign", softsign);

fn softsign(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let b = &mut *call.builder;
    let magnitude = b.leaky(x, -1.0)?;
    let divisor = b.affine(magnitude, 1.0, 1.0)?;
    Ok(vec![Value::Node(b.div(x, divisor)?)])
}

pub(super) const THRESHOLDED_RELU: Operator = Operator::new("ThresholdedRelu", thresholded_relu).since(10);

fn thresholded_relu(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let alpha = call.float("alpha")?.unwrap_or(1.0);
    let b = &mut *call.builder;
    let excess = b.affine(x, 1.0, -alpha)?;
    let gate = b.positive(excess)?;
    Ok(vec![Value::Node(b.mul(x, gate)?)])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    const X: &[f64] = &[-4.0, -0.5, 0.0, 0.5, 4.0];

    fn near(op: &str, attrs: &[(&str, Attr)], expected: [f64; 5]) {
        let found = floats(op, 20, attrs, &[Arg::Input(&[5], X)]).1;
        assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-6), "{op}: {found:?}");
    }

    /// By onnxruntime.
    #[test]
    fn each_bends_as_it_should() {
        near("Celu", &[], [-0.981_684_4, -0.393_469_3, 0.0, 0.5, 4.0]);
        near("Celu", &[("alpha", Attr::Float(2.0))], [-1.729_329_5, -0.442_398_4, 0.0, 0.5, 4.0]);
        near("Elu", &[], [-0.981_684_4, -0.393_469_3, 0.0, 0.5, 4.0]);
        near("Elu", &[("alpha", Attr::Float(0.5))], [-0.490_842_2, -0.196_734_7, 0.0, 0.5, 4.0]);
        near("HardSigmoid", &[], [0.0, 0.4, 0.5, 0.6, 1.0]);
        near(
            "HardSigmoid",
            &[("alpha", Attr::Float(0.5)), ("beta", Attr::Float(0.25))],
            [0.0, 0.0, 0.25, 0.5, 1.0],
        );
        near("HardSwish", &[], [0.0, -0.208_333_3, 0.0, 0.291_666_7, 4.0]);
        near("Mish", &[], [-0.072_591_7, -0.220_743_8, 0.0, 0.375_245_2, 3.997_412_7]);
        near("Selu", &[], [-1.725_898_6, -0.691_758_2, 0.0, 0.525_350_5, 4.202_804_1]);
        near("Softsign", &[], [-0.8, -0.333_333_3, 0.0, 0.333_333_3, 0.8]);
        near("ThresholdedRelu", &[], [0.0, 0.0, 0.0, 0.0, 4.0]);
        near("ThresholdedRelu", &[("alpha", Attr::Float(0.25))], [0.0, 0.0, 0.0, 0.5, 4.0]);
        fails("Celu", 12, &[("alpha", Attr::Float(0.0))], &[Arg::Input(&[1], &[1.0])], "must be positive");
    }

    #[test]
    fn slopes_are_broadcast() {
        let x = || Arg::Input(&[2, 2], &[-4.0, -0.5, 0.5, -2.0]);
        let slopes = Arg::Floats(&[2], &[0.5, 2.0]);
        assert_eq!(floats("PRelu", 16, &[], &[x(), slopes]).1, [-2.0, -1.0, 0.5, -4.0]);
        assert_eq!(floats("PRelu", 16, &[], &[x(), x()]).1, [16.0, 0.25, 0.5, 4.0]);
        fails("PRelu", 16, &[], &[x(), Arg::Floats(&[3], &[0.0; 3])], "do not broadcast");
    }
}
