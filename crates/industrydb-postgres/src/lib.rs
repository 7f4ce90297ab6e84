//! PostgreSQL for `industrydb`.
#![deny(unsafe_code)]

mod bind;
mod cancel;
mod catalog;
mod connect;
mod connector;
mod copy;
mod decode;
pub mod dialect;
mod drive;
mod encode;
pub mod environment;
mod error;
mod kept;
mod literal;
mod lookup;
mod many;
mod params;
mod plan;
mod second;
mod session;
mod settings;
mod sockets;
mod spec;
mod stored;
mod stream;
mod text;
mod textual;
pub mod types;

pub use connector::{PostgresConnector, connect};
pub use spec::SPEC;
