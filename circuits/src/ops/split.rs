//! Split: lengths are an attribute before opset 13, a constant input since, or equal parts.

use super::Operator;
use crate::{
    graph::layout,
    onnx::{
        Problem,
        call::{Call, Outcome, axis},
        tensor,
    },
};

pub(super) const SPLIT: Operator = Operator::new("Split", import).limited("constant sizes");

fn import(call: &mut Call<'_>) -> Outcome {
    let x = call.input(0)?;
    let shape = call.shape(&x)?;
    let at = axis(call.int("axis")?.unwrap_or(0), shape.len())?;
    let lengths = if call.opset < 13 { call.int_list("split")? } else { call.optional_ints(1)? };
    let lengths: Vec<usize> = match lengths {
        Some(lengths) => {
            let convert = |l: &i64| usize::try_from(*l).ok();
            let lengths: Option<Vec<_>> = lengths.iter().map(convert).collect();
            lengths.ok_or_else(|| Problem::Shape("a length is negative".into()))?
        }
        None => {
            let parts = call.node.output.len().max(1);
            let length = shape[at].div_ceil(parts);
            (0..parts).map(|i| length.min(shape[at].saturating_sub(i * length))).collect()
        }
    };
    let total = lengths.iter().try_fold(0usize, |n, l| n.checked_add(*l));
    if total != Some(shape[at]) {
        return Err(Problem::Shape(format!(
            "lengths {lengths:?} do not add up to axis {at} of shape {shape:?}"
        )));
    }
    call.charge(tensor::count(&shape)?)?;
    let strides: Vec<isize> = layout::strides(&shape).into_iter().map(|s| s as isize).collect();
    let mut start = 0;
    let mut parts = Vec::with_capacity(lengths.len());
    for length in lengths {
        let mut part = shape.clone();
        part[at] = length;
        let index = layout::walk(&part, &strides, start * strides[at] as usize);
        parts.push(call.select(&x, &index, part)?);
        start += length;
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, all_floats, fails};

    #[test]
    fn parts_of_given_and_of_equal_length() {
        let x = || Arg::Input(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let at = ("axis", Attr::Int(1));
        let given = all_floats("Split", 13, std::slice::from_ref(&at), &[x(), Arg::List(&[1, 2])], 2);
        assert_eq!(given, [(vec![2, 1], vec![1.0, 4.0]), (vec![2, 2], vec![2.0, 3.0, 5.0, 6.0])]);
        let attr = all_floats("Split", 11, &[at.clone(), ("split", Attr::Ints(&[1, 2]))], &[x()], 2);
        assert_eq!(attr, given);
        let equal = all_floats("Split", 18, &[at.clone(), ("num_outputs", Attr::Int(2))], &[x()], 2);
        assert_eq!(equal, [(vec![2, 2], vec![1.0, 2.0, 4.0, 5.0]), (vec![2, 1], vec![3.0, 6.0])]);
        fails("Split", 13, std::slice::from_ref(&at), &[x(), Arg::List(&[1, 1])], "do not add up");
        fails("Split", 13, &[at], &[x(), Arg::List(&[-1, 4])], "negative");
    }
}
