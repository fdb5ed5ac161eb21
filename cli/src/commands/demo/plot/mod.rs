//! The plot of a story: inferences with the network's interval, above the weights they have.

mod scale;
mod svg;

use super::story::Day;
use scale::Scale;
use std::fmt::Display;
use svg::{Anchor, Place, Svg};

/// The drawing.
const SIZE: (f64, f64) = (860.0, 660.0);
/// Left and right of both panels; the legend is further right.
const SIDES: (f64, f64) = (62.0, 660.0);
/// Top and bottom of the inferences.
const INFERENCES: (f64, f64) = (52.0, 412.0);
/// Top and bottom of the weights.
const WEIGHTS: (f64, f64) = (468.0, 620.0);
/// Width of a bar.
const BAR: f64 = 56.0;
/// Where the marks of a day are beside its middle, which is the network's, so that none hides another: the workers' in
/// order, then the truth's.
const BESIDE: [f64; 5] = [-44.0, -30.0, -16.0, 16.0, 30.0];
const TRUTH: f64 = 47.0;
/// The least height of a share that has its number in it.
const LEGIBLE: f64 = 16.0;
/// What is read as well on white as on black.
const NEUTRAL: &str = "#7d7d7d";
/// The network's colour.
const NETWORK: &str = "#0080c8";
/// Of workers, in order: told apart by those who do not see all colours.
const COLOURS: [&str; 5] = ["#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#d55e00"];
/// The interval's bands: the places of their lower and upper values, how opaque they are, and their name.
const BANDS: [(usize, usize, f64, &str); 2] =
    [(0, 4, 0.16, "2.28 to 97.72 %"), (1, 3, 0.28, "15.87 to 84.13 %")];

/// The plot of some days, as SVG.
pub(super) fn plot(days: &[Day], year: u16) -> String {
    let title = "S&P 500: what the network infers, from whom";
    let description = "Above, for each day: what workers infer and forecasts imply, the network inference with its \
                       interval, and the truth, in percent. Below: the share of the weight of each.";
    let mut svg = Svg::new(SIZE, title, description);
    let of = format!("Next-day return of the S&P 500, in percent, {year}");
    svg.text((SIDES.0, 26.0), Anchor::Start, &of, &heading());
    between(&mut svg, days);
    inferences(&mut svg, days);
    svg.text((SIDES.0, WEIGHTS.0 - 14.0), Anchor::Start, "Shares of the weight", &heading());
    weights(&mut svg, days);
    legend(&mut svg, days);
    svg.finish()
}

fn heading() -> [(&'static str, &'static dyn Display); 3] {
    [("fill", &NEUTRAL), ("font-size", &"15"), ("font-weight", &"bold")]
}

/// The middle of a day.
fn column(days: &[Day], day: usize) -> f64 {
    let width = (SIDES.1 - SIDES.0) / days.len() as f64;
    SIDES.0 + width * (day as f64 + 0.5)
}

/// Lines between the days.
fn between(svg: &mut Svg, days: &[Day]) {
    let half = (column(days, 1) - column(days, 0)) / 2.0;
    for k in 1..days.len() {
        let x = column(days, k) - half;
        let line = [(x, INFERENCES.0), (x, INFERENCES.1)];
        svg.path(&line, &[("stroke", &NEUTRAL), ("stroke-width", &0.4)]);
    }
}

fn inferences(svg: &mut Svg, days: &[Day]) {
    let all = days.iter().flat_map(|day| {
        let members = day.workers.iter().map(|member| member.inference);
        let interval = day.interval.values.iter().copied();
        members.chain(interval).chain([day.truth, day.network_inference])
    });
    let (scale, ticks) = Scale::of(all, (INFERENCES.1, INFERENCES.0), 6);
    for tick in ticks {
        grid(svg, scale.at(tick), &format!("{tick:.1}"), tick.abs() < 1e-9);
    }
    for (low, high, opacity, _) in BANDS {
        let edge = |i: usize| {
            let value = move |(k, day): (usize, &Day)| {
                Some((column(days, k), scale.at(*day.interval.values.get(i)?)))
            };
            days.iter().enumerate().filter_map(value)
        };
        let points: Vec<_> = edge(high).chain(edge(low).collect::<Vec<_>>().into_iter().rev()).collect();
        svg.area(&points, &[("fill", &NETWORK), ("fill-opacity", &opacity)]);
    }
    let network: Vec<_> =
        days.iter().enumerate().map(|(k, day)| (column(days, k), scale.at(day.network_inference))).collect();
    svg.path(&network, &[("fill", &"none"), ("stroke", &NETWORK), ("stroke-width", &2.5)]);
    for (k, day) in days.iter().enumerate() {
        let x = column(days, k);
        for ((member, colour), beside) in day.workers.iter().zip(COLOURS).zip(BESIDE) {
            mark(svg, (x + beside, scale.at(member.inference)), colour, member.forecasts);
        }
        network_mark(svg, (x, scale.at(day.network_inference)));
        truth(svg, (x + TRUTH, scale.at(day.truth)));
    }
}

fn weights(svg: &mut Svg, days: &[Day]) {
    let scale = Scale { numbers: (0.0, 1.0), places: (WEIGHTS.1, WEIGHTS.0) };
    for share in [0.0, 0.5, 1.0] {
        grid(svg, scale.at(share), &format!("{:.0} %", 100.0 * share), share == 0.0);
    }
    for (k, day) in days.iter().enumerate() {
        let x = column(days, k);
        let mut below = 0.0;
        for (member, colour) in day.workers.iter().zip(COLOURS) {
            let (bottom, top) = (scale.at(below), scale.at(below + member.weight));
            let height = bottom - top;
            rect(svg, (x - BAR / 2.0, top, BAR, height), colour, 1.0);
            if height >= LEGIBLE {
                let share = format!("{:.0}", 100.0 * member.weight);
                let at = (x, (top + bottom) / 2.0 + 4.5);
                svg.text(at, Anchor::Middle, &share, &[("fill", &"#111111"), ("font-size", &"12")]);
            }
            below += member.weight;
        }
        svg.text((x, WEIGHTS.1 + 22.0), Anchor::Middle, day.date, &[("fill", &NEUTRAL)]);
    }
}

/// A line from side to side, with its number.
fn grid(svg: &mut Svg, y: f64, number: &str, strong: bool) {
    let width = if strong { 1.0 } else { 0.4 };
    let (left, right, at) = (Place(SIDES.0), Place(SIDES.1), Place(y));
    let line: [(&str, &dyn Display); 6] = [
        ("x1", &left),
        ("x2", &right),
        ("y1", &at),
        ("y2", &at),
        ("stroke", &NEUTRAL),
        ("stroke-width", &width),
    ];
    svg.element("line", &line);
    svg.text((SIDES.0 - 8.0, y + 4.5), Anchor::End, number, &[("fill", &NEUTRAL)]);
}

/// A worker's inference: a disc, or a ring of what a forecaster's forecasts imply.
fn mark(svg: &mut Svg, (x, y): (f64, f64), colour: &str, forecasts: bool) {
    let (x, y) = (Place(x), Place(y));
    let fill = if forecasts { "none" } else { colour };
    let circle: [(&str, &dyn Display); 6] =
        [("cx", &x), ("cy", &y), ("r", &4.5), ("fill", &fill), ("stroke", &colour), ("stroke-width", &2)];
    svg.element("circle", &circle);
}

fn network_mark(svg: &mut Svg, (x, y): (f64, f64)) {
    rect(svg, (x - 4.0, y - 4.0, 8.0, 8.0), NETWORK, 1.0);
}

/// A cross.
fn truth(svg: &mut Svg, (x, y): (f64, f64)) {
    const ARM: f64 = 6.5;
    for points in [[(x - ARM, y - ARM), (x + ARM, y + ARM)], [(x - ARM, y + ARM), (x + ARM, y - ARM)]] {
        svg.path(&points, &[("stroke", &NEUTRAL), ("stroke-width", &3)]);
    }
}

/// An area of a colour.
fn rect(svg: &mut Svg, (x, y, width, height): (f64, f64, f64, f64), colour: &str, opacity: f64) {
    let [x, y, width, height] = [x, y, width, height].map(Place);
    let all: [(&str, &dyn Display); 6] = [
        ("x", &x),
        ("y", &y),
        ("width", &width),
        ("height", &height),
        ("fill", &colour),
        ("fill-opacity", &opacity),
    ];
    svg.element("rect", &all);
}

/// What marks and colours are of.
fn legend(svg: &mut Svg, days: &[Day]) {
    let x = SIDES.1 + 32.0;
    let mut y = INFERENCES.0 + 8.0;
    let mut next = |svg: &mut Svg, text: &str, after: f64| {
        let at = (x, y);
        svg.text((x + 20.0, y + 4.5), Anchor::Start, text, &[("fill", &NEUTRAL)]);
        y += after;
        at
    };
    let at = next(svg, "truth, a day later", 24.0);
    truth(svg, at);
    let at = next(svg, "network inference", 24.0);
    svg.path(&[(at.0 - 10.0, at.1), (at.0 + 10.0, at.1)], &[("stroke", &NETWORK), ("stroke-width", &2.5)]);
    network_mark(svg, at);
    for (i, (.., name)) in BANDS.iter().enumerate().rev() {
        let (x, y) = next(svg, name, 24.0);
        // An inner band lies on those around it.
        for (_, _, opacity, _) in &BANDS[..=i] {
            rect(svg, (x - 10.0, y - 7.0, 20.0, 14.0), NETWORK, *opacity);
        }
    }
    for (member, colour) in days.iter().take(1).flat_map(|day| &day.workers).zip(COLOURS) {
        let at = next(svg, &member.worker, 24.0);
        mark(svg, at, colour, member.forecasts);
    }
}
