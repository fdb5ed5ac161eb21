//! Network inferences from end to end: real contracts, real proofs of models and of syntheses, real signatures.

mod hashes;
mod lies;
mod posts;
mod settles;
mod world;
