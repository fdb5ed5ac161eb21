//! Circuits of one lane program.

use super::{Lanes, Spot};
use crate::circuit::{Circuit, Layout, Op, Taken, Tensor};

/// Limb widths of which numbers are a whole number.
pub(crate) const LIMBS: [u8; 2] = [10, 12];

/// A tensor of the statement of a program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stated {
    /// Its name.
    pub(crate) name: &'static str,
    /// How many numbers it has.
    pub(crate) len: usize,
    /// Bits of each.
    pub(crate) bits: u8,
    /// Of these, after the point.
    pub(crate) fraction: u8,
    /// Where it lies in the statement's slots.
    pub(crate) at: Spot,
}

/// The circuit of a program, of limbs of so many bits. `committed` are the tensors that are commitments, by their number
/// in the statement.
pub(crate) fn circuit(
    program: Lanes,
    limb: u8,
    inputs: &[Stated],
    outputs: &[Stated],
    committed: &[usize],
) -> Circuit {
    let tensor = |stated: &Stated, op| Tensor {
        name: stated.name.into(),
        layout: Layout { rows: 1, cols: stated.len as u32 },
        fraction: stated.fraction,
        op,
    };
    let run = inputs.len();
    let given = inputs.iter().map(|stated| tensor(stated, Op::Input { bits: stated.bits }));
    let mut tensors: Vec<Tensor> = given.collect();
    let taken = inputs.iter().enumerate().map(|(x, stated)| Taken { x, at: stated.at, shift: 0 }).collect();
    tensors.push(Tensor {
        name: "numbers".into(),
        layout: Layout { rows: 1, cols: 1 << program.log() },
        fraction: 0,
        op: Op::Lanes { program: 0, inputs: taken },
    });
    let result = |stated: &Stated| Op::Result { of: run, at: stated.at, bits: stated.bits };
    tensors.extend(outputs.iter().map(|stated| tensor(stated, result(stated))));
    // The run lies between inputs and outputs.
    let of_statement = |t: &usize| if *t < run { *t } else { t + 1 };
    Circuit {
        limb,
        inputs: (0..run).collect(),
        committed: committed.iter().map(of_statement).collect(),
        outputs: (run + 1..tensors.len()).collect(),
        tensors,
        programs: vec![program],
        tables: vec![],
        forests: vec![],
        missing: false,
        bounds: vec![],
        batch: 0,
    }
}
