//! Bulk insert: `COPY … FROM STDIN`, encoded from the frame's columns for the target's types.

use std::sync::Arc;

use industrydb_core::connector::Progress;
use industrydb_core::error::{Error, Result};
use industrydb_core::sql::generate::staging_name;
use industrydb_core::sql::tokens::tokenize;
use industrydb_core::sql::{PlaceholderStyle, first_keyword};
use industrydb_core::table::{ColumnInfo, TableName};
use polars_core::prelude::DataFrame;
use sqlx::{AssertSqlSafe, PgConnection, raw_sql};
use tokio::task::yield_now;

use crate::cancel::Calls;
use crate::catalog;
use crate::dialect::DIALECT;
use crate::encode::{Format, Rows};
use crate::error::{BACKEND, sqlstate};
use crate::session::{Session, given_up};

/// How much is sent at a time: while the next piece is written, the server has enough of the last ones in its socket.
const CHUNK: usize = 32 << 10;
/// How many pieces are sent before whoever waits may look up, if the server takes them as fast as they come.
const CHUNKS_BETWEEN_LOOKS: u64 = 64;

/// Appends all rows of `frame` to `table`.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Conversion`] for a value that its column does not hold exactly; what the server
/// says.
pub async fn append(
    session: &mut Session,
    table: &TableName,
    columns: &[ColumnInfo],
    frame: &DataFrame,
    progress: &Progress,
) -> Result<u64> {
    let targets = catalog::targets(session, table, columns).await?;
    if !targets.takes_copy {
        return through_staging(session, table, columns, frame, progress).await;
    }
    let mut rows = Rows::new(frame, &targets.columns).map_err(|error| error.with_backend(BACKEND))?;
    let names = columns.iter().map(|column| column.name.as_str());
    let format = match rows.format() {
        Format::Binary => "binary",
        Format::Text => "text",
    };
    let sql =
        format!("COPY {} ({}) FROM STDIN (FORMAT {format})", DIALECT.quote_table(table)?, DIALECT.quote_list(names)?);
    let calls = Arc::clone(&session.calls);
    let outcome = send(&mut session.connection, &sql, &mut rows, &calls, progress).await;
    match outcome {
        Ok(rows) => Ok(rows),
        Err(Failure::Server(cause)) => Err(session.error(cause)),
        Err(Failure::Ours(error)) => {
            session.note_failed();
            Err(error.with_backend(BACKEND))
        }
    }
}

/// As [`append`], into what takes an INSERT but no COPY: the rows are copied into a temporary table, whose columns are
/// declared alike, and go on from there.
async fn through_staging(
    session: &mut Session,
    table: &TableName,
    columns: &[ColumnInfo],
    frame: &DataFrame,
    progress: &Progress,
) -> Result<u64> {
    let staging = staging_name(&DIALECT).ok_or_else(|| Error::execution("a staging table needs a name"))?;
    let declared =
        columns.iter().map(|column| Ok(format!("{} {}", DIALECT.quote(&column.name)?, column.declared_type)));
    let declared = declared.collect::<Result<Vec<_>>>()?.join(", ");
    let (from, to) = (DIALECT.quote_table(&staging)?, DIALECT.quote_table(table)?);
    let names = DIALECT.quote_list(columns.iter().map(|column| column.name.as_str()))?;
    session.run_simple(&format!("CREATE TABLE {from} ({declared})")).await?;
    Box::pin(append(session, &staging, columns, frame, progress)).await?;
    let sql = format!("INSERT INTO {to} ({names}) SELECT {names} FROM {from}");
    let inserted = raw_sql(AssertSqlSafe(sql)).execute(&mut session.connection).await;
    let inserted = inserted.map_err(|cause| session.error(cause))?;
    session.run_simple(&format!("DROP TABLE {from}")).await?;
    Ok(inserted.rows_affected())
}

/// Refuses a COPY that would have to go on in the protocol's own mode, in which neither rows nor a result come.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Execution`].
pub fn check(sql: &str) -> Result<()> {
    let style = PlaceholderStyle::Dollar;
    if !first_keyword(sql, style).is_some_and(|keyword| keyword.eq_ignore_ascii_case("copy")) {
        return Ok(());
    }
    let tokens = tokenize(sql, style).unwrap_or_default();
    let mut texts = tokens.iter().map(|token| token.text(sql));
    if !texts.any(|text| text.eq_ignore_ascii_case("stdin") || text.eq_ignore_ascii_case("stdout")) {
        return Ok(());
    }
    let error = Error::execution("COPY FROM STDIN and COPY TO STDOUT can't be run as a statement");
    Err(error.with_hint("insert() writes with COPY, and execute() reads a query").with_backend(BACKEND))
}

/// What stopped a COPY.
enum Failure {
    Server(sqlx::Error),
    /// A value that can't be sent, or a cancel.
    Ours(Error),
}

async fn send(
    connection: &mut PgConnection,
    sql: &str,
    rows: &mut Rows,
    calls: &Calls,
    progress: &Progress,
) -> Result<u64, Failure> {
    let mut copy = calls.watched(connection.copy_in_raw(sql)).await.map_err(Failure::Server)?;
    let mut chunk = Vec::with_capacity(CHUNK + CHUNK / 4);
    let (mut pieces, mut sent) = (0_u64, 0_u64);
    let stopped = loop {
        chunk.clear();
        let more = match rows.fill(&mut chunk, CHUNK) {
            Ok(more) => more,
            Err(error) => break error,
        };
        if calls.was_asked() {
            break given_up();
        }
        calls.watched(copy.send(chunk.as_slice())).await.map_err(Failure::Server)?;
        sent += chunk.len() as u64;
        progress.set(rows.rows_done() as u64, sent);
        pieces += 1;
        if pieces % CHUNKS_BETWEEN_LOOKS == 0 {
            yield_now().await;
        }
        if !more {
            return copy.finish().await.map_err(Failure::Server);
        }
    };
    copy.send(spoiler(rows.format())).await.map_err(Failure::Server)?;
    match copy.finish().await {
        // What is no COPY data can't be stored; if it were, the caller's transaction would take it back.
        Ok(_) => Err(Failure::Ours(stopped)),
        Err(cause) if sqlstate(&cause) == Some(SPOILT) => Err(Failure::Ours(stopped)),
        Err(cause) => Err(Failure::Server(cause)),
    }
}

/// `bad_copy_file_format`: what the server says to a [`spoiler`].
const SPOILT: &str = "22P04";

/// What the server takes in no place between two rows. It stands for a CopyFail, after which the driver reads on only
/// if that is what failed the COPY: where the server had refused an earlier row, each answer would from then on be
/// taken for that of the next statement.
///
/// Source: PostgreSQL manual, COPY, "File Formats": a field count that no table has; `\.` with more on its line.
fn spoiler(format: Format) -> &'static [u8] {
    match format {
        Format::Binary => b"\x7f\xff",
        Format::Text => b"\\.spoilt\n",
    }
}
