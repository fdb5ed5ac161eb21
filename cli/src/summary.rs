//! What a relation looks like to whoever verifies it: used by `compile` and `inspect`.

use crate::format;
use crate::gas::{GasEstimate, gas_estimate};
use serde::Serialize;
use std::fmt;
use sumcast_verifier::Shape;
use sumcast_verifier::vk::{Program, Role, SrsKind};

/// The figures of a program.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ProgramSummary {
    /// Log2 of the row length.
    pub(crate) row_log: u8,
    /// All rows.
    pub(crate) rows: usize,
    pub(crate) fixed_rows: u16,
    pub(crate) witness_rows: u16,
    pub(crate) helper_rows: u16,
    /// Cells of the witness rows.
    pub(crate) witness_cells: usize,
    /// Cells that are looked up.
    pub(crate) lookups: u64,
    /// Tables they are looked up in.
    pub(crate) tables: usize,
    /// Rounds of both sumchecks.
    pub(crate) rounds: usize,
    pub(crate) constraint_rounds: usize,
    pub(crate) reduction_rounds: usize,
    /// Degree of the rounds of the first.
    pub(crate) degree: usize,
    /// Claims a proof sends.
    pub(crate) claims: usize,
    /// Bytes of a proof without its statement.
    pub(crate) proof_body_bytes: usize,
    /// An estimate, see `gas_terms`.
    pub(crate) predicted_gas: u64,
    pub(crate) gas_terms: GasEstimate,
    pub(crate) public: Vec<PublicSummary>,
}

/// A public tensor.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PublicSummary {
    pub(crate) role: &'static str,
    pub(crate) len: u32,
    /// A value is below `2^bits` in magnitude.
    pub(crate) bits: u8,
    /// A value `v` stands for `v / 2^fraction`.
    pub(crate) fraction: u8,
}

impl ProgramSummary {
    pub(crate) fn of(program: &Program) -> Self {
        let shape = Shape::of(program);
        let gas = gas_estimate(program);
        let public = program.public.iter().map(|tensor| PublicSummary {
            role: role(tensor.role),
            len: tensor.len,
            bits: tensor.bits,
            fraction: tensor.fraction,
        });
        Self {
            row_log: program.row_log,
            rows: shape.rows,
            fixed_rows: program.fixed_rows,
            witness_rows: program.witness_rows,
            helper_rows: program.helper_rows,
            witness_cells: usize::from(program.witness_rows) << program.row_log,
            lookups: program.lookups.iter().map(|l| (l.columns.len() as u64) << l.log).sum(),
            tables: program.lookups.len(),
            rounds: shape.rounds + shape.row_log,
            constraint_rounds: shape.rounds,
            reduction_rounds: shape.row_log,
            degree: shape.degree,
            claims: shape.claims,
            proof_body_bytes: shape.bytes(),
            predicted_gas: gas.total,
            gas_terms: gas,
            public: public.collect(),
        }
    }
}

impl fmt::Display for ProgramSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "rows           {} of 2^{} cells: {} fixed, {} witness, {} helper",
            self.rows, self.row_log, self.fixed_rows, self.witness_rows, self.helper_rows
        )?;
        writeln!(f, "witness        {} cells", format::count(self.witness_cells as u64))?;
        writeln!(f, "lookups        {} cells, tables {}", format::count(self.lookups), self.tables)?;
        writeln!(
            f,
            "rounds         {}: {} of degree {}, {} of degree 2",
            self.rounds, self.constraint_rounds, self.degree, self.reduction_rounds
        )?;
        writeln!(f, "claims         {}", self.claims)?;
        writeln!(f, "proof          {}, without its statement", format::bytes(self.proof_body_bytes as u64))?;
        writeln!(f, "gas (estimate) {}", format::count(self.predicted_gas))?;
        for tensor in &self.public {
            writeln!(
                f,
                "{:<14} {} numbers v / 2^{}, |v| < 2^{}",
                tensor.role, tensor.len, tensor.fraction, tensor.bits
            )?;
        }
        Ok(())
    }
}

/// The name of a role.
pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::Input => "input",
        Role::Output => "output",
    }
}

/// Where a key's string comes from, in words.
pub(crate) fn srs_kind(kind: SrsKind) -> &'static str {
    match kind {
        SrsKind::Development => "development (insecure)",
        SrsKind::Imported => "imported",
        SrsKind::Ceremony => "public ceremony",
    }
}

/// The public tensors of one role as real numbers, one after another. Empty where they are not the program's.
pub(crate) fn reals(program: &Program, public: &[Vec<i128>], role: Role) -> Vec<f64> {
    let of_role = program.public.iter().zip(public).filter(|(tensor, _)| tensor.role == role);
    of_role
        .flat_map(|(tensor, values)| {
            let scale = 2f64.powi(tensor.fraction.into());
            values.iter().map(move |value| *value as f64 / scale)
        })
        .collect()
}
