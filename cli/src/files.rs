//! Reading and writing files.

use crate::error::Result;
use anyhow::{Context, anyhow, bail};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use sumcast_circuits::{Model, Relation};
use sumcast_params::Srs;
use sumcast_prover::{ProvingKey, srs_log};
use sumcast_verifier::Key;
use tempfile::NamedTempFile;

/// Largest proof or key that is read: both are kilobytes, and public inputs are the rest.
const MAX_PROOF_BYTES: u64 = 1 << 26;
/// Largest compiled model that is read.
const MAX_MODEL_BYTES: u64 = 1 << 32;

/// The bytes of a file of at most `limit`.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let open = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // One byte more tells that the limit is passed, whatever the file claims as its size.
        File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = open().map_err(|source| anyhow!("cannot read {}: {source}", path.display()))?;
    if bytes.len() as u64 > limit {
        bail!(
            "{} has more than {limit} bytes, the limit for its kind: is it the right file?",
            path.display()
        );
    }
    Ok(bytes)
}

/// The bytes of a proof or key.
pub(crate) fn read_small(path: &Path) -> Result<Vec<u8>> {
    read(path, MAX_PROOF_BYTES)
}

/// A verifying key and its size.
pub(crate) fn read_key(path: &Path) -> Result<(Key, usize)> {
    let bytes = read_small(path)?;
    Ok((decode_key(path, &bytes)?, bytes.len()))
}

/// The verifying key in the bytes of a file.
pub(crate) fn decode_key(path: &Path, bytes: &[u8]) -> Result<Key> {
    Key::from_bytes(bytes).with_context(|| path.display().to_string())
}

/// A compiled model.
pub(crate) fn read_model(path: &Path) -> Result<Model> {
    let bytes = read(path, MAX_MODEL_BYTES)?;
    Model::from_bytes(&bytes).with_context(|| path.display().to_string())
}

/// The directory that a file is or will be in.
fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether a file can be written here, asked before the work that it is to hold.
pub(crate) fn check_destination(path: &Path) -> Result<()> {
    let parent = parent_of(path);
    if path.is_dir() {
        bail!("cannot write {}: it is a directory; name a file in it", path.display());
    }
    if !parent.is_dir() {
        bail!("cannot write {}: there is no directory {}; make it first", path.display(), parent.display());
    }
    Ok(())
}

/// Who may read a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// As the system has it for new files.
    Usual,
    /// Its owner alone, where the system knows of owners.
    Owner,
}

/// Writes a file whole or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8], readers: Readers) -> Result<()> {
    Staged::new(path, bytes, readers)?.place()
}

/// A file that is on the disk under a temporary name, and only has to be put in its place.
pub(crate) struct Staged<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    /// None of a device or a pipe, which is written to and not replaced.
    file: Option<(NamedTempFile, PathBuf)>,
}

impl<'a> Staged<'a> {
    /// Writes the bytes next to where they will be; of a link, next to its target.
    pub(crate) fn new(path: &'a Path, bytes: &'a [u8], readers: Readers) -> Result<Self> {
        let put = || -> io::Result<Option<(NamedTempFile, PathBuf)>> {
            if !is_replaceable(path) {
                return Ok(None);
            }
            let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            let mut builder = tempfile::Builder::new();
            builder.prefix(".sumcast");
            // A temporary file is its owner's alone unless asked otherwise.
            #[cfg(unix)]
            if readers == Readers::Usual {
                builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
            }
            #[cfg(not(unix))]
            let _ = readers;
            let mut file = builder.tempfile_in(parent_of(&target))?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            Ok(Some((file, target)))
        };
        let file = put().map_err(|source| cannot_write(path, &source))?;
        Ok(Self { path, bytes, file })
    }

    /// Puts it in its place, for good: what is placed later is not there before it.
    pub(crate) fn place(self) -> Result<()> {
        let put = || -> io::Result<()> {
            let Some((file, target)) = self.file else { return fs::write(self.path, self.bytes) };
            file.persist(&target)?;
            // Best effort: a file system may have no way to bring a directory to the disk.
            #[cfg(unix)]
            let _ = File::open(parent_of(&target)).and_then(|parent| parent.sync_all());
            Ok(())
        };
        put().map_err(|source| cannot_write(self.path, &source))
    }

    /// Removes what is in its place.
    pub(crate) fn clear(&self) -> Result<()> {
        match &self.file {
            Some((_, target)) if target.exists() => {
                fs::remove_file(target).map_err(|source| cannot_write(self.path, &source))
            }
            _ => Ok(()),
        }
    }
}

/// Whether there is a file here or none, and neither a device nor a pipe.
pub(crate) fn is_replaceable(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |meta| meta.is_file())
}

fn cannot_write(path: &Path, source: &io::Error) -> anyhow::Error {
    anyhow!("cannot write {}: {source}", path.display())
}

/// The directory that `compile` makes of a model.
#[derive(Debug)]
pub(crate) struct ModelDir(pub(crate) PathBuf);

impl ModelDir {
    /// The compiled model, for the prover.
    pub(crate) fn model(&self) -> PathBuf {
        self.0.join("model.bin")
    }

    /// The verifying key.
    pub(crate) fn key(&self) -> PathBuf {
        self.0.join("vk.bin")
    }

    /// The powers of the string that the model's proofs need.
    pub(crate) fn srs(&self) -> PathBuf {
        self.0.join("srs.bin")
    }

    /// What `compile` said.
    pub(crate) fn report(&self) -> PathBuf {
        self.0.join("report.json")
    }

    /// That the directory holds a compiled model.
    pub(crate) fn check(&self) -> Result<()> {
        for path in [self.model(), self.key(), self.srs()] {
            if !path.is_file() {
                bail!(
                    "{} is not a compiled model: there is no file {}; make it with `sumcast compile MODEL.onnx -o {}`",
                    self.0.display(),
                    path.display(),
                    self.0.display()
                );
            }
        }
        Ok(())
    }

    /// Loads all a proof needs, and checks that it belongs together.
    pub(crate) fn load(&self) -> Result<Loaded> {
        self.check()?;
        let model = read_model(&self.model())?;
        let (key, _) = read_key(&self.key())?;
        let mut relation = model.lower().with_context(|| self.model().display().to_string())?;
        if relation.program != key.program {
            return Err(self.mismatch());
        }
        let srs = Srs::read_prefix(&self.srs(), srs_log(key.program.row_log).into())?;
        let key = ProvingKey::new(key, std::mem::take(&mut relation.fixed), model.secret())?;
        Ok(Loaded { model, relation, key, srs })
    }

    /// The sentence for a key and a model that do not belong together.
    pub(crate) fn mismatch(&self) -> anyhow::Error {
        anyhow!("{}: vk.bin and model.bin are of different models: compile again", self.0.display())
    }
}

/// All a proof needs.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) model: Model,
    pub(crate) relation: Relation,
    pub(crate) key: ProvingKey,
    pub(crate) srs: Srs,
}
