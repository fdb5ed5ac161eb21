//! ArgMax, ArgMin and TopK: by the place that every element has in the order of its row.

use super::Operator;
use crate::{
    graph::{Matrix, NodeId},
    onnx::{
        Problem,
        call::{Call, Outcome, Value, axis},
        tensor,
    },
};

/// The most pairs of elements that are compared.
const MAX_PAIRS: usize = 1 << 16;

const LIMITS: &str = "at most 2^16 pairs of elements; numbers as they are quantised";

pub(super) const ARG_MAX: Operator = Operator::new("ArgMax", |call| extreme(call, true)).limited(LIMITS);
pub(super) const ARG_MIN: Operator = Operator::new("ArgMin", |call| extreme(call, false)).limited(LIMITS);

fn extreme(call: &mut Call<'_>, max: bool) -> Outcome {
    let x = call.activation(0)?;
    let shape = call.builder.shape(x)?.to_vec();
    let at = axis(call.int("axis")?.unwrap_or(0), shape.len())?;
    let last = call.flag("select_last_index")?;
    let rows = Rows::of(call, x, at)?;
    let order = rows.order(call, max, last)?;
    let b = &mut *call.builder;
    // The first in order is before place 1/2.
    let first = b.affine(order, -1.0, 0.5)?;
    let first = b.positive(first)?;
    let numbers = (0..rows.width).map(|i| i as f64).collect();
    let index = b.linear(first, Matrix::new(1, rows.width, numbers)?, vec![0.0])?;
    let index = rows.back(call, index, 1)?;
    if call.int("keepdims")?.unwrap_or(1) != 0 {
        return Ok(vec![Value::Node(index)]);
    }
    let kept: Vec<usize> = shape.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, d)| *d).collect();
    Ok(vec![Value::Node(call.builder.reshape(index, &kept)?)])
}

pub(super) const TOP_K: Operator = Operator::new("TopK", top_k)
    .limited("constant k; at most 2^16 pairs of elements; numbers as they are quantised");

fn top_k(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let shape = call.builder.shape(x)?.to_vec();
    let at = axis(call.int("axis")?.unwrap_or(-1), shape.len())?;
    let k = if call.opset < 10 {
        call.int("k")?.ok_or(Problem::MissingAttribute("k"))?
    } else {
        match call.ints(1)?.as_slice() {
            [k] => *k,
            list => return Err(Problem::Shape(format!("k must be one number; it has {}", list.len()))),
        }
    };
    let rows = Rows::of(call, x, at)?;
    let k = usize::try_from(k)
        .ok()
        .filter(|k| (1..=rows.width).contains(k))
        .ok_or_else(|| Problem::Shape(format!("k is {k}, and axis {at} has {} elements", rows.width)))?;
    let largest = call.int("largest")?.unwrap_or(1) != 0;
    let order = rows.order(call, largest, false)?;
    let cube = [rows.count, k, rows.width];
    call.charge(tensor::count(&cube)?.saturating_mul(4))?;
    let b = &mut *call.builder;
    // Which elements are before place p + 1, for each place p; of each place, what is added to those before.
    let order = b.reshape(order, &[rows.count, 1, rows.width])?;
    let order = b.broadcast(order, &cube)?;
    let bounds = (0..cube.iter().product()).map(|i| (i / rows.width % k) as f64 + 0.5).collect::<Vec<_>>();
    let before = b.scale(order, vec![-1.0; bounds.len()], bounds)?;
    let before = b.positive(before)?;
    let numbers = (0..rows.width).map(|i| i as f64).collect();
    let indices = b.linear(before, Matrix::new(1, rows.width, numbers)?, vec![0.0])?;
    let each = b.reshape(rows.x, &[rows.count, 1, rows.width])?;
    let each = b.broadcast(each, &cube)?;
    let values = b.mul(before, each)?;
    let values = b.sum_last(values, 1.0)?;
    let mut steps = vec![0.0; k * k];
    for p in 0..k {
        steps[p * k + p] = 1.0;
        if p > 0 {
            steps[p * k + p - 1] = -1.0;
        }
    }
    let steps = Matrix::new(k, k, steps)?;
    let mut outputs = Vec::new();
    for sums in [values, indices] {
        let sums = call.builder.reshape(sums, &[rows.count, k])?;
        let y = call.builder.linear(sums, steps.clone(), vec![0.0; k])?;
        outputs.push(Value::Node(rows.back(call, y, k)?));
    }
    Ok(outputs)
}

/// A tensor with one axis as rows.
struct Rows {
    x: NodeId,
    count: usize,
    width: usize,
    shape: Vec<usize>,
    at: usize,
}

impl Rows {
    fn of(call: &mut Call<'_>, x: NodeId, at: usize) -> Result<Self, Problem> {
        let shape = call.builder.shape(x)?.to_vec();
        let (width, count) = (shape[at], tensor::count(&shape)? / shape[at].max(1));
        let pairs = count.saturating_mul(width.saturating_mul(width.saturating_sub(1)) / 2);
        if pairs > MAX_PAIRS {
            return Err(Problem::Unsupported(format!(
                "axis {at} of shape {shape:?} has {pairs} pairs of elements to compare, and at most {MAX_PAIRS} are \
                 supported; use a shorter axis"
            )));
        }
        call.charge(tensor::count(&shape)?.saturating_mul(2).saturating_add(pairs.saturating_mul(4)))?;
        let x = call.builder.transpose(x, &last(at, shape.len()))?;
        let x = call.builder.reshape(x, &[count, width])?;
        Ok(Self { x, count, width, shape, at })
    }

    /// The place of each element in its row, from 0, the largest first or the smallest; of equal ones the first comes
    /// first, or the last.
    fn order(&self, call: &mut Call<'_>, largest: bool, last: bool) -> Result<NodeId, Problem> {
        let (count, width) = (self.count, self.width);
        let pairs: Vec<(usize, usize)> = (0..width).flat_map(|j| (0..j).map(move |i| (i, j))).collect();
        let b = &mut *call.builder;
        if pairs.is_empty() {
            return Ok(b.affine(self.x, 0.0, 0.0)?);
        }
        let mut of = |pick: fn(&(usize, usize)) -> usize| {
            let index: Vec<usize> =
                (0..count).flat_map(|r| pairs.iter().map(move |pair| r * width + pick(pair))).collect();
            b.select(self.x, &index, &[count, pairs.len()])
        };
        let (earlier, later) = (of(|p| p.0)?, of(|p| p.1)?);
        // Whether the later one comes first: it does if it is more, or not less where the last of equal ones is meant.
        let (more, less) = if largest { (later, earlier) } else { (earlier, later) };
        let (of, against) = if last { (less, more) } else { (more, less) };
        let excess = b.sub(of, against)?;
        let bit = b.positive(excess)?;
        // An element's place: how many come before it. `bit` says that of the later one before the earlier, or the
        // contrary.
        let sign = if last { -1.0 } else { 1.0 };
        let mut matrix = vec![0.0; width * pairs.len()];
        let mut shift = vec![0.0; width];
        for (p, (i, j)) in pairs.iter().enumerate() {
            matrix[i * pairs.len() + p] = sign;
            matrix[j * pairs.len() + p] = -sign;
            shift[if last { *i } else { *j }] += 1.0;
        }
        Ok(b.linear(bit, Matrix::new(width, pairs.len(), matrix)?, shift)?)
    }

    /// Rows of `width` numbers, at the axis.
    fn back(&self, call: &mut Call<'_>, y: NodeId, width: usize) -> Result<NodeId, Problem> {
        let perm = last(self.at, self.shape.len());
        let mut turned: Vec<usize> = perm.iter().map(|a| self.shape[*a]).collect();
        if let Some(d) = turned.last_mut() {
            *d = width;
        }
        let y = call.builder.reshape(y, &turned)?;
        // The axes that `last` moved, at their places again.
        let mut inverse = vec![0; perm.len()];
        perm.iter().enumerate().for_each(|(to, from)| inverse[*from] = to);
        Ok(call.builder.transpose(y, &inverse)?)
    }
}

/// The axes with `at` as the last.
fn last(at: usize, rank: usize) -> Vec<usize> {
    (0..rank).filter(|a| *a != at).chain([at]).collect()
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, all_floats, fails, floats};

    const X: &[f64] = &[1.0, 7.0, 7.0, -2.0, 0.5, 0.5, -1.0, 0.5];

    #[test]
    fn the_first_or_last_extreme() {
        let x = || [Arg::Input(&[2, 4], X)];
        let last = |last| [("axis", Attr::Int(1)), ("select_last_index", Attr::Int(last))];
        assert_eq!(floats("ArgMax", 13, &last(0), &x()), (vec![2, 1], vec![1.0, 0.0]));
        assert_eq!(floats("ArgMax", 13, &last(1), &x()).1, [2.0, 3.0]);
        assert_eq!(floats("ArgMin", 13, &last(0), &x()).1, [3.0, 2.0]);
        let flat = [("keepdims", Attr::Int(0))];
        assert_eq!(floats("ArgMax", 13, &flat, &x()), (vec![4], vec![0.0, 0.0, 0.0, 1.0]));
        assert_eq!(floats("ArgMin", 13, &flat, &[Arg::Input(&[1, 2], &[3.0, 4.0])]).1, [0.0, 0.0]);
        let wide = Arg::Input(&[1, 363], &[0.0; 363]);
        fails("ArgMax", 13, &last(0), &[wide], "65703 pairs of elements");
    }

    #[test]
    fn the_largest_and_smallest_in_order() {
        let x = || Arg::Input(&[2, 4], X);
        let top = |attrs: &[(&str, Attr)], k| all_floats("TopK", 11, attrs, &[x(), Arg::List(k)], 2);
        let [values, indices] = <[_; 2]>::try_from(top(&[], &[3])).unwrap();
        assert_eq!(values, (vec![2, 3], vec![7.0, 7.0, 1.0, 0.5, 0.5, 0.5]));
        assert_eq!(indices.1, [1.0, 2.0, 0.0, 0.0, 1.0, 3.0]);
        let least = [("largest", Attr::Int(0)), ("axis", Attr::Int(0))];
        let [values, indices] = <[_; 2]>::try_from(top(&least, &[1])).unwrap();
        assert_eq!(values, (vec![1, 4], vec![0.5, 0.5, -1.0, -2.0]));
        assert_eq!(indices.1, [1.0, 1.0, 1.0, 0.0]);
        fails("TopK", 11, &[], &[x(), Arg::List(&[5])], "k is 5, and axis 1 has 4 elements");
        fails("TopK", 11, &[], &[x(), Arg::List(&[1, 2])], "k must be one number");
    }
}
