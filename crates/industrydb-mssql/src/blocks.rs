//! Rows into columns beside the reading: while the client library takes the next rows off the socket, another thread puts
//! a block of earlier ones into columns, and frees them.

use std::sync::mpsc;
use std::thread;

use industrydb_core::error::{Error, Result};
use polars_core::prelude::{DataFrame, SchemaRef};
use tiberius::Row;
use tokio::sync::mpsc as answers;

use crate::decode::ResultReader;
use crate::error::BACKEND;

/// Rows that go to the other thread at once. Waking it takes some microseconds and a row about one; and a few blocks of
/// rows should not fill the processor's caches.
const BLOCK: usize = 512;

/// A [`ResultReader`] that another thread may have for the moment. Results of one block stay on the thread that reads.
pub struct Blocks {
    /// Rows that are in no column yet.
    waiting: Vec<Row>,
    /// Room for the next rows.
    spent: Vec<Row>,
    /// `None` while the helper has it.
    reader: Option<Box<ResultReader>>,
    helper: Option<Helper>,
    /// Rows since the last batch, and before it.
    rows: usize,
    rows_before: u64,
}

/// One thread for all of a result: the allocator keeps memory for each that has had large columns.
struct Helper {
    work: mpsc::Sender<Work>,
    done: answers::UnboundedReceiver<Done>,
}

struct Work {
    reader: Box<ResultReader>,
    rows: Vec<Row>,
    /// Whether a batch ends with these rows.
    finish: bool,
}

struct Done {
    reader: Box<ResultReader>,
    spent: Vec<Row>,
    outcome: Result<Option<DataFrame>>,
}

impl Blocks {
    /// Rows for `reader`.
    pub fn new(reader: ResultReader) -> Self {
        let reader = Some(Box::new(reader));
        Self { waiting: Vec::new(), spent: Vec::new(), reader, helper: None, rows: 0, rows_before: 0 }
    }

    /// Takes a row. If it says so, it is time for [`Self::hand_over`].
    #[inline]
    pub fn push(&mut self, row: Row) -> bool {
        self.waiting.push(row);
        self.rows += 1;
        self.waiting.len() >= BLOCK
    }

    /// Rows of the batch so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows of the whole result so far.
    pub fn rows_in_all(&self) -> u64 {
        self.rows_before + self.rows as u64
    }

    /// Has the rows that wait put into columns by another thread, once it is done with those before them. Whoever stops
    /// waiting loses nothing.
    ///
    /// # Errors
    /// Those of [`ResultReader::read_row`], for rows of the block before.
    pub async fn hand_over(&mut self) -> Result<()> {
        self.call_back().await?;
        if self.helper.is_none() {
            self.helper = Helper::start();
        }
        let rows = std::mem::replace(&mut self.waiting, std::mem::take(&mut self.spent));
        self.send(rows, false)?;
        Ok(())
    }

    /// The schema that the columns have with all rows so far.
    ///
    /// # Errors
    /// Those of [`ResultReader::read_row`].
    pub async fn schema(&mut self) -> Result<SchemaRef> {
        self.settle(false).await?;
        self.reader.as_ref().map(|reader| reader.schema()).ok_or_else(lost)
    }

    /// The rows so far as a frame.
    ///
    /// # Errors
    /// Those of [`ResultReader::read_row`] and [`ResultReader::finish_batch`].
    pub async fn finish_batch(&mut self) -> Result<DataFrame> {
        let frame = self.settle(true).await?.ok_or_else(lost)?;
        self.rows_before += std::mem::take(&mut self.rows) as u64;
        Ok(frame)
    }

    /// The reader, with all rows in its columns.
    ///
    /// # Errors
    /// Those of [`ResultReader::read_row`].
    pub async fn into_reader(mut self) -> Result<Box<ResultReader>> {
        self.settle(false).await?;
        self.reader.take().ok_or_else(lost)
    }

    /// Puts the rows that wait into columns, and ends a batch with them if it is to `finish`.
    async fn settle(&mut self, finish: bool) -> Result<Option<DataFrame>> {
        self.call_back().await?;
        let rows = std::mem::take(&mut self.waiting);
        match self.send(rows, finish)? {
            Some(frame) => Ok(Some(frame)),
            None => self.call_back().await,
        }
    }

    /// Gives rows to the helper; without one they are dealt with here.
    fn send(&mut self, rows: Vec<Row>, finish: bool) -> Result<Option<DataFrame>> {
        let work = Work { reader: self.reader.take().ok_or_else(lost)?, rows, finish };
        let work = match &self.helper {
            Some(helper) => match helper.work.send(work) {
                Ok(()) => return Ok(None),
                Err(mpsc::SendError(work)) => work,
            },
            None => work,
        };
        self.take_over(work.run())
    }

    /// Waits for what the helper has.
    async fn call_back(&mut self) -> Result<Option<DataFrame>> {
        if self.reader.is_some() {
            return Ok(None);
        }
        let done = match &mut self.helper {
            Some(helper) => helper.done.recv().await,
            None => None,
        };
        self.take_over(done.ok_or_else(lost)?)
    }

    fn take_over(&mut self, done: Done) -> Result<Option<DataFrame>> {
        self.reader = Some(done.reader);
        self.spent = done.spent;
        done.outcome
    }
}

impl Helper {
    /// `None` where the system starts no thread.
    fn start() -> Option<Self> {
        let (work, orders) = mpsc::channel::<Work>();
        let (finished, done) = answers::unbounded_channel();
        let serve = move || {
            while let Ok(work) = orders.recv() {
                if finished.send(work.run()).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("industrydb rows".to_owned()).spawn(serve).ok()?;
        Some(Self { work, done })
    }
}

impl Work {
    fn run(self) -> Done {
        let Self { mut reader, mut rows, finish } = self;
        let read = rows.drain(..).try_for_each(|row| reader.read_row(row));
        let outcome = match read {
            Ok(()) if finish => reader.finish_batch().map(Some),
            outcome => outcome.map(|()| None),
        };
        Done { reader, spent: rows, outcome }
    }
}

/// A result that failed is not asked for more, and no thread ends before its work.
#[cold]
fn lost() -> Error {
    Error::execution("the rows were not put into columns to their end").with_backend(BACKEND)
}
