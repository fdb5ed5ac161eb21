//! The operators that can be imported, a file each.
//!
//! An operator is a function from a [`Call`] to the values of its outputs, and a line of [`REGISTRY`]. Where all inputs
//! are constant, an operator that asks for a computed input ([`Call::activation`]) is evaluated on the constants by the
//! importer; only operators on integers fold by themselves.

mod arithmetic;
mod batch_normalization;
mod cast;
mod clip;
mod concat;
mod constant;
mod dense;
mod expand;
mod function;
mod gather;
mod gemm;
mod identity;
mod leaky;
mod linear_classifier;
mod linear_regressor;
mod matmul;
mod max;
mod normalizer;
mod pow;
mod range;
mod reduce;
mod reshape;
mod scaler;
mod shape;
mod slice;
mod softmax;
mod split;
mod transpose;
mod r#where;

use crate::onnx::call::{Call, Outcome};

/// The import of an operator.
pub(crate) type Import = fn(&mut Call<'_>) -> Outcome;

const ML: &str = "ai.onnx.ml";

/// Each operator's domain (empty for the standard one), name and import.
pub(crate) const REGISTRY: &[(&str, &str, Import)] = &[
    ("", "Abs", leaky::abs),
    ("", "Add", arithmetic::add),
    ("", "BatchNormalization", batch_normalization::import),
    ("", "Cast", cast::import),
    ("", "Clip", clip::import),
    ("", "Concat", concat::import),
    ("", "Constant", constant::constant),
    ("", "ConstantOfShape", constant::of_shape),
    ("", "Div", arithmetic::div),
    ("", "Dropout", identity::dropout),
    ("", "Equal", r#where::equal),
    ("", "Erf", function::erf),
    ("", "Exp", function::exp),
    ("", "Expand", expand::import),
    ("", "Flatten", reshape::flatten),
    ("", "Gather", gather::import),
    ("", "Gelu", function::gelu),
    ("", "Gemm", gemm::import),
    ("", "Identity", identity::import),
    ("", "LeakyRelu", leaky::leaky_relu),
    ("", "MatMul", matmul::import),
    ("", "Max", max::max),
    ("", "Min", max::min),
    ("", "Mul", arithmetic::mul),
    ("", "Neg", arithmetic::neg),
    ("", "Pow", pow::import),
    ("", "Range", range::import),
    ("", "ReduceMean", reduce::mean),
    ("", "ReduceSum", reduce::sum),
    ("", "Relu", leaky::relu),
    ("", "Reshape", reshape::reshape),
    ("", "Shape", shape::import),
    ("", "Sigmoid", function::sigmoid),
    ("", "Slice", slice::import),
    ("", "Softmax", softmax::import),
    ("", "Softplus", function::softplus),
    ("", "Split", split::import),
    ("", "Sqrt", function::sqrt),
    ("", "Squeeze", reshape::squeeze),
    ("", "Sub", arithmetic::sub),
    ("", "Tanh", function::tanh),
    ("", "Transpose", transpose::import),
    ("", "Unsqueeze", reshape::unsqueeze),
    ("", "Where", r#where::import),
    (ML, "LinearClassifier", linear_classifier::import),
    (ML, "LinearRegressor", linear_regressor::import),
    (ML, "Normalizer", normalizer::import),
    (ML, "Scaler", scaler::import),
    (ML, "ZipMap", identity::import),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_sorted_and_without_repeats() {
        assert!(REGISTRY.windows(2).all(|w| (w[0].0, w[0].1) < (w[1].0, w[1].1)));
    }
}
