//! What a process counts and measures, for Prometheus.
//!
//! A process has one set of these. What the database knows is asked of it when the metrics are read, so every process of a
//! service tells the same of that.

#[cfg(feature = "cuda")]
mod device;

use crate::job::{Kind, State};
use crate::store::Total;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use serde_json::Value;
use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use sumcast_prover::resident_memory;

/// Names and values that tell the series of a metric apart.
type Labels = Vec<(&'static str, String)>;

type Counters = Family<Labels, Counter>;
type Gauges = Family<Labels, Gauge>;
type Histograms = Family<Labels, Histogram, fn() -> Histogram>;

/// The metrics of this process.
static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

struct Metrics {
    registry: Registry,
    requests: Counters,
    request_seconds: Histograms,
    ended: Counters,
    job_seconds: Histograms,
    stage_seconds: Histograms,
    files_failed: Counters,
    jobs: Gauges,
    posts: Gauges,
    gas: Gauges,
    fees: Family<Labels, Gauge<f64, AtomicU64>>,
    memory: Gauge,
    files: Gauge,
}

impl Metrics {
    fn new() -> Self {
        let mut registry = Registry::default();
        // From a millisecond to half a minute, and from ten milliseconds to three hours.
        let request_seconds: Histograms =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 2.0, 16)));
        let job_seconds: Histograms =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.01, 2.0, 21)));
        let metrics = Self {
            requests: Family::default(),
            request_seconds,
            ended: Family::default(),
            job_seconds: job_seconds.clone(),
            stage_seconds: job_seconds.clone(),
            files_failed: Family::default(),
            jobs: Family::default(),
            posts: Family::default(),
            gas: Family::default(),
            fees: Family::default(),
            memory: Gauge::default(),
            files: Gauge::default(),
            registry: Registry::default(),
        };
        let Self { requests, ended, files_failed, jobs, posts, gas, fees, memory, files, .. } = &metrics;
        registry.register("sumcast_http_requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "sumcast_http_request",
            "From a request's head to its answer's",
            Unit::Seconds,
            metrics.request_seconds.clone(),
        );
        registry.register("sumcast_jobs_ended", "Attempts at jobs, by what came of them", ended.clone());
        registry.register_with_unit(
            "sumcast_job",
            "What an attempt took",
            Unit::Seconds,
            metrics.job_seconds.clone(),
        );
        registry.register_with_unit(
            "sumcast_stage",
            "What a stage of a proof took",
            Unit::Seconds,
            metrics.stage_seconds.clone(),
        );
        registry.register(
            "sumcast_artifacts_failed",
            "Files that could not be written, read, listed or removed",
            files_failed.clone(),
        );
        registry.register("sumcast_jobs", "Jobs in the database, by their state", jobs.clone());
        registry.register("sumcast_posts", "Posts to chains, by their state", posts.clone());
        registry.register("sumcast_posts_gas", "Gas that posts have used", gas.clone());
        registry.register("sumcast_posts_wei", "Wei that were paid for posts", fees.clone());
        registry.register_with_unit(
            "process_resident_memory",
            "Memory of this process",
            Unit::Bytes,
            memory.clone(),
        );
        #[cfg(feature = "cuda")]
        registry.register_collector(Box::new(device::Calls(sumcast_cuda::counts)));
        registry.register("process_open_fds", "Open files of this process", files.clone());
        Self { registry, ..metrics }
    }
}

/// Counts a file that could not be written, read, listed or removed.
pub(crate) fn file_failed(operation: &'static str) {
    METRICS.files_failed.get_or_create(&vec![("operation", operation.into())]).inc();
}

/// Counts a request that was answered.
pub(crate) fn request(method: &str, route: &str, status: u16, took: Duration) {
    let labels = vec![("method", method.into()), ("route", route.into()), ("status", status.to_string())];
    METRICS.requests.get_or_create(&labels).inc();
    METRICS.request_seconds.get_or_create(&vec![("route", route.into())]).observe(took.as_secs_f64());
}

/// Counts an attempt at a job, with its result if there is one; `outcome` is `done`, `failed` by its own fault, or `faulty`.
pub(crate) fn attempt(kind: Kind, outcome: &str, took: Duration, result: Option<&Value>) {
    let kind = ("kind", kind.word().to_owned());
    METRICS.ended.get_or_create(&vec![kind.clone(), ("outcome", outcome.into())]).inc();
    METRICS.job_seconds.get_or_create(&vec![kind]).observe(took.as_secs_f64());
    let stages = result.and_then(|result| result.get("stages")?.as_object());
    for (stage, seconds) in stages.into_iter().flatten() {
        if let Some(seconds) = seconds.as_f64() {
            METRICS.stage_seconds.get_or_create(&vec![("stage", stage.clone())]).observe(seconds);
        }
    }
}

/// All metrics in the text format of OpenMetrics, with the jobs in each state that some are in and the posts of each chain.
///
/// # Errors
/// The formatter's.
pub(crate) fn text(counts: &[(State, u64)], totals: &[Total]) -> Result<String, fmt::Error> {
    for state in [State::Queued, State::Running, State::Done, State::Failed, State::Cancelled] {
        let count = counts.iter().find(|(of, _)| *of == state).map_or(0, |(_, count)| *count);
        let gauge = METRICS.jobs.get_or_create(&vec![("state", state.word().to_owned())]).clone();
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    for Total { chain, state, posts, gas, fees } in totals {
        let labels = vec![("chain", chain.clone()), ("state", state.clone())];
        METRICS.posts.get_or_create(&labels).set(*posts);
        METRICS.gas.get_or_create(&labels).set(*gas);
        METRICS.fees.get_or_create(&labels).set(*fees);
    }
    METRICS.memory.set(resident_memory().and_then(|bytes| i64::try_from(bytes).ok()).unwrap_or_default());
    METRICS.files.set(open_files().unwrap_or_default());
    let mut text = String::new();
    encode(&mut text, &METRICS.registry)?;
    Ok(text)
}

/// The files that this process has open, where the system tells.
fn open_files() -> Option<i64> {
    i64::try_from(std::fs::read_dir("/proc/self/fd").ok()?.count()).ok()
}
