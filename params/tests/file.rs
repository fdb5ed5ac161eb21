//! The parameter file as a user meets it: what is written is read, and damage is told, never a panic.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use sumcast_params::{Part, Provenance, Srs, SrsError};

/// Powers under one digest, as the format fixes.
const CHUNK: usize = 1 << 12;

fn write(dir: &Path, log_size: u32) -> (Srs, PathBuf) {
    let srs = Srs::development(log_size, &mut rand::rng());
    let path = dir.join(format!("{log_size}.srs"));
    srs.write(&path).unwrap();
    (srs, path)
}

fn assert_same(a: &Srs, b: &Srs) {
    assert_eq!(a.log_size(), b.log_size());
    assert_eq!(a.g1(), b.g1());
    assert_eq!(a.g2(), b.g2());
    for k in 0..30 {
        assert_eq!(a.tau_g2(k), b.tau_g2(k), "{k}");
    }
    assert_eq!(a.provenance(), b.provenance());
    assert_eq!(a.id(), b.id());
}

#[test]
fn what_is_written_is_read() {
    let dir = tempfile::tempdir().unwrap();
    for log_size in [0, 1, 2, 5, 11, 12, 13, 14] {
        let (srs, path) = write(dir.path(), log_size);
        assert_same(&Srs::read(&path).unwrap(), &srs);
        let mut bytes = Cursor::new(fs::read(&path).unwrap());
        assert_same(&Srs::read_from(&mut bytes, Path::new("memory"), None).unwrap(), &srs);
        let info = Srs::info(&path).unwrap();
        assert_eq!(info.log_size, log_size);
        assert_eq!(info.provenance, Provenance::Development);
        assert_eq!(info.id, srs.id());
    }
}

#[test]
fn every_prefix_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let (srs, path) = write(dir.path(), 14);
    for log_size in 0..=14 {
        let prefix = Srs::read_prefix(&path, log_size).unwrap();
        assert_same(&prefix, &srs.prefix(log_size).unwrap());
        assert!(prefix.is_insecure());
    }
    for asked in [15, 28, 64, u32::MAX] {
        let error = Srs::read_prefix(&path, asked).unwrap_err();
        assert!(matches!(error, SrsError::TooSmall { have: 14, asked: a, .. } if a == asked), "{error}");
    }
}

#[test]
fn a_prefix_written_again_is_a_file_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let (srs, _) = write(dir.path(), 13);
    let path = dir.path().join("prefix.srs");
    for log_size in [0, 3, 12] {
        let prefix = srs.prefix(log_size).unwrap();
        prefix.write(&path).unwrap();
        assert_same(&Srs::read(&path).unwrap(), &prefix);
    }
}

#[test]
fn a_prefix_needs_only_its_own_chunks() {
    let dir = tempfile::tempdir().unwrap();
    let (srs, path) = write(dir.path(), 14);
    let mut bytes = fs::read(&path).unwrap();
    let points = bytes.len() - 64 * srs.g1().len();
    bytes[points + 64 * CHUNK * 2 + 5] ^= 1;
    fs::write(&path, bytes).unwrap();

    assert_same(&Srs::read_prefix(&path, 13).unwrap(), &srs.prefix(13).unwrap());
    let (first, last) = (2 * CHUNK as u64, 3 * CHUNK as u64 - 1);
    let error = Srs::read(&path).unwrap_err();
    assert!(
        matches!(error, SrsError::Damaged { part, .. } if part == Part::Powers { first, last }),
        "{error}"
    );
}

#[test]
fn every_truncation_and_extension_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (_, path) = write(dir.path(), 2);
    let bytes = fs::read(&path).unwrap();
    for length in 0..bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        let error = Srs::read(&path).unwrap_err();
        let info = Srs::info(&path).unwrap_err();
        for error in [error, info] {
            match error {
                SrsError::NotSrs { .. } => assert_eq!(length, 0),
                SrsError::Truncated { found, .. } => assert_eq!(found, length as u64),
                other => panic!("{length}: {other}"),
            }
        }
    }
    for extra in [1, 64, 5000] {
        let mut longer = bytes.clone();
        longer.resize(bytes.len() + extra, 7);
        fs::write(&path, longer).unwrap();
        let error = Srs::read(&path).unwrap_err();
        assert!(matches!(error, SrsError::TrailingBytes { .. }), "{error}");
    }
}

#[test]
fn every_altered_byte_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (_, path) = write(dir.path(), 2);
    let bytes = fs::read(&path).unwrap();
    let points = bytes.len() - 64 * 4;
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80] {
            let mut bad = bytes.clone();
            bad[at] ^= flip;
            fs::write(&path, bad).unwrap();
            let error = Srs::read(&path).unwrap_err();
            let expected = match (&error, at) {
                (SrsError::NotSrs { .. }, 0..8) | (SrsError::Version { .. }, 8..12) => true,
                (SrsError::Truncated { .. } | SrsError::TrailingBytes { .. }, 12..16) => true,
                (SrsError::Damaged { part, .. }, _) => match part {
                    Part::LogSize(_) => (12..16).contains(&at),
                    Part::Head => (16..points).contains(&at),
                    Part::Powers { first: 0, last: 3 } => at >= points,
                    _ => false,
                },
                _ => false,
            };
            assert!(expected, "byte {at}: {error}");
        }
    }
}

#[test]
fn an_announced_size_allocates_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.srs");
    let mut bytes = b"SUMCSRS\n".to_vec();
    bytes.extend_from_slice(&1u32.to_le_bytes());
    bytes.extend_from_slice(&28u32.to_le_bytes());
    bytes.resize(4096, 0);
    fs::write(&path, bytes).unwrap();
    let error = Srs::read(&path).unwrap_err();
    assert!(matches!(error, SrsError::Truncated { .. }), "{error}");
}

#[test]
fn errors_name_the_file_and_the_mend() {
    let dir = tempfile::tempdir().unwrap();
    let (_, path) = write(dir.path(), 2);
    let bytes = fs::read(&path).unwrap();
    let told = |bytes: &[u8], mend: &str| {
        fs::write(&path, bytes).unwrap();
        let message = Srs::read(&path).unwrap_err().to_string();
        assert!(message.contains(&path.display().to_string()), "{message}");
        assert!(message.contains(mend), "{message}");
    };
    told(b"ptau\x01\0\0\0", "sumcast params import");
    told(&bytes[..100], "make it again");
    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    told(&damaged, "powers 0 to 3");

    let missing = dir.path().join("missing.srs");
    for error in [
        Srs::read(&missing).unwrap_err(),
        Srs::read(dir.path()).unwrap_err(),
        Srs::import_ptau(&missing, None, &mut |_, _, _| ()).unwrap_err(),
    ] {
        assert!(matches!(error, SrsError::Io { .. }), "{error}");
    }
}

#[test]
fn a_write_that_fails_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let srs = Srs::development(2, &mut rand::rng());
    for path in [dir.path().join("no/such/dir.srs"), PathBuf::from("/")] {
        let error = srs.write(&path).unwrap_err();
        assert!(matches!(error, SrsError::Io { .. }), "{error}");
    }
    // A directory in the way: the rename fails, and the temporary file goes.
    let taken = dir.path().join("taken");
    fs::create_dir(&taken).unwrap();
    assert!(srs.write(&taken).is_err());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}
