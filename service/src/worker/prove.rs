//! From an input to a proof.

use super::{Fault, Stages, Worker, aside};
use crate::artifacts::File;
use crate::job::Job;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Instant;
use sumcast_prover::{Assignment, Cpu, Proven, prove};
use sumcast_verifier::verify;
use utoipa::ToSchema;

/// What is proven of a model.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Prove {
    /// The input, as many numbers as the model takes; `null` is a missing one.
    pub input: Vec<Option<f64>>,
    /// 32 bytes in hexadecimal that the proof is bound to.
    pub context: String,
}

impl Worker {
    pub(super) async fn prove(self: Arc<Self>, job: &Job, stages: Stages) -> Result<Value, Fault> {
        let Prove { input, context } = serde_json::from_value(job.request.clone())?;
        let model = job.model.clone().unwrap_or_default();
        let ready = self.models.ready(&self.artifacts, &model).await?;
        let (file, result) = aside(move || {
            let mut bytes = [0; 32];
            hex::decode_to_slice(&context, &mut bytes).map_err(Fault::job)?;
            let begun = Instant::now();
            let input: Vec<f64> = input.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect();
            let inference = ready.model.run(&ready.relation, &input).map_err(Fault::job)?;
            let outputs = inference.outputs;
            let assignment =
                Assignment { context: bytes, tensors: inference.tensors, cells: inference.cells };
            let Proven { file, timings, .. } =
                prove(&ready.key, &ready.srs, assignment, &mut rand::rng(), &Cpu, &mut |stage| {
                    // Nobody has to hear.
                    let _ = stages.send(stage.name());
                })
                .map_err(Fault::job)?;
            let prove_seconds = begun.elapsed().as_secs_f64();
            verify(&ready.key.key, &file).map_err(Fault::job)?;
            let seconds: Map<String, Value> = timings
                .0
                .iter()
                .map(|(stage, took)| (stage.name().into(), took.as_secs_f64().into()))
                .collect();
            let bytes = file.to_bytes();
            let result = json!({
                "model_id": hex::encode(file.model_id),
                "context": hex::encode(file.statement.context),
                "output": outputs.concat(),
                "prove_seconds": prove_seconds,
                "proof_bytes": bytes.len(),
                "stages": seconds,
            });
            Ok((bytes, result))
        })
        .await?;
        self.artifacts.put_made(job, File::Proof, file).await?;
        Ok(result)
    }
}
