//! Running SQL: one statement after the other, rows into frames as they arrive.
//!
//! What runs has the session until it ends, and goes on while somebody asks for its next event. If nobody does any more,
//! the rest of it runs in a task of its own.

mod answer;
mod binary;
mod text;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use industrydb_core::connector::{BoxFuture, Event, EventStream, ReadOptions};
use industrydb_core::error::{Error, Result};
use industrydb_core::sql::{PlaceholderStyle, TransactionEffect, first_keyword, split, transaction_effects};
use industrydb_core::value::Params;
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::AbortHandle;

use self::binary::run_ready;
use self::text::run_textual;
use crate::cancel::{Calls, aborted_error};
use crate::copy;
use crate::drive::Driver;
use crate::error::BACKEND;
use crate::session::{Held, Ready, Session, State, Textual, check_text, given_up, is_unknown};

/// Why a connection is closed after a task that did not get to its end.
const PANICKED: &str = "the connection is closed: a call failed inside industrydb";
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use industrydb_core::error::ErrorKind;
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
