//! Import of ONNX files.
//!
//! [`import`] reads a model of one input into a [`Graph`]. The batch dimension becomes 1, weights and shapes are folded,
//! and outputs that are class labels are left out, since whoever has the scores can derive them.
//! [`supported`] lists the operators.
//!
//! A file is untrusted: any bytes give a graph or an [`ImportError`], in memory proportional to the file's size. The
//! limits are this module's constants and [`crate::graph::MAX_TENSOR_ELEMENTS`].

pub(crate) mod call;
#[cfg(test)]
mod conformance;
mod error;
mod external;
mod importer;
mod proto;
mod scan;
pub(crate) mod tensor;
#[cfg(test)]
pub(crate) mod testing;

use std::{fs::File, io::Read, path::Path};

use prost::Message;

pub use self::error::{ImportError, Problem, TensorProblem};
use crate::{graph::Graph, ops};

/// The largest file imported, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 28;
/// The most nodes, tensors, attributes and names in a file, all together.
pub const MAX_RECORDS: usize = 1 << 20;
/// The most elements that operators may generate while a model is imported, on top of sixteen for each byte of the file.
pub const MAX_GENERATED_ELEMENTS: usize = 1 << 22;
/// The versions of the standard operator set (domain `ai.onnx`) that are read.
pub const OPSETS: std::ops::RangeInclusive<i64> = 8..=21;
/// The versions of the operator set `ai.onnx.ml` that are read.
pub const ML_OPSETS: std::ops::RangeInclusive<i64> = 1..=5;

/// Imports a model from the bytes of its file.
///
/// # Errors
/// An [`ImportError`] that names the node or tensor at fault, for a malformed model as for one that uses what is not
/// supported.
pub fn import(bytes: &[u8]) -> Result<Graph, ImportError> {
    importer::import(decode(bytes)?, MAX_GENERATED_ELEMENTS + 16 * bytes.len())
}

/// Imports a model from a file. Weights may lie in other files of its folder.
///
/// # Errors
/// As [`import`], and [`ImportError::Io`] when the file cannot be read.
pub fn import_path(path: impl AsRef<Path>) -> Result<Graph, ImportError> {
    let path = path.as_ref();
    let io = |source| ImportError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    // One byte over the limit is enough to know.
    File::open(path).and_then(|f| f.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)).map_err(io)?;
    let mut model = decode(&bytes)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let external = model.graph.as_mut().map_or(Ok(0), |graph| external::load(graph, folder))?;
    importer::import(model, MAX_GENERATED_ELEMENTS + 16 * (bytes.len() + external as usize))
}

/// The protobuf message, within the limits.
fn decode(bytes: &[u8]) -> Result<proto::ModelProto, ImportError> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(ImportError::FileSize { bytes: bytes.len() as u64 });
    }
    let records = scan::count_records(bytes);
    if records > MAX_RECORDS {
        return Err(ImportError::Records { records });
    }
    Ok(proto::ModelProto::decode(bytes)?)
}

/// The operators that can be imported, as pairs of domain and name; the standard domain is empty.
pub fn supported() -> impl Iterator<Item = (&'static str, &'static str)> {
    ops::REGISTRY.iter().map(|op| (op.domain, op.name))
}
