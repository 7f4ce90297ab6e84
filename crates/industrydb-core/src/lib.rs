//! What every backend shares and none of them owns: configuration, errors, values, SQL, column builders, and the
//! trait that a backend implements. No driver, no Python, no runtime.
#![deny(unsafe_code)]

pub mod column;
pub mod config;
pub mod connector;
pub mod decimal;
pub mod error;
pub mod exact;
pub mod names;
pub mod ops;
pub mod sql;
pub mod table;
pub mod temporal;
#[allow(unsafe_code, reason = "a check of UTF-8 for the inner loops; the module says why it is sound")]
pub mod text;
pub mod tick;
pub mod value;
