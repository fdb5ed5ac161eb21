//! LinearRegressor, and the scores it shares with LinearClassifier.

use super::Operator;
use crate::{
    graph::{Matrix, NodeId},
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
    },
};

pub(super) const LINEAR_REGRESSOR: Operator =
    Operator::ml("LinearRegressor", import).limited("post-transform NONE");

fn import(call: &mut Call<'_>) -> Outcome {
    let targets = call.int("targets")?.unwrap_or(1);
    let targets = usize::try_from(targets).ok().filter(|t| *t > 0);
    let targets = targets.ok_or_else(|| Problem::attribute("targets", "must be positive"))?;
    let transform = call.text("post_transform", "NONE")?;
    if transform != "NONE" {
        return Err(Problem::attribute("post_transform", format!("is {transform}; NONE is supported")));
    }
    Ok(vec![Value::Node(scores(call, targets)?)])
}

/// `coefficients x + intercepts`, one score a row of coefficients.
pub(super) fn scores(call: &mut Call<'_>, rows: usize) -> Result<NodeId, Problem> {
    let mut x = call.activation(0)?;
    let shape = call.builder.shape(x)?.to_vec();
    let features = match *shape.as_slice() {
        [features] => {
            x = call.builder.reshape(x, &[1, features])?;
            features
        }
        [_, features] => features,
        _ => return Err(Problem::Shape(format!("the input must be a matrix; its shape is {shape:?}"))),
    };
    let coefficients = call.float_list("coefficients")?;
    if rows.checked_mul(features) != Some(coefficients.len()) {
        let problem = format!("must hold {rows} x {features} numbers; it holds {}", coefficients.len());
        return Err(Problem::attribute("coefficients", problem));
    }
    let intercepts = match call.float_list("intercepts")? {
        list if list.is_empty() => vec![0.0; rows],
        list if list.len() == rows => list,
        list => {
            let problem = format!("must hold {rows} numbers; it holds {}", list.len());
            return Err(Problem::attribute("intercepts", problem));
        }
    };
    Ok(call.builder.linear(x, Matrix::new(rows, features, coefficients)?, intercepts)?)
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, fails, floats};

    #[test]
    fn targets_are_rows() {
        let op = "ai.onnx.ml.LinearRegressor";
        let x = || [Arg::Input(&[1, 2], &[1.0, -1.0])];
        let w = ("coefficients", Attr::Floats(&[3.0, 1.0, 5.0, 7.0]));
        let two = [w.clone(), ("targets", Attr::Int(2)), ("intercepts", Attr::Floats(&[0.0, 0.5]))];
        assert_eq!(floats(op, 1, &two, &x()), (vec![1, 2], vec![2.0, -1.5]));
        let vector = [Arg::Input(&[4], &[1.0, 0.0, 0.0, 1.0])];
        assert_eq!(floats(op, 1, std::slice::from_ref(&w), &vector), (vec![1, 1], vec![10.0]));
        fails(op, 1, std::slice::from_ref(&w), &x(), "1 x 2 numbers; it holds 4");
        fails(op, 1, &[w.clone(), ("targets", Attr::Int(-1))], &x(), "must be positive");
        fails(op, 1, &[w, ("post_transform", Attr::Text("PROBIT"))], &x(), "NONE is supported");
    }
}
