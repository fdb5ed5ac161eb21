//! The lane program of a synthesis (`docs/synthesis.md`).
//!
//! A row of lanes is a *set* of workers whose regrets become weights: one for each forecaster, whose workers are the
//! inferers it forecast; the combined set, of all workers; and the naive set, of all inferers. A column is a worker:
//! inferers first, then forecasters.

use super::places::{Masks, Places};
use super::weights;
use super::{Form, RegretScale, absent};
use crate::lanes::{Builder, Lanes, Number, Sum, Weighted};

/// Bits of the lower half of a product of a weight and a value.
const HALF: u8 = 52;

pub(super) fn program(form: &Form) -> Lanes {
    let places = Places::of(form);
    let mut b = Builder::new(places.rows, places.columns);
    let [observed, state, result] =
        ["inferences and forecasts", "state", "results"].map(|name| b.stated(name));
    let masks = Masks::new(&mut b, form, &places);
    let mut writer = Writer { b, form, masks };
    let sets = writer.sets(observed, state);
    let weight = writer.weights(&sets);
    let averages = writer.averages(observed, &sets, weight);
    writer.results(result, &sets, weight, averages);
    writer.b.finish()
}

struct Writer<'a> {
    b: Builder,
    form: &'a Form,
    masks: Masks,
}

/// Who is in which set, and with which score.
struct Sets {
    /// One where the worker is in the set.
    among: Sum,
    /// How many are.
    count: Sum,
    /// One in rows of sets that are not empty.
    present: Sum,
    /// Their regrets.
    score: Sum,
    /// One in the combined row where the inferer has sent an inference.
    inferers: Number,
    /// One where the network has had a loss before.
    has_loss: Sum,
    /// What scores are divided by, if that is given.
    stored_scale: Option<Sum>,
}

impl Writer<'_> {
    /// One number of the state in all lanes.
    fn everywhere(&mut self, name: &str, x: Number, at: Number) -> Sum {
        let one = self.b.product(name, x, at);
        self.b.linear(name, one.column()).row()
    }

    fn sets(&mut self, observed: Number, state: Number) -> Sets {
        let m = self.masks.clone();
        let b = &mut self.b;
        // What is absent is the least integer that there can be.
        let none = m.forecasts * absent(super::LOSS_BITS) + m.inferences * absent(super::VALUE_BITS);
        let given = b.nonzero("presence", observed - none);
        let inferers = b.both("inferers", given, m.inferences);
        let known = b.nonzero("regret", state - (m.combined + m.naive) * absent(super::LOSS_BITS));

        let initial = self.everywhere("initial regret", state, m.initial);
        let loss = self.everywhere("network loss", state, m.loss);
        let has_loss = self.b.both("network loss", known, m.loss);
        let has_loss = self.b.both("network loss", has_loss.column(), self.b.same(1)).row();
        let stored_scale = (self.form.regret_scale == RegretScale::Stored)
            .then(|| self.everywhere("regret scale", state, m.scale));

        let b = &mut self.b;
        let missing = b.product("regret", state - initial.clone(), known);
        let regret = missing + initial;
        let forecast = b.both("forecasts", given, m.forecasts);
        let forecast = b.both("forecasts", forecast, has_loss.clone());
        let forecast = b.both("forecasts", forecast, inferers.column());
        let any = b.nonzero("forecasts", forecast.row());
        let workers = b.both("inferers", inferers.column(), m.combined + m.naive);
        let forecasters = b.both("forecasters", any, m.own_column);
        let forecasters = b.both("forecasters", forecasters.column(), m.combined);
        let of_workers = workers + forecasters;
        let among = of_workers.clone() + forecast;
        let of_forecast = b.product("forecast regret", loss - observed, forecast);
        let of_worker = b.product("regret", regret, of_workers);
        Sets {
            count: among.clone().row(),
            among,
            present: any + m.combined + m.naive,
            score: of_forecast + of_worker,
            inferers,
            has_loss,
            stored_scale,
        }
    }

    /// What scores are divided by.
    fn scale(&mut self, sets: &Sets) -> Sum {
        let spread = match self.form.regret_scale {
            RegretScale::Stored => return sets.stored_scale.clone().unwrap_or_default(),
            RegretScale::Std => self.deviation(sets),
            RegretScale::Mad => self.median_deviation(sets),
        };
        spread + self.b.same(self.form.epsilon)
    }

    /// The standard deviation of each set, of all but one degrees of freedom.
    fn deviation(&mut self, sets: &Sets) -> Sum {
        let b = &mut self.b;
        let count = sets.count.clone() + b.same(1) - sets.present.clone();
        let total = b.linear("total regret", sets.score.clone().row());
        let (mean, _) = b.quotient("mean regret", total, count.clone());
        let apart = b.product("deviation", sets.among.clone(), sets.score.clone() - mean);
        let (high, low) = b.split("variance", apart, apart, HALF);
        let [high, low] = [high, low].map(|part| b.linear("variance", part.row()));
        let several = b.nonzero("several workers", count.clone() - b.same(1));
        let freedom = count - several;
        let (high, rest) = b.quotient("variance", high, freedom.clone());
        let (low, _) = b.quotient("variance", rest * (1 << HALF) + low, freedom);
        b.root("standard deviation", high * (1 << HALF) + low).into()
    }

    /// 1.4826 times the median of how far each set's scores are from their median.
    fn median_deviation(&mut self, sets: &Sets) -> Sum {
        let Sets { among, count, present, score, .. } = sets;
        let b = &mut self.b;
        let twice = b.median("median regret", score, among, count, present);
        let apart = b.product("deviation", twice - score.clone() * 2, among.clone());
        let (above, below) = b.parts("deviation", apart);
        let four_times = b.median("median deviation", &(above + below), among, count, present);
        let four_times = b.linear("median deviation", four_times);
        let whole = b.same(4 * 10_000);
        b.quotient("median deviation", four_times * 14_826, whole).0.into()
    }

    fn weights(&mut self, sets: &Sets) -> Number {
        let scale = self.scale(sets);
        let b = &mut self.b;
        let (x, _) = b.quotient("normalised regret", sets.score.clone() * self.form.p_norm, scale);
        weights::weights(b, self.form, &x.into(), &sets.among, &sets.present)
    }

    /// The weighted mean of each set: what each forecaster implies, the combined and the naive inference. And the values of
    /// all workers.
    fn averages(&mut self, observed: Number, sets: &Sets, weight: Number) -> (Number, Sum) {
        let m = self.masks.clone();
        let b = &mut self.b;
        let inferred = b.product("inference", observed, sets.inferers).column();
        // The means of the forecasters' sets are values of the combined set.
        let implied = b.later("forecast-implied inference");
        let values = inferred + implied.column();
        let (high, low) = b.split("weighted inference", values.clone(), weight, HALF);
        let [high, low] = [high, low].map(|part| b.linear("weighted inferences", part.row()));
        let total = weight.row() + b.same(1) - sets.present.clone();
        let (mean, _) = b.quotient("inference", high * (1 << HALF) + low, total);
        b.close(implied, mean, m.own_column);
        (mean, values)
    }

    fn results(&mut self, result: Number, sets: &Sets, weight: Number, (mean, values): (Number, Sum)) {
        let m = self.masks.clone();
        let b = &mut self.b;
        // Percentiles of the combined set, one a row, and in the naive row the median of the inferences.
        let combined_weight = b.product("weight", weight, m.combined);
        let interval = b.product("weight", combined_weight.column(), m.queries);
        let each = b.both("inferers", sets.inferers.column(), m.naive);
        let combined = b.both("workers", m.combined, sets.among.clone());
        let workers = b.both("workers", combined.column(), m.queries);
        let columns = 1i64 << Places::of(self.form).columns;
        let key = values.clone() * columns + m.order;
        let weight = interval + each;
        let target = b.times("percentile", weight.clone().row(), m.percentiles * 8);
        let of = Weighted { x: values, key, weight, among: workers + each };
        let percentile = b.percentile("percentile", &of, &target.into(), &(m.queries + m.naive));
        let percentile = b.linear("percentile", percentile);

        // Without a loss before, the network inference is the median.
        let median = b.product("median", percentile, m.naive);
        let none = b.linear("no network loss", b.same(1) - sets.has_loss.clone());
        let instead = b.product("median", median.column() - mean, none);
        let instead = b.product("median", instead, m.combined);
        let [of_sets, of_queries] = [mean + instead, percentile - median]
            .map(|x| b.product("results", x, m.own_row).column());
        let of_sets = b.product("results", of_sets, m.naive);
        let of_queries = b.product("results", of_queries, m.first);
        b.give(result, combined_weight + of_sets + of_queries);
    }
}
