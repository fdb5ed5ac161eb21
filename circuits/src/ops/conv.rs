//! Conv, as one constant matrix from all of the input to all of the output.

use super::{
    Operator,
    windows::{Windows, charge_matrix},
};
use crate::{
    graph::Matrix,
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
        tensor,
    },
};

pub(super) const CONV: Operator =
    Operator::new("Conv", import).limited("constant weights; inputs times outputs at most 2^21");

fn import(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let shape = call.builder.shape(x)?.to_vec();
    let weight = call.optional_floats(1)?.ok_or(Problem::MissingInput(1))?;
    let data = weight.as_floats().unwrap_or_default();
    let [maps, depth, kernel @ ..] = weight.shape.as_slice() else {
        return Err(Problem::Shape(format!("the weights' shape {:?} has less than two axes", weight.shape)));
    };
    let (maps, depth) = (*maps, *depth);
    let groups = call.int("group")?.unwrap_or(1);
    let fit = |groups: &usize| {
        *groups > 0 && maps % groups == 0 && depth.checked_mul(*groups) == shape.get(1).copied()
    };
    let groups = usize::try_from(groups).ok().filter(fit).filter(|_| maps > 0).ok_or_else(|| {
        Problem::Shape(format!(
            "weights of shape {:?} in {groups} groups do not fit an input of shape {shape:?}",
            weight.shape
        ))
    })?;
    if call.int_list("kernel_shape")?.is_some() && Windows::kernel(call, &shape)? != kernel {
        return Err(Problem::attribute("kernel_shape", format!("is not that of the weights, {kernel:?}")));
    }
    let windows = Windows::of(call, &shape, kernel.to_vec(), false)?;
    let (inputs, outputs, taps) = (windows.inputs(), windows.outputs(), windows.taps());
    let (width, height) = (shape[1] * inputs, maps.saturating_mul(outputs));
    charge_matrix(call, height, width)?;
    call.charge(tensor::count(&[shape[0], height])?)?;
    let addends = match call.optional_floats(2)? {
        None => vec![0.0; maps],
        Some(b) => {
            let list = b.as_floats().filter(|list| list.len() == maps);
            list.ok_or_else(|| Problem::Shape(format!("the bias must hold {maps} numbers")))?.to_vec()
        }
    };
    let mut cells = vec![0.0; height * width];
    for (o, (inside, _)) in windows.each().enumerate() {
        for (map, weights) in data.chunks(depth * taps).enumerate() {
            let row = &mut cells[(map * outputs + o) * width..][..width];
            // A group of maps reads as many channels as the weights are deep.
            let first = map / (maps / groups) * depth;
            for (channel, weights) in weights.chunks(taps).enumerate() {
                let row = &mut row[(first + channel) * inputs..][..inputs];
                inside.iter().for_each(|(place, j)| row[*j] = weights[*place]);
            }
        }
    }
    let bias = (0..height).map(|i| addends[i / outputs]).collect();
    let y = call.builder.reshape(x, &[shape[0], width])?;
    let y = call.builder.linear(y, Matrix::new(height, width, cells)?, bias)?;
    let shape = [&[shape[0], maps][..], &windows.to].concat();
    Ok(vec![Value::Node(call.builder.reshape(y, &shape)?)])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    #[test]
    fn along_an_axis() {
        let x = || Arg::Input(&[1, 1, 4], &[1.0, 2.0, 4.0, 8.0]);
        let w = || Arg::Floats(&[2, 1, 2], &[1.0, 10.0, 0.0, -1.0]);
        let y = floats("Conv", 11, &[], &[x(), w(), Arg::Floats(&[2], &[0.5, 0.0])]);
        assert_eq!(y, (vec![1, 2, 3], vec![21.5, 42.5, 84.5, -2.0, -4.0, -8.0]));
        let attrs = [("strides", Attr::Ints(&[2])), ("auto_pad", Attr::Text("SAME_LOWER"))];
        assert_eq!(floats("Conv", 11, &attrs, &[x(), w()]).1, [21.0, 84.0, -2.0, -8.0]);
        let attrs = [("dilations", Attr::Ints(&[2])), ("pads", Attr::Ints(&[0, 1]))];
        assert_eq!(floats("Conv", 11, &attrs, &[x(), w()]).1, [41.0, 82.0, 4.0, -4.0, -8.0, 0.0]);
    }

    #[test]
    fn planes_and_groups() {
        let x = || Arg::Input(&[1, 2, 2, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let all = Arg::Floats(&[1, 2, 2, 2], &[1.0, 0.0, 0.0, 1.0, 0.0, 10.0, 100.0, 0.0]);
        let kernel = [("kernel_shape", Attr::Ints(&[2, 2]))];
        assert_eq!(floats("Conv", 11, &kernel, &[x(), all]), (vec![1, 1, 1, 1], vec![765.0]));
        let each = Arg::Floats(&[2, 1, 1, 2], &[1.0, 1.0, 1.0, -1.0]);
        let two = [("group", Attr::Int(2))];
        assert_eq!(floats("Conv", 11, &two, &[x(), each]), (vec![1, 2, 2, 1], vec![3.0, 7.0, -1.0, -1.0]));
    }

    #[test]
    fn unfit_weights_and_large_convolutions_are_refused() {
        let x = || Arg::Input(&[1, 2, 3], &[0.0; 6]);
        let w = || Arg::Floats(&[1, 2, 1], &[0.0; 2]);
        let group = |n| [("group", Attr::Int(n))];
        fails("Conv", 11, &[], &[x()], "input 1 is missing");
        fails("Conv", 11, &[], &[x(), x()], "must be constant");
        fails("Conv", 11, &[], &[x(), Arg::Floats(&[2], &[0.0; 2])], "less than two axes");
        fails("Conv", 11, &[], &[x(), Arg::Floats(&[1, 2], &[0.0; 2])], "does not fit 1 spatial");
        fails("Conv", 11, &[], &[x(), Arg::Floats(&[0, 2, 1], &[])], "do not fit");
        fails("Conv", 11, &[], &[x(), Arg::Floats(&[1, 2, 0], &[])], "does not fit 1 spatial");
        fails("Conv", 11, &group(0), &[x(), w()], "in 0 groups do not fit");
        fails("Conv", 11, &group(2), &[x(), w()], "in 2 groups do not fit");
        fails("Conv", 11, &[("kernel_shape", Attr::Ints(&[2]))], &[x(), w()], "not that of the weights, [1]");
        fails("Conv", 11, &[], &[x(), w(), Arg::Floats(&[2], &[0.0; 2])], "must hold 1 numbers");
        let wide = Arg::Input(&[1, 1, 2048], &[0.0; 2048]);
        fails("Conv", 11, &[], &[wide, Arg::Floats(&[1, 1, 1], &[1.0])], "2048 inputs to 2048 outputs");
    }
}
