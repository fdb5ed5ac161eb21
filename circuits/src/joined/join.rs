//! Circuits side by side, the outputs of models in the lanes of a synthesis.

use crate::circuit::{Circuit, Op, Tensor, TensorId};
use crate::epoch::Decimal;
use crate::execute::RunError;
use crate::lanes::LIMBS;
use crate::synthesis::{Form, FormError, SynthesisError, VALUE_BITS};
use crate::{CompileError, Model};
use thiserror::Error;

/// Why models and a synthesis have no proof in common.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The synthesis has none.
    #[error(transparent)]
    Synthesis(#[from] SynthesisError),
    /// Together they are beyond the limits of a key.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// There is no model, there are two of one inferer, or there is no such inferer.
    #[error("there has to be a model of one inferer or more, and one of each: inferer {0}")]
    Inferer(usize),
    /// A model cannot be read together with others.
    #[error(
        "the model of inferer {inferer} has limbs of {found} bits: compile all models with --limb-bits 10"
    )]
    Limbs {
        /// Whose it is.
        inferer: usize,
        /// Its limb width.
        found: u8,
    },
    /// A model's proofs are of many inputs.
    #[error("the model of inferer {0} is one of many inputs a proof: compile it without --batch")]
    Batch(usize),
    /// A model's first output is no inference.
    #[error(
        "the first output of the model of inferer {inferer} has {found} numbers, and an inference is one"
    )]
    Output {
        /// Whose it is.
        inferer: usize,
        /// How many numbers it has.
        found: usize,
    },
    /// A model's output may be too large.
    #[error(
        "the output of the model of inferer {0} has too many bits beside those of the other inferences: compile it with \
         calibration inputs, or fewer --frac-bits"
    )]
    Bits(usize),
    /// An inference of the epoch is not the model's.
    #[error("{address:?} infers {found}, and its model gives {model} for this input")]
    Inference {
        /// Whose it is.
        address: String,
        /// In the epoch.
        found: Decimal,
        /// The model's.
        model: Decimal,
    },
    /// There are more or fewer inputs than models.
    #[error("{found} inputs were given for {expected} models")]
    Inputs {
        /// How many were given.
        found: usize,
        /// How many there are models.
        expected: usize,
    },
}

impl JoinError {
    /// The inferer whose model is at fault.
    #[must_use]
    pub fn inferer(&self) -> Option<usize> {
        match self {
            Self::Inferer(inferer)
            | Self::Batch(inferer)
            | Self::Bits(inferer)
            | Self::Limbs { inferer, .. }
            | Self::Output { inferer, .. } => Some(*inferer),
            _ => None,
        }
    }
}

impl From<FormError> for JoinError {
    fn from(error: FormError) -> Self {
        Self::Synthesis(error.into())
    }
}

impl From<RunError> for JoinError {
    fn from(error: RunError) -> Self {
        Self::Synthesis(error.into())
    }
}

/// The model of an inferer.
#[derive(Clone, Debug)]
pub struct Member {
    /// Which inferer of the epoch, from 0.
    pub inferer: usize,
    /// The model, whose first output is the inference.
    pub model: Model,
}

impl Member {
    /// The tensor that is the inference.
    pub(super) fn inference(&self) -> &Tensor {
        let circuit = self.model.circuit();
        &circuit.tensors[circuit.outputs[0]]
    }
}

/// A circuit of models and of the synthesis of their inferences. Inferers without a model infer what the statement says.
#[derive(Clone, Debug)]
pub struct Joined {
    /// What the synthesis is made for.
    pub form: Form,
    /// By inferer.
    pub(super) members: Vec<Member>,
    /// The circuit as a model, whose inputs are integers. Its weights are hidden if those of any of its models are, by a
    /// secret that follows from theirs.
    pub model: Model,
    /// The tensors of models, which come first.
    pub(super) models: usize,
}

impl Joined {
    /// Joins models and a synthesis. Inferences have as many fraction bits as the form says, or by eights less where a model's
    /// output may be large.
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn new(mut form: Form, mut members: Vec<Member>) -> Result<Self, JoinError> {
        members.sort_by_key(|member| member.inferer);
        let [first, others @ ..] = &members[..] else { return Err(JoinError::Inferer(0)) };
        let limb = Some(first.model.limb_bits()).filter(|limb| LIMBS.contains(limb)).unwrap_or(LIMBS[0]);
        let mut before = first.inferer;
        for member in others {
            if member.inferer == before {
                return Err(JoinError::Inferer(before));
            }
            before = member.inferer;
        }
        if before >= form.inferers {
            return Err(JoinError::Inferer(before));
        }
        members.iter().try_for_each(|member| check(member, limb))?;
        form.value_fraction = value_fraction(&form, &members)?;
        let (circuit, models) = join(&form, &members, limb);
        let row_log = form.row_log();
        let of: Vec<&Model> = members.iter().map(|member| &member.model).collect();
        let model = Model::joined("network", circuit, row_log, &of)?;
        Ok(Self { form, members, model, models })
    }
}

/// That a model can be joined with others of a limb width.
fn check(member: &Member, limb: u8) -> Result<(), JoinError> {
    let Member { inferer, model } = member;
    let found = model.limb_bits();
    if found != limb {
        return Err(JoinError::Limbs { inferer: *inferer, found });
    }
    if model.batch_log() > 0 {
        return Err(JoinError::Batch(*inferer));
    }
    match member.inference().layout.len() {
        1 => Ok(()),
        found => Err(JoinError::Output { inferer: *inferer, found }),
    }
}

/// The most fraction bits, by eights and up to those of the form, that all models' outputs have room with.
fn value_fraction(form: &Form, members: &[Member]) -> Result<u8, JoinError> {
    let has_room = |member: &&Member, value: u8| {
        let Tensor { fraction, op, .. } = member.inference();
        value.checked_sub(*fraction).is_some_and(|shift| op.bits() + shift <= VALUE_BITS)
    };
    let mut choices = (0..=form.value_fraction).rev().step_by(8);
    let found = choices.find(|value| members.iter().all(|member| has_room(&member, *value)));
    found.ok_or_else(|| {
        // Whoever has no room at all or, if all have by themselves, who has the largest outputs.
        let room = |member: &&Member| (0..=form.value_fraction).any(|value| has_room(member, value));
        let size = |member: &&Member| {
            let Tensor { fraction, op, .. } = member.inference();
            i16::from(op.bits()) - i16::from(*fraction)
        };
        let largest = members.iter().max_by_key(size).map_or(0, |member| member.inferer);
        let inferer = members.iter().find(|member| !room(member)).map_or(largest, |member| member.inferer);
        JoinError::Bits(inferer)
    })
}

/// The circuit, and how many of its tensors are of models.
fn join(form: &Form, members: &[Member], limb: u8) -> (Circuit, usize) {
    let mut synthesis = form.circuit_by_inferer(limb);
    for (j, tensor) in synthesis.tensors[..form.inferers].iter_mut().enumerate() {
        tensor.name = format!("inference of inferer {j}");
    }
    let mut circuit = Circuit {
        limb,
        tensors: vec![],
        inputs: vec![],
        committed: vec![],
        programs: vec![],
        tables: vec![],
        forests: vec![],
        missing: false,
        bounds: vec![],
        outputs: vec![],
        batch: 0,
    };
    let mut given = vec![None; synthesis.tensors.len()];
    for Member { inferer, model } in members {
        let own = model.circuit();
        let start = circuit.tensors.len();
        let numbers = append(&mut circuit, own, &[]);
        for tensor in &mut circuit.tensors[start..] {
            tensor.name = format!("inferer {inferer}: {}", tensor.name);
        }
        given[*inferer] = Some(numbers[own.outputs[0]]);
        let shift = form.value_fraction - own.tensors[own.outputs[0]].fraction;
        let runs = synthesis.tensors.iter_mut().filter_map(|tensor| match &mut tensor.op {
            Op::Lanes { inputs, .. } => Some(inputs),
            _ => None,
        });
        for taken in runs.flatten().filter(|taken| taken.x == *inferer) {
            taken.shift = shift;
        }
    }
    let models = circuit.tensors.len();
    append(&mut circuit, &synthesis, &given);
    (circuit, models)
}

/// Adds a circuit's tensors to those of another one, but for those that are `given`, which are there already. Returns their
/// numbers.
fn append(to: &mut Circuit, circuit: &Circuit, given: &[Option<TensorId>]) -> Vec<TensorId> {
    let given = |t: TensorId| given.get(t).copied().flatten();
    let mut next = to.tensors.len()..;
    let own = |t: TensorId| given(t).or_else(|| next.next()).unwrap_or_default();
    let numbers: Vec<TensorId> = (0..circuit.tensors.len()).map(own).collect();
    let tables: Vec<usize> = circuit
        .tables
        .iter()
        .map(|table| {
            to.tables.iter().position(|known| known == table).unwrap_or_else(|| {
                to.tables.push(table.clone());
                to.tables.len() - 1
            })
        })
        .collect();
    let (forests, programs) = (to.forests.len(), to.programs.len());
    to.forests.extend(circuit.forests.iter().cloned());
    to.programs.extend(circuit.programs.iter().cloned());
    for (_, tensor) in circuit.tensors.iter().enumerate().filter(|(t, _)| given(*t).is_none()) {
        let mut tensor = tensor.clone();
        tensor.op.operands_mut().into_iter().for_each(|x| *x = numbers[*x]);
        match &mut tensor.op {
            Op::Function { table, .. } => *table = tables[*table],
            Op::Leaves { forest, .. } => *forest += forests,
            Op::Lanes { program, .. } => *program += programs,
            _ => {}
        }
        to.tensors.push(tensor);
    }
    let renumbered = |list: &[TensorId]| -> Vec<TensorId> {
        list.iter().filter(|t| given(**t).is_none()).map(|t| numbers[*t]).collect()
    };
    to.inputs.extend(renumbered(&circuit.inputs));
    to.committed.extend(renumbered(&circuit.committed));
    to.outputs.extend(renumbered(&circuit.outputs));
    numbers
}
