//! Transpose.

use super::Operator;
use crate::{
    graph::layout,
    onnx::{
        Problem,
        call::{Call, Outcome},
        tensor,
    },
};

pub(super) const TRANSPOSE: Operator = Operator::new("Transpose", import);

fn import(call: &mut Call<'_>) -> Outcome {
    let x = call.input(0)?;
    let shape = call.shape(&x)?;
    let perm: Vec<usize> = match call.int_list("perm")? {
        None => (0..shape.len()).rev().collect(),
        Some(perm) => {
            let mut sorted = perm.clone();
            sorted.sort_unstable();
            if !sorted.iter().copied().eq(0..shape.len() as i64) {
                return Err(Problem::attribute(
                    "perm",
                    format!("{perm:?} does not permute {} axes", shape.len()),
                ));
            }
            perm.iter().map(|p| *p as usize).collect()
        }
    };
    call.charge(tensor::count(&shape)?)?;
    let (shape, index) = layout::transpose_index(&shape, &perm);
    Ok(vec![call.select(&x, &index, shape)?])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    #[test]
    fn axes_permute() {
        let x = || [Arg::Input(&[2, 1, 2], &[1.0, 2.0, 3.0, 4.0])];
        assert_eq!(floats("Transpose", 13, &[], &x()), (vec![2, 1, 2], vec![1.0, 3.0, 2.0, 4.0]));
        let perm = [("perm", Attr::Ints(&[1, 2, 0]))];
        assert_eq!(floats("Transpose", 13, &perm, &x()), (vec![1, 2, 2], vec![1.0, 3.0, 2.0, 4.0]));
        fails("Transpose", 13, &[("perm", Attr::Ints(&[0, 0, 1]))], &x(), "does not permute");
        fails("Transpose", 13, &[("perm", Attr::Ints(&[0, -1, 1]))], &x(), "does not permute");
    }
}
