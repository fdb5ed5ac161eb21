//! Models as circuits: an ONNX file ([`onnx`]) becomes a real-valued tensor graph ([`graph`]).
#![forbid(unsafe_code)]

pub mod graph;
pub mod onnx;

mod ops;
