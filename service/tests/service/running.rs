//! A service that runs, and the model that tests use.

use crate::postgres::Postgres;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::path::Path;
use sumcast_service::{Config, Process};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A service that runs, on a port of its own.
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) client: Client,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    pub(crate) async fn begin(config: Config) -> Self {
        // The client asks for one, if only for https. Whoever comes second finds it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listen = "127.0.0.1:0".parse().unwrap();
        let process = Process::open(Config { listen, ..config }).await.unwrap();
        let (listener, at) = process.listen().await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(process.serve(listener, async move {
            let _ = stopped.await;
        }));
        Self { url: format!("http://{at}"), client: Client::new(), stop, serving }
    }

    pub(crate) async fn end(self) {
        drop(self.client);
        self.stop.send(()).unwrap();
        self.serving.await.unwrap().unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        let response = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    pub(crate) async fn post(&self, path: &str, body: &Value, key: Option<&str>) -> (StatusCode, Value) {
        let mut request = self.client.post(format!("{}{path}", self.url)).json(body);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    pub(crate) async fn upload(&self, form: Form) -> (StatusCode, Value) {
        let response =
            self.client.post(format!("{}/v1/models", self.url)).multipart(form).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// The events of a job, up to its end.
    pub(crate) async fn events(&self, id: &str) -> Vec<Value> {
        let path = format!("{}/v1/jobs/{id}/events", self.url);
        let text = self.client.get(path).send().await.unwrap().text().await.unwrap();
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        data.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A bundled model, compiled.
    pub(crate) async fn model(&self) -> String {
        let (status, job) = self.upload(linreg()).await;
        assert_eq!((status, &job["kind"]), (StatusCode::ACCEPTED, &json!("compile")), "{job}");
        let id = job["id"].as_str().unwrap().to_owned();
        let last = self.events(&id).await.pop().unwrap();
        assert_eq!(last["state"], "done", "{last}");
        id
    }
}

pub(crate) fn bundled(file: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/linreg").join(file)).unwrap()
}

pub(crate) fn linreg() -> Form {
    Form::new()
        .part("model", Part::bytes(bundled("network.onnx")))
        .part("calibrate", Part::bytes(bundled("inputs.json")))
        .text("name", "linreg")
}

/// Input 0, and what onnxruntime gives for it.
pub(crate) fn sample() -> (Value, f64) {
    let json: Value = serde_json::from_slice(&bundled("inputs.json")).unwrap();
    (json["inputs"][0].clone(), json["outputs"][0][0].as_f64().unwrap())
}

/// A folder and a database, which go with the test.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) postgres: Option<Postgres>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), postgres: None }
    }

    /// None where there is no PostgreSQL, and none is required.
    pub(crate) fn postgres() -> Option<Self> {
        Some(Self { postgres: Some(Postgres::any()?), ..Self::sqlite() })
    }

    pub(crate) fn config(&self) -> Config {
        let database_url = self.postgres.as_ref().map(Postgres::url);
        Config { data: self.folder.path().to_owned(), database_url, ..Config::default() }
    }
}

/// Each test on SQLite, and on PostgreSQL where there is one.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")] async fn $name() {
                super::$name(&crate::running::Place::sqlite()).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")] async fn $name() {
                if let Some(place) = crate::running::Place::postgres() {
                    super::$name(&place).await;
                }
            })*
        }
    };
}

pub(crate) use on_both;
