//! Circuits that are ready to prove.

use super::topic::Circuit;
use super::{Fault, aside};
use crate::artifacts::{Artifacts, File};
use crate::job::Job;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use sumcast_circuits::{Model, Relation};
use sumcast_params::{Srs, cache};
use sumcast_prover::{Cpu, ProvingKey, srs_log};
use sumcast_verifier::Key;

/// How many are kept.
const KEPT: usize = 8;

/// A circuit with all that a proof takes.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) model: Model,
    pub(crate) relation: Relation,
    pub(crate) key: ProvingKey,
    pub(crate) srs: Srs,
}

/// The circuits that proofs were asked of last.
#[derive(Debug)]
pub(crate) struct Models {
    params: Option<PathBuf>,
    kept: Mutex<VecDeque<(String, Arc<Ready>)>>,
}

impl Models {
    pub(crate) fn new(params: Option<PathBuf>) -> Self {
        Self { params, kept: Mutex::default() }
    }

    /// The parameters for rows of a length.
    pub(crate) fn srs(&self, row_log: u8) -> anyhow::Result<Srs> {
        let size = srs_log(row_log).into();
        Ok(match &self.params {
            Some(path) => Srs::read_prefix(path, size)?,
            None => cache::development(size)?,
        })
    }

    /// A model that a job has made, whose proofs are of `2^log` inputs each. The job is asked for if the model is not at hand.
    pub(crate) async fn of(
        self: &Arc<Self>,
        artifacts: &Artifacts,
        id: &str,
        log: u8,
        job: impl AsyncFnOnce() -> Result<Option<Job>, Fault>,
    ) -> Result<Arc<Ready>, Fault> {
        let name = format!("model {id} {log}");
        if let Some(ready) = self.kept(&name) {
            return Ok(ready);
        }
        if log > 0 {
            let one = Box::pin(self.of(artifacts, id, 0, job)).await?;
            return self.make(name, move || one.model.batched(log).map_err(Fault::job)).await;
        }
        let missing = || Fault::Job(format!("there is no model {id:?}"));
        let job = job().await?.ok_or_else(missing)?;
        let model = artifacts.made(&job, File::Model).await?;
        let key = artifacts.made(&job, File::Key).await?;
        let (Some(model), Some(key)) = (model, key) else {
            return Err(missing());
        };
        let models = self.clone();
        let ready = aside(move || {
            let model = Model::from_bytes(&model).map_err(Fault::job)?;
            let mut relation = model.lower().map_err(Fault::job)?;
            let srs = models.srs(relation.program.row_log)?;
            let key = Key::from_bytes(&key).map_err(Fault::job)?;
            let fixed = std::mem::take(&mut relation.fixed);
            let key = ProvingKey::new(key, fixed, model.secret()).map_err(Fault::job)?;
            sumcast_prover::check_srs(&key.key, &srs).map_err(Fault::job)?;
            Ok(Ready { model, relation, key, srs })
        });
        Ok(self.keep(name, ready.await?))
    }

    /// The circuit of an epoch.
    pub(crate) async fn topic(self: &Arc<Self>, circuit: &Circuit) -> Result<Arc<Ready>, Fault> {
        let name = circuit.name();
        if let Some(ready) = self.kept(&name) {
            return Ok(ready);
        }
        let circuit = circuit.clone();
        self.make(name, move || circuit.model()).await
    }

    /// A model with a key made for it.
    async fn make(
        self: &Arc<Self>,
        name: String,
        model: impl FnOnce() -> Result<Model, Fault> + Send + 'static,
    ) -> Result<Arc<Ready>, Fault> {
        let models = self.clone();
        let ready = aside(move || {
            let model = model()?;
            let mut relation = model.lower().map_err(Fault::job)?;
            let srs = models.srs(relation.program.row_log)?;
            let fixed = std::mem::take(&mut relation.fixed);
            let key = ProvingKey::setup(relation.program.clone(), fixed, model.secret(), &srs, &Cpu);
            Ok(Ready { model, relation, key: key.map_err(Fault::job)?, srs })
        });
        Ok(self.keep(name, ready.await?))
    }

    fn kept(&self, name: &str) -> Option<Arc<Ready>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, _)| known == name)?;
        let found = kept.remove(at)?;
        kept.push_front(found.clone());
        Some(found.1)
    }

    fn keep(&self, name: String, ready: Ready) -> Arc<Ready> {
        let ready = Arc::new(ready);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front((name, ready.clone()));
        kept.truncate(KEPT);
        ready
    }
}
