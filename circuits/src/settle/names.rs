//! What the integers of a statement's inputs are, in words.

use super::Settle;
use super::form::Form;
use super::program::{REPUTERS, ROWS};
use crate::epoch::{NAIVE, NETWORK, Settlement};
use crate::synthesis::scalar;

/// Rows of a group.
const ROWS_OF_REPORTS: usize = 1 << ROWS;

impl Settle {
    /// What an integer of an input tensor is, of a settlement of this form: `the stake of "a"`. Tensors are numbered as in
    /// [`Settle::inputs`].
    #[must_use]
    pub fn input_name(&self, settlement: &Settlement, tensor: usize, position: usize) -> String {
        let columns = 1usize << self.form.columns();
        let (row, column) = (position / columns, position % columns);
        // Rows of reports, and of states, of each group.
        let first = [1, ROWS_OF_REPORTS, 2][tensor.min(2)];
        if tensor > 0 && row >= first {
            return self.form.one_out_name(settlement, tensor == 1, (row / first, row % first), column);
        }
        let workers = self.form.columns_of(settlement);
        let worker = |at: usize| match workers.iter().find(|(column, _)| *column == at) {
            Some((_, worker)) => format!("{worker:?}"),
            None => format!("slot {at}, which the settlement has nobody for"),
        };
        let reputer = |at: usize| match settlement.reports.get(at) {
            Some(report) => format!("{:?}", report.reputer),
            None => format!("reputer {at}, whom the settlement does not have"),
        };
        let [network, naive] = Form::NETWORKS;
        match (tensor, row) {
            (0, 0) => format!("the stake of {}", reputer(column)),
            (0, _) => format!("whether {} is experienced", worker(column)),
            (1, row) if row < REPUTERS => {
                format!("the loss of {} that {} reports", worker(column), reputer(row))
            }
            (1, row) if row == network => format!("the loss of {NETWORK:?} that {} reports", reputer(column)),
            (1, row) if row == naive => format!("the loss of {NAIVE:?} that {} reports", reputer(column)),
            (_, 0) => format!("the regret of {}", worker(column)),
            (_, _) if column < self.form.inferers => format!("the naive regret of {}", worker(column)),
            (_, _) => scalar(column - self.form.inferers).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_integer_has_its_name() {
        let settlement = include_bytes!("../../tests/epochs/settle_5x3_4_naive.json");
        let settlement = Settlement::from_json(settlement).unwrap();
        let settle = Settle::new(Form::of(&settlement).unwrap()).unwrap();
        let (first, reputer) = (&settle.form.columns_of(&settlement)[0].1, &settlement.reports[1].reputer);
        for (tensor, position, name) in [
            (0, 1, format!("the stake of {reputer:?}")),
            (0, 5, "the stake of reputer 5, whom the settlement does not have".into()),
            (0, 16, format!("whether {first:?} is experienced")),
            (1, 16, format!("the loss of {first:?} that {reputer:?} reports")),
            (1, 6 * 16 + 1, format!("the loss of \"network\" that {reputer:?} reports")),
            (1, 7 * 16 + 1, format!("the loss of \"naive\" that {reputer:?} reports")),
            (2, 0, format!("the regret of {first:?}")),
            (2, 16, format!("the naive regret of {first:?}")),
        ] {
            assert_eq!(settle.input_name(&settlement, tensor, position), name);
        }
        // In the second group, without the first inferer, and in that without the first forecaster.
        let settlement = include_bytes!("../../tests/epochs/settle_one_out_5x3_4_naive.json");
        let settlement = Settlement::from_json(settlement).unwrap();
        let settle = Settle::new(Form::of(&settlement).unwrap().with_one_outs()).unwrap();
        for (tensor, position, name) in [
            (
                1,
                64 + 8 + 5,
                "the loss of \"allo1forecaster00\" without \"allo1inferer00\" that \"allo1reputer01\" reports",
            ),
            (1, 64 + 48 + 1, "the loss without \"allo1inferer00\" that \"allo1reputer01\" reports"),
            (1, 6 * 64 + 48, "the loss without \"allo1forecaster00\" that \"allo1reputer00\" reports"),
            (
                1,
                6 * 64 + 56,
                "the loss with no forecaster but \"allo1forecaster00\" that \"allo1reputer00\" reports",
            ),
            (1, 64 + 56, "a number that has no meaning"),
            (2, 16 + 1, "the regret of \"allo1inferer01\" without \"allo1inferer00\""),
            (
                2,
                6 * 16 + 8 + 5,
                "the regret of \"allo1forecaster00\" with no forecaster but \"allo1forecaster00\"",
            ),
            (2, 16, "a number that has no meaning"),
        ] {
            assert_eq!(settle.input_name(&settlement, tensor, position), name);
        }
    }
}
