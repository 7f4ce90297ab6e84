//! What the database says about its own tables.

use std::ffi::CString;

use industrydb_core::error::{Error, Result};
use industrydb_core::table::{ColumnInfo, TableName};
use polars_core::prelude::{DataType, Field, Schema};

use crate::error::BACKEND;
use crate::raw::{Cell, Statement};
use crate::session::Session;
use crate::types::Kind;

/// All tables and views that a user made, in every attached database.
pub const TABLES: &str = "SELECT schema, name, type AS kind FROM pragma_table_list \
     WHERE type <> 'shadow' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND (?1 IS NULL OR schema = ?1) \
     ORDER BY schema, name";

/// What [`TABLES`] gives: expressions have no type of their own, and there may be no table.
pub fn tables_schema() -> Schema {
    ["schema", "name", "kind"].into_iter().map(|name| Field::new(name.into(), DataType::String)).collect()
}

const COLUMNS: &str =
    "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1, ?2) ORDER BY cid";

/// The schema in which SQLite finds a table that is named without one: temp, main, then the attached ones.
const SCHEMA_OF: &str = "SELECT l.schema FROM pragma_table_list(?1) l JOIN pragma_database_list d ON d.name = l.schema \
     ORDER BY d.name <> 'temp', d.seq LIMIT 1";

const NATURE: &str = "SELECT type, strict FROM pragma_table_list(?1) WHERE schema = ?2 COLLATE NOCASE";

/// The text in a column of a catalog's row.
pub fn text(statement: &Statement, column: usize) -> String {
    match statement.cell(column) {
        Cell::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Cell::Null | Cell::Int(_) | Cell::Real(_) | Cell::Blob(_) | Cell::OutOfMemory => String::new(),
    }
}

/// The integer in a column of a catalog's row.
pub fn int(statement: &Statement, column: usize) -> i64 {
    match statement.cell(column) {
        Cell::Int(value) => value,
        Cell::Null | Cell::Real(_) | Cell::Text(_) | Cell::Blob(_) | Cell::OutOfMemory => 0,
    }
}

/// A table's schema and name; SQLite has no third part.
fn parts(table: &TableName) -> Result<(Option<&str>, &str)> {
    match table.parts() {
        [_] | [_, _] => Ok((table.schema(), table.table())),
        _ => Err(Error::argument(format!("{table}: a table of SQLite is named by itself or as schema.table"))
            .with_backend(BACKEND)),
    }
}

/// The columns of `table` in their order, or `None` if there is no such table.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Argument`] for a name of more than two parts, and what SQLite says.
pub fn columns(session: &Session, table: &TableName) -> Result<Option<Vec<ColumnInfo>>> {
    let (schema, name) = parts(table)?;
    let schema_cell = schema.map_or(Cell::Null, |schema| Cell::Text(schema.as_bytes()));
    let mut found = Vec::new();
    session.for_each_row(COLUMNS, &[Cell::Text(name.as_bytes()), schema_cell], |row| {
        // 1: a hidden column of a virtual table; 2 and 3: generated (pragma.html#pragma_table_xinfo).
        let hidden = int(row, 5);
        if hidden == 1 {
            return;
        }
        let declared_type = text(row, 1);
        let dtype = Kind::of_declared(&declared_type).dtype();
        found.push(ColumnInfo {
            name: text(row, 0),
            nullable: int(row, 2) == 0,
            default: (row.cell(3) != Cell::Null).then(|| text(row, 3)),
            primary_key: u32::try_from(int(row, 4)).ok().filter(|place| *place > 0),
            generated: hidden != 0,
            collation: None,
            declared_type,
            dtype,
        });
    })?;
    for column in &mut found {
        column.collation = collation(session, schema, name, &column.name);
    }
    Ok((!found.is_empty()).then_some(found))
}

fn collation(session: &Session, schema: Option<&str>, table: &str, column: &str) -> Option<String> {
    let schema = schema.map(CString::new).transpose().ok()?;
    let (table, column) = (CString::new(table).ok()?, CString::new(column).ok()?);
    session.database().collation(schema.as_deref(), &table, &column).filter(|name| !name.eq_ignore_ascii_case("BINARY"))
}

/// The table with the schema that SQLite finds it in; one that is not there would be made in `main`.
///
/// # Errors
/// As [`columns`].
pub fn resolve(session: &Session, table: &TableName) -> Result<TableName> {
    let (schema, name) = parts(table)?;
    if schema.is_some() {
        return Ok(table.clone());
    }
    let mut home = "main".to_owned();
    session.for_each_row(SCHEMA_OF, &[Cell::Text(name.as_bytes())], |row| home = text(row, 0))?;
    Ok(TableName::new(vec![home, name.to_owned()]).unwrap_or_else(|| table.clone()))
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// A table, STRICT or not.
    Table {
        /// Whether it holds its columns to their types.
        strict: bool,
    },
    /// A view; only its triggers can write.
    View,
}

/// What `table`, named with its schema, is; a table if there is none such.
///
/// # Errors
/// What SQLite says.
pub fn nature(session: &Session, table: &TableName) -> Result<Nature> {
    let (schema, name) = parts(table)?;
    let mut nature = Nature::Table { strict: false };
    let schema = Cell::Text(schema.unwrap_or("main").as_bytes());
    session.for_each_row(NATURE, &[Cell::Text(name.as_bytes()), schema], |row| {
        nature = if text(row, 0) == "view" { Nature::View } else { Nature::Table { strict: int(row, 1) != 0 } };
    })?;
    Ok(nature)
}

/// Views that read `table`, foreign keys that point to it, and triggers on it: what dropping it would break or take
/// along.
///
/// # Errors
/// What SQLite says.
pub fn dependents(session: &Session, table: &TableName) -> Result<Vec<String>> {
    let (schema, name) = parts(table)?;
    let mut home = schema.map(str::to_owned);
    if home.is_none() {
        session.for_each_row(SCHEMA_OF, &[Cell::Text(name.as_bytes())], |row| home = Some(text(row, 0)))?;
    }
    let Some(home) = home else { return Ok(Vec::new()) };
    let catalog = format!("{}.sqlite_schema", quoted(&home));
    let (name_cell, home_cell) = (Cell::Text(name.as_bytes()), Cell::Text(home.as_bytes()));
    let mut found = Vec::new();

    // Temporary triggers and views may depend on a table of any schema; a temporary table of the same name hides it.
    let mut hidden = false;
    let temporary = "SELECT 1 FROM sqlite_temp_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE";
    session.for_each_row(temporary, &[name_cell], |_| hidden = true)?;
    let mut schemas = vec![home.as_str()];
    if home != "temp" && !hidden {
        schemas.push("temp");
    }
    for schema in &schemas {
        let triggers = format!(
            "SELECT name FROM {}.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE ORDER BY 1",
            quoted(schema)
        );
        session.for_each_row(&triggers, &[name_cell], |row| found.push(format!("trigger {}", text(row, 0))))?;
    }

    let keys = format!(
        "SELECT DISTINCT s.name FROM {catalog} s, pragma_foreign_key_list(s.name, ?2) k \
         WHERE s.type = 'table' AND k.\"table\" = ?1 COLLATE NOCASE AND s.name <> ?1 COLLATE NOCASE ORDER BY 1"
    );
    session.for_each_row(&keys, &[name_cell, home_cell], |row| {
        found.push(format!("foreign key of table {}", text(row, 0)));
    })?;

    let mut views = Vec::new();
    for schema in &schemas {
        let all = format!("SELECT name FROM {}.sqlite_schema WHERE type = 'view' ORDER BY 1", quoted(schema));
        session.for_each_row(&all, &[], |row| views.push((*schema, text(row, 0))))?;
    }
    for (schema, view) in views {
        let sql = Session::text(&format!("SELECT * FROM {}.{}", quoted(schema), quoted(&view)))?;
        // A view that is broken already depends on nothing that could be broken.
        let read = session.database().tables_read(&sql).unwrap_or_default();
        if read.iter().any(|table| table.eq_ignore_ascii_case(name)) {
            found.push(format!("view {view}"));
        }
    }
    Ok(found)
}

/// A name as SQL spells it.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
