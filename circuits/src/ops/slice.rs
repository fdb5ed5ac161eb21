//! Slice: bounds are attributes before opset 10, constant inputs since.

use super::Operator;
use crate::{
    graph::layout,
    onnx::{
        Problem,
        call::{Call, Outcome, axis},
        tensor,
    },
};

pub(super) const SLICE: Operator = Operator::new("Slice", import).limited("constant bounds");

fn import(call: &mut Call<'_>) -> Outcome {
    let x = call.input(0)?;
    let mut shape = call.shape(&x)?;
    let (starts, ends, axes, steps) = if call.opset < 10 {
        let list = |name: &'static str| call.int_list(name)?.ok_or(Problem::MissingAttribute(name));
        (list("starts")?, list("ends")?, call.int_list("axes")?, None)
    } else {
        (call.ints(1)?, call.ints(2)?, call.optional_ints(3)?, call.optional_ints(4)?)
    };
    let axes = axes.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let strides = steps.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), strides.len()].iter().any(|n| *n != starts.len()) {
        return Err(Problem::Shape("starts, ends, axes and steps must be of one length".into()));
    }
    let mut steps: Vec<isize> = layout::strides(&shape).into_iter().map(|s| s as isize).collect();
    let mut origin = 0;
    let mut seen = vec![false; shape.len()];
    for (((start, end), at), stride) in starts.iter().zip(&ends).zip(&axes).zip(&strides) {
        let at = axis(*at, shape.len())?;
        if std::mem::replace(&mut seen[at], true) {
            return Err(Problem::Shape(format!("axis {at} is sliced twice")));
        }
        let (first, len) = range(*start, *end, *stride, shape[at] as i64)?;
        origin += first * steps[at] as usize;
        shape[at] = len;
        // With fewer than two elements the step is not taken.
        steps[at] = if len < 2 { 0 } else { steps[at] * *stride as isize };
    }
    call.charge(tensor::count(&shape)?)?;
    let index = layout::walk(&shape, &steps, origin);
    Ok(vec![call.select(&x, &index, shape)?])
}

/// The first position and the number of positions of `start:end:step` in `dim` elements, clamped as numpy does.
fn range(start: i64, end: i64, step: i64, dim: i64) -> Result<(usize, usize), Problem> {
    let from_end = |i: i64| if i < 0 { i.saturating_add(dim) } else { i };
    let (low, high) = if step > 0 { (0, dim) } else { (-1, dim - 1) };
    let (start, end) = (from_end(start).clamp(low, high), from_end(end).clamp(low, high));
    // An end before the first element stays there when counting down.
    let len = match step {
        0 => return Err(Problem::Shape("a slice's step is 0".into())),
        1.. => (end - start).max(0).unsigned_abs().div_ceil(step.unsigned_abs()),
        _ => (start - end).max(0).unsigned_abs().div_ceil(step.unsigned_abs()),
    };
    Ok((usize::try_from(start).unwrap_or(0), len as usize))
}

#[cfg(test)]
mod tests {
    use super::range;
    use crate::onnx::testing::{Arg, Attr, fails, floats, ints};

    #[test]
    fn ranges_clamp() {
        assert_eq!(range(1, 100, 2, 6).unwrap(), (1, 3));
        assert_eq!(range(-1, i64::MIN, -1, 3).unwrap(), (2, 3));
        assert_eq!(range(i64::MAX, i64::MIN, i64::MIN, 3).unwrap(), (2, 1));
        assert_eq!(range(2, 1, 1, 3).unwrap().1, 0);
        assert_eq!(range(0, 5, 1, 0).unwrap().1, 0);
        assert_eq!(range(0, -9, -1, 3).unwrap(), (0, 1));
        assert!(range(0, 1, 0, 3).is_err());
    }

    #[test]
    fn both_spellings() {
        let x = || Arg::Input(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let attrs = [("starts", Attr::Ints(&[1])), ("ends", Attr::Ints(&[-1])), ("axes", Attr::Ints(&[1]))];
        assert_eq!(floats("Slice", 9, &attrs, &[x()]), (vec![2, 1], vec![2.0, 5.0]));
        let list = |v: &'static [i64]| Arg::List(v);
        let inputs = [x(), list(&[1, -1]), list(&[2, -100]), list(&[0, 1]), list(&[1, -2])];
        assert_eq!(floats("Slice", 13, &[], &inputs), (vec![1, 2], vec![6.0, 4.0]));
        assert_eq!(ints("Slice", 13, &[], &[list(&[7, 8, 9]), list(&[1]), list(&[3])]), [8, 9]);
        assert_eq!(ints("Slice", 13, &[], &[list(&[7]), list(&[1]), list(&[3])]), [0; 0]);
        fails("Slice", 13, &[], &[x(), list(&[0]), list(&[1, 1])], "of one length");
        fails("Slice", 13, &[], &[x(), list(&[0, 0]), list(&[1, 1]), list(&[1, 1])], "sliced twice");
        fails("Slice", 13, &[], &[x(), list(&[2]), list(&[1])], "is empty");
    }
}
