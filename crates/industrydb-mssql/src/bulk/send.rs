//! The rows of a bulk insert on their way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use industrydb_core::connector::Progress;
use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::table::ColumnInfo;
use polars_core::prelude::{CompatLevel, DataFrame};
use tiberius::{SqlBulkCopyOption, TokenRow};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use super::check::{LACKING, TOO_LONG, not_kept};
use super::route::Route;
use crate::converse::{ITEM_TIMEOUT, SHORT, stopped};
use crate::encode::{Encoder, Way};
use crate::error::{self, BACKEND};
use crate::session::Session;

/// Rows between two reports of progress, and two looks at whether the call is to stop; it also looks whenever it has to
/// wait.
const ROWS_BETWEEN_LOOKS: usize = 1_024;
/// How long a cancelled insert waits for the server to take what it is sent.
const BLOCKED: Duration = Duration::from_millis(150);

/// Rows on their way.
pub(super) struct Load<'l> {
    pub(super) names: &'l [String],
    pub(super) columns: &'l [ColumnInfo],
    pub(super) stored: &'l DataFrame,
    pub(super) routes: &'l [Route],
    pub(super) staged: bool,
    pub(super) progress: &'l Progress,
    pub(super) bytes: u64,
}

/// Sends all rows in one INSERT BULK and gives how many the server says that it stored: none under NOCOUNT. What a trigger
/// counts comes before that.
pub(super) async fn send(session: &mut Session, table: &str, load: &Load<'_>) -> Result<u64> {
    let Load { names, columns, stored, routes, .. } = load;
    let types = stored.dtypes();
    let chunks: Vec<_> = stored.iter_chunks(CompatLevel::newest(), false).collect();
    let mut encoders = Vec::with_capacity(chunks.len());
    for chunk in &chunks {
        let mut of_chunk = Vec::with_capacity(columns.len());
        for (at, (array, column)) in chunk.arrays().iter().zip(*columns).enumerate() {
            let way = Way { staged: load.staged, hex: routes[at] == Route::AsHex };
            of_chunk.push(Encoder::new(array.as_ref(), &types[at], column, way)?);
        }
        encoders.push(of_chunk);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let interrupt = std::sync::Arc::clone(session.interrupt());
    let watch = session.watch();
    let client = session.borrow_client().await?;
    let mut read_before = watch.read();
    // Constraints hold and triggers run as for any INSERT, and NULL is NULL, not the column's default.
    let options = SqlBulkCopyOption::CheckConstraints | SqlBulkCopyOption::FireTriggers | SqlBulkCopyOption::KeepNulls;
    let outcome: Result<u64, Failure> = async {
        let mut request = {
            let mut begin = std::pin::pin!(client.bulk_insert_with_options(table, &names, options, &[]));
            tokio::select! {
                biased;
                request = &mut begin => request?,
                // It is about to be answered, unless the table is locked.
                () = interrupt.stopped() => match timeout(ITEM_TIMEOUT, begin).await {
                    Ok(request) => request?,
                    Err(_) => return Err(Failure::Stopped),
                },
            }
        };
        read_before = watch.read();
        let is_told = AtomicBool::new(false);
        let sending = async {
            let mut done = 0;
            for (chunk, encoders) in chunks.iter().zip(&encoders) {
                for row in 0..chunk.len() {
                    let mut cells = TokenRow::with_capacity(encoders.len());
                    for encoder in encoders {
                        cells.push(encoder.cell(row, done).map_err(Failure::Value)?);
                    }
                    request.send(cells).await.map_err(|cause| refused(cause, encoders, row, done))?;
                    if (done + row).is_multiple_of(ROWS_BETWEEN_LOOKS) {
                        load.report(done + row);
                        // The server may take rows as fast as they come: whoever waits has to look up now and then.
                        yield_now().await;
                    }
                    if is_told.load(Ordering::Relaxed) {
                        return Err(Failure::Stopped);
                    }
                }
                done += chunk.len();
            }
            Ok(done)
        };
        let told = async {
            interrupt.stopped().await;
            is_told.store(true, Ordering::Relaxed);
            sleep(BLOCKED).await;
        };
        let sent = tokio::select! {
            biased;
            sent = sending => sent,
            // The server takes no rows: it may wait for somebody's lock.
            () = told => return Err(Failure::Stuck),
        };
        match sent {
            Err(Failure::Client(cause)) => Err(Failure::Client(cause)),
            // A message that was begun has to be ended before the server can be told to stop (\[MS-TDS\] 2.2.1.7; the
            // other way, the bit "ignore" in its last packet, the client library does not have). What it stores until
            // it hears of that, the caller's transaction takes back.
            Err(failure) => match timeout(SHORT, request.finalize()).await {
                Ok(Ok(_)) => Err(failure.ended()),
                Ok(Err(cause)) if !error::is_fatal(&cause) => Err(failure.ended()),
                Ok(Err(cause)) => Err(Failure::Client(cause)),
                // It works on the rows that it has.
                Err(_) => Err(failure),
            },
            Ok(done) => {
                let told = tokio::select! {
                    biased;
                    outcome = request.finalize() => outcome?.rows_affected().last().copied(),
                    () = interrupt.stopped() => return Err(Failure::Stopped),
                };
                load.report(done);
                Ok(told.unwrap_or(0))
            }
        }
    }
    .await;
    match outcome {
        Ok(told) => {
            session.done();
            Ok(told)
        }
        Err(failure) => Err(after(session, failure, read_before).await),
    }
}

/// Why a bulk insert ended early.
enum Failure {
    /// The connection or the server.
    Client(tiberius::error::Error),
    /// A value does not fit; the server works on those before it.
    Value(Error),
    /// Somebody asked for it; the server works on it still.
    Stopped,
    /// As the last two, and the server has ended what it had got.
    Ended(Option<Error>),
    /// The server takes nothing.
    Stuck,
}

impl From<tiberius::error::Error> for Failure {
    fn from(cause: tiberius::error::Error) -> Self {
        Self::Client(cause)
    }
}

impl Failure {
    fn ended(self) -> Self {
        match self {
            Self::Value(error) => Self::Ended(Some(error)),
            Self::Client(_) | Self::Stopped | Self::Ended(_) | Self::Stuck => Self::Ended(None),
        }
    }
}

/// Leaves the connection ready for the next request, or closed; gives the error.
async fn after(session: &mut Session, failure: Failure, read_before: u64) -> Error {
    match failure {
        Failure::Client(cause) => {
            let failure = error::of(&cause);
            if error::is_fatal(&cause) {
                session.close_because(format!("the connection is closed: {}", failure.message()));
            } else {
                session.done();
                if session.in_transaction() {
                    session.ask_depth().await;
                }
            }
            failure
        }
        Failure::Ended(error) => {
            session.done();
            error.unwrap_or_else(|| stopped(ErrorKind::Cancelled))
        }
        Failure::Value(error) => {
            session.recover(read_before).await;
            error
        }
        Failure::Stopped => {
            session.recover(read_before).await;
            stopped(ErrorKind::Cancelled)
        }
        Failure::Stuck => {
            session
                .close_because("the connection is closed: a bulk insert was cancelled while the server took no rows");
            stopped(ErrorKind::Cancelled)
        }
    }
}

/// The error of a row that the client library would not send: text that is too long for its column or that its code
/// page does not hold. Anything else is the connection's.
fn refused(cause: tiberius::error::Error, encoders: &[Encoder<'_>], row: usize, first_row: usize) -> Failure {
    let (what, culprit) = match &cause {
        tiberius::error::Error::Encoding(_) => {
            (LACKING, encoders.iter().find(|encoder| encoder.is_code_page_text(row)))
        }
        tiberius::error::Error::BulkInput(_) => (TOO_LONG, encoders.iter().find(|encoder| encoder.is_too_long(row))),
        _ => return Failure::Client(cause),
    };
    let row = first_row + row;
    Failure::Value(match culprit.map(Encoder::target) {
        Some(column) => not_kept(column, Some(row), what),
        None => Error::conversion(format!("row {row}: {cause}")).with_backend(BACKEND),
    })
}

impl Load<'_> {
    fn report(&self, rows: usize) {
        let all = self.stored.height().max(1) as u64;
        self.progress.set(rows as u64, self.bytes * rows as u64 / all);
    }
}
