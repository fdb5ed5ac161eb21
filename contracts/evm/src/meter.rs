//! Gas by what it is spent on.

use revm::Inspector;
use revm::bytecode::opcode;
use revm::interpreter::interpreter::EthInterpreter;
use revm::interpreter::interpreter_types::Jumps;
use revm::interpreter::{CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter};
use revm::primitives::Address;
use serde::Serialize;

use crate::Watch;

/// What one kind of work took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Part {
    /// How often.
    pub calls: u64,
    /// For all of it.
    pub gas: u64,
}

impl Part {
    fn add(&mut self, gas: u64) {
        self.calls += 1;
        self.gas = self.gas.saturating_add(gas);
    }
}

/// The gas of a transaction by part; the parts add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GasParts {
    /// The transaction itself, 21,000.
    pub base: u64,
    /// Its data.
    pub calldata: u64,
    /// The precompile at address 6.
    pub ec_add: Part,
    /// The precompile at address 7.
    pub ec_mul: Part,
    /// The precompile at address 8.
    pub pairing: Part,
    /// Hashing, with the memory it takes first.
    pub keccak: Part,
    /// What is charged beyond all other parts because a transaction with this much data costs at least that (EIP-7623).
    pub floor: u64,
    /// All else: arithmetic, memory, control flow, calls without what the precompiles take.
    pub other: u64,
}

impl GasParts {
    /// The sum.
    pub fn total(&self) -> u64 {
        self.named() + self.other
    }

    fn named(&self) -> u64 {
        let parts = [&self.ec_add, &self.ec_mul, &self.pairing, &self.keccak];
        self.base + self.calldata + self.floor + parts.iter().map(|part| part.gas).sum::<u64>()
    }
}

/// What a transaction costs before it begins, besides its data.
const BASE: u64 = 21_000;

/// Watches a transaction and counts.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    parts: GasParts,
    /// The gas the outermost call or creation has.
    available: Option<u64>,
    /// The gas before the hash that is being computed.
    hashing: Option<u64>,
    /// What else is to be known.
    watch: Option<Watch>,
}

impl Meter {
    /// One that also watches.
    pub(crate) fn new(watch: Option<Watch>) -> Self {
        Self { watch, ..Self::default() }
    }

    /// What was seen.
    pub(crate) fn into_watch(self) -> Option<Watch> {
        self.watch
    }

    /// The parts of a transaction that had this limit and used this much, `floor` of it because of the floor.
    pub(crate) fn parts(&self, limit: u64, used: u64, floor: u64) -> GasParts {
        let mut parts = self.parts;
        let intrinsic = limit.saturating_sub(self.available.unwrap_or(limit));
        parts.base = BASE.min(intrinsic);
        parts.calldata = intrinsic - parts.base;
        parts.floor = floor;
        parts.other = used.saturating_sub(parts.named());
        parts
    }

    fn precompile(&mut self, address: &Address) -> Option<&mut Part> {
        let (&number, zeros) = address.as_slice().split_last()?;
        if zeros.iter().any(|byte| *byte != 0) {
            return None;
        }
        match number {
            6 => Some(&mut self.parts.ec_add),
            7 => Some(&mut self.parts.ec_mul),
            8 => Some(&mut self.parts.pairing),
            _ => None,
        }
    }
}

impl<CTX> Inspector<CTX, EthInterpreter> for Meter {
    fn step(&mut self, interpreter: &mut Interpreter<EthInterpreter>, _: &mut CTX) {
        if let Some(watch) = &mut self.watch {
            watch.step(interpreter.bytecode.pc(), interpreter.gas.remaining());
        }
        if interpreter.bytecode.opcode() == opcode::KECCAK256 {
            self.hashing = Some(interpreter.gas.remaining());
        }
    }

    fn step_end(&mut self, interpreter: &mut Interpreter<EthInterpreter>, _: &mut CTX) {
        if let Some(before) = self.hashing.take() {
            self.parts.keccak.add(before.saturating_sub(interpreter.gas.remaining()));
        }
    }

    fn call(&mut self, _: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.available.get_or_insert(inputs.gas_limit);
        if let Some(watch) = &mut self.watch {
            watch.call(inputs);
        }
        None
    }

    fn create(&mut self, _: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.available.get_or_insert(inputs.gas_limit());
        None
    }

    fn call_end(&mut self, _: &mut CTX, inputs: &CallInputs, outcome: &mut CallOutcome) {
        if let Some(watch) = &mut self.watch {
            watch.call_end(outcome);
        }
        // A precompile that fails takes all that it was given.
        let failed = !outcome.result.result.is_ok_or_revert();
        let gas = if failed { inputs.gas_limit } else { outcome.result.gas.total_gas_spent() };
        if let Some(part) = self.precompile(&inputs.bytecode_address) {
            part.add(gas);
        }
    }
}
