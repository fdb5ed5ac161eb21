//! What verification costs on chain.

use crate::report::markdown;
use crate::zksync::{Calls, Figures, Transactions};
use crate::{Case, Source};
use anyhow::{Context, Result, bail, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sumcast_cli::{GasEstimate, Unit, count, gas_estimate, gas_units};
use sumcast_contracts::alloy_primitives::Bytes;
use sumcast_contracts::{CodeMap, Contract};
use sumcast_evm::{Chain, Evm, GasParts, Outcome, Receipt, Route, Sumcast, Watch};
use sumcast_params::Srs;
use sumcast_verifier::vk::Program;
use sumcast_verifier::{ProofFile, Shape};

/// Of the string: it is a development one, and the same at every run, so that the bytes of keys and proofs are.
const SRS_SEED: u64 = 1;
/// Proofs of the same inference, each hidden by other randomness. The first is the one whose figures are given.
const PROOFS: u64 = 5;
/// Bytes without zeros, as most contexts are.
const CONTEXT: [u8; 32] = [0xc0; 32];

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
type Parts = [u64; PARTS.len()];

/// Names of the parts, those of the estimate, and what is in them.
const PARTS: [(&str, &str); 14] = [
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

fn parts(of: &GasParts, watch: &Watch) -> Parts {
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
const OF_FORMS: [&str; 4] = ["key", "sumcheck", "claims", "mask"];

/// How much is said of a model.
#[derive(Clone, Copy, Debug)]
struct Counts {
    constraints: usize,
    lookups: usize,
    claims: usize,
    /// Those that are evaluated, once for each claim or linear part that has them, and their terms.
    forms: usize,
    terms: usize,
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
    name: String,
    rows: usize,
    key_bytes: usize,
    calldata_bytes: usize,
    register: u64,
    ethereum: u64,
    monad: u64,
    /// By how much other randomness moves the figure of Ethereum.
    spread: u64,
    parts: Parts,
    counts: Counts,
    estimate: GasEstimate,
    units: Vec<(&'static str, Vec<(Unit, u64)>)>,
    calls: Calls,
}

impl Gas {
    /// Compiles the model of that name or path, proves its first input, and verifies the proof through the registry.
    ///
    /// # Errors
    /// As [`Source::open`], [`Case::set_up`] and [`Case::prove`]; or says what the contract has against key or proof.
    pub fn measure(model: &str) -> Result<Self> {
        let case = set_up(model)?;
        let vk = case.key.key.to_bytes();
        let tau = case.key.key.srs.tau;
        let mut chains = [Chain::Ethereum, Chain::Monad].map(|chain| Sumcast::deploy(chain, &tau));
        let [Ok(ethereum), Ok(monad)] = &mut chains else {
            bail!("{model}: the contracts cannot be deployed")
        };
        let register = used(&ethereum.register(&vk)?)?;
        used(&monad.register(&vk)?)?;

        let file = proof(&case, 0)?;
        let specs = &case.relation.program.tensors;
        let of_byte = CodeMap::verifier();
        let of_byte = of_byte.bytes().map(|function| Some(Work::of(function?)? as usize));
        let watch = Watch::new(ethereum.verifier, of_byte);
        let (receipt, watch) = ethereum.watch(&vk, specs, &file, Route::Registry, watch)?;
        let parts = parts(&receipt.parts.context("no gas")?, &watch);
        let on_ethereum = used(&receipt)?;
        let mut spread = 0;
        for seed in 1..PROOFS {
            let other = ethereum.verify(&vk, specs, &proof(&case, seed)?, Route::Registry)?;
            spread = spread.max(used(&other)?.abs_diff(on_ethereum));
        }
        Ok(Self {
            name: case.source.name.clone(),
            rows: case.relation.program.rows(),
            key_bytes: vk.len(),
            calldata_bytes: receipt.calldata_bytes,
            register,
            ethereum: on_ethereum,
            monad: used(&monad.verify(&vk, specs, &file, Route::Registry)?)?,
            spread,
            parts,
            counts: Counts::of(&case.relation.program),
            estimate: gas_estimate(&case.relation.program),
            units: gas_units(&case.relation.program),
            calls: Calls::new(&vk, specs, &file),
        })
    }

    /// The gas of a part.
    fn part(&self, name: &str) -> u64 {
        PARTS.iter().zip(self.parts).filter(|((part, _), _)| *part == name).map(|(_, gas)| gas).sum()
    }

    /// By how much the estimate is above the measurement, per cent.
    pub fn error(&self) -> f64 {
        100.0 * (self.estimate.total as f64 / self.ethereum as f64 - 1.0)
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

fn development(log_size: u32) -> Srs {
    Srs::development(log_size, &mut StdRng::seed_from_u64(SRS_SEED))
}

fn set_up(model: &str) -> Result<Case> {
    Case::set_up(Source::open(model)?, |log_size| Ok(development(log_size)))
        .with_context(|| format!("set up {model}"))
}

fn proof(case: &Case, seed: u64) -> Result<ProofFile> {
    Ok(case.prove_for(CONTEXT, case.run()?, &mut StdRng::seed_from_u64(seed))?.file)
}

/// The gas of what succeeded.
fn used(receipt: &Receipt) -> Result<u64> {
    ensure!(matches!(receipt.outcome, Outcome::Returned(_)), "{}", receipt.outcome);
    receipt.gas.context("the chain's prices are not known")
}

/// The page `docs/gas.md`.
///
/// # Errors
/// As [`transactions`], or says what is wrong with the figures of ZKsync.
pub fn gas_page(all: &[Gas], deployment: u64) -> Result<String> {
    let (zksync, now) = (Figures::kept()?, transactions(all)?);
    let strings = |cells: &[&str]| -> Vec<String> { cells.iter().map(ToString::to_string).collect() };
    let head = [
        "model",
        "rows",
        "key, bytes",
        "register",
        "calldata, bytes",
        "Ethereum",
        "Monad",
        "ZKsync",
        "predicted",
    ];
    let mut figures = vec![strings(&head)];
    figures.extend(all.iter().map(|gas| {
        vec![
            gas.name.clone(),
            gas.rows.to_string(),
            count(gas.key_bytes as u64),
            count(gas.register),
            count(gas.calldata_bytes as u64),
            format!("**{}**", count(gas.ethereum)),
            count(gas.monad),
            zksync.verify(&now, &gas.name),
            format!("{} ({:+.1} %)", count(gas.estimate.total), gas.error()),
        ]
    }));
    let names = PARTS.iter().map(|(name, _)| *name);
    let mut by_part =
        vec![std::iter::once("model").chain(names).chain(["total"]).map(String::from).collect()];
    by_part.extend(all.iter().map(|gas| {
        let parts = gas.parts.iter().map(|part| count(*part));
        let total = format!("**{}**", count(gas.ethereum));
        std::iter::once(gas.name.clone()).chain(parts).chain([total]).collect::<Vec<String>>()
    }));
    let mut counted =
        vec![strings(&["model", "constraints", "lookups", "claims", "forms", "terms", "gas of them"])];
    counted.extend(all.iter().map(|gas| {
        let Counts { constraints, lookups, claims, forms, terms } = gas.counts;
        let counts = [constraints, lookups, claims, forms, terms].map(|n| count(n as u64));
        let of_them = OF_FORMS.iter().map(|part| gas.part(part)).sum();
        std::iter::once(gas.name.clone()).chain(counts).chain([count(of_them)]).collect()
    }));
    let legend: String = PARTS.iter().map(|(name, what)| format!("| {name} | {what} |\n")).collect();
    let range = |of: &dyn Fn(&Gas) -> u64| -> (String, String) {
        let values = || all.iter().map(of);
        (count(values().min().unwrap_or_default()), count(values().max().unwrap_or_default()))
    };
    let most = all.iter().max_by_key(|gas| gas.ethereum).context("there are no models")?;
    let (cheapest, dearest) = range(&|gas| gas.ethereum);
    let (low, high) = range(&|gas| gas.register);
    let spread = range(&|gas| gas.spread).1;
    Ok(format!(
        "# What verification costs\n\n\
         Made by one command, which compiles and proves every bundled model and lets the compiled contracts verify the\n\
         proofs in an embedded EVM; it gives the same page wherever it is run:\n\n\
         ```sh\ncargo run --release -p sumcast-benches --example gas\n```\n\n\
         Gas of whole transactions: base, data, execution. *register* puts a model's key on chain, once; *Ethereum* and\n\
         *Monad* verify a proof through the registry, at the prices of {} and {}; *ZKsync* is of\n\
         a section of its own; *predicted* is what `sumcast compile` and `inspect` say of Ethereum before there is a proof,\n\
         by rates that were fitted to these models.\n\n{}\n\
         One verifier serves all models of a structured reference string. Deploying it takes {} gas, once.\n\n\
         {}\
         ## Beside another system\n\n\
         | | a proof | for each model | for all models |\n\
         |---|---:|---:|---:|\n\
         | sumcast, the models above | {cheapest} to {dearest} | {low} to {high}, its key | {}, the verifier |\n\
         | ezkl, figures it has published | 571,000 to 642,000 | 2,960,000, a verifier of its own | none |\n\n\
         ## Where it goes\n\n\
         The Ethereum column by part.\n\n{}\n\
         What makes a model dear is not its size but how many different things are said of it. A layer of any width is one\n\
         constraint, and so is a forest of any number of trees; each table of a function, gate of a cell, or step of a\n\
         normalisation is another, with claims to check and forms to evaluate at the point of the sumcheck. The dearest is\n\
         {}, where that is {} of {} gas:\n\n{}\n\
         | part | for |\n|---|---|\n{legend}\n\
         ## How it is measured\n\n\
         Every instruction of the verifier counts for the function it was compiled from, as the compiler's source map\n\
         says (`contracts/artifacts/SumcastVerifier.map.json`). Helpers that all parts use, such as those of `Memory` and\n\
         `Field`, count for the function that uses them, and so does code that the compiler maps to none: for the last\n\
         function before it. Where the optimiser has merged the same code of two functions, one of them has it all. What\n\
         precompiles take is added to the part that calls them. The parts add up to the total.\n\n\
         Models, keys, string and proofs are made from fixed seeds, since a byte of data costs less where it is zero. Of\n\
         {PROOFS} proofs of one inference, hidden by other randomness, none is further than {spread} gas from the\n\
         figure given. The context has no zero bytes.\n",
        Chain::Ethereum.revision(),
        Chain::Monad.revision(),
        markdown(&figures),
        count(deployment),
        zksync.section(&now),
        count(deployment),
        markdown(&by_part),
        most.name,
        count(OF_FORMS.iter().map(|part| most.part(part)).sum()),
        count(most.ethereum),
        markdown(&counted),
    ))
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
            let page = gas_page(&[gas], 1_234_567).unwrap();
            assert!(page.contains("1,234,567") && page.contains("| transcript"), "{page}");
        }
    }
}
