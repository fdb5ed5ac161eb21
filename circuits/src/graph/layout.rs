//! Flat positions under changes of shape.

/// The row-major strides of `shape`.
pub(crate) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// The flat positions `start + sum_axis step[axis] * i[axis]` for all `i` under `shape`, in row-major order.
pub(crate) fn walk(shape: &[usize], steps: &[isize], start: usize) -> Vec<usize> {
    let mut out = vec![start];
    for (dim, step) in shape.iter().zip(steps) {
        let mut next = Vec::with_capacity(out.len() * dim);
        for base in &out {
            next.extend((0..*dim).map(|i| base.wrapping_add_signed(step * i as isize)));
        }
        out = next;
    }
    out
}

/// For each element of a tensor of shape `to`, the element of the tensor of shape `from` that broadcasting puts there;
/// `None` when `from` does not broadcast to `to`.
pub(crate) fn broadcast_index(from: &[usize], to: &[usize]) -> Option<Vec<usize>> {
    let lead = to.len().checked_sub(from.len())?;
    let mut steps = vec![0; to.len()];
    for (axis, stride) in strides(from).into_iter().enumerate() {
        match from[axis] {
            1 => {}
            dim if dim == to[lead + axis] => steps[lead + axis] = stride as isize,
            _ => return None,
        }
    }
    Some(walk(to, &steps, 0))
}

/// The shape that `a` and `b` broadcast to together, as numpy does.
pub(crate) fn broadcast_shape(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let dim = |s: &[usize], axis: usize| (axis + s.len()).checked_sub(rank).map_or(1, |i| s[i]);
    (0..rank)
        .map(|axis| match (dim(a, axis), dim(b, axis)) {
            (x, 1) => Some(x),
            (1, y) => Some(y),
            (x, y) => (x == y).then_some(x),
        })
        .collect()
}

/// The shape of a tensor of shape `shape` with its axes in the order `perm`, and its elements' positions in the
/// original.
pub(crate) fn transpose_index(shape: &[usize], perm: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let old = strides(shape);
    let to: Vec<usize> = perm.iter().map(|p| shape[*p]).collect();
    let steps: Vec<isize> = perm.iter().map(|p| old[*p] as isize).collect();
    let index = walk(&to, &steps, 0);
    (to, index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_follows_numpy() {
        assert_eq!(broadcast_shape(&[3, 1], &[2]), Some(vec![3, 2]));
        assert_eq!(broadcast_shape(&[3], &[2]), None);
        assert_eq!(broadcast_shape(&[], &[2, 2]), Some(vec![2, 2]));
        assert_eq!(broadcast_index(&[2, 1], &[2, 2]), Some(vec![0, 0, 1, 1]));
        assert_eq!(broadcast_index(&[2], &[2, 2]), Some(vec![0, 1, 0, 1]));
        assert_eq!(broadcast_index(&[2, 2], &[2]), None);
        assert_eq!(broadcast_index(&[3], &[2]), None);
    }

    #[test]
    fn transposing_permutes_axes() {
        let (shape, index) = transpose_index(&[2, 3], &[1, 0]);
        assert_eq!((shape, index), (vec![3, 2], vec![0, 3, 1, 4, 2, 5]));
    }
}
