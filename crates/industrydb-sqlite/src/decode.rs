//! Rows → columns: one plan per column, then one loop over the cells.

use std::sync::Arc;

use industrydb_core::column::NotUtf8;
use industrydb_core::connector::{ReadOptions, Settle};
use industrydb_core::error::{Error, Result};
use industrydb_core::exact;
use industrydb_core::temporal::{MICROS_PER_DAY, julian_day_to_micros, unix_seconds_to_micros};
use polars_core::prelude::{Column, DataFrame, DataType, Field, Schema, SchemaRef};

use crate::cache::{Plan, PlannedColumn};
use crate::error::BACKEND;
use crate::raw::{Cell, Statement};
use crate::store::{Offer, Store, real_to_text};
use crate::types::Kind;

/// How a column takes a value that its type does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Promotes the column.
    Promote,
    /// Fails: `strict=True`, or the type has been given away already.
    Refuse(Because),
    /// Writes it as text: `pl.String` asked for, or a column whose values are of several classes.
    AsText,
    /// Takes text as its bytes: `pl.Binary` asked for, or a BLOB among text.
    AsBytes,
    /// Reads numbers as SQLite's date functions do: a temporal type asked for.
    AsTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Because {
    /// `strict=True`; what declares nothing may still become what is there.
    Strict,
    /// The schema was given before the first row: what declares nothing holds NULL alone.
    Declared,
    /// A batch of the result is out.
    Settled,
}

/// Where a value stands, for errors.
#[derive(Clone, Copy)]
struct Place<'a> {
    column: &'a PlannedColumn,
    /// Rows of earlier batches.
    before: u64,
    /// In this batch.
    row: usize,
}

impl Place<'_> {
    fn error(self, what: &str, remedy: &str) -> Error {
        let (name, row) = (&self.column.name, self.before + self.row as u64);
        Error::conversion(format!("column {name:?}, row {row}: {what}"))
            .with_hint(format!("{} reads it", exact::override_of(name, remedy)))
            .with_column(name.as_str())
            .with_backend(BACKEND)
    }

    fn not_utf8(self, odd: &NotUtf8) -> Error {
        Place { row: odd.row, ..self }.error("holds TEXT that is not valid UTF-8", "pl.Binary")
    }
}

/// One column of a result, while it is being read.
struct Reader {
    /// What the caller wants instead; reached by an exact cast at the end of each batch.
    wanted: Option<DataType>,
    /// What a batch starts as.
    start: Kind,
    reading: Reading,
    /// Whether batches are out whose types bind the later ones.
    settled: bool,
    store: Store,
}

/// Reads the rows of one result set into frames.
pub struct ResultReader {
    plan: Arc<Plan>,
    readers: Vec<Reader>,
    rows_out: u64,
    bytes_out: u64,
    rows: usize,
}

impl ResultReader {
    /// A reader of the columns of `plan`.
    pub fn new(plan: Arc<Plan>, options: &ReadOptions, strict: bool) -> Self {
        let refuse = match options.settle {
            Settle::Declared => Some(Because::Declared),
            Settle::FirstBatch | Settle::WholeResult => strict.then_some(Because::Strict),
        };
        let readers = plan
            .columns
            .iter()
            .map(|column| Reader::new(column.kind, options.override_for(&column.name).cloned(), refuse))
            .collect();
        Self { plan, readers, rows_out: 0, bytes_out: 0, rows: 0 }
    }

    /// Takes the row that `statement` stands at.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] naming column, row, value and a remedy.
    #[inline]
    pub fn read_row(&mut self, statement: &Statement) -> Result<()> {
        for (column, reader) in self.readers.iter_mut().enumerate() {
            let cell = statement.cell(column);
            match reader.store.offer(cell) {
                Offer::Taken => {}
                Offer::Refused | Offer::NotUtf8 => {
                    let column = &self.plan.columns[column];
                    reader.take_odd(cell, Place { column, before: self.rows_out, row: self.rows })?;
                }
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// The schema that the declarations alone promise.
    pub fn declared(&self) -> &Schema {
        &self.plan.schema
    }

    /// Rows of the batch so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows and bytes of the whole result so far.
    pub fn progress(&self) -> (u64, u64) {
        let bytes: usize = self.readers.iter().map(|reader| reader.store.byte_len()).sum();
        (self.rows_out + self.rows as u64, self.bytes_out + bytes as u64)
    }

    /// The schema that the columns have now.
    pub fn schema(&self) -> SchemaRef {
        let as_declared = |(column, reader): (&PlannedColumn, &Reader)| {
            reader.wanted.is_none() && reader.store.dtype() == column.kind.dtype()
        };
        if self.plan.columns.iter().zip(&self.readers).all(as_declared) {
            return Arc::clone(&self.plan.schema);
        }
        let fields = self.plan.columns.iter().zip(&self.readers).map(|(column, reader)| {
            let dtype = reader.wanted.clone().unwrap_or_else(|| reader.store.dtype());
            Field::new(column.name.clone(), dtype)
        });
        Arc::new(Schema::from_iter(fields))
    }

    /// The rows so far as a frame; the next batch starts empty. `more` says that one may follow: from now on the
    /// types are fixed.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] if a value does not fit the type that the caller wants.
    pub fn finish_batch(&mut self, more: bool) -> Result<DataFrame> {
        let before = self.rows_out;
        (self.rows_out, self.bytes_out) = self.progress();
        let rows = std::mem::take(&mut self.rows);
        let mut columns = Vec::with_capacity(self.readers.len());
        for (column, reader) in self.plan.columns.iter().zip(&mut self.readers) {
            columns.push(reader.finish_batch(Place { column, before, row: 0 }, more)?);
        }
        DataFrame::new(rows, columns).map_err(|cause| Error::execution(cause.to_string()).with_backend(BACKEND))
    }
}

impl Reader {
    fn new(kind: Kind, wanted: Option<DataType>, refuse: Option<Because>) -> Self {
        let (start, reading) = match &wanted {
            Some(DataType::String) => (Kind::Text, Reading::AsText),
            Some(DataType::Binary) => (Kind::Binary, Reading::AsBytes),
            Some(DataType::Date) => (Kind::Date, Reading::AsTime),
            Some(DataType::Time) => (Kind::Time, Reading::AsTime),
            Some(DataType::Datetime(_, None)) => (Kind::Datetime, Reading::AsTime),
            Some(DataType::Datetime(_, Some(_))) => (Kind::DatetimeUtc, Reading::AsTime),
            // Every other wish is an exact cast of what the column is by itself.
            Some(_) => (kind, Reading::Promote),
            None => (kind, refuse.map_or(Reading::Promote, Reading::Refuse)),
        };
        Self { wanted, start, reading, settled: false, store: Store::of_kind(start) }
    }

    /// Takes a value that the column's type refused.
    #[cold]
    fn take_odd(&mut self, cell: Cell<'_>, place: Place<'_>) -> Result<()> {
        if cell == Cell::OutOfMemory {
            return Err(Error::execution("out of memory").with_code("SQLITE_NOMEM").with_backend(BACKEND));
        }
        // Before the column may become another one.
        if let Some(odd) = self.store.first_odd() {
            return Err(place.not_utf8(&odd));
        }
        let untyped = matches!(self.store, Store::Null(_));
        match self.reading {
            Reading::AsText => match (cell, &mut self.store) {
                (Cell::Blob(_), _) if self.settled => return Err(self.contradiction(cell, place)),
                (Cell::Blob(_), _) if self.wanted.is_none() => self.promote(cell),
                (_, Store::Text(values)) => {
                    // Text by itself, behind text.
                    _ = values.push(cell_text(cell).as_bytes());
                    return Ok(());
                }
                _ => return Err(self.contradiction(cell, place)),
            },
            Reading::AsBytes => match (cell, &mut self.store) {
                (Cell::Text(bytes), Store::Binary(values)) => {
                    values.push(bytes);
                    return Ok(());
                }
                (_, Store::Binary(values)) if self.wanted.is_none() => {
                    values.push(cell_text(cell).as_bytes());
                    return Ok(());
                }
                _ => return Err(self.contradiction(cell, place)),
            },
            Reading::AsTime => return self.take_time(cell).ok_or_else(|| self.contradiction(cell, place)),
            Reading::Refuse(Because::Strict) if untyped => self.promote(cell),
            Reading::Refuse(_) => return Err(self.contradiction(cell, place)),
            Reading::Promote => self.promote(cell),
        }
        match self.store.offer(cell) {
            Offer::Taken => Ok(()),
            Offer::Refused | Offer::NotUtf8 => self.take_odd(cell, place),
        }
    }

    /// Turns the column into the next type; what is mixed by then stays text or bytes whatever comes.
    fn promote(&mut self, cell: Cell<'_>) {
        let mixed = self.store.has_values();
        if !(mixed && matches!((&self.store, cell), (Store::Text(_), Cell::Int(_) | Cell::Real(_)))) {
            self.store = self.store.promoted_for(cell);
        }
        if mixed && self.reading != (Reading::Refuse(Because::Strict)) {
            match self.store {
                Store::Text(_) => self.reading = Reading::AsText,
                Store::Binary(_) => self.reading = Reading::AsBytes,
                _ => {}
            }
        }
    }

    /// A value for a column that is to become temporal: numbers as SQLite reads them, an integer as Unix seconds, a
    /// REAL as a Julian day (<https://www.sqlite.org/datatype3.html#date_and_time_datatype>), a date as its midnight.
    fn take_time(&mut self, cell: Cell<'_>) -> Option<()> {
        let micros = match cell {
            Cell::Int(seconds) => unix_seconds_to_micros(seconds)?,
            Cell::Real(day) => julian_day_to_micros(day)?,
            Cell::Text(bytes) => self.text_instant(bytes)?,
            Cell::Null | Cell::Blob(_) | Cell::OutOfMemory => return None,
        };
        match &mut self.store {
            Store::Date(values) => {
                let exact = micros % MICROS_PER_DAY == 0;
                values.push(i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok().filter(|_| exact)?);
            }
            // A time of day alone: of an instant the date would be lost.
            Store::Time(values, _) if (0..MICROS_PER_DAY).contains(&micros) => values.push(micros * 1_000),
            Store::Datetime { values, .. } => values.push(micros),
            _ => return None,
        }
        Some(())
    }

    /// Text that is a datetime, though not in the very form that the column's type expects.
    fn text_instant(&self, bytes: &[u8]) -> Option<i64> {
        let (micros, style) = industrydb_core::temporal::parse_datetime(bytes)?;
        let fits = match &self.store {
            Store::Date(_) | Store::Datetime { utc: false, .. } => style.offset().is_none(),
            // A time of day is not what is left of an instant.
            _ => false,
        };
        fits.then_some(micros)
    }

    fn finish_batch(&mut self, place: Place<'_>, more: bool) -> Result<Column> {
        let next = if more && self.wanted.is_none() { self.store.emptied() } else { Store::of_kind(self.start) };
        let store = std::mem::replace(&mut self.store, next);
        self.settled = more && self.wanted.is_none();
        if self.settled && self.reading == Reading::Promote {
            self.reading = Reading::Refuse(Because::Settled);
        }
        let series = store.finish(place.column.name.clone()).map_err(|odd| place.not_utf8(&odd))?;
        let first_row = usize::try_from(place.before).unwrap_or(usize::MAX);
        match &self.wanted {
            Some(wanted) => exact::cast_read(&series, wanted, first_row)
                .map(Column::from)
                .map_err(|error| error.with_backend(BACKEND)),
            None => Ok(Column::from(series)),
        }
    }

    fn contradiction(&self, cell: Cell<'_>, place: Place<'_>) -> Error {
        let dtype = self.wanted.clone().unwrap_or_else(|| self.store.dtype());
        let declared = match place.column.declared.as_deref() {
            Some(declared) => format!("declared {declared}"),
            None => "an expression".into(),
        };
        let why = match self.reading {
            Reading::Refuse(Because::Strict) => "; strict=True forbids promoting the column",
            Reading::Refuse(Because::Declared) => "; the schema was given before the result was read",
            Reading::Refuse(Because::Settled) => "; earlier batches of this result are out with that type already",
            Reading::Promote | Reading::AsText | Reading::AsBytes | Reading::AsTime => "",
        };
        let remedy = match cell {
            Cell::Blob(_) => "pl.Binary",
            // Nothing is declared that the value could contradict.
            Cell::Int(_) if dtype == DataType::Null => "pl.Int64",
            Cell::Real(_) if dtype == DataType::Null => "pl.Float64",
            Cell::Null | Cell::Int(_) | Cell::Real(_) | Cell::Text(_) | Cell::OutOfMemory => "pl.String",
        };
        place.error(&format!("holds {}, which is no {dtype} ({declared}){why}", shown(cell)), remedy)
    }
}

/// A value in an error message, cut where it gets long.
fn shown(cell: Cell<'_>) -> String {
    const LONGEST: usize = 60;
    let class = match cell {
        Cell::Null => return "NULL".into(),
        Cell::OutOfMemory => return "a value too large for the memory".into(),
        Cell::Int(_) => "INTEGER",
        Cell::Real(_) => "REAL",
        Cell::Text(_) => "TEXT",
        Cell::Blob(bytes) => return format!("a BLOB of {} bytes", bytes.len()),
    };
    let text = cell_text(cell);
    let short: String = text.chars().take(LONGEST).collect();
    let cut = if short.len() < text.len() { "…" } else { "" };
    match cell {
        Cell::Text(_) => format!("{class} {short:?}{cut}"),
        _ => format!("{class} {short}{cut}"),
    }
}

/// A value as text: numbers in full, bytes in hexadecimal.
fn cell_text(cell: Cell<'_>) -> String {
    match cell {
        Cell::Null | Cell::OutOfMemory => String::new(),
        Cell::Int(value) => value.to_string(),
        Cell::Real(value) => real_to_text(value),
        Cell::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Cell::Blob(bytes) => exact::hex(bytes),
    }
}
