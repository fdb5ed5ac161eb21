//! The parameter file.
//!
//! All integers are little-endian, points are as in `points.rs`, digests are Blake2b-256:
//!
//! | bytes | content |
//! |---|---|
//! | 8 | magic `SUMCSRS\n` |
//! | 4 | format version |
//! | 4 | `K`, in `0..=28` |
//! | 4 | provenance: 0 development, 1 ceremony, 2 imported |
//! | 64 | Blake2b-512 of the `.ptau` it was imported from, or zeros |
//! | 128 × (1 + max(K, 1)) | `[1]_2`, `[tau]_2`, `[tau^2]_2`, `[tau^4]_2`, .. |
//! | 32 × chunks | the digest of each chunk of `2^12` G1 points |
//! | 32 | the digest of all of the above |
//! | 64 × 2^K | the G1 points |
//!
//! A prefix is read and checked from the head and its own chunks, whatever the size of the file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use ark_bn254::{G1Affine, G2Affine};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use rayon::prelude::*;

use crate::atomic::AtomicFile;
use crate::ceremony;
use crate::check;
use crate::error::{Group, Part, SrsError};
use crate::points::{self, G1_BYTES, G2_BYTES};
use crate::srs::{MAX_LOG_SIZE, Provenance, Srs, g2_count, identity};

const MAGIC: &[u8; 8] = b"SUMCSRS\n";
const VERSION: u32 = 1;
const DIGEST_BYTES: usize = 32;
/// G1 points under one digest: a prefix costs at most this many points more than it has.
const CHUNK: usize = 1 << 12;
/// Chunks read before they are decoded on all cores.
const CHUNKS_AT_ONCE: usize = 16;
/// Bytes up to and with the size field, which is what the rest of the layout depends on.
const PRELUDE: usize = 16;
/// Bytes of the provenance.
const PROVENANCE: usize = 4 + 64;

/// What a parameter file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    /// Base-2 logarithm `K` of the number of G1 powers, in `0..=28`.
    pub log_size: u32,
    /// Where the string comes from.
    pub provenance: Provenance,
    /// Identity of the string, as [`Srs::id`].
    pub id: [u8; 32],
    /// Digest over the header and the digests of all powers: it names the file's content.
    pub digest: [u8; 32],
}

/// The header, its digest checked.
struct Head {
    info: Info,
    g2: Vec<G2Affine>,
    chunk_digests: Vec<[u8; DIGEST_BYTES]>,
}

fn digest(bytes: &[u8]) -> [u8; DIGEST_BYTES] {
    Blake2b::<U32>::digest(bytes).into()
}

/// Chunks that hold `2^log_size` powers.
fn chunk_count(log_size: u32) -> usize {
    (1usize << log_size).div_ceil(CHUNK)
}

/// Bytes before the G1 points.
fn head_bytes(log_size: u32) -> usize {
    PRELUDE + PROVENANCE + G2_BYTES * g2_count(log_size) + DIGEST_BYTES * (chunk_count(log_size) + 1)
}

impl Srs {
    /// Writes the string to `path`, which holds either what it held before or all of the string.
    ///
    /// # Errors
    /// [`SrsError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), SrsError> {
        self.stage(path)?.replace().map_err(SrsError::io(path, "write"))
    }

    /// Writes the string under a temporary name next to `path`.
    pub(crate) fn stage(&self, path: &Path) -> Result<AtomicFile, SrsError> {
        let put = || -> io::Result<AtomicFile> {
            let mut file = AtomicFile::create(path)?;
            file.write_all(&self.encode_head())?;
            for chunk in self.g1().chunks(CHUNK) {
                file.write_all(&encode_chunk(chunk))?;
            }
            Ok(file)
        };
        put().map_err(SrsError::io(path, "write"))
    }

    fn encode_head(&self) -> Vec<u8> {
        let mut head = Vec::with_capacity(head_bytes(self.log_size()));
        head.extend_from_slice(MAGIC);
        head.extend_from_slice(&VERSION.to_le_bytes());
        head.extend_from_slice(&self.log_size().to_le_bytes());
        let (kind, source) = match *self.provenance() {
            Provenance::Development => (0u32, [0; 64]),
            Provenance::Ceremony(name) => (1, ceremony::hash_of(name).unwrap_or([0; 64])),
            Provenance::Imported { blake2b } => (2, blake2b),
        };
        head.extend_from_slice(&kind.to_le_bytes());
        head.extend_from_slice(&source);
        points::encode_g2(&self.g2(), &mut head);
        for point in self.tau_powers_g2() {
            points::encode_g2(point, &mut head);
        }
        let digests: Vec<_> = self.g1().par_chunks(CHUNK).map(|chunk| digest(&encode_chunk(chunk))).collect();
        head.extend(digests.iter().flatten());
        let all = digest(&head);
        head.extend_from_slice(&all);
        head
    }

    /// Loads a parameter file, with its digests, the range of its coordinates and the curve equation
    /// checked. The powers are not checked against each other: [`Srs::check_powers`] does that.
    ///
    /// # Errors
    /// [`SrsError::Io`], or what is wrong with the file.
    pub fn read(path: &Path) -> Result<Self, SrsError> {
        Self::read_up_to(path, None)
    }

    /// Loads the first `2^log_size` powers of a parameter file: reads and checks its head, and of the
    /// powers only the chunks of `2^12` that hold the prefix.
    ///
    /// # Errors
    /// [`SrsError::TooSmall`] if the file has fewer powers, [`SrsError::Io`], or what is wrong with the
    /// file.
    pub fn read_prefix(path: &Path, log_size: u32) -> Result<Self, SrsError> {
        Self::read_up_to(path, Some(log_size))
    }

    fn read_up_to(path: &Path, log_size: Option<u32>) -> Result<Self, SrsError> {
        let mut file = File::open(path).map_err(SrsError::io(path, "open"))?;
        Self::read_from(&mut file, path, log_size)
    }

    /// Loads the first `2^log_size` powers, or all, of a parameter file that lies anywhere: in memory, say. Errors
    /// call it `path`. What [`Srs::read`] and [`Srs::read_prefix`] check is checked, and as little is allocated.
    ///
    /// # Errors
    /// As [`Srs::read_prefix`].
    pub fn read_from(
        file: &mut (impl Read + Seek),
        path: &Path,
        log_size: Option<u32>,
    ) -> Result<Self, SrsError> {
        let Head { info, mut g2, chunk_digests } = read_head(file, path)?;
        let asked = log_size.unwrap_or(info.log_size);
        if asked > info.log_size {
            return Err(SrsError::TooSmall { path: path.to_owned(), have: info.log_size, asked });
        }

        let mut remaining = (1usize << info.log_size).min(chunk_count(asked) * CHUNK);
        let mut g1 = Vec::with_capacity(remaining);
        let mut buffer = vec![0; G1_BYTES * remaining.min(CHUNK * CHUNKS_AT_ONCE)];
        for (block, digests) in chunk_digests[..chunk_count(asked)].chunks(CHUNKS_AT_ONCE).enumerate() {
            let count = remaining.min(CHUNK * CHUNKS_AT_ONCE);
            remaining -= count;
            let bytes = &mut buffer[..G1_BYTES * count];
            file.read_exact(bytes).map_err(SrsError::io(path, "read"))?;
            let first = block * CHUNKS_AT_ONCE * CHUNK;
            let chunks: Vec<_> = bytes
                .par_chunks(G1_BYTES * CHUNK)
                .zip(digests)
                .enumerate()
                .map(|(i, (bytes, digest))| decode_chunk(path, first + i * CHUNK, bytes, digest))
                .collect::<Result<_, _>>()?;
            g1.extend(chunks.iter().flatten());
        }
        g1.truncate(1 << asked);
        check::generators(&g1, &g2).map_err(|check| damaged(path, Part::Check(check)))?;
        g2.truncate(g2_count(asked));
        Ok(Self::from_parts(asked, g1, g2, info.provenance))
    }

    /// What a parameter file says of itself: reads and checks its head, and none of its powers but the
    /// G2 ones.
    ///
    /// # Errors
    /// [`SrsError::Io`], or what is wrong with the head or the file's length.
    pub fn info(path: &Path) -> Result<Info, SrsError> {
        let mut file = File::open(path).map_err(SrsError::io(path, "open"))?;
        Ok(read_head(&mut file, path)?.info)
    }
}

fn damaged(path: &Path, part: Part) -> SrsError {
    SrsError::Damaged { path: path.to_owned(), part }
}

fn encode_chunk(chunk: &[G1Affine]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(G1_BYTES * chunk.len());
    for point in chunk {
        points::encode_g1(point, &mut bytes);
    }
    bytes
}

fn decode_chunk(
    path: &Path,
    first: usize,
    bytes: &[u8],
    expected: &[u8; DIGEST_BYTES],
) -> Result<Vec<G1Affine>, SrsError> {
    if digest(bytes) != *expected {
        return Err(damaged(
            path,
            Part::Powers { first: first as u64, last: (first + bytes.len() / G1_BYTES - 1) as u64 },
        ));
    }
    points::decode_g1s(path, first as u64, bytes)
}

/// Reads and checks all that is before the G1 points, and the length of the file. Nothing is allocated
/// before the length is known to be the one that the size field gives.
fn read_head(file: &mut (impl Read + Seek), path: &Path) -> Result<Head, SrsError> {
    let found = file
        .seek(SeekFrom::End(0))
        .and_then(|end| file.rewind().map(|()| end))
        .map_err(SrsError::io(path, "read"))?;
    let mut prelude = [0; PRELUDE];
    let there = PRELUDE.min(usize::try_from(found).unwrap_or(PRELUDE));
    file.read_exact(&mut prelude[..there]).map_err(SrsError::io(path, "read"))?;
    if there == 0 || !prelude[..there].starts_with(&MAGIC[..MAGIC.len().min(there)]) {
        return Err(SrsError::NotSrs { path: path.to_owned() });
    }
    let truncated = |expected| SrsError::Truncated { path: path.to_owned(), expected, found };
    if there < PRELUDE {
        return Err(truncated(PRELUDE as u64));
    }
    let word = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| prelude[at + i]));
    let (version, log_size) = (word(8), word(12));
    if version != VERSION {
        return Err(SrsError::Version { path: path.to_owned(), found: version, known: VERSION });
    }
    if log_size > MAX_LOG_SIZE {
        return Err(damaged(path, Part::LogSize(log_size)));
    }
    let expected = head_bytes(log_size) as u64 + ((G1_BYTES as u64) << log_size);
    if found < expected {
        return Err(truncated(expected));
    }
    if found > expected {
        return Err(SrsError::TrailingBytes { path: path.to_owned(), expected, found });
    }

    let mut head = vec![0; head_bytes(log_size)];
    head[..PRELUDE].copy_from_slice(&prelude);
    file.read_exact(&mut head[PRELUDE..]).map_err(SrsError::io(path, "read"))?;
    decode_head(path, log_size, &head)
}

/// Decodes a head of the right length for `log_size`.
fn decode_head(path: &Path, log_size: u32, head: &[u8]) -> Result<Head, SrsError> {
    let (covered, own) = head.split_at(head.len() - DIGEST_BYTES);
    let all = digest(covered);
    if all != *own {
        return Err(damaged(path, Part::Head));
    }

    let (provenance, rest) = covered[PRELUDE..].split_at(PROVENANCE);
    let kind = u32::from_le_bytes(std::array::from_fn(|i| provenance[i]));
    let blake2b: [u8; 64] = std::array::from_fn(|i| provenance[4 + i]);
    let provenance = match kind {
        0 => Provenance::Development,
        // A release that knows fewer ceremony files still knows the hash.
        1 => ceremony::recognise(&blake2b)
            .map_or(Provenance::Imported { blake2b }, |file| Provenance::Ceremony(file.name)),
        2 => Provenance::Imported { blake2b },
        _ => return Err(damaged(path, Part::Provenance)),
    };

    let (g2, digests) = rest.split_at(G2_BYTES * g2_count(log_size));
    let g2 = g2
        .par_chunks_exact(G2_BYTES)
        .enumerate()
        .map(|(i, bytes)| {
            points::decode_g2(bytes).map_err(|fault| SrsError::Point {
                path: path.to_owned(),
                group: Group::G2,
                exponent: if i == 0 { 0 } else { 1 << (i - 1) },
                fault,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let chunk_digests =
        digests.chunks_exact(DIGEST_BYTES).map(|digest| std::array::from_fn(|i| digest[i])).collect();
    Ok(Head {
        info: Info {
            log_size,
            provenance,
            id: identity(&ark_ec::AffineRepr::generator(), &g2[0], &g2[1]),
            digest: all,
        },
        g2,
        chunk_digests,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::PointFault;

    /// Writes `srs` with an edit of its bytes, all digests made to fit.
    fn forged(srs: &Srs, edit: impl FnOnce(&mut [u8])) -> Result<Srs, SrsError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("forged.srs");
        srs.write(&path).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        edit(&mut bytes);
        let (head, g1) = bytes.split_at_mut(head_bytes(srs.log_size()));
        let (covered, all) = head.split_at_mut(head.len() - DIGEST_BYTES);
        let chunk_at = covered.len() - DIGEST_BYTES;
        covered[chunk_at..].copy_from_slice(&digest(g1));
        all.copy_from_slice(&digest(covered));
        std::fs::write(&path, &bytes).unwrap();
        Srs::read(&path)
    }

    #[test]
    fn digests_are_no_pass_for_points_that_are_none() {
        let srs = Srs::development(3, &mut rand::rng());
        assert!(forged(&srs, |_| ()).is_ok());
        let g1 = head_bytes(3);
        let cases: [(usize, usize, u8, PointFault); 3] = [
            (g1 + 5 * G1_BYTES, 1, 0xaa, PointFault::NotOnCurve),
            (g1 + 5 * G1_BYTES, 32, 0xff, PointFault::NotReduced),
            (g1 + 5 * G1_BYTES, G1_BYTES, 0, PointFault::Infinity),
        ];
        for (at, length, value, expected) in cases {
            match forged(&srs, |bytes| bytes[at..at + length].fill(value)) {
                Err(SrsError::Point { group: Group::G1, exponent: 5, fault, .. }) => {
                    assert_eq!(fault, expected);
                }
                other => panic!("{other:?}"),
            }
        }
        let tau_g2 = PRELUDE + PROVENANCE + G2_BYTES;
        match forged(&srs, |bytes| bytes[tau_g2..tau_g2 + G2_BYTES].fill(1)) {
            Err(SrsError::Point { group: Group::G2, exponent: 1, fault, .. }) => {
                assert_eq!(fault, PointFault::NotOnCurve);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn digests_are_no_pass_for_a_wrong_generator_or_provenance() {
        let srs = Srs::development(3, &mut rand::rng());
        let g1 = head_bytes(3);
        let part = |result: Result<Srs, SrsError>| match result {
            Err(SrsError::Damaged { part, .. }) => part,
            other => panic!("{other:?}"),
        };
        let shifted = forged(&srs, |bytes| bytes.copy_within(g1 + G1_BYTES..g1 + 2 * G1_BYTES, g1));
        assert_eq!(part(shifted), Part::Check(check::PowersCheck::G1Generator));
        let trivial = forged(&srs, |bytes| bytes.copy_within(g1..g1 + G1_BYTES, g1 + G1_BYTES));
        assert_eq!(part(trivial), Part::Check(check::PowersCheck::TauIsOne));
        let kind = forged(&srs, |bytes| bytes[PRELUDE] = 3);
        assert_eq!(part(kind), Part::Provenance);
    }

    #[test]
    fn a_ceremony_is_named_again_after_reading() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.srs");
        let known = &ceremony::CEREMONY_FILES[6];
        let made = Srs::development(2, &mut rand::rng());
        let g2 = [made.g2()].iter().chain(made.tau_powers_g2()).copied().collect();
        let named = Provenance::Ceremony(known.name);
        Srs::from_parts(2, made.g1().to_vec(), g2, named).write(&path).unwrap();
        let read = Srs::read(&path).unwrap();
        assert_eq!(*read.provenance(), named);
        assert!(!read.is_insecure());
        assert_eq!(Srs::info(&path).unwrap().provenance, named);
    }
}
