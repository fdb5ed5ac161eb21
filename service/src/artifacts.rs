//! Files of jobs: what they are of, and what came of them.

use crate::job::Job;
use bytes::Bytes;
use futures::TryStreamExt;
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
        Ok(Self {
            store: Arc::new(
                LocalFileSystem::new_with_prefix(folder)?.with_fsync(true).with_automatic_cleanup(true),
            ),
        })
    }

    /// Writes a file that a job is of: it is there whole, or not at all.
    ///
    /// # Errors
    /// The store's.
    pub async fn put_given(&self, job: &str, file: File, bytes: impl Into<Bytes>) -> Result<(), Error> {
        self.write(job.into(), file, bytes.into()).await
    }

    /// Writes a file that the last attempt of a job, as this one is known, has made. Attempts do not write over each other's:
    /// one that was thought dead may come back.
    ///
    /// # Errors
    /// The store's.
    pub async fn put_made(&self, job: &Job, file: File, bytes: impl Into<Bytes>) -> Result<(), Error> {
        self.write(attempt(job), file, bytes.into()).await
    }

    async fn write(&self, folder: Path, file: File, bytes: Bytes) -> Result<(), Error> {
        self.store.put(&folder.join(file.name()), bytes.into()).await.map(|_| ())
    }

    /// A file that a job is of, if there is one.
    ///
    /// # Errors
    /// The store's.
    pub async fn given(&self, job: &str, file: File) -> Result<Option<Bytes>, Error> {
        self.read(job.into(), file).await
    }

    /// A file that the last attempt of a job has made, if there is one.
    ///
    /// # Errors
    /// The store's.
    pub async fn made(&self, job: &Job, file: File) -> Result<Option<Bytes>, Error> {
        self.read(attempt(job), file).await
    }

    async fn read(&self, folder: Path, file: File) -> Result<Option<Bytes>, Error> {
        match self.store.get(&folder.join(file.name())).await {
            Ok(found) => found.bytes().await.map(Some),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes what the last attempt of a job, as this one is known, has made.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget(&self, job: &Job) -> Result<(), Error> {
        self.remove_all(attempt(job)).await
    }

    /// Removes all files of a job.
    ///
    /// # Errors
    /// The store's.
    pub async fn remove(&self, job: &str) -> Result<(), Error> {
        self.remove_all(job.into()).await
    }

    async fn remove_all(&self, folder: Path) -> Result<(), Error> {
        let files: Vec<_> = self.store.list(Some(&folder)).try_collect().await?;
        for file in files {
            self.store.delete(&file.location).await?;
        }
        Ok(())
    }
}

/// The folder of an attempt. Jobs have names of the service's own making, so a path leads nowhere else.
fn attempt(job: &Job) -> Path {
    Path::from_iter([job.id.as_str(), &job.attempts.to_string()])
}
