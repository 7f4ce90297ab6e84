//! PostgreSQL for `industrydb`.
#![forbid(unsafe_code)]

pub mod dialect;
pub mod encode;
pub mod environment;
pub mod literal;
pub mod params;
mod spec;
#[cfg_attr(not(test), expect(dead_code, reason = "the decoders that call it come next"))]
mod text;
pub mod types;

pub use spec::SPEC;
