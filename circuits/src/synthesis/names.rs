//! What the integers of a statement's inputs are, in words.

use super::places::{Places, scalar};
use super::{Form, Synthesis};
use crate::epoch::Epoch;

impl Synthesis {
    /// What an integer of an input tensor is, of an epoch of this form: `the inference of "a"`. Tensors are numbered as in
    /// [`Synthesis::inputs`].
    #[must_use]
    pub fn input_name(&self, epoch: &Epoch, tensor: usize, position: usize) -> String {
        self.form.input_name(epoch, tensor, position)
    }
}

impl Form {
    /// As [`Synthesis::input_name`].
    pub(crate) fn input_name(&self, epoch: &Epoch, tensor: usize, position: usize) -> String {
        let columns = 1usize << Places::of(self).shape.columns;
        let (row, column) = (position / columns, position % columns);
        let inferer = |at: usize| match epoch.inferers.get(at) {
            Some(inferer) => format!("{:?}", inferer.address),
            None => format!("slot {at}, which the epoch has nobody for"),
        };
        let forecaster = |at: usize| match epoch.forecasters.get(at) {
            Some(forecaster) => format!("{:?}", forecaster.address),
            None => format!("forecaster {at}, whom the epoch does not have"),
        };
        match (tensor, row) {
            (0, _) => format!("the inference of {}", inferer(position)),
            (1, _) => format!("the loss that {} forecasts of {}", forecaster(row), inferer(column)),
            (_, row) if row > 1 => self.one_out_name(epoch, row, column),
            (_, 0) if column < self.inferers => format!("the regret of {}", inferer(column)),
            (_, 0) => format!("the regret of {}", forecaster(column - self.inferers)),
            (_, _) if column < self.inferers => format!("the naive regret of {}", inferer(column)),
            (_, _) => scalar(column - self.inferers).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_integer_has_its_name() {
        let epoch = include_bytes!("../../tests/epochs/case_infers_and_forecasts.json");
        let epoch = Epoch::from_json(epoch).unwrap();
        let synthesis = Synthesis::new(Form::of(&epoch).unwrap().with_room(6, 3)).unwrap();
        for (tensor, position, name) in [
            (0, 1, "the inference of \"allo1inferer01\""),
            (0, 5, "the inference of slot 5, which the epoch has nobody for"),
            (1, 2, "the loss that \"allo1forecaster00\" forecasts of \"allo1inferer02\""),
            (2, 0, "the regret of \"allo1inferer00\""),
            (2, 7, "the regret of \"allo1inferer02\""),
            (2, 8, "the regret of forecaster 2, whom the epoch does not have"),
            (2, 16, "the naive regret of \"allo1inferer00\""),
            (2, 22, "the previous network loss"),
            (2, 23, "the initial regret"),
            (2, 24, "the regret scale"),
            (2, 31, "a number that has no meaning"),
        ] {
            assert_eq!(synthesis.input_name(&epoch, tensor, position), name);
        }
        // Two rows of sixteen columns for each group: the second is without the first inferer, the eighth without the first
        // forecaster.
        let form = Form::of(&epoch).unwrap().with_room(6, 3).with_one_outs();
        let synthesis = Synthesis::new(form).unwrap();
        for (position, name) in [
            (7, "the regret of \"allo1inferer02\""),
            (32 + 1, "the regret of \"allo1inferer01\" without \"allo1inferer00\""),
            (32 + 7, "the regret of \"allo1inferer02#forecaster\" without \"allo1inferer00\""),
            (32, "a number that has no meaning"),
            (32 + 16 + 1, "a number that has no meaning"),
            (7 * 32, "the regret of \"allo1inferer00\" without \"allo1forecaster00\""),
            (
                7 * 32 + 16 + 6,
                "the regret of \"allo1forecaster00\" with no forecaster but \"allo1forecaster00\"",
            ),
            (7 * 32 + 16 + 7, "a number that has no meaning"),
            (6 * 32 + 1, "the regret of \"allo1inferer01\" without slot 5, which the epoch has nobody for"),
        ] {
            assert_eq!(synthesis.input_name(&epoch, 2, position), name);
        }
    }
}
