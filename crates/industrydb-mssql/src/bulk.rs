//! Frames into tables: INSERT BULK, straight into the table or through a staging table.
//!
//! The client library declares some columns in another way than it sends them, and names no collation ([`route`] says
//! which). Rows for such columns go into a temporary table of types that it sends right, and from there with one INSERT …
//! SELECT, once the server has said that nothing changes on the way ([`check`]).

mod check;
mod route;
mod send;

use industrydb_core::connector::Progress;
use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::sql::generate::unique_name;
use industrydb_core::table::{ColumnInfo, TableName};
use polars_core::prelude::DataFrame;

use self::check::{check, unkept};
use self::route::{Route, Values, is_ascii, is_long, narrow_collation};
use self::send::{Load, send};
use crate::catalog::{self, ENCRYPTED};
use crate::dialect::DIALECT;
use crate::encode::stored_frame;
use crate::error::BACKEND;
use crate::session::{Request, Session};

/// Appends all rows of `frame` to `table` and gives their number.
///
/// # Errors
/// [`ErrorKind::Conversion`] for a value that its column does not hold exactly, before or while rows are sent, or when
/// they are staged; [`ErrorKind::UniqueViolation`] if an index dropped rows, [`ErrorKind::Execution`] if the server stored
/// fewer for another reason; what the server says. What was sent by then is for the caller's transaction to take back.
pub async fn append(
    session: &mut Session,
    table: &TableName,
    columns: &[ColumnInfo],
    frame: &DataFrame,
    progress: &Progress,
) -> Result<u64> {
    if let Some(ColumnInfo { name, .. }) = columns.iter().find(|column| column.declared_type.starts_with(ENCRYPTED)) {
        let message =
            format!("the column {name:?} is encrypted (Always Encrypted): only clients with its key write it");
        return Err(Error::execution(message).with_column(name).with_table(table.table()).with_backend(BACKEND));
    }
    let stored = stored_frame(frame, columns).map_err(|error| error.with_backend(BACKEND))?;
    let rows = stored.height() as u64;
    if rows == 0 {
        return Ok(0);
    }
    let target = DIALECT.quote_table(table)?;
    let names: Vec<String> = columns.iter().map(|column| DIALECT.quote(&column.name)).collect::<Result<_>>()?;
    let collations: Vec<Option<&str>> = columns.iter().map(narrow_collation).collect();
    let asked: Vec<&str> = collations.iter().copied().flatten().collect();
    let storage = catalog::storage(session, table, &asked).await?;
    // In another database, temporary tables' among them, it may be another collation that INSERT BULK goes by.
    let is_here = matches!(table.parts(), [name] | [_, name] if !name.starts_with('#'));
    let mut pages = storage.pages.iter();
    let values: Vec<Values> = stored
        .columns()
        .iter()
        .zip(&collations)
        .map(|(column, collation)| {
            let series = column.as_materialized_series();
            let page = collation.and_then(|_| pages.next().copied().flatten());
            let is_read_alike = is_here && page == storage.database_page;
            Values { long: is_long(series), ascii: collation.is_some() && is_ascii(series), page, is_read_alike }
        })
        .collect();
    let routes = |staged| -> Vec<Route> {
        columns.iter().zip(&values).map(|(column, values)| Route::of(column, *values, staged)).collect()
    };
    // The client library takes no such names.
    let odd = table
        .parts()
        .iter()
        .chain(columns.iter().map(|column| &column.name))
        .any(|name| name.contains(char::is_control));
    let straight = routes(false);
    // Only the count of an INSERT is sure to be that of the rows that were stored.
    let staged = odd || storage.drops_duplicates || straight.iter().any(|route| *route != Route::Straight);
    let routes = if staged { routes(true) } else { straight };
    let staged_names: Vec<String> = (0..if staged { columns.len() } else { 0 }).map(|at| format!("[c{at}]")).collect();
    let load = Load {
        names: if staged { &staged_names } else { &names },
        columns,
        stored: &stored,
        routes: &routes,
        staged,
        progress,
        bytes: frame.estimated_size() as u64,
    };
    if !staged {
        let told = send(session, &target, &load).await?;
        check_count(session, table, told, rows).await?;
        return Ok(rows);
    }
    let staging = DIALECT.quote(&unique_name("#industrydb_bulk"))?;
    let mut declarations = Vec::with_capacity(columns.len());
    let mut sources = Vec::with_capacity(columns.len());
    let mut checks = Vec::new();
    for (at, ((column, name), (route, values))) in
        columns.iter().zip(&staged_names).zip(routes.iter().zip(&values)).enumerate()
    {
        declarations.push(format!("{name} {} NULL", route.declared(column)));
        sources.push(route.source(column, name));
        if collations[at].is_some() && !values.ascii {
            checks.push(check(at, column, &route.text(name), &staging));
        }
    }
    session.rows(Request::Batch(&format!("CREATE TABLE {staging} ({})", declarations.join(", ")))).await?;
    let told = send(session, &staging, &load).await?;
    check_count(session, table, told, rows).await?;
    if !checks.is_empty() {
        let misfits = session.rows(Request::Batch(&checks.join(" UNION ALL "))).await?;
        if let Some(misfit) = misfits.first() {
            return Err(unkept(misfit, columns, &stored));
        }
    }
    let names = names.join(", ");
    let insert = format!("INSERT INTO {target} ({names}) SELECT {} FROM {staging}", sources.join(", "));
    session.rows(Request::Batch(&insert)).await?;
    // A trigger's statements do not count here, nor does NOCOUNT hold.
    let inserted = session.ask_counts().await?;
    if inserted < rows && (inserted > 0 || storage.drops_duplicates) {
        return Err(fewer(table, inserted, rows, storage.drops_duplicates));
    }
    session.rows(Request::Batch(&format!("DROP TABLE {staging}"))).await?;
    Ok(rows)
}

/// Whether a bulk load stored all rows, of which its answer told `told`: none under NOCOUNT.
///
/// # Errors
/// [`ErrorKind::Execution`] if it did not.
async fn check_count(session: &mut Session, table: &TableName, told: u64, rows: u64) -> Result<()> {
    if told == rows {
        return Ok(());
    }
    let counted = session.ask_counts().await?;
    missing(told, counted, rows).map_or(Ok(()), |stored| Err(fewer(table, stored, rows, false)))
}

/// How many rows a bulk load stored, if that is fewer than `rows`. What the server counts (`@@ROWCOUNT`) stands above what
/// the answer told; where neither says anything, nothing is held against the rows: tables whose indexes drop some are not
/// loaded straight.
fn missing(told: u64, counted: u64, rows: u64) -> Option<u64> {
    let stored = if counted == 0 { told } else { counted };
    (stored > 0 && stored < rows).then_some(stored)
}

/// The error of rows that the server did not store.
fn fewer(table: &TableName, inserted: u64, rows: u64, drops_duplicates: bool) -> Error {
    let message = format!("{table}: of {rows} rows the server stored {inserted}");
    let error = if drops_duplicates {
        let message = format!("{message}: a unique index with IGNORE_DUP_KEY = ON dropped the others");
        Error::new(ErrorKind::UniqueViolation, message)
            .with_hint("on_conflict=\"ignore\" leaves duplicates out and counts the others")
    } else {
        Error::execution(message).with_hint("SET ROWCOUNT holds for inserts as well: SET ROWCOUNT 0 ends it")
    };
    error.with_table(table.table()).with_backend(BACKEND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_missing_are_an_error() {
        for (told, counted, expected) in [
            (3, 0, None),
            (0, 3, None),
            // NOCOUNT, and a server that does not count bulk loads.
            (0, 0, None),
            // A trigger's count came last.
            (1, 3, None),
            (7, 3, None),
            (0, 2, Some(2)),
            (2, 2, Some(2)),
            (2, 0, Some(2)),
        ] {
            assert_eq!(missing(told, counted, 3), expected, "{told} {counted}");
        }
        let table = TableName::new(vec!["dbo".into(), "t".into()]).expect("a name");
        assert_eq!(fewer(&table, 2, 3, true).kind(), ErrorKind::UniqueViolation);
        let other = fewer(&table, 2, 3, false);
        assert_eq!(other.kind(), ErrorKind::Execution);
        assert!(other.details().hint.as_deref().is_some_and(|hint| hint.contains("ROWCOUNT")));
    }
}
