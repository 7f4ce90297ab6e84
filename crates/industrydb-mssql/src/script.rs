//! Running SQL: rows into frames as they arrive.
//!
//! The work is one future that reads and hands events out; [`Script::next`] drives it up to its next event. So it stands
//! still between two items of the answer whenever nobody asks for more, and dropping it there leaves a connection that
//! can be used again.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use industrydb_core::connector::{BoxFuture, Event, EventStream, ReadOptions, Settle};
use industrydb_core::error::{Error, ErrorKind, Result};

use crate::blocks::Blocks;
use crate::decode::{ResultReader, unique_names};
use crate::describe::{Described, Description, check_name, completed, describe};
use crate::interrupt::Running;
use crate::reply::Item;
use crate::session::{Session, Sink};
use crate::statement::{Statement, is_of_the_statement};
use crate::stored;
use crate::types::Kind;
use crate::wire::Watch;

/// How long dropping a statement may take to read what is left of its answer, and how long it waits at most for the end
/// of an item: without that the connection would have to close, and a busy server or network may hold it up.
const LONGEST_PASS: Duration = Duration::from_millis(50);
const LONGEST_DRAIN: Duration = Duration::from_secs(1);
/// Rows between two reports of progress.
const ROWS_BETWEEN_REPORTS: usize = 4_096;

/// A statement or script on its way.
pub struct Script<'c> {
    /// Whether the work has begun.
    begun: bool,
    work: Option<BoxFuture<'c, Result<()>>>,
    outlet: Arc<Outlet>,
    running: Option<Running>,
}

impl<'c> Script<'c> {
    /// Prepares to run `statement` in `session`; nothing is sent before the first event is asked for.
    pub fn new(session: &'c mut Session, statement: Statement<'c>, options: ReadOptions) -> Self {
        let running = session.interrupt().begin();
        let outlet = Arc::new(Outlet::default());
        let work = Box::pin(work(session, statement, options, Arc::clone(&outlet)));
        Self { begun: false, work: Some(work), outlet, running: Some(running) }
    }
}

impl EventStream for Script<'_> {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Event>>> {
        self.begun = true;
        Box::pin(std::future::poll_fn(|cx| {
            loop {
                if let Some(event) = self.outlet.take() {
                    return Poll::Ready(Ok(Some(event)));
                }
                let Some(work) = &mut self.work else { return Poll::Ready(Ok(None)) };
                match work.as_mut().poll(cx) {
                    Poll::Ready(outcome) => {
                        self.work = None;
                        if let Err(error) = outcome {
                            return Poll::Ready(Err(error));
                        }
                    }
                    Poll::Pending if self.outlet.is_empty() => return Poll::Pending,
                    Poll::Pending => {}
                }
            }
        }))
    }
}

impl Drop for Script<'_> {
    /// Reads what is left of an answer that is there already. The signal to stop would come too late for it (see
    /// `session`); of a longer answer it stops the rest.
    fn drop(&mut self) {
        if !self.begun || tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        self.outlet.close();
        // It ends by itself now: a cancel, which is less patient with an item, is not meant for it any more.
        self.running = None;
        let until = Instant::now() + LONGEST_DRAIN;
        let mut context = Context::from_waker(Waker::noop());
        while let Some(work) = &mut self.work {
            // Here nothing else is kept waiting.
            match Pin::new(&mut tokio::task::unconstrained(work)).poll(&mut context) {
                Poll::Ready(_) => self.work = None,
                Poll::Pending if self.outlet.rests() || Instant::now() > until => break,
                Poll::Pending => std::thread::sleep(Duration::from_micros(50)),
            }
        }
    }
}

/// Where the work puts events, and waits until they are taken.
#[derive(Default)]
struct Outlet {
    events: Mutex<VecDeque<Event>>,
    closed: Mutex<Option<Instant>>,
    is_closed: AtomicBool,
    rests: AtomicBool,
}

impl Outlet {
    fn events(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody wants events any more.
    fn close(&self) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.is_closed.store(true, Ordering::Release);
        self.events().clear();
    }

    /// Whether nobody wants events any more.
    fn has_been_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Since when nobody wants events.
    fn closed_at(&self) -> Option<Instant> {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the work stands still for good, between two items.
    fn rests(&self) -> bool {
        self.rests.load(Ordering::Relaxed)
    }

    /// Goes over an item that nobody wants, or stands still before the next one if there are too many.
    async fn pass(&self, since: Instant) {
        if since.elapsed() > LONGEST_PASS {
            self.rests.store(true, Ordering::Relaxed);
            std::future::pending::<()>().await;
        }
    }

    fn take(&self) -> Option<Event> {
        self.events().pop_front()
    }

    fn is_empty(&self) -> bool {
        self.events().is_empty()
    }

    /// Hands events out; goes on when somebody asks for more than these.
    async fn give(&self, events: impl IntoIterator<Item = Event>) {
        if self.has_been_closed() {
            return;
        }
        self.events().extend(events);
        std::future::poll_fn(|_| if self.is_empty() { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

/// Runs the statement once and hands out what it gives.
async fn work(
    session: &mut Session,
    mut statement: Statement<'_>,
    options: ReadOptions,
    outlet: Arc<Outlet>,
) -> Result<()> {
    stored::check(session, std::slice::from_ref(&statement)).await?;
    statement.type_nulls(session).await?;
    if statement.shape.leaves_identity_insert && !statement.is_call() {
        session.note_identity_insert();
    }
    // A call would switch it back on in the end.
    statement.shape.needs_session |= statement.shape.switches_identity_insert && session.inserts_identities();
    let streams = options.settle != Settle::WholeResult;
    let shape = statement.shape;
    let key = statement.description_key();
    let described = match session.descriptions.get(&key) {
        Some(Description::Known(columns)) => Some(Arc::clone(columns)),
        Some(Description::NotNeeded | Description::Unknown) => None,
        // A stream's types have to be known before its first row.
        None if streams && shape.gives_rows => ask(session, &statement).await?,
        None => None,
    };
    let mut reading = Reading {
        options: &options,
        outlet: &outlet,
        watch: session.watch(),
        bytes_before: session.bytes_read(),
        truncate: session.truncate_100ns,
        streams,
        described,
        sets: 0,
        first_columns: None,
        current: None,
        texts: Vec::new(),
        kept: Vec::new(),
        changed: Changed::new(&statement),
        unwanted: None,
    };
    let told = statement.depth_after(session.depth()).filter(|_| !session.begins_by_itself());
    let outcome = if told.is_none() || shape.calls {
        session.run_in_doubt(statement.request(), &mut reading).await
    } else {
        session.run(statement.request(), &mut reading).await
    };
    if let Err(error) = outcome {
        if error.kind() == ErrorKind::Conversion {
            // The table may have other columns than it was described with.
            session.descriptions.forget(&key);
        }
        return Err(reading.locate(error));
    }
    if shape.sets_implicit_transactions {
        session.note_implicit_transactions();
    }
    // A procedure that succeeds has left as many open as it met (error 266).
    if let Some(depth) = told {
        session.set_depth(depth);
    }
    // A batch tells no counts; nor does a call under SET NOCOUNT ON, but a procedure may have its reasons for that. Any
    // other question would come between.
    let untold = !statement.is_call() || (shape.is_straight && !shape.calls && !reading.changed.told);
    let asked = untold && reading.sets == 0 && shape.changes_rows;
    let counted = if asked { Some(session.ask_counts().await?) } else { None };
    if told.is_none() && !asked {
        session.ask_depth().await;
    }
    if outlet.has_been_closed() {
        return Ok(());
    }
    reading.end_of_set(0).await?;
    let Reading { first_columns, mut kept, changed, .. } = reading;
    if shape.needs_session || shape.defines {
        session.descriptions.forget_all();
    }
    let columns = first_columns.as_ref();
    if columns.is_some_and(FirstColumns::are_whole) {
        session.descriptions.put(&key, Description::NotNeeded);
    } else if let (Some(columns), Some(Kept::Set(first))) = (columns, kept.iter_mut().find(|kept| kept.is_set())) {
        let described = match session.descriptions.get(&key) {
            Some(Description::Known(described)) => Some(Arc::clone(described)),
            Some(Description::NotNeeded | Description::Unknown) => None,
            // What has changed rows has done so, whether or not its result can be described now.
            None if shape.changes_rows => ask(session, &statement).await.unwrap_or_default(),
            None => ask(session, &statement).await?,
        };
        if let Some(kinds) = described.and_then(|described| columns.completed(&described)) {
            first.complete(&kinds);
        }
    }
    let mut events = Vec::new();
    for kept in kept {
        kept.into_events(&mut events)?;
    }
    events.push(Event::Done(counted.unwrap_or_else(|| changed.rest())));
    outlet.give(events).await;
    Ok(())
}

/// Has the statement described, and remembers it. What can't be described is not an error: running it says what is
/// wrong.
async fn ask(session: &mut Session, statement: &Statement<'_>) -> Result<Option<Arc<[Described]>>> {
    match describe(session, &statement.sql, &statement.declarations()).await {
        Ok(columns) => {
            let columns: Arc<[Described]> = columns.into();
            session.descriptions.put(&statement.description_key(), Description::Known(Arc::clone(&columns)));
            Ok(Some(columns))
        }
        Err(error) if is_of_the_statement(&error) => {
            session.descriptions.put(&statement.description_key(), Description::Unknown);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The columns of the first result set, as its metadata has them.
struct FirstColumns {
    names: Vec<String>,
    kinds: Vec<Kind>,
}

impl FirstColumns {
    /// Whether nothing about them has to be described.
    fn are_whole(&self) -> bool {
        !self.kinds.iter().any(|kind| kind.needs_description())
    }

    fn completed(&self, described: &[Described]) -> Option<Vec<Kind>> {
        completed(self.names.iter().map(String::as_str), &self.kinds, described)
    }
}

/// What is kept until the whole result is there.
enum Kept {
    Set(Box<ResultReader>),
    Done(u64),
}

impl Kept {
    fn is_set(&self) -> bool {
        matches!(self, Self::Set(_))
    }

    fn into_events(self, events: &mut Vec<Event>) -> Result<()> {
        match self {
            Self::Set(mut reader) => {
                events.push(Event::Schema(reader.schema()));
                if reader.rows() > 0 {
                    events.push(Event::Batch(reader.finish_batch()?));
                }
            }
            Self::Done(rows) => events.push(Event::Done(rows)),
        }
        Ok(())
    }
}

/// The counts of rows that a call's statements say.
struct Changed {
    /// A single statement's own count comes last, behind those of the triggers that it set off.
    single: bool,
    /// Whether rows that a statement gives are rows that it changed.
    outputs: bool,
    last: u64,
    /// Whether there was one beside zeros, which the client library also makes of no count at all.
    told: bool,
}

impl Changed {
    fn new(statement: &Statement<'_>) -> Self {
        let shape = statement.shape;
        Self { single: shape.is_single && !shape.calls, outputs: shape.outputs, last: 0, told: false }
    }

    /// What a statement changed that gave `rows`, or changed them without giving any; `None` if it is not yet known.
    fn note(&mut self, rows: u64, gave_rows: bool) -> Option<u64> {
        self.told |= rows > 0;
        let rows = if gave_rows && !self.outputs { 0 } else { rows };
        if self.single {
            self.last = rows;
            None
        } else {
            Some(rows)
        }
    }

    fn rest(&self) -> u64 {
        self.last
    }
}

/// What comes from the server, on its way into frames.
struct Reading<'r> {
    options: &'r ReadOptions,
    outlet: &'r Outlet,
    watch: Arc<Watch>,
    bytes_before: u64,
    truncate: bool,
    /// Whether frames go out before the result is whole.
    streams: bool,
    described: Option<Arc<[Described]>>,
    sets: usize,
    first_columns: Option<FirstColumns>,
    /// The result set that is being read, and whether its schema is out.
    current: Option<(Blocks, bool)>,
    /// Its columns of text.
    texts: Vec<String>,
    kept: Vec<Kept>,
    changed: Changed,
    /// Since when nobody wants what comes.
    unwanted: Option<Instant>,
}

impl Sink for Reading<'_> {
    async fn take(&mut self, item: Item) -> Result<()> {
        if self.unwanted.is_none() && self.outlet.has_been_closed() {
            self.unwanted = self.outlet.closed_at();
        }
        if let Some(since) = self.unwanted {
            self.outlet.pass(since).await;
            return Ok(());
        }
        match item {
            Item::Row(row) => {
                let Some((blocks, _)) = &mut self.current else { return Ok(()) };
                if blocks.push(row) {
                    blocks.hand_over().await?;
                }
                let rows = blocks.rows();
                if rows.is_multiple_of(ROWS_BETWEEN_REPORTS) {
                    self.report();
                }
                if self.streams && rows >= self.options.batch_rows.max(1) {
                    self.give_batch().await?;
                }
            }
            Item::Columns(metadata) => {
                self.end_of_set(0).await?;
                let columns = metadata.columns();
                columns.iter().try_for_each(|column| check_name(column.name()))?;
                let names: Vec<String> = columns.iter().map(|column| column.name().to_owned()).collect();
                let kinds: Vec<Kind> = columns.iter().map(|column| Kind::of_column(column.column_type())).collect();
                let texts = names.iter().zip(&kinds).filter(|(_, kind)| matches!(kind, Kind::LongText | Kind::Variant));
                self.texts = texts.map(|(name, _)| name.clone()).collect();
                let unique = unique_names(names.iter().map(String::as_str));
                let first = FirstColumns { names, kinds };
                let whole = self.described.as_ref().filter(|_| self.sets == 0);
                let kinds =
                    whole.and_then(|described| first.completed(described)).unwrap_or_else(|| first.kinds.clone());
                let reader = ResultReader::new(unique, &kinds, self.options, self.truncate);
                self.current = Some((Blocks::new(reader), false));
                if self.sets == 0 {
                    self.first_columns = Some(first);
                }
                self.sets += 1;
            }
            Item::Count(rows) => {
                if self.current.is_some() {
                    self.end_of_set(rows).await?;
                } else if let Some(rows) = self.changed.note(rows, false) {
                    self.hand_out(Kept::Done(rows)).await?;
                }
            }
        }
        Ok(())
    }
}

impl Reading<'_> {
    /// Says which row of the current result set an error is about that the client library made of a value, and which column
    /// if there is but one of text.
    fn locate(&self, error: Error) -> Error {
        let details = error.details();
        let of_a_value =
            error.kind() == ErrorKind::Conversion && details.code.is_none() && details.column_name.is_none();
        let Some((blocks, _)) = self.current.as_ref().filter(|_| of_a_value) else { return error };
        let row = blocks.rows_in_all();
        match self.texts.as_slice() {
            [name] => {
                let message = format!("column {name:?}, row {row}: {}", error.message());
                error.with_message(message).with_column(name)
            }
            _ => {
                let message = format!("row {row}: {}", error.message());
                error.with_message(message)
            }
        }
    }

    /// The current result set, if there is one, has ended; its statement counted `rows`.
    async fn end_of_set(&mut self, rows: u64) -> Result<()> {
        if self.current.is_none() {
            return Ok(());
        }
        self.report();
        if self.streams {
            self.give_batch().await?;
            self.current = None;
        } else if let Some((blocks, _)) = self.current.take() {
            self.kept.push(Kept::Set(blocks.into_reader().await?));
        }
        match self.changed.note(rows, true) {
            Some(rows) => self.hand_out(Kept::Done(rows)).await,
            None => Ok(()),
        }
    }

    /// Hands out the rows so far, behind the schema if that is not out.
    async fn give_batch(&mut self) -> Result<()> {
        self.report();
        let Some((blocks, announced)) = &mut self.current else { return Ok(()) };
        let mut events = Vec::with_capacity(2);
        if !std::mem::replace(announced, true) {
            events.push(Event::Schema(blocks.schema().await?));
        }
        if blocks.rows() > 0 {
            events.push(Event::Batch(blocks.finish_batch().await?));
        }
        self.outlet.give(events).await;
        Ok(())
    }

    async fn hand_out(&mut self, kept: Kept) -> Result<()> {
        if !self.streams {
            self.kept.push(kept);
            return Ok(());
        }
        let mut events = Vec::with_capacity(1);
        kept.into_events(&mut events)?;
        self.outlet.give(events).await;
        Ok(())
    }

    fn report(&self) {
        let rows = self.current.as_ref().map_or(0, |(blocks, _)| blocks.rows_in_all());
        self.options.progress.set(rows, self.watch.read() - self.bytes_before);
    }
}
