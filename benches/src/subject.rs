//! What is proven and measured, whatever it is made from.

use crate::{Case, EpochCase, FOREST, Source, development};
use anyhow::{Context, Result, ensure};
use rand::CryptoRng;
use sumcast_circuits::Inference;
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Backend, Proven, ProvingKey, Stage, prove};

/// What `stages` measures where it is not told: dense networks of growing size, trees, trees on many inputs, and the
/// synthesis of a network inference.
pub const SUBJECTS: [&str; 6] = ["mlp_8k", "mlp_100k", "mlp_1m", "lgbm_300x6", FOREST, "size_32x6_exp1_mad"];

/// A key, and runs to prove with it.
pub trait Subject {
    /// What the tables call it.
    fn name(&self) -> &str;

    /// The key.
    fn key(&self) -> &ProvingKey;

    /// The key's string.
    fn srs(&self) -> &Srs;

    /// An inference and its witness, the same each time.
    ///
    /// # Errors
    /// What the executor has against the inputs.
    fn run(&self) -> Result<Inference>;
}

/// Opens the epoch of that name, or else the model of that name or path ([`Source::open`]), with the cached development
/// string; `MODEL*N` is a model whose proofs are of `N` inputs, a power of two.
///
/// # Errors
/// What cannot be read or set up.
pub fn open(name: &str) -> Result<Box<dyn Subject>> {
    Ok(if let Some((model, inputs)) = name.split_once('*') {
        let inputs: u32 = inputs.parse().with_context(|| format!("inputs of {name}"))?;
        ensure!(inputs.is_power_of_two(), "{inputs} inputs, and a batch has a power of two");
        Box::new(Case::batch(Source::open(model)?, inputs.trailing_zeros() as u8, development)?)
    } else if EpochCase::exists(name) {
        Box::new(EpochCase::set_up(name, development)?)
    } else {
        Box::new(Case::open(name)?)
    })
}

/// Proves an inference on a backend.
pub(crate) fn prove_on(
    backend: &dyn Backend,
    subject: &dyn Subject,
    inference: Inference,
    rng: &mut dyn CryptoRng,
    progress: &mut (dyn FnMut(Stage) + Send),
) -> Result<Proven> {
    let Inference { tensors, cells, .. } = inference;
    let assignment = Assignment { context: [0; 32], tensors, cells };
    Ok(prove(subject.key(), subject.srs(), assignment, rng, backend, progress)?)
}
