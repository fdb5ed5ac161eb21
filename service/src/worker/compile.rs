//! From an ONNX file to a model.

use super::{Fault, Stages, Worker, aside, memory};
use crate::artifacts::File;
use crate::job::Job;
use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use sumcast_circuits::graph::Graph;
use sumcast_circuits::{Committed, CompileOptions, Model, Secret, compile, onnx, samples};
use sumcast_prover::{Cpu, ProvingKey, prover_memory};
use utoipa::ToSchema;

/// How a model is compiled.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Compile {
    /// What it is called.
    pub name: String,
    /// Fraction bits that every tensor has at least, 8 to 24.
    pub frac_bits: u8,
    /// Whether the weights' commitments are unblinded, so that whoever has the ONNX file can recompute the model id.
    pub public_model: bool,
    /// Whether statements have commitments of the input in place of its numbers.
    pub hide_input: bool,
    /// As `hide_input`.
    pub hide_output: bool,
    /// Whether there are inputs to choose bounds by.
    pub calibrated: bool,
}

impl Worker {
    pub(super) async fn compile(self: Arc<Self>, job: &Job, stages: Stages) -> Result<Value, Fault> {
        let options: Compile = serde_json::from_value(job.request.clone())?;
        let network = self.artifacts.given(&job.id, File::Network).await?;
        let network = network.ok_or_else(|| Fault::Job("the ONNX file is gone".into()))?;
        let calibration = match options.calibrated {
            true => self.artifacts.given(&job.id, File::Calibration).await?,
            false => None,
        };
        let worker = self.clone();
        let limit = self.memory();
        let made = aside(move || {
            let said = |stage| {
                // Nobody has to hear.
                let _ = stages.send(stage);
            };
            said("import");
            let graph = onnx::import(&network).map_err(Fault::job)?;
            let shape = &graph.node(graph.input()).shape;
            let inputs = match &calibration {
                Some(bytes) => samples::parse(bytes, shape).map_err(Fault::job)?.inputs,
                None => vec![],
            };
            said("quantise");
            let secret = (!options.public_model).then(|| Secret(rand::rng().random()));
            let committed = Committed { input: options.hide_input, outputs: options.hide_output };
            let frac_bits = options.frac_bits;
            let how = CompileOptions { frac_bits, secret, committed, ..CompileOptions::default() };
            let model = compile(&graph, &inputs, &how).map_err(Fault::job)?;
            let relation = model.lower().map_err(Fault::job)?;
            memory::admit(&relation.program, limit).map_err(Fault::Job)?;
            said("commit");
            let srs = worker.models.srs(relation.program.row_log)?;
            let key = ProvingKey::setup(relation.program, relation.fixed, model.secret(), &srs, &Cpu);
            let key = key.map_err(Fault::job)?.key;
            said("errors");
            let max_error = max_error(&graph, &model, &inputs)?;
            let report = json!({
                "model_id": hex::encode(key.model_id()),
                "input_shape": model.input_shape(),
                "output_names": model.output_names(),
                "parameters": model.parameters(),
                "nodes": model.nodes(),
                "calibration_inputs": inputs.len(),
                // Of the integers' outputs from the network's, over the calibration inputs.
                "max_error": max_error,
                "row_log": key.program.row_log,
                "witness_cells": u64::from(key.program.witness_rows) << key.program.row_log,
                "proof_memory_bytes": prover_memory(&key.program),
                "vk_bytes": key.to_bytes().len(),
            });
            Ok((model, key, report))
        });
        let (model, key, result) = made.await?;
        let vk = key.to_bytes();
        self.artifacts.put_made(job, File::Key, vk).await?;
        self.artifacts.put_made(job, File::Model, model.to_bytes()).await?;
        Ok(result)
    }
}

/// The largest difference of an output from the network's own; none without inputs.
fn max_error(graph: &Graph, model: &Model, inputs: &[Vec<f64>]) -> Result<Option<f64>, Fault> {
    let mut most = None;
    for input in inputs {
        let found = model.infer(input).map_err(Fault::job)?.concat();
        let errors = found.iter().zip(graph.eval_outputs(input).concat()).map(|(a, b)| (a - b).abs());
        most = errors.chain(most).reduce(f64::max);
    }
    Ok(most)
}
