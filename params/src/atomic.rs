//! Files that appear whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file under a temporary name in the directory of its destination. Dropped before it is kept, it is
/// removed.
#[derive(Debug)]
pub(crate) struct AtomicFile {
    destination: PathBuf,
    temporary: PathBuf,
    file: Option<BufWriter<File>>,
}

impl AtomicFile {
    /// Opens a temporary file next to `destination`.
    pub(crate) fn create(destination: &Path) -> io::Result<Self> {
        let name = destination
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a file name"))?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{:016x}.tmp", rand::random::<u64>()));
        let temporary = destination.with_file_name(hidden);
        let file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        Ok(Self {
            destination: destination.to_owned(),
            temporary,
            file: Some(BufWriter::with_capacity(1 << 20, file)),
        })
    }

    /// Puts the file at its destination, in place of what was there.
    pub(crate) fn replace(mut self) -> io::Result<()> {
        self.close()?;
        fs::rename(&self.temporary, &self.destination)
    }

    /// Puts the file at its destination if nothing is there, and says whether it did: of several
    /// processes exactly one does.
    pub(crate) fn keep_first(mut self) -> io::Result<bool> {
        self.close()?;
        match fs::hard_link(&self.temporary, &self.destination) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            // A file system without hard links: two processes could both find nothing there in this
            // window, and the later one would win.
            Err(_) if self.destination.try_exists()? => Ok(false),
            Err(_) => fs::rename(&self.temporary, &self.destination).map(|()| true),
        }
    }

    /// Brings the bytes to the disk, so that a crash after the rename cannot leave a hollow file.
    fn close(&mut self) -> io::Result<()> {
        match self.file.take() {
            Some(writer) => writer.into_inner()?.sync_all(),
            None => Ok(()),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.file {
            Some(writer) => writer.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        // After a rename there is nothing under this name, and nobody to tell if the removal fails.
        let _ = fs::remove_file(&self.temporary);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn an_abandoned_file_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = AtomicFile::create(&dir.path().join("a")).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn replacing_and_keeping_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let make = |bytes: &[u8]| {
            let mut file = AtomicFile::create(&path).unwrap();
            file.write_all(bytes).unwrap();
            file
        };
        assert!(make(b"first").keep_first().unwrap());
        assert!(!make(b"second").keep_first().unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        make(b"third").replace().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"third");
        assert_eq!(names(dir.path()), ["a"]);
    }
}
