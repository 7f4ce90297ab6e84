//! PostgreSQL for `industrydb`.
#![forbid(unsafe_code)]

pub mod dialect;
pub mod encode;
pub mod environment;
pub mod literal;
pub mod params;
mod spec;
pub mod types;

pub use spec::SPEC;
