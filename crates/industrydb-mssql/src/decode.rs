//! Rows → columns: one builder per column, chosen once, then one loop over the cells.

use std::sync::Arc;

use industrydb_core::connector::ReadOptions;
use industrydb_core::error::{Error, Result};
use industrydb_core::{exact, names};
use polars_core::prelude::{Column, DataFrame, DataType, Field, PlSmallStr, Schema, SchemaRef, TimeUnit};
use tiberius::{ColumnData, Row};

use crate::error::BACKEND;
use crate::store::{Fraction, Refusal, Store};
use crate::types::Kind;
use crate::variant;

/// One column of a result, while it is being read.
struct Reader {
    name: PlSmallStr,
    kind: Kind,
    fraction: Fraction,
    /// What the caller wants instead; reached by an exact cast at the end of each batch.
    wanted: Option<DataType>,
    store: Store,
}

/// Reads the rows of one result set into frames.
pub struct ResultReader {
    readers: Vec<Reader>,
    rows: usize,
    rows_out: u64,
    /// Whether a batch is out whose types bind the later ones.
    settled: bool,
}

/// The result's names as a frame has them.
pub fn unique_names<'n>(columns: impl IntoIterator<Item = &'n str>) -> Vec<PlSmallStr> {
    names::unique(columns.into_iter().map(str::to_owned).collect())
}

impl ResultReader {
    /// A reader of columns with these names and kinds. `truncate` says what becomes of a seventh digit where the caller
    /// wants nothing else.
    pub fn new(names: Vec<PlSmallStr>, kinds: &[Kind], options: &ReadOptions, truncate: bool) -> Self {
        let usual = if truncate { Fraction::MicrosRoundedDown } else { Fraction::Micros };
        let readers = names
            .into_iter()
            .zip(kinds)
            .map(|(name, kind)| {
                let wanted = options.override_for(&name).cloned();
                Reader::new(name, *kind, wanted, usual)
            })
            .collect();
        Self { readers, rows: 0, rows_out: 0, settled: false }
    }

    /// Takes over what the server described once all rows were there.
    pub fn complete(&mut self, described: &[Kind]) {
        for (reader, kind) in self.readers.iter_mut().zip(described) {
            reader.store.complete(*kind);
        }
    }

    /// Takes a row.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] naming column, row, value and a remedy.
    #[inline]
    pub fn read_row(&mut self, row: Row) -> Result<()> {
        let place = self.rows_out + self.rows as u64;
        let settled = self.settled;
        for (reader, cell) in self.readers.iter_mut().zip(row) {
            reader.take(cell, place, settled)?;
        }
        self.rows += 1;
        Ok(())
    }

    /// Rows of the batch so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows of the whole result so far.
    pub fn rows_in_all(&self) -> u64 {
        self.rows_out + self.rows as u64
    }

    /// The schema that the columns have now.
    pub fn schema(&self) -> SchemaRef {
        let field = |reader: &Reader| {
            let dtype = reader.wanted.clone().unwrap_or_else(|| reader.store.dtype());
            Field::new(reader.name.clone(), dtype)
        };
        Arc::new(Schema::from_iter(self.readers.iter().map(field)))
    }

    /// The rows so far as a frame; the next batch starts empty and has the same types.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] if a value does not fit the type that the caller wants.
    pub fn finish_batch(&mut self) -> Result<DataFrame> {
        let first_row = usize::try_from(self.rows_out).unwrap_or(usize::MAX);
        self.rows_out = self.rows_in_all();
        let rows = std::mem::take(&mut self.rows);
        self.settled = true;
        let mut columns = Vec::with_capacity(self.readers.len());
        for reader in &mut self.readers {
            columns.push(reader.finish_batch(first_row, rows)?);
        }
        DataFrame::new(rows, columns).map_err(|cause| Error::execution(cause.to_string()).with_backend(BACKEND))
    }
}

impl Reader {
    fn new(name: PlSmallStr, kind: Kind, wanted: Option<DataType>, usual: Fraction) -> Self {
        let is_instant = matches!(kind, Kind::DateTime2(_) | Kind::DateTimeOffset(_) | Kind::DateTime);
        let (kind, fraction) = match &wanted {
            Some(DataType::Datetime(TimeUnit::Nanoseconds, _)) if is_instant => (kind, Fraction::Nanos),
            // With all their digits, whatever their number.
            Some(DataType::String) if is_instant => (Kind::LongText, usual),
            _ => (kind, usual),
        };
        Self { name, kind, fraction, wanted, store: Store::of_kind(kind, fraction) }
    }

    #[inline]
    fn take(&mut self, cell: ColumnData<'static>, row: u64, settled: bool) -> Result<()> {
        // A decimal may be described with other digits than it has by now: its values say what is true.
        if let (Store::Decimal { .. }, ColumnData::Numeric(Some(value)), false) = (&self.store, &cell, settled)
            && let Some(scale) = self.store.scale()
            && scale != usize::from(value.scale())
        {
            return self.describe_again(cell, row);
        }
        match self.store.push(cell) {
            Ok(()) => Ok(()),
            Err(refusal) => Err(self.refusal(&refusal, row)),
        }
    }

    /// The table was altered since its columns were described: the column is open.
    #[cold]
    fn describe_again(&mut self, cell: ColumnData<'static>, row: u64) -> Result<()> {
        let Store::Decimal { values, precision, scale } = &mut self.store else { return Ok(()) };
        let ColumnData::Numeric(Some(value)) = cell else { return Ok(()) };
        if !values.has_values() {
            *scale = Some(usize::from(value.scale()));
            *precision = crate::types::OPEN_DECIMAL.0;
        }
        self.store.push(cell).map_err(|refusal| self.refusal(&refusal, row))
    }

    fn refusal(&self, refusal: &Refusal, row: u64) -> Error {
        let name = &self.name;
        let overrides = |dtype: &str| format!("{} reads it", exact::override_of(name, dtype));
        let shown = |instant| {
            let utc = matches!(self.store, Store::Instant { utc: true, .. });
            variant::of_instant(instant, utc).unwrap_or_default()
        };
        let (what, hint) = match refusal {
            Refusal::SeventhDigit(instant) => (
                format!("{} has a seventh digit of its second, which microseconds do not hold", shown(*instant)),
                format!(
                    "{}; truncate_100ns=true in the configuration drops the digit",
                    // 9999-12-31 23:59:59.9999999, the end of temporal tables' periods, is none in nanoseconds.
                    overrides(if instant.nanos().is_some() { "pl.Datetime(\"ns\")" } else { "pl.String" })
                ),
            ),
            Refusal::BeyondNanos(instant) => (
                format!("{} is outside the years 1677 to 2262, which nanoseconds do not hold", shown(*instant)),
                overrides("pl.String"),
            ),
            Refusal::Money(value) => (
                format!("money of about {value} is beyond ±900,000,000,000, where it does not arrive exactly"),
                format!("CAST({name} AS decimal(19, 4)) in the query reads it"),
            ),
            Refusal::Digits(value) => (
                format!("{value} does not fit {}, with which the query was described", self.store.dtype()),
                "the table was altered meanwhile: run the query again".to_owned(),
            ),
            Refusal::Type => (format!("a value that is no {}", self.store.dtype()), overrides("pl.String")),
        };
        Error::conversion(format!("column {name:?}, row {row}: {what}"))
            .with_hint(hint)
            .with_column(name.as_str())
            .with_backend(BACKEND)
    }

    fn finish_batch(&mut self, first_row: usize, rows: usize) -> Result<Column> {
        // The next batch has as many rows, unless it is the last one.
        let next = match (&self.store, self.store.dtype()) {
            // What the first batch settled stays.
            (Store::Decimal { .. }, DataType::Decimal(precision, scale)) => {
                Store::with_room(Kind::Decimal { precision, scale }, self.fraction, rows)
            }
            _ => Store::with_room(self.kind, self.fraction, rows),
        };
        let series = std::mem::replace(&mut self.store, next).finish(self.name.clone());
        match &self.wanted {
            Some(wanted) => exact::cast_read(&series, wanted, first_row)
                .map(Column::from)
                .map_err(|error| error.with_backend(BACKEND)),
            None => Ok(Column::from(series)),
        }
    }
}
