//! The epoch of a network inference.

use super::super::{
    Case, Decimal, Epoch, Forecast, Forecaster, Inferer, OneOutRegrets, Params, RegretScale, WeightFunction,
};
use super::ImportError;
use super::answer::{Answer, expect, regret};
use serde_json::Value;

/// What the chain's answers do not say: which release computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synthesis {
    /// How a normalised regret becomes a weight.
    pub weight_function: WeightFunction,
    /// What regrets are divided by where no scale is stored.
    pub regret_scale: RegretScale,
}

impl Default for Synthesis {
    /// As the chain computes since v0.16.
    fn default() -> Self {
        Self { weight_function: WeightFunction::Exp1DivExp1, regret_scale: RegretScale::Mad }
    }
}

/// What a node answers about the network inference of an epoch, each as JSON.
///
/// Answers about regrets do not say whom they are of: what is given of them is an object with the addresses as keys and the
/// answers as values.
#[derive(Clone, Debug, Default)]
pub struct EpochAnswers {
    /// Of `/emissions/v9/inferences/{topic_id}/{block_height}` or `/emissions/v9/latest_inferences/{topic_id}`.
    pub inferences: Value,
    /// Of `/emissions/v9/topics/{topic_id}`.
    pub topic: Value,
    /// Of `/emissions/v9/params`.
    pub params: Value,
    /// Of `/emissions/v9/forecasts/{topic_id}/{block_height}`; none if nobody forecasts.
    pub forecasts: Option<Value>,
    /// Of `/emissions/v9/network_loss/{topic_id}/{block_height}` for the last epoch with losses; none before the first.
    pub network_loss: Option<Value>,
    /// Of `/emissions/v9/latest_regret_stdnorm/{topic_id}`; none of releases without it.
    pub regret_scale: Option<Value>,
    /// By address, of `/emissions/v9/inferer_network_regret/{topic_id}/{actor_id}`.
    pub inferer_regrets: Option<Value>,
    /// By address, of `/emissions/v9/forecaster_network_regret/{topic_id}/{worker}`.
    pub forecaster_regrets: Option<Value>,
    /// By address, of `/emissions/v9/naive_inferer_network_regret/{topic_id}/{inferer}`; none if nobody asks for the naive
    /// inference.
    pub naive_regrets: Option<Value>,
}

pub(super) const TOPIC: (&str, &str) = ("the topic", "/emissions/v9/topics/{topic_id}");
pub(super) const PARAMS: (&str, &str) = ("the parameters", "/emissions/v9/params");
pub(super) const INFERER_REGRET: (&str, &str) =
    ("the regret", "/emissions/v9/inferer_network_regret/{topic_id}/{actor_id}");
pub(super) const FORECASTER_REGRET: (&str, &str) =
    ("the forecaster's regret", "/emissions/v9/forecaster_network_regret/{topic_id}/{worker}");
pub(super) const NAIVE_REGRET: (&str, &str) =
    ("the naive regret", "/emissions/v9/naive_inferer_network_regret/{topic_id}/{inferer}");

impl EpochAnswers {
    /// The epoch they are about.
    ///
    /// # Errors
    /// [`ImportError`] for an answer that is missing, says that something went wrong, lacks a field, is of another topic or
    /// block, and for what [`Epoch::checked`] refuses.
    pub fn epoch(&self, synthesis: &Synthesis) -> Result<Epoch, ImportError> {
        let topic = Answer::new(TOPIC.0, TOPIC.1, &self.topic)?.get("topic")?;
        let topic_id = topic.get("id")?.integer()?;
        let (nonce, inferers) = self.inferers(topic_id)?;
        let mut epoch = Epoch {
            topic_id,
            nonce,
            params: params(&topic, &self.params, scale(self.regret_scale.as_ref(), synthesis)?, synthesis)?,
            previous_network_loss: previous_loss(self.network_loss.as_ref(), topic_id, nonce)?,
            initial_regret: Some(topic.get("initial_regret")?.decimal()?),
            inferers,
            forecasters: self.forecasters(topic_id, nonce)?,
            one_outs: OneOutRegrets::default(),
        };
        if matches!(epoch.case(), Case::AllNew | Case::Weighted) {
            self.add_regrets(&mut epoch)?;
        }
        Ok(epoch.checked()?)
    }

    /// The block height, and who infers, without regrets.
    fn inferers(&self, topic_id: u64) -> Result<(u64, Vec<Inferer>), ImportError> {
        let path = "/emissions/v9/inferences/{topic_id}/{block_height}";
        let answer = Answer::new("the inferences", path, &self.inferences)?;
        let list = answer.get("inferences")?.elements("inferences")?;
        let nonce = list.first().map_or(Ok(0), |first| first.get("block_height")?.integer())?;
        let inferers = list.iter().map(|inference| {
            expect(&inference.get("topic_id")?, topic_id, "the topic's number")?;
            expect(&inference.get("block_height")?, nonce, "the block of the first inference")?;
            let address = inference.get("inferer")?.text()?;
            let values = inference.elements("values")?;
            let inference = match values.as_slice() {
                [] => inference.get("value")?.decimal()?,
                [value] => value.decimal()?,
                more => return Err(ImportError::Values { inferer: address, found: more.len() }),
            };
            Ok(Inferer { address, inference, regret: None, naive_regret: None })
        });
        Ok((nonce, inferers.collect::<Result<_, ImportError>>()?))
    }

    /// Who forecasts, without regrets.
    fn forecasters(&self, topic_id: u64, nonce: u64) -> Result<Vec<Forecaster>, ImportError> {
        let Some(forecasts) = &self.forecasts else { return Ok(Vec::new()) };
        let path = "/emissions/v9/forecasts/{topic_id}/{block_height}";
        let answer = Answer::new("the forecasts", path, forecasts)?;
        let list = answer.get("forecasts")?.elements("forecasts")?;
        let forecasters = list.iter().map(|forecast| {
            expect(&forecast.get("topic_id")?, topic_id, "the topic's number")?;
            expect(&forecast.get("block_height")?, nonce, "the block of the inferences")?;
            let elements = forecast.elements("forecast_elements")?;
            let forecasts = elements.iter().map(|element| {
                Ok(Forecast {
                    inferer: element.get("inferer")?.text()?,
                    loss: element.get("value")?.decimal()?,
                })
            });
            Ok(Forecaster {
                address: forecast.get("forecaster")?.text()?,
                regret: None,
                forecasts: forecasts.collect::<Result<_, ImportError>>()?,
            })
        });
        forecasters.collect()
    }

    /// Puts in the regrets, which the chain answers for new workers, too: the topic's initial one.
    fn add_regrets(&self, epoch: &mut Epoch) -> Result<(), ImportError> {
        for inferer in &mut epoch.inferers {
            let (name, path) = INFERER_REGRET;
            inferer.regret = Some(regret(name, path, self.inferer_regrets.as_ref(), &inferer.address)?);
            if let Some(naive) = &self.naive_regrets {
                let (name, path) = NAIVE_REGRET;
                inferer.naive_regret = Some(regret(name, path, Some(naive), &inferer.address)?);
            }
        }
        for forecaster in &mut epoch.forecasters {
            let (name, path) = FORECASTER_REGRET;
            forecaster.regret =
                Some(regret(name, path, self.forecaster_regrets.as_ref(), &forecaster.address)?);
        }
        Ok(())
    }
}

/// The parameters in the answers for topic and module.
pub(super) fn params(
    topic: &Answer<'_>,
    module: &Value,
    regret_scale: RegretScale,
    synthesis: &Synthesis,
) -> Result<Params, ImportError> {
    let module = Answer::new(PARAMS.0, PARAMS.1, module)?.get("params")?;
    // A topic's own where the release has it.
    let c_norm = topic.optional("c_norm").map_or_else(|| module.get("c_norm"), Ok)?;
    Ok(Params {
        weight_function: synthesis.weight_function,
        regret_scale,
        p_norm: topic.get("p_norm")?.decimal()?,
        c_norm: c_norm.decimal()?,
        epsilon: topic.get("epsilon")?.decimal()?,
        epsilon_safe_div: module.get("epsilon_safe_div")?.decimal()?,
        alpha_regret: topic.get("alpha_regret")?.decimal()?,
    })
}

/// The last network loss before an epoch; the chain answers with block 0 where there is none.
pub(super) fn previous_loss(
    answer: Option<&Value>,
    topic_id: u64,
    nonce: u64,
) -> Result<Option<Decimal>, ImportError> {
    let Some(loss) = answer else { return Ok(None) };
    let path = "/emissions/v9/network_loss/{topic_id}/{block_height}";
    let bundle = Answer::new("the network loss", path, loss)?.get("loss_bundle")?;
    expect(&bundle.get("topic_id")?, topic_id, "the topic's number")?;
    let block = bundle.reputer_nonce()?;
    match block.integer::<u64>()? {
        0 => Ok(None),
        height if height >= nonce => {
            Err(block.malformed(&format!("a block before {nonce}, that of the inferences, is expected")))
        }
        _ => Ok(Some(bundle.get("combined_value")?.decimal()?)),
    }
}

/// What regrets are divided by; a stored scale of 0 is none.
pub(super) fn scale(answer: Option<&Value>, synthesis: &Synthesis) -> Result<RegretScale, ImportError> {
    let Some(scale) = answer else { return Ok(synthesis.regret_scale.clone()) };
    let path = "/emissions/v9/latest_regret_stdnorm/{topic_id}";
    let scale = Answer::new("the scale of regrets", path, scale)?.get("value")?.decimal()?;
    Ok(if scale.is_zero() { synthesis.regret_scale.clone() } else { RegretScale::Stored(scale) })
}
