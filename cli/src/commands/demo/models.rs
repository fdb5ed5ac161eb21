//! The figures of the bundled models.
//!
//! Every step runs as a process of its own, as a user would run it, so that the memory of a proof is that proof's.

use crate::error::{Rejected, Result};
use crate::format;
use crate::progress::Progress;
use anyhow::{Context, anyhow};
use serde::Serialize;
use serde_json::Value;
use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

/// A bundled model: its name, the ONNX file, inputs with onnxruntime's outputs.
pub(super) struct Bundled(pub(super) &'static str, pub(super) &'static [u8], pub(super) &'static [u8]);

macro_rules! bundled {
    ($($name:literal),* $(,)?) => {
        [$(Bundled(
            $name,
            include_bytes!(concat!("../../../../models/", $name, "/network.onnx")),
            include_bytes!(concat!("../../../../models/", $name, "/inputs.json")),
        )),*]
    };
}

/// The models, trained on daily S&P 500, Nasdaq and crude oil prices.
static MODELS: [Bundled; 16] = bundled!(
    "linreg",
    "scaled_ridge",
    "logreg",
    "mlp_8k",
    "mlp_tanh",
    "mlp_gelu",
    "mlp_100k",
    "mlp_1m",
    "forest_100x6",
    "xgb_200x5",
    "lgbm_300x6",
    "xgb_dir",
    "lstm",
    "gru",
    "cnn1d",
    "transformer",
);

/// Proofs of each model; the table has the median time.
const PROOFS: usize = 3;
/// Steps of each model that the progress bar counts.
pub(super) const STEPS: usize = 4;

/// A model by its name.
pub(super) fn bundled(name: &str) -> Result<&'static Bundled> {
    MODELS.iter().find(|model| model.0 == name).ok_or_else(|| {
        let known: Vec<_> = MODELS.iter().map(|model| model.0).collect();
        anyhow!("there is no bundled model {name:?}; there are {}", known.join(", "))
    })
}

/// Those of these names, in their own order; all without any.
pub(super) fn chosen(names: &[String]) -> Result<Vec<&'static Bundled>> {
    for name in names {
        bundled(name).context("--models")?;
    }
    let chosen = |model: &&Bundled| names.is_empty() || names.iter().any(|name| name == model.0);
    Ok(MODELS.iter().filter(chosen).collect())
}

/// Compiles, proves, verifies and measures models.
pub(super) fn table(chosen: &[&Bundled], progress: &Progress) -> Result<Table> {
    let models = chosen.iter().map(|model| measure(model, progress)).collect::<Result<Vec<_>>>()?;
    let insecure_srs = models.iter().any(|model| model.insecure_srs);
    Ok(Table { models, insecure_srs })
}

/// Compiles, proves, verifies and measures one model.
fn measure(Bundled(name, network, inputs): &Bundled, progress: &Progress) -> Result<Row> {
    let home = tempfile::tempdir().context("cannot make a temporary directory")?;
    let path = |name: &str| home.path().join(name);
    let (onnx, samples, dir, proof) =
        (path("network.onnx"), path("inputs.json"), path("model"), path("proof"));
    std::fs::write(&onnx, network)
        .and_then(|()| std::fs::write(&samples, inputs))
        .context("cannot write a model")?;

    progress.stage(format!("{name}: compile"));
    let [compile, calibrate, to] = ["compile", "--calibrate", "-o"].map(OsStr::new);
    let compiled = sumcast(&[compile, onnx.as_ref(), calibrate, samples.as_ref(), to, dir.as_ref()])?.value;

    progress.stage(format!("{name}: prove"));
    let mut proofs = Vec::new();
    for index in (0..PROOFS).map(|i| i.to_string()) {
        let [prove, input, which] = ["prove", "--input", "--index"].map(OsStr::new);
        let index = index.as_ref();
        let run = [prove, dir.as_ref(), input, samples.as_ref(), which, index, to, proof.as_ref()];
        proofs.push(sumcast(&run)?.value);
    }

    progress.stage(format!("{name}: verify"));
    let vk = dir.join("vk.bin");
    let verify =
        |proof: &Path| sumcast(&[OsStr::new("verify"), OsStr::new("--vk"), vk.as_ref(), proof.as_ref()]);
    let mut verified = Vec::new();
    for _ in 0..PROOFS {
        let Run { value, accepted } = verify(&proof)?;
        if !accepted {
            return Err(Rejected(format!("{name}: its proof is rejected: {}", value["error"])).into());
        }
        verified.push(value);
    }
    let mut bytes = std::fs::read(&proof).context("cannot read a proof")?;
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    std::fs::write(&proof, bytes).context("cannot write a proof")?;
    if verify(&proof)?.accepted {
        return Err(Rejected(format!("{name}: a proof with one bit flipped is accepted")).into());
    }

    progress.stage(format!("{name}: accuracy"));
    let [accuracy, float, all] = ["accuracy", "--onnx", "--inputs"].map(OsStr::new);
    let accuracy = sumcast(&[accuracy, dir.as_ref(), float, onnx.as_ref(), all, samples.as_ref()])?.value;

    Ok(Row {
        name: (*name).to_owned(),
        parameters: integer(&compiled, "parameters")?,
        compile_seconds: number(&compiled, "seconds")?,
        prove_seconds: median(&proofs, "prove_seconds")?,
        proof_bytes: integer(last(&proofs)?, "proof_bytes")?,
        verify_seconds: median(&verified, "verify_seconds")?,
        peak_memory_bytes: proofs.iter().filter_map(|proof| proof["peak_memory_bytes"].as_u64()).max(),
        vk_bytes: integer(&compiled, "vk_bytes")?,
        predicted_gas: integer(&compiled, "predicted_gas")?,
        max_relative_error: number(&accuracy, "recorded_max_relative_error")?,
        insecure_srs: compiled["insecure_srs"] == true,
    })
}

/// What a command printed.
struct Run {
    value: Value,
    accepted: bool,
}

/// Runs a command of this binary. Only a rejected proof is not an error.
fn sumcast(arguments: &[&OsStr]) -> Result<Run> {
    let this = std::env::current_exe().context("cannot find this program")?;
    let output = Command::new(this)
        .args(arguments)
        .arg("--json")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .context("cannot run this program again")?;
    let value: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    match output.status.code() {
        Some(code @ (0 | 1)) => Ok(Run { value, accepted: code == 0 }),
        _ => Err(anyhow!(
            "{}: {}",
            arguments[0].to_string_lossy(),
            value["error"].as_str().unwrap_or("it was stopped")
        )),
    }
}

fn number(value: &Value, key: &str) -> Result<f64> {
    value[key].as_f64().ok_or_else(|| anyhow!("a command gave no {key:?}"))
}

fn integer(value: &Value, key: &str) -> Result<u64> {
    value[key].as_u64().ok_or_else(|| anyhow!("a command gave no {key:?}"))
}

fn last(values: &[Value]) -> Result<&Value> {
    values.last().ok_or_else(|| anyhow!("a command did not run"))
}

fn median(values: &[Value], key: &str) -> Result<f64> {
    let mut numbers = values.iter().map(|value| number(value, key)).collect::<Result<Vec<_>>>()?;
    numbers.sort_by(f64::total_cmp);
    Ok(numbers[numbers.len() / 2])
}

/// All models.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    models: Vec<Row>,
    pub(super) insecure_srs: bool,
}

/// One model.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    parameters: u64,
    compile_seconds: f64,
    /// Median of three.
    prove_seconds: f64,
    proof_bytes: u64,
    /// Median of three.
    verify_seconds: f64,
    /// Largest resident set of a proving process.
    peak_memory_bytes: Option<u64>,
    vk_bytes: u64,
    predicted_gas: u64,
    /// Against onnxruntime, over all bundled inputs, relative to the output's spread.
    max_relative_error: f64,
    insecure_srs: bool,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = ["model", "parameters", "compile", "prove", "proof", "verify", "memory", "error"];
        let mut rows = vec![heading.map(String::from).to_vec()];
        rows.extend(self.models.iter().map(|row| {
            vec![
                row.name.clone(),
                format::count(row.parameters),
                format::seconds(row.compile_seconds),
                format::seconds(row.prove_seconds),
                format::bytes(row.proof_bytes),
                format::seconds(row.verify_seconds),
                row.peak_memory_bytes.map_or_else(|| "unknown".into(), format::bytes),
                format::small(row.max_relative_error),
            ]
        }));
        write!(f, "{}", format::table(&rows))?;
        writeln!(
            f,
            "\nEvery model: compiled, {PROOFS} inferences proven, each proof verified before it was written, the last\n\
             one verified again with the key alone, and rejected with one bit flipped. prove and verify are medians;\n\
             memory is the proving process's peak; proof includes its statement, the public input and output, and tells\n\
             nothing of the weights, which the key hides too; error is the largest difference from onnxruntime over\n\
             64 days, relative to the output's standard deviation, or to 0.01 where that is smaller."
        )
    }
}
