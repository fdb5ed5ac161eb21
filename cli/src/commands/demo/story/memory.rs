//! What the topic remembers of its workers, and the epochs and settlements that follow.

use super::losses::{Forecaster, REPUTERS, loss};
use super::workers::NAMES;
use crate::error::Result;
use anyhow::anyhow;
use sumcast_circuits::epoch::{
    self, ByWorker, Decimal, Epoch, Forecast, Inferer, NAIVE, NETWORK, OneOutRegrets, OneOutValues, Outcome,
    Params, RegretScale, Report, Settled, Settlement, WeightFunction,
};

/// The topic's number.
const TOPIC: u64 = 1;

/// What is remembered from one day to the next. All begins at a loss of 0, an error of a percent, and regrets of 0.
pub(super) struct Memory {
    regrets: ByWorker,
    naive_regrets: ByWorker,
    /// The network's last one.
    loss: Decimal,
    /// All that each worker has had, in the order of [`NAMES`].
    losses: [Vec<f64>; NAMES.len()],
}

impl Memory {
    /// Before the first day.
    pub(super) fn new() -> Result<Self> {
        let forecasters = Forecaster::ALL.map(Forecaster::name);
        let zero = |name: &&str| ((*name).to_owned(), Decimal::zero());
        Ok(Self {
            regrets: by_worker(NAMES.iter().chain(&forecasters).map(zero))?,
            naive_regrets: by_worker(NAMES.iter().map(zero))?,
            loss: Decimal::zero(),
            losses: Default::default(),
        })
    }

    /// The epoch of a day, of what the workers infer, in the order of [`NAMES`].
    pub(super) fn epoch(&self, day: usize, inferences: &[Decimal]) -> Result<Epoch> {
        let inferer = |(name, inference): (&&str, &Decimal)| Inferer {
            address: (*name).to_owned(),
            inference: inference.clone(),
            regret: self.regrets.get(name).cloned(),
            naive_regret: self.naive_regrets.get(name).cloned(),
        };
        let forecaster = |forecaster: &Forecaster| {
            let forecast = |(name, losses): (&&str, &Vec<f64>)| {
                Ok(Forecast { inferer: (*name).to_owned(), loss: decimal(forecaster.forecast(losses))? })
            };
            Ok(epoch::Forecaster {
                address: forecaster.name().to_owned(),
                regret: self.regrets.get(forecaster.name()).cloned(),
                forecasts: NAMES.iter().zip(&self.losses).map(forecast).collect::<Result<_>>()?,
            })
        };
        let epoch = Epoch {
            topic_id: TOPIC,
            nonce: day as u64,
            params: params()?,
            previous_network_loss: Some(self.loss.clone()),
            initial_regret: None,
            inferers: NAMES.iter().zip(inferences).map(inferer).collect(),
            forecasters: Forecaster::ALL.iter().map(forecaster).collect::<Result<_>>()?,
            one_outs: OneOutRegrets::default(),
        };
        Ok(epoch.checked()?)
    }

    /// The settlement of an epoch once the truth is known.
    pub(super) fn settlement(&self, epoch: &Epoch, outcome: &Outcome, truth: f64) -> Result<Settlement> {
        let mut values: Vec<(&str, &Decimal)> =
            epoch.inferers.iter().map(|inferer| (inferer.address.as_str(), &inferer.inference)).collect();
        values.extend(outcome.forecast_implied.iter().flat_map(ByWorker::iter));
        values.push((NETWORK, &outcome.network_inference));
        values.extend(outcome.naive_inference.iter().map(|naive| (NAIVE, naive)));
        let report = |reputer: super::losses::Reputer| {
            let loss = |(name, value): &(&str, &Decimal)| {
                Ok(((*name).to_owned(), decimal(loss(value.to_f64(), truth + reputer.bias))?))
            };
            let losses = values.iter().map(loss).collect::<Result<Vec<_>>>()?;
            let stake = Decimal::from(reputer.stake);
            Ok(Report {
                reputer: reputer.name.to_owned(),
                stake,
                losses: by_worker(losses)?,
                one_out_values: OneOutValues::default(),
            })
        };
        let settlement = Settlement {
            topic_id: TOPIC,
            nonce: epoch.nonce,
            params: params()?,
            regrets: self.regrets.clone(),
            naive_regrets: Some(self.naive_regrets.clone()),
            previous_network_loss: epoch.previous_network_loss.clone(),
            initial_regret: None,
            experienced: vec![],
            forecasters: Forecaster::ALL.map(|forecaster| forecaster.name().to_owned()).to_vec(),
            reports: REPUTERS.into_iter().map(report).collect::<Result<_>>()?,
            one_outs: OneOutRegrets::default(),
        };
        Ok(settlement.checked()?)
    }

    /// Goes on to the next day.
    pub(super) fn settle(&mut self, settled: Settled) -> Result<()> {
        let none = |what: &str| anyhow!("a settlement has left no {what}");
        for (name, losses) in NAMES.iter().zip(&mut self.losses) {
            losses.push(settled.losses.get(name).ok_or_else(|| none("loss"))?.to_f64());
        }
        self.loss = settled.losses.get(NETWORK).ok_or_else(|| none("network loss"))?.clone();
        self.regrets = settled.regrets;
        self.naive_regrets = settled.naive_regrets.ok_or_else(|| none("naive regrets"))?;
        Ok(())
    }
}

/// The topic's parameters: those of the chain's defaults.
fn params() -> Result<Params> {
    Ok(Params {
        weight_function: WeightFunction::Exp1DivExp1,
        regret_scale: RegretScale::Mad,
        p_norm: "3".parse()?,
        c_norm: "0.75".parse()?,
        epsilon: "0.01".parse()?,
        epsilon_safe_div: "0.0000001".parse()?,
        alpha_regret: "0.1".parse()?,
    })
}

/// A loss as it is told to others, with six decimals.
fn decimal(value: f64) -> Result<Decimal> {
    Ok(format!("{value:.6}").parse()?)
}

fn by_worker(numbers: impl IntoIterator<Item = (String, Decimal)>) -> Result<ByWorker> {
    let mut out = ByWorker::default();
    for (worker, number) in numbers {
        out.push(worker, number).map_err(|worker| anyhow!("{worker} is there twice"))?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimals(values: [&str; 3]) -> [Decimal; 3] {
        values.map(|value| value.parse().unwrap())
    }

    #[test]
    fn days_follow_one_another() {
        let mut memory = Memory::new().unwrap();
        let epoch = memory.epoch(7, &decimals(["0.5", "0.1", "-0.4"])).unwrap();
        assert_eq!((epoch.nonce, epoch.case()), (7, epoch::Case::Weighted));
        assert_eq!(epoch.forecasters[1].forecasts[2].loss, Decimal::zero());

        let implied = [("mean_loss", "0.3"), ("worst_of_3", "0.1")];
        let implied = implied.map(|(name, value)| (name.to_owned(), value.parse().unwrap()));
        let outcome = Outcome {
            topic_id: TOPIC,
            nonce: 7,
            forecast_implied: Some(by_worker(implied).unwrap()),
            weights: None,
            network_inference: "0.2".parse().unwrap(),
            confidence: None,
            naive_inference: Some("0.4".parse().unwrap()),
            one_outs: sumcast_circuits::epoch::OneOutInferences::default(),
        };
        let settlement = memory.settlement(&epoch, &outcome, 0.6).unwrap();
        // Of the one who has the same truth as the data: errors of 0.1, 0.5, 0.3, 1, 0.5, then 0.4 and 0.2.
        let told: Vec<String> =
            settlement.reports[0].losses.iter().map(|(of, loss)| format!("{of} {loss}")).collect();
        let expected =
            ["lgbm_300x6 -2", "linreg -0.60206", "mean_loss -1.045757", "mlp_8k 0", "worst_of_3 -0.60206"];
        assert_eq!(told[..5], expected);
        assert_eq!(told[5..], ["network -0.79588", "naive -1.39794"]);
        // 0.602 less 0.5, and 0.597 less 0.5.
        let others =
            [1, 2].map(|k: usize| settlement.reports[k].losses.get("lgbm_300x6").unwrap().to_string());
        assert_eq!(others, ["-1.9828", "-2.026457"]);

        let losses = settlement.reports[0].losses.clone();
        let (regrets, naive_regrets) = (memory.regrets.clone(), Some(memory.naive_regrets.clone()));
        let settled = Settled {
            topic_id: TOPIC,
            nonce: 7,
            losses,
            regrets,
            naive_regrets,
            initial_regret: None,
            regret_scale: None,
            one_outs: OneOutRegrets::default(),
            one_out_values: OneOutValues::default(),
        };
        memory.settle(settled).unwrap();
        let next = memory.epoch(8, &decimals(["0", "0", "0"])).unwrap();
        assert_eq!(next.previous_network_loss, Some("-0.79588".parse().unwrap()));
        let forecasts = |k: usize| next.forecasters[k].forecasts.iter().map(|f| f.loss.to_string());
        assert_eq!(forecasts(0).collect::<Vec<_>>(), ["-0.4", "-0.120412", "0"]);
        assert_eq!(forecasts(1).collect::<Vec<_>>(), ["-2", "-0.60206", "0"]);
    }
}
