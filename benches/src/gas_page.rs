//! The page `docs/gas.md`.

use crate::gas::{Counts, Gas, OF_FORMS, PARTS, PROOFS, Parts, transactions};
use crate::network::{NetworkGas, network_section};
use crate::report::markdown;
use crate::zksync::Figures;
use anyhow::{Context, Result};
use sumcast_cli::count;
use sumcast_evm::Chain;

/// A table of gas by part, of transactions with these names.
pub(crate) fn by_part(what: &str, all: impl Iterator<Item = (String, Parts)>) -> Vec<Vec<String>> {
    let names = PARTS.iter().map(|(name, _)| *name);
    let mut table = vec![std::iter::once(what).chain(names).chain(["total"]).map(String::from).collect()];
    table.extend(all.map(|(name, parts)| {
        let total = format!("**{}**", count(parts.iter().sum()));
        std::iter::once(name).chain(parts.iter().map(|part| count(*part))).chain([total]).collect::<Vec<_>>()
    }));
    table
}

/// A table of how much is said of each, and what that takes.
pub(crate) fn counted<'a>(what: &str, all: impl Iterator<Item = &'a Gas>) -> Vec<Vec<String>> {
    let head = [what, "constraints", "lookups", "claims", "forms", "terms", "gas of them"];
    let mut table = vec![head.map(String::from).to_vec()];
    table.extend(all.map(|gas| {
        let Counts { constraints, lookups, claims, forms, terms } = gas.counts;
        let counts = [constraints, lookups, claims, forms, terms].map(|n| count(n as u64));
        let of_them = OF_FORMS.iter().map(|part| gas.part(part)).sum();
        std::iter::once(gas.name.clone()).chain(counts).chain([count(of_them)]).collect()
    }));
    table
}

/// The page `docs/gas.md`.
///
/// # Errors
/// As [`transactions`], or says what is wrong with the figures of ZKsync.
pub fn gas_page(all: &[Gas], networks: &[NetworkGas], deployment: u64) -> Result<String> {
    let (zksync, now) = (Figures::kept()?, transactions(all)?);
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
    let mut figures = vec![head.map(String::from).to_vec()];
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
            gas.predicted(),
        ]
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
        network_section(networks),
        count(deployment),
        markdown(&by_part("model", all.iter().map(|gas| (gas.name.clone(), gas.parts)))),
        most.name,
        count(OF_FORMS.iter().map(|part| most.part(part)).sum()),
        count(most.ethereum),
        markdown(&counted("model", all.iter())),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_its_tables() {
        let gas = Gas::measure("linreg").unwrap();
        let network = NetworkGas::measure("synthesis_g3_301").unwrap();
        let page = gas_page(&[gas], &[network], 1_234_567).unwrap();
        for text in ["1,234,567", "| transcript", "## Network inferences", "| synthesis_g3_301"] {
            assert!(page.contains(text), "{text}: {page}");
        }
    }
}
