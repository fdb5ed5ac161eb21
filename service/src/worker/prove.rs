//! From inputs of a model to a proof of them: of one, or of several that wait together.

use super::models::Ready;
use super::proof::{Made, context};
use super::{Fault, Stages, Worker, aside};
use crate::artifacts::File;
use crate::job::Job;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use sumcast_prover::Assignment;
use utoipa::ToSchema;

/// What is proven of a model.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Prove {
    /// The input, as many numbers as the model takes; `null` is a missing one.
    pub input: Vec<Option<f64>>,
    /// 32 bytes in hexadecimal that the proof is bound to.
    pub context: String,
}

impl Prove {
    /// The input's numbers; a missing one is none.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = f64> {
        self.input.iter().map(|number| number.unwrap_or(f64::NAN))
    }
}

impl Worker {
    /// One proof of the inputs of all these jobs, which are of one model and have one context; as many as a power of two.
    /// The result of each.
    pub(super) async fn prove(self: Arc<Self>, jobs: &[Job], stages: Stages) -> Result<Vec<Value>, Fault> {
        let asked = jobs.iter().map(|job| serde_json::from_value::<Prove>(job.request.clone()));
        let asked = asked.collect::<Result<Vec<_>, _>>()?;
        let model = jobs.iter().find_map(|job| job.model.clone()).unwrap_or_default();
        let log = jobs.len().trailing_zeros() as u8;
        let job = async || Ok(self.insist(|| self.store.job(&model)).await?);
        let ready = self.models.of(&self.artifacts, &model, log, job).await?;
        let key = (log > 0).then(|| ready.key.key.to_bytes());
        let (outputs, made) = aside(move || prove(&ready, &asked, &stages)).await?;
        if let (1, Some(seconds)) = (jobs.len(), made.result.get("prove_seconds").and_then(Value::as_f64)) {
            self.times.note(&model, (1000.0 * seconds) as i64);
        }
        let mut results = vec![];
        for (i, (job, output)) in jobs.iter().zip(outputs).enumerate() {
            // What is asked of a job is in one place, so that each has what it is alone.
            if let Some(key) = &key {
                self.artifacts.put_made(job, File::Key, key.clone()).await?;
            }
            if let Some(opening) = &made.opening {
                self.artifacts.put_made(job, File::Opening, opening.clone()).await?;
            }
            self.artifacts.put_made(job, File::Proof, made.proof.clone()).await?;
            let mut result = made.result.clone();
            result.insert("output".into(), json!(output));
            if jobs.len() > 1 {
                result.insert("together".into(), json!({"inputs": jobs.len(), "index": i}));
            }
            results.push(result.into());
        }
        Ok(results)
    }
}

/// The outputs of each input, and the proof of them all.
fn prove(ready: &Ready, asked: &[Prove], stages: &Stages) -> Result<(Vec<Vec<f64>>, Made), Fault> {
    let context = context(asked.first().map_or("", |first| &first.context))?;
    let input: Vec<f64> = asked.iter().flat_map(Prove::numbers).collect();
    let mut outputs = vec![];
    let made = ready.proof(&[], stages, || {
        let inference = ready.model.run(&ready.relation, &input).map_err(Fault::job)?;
        outputs = inference.outputs;
        Ok(Assignment { context, tensors: inference.tensors, cells: inference.cells })
    })?;
    let count = asked.len();
    let own = |i: usize| {
        let each = outputs.iter().map(|output| {
            let len = output.len() / count;
            &output[i * len..][..len]
        });
        each.collect::<Vec<_>>().concat()
    };
    Ok(((0..count).map(own).collect(), made))
}
