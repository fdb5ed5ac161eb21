//! Device memory, up to a limit that all proofs share.

use crate::device::{Argument, Device, Fault};
use crate::layout::{Download, Element, Upload};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A device, and how much of its memory is in use.
#[derive(Debug)]
pub(crate) struct Memory<D> {
    pub(crate) device: D,
    limit: u64,
    used: AtomicU64,
}

impl<D: Device> Memory<D> {
    pub(crate) fn new(device: D, limit: u64) -> Arc<Self> {
        Arc::new(Self { device, limit, used: AtomicU64::new(0) })
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// So many elements, all zero.
    pub(crate) fn zeroed<T: Element>(self: &Arc<Self>, len: usize) -> Result<Buffer<D, T>, Fault> {
        let bytes = (len.max(1) * T::BYTES) as u64;
        let room = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        if self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_err() {
            return Err(Fault::Memory { asked: bytes });
        }
        let taken = Taken { memory: Arc::clone(self), bytes };
        Ok(Buffer { raw: self.device.zeroed(bytes)?, len, taken, elements: PhantomData })
    }

    /// Runs a kernel. Its buffers are as large as their caller, in this crate, says that they are.
    #[expect(unsafe_code, reason = "a kernel does what its arguments tell it to")]
    pub(crate) fn launch(
        &self,
        kernel: &'static str,
        threads: usize,
        arguments: &[Argument<'_, D::Buffer>],
    ) -> Result<(), Fault> {
        // SAFETY: the callers are `msm` and `vectors`, where the arguments stand as in the kernel's declaration, next
        // to the lengths that they were made with.
        unsafe { self.device.launch(kernel, threads as u64, arguments) }
    }

    /// Elements of this machine.
    pub(crate) fn filled<T: Upload>(self: &Arc<Self>, values: &[T::Host]) -> Result<Buffer<D, T>, Fault> {
        let mut buffer = self.zeroed(values.len())?;
        buffer.write(0, values)?;
        Ok(buffer)
    }
}

/// Memory that counts as used until this is dropped.
#[derive(Debug)]
struct Taken<D> {
    memory: Arc<Memory<D>>,
    bytes: u64,
}

impl<D> Drop for Taken<D> {
    fn drop(&mut self) {
        self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Elements in device memory.
#[derive(Debug)]
pub(crate) struct Buffer<D: Device, T> {
    raw: D::Buffer,
    len: usize,
    taken: Taken<D>,
    elements: PhantomData<fn() -> T>,
}

impl<D: Device, T: Element> Buffer<D, T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The buffer from an element on, as an argument.
    pub(crate) fn from(&self, at: usize) -> Argument<'_, D::Buffer> {
        Argument::At(&self.raw, (at * T::BYTES) as u64)
    }

    /// All of it.
    pub(crate) fn all(&self) -> Argument<'_, D::Buffer> {
        self.from(0)
    }
}

impl<D: Device, T: Upload> Buffer<D, T> {
    pub(crate) fn write(&mut self, at: usize, values: &[T::Host]) -> Result<(), Fault> {
        assert!(at + values.len() <= self.len, "more elements than the buffer has");
        if values.is_empty() {
            return Ok(());
        }
        self.taken.memory.device.write(&mut self.raw, (at * T::BYTES) as u64, &T::bytes(values))
    }
}

impl<D: Device, T: Download> Buffer<D, T> {
    /// `len` elements from a place on.
    pub(crate) fn read(&self, at: usize, len: usize) -> Result<Vec<T::Host>, Fault> {
        assert!(at + len <= self.len, "more elements than the buffer has");
        let mut bytes = vec![0u8; len * T::BYTES];
        if len > 0 {
            self.taken.memory.device.read(&self.raw, (at * T::BYTES) as u64, &mut bytes)?;
        }
        T::elements(&bytes).ok_or_else(|| Fault::Device("the device gave numbers of no field".into()))
    }
}
