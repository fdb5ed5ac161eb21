//! The synthesis of an epoch's network inference, ready to prove.

use crate::subject::Subject;
use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::path::{Path, PathBuf};
use sumcast_circuits::epoch::Epoch;
use sumcast_circuits::synthesis::{Form, Synthesis};
use sumcast_circuits::{Inference, Relation};
use sumcast_params::Srs;
use sumcast_prover::{Assignment, Cpu, ProvingKey, prove, srs_log};
use sumcast_verifier::ProofFile;

/// An epoch of `circuits/tests/epochs` and a circuit for it.
#[derive(Debug)]
pub struct EpochCase {
    /// Name of the file.
    pub name: String,
    /// The epoch.
    pub epoch: Epoch,
    /// The circuit.
    pub synthesis: Synthesis,
    /// Its relation.
    pub relation: Relation,
    /// The string, as long as rows with what hides them.
    pub srs: Srs,
    /// The key.
    pub key: ProvingKey,
}

impl EpochCase {
    fn path(name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../circuits/tests/epochs");
        folder.join(name).with_extension("json")
    }

    /// Whether there is an epoch of that name.
    #[must_use]
    pub fn exists(name: &str) -> bool {
        Self::path(name).is_file()
    }

    /// Makes the circuit of the epoch of that name, and its key with the string that `srs` gives for the logarithm of
    /// its length.
    ///
    /// # Errors
    /// Says what cannot be read or set up, or what `srs` returns.
    pub fn set_up(name: &str, srs: impl FnOnce(u32) -> Result<Srs>) -> Result<Self> {
        let path = Self::path(name);
        let bytes = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        let epoch = Epoch::from_json(&bytes)?;
        let synthesis = Synthesis::new(Form::of(&epoch)?)?;
        let relation = synthesis.model.lower()?;
        let srs = srs(srs_log(relation.program.row_log).into())?;
        let (program, fixed) = (relation.program.clone(), relation.fixed.clone());
        let key = ProvingKey::setup(program, fixed, None, &srs, &Cpu)?;
        Ok(Self { name: name.into(), epoch, synthesis, relation, srs, key })
    }

    /// Proves an epoch of the same form in a context, hidden by what follows from a seed.
    ///
    /// # Errors
    /// What the circuit does not hold.
    pub fn prove_for(&self, context: [u8; 32], epoch: &Epoch, seed: u64) -> Result<ProofFile> {
        let (_, Inference { tensors, cells, .. }) = self.synthesis.run(&self.relation, epoch)?;
        let assignment = Assignment { context, tensors, cells };
        let rng = &mut StdRng::seed_from_u64(seed);
        Ok(prove(&self.key, &self.srs, assignment, rng, &Cpu, &mut |_| ())?.file)
    }
}

impl Subject for EpochCase {
    fn name(&self) -> &str {
        &self.name
    }

    fn key(&self) -> &ProvingKey {
        &self.key
    }

    fn srs(&self) -> &Srs {
        &self.srs
    }

    fn run(&self) -> Result<Inference> {
        Ok(self.synthesis.run(&self.relation, &self.epoch)?.1)
    }
}
