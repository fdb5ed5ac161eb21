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

#[cfg(test)]
mod tests {
    use super::super::trees::testing::{ONE, Weight, classifier, close, numbers, with};
    use crate::onnx::testing::{Arg, Attr, all_floats, fails};

    const OP: &str = "ai.onnx.ml.TreeEnsembleClassifier";
    const POSITIVE: &[Weight] = &[(0, 1, 0, 0.25), (0, 2, 0, 1.5)];
    const MIXED: &[Weight] = &[(0, 1, 0, -0.75), (0, 2, 0, 1.5)];
    const BOTH: &[Weight] = &[(0, 1, 0, -0.75), (0, 1, 1, 0.5), (0, 2, 0, 1.5), (0, 2, 1, 2.0)];
    const SECOND: &[Weight] = &[(0, 1, 1, -0.75), (0, 2, 1, 1.5)];

    fn attrs(weights: &[Weight], classes: i64, transform: &'static str) -> Vec<(&'static str, Attr)> {
        classifier(&ONE, weights, classes, vec![("post_transform", Attr::Text(transform))])
    }

    /// The scores for the one leaf and the other.
    fn scores(attrs: &[(&'static str, Attr)]) -> Vec<f64> {
        let of = |x: &[f64]| all_floats(OP, 3, attrs, &[Arg::Input(&[1, 1], x)], 2).remove(0).1;
        [of(&[0.0]), of(&[1.0])].concat()
    }

    #[test]
    fn one_score_of_two_classes() {
        let half = |weights, transform| {
            let plain = attrs(weights, 2, transform);
            (scores(&plain), scores(&with(plain.clone(), "base_values", numbers([0.5]))))
        };
        for transform in ["NONE", "SOFTMAX", "SOFTMAX_ZERO"] {
            let (plain, base) = half(POSITIVE, transform);
            close(&plain, &[0.75, 0.25, -0.5, 1.5]);
            close(&base, &[0.25, 0.75, -1.0, 2.0]);
            let (plain, base) = half(MIXED, transform);
            close(&plain, &[0.75, -0.75, -1.5, 1.5]);
            close(&base, &[0.25, -0.25, -2.0, 2.0]);
        }
        let (plain, base) = half(POSITIVE, "LOGISTIC");
        close(&plain, &[0.437_823_5, 0.562_176_5, 0.182_425_5, 0.817_574_5]);
        close(&base, &[0.320_821_3, 0.679_178_7, 0.119_202_9, 0.880_797_1]);
        let (plain, base) = half(MIXED, "LOGISTIC");
        close(&plain, &[0.679_178_7, 0.320_821_3, 0.182_425_5, 0.817_574_5]);
        close(&base, &[0.562_176_5, 0.437_823_5, 0.119_202_9, 0.880_797_1]);
    }

    #[test]
    fn two_scores_of_two_classes() {
        let of = |weights, transform| scores(&attrs(weights, 2, transform));
        close(&of(BOTH, "NONE"), &[-0.75, 0.5, 1.5, 2.0]);
        close(&of(BOTH, "LOGISTIC"), &[0.320_821_3, 0.622_459_3, 0.817_574_5, 0.880_797_1]);
        close(&of(BOTH, "SOFTMAX"), &[0.222_700_1, 0.777_299_9, 0.377_540_7, 0.622_459_3]);
        close(&of(SECOND, "NONE"), &[0.0, -0.75, 0.0, 1.5]);
        close(&of(SECOND, "LOGISTIC"), &[0.5, 0.320_821_3, 0.5, 0.817_574_5]);
        close(&of(SECOND, "SOFTMAX"), &[0.679_178_7, 0.320_821_3, 0.182_425_5, 0.817_574_5]);
    }

    #[test]
    fn three_classes_and_labels_of_text() {
        let weights = [
            (0, 1, 0, 0.25),
            (0, 1, 1, 0.5),
            (0, 1, 2, 0.25),
            (0, 2, 0, 0.125),
            (0, 2, 1, 0.125),
            (0, 2, 2, 0.75),
        ];
        let of = |transform| {
            let attrs = with(attrs(&weights, 3, transform), "base_values", numbers([0.0, 1.0, 2.0]));
            let texts = with(attrs.clone(), "classlabels_strings", Attr::Texts(&["a", "b", "c"]));
            assert_eq!(scores(&attrs), scores(&texts));
            scores(&attrs)
        };
        close(&of("NONE"), &[0.25, 1.5, 2.25, 0.125, 1.125, 2.75]);
        let softmax = [0.084_179_3, 0.293_814_8, 0.622_005_9, 0.057_068_3, 0.155_127_8, 0.787_803_9];
        close(&of("SOFTMAX"), &softmax);
        close(&of("SOFTMAX_ZERO"), &softmax);
        let logistic = [0.562_176_5, 0.817_574_5, 0.904_650_5, 0.531_209_4, 0.754_915, 0.939_913_4];
        close(&of("LOGISTIC"), &logistic);
    }

    #[test]
    fn misuse_is_refused() {
        let x = || [Arg::Input(&[1, 1], &[0.0])];
        let refused = |attrs: &[(&'static str, Attr)], expected| fails(OP, 3, attrs, &x(), expected);
        refused(&attrs(MIXED, 1, "NONE"), "a classifier of 1 classes");
        refused(&attrs(BOTH, 2, "PROBIT"), "is PROBIT");
        refused(&attrs(&BOTH[..3], 2, "NONE"), "the second of two classes a weight");
        refused(&attrs(SECOND, 2, "SOFTMAX_ZERO"), "score 0 is exactly zero");
        refused(
            &with(attrs(BOTH, 2, "NONE"), "base_values", numbers([0.5, 0.5])),
            "'base_values' for two classes",
        );
        refused(
            &with(attrs(BOTH, 3, "NONE"), "base_values", numbers([0.5])),
            "must hold 3 numbers; it holds 1",
        );
        refused(&attrs(BOTH, 1, "NONE"), "a classifier of 1 classes");
        let three: &[Weight] = &[(0, 1, 0, 1.0), (0, 2, 3, 1.0)];
        refused(&attrs(three, 3, "NONE"), "target or class 3, and there are 3");
    }
}
