//! One result column while it is being read: a typed builder that can give up its type without losing a value.
//!
//! A column starts as what its declaration promises. The first value that contradicts it turns the whole column into
//! the next type that holds everything seen so far: integers into floats where every one is exact, else into text; a
//! BLOB among anything into bytes. How each value was written is kept beside it, so that text comes back as it was.

use industrydb_core::column::{self, Bools, Fixed, NotUtf8, Texts, Views};
use industrydb_core::decimal::{decimal_from_f64, decimal_to_f64, fits, rescale};
use industrydb_core::temporal::{
    Style, format_date, format_datetime, format_time, parse_date, parse_datetime, parse_time,
};
use polars_core::prelude::{DataType, Float64Type, Int64Type, PlSmallStr, Series, TimeUnit, TimeZone};

use crate::raw::Cell;
use crate::types::Kind;

/// Writes one value's text at the end of a line.
type Write<'w> = &'w dyn Fn(&mut Vec<u8>);

/// A spelling beside each value, for one row or, as long as all are alike, for the whole column.
#[derive(Debug, Clone)]
pub enum Spellings<S> {
    Uniform(Option<S>),
    PerRow(Vec<S>),
}

impl<S: Copy + PartialEq> Spellings<S> {
    const NONE: Self = Self::Uniform(None);

    #[inline]
    fn record(&mut self, row: usize, spelling: S) {
        match self {
            Self::Uniform(Some(all)) if *all == spelling => {}
            Self::Uniform(all @ None) => *all = Some(spelling),
            Self::Uniform(Some(all)) => {
                let mut rows = vec![*all; row];
                rows.push(spelling);
                *self = Self::PerRow(rows);
            }
            Self::PerRow(rows) => {
                // Rows between are NULL: what stands there is never read.
                rows.resize(row, spelling);
                rows.push(spelling);
            }
        }
    }

    fn get(&self, row: usize) -> Option<S> {
        match self {
            Self::Uniform(all) => *all,
            Self::PerRow(rows) => rows.get(row).copied(),
        }
    }
}

/// Which storage class a number came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Int,
    Real,
}

/// The builder of one column.
#[derive(Debug)]
pub enum Store {
    /// No value yet, and nothing promised.
    Null(usize),
    Int64(Fixed<i64>),
    Float64(Fixed<f64>, Spellings<Origin>),
    Boolean(Bools),
    Decimal {
        values: Fixed<i128>,
        precision: usize,
        scale: usize,
        origins: Spellings<Origin>,
    },
    Date(Fixed<i32>),
    Time(Fixed<i64>, Spellings<Style>),
    Datetime {
        values: Fixed<i64>,
        utc: bool,
        styles: Spellings<Style>,
    },
    Text(Texts),
    Binary(Views<[u8]>),
}

/// What became of a value that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    Taken,
    /// The column's type does not hold it.
    Refused,
    /// It is TEXT that is not UTF-8, or an earlier one is: [`Store::first_odd`].
    NotUtf8,
}

/// The integer as a double, if the double is exactly that integer.
pub fn exact_f64(value: i64) -> Option<f64> {
    let float = value as f64;
    // 2⁶³ itself converts back to i64::MAX, which is not what it is.
    (float < 9_223_372_036_854_775_808.0 && float as i64 == value).then_some(float)
}

/// A REAL as text: the shortest that reads back as the same double, with a point as SQLite writes it.
pub fn real_to_text(value: f64) -> String {
    if value.is_infinite() { if value > 0.0 { "Inf".into() } else { "-Inf".into() } } else { format!("{value:?}") }
}

impl Store {
    /// An empty column of `kind`.
    pub fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Untyped => Self::Null(0),
            Kind::Int64 => Self::Int64(Fixed::new()),
            Kind::Float64 => Self::Float64(Fixed::new(), Spellings::NONE),
            Kind::Text => Self::Text(Texts::new()),
            Kind::Binary => Self::Binary(Views::new()),
            Kind::Boolean => Self::Boolean(Bools::default()),
            Kind::Date => Self::Date(Fixed::new()),
            Kind::Time => Self::Time(Fixed::new(), Spellings::NONE),
            Kind::Datetime => Self::Datetime { values: Fixed::new(), utc: false, styles: Spellings::NONE },
            Kind::DatetimeUtc => Self::Datetime { values: Fixed::new(), utc: true, styles: Spellings::NONE },
            Kind::Decimal { precision, scale } => {
                Self::Decimal { values: Fixed::new(), precision, scale, origins: Spellings::NONE }
            }
        }
    }

    /// `rows` NULLs of the type that `cell` has by itself.
    fn natural(cell: Cell<'_>, rows: usize) -> Self {
        match cell {
            Cell::Null | Cell::OutOfMemory => Self::Null(rows),
            Cell::Int(_) => Self::Int64(Fixed::nulls(rows)),
            Cell::Real(_) => Self::Float64(Fixed::nulls(rows), Spellings::NONE),
            Cell::Text(_) => Self::Text(Texts::nulls(rows)),
            Cell::Blob(_) => Self::Binary(Views::nulls(rows)),
        }
    }

    /// An empty column of the same type, with room for as many rows: batches are alike, and memory stays flat.
    pub fn emptied(&self) -> Self {
        let rows = self.len();
        match self {
            Self::Null(_) => Self::Null(0),
            Self::Int64(_) => Self::Int64(Fixed::with_capacity(rows)),
            Self::Float64(..) => Self::Float64(Fixed::with_capacity(rows), Spellings::NONE),
            Self::Boolean(_) => Self::Boolean(Bools::default()),
            Self::Decimal { precision, scale, .. } => Self::Decimal {
                values: Fixed::with_capacity(rows),
                precision: *precision,
                scale: *scale,
                origins: Spellings::NONE,
            },
            Self::Date(_) => Self::Date(Fixed::with_capacity(rows)),
            Self::Time(..) => Self::Time(Fixed::with_capacity(rows), Spellings::NONE),
            Self::Datetime { utc, .. } => {
                Self::Datetime { values: Fixed::with_capacity(rows), utc: *utc, styles: Spellings::NONE }
            }
            Self::Text(_) => Self::Text(Texts::with_capacity(rows)),
            Self::Binary(_) => Self::Binary(Views::with_capacity(rows)),
        }
    }

    /// Appends a value, if the column's type holds it exactly. The hot path of every read.
    #[inline]
    pub fn offer(&mut self, cell: Cell<'_>) -> Offer {
        match (self, cell) {
            (Self::Int64(values), Cell::Int(value)) => values.push(value),
            (Self::Float64(values, origins), Cell::Real(value)) => {
                origins.record(values.len(), Origin::Real);
                values.push(value);
            }
            (Self::Text(values), Cell::Text(bytes)) => {
                if !values.push(bytes) {
                    return Offer::NotUtf8;
                }
            }
            (store, Cell::Null) => store.push_null(),
            (Self::Boolean(values), Cell::Int(value @ (0 | 1))) => values.push(value == 1),
            (Self::Decimal { values, precision, scale, origins }, cell) => {
                let (unscaled, origin) = match cell {
                    Cell::Real(value) => (decimal_from_f64(value, *precision, *scale), Origin::Real),
                    Cell::Int(value) => {
                        let unscaled = rescale(i128::from(value), 0, *scale).filter(|value| fits(*value, *precision));
                        (unscaled, Origin::Int)
                    }
                    Cell::Null | Cell::Text(_) | Cell::Blob(_) | Cell::OutOfMemory => return Offer::Refused,
                };
                let Some(unscaled) = unscaled else { return Offer::Refused };
                origins.record(values.len(), origin);
                values.push(unscaled);
            }
            (Self::Date(values), Cell::Text(bytes)) => match parse_date(bytes) {
                Some(days) => values.push(days),
                None => return Offer::Refused,
            },
            (Self::Datetime { values, utc, styles }, Cell::Text(bytes)) => match parse_datetime(bytes) {
                Some((micros, style)) if style.offset().is_some() == *utc => {
                    styles.record(values.len(), style);
                    values.push(micros);
                }
                Some(_) | None => return Offer::Refused,
            },
            (Self::Time(values, styles), Cell::Text(bytes)) => match parse_time(bytes) {
                Some((nanos, style)) => {
                    styles.record(values.len(), style);
                    values.push(nanos);
                }
                None => return Offer::Refused,
            },
            (Self::Binary(values), Cell::Blob(bytes)) => values.push(bytes),
            (Self::Float64(values, origins), Cell::Int(value)) => match exact_f64(value) {
                Some(float) => {
                    origins.record(values.len(), Origin::Int);
                    values.push(float);
                }
                None => return Offer::Refused,
            },
            (
                Self::Null(_)
                | Self::Int64(_)
                | Self::Float64(..)
                | Self::Boolean(_)
                | Self::Date(_)
                | Self::Time(..)
                | Self::Datetime { .. }
                | Self::Text(_)
                | Self::Binary(_),
                Cell::Int(_) | Cell::Real(_) | Cell::Text(_) | Cell::Blob(_) | Cell::OutOfMemory,
            ) => return Offer::Refused,
        }
        Offer::Taken
    }

    fn push_null(&mut self) {
        match self {
            Self::Null(rows) => *rows += 1,
            Self::Int64(values) | Self::Time(values, _) | Self::Datetime { values, .. } => values.push_null(),
            Self::Float64(values, _) => values.push_null(),
            Self::Boolean(values) => values.push_null(),
            Self::Decimal { values, .. } => values.push_null(),
            Self::Date(values) => values.push_null(),
            Self::Text(values) => values.push_null(),
            Self::Binary(values) => values.push_null(),
        }
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        match self {
            Self::Null(rows) => *rows,
            Self::Int64(values) | Self::Time(values, _) | Self::Datetime { values, .. } => values.len(),
            Self::Float64(values, _) => values.len(),
            Self::Boolean(values) => values.len(),
            Self::Decimal { values, .. } => values.len(),
            Self::Date(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Binary(values) => values.len(),
        }
    }

    /// Whether any row holds a value.
    pub fn has_values(&self) -> bool {
        match self {
            Self::Null(_) => false,
            Self::Int64(values) | Self::Time(values, _) | Self::Datetime { values, .. } => values.has_values(),
            Self::Float64(values, _) => values.has_values(),
            Self::Boolean(values) => values.has_values(),
            Self::Decimal { values, .. } => values.has_values(),
            Self::Date(values) => values.has_values(),
            Self::Text(values) => values.has_values(),
            Self::Binary(values) => values.has_values(),
        }
    }

    /// Bytes of the values.
    pub fn byte_len(&self) -> usize {
        match self {
            Self::Null(_) => 0,
            Self::Int64(values) | Self::Time(values, _) | Self::Datetime { values, .. } => values.byte_len(),
            Self::Float64(values, _) => values.byte_len(),
            Self::Boolean(values) => values.len().div_ceil(8),
            Self::Decimal { values, .. } => values.byte_len(),
            Self::Date(values) => values.byte_len(),
            Self::Text(values) => values.byte_len(),
            Self::Binary(values) => values.byte_len(),
        }
    }

    /// The Polars type that the column has now.
    pub fn dtype(&self) -> DataType {
        match self {
            Self::Null(_) => DataType::Null,
            Self::Int64(_) => DataType::Int64,
            Self::Float64(..) => DataType::Float64,
            Self::Boolean(_) => DataType::Boolean,
            Self::Decimal { precision, scale, .. } => DataType::Decimal(*precision, *scale),
            Self::Date(_) => DataType::Date,
            Self::Time(..) => DataType::Time,
            Self::Datetime { utc, .. } => DataType::Datetime(TimeUnit::Microseconds, utc.then_some(TimeZone::UTC)),
            Self::Text(_) => DataType::String,
            Self::Binary(_) => DataType::Binary,
        }
    }

    /// The column as the next type that holds all its values and `cell` too.
    pub fn promoted_for(&mut self, cell: Cell<'_>) -> Self {
        if !self.has_values() {
            return Self::natural(cell, self.len());
        }
        match cell {
            // Bytes are the last resort, and stay what they are.
            _ if matches!(self, Self::Binary(_)) => Self::Binary(self.rewritten_as_bytes()),
            Cell::Blob(_) => Self::Binary(self.rewritten_as_bytes()),
            Cell::Int(_) if matches!(self, Self::Boolean(_)) => {
                self.to_int64().map_or_else(|| self.rewritten_as_text(), Self::Int64)
            }
            Cell::Int(value) if exact_f64(value).is_none() => self.rewritten_as_text(),
            Cell::Int(_) | Cell::Real(_) => self.to_float64().unwrap_or_else(|| self.rewritten_as_text()),
            Cell::Null | Cell::Text(_) | Cell::OutOfMemory => self.rewritten_as_text(),
        }
    }

    fn to_int64(&self) -> Option<Fixed<i64>> {
        let Self::Boolean(values) = self else { return None };
        let mut ints = Fixed::new();
        for value in values.iter() {
            match value {
                Some(value) => ints.push(i64::from(value)),
                None => ints.push_null(),
            }
        }
        Some(ints)
    }

    /// As doubles, if that is exact for each value.
    fn to_float64(&self) -> Option<Self> {
        match self {
            Self::Int64(values) => {
                Some(Self::Float64(values.try_map(exact_f64)?, Spellings::Uniform(Some(Origin::Int))))
            }
            Self::Boolean(_) => Self::Int64(self.to_int64()?).to_float64(),
            Self::Decimal { values, scale, origins, .. } => {
                let floats = values.try_map(|unscaled| decimal_to_f64(unscaled, *scale))?;
                Some(Self::Float64(floats, origins.clone()))
            }
            Self::Null(_)
            | Self::Float64(..)
            | Self::Date(_)
            | Self::Time(..)
            | Self::Datetime { .. }
            | Self::Text(_)
            | Self::Binary(_) => None,
        }
    }

    /// As text, each value as it was written.
    fn rewritten_as_text(&mut self) -> Self {
        let mut text = Texts::new();
        self.each_as_text(|value| match value {
            // Only `Binary` holds other bytes, and a binary column never turns into text.
            Some(value) => _ = text.push(value),
            None => text.push_null(),
        });
        Self::Text(text)
    }

    fn rewritten_as_bytes(&mut self) -> Views<[u8]> {
        let mut bytes = Views::new();
        self.each_as_text(|value| match value {
            Some(value) => bytes.push(value),
            None => bytes.push_null(),
        });
        bytes
    }

    fn each_as_text(&mut self, mut give: impl FnMut(Option<&[u8]>)) {
        let mut line = Vec::with_capacity(40);
        let mut write = |value: Option<Write<'_>>| {
            line.clear();
            give(value.map(|write| {
                write(&mut line);
                line.as_slice()
            }));
        };
        match self {
            Self::Null(rows) => (0..*rows).for_each(|_| write(None)),
            Self::Int64(values) => {
                for value in values.iter() {
                    match value {
                        Some(value) => write(Some(&|line| line.extend_from_slice(value.to_string().as_bytes()))),
                        None => write(None),
                    }
                }
            }
            Self::Float64(values, origins) => {
                for (row, value) in values.iter().enumerate() {
                    match value {
                        Some(value) => write(Some(&|line| number_text(value, origins.get(row), line))),
                        None => write(None),
                    }
                }
            }
            Self::Decimal { values, scale, origins, .. } => {
                for (row, value) in values.iter().enumerate() {
                    match value.map(|unscaled| decimal_to_f64(unscaled, *scale).unwrap_or_default()) {
                        Some(value) => write(Some(&|line| number_text(value, origins.get(row), line))),
                        None => write(None),
                    }
                }
            }
            Self::Boolean(values) => {
                for value in values.iter() {
                    match value {
                        Some(value) => write(Some(&|line| line.push(if value { b'1' } else { b'0' }))),
                        None => write(None),
                    }
                }
            }
            Self::Date(values) => {
                for value in values.iter() {
                    match value {
                        Some(days) => write(Some(&|line| reformatted(format_date(days, line)))),
                        None => write(None),
                    }
                }
            }
            Self::Time(values, styles) => {
                for (row, value) in values.iter().enumerate() {
                    match value.zip(styles.get(row)) {
                        Some((nanos, style)) => write(Some(&|line| reformatted(format_time(nanos, style, line)))),
                        None => write(None),
                    }
                }
            }
            Self::Datetime { values, styles, .. } => {
                for (row, value) in values.iter().enumerate() {
                    match value.zip(styles.get(row)) {
                        Some((micros, style)) => write(Some(&|line| reformatted(format_datetime(micros, style, line)))),
                        None => write(None),
                    }
                }
            }
            Self::Text(values) => {
                for value in values.iter() {
                    match value {
                        Some(value) => write(Some(&|line| line.extend_from_slice(value))),
                        None => write(None),
                    }
                }
            }
            Self::Binary(values) => {
                for value in values.iter() {
                    match value {
                        Some(value) => write(Some(&|line| line.extend_from_slice(value))),
                        None => write(None),
                    }
                }
            }
        }
    }

    /// The first TEXT of the column that is not UTF-8.
    pub fn first_odd(&mut self) -> Option<NotUtf8> {
        let Self::Text(values) = self else { return None };
        if values.check() { None } else { values.first_odd() }
    }

    /// The finished column.
    ///
    /// # Errors
    /// As [`Self::first_odd`].
    pub fn finish(self, name: PlSmallStr) -> Result<Series, NotUtf8> {
        Ok(match self {
            Self::Null(rows) => Series::new_null(name, rows),
            Self::Int64(values) => column::finish_number::<Int64Type>(values, name),
            Self::Float64(values, _) => column::finish_number::<Float64Type>(values, name),
            Self::Boolean(values) => values.finish(name),
            Self::Decimal { values, precision, scale, .. } => column::finish_decimal(values, name, precision, scale),
            Self::Date(values) => column::finish_date(values, name),
            Self::Time(values, _) => column::finish_time(values, name),
            Self::Datetime { values, utc, .. } => {
                column::finish_datetime(values, name, TimeUnit::Microseconds, utc.then_some(TimeZone::UTC))
            }
            Self::Text(values) => values.finish(name)?,
            Self::Binary(values) => values.finish(name),
        })
    }
}

fn number_text(value: f64, origin: Option<Origin>, line: &mut Vec<u8>) {
    let text = match origin {
        // Exact: only integers that a double holds came in so.
        Some(Origin::Int) => format!("{value:.0}"),
        Some(Origin::Real) | None => real_to_text(value),
    };
    line.extend_from_slice(text.as_bytes());
}

/// Writing back what was parsed cannot fail: parser and formatter share their range.
fn reformatted(outcome: Result<(), industrydb_core::temporal::Unrepresentable>) {
    debug_assert!(outcome.is_ok(), "a parsed value is in the range that can be written");
}
