//! The lane program of a settlement (`docs/synthesis.md`).
//!
//! A column is a worker, as in a synthesis. Rows `0 .. 6` are reputers, with the losses they report of workers; rows
//! [`NETWORK`] and [`NAIVE`] have, one a column, those they report of the network and of the naive network, and the state:
//! the regrets, and the naive ones. A form with one-outs has a group of such rows for each network without a worker.

use super::Form;
use crate::lanes::{ARGUMENT, Builder, HALF, Lane, Lanes, Members, Number, Sum, Weighted};
use crate::synthesis::{LOSS_BITS, Out, Scale, absent};

/// Most reputers.
pub(super) const REPUTERS: usize = 6;
/// Log2 of the rows.
pub(super) const ROWS: u8 = 3;
/// The rows of the combined and of the naive network.
pub(super) const NETWORK: usize = REPUTERS;
pub(super) const NAIVE: usize = REPUTERS + 1;

/// Slots of the statement.
pub(super) const REPORTS: usize = 0;
pub(super) const STAKES: usize = 1;
pub(super) const BEFORE: usize = 2;
pub(super) const LOSSES: usize = 3;
pub(super) const AFTER: usize = 4;
/// Of a form with one-outs.
pub(super) const ONE_OUTS: usize = 5;

/// Fraction bits of the share of the latest loss in a regret.
pub(super) const ALPHA: u8 = 56;

#[derive(Clone, Debug)]
struct Masks {
    /// Reputers' losses of workers, and of networks.
    workers: Number,
    networks: Number,
    /// A reputer's own column.
    own: Number,
    /// The state's regrets and naive regrets.
    regrets: Number,
    /// The two rows of networks, the first of them of the first group, and the first two rows of that.
    network: Number,
    naive: Number,
    combined: Number,
    first: Number,
    second: Number,
    /// The first column of the network's row, and the second of the naive one's.
    heads: Number,
    /// Single numbers of the state.
    loss: Number,
    initial: Number,
    scale: Number,
    /// Of a form with one-outs.
    one_outs: Option<OneOuts>,
}

/// Which losses a group has of its own, and what is told of it.
#[derive(Clone, Copy, Debug)]
struct OneOuts {
    /// The first group, and columns of forecasters without an inferer.
    own: Number,
    /// All other columns, whose losses are those of the first group.
    shared: Number,
    /// The first group.
    first: Number,
    /// A forecaster's column in the row of its number, in groups without an inferer.
    forecaster: Number,
    /// Where losses are told: see [`Groups::tells`](crate::synthesis::Groups::tells).
    told: Number,
}

impl Masks {
    fn new(b: &mut Builder, form: &Form) -> Self {
        let Form { inferers, forecasters, .. } = *form;
        let mut mask = |name: &str, of: &dyn Fn(Lane) -> bool| b.mask(name, |at| i64::from(of(at)));
        let (all, groups) = (inferers + forecasters, form.groups());
        let row = |of: usize| move |at: Lane| at.row == of;
        let scalar = |k: usize| move |at: Lane| at == Lane::first(NAIVE, inferers + k);
        let in_first = |of: usize| move |at: Lane| (at.group, at.row) == (0, of);
        let workers = mask("reports", &|at| at.row < REPUTERS && at.column < all);
        let networks = mask("reports of networks", &|at| at.row >= REPUTERS && at.column < REPUTERS);
        let own = mask("reputer", &|at| at.row == at.column && at.row < REPUTERS);
        let regrets = mask("regrets", &|at| {
            (at.row == NETWORK && groups.combines(at.group, at.column))
                || (at.row == NAIVE && groups.takes_in(at.group, at.column))
        });
        let network = mask("network", &row(NETWORK));
        let mut masks = Self {
            workers,
            networks,
            own,
            regrets,
            network,
            naive: mask("naive network", &row(NAIVE)),
            combined: network,
            first: mask("first row", &in_first(0)),
            second: mask("second row", &in_first(1)),
            heads: mask("heads", &|at| [(NETWORK, 0), (NAIVE, 1)].contains(&(at.row, at.column))),
            loss: mask("loss", &scalar(0)),
            initial: mask("initial regret", &scalar(1)),
            scale: mask("regret scale", &scalar(2)),
            one_outs: None,
        };
        if form.one_outs {
            masks.combined = mask("network", &in_first(NETWORK));
            let is_own = |at: Lane| match groups.out(at.group) {
                Out::Nobody => true,
                Out::Inferer(_) => (inferers..all).contains(&at.column),
                Out::Forecaster(_) | Out::All => false,
            };
            let is_forecaster = |at: Lane| {
                let without = matches!(groups.out(at.group), Out::Inferer(_));
                without && at.row < forecasters && at.column == inferers + at.row
            };
            masks.one_outs = Some(OneOuts {
                own: mask("own losses", &is_own),
                shared: mask("shared losses", &|at| !is_own(at)),
                first: mask("first group", &|at| at.group == 0),
                forecaster: mask("forecaster", &is_forecaster),
                told: mask("told", &|at| groups.tells(at, NETWORK)),
            });
        }
        masks
    }
}

struct Writer<'a> {
    b: Builder,
    form: &'a Form,
    m: Masks,
}

/// Losses, weighted by stake.
struct Losses {
    /// Of the column's worker, and whether anyone has reported it.
    worker: Number,
    worker_given: Number,
    /// Of the row's network, and whether anyone has reported it.
    network: Number,
    network_given: Number,
}

pub(super) fn program(form: &Form) -> Lanes {
    let mut b = Builder::new(form.shape());
    let names = ["reports", "stakes", "state before", "losses", "state after"];
    let [reports, stakes, before, losses, after] = names.map(|name| b.stated(name));
    let one_outs = form.one_outs.then(|| b.stated("one-outs"));
    let m = Masks::new(&mut b, form);
    let mut writer = Writer { b, form, m };
    let found = writer.losses(reports, stakes);
    writer.publish(losses, &found);
    if let Some(one_outs) = one_outs {
        writer.one_outs(one_outs, &found);
    }
    writer.state(before, after, stakes, &found);
    writer.b.finish()
}

impl Writer<'_> {
    fn losses(&mut self, reports: Number, stakes: Number) -> Losses {
        let Masks { workers, networks, own, network, naive, .. } = self.m;
        let b = &mut self.b;
        let none = (workers + networks) * absent(LOSS_BITS);
        let given = b.nonzero("report", reports - none);
        let of_workers = b.both("report", given, workers);
        let of_networks = b.both("report", given, networks);
        // Stakes lie in the network's row.
        // In all groups they are those of the first.
        let stakes = if self.m.one_outs.is_some() { b.linear("stake", stakes.group()) } else { stakes };
        let stake = b.product("stake", stakes, network).column();
        let own = b.positive_product("stake", stake.clone(), own);
        let mean = |b: &mut Builder, stake: Number, over: fn(Number) -> Sum| {
            let (high, low) = b.split("weighted loss", reports, stake, HALF);
            let [high, low] = [high, low].map(|part| b.linear("weighted losses", over(part)));
            let total = over(stake);
            let some = b.nonzero("report", total.clone());
            let total = total + b.same(1) - some;
            (b.quotient("loss", high * (1 << HALF) + low, total).0, some)
        };
        let by_worker = b.positive_product("stake", own.row(), of_workers);
        let (worker, worker_given) = mean(b, by_worker, Number::column);
        let stake = b.positive_product("stake", stake, network + naive);
        let by_network = b.positive_product("stake", stake, of_networks);
        let (network, network_given) = mean(b, by_network, Number::row);
        Losses { worker, worker_given, network, network_given }
    }

    /// The losses of workers, then of the networks.
    fn publish(&mut self, to: Number, losses: &Losses) {
        let b = &mut self.b;
        let worker = b.product("loss", losses.worker, self.m.first);
        let heads = b.product("network loss", losses.network, self.m.heads);
        let network = b.product("network loss", heads.column(), self.m.second);
        b.give(to, worker + network);
    }

    /// The losses of networks and, without an inferer, of forecasters, in the first group.
    fn one_outs(&mut self, to: Number, losses: &Losses) {
        let Some(OneOuts { first, forecaster, told, .. }) = self.m.one_outs else { return };
        let b = &mut self.b;
        let forecaster = b.product("one-out loss", losses.worker, forecaster);
        // Rows of forecasters have no network.
        let told = b.product("one-out loss", forecaster.row() + losses.network, told);
        let of_groups = b.product("one-out loss", told.group(), first);
        b.give(to, of_groups);
    }

    /// The loss of each worker in each group, and whether anyone has reported it.
    fn of_groups(&mut self, losses: &Losses) -> (Sum, Sum) {
        let Some(OneOuts { own, shared, first, .. }) = self.m.one_outs else {
            return (losses.worker.into(), losses.worker_given.into());
        };
        let b = &mut self.b;
        let of_first = b.product("loss", losses.worker, first);
        let given = b.both("report", losses.worker_given, first);
        let loss = b.product("loss", of_first.group(), shared) + b.product("loss", losses.worker, own);
        let given = b.both("report", given.group(), shared) + b.both("report", losses.worker_given, own);
        (loss, given)
    }

    fn state(&mut self, before: Number, after: Number, stakes: Number, losses: &Losses) {
        let (worker, worker_given) = self.of_groups(losses);
        let m = self.m.clone();
        let b = &mut self.b;
        let alpha = self.form.alpha;
        let state = m.network + m.naive;
        let known = b.nonzero("regret", before - state.clone() * absent(LOSS_BITS));
        let initial = b.product("initial regret", before, m.initial);
        let mut initial = b.linear("initial regret", initial.column()).row();
        if m.one_outs.is_some() {
            initial = b.linear("initial regret", initial).group();
        }
        let apart = b.product("regret", before - initial.clone(), known);
        let regret = b.linear("regret", apart + initial);

        // R = alpha (L of the network - L of the worker) + (1 - alpha) R, to the nearest.
        let gain = losses.network - worker;
        let sum = gain * alpha + regret * ((1 << ALPHA) - alpha) + b.same(1 << (ALPHA - 1));
        let whole = b.same(1 << ALPHA);
        let (found, _) = b.quotient("regret", sum, whole);
        let settled = b.both("settled", worker_given, losses.network_given);
        let settled = b.both("settled", settled, m.regrets);
        let changed = b.product("regret", found - before, settled);
        let new = before + changed;

        // The network's loss, in the naive row.
        let loss = b.product("network loss", losses.network, m.network);
        let reported = b.both("network loss", losses.network_given, m.network);
        b.gate(m.combined, b.same(1) - reported, Sum::default());
        let mut state = new.clone() + b.product("network loss", loss.column() - before, m.loss);

        // Of all with a regret.
        let fresh = b.both("regret", settled, b.same(1) - known);
        let has = b.both("regret", known + fresh, m.regrets);
        let group = |b: &mut Builder, among: Number| {
            let count = among.row();
            let present = b.nonzero("regrets", count.clone());
            Members { x: new.clone(), among: among.into(), count, present: present.into() }
        };
        if let Some(scale) = self.form.scale {
            let among = b.both("regret", has, m.combined);
            let of = group(b, among);
            let spread = match scale {
                Scale::Mad => b.median_deviation(&of),
                Scale::Std | Scale::Stored => b.deviation(&of),
            };
            let scale = b.product("regret scale", spread + b.same(self.form.epsilon), m.network);
            state = state + b.product("regret scale", scale.column() - before, m.scale);
        }
        // Of those who are experienced, who lie in the naive row.
        let flags = b.product("experienced", stakes, m.naive);
        let flags = b.product("experienced", flags.column(), m.network);
        let other = b.same(1) - flags;
        b.gate(flags, other, Sum::default());
        let experienced = b.both("experienced", flags, has);
        let of = group(b, experienced);
        let spread = b.deviation(&of) + b.same(self.form.epsilon);
        let spread = b.linear("deviation", spread);
        let key = of.x.clone() * (1 << self.form.columns());
        let order = b.mask("order", |at| at.column as i64);
        let present = of.present.clone();
        let weighted = Weighted {
            x: of.x.clone(),
            key: key + order,
            weight: of.among.clone() * 2,
            among: of.among.clone(),
        };
        // A quarter of the way from the least to the largest.
        let target = of.count.clone() + present.clone();
        let quantile = b.percentile("quantile", &weighted, &target, &present);
        // And c - 8.25 / p of the spread.
        let unit = b.same(1 << ARGUMENT);
        let (below, _) = b.quotient("initial regret", spread * self.form.below, unit);
        let mine = b.product("initial regret", quantile + below, present.clone());
        let any = b.nonzero("experienced", of.count);
        let any = b.both("experienced", any.column(), m.initial);
        state = state + b.product("initial regret", mine.column() - before, any);
        b.give(after, state);
    }
}
