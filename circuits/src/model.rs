//! A compiled model.

use crate::circuit::{Circuit, Committed};
use crate::cost::{LIMBS, ROW_LOGS, cost};
use crate::execute::RunError;
use crate::graph::Graph;
use crate::lanes::Liar;
use crate::lower::{Lowered, Placement, Relation, fill_witness};
use crate::quantise::{QuantiseError, Ranges, quantise};
use crate::tensor_error::{TensorError, tensor_errors};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;
use sumcast_verifier::{KeyError, transcript::keccak256, vk::Program};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Smallest and largest precision, in fraction bits.
pub const FRAC_BITS: std::ops::RangeInclusive<u8> = 8..=24;

/// Most bits of the integers of a committed tensor, which are cells.
const COMMITTED_BITS: u8 = 62;

/// Most rows a key can hold.
const MAX_ROWS: u64 = sumcast_verifier::vk::limits::ROWS as u64;

/// How a model is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileOptions {
    /// Fraction bits that every tensor has at least, 8 to 24.
    pub frac_bits: u8,
    /// Most rows of weights; chosen by cost when not given.
    pub rows: Option<u16>,
    /// Log2 of the cells of a row, one of [`ROW_LOGS`]; chosen by cost when not given.
    pub row_log: Option<u8>,
    /// Limb width, 8, 10 or 12 bits; chosen by cost when not given.
    pub limb_bits: Option<u8>,
    /// Which tensors of the statement are commitments.
    pub committed: Committed,
    /// Blinds the commitments of the weights, which otherwise whoever has the model can recompute.
    pub secret: Option<Secret>,
}

/// 32 random bytes that hide a model's weights in its verifying key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Secret(pub [u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self {
            frac_bits: 16,
            rows: None,
            row_log: None,
            limb_bits: None,
            committed: Committed::default(),
            secret: None,
        }
    }
}

/// Why a model cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The precision is outside its limits.
    #[error("{0} fraction bits were asked for, and 8 to 24 are supported")]
    FracBits(u8),
    /// The limb width is none of those there are.
    #[error("limbs of {0} bits were asked for, and they have 8, 10 or 12")]
    LimbBits(u8),
    /// The row length is none of those there are.
    #[error("rows of 2^{0} cells were asked for, and they have 2^8 to 2^18")]
    RowLog(u8),
    /// Its integers cannot be made.
    #[error(transparent)]
    Quantise(#[from] QuantiseError),
    /// No row length gives as few rows as asked for, or as a key can hold.
    #[error("the weights do not fit {0} rows of 2^18 cells: allow more rows")]
    Rows(u64),
    /// A tensor to be committed has integers that are too large.
    #[error(
        "tensor {tensor:?} has integers of {bits} bits, and only those of up to 62 can be committed: lower --frac-bits"
    )]
    Committed {
        /// Its name.
        tensor: String,
        /// Its bits.
        bits: u8,
    },
    /// The relation is beyond the limits of a key.
    #[error("the model is too large for a verifying key: {0}")]
    Key(#[from] KeyError),
}

/// Why bytes are not a compiled model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file does not start as a model does.
    #[error("this is not a compiled Sumcast model")]
    Magic,
    /// A version this software does not know.
    #[error("compiled model version {0} is not supported: compile the model again")]
    Version(u16),
    /// The bytes are damaged.
    #[error("the compiled model is damaged: compile the model again")]
    Damaged,
}

/// A model whose inferences can be proven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    name: String,
    input_shape: Vec<usize>,
    output_names: Vec<String>,
    parameters: usize,
    row_log: u8,
    secret: Option<Secret>,
    circuit: Circuit,
}

/// An inference and its witness.
#[derive(Clone, Debug, PartialEq)]
pub struct Inference {
    /// The outputs as real numbers.
    pub outputs: Vec<Vec<f64>>,
    /// The tensors of the statement, public or committed: the input, then the outputs.
    pub tensors: Vec<Vec<i128>>,
    /// The witness rows, one after another.
    pub cells: Vec<i64>,
}

/// Compiles a model: chooses scales, bounds, limb width and row length.
///
/// Bounds come from the calibration inputs with a margin of [`MARGIN`](crate::MARGIN) or, without any, by interval
/// analysis from inputs up to [`DEFAULT_INPUT_BOUND`](crate::DEFAULT_INPUT_BOUND).
///
/// # Errors
/// [`CompileError`].
pub fn compile(
    graph: &Graph,
    calibration: &[Vec<f64>],
    options: &CompileOptions,
) -> Result<Model, CompileError> {
    if !FRAC_BITS.contains(&options.frac_bits) {
        return Err(CompileError::FracBits(options.frac_bits));
    }
    if let Some(bits) = options.limb_bits.filter(|bits| !LIMBS.contains(bits)) {
        return Err(CompileError::LimbBits(bits));
    }
    if let Some(row_log) = options.row_log.filter(|row_log| !ROW_LOGS.contains(row_log)) {
        return Err(CompileError::RowLog(row_log));
    }
    let row_logs = options.row_log.map_or(ROW_LOGS, |row_log| row_log..=row_log);
    let ranges = Ranges::of(graph, calibration)?;
    let allowed = options.rows.map_or(MAX_ROWS, u64::from);
    let of = |limb| Ok(quantise(graph, &ranges, options.frac_bits, limb, options.committed)?);
    let limbs = LIMBS.into_iter().filter(|limb| options.limb_bits.is_none_or(|chosen| chosen == *limb));
    let (row_log, circuit) = best(limbs.map(of), allowed, row_logs)?;
    for t in &circuit.committed {
        let tensor = &circuit.tensors[*t];
        if tensor.op.bits() > COMMITTED_BITS {
            return Err(CompileError::Committed { tensor: tensor.name.clone(), bits: tensor.op.bits() });
        }
    }
    let model = Model {
        name: graph.name.clone(),
        input_shape: graph.node(graph.input()).shape.clone(),
        output_names: graph.output_names().to_vec(),
        parameters: graph.parameters(),
        row_log,
        secret: options.secret.clone(),
        circuit,
    };
    Ok(model)
}

impl Model {
    /// Of a circuit that is not of a graph, for each limb width, with rows of `2^row_log`; its input is all inputs, one
    /// after another.
    ///
    /// # Errors
    /// [`CompileError::Key`] or [`CompileError::Rows`] when it is beyond the limits of a key.
    pub(crate) fn of_circuits(name: &str, circuits: Vec<Circuit>, row_log: u8) -> Result<Self, CompileError> {
        let (row_log, circuit) = best(circuits.into_iter().map(Ok), MAX_ROWS, row_log..=row_log)?;
        let names = |list: &[usize]| list.iter().map(|t| circuit.tensors[*t].name.clone()).collect();
        Ok(Self {
            name: name.into(),
            input_shape: vec![circuit.inputs.iter().map(|t| circuit.tensors[*t].layout.len()).sum()],
            output_names: names(&circuit.outputs),
            parameters: 0,
            row_log,
            secret: None,
            circuit,
        })
    }

    /// As [`Model::of_circuits`], of a circuit that models have been joined to. Its secret follows from theirs.
    ///
    /// # Errors
    /// As [`Model::of_circuits`].
    pub(crate) fn joined(
        name: &str,
        circuit: Circuit,
        row_log: u8,
        models: &[&Self],
    ) -> Result<Self, CompileError> {
        let parameters = models.iter().map(|model| model.parameters).sum();
        let mut known = b"sumcast joined models".to_vec();
        for model in models {
            known.push(model.secret.is_some().into());
            known.extend(model.secret().into_iter().flatten());
        }
        let secret = models.iter().any(|model| model.secret.is_some()).then(|| Secret(keccak256(&known)));
        known.zeroize();
        Ok(Self { parameters, secret, ..Self::of_circuits(name, vec![circuit], row_log)? })
    }
}

/// Of circuits that compute the same, the one that costs least, with its row length.
fn best(
    circuits: impl Iterator<Item = Result<Circuit, CompileError>>,
    allowed: u64,
    row_logs: RangeInclusive<u8>,
) -> Result<(u8, Circuit), CompileError> {
    let mut best: Option<(f64, u8, Circuit)> = None;
    let mut failed = CompileError::Rows(allowed);
    for circuit in circuits {
        let circuit = circuit?;
        let least = best.as_ref().map_or(f64::INFINITY, |(least, _, _)| *least);
        match cheapest(&Lowered::new(&circuit), &circuit, allowed, least, row_logs.clone()) {
            Ok(found) => best = found.map(|(cost, program)| (cost, program.row_log, circuit)).or(best),
            Err(error) => failed = error,
        }
    }
    best.map(|(_, row_log, circuit)| (row_log, circuit)).ok_or(failed)
}

/// The program of the row length that costs least, if that is less than `most`.
fn cheapest(
    lowered: &Lowered,
    circuit: &Circuit,
    allowed: u64,
    most: f64,
    row_logs: RangeInclusive<u8>,
) -> Result<Option<(f64, Program)>, CompileError> {
    let mut choices: Vec<(f64, Program)> = row_logs
        .map(|row_log| Placement::new(lowered, circuit, row_log))
        .filter(|p| p.fixed_rows() <= allowed && p.rows() <= MAX_ROWS)
        .map(|p| p.program(lowered, circuit))
        .map(|p| (cost(&p), p))
        .filter(|(cost, _)| *cost < most)
        .collect();
    choices.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Rows can be too short for the masks of a relation, which a key says.
    let mut failed = Ok(None);
    for (cost, program) in choices {
        match program.check() {
            Ok(()) => return Ok(Some((cost, program))),
            Err(error) => failed = Err(error.into()),
        }
    }
    failed
}

const MAGIC: &[u8; 4] = b"SCMD";
const VERSION: u16 = 7;
const HEAD: usize = 4 + 2 + 32;

impl Model {
    /// The model's name in the ONNX file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The input's shape, batch 1.
    pub fn input_shape(&self) -> &[usize] {
        &self.input_shape
    }

    /// Number of elements of one input.
    pub fn input_len(&self) -> usize {
        self.input_shape.iter().product()
    }

    /// The outputs' names in the ONNX file.
    pub fn output_names(&self) -> &[String] {
        &self.output_names
    }

    /// The names of the statement's tensors, in their order: inputs, then outputs.
    pub fn tensor_names(&self) -> Vec<String> {
        let tensors = self.circuit.inputs.iter().chain(&self.circuit.outputs);
        tensors.map(|t| self.circuit.tensors[*t].name.clone()).collect()
    }

    /// Number of the model's constants.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// Number of tensors of the integer graph.
    pub fn nodes(&self) -> usize {
        self.circuit.tensors.len()
    }

    /// What blinds the weights' commitments; nothing in a public model.
    pub fn secret(&self) -> Option<&[u8; 32]> {
        self.secret.as_ref().map(|secret| &secret.0)
    }

    /// Log2 of the inputs that one proof is of.
    pub fn batch_log(&self) -> u8 {
        self.circuit.batch
    }

    /// The model whose proofs are of `2^log` inputs each. Its statements have the integers of all inputs one after
    /// another, each input's padded to a power of two; so have its outputs.
    ///
    /// # Errors
    /// [`CompileError::Key`] or [`CompileError::Rows`] when that is beyond the limits of a key.
    pub fn batched(&self, log: u8) -> Result<Self, CompileError> {
        let mut model = self.clone();
        model.circuit.batch = log;
        let lowered = Lowered::new(&model.circuit);
        let found = cheapest(&lowered, &model.circuit, MAX_ROWS, f64::INFINITY, ROW_LOGS)?;
        model.row_log = found.ok_or(CompileError::Rows(MAX_ROWS))?.1.row_log;
        Ok(model)
    }

    /// The model for batches of `asked` inputs, rounded up to a power of two, or of the most that the limits of a key allow
    /// and whose program fits.
    ///
    /// # Errors
    /// Those of [`Self::lower`].
    pub fn largest_batch(
        self,
        asked: u32,
        mut fits: impl FnMut(&Program) -> bool,
    ) -> Result<Self, CompileError> {
        let mut found = self.clone();
        for log in 1..=asked.next_power_of_two().trailing_zeros() as u8 {
            let batched = match self.batched(log) {
                Ok(batched) => batched,
                Err(CompileError::Key(_) | CompileError::Rows(_)) => break,
                Err(error) => return Err(error),
            };
            if !fits(&batched.lower()?.program) {
                break;
            }
            found = batched;
        }
        Ok(found)
    }

    /// Which tensors of its statements are commitments.
    pub fn committed(&self) -> Committed {
        let of = |list: &[usize]| list.first().is_some_and(|t| self.circuit.committed.contains(t));
        Committed { input: of(&self.circuit.inputs), outputs: of(&self.circuit.outputs) }
    }

    /// Limb width, bits.
    pub fn limb_bits(&self) -> u8 {
        self.circuit.limb
    }

    /// The circuit.
    pub(crate) fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    #[cfg(test)]
    pub(crate) fn table_logs(&self) -> Vec<u8> {
        self.circuit.tables.iter().map(|t| t.log).collect()
    }

    /// The relation its proofs are about. Deterministic, and about as fast as copying the weights.
    ///
    /// # Errors
    /// [`CompileError::Key`] when it is beyond the limits of a key.
    pub fn lower(&self) -> Result<Relation, CompileError> {
        let relation = Lowered::new(&self.circuit).place(&self.circuit, self.row_log);
        relation.program.check()?;
        Ok(relation)
    }

    /// An inference with its witness. `input` has the elements of all inputs of a batch, one input after another, and so
    /// have the outputs.
    ///
    /// # Errors
    /// [`RunError`]: an input beyond a bound is refused, naming the tensor.
    pub fn run(&self, relation: &Relation, input: &[f64]) -> Result<Inference, RunError> {
        self.run_integers(relation, &self.integers(input)?)
    }

    /// The integers of an input, or of all inputs of a batch.
    ///
    /// # Errors
    /// As [`Model::run`].
    pub(crate) fn integers(&self, input: &[f64]) -> Result<Vec<i128>, RunError> {
        let expected = self.input_len() << self.circuit.batch;
        if input.len() != expected {
            return Err(RunError::Length { found: input.len(), expected });
        }
        self.circuit.quantise_input(input)
    }

    /// As [`Model::run`], of the input's integers, those of all inputs one after another.
    pub(crate) fn run_integers(&self, relation: &Relation, input: &[i128]) -> Result<Inference, RunError> {
        let values = self.circuit.execute(input)?;
        let (cells, tensors) = fill_witness(relation, &self.circuit, &values);
        Ok(Inference { outputs: self.outputs(&values), tensors, cells })
    }

    /// As [`Model::run_integers`], with a liar who changes numbers of a lane program as they are found.
    pub(crate) fn run_as(
        &self,
        relation: &Relation,
        input: &[i128],
        liar: &mut Liar<'_>,
    ) -> Result<Inference, RunError> {
        let values = self.circuit.execute_as(input, liar)?;
        let (cells, tensors) = fill_witness(relation, &self.circuit, &values);
        Ok(Inference { outputs: self.outputs(&values), tensors, cells })
    }

    /// As [`Model::run_integers`], with the first `models` tensors of one input and the others of another one: a lie.
    pub(crate) fn run_mixed(
        &self,
        relation: &Relation,
        input: &[i128],
        other: &[i128],
        models: usize,
    ) -> Result<Inference, RunError> {
        let (mut values, others) = (self.circuit.execute(input)?, self.circuit.execute(other)?);
        values[models..].clone_from_slice(&others[models..]);
        let (cells, tensors) = fill_witness(relation, &self.circuit, &values);
        Ok(Inference { outputs: self.outputs(&values), tensors, cells })
    }

    /// The integers of the statement's tensors alone, from those of the inputs.
    pub(crate) fn evaluate(&self, input: &[i128]) -> Result<Vec<Vec<i128>>, RunError> {
        let values = self.circuit.execute(input)?;
        Ok(self.circuit.inputs.iter().chain(&self.circuit.outputs).map(|t| values[*t].clone()).collect())
    }

    /// The outputs of an inference alone, of any number of inputs one after another.
    ///
    /// # Errors
    /// As [`Model::run`].
    pub fn infer(&self, input: &[f64]) -> Result<Vec<Vec<f64>>, RunError> {
        Ok(self.outputs(&self.circuit.execute(&self.circuit.quantise_input(input)?)?))
    }

    /// The error of every tensor of `graph`, in the order of computation, over `inputs`; nothing if `graph` is not
    /// what the model was compiled from.
    ///
    /// # Errors
    /// As [`Model::run`].
    pub fn tensor_errors(
        &self,
        graph: &Graph,
        inputs: &[Vec<f64>],
    ) -> Result<Option<Vec<TensorError>>, RunError> {
        tensor_errors(&self.circuit, graph, inputs)
    }

    fn outputs(&self, values: &[Vec<i128>]) -> Vec<Vec<f64>> {
        self.circuit.outputs.iter().map(|t| self.circuit.reals(*t, &values[*t])).collect()
    }

    /// The bytes of `model.bin`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let body = postcard::to_allocvec(self).unwrap_or_default();
        let mut out = MAGIC.to_vec();
        out.extend(VERSION.to_be_bytes());
        out.extend(keccak256(&body));
        out.extend(body);
        out
    }

    /// Reads what [`Model::to_bytes`] made. The digest in front tells damage; a file from elsewhere is trusted as a
    /// program is.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let (head, body) = bytes.split_at_checked(HEAD).ok_or(ModelError::Magic)?;
        let (magic, rest) = head.split_at(4);
        let (version, digest) = rest.split_at(2);
        if magic != MAGIC {
            return Err(ModelError::Magic);
        }
        let version = u16::from_be_bytes([version[0], version[1]]);
        if version != VERSION {
            return Err(ModelError::Version(version));
        }
        if keccak256(body) != digest {
            return Err(ModelError::Damaged);
        }
        postcard::from_bytes(body).map_err(|_| ModelError::Damaged)
    }
}
