//! LayerNormalization and InstanceNormalization: mean 0 and variance 1 over the last axes, then a factor and an addend.

use super::{Operator, windows::spatial};
use crate::{
    graph::NodeId,
    onnx::{
        Problem,
        call::{Call, Outcome, Value, axis},
        tensor,
    },
};

pub(super) const LAYER_NORMALIZATION: Operator =
    Operator::new("LayerNormalization", layer).since(17).limited("constant scale and bias");

fn layer(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let shape = call.builder.shape(x)?.to_vec();
    let from = axis(call.int("axis")?.unwrap_or(-1), shape.len())?;
    let scale = call.optional_floats(1)?.ok_or(Problem::MissingInput(1))?;
    let scale = call.broadcast_const(&scale, &shape)?;
    let bias = match call.optional_floats(2)? {
        Some(bias) => call.broadcast_const(&bias, &shape)?,
        None => vec![0.0; scale.len()],
    };
    let Normalized { y, mean, deviation } = normalized(call, x, from)?;
    let b = &mut *call.builder;
    let mut outputs = vec![b.scale(y, scale, bias)?];
    if call.node.output.len() > 1 {
        let ones = b.affine(deviation, 0.0, 1.0)?;
        let inverse = b.div(ones, deviation)?;
        let kept: Vec<usize> = shape.iter().enumerate().map(|(i, d)| if i < from { *d } else { 1 }).collect();
        outputs.extend([b.reshape(mean, &kept)?, b.reshape(inverse, &kept)?]);
    }
    Ok(outputs.into_iter().map(Value::Node).collect())
}

pub(super) const INSTANCE_NORMALIZATION: Operator =
    Operator::new("InstanceNormalization", instance).limited("constant scale and bias");

fn instance(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let shape = call.builder.shape(x)?.to_vec();
    let inner: usize = spatial(&shape)?.iter().product();
    let channels = shape[1];
    let total = tensor::count(&shape)?;
    let mut lists = Vec::new();
    for i in 1..3 {
        let tensor = call.optional_floats(i)?.ok_or(Problem::MissingInput(i))?;
        let list = tensor.as_floats().filter(|list| list.len() == channels);
        let list = list.ok_or_else(|| Problem::Shape(format!("input {i} must hold {channels} numbers")))?;
        call.charge(total)?;
        lists.push((0..total).map(|i| list[i / inner % channels]).collect());
    }
    let Normalized { y, .. } = normalized(call, x, 2)?;
    let bias = lists.pop().unwrap_or_default();
    Ok(vec![Value::Node(call.builder.scale(y, lists.pop().unwrap_or_default(), bias)?)])
}

/// A tensor normalised over its last axes.
struct Normalized {
    /// `(x - mean) / deviation`, of the shape of `x`.
    y: NodeId,
    /// A column, a number for each place in the axes before.
    mean: NodeId,
    /// `sqrt(variance + epsilon)`, a column too.
    deviation: NodeId,
}

/// Normalises over the axes from `from` on.
fn normalized(call: &mut Call<'_>, x: NodeId, from: usize) -> Result<Normalized, Problem> {
    let epsilon = call.float("epsilon")?.unwrap_or(1e-5);
    if epsilon < 0.0 {
        return Err(Problem::attribute("epsilon", "must not be negative"));
    }
    let shape = call.builder.shape(x)?.to_vec();
    // Four tensors of the input's size, two broadcast, and smaller ones.
    call.charge(tensor::count(&shape)?.saturating_mul(8))?;
    let sides = [shape[..from].iter().product(), shape[from..].iter().product()];
    let share = 1.0 / sides[1] as f64;
    let b = &mut *call.builder;
    let x = b.reshape(x, &sides)?;
    let mean = b.sum_last(x, share)?;
    let means = b.broadcast(mean, &sides)?;
    let centred = b.sub(x, means)?;
    let square = b.mul(centred, centred)?;
    let variance = b.sum_last(square, share)?;
    let variance = b.affine(variance, 1.0, epsilon)?;
    let deviation = b.sqrt(variance)?;
    let divisor = b.broadcast(deviation, &sides)?;
    let y = b.div(centred, divisor)?;
    Ok(Normalized { y: b.reshape(y, &shape)?, mean, deviation })
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, all_floats, fails, floats};

    // Mean 5 and variance 16; mean -2 and variance 4.
    const X: &[f64] = &[1.0, 9.0, 1.0, 9.0, -4.0, 0.0, 0.0, -4.0];
    const EXACT: (&str, Attr) = ("epsilon", Attr::Float(0.0));

    #[test]
    fn layers_over_the_last_axes() {
        let x = || Arg::Input(&[1, 2, 2, 2], X);
        let scale = Arg::Floats(&[2, 2], &[1.0, 1.0, 2.0, 3.0]);
        let bias = Arg::Floats(&[2], &[0.0, 10.0]);
        let attrs = [EXACT, ("axis", Attr::Int(2))];
        let (shape, y) = floats("LayerNormalization", 17, &attrs, &[x(), scale.clone(), bias]);
        assert_eq!(shape, [1, 2, 2, 2]);
        assert_eq!(y, [-1.0, 11.0, -2.0, 13.0, -1.0, 11.0, 2.0, 7.0]);
        let all = all_floats("LayerNormalization", 17, &attrs, &[x(), scale.clone()], 3);
        assert_eq!(all[1], (vec![1, 2, 1, 1], vec![5.0, -2.0]));
        assert_eq!(all[2], (vec![1, 2, 1, 1], vec![0.25, 0.5]));
        let last = floats("LayerNormalization", 17, &[EXACT], &[x(), Arg::Floats(&[1], &[2.0])]).1;
        assert_eq!(last, [-2.0, 2.0, -2.0, 2.0, -2.0, 2.0, 2.0, -2.0]);
        let nine = [("axis", Attr::Int(-2)), ("epsilon", Attr::Float(9.0))];
        assert_eq!(floats("LayerNormalization", 17, &nine, &[x(), scale.clone()]).1[..2], [-0.8, 0.8]);
        fails("LayerNormalization", 16, &attrs, &[x(), scale], "came with operator set 17");
        fails("LayerNormalization", 17, &attrs, &[x()], "input 1 is missing");
        fails("LayerNormalization", 17, &attrs, &[x(), Arg::Floats(&[3], &[0.0; 3])], "does not broadcast");
        let negative = [("epsilon", Attr::Float(-1.0))];
        fails("LayerNormalization", 17, &negative, &[x(), Arg::Floats(&[1], &[2.0])], "must not be negative");
    }

    #[test]
    fn instances_over_the_spatial_axes() {
        let x = Arg::Input(&[1, 2, 2, 2], X);
        let two = |list: &'static [f64]| Arg::Floats(&[2], list);
        let args = [x.clone(), two(&[1.0, 3.0]), two(&[0.0, 1.0])];
        let (shape, y) = floats("InstanceNormalization", 17, &[EXACT], &args);
        assert_eq!(shape, [1, 2, 2, 2]);
        assert_eq!(y, [-1.0, 1.0, -1.0, 1.0, -2.0, 4.0, 4.0, -2.0]);
        let args = [x, Arg::Floats(&[1], &[1.0]), two(&[0.0, 1.0])];
        fails("InstanceNormalization", 17, &[], &args, "input 1 must hold 2 numbers");
    }
}
