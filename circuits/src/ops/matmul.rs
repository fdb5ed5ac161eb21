//! MatMul: a product with a constant matrix, or of two computed ones.

use super::{Operator, dense::dense};
use crate::{
    graph::{NodeId, layout},
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
        tensor::{self, ConstTensor},
    },
};

pub(super) const MAT_MUL: Operator = Operator::new("MatMul", import)
    .limited("at most 256 pairs of matrices where one side is constant and has axes before its matrix");

/// The most pairs of a computed and a constant matrix, which are multiplied one by one.
const MAX_PAIRS: usize = 256;

fn import(call: &mut Call<'_>) -> Outcome {
    let (a, b) = (call.input(0)?, call.input(1)?);
    let y = match (&a, &b) {
        (Value::Node(x), Value::Const(w)) => {
            let rank = call.builder.shape(*x)?.len();
            let Some((w, vector)) = matrix(w, false, rank)? else { return by_pairs(call, &a, &b) };
            let y = dense(call, *x, &w, false, 1.0, None)?;
            if vector { drop_axis(call, y, true)? } else { y }
        }
        (Value::Const(w), Value::Node(x)) => {
            let rank = call.builder.shape(*x)?.len();
            let Some((w, vector)) = matrix(w, true, rank)? else { return by_pairs(call, &a, &b) };
            match rank {
                0 => return Err(scalar()),
                1 => {
                    let y = dense(call, *x, &w, true, 1.0, None)?;
                    if vector { drop_axis(call, y, true)? } else { y }
                }
                _ => {
                    let y = product(call, &w.into(), &b)?;
                    if vector { drop_axis(call, y, false)? } else { y }
                }
            }
        }
        (Value::Const(_), _) => return Err(Problem::NeedsActivation(0)),
        _ => return by_pairs(call, &a, &b),
    };
    Ok(vec![Value::Node(y)])
}

/// The constant factor as a matrix, and whether it was a vector; none where it is more than one matrix, or would give
/// the result axes. `left` says on which side it stands, `rank` is that of the other factor.
fn matrix(w: &ConstTensor, left: bool, rank: usize) -> Result<Option<(ConstTensor, bool)>, Problem> {
    let shape = match w.shape.as_slice() {
        [] => return Err(scalar()),
        [n] if left => vec![1, *n],
        [n] => vec![*n, 1],
        [lead @ .., m, n] if lead.iter().all(|d| *d == 1) && (lead.is_empty() || w.shape.len() <= rank) => {
            vec![*m, *n]
        }
        _ => return Ok(None),
    };
    Ok(Some((ConstTensor { shape, data: w.data.clone() }, w.shape.len() == 1)))
}

fn scalar() -> Problem {
    Problem::Shape("a scalar cannot be multiplied as a matrix".into())
}

/// The product of two computed tensors, or pair by pair with the matrices of a constant one.
fn by_pairs(call: &mut Call<'_>, a: &Value, b: &Value) -> Outcome {
    let (from_a, from_b) = (call.shape(a)?, call.shape(b)?);
    // A vector is a row on the left and a column on the right, and that axis is dropped.
    let (lead_a, m, k) = match from_a.as_slice() {
        [] => return Err(scalar()),
        [k] => (&[][..], None, *k),
        [lead @ .., m, k] => (lead, Some(*m), *k),
    };
    let (lead_b, inner, n) = match from_b.as_slice() {
        [] => return Err(scalar()),
        [k] => (&[][..], *k, None),
        [lead @ .., k, n] => (lead, *k, Some(*n)),
    };
    let lead = layout::broadcast_shape(lead_a, lead_b).filter(|_| inner == k).ok_or_else(|| {
        Problem::Shape(format!("tensors of shapes {from_a:?} and {from_b:?} cannot be multiplied"))
    })?;
    let (rows, columns) = (m.unwrap_or(1), n.unwrap_or(1));
    // The axes before an empty one could be long, and nothing would be charged for them.
    if lead.iter().chain([&rows, &columns, &k]).any(|d| *d == 0) {
        return Err(Problem::Shape(format!("one of the shapes {from_a:?} and {from_b:?} is empty")));
    }
    let pairs = tensor::count(&lead)?;
    let sides = [[rows, k], [k, columns], [rows, columns]];
    for side in sides {
        // Both factors and the result, with what moves them.
        call.charge(pairs.saturating_mul(tensor::count(&side)?).saturating_mul(4))?;
    }
    let shape: Vec<usize> = lead.iter().copied().chain(m).chain(n).collect();
    let y = match (a, b) {
        (Value::Node(x), Value::Node(y)) if lead_b.iter().all(|d| *d == 1) => {
            // One matrix on the right: the rows of all on the left.
            let x = call.builder.reshape(*x, &[pairs * rows, k])?;
            let y = call.builder.reshape(*y, &[k, columns])?;
            call.builder.matmul(x, y)?
        }
        (Value::Node(_), Value::Node(_)) => {
            let full = |side: [usize; 2]| [&lead[..], &side].concat();
            let [a, b] = [(a, lead_a, sides[0]), (b, lead_b, sides[1])].map(|(x, own, side)| {
                let x = call.reshape(x, [own, &side].concat())?;
                call.node_of(&x, &full(side))
            });
            call.builder.matmul(a?, b?)?
        }
        _ if pairs > MAX_PAIRS => {
            return Err(Problem::Unsupported(format!(
                "the product of shapes {from_a:?} and {from_b:?} is of {pairs} pairs of matrices, and at most \
                 {MAX_PAIRS} are supported where one factor is constant"
            )));
        }
        _ => {
            let starts = |own: &[usize]| layout::broadcast_index(own, &lead);
            let (Some(at_a), Some(at_b)) = (starts(lead_a), starts(lead_b)) else { return Err(scalar()) };
            let mut products = Vec::with_capacity(pairs);
            for (at_a, at_b) in at_a.into_iter().zip(at_b) {
                let a = part(call, a, at_a, sides[0])?;
                let b = part(call, b, at_b, sides[1])?;
                products.push(Value::Node(product(call, &a, &b)?));
            }
            let size = rows * columns;
            let index: Vec<_> = (0..pairs * size).map(|i| (i / size, i % size)).collect();
            return Ok(vec![call.rearrange(&products, &index, shape)?]);
        }
    };
    Ok(vec![Value::Node(call.builder.reshape(y, &shape)?)])
}

/// Matrix number `at` of a tensor.
fn part(call: &mut Call<'_>, x: &Value, at: usize, side: [usize; 2]) -> Result<Value, Problem> {
    let size = side[0] * side[1];
    let index: Vec<usize> = (at * size..(at + 1) * size).collect();
    call.select(x, &index, side.to_vec())
}

/// The product of a computed matrix and a constant one.
fn product(call: &mut Call<'_>, a: &Value, b: &Value) -> Result<NodeId, Problem> {
    match (a, b) {
        (Value::Node(x), Value::Const(w)) => dense(call, *x, w, false, 1.0, None),
        (Value::Const(w), Value::Node(x)) => {
            // (W X)' = X' W': the last two axes change places before and after.
            let rank = call.builder.shape(*x)?.len();
            let mut perm: Vec<usize> = (0..rank).collect();
            perm.swap(rank - 2, rank - 1);
            let y = call.builder.transpose(*x, &perm)?;
            let y = dense(call, y, w, true, 1.0, None)?;
            Ok(call.builder.transpose(y, &perm)?)
        }
        _ => Err(Problem::NeedsActivation(0)),
    }
}

/// Drops the last axis, or the one before, which has length 1.
fn drop_axis(call: &mut Call<'_>, y: NodeId, last: bool) -> Result<NodeId, Problem> {
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
    fn batches_and_two_computed_tensors() {
        let x = || Arg::Input(&[2, 2], &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(floats("MatMul", 13, &[], &[x(), x()]), (vec![2, 2], vec![7.0, 10.0, 15.0, 22.0]));
        let w = || Arg::Floats(&[2, 2, 1], &[1.0, 0.0, 1.0, -1.0]);
        assert_eq!(floats("MatMul", 13, &[], &[x(), w()]), (vec![2, 2, 1], vec![1.0, 3.0, -1.0, -1.0]));
        let w = || Arg::Floats(&[2, 1, 1, 2], &[1.0, 0.0, 1.0, -1.0]);
        assert_eq!(floats("MatMul", 13, &[], &[w(), x()]), (vec![2, 1, 1, 2], vec![1.0, 2.0, -2.0, -2.0]));
        let u = || Arg::Input(&[2], &[1.0, 2.0]);
        assert_eq!(floats("MatMul", 13, &[], &[u(), u()]), (vec![], vec![5.0]));
        let w = Arg::Floats(&[2, 2, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert_eq!(floats("MatMul", 13, &[], &[w.clone(), u()]), (vec![2, 2], vec![5.0, 11.0, 17.0, 23.0]));
        assert_eq!(floats("MatMul", 13, &[], &[u(), w]), (vec![2, 2], vec![7.0, 10.0, 19.0, 22.0]));
        let three = || Arg::Input(&[3, 1, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let w = Arg::Floats(&[1, 2, 1], &[1.0, -1.0]);
        assert_eq!(floats("MatMul", 13, &[], &[three(), w]), (vec![3, 1, 1], vec![-1.0; 3]));
        let lead = Arg::Floats(&[1, 1, 2, 1], &[1.0, -1.0]);
        assert_eq!(floats("MatMul", 13, &[], &[x(), lead]), (vec![1, 1, 2, 1], vec![-1.0, -1.0]));
    }

    #[test]
    fn mismatches_and_large_products_are_refused() {
        let x = || Arg::Input(&[2, 2], &[1.0, 0.0, 1.0, 1.0]);
        fails("MatMul", 13, &[], &[x(), Arg::Floats(&[3, 2], W)], "last axis");
        fails("MatMul", 13, &[], &[x(), Arg::Floats(&[2, 3, 1], W)], "cannot be multiplied");
        fails("MatMul", 13, &[], &[x(), Arg::Floats(&[2, 0, 1], &[])], "cannot be multiplied");
        fails("MatMul", 13, &[], &[x(), Arg::Floats(&[0, 2, 1], &[])], "is empty");
        fails("MatMul", 13, &[], &[Arg::Floats(&[1 << 24, 0, 2], &[]), x()], "is empty");
        fails("MatMul", 13, &[], &[x(), Arg::Floats(&[], &[1.0])], "a scalar");
        fails("MatMul", 13, &[], &[Arg::Input(&[], &[1.0]), Arg::Floats(&[2, 2, 1], &[1.0; 4])], "a scalar");
        let pairs = Arg::Floats(&[257, 2, 1], &[0.0; 514]);
        fails("MatMul", 13, &[], &[x(), pairs], "is of 257 pairs of matrices, and at most 256");
    }
}
