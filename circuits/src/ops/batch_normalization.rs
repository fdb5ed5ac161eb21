//! BatchNormalization at inference: a factor and an addend a channel.

use super::Operator;
use crate::onnx::{
    Problem,
    call::{Call, Outcome, Value},
    tensor,
};

pub(super) const BATCH_NORMALIZATION: Operator =
    Operator::new("BatchNormalization", import).limited("inference mode; constant statistics");

fn import(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    let shape = call.builder.shape(x)?.to_vec();
    let channels = shape.get(1).copied().unwrap_or(1);
    if call.flag("training_mode")? {
        return Err(Problem::Unsupported("training mode is on; export the model for inference".into()));
    }
    // Before set 9.
    if call.int("spatial")? == Some(0) {
        return Err(Problem::attribute("spatial", "is 0; one factor a channel is supported"));
    }
    let epsilon = call.float("epsilon")?.unwrap_or(1e-5);
    let mut lists = Vec::new();
    for i in 1..5 {
        let tensor = call.optional_floats(i)?.ok_or(Problem::MissingInput(i))?;
        let list = tensor.as_floats().filter(|l| l.len() == channels);
        lists.push(
            list.ok_or_else(|| Problem::Shape(format!("input {i} must hold {channels} numbers")))?.to_vec(),
        );
    }
    let factor: Vec<f64> =
        lists[0].iter().zip(&lists[3]).map(|(s, var)| s / (var + epsilon).sqrt()).collect();
    let addend: Vec<f64> =
        lists[1].iter().zip(&lists[2]).zip(&factor).map(|((b, mean), f)| b - mean * f).collect();
    let total = tensor::count(&shape)?;
    let inner: usize = shape.iter().skip(2).product();
    let spread = |list: &[f64]| (0..total).map(|i| list[i / inner % channels]).collect();
    let y = call.builder.scale(x, spread(&factor), spread(&addend))?;
    Ok(vec![Value::Node(y)])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    #[test]
    fn channels_are_normalised() {
        let args = || {
            let list = |data: &'static [f64]| Arg::Floats(&[2], data);
            vec![list(&[1.0, 2.0]), list(&[0.0, 1.0]), list(&[1.0, 0.0]), list(&[4.0, 0.25])]
        };
        let with = |x: Arg<'static>| [vec![x], args()].concat();
        let exact = ("epsilon", Attr::Float(0.0));
        let x = Arg::Input(&[1, 2, 2], &[3.0, 5.0, 1.0, 2.0]);
        assert_eq!(
            floats("BatchNormalization", 15, std::slice::from_ref(&exact), &with(x.clone())).1,
            [1.0, 2.0, 5.0, 9.0]
        );
        let flat = Arg::Input(&[1, 2], &[3.0, 1.0]);
        assert_eq!(floats("BatchNormalization", 9, std::slice::from_ref(&exact), &with(flat)).1, [1.0, 5.0]);
        fails(
            "BatchNormalization",
            15,
            &[("training_mode", Attr::Int(1))],
            &with(x.clone()),
            "training mode",
        );
        fails("BatchNormalization", 8, &[("spatial", Attr::Int(0))], &with(x), "one factor a channel");
        fails("BatchNormalization", 15, &[], &with(Arg::Input(&[1, 3], &[0.0; 3])), "must hold 3 numbers");
        let negative = [("epsilon", Attr::Float(-4.0))];
        fails("BatchNormalization", 15, &negative, &with(Arg::Input(&[1, 2], &[3.0, 1.0])), "not finite");
    }
}
