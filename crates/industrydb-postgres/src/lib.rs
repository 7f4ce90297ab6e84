//! PostgreSQL for `industrydb`.
#![forbid(unsafe_code)]

pub mod dialect;
