//! AveragePool and GlobalAveragePool: one constant matrix over the spatial axes, for all channels.

use super::{
    Operator,
    windows::{Windows, charge_matrix, spatial},
};
use crate::{
    graph::Matrix,
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
        tensor,
    },
};

pub(super) const AVERAGE_POOL: Operator =
    Operator::new("AveragePool", import).limited("inputs times outputs of one channel at most 2^23");

fn import(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let shape = call.builder.shape(x)?.to_vec();
    let kernel = Windows::kernel(call, &shape)?;
    let (round_up, padding) = (call.flag("ceil_mode")?, call.flag("count_include_pad")?);
    let windows = Windows::of(call, &shape, kernel, round_up)?;
    let (inputs, outputs) = (windows.inputs(), windows.outputs());
    charge_matrix(call, outputs, inputs)?;
    call.charge(tensor::count(&[shape[0], shape[1], outputs])?)?;
    let mut cells = vec![0.0; outputs * inputs];
    for ((inside, padded), row) in windows.each().zip(cells.chunks_mut(inputs)) {
        let count = if padding { padded } else { inside.len() };
        if count == 0 {
            return Err(Problem::Unsupported(
                "a window lies wholly in the padding, where there is no average; pad by less than the window"
                    .into(),
            ));
        }
        for (_, j) in inside {
            row[j] = 1.0 / count as f64;
        }
    }
    let y = call.builder.reshape(x, &[shape[0], shape[1], inputs])?;
    let y = call.builder.linear(y, Matrix::new(outputs, inputs, cells)?, vec![0.0; outputs])?;
    let shape = [&shape[..2], &windows.to].concat();
    Ok(vec![Value::Node(call.builder.reshape(y, &shape)?)])
}

pub(super) const GLOBAL_AVERAGE_POOL: Operator = Operator::new("GlobalAveragePool", global);

fn global(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let shape = call.builder.shape(x)?.to_vec();
    let inputs: usize = spatial(&shape)?.iter().product();
    call.charge(tensor::count(&shape)?)?;
    let y = call.builder.reshape(x, &[shape[0], shape[1], inputs])?;
    let y = call.builder.sum_last(y, 1.0 / inputs as f64)?;
    let ones: Vec<usize> = shape.iter().enumerate().map(|(i, d)| if i < 2 { *d } else { 1 }).collect();
    Ok(vec![Value::Node(call.builder.reshape(y, &ones)?)])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    fn one_axis(attrs: &[(&'static str, Attr)]) -> Vec<f64> {
        let attrs = [&[("kernel_shape", Attr::Ints(&[2])), ("strides", Attr::Ints(&[2]))], attrs].concat();
        floats("AveragePool", 19, &attrs, &[Arg::Input(&[1, 1, 5], &[2.0, 4.0, 6.0, 10.0, 8.0])]).1
    }

    #[test]
    fn what_is_counted() {
        let include = ("count_include_pad", Attr::Int(1));
        let before = ("pads", Attr::Ints(&[1, 0]));
        let up = ("ceil_mode", Attr::Int(1));
        assert_eq!(one_axis(&[]), [3.0, 8.0]);
        assert_eq!(one_axis(std::slice::from_ref(&before)), [2.0, 5.0, 9.0]);
        assert_eq!(one_axis(&[before, include.clone()]), [1.0, 5.0, 9.0]);
        // What rounding up adds is neither input nor padding.
        assert_eq!(one_axis(&[up.clone(), include.clone()]), [3.0, 8.0, 8.0]);
        assert_eq!(one_axis(&[("pads", Attr::Ints(&[0, 1])), include]), [3.0, 8.0, 4.0]);
        assert_eq!(one_axis(&[("dilations", Attr::Ints(&[2])), up]), [4.0, 7.0]);
    }

    #[test]
    fn planes_and_channels() {
        let x = || Arg::Input(&[1, 2, 2, 2], &[1.0, 2.0, 3.0, 4.0, 8.0, 6.0, 4.0, 2.0]);
        let wide = [("kernel_shape", Attr::Ints(&[1, 2]))];
        assert_eq!(floats("AveragePool", 12, &wide, &[x()]), (vec![1, 2, 2, 1], vec![1.5, 3.5, 7.0, 3.0]));
        assert_eq!(floats("GlobalAveragePool", 12, &[], &[x()]), (vec![1, 2, 1, 1], vec![2.5, 5.0]));
    }

    #[test]
    fn what_has_no_average_or_is_large_is_refused() {
        let x = Arg::Input(&[1, 1, 2], &[1.0, 2.0]);
        let attrs = [("kernel_shape", Attr::Ints(&[1])), ("pads", Attr::Ints(&[1, 0]))];
        fails("AveragePool", 12, &attrs, &[x], "no average");
        let attrs = [("kernel_shape", Attr::Ints(&[1]))];
        fails("AveragePool", 12, &attrs, &[Arg::Input(&[1, 1, 4096], &[0.0; 4096])], "larger ones come with");
    }
}
