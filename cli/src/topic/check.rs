//! Whether a valid proof is of an epoch: its key, and its public inputs, and its state where that is opened.

use super::Topic;
use crate::error::Result;
use crate::opening;
use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use sumcast_circuits::epoch::Decimal;
use sumcast_params::Srs;
use sumcast_prover::{Cpu, OpeningFile, ProvingKey};
use sumcast_verifier::vk::{Key, Role, TensorSpec, Visibility};
use sumcast_verifier::{ProofFile, Tensor};

/// A valid proof with its key and parameters, and the files they are from.
pub(crate) struct Claim<'a> {
    pub(crate) key: &'a Key,
    pub(crate) vk: &'a Path,
    pub(crate) srs: &'a Srs,
    pub(crate) proof: &'a ProofFile,
    pub(crate) path: &'a Path,
    pub(crate) opening: Option<(&'a Path, &'a OpeningFile)>,
}

/// What a proof that is of an epoch says of it.
#[derive(Debug, Serialize)]
pub(crate) struct Checked {
    /// `committed`, or `opened` where it is the file's.
    state: &'static str,
    pub(crate) outcome: Value,
    #[serde(skip)]
    text: String,
}

impl Checked {
    /// For people.
    pub(crate) fn text(&self) -> String {
        let state = match self.state {
            "opened" => "opened: it is the file's",
            _ => "committed: that it is the file's, only its opening shows",
        };
        format!("state     {state}\n\n{}", self.text)
    }
}

/// A verdict: what is there, or why the proof is rejected.
pub(crate) type Verdict<T> = std::result::Result<T, String>;

impl Claim<'_> {
    /// Whether the proof is of an input from a file.
    pub(crate) fn check<T: Topic>(&self, input: &T::Input, file: &Path) -> Result<Verdict<Checked>> {
        let Some(topic) = self.topic::<T>(input, file)? else {
            return Ok(Err(format!(
                "{}: this is not the key of a {} of {}: it is of something else, of other parameters, of another phase of \
                 the topic, of fewer workers, or of other models than are named with --model",
                self.vk.display(),
                T::NAME,
                file.display()
            )));
        };
        let opened = match self.opened()? {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(error)),
        };
        let inputs = topic.inputs(input).with_context(|| file.display().to_string())?;
        let specs = &self.key.program.tensors;
        let tensors = self.proof.statement.tensors.iter().enumerate().map(|(t, tensor)| {
            let public = tensor.public().map(<[i128]>::to_vec);
            public.or_else(|| opened.get(&t).cloned()).unwrap_or_default()
        });
        let tensors: Vec<Vec<i128>> = tensors.collect();
        for (t, ((spec, found), expected)) in specs.iter().zip(&tensors).zip(&inputs).enumerate() {
            if spec.visibility == Visibility::Committed && !opened.contains_key(&t) {
                continue;
            }
            let mut both = expected.iter().zip(found);
            if let Some(at) = both.position(|(expected, found)| expected != found) {
                let [own, other] = [expected, found].map(|all| number(spec, all[at]));
                return Ok(Err(format!(
                    "{}: {} is {own} in {}, and {other} in the statement",
                    self.path.display(),
                    topic.input_name(input, t, at),
                    file.display()
                )));
            }
        }
        let outcome = topic.outcome_of(input, &tensors);
        let text = T::text(input, &outcome);
        let state = if opened.is_empty() { "committed" } else { "opened" };
        Ok(Ok(Checked { state, outcome: serde_json::to_value(&outcome)?, text }))
    }

    /// The circuit of an input that the key is of.
    fn topic<T: Topic>(&self, input: &T::Input, file: &Path) -> Result<Option<T>> {
        let about = || file.display().to_string();
        for (topic, relation) in T::of_program(input, &self.key.program).with_context(about)? {
            let secret = topic.model().secret();
            let own = ProvingKey::setup(relation.program, relation.fixed, secret, self.srs, &Cpu);
            if own.with_context(about)?.key == *self.key {
                return Ok(Some(topic));
            }
        }
        Ok(None)
    }

    /// The committed tensors that the opening opens, the state among them; none without an opening.
    fn opened(&self) -> Result<Verdict<BTreeMap<usize, Vec<i128>>>> {
        let mut opened = BTreeMap::new();
        let Some((path, opening)) = self.opening else { return Ok(Ok(opened)) };
        if let Some(error) = opening::foreign(opening, path, self.proof, self.path) {
            return Ok(Err(error));
        }
        for entry in &opening.tensors {
            let opening = entry.opening()?;
            if let Err(error) = opening.check(&self.key.program, &self.proof.statement, self.srs, &Cpu) {
                return Ok(Err(format!("{}: {error}", path.display())));
            }
            opened.insert(opening.tensor, opening.values);
        }
        let tensors = self.key.program.tensors.iter().zip(&self.proof.statement.tensors);
        let state = tensors
            .enumerate()
            .rfind(|(_, (spec, tensor))| spec.role == Role::Input && matches!(tensor, Tensor::Committed(_)));
        match state {
            Some((t, _)) if !opened.contains_key(&t) => bail!(
                "{} does not open the state: ask whoever made the proof for a file that does, or leave out --opening",
                path.display()
            ),
            _ => Ok(Ok(opened)),
        }
    }
}

/// What an integer stands for; the least that a tensor can hold is for what is absent.
fn number(spec: &TensorSpec, value: i128) -> String {
    if value == 1 - (1i128 << spec.bits.min(126)) {
        return "absent".into();
    }
    Decimal::from_fixed(value, spec.fraction).to_string()
}
