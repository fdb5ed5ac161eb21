//! Range of constants.

use super::Operator;
use crate::onnx::{
    Problem,
    call::{Call, Outcome},
    tensor::{self, ConstTensor, Data},
};

pub(super) const RANGE: Operator = Operator::new("Range", import).since(11).limited("constants only");

fn import(call: &mut Call<'_>) -> Outcome {
    let list = [call.constant(0)?, call.constant(1)?, call.constant(2)?];
    let data = match list.each_ref().map(|t| &t.data) {
        [Data::Int(a), Data::Int(b), Data::Int(c)] => {
            let (start, limit, step) = (one(a)?, one(b)?, one(c)?);
            let span = i128::from(limit) - i128::from(start);
            if step == 0 {
                return Err(Problem::Arithmetic("the step is 0"));
            }
            // The ceiling of span / step.
            let step = i128::from(step);
            let steps = (span + step - step.signum()) / step;
            let len = length(call, steps.max(0) as f64)?;
            Data::Int((0..len).map(|i| (i128::from(start) + i as i128 * step) as i64).collect())
        }
        [Data::Float(a), Data::Float(b), Data::Float(c)] => {
            let (start, limit, step) = (one(a)?, one(b)?, one(c)?);
            if step == 0.0 {
                return Err(Problem::Arithmetic("the step is 0"));
            }
            let len = length(call, ((limit - start) / step).ceil())?;
            Data::Float((0..len).map(|i| start + i as f64 * step).collect())
        }
        _ => {
            return Err(Problem::InputType {
                input: 1,
                expected: "of the first input's type, integers or floats",
            });
        }
    };
    Ok(vec![ConstTensor { shape: vec![data.len()], data }.into()])
}

fn one<T: Copy>(list: &[T]) -> Result<T, Problem> {
    if let [x] = list {
        Ok(*x)
    } else {
        Err(Problem::Shape("start, limit and step must be one number each".into()))
    }
}

/// The number of elements, charged; `len` saturates.
fn length(call: &mut Call<'_>, len: f64) -> Result<usize, Problem> {
    let len = tensor::count(&[len as usize])?;
    call.charge(len)?;
    Ok(len)
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, fails, ints};

    #[test]
    fn steps_up_and_down() {
        let run = |a: i64, b: i64, c: i64| ints("Range", 13, &[], &[a, b, c].map(Arg::Int));
        assert_eq!(run(1, 6, 2), [1, 3, 5]);
        assert_eq!(run(1, 7, 2), [1, 3, 5]);
        assert_eq!(run(3, 0, -2), [3, 1]);
        assert_eq!(run(0, -1, 1), [0; 0]);
        fails("Range", 13, &[], &[0, 1, 0].map(Arg::Int), "step is 0");
        fails("Range", 13, &[], &[i64::MIN, i64::MAX, 1].map(Arg::Int), "too large");
        fails("Range", 13, &[], &[Arg::Int(0), Arg::Int(1), Arg::Floats(&[], &[1.0])], "first input's type");
        fails("Range", 13, &[], &[Arg::List(&[0, 1]), Arg::Int(1), Arg::Int(1)], "one number each");
    }
}
