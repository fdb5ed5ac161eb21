//! What the fuzz targets share: the memory limit, and the repair of digests.

#![forbid(unsafe_code)]

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use peak_alloc::PeakAlloc;

/// Counts every byte the targets allocate, so that a limit holds to the byte and not only for what is touched.
#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// What any target may hold whatever its input: error sentences, read buffers, the tables of a small model.
const FREE_BYTES: usize = 64 << 10;

/// A bound on memory: so many bytes, and so many more for each byte of input.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Bytes for each byte of input.
    pub per_byte: usize,
    /// Bytes that do not depend on the input, on top of 64 KiB.
    pub fixed: usize,
}

impl Memory {
    /// Runs `work` on an input of `len` bytes.
    ///
    /// # Panics
    /// When at any moment it holds more than the bound.
    pub fn bound<T>(self, len: usize, work: impl FnOnce() -> T) -> T {
        ALLOCATED.reset_peak_usage();
        let before = ALLOCATED.current_usage();
        let out = work();
        let used = ALLOCATED.peak_usage().saturating_sub(before);
        let allowed = FREE_BYTES + self.fixed + self.per_byte * len;
        assert!(used <= allowed, "{used} bytes were held for {len} bytes of input; {allowed} are allowed");
        out
    }
}

/// Makes the digests of a parameter file fit what they are of, where its layout is intact (`params/src/file.rs` has
/// it): no mutation would get past them otherwise, and behind them are the points.
pub fn repair_srs(bytes: &mut [u8]) {
    const POINTS_OF_A_CHUNK: usize = 1 << 12;
    let Some(log_size) = bytes.get(12..16).map(|b| u32::from_le_bytes(std::array::from_fn(|i| b[i]))) else {
        return;
    };
    if log_size > 16 {
        return;
    }
    let powers = 1usize << log_size;
    let digests_at = 16 + 68 + 128 * (1 + log_size.max(1) as usize);
    let own_at = digests_at + 32 * powers.div_ceil(POINTS_OF_A_CHUNK);
    let Some((head, g1)) = bytes.split_at_mut_checked(own_at + 32) else { return };
    let digest = |bytes: &[u8]| Blake2b::<U32>::digest(bytes);
    for (slot, chunk) in head[digests_at..own_at].chunks_mut(32).zip(g1.chunks(64 * POINTS_OF_A_CHUNK)) {
        slot.copy_from_slice(&digest(chunk));
    }
    let (covered, own) = head.split_at_mut(own_at);
    own.copy_from_slice(&digest(covered));
}
