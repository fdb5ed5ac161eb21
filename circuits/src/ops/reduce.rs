//! ReduceL1, ReduceL2, ReduceMax, ReduceMean, ReduceMin, ReduceSum and ReduceSumSquare over any axes.

use super::Operator;
use crate::onnx::{
    Problem,
    call::{Call, Outcome, Value, axis},
    tensor,
};

/// What is made of the elements along the axes.
#[derive(Clone, Copy)]
enum Kind {
    Sum,
    Mean,
    Max,
    Min,
    /// The sum of magnitudes.
    L1,
    /// The root of the sum of squares.
    L2,
    SumSquare,
}

pub(super) const REDUCE_SUM: Operator = Operator::new("ReduceSum", sum).limited("constant axes");

fn sum(call: &mut Call<'_>) -> Outcome {
    reduce(call, 13, Kind::Sum)
}

pub(super) const REDUCE_MEAN: Operator = Operator::new("ReduceMean", mean).limited("constant axes");

fn mean(call: &mut Call<'_>) -> Outcome {
    reduce(call, 18, Kind::Mean)
}

pub(super) const REDUCE_MAX: Operator = Operator::new("ReduceMax", max).limited("constant axes");

fn max(call: &mut Call<'_>) -> Outcome {
    reduce(call, 18, Kind::Max)
}

pub(super) const REDUCE_MIN: Operator = Operator::new("ReduceMin", min).limited("constant axes");

fn min(call: &mut Call<'_>) -> Outcome {
    reduce(call, 18, Kind::Min)
}

pub(super) const REDUCE_L1: Operator = Operator::new("ReduceL1", l1).limited("constant axes");

fn l1(call: &mut Call<'_>) -> Outcome {
    reduce(call, 18, Kind::L1)
}

pub(super) const REDUCE_L2: Operator = Operator::new("ReduceL2", l2).limited("constant axes");

fn l2(call: &mut Call<'_>) -> Outcome {
    reduce(call, 18, Kind::L2)
}

pub(super) const REDUCE_SUM_SQUARE: Operator =
    Operator::new("ReduceSumSquare", sum_square).limited("constant axes");

fn sum_square(call: &mut Call<'_>) -> Outcome {
    reduce(call, 18, Kind::SumSquare)
}

/// The axes are an attribute before opset `by_input`, the second input since.
fn reduce(call: &mut Call<'_>, by_input: i64, kind: Kind) -> Outcome {
    let x = call.activation(0)?;
    let shape = call.builder.shape(x)?.to_vec();
    let axes = if call.opset < by_input { call.int_list("axes")? } else { call.optional_ints(1)? };
    let keep = call.int("keepdims")?.unwrap_or(1) != 0;
    let reduced: Vec<usize> = match axes.filter(|a| !a.is_empty()) {
        Some(axes) => axes.iter().map(|a| axis(*a, shape.len())).collect::<Result<_, _>>()?,
        None if call.flag("noop_with_empty_axes")? => return Ok(vec![Value::Node(x)]),
        None => (0..shape.len()).collect(),
    };
    let kept: Vec<usize> = (0..shape.len()).filter(|a| !reduced.contains(a)).collect();
    let last = (0..shape.len()).filter(|a| reduced.contains(a));
    let perm: Vec<usize> = kept.iter().copied().chain(last).collect();
    let width: usize =
        shape.iter().enumerate().filter(|(a, _)| reduced.contains(a)).map(|(_, d)| d).product();
    // A maximum by halving takes about three tensors of the input's size more.
    call.charge(tensor::count(&shape)?.saturating_mul(4))?;
    let y = call.builder.transpose(x, &perm)?;
    let rows = tensor::count(&shape)? / width;
    let y = call.builder.reshape(y, &[rows, width])?;
    let b = &mut *call.builder;
    let y = match kind {
        Kind::Sum => b.sum_last(y, 1.0)?,
        Kind::Mean => b.sum_last(y, 1.0 / width as f64)?,
        Kind::L1 => {
            let y = b.leaky(y, -1.0)?;
            b.sum_last(y, 1.0)?
        }
        Kind::L2 | Kind::SumSquare => {
            let y = b.mul(y, y)?;
            let y = b.sum_last(y, 1.0)?;
            if matches!(kind, Kind::L2) { b.sqrt(y)? } else { y }
        }
        Kind::Max => b.max_last(y)?,
        Kind::Min => {
            // The least is the greatest of the negatives.
            let y = b.affine(y, -1.0, 0.0)?;
            let y = b.max_last(y)?;
            b.affine(y, -1.0, 0.0)?
        }
    };
    let result: Vec<usize> = if keep {
        shape.iter().enumerate().map(|(a, d)| if reduced.contains(&a) { 1 } else { *d }).collect()
    } else {
        kept.iter().map(|a| shape[*a]).collect()
    };
    Ok(vec![Value::Node(call.builder.reshape(y, &result).map_err(Problem::from)?)])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    #[test]
    fn axes_by_attribute_and_by_input() {
        let x = || Arg::Input(&[1, 2, 2], &[1.0, 2.0, 3.0, 5.0]);
        let last = [("axes", Attr::Ints(&[-1])), ("keepdims", Attr::Int(0))];
        assert_eq!(floats("ReduceSum", 11, &last, &[x()]), (vec![1, 2], vec![3.0, 8.0]));
        assert_eq!(floats("ReduceMean", 17, &last, &[x()]), (vec![1, 2], vec![1.5, 4.0]));
        assert_eq!(floats("ReduceSum", 13, &[], &[x(), Arg::List(&[1])]), (vec![1, 1, 2], vec![4.0, 7.0]));
        assert_eq!(floats("ReduceMean", 18, &[], &[x()]), (vec![1, 1, 1], vec![2.75]));
        assert_eq!(floats("ReduceSum", 13, &[("noop_with_empty_axes", Attr::Int(1))], &[x()]).0, [1, 2, 2]);
        fails("ReduceSum", 13, &[], &[x(), Arg::List(&[3])], "out of range");
    }

    #[test]
    fn norms() {
        let x = || [Arg::Input(&[2, 2], &[3.0, -4.0, 0.0, -2.0])];
        let last = [("axes", Attr::Ints(&[1])), ("keepdims", Attr::Int(0))];
        assert_eq!(floats("ReduceL1", 13, &last, &x()).1, [7.0, 2.0]);
        assert_eq!(floats("ReduceL2", 13, &last, &x()).1, [5.0, 2.0]);
        assert_eq!(floats("ReduceSumSquare", 13, &last, &x()).1, [25.0, 4.0]);
        assert_eq!(floats("ReduceSumSquare", 18, &[], &x()).1, [29.0]);
    }

    #[test]
    fn extremes() {
        let x = || Arg::Input(&[1, 2, 3], &[1.0, -2.0, 3.0, 5.0, 4.0, -6.0]);
        let last = [("axes", Attr::Ints(&[-1])), ("keepdims", Attr::Int(0))];
        assert_eq!(floats("ReduceMax", 11, &last, &[x()]), (vec![1, 2], vec![3.0, 5.0]));
        assert_eq!(floats("ReduceMin", 17, &last, &[x()]), (vec![1, 2], vec![-2.0, -6.0]));
        assert_eq!(
            floats("ReduceMax", 18, &[], &[x(), Arg::List(&[1])]),
            (vec![1, 1, 3], vec![5.0, 4.0, 3.0])
        );
        assert_eq!(floats("ReduceMin", 18, &[], &[x()]), (vec![1, 1, 1], vec![-6.0]));
    }
}
