//! MaxPool and GlobalMaxPool: the elements of each window side by side, and their maximum.

use super::{
    Operator,
    windows::{Windows, spatial},
};
use crate::onnx::{
    Problem,
    call::{Call, Outcome, Value},
    tensor,
};

pub(super) const MAX_POOL: Operator = Operator::new("MaxPool", import).limited("the first output only");

fn import(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let shape = call.builder.shape(x)?.to_vec();
    let kernel = Windows::kernel(call, &shape)?;
    let round_up = call.flag("ceil_mode")?;
    let windows = Windows::of(call, &shape, kernel, round_up)?;
    let (inputs, outputs, taps) = (windows.inputs(), windows.outputs(), windows.taps());
    let rows = shape[0] * shape[1];
    // The windows, and about three times as much for the maximum by halving.
    call.charge(rows.saturating_mul(outputs).saturating_mul(taps).saturating_mul(4))?;
    let mut index = Vec::with_capacity(outputs * taps);
    for (inside, _) in windows.each() {
        // Beyond the border an element of the window is repeated, which changes no maximum.
        let (_, first) = *inside.first().ok_or_else(|| {
            Problem::Unsupported("a window lies wholly in the padding; pad by less than the window".into())
        })?;
        let missing = taps - inside.len();
        index.extend(inside.iter().map(|(_, j)| *j).chain(std::iter::repeat_n(first, missing)));
    }
    let index: Vec<usize> = (0..rows).flat_map(|row| index.iter().map(move |j| row * inputs + j)).collect();
    let y = call.builder.select(x, &index, &[rows, outputs, taps])?;
    let y = call.builder.max_last(y)?;
    let shape = [&shape[..2], &windows.to].concat();
    Ok(vec![Value::Node(call.builder.reshape(y, &shape)?)])
}

pub(super) const GLOBAL_MAX_POOL: Operator = Operator::new("GlobalMaxPool", global);

fn global(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let shape = call.builder.shape(x)?.to_vec();
    let inputs = spatial(&shape)?.iter().product();
    call.charge(tensor::count(&shape)?.saturating_mul(4))?;
    let y = call.builder.reshape(x, &[shape[0], shape[1], inputs])?;
    let y = call.builder.max_last(y)?;
    let ones: Vec<usize> = shape.iter().enumerate().map(|(i, d)| if i < 2 { *d } else { 1 }).collect();
    Ok(vec![Value::Node(call.builder.reshape(y, &ones)?)])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    const X: &[f64] = &[3.0, -1.0, -2.0, 5.0, 4.0];

    fn one_axis(attrs: &[(&'static str, Attr)]) -> Vec<f64> {
        let kernel = ("kernel_shape", Attr::Ints(&[2]));
        let (shape, y) = floats("MaxPool", 12, &[&[kernel], attrs].concat(), &[Arg::Input(&[1, 1, 5], X)]);
        assert_eq!(shape, [1, 1, y.len()]);
        y
    }

    #[test]
    fn windows_along_an_axis() {
        let by_two = ("strides", Attr::Ints(&[2]));
        assert_eq!(one_axis(&[]), [3.0, -1.0, 5.0, 5.0]);
        assert_eq!(one_axis(std::slice::from_ref(&by_two)), [3.0, 5.0]);
        assert_eq!(one_axis(&[by_two.clone(), ("ceil_mode", Attr::Int(1))]), [3.0, 5.0, 4.0]);
        assert_eq!(one_axis(&[by_two.clone(), ("pads", Attr::Ints(&[1, 0]))]), [3.0, -1.0, 5.0]);
        assert_eq!(one_axis(&[("dilations", Attr::Ints(&[3]))]), [5.0, 4.0]);
        assert_eq!(one_axis(&[by_two.clone(), ("auto_pad", Attr::Text("VALID"))]), [3.0, 5.0]);
        assert_eq!(one_axis(&[by_two.clone(), ("auto_pad", Attr::Text("SAME_UPPER"))]), [3.0, 5.0, 4.0]);
        assert_eq!(one_axis(&[by_two, ("auto_pad", Attr::Text("SAME_LOWER"))]), [3.0, -1.0, 5.0]);
    }

    #[test]
    fn a_window_that_starts_beyond_the_input_is_left_out() {
        let attrs =
            [("strides", Attr::Ints(&[3])), ("pads", Attr::Ints(&[1, 1])), ("ceil_mode", Attr::Int(1))];
        assert_eq!(one_axis(&attrs), [3.0, 5.0]);
    }

    #[test]
    fn planes_and_channels() {
        let x =
            || Arg::Input(&[1, 2, 2, 3], &[1.0, 2.0, 3.0, 6.0, 5.0, 4.0, -1.0, -2.0, -3.0, -9.0, -8.0, -7.0]);
        let kernel = [("kernel_shape", Attr::Ints(&[2, 2]))];
        assert_eq!(floats("MaxPool", 12, &kernel, &[x()]), (vec![1, 2, 1, 2], vec![6.0, 5.0, -1.0, -2.0]));
        assert_eq!(floats("GlobalMaxPool", 12, &[], &[x()]), (vec![1, 2, 1, 1], vec![6.0, -1.0]));
        fails("GlobalMaxPool", 12, &[], &[Arg::Input(&[1, 3], &[0.0; 3])], "no axis after");
    }

    #[test]
    fn unfit_windows_are_refused() {
        let with = |attrs: &[(&'static str, Attr)], expected: &str| {
            fails("MaxPool", 12, attrs, &[Arg::Input(&[1, 1, 5], X)], expected);
        };
        let kernel = |k| ("kernel_shape", Attr::Ints(k));
        with(&[], "'kernel_shape' is missing");
        with(&[kernel(&[2, 2])], "must be 1 numbers from 1");
        with(&[kernel(&[0])], "must be 1 numbers from 1");
        with(&[kernel(&[6])], "spans 6 elements and the padded axis has 5");
        with(&[kernel(&[2]), ("strides", Attr::Ints(&[-1]))], "must be 1 numbers from 1");
        with(&[kernel(&[2]), ("pads", Attr::Ints(&[1]))], "must be 2 numbers from 0");
        with(&[kernel(&[2]), ("pads", Attr::Ints(&[2, 0]))], "wholly in the padding");
        with(&[kernel(&[2]), ("auto_pad", Attr::Text("ALL"))], "unknown value 'ALL'");
        with(&[kernel(&[1 << 26]), ("pads", Attr::Ints(&[1 << 26, 0]))], "expands to more");
        with(&[kernel(&[1 << 26]), ("dilations", Attr::Ints(&[1 << 26]))], "spans");
    }
}
