//! Models that are ready to prove.

use super::Fault;
use crate::artifacts::{Artifacts, File};
use crate::store::Store;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use sumcast_circuits::{Model, Relation};
use sumcast_params::{Srs, cache};
use sumcast_prover::{ProvingKey, srs_log};
use sumcast_verifier::Key;

/// How many are kept.
const KEPT: usize = 4;

/// A model with all that a proof takes.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) model: Model,
    pub(crate) relation: Relation,
    pub(crate) key: ProvingKey,
    pub(crate) srs: Srs,
}

/// The models that proofs were asked of last.
#[derive(Debug)]
pub(crate) struct Models {
    params: Option<PathBuf>,
    store: Store,
    kept: Mutex<VecDeque<(String, Arc<Ready>)>>,
}

impl Models {
    pub(crate) fn new(params: Option<PathBuf>, store: Store) -> Self {
        Self { params, store, kept: Mutex::default() }
    }

    /// The parameters for rows of a length.
    pub(crate) fn srs(&self, row_log: u8) -> anyhow::Result<Srs> {
        let size = srs_log(row_log).into();
        Ok(match &self.params {
            Some(path) => Srs::read_prefix(path, size)?,
            None => cache::development(size)?,
        })
    }

    fn kept(&self, id: &str) -> Option<Arc<Ready>> {
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let at = kept.iter().position(|(known, _)| known == id)?;
        let found = kept.remove(at)?;
        kept.push_front(found.clone());
        Some(found.1)
    }

    /// A model that a job has made.
    pub(crate) async fn ready(
        self: &Arc<Self>,
        artifacts: &Artifacts,
        id: &str,
    ) -> Result<Arc<Ready>, Fault> {
        if let Some(ready) = self.kept(id) {
            return Ok(ready);
        }
        let missing = || Fault::Job(format!("there is no model {id:?}"));
        let job = self.store.job(id).await?.ok_or_else(missing)?;
        let files = [File::Model, File::Key].map(|file| artifacts.made(&job, file));
        let [model, key] =
            <[_; 2]>::try_from(futures::future::try_join_all(files).await?).unwrap_or_default();
        let (Some(model), Some(key)) = (model, key) else {
            return Err(missing());
        };
        let models = self.clone();
        let ready = super::aside(move || {
            let model = Model::from_bytes(&model).map_err(Fault::job)?;
            let mut relation = model.lower().map_err(Fault::job)?;
            let srs = models.srs(relation.program.row_log)?;
            let key = Key::from_bytes(&key).map_err(Fault::job)?;
            let fixed = std::mem::take(&mut relation.fixed);
            let key = ProvingKey::new(key, fixed, model.secret()).map_err(Fault::job)?;
            sumcast_prover::check_srs(&key.key, &srs).map_err(Fault::job)?;
            Ok(Arc::new(Ready { model, relation, key, srs }))
        })
        .await?;
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.push_front((id.to_owned(), ready.clone()));
        kept.truncate(KEPT);
        Ok(ready)
    }
}
