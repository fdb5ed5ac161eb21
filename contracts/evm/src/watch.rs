//! Gas of one contract by what its code is there for.

use revm::interpreter::{CallInputs, CallOutcome};
use revm::primitives::Address;

/// Watches one contract and divides its own gas, without that of what it calls, into parts.
#[derive(Clone, Debug)]
pub struct Watch {
    contract: Address,
    of_byte: Vec<Option<usize>>,
    gas: Vec<u64>,
    /// The call at hand, after those that it is made in.
    frames: Vec<Frame>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    watched: bool,
    /// The part of the last instruction, and the gas before it.
    last: Option<(usize, u64)>,
    /// What was called since then took this.
    called: u64,
}

impl Watch {
    /// Watches the contract at an address, whose code has at each byte this part. An instruction without one counts for
    /// the part of the instruction before, in the order in which they are carried out; until there is one, for part 0.
    pub fn new(contract: Address, of_byte: impl IntoIterator<Item = Option<usize>>) -> Self {
        let of_byte: Vec<_> = of_byte.into_iter().collect();
        let parts = of_byte.iter().flatten().max().map_or(1, |last| last + 1);
        Self { contract, of_byte, gas: vec![0; parts], frames: Vec::new() }
    }

    /// The gas of each part.
    pub fn gas(&self) -> &[u64] {
        &self.gas
    }

    /// An instruction is about to be carried out, with this much gas left.
    pub(crate) fn step(&mut self, at: usize, left: u64) {
        self.settle(left);
        if let Some(frame) = self.frames.last_mut().filter(|frame| frame.watched) {
            let before = frame.last.map_or(0, |(part, _)| part);
            frame.last = Some((self.of_byte.get(at).copied().flatten().unwrap_or(before), left));
        }
    }

    pub(crate) fn call(&mut self, inputs: &CallInputs) {
        let watched = inputs.bytecode_address == self.contract;
        self.frames.push(Frame { watched, last: None, called: 0 });
    }

    pub(crate) fn call_end(&mut self, outcome: &CallOutcome) {
        let gas = &outcome.result.gas;
        self.settle(gas.remaining());
        self.frames.pop();
        if let Some(caller) = self.frames.last_mut() {
            caller.called += gas.total_gas_spent();
        }
    }

    /// Counts the last instruction of the call at hand, after which this much gas is left.
    fn settle(&mut self, left: u64) {
        let Some(frame) = self.frames.last_mut() else { return };
        let called = std::mem::take(&mut frame.called);
        if let Some((part, before)) = frame.last {
            self.gas[part] += before.saturating_sub(left).saturating_sub(called);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chain, Evm, Outcome};
    use alloy_primitives::Bytes;

    #[test]
    fn gas_counts_for_the_part_of_the_instruction() {
        // PUSH1 1, PUSH1 2, ADD; 32 bytes by the precompile at address 4; STOP.
        let code: &[u8] = b"\x60\x01\x60\x02\x01\x60\x20\x5f\x60\x20\x5f\x60\x04\x5a\xfa\x00";
        // What deploys it copies it to memory and returns it.
        let mut deployment = vec![0x60, code.len() as u8, 0x80, 0x60, 9, 0x5f, 0x39, 0x5f, 0xf3];
        deployment.extend_from_slice(code);
        let mut evm = Evm::new(Chain::Ethereum);
        let address = evm.deploy("test", deployment.into()).unwrap();
        let of_byte = [(2, 2), (4, 1), (15, 3)];
        let part = |at: usize| of_byte.iter().find(|(byte, _)| *byte == at).map(|(_, part)| *part);
        let watch = Watch::new(address, (0..code.len()).map(part));
        let (receipt, watch) = evm.watch(address, Bytes::new(), watch).unwrap();
        assert!(matches!(receipt.outcome, Outcome::Returned(_)), "{receipt:?}");
        // The first PUSH1; ADD and all up to the call, which takes 100 and 3 for a word of memory; the second PUSH1; STOP.
        assert_eq!(watch.gas(), [3, 3 + 15 + 103, 3, 0]);
        // The precompile takes 18 for a word.
        assert_eq!(receipt.gas, Some(21_000 + watch.gas().iter().sum::<u64>() + 18));
        // Of another contract there is nothing.
        let (_, watch) = evm.watch(address, Bytes::new(), Watch::new(Address::ZERO, [Some(0)])).unwrap();
        assert_eq!(watch.gas(), [0]);
    }
}
