//! Weights that an exporter wrote to a file beside the model, as PyTorch's does unless told otherwise.

use super::proto::{GraphProto, StringEntryProto, TensorProto};
use super::{ImportError, MAX_FILE_BYTES, TensorProblem};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path};

/// The value of `TensorProto.data_location` for data in another file.
const EXTERNAL: i32 = 1;

/// Reads the data that the graph's tensors keep in files of `folder` into them; gives the bytes read, which are
/// [`MAX_FILE_BYTES`] at most.
pub(super) fn load(graph: &mut GraphProto, folder: &Path) -> Result<u64, ImportError> {
    let mut total = 0;
    for tensor in graph.initializer.iter_mut().filter(|t| t.data_location == Some(EXTERNAL)) {
        let data = read(tensor, folder, MAX_FILE_BYTES - total).map_err(|problem| ImportError::Tensor {
            name: tensor.name.clone().unwrap_or_default(),
            problem,
        })?;
        total += data.len() as u64;
        tensor.raw_data = Some(data);
        tensor.data_location = None;
        tensor.external_data.clear();
    }
    Ok(total)
}

fn read(tensor: &TensorProto, folder: &Path, limit: u64) -> Result<Vec<u8>, TensorProblem> {
    let entry = |key: &str| {
        let found = tensor.external_data.iter().find(|e| e.key.as_deref() == Some(key));
        found.map(|StringEntryProto { value, .. }| value.clone().unwrap_or_default())
    };
    let number = |key: &str| {
        let parse = |text: String| {
            text.parse::<u64>().map_err(|_| TensorProblem::ExternalFile(format!("its {key} is {text:?}")))
        };
        entry(key).map(parse).transpose()
    };
    let location = entry("location").unwrap_or_default();
    let mut parts = Path::new(&location).components();
    if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
        let problem = format!("{location:?} is not the name of a file beside the model");
        return Err(TensorProblem::ExternalFile(problem));
    }
    let length = number("length")?.unwrap_or(limit.saturating_add(1));
    let path = folder.join(&location);
    let io = |e: std::io::Error| TensorProblem::ExternalFile(format!("{}: {e}", path.display()));
    let mut file = File::open(&path).map_err(io)?;
    file.seek(SeekFrom::Start(number("offset")?.unwrap_or(0))).map_err(io)?;
    let mut data = Vec::new();
    file.take(length.min(limit + 1)).read_to_end(&mut data).map_err(io)?;
    if data.len() as u64 > limit {
        let problem = format!("all data together have more than {MAX_FILE_BYTES} bytes");
        return Err(TensorProblem::ExternalFile(problem));
    }
    Ok(data)
}
