//! A parameter's value as its type on the server holds it: what takes what, whichever way it is then sent.

use std::borrow::Cow;

use industrydb_core::error::Result;
use industrydb_core::value::Value;

use super::number::Number;
use super::refusal::{refuse, refuse_because};
use super::scalar::{date, float4, float8, integer, json_text, money, number, plain, time, timestamp, uuid};
use crate::encode::form::parse_uuid;
use crate::encode::limits;
use crate::types::{Attribute, Formatted, Kind, Type};

/// OIDs of types of one kind that take less than the others of it (PostgreSQL source, `pg_type.dat`).
const CHAR: u32 = 18;
const NAME: u32 = 19;
const JSON: u32 = 114;

/// The bytes that a `name` has room for (PostgreSQL manual 8.3).
const NAME_BYTES: usize = 63;
/// The dimensions that an array may have (PostgreSQL source, `MAXDIM`).
const MOST_DIMENSIONS: usize = 6;

/// A value as the server stores it; times count from 1970-01-01.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored<'a> {
    /// SQL NULL.
    Null,
    /// `boolean`.
    Bool(bool),
    /// `smallint`.
    Int2(i16),
    /// `integer`.
    Int4(i32),
    /// `bigint`.
    Int8(i64),
    /// `oid`.
    Oid(u32),
    /// `real`.
    Float4(f32),
    /// `double precision`.
    Float8(f64),
    /// `numeric`; it fits.
    Numeric(Number),
    /// Whatever is sent as its text.
    Text(Cow<'a, str>),
    /// `jsonb`.
    Jsonb(Cow<'a, str>),
    /// `bytea`.
    Bytea(&'a [u8]),
    /// `geometry`, `geography`.
    Geometry(&'a [u8]),
    /// Days.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds.
    Timestamp(i64),
    /// Microseconds, an instant.
    TimestampTz(i64),
    /// Microseconds: a day is 24 hours, which is how the server compares intervals, too.
    Interval(i64),
    /// `uuid`.
    Uuid([u8; 16]),
    /// An array.
    Array(Array<'a>),
    /// A row, each value with its type.
    Row(Vec<(&'a Type, Stored<'a>)>),
    /// `vector`.
    Vector(Vec<f32>),
    /// Text that the server is to parse.
    Parsed(Cow<'a, str>),
}

/// An array's values, and how long it is in each dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Array<'a> {
    /// The type of its values.
    pub element: &'a Type,
    /// Its dimensions, outermost first; none if it is empty.
    pub lengths: Vec<usize>,
    /// The values, the last dimension counting fastest.
    pub values: Vec<Stored<'a>>,
}

impl<'a> Stored<'a> {
    /// `value` as a parameter of `ty` has it.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] naming both if the type does not hold it exactly.
    pub fn of(value: &'a Value, ty: &'a Type) -> Result<Self> {
        if let Value::Null = value {
            return Ok(Self::Null);
        }
        if let Value::Text(text) = value {
            return Self::text(Cow::Borrowed(text), value, ty);
        }
        let number_of = |modifier| number(value).filter(|number| number.fits(modifier));
        let stored = match &ty.kind {
            Kind::Bool => {
                if let Value::Bool(value) = value {
                    Some(Self::Bool(*value))
                } else {
                    None
                }
            }
            Kind::Int2 => integer(value).and_then(|value| value.try_into().ok()).map(Self::Int2),
            Kind::Int4 => integer(value).and_then(|value| value.try_into().ok()).map(Self::Int4),
            Kind::Int8 => integer(value).and_then(|value| value.try_into().ok()).map(Self::Int8),
            Kind::Oid => integer(value).and_then(|value| value.try_into().ok()).map(Self::Oid),
            Kind::Float4 => float4(value).map(Self::Float4),
            Kind::Float8 => float8(value).map(Self::Float8),
            Kind::Numeric(modifier) => number_of(*modifier).map(Self::Numeric),
            Kind::Text if ty.oid == JSON => json_text(value).map(Self::Text),
            Kind::Text => match plain(value) {
                Some(text) => Some(Self::text(text, value, ty)?),
                None => None,
            },
            Kind::Jsonb => json_text(value).map(Self::Jsonb),
            Kind::Bytea => {
                if let Value::Bytes(bytes) = value {
                    Some(Self::Bytea(bytes))
                } else {
                    None
                }
            }
            Kind::Geometry => {
                if let Value::Bytes(bytes) = value {
                    Some(Self::Geometry(bytes))
                } else {
                    None
                }
            }
            Kind::Date => date(value).map(Self::Date),
            Kind::Time => time(value).map(Self::Time),
            Kind::Timestamp => timestamp(value).map(Self::Timestamp),
            Kind::TimestampTz => match value {
                Value::DatetimeUtc(micros) => limits::timestamp(*micros).map(|_| Self::TimestampTz(*micros)),
                // The server reads it in the session's time zone.
                value => timestamp(value).and_then(|_| plain(value)).map(Self::Parsed),
            },
            Kind::Interval => {
                if let Value::Duration(micros) = value {
                    Some(Self::Interval(*micros))
                } else {
                    None
                }
            }
            Kind::Formatted(Formatted::Uuid) => uuid(value).map(Self::Uuid),
            // Here, too, the session's time zone counts.
            Kind::Formatted(Formatted::TimeTz) => time(value).and_then(|_| plain(value)).map(Self::Parsed),
            Kind::Formatted(Formatted::Money) => money(value).map(|text| Self::Parsed(text.into())),
            Kind::Other => plain(value).map(Self::Parsed),
            Kind::Array(element) => Self::array(value, element)?,
            Kind::Composite(attributes) => Self::row(value, attributes)?,
            Kind::Vector(width) => vector(value, *width).map(Self::Vector),
            Kind::Enum(_)
            | Kind::Formatted(
                Formatted::Inet
                | Formatted::Cidr
                | Formatted::Macaddr
                | Formatted::Macaddr8
                | Formatted::Bit
                | Formatted::TsVector
                | Formatted::Range(_)
                | Formatted::Multirange(_)
                | Formatted::Point
                | Formatted::Line
                | Formatted::Lseg
                | Formatted::Box
                | Formatted::Path
                | Formatted::Polygon
                | Formatted::Circle,
            ) => None,
        };
        stored.ok_or_else(|| refuse(value, ty))
    }

    /// Text, which every type takes: what is not text itself, the server parses.
    fn text(text: Cow<'a, str>, value: &Value, ty: &Type) -> Result<Self> {
        if text.contains('\0') {
            return Err(refuse_because(value, ty, "it contains a NUL character, which PostgreSQL stores in no text"));
        }
        Ok(match &ty.kind {
            // The server's input function would cut these two.
            Kind::Text if ty.oid == CHAR && (text.len() > 1 || !text.is_ascii()) => {
                return Err(refuse_because(value, ty, "it is not one ASCII character"));
            }
            Kind::Text if ty.oid == NAME && text.len() > NAME_BYTES => {
                return Err(refuse_because(value, ty, "it has more than 63 bytes"));
            }
            Kind::Text if ty.oid == CHAR && text.is_empty() => Self::Parsed(text),
            Kind::Text | Kind::Enum(_) => Self::Text(text),
            Kind::Jsonb => Self::Jsonb(text),
            Kind::Formatted(Formatted::Uuid) => match parse_uuid(&text) {
                Some(bytes) => Self::Uuid(bytes),
                None => Self::Parsed(text),
            },
            Kind::Bool
            | Kind::Int2
            | Kind::Int4
            | Kind::Int8
            | Kind::Oid
            | Kind::Float4
            | Kind::Float8
            | Kind::Numeric(_)
            | Kind::Bytea
            | Kind::Geometry
            | Kind::Date
            | Kind::Time
            | Kind::Timestamp
            | Kind::TimestampTz
            | Kind::Interval
            | Kind::Array(_)
            | Kind::Composite(_)
            | Kind::Vector(_)
            | Kind::Formatted(_)
            | Kind::Other => Self::Parsed(text),
        })
    }

    fn array(value: &'a Value, element: &'a Type) -> Result<Option<Self>> {
        let Value::List(values) = value else { return Ok(None) };
        let lengths = lengths(values, element);
        if lengths.len() > MOST_DIMENSIONS {
            return Err(refuse_because(value, element, "an array has at most 6 dimensions"));
        }
        let mut array = Array { element, values: Vec::with_capacity(lengths.iter().product()), lengths };
        array.fill(value, values, 0)?;
        if array.values.is_empty() {
            array.lengths.clear();
        }
        Ok(Some(Self::Array(array)))
    }

    fn row(value: &'a Value, attributes: &'a [Attribute]) -> Result<Option<Self>> {
        let Value::List(values) = value else { return Ok(None) };
        if values.len() != attributes.len() {
            return Ok(None);
        }
        let stored = values.iter().zip(attributes).map(|(value, attribute)| {
            let ty = &attribute.ty;
            Ok((ty, Self::of(value, ty)?))
        });
        stored.collect::<Result<_>>().map(|row| Some(Self::Row(row)))
    }

    /// Whether the server has to parse it, or something in it.
    pub fn is_parsed(&self) -> bool {
        match self {
            Self::Parsed(_) => true,
            Self::Array(array) => array.element.needs_text() || array.values.iter().any(Self::is_parsed),
            Self::Row(values) => values.iter().any(|(ty, value)| ty.needs_text() || value.is_parsed()),
            Self::Null
            | Self::Bool(_)
            | Self::Int2(_)
            | Self::Int4(_)
            | Self::Int8(_)
            | Self::Oid(_)
            | Self::Float4(_)
            | Self::Float8(_)
            | Self::Numeric(_)
            | Self::Text(_)
            | Self::Jsonb(_)
            | Self::Bytea(_)
            | Self::Geometry(_)
            | Self::Date(_)
            | Self::Time(_)
            | Self::Timestamp(_)
            | Self::TimestampTz(_)
            | Self::Interval(_)
            | Self::Uuid(_)
            | Self::Vector(_) => false,
        }
    }
}

impl<'a> Array<'a> {
    /// Appends the values of the list at `level`.
    fn fill(&mut self, whole: &Value, values: &'a [Value], level: usize) -> Result<()> {
        let last = level + 1 == self.lengths.len();
        if self.lengths.get(level) != Some(&values.len()) {
            return Err(self.ragged(whole));
        }
        for value in values {
            match (value, last) {
                (Value::List(_), true) if !takes_lists(self.element) => return Err(self.ragged(whole)),
                (value, true) => self.values.push(Stored::of(value, self.element)?),
                (Value::List(values), false) => self.fill(whole, values, level + 1)?,
                (_, false) => return Err(self.ragged(whole)),
            }
        }
        Ok(())
    }

    fn ragged(&self, whole: &Value) -> industrydb_core::error::Error {
        refuse_because(whole, self.element, "lists inside a list have to be of one length: they make a dimension")
    }
}

/// How long the list is, its first list, and so on.
fn lengths(mut values: &[Value], element: &Type) -> Vec<usize> {
    let mut lengths = vec![values.len()];
    while let (false, Some(Value::List(inner))) = (takes_lists(element), values.first()) {
        lengths.push(inner.len());
        values = inner;
    }
    lengths
}

/// Whether a list is one value of that type, and no dimension of an array.
fn takes_lists(ty: &Type) -> bool {
    ty.oid == JSON || matches!(ty.kind, Kind::Jsonb | Kind::Composite(_) | Kind::Vector(_))
}

fn vector(value: &Value, width: Option<usize>) -> Option<Vec<f32>> {
    let Value::List(values) = value else { return None };
    let fits = width.is_none_or(|width| width == values.len()) && u16::try_from(values.len()).is_ok();
    fits.then(|| values.iter().map(float4).collect())?
}
