//! The lane program of a synthesis (`docs/synthesis.md`).
//!
//! A row of lanes is a *set* of workers whose regrets become weights: one for each forecaster, whose workers are the
//! inferers it forecast; the combined set, of all workers; and the naive set, of all inferers. A column is a worker:
//! inferers first, then forecasters. A form with one-outs has a group of such rows for each network without a worker, with
//! other regrets and the same inferences and forecasts.

use super::places::{Masks, OneOuts, Places};
use super::{Form, LOSS_BITS, Phase, Scale, VALUE_BITS, WEIGHT_FRACTION, absent, weights};
use crate::lanes::{Builder, HALF, Lanes, Members, Number, Sum, Weighted};

pub(super) fn program(form: &Form) -> Lanes {
    let places = Places::of(form);
    let mut b = Builder::new(places.shape);
    let [observed, state, result] =
        ["inferences and forecasts", "state", "result"].map(|name| b.stated(name));
    let one_outs = form.one_outs.then(|| b.stated("one-outs"));
    let masks = Masks::new(&mut b, form, &places);
    let mut writer = Writer { b, form, masks };
    if form.phase == Phase::First {
        writer.median_inference(observed, state, result);
    } else {
        let observed = writer.in_all_groups("inferences and forecasts", observed);
        let sets = writer.sets(observed, state);
        let weight = writer.weights(&sets);
        let (mean, values) = writer.averages(observed, &sets, weight);
        writer.results(result, &sets, weight, (mean.clone(), values));
        if let Some(one_outs) = one_outs {
            writer.one_outs(one_outs, mean);
        }
    }
    writer.b.finish()
}

struct Writer<'a> {
    b: Builder,
    form: &'a Form,
    masks: Masks,
}

/// Who is in which set, and with which score.
struct Sets {
    /// The regrets of those who are in it.
    scores: Members,
    /// Ones of the inferers and of the forecasters of the combined set, and of the workers of forecasters' sets.
    inferers: Number,
    forecasters: Number,
    forecast: Number,
    /// Ones of the inferers of the naive or one-in set.
    naive: Sum,
    /// Ones in the rows of combined, naive and one-in sets.
    of_workers: Sum,
    /// What scores are divided by, if that is given.
    stored_scale: Option<Sum>,
}

impl Writer<'_> {
    /// One number of the state in all lanes.
    fn everywhere(&mut self, name: &str, x: Number, at: Number) -> Sum {
        let one = self.b.product(name, x, at);
        let one = self.b.linear(name, one.column()).row();
        match self.masks.one_outs {
            None => one,
            Some(_) => self.b.linear(name, one).group(),
        }
    }

    /// What the first group has, in all groups.
    fn in_all_groups(&mut self, name: &str, x: Number) -> Number {
        match self.masks.one_outs {
            None => x,
            Some(_) => self.b.linear(name, x.group()),
        }
    }

    /// Ones for inferences and forecasts that are there, and for inferers.
    fn given(&mut self, observed: Number) -> (Number, Number) {
        let m = &self.masks;
        // What is absent is the least integer that there can be.
        let none = m.forecasts * absent(LOSS_BITS) + m.inferences * absent(VALUE_BITS);
        let given = self.b.nonzero("presence", observed - none);
        (given, self.b.both("inferers", given, m.inferers))
    }

    fn sets(&mut self, observed: Number, state: Number) -> Sets {
        let (given, inferers) = self.given(observed);
        let m = self.masks.clone();
        let known = self.b.nonzero("regret", state - m.no_state.clone());
        // There is a loss.
        let no_loss = self.b.same(1) - known;
        self.b.gate(m.loss, no_loss, Sum::default());
        let initial = self.everywhere("initial regret", state, m.initial);
        if self.form.phase == Phase::AllNew {
            self.b.zero(initial.clone());
        } else {
            // Not zero: of either sign.
            let (above, below) = self.b.parts("initial regret", initial.clone());
            let size = above + below - self.b.same(1);
            self.b.not_negative("initial regret", size);
        }
        let loss = self.everywhere("network loss", state, m.loss);
        let stored_scale =
            (self.form.scale == Scale::Stored).then(|| self.everywhere("regret scale", state, m.scale));

        let b = &mut self.b;
        let apart = b.product("regret", state - initial.clone(), known);
        let regret = apart + initial;
        let forecast = b.both("forecasts", given, m.forecasts);
        let forecast = b.both("forecasts", forecast, inferers.column());
        let any = b.nonzero("forecasts", forecast.row());
        let workers = b.both("inferers", inferers.column(), m.combined + m.naive);
        let forecasters = b.both("forecasters", any, m.own_column);
        let forecasters = b.both("forecasters", forecasters.column(), m.forecasters);
        let of_workers = workers + forecasters;
        let among = of_workers.clone() + forecast;
        let mut worker_sets = m.combined + m.naive;
        if m.one_outs.is_some() {
            // There may be nobody left, but for the first group.
            worker_sets = b.nonzero("workers", of_workers.clone().row()).into();
            b.gate(b.same(1) - worker_sets.clone(), m.weights, Sum::default());
        }
        let of_forecast = b.product("forecast regret", loss - observed, forecast);
        let of_worker = b.product("regret", regret, of_workers);
        Sets {
            scores: Members {
                x: of_forecast + of_worker,
                count: among.clone().row(),
                among,
                present: worker_sets.clone() + any,
            },
            inferers,
            forecasters,
            forecast,
            naive: workers - inferers,
            of_workers: worker_sets,
            stored_scale,
        }
    }

    /// What scores are divided by.
    fn scale(&mut self, sets: &Sets) -> Sum {
        let spread = match self.form.scale {
            Scale::Stored => return sets.stored_scale.clone().unwrap_or_default(),
            Scale::Std => self.b.deviation(&sets.scores),
            Scale::Mad => self.b.median_deviation(&sets.scores),
        };
        spread + self.b.same(self.form.epsilon)
    }

    fn weights(&mut self, sets: &Sets) -> Number {
        let scale = self.scale(sets);
        let b = &mut self.b;
        let (x, _) = b.quotient("normalised regret", sets.scores.x.clone() * self.form.p_norm, scale);
        weights::weights(b, self.form, &x.into(), &sets.scores.among, &sets.scores.present)
    }

    /// The mean of each set: what each forecaster implies, the combined and the naive inference. And the values of all
    /// workers.
    fn averages(&mut self, observed: Number, sets: &Sets, weight: Number) -> (Sum, Sum) {
        let m = self.masks.clone();
        let b = &mut self.b;
        let inferred = b.product("inference", observed, sets.inferers).column();
        // The means of the forecasters' sets are values of the combined set.
        let implied = b.later("forecast-implied inference");
        let values = inferred + implied.column();
        let (weight, weighted): (Sum, Sum) = if self.form.phase == Phase::AllNew {
            // Inferers alone count, with equal weights.
            ((sets.naive.clone() + sets.inferers) * (1 << WEIGHT_FRACTION), sets.of_workers.clone())
        } else {
            (weight.into(), sets.scores.present.clone())
        };
        let (high, low) = b.split("weighted inference", values.clone(), weight.clone(), HALF);
        let [high, low] = [high, low].map(|part| b.linear("weighted inferences", part.row()));
        // Of workers' sets, at least the least that is divided by; of sets without weights, one.
        let total = weight.row() + b.same(1) - weighted;
        let least = (m.combined + m.naive) * self.form.least_weight;
        let (raised, _) = b.parts("total weight", least - total.clone());
        let (mean, _) = b.quotient("inference", high * (1 << HALF) + low, total + raised);
        let mean = if self.form.phase == Phase::AllNew {
            // Forecasters imply medians: half of twice a median, of theirs.
            let present = sets.scores.present.clone() - sets.of_workers.clone();
            let among: Sum = sets.forecast.into();
            let count = among.clone().row();
            let of = Members { x: values.clone(), among, count, present };
            let twice = b.median("forecast-implied inference", &of);
            let twice = b.linear("forecast-implied inference", twice);
            let two = b.same(2);
            let (median, _) = b.quotient("forecast-implied inference", twice, two);
            mean + median
        } else {
            mean.into()
        };
        b.close(implied, mean.clone(), m.own_column);
        (mean, values)
    }

    fn results(&mut self, result: Number, sets: &Sets, weight: Number, (mean, values): (Sum, Sum)) {
        let m = self.masks.clone();
        let b = &mut self.b;
        // Percentiles of the combined set, one a row.
        let combined = b.product("weight", weight, m.weights);
        let weight = b.product("weight", combined.column(), m.queries);
        let workers = sets.inferers + sets.forecasters;
        let workers = workers.column();
        let among = b.both("workers", workers, m.queries);
        let columns = 1i64 << Places::of(self.form).shape.columns;
        let key = values.clone() * columns + m.order;
        let target = b.times("percentile", weight.row(), m.percentiles * 8);
        let of = Weighted { x: values, key, weight: weight.into(), among: among.into() };
        let percentile = b.percentile("percentile", &of, &target.into(), &m.queries.into());
        let percentile = b.product("percentile", percentile, m.own_row);

        let of_sets = b.product("result", mean, m.own_row);
        let of_sets = b.product("result", of_sets.column(), m.results);
        let percentiles = b.product("result", percentile.column(), m.first);
        b.give(result, combined + of_sets + percentiles);
    }

    /// The network inference of each group, and what each forecaster implies there, in the first group: by column, whoever
    /// is left out.
    fn one_outs(&mut self, to: Number, mean: Sum) {
        let Some(OneOuts { told, first }) = self.masks.one_outs else { return };
        let told = self.b.product("one-out inference", mean, told);
        let of_groups = self.b.product("one-out inference", told.group(), first);
        self.b.give(to, of_groups);
    }

    /// The median of the inferences, where there is no loss before.
    fn median_inference(&mut self, observed: Number, state: Number, result: Number) {
        let (_, inferers) = self.given(observed);
        let m = self.masks.clone();
        let b = &mut self.b;
        let known = b.nonzero("loss", state - m.no_state.clone());
        b.gate(m.loss, known, Sum::default());
        // The first group alone has inferences.
        let inferers = if m.one_outs.is_some() { b.both("inferers", inferers, m.weights) } else { inferers };
        let of = Members {
            x: observed.into(),
            among: inferers.into(),
            count: inferers.row(),
            present: m.weights.into(),
        };
        let twice = b.median("median", &of);
        let twice = b.linear("median", twice);
        let two = b.same(2);
        let (median, _) = b.quotient("median", twice, two);
        let median = b.product("median", median, m.own_row);
        let median = b.product("median", median.column(), m.results);
        b.give(result, median);
    }
}
