//! Running SQL: one statement after the other, rows into frames.

use std::collections::VecDeque;
use std::ffi::CString;
use std::future::ready;

use industrydb_core::connector::{BoxFuture, Event, EventStream, ReadOptions, Settle};
use industrydb_core::error::{Error, Result};
use industrydb_core::value::Params;

use crate::cache::Prepared;
use crate::connector::blocking;
use crate::decode::ResultReader;
use crate::error::BACKEND;
use crate::session::Session;

/// Rows between two reports of progress.
const ROWS_BETWEEN_REPORTS: usize = 4_096;

/// A script on its way: what is left of it, and the statement that runs now.
pub struct Script<'c> {
    session: &'c mut Session,
    sql: &'c str,
    /// The same as SQLite takes it; `None` while nothing had to be compiled.
    text: Option<CString>,
    /// Where the next statement begins.
    at: usize,
    params: &'c Params,
    options: ReadOptions,
    running: Option<Running<'c>>,
    /// What has happened already and was not asked for yet.
    events: VecDeque<Event>,
}

/// A statement whose rows are being read.
struct Running<'c> {
    sql: &'c str,
    prepared: Prepared,
    reader: ResultReader,
    changes_before: i64,
    /// Whether it stands at a row that has not been read.
    at_row: bool,
    /// Whether its schema has been given.
    announced: bool,
    /// Whether it has not run at all: its schema is what was declared.
    unstarted: bool,
}

impl<'c> Script<'c> {
    /// Compiles the first statement, so that its errors come first.
    pub fn start(session: &'c mut Session, sql: &'c str, params: &'c Params, options: ReadOptions) -> Result<Self> {
        session.interrupt().begin();
        let mut script = Self {
            session,
            sql,
            text: None,
            at: 0,
            params,
            options,
            running: None,
            events: VecDeque::with_capacity(3),
        };
        script.start_statement()?;
        Ok(script)
    }

    fn advance(&mut self) -> Result<Option<Event>> {
        loop {
            match self.running.take() {
                Some(running) => self.read_on(running)?,
                None => {
                    if !self.start_statement()? {
                        return Ok(None);
                    }
                }
            }
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
        }
    }

    /// Runs the next statement up to its first row; `false` at the end of the script.
    fn start_statement(&mut self) -> Result<bool> {
        let Some((sql, mut prepared)) = self.next_statement()? else { return Ok(false) };
        let changes_before = self.session.database().total_changes();
        self.session.bind(&mut prepared, self.params)?;
        if self.options.settle == Settle::Declared && prepared.statement.column_count() > 0 {
            let reader = ResultReader::new(prepared.plan(), &self.options, self.session.strict());
            self.events.push_back(Event::Schema(reader.schema()));
            self.running = Some(Running {
                sql,
                prepared,
                reader,
                changes_before,
                at_row: false,
                announced: true,
                unstarted: true,
            });
            return Ok(true);
        }
        let at_row = prepared.statement.step().map_err(|failure| self.session.error(&failure, sql))?;
        if prepared.statement.column_count() == 0 {
            self.finish(sql, prepared, changes_before);
            return Ok(true);
        }
        let reader = ResultReader::new(prepared.plan(), &self.options, self.session.strict());
        let running = Running { sql, prepared, reader, changes_before, at_row, announced: false, unstarted: false };
        if at_row {
            self.running = Some(running);
        } else {
            self.end(running)?;
        }
        Ok(true)
    }

    /// The next statement of the script, from the cache if the script is one statement.
    fn next_statement(&mut self) -> Result<Option<(&'c str, Prepared)>> {
        if self.options.settle == Settle::Declared {
            // What it declares is told before it runs, so it must not have been compiled for an older schema.
            self.session.notice_changes()?;
        } else if self.at == 0
            && let Some(prepared) = self.session.cache().take(self.sql)
        {
            self.at = self.sql.len();
            return Ok(Some((self.sql, prepared)));
        }
        if self.at >= self.sql.len() {
            return Ok(None);
        }
        let text = match self.text.take() {
            Some(text) => text,
            None => Session::text(self.sql)?,
        };
        let statement = self.session.next_statement(&text, &mut self.at)?;
        let text = self.text.insert(text);
        let Some((span, statement)) = statement else { return Ok(None) };
        let sql = self.sql.get(span).unwrap_or(self.sql);
        if !self.params.is_empty() {
            let mut rest = self.at;
            if self.session.next_statement(text, &mut rest)?.is_some() {
                return Err(Error::execution("parameters need a single statement; this is a script of several")
                    .with_backend(BACKEND));
            }
            self.at = self.sql.len();
        }
        Ok(Some((sql, Prepared::new(statement))))
    }

    /// Reads rows until the batch is full or the result ends.
    fn read_on(&mut self, mut running: Running<'c>) -> Result<()> {
        let limit = match self.options.settle {
            Settle::Declared | Settle::FirstBatch => self.options.batch_rows.max(1),
            Settle::WholeResult => usize::MAX,
        };
        loop {
            if !running.at_row {
                let statement = &mut running.prepared.statement;
                let at_row = statement.step().map_err(|failure| self.session.error(&failure, running.sql))?;
                if std::mem::take(&mut running.unstarted) {
                    check_declared(&mut running)?;
                }
                if !at_row {
                    return self.end(running);
                }
            }
            running.reader.read_row(&running.prepared.statement)?;
            running.at_row = false;
            let rows = running.reader.rows();
            if rows.is_multiple_of(ROWS_BETWEEN_REPORTS) {
                self.report(&running.reader);
            }
            // A full batch goes out at once: the next row may take its time.
            if rows >= limit {
                self.give_batch(&mut running, true)?;
                self.running = Some(running);
                return Ok(());
            }
        }
    }

    fn end(&mut self, mut running: Running<'c>) -> Result<()> {
        self.give_batch(&mut running, false)?;
        self.finish(running.sql, running.prepared, running.changes_before);
        Ok(())
    }

    fn give_batch(&mut self, running: &mut Running<'c>, more: bool) -> Result<()> {
        self.report(&running.reader);
        if !running.announced {
            running.announced = true;
            self.events.push_back(Event::Schema(running.reader.schema()));
        }
        if running.reader.rows() > 0 {
            self.events.push_back(Event::Batch(running.reader.finish_batch(more)?));
        }
        Ok(())
    }

    fn report(&self, reader: &ResultReader) {
        let (rows, bytes) = reader.progress();
        self.options.progress.set(rows, bytes);
    }

    /// A statement has ended: its count of rows, and back into the cache with it.
    fn finish(&mut self, sql: &str, prepared: Prepared, changes_before: i64) {
        let database = self.session.database();
        // `changes` keeps the count of the last statement that could change rows: DDL leaves it as it was.
        let changed = if database.total_changes() == changes_before { 0 } else { database.changes() };
        self.events.push_back(Event::Done(u64::try_from(changed).unwrap_or(0)));
        if sql.len() == self.sql.len() {
            self.session.cache().put(sql, prepared);
        }
    }
}

/// A schema that was given before the statement ran must be the one that it runs with.
fn check_declared(running: &mut Running<'_>) -> Result<()> {
    if *running.prepared.plan().schema == *running.reader.declared() {
        return Ok(());
    }
    let message = "a table changed between the description of the query and its first row";
    Err(Error::execution(message).with_hint("run it again").with_backend(BACKEND))
}

impl EventStream for Script<'_> {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Event>>> {
        match self.events.pop_front() {
            Some(event) => Box::pin(ready(Ok(Some(event)))),
            None => Box::pin(async move { blocking(|| self.advance()) }),
        }
    }
}

impl Drop for Script<'_> {
    fn drop(&mut self) {
        self.running = None;
        self.session.interrupt().end();
    }
}
