//! Rows → columns: one store for each column, then one loop over the values.

mod nested;
mod number;
mod store;
pub mod time;
pub mod wire;

use industrydb_core::connector::ReadOptions;
use industrydb_core::error::{Error, Result};
use industrydb_core::exact;
use polars_core::prelude::{Column, DataFrame, DataType, Field, Schema};
use sqlx::postgres::PgRow;
use sqlx::{Row as _, ValueRef as _};

use self::store::Odd;
pub use self::store::Store;
use self::time::Misfit;
use crate::error::{BACKEND, conversion};
use crate::plan::PlannedColumn;
use crate::text;
use crate::types::Kind;

/// How much of a value an error shows, in characters.
const SHOWN: usize = 60;

/// A column of a result and what it is filled into.
struct Reader {
    column: PlannedColumn,
    wanted: Option<DataType>,
    /// `None` only while it is being finished.
    store: Option<Store>,
}

/// Reads the rows of one result set into frames.
pub struct ResultReader {
    readers: Vec<Reader>,
    rows_out: u64,
    rows: usize,
    bytes: u64,
}

impl ResultReader {
    /// A reader of `columns`.
    pub fn new(columns: &[PlannedColumn], options: &ReadOptions) -> Self {
        let reader = |column: &PlannedColumn| {
            let wanted = options.override_for(&column.name).cloned();
            let store = Store::of_column(&column.ty, wanted.as_ref(), options.settle);
            Reader { column: column.clone(), wanted, store: Some(store) }
        };
        Self { readers: columns.iter().map(reader).collect(), rows_out: 0, rows: 0, bytes: 0 }
    }

    /// Takes a row.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] naming column, row, value and the override that works.
    #[inline]
    pub fn read_row(&mut self, row: &PgRow) -> Result<()> {
        for (at, reader) in self.readers.iter_mut().enumerate() {
            // Looked at where it stands: moving it out costs a tenth of the whole read.
            let raw = row.try_get_raw(at);
            let Ok(value) = &raw else { return Err(conversion("a row has fewer values than there are columns")) };
            let Some(store) = &mut reader.store else { continue };
            if value.is_null() {
                store.push_null();
                continue;
            }
            let bytes = value.as_bytes().map_err(|cause| conversion(cause.to_string()))?;
            self.bytes += bytes.len() as u64;
            if let Err(odd) = store.push(bytes) {
                return Err(reader
                    .not_utf8(self.rows_out)
                    .unwrap_or_else(|| reader.refusal(odd, bytes, self.rows_out + self.rows as u64)));
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Rows of the batch so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows and bytes of the whole result so far.
    pub fn progress(&self) -> (u64, u64) {
        (self.rows_out + self.rows as u64, self.bytes)
    }

    /// The batch as a frame, of however many rows; `more` if there may be another.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] for a value that its override does not hold.
    pub fn finish_batch(&mut self, more: bool) -> Result<DataFrame> {
        let mut columns: Vec<Column> = Vec::with_capacity(self.readers.len());
        for reader in &mut self.readers {
            if let Some(refusal) = reader.not_utf8(self.rows_out) {
                return Err(refusal);
            }
            let Some(store) = reader.store.take() else { continue };
            let (series, next) = store.finish(reader.column.name.clone(), more)?;
            reader.store = Some(next);
            let first_row = usize::try_from(self.rows_out).unwrap_or(usize::MAX);
            columns.push(match &reader.wanted {
                Some(wanted) if wanted != series.dtype() => {
                    exact::cast_read(&series, wanted, first_row).map_err(|error| error.with_backend(BACKEND))?.into()
                }
                _ => series.into(),
            });
        }
        let rows = std::mem::take(&mut self.rows);
        self.rows_out += rows as u64;
        DataFrame::new(rows, columns).map_err(|cause| conversion(cause.to_string()))
    }
}

/// What a result of `columns` looks like before a row is there.
pub fn declared_schema(columns: &[PlannedColumn], options: &ReadOptions) -> Schema {
    let dtype =
        |column: &PlannedColumn| options.override_for(&column.name).cloned().unwrap_or_else(|| column.ty.dtype());
    columns.iter().map(|column| Field::new(column.name.clone(), dtype(column))).collect()
}

impl Reader {
    /// What is said of the first text of a batch that is not UTF-8; `before` are the rows of earlier ones.
    fn not_utf8(&mut self, before: u64) -> Option<Error> {
        let odd = self.store.as_mut()?.first_odd()?;
        Some(self.refusal(Odd::NotUtf8, &odd.bytes, before + odd.row as u64))
    }

    fn refusal(&self, odd: Odd, bytes: &[u8], row: u64) -> Error {
        let (name, ty) = (&self.column.name, &self.column.ty);
        let target = self.wanted.clone().unwrap_or_else(|| ty.dtype());
        let target = exact::type_name(&target);
        let (why, remedy) = match odd {
            Odd::Malformed => ("the server sent bytes that are no such value".to_owned(), None),
            Odd::Changed => ("its type has changed since the statement was prepared".to_owned(), None),
            Odd::NotUtf8 => ("it is not UTF-8".to_owned(), Some("pl.Binary")),
            Odd::Time(Misfit::Months) => (
                format!("how long its months are depends on where they begin, so that {target} does not hold it"),
                Some("pl.String"),
            ),
            Odd::Time(Misfit::EndOfDay) => (format!("{target} ends before 24:00:00"), Some("pl.String")),
            Odd::Time(_) => (format!("{target} does not hold it"), Some("pl.String")),
            Odd::NotANumber => (format!("{target} does not hold it"), Some("pl.String")),
            Odd::Digits | Odd::Inexact => (format!("{target} does not hold its digits"), Some("pl.String")),
            Odd::Dimensions => (format!("{target} holds one dimension"), Some("pl.String")),
        };
        let shown = self.shown(bytes);
        let message = format!("column {name:?}, row {row}: the {} {shown}: {why}", ty.name);
        let error = conversion(message).with_column(name.as_str());
        match remedy {
            // Where it is the digits alone, a double may be what is wanted.
            Some(remedy) if self.is_double(odd, bytes) => {
                error.with_hint(format!("{} reads it; so does pl.Float64", exact::override_of(name, remedy)))
            }
            Some(remedy) => error.with_hint(format!("{} reads it", exact::override_of(name, remedy))),
            None => error,
        }
    }

    /// Whether an override with a double would give the value.
    fn is_double(&self, odd: Odd, bytes: &[u8]) -> bool {
        match odd {
            Odd::NotANumber | Odd::Digits => {
                matches!(self.column.ty.kind, Kind::Numeric(_)) && store::double(bytes).is_ok()
            }
            Odd::Malformed | Odd::Changed | Odd::NotUtf8 | Odd::Time(_) | Odd::Inexact | Odd::Dimensions => false,
        }
    }

    /// The value for a person.
    fn shown(&self, bytes: &[u8]) -> String {
        let mut shown = String::new();
        let written = if self.column.ty.kind == Kind::Interval {
            // As the override would give it.
            text::write_interval_iso(bytes, &mut shown)
        } else {
            text::write(&self.column.ty, bytes, &mut shown)
        };
        if written.is_err() {
            shown = exact::hex(bytes);
        }
        if let Some((end, _)) = shown.char_indices().nth(SHOWN) {
            shown.truncate(end);
            shown.push('…');
        }
        shown
    }
}
