//! Constant and ConstantOfShape.

use super::Operator;
use crate::onnx::{
    Problem,
    call::{Call, Outcome, Value},
    tensor::{self, ConstTensor},
};

pub(super) const CONSTANT: Operator = Operator::new("Constant", constant).limited("dense");

fn constant(call: &mut Call<'_>) -> Outcome {
    let tensor = if let Some(tensor) = call.tensor("value")? {
        tensor
    } else if let Some(x) = call.float("value_float")? {
        ConstTensor::floats(vec![], vec![x])
    } else if let Some(i) = call.int("value_int")? {
        ConstTensor::ints(vec![], vec![i])
    } else {
        let [attribute] = call.node.attribute.as_slice() else {
            return Err(Problem::MissingAttribute("value"));
        };
        match attribute.name.as_deref().unwrap_or_default() {
            "value_floats" => {
                let list = call.float_list("value_floats")?;
                ConstTensor::floats(vec![list.len()], list)
            }
            "value_ints" => {
                let list = call.int_list("value_ints")?.unwrap_or_default();
                ConstTensor::ints(vec![list.len()], list)
            }
            "value_string" => {
                let data = tensor::Data::Strings(vec![attribute.s.clone().unwrap_or_default()]);
                ConstTensor { shape: vec![], data }
            }
            "value_strings" => {
                let data = tensor::Data::Strings(attribute.strings.clone());
                ConstTensor { shape: vec![data.len()], data }
            }
            other => return Err(Problem::attribute(other, "is not a kind of constant that is supported")),
        }
    };
    Ok(vec![tensor.into()])
}

pub(super) const CONSTANT_OF_SHAPE: Operator = Operator::new("ConstantOfShape", of_shape).since(9);

fn of_shape(call: &mut Call<'_>) -> Outcome {
    let dims = call.ints(0)?;
    let shape: Option<Vec<usize>> = dims.iter().map(|d| usize::try_from(*d).ok()).collect();
    let shape = shape.ok_or_else(|| Problem::Shape(format!("shape {dims:?} has a negative side")))?;
    let total = tensor::count(&shape)?;
    call.charge(total)?;
    let value = call.tensor("value")?.unwrap_or_else(|| ConstTensor::floats(vec![1], vec![0.0]));
    if value.data.len() != 1 {
        return Err(Problem::attribute("value", "must hold one element"));
    }
    Ok(vec![Value::from(ConstTensor { shape, data: value.data.select(std::iter::repeat_n(0, total)) })])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats, ints};

    #[test]
    fn each_kind_of_value() {
        let tensor = Attr::Tensor(vec![2], vec![1.0, 2.0]);
        assert_eq!(floats("Constant", 13, &[("value", tensor)], &[]), (vec![2], vec![1.0, 2.0]));
        assert_eq!(floats("Constant", 13, &[("value_float", Attr::Float(1.5))], &[]), (vec![], vec![1.5]));
        assert_eq!(ints("Constant", 13, &[("value_int", Attr::Int(3))], &[]), [3]);
        assert_eq!(ints("Constant", 13, &[("value_ints", Attr::Ints(&[3, 4]))], &[]), [3, 4]);
        fails("Constant", 13, &[], &[], "'value' is missing");
        fails("Constant", 13, &[("sparse_value", Attr::Int(1))], &[], "not a kind");
    }

    #[test]
    fn filled_tensors() {
        let zeros = floats("ConstantOfShape", 9, &[], &[Arg::List(&[2, 1])]);
        assert_eq!(zeros, (vec![2, 1], vec![0.0, 0.0]));
        let value = [("value", Attr::Tensor(vec![1], vec![2.5]))];
        assert_eq!(floats("ConstantOfShape", 9, &value, &[Arg::List(&[2])]).1, [2.5, 2.5]);
        fails("ConstantOfShape", 9, &[], &[Arg::List(&[-1])], "negative side");
        fails("ConstantOfShape", 9, &[], &[Arg::List(&[1 << 40, 1 << 40])], "too large");
        fails("ConstantOfShape", 9, &[], &[Arg::List(&[1 << 26])], "expands to more than");
    }
}
