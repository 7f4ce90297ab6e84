//! Rows that may conflict: first into a staging table, from there with one set operation into their table.

use super::table::unique_name;
use crate::error::Result;
use crate::sql::Dialect;
use crate::sql::dialect::{Limit, Staging, Upsert};
use crate::table::{ColumnInfo, TableName};

/// What becomes of a row that conflicts with one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict<'a> {
    /// It is left out. Conflicts in `keys` alone; in any unique constraint if there are none.
    Ignore {
        /// The columns that make a row unique.
        keys: &'a [String],
    },
    /// Its other columns replace those of the row that is there.
    Update {
        /// The columns that make a row unique.
        keys: &'a [String],
    },
}

/// A name for a staging table, in the schema of temporary tables.
pub fn staging_name(dialect: &Dialect) -> Option<TableName> {
    let name = unique_name("industrydb_staging");
    TableName::new(match dialect.staging {
        Staging::CreateTempAs { schema } => vec![schema.to_owned(), name],
        Staging::SelectIntoHash => vec![format!("#{name}")],
    })
}

/// Makes the empty table `staging` with `columns` as they are in `table`.
///
/// # Errors
/// As [`Dialect::quote`].
pub fn create_staging(
    dialect: &Dialect,
    staging: &TableName,
    table: &TableName,
    columns: &[ColumnInfo],
) -> Result<String> {
    let names = dialect.quote_list(columns.iter().map(|column| column.name.as_str()))?;
    let (table, staging) = (dialect.quote_table(table)?, dialect.quote_table(staging)?);
    let never = dialect.never;
    Ok(match dialect.staging {
        Staging::CreateTempAs { .. } => {
            format!("CREATE TABLE {staging} AS SELECT {names} FROM {table} WHERE {never}")
        }
        Staging::SelectIntoHash => {
            let nothing = format!("FROM {table} WHERE {never}");
            format!("SELECT {names} INTO {staging} {nothing} UNION ALL SELECT {names} {nothing}")
        }
    })
}

/// Gives a row if a key is in `staging` twice; keys with a NULL are never the same. The copy of a table may lack the
/// collations of its columns, so they are named.
///
/// # Errors
/// As [`Dialect::quote`].
pub fn duplicate_keys(dialect: &Dialect, staging: &TableName, keys: &[&ColumnInfo]) -> Result<String> {
    let mut present = Vec::with_capacity(keys.len());
    let mut groups = Vec::with_capacity(keys.len());
    for key in keys {
        let name = dialect.quote(&key.name)?;
        present.push(format!("{name} IS NOT NULL"));
        groups.push(match (&key.collation, dialect.upsert) {
            (Some(collation), Upsert::OnConflict { .. }) => format!("{name} COLLATE {}", dialect.quote(collation)?),
            (Some(_) | None, _) => name,
        });
    }
    let (top, tail) = match dialect.limit {
        Limit::LimitOffset { .. } => ("", " LIMIT 1"),
        Limit::OffsetFetch => ("TOP (1) ", ""),
    };
    Ok(format!(
        "SELECT {top}COUNT(*) AS {} FROM {} WHERE {} GROUP BY {} HAVING COUNT(*) > 1{tail}",
        dialect.quote("rows")?,
        dialect.quote_table(staging)?,
        present.join(" AND "),
        groups.join(", "),
    ))
}

/// Moves the rows of `staging` into `table`; the rows that the statements change add up to those that arrived.
///
/// # Errors
/// As [`Dialect::quote`].
pub fn insert_from_staging(
    dialect: &Dialect,
    table: &TableName,
    staging: &TableName,
    columns: &[ColumnInfo],
    conflict: Conflict<'_>,
) -> Result<Vec<String>> {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let parts = Parts {
        dialect,
        table: dialect.quote_table(table)?,
        staging: dialect.quote_table(staging)?,
        names: dialect.quote_list(names.iter().copied())?,
    };
    match dialect.upsert {
        Upsert::OnConflict { guard } => Ok(vec![parts.on_conflict(&names, conflict, guard)?]),
        Upsert::UpdateThenInsert => parts.update_then_insert(&names, conflict),
    }
}

struct Parts<'a> {
    dialect: &'a Dialect,
    table: String,
    staging: String,
    names: String,
}

impl Parts<'_> {
    fn on_conflict(&self, names: &[&str], conflict: Conflict<'_>, guard: &str) -> Result<String> {
        let target = |keys: &[String]| -> Result<String> {
            Ok(format!("({}) ", self.dialect.quote_list(keys.iter().map(String::as_str))?))
        };
        let action = match conflict {
            Conflict::Ignore { keys: [] } => "DO NOTHING".to_owned(),
            Conflict::Ignore { keys } => format!("{}DO NOTHING", target(keys)?),
            Conflict::Update { keys } => {
                let set = self.assignments(&settable(names, keys), "excluded")?;
                format!("{}DO UPDATE SET {set}", target(keys)?)
            }
        };
        let Self { table, staging, names, .. } = self;
        Ok(format!("INSERT INTO {table} ({names}) SELECT {names} FROM {staging}{guard} ON CONFLICT {action}"))
    }

    /// The range lock keeps others from inserting a key between the statements (Transact-SQL, "Table hints").
    fn update_then_insert(&self, names: &[&str], conflict: Conflict<'_>) -> Result<Vec<String>> {
        const LOCKED: &str = "WITH (UPDLOCK, SERIALIZABLE)";
        let (keys, updates) = match conflict {
            Conflict::Ignore { keys } => (keys, false),
            Conflict::Update { keys } => (keys, true),
        };
        let Self { table, staging, names: all, .. } = self;
        let mut matches = Vec::with_capacity(keys.len());
        for key in keys {
            let key = self.dialect.quote(key)?;
            matches.push(format!("t.{key} = s.{key}"));
        }
        let matches = matches.join(" AND ");
        let mut statements = Vec::new();
        if updates {
            let set = self.assignments(&settable(names, keys), "s")?;
            statements.push(format!("UPDATE t SET {set} FROM {table} AS t {LOCKED} JOIN {staging} AS s ON {matches}"));
        }
        let absent = format!("NOT EXISTS (SELECT 1 FROM {table} AS t {LOCKED} WHERE {matches})");
        let partition = self.dialect.quote_list(keys.iter().map(String::as_str))?;
        statements.push(if updates {
            format!("INSERT INTO {table} ({all}) SELECT {all} FROM {staging} AS s WHERE {absent}")
        } else {
            // Of rows that conflict with each other, one arrives.
            let nth = self.dialect.quote("industrydb_nth")?;
            let numbered = format!("ROW_NUMBER() OVER (PARTITION BY {partition} ORDER BY (SELECT NULL)) AS {nth}");
            let source = format!("(SELECT {all}, {numbered} FROM {staging}) AS s");
            format!("INSERT INTO {table} ({all}) SELECT {all} FROM {source} WHERE {nth} = 1 AND {absent}")
        });
        Ok(statements)
    }

    fn assignments(&self, names: &[&str], source: &str) -> Result<String> {
        let mut terms = Vec::with_capacity(names.len());
        for name in names {
            let name = self.dialect.quote(name)?;
            terms.push(format!("{name} = {source}.{name}"));
        }
        Ok(terms.join(", "))
    }
}

/// The columns that an update sets: all but the keys; the keys where there is nothing else, so that the row still
/// counts as one that arrived.
fn settable<'n>(names: &[&'n str], keys: &[String]) -> Vec<&'n str> {
    let others: Vec<&str> = names.iter().copied().filter(|name| !keys.iter().any(|key| key == name)).collect();
    if others.is_empty() { names.to_vec() } else { others }
}
