//! MatMul: a matrix product where one side is a constant matrix; small products of others, factor by factor.

use super::{Operator, dense::dense};
use crate::{
    graph::layout,
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
        tensor::{self, ConstTensor},
    },
};

pub(super) const MAT_MUL: Operator = Operator::new("MatMul", import).limited(
    "at most 2^16 multiplications where both are computed or the constant one has axes before its matrix",
);

/// The most multiplications that are laid out one by one.
const MAX_PRODUCTS: usize = 1 << 16;

fn import(call: &mut Call<'_>) -> Outcome {
    let (a, b) = (call.input(0)?, call.input(1)?);
    let product = match (&a, &b) {
        (Value::Node(x), Value::Const(w)) => {
            let rank = call.builder.shape(*x)?.len();
            let Some((w, vector)) = matrix(w, false, rank)? else { return by_factors(call, &a, &b) };
            let y = dense(call, *x, &w, false, 1.0, None)?;
            if vector { drop_axis(call, y, true)? } else { y }
        }
        (Value::Const(w), Value::Node(x)) => {
            // (W X)' = X' W': the last two axes change places before and after.
            let shape = call.builder.shape(*x)?.to_vec();
            let Some((w, vector)) = matrix(w, true, shape.len())? else { return by_factors(call, &a, &b) };
            match shape.len() {
                0 => return Err(scalar()),
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
        _ => return by_factors(call, &a, &b),
    };
    Ok(vec![Value::Node(product)])
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

/// The product as the sums of the products of both tensors, each laid out over `[batch.., rows, columns, inner]`.
fn by_factors(call: &mut Call<'_>, a: &Value, b: &Value) -> Outcome {
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
    let full = [&lead[..], &[rows, columns, k]].concat();
    let products = tensor::count(&full)?;
    // The axes before an empty one could be long, and nothing would be charged for them.
    if products == 0 {
        return Err(Problem::Shape(format!("one of the shapes {from_a:?} and {from_b:?} is empty")));
    }
    if products > MAX_PRODUCTS {
        return Err(Problem::Unsupported(format!(
            "the product of shapes {from_a:?} and {from_b:?} takes {products} multiplications, and at most \
             {MAX_PRODUCTS} are supported unless one factor is a constant matrix; use smaller tensors"
        )));
    }
    // Both factors, an index for each, and the products.
    call.charge(products.saturating_mul(5))?;
    let steps = |lead_from: &[usize], matrix: usize, last: [usize; 3]| {
        let strides = layout::strides(lead_from);
        let missing = lead.len() - lead_from.len();
        let lead = lead_from.iter().zip(strides).map(|(d, s)| if *d == 1 { 0 } else { s * matrix });
        let all = std::iter::repeat_n(0, missing).chain(lead).chain(last);
        layout::walk(&full, &all.map(|s| s as isize).collect::<Vec<_>>(), 0)
    };
    let at_a = steps(lead_a, rows * k, [k, 0, 1]);
    let at_b = steps(lead_b, k * columns, [0, 1, columns]);
    let a = call.select(a, &at_a, full.clone())?;
    let b = call.select(b, &at_b, full.clone())?;
    let y = match (a, b) {
        (Value::Node(a), Value::Node(b)) => call.builder.mul(a, b)?,
        (Value::Node(x), Value::Const(c)) | (Value::Const(c), Value::Node(x)) => {
            let factors = call.broadcast_const(&c, &full)?;
            call.builder.scale(x, factors, vec![0.0; products])?
        }
        _ => return Err(Problem::NeedsActivation(0)),
    };
    let y = call.builder.sum_last(y, 1.0)?;
    let shape: Vec<usize> = lead.iter().copied().chain(m).chain(n).collect();
    Ok(vec![Value::Node(call.builder.reshape(y, &shape)?)])
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
        let wide = || Arg::Input(&[64, 64], &[0.0; 4096]);
        fails("MatMul", 13, &[], &[wide(), wide()], "takes 262144 multiplications, and at most 65536");
    }
}
