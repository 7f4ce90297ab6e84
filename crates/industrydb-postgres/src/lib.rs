//! PostgreSQL for `industrydb`.
#![forbid(unsafe_code)]

pub mod dialect;
pub mod environment;
mod spec;
pub mod types;

pub use spec::SPEC;
