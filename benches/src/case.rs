//! A model on its way from a folder to a verified proof, one method a phase that is measured.

use crate::subject::Subject;
use crate::synthetic;
use anyhow::{Context, Result};
use rand::CryptoRng;
use std::path::{Path, PathBuf};
use sumcast_circuits::graph::Graph;
use sumcast_circuits::{CompileOptions, Inference, Model, Relation, Secret, compile, onnx};
use sumcast_params::{Srs, cache};
use sumcast_prover::{Assignment, Cpu, Proven, ProvingKey, prove, srs_log};
use sumcast_verifier::{ProofFile, verify};

/// The first `2^log_size` powers of the user's cached development string, which the first call makes.
///
/// # Errors
/// What [`cache::development`] finds wrong.
pub fn development(log_size: u32) -> Result<Srs> {
    cache::development(log_size).context("the cached development string")
}

/// A model's graph and its inputs, as they are before anything is measured.
#[derive(Debug)]
pub struct Source {
    /// Name of the folder.
    pub name: String,
    /// The imported `network.onnx`.
    pub graph: Graph,
    /// All of `inputs.json`, which calibrate the model; the first is proven.
    pub inputs: Vec<Vec<f64>>,
}

impl Source {
    /// Reads the bundled model of that name, makes the one whose name says how, or else reads the folder of that path.
    ///
    /// # Errors
    /// Says which file is missing or damaged, or that the folder has no inputs; or that there is no model of that size.
    pub fn open(model: &str) -> Result<Self> {
        if let Some(made) = synthetic::by_name(model) {
            return made.with_context(|| format!("make {model}"));
        }
        let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(model);
        let folder = if bundled.is_dir() { bundled } else { PathBuf::from(model) };
        let network = folder.join("network.onnx");
        let bytes = std::fs::read(&network).with_context(|| format!("read {}", network.display()))?;
        let graph = onnx::import(&bytes).with_context(|| format!("import {}", network.display()))?;
        let path = folder.join("inputs.json");
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let inputs = inputs(&text).with_context(|| format!("read {}", path.display()))?;
        let name = folder.file_name().map_or_else(|| model.into(), |n| n.to_string_lossy().into_owned());
        Ok(Self { name, graph, inputs })
    }

    /// Compiles with the binary's default options and lowers: all of a set-up that needs no string. The weights are
    /// hidden, by a secret that is the same every time.
    ///
    /// # Errors
    /// [`sumcast_circuits::CompileError`].
    pub fn compile(&self) -> Result<(Model, Relation)> {
        self.compile_as(Layout::default())
    }

    /// As [`Source::compile`], laid out as told.
    ///
    /// # Errors
    /// As [`Source::compile`], also where the model cannot be laid out so.
    pub fn compile_as(&self, Layout { row_log, limb_bits }: Layout) -> Result<(Model, Relation)> {
        let secret = Some(Secret([7; 32]));
        let options = CompileOptions { row_log, limb_bits, secret, ..CompileOptions::default() };
        let model = compile(&self.graph, &self.inputs, &options)?;
        let relation = model.lower()?;
        Ok((model, relation))
    }
}

/// How a model is to be laid out; what is not told is chosen by cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    /// Log2 of the cells of a row.
    pub row_log: Option<u8>,
    /// Limb width, bits.
    pub limb_bits: Option<u8>,
}

/// The inputs of an `inputs.json`, at least one.
fn inputs(text: &str) -> Result<Vec<Vec<f64>>> {
    let mut data: serde_json::Value = serde_json::from_str(text)?;
    let inputs: Vec<Vec<f64>> = serde_json::from_value(data["inputs"].take()).context("its \"inputs\"")?;
    anyhow::ensure!(!inputs.is_empty(), "it has no inputs");
    Ok(inputs)
}

/// A model ready to prove.
#[derive(Debug)]
pub struct Case {
    /// Where it comes from.
    pub source: Source,
    /// The compiled model.
    pub model: Model,
    /// Its relation.
    pub relation: Relation,
    /// The string, as long as rows with what hides them.
    pub srs: Srs,
    /// The key.
    pub key: ProvingKey,
}

impl Case {
    /// The model of that name or path with the cached development string.
    ///
    /// # Errors
    /// As [`Source::open`] and [`Case::set_up`].
    pub fn open(model: &str) -> Result<Self> {
        Self::set_up(Source::open(model)?, development).with_context(|| format!("set up {model}"))
    }

    /// Compiles a model and makes its key with the string that `srs` gives for the logarithm of its length.
    ///
    /// # Errors
    /// [`sumcast_circuits::CompileError`], [`sumcast_prover::SetupError`], or what `srs` returns.
    pub fn set_up(source: Source, srs: impl FnOnce(u32) -> Result<Srs>) -> Result<Self> {
        Self::set_up_as(Layout::default(), source, srs)
    }

    /// As [`Case::set_up`], laid out as told.
    ///
    /// # Errors
    /// As [`Case::set_up`], also where the model cannot be laid out so.
    pub fn set_up_as(layout: Layout, source: Source, srs: impl FnOnce(u32) -> Result<Srs>) -> Result<Self> {
        let (model, relation) = source.compile_as(layout)?;
        Self::of(source, model, relation, srs)
    }

    /// As [`Case::set_up`], of proofs of `2^log` inputs each, which are those that there are, over and over.
    ///
    /// # Errors
    /// As [`Case::set_up`], also where a key cannot hold as many.
    pub fn batch(mut source: Source, log: u8, srs: impl FnOnce(u32) -> Result<Srs>) -> Result<Self> {
        let model = source.compile()?.0.batched(log)?;
        let relation = model.lower()?;
        source.name = format!("{}*{}", source.name, 1u32 << log);
        source.inputs = vec![source.inputs.iter().cycle().take(1 << log).flatten().copied().collect()];
        Self::of(source, model, relation, srs)
    }

    /// As [`Case::set_up`], of a source that is compiled.
    pub(crate) fn of(
        source: Source,
        model: Model,
        relation: Relation,
        srs: impl FnOnce(u32) -> Result<Srs>,
    ) -> Result<Self> {
        let srs = srs(srs_log(relation.program.row_log).into())?;
        let (program, fixed) = (relation.program.clone(), relation.fixed.clone());
        let key = ProvingKey::setup(program, fixed, model.secret(), &srs, &Cpu)?;
        Ok(Self { source, model, relation, srs, key })
    }

    /// The first inference and its witness.
    ///
    /// # Errors
    /// [`sumcast_circuits::RunError`].
    pub fn run(&self) -> Result<Inference> {
        Ok(self.model.run(&self.relation, &self.source.inputs[0])?)
    }

    /// Proves an inference, hidden by the randomness given.
    ///
    /// # Errors
    /// [`sumcast_prover::ProveError`].
    pub fn prove(&self, inference: Inference, rng: &mut dyn CryptoRng) -> Result<Proven> {
        self.prove_for([0; 32], inference, rng)
    }

    /// As [`Case::prove`], in a context.
    ///
    /// # Errors
    /// [`sumcast_prover::ProveError`].
    pub fn prove_for(
        &self,
        context: [u8; 32],
        inference: Inference,
        rng: &mut dyn CryptoRng,
    ) -> Result<Proven> {
        let Inference { tensors, cells, .. } = inference;
        let assignment = Assignment { context, tensors, cells };
        Ok(prove(&self.key, &self.srs, assignment, rng, &Cpu, &mut |_| ())?)
    }

    /// Decodes a proof file and verifies it.
    ///
    /// # Errors
    /// [`sumcast_verifier::VerifyError`].
    pub fn verify(&self, proof: &[u8]) -> Result<()> {
        Ok(verify(&self.key.key, &ProofFile::from_bytes(proof)?)?)
    }
}

impl Subject for Case {
    fn name(&self) -> &str {
        &self.source.name
    }

    fn key(&self) -> &ProvingKey {
        &self.key
    }

    fn srs(&self) -> &Srs {
        &self.srs
    }

    fn run(&self) -> Result<Inference> {
        self.run()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_read_or_refused() {
        assert_eq!(inputs(r#"{"inputs": [[1, 2.5]], "outputs": []}"#).unwrap(), [[1.0, 2.5]]);
        for wrong in ["", "{}", r#"{"inputs": []}"#, r#"{"inputs": [1]}"#] {
            assert!(inputs(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = Source::open("no/such/model").unwrap_err();
        assert!(error.to_string().contains("no/such/model"), "{error}");
    }
}
