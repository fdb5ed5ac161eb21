//! The settlement of an epoch.

use super::super::{
    ByWorker, Decimal, EpochError, NAIVE, NETWORK, OneOutRegrets, OneOutValues, Report, Role, Settlement,
    forecaster_key,
};
use super::answer::{Answer, expect, regret};
use super::epoch::{FORECASTER_REGRET, INFERER_REGRET, NAIVE_REGRET, TOPIC, params, previous_loss, scale};
use super::{ImportError, Synthesis};
use serde_json::Value;
use std::collections::BTreeSet;

/// What a node answers about the losses of an epoch, each as JSON; regrets are those before it.
#[derive(Clone, Debug, Default)]
pub struct SettlementAnswers {
    /// Of `/emissions/v9/reputer_loss_bundles/{topic_id}/{block_height}`.
    pub losses: Value,
    /// Of `/emissions/v9/reputers_stakes/{topic_id}?addresses=..`, for all reputers.
    pub stakes: Value,
    /// Of `/emissions/v9/topics/{topic_id}`.
    pub topic: Value,
    /// Of `/emissions/v9/params`.
    pub params: Value,
    /// By address, of `/emissions/v9/inferer_network_regret/{topic_id}/{actor_id}`.
    pub inferer_regrets: Option<Value>,
    /// By address, of `/emissions/v9/forecaster_network_regret/{topic_id}/{worker}`.
    pub forecaster_regrets: Option<Value>,
    /// By address, of `/emissions/v9/naive_inferer_network_regret/{topic_id}/{inferer}`; none if nobody asks for naive
    /// regrets.
    pub naive_regrets: Option<Value>,
    /// Of `/emissions/v9/network_loss/{topic_id}/{block_height}` for the last epoch with losses before; none before the first.
    pub network_loss: Option<Value>,
    /// Of `/emissions/v9/latest_regret_stdnorm/{topic_id}` before; none of a topic that stores no scale.
    pub regret_scale: Option<Value>,
}

const LOSSES: (&str, &str) = ("the losses", "/emissions/v9/reputer_loss_bundles/{topic_id}/{block_height}");
const STAKES: (&str, &str) = ("the stakes", "/emissions/v9/reputers_stakes/{topic_id}?addresses=..");

/// One reputer's report, inferers and forecasters apart.
struct Bundle {
    reputer: String,
    network: Decimal,
    naive: Decimal,
    inferers: Vec<(String, Decimal)>,
    forecasters: Vec<(String, Decimal)>,
}

impl SettlementAnswers {
    /// The settlement they are about.
    ///
    /// # Errors
    /// [`ImportError`] for an answer that is missing, says that something went wrong, lacks a field, is of another topic or
    /// block, and for what [`Settlement::checked`] refuses.
    pub fn settlement(&self, synthesis: &Synthesis) -> Result<Settlement, ImportError> {
        let topic = Answer::new(TOPIC.0, TOPIC.1, &self.topic)?.get("topic")?;
        let topic_id = topic.get("id")?.integer()?;
        let (nonce, bundles) = self.bundles(topic_id)?;
        let workers = |of: fn(&Bundle) -> &[(String, Decimal)]| -> BTreeSet<String> {
            bundles.iter().flat_map(of).map(|(worker, _)| worker.clone()).collect()
        };
        let inferers = workers(|bundle| &bundle.inferers);
        let forecasters = workers(|bundle| &bundle.forecasters);
        let key = |forecaster: &str| forecaster_key(forecaster, inferers.contains(forecaster));

        let mut regrets = Vec::new();
        for worker in &inferers {
            let (name, path) = INFERER_REGRET;
            regrets.push((worker.clone(), regret(name, path, self.inferer_regrets.as_ref(), worker)?));
        }
        for worker in &forecasters {
            let (name, path) = FORECASTER_REGRET;
            regrets.push((key(worker), regret(name, path, self.forecaster_regrets.as_ref(), worker)?));
        }
        let naive = |answers| {
            let (name, path) = NAIVE_REGRET;
            let all = inferers
                .iter()
                .map(|worker| Ok((worker.clone(), regret(name, path, Some(answers), worker)?)));
            by_worker(all.collect::<Result<Vec<_>, ImportError>>()?)
        };
        let reports = bundles.iter().map(|bundle| {
            let forecasters = bundle.forecasters.iter().map(|(worker, loss)| (key(worker), loss.clone()));
            let mut losses: Vec<_> = bundle.inferers.iter().cloned().chain(forecasters).collect();
            losses.push((NETWORK.to_owned(), bundle.network.clone()));
            losses.push((NAIVE.to_owned(), bundle.naive.clone()));
            Ok(Report {
                reputer: bundle.reputer.clone(),
                stake: self.stake(topic_id, &bundle.reputer)?,
                losses: by_worker(losses)?,
                one_out_values: OneOutValues::default(),
            })
        });
        let settlement = Settlement {
            topic_id,
            nonce,
            params: params(&topic, &self.params, scale(self.regret_scale.as_ref(), synthesis)?, synthesis)?,
            regrets: by_worker(regrets)?,
            naive_regrets: self.naive_regrets.as_ref().map(naive).transpose()?,
            previous_network_loss: previous_loss(self.network_loss.as_ref(), topic_id, nonce)?,
            initial_regret: Some(topic.get("initial_regret")?.decimal()?),
            // How often a worker was included is in no answer.
            experienced: vec![],
            forecasters: forecasters.iter().map(|worker| key(worker)).collect(),
            one_outs: OneOutRegrets::default(),
            reports: reports.collect::<Result<_, ImportError>>()?,
        };
        Ok(settlement.checked()?)
    }

    /// The block height of the inferences, and what each reputer reports.
    fn bundles(&self, topic_id: u64) -> Result<(u64, Vec<Bundle>), ImportError> {
        let answer = Answer::new(LOSSES.0, LOSSES.1, &self.losses)?;
        let losses = answer.get("loss_bundles")?;
        // v10 lists what v9 wraps together with the reputers' signatures.
        let bundles = if losses.is_list() {
            losses.list()?
        } else {
            let signed = losses.elements("reputer_value_bundles")?;
            signed.iter().map(|bundle| bundle.get("value_bundle")).collect::<Result<_, _>>()?
        };
        let nonce = bundles.first().map_or(Ok(0), |bundle| bundle.reputer_nonce()?.integer())?;
        let bundles = bundles.iter().map(|bundle| {
            expect(&bundle.get("topic_id")?, topic_id, "the topic's number")?;
            expect(&bundle.reputer_nonce()?, nonce, "the block of the first report")?;
            Ok(Bundle {
                reputer: bundle.get("reputer")?.text()?,
                network: bundle.get("combined_value")?.decimal()?,
                naive: bundle.get("naive_value")?.decimal()?,
                inferers: values(bundle, "inferer_values")?,
                forecasters: values(bundle, "forecaster_values")?,
            })
        });
        Ok((nonce, bundles.collect::<Result<_, ImportError>>()?))
    }

    /// A reputer's stake.
    fn stake(&self, topic_id: u64, reputer: &str) -> Result<Decimal, ImportError> {
        for amount in Answer::new(STAKES.0, STAKES.1, &self.stakes)?.get("amounts")?.list()? {
            if amount.get("reputer")?.text()? == reputer {
                expect(&amount.get("topic_id")?, topic_id, "the topic's number")?;
                return amount.get("amount")?.decimal();
            }
        }
        Err(ImportError::Nobody { answer: "the stake", address: reputer.to_owned(), path: STAKES.1 })
    }
}

/// The workers and values of a list field.
fn values(bundle: &Answer<'_>, field: &str) -> Result<Vec<(String, Decimal)>, ImportError> {
    let values = bundle.elements(field)?;
    values.iter().map(|value| Ok((value.get("worker")?.text()?, value.get("value")?.decimal()?))).collect()
}

/// Numbers by worker, if none is there twice.
fn by_worker(numbers: Vec<(String, Decimal)>) -> Result<ByWorker, ImportError> {
    let mut all = ByWorker::default();
    for (worker, number) in numbers {
        all.push(worker, number).map_err(|address| EpochError::Twice { role: Role::Worker, address })?;
    }
    Ok(all)
}
