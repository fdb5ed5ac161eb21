//! What the CUDA device of this process has done.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use std::fmt;
use sumcast_cuda::Counts;

/// Counted by the backend; nothing without a device, or before the first proof.
#[derive(Debug)]
pub(super) struct Calls(pub(super) fn() -> Option<Counts>);

impl Collector for Calls {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(Counts { answered, full, faults }) = (self.0)() else { return Ok(()) };
        let counters = [
            ("sumcast_cuda_calls", "Calls of the prover that the CUDA device has answered", answered),
            ("sumcast_cuda_full", "Calls that the CPU has answered as the device's memory was in use", full),
            ("sumcast_cuda_faults", "Faults of the CUDA device, which is not used after one", faults),
        ];
        for (name, help, count) in counters {
            let counter = ConstCounter::new(count);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    fn text(counts: fn() -> Option<Counts>) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Calls(counts)));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn calls_and_faults_are_counted() {
        let told = text(|| Some(Counts { answered: 70, full: 2, faults: 1 }));
        for line in
            ["sumcast_cuda_calls_total 70", "sumcast_cuda_full_total 2", "sumcast_cuda_faults_total 1"]
        {
            assert!(told.lines().any(|l| l == line), "{told}");
        }
        assert_eq!(text(|| None), "# EOF\n");
    }
}
