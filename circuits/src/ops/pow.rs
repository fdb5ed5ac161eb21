//! Pow with a constant exponent of 1/2, 1, 2 or 3; of constants, any.

use super::Operator;
use crate::{
    graph::layout,
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
        tensor::{self, ConstTensor, Data, element},
    },
};

pub(super) const POW: Operator = Operator::new("Pow", import).limited("constant exponent 0.5, 1, 2 or 3");

fn import(call: &mut Call<'_>) -> Outcome {
    if let (Value::Const(a), Value::Const(b)) = (call.input(0)?, call.input(1)?) {
        return Ok(vec![constants(call, &a, &b)?.into()]);
    }
    let x = call.activation(0)?;
    let tensor = call.constant(1)?;
    let exponent = match (tensor.as_floats(), tensor.as_ints()) {
        (Some([e]), _) => *e,
        (_, Some([e])) => *e as f64,
        _ => return Err(Problem::Unsupported("the exponent must be one number".into())),
    };
    let y = match exponent {
        0.5 => call.builder.sqrt(x)?,
        1.0 => x,
        2.0 => call.builder.mul(x, x)?,
        3.0 => {
            let square = call.builder.mul(x, x)?;
            call.builder.mul(x, square)?
        }
        e => return Err(Problem::Unsupported(format!("the exponent is {e}; 0.5, 1, 2 and 3 are supported"))),
    };
    Ok(vec![Value::Node(y)])
}

/// The powers have the type of `a`.
fn constants(call: &mut Call<'_>, a: &ConstTensor, b: &ConstTensor) -> Result<ConstTensor, Problem> {
    let shape = layout::broadcast_shape(&a.shape, &b.shape)
        .ok_or_else(|| Problem::Shape(format!("shapes {:?} and {:?} do not broadcast", a.shape, b.shape)))?;
    call.charge(tensor::count(&shape)?)?;
    let pairs = a.broadcast_index(&shape).into_iter().zip(b.broadcast_index(&shape));
    let number = |input, data: &Data, i: usize| match data {
        Data::Float(v) => Ok(v[i]),
        Data::Int(v) => Ok(v[i] as f64),
        _ => Err(Problem::InputType { input, expected: "numbers" }),
    };
    if let (Data::Int(a), Data::Int(b)) = (&a.data, &b.data) {
        let power = |(i, j): (usize, usize)| a[i].checked_pow(u32::try_from(b[j]).ok()?);
        let powers: Option<_> = pairs.map(power).collect();
        let problem = Problem::Arithmetic("integer overflow or a negative exponent");
        return Ok(ConstTensor::ints(shape, powers.ok_or(problem)?));
    }
    let powers = pairs.map(|(i, j)| Ok(number(0, &a.data, i)?.powf(number(1, &b.data, j)?)));
    let powers: Vec<f64> = powers.collect::<Result<_, Problem>>()?;
    if powers.iter().any(|p| !p.is_finite()) {
        return Err(Problem::Arithmetic("the result is NaN or infinite"));
    }
    Ok(match a.data {
        Data::Int(_) => {
            let whole = ConstTensor::floats(shape, powers);
            ConstTensor { data: super::cast::convert(&whole.data, element::INT64)?, ..whole }
        }
        _ => ConstTensor::floats(shape, powers),
    })
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, fails, floats, ints};

    #[test]
    fn small_exponents() {
        let x = || Arg::Input(&[1], &[4.0]);
        for (e, y) in [(0.5, 2.0), (1.0, 4.0), (2.0, 16.0), (3.0, 64.0)] {
            assert_eq!(floats("Pow", 15, &[], &[x(), Arg::Floats(&[], &[e])]).1, [y]);
        }
        assert_eq!(floats("Pow", 15, &[], &[x(), Arg::Ints(&[1], &[2])]).1, [16.0]);
        fails("Pow", 15, &[], &[x(), Arg::Floats(&[], &[2.5])], "0.5, 1, 2 and 3");
        fails("Pow", 15, &[], &[x(), x()], "must be constant");
    }

    #[test]
    fn constants_take_any_exponent() {
        let (base, column) = (Arg::Floats(&[2], &[2.0, 4.0]), Arg::Floats(&[2, 1], &[1.5, -1.0]));
        let powers = floats("Pow", 15, &[], &[base.clone(), column]);
        assert_eq!(powers, (vec![2, 2], vec![2f64.powf(1.5), 8.0, 0.5, 0.25]));
        assert_eq!(ints("Pow", 15, &[], &[Arg::List(&[-2, 3]), Arg::List(&[3, 4])]), [-8, 81]);
        assert_eq!(ints("Pow", 15, &[], &[Arg::List(&[4, 2]), Arg::Floats(&[], &[1.5])]), [8, 2]);
        fails("Pow", 15, &[], &[Arg::Int(10), Arg::Int(19)], "overflow");
        fails("Pow", 15, &[], &[Arg::Int(2), Arg::Int(-1)], "negative exponent");
        fails("Pow", 15, &[], &[Arg::Floats(&[], &[-1.0]), Arg::Floats(&[], &[0.5])], "NaN or infinite");
        fails("Pow", 15, &[], &[base, Arg::Floats(&[3], &[1.0; 3])], "do not broadcast");
    }
}
