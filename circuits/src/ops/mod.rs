//! The operators that can be imported, a file each.
//!
//! An operator is a function from a [`Call`] to the values of its outputs, an [`Operator`] beside it, and a line of
//! [`REGISTRY`]. Where all inputs are constant, an operator that asks for a computed input ([`Call::activation`]) is
//! evaluated on the constants by the importer; only operators on integers, and Pow, fold by themselves.
//!
//! The docs follow: `SUMCAST_WRITE_OPERATORS=1 cargo test -p sumcast-circuits --lib ops::table` writes its row of
//! `docs/operators.md`, measured on what `samples.rs` has where one computed operand is not enough, and `conformance.sh`
//! that of `docs/conformance.md`. Tests fail until both are there.

mod activations;
mod arg_max;
mod arithmetic;
mod average_pool;
mod batch_normalization;
mod cast;
mod clip;
mod compare;
mod concat;
mod constant;
mod conv;
mod dense;
mod expand;
mod function;
mod gather;
mod gemm;
mod gru;
mod identity;
mod leaky;
mod linear_classifier;
mod linear_regressor;
mod lstm;
mod matmul;
mod max;
mod max_pool;
mod normalization;
mod normalizer;
mod pow;
mod range;
mod recurrent;
mod reduce;
mod reshape;
mod rnn;
#[cfg(test)]
mod samples;
mod scaler;
mod shape;
mod slice;
mod softmax;
mod split;
#[cfg(test)]
mod table;
mod transpose;
mod tree_ensemble;
mod tree_ensemble_classifier;
mod tree_ensemble_regressor;
mod trees;
mod r#where;
mod windows;

use crate::onnx::{
    ML_OPSETS, OPSETS,
    call::{Call, Outcome},
};

/// The import of an operator.
pub(crate) type Import = fn(&mut Call<'_>) -> Outcome;

/// An operator: what it is called, and what is to be known of its import.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operator {
    /// Empty for the standard one.
    pub(crate) domain: &'static str,
    pub(crate) name: &'static str,
    /// The operator set it came with, or the first that is read.
    pub(crate) since: i64,
    /// What is refused, for the table of `docs/operators.md`.
    #[cfg_attr(not(test), expect(dead_code, reason = "only the page needs it, which a test writes"))]
    pub(crate) restrictions: &'static str,
    pub(crate) import: Import,
}

impl Operator {
    const fn new(name: &'static str, import: Import) -> Self {
        Self { domain: "", name, since: *OPSETS.start(), restrictions: "", import }
    }

    /// One of `ai.onnx.ml`.
    const fn ml(name: &'static str, import: Import) -> Self {
        Self { domain: ML, since: *ML_OPSETS.start(), ..Self::new(name, import) }
    }

    const fn since(self, since: i64) -> Self {
        Self { since, ..self }
    }

    const fn limited(self, restrictions: &'static str) -> Self {
        Self { restrictions, ..self }
    }

    /// The versions of its operator set that it is read from.
    #[cfg(test)]
    fn versions(&self) -> std::ops::RangeInclusive<i64> {
        self.since..=*if self.domain == ML { ML_OPSETS } else { OPSETS }.end()
    }
}

const ML: &str = "ai.onnx.ml";

/// The operators by domain and name.
pub(crate) const REGISTRY: &[Operator] = &[
    leaky::ABS,
    arithmetic::ADD,
    compare::AND,
    arg_max::ARG_MAX,
    arg_max::ARG_MIN,
    average_pool::AVERAGE_POOL,
    batch_normalization::BATCH_NORMALIZATION,
    cast::CAST,
    activations::CELU,
    clip::CLIP,
    concat::CONCAT,
    constant::CONSTANT,
    constant::CONSTANT_OF_SHAPE,
    conv::CONV,
    arithmetic::DIV,
    identity::DROPOUT,
    activations::ELU,
    compare::EQUAL,
    function::ERF,
    function::EXP,
    expand::EXPAND,
    reshape::FLATTEN,
    gru::GRU,
    gather::GATHER,
    function::GELU,
    gemm::GEMM,
    average_pool::GLOBAL_AVERAGE_POOL,
    max_pool::GLOBAL_MAX_POOL,
    compare::GREATER,
    compare::GREATER_OR_EQUAL,
    activations::HARD_SIGMOID,
    activations::HARD_SWISH,
    identity::IDENTITY,
    normalization::INSTANCE_NORMALIZATION,
    lstm::LSTM,
    normalization::LAYER_NORMALIZATION,
    leaky::LEAKY_RELU,
    compare::LESS,
    compare::LESS_OR_EQUAL,
    matmul::MAT_MUL,
    max::MAX,
    max_pool::MAX_POOL,
    arithmetic::MEAN,
    max::MIN,
    activations::MISH,
    arithmetic::MUL,
    arithmetic::NEG,
    compare::NOT,
    compare::OR,
    activations::P_RELU,
    pow::POW,
    rnn::RNN,
    range::RANGE,
    arithmetic::RECIPROCAL,
    reduce::REDUCE_L1,
    reduce::REDUCE_L2,
    reduce::REDUCE_MAX,
    reduce::REDUCE_MEAN,
    reduce::REDUCE_MIN,
    reduce::REDUCE_SUM,
    reduce::REDUCE_SUM_SQUARE,
    leaky::RELU,
    reshape::RESHAPE,
    activations::SELU,
    shape::SHAPE,
    function::SIGMOID,
    compare::SIGN,
    slice::SLICE,
    softmax::SOFTMAX,
    function::SOFTPLUS,
    activations::SOFTSIGN,
    split::SPLIT,
    function::SQRT,
    reshape::SQUEEZE,
    arithmetic::SUB,
    arithmetic::SUM,
    function::TANH,
    activations::THRESHOLDED_RELU,
    arg_max::TOP_K,
    transpose::TRANSPOSE,
    reshape::UNSQUEEZE,
    r#where::WHERE,
    compare::XOR,
    linear_classifier::LINEAR_CLASSIFIER,
    linear_regressor::LINEAR_REGRESSOR,
    normalizer::NORMALIZER,
    scaler::SCALER,
    tree_ensemble::TREE_ENSEMBLE,
    tree_ensemble_classifier::TREE_ENSEMBLE_CLASSIFIER,
    tree_ensemble_regressor::TREE_ENSEMBLE_REGRESSOR,
    identity::ZIP_MAP,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::testing::{Arg, fails, floats};

    #[test]
    fn an_operator_is_not_in_sets_before_its_own() {
        let x = || [Arg::Input(&[1], &[0.0])];
        fails("Gelu", 19, &[], &x(), "came with operator set 20, and the model names 19");
        assert_eq!(floats("Gelu", 20, &[], &x()).1, [0.0]);
    }

    #[test]
    fn the_registry_is_sorted_and_without_repeats() {
        assert!(REGISTRY.windows(2).all(|w| (w[0].domain, w[0].name) < (w[1].domain, w[1].name)));
    }
}
