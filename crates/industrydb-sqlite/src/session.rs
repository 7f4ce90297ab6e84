//! One open connection, used synchronously: what the connector's verbs are made of.

use std::ffi::{CStr, CString};
use std::ops::Range;
use std::sync::Arc;

use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::sql::placeholders;
use industrydb_core::value::Params;

use crate::cache::{Prepared, StatementCache};
use crate::error::{self, BACKEND};
use crate::numbers::Reading;
use crate::params::{Bound, has_decimal};
use crate::raw::{Cell, Database, Failure, Interrupt, Statement};
use crate::stored::{Parameter, at_risk};

/// An open connection with its compiled statements.
pub struct Session {
    // Before `database`: the statements go first.
    cache: StatementCache,
    database: Database,
    strict: bool,
}

impl Session {
    /// Takes over an open database.
    pub fn new(database: Database, strict: bool) -> Self {
        Self { cache: StatementCache::default(), database, strict }
    }

    /// The connection itself.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The compiled statements.
    pub fn cache(&mut self) -> &mut StatementCache {
        &mut self.cache
    }

    /// What stops a running call.
    pub fn interrupt(&self) -> &Arc<Interrupt> {
        self.database.interrupt()
    }

    /// Whether a value that contradicts its column's declared type is an error.
    pub fn strict(&self) -> bool {
        self.strict
    }

    /// The connection alone, once the statements are gone.
    pub fn into_database(mut self) -> Database {
        self.cache.clear();
        self.database
    }

    /// The error of a call that failed while `sql` ran.
    pub fn error(&self, failure: &Failure, sql: &str) -> Error {
        self.told_to_stop(error::of_statement(failure, sql))
    }

    /// A lock that was no longer waited for because of a cancel is a cancel too.
    pub fn told_to_stop(&self, error: Error) -> Error {
        let waited = error.details().code.as_deref().is_some_and(|code| code.starts_with("SQLITE_BUSY"));
        if waited && self.interrupt().stopped() { error.with_kind(ErrorKind::Cancelled) } else { error }
    }

    /// `sql` as SQLite takes it.
    ///
    /// # Errors
    /// [`ErrorKind::Execution`] for a NUL character, at which SQLite would stop.
    pub fn text(sql: &str) -> Result<CString> {
        CString::new(sql).map_err(|nul| {
            Error::execution(format!("the SQL has a NUL character at byte {}", nul.nul_position()))
                .with_backend(BACKEND)
        })
    }

    /// Compiles the next statement of `sql` from `at` on and moves `at` behind it; `None` at the end.
    ///
    /// # Errors
    /// What SQLite says of it, with its position in the whole of `sql`.
    pub fn next_statement(&self, sql: &CStr, at: &mut usize) -> Result<Option<(Range<usize>, Statement)>> {
        let length = sql.count_bytes();
        while *at < length {
            let start = *at;
            let (statement, end) = self.database.prepare(sql, start).map_err(|mut failure| {
                failure.offset = failure.offset.map(|offset| start + offset);
                self.error(&failure, &sql.to_string_lossy())
            })?;
            *at = if end == start { length } else { end.min(length) };
            if let Some(statement) = statement {
                return Ok(Some((start..*at, statement)));
            }
        }
        Ok(None)
    }

    /// The one statement of `sql`.
    ///
    /// # Errors
    /// Those of [`Self::next_statement`], and [`ErrorKind::Execution`] if there is none or more than one.
    pub fn only_statement(&self, sql: &str) -> Result<Statement> {
        let sql = Self::text(sql)?;
        let mut at = 0;
        let only = self.next_statement(&sql, &mut at)?;
        match (only, self.next_statement(&sql, &mut at)?) {
            (Some((_, statement)), None) => Ok(statement),
            (None, _) => Err(Error::execution("there is no statement in the SQL").with_backend(BACKEND)),
            (Some(_), Some(_)) => {
                Err(Error::execution("this takes a single statement, not a script of several").with_backend(BACKEND))
            }
        }
    }

    /// Binds `params` by SQLite's own names of the placeholders.
    ///
    /// # Errors
    /// [`ErrorKind::Execution`] naming a placeholder without a value or a value without a placeholder,
    /// [`ErrorKind::Conversion`] for a value that SQLite does not hold, or that its column would not keep.
    pub fn bind(&self, prepared: &mut Prepared, params: &Params) -> Result<()> {
        let count = prepared.statement.parameter_count();
        if count == 0 && params.is_empty() {
            return Ok(());
        }
        let names: Vec<Option<String>> = (0..count).map(|at| prepared.statement.parameter_name(at)).collect();
        let given: Vec<Option<&str>> = names.iter().map(Option::as_deref).collect();
        let values = placeholders::bind_order(&given, params).map_err(|error| error.with_backend(BACKEND))?;
        let place = |at: usize| names[at].clone().unwrap_or_else(|| format!("?{}", at + 1));
        let reading = if values.iter().any(|value| has_decimal(value)) {
            prepared.read(self, &values, &place)?
        } else {
            prepared.put_in(self, Vec::new())?;
            Reading::default()
        };
        let known = prepared.knows_targets();
        let mut risky = Vec::new();
        for (at, value) in values.into_iter().enumerate() {
            let form = if reading.is_number(at) { Bound::number } else { Bound::of };
            let bound = form(value, &place(at))?;
            prepared.statement.bind(at, bound.as_cell()).map_err(|failure| self.error(&failure, ""))?;
            if at_risk(value, &bound, known) {
                risky.push(Parameter { at, value, bound });
            }
        }
        if risky.is_empty() || prepared.statement.is_read_only() {
            return Ok(());
        }
        let targets = prepared.targets(self)?;
        risky.iter().try_for_each(|parameter| targets.check(parameter, &place(parameter.at)))
    }

    /// Looks whether another connection changed the schema, which compiling a statement alone does not.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn notice_changes(&self) -> Result<()> {
        self.for_each_row("SELECT 1 FROM sqlite_schema LIMIT 0", &[], |_| ())
    }

    /// Runs one of our own statements and gives each of its rows to `each`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn for_each_row(&self, sql: &str, values: &[Cell<'_>], mut each: impl FnMut(&Statement)) -> Result<()> {
        let mut statement = self.only_statement(sql)?;
        for (at, value) in values.iter().enumerate() {
            statement.bind(at, *value).map_err(|failure| self.error(&failure, sql))?;
        }
        while statement.step().map_err(|failure| self.error(&failure, sql))? {
            each(&statement);
        }
        Ok(())
    }
}
