//! A use or two of each operator, to measure what it costs.

use super::trees::testing as trees;
use crate::onnx::testing::{Arg, Attr};

/// A sample's input, positive so that it can be divided by.
pub(super) const X: [f64; 64] = {
    let mut x = [0.0; 64];
    let mut i = 0;
    while i < 64 {
        x[i] = (i + 1) as f64 / 64.0;
        i += 1;
    }
    x
};

const SIDES: &[usize] = &[8, 8];
const IMAGE: &[usize] = &[1, 1, 8, 8];
/// Weights of both signs.
const WIDE: [f64; 128] = {
    let mut w = [0.0; 128];
    let mut i = 0;
    while i < 128 {
        w[i] = (i * 7 % 16) as f64 / 16.0 - 0.5;
        i += 1;
    }
    w
};
const ROW: &[f64] = &[0.25, -0.5, 0.75, -1.0, 1.25, -1.5, 1.75, -2.0];

pub(super) struct Sample {
    /// The operands, for a reader.
    pub(super) with: &'static str,
    pub(super) attrs: Vec<(&'static str, Attr)>,
    pub(super) args: Vec<Arg<'static>>,
}

fn sample(with: &'static str, attrs: &[(&'static str, Attr)], args: &[Arg<'static>]) -> Sample {
    Sample { with, attrs: attrs.to_vec(), args: args.to_vec() }
}

/// The samples of an operator: of one operand and no attributes unless listed.
pub(super) fn of(operator: &str) -> Vec<Sample> {
    let x = || Arg::Input(SIDES, &X);
    let row = || Arg::Floats(&[8], ROW);
    let constant = || sample("x, constant", &[], &[x(), row()]);
    let computed = || sample("x, x", &[], &[x(), x()]);
    let ints = |list| vec![sample("x", &[], &[x(), Arg::List(list)])];
    let image = || Arg::Input(IMAGE, &X);
    match operator {
        "Add" | "Max" | "Min" | "Sub" => vec![constant()],
        "Conv" => vec![sample("x, 3 by 3", &[], &[image(), Arg::Floats(&[1, 1, 3, 3], &X[..9])])],
        "Div" | "Mul" => vec![constant(), computed()],
        "AveragePool" | "MaxPool" => {
            let attrs = [("kernel_shape", Attr::Ints(&[2, 2])), ("strides", Attr::Ints(&[2, 2]))];
            vec![sample("x, 2 by 2", &attrs, &[image()])]
        }
        "BatchNormalization" => {
            let positive = Arg::Floats(&[8], &X[..8]);
            vec![sample("x", &[], &[x(), row(), row(), row(), positive])]
        }
        "Cast" => vec![sample("x", &[("to", Attr::Int(1))], &[x()])],
        "Clip" => {
            let bound = |b| Arg::Floats(&[], b);
            vec![sample("x", &[], &[x(), bound(&[0.25]), bound(&[0.5])])]
        }
        "Concat" => vec![sample("x, x", &[("axis", Attr::Int(0))], &[x(), x()])],
        "Constant" => vec![sample("", &[("value", Attr::Tensor(vec![1], vec![1.0]))], &[])],
        "ConstantOfShape" => vec![sample("constant", &[], &[Arg::List(&[8])])],
        "And" | "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" | "Or" | "Xor" => {
            vec![computed()]
        }
        "ArgMax" | "ArgMin" => vec![sample("x", &[("axis", Attr::Int(1))], &[x()])],
        "Expand" => ints(&[2, 8, 8]),
        "Gather" => ints(&[3, 2, 1, 0]),
        "Gemm" => vec![sample("x, constant", &[], &[x(), Arg::Floats(SIDES, &X)])],
        "GRU" | "LSTM" | "RNN" => {
            // Eight steps of eight numbers, four hidden.
            let (w, r): (Arg<'_>, Arg<'_>) = match operator {
                "GRU" => (Arg::Floats(&[1, 12, 8], &WIDE[..96]), Arg::Floats(&[1, 12, 4], &WIDE[..48])),
                "LSTM" => (Arg::Floats(&[1, 16, 8], &WIDE), Arg::Floats(&[1, 16, 4], &WIDE[..64])),
                _ => (Arg::Floats(&[1, 4, 8], &WIDE[..32]), Arg::Floats(&[1, 4, 4], &WIDE[..16])),
            };
            vec![sample("x, 8 steps, 4 hidden", &[], &[Arg::Input(&[8, 1, 8], &X), w, r])]
        }
        "GlobalAveragePool" | "GlobalMaxPool" => vec![sample("x", &[], &[image()])],
        "InstanceNormalization" => {
            let one = || Arg::Floats(&[1], &[1.5]);
            vec![sample("x", &[], &[image(), one(), one()])]
        }
        "LayerNormalization" => vec![sample("x", &[], &[x(), row(), row()])],
        "MatMul" => vec![sample("x, constant", &[], &[x(), Arg::Floats(SIDES, &X)]), computed()],
        "Mean" | "Sum" => vec![constant(), computed()],
        "PRelu" => vec![constant()],
        "Pow" => {
            let power = |with, e: &'static [f64]| sample(with, &[], &[x(), Arg::Floats(&[], e)]);
            vec![power("x, 0.5", &[0.5]), power("x, 2", &[2.0]), power("x, 3", &[3.0])]
        }
        "Range" => vec![sample("constants", &[], &[Arg::Int(0), Arg::Int(8), Arg::Int(1)])],
        "ReduceL1" | "ReduceL2" | "ReduceMax" | "ReduceMean" | "ReduceMin" | "ReduceSum"
        | "ReduceSumSquare" => vec![
            sample("x, last axis", &[], &[x(), Arg::List(&[1])]),
            sample("x, first axis", &[], &[x(), Arg::List(&[0])]),
        ],
        "Reshape" => ints(&[4, 16]),
        "Slice" => vec![sample("x", &[], &[x(), Arg::List(&[0]), Arg::List(&[4])])],
        "Split" => ints(&[4, 4]),
        "TopK" => ints(&[2]),
        "Unsqueeze" => ints(&[0]),
        "Where" => {
            let mask = Arg::Bools(&[8], &[true, false, true, false, true, false, true, false]);
            vec![
                sample("constant, x, constant", &[], &[mask, x(), row()]),
                sample("x, x, x", &[], &[x(), x(), x()]),
            ]
        }
        "LinearClassifier" => {
            let weights: [f32; 64] = std::array::from_fn(|i| i as f32 / 64.0);
            let attrs = |transform| {
                [
                    ("coefficients", Attr::Floats(Box::leak(Box::new(weights)))),
                    ("classlabels_ints", Attr::Ints(&[0, 1, 2, 3, 4, 5, 6, 7])),
                    ("post_transform", Attr::Text(transform)),
                ]
            };
            let with = |transform| sample(transform, &attrs(transform), &[x()]);
            vec![with("NONE"), with("LOGISTIC"), with("SOFTMAX")]
        }
        "LinearRegressor" => {
            let weights = Attr::Floats(&[0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]);
            vec![sample("x", &[("coefficients", weights)], &[x()])]
        }
        "Normalizer" => {
            let norm = |norm| sample(norm, &[("norm", Attr::Text(norm))], &[x()]);
            vec![norm("MAX"), norm("L1"), norm("L2")]
        }
        "Scaler" => {
            let factors = Attr::Floats(&[0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]);
            vec![sample("x", &[("offset", factors.clone()), ("scale", factors)], &[x()])]
        }
        "TreeEnsemble" => vec![sample("1 tree of depth 1", &trees::node(), &[x()])],
        "TreeEnsembleClassifier" => {
            let with = |transform| {
                let attrs = trees::classifier(&trees::full(), &trees::spread(3), 3, vec![]);
                sample(transform, &trees::with(attrs, "post_transform", Attr::Text(transform)), &[x()])
            };
            vec![with("NONE"), with("SOFTMAX")]
        }
        "TreeEnsembleRegressor" => {
            let with = |kind| {
                let attrs = trees::regressor(&trees::full(), &trees::spread(1), 1, vec![]);
                sample(kind, &trees::with(attrs, "aggregate_function", Attr::Text(kind)), &[x()])
            };
            vec![with("SUM"), with("MAX")]
        }
        _ => vec![sample("x", &[], &[x()])],
    }
}
