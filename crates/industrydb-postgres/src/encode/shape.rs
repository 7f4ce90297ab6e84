//! What becomes of a frame's column in a column of the table: decided once, before the first row.

use std::sync::Arc;

use industrydb_core::decimal::MAX_PRECISION;
use industrydb_core::exact;
use industrydb_core::temporal::MICROS_PER_DAY;
use polars_core::prelude::{DataType, Field, TimeUnit, TimeZone};

use super::numeric::Scale;
use crate::types::{Attribute, Formatted, Kind, Labels, NumericModifier, Type};

/// OIDs of text types that take less than text (PostgreSQL source, `pg_type.dat`).
const CHAR: u32 = 18;
const NAME: u32 = 19;
const JSON: u32 = 114;
const BPCHAR: u32 = 1042;
const VARCHAR: u32 = 1043;

/// The type that the values are cast to, exactly, and how those are written.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The Polars type; where the column has it already, nothing is cast.
    pub stored: DataType,
    /// How its values are written.
    pub shape: Shape,
}

/// How the values of a column are written.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Nothing but NULL.
    Null,
    /// From Boolean.
    Bool,
    /// From Int16.
    Int2,
    /// From Int32.
    Int4,
    /// From Int64.
    Int8,
    /// From UInt32.
    Oid,
    /// From Float32.
    Float4,
    /// From Float64.
    Float8,
    /// `numeric` from 128-bit integers.
    Decimal(Scale),
    /// `numeric` from Float64, by its shortest form.
    FloatDecimal(Option<NumericModifier>),
    /// `numeric` from String.
    TextDecimal(Option<NumericModifier>),
    /// `money` from Decimal(38, 2).
    Money,
    /// From String.
    Text(Limit),
    /// From String.
    Jsonb,
    /// From Binary.
    Bytea,
    /// From Binary.
    Geometry,
    /// From Date.
    Date,
    /// From Time, in steps of so many µs.
    Time(i64),
    /// `timetz` from Time: the server adds the session's zone.
    TimeTz(i64),
    /// From Datetime("us"), in steps of so many µs.
    Timestamp(i64),
    /// From Datetime("us", "UTC"), in steps of so many µs.
    TimestampTz(i64),
    /// From Duration("us").
    Interval(Steps),
    /// `uuid` from String.
    Uuid,
    /// `uuid` from Binary.
    UuidBytes,
    /// From Enum.
    Label(Arc<Labels>),
    /// From List.
    Array(Box<Elements>),
    /// A composite type from Struct: OID and shape of each attribute.
    Row(Vec<(u32, Shape)>),
    /// From List(Float32).
    Vector,
    /// Whatever the server parses, from String.
    Parsed,
}

/// What an array holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Elements {
    /// The OID of their type.
    pub oid: u32,
    /// What stands between them in text.
    pub delimiter: char,
    /// How they are written.
    pub shape: Shape,
}

/// What a text type has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// 1 GB.
    None,
    /// So many characters.
    Characters(usize),
    /// The same, but spaces behind them do not count.
    Padded(usize),
    /// So many bytes.
    Bytes(usize),
    /// One ASCII character.
    Ascii,
}

/// What an interval is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// Microseconds; 0 if nothing but zero is kept.
    pub micros: i64,
    /// Whether days are all that is kept.
    pub days: bool,
}

impl Plan {
    /// For a column of type `source` on its way into a column of `ty`; `None` if no value of the one has an equal in the
    /// other.
    pub fn new(ty: &Type, source: &DataType) -> Option<Self> {
        let plan = Self::outline(ty, source)?;
        exact::castable(source, &plan.stored).then_some(plan)
    }

    fn outline(ty: &Type, source: &DataType) -> Option<Self> {
        use DataType as T;
        let modifier = ty.modifier;
        if source.is_null() {
            return Some(Self { stored: T::Null, shape: Shape::Null });
        }
        let text = is_text(source);
        let micros = TimeUnit::Microseconds;
        let (stored, shape) = match &ty.kind {
            Kind::Bool => (T::Boolean, Shape::Bool),
            Kind::Int2 => (T::Int16, Shape::Int2),
            Kind::Int4 => (T::Int32, Shape::Int4),
            Kind::Int8 => (T::Int64, Shape::Int8),
            Kind::Oid => (T::UInt32, Shape::Oid),
            Kind::Float4 => (T::Float32, Shape::Float4),
            Kind::Float8 => (T::Float64, Shape::Float8),
            Kind::Numeric(declared) => numeric(*declared, source)?,
            Kind::Text | Kind::Jsonb | Kind::Formatted(Formatted::Char) | Kind::Other if is_binary(source) => {
                return None;
            }
            Kind::Text if ty.base == JSON => (json(source)?, Shape::Text(Limit::None)),
            Kind::Text | Kind::Formatted(Formatted::Char) => (T::String, Shape::Text(Limit::new(ty.base, modifier))),
            Kind::Jsonb => (json(source)?, Shape::Jsonb),
            Kind::Bytea => (T::Binary, Shape::Bytea),
            Kind::Geometry if !text => (T::Binary, Shape::Geometry),
            Kind::Date => (T::Date, Shape::Date),
            Kind::Time => (T::Time, Shape::Time(step(modifier))),
            Kind::Timestamp => (T::Datetime(micros, None), Shape::Timestamp(step(modifier))),
            Kind::TimestampTz => (T::Datetime(micros, Some(TimeZone::UTC)), Shape::TimestampTz(step(modifier))),
            // Months have no Duration.
            Kind::Interval if text && !is_cut(ty) => (T::String, Shape::Parsed),
            Kind::Interval => (T::Duration(micros), Shape::Interval(Steps::new(modifier))),
            Kind::Enum(labels) => (ty.dtype(), Shape::Label(Arc::clone(labels))),
            Kind::Formatted(Formatted::Transaction) if source.is_integer() => (T::UInt32, Shape::Oid),
            Kind::Formatted(Formatted::Uuid) if is_binary(source) => (T::Binary, Shape::UuidBytes),
            Kind::Formatted(Formatted::Uuid) if text => (T::String, Shape::Uuid),
            Kind::Formatted(Formatted::Money) if source.is_decimal() || source.is_integer() => {
                (T::Decimal(MAX_PRECISION, 2), Shape::Money)
            }
            Kind::Formatted(Formatted::TimeTz) if !text => (T::Time, Shape::TimeTz(step(modifier))),
            Kind::Array(element) if !text => array(element, source)?,
            Kind::Composite(attributes) if !text => row(attributes, source)?,
            Kind::Vector(_) if !text => (T::List(Box::new(T::Float32)), Shape::Vector),
            Kind::Formatted(_) if !text => return None,
            // The server rounds what it parses.
            Kind::Formatted(Formatted::TimeTz) | Kind::Array(_) | Kind::Composite(_) if is_cut(ty) => return None,
            Kind::Geometry
            | Kind::Formatted(_)
            | Kind::Array(_)
            | Kind::Composite(_)
            | Kind::Vector(_)
            | Kind::Other => (T::String, Shape::Parsed),
        };
        Some(Self { stored, shape })
    }
}

impl Shape {
    /// Whether some value of it has no binary form that is known here.
    pub fn needs_text(&self) -> bool {
        match self {
            Self::Parsed | Self::TimeTz(_) => true,
            Self::Array(elements) => elements.shape.needs_text(),
            Self::Row(attributes) => attributes.iter().any(|(_, shape)| shape.needs_text()),
            Self::Null
            | Self::Bool
            | Self::Int2
            | Self::Int4
            | Self::Int8
            | Self::Oid
            | Self::Float4
            | Self::Float8
            | Self::Decimal(_)
            | Self::FloatDecimal(_)
            | Self::TextDecimal(_)
            | Self::Money
            | Self::Text(_)
            | Self::Jsonb
            | Self::Bytea
            | Self::Geometry
            | Self::Date
            | Self::Time(_)
            | Self::Timestamp(_)
            | Self::TimestampTz(_)
            | Self::Interval(_)
            | Self::Uuid
            | Self::UuidBytes
            | Self::Label(_)
            | Self::Vector => false,
        }
    }
}

impl Limit {
    /// The modifier is the number of characters and 4 (PostgreSQL source, `VARHDRSZ`); −1 without one.
    pub fn new(oid: u32, modifier: i32) -> Self {
        let characters = modifier.checked_sub(4).and_then(|characters| usize::try_from(characters).ok());
        match (oid, characters) {
            (VARCHAR, Some(most)) => Self::Characters(most),
            (BPCHAR, Some(most)) => Self::Padded(most),
            (NAME, _) => Self::Bytes(63),
            (CHAR, _) => Self::Ascii,
            _ => Self::None,
        }
    }
}

impl Steps {
    /// The modifier is a set of fields and the digits of the seconds' fraction (PostgreSQL source, `timestamp.h`,
    /// `INTERVAL_TYPMOD`). Of fields that are finer than those of the set, nothing is kept.
    pub fn new(modifier: i32) -> Self {
        const ALL: i32 = 0x7fff;
        const DAY: i32 = 1 << 3;
        const HOUR: i32 = 1 << 10;
        const MINUTE: i32 = 1 << 11;
        const SECOND: i32 = 1 << 12;
        let fields = if modifier < 0 { ALL } else { modifier >> 16 & ALL };
        let has = |field| fields & field != 0;
        if has(SECOND) {
            return Self { micros: if modifier < 0 { 1 } else { step(modifier & 0xffff) }, days: false };
        }
        let micros = match () {
            () if has(MINUTE) => 60_000_000,
            () if has(HOUR) => 3_600_000_000,
            () if has(DAY) => MICROS_PER_DAY,
            () => 0,
        };
        Self { micros, days: micros == MICROS_PER_DAY }
    }
}

/// Microseconds of the last digit of `time(modifier)`, `timestamp(modifier)`; 6 digits without a modifier.
pub fn step(modifier: i32) -> i64 {
    u32::try_from(modifier).ok().and_then(|digits| 6_u32.checked_sub(digits)).map_or(1, |zeros| 10_i64.pow(zeros))
}

/// Whether the server rounds or cuts a value of it without a word: drops digits of seconds, digits behind the point,
/// fields of an interval, spaces at the end.
fn is_cut(ty: &Type) -> bool {
    match &ty.kind {
        Kind::Array(element) => is_cut(element),
        Kind::Composite(attributes) => attributes.iter().any(|attribute| is_cut(&attribute.ty)),
        Kind::Text => ty.base == VARCHAR && ty.modifier >= 0,
        Kind::Numeric(declared) => declared.is_some(),
        Kind::Time | Kind::Timestamp | Kind::TimestampTz | Kind::Interval | Kind::Formatted(Formatted::TimeTz) => {
            ty.modifier >= 0
        }
        // What is too long for the others is an error.
        Kind::Bool
        | Kind::Int2
        | Kind::Int4
        | Kind::Int8
        | Kind::Oid
        | Kind::Float4
        | Kind::Float8
        | Kind::Jsonb
        | Kind::Bytea
        | Kind::Geometry
        | Kind::Date
        | Kind::Enum(_)
        | Kind::Vector(_)
        | Kind::Formatted(_)
        | Kind::Other => false,
    }
}

fn is_text(source: &DataType) -> bool {
    matches!(source, DataType::String | DataType::Categorical(..) | DataType::Enum(..))
}

/// Bytes have a text form, but not one that the column would give back as bytes.
fn is_binary(source: &DataType) -> bool {
    *source == DataType::Binary
}

fn numeric(modifier: Option<NumericModifier>, source: &DataType) -> Option<(DataType, Shape)> {
    use DataType as T;
    Some(match source {
        &T::Decimal(precision, digits) => (source.clone(), Shape::Decimal(Scale::new(precision, digits, modifier))),
        T::Float64 => (T::Float64, Shape::FloatDecimal(modifier)),
        T::Float32 => (T::String, Shape::TextDecimal(modifier)),
        source if source.is_integer() => (T::Int128, Shape::Decimal(Scale::new(MAX_PRECISION + 1, 0, modifier))),
        source if is_text(source) => (T::String, Shape::TextDecimal(modifier)),
        _ => return None,
    })
}

/// What is JSON by itself: text that is, lists and structs, truth values, numbers.
fn json(source: &DataType) -> Option<DataType> {
    let taken = is_text(source) || source.is_nested() || source.is_bool() || source.is_primitive_numeric();
    (taken || source.is_decimal()).then_some(DataType::String)
}

fn array(element: &Type, source: &DataType) -> Option<(DataType, Shape)> {
    let (DataType::List(inner) | DataType::Array(inner, _)) = source else { return None };
    let Plan { stored, shape } = Plan::outline(element, inner)?;
    let elements = Elements { oid: element.oid, delimiter: char::from(element.delimiter()), shape };
    Some((DataType::List(Box::new(stored)), Shape::Array(Box::new(elements))))
}

fn row(attributes: &[Attribute], source: &DataType) -> Option<(DataType, Shape)> {
    let DataType::Struct(fields) = source else { return None };
    let (mut stored, mut shapes) = (Vec::new(), Vec::new());
    for Attribute { name, ty } in attributes {
        let field = fields.iter().find(|field| field.name == *name)?;
        let plan = Plan::outline(ty, &field.dtype)?;
        stored.push(Field::new(name.clone(), plan.stored));
        shapes.push((ty.oid, plan.shape));
    }
    (fields.len() == attributes.len()).then_some((DataType::Struct(stored), Shape::Row(shapes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_are_read_as_the_catalog_packs_them() {
        for (modifier, expected) in [(-1, 1), (6, 1), (3, 1_000), (0, 1_000_000), (0xffff, 1)] {
            assert_eq!(step(modifier), expected, "{modifier}");
        }
        // What pg_attribute says of interval, interval(3), interval day to second(0), hour to minute, hour, day, month.
        for (modifier, micros, days) in [
            (-1, 1, false),
            (0x7fff_0003, 1_000, false),
            (0x1c08_0000, 1_000_000, false),
            (0x1c08_ffff, 1, false),
            (0x0c00_ffff, 60_000_000, false),
            (0x0400_ffff, 3_600_000_000, false),
            (0x0008_ffff, MICROS_PER_DAY, true),
            (0x0002_ffff, 0, false),
            (0x0006_ffff, 0, false),
        ] {
            assert_eq!(Steps::new(modifier), Steps { micros, days }, "{modifier:x}");
        }
        assert_eq!(Limit::new(VARCHAR, 9), Limit::Characters(5));
        assert_eq!(Limit::new(BPCHAR, 5), Limit::Padded(1));
        assert_eq!(Limit::new(VARCHAR, -1), Limit::None);
        assert_eq!(Limit::new(25, -1), Limit::None);
    }
}
