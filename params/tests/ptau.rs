//! Import of files that snarkjs made, and of damaged copies of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use sumcast_params::{Group, PointFault, PowersCheck, Provenance, SectionFault, Srs, SrsError, Stage};

/// Bytes of a point.
const G1: usize = 64;
const G2: usize = 128;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn quiet(_: Stage, _: u64, _: u64) {}

/// A `.ptau` in memory, with the offsets of its sections' bytes.
struct Ptau {
    bytes: Vec<u8>,
    sections: BTreeMap<u32, (usize, usize)>,
}

impl Ptau {
    fn load(name: &str) -> Self {
        let bytes = fs::read(data(name)).unwrap();
        let mut sections = BTreeMap::new();
        let mut at = 12;
        while at < bytes.len() {
            let id = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            let length = u64::from_le_bytes(bytes[at + 4..at + 12].try_into().unwrap());
            sections.insert(id, (at + 12, length as usize));
            at += 12 + length as usize;
        }
        Self { bytes, sections }
    }

    fn offset(&self, section: u32) -> usize {
        self.sections[&section].0
    }

    /// The bytes of the `i`-th point of a section.
    fn point(&mut self, section: u32, size: usize, i: usize) -> &mut [u8] {
        let at = self.offset(section) + size * i;
        &mut self.bytes[at..at + size]
    }

    /// Copies the `from`-th point of a section over the `to`-th.
    fn copy(&mut self, section: u32, size: usize, from: usize, to: usize) {
        let source = self.point(section, size, from).to_vec();
        self.point(section, size, to).copy_from_slice(&source);
    }

    fn set_word(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    fn import(&self, log_size: Option<u32>) -> Result<Srs, SrsError> {
        import(&self.bytes, log_size)
    }
}

fn import(bytes: &[u8], log_size: Option<u32>) -> Result<Srs, SrsError> {
    Srs::import_ptau_from(&mut Cursor::new(bytes), Path::new("a.ptau"), log_size, &mut quiet)
}

/// A power-7 file with one edit, imported whole.
fn edited(edit: impl FnOnce(&mut Ptau)) -> Result<Srs, SrsError> {
    let mut ptau = Ptau::load("power7.ptau");
    edit(&mut ptau);
    ptau.import(None)
}

fn failed_check(result: Result<Srs, SrsError>) -> PowersCheck {
    match result {
        Err(SrsError::Inconsistent { check, .. }) => check,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_real_file_is_imported_at_every_size() {
    let whole = Srs::import_ptau(&data("power7.ptau"), None, &mut quiet).unwrap();
    assert_eq!(whole.log_size(), 7);
    assert!(!whole.is_insecure());
    assert_eq!(whole.tau_g2(7), None);
    assert!(whole.tau_g2(6).is_some());
    assert_eq!(whole.check_powers(&mut |_, _| ()), Ok(()));
    for log_size in 0..=7 {
        let part = Srs::import_ptau(&data("power7.ptau"), Some(log_size), &mut quiet).unwrap();
        assert_eq!(part.log_size(), log_size);
        assert_eq!(part.g1(), &whole.g1()[..1 << log_size]);
        assert_eq!(part.tau_g2(0), whole.tau_g2(0));
        assert_eq!(part.id(), whole.id());
    }
    for asked in [8, 28, u32::MAX] {
        let error = Srs::import_ptau(&data("power7.ptau"), Some(asked), &mut quiet).unwrap_err();
        assert!(matches!(error, SrsError::TooSmall { have: 7, .. }), "{error}");
    }
}

#[test]
fn a_prepared_and_truncated_file_is_the_same_string() {
    let large = Srs::import_ptau(&data("power7.ptau"), None, &mut quiet).unwrap();
    let small = Srs::import_ptau(&data("power4-prepared.ptau"), None, &mut quiet).unwrap();
    assert_eq!(small.log_size(), 4);
    assert_eq!(small.id(), large.id());
    assert_eq!(small.g1(), &large.g1()[..16]);
    assert_ne!(small.provenance(), large.provenance());
}

#[test]
fn the_file_hash_is_kept_through_our_own_file() {
    let srs = Srs::import_ptau(&data("power7.ptau"), Some(5), &mut quiet).unwrap();
    let Provenance::Imported { blake2b } = *srs.provenance() else {
        panic!("{:?}", srs.provenance());
    };
    // As `b2sum` prints it.
    let hex: String = blake2b.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "13ecab705550e058179774b91659b7e9bc80d385f8c83dbf36bd905a7d0f7958\
         19be33f80ede89160169f78ac5478a88bfc5ee9d7d8d1a59d8dba15003f662af"
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.srs");
    srs.write(&path).unwrap();
    let read = Srs::read(&path).unwrap();
    assert_eq!(read.provenance(), srs.provenance());
    assert_eq!(read.g1(), srs.g1());
    assert_eq!(read.id(), srs.id());
}

#[test]
fn progress_reaches_each_total() {
    let mut last = BTreeMap::new();
    Srs::import_ptau(&data("power7.ptau"), None, &mut |stage, done, total| {
        assert!(done <= total);
        last.insert(format!("{stage:?}"), (done, total));
    })
    .unwrap();
    assert_eq!(last.len(), 3);
    assert!(last.values().all(|(done, total)| done == total), "{last:?}");
    assert_eq!(last["Read"].1, 128);
    assert_eq!(last["Hash"].1, fs::metadata(data("power7.ptau")).unwrap().len());
}

#[test]
fn files_of_another_kind() {
    for bytes in [&b""[..], b"pta", b"SUMCSRS\n\x01\0\0\0", b"zkey\x01\0\0\0"] {
        let error = import(bytes, None).unwrap_err();
        assert!(matches!(error, SrsError::NotPtau { .. }), "{error}");
    }
    let error = edited(|ptau| ptau.set_word(4, 2)).unwrap_err();
    assert!(matches!(error, SrsError::Version { found: 2, .. }), "{error}");
}

#[test]
fn truncation_at_every_section_boundary_and_between() {
    let ptau = Ptau::load("power7.ptau");
    let mut cuts: Vec<usize> = vec![4, 5, 11, 12];
    for &(at, length) in ptau.sections.values() {
        cuts.extend([at - 12, at - 8, at - 1, at, at + 1, at + length / 2]);
        cuts.extend([at + length - 1, at + length]);
    }
    cuts.extend((4..ptau.bytes.len()).step_by(997));
    for cut in cuts.into_iter().filter(|&cut| cut < ptau.bytes.len()) {
        let error = import(&ptau.bytes[..cut], None).unwrap_err();
        match error {
            SrsError::Truncated { expected, found, .. } => {
                assert_eq!(found, cut as u64);
                assert!(expected > found);
            }
            other => panic!("{cut}: {other}"),
        }
    }
    assert!(edited(|ptau| ptau.bytes.push(0)).is_ok(), "bytes after the last section");
}

#[test]
fn another_curve() {
    let prime = edited(|ptau| {
        let at = ptau.offset(1);
        ptau.bytes[at + 4] ^= 2;
    });
    let width = edited(|ptau| {
        let at = ptau.offset(1);
        ptau.set_word(at, 48);
    });
    for error in [prime.unwrap_err(), width.unwrap_err()] {
        assert!(matches!(error, SrsError::WrongCurve { .. }), "{error}");
    }
}

#[test]
fn sections_that_do_not_fit_the_header() {
    let power = |power| {
        edited(|ptau| {
            let at = ptau.offset(1);
            ptau.set_word(at + 36, power);
            ptau.set_word(at + 40, power.max(7));
        })
        .unwrap_err()
    };
    for out_of_range in [0, 29, 32, 64, u32::MAX] {
        let error = power(out_of_range);
        assert!(matches!(error, SrsError::Power { .. }), "{error}");
    }
    for other in [1, 6, 8, 28] {
        let error = power(other);
        let SrsError::Section { section: 2, fault: SectionFault::Length { .. }, .. } = error else {
            panic!("{error}");
        };
    }
    let error = edited(|ptau| {
        let at = ptau.offset(1);
        ptau.set_word(at + 40, 6);
    })
    .unwrap_err();
    assert!(matches!(error, SrsError::Power { ceremony_power: 6, .. }), "{error}");

    for section in 1..=6 {
        let error = edited(|ptau| {
            let at = ptau.offset(section);
            ptau.set_word(at - 12, 99);
        })
        .unwrap_err();
        match error {
            SrsError::Section { section: named, fault, .. } => {
                assert_eq!((named, fault), (section, SectionFault::Missing));
            }
            other => panic!("{other}"),
        }
    }
    let error = edited(|ptau| {
        let at = ptau.offset(3);
        ptau.set_word(at - 12, 2);
    })
    .unwrap_err();
    let SrsError::Section { section: 2, fault: SectionFault::Repeated, .. } = error else {
        panic!("{error}");
    };
    assert!(edited(|ptau| ptau.set_word(8, 6)).is_ok(), "without contributions");
    let error = edited(|ptau| ptau.set_word(8, 2)).unwrap_err();
    assert!(matches!(error, SrsError::Section { section: 3, .. }), "{error}");
    let error = edited(|ptau| ptau.set_word(8, u32::MAX)).unwrap_err();
    assert!(matches!(error, SrsError::Truncated { .. }), "{error}");
}

#[test]
fn points_that_are_none() {
    type Edit = fn(&mut [u8]);
    let cases: [(Edit, PointFault); 3] = [
        (|point| point[0] ^= 1, PointFault::NotOnCurve),
        (|point| point[31] = 0xff, PointFault::NotReduced),
        (|point| point.fill(0), PointFault::Infinity),
    ];
    for (edit, expected) in cases {
        for (section, size, group, i) in [(2, G1, Group::G1, 100), (3, G2, Group::G2, 32)] {
            match edited(|ptau| edit(ptau.point(section, size, i))).unwrap_err() {
                SrsError::Point { group: g, exponent, fault, .. } => {
                    assert_eq!((g, exponent, fault), (group, i as u64, expected));
                }
                other => panic!("{other}"),
            }
        }
    }
}

#[test]
fn points_that_are_not_the_powers_of_one_tau() {
    let swapped = edited(|ptau| {
        let kept = ptau.point(2, G1, 40).to_vec();
        ptau.copy(2, G1, 41, 40);
        ptau.point(2, G1, 41).copy_from_slice(&kept);
    });
    assert_eq!(failed_check(swapped), PowersCheck::G1Powers);
    for i in [1, 2, 64, 126, 127] {
        let replaced = edited(|ptau| ptau.copy(2, G1, 5, i));
        assert_eq!(failed_check(replaced), PowersCheck::G1Powers, "{i}");
    }
    assert_eq!(failed_check(edited(|ptau| ptau.copy(2, G1, 1, 0))), PowersCheck::G1Generator);
    assert_eq!(failed_check(edited(|ptau| ptau.copy(2, G1, 0, 1))), PowersCheck::TauIsOne);

    assert_eq!(failed_check(edited(|ptau| ptau.copy(3, G2, 1, 0))), PowersCheck::G2Generator);
    assert_eq!(failed_check(edited(|ptau| ptau.copy(3, G2, 3, 1))), PowersCheck::G1Powers);
    for k in 1..7 {
        let replaced = edited(|ptau| ptau.copy(3, G2, 3, 1 << k));
        assert_eq!(failed_check(replaced), PowersCheck::G2Powers, "{k}");
    }

    // G1 powers of another file's tau, each of them right by itself.
    let other = Srs::development(7, &mut rand::rng());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("other.srs");
    other.write(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let mixed = edited(|ptau| {
        let at = ptau.offset(2);
        ptau.bytes[at..at + G1 * 128].copy_from_slice(&bytes[bytes.len() - G1 * 128..]);
    });
    assert_eq!(failed_check(mixed), PowersCheck::G1Powers);
}

#[test]
fn a_file_without_contributions() {
    let result = Srs::import_ptau(&data("power2-new.ptau"), None, &mut quiet);
    assert_eq!(failed_check(result), PowersCheck::TauIsOne);
}

#[test]
fn only_what_is_kept_is_read() {
    let mut ptau = Ptau::load("power7.ptau");
    ptau.point(2, G1, 16).fill(0xff);
    ptau.point(3, G2, 16).fill(0xff);
    ptau.point(3, G2, 3).fill(0xff);
    assert!(ptau.import(Some(4)).is_ok());
    assert!(ptau.import(Some(5)).is_err());
}

#[test]
fn no_altered_byte_panics_and_none_that_is_kept_passes() {
    let ptau = Ptau::load("power7.ptau");
    let contributions = ptau.offset(7);
    // A stride that is prime to the sizes of points meets every part of the file.
    for at in (0..ptau.bytes.len()).step_by(419) {
        let mut bytes = ptau.bytes.clone();
        bytes[at] ^= 0x10;
        let kept_g1 = (ptau.offset(2)..ptau.offset(2) + G1 * 128).contains(&at);
        let result = import(&bytes, None);
        if at < ptau.offset(2) || kept_g1 {
            assert!(result.is_err(), "{at}");
        } else if at >= contributions {
            assert!(result.is_ok(), "{at}");
        }
    }
}
