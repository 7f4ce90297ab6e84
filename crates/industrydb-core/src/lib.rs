//! What every backend shares and none of them owns: configuration, errors, values, SQL, column builders, and the
//! trait that a backend implements. No driver, no Python, no runtime.
#![forbid(unsafe_code)]

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
pub mod tick;
pub mod value;
