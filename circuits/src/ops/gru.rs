//! GRU: update and reset gates.

use super::{
    Operator,
    recurrent::{Direction, Kind, RESTRICTIONS, layer},
};
use crate::{
    graph::NodeId,
    onnx::{
        Problem,
        call::{Call, Outcome},
    },
};

pub(super) const GRU: Operator = Operator::new("GRU", import).limited(RESTRICTIONS);

const KIND: Kind = Kind { gates: 3, activations: &["Sigmoid", "Tanh"], states: 1, step };

fn import(call: &mut Call<'_>) -> Outcome {
    layer(call, &KIND)
}

/// `h = (1 - z) n + z h'`; the gates are in the order `z`, `r`, candidate.
fn step(direction: &mut Direction<'_>) -> Result<Vec<NodeId>, Problem> {
    let before = direction.before[0];
    let update = direction.gate(0, 0, before)?;
    let reset = direction.gate(1, 0, before)?;
    let candidate = if direction.linear_before_reset {
        let [inputs, states] = direction.biases(2);
        let x = direction.input(2, inputs)?;
        let state = direction.recurrent(2, before, states)?;
        let state = direction.builder.mul(reset, state)?;
        let sum = direction.builder.combine(&[(1.0, x), (1.0, state)])?;
        direction.activate(1, sum)?
    } else {
        let state = direction.builder.mul(reset, before)?;
        direction.gate(2, 1, state)?
    };
    // n + z (h' - n): one product.
    let difference = direction.builder.sub(before, candidate)?;
    let kept = direction.builder.mul(update, difference)?;
    Ok(vec![direction.builder.combine(&[(1.0, candidate), (1.0, kept)])?])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, floats, near};

    // By onnxruntime: three steps of two sequences of one number, two hidden.
    const X: &[f64] = &[0.125, 0.875, 0.875, 0.75, -0.375, -1.0];
    const W: &[f64] = &[0.625, 0.5, 0.625, -1.0, -1.0, 0.0];
    const R: &[f64] =
        &[-0.375, -0.125, 0.875, -0.625, 0.0, -0.375, -0.375, 0.625, -0.75, -0.375, -0.75, -0.75];
    const B: &[f64] = &[-0.5, 0.375, 0.125, -0.125, -0.75, 0.625, 0.625, -0.5, -0.875, -0.375, -0.75, 0.625];
    const H0: &[f64] = &[0.0, 0.0, -0.5, 0.0];
    const Y: &[f64] = &[
        -0.415_843_8,
        0.437_391_9,
        -0.641_611,
        0.472_399_3,
        -0.593_950_1,
        0.681_567_8,
        -0.745_697_7,
        0.727_628_7,
        -0.709_913_1,
        0.753_147_9,
        -0.633_828_2,
        0.725_173_6,
    ];
    const Y_LINEAR: &[f64] = &[
        -0.364_244,
        0.354_408_1,
        -0.632_710_6,
        0.369_504_2,
        -0.551_766,
        0.524_578_5,
        -0.726_089_5,
        0.582_947_3,
        -0.507_717_1,
        0.707_472_9,
        -0.207_462_6,
        0.787_067_4,
    ];

    fn args() -> [Arg<'static>; 6] {
        [
            Arg::Input(&[3, 2, 1], X),
            Arg::Floats(&[1, 6, 1], W),
            Arg::Floats(&[1, 6, 2], R),
            Arg::Floats(&[1, 12], B),
            Arg::Absent,
            Arg::Floats(&[1, 2, 2], H0),
        ]
    }

    #[test]
    fn the_reset_gate_comes_before_or_after_the_product() {
        let gives = |attrs: &[(&str, Attr)], expected: &[f64]| {
            let (shape, found) = floats("GRU", 17, attrs, &args());
            assert_eq!(shape, [3, 1, 2, 2]);
            near(&found, expected);
        };
        gives(&[], Y);
        gives(&[("linear_before_reset", Attr::Int(1))], Y_LINEAR);
    }
}
