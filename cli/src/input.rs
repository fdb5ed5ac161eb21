//! Files of inputs.

use crate::error::Result;
use crate::files;
use anyhow::anyhow;
use std::path::Path;
use sumcast_circuits::samples::{self, Samples};

/// Largest file of inputs.
const MAX_BYTES: u64 = 1 << 26;

/// The one input of a file, or its input number `index`.
pub(crate) fn one(path: &Path, index: Option<usize>, shape: &[usize]) -> Result<Vec<f64>> {
    let mut inputs = many(path, shape)?.inputs;
    let file = path.display();
    match (index, inputs.len()) {
        (None, 1) => Ok(inputs.remove(0)),
        (None, n) => Err(anyhow!("{file} has {n} inputs: choose one with --index, 0 to {}", n - 1)),
        (Some(i), n) if i < n => Ok(inputs.swap_remove(i)),
        (Some(i), n) => Err(anyhow!("{file} has no input {i}: --index goes from 0 to {}", n - 1)),
    }
}

/// All inputs of a file, at least one.
pub(crate) fn many(path: &Path, shape: &[usize]) -> Result<Samples> {
    let bytes = files::read(path, MAX_BYTES)?;
    samples::parse(&bytes, shape).map_err(|error| anyhow!("{}: {error:#}", path.display()))
}
