//! The SQLite connector, on the library that sqlx bundles and opens.
//!
//! Reading: `script` runs statements, `decode` fills one `store` per column. Writing: `encode` binds columns row by
//! row. `raw` holds all calls into SQLite, and all `unsafe`.
#![deny(unsafe_code)]

mod cache;
mod catalog;
mod connector;
mod decode;
mod dialect;
mod encode;
mod error;
mod numbers;
mod params;
#[allow(unsafe_code, reason = "calls into the SQLite library; the module says what makes them sound")]
mod raw;
mod script;
mod session;
mod spec;
mod store;
mod stored;
#[cfg(test)]
mod tests;
mod types;

pub use connector::connect;
pub use dialect::DIALECT;
pub use spec::SPEC;
