//! Statements over the extended protocol: every value in its binary form.

use std::sync::Arc;

use industrydb_core::connector::{Event, ReadOptions, Settle};
use industrydb_core::error::Result;
use industrydb_core::value::Params;
use sqlx::{Connection as _, Either, Executor as _, Statement as _};
use tokio::task::yield_now;

use super::answer::{Failure, ROWS_BETWEEN_REPORTS, Rows, batch_limit, changes_rows, drain, finish, next};
use super::text::run_textual;
use super::{Sink, is_query};
use crate::decode::{ResultReader, declared_schema};
use crate::error::is_notification;
use crate::plan::Plan;
use crate::session::{Ready, Session, is_unknown};

/// Runs a prepared statement; one that the server refuses because its result has changed is prepared anew, since its
/// parameters may have other types now and its result may have to come as text.
pub(super) async fn run_ready(
    session: &mut Session,
    mut ready: Ready,
    (sql, params): (&str, &Params),
    entered: bool,
    options: &ReadOptions,
    sink: &Sink,
) -> Result<()> {
    let mut again = false;
    loop {
        if ready.plan.needs_text {
            let (sent, columns) = match &ready.textual {
                Some(textual) => (&textual.sql, &textual.columns),
                None => (&ready.sql, &ready.plan.columns),
            };
            return run_textual(session, sent, sql, Some(columns), options, sink).await;
        }
        match fetch(session, &ready, options, sink).await {
            Err(Failure::Server(cause)) if !again && session.may_retry(&cause) => {
                again = true;
                session.start_over(entered).await?;
                ready = match session.ready(sql, params).await {
                    Err(error) if is_unknown(&error) && is_query(sql) => {
                        let textual = session.ready_as_text(sql, params).await?;
                        return run_textual(session, &textual.sql, sql, Some(&textual.columns), options, sink).await;
                    }
                    ready => ready?,
                };
            }
            outcome => return finish(session, sql, &ready.sql, outcome),
        }
    }
}

async fn fetch(session: &mut Session, ready: &Ready, options: &ReadOptions, sink: &Sink) -> Result<(), Failure> {
    let arguments = ready.bindings.arguments().map_err(Failure::Server)?;
    let calls = (!session.state.in_transaction()).then(|| Arc::clone(&session.calls));
    let mut rows = (&mut session.connection).fetch_many(ready.plan.statement.query_with(arguments));
    let mut outcome = read(&mut rows, &ready.plan, &ready.sql, options, sink).await;
    let last = match &outcome {
        Err(Failure::Ours(_)) => drain(&mut rows, calls.as_deref()).await,
        Err(Failure::Server(_)) | Ok(_) => Ok(()),
    };
    drop(rows);
    session.note_end(last);
    if let Ok(End::Notified) = &outcome {
        // The statement is through; what follows the notification says whether it was committed.
        outcome = session.connection.ping().await.map(|()| End::Ready).map_err(Failure::Server);
    } else if matches!(&outcome, Err(Failure::Server(cause)) if is_notification(cause)) {
        // It runs all the same. Where it has nothing to tell but that it is through, nothing is lost.
        match session.take_notification().await {
            Err(cause) => return Err(Failure::Server(cause)),
            Ok(()) if ready.plan.columns.is_empty() && !changes_rows(&ready.sql) => {
                return sink.event(Event::Done(0)).await.map_err(Failure::Ours);
            }
            Ok(()) => {}
        }
    }
    outcome.map(drop)
}

/// How the answer to a statement ended.
enum End {
    /// With the server ready for the next.
    Ready,
    /// With a notification, before the server was ready.
    Notified,
}

async fn read(rows: &mut Rows<'_>, plan: &Plan, sql: &str, options: &ReadOptions, sink: &Sink) -> Result<End, Failure> {
    let mut end = End::Ready;
    let mut done = false;
    let mut reader = ResultReader::new(&plan.columns, options);
    let mut announced = false;
    let mut changed = 0;
    if options.settle == Settle::Declared && !plan.columns.is_empty() {
        announced = true;
        let schema = Arc::new(declared_schema(&plan.columns, options));
        sink.event(Event::Schema(schema)).await.map_err(Failure::Ours)?;
    }
    let limit = batch_limit(options);
    while let Some(next) = next(rows).await {
        if done && next.as_ref().is_err_and(is_notification) {
            end = End::Notified;
            break;
        }
        match next.map_err(Failure::Server)? {
            Either::Left(result) => {
                done = true;
                changed = result.rows_affected();
            }
            // Rows of no columns (`SELECT FROM t`): nothing but their number, as if nothing had been asked for.
            Either::Right(_) if plan.columns.is_empty() => {}
            Either::Right(row) => {
                reader.read_row(&row).map_err(Failure::Ours)?;
                if reader.rows().is_multiple_of(ROWS_BETWEEN_REPORTS) {
                    let (rows, bytes) = reader.progress();
                    options.progress.set(rows, bytes);
                    // Rows may come faster than they are read.
                    yield_now().await;
                }
                if reader.rows() >= limit {
                    give(&mut reader, &mut announced, true, options, sink).await.map_err(Failure::Ours)?;
                }
            }
        }
    }
    if !plan.columns.is_empty() {
        if reader.rows() > 0 {
            give(&mut reader, &mut announced, false, options, sink).await.map_err(Failure::Ours)?;
        } else if !announced {
            let schema = Arc::new(declared_schema(&plan.columns, options));
            sink.event(Event::Schema(schema)).await.map_err(Failure::Ours)?;
        }
    }
    let changed = if plan.columns.is_empty() || changes_rows(sql) { changed } else { 0 };
    sink.event(Event::Done(changed)).await.map_err(Failure::Ours)?;
    Ok(end)
}

async fn give(
    reader: &mut ResultReader,
    announced: &mut bool,
    more: bool,
    options: &ReadOptions,
    sink: &Sink,
) -> Result<()> {
    let frame = reader.finish_batch(more)?;
    let (rows, bytes) = reader.progress();
    options.progress.set(rows, bytes);
    if !std::mem::replace(announced, true) {
        sink.event(Event::Schema(Arc::clone(frame.schema()))).await?;
    }
    sink.event(Event::Batch(frame)).await
}
