//! The import of snarkjs powers-of-tau files.
//!
//! A `.ptau` is `ptau`, a version, a number of sections, and the sections, each a number, a length and
//! its bytes. Section 1 is the header, 2 is `[tau^i]_1` for `i < 2^(power+1) - 1`, 3 is `[tau^i]_2` for
//! `i < 2^power`. The other sections serve Groth16 and are not read. Of section 2 the string takes the
//! first `2^K` points, of section 3 those at 0 and at powers of two.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use ark_bn254::{Fq, G1Affine, G2Affine};
use ark_ff::{BigInteger, PrimeField};
use blake2::{Blake2b512, Digest};
use rayon::prelude::*;

use crate::ceremony;
use crate::check;
use crate::error::{Group, SectionFault, SrsError};
use crate::points::{self, G1_BYTES, G2_BYTES};
use crate::srs::{MAX_LOG_SIZE, Provenance, Srs, g2_count};

const MAGIC: &[u8; 4] = b"ptau";
const VERSION: u32 = 1;
/// Magic, version and number of sections.
const PRELUDE: u64 = 12;
/// A section's number and length.
const SECTION_HEADER: u64 = 12;
/// The header section: bytes of the prime, the prime, the power and the ceremony's power.
const HEADER_BYTES: u64 = 44;
/// Sections that the format knows: 1 to 7, and 12 to 15 once prepared for phase 2.
const LAST_SECTION: u32 = 15;
/// Bytes read at once.
const BLOCK: usize = 1 << 20;

/// What [`Srs::import_ptau`] is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Hashing the whole file; counts bytes.
    Hash,
    /// Reading the powers and checking that they are on the curve; counts G1 powers.
    Read,
    /// Checking by pairings that they are the powers of one `tau`; counts G1 powers.
    Check,
}

impl Srs {
    /// Imports the first `2^log_size` powers of a snarkjs `.ptau` file, or all `2^power` that its header
    /// announces. Everything that is kept is checked: each point to be on its curve and in its group,
    /// and by pairings that the points are the powers of one `tau` that is neither 0 nor 1. Whether the
    /// ceremony's contributors were honest no file can tell; a public ceremony's file is recognised by
    /// its hash.
    ///
    /// `progress` hears a stage, what is done of it and its total.
    ///
    /// # Errors
    /// [`SrsError::TooSmall`] if the file has fewer powers, [`SrsError::Io`], or what is wrong with the
    /// file.
    pub fn import_ptau(
        path: &Path,
        log_size: Option<u32>,
        progress: &mut dyn FnMut(Stage, u64, u64),
    ) -> Result<Self, SrsError> {
        let mut file = File::open(path).map_err(SrsError::io(path, "open"))?;
        Self::import_ptau_from(&mut file, path, log_size, progress)
    }

    /// Imports a `.ptau` that lies anywhere: in memory, say. Errors call it `path`.
    ///
    /// # Errors
    /// As [`Srs::import_ptau`].
    pub fn import_ptau_from(
        file: &mut (impl Read + Seek),
        path: &Path,
        log_size: Option<u32>,
        progress: &mut dyn FnMut(Stage, u64, u64),
    ) -> Result<Self, SrsError> {
        let layout = Layout::read(file, path)?;
        let asked = log_size.unwrap_or(layout.power);
        if asked > layout.power {
            return Err(SrsError::TooSmall { path: path.to_owned(), have: layout.power, asked });
        }
        // A single power could not be checked against [tau]_2: the second one is read with it.
        let kept = asked.max(1);
        let g2 = layout.read_g2(file, path, kept)?;
        let g1 = layout.read_g1(file, path, kept, progress)?;
        let total = g1.len() as u64;
        check::powers(&g1, &g2, &mut |done| progress(Stage::Check, done, total))
            .map_err(|check| SrsError::Inconsistent { path: path.to_owned(), check })?;
        let blake2b = hash(file, layout.bytes, progress).map_err(SrsError::io(path, "read"))?;
        let provenance = ceremony::recognise(&blake2b)
            .map_or(Provenance::Imported { blake2b }, |file| Provenance::Ceremony(file.name));
        Ok(Self::from_parts(asked, g1, g2, provenance))
    }
}

/// Where the powers lie in a file.
struct Layout {
    /// Bytes of the file.
    bytes: u64,
    /// Base-2 logarithm of its usable powers, in `1..=28`.
    power: u32,
    /// Offset of the G1 powers.
    g1: u64,
    /// Offset of the G2 powers.
    g2: u64,
}

impl Layout {
    /// Walks the sections and checks all lengths against the file's own.
    fn read(file: &mut (impl Read + Seek), path: &Path) -> Result<Self, SrsError> {
        let bytes = file.seek(SeekFrom::End(0)).map_err(SrsError::io(path, "read"))?;
        let truncated = |expected| SrsError::Truncated { path: path.to_owned(), expected, found: bytes };
        let magic = if bytes < 4 { [0; 4] } else { take(file, path, 0)? };
        if magic != *MAGIC {
            return Err(SrsError::NotPtau { path: path.to_owned() });
        }
        if bytes < PRELUDE {
            return Err(truncated(PRELUDE));
        }
        let version = u32::from_le_bytes(take(file, path, 4)?);
        if version != VERSION {
            return Err(SrsError::Version { path: path.to_owned(), found: version, known: VERSION });
        }
        let sections = u32::from_le_bytes(take(file, path, 8)?);

        let mut table = [None; LAST_SECTION as usize + 1];
        let mut at = PRELUDE;
        for _ in 0..sections {
            if bytes - at < SECTION_HEADER {
                return Err(truncated(at + SECTION_HEADER));
            }
            let section = u32::from_le_bytes(take(file, path, at)?);
            let length = u64::from_le_bytes(take(file, path, at + 4)?);
            at += SECTION_HEADER;
            if bytes - at < length {
                return Err(truncated(at.saturating_add(length)));
            }
            if let Some(entry) = table.get_mut(section as usize)
                && entry.replace((at, length)).is_some()
            {
                return Err(SrsError::Section {
                    path: path.to_owned(),
                    section,
                    fault: SectionFault::Repeated,
                });
            }
            at += length;
        }
        // What follows the last section is nobody's, and snarkjs leaves it unread too.

        let offset = |section: u32, expected: u64| {
            let fault = match table[section as usize] {
                Some((at, found)) if found == expected => return Ok(at),
                Some((_, found)) => SectionFault::Length { expected, found },
                None => SectionFault::Missing,
            };
            Err(SrsError::Section { path: path.to_owned(), section, fault })
        };
        // The header's length depends on the prime's, so that another curve's header is told first.
        let header = match table[1] {
            Some((at, length)) if length >= 4 => at,
            _ => offset(1, HEADER_BYTES)?,
        };
        let prime_bytes = u32::from_le_bytes(take(file, path, header)?);
        if prime_bytes != 32 {
            return Err(SrsError::WrongCurve { path: path.to_owned() });
        }
        offset(1, HEADER_BYTES)?;
        let prime: [u8; 32] = take(file, path, header + 4)?;
        if prime[..] != Fq::MODULUS.to_bytes_le() {
            return Err(SrsError::WrongCurve { path: path.to_owned() });
        }
        let power = u32::from_le_bytes(take(file, path, header + 36)?);
        let ceremony_power = u32::from_le_bytes(take(file, path, header + 40)?);
        if !(1..=MAX_LOG_SIZE).contains(&power) || ceremony_power < power {
            return Err(SrsError::Power { path: path.to_owned(), power, ceremony_power });
        }

        let (g1_point, g2_point) = (G1_BYTES as u64, G2_BYTES as u64);
        let g1 = offset(2, ((2 << power) - 1) * g1_point)?;
        let g2 = offset(3, g2_point << power)?;
        offset(4, g1_point << power)?;
        offset(5, g1_point << power)?;
        offset(6, g2_point)?;
        Ok(Self { bytes, power, g1, g2 })
    }

    /// `[1, tau, tau^2, tau^4, .., tau^(2^(log_size-1))]_2`.
    fn read_g2(
        &self,
        file: &mut (impl Read + Seek),
        path: &Path,
        log_size: u32,
    ) -> Result<Vec<G2Affine>, SrsError> {
        (0..g2_count(log_size))
            .map(|i| {
                let exponent = if i == 0 { 0 } else { 1u64 << (i - 1) };
                let bytes: [u8; G2_BYTES] = take(file, path, self.g2 + exponent * G2_BYTES as u64)?;
                points::decode_g2(&bytes).map_err(|fault| SrsError::Point {
                    path: path.to_owned(),
                    group: Group::G2,
                    exponent,
                    fault,
                })
            })
            .collect()
    }

    /// `[tau^i]_1` for `i` in `0..2^log_size`.
    fn read_g1(
        &self,
        file: &mut (impl Read + Seek),
        path: &Path,
        log_size: u32,
        progress: &mut dyn FnMut(Stage, u64, u64),
    ) -> Result<Vec<G1Affine>, SrsError> {
        let count = 1usize << log_size;
        file.seek(SeekFrom::Start(self.g1)).map_err(SrsError::io(path, "read"))?;
        let mut points = Vec::with_capacity(count);
        let mut buffer = vec![0; BLOCK.min(count * G1_BYTES)];
        while points.len() < count {
            let first = points.len();
            let bytes = &mut buffer[..BLOCK.min((count - first) * G1_BYTES)];
            file.read_exact(bytes).map_err(SrsError::io(path, "read"))?;
            let part = bytes.len().div_ceil(G1_BYTES).div_ceil(rayon::current_num_threads());
            let parts: Vec<_> = bytes
                .par_chunks(part * G1_BYTES)
                .enumerate()
                .map(|(i, bytes)| points::decode_g1s(path, (first + i * part) as u64, bytes))
                .collect::<Result<_, _>>()?;
            points.extend(parts.iter().flatten());
            progress(Stage::Read, points.len() as u64, count as u64);
        }
        Ok(points)
    }
}

/// The `N` bytes at an offset.
fn take<const N: usize>(file: &mut (impl Read + Seek), path: &Path, at: u64) -> Result<[u8; N], SrsError> {
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(at))
        .and_then(|_| file.read_exact(&mut bytes))
        .map_err(SrsError::io(path, "read"))?;
    Ok(bytes)
}

/// Blake2b-512 of the whole file.
fn hash(
    file: &mut (impl Read + Seek),
    total: u64,
    progress: &mut dyn FnMut(Stage, u64, u64),
) -> io::Result<[u8; 64]> {
    file.rewind()?;
    let mut hasher = Blake2b512::new();
    let mut buffer = vec![0; BLOCK];
    let mut done = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(&buffer[..read]);
        done += read as u64;
        progress(Stage::Hash, done, total);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_read_in_order_over_several_blocks() {
        let log_size = 15;
        let srs = Srs::development(log_size, &mut rand::rng());
        let mut bytes = vec![0; 5];
        for point in srs.g1() {
            points::encode_g1(point, &mut bytes);
        }
        assert!(bytes.len() > 2 * BLOCK);
        let layout = Layout { bytes: bytes.len() as u64, power: log_size, g1: 5, g2: 0 };
        let read = |bytes: &[u8]| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("g1");
            std::fs::write(&path, bytes).unwrap();
            let mut file = File::open(&path).unwrap();
            layout.read_g1(&mut file, &path, log_size, &mut |_, _, _| ())
        };
        assert!(read(&bytes).unwrap() == srs.g1());

        for exponent in [0, (1 << 14) - 1, 1 << 14, 20_001, (1 << 15) - 1] {
            let mut bad = bytes.clone();
            bad[5 + exponent * G1_BYTES] ^= 1;
            match read(&bad).unwrap_err() {
                SrsError::Point { exponent: told, .. } => assert_eq!(told, exponent as u64),
                other => panic!("{other}"),
            }
        }
    }
}
