//! Microsoft SQL Server for `industrydb`.
#![forbid(unsafe_code)]

pub mod dialect;
mod spec;

pub use spec::SPEC;
