//! The parameters that keys rest on: where commands find them.

use crate::error::Result;
use crate::files::ModelDir;
use anyhow::{anyhow, bail};
use std::path::Path;
use sumcast_params::{Srs, cache};
use sumcast_prover::{check_srs, srs_log};
use sumcast_verifier::Key;
use sumcast_verifier::vk::SrsKind;

/// Those of a file, or the cached development string, as many as rows of `2^row_log` cells need.
pub(crate) fn for_rows(params: Option<&Path>, row_log: u8) -> Result<Srs> {
    let size = srs_log(row_log).into();
    Ok(match params {
        Some(path) => Srs::read_prefix(path, size)?,
        None => cache::development(size)?,
    })
}

/// Those that a key was made with: of a file, else of `srs.bin` beside the key, else the cached development string. They
/// are checked, since by others anything could be opened as anything.
pub(crate) fn of_key(key: &Key, vk: &Path, params: Option<&Path>) -> Result<Srs> {
    let row_log = key.program.row_log;
    let beside = ModelDir(vk.parent().unwrap_or(Path::new("")).to_owned()).srs();
    let file = params.or_else(|| beside.is_file().then_some(beside.as_path()));
    if file.is_none() && key.srs.kind != SrsKind::Development {
        bail!(
            "there is no {} beside the key: give the parameters it was made with by --params",
            beside.display()
        );
    }
    let srs = for_rows(file, row_log)?;
    let from = file.map_or_else(|| "the cached development string".into(), |path| path.display().to_string());
    if check_srs(key, &srs).is_err() {
        bail!(
            "{from}: these are not the parameters of {}: give those that the model was compiled with, its srs.bin, \
             by --params",
            vk.display()
        );
    }
    // The cached string is of the user's own making.
    if file.is_some() {
        srs.check_powers(&mut |_, _| ()).map_err(|fault| {
            anyhow!("{from}: these are not powers of one secret: {fault}; get the file again from its source")
        })?;
    }
    Ok(srs)
}
