//! The PostgreSQL backend: so far, what it says about its configuration.
#![forbid(unsafe_code)]

mod spec;

pub use spec::SPEC;
