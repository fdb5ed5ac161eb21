//! A halo2-KZG baseline for a quantised dense network, laid out the usual way: weights in fixed columns,
//! dot products over parallel columns, rescaling and ReLU by range lookups, input and output public.
//! It exists to be measured; `../README.md` says what it is compared with.

pub mod circuit;
pub mod layout;
pub mod network;
pub mod proof;
#[cfg(test)]
mod tests;
