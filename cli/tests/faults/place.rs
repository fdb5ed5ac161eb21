//! Where a service of a test lives: its folder and its database.

use crate::postgres::{Postgres, Server};
use crate::serving::Serving;
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use tempfile::TempDir;

/// The parameters that all tests use, made once.
static CACHE: LazyLock<PathBuf> =
    LazyLock::new(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults-cache"));

/// A folder and a database, which go with the test.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    /// None where the database is a file in the folder.
    pub(crate) postgres: Option<Postgres>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::Builder::new().prefix("sumcast-faults").tempdir().unwrap();
        Self { folder, postgres: None }
    }

    /// None where there is no PostgreSQL, and none is required.
    pub(crate) fn postgres() -> Option<Self> {
        Some(Self { postgres: Some(Postgres::any()?), ..Self::sqlite() })
    }

    /// On a server of its own.
    pub(crate) fn own_postgres() -> Option<Self> {
        Some(Self { postgres: Some(Postgres::own()?), ..Self::sqlite() })
    }

    /// The server of [`Self::own_postgres`].
    pub(crate) fn server(&mut self) -> &mut Server {
        match &mut self.postgres {
            Some(Postgres::Own(server)) => server,
            _ => panic!("the server is not the test's own"),
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The database, for a process that has another folder.
    pub(crate) fn database(&self) -> String {
        let file = || format!("sqlite://{}", self.data().join("sumcast.db").display());
        self.postgres.as_ref().map_or_else(file, Postgres::url)
    }

    /// A file of the test's own.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A command of the binary on this place, under another program if one is given: `serve` or `worker` with settings
    /// in TOML.
    pub(crate) fn command(&self, under: &[&str], which: &str, settings: &str) -> Command {
        let file = self.write(&format!("{which}.toml"), settings.as_bytes());
        // It ends with the thread that began it.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).args(under).arg(env!("CARGO_BIN_EXE_sumcast")).arg(which);
        command.arg("--config").arg(file).arg("--data").arg(self.data()).env("SUMCAST_CACHE", &*CACHE);
        if let Some(postgres) = &self.postgres {
            command.env("DATABASE_URL", postgres.url());
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// A service that works and answers.
    pub(crate) fn serve(&self) -> Serving {
        self.serve_with("")
    }

    pub(crate) fn serve_with(&self, settings: &str) -> Serving {
        self.begin(self.command(&[], "serve", settings))
    }

    /// A service that answers, and leaves the work to others.
    pub(crate) fn desk(&self) -> Serving {
        self.serve_with("jobs_at_once = 0")
    }

    pub(crate) fn begin(&self, mut command: Command) -> Serving {
        command.args(["--listen", "127.0.0.1:0"]);
        Serving::begin(command, self.folder.path())
    }

    /// A process that works.
    pub(crate) fn worker(&self) -> Serving {
        Serving::begin(self.command(&[], "worker", ""), self.folder.path())
    }

    /// What a job has made, by attempt: the files, and what they hold.
    pub(crate) fn files(&self, job: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = |folder: &Path| {
            let entries = std::fs::read_dir(folder).into_iter().flatten();
            let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
            paths.sort();
            paths
        };
        let attempts =
            entries(&self.data().join("artifacts").join(job)).into_iter().filter(|path| path.is_dir());
        let files = attempts.flat_map(|attempt| entries(&attempt));
        files.map(|file| (file.clone(), std::fs::read(file).unwrap())).collect()
    }

    /// What is said to a file by the other commands of the binary: whether a proof is valid.
    pub(crate) fn verifies(&self, vk: &[u8], proof: &[u8]) -> bool {
        let (vk, proof) = (self.write("vk", vk), self.write("proof", proof));
        let arguments: [&OsStr; 5] =
            ["verify".as_ref(), "--json".as_ref(), "--vk".as_ref(), vk.as_os_str(), proof.as_os_str()];
        let run = Command::new(env!("CARGO_BIN_EXE_sumcast")).args(arguments).output().unwrap();
        let said: Value = serde_json::from_slice(&run.stdout).unwrap();
        said["valid"] == true && run.status.success()
    }
}

/// A bundled model's file.
pub(crate) fn bundled(model: &str, file: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(model).join(file)).unwrap()
}
