//! Conv, as a constant matrix from each window to the maps or, where that has fewer weights, from all of the input to all
//! of the output.

use super::{
    Operator,
    windows::{Windows, charge_matrix},
};
use crate::{
    graph::{Matrix, NodeId, ZERO},
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
        tensor,
    },
};
use std::iter::repeat_n;

pub(super) const CONV: Operator =
    Operator::new("Conv", import).limited(
        "constant weights; inputs times outputs at most 2^23, or window by window: one group, and the product of all \
         spatial axes but the last a power of two",
    );

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
    call.charge(tensor::count(&[shape[0], height])?)?;
    let addends = match call.optional_floats(2)? {
        None => vec![0.0; maps],
        Some(b) => {
            let list = b.as_floats().filter(|list| list.len() == maps);
            list.ok_or_else(|| Problem::Shape(format!("the bias must hold {maps} numbers")))?.to_vec()
        }
    };
    let alone = shape[0] == 1 && groups == 1;
    if alone && by_window(&windows, &shape).is_some_and(|cells| cells.saturating_mul(2) <= height * width) {
        let y = patches(call, x, &windows, depth)?;
        let padded = taps.next_power_of_two();
        let rows = data.chunks(taps).flat_map(|w| w.iter().copied().chain(repeat_n(0.0, padded - taps)));
        let weight = Matrix::new(maps, depth * padded, rows.collect())?;
        let y = call.builder.linear(y, weight, addends)?;
        let y = call.builder.transpose(y, &[1, 0])?;
        let shape = [&[1, maps][..], &windows.to].concat();
        return Ok(vec![Value::Node(call.builder.reshape(y, &shape)?)]);
    }
    charge_matrix(call, height, width)?;
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

/// The cells it takes to convolve window by window: those of the windows' elements, twice, and of the matrix that says
/// which these are. None where the padding of the input does not keep its channels apart.
fn by_window(windows: &Windows, shape: &[usize]) -> Option<usize> {
    let log = |n: usize| n.next_power_of_two().trailing_zeros();
    let [rows @ .., last] = &windows.from[..] else { return None };
    let rows: usize = rows.iter().product();
    let apart = shape[1] == 1 || rows.is_power_of_two();
    let places = log(rows) + log(*last) + log(windows.outputs()) + log(windows.taps());
    let elements = windows.outputs() * shape[1] * windows.taps().next_power_of_two();
    (apart && places <= MAX_PLACES).then(|| (1usize << places).saturating_add(2 * elements))
}

/// Log2 of the largest matrix that says which elements a window has.
const MAX_PLACES: u32 = 20;

/// The elements of each window, channel by channel, each with as many zeros as a power of two leaves room for.
fn patches(call: &mut Call<'_>, x: NodeId, windows: &Windows, channels: usize) -> Result<NodeId, Problem> {
    let padded = windows.taps().next_power_of_two();
    let shape = [windows.outputs(), channels * padded];
    call.charge(tensor::count(&shape)?.saturating_mul(2))?;
    let mut index = vec![ZERO; shape[0] * shape[1]];
    for ((inside, _), row) in windows.each().zip(index.chunks_mut(shape[1])) {
        for (channel, taps) in row.chunks_mut(padded).enumerate() {
            inside.iter().for_each(|(place, j)| taps[*place] = (0, (channel * windows.inputs() + j) as u32));
        }
    }
    Ok(call.builder.rearrange(&[x], &index, &shape)?)
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats, graph_of};

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
    fn window_by_window_is_the_same() {
        // Three channels of eight steps to four maps: 32 by 24 weights, or 12 by 4 and where they go.
        let x: Vec<f64> = (0..48).map(|i| f64::from(i * 7 % 11) - 4.0).collect();
        let w: Vec<f64> = (0..36).map(|i| f64::from(i * 5 % 7) - 2.0).collect();
        let attrs = [("pads", Attr::Ints(&[1, 1]))];
        let (x, w) = (Arg::Input(&[1, 3, 16], &x), Arg::Floats(&[4, 3, 3], &w));
        let (shape, y) = floats("Conv", 11, &attrs, &[x.clone(), w.clone(), Arg::Floats(&[4], &[0.5; 4])]);
        assert_eq!(shape, [1, 4, 16]);
        let (Arg::Input(_, x), Arg::Floats(_, w)) = (&x, &w) else { panic!("as above") };
        for (i, y) in y.iter().enumerate() {
            let (map, step) = (i / 16, i % 16);
            let taps = (0..9).filter_map(|k| {
                let at = (step + k % 3).checked_sub(1).filter(|at| *at < 16)?;
                Some(w[map * 9 + k] * x[k / 3 * 16 + at])
            });
            assert!((taps.sum::<f64>() + 0.5 - y).abs() < 1e-12, "{i}");
        }
        let graph = graph_of("Conv", 11, &attrs, &[Arg::Input(&[1, 3, 16], x), Arg::Floats(&[4, 3, 3], w)]);
        assert_eq!(graph.parameters(), 4 * 3 * 4 + 4);
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
        let wide = Arg::Input(&[1, 1, 4096], &[0.0; 4096]);
        fails("Conv", 11, &[], &[wide, Arg::Floats(&[1, 1, 2], &[1.0; 2])], "4096 inputs to 4095 outputs");
    }
}
