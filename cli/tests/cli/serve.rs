//! The service as a process: started, killed, started again.

use super::{HOME, LINREG, command, json, sumcast};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running service.
pub(crate) struct Serving {
    process: Child,
    pub(crate) at: String,
}

impl Serving {
    pub(crate) fn begin(data: &Path) -> Self {
        Self::with(&[&"--data", &data])
    }

    /// With these arguments.
    pub(crate) fn with(arguments: &[&dyn AsRef<OsStr>]) -> Self {
        let mut command = command(&[&"serve", &"--listen", &"127.0.0.1:0"]);
        command.args(arguments.iter().map(AsRef::as_ref));
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        let at = line.split("http://").nth(1).and_then(|rest| rest.split(':').nth(1)).unwrap();
        let port: u16 = at.parse().unwrap();
        Self { process, at: format!("127.0.0.1:{port}") }
    }

    /// What the service answers to a request.
    pub(crate) fn ask(&self, head: &str, kind: &str, body: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.at).unwrap();
        let length = body.len();
        let head = format!(
            "{head} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n",
            self.at
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = vec![];
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        answer.split_off(end + 4)
    }

    pub(crate) fn json(&self, head: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        serde_json::from_slice(&self.ask(head, "application/json", body.as_bytes())).unwrap()
    }

    pub(crate) fn upload(&self) -> String {
        let mut body = vec![];
        for (name, file) in [("model", LINREG.onnx()), ("calibrate", LINREG.inputs())] {
            let head =
                format!("--part\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\n");
            body.extend([head.as_bytes(), &std::fs::read(file).unwrap(), b"\r\n"].concat());
        }
        body.extend(b"--part--\r\n");
        let job = self.ask("POST /v1/models", "multipart/form-data; boundary=part", &body);
        let job: Value = serde_json::from_slice(&job).unwrap();
        job["id"].as_str().unwrap().to_owned()
    }

    /// A job once it is at an end.
    pub(crate) fn end(&self, path: &str) -> Value {
        let begun = Instant::now();
        loop {
            let job = self.json(&format!("GET {path}"), &Value::Null);
            if ["done", "failed", "cancelled"].iter().any(|state| job["state"] == *state) {
                return job;
            }
            assert!(begun.elapsed() < PATIENCE, "{job}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn what_was_asked_for_outlives_the_process() {
    let data = HOME.join("service");
    let service = Serving::begin(&data);
    let model = service.upload();
    assert_eq!(service.end(&format!("/v1/jobs/{model}"))["state"], "done");
    let inputs: Value = serde_json::from_slice(&std::fs::read(LINREG.inputs()).unwrap()).unwrap();
    let asked: Vec<String> = (0..6)
        .map(|i| {
            let body = json!({"model": model, "input": inputs["inputs"][i]});
            service.json("POST /v1/proofs", &body)["id"].as_str().unwrap().to_owned()
        })
        .collect();
    // Some are done, one is being made, others wait.
    service.end(&format!("/v1/jobs/{}", asked[1]));
    service.kill();

    let service = Serving::begin(&data);
    for (i, id) in asked.iter().enumerate() {
        let done = service.end(&format!("/v1/jobs/{id}"));
        assert_eq!(done["state"], "done", "{done}");
        assert!(done["attempts"].as_u64().is_some_and(|attempts| (1..=2).contains(&attempts)), "{done}");
        let expected = inputs["outputs"][i][0].as_f64().unwrap();
        assert!((done["result"]["output"][0].as_f64().unwrap() - expected).abs() < 1e-4, "{done}");
    }
    // The files are those that the other commands read.
    let [vk, proof] = ["vk", "proof"].map(|name| HOME.join(format!("served.{name}")));
    std::fs::write(&vk, service.ask(&format!("GET /v1/jobs/{model}/files/vk"), "", b"")).unwrap();
    std::fs::write(&proof, service.ask(&format!("GET /v1/jobs/{}/files/proof", asked[5]), "", b"")).unwrap();
    assert_eq!(json(&[&"verify", &"--vk", &vk, &proof])["valid"], true);
    service.kill();
}

#[test]
fn settings_are_printed_as_they_are_read() {
    let printed =
        sumcast(&[&"serve", &"--print-config", &"--data", &"/somewhere", &"--listen", &"127.0.0.1:9"]);
    assert_eq!(printed.code, 0);
    let file = super::write("sumcast.toml", &printed.stdout);
    let again = sumcast(&[&"serve", &"--print-config", &"--config", &file]);
    assert_eq!(again.stdout, printed.stdout);
    assert!(printed.stdout.contains("data = \"/somewhere\""), "{}", printed.stdout);
    let wrong = super::write("wrong.toml", "nothing = 1\n");
    super::bad_input::refused(&[&"serve", &"--config", &wrong], &["wrong.toml", "unknown field `nothing`"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    let data = HOME.join("service-taken");
    super::bad_input::refused(&[&"serve", &"--data", &data, &"--listen", &at], &["cannot listen at"]);
}
