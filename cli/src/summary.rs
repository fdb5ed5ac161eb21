//! What a relation looks like to whoever verifies it: used by `compile` and `inspect`.

use crate::format;
use crate::topic::tensors;
use serde::Serialize;
use std::fmt;
use sumcast_circuits::Model;
use sumcast_circuits::gas::{GasEstimate, gas_estimate};
use sumcast_verifier::encoding::point_bytes;
use sumcast_verifier::vk::{Program, Role, SrsKind, TensorSpec, Visibility};
use sumcast_verifier::{G1Affine, Shape, Statement};

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
    /// Degree of the rounds of the first, and of the last of them, in which claims are masked.
    pub(crate) degree: usize,
    pub(crate) last_degree: usize,
    /// Claims a proof sends.
    pub(crate) claims: usize,
    /// Random cells that hide what a proof sends.
    pub(crate) mask_cells: usize,
    /// Bytes of a proof without its statement.
    pub(crate) proof_body_bytes: usize,
    /// An estimate, see `gas_terms`.
    pub(crate) predicted_gas: u64,
    pub(crate) gas_terms: GasEstimate,
    pub(crate) tensors: Vec<TensorSummary>,
}

/// A tensor of the statement.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TensorSummary {
    /// Of a statement that is not of an ONNX model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'static str>,
    pub(crate) role: &'static str,
    /// Whether a statement has its values or commitments.
    pub(crate) visibility: &'static str,
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
        let committed = program.tensors.iter().map(|tensor| tensor.visibility == Visibility::Committed);
        let names = tensors::names(&committed.collect::<Vec<_>>()).map(|(_, names)| names);
        let tensors = program.tensors.iter().enumerate().map(|(i, tensor)| TensorSummary {
            name: names.and_then(|names| names.get(i).copied()),
            role: role(tensor.role),
            visibility: visibility(tensor.visibility),
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
            last_degree: shape.last_degree,
            claims: shape.claims,
            mask_cells: shape.mask,
            proof_body_bytes: shape.bytes(),
            predicted_gas: gas.total,
            gas_terms: gas,
            tensors: tensors.collect(),
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
            "rounds         {}: {} of degree {}, 1 of degree {}, {} of degree 2",
            self.rounds,
            self.constraint_rounds - 1,
            self.degree,
            self.last_degree,
            self.reduction_rounds
        )?;
        writeln!(f, "claims         {}", self.claims)?;
        writeln!(f, "mask           {} cells", self.mask_cells)?;
        writeln!(f, "proof          {}, without its statement", format::bytes(self.proof_body_bytes as u64))?;
        writeln!(f, "gas (estimate) {}", format::count(self.predicted_gas))?;
        for tensor in &self.tensors {
            let name = tensor.name.map(|name| format!("{name}, ")).unwrap_or_default();
            writeln!(
                f,
                "{:<14} {name}{}, {} numbers v / 2^{}, |v| < 2^{}",
                tensor.role, tensor.visibility, tensor.len, tensor.fraction, tensor.bits
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

/// Whether a model's weights are hidden in its key.
pub(crate) fn model(model: &Model) -> &'static str {
    if model.secret().is_some() { "hidden" } else { "public" }
}

/// The visibility of what is committed or is not.
pub(crate) fn hidden(committed: bool) -> &'static str {
    visibility(if committed { Visibility::Committed } else { Visibility::Public })
}

/// The name of a visibility.
pub(crate) fn visibility(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Committed => "committed",
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

/// The real number that an integer of a tensor stands for.
pub(crate) fn real(spec: &TensorSpec, value: i128) -> f64 {
    value as f64 / 2f64.powi(spec.fraction.into())
}

/// The public tensors of one role as real numbers, one after another; none where all of them are committed.
pub(crate) fn reals(program: &Program, statement: &Statement, role: Role) -> Option<Vec<f64>> {
    let of_role = program.tensors.iter().zip(&statement.tensors).filter(|(spec, _)| spec.role == role);
    let public = of_role.filter_map(|(spec, tensor)| Some((spec, tensor.public()?)));
    let reals = public.map(|(spec, values)| values.iter().map(|value| real(spec, *value)).collect());
    reals.reduce(|mut all: Vec<f64>, more| {
        all.extend(more);
        all
    })
}

/// The commitments of the tensors of one role, one after another; none where all of them are public.
pub(crate) fn commitments(program: &Program, statement: &Statement, role: Role) -> Option<Vec<String>> {
    let of_role = program.tensors.iter().zip(&statement.tensors).filter(|(spec, _)| spec.role == role);
    let points: Vec<String> = of_role.flat_map(|(_, tensor)| tensor.commitments()).map(point).collect();
    (!points.is_empty()).then_some(points)
}

/// A point in hexadecimal, as in a proof.
pub(crate) fn point(point: &G1Affine) -> String {
    hex::encode(point_bytes(point))
}
