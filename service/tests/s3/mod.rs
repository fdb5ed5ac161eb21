//! An S3-compatible store for tests: [s3s](https://github.com/Nugine/s3s), which checks signatures, over HTTP, with its
//! objects in a folder that goes with it. It can be told to go away, to come back, and to leave requests without an answer.
#![allow(dead_code, reason = "those who use it use parts of it")]

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;

/// The bucket that is there.
const BUCKET: &str = "sumcast";

/// Who may use it.
pub(crate) const KEY_ID: &str = "AKIASUMCASTTEST";
pub(crate) const SECRET: &str = "the-secret-of-the-tests";

/// How long anything about the store may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// A store with one bucket, at one port as long as it lives: one that is free may be another test's at once.
#[derive(Debug)]
pub(crate) struct S3 {
    folder: TempDir,
    at: SocketAddr,
    runtime: Option<Runtime>,
    state: Arc<Mutex<State>>,
}

/// The requests that have come, each by its method, path and query; those with this in it get no answer, or are refused.
#[derive(Debug, Default)]
struct State {
    requests: Vec<String>,
    held: Option<String>,
    refused: Option<(String, u16, &'static str)>,
    away: bool,
    connections: Vec<AbortHandle>,
}

impl S3 {
    pub(crate) fn begin() -> Self {
        let folder = tempfile::Builder::new().prefix("sumcast-s3").tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let at = listener.local_addr().unwrap();
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let state = Arc::default();
        runtime.spawn(serve(listener, builder.build(), Arc::clone(&state)));
        Self { folder, at, runtime: Some(runtime), state }
    }

    /// Whoever waits for an answer gets none, and whoever comes is turned away.
    pub(crate) fn end(&self) {
        let mut state = self.state.lock().unwrap();
        state.away = true;
        state.connections.drain(..).for_each(|connection| connection.abort());
    }

    /// It is there again.
    pub(crate) fn again(&self) {
        self.state.lock().unwrap().away = false;
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.at)
    }

    /// Requests with this in their method, path or query get no answer until it is said again what does not.
    pub(crate) fn hold(&self, what: Option<&str>) {
        self.state.lock().unwrap().held = what.map(Into::into);
    }

    /// Requests with this in their method, path or query are answered with this status and code.
    pub(crate) fn refuse(&self, what: &str, status: u16, code: &'static str) {
        self.state.lock().unwrap().refused = Some((what.into(), status, code));
    }

    /// The requests with this in their method, path or query that have come.
    pub(crate) fn seen(&self, what: &str) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.requests.iter().filter(|request| request.contains(what)).cloned().collect()
    }

    /// Waits for such a request.
    pub(crate) fn wait_for(&self, what: &str) {
        wait(|| !self.seen(what).is_empty());
    }

    /// The objects in the bucket by their names.
    pub(crate) fn objects(&self) -> Vec<String> {
        let bucket = self.folder.path().join(BUCKET);
        let mut found = vec![];
        let mut folders = vec![bucket.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => found.push(path.strip_prefix(&bucket).unwrap().to_str().unwrap().to_owned()),
                }
            }
        }
        found.sort();
        found
    }

    /// What an object holds.
    pub(crate) fn object(&self, name: impl AsRef<Path>) -> Vec<u8> {
        std::fs::read(self.folder.path().join(BUCKET).join(name)).unwrap()
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(listener: TcpListener, store: S3Service, state: Arc<Mutex<State>>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (store, shared) = (store.clone(), state.clone());
        let answer = service_fn(move |request| answer(store.clone(), shared.clone(), request));
        let mut state = state.lock().unwrap();
        if !state.away {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
            state.connections.push(tokio::spawn(connection).abort_handle());
        }
    }
}

async fn answer(
    store: S3Service,
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Response<Body>, HttpError> {
    let line = format!("{} {}", request.method(), request.uri());
    state.lock().unwrap().requests.push(line.clone());
    while state.lock().unwrap().held.as_ref().is_some_and(|held| line.contains(held)) {
        tokio::time::sleep(LOOK).await;
    }
    let refused = state.lock().unwrap().refused.clone();
    if let Some((_, status, code)) = refused.filter(|(refused, ..)| line.contains(refused)) {
        let said = format!(
            "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>Not here</Message>\
             <AWSAccessKeyId>{KEY_ID}</AWSAccessKeyId></Error>"
        );
        return Ok(Response::builder().status(status).body(Body::from(said)).unwrap());
    }
    store.call(request.map(Body::from)).await
}

fn wait(there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < PATIENCE, "waited too long");
        std::thread::sleep(LOOK);
    }
}
