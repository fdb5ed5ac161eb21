//! TreeEnsembleClassifier: the label, which is not computed, and a score a class.
//!
//! Where all weights of two classes are of the first, their sum `s` is a score of the second, as in onnxruntime: with
//! LOGISTIC the scores are the logistic function of `-s` and `s`; else `1 - s` and `s` where no weight is negative, and
//! `-s` and `s` where one is, and SOFTMAX has no effect.

use super::{
    Operator,
    trees::{self, Aggregate, Transform},
};
use crate::{
    graph::Matrix,
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
    },
};

pub(super) const TREE_ENSEMBLE_CLASSIFIER: Operator = Operator::ml("TreeEnsembleClassifier", import).limited(
    "PROBIT is refused; SOFTMAX_ZERO is SOFTMAX, which differs where a score is exactly zero; \
     thresholds in double precision must be of single",
);

fn import(call: &mut Call<'_>) -> Outcome {
    let (x, features) = trees::features(call)?;
    let transform = Transform::named(&call.text("post_transform", "NONE")?)?;
    let classes = match call.string_count("classlabels_strings") {
        0 => call.int_list("classlabels_int64s")?.map_or(0, |list| list.len()),
        count => count,
    };
    if classes < 2 {
        return Err(Problem::Unsupported(format!("a classifier of {classes} classes is not supported")));
    }
    let base = trees::base_values(call)?;
    let weights = trees::class_weights(call)?;
    let trees = trees::read(call, features, classes, &weights, Aggregate::Sum)?;
    let negative = weights.weights.iter().any(|w| *w < 0.0);
    let first_only = weights.ids.iter().all(|id| *id == 0);
    if classes == 2 && first_only && base.len() < 2 {
        let s = trees.aggregate(call, x, Aggregate::Sum, &base)?;
        let b = &mut *call.builder;
        let pair = |low: f64| Matrix::new(2, 2, vec![low, 0.0, 1.0, 0.0]);
        let scores = match transform {
            Transform::None | Transform::Softmax | Transform::SoftmaxZero if !negative => {
                b.linear(s, pair(-1.0)?, vec![1.0, 0.0])?
            }
            _ => b.linear(s, pair(-1.0)?, vec![0.0, 0.0])?,
        };
        let transform = if transform == Transform::Logistic { transform } else { Transform::None };
        return Ok(vec![Value::Label, Value::Node(transform.apply(call, scores)?)]);
    }
    if classes == 2 && !base.is_empty() {
        return Err(Problem::attribute(
            "base_values",
            "for two classes with weights of their own is understood differently by each runtime; add it to the weights",
        ));
    }
    if !base.is_empty() && base.len() != classes {
        let problem = format!("must hold {classes} numbers; it holds {}", base.len());
        return Err(Problem::attribute("base_values", problem));
    }
    let scored = trees.scored(call)?;
    if classes == 2 && scored[1] == Some(false) {
        return Err(Problem::Unsupported(
            "there are paths on which no tree gives the second of two classes a weight, and runtimes then take its score \
             from the first; give each leaf a weight of both"
                .into(),
        ));
    }
    transform.check(&scored, &base)?;
    let scores = trees.aggregate(call, x, Aggregate::Sum, &base)?;
    Ok(vec![Value::Label, Value::Node(transform.apply(call, scores)?)])
}
