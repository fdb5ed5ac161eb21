//! Cast: computed tensors between floating point types only, constants between all number types.

use super::Operator;
use crate::onnx::{
    Problem,
    call::{Call, Outcome, Value},
    tensor::{ConstTensor, Data, element},
};

pub(super) const CAST: Operator =
    Operator::new("Cast", import).limited("float to float; integers and truth values only on constants");

fn import(call: &mut Call<'_>) -> Outcome {
    let to = call.int("to")?.ok_or(Problem::MissingAttribute("to"))?;
    let to = i32::try_from(to).map_err(|_| Problem::attribute("to", "is not an element type"))?;
    let value = match call.input(0)? {
        Value::Const(c) => ConstTensor { shape: c.shape.clone(), data: convert(&c.data, to)? }.into(),
        value if element::is_float(to) => value,
        Value::Label => Value::Label,
        Value::Node(_) => {
            return Err(Problem::Unsupported(
                "a computed tensor can only be cast to a floating point type".into(),
            ));
        }
    };
    Ok(vec![value])
}

/// The elements as ones of another type.
pub(super) fn convert(data: &Data, to: i32) -> Result<Data, Problem> {
    let fits = |x: &f64| {
        let whole = x.trunc();
        (whole >= -(2f64.powi(63)) && whole < 2f64.powi(63)).then_some(whole as i64)
    };
    Ok(match data {
        data @ (Data::Float(_) | Data::Int(_) | Data::Bool(_)) if element::is_float(to) => {
            Data::Float(match data {
                Data::Int(v) => v.iter().map(|i| *i as f64).collect(),
                Data::Bool(v) => v.iter().map(|b| f64::from(u8::from(*b))).collect(),
                Data::Float(v) => v.clone(),
                Data::Strings(_) => vec![],
            })
        }
        Data::Float(v) if element::is_int(to) => {
            let whole = v.iter().map(fits).collect::<Option<_>>();
            Data::Int(whole.ok_or(Problem::Arithmetic("a number does not fit an integer"))?)
        }
        Data::Int(v) if element::is_int(to) => Data::Int(v.clone()),
        Data::Bool(v) if element::is_int(to) => Data::Int(v.iter().map(|b| i64::from(*b)).collect()),
        Data::Float(v) if to == element::BOOL => Data::Bool(v.iter().map(|x| *x != 0.0).collect()),
        Data::Int(v) if to == element::BOOL => Data::Bool(v.iter().map(|i| *i != 0).collect()),
        Data::Bool(v) if to == element::BOOL => Data::Bool(v.clone()),
        _ => return Err(Problem::Unsupported(format!("a cast to element type {to} is not supported"))),
    })
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats, ints};

    #[test]
    fn constants_convert() {
        let to = |ty| [("to", Attr::Int(ty))];
        assert_eq!(ints("Cast", 13, &to(7), &[Arg::Floats(&[2], &[2.9, -2.9])]), [2, -2]);
        assert_eq!(floats("Cast", 13, &to(1), &[Arg::Ints(&[2], &[2, -3])]).1, [2.0, -3.0]);
        assert_eq!(ints("Cast", 13, &to(6), &[Arg::Bools(&[2], &[true, false])]), [1, 0]);
        fails("Cast", 13, &to(7), &[Arg::Floats(&[], &[1e30])], "does not fit");
        fails("Cast", 13, &to(8), &[Arg::Floats(&[], &[1.0])], "not supported");
    }

    #[test]
    fn computed_tensors_stay_real() {
        let x = || [Arg::Input(&[1], &[2.5])];
        assert_eq!(floats("Cast", 13, &[("to", Attr::Int(11))], &x()).1, [2.5]);
        fails("Cast", 13, &[("to", Attr::Int(7))], &x(), "only be cast to a floating point type");
        fails("Cast", 13, &[], &x(), "'to' is missing");
    }
}
