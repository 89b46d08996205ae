//! What tests and benchmarks share.

pub mod runtime_api;
