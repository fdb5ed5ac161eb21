//! Measures the halo2-KZG baseline on one network and prints one line of JSON.

use std::{fs, path::PathBuf, process::ExitCode, time::Instant};

use clap::Parser;
use halo2_axiom::SerdeFormat;
use serde_json::json;
use sumcast_bench_halo2::{
    circuit::{self, DenseCircuit},
    layout::Layout,
    network::Network,
    proof,
};

/// Proves one evaluation of a quantised dense network with halo2 and prints the cost as JSON.
#[derive(Debug, Parser)]
struct Args {
    /// The network and its input, as `export_dense.py` writes them.
    network: PathBuf,
    /// Proofs to make; the median time counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Products summed in one row; by default the layout with the least estimated cost.
    #[arg(long)]
    columns: Option<usize>,
    /// Limbs of a value's magnitude: values stay below `2^(limb bits * limbs)`.
    #[arg(long, default_value_t = 3)]
    value_limbs: u32,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match measure(&args) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {}: {error}", args.network.display());
            ExitCode::from(2)
        }
    }
}

fn measure(args: &Args) -> Result<serde_json::Value, String> {
    let text = fs::read_to_string(&args.network).map_err(|e| e.to_string())?;
    let network = Network::from_json(&text)?;
    let layout = match args.columns {
        Some(columns) => Layout::new(&network, columns, args.value_limbs)?,
        None => Layout::best(&network, args.value_limbs)?,
    };
    let trace = network.evaluate(layout.value_bits())?;
    let output = trace.output().to_vec();
    let instance = circuit::instance(&network.input, &output);
    let circuit = DenseCircuit { network: &network, layout: &layout, trace };

    let (params, params_s) = timed(|| proof::test_only_params(layout.k));
    let (key, keygen_s) = timed(|| proof::keygen(&params, &circuit));
    let key = key.map_err(|e| e.to_string())?;
    let keygen_peak = peak_memory();
    let pk_bytes = key.to_bytes(SerdeFormat::RawBytes).len();
    let vk_bytes = key.get_vk().to_bytes(SerdeFormat::RawBytes).len();

    let peak_is_of_proving = reset_peak_memory();
    let (mut prove_s, mut verify_s, mut proof_bytes) = (Vec::new(), Vec::new(), 0);
    for _ in 0..args.runs {
        let (proof, seconds) = timed(|| proof::prove(&params, &key, circuit.clone(), &instance));
        let proof = proof.map_err(|e| e.to_string())?;
        prove_s.push(seconds);
        let (valid, seconds) = timed(|| proof::verify(&params, &key, &proof, &instance));
        verify_s.push(seconds);
        proof_bytes = proof.len();
        if !valid {
            return Err("the proof of the right output does not verify".into());
        }
    }
    Ok(json!({
        "parameters": network.parameters(),
        "k": layout.k,
        "rows": layout.dot_rows.max(layout.chain_rows),
        "columns": layout.columns,
        "chains": layout.chains,
        "limb_bits": layout.limb_bits,
        "srs": "test-only, fresh randomness",
        "srs_s": params_s,
        "keygen_s": keygen_s,
        "prove_s": median(&mut prove_s),
        "verify_s": median(&mut verify_s),
        "runs": args.runs,
        "proof_bytes": proof_bytes,
        "vk_bytes": vk_bytes,
        "pk_bytes": pk_bytes,
        "keygen_peak_memory_bytes": keygen_peak,
        "peak_memory_bytes": peak_memory(),
        "peak_memory_is_of": if peak_is_of_proving { "proving and verifying" } else { "the whole process" },
        "output": output,
    }))
}

fn timed<T>(f: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let value = f();
    (value, start.elapsed().as_secs_f64())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// The largest resident size of this process so far, in bytes; none where `/proc` does not say.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Starts the peak anew from the present size; false where the system does not allow it.
fn reset_peak_memory() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}
