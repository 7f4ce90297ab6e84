//! PostgreSQL for `industrydb`.
#![forbid(unsafe_code)]

pub mod dialect;
pub mod environment;
mod spec;

pub use spec::SPEC;
