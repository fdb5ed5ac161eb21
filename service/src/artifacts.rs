//! Files of jobs: what they are of, and what came of them.

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt};
use std::sync::Arc;

/// A file of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// The ONNX file that was uploaded.
    Network,
    /// The inputs that bounds are chosen by.
    Calibration,
    /// An epoch or a settlement.
    Epoch,
    /// The compiled model, which has the weights.
    Model,
    /// The verifying key.
    Key,
    /// A proof with its statement.
    Proof,
    /// What opens the commitments in the statement.
    Opening,
}

impl File {
    /// Those that whoever asked for the job may have.
    pub const SHOWN: [Self; 3] = [Self::Key, Self::Proof, Self::Opening];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network.onnx",
            Self::Calibration => "calibration.json",
            Self::Epoch => "epoch.json",
            Self::Model => "model.bin",
            Self::Key => "vk",
            Self::Proof => "proof",
            Self::Opening => "opening",
        }
    }
}

/// Where the files of jobs are.
#[derive(Clone, Debug)]
pub struct Artifacts {
    store: Arc<dyn ObjectStore>,
}

impl Artifacts {
    /// In a folder, made if it is not there.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn in_folder(folder: &std::path::Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder)
            .map_err(|source| Error::Generic { store: "folder", source: source.into() })?;
        Ok(Self { store: Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true)) })
    }

    /// Writes a file of a job: it is there whole, or not at all.
    ///
    /// # Errors
    /// The store's.
    pub async fn put(&self, job: &str, file: File, bytes: impl Into<Bytes>) -> Result<(), Error> {
        self.store.put(&path(job, file), bytes.into().into()).await.map(|_| ())
    }

    /// A file of a job, if there is one.
    ///
    /// # Errors
    /// The store's.
    pub async fn get(&self, job: &str, file: File) -> Result<Option<Bytes>, Error> {
        match self.store.get(&path(job, file)).await {
            Ok(found) => found.bytes().await.map(Some),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Jobs have names of the service's own making, so a path leads nowhere else.
fn path(job: &str, file: File) -> Path {
    Path::from_iter([job, file.name()])
}
