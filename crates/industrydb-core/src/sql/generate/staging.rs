//! Rows that may conflict: first into a staging table, from there with one set operation into their table.

use super::table::unique_name;
use crate::error::Result;
use crate::sql::Dialect;
use crate::sql::dialect::{Limit, Staging, Upsert};
use crate::table::{ColumnInfo, TableName};

/// What becomes of a row that conflicts with one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It is left out.
    Ignore,
    /// Its other columns replace those of the row that is there.
    Update,
}

/// What makes a row unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its columns.
    pub columns: Vec<String>,
    /// Whether two NULLs in them are the same value.
    pub nulls_are_equal: bool,
}

/// What rows conflict in, and what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// What becomes of a row.
    pub action: Action,
    /// An update has one. [`Action::Ignore`] with none means any unique constraint, where the server knows them
    /// ([`Upsert::OnConflict`]).
    pub keys: Vec<Key>,
}

/// The column that numbers the rows of a staging table as they came.
const ROW: &str = "industrydb_row";

/// A name for a staging table, in the schema of temporary tables.
pub fn staging_name(dialect: &Dialect) -> Option<TableName> {
    let name = unique_name("industrydb_staging");
    TableName::new(match dialect.staging {
        Staging::CreateTempAs { schema } => vec![schema.to_owned(), name],
        Staging::SelectIntoHash => vec![format!("#{name}")],
    })
}

/// Makes the empty table `staging` with `columns` as they are in `table`, and one that numbers the rows as they come,
/// where their order says which of them arrive.
///
/// # Errors
/// As [`Dialect::quote`].
pub fn create_staging(
    dialect: &Dialect,
    staging: &TableName,
    table: &TableName,
    columns: &[ColumnInfo],
    conflict: &Conflict,
) -> Result<String> {
    let (table, staging) = (dialect.quote_table(table)?, dialect.quote_table(staging)?);
    let never = dialect.never;
    Ok(match dialect.staging {
        Staging::CreateTempAs { .. } => {
            let names = dialect.quote_list(columns.iter().map(|column| column.name.as_str()))?;
            format!("CREATE TABLE {staging} AS SELECT {names} FROM {table} WHERE {never}")
        }
        Staging::SelectIntoHash => {
            let mut values = Vec::with_capacity(columns.len());
            for column in columns {
                let name = dialect.quote(&column.name)?;
                // Another database does not have the schemas that the column may be bound to (error 458).
                values.push(match column.declared_type.as_str() {
                    "xml" => format!("CAST({name} AS xml) AS {name}"),
                    _ => name,
                });
            }
            let nothing = format!("SELECT {} FROM {table} WHERE {never}", values.join(", "));
            // A snapshot transaction has no ALTER TABLE that could add the numbers later.
            let numbers = match conflict.action {
                Action::Ignore => format!("IDENTITY(bigint, 1, 1) AS {}, ", dialect.quote(ROW)?),
                Action::Update => String::new(),
            };
            format!("SELECT {numbers}q.* INTO {staging} FROM ({nothing} UNION ALL {nothing}) AS q")
        }
    })
}

/// Gives a row if a key is in `staging` twice; keys with a NULL are the same only if `nulls_are_equal`. The copy of a
/// table may lack the collations of its columns, so they are named.
///
/// # Errors
/// As [`Dialect::quote`].
pub fn duplicate_keys(
    dialect: &Dialect,
    staging: &TableName,
    keys: &[&ColumnInfo],
    nulls_are_equal: bool,
) -> Result<String> {
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
    let filter = if nulls_are_equal { String::new() } else { format!(" WHERE {}", present.join(" AND ")) };
    Ok(format!(
        "SELECT {top}COUNT(*) AS {} FROM {}{filter} GROUP BY {} HAVING COUNT(*) > 1{tail}",
        dialect.quote("rows")?,
        dialect.quote_table(staging)?,
        groups.join(", "),
    ))
}

/// Moves the rows of `staging` into `table`; the rows that the statements change add up to those that arrived. Where
/// rows may conflict in several keys, the statements have to be run again until they change none: of a row that is left
/// out only now, another one may have been thought to conflict with it.
///
/// # Errors
/// As [`Dialect::quote`].
pub fn insert_from_staging(
    dialect: &Dialect,
    table: &TableName,
    staging: &TableName,
    columns: &[ColumnInfo],
    conflict: &Conflict,
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
        Upsert::UpdateThenInsert => parts.update_then_insert(columns, conflict),
    }
}

struct Parts<'a> {
    dialect: &'a Dialect,
    table: String,
    staging: String,
    names: String,
}

impl Parts<'_> {
    fn on_conflict(&self, names: &[&str], conflict: &Conflict, guard: &str) -> Result<String> {
        let keys: &[String] = conflict.keys.first().map_or(&[], |key| &key.columns);
        let target = match keys {
            [] => String::new(),
            keys => format!("({}) ", self.dialect.quote_list(keys.iter().map(String::as_str))?),
        };
        let action = match conflict.action {
            Action::Ignore => format!("{target}DO NOTHING"),
            Action::Update => {
                format!("{target}DO UPDATE SET {}", self.assignments(&settable(names, keys), "excluded")?)
            }
        };
        let Self { table, staging, names, .. } = self;
        Ok(format!("INSERT INTO {table} ({names}) SELECT {names} FROM {staging}{guard} ON CONFLICT {action}"))
    }

    /// The range lock keeps others from inserting a key between the statements (Transact-SQL, "Table hints").
    fn update_then_insert(&self, columns: &[ColumnInfo], conflict: &Conflict) -> Result<Vec<String>> {
        const LOCKED: &str = "WITH (UPDLOCK, SERIALIZABLE)";
        let Self { table, staging, names: all, .. } = self;
        let mut absent = Vec::with_capacity(conflict.keys.len());
        for key in &conflict.keys {
            let same = self.same(columns, key)?;
            absent.push(format!("NOT EXISTS (SELECT 1 FROM {table} AS t {LOCKED} WHERE {same})"));
        }
        let absent = absent.join(" AND ");
        match (conflict.action, conflict.keys.as_slice()) {
            (Action::Update, [key, ..]) => {
                let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
                let set = self.assignments(&settable(&names, &key.columns), "s")?;
                let same = self.same(columns, key)?;
                Ok(vec![
                    format!("UPDATE t SET {set} FROM {table} AS t {LOCKED} JOIN {staging} AS s ON {same}"),
                    format!("INSERT INTO {table} ({all}) SELECT {all} FROM {staging} AS s WHERE {absent}"),
                ])
            }
            (Action::Ignore | Action::Update, keys) => {
                // Of rows that conflict with each other, the first one arrives.
                let mut places = String::new();
                let mut first = Vec::with_capacity(keys.len());
                for (at, key) in keys.iter().enumerate() {
                    let place = self.dialect.quote(&format!("industrydb_{}", at + 1))?;
                    let partition = self.dialect.quote_list(key.columns.iter().map(String::as_str))?;
                    let order = self.dialect.quote(ROW)?;
                    places.push_str(&format!(
                        ", ROW_NUMBER() OVER (PARTITION BY {partition} ORDER BY {order}) AS {place}"
                    ));
                    first.push(self.is_first(columns, key, &place)?);
                }
                let source = format!("SELECT {all}{places} FROM {staging} AS s WHERE {absent}");
                let first = first.join(" AND ");
                Ok(vec![format!("INSERT INTO {table} ({all}) SELECT {all} FROM ({source}) AS s WHERE {first}")])
            }
        }
    }

    /// Whether a row `t` has the same key as a row `s`.
    fn same(&self, columns: &[ColumnInfo], key: &Key) -> Result<String> {
        let mut terms = Vec::with_capacity(key.columns.len());
        for name in &key.columns {
            let quoted = self.dialect.quote(name)?;
            terms.push(if key.nulls_are_equal && is_nullable(columns, name) {
                format!("(t.{quoted} = s.{quoted} OR t.{quoted} IS NULL AND s.{quoted} IS NULL)")
            } else {
                format!("t.{quoted} = s.{quoted}")
            });
        }
        Ok(terms.join(" AND "))
    }

    /// Whether a row `s` is the first one of its key, or has a NULL that makes it unlike any other.
    fn is_first(&self, columns: &[ColumnInfo], key: &Key, place: &str) -> Result<String> {
        let mut unlike = String::new();
        for name in key.columns.iter().filter(|name| !key.nulls_are_equal && is_nullable(columns, name)) {
            unlike.push_str(&format!(" OR {} IS NULL", self.dialect.quote(name)?));
        }
        Ok(if unlike.is_empty() { format!("{place} = 1") } else { format!("({place} = 1{unlike})") })
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

fn is_nullable(columns: &[ColumnInfo], name: &str) -> bool {
    columns.iter().any(|column| column.name == name && column.nullable)
}
