//! Models as circuits: an ONNX file becomes a real-valued tensor graph ([`graph`]).
#![forbid(unsafe_code)]

pub mod graph;
