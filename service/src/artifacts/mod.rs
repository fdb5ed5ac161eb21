//! Files of jobs: what they are of, and what came of them.

mod bucket;
mod error;
mod place;

pub use error::FileError;
pub use place::{Bucket, Place};

use crate::job::Job;
use crate::{metrics, new_id};
use anyhow::Context;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::fmt;
use std::sync::Arc;

/// What is written in one piece at most, and in how many pieces at once: a store takes no request of any length, and a piece
/// that is lost is sent again.
const PIECE: usize = 8 << 20;
const AT_ONCE: usize = 3;

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

/// What a process does with files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It reads them.
    Reading,
    /// It writes and removes them, too.
    Writing,
}

/// The files of jobs, wherever they are.
#[derive(Clone)]
pub struct Artifacts {
    store: Arc<dyn ObjectStore>,
}

impl fmt::Debug for Artifacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What the store itself would show has keys in it.
        f.debug_struct("Artifacts").field("store", &self.store.to_string()).finish()
    }
}

impl Artifacts {
    /// Opens the place that the settings name; a bucket is reached as the environment says to tools of S3 (`AWS_..`).
    ///
    /// # Errors
    /// If it cannot be used.
    pub async fn open(place: &Place, wanted: Use) -> anyhow::Result<Self> {
        match place {
            Place::Folder(folder) => Self::in_folder(folder),
            Place::Bucket(bucket) => Self::in_bucket(bucket, AmazonS3Builder::from_env(), wanted).await,
        }
        .with_context(|| format!("cannot keep artifacts in {place}"))
    }

    /// In a folder, made if it is not there.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn in_folder(folder: &std::path::Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let store = LocalFileSystem::new_with_prefix(folder)?;
        Ok(Self { store: Arc::new(store.with_fsync(true).with_automatic_cleanup(true)) })
    }

    /// In a bucket, which is there, and to be reached by what is given.
    ///
    /// # Errors
    /// If it is not there, or may not be used, or the store does not answer within half a minute or so.
    pub async fn in_bucket(bucket: &Bucket, access: AmazonS3Builder, wanted: Use) -> anyhow::Result<Self> {
        let artifacts = Self { store: bucket.store(access)? };
        artifacts.check(wanted).await.map_err(|error| bucket.unusable(&error, wanted))?;
        Ok(artifacts)
    }

    /// Does what is to be done with files later, with one of which there is no other.
    async fn check(&self, wanted: Use) -> Result<(), FileError> {
        let folder = Path::from_iter(["check", &new_id()]);
        self.list(&folder).await?;
        self.read(folder.clone(), File::Proof).await?;
        if wanted == Use::Writing {
            self.write(folder.clone(), File::Proof, Bytes::from_static(b"check")).await?;
            self.remove_all(folder).await?;
        }
        Ok(())
    }

    /// Writes a file that a job is of: it is there whole, or not at all.
    ///
    /// # Errors
    /// The store's.
    pub async fn put_given(&self, job: &str, file: File, bytes: impl Into<Bytes>) -> Result<(), FileError> {
        self.write(job.into(), file, bytes.into()).await
    }

    /// Writes a file that the last attempt of a job, as this one is known, has made. Attempts do not write over each other's:
    /// one that was thought dead may come back.
    ///
    /// # Errors
    /// The store's.
    pub async fn put_made(&self, job: &Job, file: File, bytes: impl Into<Bytes>) -> Result<(), FileError> {
        self.write(attempt(job), file, bytes.into()).await
    }

    async fn write(&self, folder: Path, file: File, bytes: Bytes) -> Result<(), FileError> {
        let at = folder.join(file.name());
        let written = match bytes.len() > PIECE {
            true => self.write_in_pieces(&at, &bytes).await,
            false => self.store.put(&at, bytes.into()).await.map(|_| ()),
        };
        written.map_err(|error| failed("write", &at, &error))
    }

    async fn write_in_pieces(&self, at: &Path, bytes: &Bytes) -> Result<(), object_store::Error> {
        let mut upload = self.store.put_multipart(at).await?;
        let pieces = (0..bytes.len()).step_by(PIECE);
        let pieces = pieces.map(|from| bytes.slice(from..bytes.len().min(from + PIECE)));
        let sent = stream::iter(pieces.map(|piece| upload.put_part(piece.into()))).buffer_unordered(AT_ONCE);
        let written = match sent.try_collect::<()>().await {
            Ok(()) => upload.complete().await.map(|_| ()),
            Err(error) => Err(error),
        };
        if written.is_err() {
            // Where that cannot be told either, the store forgets the pieces when it is set up to.
            let _ = upload.abort().await;
        }
        written
    }

    /// A file that a job is of, if there is one.
    ///
    /// # Errors
    /// The store's.
    pub async fn given(&self, job: &str, file: File) -> Result<Option<Bytes>, FileError> {
        self.read(job.into(), file).await
    }

    /// A file that the last attempt of a job has made, if there is one.
    ///
    /// # Errors
    /// The store's.
    pub async fn made(&self, job: &Job, file: File) -> Result<Option<Bytes>, FileError> {
        self.read(attempt(job), file).await
    }

    async fn read(&self, folder: Path, file: File) -> Result<Option<Bytes>, FileError> {
        let at = folder.join(file.name());
        let found = async { self.store.get(&at).await?.bytes().await };
        match found.await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error::is_no_file(&error) => Ok(None),
            Err(error) => Err(failed("read", &at, &error)),
        }
    }

    /// Removes what the last attempt of a job, as this one is known, has made.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget(&self, job: &Job) -> Result<(), FileError> {
        self.remove_all(attempt(job)).await
    }

    /// Removes all files of a job.
    ///
    /// # Errors
    /// The store's.
    pub async fn remove(&self, job: &str) -> Result<(), FileError> {
        self.remove_all(job.into()).await
    }

    async fn remove_all(&self, folder: Path) -> Result<(), FileError> {
        for file in self.list(&folder).await? {
            self.store.delete(&file).await.map_err(|error| failed("remove", &file, &error))?;
        }
        Ok(())
    }

    async fn list(&self, folder: &Path) -> Result<Vec<Path>, FileError> {
        let files = self.store.list(Some(folder)).map_ok(|file| file.location);
        files.try_collect().await.map_err(|error| failed("list", folder, &error))
    }
}

/// A fault, which is counted.
fn failed(doing: &'static str, at: &Path, error: &object_store::Error) -> FileError {
    metrics::file_failed(doing);
    FileError::new(doing, at, error)
}

/// The folder of an attempt. Jobs have names of the service's own making, so a path leads nowhere else.
fn attempt(job: &Job) -> Path {
    Path::from_iter([job.id.as_str(), &job.attempts.to_string()])
}
