//! `///relative.db`, `////absolute.db`, `//:memory:`: a path after one more slash.
//!
//! Also taken: `//` alone for a database in memory, `//./x.db` and `//x.db` without that slash, and `x.db` without any.

use super::{build_query, percent, query_field};
use crate::config::Config;
use crate::config::spec::{BackendSpec, Field};
use crate::error::Result;

/// The path that means a database in memory (SQLite manual, "In-Memory Databases").
const MEMORY: &str = ":memory:";

/// Reads what follows `scheme:`.
pub(super) fn parse(spec: &'static BackendSpec, rest: &str) -> Result<Config> {
    let (raw, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut builder = build_query(spec, query, "")?;
    let path = match raw.strip_prefix("//") {
        Some(path) => path.strip_prefix('/').unwrap_or(path),
        None => raw,
    };
    match path {
        "" if builder.has(Field::Path) => (),
        "" => builder.set_field(Field::Path, MEMORY)?,
        path => builder.set_field(Field::Path, &percent::decode(spec, path)?)?,
    }
    builder.finish()
}

/// What follows `//`, and what has to go into the query.
pub(super) fn write(config: &Config) -> (String, Vec<String>) {
    match config.path() {
        None | Some(MEMORY) => (MEMORY.to_owned(), Vec::new()),
        Some("") => (String::new(), vec![query_field(Field::Path, "")]),
        Some(path) => (format!("/{}", percent::encode_path(path)), Vec::new()),
    }
}
