//! The service among strangers, over TCP: who has no key, a wrong one, somebody else's.

mod attestations;
mod hostile;
mod keys;
mod limits;
mod malformed;
mod operation;
mod pages;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use sumcast_service::keys::{ApiKey, NewKey, Scope};
use sumcast_service::{Config, Process, Store};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A service that asks for keys, on a port of its own.
struct Serving {
    at: SocketAddr,
    client: Client,
    store: Store,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<anyhow::Result<()>>,
}

impl Serving {
    async fn begin(folder: &Path) -> Self {
        Self::with(folder, |config| config).await
    }

    /// With other settings.
    async fn with(folder: &Path, settings: impl FnOnce(Config) -> Config) -> Self {
        // The client asks for one, if only for https. Whoever comes second finds it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            data: folder.to_owned(),
            require_keys: Some(true),
            ..Config::default()
        };
        let config = settings(config);
        let store = sumcast_service::open_store(&config).await.unwrap();
        let process = Process::open(config).await.unwrap();
        let (listener, at) = process.listen().await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(process.serve(listener, async move {
            let _ = stopped.await;
        }));
        Self { at, client: Client::new(), store, stop, serving }
    }

    /// Why a service with these settings does not begin.
    async fn refused(folder: &Path, config: Config) -> String {
        let config = Config { listen: "127.0.0.1:0".parse().unwrap(), data: folder.to_owned(), ..config };
        let process = Process::open(config).await.unwrap();
        let (listener, _) = process.listen().await.unwrap();
        format!("{:#}", process.serve(listener, std::future::pending()).await.unwrap_err())
    }

    async fn end(self) {
        drop(self.client);
        self.stop.send(()).unwrap();
        self.serving.await.unwrap().unwrap();
    }

    /// A key of somebody.
    async fn key(&self, name: &str, scopes: &[Scope]) -> String {
        let new = NewKey { name: name.into(), scopes: scopes.to_vec(), days: None, per_minute: None };
        let (key, token) = ApiKey::new(new).unwrap();
        self.store.put_key(&key).await.unwrap();
        token.reveal().into()
    }

    /// A request with a key, or with none if it is empty.
    fn request(&self, method: Method, path: &str, key: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("http://{}{path}", self.at));
        if key.is_empty() { request } else { request.bearer_auth(key) }
    }

    async fn get(&self, path: &str, key: &str) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path, key)).await
    }

    /// A job at its end.
    async fn end_of(&self, job: &Value, key: &str) -> Value {
        let path = format!("/v1/jobs/{}/events", job["id"].as_str().unwrap());
        let text = self.request(Method::GET, &path, key).send().await.unwrap().text().await.unwrap();
        let last = text.lines().filter_map(|line| line.strip_prefix("data: ")).next_back().unwrap();
        serde_json::from_str(last).unwrap()
    }

    /// A bundled model, compiled for whoever has the key.
    async fn model(&self, key: &str) -> String {
        let [onnx, inputs] = ["network.onnx", "inputs.json"].map(|file| Part::bytes(linreg(file)));
        let form = Form::new().part("model", onnx).part("calibrate", inputs);
        let (status, job) = answer(self.request(Method::POST, "/v1/models", key).multipart(form)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{job}");
        let done = self.end_of(&job, key).await;
        assert_eq!(done["state"], "done", "{done}");
        done["id"].as_str().unwrap().to_owned()
    }
}

async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

/// A file of a bundled model.
fn linreg(file: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/linreg").join(file)).unwrap()
}

/// A request for a proof of the bundled model's input 0.
fn proof_of(model: &str) -> Value {
    let inputs: Value = serde_json::from_slice(&linreg("inputs.json")).unwrap();
    json!({"model": model, "input": inputs["inputs"][0]})
}
