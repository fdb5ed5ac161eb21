//! New shapes for the same elements: Flatten, Reshape, Squeeze and Unsqueeze.

use super::Operator;
use crate::onnx::{
    Problem,
    call::{Call, Outcome, axis},
    tensor,
};

pub(super) const FLATTEN: Operator = Operator::new("Flatten", flatten);

fn flatten(call: &mut Call<'_>) -> Outcome {
    let x = call.input(0)?;
    let shape = call.shape(&x)?;
    let at = call.int("axis")?.unwrap_or(1);
    // The axis may be the rank, one past the last.
    let at = if at == shape.len() as i64 { shape.len() } else { axis(at, shape.len())? };
    let sides = vec![shape[..at].iter().product(), shape[at..].iter().product()];
    Ok(vec![call.reshape(&x, sides)?])
}

pub(super) const RESHAPE: Operator = Operator::new("Reshape", reshape).limited("constant shape");

fn reshape(call: &mut Call<'_>) -> Outcome {
    let x = call.input(0)?;
    let shape = call.shape(&x)?;
    let target = call.ints(1)?;
    let keep_zero = call.flag("allowzero")?;
    let cannot = || Problem::Shape(format!("cannot reshape {shape:?} to {target:?}"));
    let mut sides = Vec::with_capacity(target.len());
    let mut free = None;
    for (i, d) in target.iter().enumerate() {
        sides.push(match d {
            0 if !keep_zero => *shape.get(i).ok_or_else(cannot)?,
            -1 if free.is_none() => {
                free = Some(i);
                1
            }
            d => usize::try_from(*d).map_err(|_| cannot())?,
        });
    }
    if let Some(free) = free {
        let total: usize = shape.iter().product();
        let known =
            sides.iter().try_fold(1usize, |n, d| n.checked_mul(*d)).filter(|n| *n > 0).ok_or_else(cannot)?;
        sides[free] = total / known;
    }
    Ok(vec![call.reshape(&x, sides)?])
}

pub(super) const SQUEEZE: Operator = Operator::new("Squeeze", squeeze).limited("constant axes");

fn squeeze(call: &mut Call<'_>) -> Outcome {
    let x = call.input(0)?;
    let shape = call.shape(&x)?;
    let dropped: Vec<usize> = match axes(call)? {
        Some(axes) => axes.iter().map(|a| axis(*a, shape.len())).collect::<Result<_, _>>()?,
        None => (0..shape.len()).filter(|a| shape[*a] == 1).collect(),
    };
    if let Some(a) = dropped.iter().find(|a| shape[**a] != 1) {
        return Err(Problem::Shape(format!(
            "axis {a} of shape {shape:?} cannot be dropped: its length is not 1"
        )));
    }
    let kept = (0..shape.len()).filter(|a| !dropped.contains(a)).map(|a| shape[a]).collect();
    Ok(vec![call.reshape(&x, kept)?])
}

pub(super) const UNSQUEEZE: Operator = Operator::new("Unsqueeze", unsqueeze).limited("constant axes");

fn unsqueeze(call: &mut Call<'_>) -> Outcome {
    let x = call.input(0)?;
    let shape = call.shape(&x)?;
    let axes = axes(call)?.ok_or(Problem::MissingAttribute("axes"))?;
    let rank = shape.len() + axes.len();
    // Too many axes are refused before they are put in one by one.
    tensor::count(&vec![1; rank])?;
    let mut added: Vec<usize> = axes.iter().map(|a| axis(*a, rank)).collect::<Result<_, _>>()?;
    added.sort_unstable();
    if added.windows(2).any(|w| w[0] == w[1]) {
        return Err(Problem::Shape(format!("the axes {axes:?} repeat one")));
    }
    let mut sides = shape;
    added.iter().for_each(|a| sides.insert(*a, 1));
    Ok(vec![call.reshape(&x, sides)?])
}

/// The axes: an attribute before opset 13, the second input since.
fn axes(call: &Call<'_>) -> Result<Option<Vec<i64>>, Problem> {
    if call.opset < 13 { call.int_list("axes") } else { call.optional_ints(1) }
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    fn x() -> Arg<'static> {
        Arg::Input(&[1, 2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    }

    fn shape(op: &str, opset: i64, attrs: &[(&str, Attr)], ints: &[i64]) -> Vec<usize> {
        let inputs = if ints.is_empty() { vec![x()] } else { vec![x(), Arg::List(ints)] };
        let (shape, data) = floats(op, opset, attrs, &inputs);
        assert_eq!(data, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        shape
    }

    #[test]
    fn targets_with_zero_and_minus_one() {
        assert_eq!(shape("Reshape", 13, &[], &[0, -1]), [1, 6]);
        assert_eq!(shape("Reshape", 13, &[], &[3, 2]), [3, 2]);
        for bad in [&[-1, -1][..], &[5], &[-2], &[4, -1], &[1, 1, 1, 0]] {
            fails("Reshape", 13, &[], &[x(), Arg::List(bad)], "cannot reshape");
        }
        fails("Reshape", 13, &[], &[x(), Arg::List(&[i64::MAX, 2, -1])], "too large");
        fails("Reshape", 14, &[("allowzero", Attr::Int(1))], &[x(), Arg::List(&[0, 6])], "cannot reshape");
    }

    #[test]
    fn flatten_squeeze_and_unsqueeze() {
        assert_eq!(shape("Flatten", 13, &[], &[]), [1, 6]);
        assert_eq!(shape("Flatten", 13, &[("axis", Attr::Int(3))], &[]), [6, 1]);
        assert_eq!(shape("Flatten", 13, &[("axis", Attr::Int(-1))], &[]), [2, 3]);
        assert_eq!(shape("Squeeze", 11, &[("axes", Attr::Ints(&[0]))], &[]), [2, 3]);
        assert_eq!(shape("Squeeze", 13, &[], &[-3]), [2, 3]);
        assert_eq!(shape("Squeeze", 13, &[], &[]), [2, 3]);
        assert_eq!(shape("Unsqueeze", 11, &[("axes", Attr::Ints(&[0, -1]))], &[]), [1, 1, 2, 3, 1]);
        assert_eq!(shape("Unsqueeze", 13, &[], &[2]), [1, 2, 1, 3]);
        fails("Squeeze", 13, &[], &[x(), Arg::List(&[1])], "cannot be dropped");
        fails("Unsqueeze", 13, &[], &[x(), Arg::List(&[1, 1])], "repeat one");
        fails("Unsqueeze", 13, &[], &[x()], "'axes' is missing");
        fails("Flatten", 13, &[("axis", Attr::Int(4))], &[x()], "out of range");
    }
}
