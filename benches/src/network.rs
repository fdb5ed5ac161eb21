//! What a network inference costs on chain: verifying its proof, and the whole post.

use crate::gas::{CONTEXT, PROOFS, Parts, development, parts, used, watch};
use crate::gas_page::{by_part, counted};
use crate::report::markdown;
use crate::{Case, EpochCase, Gas, Source};
use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sumcast_circuits::epoch::Epoch;
use sumcast_cli::count;
use sumcast_contracts::abi::EpochKind;
use sumcast_contracts::alloy_primitives::utils::format_units;
use sumcast_contracts::alloy_primitives::{Address, B256, I256};
use sumcast_contracts::{Signer, attest, epoch};
use sumcast_evm::{Chain, Network, Post};

/// The epochs that are measured, of `circuits/tests/epochs`.
pub const NETWORKS: [&str; 3] = ["synthesis_g1_301", "synthesis_g3_301", "size_32x6_exp1_mad"];

/// Of whose inferences the network inferences are that are posted.
const MODEL: &str = "linreg";
/// Most inferers whose inferences are proven and posted, each by a proof of its own.
const MOST_POSTED: usize = 5;
/// The epochs that are posted, one after the other.
const EPOCHS: [u64; 2] = [1_000_001, 1_000_002];
/// Of the proofs that are posted: they are of one state, whose commitment is the same only if what blinds it is.
const SEED: u64 = 0;

/// What a network inference of an epoch costs.
#[derive(Clone, Debug)]
pub struct NetworkGas {
    /// Inferers and forecasters.
    workers: (usize, usize),
    /// Verifying a proof through the registry.
    verify: Gas,
    /// Posting it, a topic's first and a later one; none where there are more inferers than are posted.
    posts: Vec<Posted>,
}

/// What a post costs.
#[derive(Clone, Debug)]
struct Posted {
    name: String,
    calldata_bytes: usize,
    ethereum: u64,
    monad: u64,
    parts: Parts,
}

impl NetworkGas {
    /// Proves the epoch of that name and verifies the proof through the registry. Then workers post inferences of their
    /// own, and epochs of these are proven, attested and posted.
    ///
    /// # Errors
    /// Says what cannot be read or proven, or what the contracts have against it.
    pub fn measure(name: &str) -> Result<Self> {
        let case = EpochCase::set_up(name, |log_size| Ok(development(log_size)))?;
        let epoch = &case.epoch;
        let verify = Gas::of(name, &case.key.key, PROOFS, &|seed| case.prove_for(CONTEXT, epoch, seed))?;
        let posts = if epoch.inferers.len() > MOST_POSTED { vec![] } else { posts(&case)? };
        Ok(Self { workers: (epoch.inferers.len(), epoch.forecasters.len()), verify, posts })
    }
}

/// The posts of both epochs, on both chains.
fn posts(case: &EpochCase) -> Result<Vec<Posted>> {
    let model = Case::set_up(Source::open(MODEL)?, |log_size| Ok(development(log_size)))?;
    let [ethereum, monad] = [Chain::Ethereum, Chain::Monad].map(|chain| posts_on(chain, case, &model));
    let names = ["a topic's first", "later ones"].map(|which| format!("{}, {which}", case.name));
    let posts = names.into_iter().zip(ethereum?).zip(monad?);
    let posted = |((name, (calldata_bytes, ethereum, parts)), (_, monad, _))| Posted {
        name,
        calldata_bytes,
        ethereum,
        monad,
        parts,
    };
    Ok(posts.map(posted).collect())
}

/// Bytes of data, gas, and the gas by part of the posts of both epochs.
fn posts_on(chain: Chain, case: &EpochCase, model: &Case) -> Result<Vec<(usize, u64, Parts)>> {
    // Bytes without zeros, as most addresses have.
    let members: Vec<Address> = (1..).take(case.epoch.inferers.len()).map(Address::repeat_byte).collect();
    let signers =
        (1..=3).map(|i| Signer::from_bytes(&B256::repeat_byte(i))).collect::<Result<Vec<_>, _>>()?;
    let accounts = signers.iter().map(Signer::address).collect();
    let mut network = Network::deploy(chain, &case.key.key.srs.tau, accounts, 2)?;
    network.add_model(&model.key.key.to_bytes())?;
    network.add_key(&case.key.key.to_bytes(), EpochKind::Synthesis)?;
    let specs = &case.relation.program.tensors;
    let mut measured = Vec::new();
    for number in EPOCHS {
        let mut values = Vec::new();
        for (member, input) in members.iter().zip(&model.source.inputs) {
            let context = network.worker_context(number, *member)?;
            let inference = model.model.run(&model.relation, input)?;
            let file = model.prove_for(context.0, inference, &mut StdRng::seed_from_u64(SEED))?.file;
            network.post_inference(*member, number, &model.relation.program.tensors, &file)?;
            values.push(network.inference(*member)?);
        }
        let context = network.place(number, EpochKind::Synthesis).context();
        let file = case.prove_for(context.0, &with_inferences(&case.epoch, &values)?, SEED)?;
        if measured.is_empty() {
            network.set_genesis(epoch::state(&file.statement, specs).context("no state")?)?;
        }
        let attestation = network.attestation(number, 0, &members, specs, &file);
        let signatures = attest(&signers[..2], attestation)?;
        let post = Post::new(number, members.clone(), specs, &file, signatures);
        let verifier = watch(network.sumcast.verifier);
        let (receipt, watch) = network.watch_post(post, verifier)?;
        let parts = parts(&receipt.parts.context("no gas")?, &watch);
        measured.push((receipt.calldata_bytes, used(&receipt)?, parts));
    }
    Ok(measured)
}

/// An epoch with other inferences, of 18 decimals.
fn with_inferences(epoch: &Epoch, values: &[I256]) -> Result<Epoch> {
    let mut epoch = epoch.clone();
    for (inferer, value) in epoch.inferers.iter_mut().zip(values) {
        inferer.inference = format_units(*value, 18)?.parse()?;
    }
    Ok(epoch)
}

/// The section of `docs/gas.md`.
pub(crate) fn network_section(all: &[NetworkGas]) -> String {
    let head = [
        "epoch",
        "workers",
        "rows",
        "key, bytes",
        "register",
        "calldata, bytes",
        "Ethereum",
        "Monad",
        "predicted",
    ];
    let mut verified = vec![head.map(String::from).to_vec()];
    verified.extend(all.iter().map(
        |NetworkGas { workers: (inferers, forecasters), verify: gas, .. }| {
            vec![
                gas.name.clone(),
                format!("{inferers} x {forecasters}"),
                gas.rows.to_string(),
                count(gas.key_bytes as u64),
                count(gas.register),
                count(gas.calldata_bytes as u64),
                format!("**{}**", count(gas.ethereum)),
                count(gas.monad),
                gas.predicted(),
            ]
        },
    ));
    let posts = || all.iter().flat_map(|network| &network.posts);
    let head = ["`TopicFeed.post`", "calldata, bytes", "Ethereum", "Monad"];
    let mut posted = vec![head.map(String::from).to_vec()];
    posted.extend(posts().map(|post| {
        let ethereum = format!("**{}**", count(post.ethereum));
        vec![post.name.clone(), count(post.calldata_bytes as u64), ethereum, count(post.monad)]
    }));
    let verify = || all.iter().map(|network| &network.verify);
    let parts = verify()
        .map(|gas| (gas.name.clone(), gas.parts))
        .chain(posts().map(|post| (format!("post: {}", post.name), post.parts)));
    let spread = verify().map(|gas| gas.spread).max().unwrap_or_default();
    format!(
        "## Network inferences\n\n\
         The synthesis of a network inference from so many inferers and forecasters is one circuit, whose proofs the same\n\
         verifier verifies. The epochs are those of `circuits/tests/epochs`; a key is of its topic's parameters and of the\n\
         most workers it has. Verifying a proof through the registry:\n\n{}\n\
         A whole post to a `TopicFeed` ([`topic-feed.md`](topic-feed.md)) verifies the proof, reads the inferences that\n\
         its five members have posted, each proven by {MODEL}, checks the signatures of two attestors, and stores the\n\
         network inference with its interval:\n\n{}\n\
         By part. What a post takes beside the verifier, with the signatures and what is stored, is in *registry*:\n\n{}\n\
         What is said of a synthesis:\n\n{}\n\
         Of {PROOFS} proofs of one epoch, none is further than {spread} gas from the figure given.\n\n",
        markdown(&verified),
        markdown(&posted),
        markdown(&by_part("epoch", parts)),
        markdown(&counted("epoch", verify())),
    )
}
