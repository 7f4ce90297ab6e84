//! The SQL Server connector, on the client library tiberius.
//!
//! Connecting: `login` over a watched socket (`wire`), as whom `authentication` says. Reading: `session` sends a `request`
//! and reads the `reply` to its end (`converse`), `script` turns it into events, `decode` fills one `store` per column,
//! beside the reading (`blocks`). Writing: `bulk` sends rows that `encode` makes.
#![forbid(unsafe_code)]

mod authentication;
mod blocks;
mod bulk;
mod catalog;
mod code_page;
mod connector;
mod converse;
mod decode;
mod describe;
mod dial;
pub mod dialect;
mod encode;
mod error;
mod instant;
mod interrupt;
mod keeps;
mod login;
mod many;
mod params;
mod reply;
mod request;
mod script;
mod session;
mod spec;
mod statement;
mod store;
mod stored;
mod types;
mod variant;
mod whereabouts;
mod windows;
mod wire;

pub use connector::connect;
pub use dialect::DIALECT;
pub use spec::SPEC;
