//! The verbs that are SQL over a connector's primitives: transactions, `insert` in all its modes, `select`, `update`,
//! `delete`. Each is one small async function over any backend.

mod atomic;
mod catalog;
mod execute;
mod insert;
mod transaction;
mod upsert;
mod verbs;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

pub use atomic::Atomic;
pub use catalog::columns;
pub use execute::{execute, execute_simple, rows_affected, run};
pub use insert::{InsertMode, InsertOptions, OnConflict, insert};
pub use transaction::{TransactionOptions, begin, commit, put_back, rollback};
pub use verbs::{delete, execute_many, select, update};
