//! That every number of a program is what it must be, and every gate is needed.

use super::{Form, Synthesis};
use crate::circuit::Op;
use crate::epoch::{Epoch, RegretScale, Settlement, WeightFunction};
use crate::lanes::{Gate, Lanes, NUMBER_BITS, Reach};
use crate::model::Model;
use crate::settle::{self, Settle};
use std::collections::BTreeSet;

fn read(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/epochs");
    std::fs::read(folder.join(format!("{name}.json"))).unwrap()
}

/// What a liar does to a number in all lanes.
#[derive(Clone, Copy, Debug)]
enum Lie {
    /// Adds to it in a lane.
    Add(usize, i128),
    /// Moves those of each row by so many columns.
    Move(usize),
    /// Has none.
    Clear,
    /// Has the same in all lanes of a row.
    Spread,
}

const LIES: [Lie; 14] = [
    Lie::Add(0, 1),
    Lie::Add(1, -1),
    Lie::Add(17, 1),
    Lie::Add(36, 1),
    Lie::Add(33, -1),
    Lie::Add(32, 2),
    Lie::Add(40, 1),
    Lie::Add(48, 1),
    Lie::Add(56, 1),
    Lie::Move(1),
    Lie::Move(3),
    Lie::Move(7),
    Lie::Clear,
    Lie::Spread,
];

impl Lie {
    fn change(self, values: &mut [i128], columns: usize) {
        match self {
            Self::Add(lane, by) => values[lane] += by,
            Self::Move(by) => values.chunks_mut(columns).for_each(|row| row.rotate_right(by)),
            Self::Clear => values.fill(0),
            Self::Spread => values.chunks_mut(columns).for_each(|row| row.fill(row[0])),
        }
    }
}

/// The lies, and one in each other group.
fn lies(program: &Lanes) -> Vec<Lie> {
    let other = |k: usize| Lie::Add((k << program.shape.group()) + [32, 33, 40, 1][k % 4], 1);
    LIES.into_iter().chain((1..1 << program.shape.groups).map(other)).collect()
}

/// Changes each number that a rule finds, in some lane, with all that follows from it: which gates tell.
fn caught(program: &Lanes, statement: &[i128], seen: &mut BTreeSet<usize>) -> Vec<String> {
    let honest = program.run(statement, &mut |_, _| ()).unwrap();
    assert_eq!(program.broken(&honest), (vec![], true));
    let mut calls = 0;
    program.run(statement, &mut |_, _| calls += 1).unwrap();
    let mut free = Vec::new();
    let lies = lies(program);
    for call in 0..calls {
        let mut known = false;
        let mut named = String::new();
        for lie in lies.iter().copied() {
            let mut at = 0;
            let found = program.run(statement, &mut |name, values| {
                if at == call {
                    name.clone_into(&mut named);
                    lie.change(values, 1 << program.shape.columns);
                }
                at += 1;
            });
            let Ok(numbers) = found else {
                known = true;
                continue;
            };
            let (gates, looked_up) = program.broken(&numbers);
            // In the first of two passes a change is made good again.
            known |= !gates.is_empty() || !looked_up || numbers == honest;
            seen.extend(gates);
        }
        if !known {
            free.push(named);
        }
    }
    free
}

fn of_model(model: &Model, input: &[i128], seen: &mut BTreeSet<usize>) -> (Vec<String>, usize) {
    let circuit = model.circuit();
    let values = circuit.execute(input).unwrap();
    let program = &circuit.programs[0];
    let run = circuit.tensors.iter().find_map(|tensor| match &tensor.op {
        Op::Lanes { inputs, .. } => Some(circuit.taken(0, inputs, &values)),
        _ => None,
    });
    (caught(program, &run.unwrap(), seen), program.gates.len())
}

/// A gate by the names of its numbers.
fn name(model: &Model, gate: usize) -> String {
    let program = &model.circuit().programs[0];
    let gate = &program.gates[gate];
    let of = |slot: u16| program.names[usize::from(slot)].clone();
    let a: Vec<String> =
        gate.a.iter().map(|(reach, slot, c)| format!("{c} {reach:?} {}", of(*slot))).collect();
    let own = |terms: &[(u16, i64)]| -> Vec<String> {
        terms.iter().map(|(slot, c)| format!("{c} {}", of(*slot))).collect()
    };
    format!("({}) ({}) = {}", a.join(" + "), own(&gate.b).join(" + "), own(&gate.c).join(" + "))
}

/// That no number is free, and no gate unseen, of runs of circuits that have the same gates.
fn check<'a>(runs: impl IntoIterator<Item = (&'a Model, Vec<i128>)>) {
    let mut seen = BTreeSet::new();
    let mut last = None;
    for (model, input) in runs {
        let (free, gates) = of_model(model, &input, &mut seen);
        assert!(free.is_empty(), "{free:?}");
        last = Some((model, gates));
    }
    let (model, gates) = last.unwrap();
    let unseen = (0..gates).filter(|gate| !seen.contains(gate)).map(|gate| name(model, gate));
    let unseen: Vec<String> = unseen.collect();
    assert!(unseen.is_empty(), "{} {unseen:#?}", model.name());
}

fn syntheses(epochs: &[Epoch]) {
    syntheses_of(epochs, |form| form);
}

fn syntheses_of(epochs: &[Epoch], with: impl Fn(Form) -> Form) {
    let of = |epoch| Synthesis::new(with(Form::of(epoch).unwrap())).unwrap();
    let all: Vec<(Synthesis, &Epoch)> = epochs.iter().map(|epoch| (of(epoch), epoch)).collect();
    check(all.iter().map(|(synthesis, epoch)| (&synthesis.model, synthesis.inputs(epoch).unwrap().concat())));
}

fn epochs(names: &[&str]) -> Vec<Epoch> {
    names.iter().map(|name| Epoch::from_json(&read(name)).unwrap()).collect()
}

#[test]
fn no_number_of_a_synthesis_is_free_and_every_gate_is_needed() {
    syntheses(&epochs(&["case_no_loss_even", "case_no_loss_odd"]));
    syntheses(&epochs(&["case_all_new", "case_all_new_naive"]));
    let of = |weight_function, regret_scale| {
        let mut epochs = epochs(&["case_initial_regret", "case_far_gradient_zero"]);
        for epoch in &mut epochs {
            epoch.params.weight_function = weight_function;
            epoch.params.regret_scale = RegretScale::clone(&regret_scale);
            // So steep that some weights are zero.
            epoch.params.p_norm = "7".parse().unwrap();
        }
        syntheses(&epochs);
    };
    of(WeightFunction::Gradient, RegretScale::Std);
    of(WeightFunction::Gradient, RegretScale::Stored("5".parse().unwrap()));
    of(WeightFunction::Exp1DivExp1, RegretScale::Mad);
}

#[test]
fn no_number_of_one_outs_is_free_and_every_gate_is_needed() {
    syntheses_of(&epochs(&["one_out_initial_regret"]), Form::with_one_outs);
}

#[test]
fn no_number_of_a_settlement_is_free_and_every_gate_is_needed() {
    for scale in [RegretScale::Std, RegretScale::Stored("0.9".parse().unwrap())] {
        let mut all = Vec::new();
        for skip in [0, 2, 7] {
            let mut settlement = Settlement::from_json(&read("settle_301")).unwrap();
            let workers = settlement.regrets.iter().skip(skip).map(|(worker, _)| worker.to_owned());
            settlement.experienced = workers.collect();
            settlement.params.regret_scale = scale.clone();
            settlement.initial_regret = (skip == 0).then(|| "-0.5".parse().unwrap());
            all.push((Settle::new(settle::Form::of(&settlement).unwrap()).unwrap(), settlement));
        }
        check(
            all.iter()
                .map(|(settle, settlement)| (&settle.model, settle.inputs(settlement).unwrap().concat())),
        );
    }
}

#[test]
fn no_number_of_a_settlement_of_one_outs_is_free_and_every_gate_is_needed() {
    let mut all = Vec::new();
    for skip in [0, 1, 5] {
        let mut settlement = Settlement::from_json(&read("settle_one_out_stored")).unwrap();
        let workers = settlement.regrets.iter().skip(skip).map(|(worker, _)| worker.to_owned());
        settlement.experienced = workers.collect();
        settlement.initial_regret = Some("-0.5".parse().unwrap());
        let form = settle::Form::of(&settlement).unwrap().with_one_outs();
        all.push((Settle::new(form).unwrap(), settlement));
    }
    check(
        all.iter().map(|(settle, settlement)| (&settle.model, settle.inputs(settlement).unwrap().concat())),
    );
}

/// Bits that the factors' product or the result of a gate can have, whatever its numbers are.
fn widest(program: &Lanes) -> u32 {
    let bits = |slot: u16| if usize::from(slot) >> program.wide == 0 { NUMBER_BITS } else { 12 };
    let sum = |terms: &[(u16, i64)]| -> f64 {
        terms.iter().map(|(slot, c)| c.unsigned_abs() as f64 * 2f64.powi(bits(*slot).into())).sum()
    };
    let of_gate = |gate: &Gate| {
        let reached = |reach: Reach| match reach {
            Reach::Own => 1.0,
            Reach::Row => 2f64.powi(program.shape.columns.into()),
            Reach::Column => 2f64.powi(program.shape.rows.into()),
            Reach::Group => 2f64.powi(program.shape.groups.into()),
        };
        let a: f64 = gate.a.iter().map(|(reach, slot, c)| reached(*reach) * sum(&[(*slot, *c)])).sum();
        (a * sum(&gate.b)).max(sum(&gate.c)).log2().ceil() as u32
    };
    program.gates.iter().map(of_gate).max().unwrap_or_default()
}

#[test]
fn no_gate_of_the_largest_programs_wraps_around_the_field() {
    let mut widths = Vec::new();
    for weight in [WeightFunction::Gradient, WeightFunction::Exp1DivExp1] {
        for scale in [RegretScale::Std, RegretScale::Mad, RegretScale::Stored("1".parse().unwrap())] {
            for initial in ["0", "-1"] {
                let mut epoch = epochs(&["synthesis_g1_301"]).remove(0);
                epoch.params.weight_function = weight;
                epoch.params.regret_scale = scale.clone();
                epoch.params.p_norm = "7.99".parse().unwrap();
                epoch.params.epsilon = "4095".parse().unwrap();
                epoch.params.c_norm = "7.99".parse().unwrap();
                epoch.initial_regret = Some(initial.parse().unwrap());
                let form = Form::of(&epoch).unwrap().with_room(32, 6);
                for form in [form.clone(), form.with_one_outs()] {
                    widths.push(widest(&Synthesis::new(form).unwrap().model.circuit().programs[0]));
                }
            }
            let mut settlement = Settlement::from_json(&read("settle_301")).unwrap();
            settlement.params.regret_scale = scale.clone();
            settlement.params.weight_function = weight;
            let form = settle::Form::of(&settlement).unwrap().with_room(32, 6);
            for form in [form.clone(), form.with_one_outs()] {
                widths.push(widest(&Settle::new(form).unwrap().model.circuit().programs[0]));
            }
        }
    }
    assert!(widths.iter().all(|bits| *bits < 250), "{widths:?}");
}
