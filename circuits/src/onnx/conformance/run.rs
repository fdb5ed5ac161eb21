//! What becomes of a node test.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::case::{Case, Computed, Set, Trial};
use crate::{
    CompileOptions, compile,
    graph::Graph,
    onnx::{
        ImportError, MAX_GENERATED_ELEMENTS,
        call::Value,
        importer,
        tensor::{ConstTensor, Data},
    },
};

/// How far results may be from the test's: a part of their size, and some more. The first is the tests' own; they are
/// computed in single precision, some in half.
const RELATIVE: f64 = 1e-3;
const IMPORTED: f64 = 1e-6;
/// A few units of the 16 bits below the point that every tensor has at least, for each unit of the largest number that
/// it may be multiplied by.
const QUANTISED: f64 = 1e-4;

/// What becomes of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Right, computed from the model's input: from all inputs of floating point, or from one beside constants.
    Computed { all: bool },
    /// Right, and constant; because a computed input is refused, or since the test has none that could be.
    Folded { because: Option<String> },
    /// No result, for this reason.
    Refused(String),
    /// A wrong result, or a panic.
    Wrong(String),
}

impl Outcome {
    pub(super) fn is_computed(&self) -> bool {
        matches!(self, Self::Computed { .. })
    }

    pub(super) fn is_right(&self) -> bool {
        self.is_computed() || matches!(self, Self::Folded { .. })
    }
}

/// Runs a test in every way: it is right when some way is and none is wrong.
pub(super) fn run(case: &Case) -> Outcome {
    let outcomes: Vec<Outcome> = case.ways().into_iter().map(|way| run_way(case, way)).collect();
    // Of several inputs it is the first that is computed in most models.
    let usual = &outcomes[usize::from(outcomes.len() > 2)];
    let first = |kind: fn(&Outcome) -> bool| outcomes.iter().find(|o| kind(o));
    let found = first(|o| matches!(o, Outcome::Wrong(_)))
        .or_else(|| first(Outcome::is_computed))
        .or_else(|| first(Outcome::is_right))
        .unwrap_or(usual);
    match (found, usual) {
        (Outcome::Folded { .. }, Outcome::Refused(reason)) => {
            Outcome::Folded { because: Some(reason.clone()) }
        }
        _ => found.clone(),
    }
}

fn run_way(case: &Case, way: Computed) -> Outcome {
    let mut last = Outcome::Refused("the test has no data".into());
    for set in case.sets() {
        let attempt = catch_unwind(AssertUnwindSafe(|| attempt(case, set, way)));
        last = attempt.unwrap_or_else(|_| Outcome::Wrong("panics".into()));
        if !last.is_right() {
            break;
        }
    }
    last
}

fn attempt(case: &Case, set: &Set, way: Computed) -> Outcome {
    let Trial { model, input, expected } = match case.trial(set, way) {
        Ok(trial) => trial,
        Err(reason) => return Outcome::Refused(reason),
    };
    let evaluated = match importer::evaluate(model.clone(), MAX_GENERATED_ELEMENTS) {
        Ok(evaluated) => evaluated,
        Err(error) => return Outcome::Refused(reason(&error)),
    };
    let constants: Option<Vec<&ConstTensor>> = expected
        .iter()
        .map(
            |(name, _)| {
                if let Some(Value::Const(c)) = evaluated.values.get(name) { Some(&**c) } else { None }
            },
        )
        .collect();
    let compared = if let Some(constants) = constants {
        let mut pairs = constants.into_iter().zip(&expected);
        let compared = pairs.try_for_each(|(found, (name, expected))| same(name, found, expected));
        compared.map(|()| Outcome::Folded { because: None })
    } else {
        match importer::import(model, MAX_GENERATED_ELEMENTS) {
            Ok(graph) => inference(&graph, &input, &expected, way == Computed::All),
            Err(error) => return Outcome::Refused(reason(&error)),
        }
    };
    compared.unwrap_or_else(Outcome::Wrong)
}

/// The importer's own words, without the node's name.
fn reason(error: &ImportError) -> String {
    match error {
        ImportError::Operator { op, problem, .. } => format!("{op}: {problem}"),
        ImportError::Tensor { problem, .. } => format!("a tensor: {problem}"),
        ImportError::Input { problem, .. } => format!("the input: {problem}"),
        ImportError::Output { problem, .. } => format!("the output {problem}"),
        error => error.to_string(),
    }
}

/// Compares the real-valued graph and the quantised one with what is expected.
fn inference(
    graph: &Graph,
    input: &[f64],
    expected: &[(String, ConstTensor)],
    all: bool,
) -> Result<Outcome, String> {
    let shape = |k: usize| graph.node(graph.outputs()[k]).shape.clone();
    let numbers = expected.iter().flat_map(|(_, e)| e.as_floats().unwrap_or_default()).chain(input);
    let largest = numbers.fold(1.0, |a: f64, b| a.max(b.abs()));
    let check = |what: &str, outputs: Vec<Vec<f64>>, slack: f64| {
        for (k, (data, (name, expected))) in outputs.into_iter().zip(expected).enumerate() {
            close(&format!("{what} {name}"), &shape(k), &data, expected, slack)?;
        }
        Ok::<(), String>(())
    };
    check("real", graph.eval_outputs(input), IMPORTED)?;
    let model = match compile(graph, &[input.to_vec()], &CompileOptions::default()) {
        Ok(model) => model,
        Err(error) => return Ok(Outcome::Refused(error.to_string())),
    };
    let relation = match model.lower() {
        Ok(relation) => relation,
        Err(error) => return Ok(Outcome::Refused(error.to_string())),
    };
    match model.run(&relation, input) {
        Ok(inference) => check("quantised", inference.outputs, QUANTISED * largest)?,
        Err(error) => return Ok(Outcome::Refused(error.to_string())),
    }
    Ok(Outcome::Computed { all })
}

fn same(name: &str, found: &ConstTensor, expected: &ConstTensor) -> Result<(), String> {
    match (&found.data, &expected.data) {
        (Data::Float(data), _) => close(name, &found.shape, data, expected, IMPORTED),
        _ if found == expected => Ok(()),
        _ => Err(format!("{name} is {found:?}, not {expected:?}")),
    }
}

fn close(
    name: &str,
    shape: &[usize],
    data: &[f64],
    expected: &ConstTensor,
    slack: f64,
) -> Result<(), String> {
    // Computed truth values and integers are numbers.
    let numbers: Vec<f64> = match &expected.data {
        Data::Float(v) => v.clone(),
        Data::Int(v) => v.iter().map(|i| *i as f64).collect(),
        Data::Bool(v) => v.iter().map(|b| f64::from(u8::from(*b))).collect(),
        Data::Strings(_) => return Err(format!("{name} is to be text")),
    };
    if shape != expected.shape {
        return Err(format!("{name} has shape {shape:?}, not {:?}", expected.shape));
    }
    let differs = |(found, wanted): &(&f64, &f64)| (*found - *wanted).abs() > RELATIVE * wanted.abs() + slack;
    match data.iter().zip(&numbers).find(|pair| differs(pair) || pair.0.is_nan()) {
        Some((found, wanted)) => Err(format!("{name} has {found}, not {wanted}")),
        None => Ok(()),
    }
}
