//! Functions of one variable: Erf, Exp, Gelu, Sigmoid, Softplus, Sqrt and Tanh.

use super::Operator;
use crate::{
    graph::Function,
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
    },
};

fn function(call: &mut Call<'_>, function: Function) -> Outcome {
    let x = call.activation(0)?;
    Ok(vec![Value::Node(call.builder.function(x, function)?)])
}

pub(super) const ERF: Operator = Operator::new("Erf", erf).since(9);

fn erf(call: &mut Call<'_>) -> Outcome {
    function(call, Function::Erf)
}

pub(super) const EXP: Operator = Operator::new("Exp", exp);

fn exp(call: &mut Call<'_>) -> Outcome {
    function(call, Function::Exp)
}

pub(super) const SIGMOID: Operator = Operator::new("Sigmoid", sigmoid);

fn sigmoid(call: &mut Call<'_>) -> Outcome {
    function(call, Function::Sigmoid)
}

pub(super) const SOFTPLUS: Operator = Operator::new("Softplus", softplus);

fn softplus(call: &mut Call<'_>) -> Outcome {
    function(call, Function::Softplus)
}

pub(super) const TANH: Operator = Operator::new("Tanh", tanh);

fn tanh(call: &mut Call<'_>) -> Outcome {
    function(call, Function::Tanh)
}

pub(super) const GELU: Operator = Operator::new("Gelu", gelu).since(20);

fn gelu(call: &mut Call<'_>) -> Outcome {
    match call.text("approximate", "none")?.as_str() {
        "none" => function(call, Function::Gelu),
        "tanh" => function(call, Function::GeluTanh),
        other => Err(Problem::attribute("approximate", format!("is '{other}'; 'none' and 'tanh' are known"))),
    }
}

pub(super) const SQRT: Operator = Operator::new("Sqrt", sqrt).limited("not negative on any input");

fn sqrt(call: &mut Call<'_>) -> Outcome {
    let x = call.activation(0)?;
    Ok(vec![Value::Node(call.builder.sqrt(x)?)])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    #[test]
    fn each_function_computes_and_folds() {
        let cases = [
            ("Erf", 0.842_700_792_949_714_9),
            ("Exp", std::f64::consts::E),
            ("Gelu", 0.841_344_746_068_542_9),
            ("Sigmoid", 0.731_058_578_630_004_9),
            ("Softplus", 1.313_261_687_518_222_8),
            ("Sqrt", 1.0),
            ("Tanh", 0.761_594_155_955_764_9),
        ];
        for (op, y) in cases {
            for x in [Arg::Input(&[1], &[1.0]), Arg::Floats(&[1], &[1.0])] {
                let (shape, found) = floats(op, 20, &[], &[x]);
                assert!(shape == [1] && (found[0] - y).abs() < 1e-14, "{op}: {found:?}");
            }
        }
        let tanh = [("approximate", Attr::Text("tanh"))];
        let (_, y) = floats("Gelu", 20, &tanh, &[Arg::Input(&[1], &[1.0])]);
        assert!((y[0] - 0.841_191_990_608_276_7).abs() < 1e-14);
    }

    #[test]
    fn undefined_results_are_refused() {
        fails("Sqrt", 13, &[], &[Arg::Floats(&[], &[-1.0])], "NaN or infinite");
        fails("Exp", 13, &[], &[Arg::Floats(&[], &[1e4])], "NaN or infinite");
        fails(
            "Gelu",
            20,
            &[("approximate", Attr::Text("x"))],
            &[Arg::Input(&[1], &[1.0])],
            "'none' and 'tanh'",
        );
        fails("Exp", 13, &[], &[Arg::Ints(&[], &[1])], "must be floating point");
    }
}
