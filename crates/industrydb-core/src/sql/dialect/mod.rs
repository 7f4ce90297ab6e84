//! How a backend spells SQL, as data: each backend's `dialect.rs` is one `static DIALECT: Dialect`.

#[cfg(test)]
pub(crate) mod fixture;
mod transactions;
mod types;

pub use transactions::{ReadOnly, Savepoints, Transactions};
pub use types::{DecimalType, ListType, TypeNames};

use super::PlaceholderStyle;
use crate::value::Value;

/// How one backend spells the SQL that we write for it.
#[derive(Debug)]
pub struct Dialect {
    /// The backend's name, such as `sqlite`.
    pub backend: &'static str,
    /// What opens and closes a quoted identifier.
    pub quotes: (char, char),
    /// The bytes of the longest name, where the server cuts off what is longer without an error.
    pub longest_name: Option<usize>,
    /// Whether a name also finds what differs from it in the case of ASCII letters alone ([`Dialect::find`]).
    pub folds_case: bool,
    /// The placeholders that the server reads.
    pub placeholders: PlaceholderStyle,
    /// What begins an insert of which every row has to arrive.
    pub insert_into: &'static str,
    /// The most parameters that one statement takes.
    pub max_parameters: usize,
    /// How the number of rows is limited.
    pub limit: Limit,
    /// How rows that may conflict go from a staging table into their table.
    pub upsert: Upsert,
    /// How an empty temporary table with another table's columns is made.
    pub staging: Staging,
    /// How a table is renamed.
    pub rename: Rename,
    /// A condition that no row meets.
    pub never: &'static str,
    /// Column types whose values are finer than what is read of them.
    pub finer: &'static [Finer],
    /// Each Polars type's column type in `CREATE TABLE`.
    pub types: TypeNames,
    /// Transactions and savepoints.
    pub transactions: Transactions,
}

/// A column type whose values are finer than what is read of them (SQL Server's `datetime` counts 1/300 s and shows
/// milliseconds): what was read equals what is stored only when it is cast to the type.
#[derive(Debug, Clone, Copy)]
pub struct Finer {
    /// Its name, as [`crate::table::ColumnInfo::declared_type`] has it.
    pub declared: &'static str,
    /// Whether such a column shows this value and keeps another one. A cast must not make it of any other value, which the
    /// column does not hold.
    pub shows: fn(&Value) -> bool,
}

/// How the number of rows is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// `LIMIT n OFFSET m`; `all` stands for no limit where OFFSET needs one, and is empty where it does not.
    LimitOffset {
        /// What follows `LIMIT` when there is only an offset.
        all: &'static str,
    },
    /// `ORDER BY … OFFSET m ROWS FETCH NEXT n ROWS ONLY`, which needs an ORDER BY (T-SQL: OFFSET-FETCH).
    OffsetFetch,
}

/// How rows that may conflict go from a staging table into their table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upsert {
    /// `INSERT … SELECT … ON CONFLICT …`.
    OnConflict {
        /// What keeps the parser from reading ON as the start of a join: ` WHERE true` for SQLite (its manual, "UPSERT",
        /// section "Parsing Ambiguity"), empty elsewhere.
        guard: &'static str,
    },
    /// `UPDATE … FROM`, then `INSERT … WHERE NOT EXISTS`, both under a range lock on the key (SQL Server).
    UpdateThenInsert,
}

/// How an empty temporary table with another table's columns is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staging {
    /// `CREATE TEMP TABLE name AS SELECT … WHERE …` in the schema that holds a session's temporary tables.
    CreateTempAs {
        /// That schema: `temp` or `pg_temp`.
        schema: &'static str,
    },
    /// `SELECT … INTO #name`; the UNION keeps an IDENTITY column from being one in the copy as well.
    SelectIntoHash,
}

/// How a table is renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rename {
    /// `ALTER TABLE old RENAME TO new`.
    AlterTable,
    /// `EXEC sp_rename 'schema.old', 'new'`, which does not reach temporary tables.
    SpRename,
}

impl Dialect {
    /// The one of `all` that `name` means: that of the very same name, else the only one that differs in the case of
    /// ASCII letters alone, where the backend folds it. What a server has under names that differ in nothing else, as in
    /// a case-sensitive database, stays apart so.
    pub fn find<'t, T>(&self, name: &str, all: &'t [T], name_of: impl Fn(&T) -> &str) -> Option<&'t T> {
        if let Some(same) = all.iter().find(|one| name_of(one) == name) {
            return Some(same);
        }
        let mut alike = all.iter().filter(|one| self.folds_case && name_of(one).eq_ignore_ascii_case(name));
        alike.next().filter(|_| alike.next().is_none())
    }
}
