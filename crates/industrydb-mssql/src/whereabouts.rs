//! Which columns of which tables a statement stores its parameters in.

use industrydb_core::error::{ErrorKind, Result};
use industrydb_core::sql::stored::{Place, Stored, stored_by_sql_server};
use industrydb_core::table::{ColumnInfo, TableName};
use tiberius::ColumnData;

use crate::catalog;
use crate::dialect::DIALECT;
use crate::params::Bound;
use crate::session::{Request, Session};
use crate::statement::is_of_the_statement;

/// A parameter that is stored as it is.
#[derive(Debug)]
pub struct Parameter {
    /// Its index, counted from 0.
    pub at: usize,
    /// The table, without its schema.
    pub table: String,
    /// The columns that it may go to: one, unless it comes out of a subquery.
    pub targets: Vec<ColumnInfo>,
}

/// Where `sql` stores its parameters, as the catalog says. What it does not say is left to the server.
///
/// # Errors
/// A lost connection, a cancel.
pub async fn parameters(session: &mut Session, sql: &str) -> Result<Vec<Parameter>> {
    let mut found = Vec::new();
    for stored in stored_by_sql_server(sql) {
        if stored.parameters.is_empty() {
            continue;
        }
        let columns = match columns(session, &stored).await {
            Ok(columns) => columns.unwrap_or_default(),
            Err(error) if is_of_the_statement(&error) => continue,
            // A name that is none of a table here.
            Err(error) if error.kind() == ErrorKind::Argument => continue,
            Err(error) => return Err(error),
        };
        found.extend(stored.parameters.iter().map(|(at, place)| Parameter {
            at: *at,
            table: stored.table.last().cloned().unwrap_or_default(),
            targets: targets(&columns, &stored, place),
        }));
    }
    Ok(found)
}

/// The columns of the table that a statement names, or those that it has values for where it lists none; `None` if there
/// is no such table in this server's catalogs.
async fn columns(session: &mut Session, stored: &Stored) -> Result<Option<Vec<ColumnInfo>>> {
    match (in_schema(session, &stored.table).await?, &stored.columns) {
        (None, _) => Ok(None),
        (Some(table), Some(_)) => catalog::columns(session, &table).await,
        (Some(table), None) => catalog::listed(session, &table).await,
    }
}

/// The table of a name in parts. `database..table` is in the schema in which the server finds it: the user's own there, or
/// `dbo`.
async fn in_schema(session: &mut Session, name: &[String]) -> Result<Option<TableName>> {
    let [database, schema, table] = name else { return Ok(TableName::new(name.to_vec())) };
    if !schema.is_empty() {
        return Ok(TableName::new(name.to_vec()));
    }
    let (place, quoted) = (DIALECT.quote(database)?, DIALECT.quote(table)?);
    // An error, as of a database that is not there, is to roll nothing back.
    let sql = format!(
        "SET XACT_ABORT OFF; SELECT s.name FROM {place}.sys.objects AS o \
         JOIN {place}.sys.schemas AS s ON s.schema_id = o.schema_id WHERE o.object_id = OBJECT_ID(@P1)"
    );
    let object =
        Bound { data: ColumnData::String(Some(format!("{place}..{quoted}").into())), declared: "nvarchar(800)".into() };
    let rows = session.rows(Request::with_params(&sql, vec![object])).await?;
    let Some([ColumnData::String(Some(schema))]) = rows.first().map(Vec::as_slice) else { return Ok(None) };
    Ok(TableName::new(vec![database.clone(), schema.to_string(), table.clone()]))
}

/// The columns that `place` stands for.
fn targets(columns: &[ColumnInfo], stored: &Stored, place: &Place) -> Vec<ColumnInfo> {
    let named = |name: &String| DIALECT.find(name, columns, |column| column.name.as_str()).cloned();
    match (place, &stored.columns) {
        (Place::Column(name), _) => named(name).into_iter().collect(),
        (Place::Position(at), _) => columns.get(*at).cloned().into_iter().collect(),
        (Place::Any, Some(names)) => names.iter().filter_map(named).collect(),
        (Place::Any, None) => columns.to_vec(),
    }
}
