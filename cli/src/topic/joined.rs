//! Models and the synthesis of what they infer, in one proof.

use super::{Room, Topic};
use crate::error::Result;
use crate::files::{self, ModelDir};
use crate::input;
use anyhow::{Context, anyhow, bail};
use std::path::PathBuf;
use std::str::FromStr;
use sumcast_circuits::epoch::{Epoch, Outcome};
use sumcast_circuits::joined::{JoinError, Joined, Member};
use sumcast_circuits::synthesis::{Form, Synthesis};
use sumcast_circuits::{Inference, Model, Relation};
use sumcast_verifier::vk::Program;

/// The model of an inferer, as an argument names it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OfInferer {
    address: String,
    dir: PathBuf,
}

impl FromStr for OfInferer {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.split_once('=') {
            Some((address, dir)) if !address.is_empty() && !dir.is_empty() => {
                Ok(Self { address: address.into(), dir: dir.into() })
            }
            _ => {
                Err("a model is written ADDRESS=DIR, with the directory that `sumcast compile` wrote".into())
            }
        }
    }
}

/// The same with its input.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WithInput {
    of: OfInferer,
    input: PathBuf,
    index: Option<usize>,
}

impl FromStr for WithInput {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let form = || {
            "a model is written ADDRESS=DIR:INPUT.json, or ADDRESS=DIR:INPUTS.json:INDEX, and no file's name has a colon"
                .to_owned()
        };
        let (of, input) = text.split_once(':').ok_or_else(form)?;
        let of = of.parse().map_err(|_: String| form())?;
        let (input, index) = match input.split_once(':') {
            None => (input, None),
            Some((input, index)) => (input, Some(index.parse().map_err(|_| form())?)),
        };
        if input.is_empty() {
            return Err(form());
        }
        Ok(Self { of, input: input.into(), index })
    }
}

/// An epoch and the models of some of its inferers.
#[derive(Debug)]
pub(crate) struct Modelled {
    epoch: Epoch,
    members: Vec<Member>,
    /// Of the models; none where a proof is checked.
    inputs: Vec<Vec<f64>>,
}

impl Modelled {
    /// An epoch with models that infer.
    pub(crate) fn with_inputs(epoch: Epoch, models: &[WithInput]) -> Result<Self> {
        let mut models: Vec<_> = models
            .iter()
            .map(|model| {
                let member = model.of.member(&epoch)?;
                let input = input::one(&model.input, model.index, member.model.input_shape())
                    .with_context(|| format!("--model {}", model.of.address))?;
                Ok((member, input))
            })
            .collect::<Result<_>>()?;
        models.sort_by_key(|(member, _)| member.inferer);
        let (members, inputs) = models.into_iter().unzip();
        Ok(Self { epoch, members, inputs })
    }

    /// An epoch with models that a proof may be of.
    pub(crate) fn with_models(epoch: Epoch, models: &[OfInferer]) -> Result<Self> {
        let members = models.iter().map(|model| model.member(&epoch)).collect::<Result<_>>()?;
        Ok(Self { epoch, members, inputs: vec![] })
    }

    /// An error that names the inferer it is about.
    fn about(&self, error: JoinError) -> anyhow::Error {
        let inferer = error.inferer().and_then(|inferer| self.epoch.inferers.get(inferer));
        let error = anyhow!(error);
        match inferer {
            Some(inferer) => error.context(format!("--model {}", inferer.address)),
            None => error,
        }
    }
}

impl OfInferer {
    fn member(&self, epoch: &Epoch) -> Result<Member> {
        let found = epoch.inferers.iter().position(|inferer| inferer.address == self.address);
        let Some(inferer) = found else {
            let inferers: Vec<_> = epoch.inferers.iter().map(|inferer| inferer.address.as_str()).collect();
            bail!(
                "--model {}: nobody of that address infers in the epoch; there are {}",
                self.address,
                inferers.join(", ")
            );
        };
        let dir = ModelDir(self.dir.clone());
        dir.check()?;
        Ok(Member { inferer, model: files::read_model(&dir.model())? })
    }
}

impl Topic for Joined {
    type Input = Modelled;
    type Outcome = Outcome;
    const NAME: &'static str = "synthesis with these models";

    fn new(input: &Modelled, room: &Room) -> Result<Self> {
        let epoch = &input.epoch;
        let (inferers, forecasters) = room.of(epoch.inferers.len(), epoch.forecasters.len())?;
        let mut form = Form::of(epoch)?.with_room(inferers, forecasters);
        form.value_fraction = room.frac_bits.unwrap_or(form.value_fraction);
        Joined::new(form, input.members.clone()).map_err(|error| input.about(error))
    }

    fn of_program(input: &Modelled, program: &Program) -> Result<Vec<(Self, Relation)>> {
        Joined::of_program(&input.epoch, &input.members, program).map_err(|error| input.about(error))
    }

    fn model(&self) -> &Model {
        &self.model
    }

    fn outcome(&self, input: &Modelled) -> Result<Outcome> {
        Joined::outcome(self, &input.epoch, &input.inputs).map_err(|error| input.about(error))
    }

    fn run(&self, relation: &Relation, input: &Modelled) -> Result<(Outcome, Inference)> {
        Joined::run(self, relation, &input.epoch, &input.inputs).map_err(|error| input.about(error))
    }

    fn inputs(&self, input: &Modelled) -> Result<Vec<Vec<i128>>> {
        Joined::inputs(self, &input.epoch).map_err(|error| input.about(error))
    }

    fn input_name(&self, input: &Modelled, tensor: usize, position: usize) -> String {
        Joined::input_name(self, &input.epoch, tensor, position)
    }

    fn outcome_of(&self, input: &Modelled, tensors: &[Vec<i128>]) -> Outcome {
        Joined::outcome_of(self, &input.epoch, tensors)
    }

    fn text(input: &Modelled, outcome: &Outcome) -> String {
        Synthesis::text(&input.epoch, outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_an_address_a_directory_and_an_input() {
        let of = OfInferer { address: "allo1a".into(), dir: "m".into() };
        assert_eq!("allo1a=m".parse(), Ok(of.clone()));
        let with = |index| Ok(WithInput { of: of.clone(), input: "x.json".into(), index });
        assert_eq!("allo1a=m:x.json".parse(), with(None));
        assert_eq!("allo1a=m:x.json:12".parse(), with(Some(12)));
        for wrong in ["", "a", "=b", "a="] {
            assert!(wrong.parse::<OfInferer>().unwrap_err().contains("ADDRESS=DIR"), "{wrong}");
        }
        for wrong in ["", "a=b", "=b:c", "a=:c", "a=b:", "a=b:c:d", "a=b:c:1:2", "a=b::1"] {
            assert!(wrong.parse::<WithInput>().unwrap_err().contains("ADDRESS=DIR:INPUT.json"), "{wrong}");
        }
    }
}
