//! LSTM: input, output and forget gates, and a cell.

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

pub(super) const LSTM: Operator = Operator::new("LSTM", import).limited(RESTRICTIONS);

const KIND: Kind = Kind { gates: 4, activations: &["Sigmoid", "Tanh", "Tanh"], states: 2, step };

fn import(call: &mut Call<'_>) -> Outcome {
    layer(call, &KIND)
}

/// `c = f c' + i g(..)`, `h = o h(c)`; the gates are in the order `i`, `o`, `f`, cell.
fn step(direction: &mut Direction<'_>) -> Result<Vec<NodeId>, Problem> {
    let (h, c) = (direction.before[0], direction.before[1]);
    let input = direction.gate(0, 0, h)?;
    let output = direction.gate(1, 0, h)?;
    let forget = direction.gate(2, 0, h)?;
    let candidate = direction.gate(3, 1, h)?;
    let kept = direction.builder.mul(forget, c)?;
    let added = direction.builder.mul(input, candidate)?;
    let c = direction.builder.combine(&[(1.0, kept), (1.0, added)])?;
    let bent = direction.activate(2, c)?;
    let h = direction.builder.mul(output, bent)?;
    Ok(vec![h, c])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, all_floats, fails, floats, near};

    // By onnxruntime: three steps of two sequences of one number, two hidden.
    const X: &[f64] = &[0.375, 0.625, -1.0, 0.625, -0.125, 0.0];
    const W: &[f64] = &[0.25, -0.5, 1.0, -1.0, -0.5, -0.25, 0.125, -0.25];
    const R: &[f64] = &[
        -0.75, -1.0, -1.0, -1.0, -0.75, 1.0, -0.625, 0.375, 0.5, -0.625, -0.5, -0.125, -0.5, 1.0, -0.625,
        0.875,
    ];
    const B: &[f64] = &[
        0.625, 0.75, -0.875, -0.25, 0.25, 0.0, 0.375, 0.375, 0.375, -0.875, 1.0, 0.125, 0.875, -0.5, -0.25,
        0.75,
    ];
    const H0: &[f64] = &[-0.625, -0.875, -0.25, 0.375];
    const C0: &[f64] = &[-0.75, 0.75, -0.375, -0.625];
    const Y: &[f64] = &[
        -0.378_613_8,
        0.257_008_9,
        0.163_267_8,
        0.039_013_6,
        -0.168_408,
        0.574_678_4,
        0.170_702_6,
        0.082_425_8,
        0.076_554_2,
        0.363_590_4,
        0.144_143_1,
        0.179_946_4,
    ];
    const Y_H: &[f64] = &[0.076_554_2, 0.363_590_4, 0.144_143_1, 0.179_946_4];
    const Y_C: &[f64] = &[0.115_037_3, 0.737_134_7, 0.284_737_4, 0.423_535_5];
    const Y_REVERSE: &[f64] = &[
        0.127_369_8,
        0.263_589_4,
        0.216_631_4,
        0.101_052_8,
        -0.185_022_8,
        0.574_274_7,
        0.176_744_3,
        0.097_511_8,
        -0.302_878_5,
        0.367_881,
        0.084_824_2,
        0.084_323_2,
    ];
    const Y_H_REVERSE: &[f64] = &[0.127_369_8, 0.263_589_4, 0.216_631_4, 0.101_052_8];
    const Y_C_REVERSE: &[f64] = &[0.166_764_7, 0.656_027_1, 0.334_558_4, 0.344_388_1];

    fn args() -> Vec<Arg<'static>> {
        let state = |list| Arg::Floats(&[1, 2, 2], list);
        vec![
            Arg::Input(&[3, 2, 1], X),
            Arg::Floats(&[1, 8, 1], W),
            Arg::Floats(&[1, 8, 2], R),
            Arg::Floats(&[1, 16], B),
            Arg::List(&[3, 3]),
            state(H0),
            state(C0),
        ]
    }

    #[test]
    fn states_after_every_step_and_the_last() {
        let size = ("hidden_size", Attr::Int(2));
        let all = all_floats("LSTM", 17, std::slice::from_ref(&size), &args(), 3);
        assert_eq!(all[0].0, [3, 1, 2, 2]);
        assert!(all[1].0 == [1, 2, 2] && all[2].0 == [1, 2, 2]);
        all.iter().zip([Y, Y_H, Y_C]).for_each(|((_, found), expected)| near(found, expected));
        let reverse = ("direction", Attr::Text("reverse"));
        let all = all_floats("LSTM", 17, &[size, reverse], &args(), 3);
        let expected = [Y_REVERSE, Y_H_REVERSE, Y_C_REVERSE];
        all.iter().zip(expected).for_each(|((_, found), expected)| near(found, expected));
    }

    #[test]
    fn both_directions_are_one_after_the_other() {
        let twice = |list: &[f64]| -> &'static [f64] { Box::leak(list.repeat(2).into_boxed_slice()) };
        let mut args = args();
        for (i, (shape, list)) in
            [(&[2usize, 8, 1][..], W), (&[2, 8, 2], R), (&[2, 16], B)].into_iter().enumerate()
        {
            args[1 + i] = Arg::Floats(shape, twice(list));
        }
        args[5] = Arg::Floats(&[2, 2, 2], twice(H0));
        args[6] = Arg::Floats(&[2, 2, 2], twice(C0));
        let all = all_floats("LSTM", 17, &[("direction", Attr::Text("bidirectional"))], &args, 3);
        assert_eq!(all[0].0, [3, 2, 2, 2]);
        let steps = Y.chunks(4).zip(Y_REVERSE.chunks(4)).flat_map(|(a, b)| [a, b].concat());
        near(&all[0].1, &steps.collect::<Vec<_>>());
        near(&all[2].1, &[Y_C, Y_C_REVERSE].concat());
    }

    #[test]
    fn the_batch_may_come_first() {
        // Of [steps, 2, width], the two sequences one after the other.
        let sequences = |list: &[f64], width: usize| -> Vec<f64> {
            let of = |b: usize| list.chunks(width).skip(b).step_by(2).flatten().copied();
            of(0).chain(of(1)).collect()
        };
        let mut args = args();
        args[0] = Arg::Input(&[2, 3, 1], sequences(X, 1).leak());
        // A state of one direction is the same list either way.
        args[5] = Arg::Floats(&[2, 1, 2], H0);
        args[6] = Arg::Floats(&[2, 1, 2], C0);
        let all = all_floats("LSTM", 17, &[("layout", Attr::Int(1))], &args, 3);
        assert!(all[0].0 == [2, 3, 1, 2] && all[1].0 == [2, 1, 2]);
        near(&all[0].1, &sequences(Y, 2));
        near(&all[2].1, Y_C);
    }

    #[test]
    fn constants_fold() {
        let mut args = args();
        args[0] = Arg::Floats(&[3, 2, 1], X);
        near(&floats("LSTM", 17, &[], &args).1, Y);
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        let with = |i: usize, arg: Arg<'static>| {
            let mut args = args();
            args.resize(8, Arg::Absent);
            args[i] = arg;
            args
        };
        let fail = |attrs: &[(&str, Attr)], args: &[Arg<'_>], text| fails("LSTM", 17, attrs, args, text);
        fail(&[("clip", Attr::Float(1.0))], &args(), "attribute 'clip' is not supported");
        fail(&[("input_forget", Attr::Int(1))], &args(), "'input_forget' is not supported");
        fail(&[("direction", Attr::Text("up"))], &args(), "attribute 'direction' is 'up'");
        fail(&[("hidden_size", Attr::Int(3))], &args(), "attribute 'hidden_size' is not 2");
        let names = ("activations", Attr::Texts(&["Sigmoid", "Tanh", "Affine"]));
        fail(&[names], &args(), "names 'Affine'; 'Relu', 'Sigmoid' and 'Tanh' are known");
        fail(&[("activations", Attr::Texts(&["Tanh"]))], &args(), "must name 3, and names 1");
        fail(&[], &with(7, Arg::Floats(&[1, 6], &[0.5; 6])), "input 7, peepholes, is not supported");
        fail(&[], &with(4, Arg::List(&[3, 2])), "input 4 gives sequences shorter than the tensor");
        fail(&[], &with(1, Arg::Floats(&[1, 4, 2], W)), "input 1 must have shape [1, 8, 1]");
        fail(&[], &with(5, Arg::Floats(&[1, 1, 2], &H0[..2])), "input 5 must have shape [1, 2, 2]");
        fail(&[], &with(2, Arg::Floats(&[1, 0, 0], &[])), "input 2 must have three axes");
        fail(&[], &with(0, Arg::Input(&[6, 1], X)), "the input must have three axes");
        near(&floats("LSTM", 17, &[], &with(7, Arg::Floats(&[1, 6], &[0.0; 6]))).1, Y);
    }
}
