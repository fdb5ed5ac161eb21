//! The proving service and the relayer: where this workspace meets the network.
//!
//! What belongs here: an HTTP interface that takes a compiled model's inputs and gives proofs, a queue that further
//! proving processes take work from, and a relayer that sends proofs to the verifying contract. The crate is empty so
//! far; `sumcast-prover` and `sumcast-verifier` do all that works today, from the `sumcast` binary.
#![forbid(unsafe_code)]
