//! The backend: what goes to the device, and what is done on the CPU in its place.

use crate::device::{Device, Fault};
use crate::factors::Resident;
use crate::layout::Base;
use crate::memory::{Buffer, Memory};
use crate::msm::{self, Bases};
use crate::vectors;
use ark_bn254::{Fr, G1Affine, G1Projective};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use sumcast_params::Srs;
use sumcast_prover::{Backend, Cpu, Factors, Local, Summand};

/// From which size on the device is asked. Not measured on a GPU.
#[derive(Clone, Copy, Debug)]
pub struct Least {
    /// Terms of a multi-scalar multiplication.
    pub terms: usize,
    /// Scalars of a vector that is folded, and cells of a lookup.
    pub scalars: usize,
    /// Cells that are combined.
    pub cells: usize,
}

impl Default for Least {
    fn default() -> Self {
        Self { terms: 1 << 12, scalars: 1 << 12, cells: 1 << 16 }
    }
}

/// Strings whose powers stay on the device.
const STRINGS: usize = 2;

/// What a backend has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that the device has answered.
    pub answered: u64,
    /// Calls that the CPU has answered because the memory of the device was in use.
    pub full: u64,
    /// Faults of the device: the first is the last, as it is not asked again.
    pub faults: u64,
}

/// A device that proofs share, and the CPU for what it does not do.
///
/// Each call brings what it needs to the device, and takes its share of the memory for as long as it runs. If there is not
/// enough, or if the device fails, the CPU answers the call. A device that has failed is not asked again.
#[derive(Debug)]
pub struct Cuda<D: Device> {
    memory: Arc<Memory<D>>,
    least: Least,
    /// What was used last comes last.
    strings: Mutex<Vec<Powers<D>>>,
    lost: AtomicBool,
    answered: AtomicU64,
    full: AtomicU64,
    faults: AtomicU64,
}

/// A string whose powers are on the device. As it is held here, its points keep their place in this machine's memory and
/// do not change, so they are known by where they are.
#[derive(Debug)]
struct Powers<D: Device> {
    srs: Srs,
    buffer: Arc<Buffer<D, Base>>,
}

impl<D: Device> Powers<D> {
    /// The place of these points in the string.
    fn find(&self, points: &[G1Affine]) -> Option<usize> {
        let (all, some) = (self.srs.g1().as_ptr_range(), points.as_ptr_range());
        let within = all.start <= some.start && some.end <= all.end;
        within.then(|| (some.start as usize - all.start as usize) / size_of::<G1Affine>())
    }
}

impl<D: Device> Cuda<D> {
    /// A backend that takes at most so many bytes of the device's memory.
    pub fn new(device: D, memory: u64, least: Least) -> Self {
        Self {
            memory: Memory::new(device, memory),
            least,
            strings: Mutex::default(),
            lost: AtomicBool::new(false),
            answered: AtomicU64::new(0),
            full: AtomicU64::new(0),
            faults: AtomicU64::new(0),
        }
    }

    /// What the backend has done.
    pub fn counts(&self) -> Counts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts { answered: count(&self.answered), full: count(&self.full), faults: count(&self.faults) }
    }

    /// The device.
    pub fn device(&self) -> &D {
        &self.memory.device
    }

    pub(crate) fn memory(&self) -> &Arc<Memory<D>> {
        &self.memory
    }

    pub(crate) fn least(&self) -> &Least {
        &self.least
    }

    /// Lets the device do something, if it is there and does.
    pub(crate) fn attempt<T>(&self, what: &str, work: impl FnOnce() -> Result<T, Fault>) -> Option<T> {
        if self.lost.load(Ordering::Relaxed) {
            return None;
        }
        let counter = match work() {
            Ok(done) => {
                self.answered.fetch_add(1, Ordering::Relaxed);
                return Some(done);
            }
            Err(Fault::Memory { asked }) => {
                tracing::debug!(what, asked, "no device memory is free: done on the CPU");
                &self.full
            }
            Err(Fault::Device(_)) if self.lost.swap(true, Ordering::Relaxed) => return None,
            Err(Fault::Device(error)) => {
                tracing::error!(
                    what,
                    error,
                    "the CUDA device has failed: from now on all is done on the CPU"
                );
                &self.faults
            }
        };
        counter.fetch_add(1, Ordering::Relaxed);
        None
    }

    fn strings(&self) -> std::sync::MutexGuard<'_, Vec<Powers<D>>> {
        // Whoever panicked has left a list of strings.
        self.strings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a multiplication over these bases, which are brought to the device unless they are there.
    fn with_bases<T>(
        &self,
        bases: &[G1Affine],
        work: impl FnOnce(&Bases<'_, D>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let known = {
            let mut strings = self.strings();
            let found = strings.iter().enumerate().find_map(|(i, powers)| Some((i, powers.find(bases)?)));
            found.map(|(i, from)| {
                strings[i..].rotate_left(1);
                (strings.last().map(|powers| Arc::clone(&powers.buffer)), from)
            })
        };
        if let Some((Some(buffer), from)) = known {
            return work(&Bases { buffer: &buffer, from });
        }
        let buffer = self.memory.filled::<Base>(bases)?;
        work(&Bases { buffer: &buffer, from: 0 })
    }

    fn is_small(&self, terms: usize) -> bool {
        terms < self.least.terms || terms > msm::MOST_TERMS
    }
}

impl<D: Device> Backend for Cuda<D> {
    fn msm(&self, bases: &[G1Affine], scalars: &[Fr]) -> G1Projective {
        assert!(scalars.len() <= bases.len(), "more scalars than bases");
        let bases = &bases[..scalars.len()];
        let work = || self.with_bases(bases, |bases| msm::of_scalars(&self.memory, bases, scalars));
        let done = if self.is_small(scalars.len()) { None } else { self.attempt("msm", work) };
        done.unwrap_or_else(|| Cpu.msm(bases, scalars))
    }

    fn msm_small(&self, bases: &[G1Affine], scalars: &[i64]) -> G1Projective {
        assert!(scalars.len() <= bases.len(), "more scalars than bases");
        let bases = &bases[..scalars.len()];
        let work = || self.with_bases(bases, |bases| msm::of_integers(&self.memory, bases, scalars));
        let done = if self.is_small(scalars.len()) { None } else { self.attempt("msm_small", work) };
        done.unwrap_or_else(|| Cpu.msm_small(bases, scalars))
    }

    fn msm_indexed(&self, bases: &[G1Affine], index: &[u32], table: &[Fr]) -> G1Projective {
        assert!(index.len() <= bases.len(), "more indices than bases");
        assert_within(index.iter().filter(|i| **i != u32::MAX), table);
        let bases = &bases[..index.len()];
        let work = || self.with_bases(bases, |bases| msm::of_indices(&self.memory, bases, index, table));
        let small = self.is_small(index.len()) || table.len() > msm::MOST_TERMS || table.is_empty();
        let done = if small { None } else { self.attempt("msm_indexed", work) };
        done.unwrap_or_else(|| Cpu.msm_indexed(bases, index, table))
    }

    fn combine(&self, cells: &[i64], width: usize, weights: &[Fr]) -> Vec<Fr> {
        if width == 1 {
            return vec![self.dot(weights, cells)];
        }
        let rows: Vec<&[i64]> = cells.chunks(width).collect();
        self.combine_rows(&rows, width, weights)
    }

    fn combine_rows(&self, rows: &[&[i64]], width: usize, weights: &[Fr]) -> Vec<Fr> {
        let count = rows.len().min(weights.len());
        let (rows, weights) = (&rows[..count], &weights[..count]);
        let work = || vectors::combine(&self.memory, rows, width, weights);
        let large = count > 0 && count * width >= self.least.cells;
        let done = if large { self.attempt("combine", work) } else { None };
        done.unwrap_or_else(|| Cpu.combine_rows(rows, width, weights))
    }

    fn dot(&self, weights: &[Fr], cells: &[i64]) -> Fr {
        let count = weights.len().min(cells.len());
        let (weights, cells) = (&weights[..count], &cells[..count]);
        let work = || vectors::dot(&self.memory, weights, cells);
        let large = count > 0 && count >= self.least.cells;
        let done = if large { self.attempt("dot", work) } else { None };
        done.unwrap_or_else(|| Cpu.dot(weights, cells))
    }

    /// Of vectors that are not held, which the CPU has worked on by the time that they were brought to the device.
    fn round(&self, summand: Summand, factors: &[&[Fr]], eq: Option<&[Fr]>, points: usize) -> Vec<Fr> {
        Cpu.round(summand, factors, eq, points)
    }

    /// As [`Self::round`].
    fn round_product(&self, a: &[Fr], b: &[Fr]) -> [Fr; 2] {
        Cpu.round_product(a, b)
    }

    /// As [`Self::round`].
    fn round_eq(&self, values: &[Fr], eq: &[Fr]) -> [Fr; 2] {
        Cpu.round_eq(values, eq)
    }

    /// As [`Self::round`].
    fn fold(&self, values: &mut Vec<Fr>, x: Fr) {
        Cpu.fold(values, x);
    }

    fn gather(&self, table: &[Fr], columns: &[Vec<u32>]) -> Vec<Fr> {
        let large = columns.first().is_some_and(|column| {
            !column.is_empty()
                && column.len() >= self.least.scalars
                && columns.iter().all(|c| c.len() == column.len())
        });
        columns.iter().for_each(|column| assert_within(column.iter(), table));
        let work = || vectors::gather(&self.memory, table, columns);
        let done = if large { self.attempt("gather", work) } else { None };
        done.unwrap_or_else(|| Cpu.gather(table, columns))
    }

    fn hold(&self, factors: Vec<Vec<Fr>>) -> Box<dyn Factors + '_> {
        match Resident::new(self, factors) {
            Ok(resident) => Box::new(resident),
            Err(factors) => Box::new(Local::new(&Cpu, factors)),
        }
    }

    fn prepare(&self, srs: &Srs) {
        let points = srs.g1();
        if self.is_small(points.len()) || self.strings().iter().any(|p| p.find(points).is_some()) {
            return;
        }
        // Strings may take half of the memory; the bases of others come with each call.
        let bytes = (size_of::<[u64; 8]>() * points.len()) as u64;
        let most = self.memory.limit() / 2;
        if bytes > most {
            return;
        }
        // What goes is gone before its successor comes.
        let room = |powers: &[Powers<D>]| {
            let taken: u64 = powers.iter().map(|p| (size_of::<[u64; 8]>() * p.buffer.len()) as u64).sum();
            powers.len() < STRINGS && taken + bytes <= most
        };
        {
            let mut strings = self.strings();
            while !strings.is_empty() && !room(&strings) {
                strings.remove(0);
            }
        }
        if let Some(buffer) = self.attempt("prepare", || self.memory.filled::<Base>(points)) {
            let mut strings = self.strings();
            if room(&strings) && strings.iter().all(|p| p.find(points).is_none()) {
                strings.push(Powers { srs: srs.clone(), buffer: Arc::new(buffer) });
            }
        }
    }
}

/// As the kernels do not look.
fn assert_within<'a>(mut index: impl Iterator<Item = &'a u32>, table: &[Fr]) {
    assert!(index.all(|i| (*i as usize) < table.len()), "an index is outside the table");
}
