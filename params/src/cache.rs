//! The development string that is made and kept on first use.
//!
//! A verifying key belongs to one string, and `tau` is thrown away, so that a cached string can neither
//! grow nor be made again. The cache therefore holds one string of `2^18` powers for all sizes up to
//! that, and one string of its own for each larger size: the same size always meets the same string.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::SrsError;
use crate::srs::{MAX_LOG_SIZE, Srs};

/// Base-2 logarithm of the smallest string that the cache makes.
pub const DEFAULT_LOG_SIZE: u32 = 18;

/// The first `2^log_size` powers of the user's development string, made on first use. Processes that
/// race to make it all get the same one.
///
/// # Errors
/// [`SrsError::NoCacheDirectory`]; [`SrsError::LogSize`] above `2^28`; [`SrsError::Io`] if the directory
/// cannot be written; or what is wrong with the cached file. A damaged file is not replaced, because
/// verifying keys may rest on it: the user removes it.
pub fn development(log_size: u32) -> Result<Srs, SrsError> {
    development_in(&directory()?, log_size)
}

/// As [`development`], in a directory of the caller's, which is made if it is not there.
///
/// # Errors
/// As [`development`].
pub fn development_in(directory: &Path, log_size: u32) -> Result<Srs, SrsError> {
    development_from(directory, log_size, DEFAULT_LOG_SIZE)
}

fn development_from(directory: &Path, asked: u32, smallest: u32) -> Result<Srs, SrsError> {
    if asked > MAX_LOG_SIZE {
        return Err(SrsError::LogSize { asked });
    }
    let made = asked.max(smallest);
    let path = directory.join(format!("development-{made}.srs"));
    if !path.try_exists().map_err(SrsError::io(&path, "look for"))? {
        fs::create_dir_all(directory).map_err(SrsError::io(directory, "make the directory"))?;
        Srs::development(made, &mut rand::rng())
            .stage(&path)?
            .keep_first()
            .map_err(SrsError::io(&path, "write"))?;
    }
    Srs::read_prefix(&path, asked)
}

/// The cache directory: `SUMCAST_CACHE`, else `XDG_CACHE_HOME/sumcast`, else `HOME/.cache/sumcast`. A
/// variable that is empty counts as unset.
///
/// # Errors
/// [`SrsError::NoCacheDirectory`] if none of them is set.
pub fn directory() -> Result<PathBuf, SrsError> {
    directory_from(|name| std::env::var_os(name))
}

fn directory_from(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, SrsError> {
    let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("SUMCAST_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("sumcast")))
        .or_else(|| set("HOME").map(|dir| dir.join(".cache").join("sumcast")))
        .ok_or(SrsError::NoCacheDirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_follows_the_variables_in_order() {
        let with = |set: &[(&str, &str)]| {
            directory_from(|name| {
                let (_, value) = set.iter().find(|(key, _)| *key == name)?;
                Some(OsString::from(value))
            })
        };
        let home = ("HOME", "/h");
        let xdg = ("XDG_CACHE_HOME", "/x");
        let own = ("SUMCAST_CACHE", "/s");
        assert_eq!(with(&[home]).unwrap(), Path::new("/h/.cache/sumcast"));
        assert_eq!(with(&[home, xdg]).unwrap(), Path::new("/x/sumcast"));
        assert_eq!(with(&[home, xdg, own]).unwrap(), Path::new("/s"));
        assert_eq!(
            with(&[home, ("XDG_CACHE_HOME", ""), ("SUMCAST_CACHE", "")]).unwrap(),
            Path::new("/h/.cache/sumcast")
        );
        assert!(matches!(with(&[]), Err(SrsError::NoCacheDirectory)));
    }

    #[test]
    fn sizes_up_to_the_default_share_one_string() {
        let dir = tempfile::tempdir().unwrap();
        let cache = dir.path().join("not/there/yet");
        let small = development_from(&cache, 3, 6).unwrap();
        let default = development_from(&cache, 6, 6).unwrap();
        assert_eq!(small.log_size(), 3);
        assert_eq!(small.g1(), &default.g1()[..8]);
        assert!(small.is_insecure());

        let large = development_from(&cache, 8, 6).unwrap();
        assert_eq!(large.id(), development_from(&cache, 8, 6).unwrap().id());
        assert_ne!(large.id(), default.id());
        assert_eq!(default.id(), development_from(&cache, 5, 6).unwrap().id());
    }

    #[test]
    fn racing_threads_get_one_string() {
        let dir = tempfile::tempdir().unwrap();
        let cache = dir.path().join("cache");
        for size in 4..12 {
            let ids: Vec<_> = std::thread::scope(|scope| {
                let racers: Vec<_> =
                    (0..8).map(|_| scope.spawn(|| development_from(&cache, size, 4).unwrap().id())).collect();
                racers.into_iter().map(|racer| racer.join().unwrap()).collect()
            });
            assert!(ids.iter().all(|id| *id == ids[0]));
        }
        assert_eq!(fs::read_dir(&cache).unwrap().count(), 8, "no temporary stays");
    }

    #[test]
    fn a_damaged_string_is_an_error_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        development_from(dir.path(), 4, 4).unwrap();
        let path = dir.path().join("development-4.srs");
        let mut bytes = fs::read(&path).unwrap();
        bytes.pop();
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(development_from(dir.path(), 4, 4), Err(SrsError::Truncated { .. })));
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn sizes_out_of_range_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        for asked in [29, 64, u32::MAX] {
            assert!(matches!(development_in(dir.path(), asked), Err(SrsError::LogSize { .. })));
        }
    }
}
