//! One connection: sends a request, reads its answer, and always knows in which state that leaves the connection.
//!
//! An answer has to be read to its end before the next request. Who does not want the rest sends an attention signal
//! (\[MS-TDS\] 2.2.1.7), which the server acknowledges; that works from one item to the next, but not in the middle of
//! one, since the client library then does not know where it is. Such a connection is closed.

use std::sync::Arc;
use std::time::Duration;

use industrydb_core::error::{Error, Result};
use tiberius::{ColumnData, Command};
use tokio::time::Instant;

use crate::converse::{ATTENTION_TIMEOUT, Ending, State, Stop, converse, stopped};
use crate::describe::DescriptionCache;
use crate::error::{self, BACKEND};
use crate::interrupt::Interrupt;
use crate::login::TdsClient;
use crate::params::Bound;
use crate::reply::{Item, Reply};
use crate::wire::Watch;

/// How long an answer is read on behind a value that the client library can't read.
const PASS_TIMEOUT: Duration = Duration::from_secs(1);

/// What is sent.
#[derive(Debug)]
pub enum Request<'r> {
    /// SQL for the session itself.
    Batch(&'r str),
    /// A procedure's name and its arguments; those without a name go by position.
    Call(&'static str, Vec<(String, ColumnData<'r>)>),
}

impl<'r> Request<'r> {
    /// SQL in a scope of its own, with parameters `@P1`, `@P2`, …
    pub fn with_params(sql: &'r str, params: Vec<Bound<'r>>) -> Self {
        let mut arguments = vec![(String::new(), text(sql))];
        if !params.is_empty() {
            arguments.push((String::new(), ColumnData::String(Some(declarations(&params).into()))));
        }
        let numbered = params.into_iter().enumerate();
        arguments.extend(numbered.map(|(at, bound)| (format!("@P{}", at + 1), bound.data)));
        Self::Call("sp_executesql", arguments)
    }

    /// Sends it, and waits until the answer begins.
    pub async fn send(self, client: &mut TdsClient) -> Result<Reply<'_>, tiberius::error::Error> {
        match self {
            Self::Batch(sql) => client.simple_query(sql).await.map(Reply::Batch),
            Self::Call(procedure, arguments) => {
                let mut command = Command::new(procedure);
                for (name, value) in arguments {
                    command.bind_param(name, value);
                }
                command.exec(client).await.map(|stream| Reply::Call(stream, false))
            }
        }
    }
}

/// Text as an argument.
pub fn text(text: &str) -> ColumnData<'_> {
    ColumnData::String(Some(text.into()))
}

/// `@P1 int, @P2 nvarchar(4000)`
pub fn declarations(params: &[Bound<'_>]) -> String {
    let each = params.iter().enumerate().map(|(at, bound)| format!("@P{} {}", at + 1, bound.declared));
    each.collect::<Vec<_>>().join(", ")
}

/// Where an answer's items go.
pub trait Sink: Send {
    /// Takes an item. An error ends the statement.
    fn take(&mut self, item: Item) -> impl Future<Output = Result<()>> + Send;
}

/// Takes rows as they are: for our own small queries.
#[derive(Debug, Default)]
pub struct Rows(pub Vec<Vec<ColumnData<'static>>>);

impl Sink for Rows {
    async fn take(&mut self, item: Item) -> Result<()> {
        if let Item::Row(row) = item {
            self.0.push(row.into_iter().collect());
        }
        Ok(())
    }
}

/// An open connection.
pub struct Session {
    client: Option<TdsClient>,
    watch: Arc<Watch>,
    interrupt: Arc<Interrupt>,
    state: State,
    closed: Option<String>,
    /// `@@TRANCOUNT`, as far as we know.
    depth: u32,
    /// What was sent last may have changed it in a way that its text does not tell.
    unsure: bool,
    /// Any statement may begin a transaction (SET IMPLICIT_TRANSACTIONS).
    begins_by_itself: bool,
    /// IDENTITY_INSERT may be on.
    inserts_identities: bool,
    query_timeout: Option<Duration>,
    /// Whether the server may be set to compile only.
    compiles_only: bool,
    /// What is known of statements' results.
    pub descriptions: DescriptionCache,
    /// Whether times lose their seventh digit.
    pub truncate_100ns: bool,
}

impl Session {
    /// Takes over a connection that is logged in.
    pub fn new(client: TdsClient, watch: Arc<Watch>, query_timeout: Option<Duration>, truncate_100ns: bool) -> Self {
        Self {
            client: Some(client),
            watch,
            interrupt: Arc::default(),
            state: State::Idle,
            closed: None,
            depth: 0,
            unsure: false,
            begins_by_itself: false,
            inserts_identities: false,
            query_timeout,
            compiles_only: false,
            descriptions: DescriptionCache::default(),
            truncate_100ns,
        }
    }

    /// What stops a running call.
    pub fn interrupt(&self) -> &Arc<Interrupt> {
        &self.interrupt
    }

    /// Whether a transaction is open.
    pub fn in_transaction(&self) -> bool {
        self.depth > 0
    }

    /// How many transactions are open in each other.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// So many are, by the words of the statement that ended.
    pub fn set_depth(&mut self, depth: u32) {
        self.depth = depth;
        self.unsure = false;
    }

    /// Whether any statement may begin a transaction.
    pub fn begins_by_itself(&self) -> bool {
        self.begins_by_itself
    }

    /// From now on any statement may begin a transaction.
    pub fn note_implicit_transactions(&mut self) {
        self.begins_by_itself = true;
    }

    /// Whether a statement before may have left IDENTITY_INSERT on.
    pub fn inserts_identities(&self) -> bool {
        self.inserts_identities
    }

    /// A statement may leave IDENTITY_INSERT on.
    pub fn note_identity_insert(&mut self) {
        self.inserts_identities = true;
    }

    /// Why the connection can't be used any more, if it can't.
    pub fn closed_because(&self) -> Option<&str> {
        self.closed.as_deref()
    }

    /// Bytes that came so far.
    pub fn bytes_read(&self) -> u64 {
        self.watch.read()
    }

    /// What counts the bytes that come.
    pub fn watch(&self) -> Arc<Watch> {
        Arc::clone(&self.watch)
    }

    /// The client itself, ready for a request of its own kind; whoever takes it says with [`Self::done`] or
    /// [`Self::close_because`] how that ended.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::ConnectionClosed`].
    pub async fn borrow_client(&mut self) -> Result<&mut TdsClient> {
        self.make_ready().await?;
        self.state = State::Busy { read_before: self.watch.read(), at_item: false };
        self.client.as_mut().ok_or_else(|| Error::closed("the connection is closed").with_backend(BACKEND))
    }

    /// The answer to what [`Self::borrow_client`] was for has been read to its end.
    pub fn done(&mut self) {
        self.state = State::Idle;
    }

    /// The request that [`Self::borrow_client`] was for was given up, when the server had sent `read` bytes before it
    /// began to answer: deals with what comes of it.
    pub async fn recover(&mut self, read: u64) {
        self.state = State::Busy { read_before: read, at_item: false };
        // What is wrong shows at the next call.
        let _ = self.make_ready().await;
    }

    /// The connection is of no use any more.
    pub fn close_because(&mut self, reason: impl Into<String>) {
        self.closed.get_or_insert(reason.into());
        self.client = None;
        self.state = State::Idle;
        self.depth = 0;
    }

    /// Sends `request` and hands what comes to `sink`. Unless the connection is closed by then, the answer has been
    /// dealt with to its end.
    ///
    /// # Errors
    /// What the server reports, what `sink` says, [`industrydb_core::error::ErrorKind::Cancelled`] and
    /// [`industrydb_core::error::ErrorKind::Timeout`].
    pub async fn run(&mut self, request: Request<'_>, sink: &mut impl Sink) -> Result<()> {
        self.make_ready().await?;
        self.run_on(request, sink).await
    }

    /// As [`Self::run`], for what may begin or end transactions in a way that its text does not tell: how many are open is
    /// asked for before anything relies on it, unless [`Self::set_depth`] says it.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_in_doubt(&mut self, request: Request<'_>, sink: &mut impl Sink) -> Result<()> {
        self.make_ready().await?;
        self.unsure = true;
        self.run_on(request, sink).await
    }

    /// As [`Self::run`], on a connection that is ready.
    async fn run_on(&mut self, request: Request<'_>, sink: &mut impl Sink) -> Result<()> {
        let read_before = self.watch.read();
        self.state = State::Busy { read_before, at_item: false };
        // A call's own limit holds in place of the connection's.
        let limit = self.query_timeout.filter(|_| !self.interrupt.limits_itself());
        let deadline = limit.map(|timeout| Instant::now() + timeout);
        let ending = match &mut self.client {
            Some(client) => {
                let stop = Stop { watch: &self.watch, interrupt: &self.interrupt, deadline };
                converse(client, request, sink, &mut self.state, stop).await
            }
            None => return Err(self.closed_error()),
        };
        let outcome = self.settle(ending, read_before).await;
        // What failed may have rolled back what was open (a deadlock, XACT_ABORT); only the server knows.
        if outcome.is_err() && (self.depth > 0 || self.unsure) {
            self.ask_depth().await;
        }
        outcome
    }

    /// As [`Self::run`], but the server compiles and runs nothing: for `SET FMTONLY ON` in `request`. The setting ends
    /// with the call that it is in (Transact-SQL reference, "SET statements"); as nothing would run any more if it did
    /// not, it is turned off once more.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn compile(&mut self, request: Request<'_>, sink: &mut impl Sink) -> Result<()> {
        self.make_ready().await?;
        self.compiles_only = true;
        let outcome = self.run_on(request, sink).await;
        self.run_again().await;
        outcome
    }

    /// Has the server run statements again, or closes the connection.
    async fn run_again(&mut self) {
        let Some(client) = &mut self.client else { return };
        let (mut rows, nobody) = (Rows::default(), Arc::new(Interrupt::default()));
        let stop = Stop { watch: &self.watch, interrupt: &nobody, deadline: Some(Instant::now() + ATTENTION_TIMEOUT) };
        self.state = State::Busy { read_before: self.watch.read(), at_item: false };
        match converse(client, Request::Batch("SET FMTONLY OFF"), &mut rows, &mut self.state, stop).await {
            Ending::Complete => {
                self.state = State::Idle;
                self.compiles_only = false;
            }
            Ending::Failed(_) | Ending::Refused(_) | Ending::Stopped(_) | Ending::Drained(_) => {
                self.close_because("the connection is closed: whether it still runs statements is not known");
            }
        }
    }

    /// The rows of one of our own queries.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn rows(&mut self, request: Request<'_>) -> Result<Vec<Vec<ColumnData<'static>>>> {
        let mut rows = Rows::default();
        self.run(request, &mut rows).await?;
        Ok(rows.0)
    }

    /// Ends the connection.
    ///
    /// # Errors
    /// What the socket says.
    pub async fn close(self) -> Result<()> {
        match self.client {
            Some(client) => client.close().await.map_err(|cause| error::of(&cause)),
            None => Ok(()),
        }
    }

    /// Leaves the connection ready for the next request, or closed.
    async fn settle(&mut self, ending: Ending, read_before: u64) -> Result<()> {
        match ending {
            Ending::Complete => {
                self.state = State::Idle;
                Ok(())
            }
            Ending::Failed(cause) if error::is_of_a_value(&cause) => Err(self.pass_over(error::of(&cause)).await),
            Ending::Failed(cause) => {
                let failure = error::of(&cause);
                self.state = State::Idle;
                if error::is_fatal(&cause) {
                    self.close_because(format!("the connection is closed: {}", failure.message()));
                }
                Err(failure)
            }
            Ending::Drained(error) => {
                self.state = State::Idle;
                Err(error)
            }
            Ending::Refused(error) => {
                match self.state {
                    State::Busy { at_item: true, .. } => self.attention().await,
                    State::Busy { .. } | State::Idle => self
                        .close_because("the connection is closed: a statement failed while its result was being read"),
                }
                Err(error)
            }
            Ending::Stopped(kind) => {
                let at_item = matches!(self.state, State::Busy { at_item: true, .. });
                if at_item || self.watch.read() == read_before {
                    self.attention().await;
                } else {
                    self.close_because(
                        "the connection is closed: a statement was cancelled while its result was being read",
                    );
                }
                Err(stopped(kind))
            }
        }
    }

    /// Leaves an answer behind in which the client library has stopped in the middle of a row, over a value. With its next
    /// request it first takes what is left off the socket, packet by packet, whatever is in there; that also shows where a
    /// transaction that began or ended in there would have to be known. Of a long answer the rest is not waited for.
    async fn pass_over(&mut self, failure: Error) -> Error {
        let (depth, interrupt) = (self.depth, Arc::clone(&self.interrupt));
        if self.trancount(PASS_TIMEOUT, &interrupt).await == Some(depth) {
            self.set_depth(depth);
            return failure;
        }
        let closed = format!("{}; the connection is closed, as the client library can't go on", failure.message());
        self.close_because(format!("the connection is closed: {}", failure.message()));
        failure.with_message(closed)
    }

    /// Tells the server to stop and waits until it has; closes the connection if it does not.
    async fn attention(&mut self) {
        let Some(client) = &mut self.client else { return };
        match tokio::time::timeout(ATTENTION_TIMEOUT, client.cancel_query()).await {
            Ok(Ok(())) => self.state = State::Idle,
            Ok(Err(cause)) if error::is_too_late(&cause) => {
                self.close_because(
                    "the connection is closed: a statement was cancelled at the moment at which it ended",
                );
            }
            Ok(Err(cause)) if error::is_half_sent(&cause) => self.close_because(
                "the connection is closed: a statement was cancelled while the server took no more of it",
            ),
            Ok(Err(cause)) => self.close_because(format!(
                "the connection is closed: a statement was cancelled, and then {}",
                error::of(&cause).message()
            )),
            Err(_) => self.close_because(
                "the connection is closed: a statement was cancelled, and the server did not acknowledge it",
            ),
        }
    }

    /// Deals with an answer that nobody read to its end.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::ConnectionClosed`].
    pub async fn make_ready(&mut self) -> Result<()> {
        if let State::Busy { read_before, at_item } = self.state {
            if at_item || self.watch.read() == read_before {
                self.attention().await;
                self.unsure |= self.depth > 0;
            } else {
                self.close_because("the connection is closed: a call was given up while its result was being read");
            }
        }
        if self.compiles_only && self.closed.is_none() {
            self.run_again().await;
        }
        if self.unsure && self.closed.is_none() {
            self.ask_depth_of_server().await;
        }
        if self.closed.is_some() { Err(self.closed_error()) } else { Ok(()) }
    }

    fn closed_error(&self) -> Error {
        Error::closed(self.closed.as_deref().unwrap_or("the connection is closed")).with_backend(BACKEND)
    }

    /// Asks for `@@TRANCOUNT`: an error or a cancel may have rolled back what was open.
    pub async fn ask_depth(&mut self) {
        if self.closed.is_none() {
            self.ask_depth_of_server().await;
        }
    }

    /// The rows that the last statement of the batch that has just run changed, since the client library keeps the counts
    /// of a batch to itself; takes over `@@TRANCOUNT`. One question for both: any other would come between.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn ask_counts(&mut self) -> Result<u64> {
        let mut rows = Rows::default();
        self.run_on(Request::Batch("SELECT ROWCOUNT_BIG(), @@TRANCOUNT"), &mut rows).await?;
        match rows.0.first().map(Vec::as_slice) {
            // `@@ROWCOUNT` is an int, which more than 2,147,483,647 rows go beyond.
            Some([ColumnData::I64(Some(count)), ColumnData::I32(Some(depth))]) => {
                self.set_depth(u32::try_from(*depth).unwrap_or(0));
                Ok(u64::try_from(*count).unwrap_or(0))
            }
            _ => Ok(0),
        }
    }

    async fn ask_depth_of_server(&mut self) {
        // Not to be stopped by the cancel that led here.
        match self.trancount(ATTENTION_TIMEOUT, &Interrupt::default()).await {
            Some(depth) => self.set_depth(depth),
            None => self.close_because("the connection is closed: whether its transaction is open is not known"),
        }
    }

    /// `@@TRANCOUNT`, and with it the connection ready for the next request; `None` if it is not said within `limit`.
    async fn trancount(&mut self, limit: Duration, interrupt: &Interrupt) -> Option<u32> {
        let mut rows = Rows::default();
        self.state = State::Busy { read_before: self.watch.read(), at_item: false };
        let stop = Stop { watch: &self.watch, interrupt, deadline: Some(Instant::now() + limit) };
        let request = Request::Batch("SELECT @@TRANCOUNT");
        let ending = converse(self.client.as_mut()?, request, &mut rows, &mut self.state, stop).await;
        match (ending, rows.0.first().and_then(|row| row.first())) {
            (Ending::Complete, Some(ColumnData::I32(Some(depth)))) => {
                self.state = State::Idle;
                Some(u32::try_from(*depth).unwrap_or(0))
            }
            _ => None,
        }
    }
}
