//! The vectors of a sumcheck on a device.

use crate::backend::Cuda;
use crate::device::{Device, Fault};
use crate::vectors::{Held, MOST_FACTORS};
use ark_bn254::Fr;
use sumcast_prover::{Backend, Cpu, Factors, Local, Summand};

/// Where they are.
#[derive(Debug)]
enum Place<D: Device> {
    /// On the device; what they were, and what they have been folded by, is kept for when it fails.
    Device { held: Held<D>, before: Vec<Vec<Fr>>, by: Vec<Fr> },
    /// On this machine, as they are short or the device has failed.
    Here(Local<'static, Cpu>),
}

/// Vectors that stay on the device until they are short.
#[derive(Debug)]
pub(crate) struct Resident<'a, D: Device> {
    cuda: &'a Cuda<D>,
    place: Place<D>,
}

impl<'a, D: Device> Resident<'a, D> {
    /// Brings vectors to the device, or gives them back.
    pub(crate) fn new(cuda: &'a Cuda<D>, factors: Vec<Vec<Fr>>) -> Result<Self, Vec<Vec<Fr>>> {
        let len = factors.first().map_or(0, Vec::len);
        // The kernels take what can be halved, up to a summand's most factors.
        let fits =
            len >= cuda.least().scalars.max(2) && len.is_power_of_two() && factors.len() <= MOST_FACTORS;
        if !fits {
            return Err(factors);
        }
        match cuda.attempt("hold", || Held::new(cuda.memory(), &factors)) {
            Some(held) => Ok(Self { cuda, place: Place::Device { held, before: factors, by: Vec::new() } }),
            None => Err(factors),
        }
    }

    /// What the device says of them or, if it does not, the CPU.
    fn ask<T>(
        &self,
        what: &str,
        device: impl FnOnce(&Held<D>) -> Result<T, Fault>,
        here: impl FnOnce(&Local<'static, Cpu>) -> T,
    ) -> T {
        match &self.place {
            Place::Here(local) => here(local),
            Place::Device { held, before, by } => {
                let answer = self.cuda.attempt(what, || device(held));
                answer.unwrap_or_else(|| here(&folded(before.clone(), by)))
            }
        }
    }
}

/// Vectors, folded by one challenge after another.
fn folded(mut factors: Vec<Vec<Fr>>, by: &[Fr]) -> Local<'static, Cpu> {
    for x in by {
        factors.iter_mut().for_each(|factor| Cpu.fold(factor, *x));
    }
    Local::new(&Cpu, factors)
}

impl<D: Device> Factors for Resident<'_, D> {
    fn round(&self, summand: Summand, eq: Option<&[Fr]>, points: usize) -> Vec<Fr> {
        self.ask("round", |held| held.round(summand, eq, points), |local| local.round(summand, eq, points))
    }

    fn round_product(&self) -> [Fr; 2] {
        self.ask("round_product", Held::round_product, Factors::round_product)
    }

    fn round_eq(&self, eq: &[Fr]) -> [Fr; 2] {
        self.ask("round_eq", |held| held.round_eq(eq), |local| local.round_eq(eq))
    }

    fn halves(&self) -> [Fr; 2] {
        self.ask("halves", Held::halves, Factors::halves)
    }

    fn fold(&mut self, x: Fr) {
        let (held, before, by) = match &mut self.place {
            Place::Here(local) => return local.fold(x),
            Place::Device { held, before, by } => (held, before, by),
        };
        by.push(x);
        let short = held.len() / 2 < self.cuda.least().scalars.max(2);
        // Short ones are brought back: none stays, none is folded again.
        let done = self.cuda.attempt("fold", || {
            held.fold(x)?;
            if short { held.values().map(Some) } else { Ok(None) }
        });
        match done {
            Some(None) => {}
            Some(Some(values)) => self.place = Place::Here(Local::new(&Cpu, values)),
            None => self.place = Place::Here(folded(std::mem::take(before), by)),
        }
    }

    fn values(&self) -> Vec<Vec<Fr>> {
        self.ask("values", Held::values, Factors::values)
    }
}
