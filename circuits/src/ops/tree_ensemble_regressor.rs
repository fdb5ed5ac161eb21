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
