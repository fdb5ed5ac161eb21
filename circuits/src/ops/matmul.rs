//! MatMul with a constant on either side.

use super::{Operator, dense::dense};
use crate::onnx::{
    Problem,
    call::{Call, Outcome, Value},
    tensor::ConstTensor,
};

pub(super) const MAT_MUL: Operator = Operator::new("MatMul", import)
    .limited("one operand constant: a vector, or a matrix with no axes before it but 1s");

fn import(call: &mut Call<'_>) -> Outcome {
    let (a, b) = (call.input(0)?, call.input(1)?);
    let product = match (&a, &b) {
        (Value::Node(x), Value::Const(w)) => {
            let rank = call.builder.shape(*x)?.len();
            let (w, vector) = matrix(w, false, rank)?;
            let y = dense(call, *x, &w, false, 1.0, None)?;
            if vector { drop_axis(call, y, true)? } else { y }
        }
        (Value::Const(w), Value::Node(x)) => {
            // (W X)' = X' W': the last two axes change places before and after.
            let shape = call.builder.shape(*x)?.to_vec();
            let (w, vector) = matrix(w, true, shape.len())?;
            match shape.len() {
                0 => return Err(Problem::Shape("a scalar cannot be multiplied as a matrix".into())),
                1 => {
                    let y = dense(call, *x, &w, true, 1.0, None)?;
                    if vector { drop_axis(call, y, true)? } else { y }
                }
                rank => {
                    let mut perm: Vec<usize> = (0..rank).collect();
                    perm.swap(rank - 2, rank - 1);
                    let y = call.builder.transpose(*x, &perm)?;
                    let y = dense(call, y, &w, true, 1.0, None)?;
                    let y = call.builder.transpose(y, &perm)?;
                    if vector { drop_axis(call, y, false)? } else { y }
                }
            }
        }
        (Value::Const(_), _) => return Err(Problem::NeedsActivation(0)),
        _ => return Err(Problem::Unsupported("the product of two computed tensors is not supported".into())),
    };
    Ok(vec![Value::Node(product)])
}

/// The constant factor as a matrix, and whether it was a vector; `left` says on which side it stands. `rank` is that of
/// the other factor, which the constant's must not exceed.
fn matrix(w: &ConstTensor, left: bool, rank: usize) -> Result<(ConstTensor, bool), Problem> {
    let shape = match w.shape.as_slice() {
        [n] if left => vec![1, *n],
        [n] => vec![*n, 1],
        [lead @ .., m, n] if lead.iter().all(|d| *d == 1) && (lead.is_empty() || w.shape.len() <= rank) => {
            vec![*m, *n]
        }
        shape => {
            return Err(Problem::Unsupported(format!(
                "the constant factor has shape {shape:?}; a vector, a matrix, or a matrix with leading 1s is supported"
            )));
        }
    };
    Ok((ConstTensor { shape, data: w.data.clone() }, w.shape.len() == 1))
}

/// Drops the last axis, or the one before, which has length 1.
fn drop_axis(
    call: &mut Call<'_>,
    y: crate::graph::NodeId,
    last: bool,
) -> Result<crate::graph::NodeId, Problem> {
    let mut shape = call.builder.shape(y)?.to_vec();
    shape.remove(shape.len() - if last { 1 } else { 2 });
    Ok(call.builder.reshape(y, &shape)?)
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, fails, floats};

    const W: &[f64] = &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

    #[test]
    fn constants_on_either_side() {
        let x = || Arg::Input(&[1, 2, 2], &[1.0, 0.0, 1.0, 1.0]);
        let right = floats("MatMul", 13, &[], &[x(), Arg::Floats(&[2, 3], W)]);
        assert_eq!(right, (vec![1, 2, 3], vec![1.0, 2.0, 3.0, 5.0, 7.0, 9.0]));
        let left = floats("MatMul", 13, &[], &[Arg::Floats(&[3, 2], W), x()]);
        assert_eq!(left, (vec![1, 3, 2], vec![3.0, 2.0, 7.0, 4.0, 11.0, 6.0]));
        let lead = floats("MatMul", 13, &[], &[x(), Arg::Floats(&[1, 2, 3], W)]);
        assert_eq!(lead, right);
    }

    #[test]
    fn vectors_lose_their_axis() {
        let v = || Arg::Floats(&[2], &[1.0, 2.0]);
        let x = || Arg::Input(&[2, 2], &[1.0, 0.0, 1.0, 1.0]);
        assert_eq!(floats("MatMul", 13, &[], &[x(), v()]), (vec![2], vec![1.0, 3.0]));
        assert_eq!(floats("MatMul", 13, &[], &[v(), x()]), (vec![2], vec![3.0, 2.0]));
        let u = || Arg::Input(&[2], &[1.0, 1.0]);
        assert_eq!(floats("MatMul", 13, &[], &[u(), v()]), (vec![], vec![3.0]));
        assert_eq!(
            floats("MatMul", 13, &[], &[Arg::Floats(&[3, 2], W), u()]),
            (vec![3], vec![3.0, 7.0, 11.0])
        );
        let c = Arg::Floats(&[2, 2], &[1.0, 0.0, 1.0, 1.0]);
        assert_eq!(floats("MatMul", 13, &[], &[c, v()]), (vec![2], vec![1.0, 3.0]));
    }

    #[test]
    fn batches_and_mismatches_are_refused() {
        let x = || Arg::Input(&[2, 2], &[1.0, 0.0, 1.0, 1.0]);
        fails("MatMul", 13, &[], &[x(), x()], "two computed tensors");
        fails("MatMul", 13, &[], &[x(), Arg::Floats(&[2, 2, 1], &[0.0; 4])], "leading 1s");
        fails("MatMul", 13, &[], &[x(), Arg::Floats(&[3, 2], W)], "last axis");
        fails("MatMul", 13, &[], &[x(), Arg::Floats(&[], &[1.0])], "leading 1s");
    }
}
