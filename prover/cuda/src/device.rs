//! What a device does, and what may go wrong with it.

use std::fmt;
use thiserror::Error;

/// Why a device did not do something.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// Its memory is in use: the device is well.
    #[error("{asked} bytes of device memory are not free")]
    Memory {
        /// Bytes asked for.
        asked: u64,
    },
    /// Anything else: what it did or will do is not to be relied on.
    #[error("{0}")]
    Device(String),
}

/// An argument of a kernel: each takes eight bytes.
#[derive(Debug)]
pub enum Argument<'a, B> {
    /// A number.
    Word(u64),
    /// A place in a buffer, in bytes from its start.
    At(&'a B, u64),
    /// No buffer.
    None,
}

impl<B> Clone for Argument<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B> Copy for Argument<'_, B> {}

/// A machine that runs the kernels, in the order in which they are launched.
pub trait Device: Send + Sync + fmt::Debug + 'static {
    /// Memory of the device, given back when dropped. Kernels write to it behind shared references.
    type Buffer: Send + Sync + fmt::Debug;

    /// A buffer of zeros.
    ///
    /// # Errors
    /// [`Fault`].
    fn zeroed(&self, bytes: u64) -> Result<Self::Buffer, Fault>;

    /// Copies bytes to a place in a buffer.
    ///
    /// # Errors
    /// [`Fault`].
    fn write(&self, to: &mut Self::Buffer, at: u64, bytes: &[u8]) -> Result<(), Fault>;

    /// Copies bytes from a place in a buffer, once all that was launched is done.
    ///
    /// # Errors
    /// [`Fault`].
    fn read(&self, from: &Self::Buffer, at: u64, bytes: &mut [u8]) -> Result<(), Fault>;

    /// Runs a kernel on so many threads; their number is its first argument.
    ///
    /// # Safety
    /// The arguments after the first must be those of the kernel, and their buffers as large as it takes them to be.
    ///
    /// # Errors
    /// [`Fault`], of this kernel or of one launched before.
    #[expect(unsafe_code, reason = "a kernel does what its arguments tell it to")]
    unsafe fn launch(
        &self,
        kernel: &'static str,
        threads: u64,
        arguments: &[Argument<'_, Self::Buffer>],
    ) -> Result<(), Fault>;
}
