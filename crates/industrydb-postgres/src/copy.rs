//! Bulk insert: `COPY … FROM STDIN`, encoded from the frame's columns for the target's types.

use std::sync::Arc;

use industrydb_core::connector::Progress;
use industrydb_core::error::{Error, Result};
use industrydb_core::sql::tokens::tokenize;
use industrydb_core::sql::{PlaceholderStyle, first_keyword};
use industrydb_core::table::{ColumnInfo, TableName};
use polars_core::prelude::DataFrame;
use sqlx::PgConnection;
use tokio::task::yield_now;

use crate::cancel::Calls;
use crate::catalog;
use crate::dialect::DIALECT;
use crate::encode::{Format, Rows};
use crate::error::BACKEND;
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
    let mut rows = Rows::new(frame, &targets).map_err(|error| error.with_backend(BACKEND))?;
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
    let mut copy = connection.copy_in_raw(sql).await.map_err(Failure::Server)?;
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
        copy.send(chunk.as_slice()).await.map_err(Failure::Server)?;
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
    match copy.abort("the data can't be sent").await {
        Ok(()) => Err(Failure::Ours(stopped)),
        Err(cause) => Err(Failure::Server(cause)),
    }
}
