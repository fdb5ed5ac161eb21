//! What the service adds to a proof, how much it does for many at once, and whether its memory grows: Markdown tables.
//!
//! ```sh
//! cargo build --release
//! cargo run --release -p sumcast-benches --example load -- [--clients 1,8,64] [--proofs N] [--long N] [--database-url URL]
//! ```
//!
//! The service is `sumcast serve` on this machine, with a folder that goes with it. Each client asks for a proof, follows it to
//! its end, has its file and asks for the next one.

use anyhow::{Context, Result, ensure};
use clap::Parser;
use reqwest::Client;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The model that is proven.
const MODEL: &str = "mlp_8k";

/// Clients of the long run.
const MANY: usize = 8;

/// Measures the service under load.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many clients ask at once.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64])]
    clients: Vec<usize>,
    /// Proofs for each number of clients.
    #[arg(long, default_value_t = 256)]
    proofs: usize,
    /// Proofs of the run that memory is looked at in.
    #[arg(long, default_value_t = 1000)]
    long: usize,
    /// postgres://..; a file in the folder if not given.
    #[arg(long)]
    database_url: Option<String>,
    /// The binary; the one that was built beside this program if not given.
    #[arg(long)]
    sumcast: Option<PathBuf>,
}

/// What one proof took.
#[derive(Clone, Debug)]
struct Sample {
    /// From the request to its answer.
    submit: Duration,
    /// From the request to the last byte of the proof.
    whole: Duration,
    /// Of this, in the prover: from the input to the proof.
    prove: Duration,
    /// Inputs in the same proof.
    together: u64,
}

/// The service as a process, which ends with this.
struct Service {
    process: Child,
    url: String,
    client: Client,
    model: String,
    inputs: Vec<Value>,
}

fn bundled(file: &str) -> Result<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(MODEL).join(file);
    std::fs::read(&path).with_context(|| path.display().to_string())
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    // The client asks for one, if only for https.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir()?;
    let service = Arc::new(Service::begin(&arguments, folder.path()).await?);
    service.run(1, 16).await?;
    println!(
        "| clients | proofs | submit p50 | p99 | whole p50 | p99 | in the prover p50 | proofs / minute | inputs / proof |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for &clients in &arguments.clients {
        let begun = Instant::now();
        let samples = service.run(clients, arguments.proofs).await?;
        let per_minute = samples.len() as f64 * 60.0 / begun.elapsed().as_secs_f64();
        let together =
            samples.iter().map(|sample| sample.together as f64).sum::<f64>() / samples.len() as f64;
        let at = |of: fn(&Sample) -> Duration, percent| milliseconds(percentile(&samples, of, percent));
        println!(
            "| {clients} | {} | {} | {} | {} | {} | {} | {per_minute:.0} | {together:.1} |",
            samples.len(),
            at(|sample| sample.submit, 50),
            at(|sample| sample.submit, 99),
            at(|sample| sample.whole, 50),
            at(|sample| sample.whole, 99),
            at(|sample| sample.prove, 50),
        );
        if clients == 1 {
            let added = percentile(&samples, |sample| sample.whole.saturating_sub(sample.prove), 50);
            eprintln!("added to a proof, p50: {}", milliseconds(added));
        }
    }
    println!("\n| proofs | resident memory, MB |\n|---:|---:|");
    for tenth in 0..=10 {
        if tenth > 0 {
            service.run(MANY, arguments.long / 10).await?;
        }
        println!("| {} | {:.1} |", tenth * arguments.long / 10, service.resident()?);
    }
    Ok(())
}

/// The binary beside the folder of this program.
fn beside() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.ancestors().nth(2).context("no folder")?.join("sumcast"))
}

impl Service {
    /// Starts it, with a model that is compiled.
    async fn begin(arguments: &Arguments, folder: &Path) -> Result<Self> {
        let sumcast = arguments.sumcast.clone().map_or_else(beside, Ok)?;
        let mut command = Command::new(&sumcast);
        // Told when it cannot begin; what is logged later would wait for a reader.
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "off", "--data"]).arg(folder);
        command.args(arguments.database_url.iter().flat_map(|url| ["--database-url", url]));
        let process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let missing = || format!("{}: build it by `cargo build --release`, or name it", sumcast.display());
        let mut process = process.with_context(missing)?;
        let mut line = String::new();
        BufReader::new(process.stderr.as_mut().context("no output")?).read_line(&mut line)?;
        let at = line.strip_prefix("listening at ").and_then(|rest| rest.split(": ").next());
        let url = at.with_context(|| line.clone())?;
        let inputs: Value = serde_json::from_slice(&bundled("inputs.json")?)?;
        let inputs = inputs["inputs"].as_array().context("no inputs")?.clone();
        let mut service =
            Self { process, url: url.into(), client: Client::new(), model: String::new(), inputs };
        let form = Form::new()
            .part("model", Part::bytes(bundled("network.onnx")?))
            .part("calibrate", Part::bytes(bundled("inputs.json")?));
        let asked = service.client.post(format!("{}/v1/models", service.url)).multipart(form);
        let job: Value = asked.send().await?.json().await?;
        service.model = job["id"].as_str().context("no model")?.into();
        service.end(&service.model).await?;
        Ok(service)
    }

    /// The job at its end.
    async fn end(&self, id: &str) -> Result<Value> {
        let events =
            self.client.get(format!("{}/v1/jobs/{id}/events", self.url)).send().await?.text().await?;
        let last = events.lines().filter_map(|line| line.strip_prefix("data: ")).next_back();
        let job: Value = serde_json::from_str(last.context("no events")?)?;
        ensure!(job["state"] == "done", "{job}");
        Ok(job)
    }

    async fn proof(&self, i: usize) -> Result<Sample> {
        let begun = Instant::now();
        let body = json!({ "model": self.model, "input": self.inputs[i % self.inputs.len()] });
        let answer = self.client.post(format!("{}/v1/proofs", self.url)).json(&body).send().await?;
        let job: Value = answer.error_for_status()?.json().await?;
        let submit = begun.elapsed();
        let id = job["id"].as_str().context("no job")?;
        let job = self.end(id).await?;
        let file = self.client.get(format!("{}/v1/jobs/{id}/files/proof", self.url)).send().await?;
        ensure!(!file.error_for_status()?.bytes().await?.is_empty(), "no proof");
        let result = &job["result"];
        Ok(Sample {
            submit,
            whole: begun.elapsed(),
            prove: Duration::from_secs_f64(result["prove_seconds"].as_f64().context("no time")?),
            together: result["together"]["inputs"].as_u64().unwrap_or(1),
        })
    }

    /// So many proofs for so many clients.
    async fn run(self: &Arc<Self>, clients: usize, proofs: usize) -> Result<Vec<Sample>> {
        let next = Arc::new(AtomicUsize::new(0));
        let client = |(service, next): (Arc<Self>, Arc<AtomicUsize>)| async move {
            let mut samples = vec![];
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                if i >= proofs {
                    return Ok::<_, anyhow::Error>(samples);
                }
                samples.push(service.proof(i).await?);
            }
        };
        let running: Vec<_> =
            (0..clients).map(|_| tokio::spawn(client((self.clone(), next.clone())))).collect();
        let mut samples = vec![];
        for running in running {
            samples.extend(running.await??);
        }
        Ok(samples)
    }

    /// Resident memory, MB.
    fn resident(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib * 1024.0 / 1e6)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn percentile(samples: &[Sample], of: impl Fn(&Sample) -> Duration, percent: usize) -> Duration {
    let mut times: Vec<Duration> = samples.iter().map(of).collect();
    times.sort();
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
