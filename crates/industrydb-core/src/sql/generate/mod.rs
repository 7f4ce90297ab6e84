//! The statements that we write ourselves: pure functions of a dialect and names. Identifiers are always quoted.

mod condition;
mod select;
mod staging;
mod table;
#[cfg(test)]
mod tests;
mod write;

pub use condition::{Match, Where};
pub use select::{OrderBy, Select};
pub use staging::{Action, Conflict, Key, create_staging, duplicate_keys, insert_from_staging, staging_name};
pub use table::{can_be_swapped, create_table, delete_all, drop_table, rename_table, unique_name};
pub use write::{delete, insert_row, update};

use crate::value::Params;

/// A statement with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// What to run.
    pub sql: String,
    /// With these parameters.
    pub params: Params,
}
