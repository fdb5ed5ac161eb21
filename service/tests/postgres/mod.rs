//! PostgreSQL for tests: a server that is given, or one of their own in a folder that goes with it.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// Set where the tests of PostgreSQL are to fail rather than be skipped where there is none.
const REQUIRED: &str = "SUMCAST_REQUIRE_POSTGRES";

/// A server to use instead of an own one, by the tests that need no other end of it: postgres://..
const GIVEN: &str = "SUMCAST_TEST_POSTGRES";

/// How long a server may take to begin or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A database, which goes with the test where the server is the test's own.
#[derive(Debug)]
pub(crate) enum Postgres {
    /// Of the server that is given: postgres://..
    Given(String),
    Own(Server),
}

/// A server of a test's own.
#[derive(Debug)]
pub(crate) struct Server {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    pub(crate) process: Option<Child>,
}

/// Where PostgreSQL's own programs are: those of the latest version that Debian's packages have, or on PATH.
fn programs() -> Option<PathBuf> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut folders: Vec<_> = versions.filter_map(|version| Some(version.ok()?.path().join("bin"))).collect();
    folders.sort();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH")?).collect::<Vec<_>>().into_iter().rev());
    folders.into_iter().rfind(|folder| folder.join("initdb").exists())
}

/// The user that the server runs as, where this is the one that it refuses.
fn user() -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let id = |which| {
        let asked = Command::new("id").args([which, "postgres"]).output().unwrap();
        String::from_utf8(asked.stdout).unwrap().trim().parse().unwrap()
    };
    Some((id("-u"), id("-g")))
}

/// A program that ends with the thread that began it, as the server's user.
fn program(path: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if let Some((user, group)) = user() {
        command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups");
    }
    command.arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

impl Postgres {
    /// A database of the server that is given, or of an own one. None where there is no PostgreSQL and none is required.
    pub(crate) fn any() -> Option<Self> {
        let Ok(given) = std::env::var(GIVEN) else { return Self::own() };
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let name = format!("sumcast_{}_{}", std::process::id(), since.as_nanos());
        sql(&given, &format!("CREATE DATABASE {name}"));
        let (server, _) = given.rsplit_once('/').expect("postgres://USER@HOST/DATABASE");
        Some(Self::Given(format!("{server}/{name}")))
    }

    /// A server of its own. None where there is no PostgreSQL and none is required.
    pub(crate) fn own() -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and there is no initdb");
            eprintln!("skipped: there is no PostgreSQL in /usr/lib/postgresql or on PATH");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("sumcast-postgres").tempdir().unwrap();
        if let Some((user, group)) = user() {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let made = program(&programs.join("initdb"))
            .args([
                "--no-sync",
                "--auth=trust",
                "--username=sumcast",
                "--encoding=UTF8",
                "--locale=C",
                "--pgdata",
            ])
            .arg(folder.path().join("data"))
            .current_dir(folder.path())
            .status();
        assert!(made.unwrap().success(), "initdb has failed");
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut own = Server { programs, folder, port, process: None };
        own.begin();
        Some(Self::Own(own))
    }

    /// The database.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Given(url) => url.clone(),
            Self::Own(server) => server.url(),
        }
    }
}

impl Server {
    /// Starts the server, if it is not there, and waits until it answers.
    pub(crate) fn begin(&mut self) {
        let begun = Instant::now();
        while !answers(&self.url()) {
            assert!(begun.elapsed() < PATIENCE, "PostgreSQL does not begin");
            // What was killed may be in the way for a while.
            if self.process.as_mut().is_none_or(|process| process.try_wait().unwrap().is_some()) {
                self.process = Some(self.command().spawn().unwrap());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn command(&self) -> Command {
        let mut command = program(&self.programs.join("postgres"));
        command.current_dir(self.folder.path()).arg("-D").arg(self.folder.path().join("data"));
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=on", "-c"]);
        command.arg(format!("unix_socket_directories={}", self.folder.path().display()));
        command.args(["-p", &self.port.to_string()]);
        command
    }

    fn url(&self) -> String {
        format!("postgres://sumcast@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = Command::new("kill").args(["-INT", &process.id().to_string()]).status();
            let _ = process.wait();
        }
    }
}

fn psql(url: &str, statement: &str) -> Output {
    Command::new("psql").args([url, "-qtAXc", statement]).output().unwrap()
}

fn answers(url: &str) -> bool {
    psql(url, "SELECT 1").status.success()
}

/// What a statement gives: a line for each row, columns apart by `|`.
pub(crate) fn sql(url: &str, statement: &str) -> String {
    let asked = psql(url, statement);
    assert!(asked.status.success(), "{statement}: {}", String::from_utf8_lossy(&asked.stderr));
    String::from_utf8(asked.stdout).unwrap().trim().to_owned()
}
