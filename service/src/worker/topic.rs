//! What a topic's network computes in an epoch: its inference, its losses.

use super::models::Ready;
use super::proof::context;
use super::{Fault, Stages, Worker, aside};
use crate::artifacts::File;
use crate::job::{Job, Kind, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use sumcast_circuits::epoch::{Epoch, Settlement};
use sumcast_circuits::settle::{self, Settle};
use sumcast_circuits::synthesis::{self, Synthesis};
use sumcast_circuits::{Inference, Model};
use sumcast_prover::{Assignment, OpeningFile};
use utoipa::ToSchema;

/// How an epoch is proven.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Topic {
    /// Inferers and forecasters that the circuit has room for; as many as there are if not given.
    pub inferers: Option<u16>,
    /// As `inferers`.
    pub forecasters: Option<u16>,
    /// With the networks without each worker.
    pub one_out: bool,
    /// Fraction bits of inferences, of a synthesis: by the size of the largest one if not given.
    pub frac_bits: Option<u8>,
    /// 32 bytes in hexadecimal that the proof is bound to.
    pub context: String,
    /// The job whose proof has the state: its commitment is the same in this proof.
    pub state: Option<String>,
}

/// An epoch with its circuit's form.
#[derive(Clone, Debug)]
pub(crate) enum Circuit {
    /// The network inference.
    Synthesis(Epoch, synthesis::Form),
    /// The losses and the next state.
    Settlement(Settlement, settle::Form),
}

impl Topic {
    /// The circuit for an epoch: what `sumcast epoch import` writes for a synthesis, or `import-losses` for a settlement.
    ///
    /// # Errors
    /// What is wrong with the epoch, in words.
    pub(crate) fn circuit(&self, kind: Kind, epoch: &[u8]) -> Result<Circuit, String> {
        let in_words = |error: &dyn std::fmt::Display| error.to_string();
        let room = |asked: Option<u16>, found: usize, what: &str| match asked.map(usize::from) {
            Some(asked) if asked < found => {
                Err(format!("{what} is {asked}, and the epoch has {found} of them"))
            }
            Some(asked) => Ok(asked),
            None => Ok(found),
        };
        let rooms = |inferers, forecasters| {
            let inferers = room(self.inferers, inferers, "inferers")?;
            Ok::<_, String>((inferers, room(self.forecasters, forecasters, "forecasters")?))
        };
        if kind == Kind::Settle {
            let settlement = Settlement::from_json(epoch).map_err(|error| in_words(&error))?;
            let form = settle::Form::of(&settlement).map_err(|error| in_words(&error))?;
            let (inferers, forecasters) = settlement.workers();
            let (inferers, forecasters) = rooms(inferers.len(), forecasters.len())?;
            let form = form.with_room(inferers, forecasters);
            let form = if self.one_out { form.with_one_outs() } else { form };
            return Ok(Circuit::Settlement(settlement, form));
        }
        let epoch = Epoch::from_json(epoch).map_err(|error| in_words(&error))?;
        let form = synthesis::Form::of(&epoch).map_err(|error| in_words(&error))?;
        let (inferers, forecasters) = rooms(epoch.inferers.len(), epoch.forecasters.len())?;
        let mut form = form.with_room(inferers, forecasters);
        form = if self.one_out { form.with_one_outs() } else { form };
        form.value_fraction = self.frac_bits.unwrap_or(form.value_fraction);
        Ok(Circuit::Synthesis(epoch, form))
    }
}

impl Circuit {
    /// The topic's number and the epoch's block.
    pub(crate) fn of(&self) -> (u64, u64) {
        match self {
            Self::Synthesis(epoch, _) => (epoch.topic_id, epoch.nonce),
            Self::Settlement(settlement, _) => (settlement.topic_id, settlement.nonce),
        }
    }

    /// What each inferer infers, of a synthesis.
    fn inferences(&self) -> Option<Value> {
        let Self::Synthesis(epoch, _) = self else { return None };
        let inferences = epoch.inferers.iter().map(|by| (by.address.clone(), json!(by.inference)));
        Some(Value::Object(inferences.collect()))
    }

    /// What circuits of its form are called.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Synthesis(_, form) => format!("synthesis {form:?}"),
            Self::Settlement(_, form) => format!("settlement {form:?}"),
        }
    }

    /// The circuit as a model.
    pub(crate) fn model(&self) -> Result<Model, Fault> {
        match self {
            Self::Synthesis(_, form) => Synthesis::new(form.clone()).map(|circuit| circuit.model),
            Self::Settlement(_, form) => Settle::new(form.clone()).map(|circuit| circuit.model),
        }
        .map_err(Fault::job)
    }

    /// The outcome and all that is to be proven, by its model.
    fn run(&self, ready: &Ready) -> Result<(Value, Inference), Fault> {
        let (model, relation) = (ready.model.clone(), &ready.relation);
        Ok(match self {
            Self::Synthesis(epoch, form) => {
                let circuit = Synthesis { form: form.clone(), model };
                let (outcome, inference) = circuit.run(relation, epoch).map_err(Fault::job)?;
                (serde_json::to_value(outcome)?, inference)
            }
            Self::Settlement(settlement, form) => {
                let circuit = Settle { form: form.clone(), model };
                let (outcome, inference) = circuit.run(relation, settlement).map_err(Fault::job)?;
                (serde_json::to_value(outcome)?, inference)
            }
        })
    }

    /// The integers of the statement's inputs.
    fn inputs(&self, ready: &Ready) -> Result<Vec<Vec<i128>>, Fault> {
        let model = ready.model.clone();
        match self {
            Self::Synthesis(epoch, form) => Synthesis { form: form.clone(), model }.inputs(epoch),
            Self::Settlement(settlement, form) => Settle { form: form.clone(), model }.inputs(settlement),
        }
        .map_err(Fault::job)
    }
}

impl Worker {
    /// A proof of what a topic's network computes.
    pub(super) async fn topic(self: Arc<Self>, job: &Job, stages: Stages) -> Result<Value, Fault> {
        let asked: Topic = serde_json::from_value(job.request.clone())?;
        let epoch = self.artifacts.given(&job.id, File::Epoch).await?;
        let epoch = epoch.ok_or_else(|| Fault::Job("the epoch's file is gone".into()))?;
        let circuit = asked.circuit(job.kind, &epoch).map_err(Fault::Job)?;
        let context = context(&asked.context)?;
        let state = match &asked.state {
            Some(state) => Some(self.state(state).await?),
            None => None,
        };
        let ready = self.models.topic(&circuit).await?;
        let vk = ready.key.key.to_bytes();
        let (topic, block) = circuit.of();
        let inferences = circuit.inferences();
        let (outcome, made) = aside(move || {
            let known = match state {
                None => vec![],
                Some(opening) => {
                    let known = opening.known(&ready.key.key.program, &circuit.inputs(&ready)?);
                    vec![known.ok_or_else(|| {
                        Fault::job(
                            "the proof that \"state\" names has no state with these regrets for as many workers: give the \
                             same inferers, forecasters and one_out",
                        )
                    })?]
                }
            };
            let mut outcome = Value::Null;
            let made = ready.proof(&known, &stages, || {
                let (found, Inference { tensors, cells, .. }) = circuit.run(&ready)?;
                outcome = found;
                Ok(Assignment { context, tensors, cells })
            })?;
            Ok((outcome, made))
        })
        .await?;
        let mut result = made.result;
        result.insert("topic".into(), json!(topic));
        result.insert("block_height".into(), json!(block));
        result.insert("outcome".into(), outcome);
        if let Some(inferences) = inferences {
            result.insert("inferences".into(), inferences);
        }
        result.insert("vk_bytes".into(), vk.len().into());
        self.artifacts.put_made(job, File::Key, vk).await?;
        if let Some(opening) = made.opening {
            self.artifacts.put_made(job, File::Opening, opening).await?;
        }
        self.artifacts.put_made(job, File::Proof, made.proof).await?;
        Ok(result.into())
    }

    /// What opens the commitments of another job's proof.
    async fn state(&self, id: &str) -> Result<OpeningFile, Fault> {
        let job = self.insist(|| self.store.job(id)).await?.filter(|job| job.state == State::Done);
        let opening = match job {
            Some(job) => self.artifacts.made(&job, File::Opening).await?,
            None => None,
        };
        let opening = opening.ok_or_else(|| Fault::Job(format!("job {id:?} has left no state")))?;
        OpeningFile::from_bytes(&opening).map_err(Fault::job)
    }
}
