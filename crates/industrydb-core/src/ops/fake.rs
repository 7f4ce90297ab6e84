//! A connector that writes down what it is asked to run and fails when it is told to.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use polars_core::prelude::{DataFrame, DataType, Schema, SchemaRef};

use crate::connector::{BoxFuture, Canceller, DatabaseConnector, Event, EventStream, Progress, ReadOptions};
use crate::error::{Error, Result};
use crate::sql::dialect::fixture::FIXTURE;
use crate::sql::generate::Key;
use crate::sql::{Dialect, transaction_effects};
use crate::table::{ColumnInfo, TableName};
use crate::value::Params;

/// The value of a future that never waits.
pub(super) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a fake connector never waits"),
    }
}

/// What a statement that begins with some text leads to.
pub(super) struct Failure {
    pub(super) at: String,
    pub(super) error: Error,
    /// How often, before it goes well.
    pub(super) times: usize,
    /// Whether the server rolls back by itself.
    pub(super) rolls_back: bool,
}

pub(super) struct Fake {
    pub(super) dialect: &'static Dialect,
    /// Everything that ran, random names as `#`.
    pub(super) log: Vec<String>,
    pub(super) open: bool,
    pub(super) closed: Option<String>,
    /// The columns of the table that is there, if it is.
    pub(super) table: Option<Vec<ColumnInfo>>,
    /// The columns of any table that is made.
    pub(super) made: Vec<ColumnInfo>,
    pub(super) dependents: Vec<String>,
    pub(super) unique_keys: Vec<Key>,
    /// How many statements change a row; the others change none.
    pub(super) moves: usize,
    /// The result sets of each query that selects; one without rows where there are none.
    pub(super) results: Vec<Vec<DataFrame>>,
    pub(super) failures: Vec<Failure>,
}

impl Fake {
    pub(super) fn new() -> Self {
        Self {
            dialect: &FIXTURE,
            log: Vec::new(),
            open: false,
            closed: None,
            table: None,
            made: Vec::new(),
            dependents: Vec::new(),
            unique_keys: Vec::new(),
            moves: usize::MAX,
            results: Vec::new(),
            failures: Vec::new(),
        }
    }

    pub(super) fn with_table(columns: Vec<ColumnInfo>) -> Self {
        Self { table: Some(columns), ..Self::new() }
    }

    pub(super) fn fail_at(&mut self, at: &str) {
        let error = Error::execution(format!("no {at}"));
        self.failures.push(Failure { at: at.to_owned(), error, times: 1, rolls_back: false });
    }

    fn record(&mut self, entry: &str) -> Result<()> {
        let entry = anonymous(entry);
        self.log.push(entry.clone());
        if let Some(at) = self.failures.iter().position(|failure| entry.starts_with(&failure.at)) {
            let failure = &mut self.failures[at];
            let error = failure.error.clone();
            self.open &= !failure.rolls_back;
            failure.times -= 1;
            if failure.times == 0 {
                self.failures.remove(at);
            }
            return Err(error);
        }
        for effect in transaction_effects(&entry, self.dialect.placeholders) {
            self.open = effect.leaves_open(self.open);
        }
        Ok(())
    }
}

/// `text` with `#` for each 16 random hexadecimal digits.
fn anonymous(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("industrydb_") {
        let name = rest[at..].find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).map_or(rest.len(), |end| at + end);
        let word = &rest[at..name];
        out.push_str(&rest[..at]);
        out.push_str(if word.len() > 16 { &word[..word.len() - 16] } else { word });
        out.push('#');
        rest = &rest[name..];
    }
    out + rest
}

pub(super) fn column(name: &str, primary_key: Option<u32>) -> ColumnInfo {
    ColumnInfo {
        name: name.to_owned(),
        declared_type: "i64".to_owned(),
        dtype: DataType::Int64,
        nullable: true,
        default: None,
        primary_key,
        generated: false,
        collation: None,
    }
}

struct Events(std::vec::IntoIter<Event>);

impl EventStream for Events {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Event>>> {
        Box::pin(async { Ok(self.0.next()) })
    }
}

impl DatabaseConnector for Fake {
    fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    fn server_version(&self) -> &str {
        "1"
    }

    fn in_transaction(&self) -> bool {
        self.open
    }

    fn closed_because(&self) -> Option<String> {
        self.closed.clone()
    }

    fn canceller(&self) -> Arc<dyn Canceller> {
        panic!("nothing here is cancelled")
    }

    fn query<'c>(
        &'c mut self,
        sql: &'c str,
        params: &'c Params,
        _options: ReadOptions,
    ) -> BoxFuture<'c, Result<Box<dyn EventStream + 'c>>> {
        Box::pin(async move {
            let shown = if params.is_empty() { sql.to_owned() } else { format!("{sql} {params:?}") };
            self.record(&shown)?;
            let mut events = Vec::new();
            if sql.starts_with("SELECT") && !sql.contains(" INTO ") {
                let nothing = || vec![DataFrame::empty()];
                for frame in if self.results.is_empty() { nothing() } else { self.results.remove(0) } {
                    events.push(Event::Schema(SchemaRef::clone(frame.schema())));
                    // Two batches, to see them put together.
                    let (one, two) = frame.split_at(1);
                    events.extend([one, two].into_iter().filter(|batch| batch.height() > 0).map(Event::Batch));
                    events.push(Event::Done(0));
                }
            } else {
                let changes = ["INSERT", "UPDATE", "DELETE"].iter().any(|word| sql.starts_with(word)) && self.moves > 0;
                self.moves -= usize::from(changes);
                events.push(Event::Done(u64::from(changes)));
            }
            Ok(Box::new(Events(events.into_iter())) as Box<dyn EventStream>)
        })
    }

    fn describe<'c>(&'c mut self, _sql: &'c str, _params: &'c Params) -> BoxFuture<'c, Result<Schema>> {
        panic!("nothing here is described")
    }

    fn execute_many<'c>(&'c mut self, sql: &'c str, rows: &'c [Params]) -> BoxFuture<'c, Result<u64>> {
        Box::pin(async move { self.record(&format!("many {} {sql}", rows.len())).map(|()| rows.len() as u64) })
    }

    fn append<'c>(
        &'c mut self,
        table: &'c TableName,
        columns: &'c [ColumnInfo],
        frame: &'c DataFrame,
        _progress: &'c Progress,
    ) -> BoxFuture<'c, Result<u64>> {
        Box::pin(async move {
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            assert!(names.iter().eq(frame.get_column_names()), "{names:?} of {frame}");
            self.record(&format!("append {} rows to {table}", frame.height()))?;
            Ok(frame.height() as u64)
        })
    }

    fn tables<'c>(&'c mut self, _schema: Option<&'c str>) -> BoxFuture<'c, Result<DataFrame>> {
        panic!("nothing here is listed")
    }

    fn columns<'c>(&'c mut self, table: &'c TableName) -> BoxFuture<'c, Result<Option<Vec<ColumnInfo>>>> {
        Box::pin(async move {
            let made = self.log.iter().any(|entry| {
                entry.starts_with(&format!("CREATE TABLE {} (", anonymous(&self.dialect.quote_table(table).unwrap())))
            });
            Ok(if made { Some(self.made.clone()) } else { self.table.clone() })
        })
    }

    fn unique_keys<'c>(&'c mut self, _table: &'c TableName) -> BoxFuture<'c, Result<Vec<Key>>> {
        Box::pin(async { Ok(self.unique_keys.clone()) })
    }

    fn dependents<'c>(&'c mut self, _table: &'c TableName) -> BoxFuture<'c, Result<Vec<String>>> {
        Box::pin(async { Ok(self.dependents.clone()) })
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}
