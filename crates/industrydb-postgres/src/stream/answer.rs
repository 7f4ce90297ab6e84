//! The server's answer to a statement: its rows one by one, and how it ended.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::BoxStream;
use industrydb_core::connector::{ReadOptions, Settle};
use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::sql::{PlaceholderStyle, first_keyword};
use sqlx::Either;
use sqlx::postgres::{PgQueryResult, PgRow};

use crate::cancel::Calls;
use crate::session::Session;

/// Rows between two reports of progress.
pub(super) const ROWS_BETWEEN_REPORTS: usize = 4_096;

/// What stopped a statement.
pub(super) enum Failure {
    /// The server, or the way to it.
    Server(sqlx::Error),
    /// A value that has no place in its column, or a consumer that is gone. The server is still sending.
    Ours(Error),
}

pub(super) fn finish(session: &mut Session, sql: &str, sent: &str, outcome: Result<(), Failure>) -> Result<()> {
    match outcome {
        Ok(()) => session.note_effects(sql),
        Err(Failure::Server(cause)) => {
            let error = session.located(cause, sql, sent);
            // One with a place in the statement was found in reading it: it has not run.
            if error.details().position.is_none() {
                session.note_failure(sql);
            } else {
                session.note_stale();
            }
            Err(error)
        }
        Err(Failure::Ours(error)) => {
            if error.kind() == ErrorKind::Conversion {
                // Perhaps because its type is another one by now.
                session.note_stale();
            }
            Err(error)
        }
    }
}

/// Throws away what is left of a result that nobody wants: all of it in a transaction, which would not survive a cancel,
/// else what comes until the server has heard that the call may stop.
///
/// # Errors
/// What the server ends the statement with instead.
pub(super) async fn drain(rows: &mut Rows<'_>, calls: Option<&Calls>) -> sqlx::Result<()> {
    if let Some(calls) = calls {
        calls.stop_running().await;
    }
    while next(rows).await.transpose()?.is_some() {}
    Ok(())
}

pub(super) type Rows<'r> = BoxStream<'r, sqlx::Result<Either<PgQueryResult, PgRow>>>;

pub(super) async fn next(rows: &mut Rows<'_>) -> Option<sqlx::Result<Either<PgQueryResult, PgRow>>> {
    poll_fn(|cx: &mut Context<'_>| -> Poll<_> { Pin::new(&mut *rows).poll_next(cx) }).await
}

/// Whether the number of rows that the server reports is one of rows changed, not only read.
pub(super) fn changes_rows(sql: &str) -> bool {
    let keyword = first_keyword(sql, PlaceholderStyle::Dollar).unwrap_or_default().to_ascii_lowercase();
    matches!(keyword.as_str(), "insert" | "update" | "delete" | "merge" | "with")
}

/// The rows after which a batch is out.
pub(super) fn batch_limit(options: &ReadOptions) -> usize {
    match options.settle {
        Settle::Declared | Settle::FirstBatch => options.batch_rows.max(1),
        Settle::WholeResult => usize::MAX,
    }
}
