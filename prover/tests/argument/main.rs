//! The argument end to end, on a relation written by hand: honest proofs, altered ones, liars, the transcript, and
//! what a proof gives away.

mod census;
mod checks;
mod hiding;
mod liar;
mod lies;
mod relation;
