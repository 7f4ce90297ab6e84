//! Columns → rows: one encoder per column, chosen once against the target's declared type, then one loop.

use industrydb_core::decimal::{decimal_to_f64, digits, format_decimal};
use industrydb_core::error::{Error, Result};
use industrydb_core::exact;
use industrydb_core::table::ColumnInfo;
use industrydb_core::temporal::{Style, Unrepresentable, format_date, format_datetime, format_time};
use polars_arrow::array::{Array, BinaryViewArray, BooleanArray, PrimitiveArray, StaticArray as _, Utf8ViewArray};
use polars_core::prelude::{DataFrame, DataType, Series, TimeUnit};

use crate::error::BACKEND;
use crate::raw::Cell;
use crate::store::exact_f64;
use crate::types::{Affinity, DECIMAL_DIGITS, Kind};

/// The column as values of the type in which they are stored: exact, or an error that names what does not fit.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Conversion`] naming the column and both types, or the row and the value.
pub fn to_stored(series: &Series, target: &ColumnInfo) -> Result<Series> {
    let kind = Kind::of_declared(&target.declared_type);
    let source = series.dtype();
    let stored = match (kind, source) {
        (_, DataType::Null) => DataType::Null,
        // A duration is an integer of µs.
        (Kind::Int64 | Kind::Untyped, DataType::Duration(_)) => {
            let micros = exact::cast(series, &DataType::Duration(TimeUnit::Microseconds))?;
            return Ok(micros.to_physical_repr().into_owned());
        }
        (Kind::Untyped, _) => by_itself(source),
        // As a number, but no longer than SQLite keeps it: the encoder counts the digits.
        (Kind::Float64, DataType::Decimal(..)) => source.clone(),
        // NUMERIC affinity keeps an integer that no double is.
        (Kind::Float64, dtype)
            if dtype.is_integer() && Affinity::of_declared(&target.declared_type, false) == Affinity::Numeric =>
        {
            return exact::cast(series, &DataType::Int64).or_else(|_| exact::cast(series, &DataType::Float64));
        }
        _ => kind.dtype(),
    };
    // Bytes have a text form, but not one that the column would give back as bytes.
    let bytes_as_text = *source == DataType::Binary && stored != DataType::Binary;
    if bytes_as_text || !exact::castable(source, &stored) {
        let (name, declared) = (series.name(), &target.declared_type);
        return Err(Error::conversion(format!(
            "column {name:?}: {source} can't be stored in a column declared {declared}"
        ))
        .with_column(name.as_str()));
    }
    exact::cast(series, &stored)
}

/// What a value of `source` is stored as where the target declares nothing.
fn by_itself(source: &DataType) -> DataType {
    match source {
        DataType::Boolean => DataType::Boolean,
        dtype if dtype.is_integer() => DataType::Int64,
        dtype if dtype.is_float() => DataType::Float64,
        DataType::Datetime(_, zone) => DataType::Datetime(TimeUnit::Microseconds, zone.clone()),
        DataType::Date | DataType::Time | DataType::Decimal(..) | DataType::Binary => source.clone(),
        // Text, labels, and whatever has a text form: lists and structs as JSON.
        _ => DataType::String,
    }
}

/// Gives the values of one chunk of one column as SQLite binds them.
pub struct Encoder<'a> {
    target: &'a ColumnInfo,
    source: Source<'a>,
    /// Where text is written that the column does not hold as such.
    line: Vec<u8>,
}

/// A chunk of values, by the type that they are stored in.
enum Source<'a> {
    Null,
    Boolean(&'a BooleanArray),
    Int(&'a PrimitiveArray<i64>),
    Float(&'a PrimitiveArray<f64>),
    Decimal {
        values: &'a PrimitiveArray<i128>,
        scale: usize,
        affinity: Affinity,
    },
    /// `numeric`: the target would turn text that looks like a number into one.
    Text {
        values: &'a Utf8ViewArray,
        numeric: bool,
    },
    Binary(&'a BinaryViewArray),
    Date(&'a PrimitiveArray<i32>),
    Time(&'a PrimitiveArray<i64>),
    Datetime {
        values: &'a PrimitiveArray<i64>,
        utc: bool,
    },
}

impl<'a> Encoder<'a> {
    /// An encoder of `chunk`, whose values have the type `stored` that [`to_stored`] gave, for a column of a STRICT table
    /// or of another.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] for a type that no column is stored in.
    pub fn new(chunk: &'a dyn Array, stored: &DataType, target: &'a ColumnInfo, strict: bool) -> Result<Self> {
        let affinity = Affinity::of_declared(&target.declared_type, strict);
        let any = chunk.as_any();
        let source = match stored {
            DataType::Null => Some(Source::Null),
            DataType::Boolean => any.downcast_ref().map(Source::Boolean),
            DataType::Int64 => any.downcast_ref().map(Source::Int),
            DataType::Float64 => any.downcast_ref().map(Source::Float),
            DataType::Decimal(_, scale) => {
                any.downcast_ref().map(|values| Source::Decimal { values, scale: *scale, affinity })
            }
            DataType::String => {
                // A number's kind never stores text; a temporal one was parsed, and no ISO form looks like a number.
                let numeric = affinity.is_numeric() && Kind::of_declared(&target.declared_type) == Kind::Untyped;
                any.downcast_ref().map(|values| Source::Text { values, numeric })
            }
            DataType::Binary => any.downcast_ref().map(Source::Binary),
            DataType::Date => any.downcast_ref().map(Source::Date),
            DataType::Time => any.downcast_ref().map(Source::Time),
            DataType::Datetime(_, zone) => {
                any.downcast_ref().map(|values| Source::Datetime { values, utc: zone.is_some() })
            }
            _ => None,
        };
        let Some(source) = source else {
            let name = &target.name;
            return Err(Error::conversion(format!("column {name:?}: SQLite can't store {stored}"))
                .with_column(name)
                .with_backend(BACKEND));
        };
        Ok(Self { target, source, line: Vec::new() })
    }

    /// The value in `row` of the chunk; `first_row` is the chunk's place in the frame, for errors.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] naming column and row.
    #[inline]
    pub fn cell(&mut self, row: usize, first_row: usize) -> Result<Cell<'_>> {
        let outcome = match &self.source {
            Source::Null => Ok(Cell::Null),
            Source::Boolean(values) => Ok(values.get(row).map_or(Cell::Null, |value| Cell::Int(i64::from(value)))),
            Source::Int(values) => Ok(values.get(row).map_or(Cell::Null, Cell::Int)),
            Source::Float(values) => match values.get(row) {
                Some(value) if value.is_nan() => Err("NaN, which SQLite would store as NULL"),
                value => Ok(value.map_or(Cell::Null, Cell::Real)),
            },
            Source::Decimal { values, scale, affinity } => match values.get(row) {
                None => Ok(Cell::Null),
                Some(unscaled) if affinity.is_numeric() => decimal_number(unscaled, *scale, *affinity),
                Some(unscaled) => {
                    self.line.clear();
                    format_decimal(unscaled, *scale, &mut self.line);
                    Ok(Cell::Text(&self.line))
                }
            },
            Source::Text { values, numeric } => match values.get(row) {
                Some(text) if *numeric && looks_like_a_number(text) => {
                    Err("text that SQLite would turn into a number in this column")
                }
                value => Ok(value.map_or(Cell::Null, |text| Cell::Text(text.as_bytes()))),
            },
            Source::Binary(values) => Ok(values.get(row).map_or(Cell::Null, Cell::Blob)),
            Source::Date(values) => written(values.get(row), &mut self.line, format_date),
            Source::Time(values) => {
                written(values.get(row), &mut self.line, |nanos, line| format_time(nanos, Style::for_time(nanos), line))
            }
            Source::Datetime { values, utc: false } => written(values.get(row), &mut self.line, |micros, line| {
                format_datetime(micros, Style::for_datetime(micros), line)
            }),
            Source::Datetime { values, utc: true } => written(values.get(row), &mut self.line, |micros, line| {
                format_datetime(micros, Style::for_utc(micros), line)
            }),
        };
        outcome.map_err(|what| {
            let (name, declared) = (&self.target.name, &self.target.declared_type);
            let row = first_row + row;
            Error::conversion(format!("column {name:?}, row {row}: {what} (declared {declared:?})"))
                .with_column(name)
                .with_backend(BACKEND)
        })
    }
}

/// A decimal for a column of numeric affinity, as the number that SQLite would make of its text.
fn decimal_number(unscaled: i128, scale: usize, affinity: Affinity) -> Result<Cell<'static>, &'static str> {
    const TOO_LONG: &str = "a decimal of more than 15 significant digits, which SQLite would round";
    let significant = digits(unscaled).saturating_sub(trailing_zeros(unscaled));
    match (i64::try_from(unscaled), scale) {
        // REAL affinity would make a double of it.
        (Ok(value), 0) if affinity != Affinity::Real || exact_f64(value).is_some() => Ok(Cell::Int(value)),
        _ if significant > DECIMAL_DIGITS => Err(TOO_LONG),
        _ => decimal_to_f64(unscaled, scale).map(Cell::Real).ok_or(TOO_LONG),
    }
}

fn trailing_zeros(mut unscaled: i128) -> usize {
    if unscaled.unsigned_abs() < 1_000_000_000_000_000 {
        return 0;
    }
    let mut zeros = 0;
    while unscaled % 10 == 0 && unscaled != 0 {
        unscaled /= 10;
        zeros += 1;
    }
    zeros
}

/// Whether SQLite's numeric affinity would convert `text`: a well-formed integer or real literal, white space around
/// it allowed (datatype3.html, section 3).
pub fn looks_like_a_number(text: &str) -> bool {
    let text = text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'))
        && text.parse::<f64>().is_ok()
}

fn written<T>(
    value: Option<T>,
    line: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>) -> Result<(), Unrepresentable>,
) -> Result<Cell<'_>, &'static str> {
    let Some(value) = value else { return Ok(Cell::Null) };
    line.clear();
    match write(value, line) {
        Ok(()) => Ok(Cell::Text(line)),
        Err(Unrepresentable) => Err("a date beyond the years 0 to 9999, which ISO 8601 text does not hold"),
    }
}

/// The frame with each column as [`to_stored`] makes it, in chunks that all columns share.
///
/// # Errors
/// Those of [`to_stored`].
pub fn stored_frame(frame: &DataFrame, targets: &[ColumnInfo]) -> Result<DataFrame> {
    let mut columns = Vec::with_capacity(targets.len());
    for target in targets {
        let column = frame.column(&target.name).map_err(|cause| Error::execution(cause.to_string()))?;
        columns.push(to_stored(column.as_materialized_series(), target)?.into());
    }
    let mut stored = DataFrame::new(frame.height(), columns).map_err(|cause| Error::execution(cause.to_string()))?;
    stored.align_chunks_par();
    Ok(stored)
}

#[cfg(test)]
mod tests {
    use super::looks_like_a_number;

    #[test]
    fn numbers_are_told_from_text() {
        for (text, expected) in [
            ("12", true),
            (" -1.5e3 ", true),
            (".5", true),
            ("5.", true),
            ("", false),
            ("-", false),
            ("1e", false),
            ("0x10", false),
            ("inf", false),
            ("nan", false),
            ("12:30", false),
            ("2024-01-01", false),
            ("1.2.3", false),
        ] {
            assert_eq!(looks_like_a_number(text), expected, "{text:?}");
        }
    }
}
