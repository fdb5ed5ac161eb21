//! LinearClassifier: the label, which is not computed, and a score a class.
//!
//! With one row of coefficients and two labels there are two scores, as in onnxruntime: `1 - s` and `s`, or for LOGISTIC
//! the logistic function of `-s` and `s`; SOFTMAX then has no effect. SOFTMAX_ZERO is taken as SOFTMAX, from which it
//! differs only where a score is exactly zero. PROBIT is refused: it is undefined for scores outside 0 to 1.

use super::{Operator, linear_regressor::scores};
use crate::{
    graph::{Function, Matrix},
    onnx::{
        Problem,
        call::{Call, Outcome, Value},
    },
};

pub(super) const LINEAR_CLASSIFIER: Operator = Operator::ml("LinearClassifier", import)
    .limited("PROBIT is refused; SOFTMAX_ZERO is SOFTMAX, which differs where a score is exactly zero");

fn import(call: &mut Call<'_>) -> Outcome {
    let transform = call.text("post_transform", "NONE")?;
    let labels = match call.int_list("classlabels_ints")? {
        Some(labels) if !labels.is_empty() => labels.len(),
        _ => call.string_count("classlabels_strings"),
    };
    let rows = match call.float_list("intercepts")?.len() {
        0 => labels.max(1),
        rows => rows,
    };
    if rows > 1 && labels > 0 && labels != rows {
        return Err(Problem::Shape(format!("{rows} rows of coefficients do not fit {labels} labels")));
    }
    let scores = scores(call, rows)?;
    let b = &mut *call.builder;
    let pair = |low: f64| Matrix::new(2, 1, vec![low, 1.0]);
    let result = match (transform.as_str(), rows, labels) {
        ("LOGISTIC", 1, 2) => {
            let both = b.linear(scores, pair(-1.0)?, vec![0.0, 0.0])?;
            b.function(both, Function::Sigmoid)?
        }
        ("NONE" | "SOFTMAX" | "SOFTMAX_ZERO", 1, 2) => b.linear(scores, pair(-1.0)?, vec![1.0, 0.0])?,
        ("NONE", ..) => scores,
        ("LOGISTIC", 2.., _) => b.function(scores, Function::Sigmoid)?,
        ("SOFTMAX" | "SOFTMAX_ZERO", 2.., _) => b.softmax_last(scores)?,
        (other, ..) => {
            let problem = format!("is {other} for {rows} rows and {labels} labels, which is not supported");
            return Err(Problem::attribute("post_transform", problem));
        }
    };
    Ok(vec![Value::Label, Value::Node(result)])
}

#[cfg(test)]
mod tests {
    use crate::onnx::testing::{Arg, Attr, all_floats, fails};

    const OP: &str = "ai.onnx.ml.LinearClassifier";

    /// The scores of `rows` rows under a transform; the first output, the label, is left out.
    fn run(rows: usize, transform: &'static str) -> Vec<f64> {
        const W: &[f32] = &[1.0, 2.0, 3.0];
        const LABELS: &[i64] = &[4, 5, 6];
        let attrs = [
            ("coefficients", Attr::Floats(&W[..rows])),
            ("intercepts", Attr::Floats(&[0.0; 3][..rows])),
            ("classlabels_ints", Attr::Ints(&LABELS[..rows.max(2)])),
            ("post_transform", Attr::Text(transform)),
        ];
        all_floats(OP, 1, &attrs, &[Arg::Input(&[1, 1], &[1.0])], 2).remove(0).1
    }

    #[test]
    fn one_row_makes_two_scores() {
        assert_eq!(run(1, "NONE"), [0.0, 1.0]);
        assert_eq!(run(1, "SOFTMAX"), [0.0, 1.0]);
        let y = run(1, "LOGISTIC");
        assert!((y[1] - 0.731_058_578_630_004_9).abs() < 1e-15 && (y[0] + y[1] - 1.0).abs() < 1e-15);
    }

    #[test]
    fn rows_are_classes() {
        assert_eq!(run(3, "NONE"), [1.0, 2.0, 3.0]);
        assert!((run(3, "SOFTMAX")[2] - 0.665_240_955_774_821_9).abs() < 1e-15);
        assert!((run(2, "SOFTMAX_ZERO")[1] - 0.731_058_578_630_004_9).abs() < 1e-15);
        assert!((run(3, "LOGISTIC")[0] - 0.731_058_578_630_004_9).abs() < 1e-15);
    }

    #[test]
    fn misuse_is_refused() {
        let x = || [Arg::Input(&[1, 1], &[1.0])];
        let w =
            || vec![("coefficients", Attr::Floats(&[1.0, 2.0])), ("intercepts", Attr::Floats(&[0.0, 0.0]))];
        let with = |name, attr| [w(), vec![(name, attr)]].concat();
        fails(OP, 1, &with("post_transform", Attr::Text("PROBIT")), &x(), "is PROBIT");
        fails(OP, 1, &with("classlabels_ints", Attr::Ints(&[1, 2, 3])), &x(), "do not fit 3 labels");
    }
}
