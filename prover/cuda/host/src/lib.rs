//! The kernels of `sumcast-cuda` on the CPU: the same sources, compiled by a C++ compiler, one thread after another.
//!
//! For tests alone. Threads run in an order that is different from launch to launch, as on a device, and what a kernel
//! writes beyond its buffers is found.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::{CString, c_char};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use sumcast_cuda::{Argument, Device, Fault};

unsafe extern "C" {
    fn sumcast_launch(name: *const c_char, words: *const u64, count: u64, first: u64, step: u64) -> bool;
    fn sumcast_calculate(scalars: bool, operation: u32, a: *const u64, b: *const u64, out: *mut u64);
}

/// The fields of BN254.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `Fr`.
    Scalars,
    /// `Fq`.
    Coordinates,
}

/// What the kernels do in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `a + b`.
    Add,
    /// `a - b`.
    Subtract,
    /// `a b`.
    Multiply,
    /// `1 / a`, and 0 of 0.
    Invert,
}

/// One operation, of numbers below the modulus in Montgomery form.
pub fn calculate(field: Field, operation: Operation, a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let mut out = [0; 4];
    // SAFETY: all three are of eight words of 32 bits.
    unsafe {
        let scalars = field == Field::Scalars;
        sumcast_calculate(scalars, operation as u32, a.as_ptr(), b.as_ptr(), out.as_mut_ptr());
    }
    out
}

/// This machine in a device's place.
#[derive(Debug, Default)]
pub struct Host {
    calls: AtomicU64,
    written: AtomicU64,
    memory: Arc<Usage>,
    fault: Mutex<Option<(u64, Fault)>>,
}

impl Host {
    /// One that fails at a call, counted from zero.
    pub fn failing(call: u64, fault: Fault) -> Self {
        Self { fault: Mutex::new(Some((call, fault))), ..Self::default() }
    }

    /// How often the device has been called.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// How many bytes have been written to it.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Bytes that buffers have now.
    pub fn used(&self) -> u64 {
        self.memory.now.load(Ordering::Relaxed)
    }

    /// The most bytes that buffers had at any time.
    pub fn most(&self) -> u64 {
        self.memory.most.load(Ordering::Relaxed)
    }

    /// Counts a call, and fails if it is its turn.
    fn call(&self) -> Result<u64, Fault> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let fault = self.fault.lock().map_err(|error| Fault::Device(error.to_string()))?;
        match &*fault {
            Some((call, fault)) if *call == number => Err(fault.clone()),
            _ => Ok(number),
        }
    }
}

/// Bytes that buffers have, and had at most.
#[derive(Debug, Default)]
struct Usage {
    now: AtomicU64,
    most: AtomicU64,
}

/// Bytes beyond the end of a buffer, which no kernel may touch.
const GUARD: usize = 256;

/// What they are.
const UNTOUCHED: u8 = 0xa5;

/// A buffer of [`Host`].
#[derive(Debug)]
pub struct Bytes {
    start: NonNull<u8>,
    len: usize,
    memory: Arc<Usage>,
}

// SAFETY: a buffer owns its bytes, and who has it decides which kernels reach them.
unsafe impl Send for Bytes {}
// SAFETY: as above; kernels that share a buffer run on the thread that launches them.
unsafe impl Sync for Bytes {}

impl Bytes {
    fn layout(len: usize) -> Layout {
        // As device memory is aligned.
        Layout::from_size_align(len + GUARD, 256).expect("a buffer of this size fits the memory")
    }

    fn zeroed(len: usize, memory: &Arc<Usage>) -> Self {
        let now = memory.now.fetch_add(len as u64, Ordering::Relaxed) + len as u64;
        memory.most.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the size is not zero, and all of it is this buffer's.
        unsafe {
            let start = NonNull::new(alloc_zeroed(Self::layout(len))).expect("there is memory for a buffer");
            start.add(len).write_bytes(UNTOUCHED, GUARD);
            Self { start, len, memory: Arc::clone(memory) }
        }
    }

    fn is_whole(&self) -> bool {
        // SAFETY: the guard belongs to the buffer.
        let guard = unsafe { std::slice::from_raw_parts(self.start.add(self.len).as_ptr(), GUARD) };
        guard.iter().all(|byte| *byte == UNTOUCHED)
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        self.memory.now.fetch_sub(self.len as u64, Ordering::Relaxed);
        // SAFETY: it was allocated so.
        unsafe { dealloc(self.start.as_ptr(), Self::layout(self.len)) }
    }
}

fn divides(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divides(b, a % b) }
}

impl Device for Host {
    type Buffer = Bytes;

    fn zeroed(&self, bytes: u64) -> Result<Bytes, Fault> {
        self.call()?;
        Ok(Bytes::zeroed(bytes as usize, &self.memory))
    }

    fn write(&self, to: &mut Bytes, at: u64, bytes: &[u8]) -> Result<(), Fault> {
        self.call()?;
        assert!(at as usize + bytes.len() <= to.len, "written beyond the buffer");
        self.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        // SAFETY: it is within the buffer, which is another's than the bytes.
        unsafe {
            to.start.add(at as usize).copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len());
        }
        Ok(())
    }

    fn read(&self, from: &Bytes, at: u64, bytes: &mut [u8]) -> Result<(), Fault> {
        self.call()?;
        assert!(at as usize + bytes.len() <= from.len, "read beyond the buffer");
        let to = NonNull::from(&mut *bytes).cast();
        // SAFETY: it is within the buffer, which is another's than the bytes.
        unsafe { from.start.add(at as usize).copy_to_nonoverlapping(to, bytes.len()) }
        Ok(())
    }

    unsafe fn launch(
        &self,
        kernel: &'static str,
        threads: u64,
        arguments: &[Argument<'_, Bytes>],
    ) -> Result<(), Fault> {
        let number = self.call()?;
        if threads == 0 {
            return Ok(());
        }
        let mut words = vec![threads];
        words.extend(arguments.iter().map(|argument| match argument {
            Argument::Word(word) => *word,
            Argument::At(buffer, at) => buffer.start.as_ptr() as u64 + at,
            Argument::None => 0,
        }));
        // Any order: each launch has one of its own.
        let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 8;
        let step = (1 + spread % threads..).find(|step| divides(*step, threads) == 1).unwrap_or(1);
        let name = CString::new(kernel).expect("a kernel's name has no zero");
        // SAFETY: the caller's: these are the kernel's arguments.
        let there = unsafe {
            let first = spread.rotate_left(20) % threads;
            sumcast_launch(name.as_ptr(), words.as_ptr(), words.len() as u64, first, step)
        };
        assert!(there, "there is no kernel {kernel} of {} arguments", words.len());
        for argument in arguments {
            if let Argument::At(buffer, _) = argument {
                assert!(buffer.is_whole(), "{kernel} has written beyond a buffer");
            }
        }
        Ok(())
    }
}
