//! Statements over the simple protocol: every value as the server's own text.

use std::sync::Arc;

use industrydb_core::connector::{Event, ReadOptions};
use industrydb_core::error::Result;
use industrydb_core::value::Params;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Either, Executor as _, raw_sql};
use tokio::task::yield_now;

use super::Sink;
use super::answer::{Failure, ROWS_BETWEEN_REPORTS, batch_limit, changes_rows, drain, finish, next};
use crate::error::{conversion, is_notification};
use crate::plan::PlannedColumn;
use crate::session::Session;
use crate::textual;

/// Runs `sent`, which stands for `sql`, as a simple query: every value comes as the server's own text.
pub(super) async fn run_textual(
    session: &mut Session,
    sent: &str,
    sql: &str,
    planned: Option<&[PlannedColumn]>,
    options: &ReadOptions,
    sink: &Sink,
) -> Result<()> {
    let columns = planned.unwrap_or_default();
    session.check_floats(columns)?;
    let reader = planned.map(|columns| textual::TextReader::new(columns, options)).transpose()?;
    let mut reader = reader.filter(|_| !columns.is_empty());
    let mut changed = 0;
    let mut announced = false;
    let limit = batch_limit(options);
    let calls = (!session.state.in_transaction()).then(|| Arc::clone(&session.calls));
    let mut last = Ok(());
    let mut done = false;
    // Rows of other columns than planned: a simple query never says that a plan is stale.
    let mut others = Vec::new();
    let mut outcome = {
        let mut rows = (&mut session.connection).fetch_many(raw_sql(AssertSqlSafe(sent)));
        loop {
            match next(&mut rows).await {
                None => break Ok(()),
                Some(Err(cause)) => break Err(Failure::Server(cause)),
                Some(Ok(Either::Left(result))) => {
                    done = true;
                    changed = result.rows_affected();
                }
                // Only the first row can be the first of other columns.
                Some(Ok(Either::Right(row))) if !others.is_empty() || is_other(planned, reader.as_ref(), &row) => {
                    others.push(row);
                }
                Some(Ok(Either::Right(row))) => {
                    let reader = reader.get_or_insert_with(|| textual::TextReader::of_row(&row, options));
                    let mut taken = reader.read_row(&row);
                    if reader.rows().is_multiple_of(ROWS_BETWEEN_REPORTS) {
                        yield_now().await;
                    }
                    if taken.is_ok() && reader.rows() >= limit {
                        taken = give_text(reader, &mut announced, sink).await;
                    }
                    if let Err(error) = taken {
                        last = drain(&mut rows, calls.as_deref()).await;
                        break Err(Failure::Ours(error));
                    }
                }
            }
        }
    };
    session.note_end(last);
    if matches!(&outcome, Err(Failure::Server(cause)) if is_notification(cause)) {
        // It runs all the same; what follows the notification says how it ended.
        let ended = session.take_notification().await.map_err(Failure::Server);
        if done || ended.is_err() {
            outcome = ended;
        }
    }
    finish(session, sql, sent, outcome)?;
    if !others.is_empty() {
        reader = Some(read_others(session, sent, &others, options).await?);
    }
    if let Some(mut reader) = reader
        && (reader.rows() > 0 || !announced)
    {
        give_text(&mut reader, &mut announced, sink).await?;
    }
    let changed = if columns.is_empty() || changes_rows(sql) { changed } else { 0 };
    sink.event(Event::Done(changed)).await
}

async fn give_text(reader: &mut textual::TextReader, announced: &mut bool, sink: &Sink) -> Result<()> {
    let frame = reader.finish_batch()?;
    if !std::mem::replace(announced, true) {
        sink.event(Event::Schema(Arc::clone(frame.schema()))).await?;
    }
    if frame.height() > 0 {
        sink.event(Event::Batch(frame)).await?;
    }
    Ok(())
}

/// Whether a result whose first row is `row` has other columns than `planned`.
fn is_other(planned: Option<&[PlannedColumn]>, reader: Option<&textual::TextReader>, row: &PgRow) -> bool {
    let is_first = reader.is_none_or(|reader| reader.is_fresh());
    planned.is_some_and(|columns| is_first && !textual::are_of(columns, row))
}

/// Reads rows of a result that has changed since its statement was prepared: its columns are asked for anew.
async fn read_others(
    session: &mut Session,
    sent: &str,
    rows: &[PgRow],
    options: &ReadOptions,
) -> Result<textual::TextReader> {
    session.note_stale();
    let columns = session.described_columns(sent, &Params::NONE).await?;
    if !rows.first().is_some_and(|row| textual::are_of(&columns, row)) {
        let message = "the columns of the result were changed while the statement ran";
        return Err(conversion(message).with_hint("run it again"));
    }
    let mut reader = textual::TextReader::new(&columns, options)?;
    rows.iter().try_for_each(|row| reader.read_row(row))?;
    Ok(reader)
}
