//! A device by CUDA's driver, which is looked for at run time.

use crate::device::{Argument, Device, Fault};
use cudarc::driver::sys::{self, CUresult};
use cudarc::driver::{
    CudaContext, CudaFunction, CudaSlice, CudaStream, DevicePtr, DriverError, LaunchConfig, PushKernelArg,
};
use cudarc::nvrtc::Ptx;
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;

/// The kernels, which the driver compiles for the device it has.
const KERNELS: &str = include_str!("../kernels.ptx");

/// What marks a kernel's name there.
const ENTRY: &str = ".visible .entry ";

/// The oldest driver that reads them is that of CUDA 12.0.
const VERSION: i32 = 12_000;

/// Threads of a block, as the kernels are compiled for.
const BLOCK: u32 = 128;

/// Why no device is used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Missing {
    /// There is no library of the driver.
    #[error("no CUDA driver")]
    Driver,
    /// The driver is too old.
    #[error("a CUDA driver of version {}.{}, where 12.0 is the oldest that serves", .0 / 1000, .0 % 1000 / 10)]
    Old(i32),
    /// The driver has no device.
    #[error("a CUDA driver without a device")]
    Device,
    /// The driver or its first device does not work.
    #[error("the CUDA driver says: {0}")]
    Error(String),
}

/// The first device of this machine's driver.
#[derive(Debug)]
pub struct Driver {
    stream: Arc<CudaStream>,
    kernels: BTreeMap<&'static str, CudaFunction>,
    name: String,
    memory: u64,
}

/// Device memory, which is overwritten before it is given back: it had witnesses, or weights.
#[derive(Debug)]
pub struct Bytes(CudaSlice<u8>);

impl Drop for Bytes {
    fn drop(&mut self) {
        // A device that does not do this has failed, as its next call tells.
        let _ = Arc::clone(self.0.stream()).memset_zeros(&mut self.0);
    }
}

impl Driver {
    /// Looks for the driver and its first device, and loads the kernels.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn open() -> Result<Self, Missing> {
        // SAFETY: it loads the driver's library, as the next calls do.
        #[expect(unsafe_code, reason = "loading a library runs what it has")]
        if !unsafe { sys::is_culib_present() } {
            return Err(Missing::Driver);
        }
        let mut version = 0;
        // SAFETY: the driver writes one number to where it is told to.
        #[expect(unsafe_code, reason = "cudarc has no other call for it")]
        unsafe { sys::cuDriverGetVersion(&raw mut version) }.result().map_err(missing)?;
        if version < VERSION {
            return Err(Missing::Old(version));
        }
        if CudaContext::device_count().map_err(missing)? == 0 {
            return Err(Missing::Device);
        }
        Self::load().map_err(missing)
    }

    fn load() -> Result<Self, DriverError> {
        let context = CudaContext::new(0)?;
        // SAFETY: all is done on one stream, in order.
        #[expect(unsafe_code, reason = "events would order streams, and there is one")]
        unsafe {
            context.disable_event_tracking();
        }
        let module = context.load_module(Ptx::from_src(KERNELS))?;
        let kernels =
            names().map(|name| Ok((name, module.load_function(name)?))).collect::<Result<_, _>>()?;
        let (name, memory) = (context.name()?, context.total_mem()? as u64);
        Ok(Self { stream: context.default_stream(), kernels, name, memory })
    }

    /// The device's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes of the device's memory.
    pub fn memory(&self) -> u64 {
        self.memory
    }
}

/// The names of the kernels.
fn names() -> impl Iterator<Item = &'static str> {
    KERNELS.lines().filter_map(|line| line.strip_prefix(ENTRY)?.strip_suffix('('))
}

fn missing(error: DriverError) -> Missing {
    match error.0 {
        CUresult::CUDA_ERROR_NO_DEVICE => Missing::Device,
        _ => Missing::Error(error.to_string()),
    }
}

/// What an error of the driver is; `asked` are the bytes it was asked for.
fn fault(error: DriverError, asked: u64) -> Fault {
    match error.0 {
        CUresult::CUDA_ERROR_OUT_OF_MEMORY if asked > 0 => Fault::Memory { asked },
        _ => Fault::Device(error.to_string()),
    }
}

impl Device for Driver {
    type Buffer = Bytes;

    fn zeroed(&self, bytes: u64) -> Result<Bytes, Fault> {
        self.stream.alloc_zeros(bytes as usize).map(Bytes).map_err(|error| fault(error, bytes))
    }

    fn write(&self, to: &mut Bytes, at: u64, bytes: &[u8]) -> Result<(), Fault> {
        let mut place = to.0.slice_mut(at as usize..at as usize + bytes.len());
        self.stream.memcpy_htod(bytes, &mut place).map_err(|error| fault(error, 0))
    }

    fn read(&self, from: &Bytes, at: u64, bytes: &mut [u8]) -> Result<(), Fault> {
        let place = from.0.slice(at as usize..at as usize + bytes.len());
        let copied = self.stream.memcpy_dtoh(&place, bytes);
        copied.and_then(|()| self.stream.synchronize()).map_err(|error| fault(error, 0))
    }

    #[expect(unsafe_code, reason = "as the trait says")]
    unsafe fn launch(
        &self,
        kernel: &'static str,
        threads: u64,
        arguments: &[Argument<'_, Bytes>],
    ) -> Result<(), Fault> {
        let function = self.kernels.get(kernel);
        let function = function.ok_or_else(|| Fault::Device(format!("there is no kernel {kernel}")))?;
        let blocks = u32::try_from(threads.div_ceil(BLOCK.into()))
            .map_err(|_| Fault::Device(format!("{threads} threads are too many")))?;
        if blocks == 0 {
            return Ok(());
        }
        let words: Vec<u64> = std::iter::once(threads)
            .chain(arguments.iter().map(|argument| match argument {
                Argument::Word(word) => *word,
                Argument::At(buffer, at) => buffer.0.device_ptr(&self.stream).0 + at,
                Argument::None => 0,
            }))
            .collect();
        let mut launch = self.stream.launch_builder(function);
        for word in &words {
            launch.arg(word);
        }
        let shape = LaunchConfig { grid_dim: (blocks, 1, 1), block_dim: (BLOCK, 1, 1), shared_mem_bytes: 0 };
        // SAFETY: the caller's.
        unsafe { launch.launch(shape) }.map(|_| ()).map_err(|error| fault(error, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_that_is_launched_is_there() {
        let names: Vec<&str> = names().collect();
        let sources = [include_str!("msm.rs"), include_str!("vectors.rs")].concat();
        let strings = sources.split('"').skip(1).step_by(2);
        let mut launched: Vec<&str> =
            strings.filter(|s| s.chars().all(|c| c == '_' || c.is_lowercase())).collect();
        launched.sort_unstable();
        launched.dedup();
        let mut there = names.clone();
        there.sort_unstable();
        assert_eq!(launched, there);
    }

    #[test]
    fn a_machine_without_a_driver_says_so() {
        // Where there is one, it works.
        match Driver::open() {
            Err(error) => assert_eq!(error, Missing::Driver),
            Ok(driver) => assert!(driver.memory() > 0),
        }
    }
}
