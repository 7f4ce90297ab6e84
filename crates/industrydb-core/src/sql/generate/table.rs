//! Whole tables: create, drop, rename, empty.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use polars_core::prelude::Schema;

use crate::error::{Error, Result};
use crate::sql::Dialect;
use crate::sql::dialect::Rename;
use crate::table::TableName;

/// `CREATE TABLE` with a column for each of `schema`; the columns of `unique` together, if any, are unique.
///
/// # Errors
/// [`crate::error::ErrorKind::Argument`] for a schema without columns; [`crate::error::ErrorKind::Conversion`] for a
/// type that the backend does not have.
pub fn create_table(dialect: &Dialect, table: &TableName, schema: &Schema, unique: &[String]) -> Result<String> {
    if schema.is_empty() {
        return Err(Error::argument(format!("can't create the table {table} from data without columns")));
    }
    let mut columns = Vec::with_capacity(schema.len());
    for (name, dtype) in schema.iter() {
        let is_key = unique.iter().any(|key| key == name);
        let declared = match dialect.type_name(name, dtype)? {
            declared if is_key && declared == dialect.types.text => dialect.types.key_text.into(),
            declared if is_key && declared == dialect.types.binary => dialect.types.key_binary.into(),
            declared => declared,
        };
        let gap = if declared.is_empty() { "" } else { " " };
        columns.push(format!("{}{gap}{declared}", dialect.quote(name)?));
    }
    if !unique.is_empty() {
        columns.push(format!("UNIQUE ({})", dialect.quote_list(unique.iter().map(String::as_str))?));
    }
    Ok(format!("CREATE TABLE {} ({})", dialect.quote_table(table)?, columns.join(", ")))
}

/// `DROP TABLE`.
///
/// # Errors
/// As [`Dialect::quote`].
pub fn drop_table(dialect: &Dialect, table: &TableName) -> Result<String> {
    Ok(format!("DROP TABLE {}", dialect.quote_table(table)?))
}

/// Whether a table made beside `table` can take its name: a temporary table of SQL Server has another name in `tempdb`
/// than it is called by, and sp_rename is of no use there.
pub fn can_be_swapped(dialect: &Dialect, table: &TableName) -> bool {
    match dialect.rename {
        Rename::AlterTable => true,
        Rename::SpRename => !table.table().starts_with('#'),
    }
}

/// Renames `table` to `name` in the schema that it is in.
///
/// # Errors
/// As [`Dialect::quote`].
pub fn rename_table(dialect: &Dialect, table: &TableName, name: &str) -> Result<String> {
    let new = dialect.quote(name)?;
    Ok(match dialect.rename {
        Rename::AlterTable => format!("ALTER TABLE {} RENAME TO {new}", dialect.quote_table(table)?),
        Rename::SpRename => {
            // It renames what is in its own database alone, so it is called in the table's (sp_rename's reference).
            let (procedure, inside) = match table.parts() {
                [database, inside @ ..] if inside.len() == 2 => {
                    (format!("{}.sys.sp_rename", dialect.quote(database)?), inside)
                }
                parts => ("sp_rename".to_owned(), parts),
            };
            let old: Vec<String> = inside.iter().map(|part| dialect.quote(part)).collect::<Result<_>>()?;
            // The new name is taken as it is, without quotes around it.
            let text = |name: &str| name.replace('\'', "''");
            format!("EXEC {procedure} N'{}', N'{}'", text(&old.join(".")), text(name))
        }
    })
}

/// `DELETE` of all rows.
///
/// # Errors
/// As [`Dialect::quote`].
pub fn delete_all(dialect: &Dialect, table: &TableName) -> Result<String> {
    Ok(format!("DELETE FROM {}", dialect.quote_table(table)?))
}

/// A name that nothing else has: `prefix` and 64 random bits.
pub fn unique_name(prefix: &str) -> String {
    format!("{prefix}_{:016x}", RandomState::new().build_hasher().finish())
}
