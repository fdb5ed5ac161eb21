//! One-out and one-in networks in a statement: their regrets, and what they infer.

use super::groups::Out;
use super::places::Places;
use super::statement::put;
use super::{Form, FormError};
use crate::epoch::{ByWorker, Case, Decimal, Epoch, Forecaster, OneOutInferences, OneOutRegrets};

impl OneOutRegrets {
    /// The regrets of a group: those of its combined set, and those of its one-in set. `workers` are the keys of inferers
    /// and of forecasters.
    pub(crate) fn of_group(
        &self,
        out: Out,
        [inferers, forecasters]: [&[String]; 2],
    ) -> [Option<&ByWorker>; 2] {
        match out {
            Out::Nobody | Out::All => [None, None],
            Out::Inferer(j) => [inferers.get(j).and_then(|key| self.one_out_inferer_regrets.get(key)), None],
            Out::Forecaster(k) => match forecasters.get(k) {
                None => [None, None],
                Some(key) => {
                    [self.one_out_forecaster_regrets.get(key), self.one_in_forecaster_regrets.get(key)]
                }
            },
        }
    }
}

impl Form {
    /// Where an epoch's workers are: the columns of inferers, then of forecasters.
    fn columns_of(&self, epoch: &Epoch) -> impl Iterator<Item = usize> {
        (0..epoch.inferers.len()).chain((0..epoch.forecasters.len()).map(|k| self.inferers + k))
    }

    /// Two rows of regrets for each group but the first: of its combined set, and of its one-in set.
    pub(super) fn one_out_regrets(&self, epoch: &Epoch, rows: &mut [i128]) -> Result<(), FormError> {
        let Places { shape, groups, .. } = Places::of(self);
        let keys = epoch.worker_keys();
        let workers = keys.split_at(epoch.inferers.len());
        let several = matches!(epoch.case(), Case::AllNew | Case::Weighted);
        for (k, row) in rows.chunks_mut(1 << shape.columns).enumerate() {
            let (group, other) = (1 + k / 2, k % 2);
            let regrets = epoch.one_outs.of_group(groups.out(group), [workers.0, workers.1])[other];
            // Of a network of the form that the epoch has.
            let is_there =
                several && groups.column(group).is_some_and(|out| self.columns_of(epoch).any(|at| at == out));
            for (column, key) in self.columns_of(epoch).zip(&keys) {
                let is_member = [Self::combines, Self::takes_in][other](self, group, column);
                if !is_member {
                    continue;
                }
                let field = self.one_out_name(epoch, 2 * group + other, column);
                let own = regrets.and_then(|regrets| regrets.get(key)).cloned();
                if own.is_none() && epoch.initial_regret.is_none() && is_there {
                    return Err(FormError::Regret(field));
                }
                // What nobody asks for may be anything that can be divided: a zero.
                let open = || epoch.initial_regret.is_none().then(Decimal::zero);
                put(&mut row[column], &field, own.or_else(open))?;
            }
        }
        Ok(())
    }

    fn combines(&self, group: usize, column: usize) -> bool {
        self.groups().combines(group, column)
    }

    fn takes_in(&self, group: usize, column: usize) -> bool {
        self.groups().takes_in(group, column)
    }

    /// What a number of the state is that is of another network than the first: in a row, two for each group.
    pub(super) fn one_out_name(&self, epoch: &Epoch, row: usize, column: usize) -> String {
        let (group, other) = (row / 2, row % 2);
        let keys = epoch.worker_keys();
        let worker = |at: usize| match self.columns_of(epoch).zip(&keys).find(|(column, _)| *column == at) {
            Some((_, key)) => format!("{key:?}"),
            None => format!("slot {at}, which the epoch has nobody for"),
        };
        match (self.groups().column(group), other) {
            (Some(out), 0) if self.combines(group, column) => {
                format!("the regret of {} without {}", worker(column), worker(out))
            }
            (Some(out), _) if self.takes_in(group, column) => {
                format!("the regret of {} with no forecaster but {}", worker(column), worker(out))
            }
            _ => "a number that has no meaning".into(),
        }
    }

    /// What the networks infer, of the numbers of a statement's tensors. Forecasters that imply nothing are left out.
    pub(super) fn one_out_inferences(
        &self,
        epoch: &Epoch,
        value: &dyn Fn(usize, usize) -> Decimal,
    ) -> OneOutInferences {
        let columns = 1usize << Places::of(self).shape.columns;
        let keys = epoch.worker_keys();
        let (inferers, forecasters) = keys.split_at(epoch.inferers.len());
        let forecasters = || forecasters.iter().zip(&epoch.forecasters).enumerate();
        let implies = |forecaster: &Forecaster, without: Option<&String>| {
            let mut of = forecaster.forecasts.iter().map(|forecast| &forecast.inferer);
            of.any(|inferer| Some(inferer) != without && inferers.contains(inferer))
        };
        let mut out = OneOutInferences::default();
        // Keys differ.
        for (j, inferer) in inferers.iter().enumerate() {
            let _ = out.one_out_inferer_inferences.push(inferer.clone(), value(8, j));
        }
        let at_hand = forecasters().filter(|(_, (_, forecaster))| implies(forecaster, None));
        let at_hand: Vec<_> = at_hand.collect();
        for (k, (key, forecaster)) in &at_hand {
            if at_hand.len() > 1 {
                let _ = out.one_out_forecaster_inferences.push((*key).clone(), value(8, self.inferers + k));
                let _ = out.one_in_forecaster_inferences.push((*key).clone(), value(9, *k));
            }
            let mut implied = ByWorker::default();
            for (j, inferer) in inferers.iter().enumerate() {
                if implies(forecaster, Some(inferer)) {
                    let _ = implied.push(inferer.clone(), value(10, k * columns + j));
                }
            }
            if !implied.is_empty() {
                let _ = out.one_out_inferer_forecast_implied.push((*key).clone(), implied);
            }
        }
        out
    }
}
