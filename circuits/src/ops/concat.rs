//! Concat.

use super::Operator;
use crate::onnx::{
    Problem,
    call::{Call, Outcome, Value, axis},
    tensor,
};

pub(super) const CONCAT: Operator = Operator::new("Concat", import);

fn import(call: &mut Call<'_>) -> Outcome {
    let inputs: Vec<Value> = (0..call.inputs.len()).map(|i| call.input(i)).collect::<Result<_, _>>()?;
    let shapes: Vec<Vec<usize>> = inputs.iter().map(|v| call.shape(v)).collect::<Result<_, _>>()?;
    let first = shapes.first().ok_or(Problem::MissingInput(0))?;
    let at = axis(call.int("axis")?.ok_or(Problem::MissingAttribute("axis"))?, first.len())?;
    let mut shape = first.clone();
    shape[at] = 0;
    for s in &shapes {
        let fits = s.len() == shape.len() && (0..s.len()).all(|a| a == at || s[a] == shape[a]);
        if !fits {
            return Err(Problem::Shape(format!("shapes {first:?} and {s:?} do not join along axis {at}")));
        }
        shape[at] = shape[at].saturating_add(s[at]);
    }
    let total = tensor::count(&shape)?;
    call.charge(total)?;
    let outer: usize = shape[..at].iter().product();
    let blocks: Vec<usize> = shapes.iter().map(|s| s[at..].iter().product()).collect();
    let mut index = Vec::with_capacity(total);
    for row in 0..outer {
        for (k, block) in blocks.iter().enumerate() {
            index.extend((row * block..(row + 1) * block).map(|j| (k, j)));
        }
    }
    Ok(vec![call.rearrange(&inputs, &index, shape)?])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats, ints};

    #[test]
    fn computed_and_constant_tensors_join() {
        let x = || Arg::Input(&[2, 1], &[1.0, 2.0]);
        let c = || Arg::Floats(&[2, 2], &[5.0, 6.0, 7.0, 8.0]);
        let at = |a| [("axis", Attr::Int(a))];
        let joined = floats("Concat", 13, &at(-1), &[c(), x()]);
        assert_eq!(joined, (vec![2, 3], vec![5.0, 6.0, 1.0, 7.0, 8.0, 2.0]));
        assert_eq!(floats("Concat", 13, &at(0), &[x(), x()]), (vec![4, 1], vec![1.0, 2.0, 1.0, 2.0]));
        assert_eq!(ints("Concat", 13, &at(0), &[Arg::List(&[1, 2]), Arg::List(&[3])]), [1, 2, 3]);
        fails("Concat", 13, &at(0), &[x(), c()], "do not join");
        fails("Concat", 13, &at(0), &[Arg::List(&[1]), Arg::Floats(&[1], &[1.0])], "first input's type");
        fails("Concat", 13, &[], &[x()], "'axis' is missing");
    }
}
