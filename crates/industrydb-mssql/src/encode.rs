//! Columns → rows: one encoder per column, chosen once against the target's declared type, then one loop.

use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::exact;
use industrydb_core::table::ColumnInfo;
use polars_arrow::array::{Array, BinaryViewArray, BooleanArray, PrimitiveArray, StaticArray as _, Utf8ViewArray};
use polars_core::prelude::{DataFrame, DataType, Series, TimeUnit, TimeZone};
use tiberius::numeric::Numeric;
use tiberius::{ColumnData, Uuid};

use crate::error::BACKEND;
use crate::instant;
use crate::types::{Kind, MONEY, SMALLMONEY, is_filled_up, is_narrow};

/// The most UTF-16 units of text in a `sql_variant`.
const LONGEST_VARIANT: usize = 4_000;

/// The column as values of the type in which they are stored: exact, or an error that names what does not fit.
///
/// # Errors
/// [`ErrorKind::Conversion`] naming the column and both types, or the row and the value;
/// [`ErrorKind::NotNullViolation`].
fn to_stored(series: &Series, target: &ColumnInfo) -> Result<Series> {
    let kind = Kind::of_declared(&target.declared_type);
    let (source, name) = (series.dtype(), series.name().as_str());
    if !target.nullable && series.null_count() > 0 {
        let row = series.is_null().iter().position(|is_null| is_null == Some(true)).unwrap_or(0);
        return Err(Error::new(
            ErrorKind::NotNullViolation,
            format!("column {name:?}, row {row}: the column does not allow NULL"),
        )
        .with_code("515")
        .with_column(name));
    }
    if let (Kind::BigInt, DataType::Duration(_)) = (kind, source) {
        let micros = exact::cast(series, &DataType::Duration(TimeUnit::Microseconds))?;
        return Ok(micros.to_physical_repr().into_owned());
    }
    let stored = stored_type(kind, source);
    // Bytes have a text form, but not one that the column would give back as bytes.
    let bytes_as_text = *source == DataType::Binary && stored != DataType::Binary;
    if bytes_as_text || !exact::castable(source, &stored) {
        let declared = &target.declared_type;
        let source = exact::type_name(source);
        return Err(Error::conversion(format!(
            "column {name:?}: {source} can't be stored in a column declared {declared}"
        ))
        .with_column(name));
    }
    exact::cast(series, &stored)
}

/// What a column of `kind` takes values of `source` as.
fn stored_type(kind: Kind, source: &DataType) -> DataType {
    let finest = match (kind, source) {
        (Kind::DateTime2(7) | Kind::DateTimeOffset(7), DataType::Datetime(TimeUnit::Nanoseconds, _)) => {
            TimeUnit::Nanoseconds
        }
        _ => TimeUnit::Microseconds,
    };
    match kind {
        Kind::DateTime | Kind::SmallDateTime | Kind::DateTime2(_) => DataType::Datetime(finest, None),
        Kind::DateTimeOffset(_) => DataType::Datetime(finest, Some(TimeZone::UTC)),
        Kind::Variant => match source {
            DataType::Boolean
            | DataType::UInt8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Float32
            | DataType::Float64
            | DataType::Decimal(..)
            | DataType::Date => source.clone(),
            _ => DataType::String,
        },
        Kind::Bit
        | Kind::TinyInt
        | Kind::SmallInt
        | Kind::Int
        | Kind::BigInt
        | Kind::Real
        | Kind::Float
        | Kind::Decimal { .. }
        | Kind::OpenDecimal
        | Kind::Money
        | Kind::SmallMoney
        | Kind::Date
        | Kind::Time(_)
        | Kind::NText(_)
        | Kind::CodePageText(_)
        | Kind::LongText
        | Kind::Xml
        | Kind::Guid
        | Kind::Binary(_)
        | Kind::LongBinary
        | Kind::RowVersion => kind.dtype(),
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

/// Gives the values of one chunk of one column as the client library sends them.
pub struct Encoder<'a> {
    target: &'a ColumnInfo,
    source: Source<'a>,
}

/// A chunk of values, by what they are sent as.
enum Source<'a> {
    Bool(&'a BooleanArray),
    U8(&'a PrimitiveArray<u8>),
    I16(&'a PrimitiveArray<i16>),
    I32(&'a PrimitiveArray<i32>),
    I64(&'a PrimitiveArray<i64>),
    F32(&'a PrimitiveArray<f32>),
    F64(&'a PrimitiveArray<f64>),
    Decimal {
        values: &'a PrimitiveArray<i128>,
        scale: u8,
    },
    /// Ten thousandths, up to `most`.
    Money {
        values: &'a PrimitiveArray<i128>,
        most: i128,
    },
    Date(&'a PrimitiveArray<i32>),
    /// Nanoseconds, with so many digits; sent with `sent` digits.
    Time {
        values: &'a PrimitiveArray<i64>,
        digits: u8,
        sent: u8,
    },
    Instant {
        values: &'a PrimitiveArray<i64>,
        nanos: bool,
        form: Form,
    },
    Text {
        values: &'a Utf8ViewArray,
        most: usize,
    },
    Guid(&'a Utf8ViewArray),
    Binary {
        values: &'a BinaryViewArray,
        least: usize,
        most: usize,
    },
    /// Bytes as hexadecimal digits.
    Hex(&'a BinaryViewArray),
}

/// How the rows get to their table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// Through a staging table, in which times have all seven digits.
    pub staged: bool,
    /// As hexadecimal digits, for bytes.
    pub hex: bool,
}

/// What an instant is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    DateTime,
    /// Whole minutes, as `datetime2(0)`.
    SmallDateTime,
    DateTime2(u8),
    /// With so many digits; sent with `sent`.
    DateTimeOffset {
        digits: u8,
        sent: u8,
    },
}

impl<'a> Encoder<'a> {
    /// An encoder of `chunk`, whose values have the type `stored` that [`stored_frame`] gave.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`] for a type that no column is stored in.
    pub fn new(chunk: &'a dyn Array, stored: &DataType, target: &'a ColumnInfo, way: Way) -> Result<Self> {
        let kind = Kind::of_declared(&target.declared_type);
        let any = chunk.as_any();
        let sent = |digits| if way.staged { 7 } else { digits };
        let source = match stored {
            DataType::Boolean => any.downcast_ref().map(Source::Bool),
            DataType::UInt8 => any.downcast_ref().map(Source::U8),
            DataType::Int16 => any.downcast_ref().map(Source::I16),
            DataType::Int32 => any.downcast_ref().map(Source::I32),
            DataType::Int64 => any.downcast_ref().map(Source::I64),
            DataType::Float32 => any.downcast_ref().map(Source::F32),
            DataType::Float64 => any.downcast_ref().map(Source::F64),
            DataType::Decimal(_, scale) => any.downcast_ref().and_then(|values| match kind {
                Kind::Money => Some(Source::Money { values, most: i128::from(i64::MAX) }),
                Kind::SmallMoney => Some(Source::Money { values, most: i128::from(i32::MAX) }),
                _ => u8::try_from(*scale).ok().map(|scale| Source::Decimal { values, scale }),
            }),
            DataType::Date => any.downcast_ref().map(Source::Date),
            DataType::Time => any.downcast_ref().map(|values| {
                let digits = if let Kind::Time(digits) = kind { digits } else { 7 };
                Source::Time { values, digits, sent: sent(digits) }
            }),
            DataType::Datetime(unit, _) => any.downcast_ref().map(|values| {
                let form = match kind {
                    Kind::DateTime => Form::DateTime,
                    Kind::SmallDateTime => Form::SmallDateTime,
                    Kind::DateTimeOffset(digits) => Form::DateTimeOffset { digits, sent: sent(digits) },
                    Kind::DateTime2(digits) => Form::DateTime2(digits),
                    _ => Form::DateTime2(7),
                };
                Source::Instant { values, nanos: *unit == TimeUnit::Nanoseconds, form }
            }),
            DataType::String => any.downcast_ref().map(|values| match kind {
                Kind::Guid => Source::Guid(values),
                Kind::NText(most) => Source::Text { values, most },
                // Straight, it is the client library that counts; through a staging table, the server counts what is not
                // ASCII. In no code page has a text fewer bytes than units in UTF-16, unless it lacks a character.
                Kind::CodePageText(most) if way.staged => Source::Text { values, most },
                Kind::Variant => Source::Text { values, most: LONGEST_VARIANT },
                _ => Source::Text { values, most: usize::MAX },
            }),
            DataType::Binary if way.hex => any.downcast_ref().map(Source::Hex),
            DataType::Binary => any.downcast_ref().map(|values| {
                let most = if let Kind::Binary(most) = kind { most } else { usize::MAX };
                // The server would fill them up with zeros.
                let least = if is_filled_up(&target.declared_type) { most } else { 0 };
                Source::Binary { values, least, most }
            }),
            _ => None,
        };
        let Some(source) = source else {
            let name = &target.name;
            return Err(Error::conversion(format!("column {name:?}: SQL Server can't store {stored}"))
                .with_column(name)
                .with_backend(BACKEND));
        };
        Ok(Self { target, source })
    }

    /// The value in `row` of the chunk; `first_row` is the chunk's place in the frame, for errors.
    ///
    /// # Errors
    /// [`ErrorKind::Conversion`] naming column and row.
    #[inline]
    pub fn cell(&self, row: usize, first_row: usize) -> Result<ColumnData<'a>> {
        match &self.source {
            Source::Bool(values) => Ok(ColumnData::Bit(values.get(row))),
            Source::U8(values) => Ok(ColumnData::U8(values.get(row))),
            Source::I16(values) => Ok(ColumnData::I16(values.get(row))),
            Source::I32(values) => Ok(ColumnData::I32(values.get(row))),
            Source::I64(values) => Ok(ColumnData::I64(values.get(row))),
            Source::F32(values) => match values.get(row) {
                Some(value) if !value.is_finite() => Err(self.misfit(row + first_row, NO_NAN)),
                value => Ok(ColumnData::F32(value)),
            },
            Source::F64(values) => match values.get(row) {
                Some(value) if !value.is_finite() => Err(self.misfit(row + first_row, NO_NAN)),
                value => Ok(ColumnData::F64(value)),
            },
            Source::Decimal { values, scale } => {
                Ok(ColumnData::Numeric(values.get(row).map(|value| Numeric::new_with_scale(value, *scale))))
            }
            Source::Money { values, most } => match values.get(row) {
                Some(value) if value > *most || value < -*most - 1 => {
                    Err(self.misfit(row + first_row, "an amount out of range"))
                }
                value => Ok(ColumnData::Numeric(value.map(|value| Numeric::new_with_scale(value, MONEY.1 as u8)))),
            },
            Source::Date(values) => {
                self.some(values.get(row), row + first_row, OUT_OF_YEARS, instant::to_date).map(ColumnData::Date)
            }
            Source::Time { values, digits, sent } => self
                .some(values.get(row), row + first_row, TOO_FINE, |nanos| {
                    instant::to_time(nanos, *digits).and_then(|_| instant::to_time(nanos, *sent))
                })
                .map(ColumnData::Time),
            Source::Instant { values, nanos, form } => self.instant(values.get(row), *nanos, *form, row + first_row),
            Source::Text { values, most } => match values.get(row) {
                // There are never more UTF-16 units than bytes of UTF-8.
                Some(text) if text.len() > *most && text.encode_utf16().count() > *most => {
                    Err(self.misfit(row + first_row, "a text that is too long"))
                }
                text => Ok(ColumnData::String(text.map(Into::into))),
            },
            Source::Guid(values) => self
                .some(values.get(row), row + first_row, "a text that is no UUID", |text| Uuid::parse_str(text).ok())
                .map(ColumnData::Guid),
            Source::Binary { values, least, most } => match values.get(row) {
                Some(bytes) if bytes.len() > *most => Err(self.misfit(row + first_row, "bytes that are too long")),
                Some(bytes) if bytes.len() < *least => {
                    Err(self.misfit(row + first_row, "bytes that are too short").with_hint(FILLED_UP))
                }
                bytes => Ok(ColumnData::Binary(bytes.map(Into::into))),
            },
            Source::Hex(values) => Ok(ColumnData::String(values.get(row).map(|bytes| exact::hex(bytes).into()))),
        }
    }

    /// Whether the value is text that its collation's code page may not hold.
    pub fn is_code_page_text(&self, row: usize) -> bool {
        match &self.source {
            Source::Text { values, .. } if is_narrow(&self.target.declared_type) => {
                values.get(row).is_some_and(|text| !text.is_ascii())
            }
            _ => false,
        }
    }

    /// Whether the value is text that may be longer than its column.
    pub fn is_too_long(&self, row: usize) -> bool {
        match (&self.source, Kind::of_declared(&self.target.declared_type)) {
            (Source::Text { values, .. }, Kind::CodePageText(most)) => {
                values.get(row).is_some_and(|text| text.len() > most)
            }
            _ => false,
        }
    }

    /// The target's column.
    pub fn target(&self) -> &'a ColumnInfo {
        self.target
    }

    #[inline]
    fn some<T, U>(
        &self,
        value: Option<T>,
        row: usize,
        what: &str,
        convert: impl Fn(T) -> Option<U>,
    ) -> Result<Option<U>> {
        match value {
            None => Ok(None),
            Some(value) => convert(value).map(Some).ok_or_else(|| self.misfit(row, what)),
        }
    }

    fn instant(&self, value: Option<i64>, nanos: bool, form: Form, row: usize) -> Result<ColumnData<'a>> {
        let instant = |value| if nanos { instant::from_nanos(value) } else { instant::from_micros(value) };
        match form {
            Form::DateTime => self.some(value, row, NO_DATETIME, instant::to_datetime).map(ColumnData::DateTime),
            Form::SmallDateTime => self
                .some(value, row, NO_SMALLDATETIME, |micros| {
                    instant::fits_smalldatetime(micros)
                        .then(|| instant::to_datetime2(instant::from_micros(micros), 0))?
                })
                .map(ColumnData::DateTime2),
            Form::DateTime2(digits) => self
                .some(value, row, TOO_FINE, |value| instant::to_datetime2(instant(value), digits))
                .map(ColumnData::DateTime2),
            Form::DateTimeOffset { digits, sent } => self
                .some(value, row, TOO_FINE, |value| {
                    instant::to_datetime2(instant(value), digits)?;
                    instant::to_datetime2(instant(value), sent).map(instant::to_datetimeoffset)
                })
                .map(ColumnData::DateTimeOffset),
        }
    }

    #[cold]
    fn misfit(&self, row: usize, what: &str) -> Error {
        let (name, declared) = (&self.target.name, &self.target.declared_type);
        Error::conversion(format!("column {name:?}, row {row}: {what} for a column declared {declared}"))
            .with_column(name)
            .with_backend(BACKEND)
    }
}

const FILLED_UP: &str = "the server would fill them up with zeros: do so first, or declare the column varbinary";
const NO_NAN: &str = "NaN or infinity, which SQL Server does not have,";
const OUT_OF_YEARS: &str = "a date outside the years 1 to 9999";
const TOO_FINE: &str = "a time with more digits than the column keeps, or outside the years 1 to 9999,";
const NO_DATETIME: &str =
    "a time that datetime does not keep exactly (from 1753 on, milliseconds that end in 0, 3 or 7)";
const NO_SMALLDATETIME: &str = "a time that smalldatetime does not keep exactly (whole minutes of 1900 to 2079-06-06)";

const _: () = assert!(MONEY.1 == SMALLMONEY.1);
