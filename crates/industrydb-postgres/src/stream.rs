//! Running SQL: one statement after the other, rows into frames as they arrive.
//!
//! What runs has the session until it ends, and goes on while somebody asks for its next event. If nobody does any more,
//! the rest of it runs in a task of its own.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::BoxStream;
use industrydb_core::connector::{BoxFuture, Event, EventStream, ReadOptions, Settle};
use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::sql::{PlaceholderStyle, TransactionEffect, first_keyword, split, transaction_effects};
use industrydb_core::value::Params;
use sqlx::postgres::{PgQueryResult, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, Either, Executor as _, Statement as _, raw_sql};
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::{AbortHandle, yield_now};

use crate::cancel::{Calls, aborted_error};
use crate::copy;
use crate::decode::{ResultReader, declared_schema};
use crate::drive::Driver;
use crate::error::{BACKEND, is_notification};
use crate::plan::{Plan, PlannedColumn};
use crate::session::{Held, Ready, Session, State, Textual, check_text, given_up, is_unknown};
use crate::textual;

/// Why a connection is closed after a task that did not get to its end.
const PANICKED: &str = "the connection is closed: a call failed inside industrydb";
/// Rows between two reports of progress.
const ROWS_BETWEEN_REPORTS: usize = 4_096;
/// Events that wait for the consumer before the statement goes on.
const WAITING_EVENTS: usize = 1;

/// What a statement tells.
enum Message {
    Event(Event),
    End,
    Failed(Error),
}

/// The task in which a statement ends that nobody asks any more, for whoever closes the connection.
pub type Rest = Arc<Mutex<Option<AbortHandle>>>;

/// What a running script gives.
pub struct Events {
    /// What runs, until it has ended.
    work: Option<BoxFuture<'static, ()>>,
    messages: Receiver<Message>,
    driver: Arc<Driver>,
    rest: Rest,
    calls: Arc<Calls>,
}

impl Events {
    /// Goes on until there is a message.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        if let Poll::Ready(message) = self.messages.poll_recv(cx) {
            return Poll::Ready(message);
        }
        if let Some(work) = &mut self.work
            && work.as_mut().poll(cx).is_ready()
        {
            self.work = None;
        }
        self.messages.poll_recv(cx)
    }
}

impl EventStream for Events {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Event>>> {
        let calls = Arc::clone(&self.calls);
        let message = poll_fn(|cx| {
            // What is there already needs nobody to wait for the socket.
            if let Poll::Ready(message) = self.poll_message(cx) {
                return Poll::Ready(received(message));
            }
            let driver = Arc::clone(&self.driver);
            driver.poll(Pin::new(&mut poll_fn(|cx| self.poll_message(cx))), cx).map(received)
        });
        Box::pin(async move {
            tokio::select! {
                biased;
                message = message => message,
                // A task reads the rest, and nobody has to wait for that.
                () = calls.left() => Err(given_up()),
            }
        })
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // Without a runtime nothing goes on: the connection's next call finds what is still on its way.
        if let (Some(work), Ok(runtime)) = (self.work.take(), Handle::try_current()) {
            self.messages.close();
            let driver = Arc::clone(&self.driver);
            let task = runtime.spawn(async move { driver.run(work).await });
            *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
        }
    }
}

fn received(message: Option<Message>) -> Result<Option<Event>> {
    match message {
        Some(Message::Event(event)) => Ok(Some(event)),
        Some(Message::End) => Ok(None),
        Some(Message::Failed(error)) => Err(error),
        // What ends without a word: never the end of the data.
        None => Err(Error::execution("the call failed inside industrydb: please report it").with_backend(BACKEND)),
    }
}

/// Where a statement's events go; a consumer that is gone ends the statement.
struct Sink {
    sender: Sender<Message>,
    calls: Arc<Calls>,
}

impl Sink {
    async fn event(&self, event: Event) -> Result<()> {
        self.calls.held_up(self.sender.send(Message::Event(event))).await.map_err(|_| given_up())
    }
}

/// What is to run.
enum Work {
    /// A statement with its parameters, ready and as they were asked for.
    One(Ready, String, Params),
    /// The same, as text, with the statement that was asked for.
    Text(Textual, String),
    /// Statements without parameters.
    Script(String),
}

/// Starts `sql`.
///
/// # Errors
/// Those of preparing a statement with parameters.
pub async fn start(
    held: &Arc<Held>,
    driver: &Arc<Driver>,
    rest: &Rest,
    sql: &str,
    params: &Params,
    options: ReadOptions,
) -> Result<Events> {
    let Some(session) = held.get() else { return Err(given_up()) };
    let mut session = session.lock_owned().await;
    session.state.check()?;
    session.calls.begin();
    let calls = Arc::clone(&session.calls);
    let preparing = async {
        tokio::select! {
            biased;
            prepared = prepare(&mut session, sql, params) => Ok(prepared),
            reason = calls.aborted() => Err(reason),
        }
    };
    let prepared = driver.run(preparing).await.unwrap_or_else(|reason| Err(abort(&session, held, reason)));
    let (work, entered) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            // Before the next call can begin: it would be taken for its end.
            calls.end().await;
            return Err(error);
        }
    };
    let (sender, messages) = mpsc::channel(WAITING_EVENTS);
    let sink = Sink { sender, calls: Arc::clone(&calls) };
    let work = Box::pin(run(Arc::clone(held), session, work, entered, options, sink));
    Ok(Events { work: Some(work), messages, driver: Arc::clone(driver), rest: Arc::clone(rest), calls })
}

/// Gives up a call that the server can't be told to stop, and the connection with it.
fn abort(session: &Session, held: &Held, reason: &'static str) -> Error {
    session.state.close(reason);
    // Nobody may be waiting any more who would close the socket.
    let _ = held.let_go();
    aborted_error(reason)
}

async fn prepare(session: &mut Session, sql: &str, params: &Params) -> Result<(Work, bool)> {
    if params.is_empty() {
        return Ok((Work::Script(sql.to_owned()), false));
    }
    if sql.contains(';') && split(sql, PlaceholderStyle::Dollar).len() > 1 {
        let message = "parameters need a single statement; this is a script of several";
        return Err(Error::execution(message).with_backend(BACKEND));
    }
    let entered = session.enter_pooled().await?;
    match session.ready(sql, params).await {
        Ok(ready) => Ok((Work::One(ready, sql.to_owned(), params.clone()), entered)),
        Err(error) if is_unknown(&error) && is_query(sql) => match session.ready_as_text(sql, params).await {
            Ok(textual) => Ok((Work::Text(textual, sql.to_owned()), entered)),
            Err(error) => Err(session.leave_pooled::<()>(entered, Err(error)).await.err().unwrap_or_else(given_up)),
        },
        Err(error) => Err(session.leave_pooled::<()>(entered, Err(error)).await.err().unwrap_or_else(given_up)),
    }
}

/// Closes the connection when a task does not get to its end: nobody knows what of its answer was read.
struct Fuse {
    state: Arc<State>,
    calls: Arc<Calls>,
    armed: bool,
}

impl Drop for Fuse {
    fn drop(&mut self) {
        if self.armed {
            self.state.close(PANICKED);
            self.calls.leave();
        }
    }
}

async fn run(
    held: Arc<Held>,
    mut session: OwnedMutexGuard<Session>,
    work: Work,
    entered: bool,
    options: ReadOptions,
    sink: Sink,
) {
    let calls = Arc::clone(&session.calls);
    let mut fuse = Fuse { state: Arc::clone(&session.state), calls: Arc::clone(&calls), armed: true };
    let outcome = tokio::select! {
        outcome = run_all(&mut session, work, entered, &options, &sink) => Ok(outcome),
        reason = calls.aborted() => Err(reason),
    };
    let outcome = outcome.unwrap_or_else(|reason| Err(abort(&session, &held, reason)));
    fuse.armed = false;
    // Before the next call can begin: it would be taken for its end, and could not be cancelled any more.
    calls.end().await;
    // The connection is free before the caller hears of the end.
    drop(session);
    let last = outcome.map_or_else(Message::Failed, |()| Message::End);
    // A consumer that is gone needs no last word.
    let _ = sink.sender.send(last).await;
}

async fn run_all(session: &mut Session, work: Work, entered: bool, options: &ReadOptions, sink: &Sink) -> Result<()> {
    match work {
        Work::One(ready, sql, params) => {
            let outcome = run_ready(session, ready, (&sql, &params), entered, options, sink).await;
            session.leave_pooled(entered, outcome).await
        }
        Work::Text(textual, sql) => {
            let outcome = run_textual(session, &textual.sql, &sql, Some(&textual.columns), options, sink).await;
            session.leave_pooled(entered, outcome).await
        }
        Work::Script(script) => {
            let statements = split(&script, PlaceholderStyle::Dollar);
            for sql in statements {
                let outcome = run_one(session, sql, options, sink).await;
                outcome.map_err(|error| moved(error, &script, sql))?;
            }
            Ok(())
        }
    }
}

/// An error's position, counted in the script rather than in its statement.
fn moved(mut error: Error, script: &str, sql: &str) -> Error {
    let before = script.as_bytes().as_ptr_range().start as usize;
    let begin = (sql.as_ptr() as usize).checked_sub(before).and_then(|begin| script.get(..begin));
    if let (Some(position), Some(begin)) = (error.details().position, begin) {
        error.details_mut().position = Some(position + begin.chars().count() as u64);
    }
    error
}

/// Runs one statement without parameters.
async fn run_one(session: &mut Session, sql: &str, options: &ReadOptions, sink: &Sink) -> Result<()> {
    let ends = !transaction_effects(sql, PlaceholderStyle::Dollar).is_empty();
    if session.is_pooled() && ends && session.state.in_transaction() {
        // After the transaction it is another server session that is told to drop something.
        session.clear_prepared().await?;
        return run_textual(session, sql, sql, None, options, sink).await;
    }
    if session.is_pooled() && !session.state.in_transaction() && !is_query(sql) {
        check_text(sql)?;
        copy::check(sql)?;
        // VACUUM and its like refuse a transaction; as a simple query a statement needs none.
        return run_textual(session, sql, sql, None, options, sink).await;
    }
    // Outside a transaction as well, a statement that is no query may refuse one.
    let entered = is_query(sql) && session.enter_pooled().await?;
    if !entered {
        session.settle().await?;
    }
    let outcome = match session.ready(sql, &Params::NONE).await {
        Ok(ready) => run_ready(session, ready, (sql, &Params::NONE), entered, options, sink).await,
        Err(error) if is_unknown(&error) && is_query(sql) => match session.describe_by_row(sql).await {
            Ok(columns) => run_textual(session, sql, sql, Some(&columns), options, sink).await,
            Err(_) => Err(error),
        },
        Err(error) => Err(error),
    };
    let outcome = match outcome {
        Ok(()) => session.restore_zone(sql).await,
        Err(error) => Err(error),
    };
    session.leave_pooled(entered, outcome).await
}

/// Whether a statement may give rows of any type: what else there is gives text or nothing.
fn is_query(sql: &str) -> bool {
    let keyword = first_keyword(sql, PlaceholderStyle::Dollar).unwrap_or_default().to_ascii_lowercase();
    matches!(keyword.as_str(), "select" | "with" | "values" | "table" | "insert" | "update" | "delete" | "merge")
}

/// Runs a prepared statement; one that the server refuses because its result has changed is prepared anew, since its
/// parameters may have other types now and its result may have to come as text.
async fn run_ready(
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

/// What stopped a statement.
enum Failure {
    /// The server, or the way to it.
    Server(sqlx::Error),
    /// A value that has no place in its column, or a consumer that is gone. The server is still sending.
    Ours(Error),
}

fn finish(session: &mut Session, sql: &str, sent: &str, outcome: Result<(), Failure>) -> Result<()> {
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

/// Whether `sql` takes back what the open transaction has done, or a part of it.
pub fn takes_back(sql: &str) -> bool {
    transaction_effects(sql, PlaceholderStyle::Dollar).first().is_some_and(|effect| match effect {
        TransactionEffect::Rollback | TransactionEffect::RollbackChain | TransactionEffect::RollbackTo => true,
        TransactionEffect::Begin
        | TransactionEffect::Commit
        | TransactionEffect::CommitChain
        | TransactionEffect::Savepoint
        | TransactionEffect::Release => false,
    })
}

/// Throws away what is left of a result that nobody wants: all of it in a transaction, which would not survive a cancel,
/// else what comes until the server has heard that the call may stop.
///
/// # Errors
/// What the server ends the statement with instead.
async fn drain(rows: &mut Rows<'_>, calls: Option<&Calls>) -> sqlx::Result<()> {
    if let Some(calls) = calls {
        calls.stop_running().await;
    }
    while next(rows).await.transpose()?.is_some() {}
    Ok(())
}

type Rows<'r> = BoxStream<'r, sqlx::Result<Either<PgQueryResult, PgRow>>>;

async fn next(rows: &mut Rows<'_>) -> Option<sqlx::Result<Either<PgQueryResult, PgRow>>> {
    poll_fn(|cx: &mut Context<'_>| -> Poll<_> { Pin::new(&mut *rows).poll_next(cx) }).await
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

/// Whether the number of rows that the server reports is one of rows changed, not only read.
fn changes_rows(sql: &str) -> bool {
    let keyword = first_keyword(sql, PlaceholderStyle::Dollar).unwrap_or_default().to_ascii_lowercase();
    matches!(keyword.as_str(), "insert" | "update" | "delete" | "merge" | "with")
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

/// The rows after which a batch is out.
fn batch_limit(options: &ReadOptions) -> usize {
    match options.settle {
        Settle::Declared | Settle::FirstBatch => options.batch_rows.max(1),
        Settle::WholeResult => usize::MAX,
    }
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
        return Err(crate::error::conversion(message).with_hint("run it again"));
    }
    let mut reader = textual::TextReader::new(&columns, options)?;
    rows.iter().try_for_each(|row| reader.read_row(row))?;
    Ok(reader)
}

/// Runs `sent`, which stands for `sql`, as a simple query: every value comes as the server's own text.
async fn run_textual(
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sqlx::postgres::PgConnectOptions;

    use super::*;
    use crate::second::{Process, Second};

    fn fuse(armed: bool) -> Fuse {
        let process = Process { id: 0, began: None, address: None };
        let second = Second::new(PgConnectOptions::new_without_pgpass(), process, Duration::ZERO);
        let calls = Calls::new(second, false);
        calls.begin();
        Fuse { state: Arc::default(), calls: Arc::new(calls), armed }
    }

    #[test]
    fn a_task_that_does_not_get_to_its_end_closes_the_connection() {
        for (armed, closed) in [(true, Some(PANICKED.to_owned())), (false, None)] {
            let fuse = fuse(armed);
            let (state, calls) = (Arc::clone(&fuse.state), Arc::clone(&fuse.calls));
            drop(fuse);
            assert_eq!(state.closed(), closed);
            assert_eq!(calls.is_running(), !armed, "nothing is left to be cancelled");
        }
    }

    #[test]
    fn a_channel_that_closes_is_no_end_of_the_data() {
        let error = received(None).expect_err("the task has said nothing");
        assert_eq!(error.kind(), ErrorKind::Execution);
        assert!(error.message().contains("report"), "{error}");
    }
}
