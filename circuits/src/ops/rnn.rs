//! RNN: one activation.

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

pub(super) const RNN: Operator = Operator::new("RNN", import).limited(RESTRICTIONS);

const KIND: Kind = Kind { gates: 1, activations: &["Tanh"], states: 1, step };

fn import(call: &mut Call<'_>) -> Outcome {
    layer(call, &KIND)
}

/// `h = f(W x + R h' + b)`.
fn step(direction: &mut Direction<'_>) -> Result<Vec<NodeId>, Problem> {
    let before = direction.before[0];
    Ok(vec![direction.gate(0, 0, before)?])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, floats, near};

    // By onnxruntime: three steps of two sequences of one number, two hidden.
    const X: &[f64] = &[-0.375, 0.875, 0.75, -0.875, 0.75, 0.75];
    const W: &[f64] = &[-0.125, -0.25];
    const R: &[f64] = &[1.0, 1.0, 0.375, -0.25];
    const B: &[f64] = &[-0.625, 0.875, -0.5, 0.125];
    const H0: &[f64] = &[0.375, -0.5, -0.375, 0.5];
    const Y: &[f64] = &[
        -0.834_605_3,
        0.876_248,
        -0.803_841_4,
        0.474_316_4,
        -0.826_537_3,
        0.273_331_6,
        -0.872_903_7,
        0.663_326_4,
        -0.943_823_4,
        0.408_838_3,
        -0.891_323_3,
        0.308_900_6,
    ];
    const Y_RELU: &[f64] = &[
        0.0,
        0.958_007_8,
        0.0,
        0.510_742_2,
        0.0,
        0.542_968_8,
        0.0,
        1.082_031_2,
        0.0,
        1.078_125,
        0.0,
        0.546_875,
    ];

    fn args() -> [Arg<'static>; 6] {
        [
            Arg::Input(&[3, 2, 1], X),
            Arg::Floats(&[1, 2, 1], W),
            Arg::Floats(&[1, 2, 2], R),
            Arg::Floats(&[1, 4], B),
            Arg::Absent,
            Arg::Floats(&[1, 2, 2], H0),
        ]
    }

    #[test]
    fn either_direction_and_activation() {
        let gives = |attrs: &[(&str, Attr)], expected: &[f64]| {
            let (shape, found) = floats("RNN", 17, attrs, &args());
            assert_eq!(shape, [3, 1, 2, 2]);
            near(&found, expected);
        };
        gives(&[], Y);
        gives(&[("activations", Attr::Texts(&["Relu"])), ("direction", Attr::Text("reverse"))], Y_RELU);
    }
}
