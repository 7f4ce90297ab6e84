//! Columns → `COPY … FROM STDIN`: one way per column, chosen once against the target's type, then row by row.
//!
//! The binary format it is (PostgreSQL manual, COPY, "Binary Format"), unless some column has no binary form that is
//! known here: then the whole goes in text. A frame is cast and written in blocks of rows, so that what is being sent
//! needs no second copy of the frame.

mod binary;
mod cells;
pub mod check;
pub mod form;
pub mod limits;
mod numeric;
pub mod shape;
#[cfg(test)]
mod tests;
mod text;
mod typed;

use industrydb_core::error::{Error, Result};
use industrydb_core::exact;
use polars_core::prelude::{DataFrame, DataType, Series};

use crate::dialect::DIALECT;
use crate::types::Type;
use cells::Cells;
use check::Fault;
use shape::Plan;

/// Rows that are cast and written at a time.
const BLOCK: usize = 32_768;
/// What binary data begins with: signature, flags, length of the header's extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with: −1 in the place of a row's number of fields.
const TRAILER: [u8; 2] = [0xff; 2];
/// The most characters of a value that a message shows.
const SHOWN: usize = 60;

/// A column of the target table as COPY needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its name, and that of the frame's column.
    pub name: String,
    /// Its type, with n of `varchar(n)`, p of `time(p)` and the like.
    pub ty: Type,
}

/// The format of the data, as COPY's option names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `FORMAT binary`
    Binary,
    /// `FORMAT text`
    Text,
}

/// The rows of a frame on their way to the server.
#[derive(Debug)]
pub struct Rows {
    columns: Vec<Column>,
    format: Format,
    height: usize,
    /// The block that is being written, a piece of each column.
    block: Vec<Cells>,
    block_start: usize,
    block_end: usize,
    done: usize,
    started: bool,
    /// One value's text.
    line: String,
}

/// A column of the frame and where it goes.
#[derive(Debug)]
struct Column {
    series: Series,
    type_name: std::sync::Arc<str>,
    plan: Plan,
}

impl Rows {
    /// The rows of `frame`, of its columns those that `targets` name, in their order.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] naming a column and both types, if the one has no exact way
    /// into the other; [`industrydb_core::error::ErrorKind::Execution`] if the frame lacks a column.
    pub fn new(frame: &DataFrame, targets: &[Target]) -> Result<Self> {
        let columns = targets.iter().map(|target| Column::new(frame, target)).collect::<Result<Vec<_>>>()?;
        let text = columns.iter().any(|column| column.plan.shape.needs_text());
        Ok(Self {
            columns,
            format: if text { Format::Text } else { Format::Binary },
            height: frame.height(),
            block: Vec::new(),
            block_start: 0,
            block_end: 0,
            done: 0,
            started: false,
            line: String::new(),
        })
    }

    /// The format that [`Self::fill`] writes.
    pub fn format(&self) -> Format {
        self.format
    }

    /// How many rows were written so far.
    pub fn rows_done(&self) -> usize {
        self.done
    }

    /// Appends the next rows to `out`, at least one, until it holds about `bytes`; `false` when all are out, with all that goes around
    /// them.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] naming column, row and value that does not fit. The COPY has to
    /// be failed then; another call goes on nowhere.
    pub fn fill(&mut self, out: &mut Vec<u8>, bytes: usize) -> Result<bool> {
        if !self.started {
            self.started = true;
            if self.format == Format::Binary {
                out.extend_from_slice(HEADER);
            }
        }
        out.reserve(bytes.saturating_sub(out.len()));
        while self.done < self.height {
            if self.done == self.block_end {
                self.next_block()?;
            }
            let outcome = match self.format {
                Format::Binary => self.binary_rows(out, bytes),
                Format::Text => self.text_rows(out, bytes),
            };
            outcome.map_err(|(column, fault)| self.columns[column].fault(self.done, fault))?;
            if out.len() >= bytes && self.done < self.height {
                return Ok(true);
            }
        }
        if self.format == Format::Binary {
            out.extend_from_slice(&TRAILER);
        }
        Ok(false)
    }

    /// Casts the next rows.
    fn next_block(&mut self) -> Result<()> {
        let start = self.block_end;
        let rows = BLOCK.min(self.height - start);
        self.block.clear();
        for column in &self.columns {
            self.block.push(column.cells(start, rows)?);
        }
        (self.block_start, self.block_end) = (start, start + rows);
        Ok(())
    }

    /// Writes rows of the block; in an error, the column at fault, the row being the one after those that are done.
    fn binary_rows(&mut self, out: &mut Vec<u8>, bytes: usize) -> Result<(), (usize, Fault)> {
        let fields = (self.block.len() as u16).to_be_bytes();
        while self.done < self.block_end {
            let row = self.done - self.block_start;
            out.extend_from_slice(&fields);
            for (column, cells) in self.block.iter().enumerate() {
                cells.binary(row, out).map_err(|fault| (column, fault))?;
            }
            self.done += 1;
            if out.len() >= bytes {
                break;
            }
        }
        Ok(())
    }

    /// As [`Self::binary_rows`].
    fn text_rows(&mut self, out: &mut Vec<u8>, bytes: usize) -> Result<(), (usize, Fault)> {
        while self.done < self.block_end {
            let row = self.done - self.block_start;
            for (column, cells) in self.block.iter().enumerate() {
                if column > 0 {
                    out.push(b'\t');
                }
                self.line.clear();
                if cells.form(row, &mut self.line).map_err(|fault| (column, fault))? {
                    text::escape(&self.line, out);
                } else {
                    out.extend_from_slice(b"\\N");
                }
            }
            out.push(b'\n');
            self.done += 1;
            if out.len() >= bytes {
                break;
            }
        }
        Ok(())
    }
}

impl Column {
    fn new(frame: &DataFrame, target: &Target) -> Result<Self> {
        let Target { name, ty } = target;
        let column = frame.column(name).map_err(|cause| Error::execution(cause.to_string()))?;
        let series = column.as_materialized_series().clone();
        match Plan::new(ty, series.dtype()) {
            Some(plan) => Ok(Self { series, type_name: ty.name.clone(), plan }),
            None => Err(mismatch(name, series.dtype(), ty)),
        }
    }

    /// Its values in `rows` rows from `start` on.
    fn cells(&self, start: usize, rows: usize) -> Result<Cells> {
        let slice = self.series.slice(i64::try_from(start).unwrap_or(i64::MAX), rows);
        let stored = exact::cast_from(&slice, &self.plan.stored, start)
            .map_err(|error| error.with_backend(DIALECT.backend))?
            .rechunk();
        match stored.chunks().first() {
            Some(chunk) => Cells::new(chunk.as_ref(), &self.plan.shape),
            None => Err(Error::execution("a column has no values")),
        }
    }

    /// What is wrong with the value in `row`.
    #[cold]
    fn fault(&self, row: usize, fault: Fault) -> Error {
        let (name, type_name) = (self.series.name(), &self.type_name);
        let value = self.series.slice(i64::try_from(row).unwrap_or(i64::MAX), 1);
        let text = exact::cast(&value, &DataType::String).or_else(|_| {
            // A date too far off for text still has a number.
            exact::cast(value.to_physical_repr().as_ref(), &DataType::String)
        });
        let text = text.ok().and_then(|text| text.str().ok()?.get(0).map(str::to_owned));
        let mut shown = text.unwrap_or_else(|| "the value".to_owned());
        if let Some((end, _)) = shown.char_indices().nth(SHOWN) {
            shown.truncate(end);
            shown.push('…');
        }
        if matches!(self.series.dtype(), DataType::String) {
            shown = format!("{shown:?}");
        }
        Error::conversion(format!("column {name:?}, row {row}: {shown} {fault} {type_name}"))
            .with_column(name.as_str())
            .with_backend(DIALECT.backend)
    }
}

fn mismatch(name: &str, source: &DataType, ty: &Type) -> Error {
    // What stands in the way of a datetime is said there, with the remedy.
    let zone = match (source, ty.dtype()) {
        (DataType::Datetime(..) | DataType::Date, to @ DataType::Datetime(..)) => {
            exact::cast(&Series::new_empty(name.into(), source), &to).err()
        }
        _ => None,
    };
    let error = zone.unwrap_or_else(|| {
        let source = exact::type_name(source);
        Error::conversion(format!("column {name:?}: {source} can't be stored in a column of type {}", ty.name))
    });
    error.with_column(name).with_backend(DIALECT.backend)
}
