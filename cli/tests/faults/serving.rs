//! A process of the service, and what it answers.

use crate::place::{Place, bundled};
use crate::slow::Slow;
use serde_json::{Value, json};
use std::io::{Error, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);

/// How long a request may take.
const ANSWER: Duration = Duration::from_secs(60);

/// A process: of a service, or one that only works.
#[derive(Debug)]
pub(crate) struct Serving {
    process: Child,
    pub(crate) at: String,
}

/// An answer: its status, and its body.
pub(crate) type Answer = (u16, Vec<u8>);

impl Serving {
    /// Starts a process, and waits until it says that it is there.
    pub(crate) fn begin(mut command: Command, folder: &Path) -> Self {
        let said = tempfile::Builder::new().prefix("stderr").tempfile_in(folder).unwrap();
        let (said, path) = said.keep().unwrap();
        let mut process = command.stderr(said).spawn().unwrap();
        let at = wait(|| {
            let text = std::fs::read_to_string(&path).unwrap();
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "{ended:?}: {text}");
            let line =
                text.lines().find(|line| line.starts_with("listening") || line.starts_with("working"))?;
            Some(
                line.split("http://")
                    .nth(1)
                    .and_then(|rest| rest.split(": ").next())
                    .unwrap_or_default()
                    .to_owned(),
            )
        });
        Self { process, at }
    }

    /// What the service answers, if it does.
    pub(crate) fn try_ask(&self, head: &str, more: &str, body: &[u8]) -> Result<Answer, Error> {
        let mut stream = TcpStream::connect(&self.at)?;
        stream.set_read_timeout(Some(ANSWER))?;
        let head = format!(
            "{head} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{more}Content-Length: {}\r\n\r\n",
            self.at,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat())?;
        let mut answer = vec![];
        stream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
        let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        match (end, status) {
            (Some(end), Some(status)) => Ok((status, answer.split_off(end + 4))),
            _ => Err(Error::other("no whole answer")),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Vec<u8> {
        let (status, body) = self.try_ask(&format!("GET {path}"), "", b"").unwrap();
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        body
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.get(path)).unwrap()
    }

    /// Asks for a model. Returns the status and the job.
    pub(crate) fn upload(&self, model: &str, key: Option<&str>) -> (u16, Value) {
        let (head, body) = form(model, key);
        let (status, body) = self.try_ask("POST /v1/models", &head, &body).unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// The name of a model that is to be compiled.
    pub(crate) fn model(&self, model: &str) -> String {
        let (status, job) = self.upload(model, None);
        assert_eq!(status, 202, "{job}");
        job["id"].as_str().unwrap().to_owned()
    }

    /// Asks for a proof of an input of a bundled model. Returns the status and the job, if there is an answer.
    pub(crate) fn try_submit(
        &self,
        model: &str,
        (name, input): (&str, usize),
        key: Option<&str>,
    ) -> Result<(u16, Value), Error> {
        let inputs: Value = serde_json::from_slice(&bundled(name, "inputs.json")).unwrap();
        let body = json!({"model": model, "input": inputs["inputs"][input]}).to_string();
        let key = key.map_or_else(String::new, |key| format!("Idempotency-Key: {key}\r\n"));
        let more = format!("Content-Type: application/json\r\n{key}");
        let (status, body) = self.try_ask("POST /v1/proofs", &more, body.as_bytes())?;
        Ok((status, serde_json::from_slice(&body)?))
    }

    /// The name of a proof that is to be made.
    pub(crate) fn submit(&self, model: &str, of: (&str, usize)) -> String {
        let (status, job) = self.try_submit(model, of, None).unwrap();
        assert_eq!(status, 202, "{job}");
        job["id"].as_str().unwrap().to_owned()
    }

    /// A job, if the service tells.
    pub(crate) fn job(&self, id: &str) -> Option<Value> {
        let (status, body) = self.try_ask(&format!("GET /v1/jobs/{id}"), "", b"").ok()?;
        (status == 200).then(|| serde_json::from_slice(&body).unwrap())
    }

    /// A job once it is as it is to be.
    pub(crate) fn until(&self, id: &str, there: impl Fn(&Value) -> bool) -> Value {
        wait(|| self.job(id).filter(&there))
    }

    /// A job once it is at its end, which is to be its result.
    pub(crate) fn done(&self, id: &str) -> Value {
        let job = self.until(id, is_final);
        assert_eq!(job["state"], "done", "{job}");
        job
    }

    /// A proof once it is there: it is the one of its job, and it is valid.
    pub(crate) fn proven(&self, place: &Place, id: &str) -> Value {
        let job = self.done(id);
        let model = job["model"].as_str().unwrap();
        let proof = self.get(&format!("/v1/jobs/{id}/files/proof"));
        assert!(place.verifies(&self.get(&format!("/v1/jobs/{model}/files/vk")), &proof), "{job}");
        assert_eq!(job["result"]["proof_bytes"], proof.len(), "{job}");
        assert_eq!(job["result"]["model_id"], self.done(model)["result"]["model_id"]);
        job
    }

    /// Sends a signal: KILL, STOP, CONT, TERM.
    pub(crate) fn signal(&self, signal: &str) {
        let sent =
            Command::new("kill").args([&format!("-{signal}"), &self.process.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// It gets about a fiftieth of its time, until what is returned is dropped.
    pub(crate) fn slow(&self) -> Slow {
        Slow::down(self.id(), Duration::from_millis(190))
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Tells it to end, and waits for it.
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        let status = wait(|| self.process.try_wait().unwrap());
        assert!(status.success(), "{status}");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn is_final(job: &Value) -> bool {
    ["done", "failed", "cancelled"].iter().any(|state| job["state"] == *state)
}

/// What is there after a while.
pub(crate) fn wait<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited too long");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A request for a model: its headers and its body.
pub(crate) fn form(model: &str, key: Option<&str>) -> (String, Vec<u8>) {
    let mut body = vec![];
    for (name, file) in [("model", "network.onnx"), ("calibrate", "inputs.json")] {
        let head =
            format!("--part\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\n");
        body.extend([head.as_bytes(), &bundled(model, file), b"\r\n"].concat());
    }
    body.extend(b"--part--\r\n");
    let key = key.map_or_else(String::new, |key| format!("Idempotency-Key: {key}\r\n"));
    (format!("Content-Type: multipart/form-data; boundary=part\r\n{key}"), body)
}
