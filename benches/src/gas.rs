//! What verification costs on chain.

use crate::zksync::{Calls, Transactions};
use crate::{Case, Layout, Source};
use anyhow::{Context, Result, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sumcast_circuits::cost::{LIMBS, ROW_LOGS};
use sumcast_circuits::gas::{GasEstimate, Unit, gas_estimate, gas_units};
use sumcast_cli::count;
use sumcast_contracts::alloy_primitives::{Address, Bytes};
use sumcast_contracts::{CodeMap, Contract};
use sumcast_evm::{Chain, Evm, GasParts, Outcome, Receipt, Route, Sumcast, Watch};
use sumcast_params::Srs;
use sumcast_verifier::vk::Program;
use sumcast_verifier::{Key, ProofFile, Shape};

/// Of the string: it is a development one, and the same at every run, so that the bytes of keys and proofs are.
const SRS_SEED: u64 = 1;
/// Proofs of the same inference, each hidden by other randomness. The first is the one whose figures are given.
pub(crate) const PROOFS: u64 = 5;
/// Bytes without zeros, as most contexts are.
pub(crate) const CONTEXT: [u8; 32] = [0xc0; 32];

/// What the verifier's code is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Rest,
    Key,
    Statement,
    Proof,
    Transcript,
    Sumcheck,
    Claims,
    Mask,
    Opening,
    Points,
    Pairing,
}

impl Work {
    /// What a function is there for; none for those that others are made of, whose gas is their caller's.
    fn of(function: &str) -> Option<Self> {
        let (library, name) = function.split_once('.')?;
        Some(match (library, name) {
            ("Memory" | "Field", _) | ("Curve", "isPoint" | "firstInvalid" | "negate") => return None,
            (
                "Keys",
                "blockAt" | "firstHelperRow" | "firstWitnessRow" | "form" | "inRows" | "invalid" | "mantissa"
                | "maskCells" | "rows" | "tau" | "tensor" | "tensorRows" | "wrongShift",
            )
            | ("Relation", "_min" | "_word")
            | ("SumcastVerifier", "_word") => return None,
            ("Keys", _) => Self::Key,
            ("Statements", _) => Self::Statement,
            ("SumcastVerifier", "_readProof" | "_checkPoints" | "_checkScalars") => Self::Proof,
            ("Transcript", _) => Self::Transcript,
            ("SumcastVerifier", "_constraintRounds" | "_reductionRounds")
            | ("Relation", "terms" | "_lookup" | "_lateTerms") => Self::Sumcheck,
            ("Relation" | "Forms", _) => Self::Claims,
            ("Mask", _) => Self::Mask,
            ("Opening", "_pairing") | ("Curve", "pairing") => Self::Pairing,
            ("Opening", _) => Self::Opening,
            ("Curve", _) | ("SumcastVerifier", "_rows" | "_list") => Self::Points,
            _ => Self::Rest,
        })
    }
}

/// The gas of a verification by part, in the order of [`PARTS`].
pub(crate) type Parts = [u64; PARTS.len()];

/// Names of the parts, those of the estimate, and what is in them.
pub(crate) const PARTS: [(&str, &str); 14] = [
    ("base", "the transaction itself"),
    ("calldata", "its data: model id, context, tensors, proof"),
    ("registry", "finding the key, loading it, passing the call on"),
    ("key", "reading and checking the key"),
    ("statement", "reading the tensors, checking their bounds, evaluating them at their points"),
    ("proof", "reading the proof, checking that points are points and scalars canonical"),
    ("transcript", "hashing, and the challenges"),
    ("sumcheck", "the rounds of both sumchecks, and the constraints at the point"),
    ("claims", "the forms at their points, and the weights of the rows"),
    ("mask", "the weights of the mask"),
    ("opening", "the arithmetic of the opening"),
    ("points", "ecMul and ecAdd, for every row and those of the opening"),
    ("pairing", "one pairing check of two pairs"),
    ("rest", "decoding the call, and what is between the parts"),
];

/// Watches a verifier by the work of its functions.
pub(crate) fn watch(verifier: Address) -> Watch {
    let of_byte = CodeMap::verifier();
    let of_byte = of_byte.bytes().map(|function| Some(Work::of(function?)? as usize));
    Watch::new(verifier, of_byte)
}

pub(crate) fn parts(of: &GasParts, watch: &Watch) -> Parts {
    let own = |work: Work| watch.gas().get(work as usize).copied().unwrap_or_default();
    let mut parts = [
        of.base,
        of.calldata + of.floor,
        0,
        own(Work::Key),
        own(Work::Statement),
        own(Work::Proof),
        own(Work::Transcript),
        own(Work::Sumcheck),
        own(Work::Claims),
        own(Work::Mask),
        own(Work::Opening),
        own(Work::Points) + of.ec_add.gas + of.ec_mul.gas,
        own(Work::Pairing) + of.pairing.gas,
        own(Work::Rest),
    ];
    // What is left is the other contract's.
    parts[2] = of.total() - parts.iter().sum::<u64>();
    parts
}

/// The parts that grow with what is said of a model, and not with its rows.
pub(crate) const OF_FORMS: [&str; 4] = ["key", "sumcheck", "claims", "mask"];

/// How much is said of a model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) constraints: usize,
    pub(crate) lookups: usize,
    pub(crate) claims: usize,
    /// Those that are evaluated, once for each claim or linear part that has them, and their terms.
    pub(crate) forms: usize,
    pub(crate) terms: usize,
}

impl Counts {
    fn of(program: &Program) -> Self {
        let evaluated = || program.evaluated().filter_map(|form| program.forms.get(usize::from(form)));
        Self {
            constraints: program.products.len(),
            lookups: program.lookups.len(),
            claims: Shape::of(program).claims,
            forms: evaluated().count(),
            terms: evaluated().map(|form| form.terms.len()).sum(),
        }
    }
}

/// A part of the gas.
#[derive(Clone, Debug)]
pub(crate) struct PartGas {
    pub(crate) name: &'static str,
    /// As measured.
    pub(crate) gas: u64,
    /// What the estimate has a rate for, and how much there is of it.
    pub(crate) units: Vec<(Unit, u64)>,
}

/// What the verification of a model's proofs costs.
#[derive(Clone, Debug)]
pub struct Gas {
    pub(crate) name: String,
    pub(crate) rows: usize,
    pub(crate) key_bytes: usize,
    pub(crate) calldata_bytes: usize,
    pub(crate) register: u64,
    pub(crate) ethereum: u64,
    pub(crate) monad: u64,
    /// By how much other randomness moves the figure of Ethereum.
    pub(crate) spread: u64,
    pub(crate) parts: Parts,
    pub(crate) counts: Counts,
    pub(crate) estimate: GasEstimate,
    units: Vec<(&'static str, Vec<(Unit, u64)>)>,
    pub(crate) calls: Calls,
}

impl Gas {
    /// Compiles the model of that name or path, proves its first input, and verifies the proof through the registry.
    ///
    /// # Errors
    /// As [`Source::open`], [`Case::set_up`] and [`Case::prove`]; or says what the contract has against key or proof.
    pub fn measure(model: &str) -> Result<Self> {
        Self::measure_as(Layout::default(), model, PROOFS)
    }

    /// As [`Gas::measure`], also with shorter and with longer rows and with limbs of other widths: what the rates of
    /// the estimate are fitted to. Models that differ in many ways do not tell what a row takes from what a claim does.
    ///
    /// # Errors
    /// As [`Gas::measure`].
    pub fn measure_layouts(model: &str) -> Result<Vec<Self>> {
        let (own, relation) = Source::open(model)?.compile()?;
        let (row_log, limb_bits) = (relation.program.row_log, own.limb_bits());
        let rows = [row_log.saturating_sub(1), row_log + 1].into_iter().filter(|log| ROW_LOGS.contains(log));
        let rows = rows.map(|log| (log, limb_bits));
        let limbs = LIMBS.into_iter().filter(|bits| *bits != limb_bits).map(|bits| (row_log, bits));
        let layouts = rows
            .chain(limbs)
            .map(|(row_log, limb_bits)| Layout { row_log: Some(row_log), limb_bits: Some(limb_bits) });
        std::iter::once(Layout::default())
            .chain(layouts)
            .map(|layout| Self::measure_as(layout, model, 1))
            .collect()
    }

    fn measure_as(layout: Layout, model: &str, proofs: u64) -> Result<Self> {
        let case = set_up(layout, model)?;
        Self::of(&case.source.name, &case.key.key, proofs, &|seed| proof(&case, seed))
            .with_context(|| format!("measure {model}"))
    }

    /// Of a key with a proof for every seed, of which so many are verified.
    pub(crate) fn of(
        name: &str,
        key: &Key,
        proofs: u64,
        prove: &dyn Fn(u64) -> Result<ProofFile>,
    ) -> Result<Self> {
        let (vk, program) = (key.to_bytes(), &key.program);
        let [mut ethereum, mut monad] =
            [Sumcast::deploy(Chain::Ethereum, &key.srs.tau)?, Sumcast::deploy(Chain::Monad, &key.srs.tau)?];
        let register = used(&ethereum.register(&vk)?)?;
        used(&monad.register(&vk)?)?;

        let file = prove(0)?;
        let specs = &program.tensors;
        let (receipt, watch) =
            ethereum.watch(&vk, specs, &file, Route::Registry, watch(ethereum.verifier))?;
        let parts = parts(&receipt.parts.context("no gas")?, &watch);
        let on_ethereum = used(&receipt)?;
        let mut spread = 0;
        for seed in 1..proofs {
            let other = ethereum.verify(&vk, specs, &prove(seed)?, Route::Registry)?;
            spread = spread.max(used(&other)?.abs_diff(on_ethereum));
        }
        Ok(Self {
            name: name.into(),
            rows: program.rows(),
            key_bytes: vk.len(),
            calldata_bytes: receipt.calldata_bytes,
            register,
            ethereum: on_ethereum,
            monad: used(&monad.verify(&vk, specs, &file, Route::Registry)?)?,
            spread,
            parts,
            counts: Counts::of(program),
            estimate: gas_estimate(program),
            units: gas_units(program),
            calls: Calls::new(&vk, specs, &file),
        })
    }

    /// The gas of a part.
    pub(crate) fn part(&self, name: &str) -> u64 {
        PARTS.iter().zip(self.parts).filter(|((part, _), _)| *part == name).map(|(_, gas)| gas).sum()
    }

    /// By how much the estimate is above the measurement, per cent.
    pub fn error(&self) -> f64 {
        100.0 * (self.estimate.total as f64 / self.ethereum as f64 - 1.0)
    }

    /// The estimate, and by how much it is above the measurement, for a table.
    pub(crate) fn predicted(&self) -> String {
        format!("{} ({:+.1} %)", count(self.estimate.total), self.error())
    }

    /// Each part of the gas, with what the estimate of it is made of.
    pub(crate) fn by_part(&self) -> impl Iterator<Item = PartGas> {
        let parts = PARTS.iter().zip(self.parts).zip(&self.units);
        parts.map(|(((name, _), gas), (_, units))| PartGas { name, gas, units: units.clone() })
    }
}

/// What it costs to deploy the verifier, once for all models.
///
/// # Errors
/// Says why it cannot be.
pub fn deployment() -> Result<u64> {
    used(&Evm::new(Chain::Ethereum).create(verifier())?)
}

/// The transactions whose gas was measured, for a chain that is not embedded here.
///
/// # Errors
/// As [`deployment`].
pub fn transactions(all: &[Gas]) -> Result<Transactions> {
    Ok(Transactions::new(verifier(), all.iter().map(|gas| (gas.name.clone(), gas.calls.clone()))))
}

/// What deploys a verifier for all models.
fn verifier() -> Bytes {
    Contract::deploy_verifier(&development(1).tau())
}

pub(crate) fn development(log_size: u32) -> Srs {
    Srs::development(log_size, &mut StdRng::seed_from_u64(SRS_SEED))
}

fn set_up(layout: Layout, model: &str) -> Result<Case> {
    Case::set_up_as(layout, Source::open(model)?, |log_size| Ok(development(log_size)))
        .with_context(|| format!("set up {model}"))
}

fn proof(case: &Case, seed: u64) -> Result<ProofFile> {
    Ok(case.prove_for(CONTEXT, case.run()?, &mut StdRng::seed_from_u64(seed))?.file)
}

/// The gas of what succeeded.
pub(crate) fn used(receipt: &Receipt) -> Result<u64> {
    ensure!(matches!(receipt.outcome, Outcome::Returned(_)), "{}", receipt.outcome);
    receipt.gas.context("the chain's prices are not known")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_near_what_is_measured() {
        for model in ["linreg", "mlp_tanh"] {
            let gas = Gas::measure(model).unwrap();
            assert!(gas.error().abs() < 10.0, "{model}: {:+.1} %, see docs/gas.md", gas.error());
            assert_eq!(gas.parts.iter().sum::<u64>(), gas.ethereum);
            assert!(gas.units.iter().map(|(name, _)| *name).eq(PARTS.map(|(name, _)| name)));
            // Each part is found: a function that was renamed would leave its own empty.
            for (part, (name, _)) in gas.parts.iter().zip(PARTS) {
                assert!(*part > 500, "{model}: {name} has {part}");
            }
            let rest = gas.parts[PARTS.len() - 1];
            assert!(50 * rest < gas.ethereum, "{model}: the rest has {rest}");
        }
    }
}
