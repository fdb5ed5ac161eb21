//! TreeEnsembleRegressor: weights of the leaves that trees give, aggregated target by target.

use super::{
    Operator,
    trees::{self, Aggregate, Transform},
};
use crate::onnx::{
    Problem,
    call::{Call, Outcome, Value},
};

pub(super) const TREE_ENSEMBLE_REGRESSOR: Operator = Operator::ml("TreeEnsembleRegressor", import)
    .limited("PROBIT is refused; thresholds in double precision must be of single");

fn import(call: &mut Call<'_>) -> Outcome {
    let (x, features) = trees::features(call)?;
    let targets = trees::targets(call)?;
    let transform = Transform::named(&call.text("post_transform", "NONE")?)?;
    let kind = Aggregate::named(&call.text("aggregate_function", "SUM")?)?;
    let base = trees::base_values(call)?;
    if !base.is_empty() && base.len() != targets {
        let problem = format!("must hold {targets} numbers; it holds {}", base.len());
        return Err(Problem::attribute("base_values", problem));
    }
    let weights = trees::target_weights(call)?;
    let trees = trees::read(call, features, targets, &weights, kind)?;
    let scored = trees.scored(call)?;
    if let Some(target) = (0..base.len()).find(|t| base[*t] != 0.0 && scored[*t] != Some(true)) {
        return Err(Problem::Unsupported(format!(
            "there are paths on which no tree gives target {target} a weight, and whether its base value then counts is \
             understood differently by each runtime; give each leaf a weight of it"
        )));
    }
    transform.check(&scored, &base)?;
    let y = trees.aggregate(call, x, kind, &base)?;
    Ok(vec![Value::Node(transform.apply(call, y)?)])
}

#[cfg(test)]
mod tests {
    use super::super::trees::testing::{ONE, close, regress, regressor};
    use crate::onnx::testing::{Arg, Attr, fails};

    #[test]
    fn each_transform() {
        let weights = [(0, 1, 0, -5.5), (0, 1, 1, -0.75), (0, 2, 0, 2.5), (0, 2, 1, 15.25)];
        let of = |transform| {
            let attrs = regressor(&ONE, &weights, 2, vec![("post_transform", Attr::Text(transform))]);
            regress(&attrs, &[&[0.0], &[1.0]]).concat()
        };
        close(&of("NONE"), &[-5.5, -0.75, 2.5, 15.25]);
        close(&of("LOGISTIC"), &[0.004_070_137_7, 0.320_821_285, 0.924_141_82, 0.999_999_76]);
        close(&of("SOFTMAX"), &[0.008_577_485, 0.991_422_515, 2.902_312e-6, 0.999_997_1]);
        close(&of("SOFTMAX_ZERO"), &of("SOFTMAX"));
        // A score that is zero for want of a weight.
        let zero = regressor(&ONE, &weights[..3], 2, vec![("post_transform", Attr::Text("SOFTMAX_ZERO"))]);
        let x = [Arg::Input(&[1, 1], &[0.0])];
        fails("ai.onnx.ml.TreeEnsembleRegressor", 3, &zero, &x, "score 1 is exactly zero");
    }
}
