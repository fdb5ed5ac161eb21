//! Opening files on disk: what `prove`, `synthesize` and others write next to a proof with hidden tensors, and `reveal` and
//! `verify` read.

use crate::error::Result;
use crate::files;
use anyhow::anyhow;
use std::path::Path;
use sumcast_prover::OpeningFile;
use sumcast_verifier::ProofFile;

/// Reads a file. Whether it opens anything is for [`TensorOpening::check`](sumcast_prover::TensorOpening::check) to say.
pub(crate) fn read(path: &Path) -> Result<OpeningFile> {
    let bytes = files::read_small(path)?;
    OpeningFile::from_bytes(&bytes)
        .map_err(|error| anyhow!("{} is not an opening that `sumcast prove` wrote: {error}", path.display()))
}

/// Why an opening does not open a proof, if it is of another one.
pub(crate) fn foreign(opening: &OpeningFile, path: &Path, proof: &ProofFile, at: &Path) -> Option<String> {
    let own = (&hex::encode(proof.model_id), &hex::encode(proof.statement.context));
    ((&opening.model_id, &opening.context) != own).then(|| {
        format!(
            "{}: it opens a proof for model {} with context {}, not {}",
            path.display(),
            opening.model_id,
            opening.context,
            at.display()
        )
    })
}
