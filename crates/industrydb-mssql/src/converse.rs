//! One request and its answer: sent and read up to the end, or until the call is to stop.

use std::time::Duration;

use industrydb_core::error::{Error, ErrorKind};
use tokio::time::Instant;

use crate::error::{self, BACKEND};
use crate::interrupt::Interrupt;
use crate::login::TdsClient;
use crate::reply::Reply;
use crate::session::{Request, Sink};
use crate::wire::Watch;

/// How long the server may take to acknowledge that it has stopped.
pub const ATTENTION_TIMEOUT: Duration = Duration::from_secs(4);
/// How long a cancelled call waits for the end of an item whose beginning may have come.
pub const ITEM_TIMEOUT: Duration = Duration::from_millis(100);
/// How long a cancelled statement that has not answered yet may take to do so before the server is told to stop.
pub const SHORT: Duration = Duration::from_millis(30);
/// How long the rest of an answer that nobody wants is read before the server is told to stop. An answer that has come
/// to its end meanwhile would be followed by a second one, to the signal, which the client library does not read.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(50);
/// Rows between two looks at whether the call is to stop; it also looks whenever it has to wait.
const ROWS_BETWEEN_LOOKS: u32 = 1_024;

/// What the connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing: the next request may go.
    Idle,
    /// An answer is being read.
    Busy {
        /// How many bytes had come before it.
        read_before: u64,
        /// Whether it stands between two items.
        at_item: bool,
    },
}

/// How reading an answer ended.
pub enum Ending {
    /// At its end.
    Complete,
    /// The server, or the connection, failed.
    Failed(tiberius::error::Error),
    /// The sink does not want more.
    Refused(Error),
    /// Somebody asked for it.
    Stopped(ErrorKind),
    /// As the last two, and what was left of the answer has been read.
    Drained(Error),
}

/// What ends an answer early.
#[derive(Clone, Copy)]
pub struct Stop<'s> {
    /// What has come from the server.
    pub watch: &'s Watch,
    /// What the caller asks for.
    pub interrupt: &'s Interrupt,
    /// The end of its time, if it has one.
    pub deadline: Option<Instant>,
}

impl Stop<'_> {
    /// Waits until the call has to stop, and says why.
    async fn told(&self) -> ErrorKind {
        match self.deadline {
            None => {
                self.interrupt.stopped().await;
                ErrorKind::Cancelled
            }
            Some(deadline) => tokio::select! {
                () = self.interrupt.stopped() => ErrorKind::Cancelled,
                () = tokio::time::sleep_until(deadline) => ErrorKind::Timeout,
            },
        }
    }
}

/// Sends and reads, up to the end or until told to stop.
pub async fn converse(
    client: &mut TdsClient,
    request: Request<'_>,
    sink: &mut impl Sink,
    state: &mut State,
    mut stop: Stop<'_>,
) -> Ending {
    let State::Busy { read_before, .. } = *state else { return Ending::Complete };
    let sent = {
        let mut sending = std::pin::pin!(request.send(client));
        tokio::select! {
            biased;
            sent = &mut sending => sent,
            // A short statement is about to end; the signal would come too late for it.
            kind = stop.told() => match tokio::time::timeout(SHORT, sending).await {
                Ok(sent) => sent,
                Err(_) => return Ending::Stopped(kind),
            },
        }
    };
    let mut reply = match sent {
        Ok(reply) => reply,
        Err(cause) => return Ending::Failed(cause),
    };
    let mut rows = 0_u32;
    loop {
        let item = tokio::select! {
            biased;
            item = reply.next() => item,
            kind = stop.told() => {
                // The rest of an item may be on its way: behind it the connection is in a known state.
                let patience = if stop.watch.read() == read_before { SHORT } else { ITEM_TIMEOUT };
                return match tokio::time::timeout(patience, reply.next()).await {
                    Ok(Some(Ok(_))) => match drain(&mut reply, state, read_before).await {
                        Drain::Empty => Ending::Drained(stopped(kind)),
                        Drain::More => Ending::Stopped(kind),
                        Drain::Failed(cause) => Ending::Failed(cause),
                    },
                    // It had just ended.
                    Ok(None) => Ending::Complete,
                    Ok(Some(Err(cause))) => Ending::Failed(cause),
                    Err(_) => Ending::Stopped(kind),
                };
            }
        };
        match item {
            None => return Ending::Complete,
            Some(Err(cause)) => return Ending::Failed(cause),
            Some(Ok(item)) => {
                // Whoever drops this future while the sink waits leaves the connection between two items.
                *state = State::Busy { read_before, at_item: true };
                let handed_over = stop.deadline.map(|_| Instant::now());
                let taken = sink.take(item).await;
                // The limit is the server's: how long the caller thinks about its rows does not count.
                if let (Some(deadline), Some(handed_over)) = (&mut stop.deadline, handed_over) {
                    *deadline += handed_over.elapsed();
                }
                if let Err(error) = taken {
                    return match drain(&mut reply, state, read_before).await {
                        Drain::Empty => Ending::Drained(error),
                        Drain::More => Ending::Refused(error),
                        Drain::Failed(cause) => Ending::Failed(cause),
                    };
                }
                rows = rows.wrapping_add(1);
                if rows.is_multiple_of(ROWS_BETWEEN_LOOKS) && stop.interrupt.is_stopped() {
                    return match drain(&mut reply, state, read_before).await {
                        Drain::Empty => Ending::Drained(stopped(ErrorKind::Cancelled)),
                        Drain::More => Ending::Stopped(ErrorKind::Cancelled),
                        Drain::Failed(cause) => Ending::Failed(cause),
                    };
                }
                *state = State::Busy { read_before, at_item: false };
            }
        }
    }
}

/// What became of the rest of an answer.
enum Drain {
    Empty,
    More,
    Failed(tiberius::error::Error),
}

/// Reads on from between two items, for a moment.
async fn drain(reply: &mut Reply<'_>, state: &mut State, read_before: u64) -> Drain {
    let until = Instant::now() + DRAIN_TIMEOUT;
    while Instant::now() < until {
        *state = State::Busy { read_before, at_item: false };
        match tokio::time::timeout(ITEM_TIMEOUT, reply.next()).await {
            Ok(None) => return Drain::Empty,
            Ok(Some(Ok(_))) => *state = State::Busy { read_before, at_item: true },
            // Nobody wants it.
            Ok(Some(Err(cause))) if error::is_of_a_value(&cause) => return Drain::More,
            Ok(Some(Err(cause))) => return if error::is_fatal(&cause) { Drain::Failed(cause) } else { Drain::Empty },
            Err(_) => return Drain::More,
        }
    }
    Drain::More
}

/// The error of a call that was stopped.
pub fn stopped(kind: ErrorKind) -> Error {
    let message = match kind {
        ErrorKind::Timeout => "the statement took longer than query_timeout and was cancelled",
        _ => "the statement was cancelled",
    };
    Error::new(kind, message).with_backend(BACKEND)
}
