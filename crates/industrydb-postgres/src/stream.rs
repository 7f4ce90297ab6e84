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
use industrydb_core::sql::{PlaceholderStyle, first_keyword, split, transaction_effects};
use industrydb_core::value::Params;
use sqlx::postgres::{PgQueryResult, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, Either, Executor as _, Statement as _, raw_sql};
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::{AbortHandle, yield_now};

use crate::cancel::ABORTED;
use crate::copy;
use crate::decode::{ResultReader, declared_schema};
use crate::drive::Driver;
use crate::error::{BACKEND, is_notification};
use crate::plan::{Plan, PlannedColumn};
use crate::session::{Held, Ready, Session, Textual, given_up, is_unknown};
use crate::textual;

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
        Box::pin(poll_fn(|cx| {
            // What is there already needs nobody to wait for the socket.
            if let Poll::Ready(message) = self.poll_message(cx) {
                return Poll::Ready(received(message));
            }
            let driver = Arc::clone(&self.driver);
            driver.poll(Pin::new(&mut poll_fn(|cx| self.poll_message(cx))), cx).map(received)
        }))
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
        None => Err(given_up()),
    }
}

/// Where a statement's events go; a consumer that is gone ends the statement.
struct Sink(Sender<Message>);

impl Sink {
    async fn event(&self, event: Event) -> Result<()> {
        self.0.send(Message::Event(event)).await.map_err(|_| given_up())
    }
}

/// What is to run.
enum Work {
    /// A statement with its parameters.
    One(Ready, String),
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
    let prepared = driver.run(prepare(&mut session, sql, params)).await;
    let (work, entered) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            let calls = Arc::clone(&session.calls);
            drop(session);
            calls.end().await;
            return Err(error);
        }
    };
    let (sender, messages) = mpsc::channel(WAITING_EVENTS);
    let work = Box::pin(run(Arc::clone(held), session, work, entered, options, Sink(sender)));
    Ok(Events { work: Some(work), messages, driver: Arc::clone(driver), rest: Arc::clone(rest) })
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
        Ok(ready) => Ok((Work::One(ready, sql.to_owned()), entered)),
        Err(error) if is_unknown(&error) && is_query(sql) => match session.ready_as_text(sql, params).await {
            Ok(textual) => Ok((Work::Text(textual, sql.to_owned()), entered)),
            Err(error) => Err(session.leave_pooled::<()>(entered, Err(error)).await.err().unwrap_or_else(given_up)),
        },
        Err(error) => Err(session.leave_pooled::<()>(entered, Err(error)).await.err().unwrap_or_else(given_up)),
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
    let outcome = tokio::select! {
        outcome = run_all(&mut session, work, entered, &options, &sink) => Some(outcome),
        () = calls.aborted() => None,
    };
    let outcome = outcome.unwrap_or_else(|| {
        session.state.close(ABORTED);
        // Nobody may be waiting any more who would close the socket.
        let _ = held.let_go();
        Err(given_up())
    });
    // The connection is free before the caller hears of the end.
    drop(session);
    calls.end().await;
    let last = outcome.map_or_else(Message::Failed, |()| Message::End);
    // A consumer that is gone needs no last word.
    let _ = sink.0.send(last).await;
}

async fn run_all(session: &mut Session, work: Work, entered: bool, options: &ReadOptions, sink: &Sink) -> Result<()> {
    match work {
        Work::One(ready, sql) => {
            let outcome = run_ready(session, ready, &sql, options, sink).await;
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
        Ok(ready) => run_ready(session, ready, sql, options, sink).await,
        Err(error) if is_unknown(&error) && is_query(sql) => match session.describe_by_row(sql).await {
            Ok(columns) => run_textual(session, sql, sql, Some(&columns), options, sink).await,
            Err(_) => Err(error),
        },
        Err(error) => {
            session.note_failure(sql);
            Err(error)
        }
    };
    session.leave_pooled(entered, outcome).await
}

/// Whether a statement may give rows of any type: what else there is gives text or nothing.
fn is_query(sql: &str) -> bool {
    let keyword = first_keyword(sql, PlaceholderStyle::Dollar).unwrap_or_default().to_ascii_lowercase();
    matches!(keyword.as_str(), "select" | "with" | "values" | "table" | "insert" | "update" | "delete" | "merge")
}

/// Runs a prepared statement; one that the server refuses because its result has changed is prepared anew.
async fn run_ready(session: &mut Session, ready: Ready, sql: &str, options: &ReadOptions, sink: &Sink) -> Result<()> {
    if ready.plan.needs_text {
        let (sent, columns) = match &ready.textual {
            Some(textual) => (&textual.sql, &textual.columns),
            None => (&ready.sql, &ready.plan.columns),
        };
        return run_textual(session, sent, sql, Some(columns), options, sink).await;
    }
    let mut again = false;
    let mut ready = ready;
    loop {
        match fetch(session, &ready, options, sink).await {
            Err(Failure::Server(cause)) if !again && session.may_retry(&cause) => {
                again = true;
                let values = std::mem::take(&mut ready.bindings);
                session.forget().await.map_err(|cause| session.error(cause))?;
                let plan = session.prepare(&ready.sql).await.map_err(|cause| session.error(cause))?;
                ready = Ready { plan, bindings: values, sql: ready.sql, textual: ready.textual };
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
            session.note_failure(sql);
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
    let calls = Arc::clone(&session.calls);
    let mut rows = (&mut session.connection).fetch_many(ready.plan.statement.query_with(arguments));
    let mut outcome = read(&mut rows, &ready.plan, &ready.sql, options, sink).await;
    if let Err(Failure::Ours(_)) = &outcome {
        // Nobody wants the rest: the server is told so, and what is on its way is thrown away.
        calls.stop_running().await;
        while let Some(Ok(_)) = next(&mut rows).await {}
    }
    drop(rows);
    if let Ok(End::Notified) = &outcome {
        // The statement is through; what follows the notification says whether it was committed.
        outcome = session.connection.ping().await.map(|()| End::Ready).map_err(Failure::Server);
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
    let reader = planned.map(|columns| textual::TextReader::new(columns, options)).transpose()?;
    let mut reader = reader.filter(|_| !columns.is_empty());
    let mut changed = 0;
    let mut announced = false;
    let limit = batch_limit(options);
    let outcome = {
        let mut rows = (&mut session.connection).fetch_many(raw_sql(AssertSqlSafe(sent)));
        loop {
            match next(&mut rows).await {
                None => break Ok(()),
                Some(Err(cause)) => break Err(Failure::Server(cause)),
                Some(Ok(Either::Left(done))) => changed = done.rows_affected(),
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
                        while let Some(Ok(_)) = next(&mut rows).await {}
                        break Err(Failure::Ours(error));
                    }
                }
            }
        }
    };
    finish(session, sql, sent, outcome)?;
    if let Some(mut reader) = reader
        && (reader.rows() > 0 || !announced)
    {
        give_text(&mut reader, &mut announced, sink).await?;
    }
    let changed = if columns.is_empty() || changes_rows(sql) { changed } else { 0 };
    sink.event(Event::Done(changed)).await
}
