//! What a server type means: the type table of this backend.
//!
//! A [`Type`] is what the catalog says about one OID, domains followed to what they stand on. Everything that reads or
//! writes a value goes by its [`Kind`].

use std::sync::Arc;

use industrydb_core::decimal::MAX_PRECISION;
use polars_core::prelude::{DataType, Field, FrozenCategories, PlSmallStr, TimeUnit, TimeZone};

/// A NUMERIC without a declared scale is announced with this one, and a stream settles on no smaller one.
pub const OPEN_SCALE: usize = 18;

/// A type as the catalog describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// Its OID, that of the domain where it is one.
    pub oid: u32,
    /// The OID of what a domain stands on, else its own.
    pub base: u32,
    /// What its values are cut or rounded to: `pg_attribute.atttypmod` of a column or attribute, else what the domain
    /// declares; −1 for nothing. An array's is its elements'.
    pub modifier: i32,
    /// Its name as `format_type` gives it.
    pub name: Arc<str>,
    /// The same for a cast: with its schema, whatever the search path is, unless it is the catalog's own.
    pub qualified: Arc<str>,
    /// What its values are.
    pub kind: Kind,
}

/// What the values of a type are; what their binary form is follows from it.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `boolean`: one byte.
    Bool,
    /// `smallint`.
    Int2,
    /// `integer`.
    Int4,
    /// `bigint`.
    Int8,
    /// `oid`.
    Oid,
    /// `real`.
    Float4,
    /// `double precision`.
    Float8,
    /// `numeric(precision, scale)`, or `numeric` alone.
    Numeric(Option<NumericModifier>),
    /// `text`, `varchar`, `bpchar`, `name`, `citext`, `xml`, `json`: their binary form is their text.
    Text,
    /// `jsonb`: a version byte, then text.
    Jsonb,
    /// `bytea`.
    Bytea,
    /// PostGIS `geometry` and `geography`: EWKB.
    Geometry,
    /// `date`: days since 2000-01-01.
    Date,
    /// `time`: µs since midnight.
    Time,
    /// `timestamp`: µs since 2000-01-01.
    Timestamp,
    /// `timestamptz`: the same, an instant.
    TimestampTz,
    /// `interval`: µs, days, months.
    Interval,
    /// A label.
    Enum(Arc<Labels>),
    /// `T[]`.
    Array(Arc<Type>),
    /// A row type.
    Composite(Arc<[Attribute]>),
    /// pgvector's `vector(n)`.
    Vector(Option<usize>),
    /// What arrives as text, written from its binary form.
    Formatted(Formatted),
    /// A type whose binary form is not known here: read as the server's own text.
    Other,
}

/// The types that are written as the server writes them, from their binary form.
#[derive(Debug, Clone, PartialEq)]
pub enum Formatted {
    /// `xid` and `cid`: an unsigned number that is no quantity.
    Transaction,
    /// `"char"`: one byte.
    Char,
    /// `uuid`.
    Uuid,
    /// `inet`.
    Inet,
    /// `cidr`.
    Cidr,
    /// `macaddr`.
    Macaddr,
    /// `macaddr8`.
    Macaddr8,
    /// `bit(n)` and `bit varying(n)`.
    Bit,
    /// `money`, where the server writes it as `$1,234.56`.
    Money,
    /// `time with time zone`.
    TimeTz,
    /// `tsvector`.
    TsVector,
    /// A range; its bounds are of this type.
    Range(Arc<Type>),
    /// A multirange; the bounds of its ranges are of this type.
    Multirange(Arc<Type>),
    /// `point`.
    Point,
    /// `line`.
    Line,
    /// `lseg`.
    Lseg,
    /// `box`.
    Box,
    /// `path`.
    Path,
    /// `polygon`.
    Polygon,
    /// `circle`.
    Circle,
}

/// What stands in the parentheses of `numeric(precision, scale)`; a scale may be negative (PostgreSQL 15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumericModifier {
    /// All digits, 1 to 1000.
    pub precision: u16,
    /// Those behind the point, −1000 to 1000.
    pub scale: i16,
}

/// The labels of an enum in the server's order, and the Polars categories made of them.
#[derive(Debug, Clone)]
pub struct Labels {
    /// The labels in the server's order.
    pub names: Vec<String>,
    /// The same for Polars.
    pub categories: Arc<FrozenCategories>,
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
    }
}

/// One attribute of a composite type.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: PlSmallStr,
    /// Its type.
    pub ty: Type,
}

/// Whether a column of this type may have a modifier that decides what it reads as: NUMERIC, its arrays, and all that
/// is no type of the catalog's own.
pub fn has_modifier(oid: u32) -> bool {
    const NUMERIC: [u32; 2] = [1700, 1231];
    NUMERIC.contains(&oid) || Type::builtin(oid, -1).is_none()
}

impl NumericModifier {
    /// From the catalog's type modifier; `None` for −1: none was declared. (PostgreSQL source, `numeric.c`,
    /// `make_numeric_typmod`: 4 + (precision << 16 | 11 bits of scale).)
    pub fn from_catalog(modifier: i32) -> Option<Self> {
        let packed = modifier.checked_sub(4).filter(|_| modifier >= 4)?;
        let precision = u16::try_from(packed >> 16 & 0xffff).ok()?;
        let scale = i16::try_from(((packed & 0x7ff) ^ 1024) - 1024).ok()?;
        Some(Self { precision, scale })
    }

    /// The Decimal that holds every value exactly: (precision, scale); `None` if there is none. A negative scale adds
    /// its zeros to the precision.
    pub fn decimal(self) -> Option<(usize, usize)> {
        let (precision, scale) = (i32::from(self.precision), i32::from(self.scale));
        // A scale above the precision says that the first digits behind the point are zeros.
        let (precision, scale) = if scale < 0 { (precision - scale, 0) } else { (precision.max(scale), scale) };
        let (precision, scale) = (usize::try_from(precision).ok()?, usize::try_from(scale).ok()?);
        (precision <= MAX_PRECISION).then_some((precision, scale))
    }
}

impl Labels {
    /// From the labels in the server's order; `None` if Polars can't have them.
    pub fn new(names: Vec<String>) -> Option<Self> {
        let categories = FrozenCategories::new(names.iter().map(String::as_str)).ok()?;
        Some(Self { names, categories })
    }
}

impl Type {
    /// A type that is no domain and declares nothing.
    pub fn new(oid: u32, name: impl Into<Arc<str>>, kind: Kind) -> Self {
        let name = name.into();
        Self { oid, base: oid, modifier: -1, qualified: Arc::clone(&name), name, kind }
    }

    /// A type of the catalog's own, by its OID (PostgreSQL source, `pg_type.dat`), with a column's type modifier;
    /// `None` for all that the catalog has to be asked about.
    pub fn builtin(oid: u32, modifier: i32) -> Option<Self> {
        let (name, kind) = match oid {
            16 => ("boolean", Kind::Bool),
            17 => ("bytea", Kind::Bytea),
            18 => ("\"char\"", Kind::Formatted(Formatted::Char)),
            19 => ("name", Kind::Text),
            20 => ("bigint", Kind::Int8),
            21 => ("smallint", Kind::Int2),
            23 => ("integer", Kind::Int4),
            25 => ("text", Kind::Text),
            26 => ("oid", Kind::Oid),
            28 => ("xid", Kind::Formatted(Formatted::Transaction)),
            29 => ("cid", Kind::Formatted(Formatted::Transaction)),
            114 => ("json", Kind::Text),
            142 => ("xml", Kind::Text),
            600 => ("point", Kind::Formatted(Formatted::Point)),
            601 => ("lseg", Kind::Formatted(Formatted::Lseg)),
            602 => ("path", Kind::Formatted(Formatted::Path)),
            603 => ("box", Kind::Formatted(Formatted::Box)),
            604 => ("polygon", Kind::Formatted(Formatted::Polygon)),
            628 => ("line", Kind::Formatted(Formatted::Line)),
            650 => ("cidr", Kind::Formatted(Formatted::Cidr)),
            700 => ("real", Kind::Float4),
            701 => ("double precision", Kind::Float8),
            705 => ("unknown", Kind::Text),
            718 => ("circle", Kind::Formatted(Formatted::Circle)),
            774 => ("macaddr8", Kind::Formatted(Formatted::Macaddr8)),
            790 => ("money", Kind::Formatted(Formatted::Money)),
            829 => ("macaddr", Kind::Formatted(Formatted::Macaddr)),
            869 => ("inet", Kind::Formatted(Formatted::Inet)),
            1042 => ("character", Kind::Text),
            1043 => ("character varying", Kind::Text),
            1082 => ("date", Kind::Date),
            1083 => ("time without time zone", Kind::Time),
            1114 => ("timestamp without time zone", Kind::Timestamp),
            1184 => ("timestamp with time zone", Kind::TimestampTz),
            1186 => ("interval", Kind::Interval),
            1266 => ("time with time zone", Kind::Formatted(Formatted::TimeTz)),
            1560 => ("bit", Kind::Formatted(Formatted::Bit)),
            1562 => ("bit varying", Kind::Formatted(Formatted::Bit)),
            1700 => ("numeric", Kind::Numeric(NumericModifier::from_catalog(modifier))),
            2950 => ("uuid", Kind::Formatted(Formatted::Uuid)),
            3614 => ("tsvector", Kind::Formatted(Formatted::TsVector)),
            3802 => ("jsonb", Kind::Jsonb),
            _ => return Self::builtin_array(oid, modifier),
        };
        Some(Self { modifier, ..Self::new(oid, name, kind) })
    }

    /// The arrays of the types above.
    fn builtin_array(oid: u32, modifier: i32) -> Option<Self> {
        let element = match oid {
            143 => 142,
            199 => 114,
            629 => 628,
            651 => 650,
            719 => 718,
            775 => 774,
            791 => 790,
            1000 => 16,
            1001 => 17,
            1002 => 18,
            1003 => 19,
            1005 => 21,
            1007 => 23,
            1009 => 25,
            1011 => 28,
            1012 => 29,
            1014 => 1042,
            1015 => 1043,
            1016 => 20,
            1017 => 600,
            1018 => 601,
            1019 => 602,
            1020 => 603,
            1021 => 700,
            1022 => 701,
            1027 => 604,
            1028 => 26,
            1040 => 829,
            1041 => 869,
            1115 => 1114,
            1182 => 1082,
            1183 => 1083,
            1185 => 1184,
            1187 => 1186,
            1231 => 1700,
            1270 => 1266,
            1561 => 1560,
            1563 => 1562,
            2951 => 2950,
            3643 => 3614,
            3807 => 3802,
            _ => return None,
        };
        let element = Self::builtin(element, modifier)?;
        let name = format!("{}[]", element.name);
        Some(Self { modifier, ..Self::new(oid, name, Kind::Array(Arc::new(element))) })
    }

    /// What stands between the elements in the text of an array of this type (`pg_type.typdelim`: `box` alone has another
    /// one).
    pub fn delimiter(&self) -> u8 {
        if self.kind == Kind::Formatted(Formatted::Box) { b';' } else { b',' }
    }

    /// The Polars type that a column of it reads as.
    pub fn dtype(&self) -> DataType {
        match &self.kind {
            Kind::Bool => DataType::Boolean,
            Kind::Int2 => DataType::Int16,
            Kind::Int4 => DataType::Int32,
            Kind::Int8 => DataType::Int64,
            Kind::Oid => DataType::UInt32,
            Kind::Float4 => DataType::Float32,
            Kind::Float8 => DataType::Float64,
            Kind::Numeric(modifier) => {
                let (precision, scale) = match modifier.and_then(NumericModifier::decimal) {
                    Some(declared) => declared,
                    None => (MAX_PRECISION, OPEN_SCALE),
                };
                DataType::Decimal(precision, scale)
            }
            Kind::Text | Kind::Jsonb | Kind::Formatted(_) | Kind::Other => DataType::String,
            Kind::Bytea | Kind::Geometry => DataType::Binary,
            Kind::Date => DataType::Date,
            Kind::Time => DataType::Time,
            Kind::Timestamp => DataType::Datetime(TimeUnit::Microseconds, None),
            Kind::TimestampTz => DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC)),
            Kind::Interval => DataType::Duration(TimeUnit::Microseconds),
            Kind::Enum(labels) => DataType::from_frozen_categories(Arc::clone(&labels.categories)),
            Kind::Array(element) => DataType::List(Box::new(element.dtype())),
            // A Struct has at least one field.
            Kind::Composite(attributes) if attributes.is_empty() => {
                DataType::Struct(vec![Field::new(PlSmallStr::EMPTY, DataType::Null)])
            }
            Kind::Composite(attributes) => DataType::Struct(
                attributes.iter().map(|attribute| Field::new(attribute.name.clone(), attribute.ty.dtype())).collect(),
            ),
            Kind::Vector(Some(width)) => DataType::Array(Box::new(DataType::Float32), *width),
            Kind::Vector(None) => DataType::List(Box::new(DataType::Float32)),
        }
    }

    /// Whether it has no binary form that is known here: a type with such a part is [`Kind::Other`] as a whole.
    pub fn needs_text(&self) -> bool {
        self.kind == Kind::Other
    }

    /// The same type, as text if a part of it is only known as text.
    #[must_use]
    pub fn settled(self) -> Self {
        if self.has_unknown_part() { Self { kind: Kind::Other, ..self } } else { self }
    }

    fn has_unknown_part(&self) -> bool {
        match &self.kind {
            Kind::Other => true,
            Kind::Array(element) => element.needs_text(),
            Kind::Composite(attributes) => attributes.iter().any(|attribute| attribute.ty.needs_text()),
            Kind::Formatted(Formatted::Range(bound) | Formatted::Multirange(bound)) => bound.needs_text(),
            Kind::Bool
            | Kind::Int2
            | Kind::Int4
            | Kind::Int8
            | Kind::Oid
            | Kind::Float4
            | Kind::Float8
            | Kind::Numeric(_)
            | Kind::Text
            | Kind::Jsonb
            | Kind::Bytea
            | Kind::Geometry
            | Kind::Date
            | Kind::Time
            | Kind::Timestamp
            | Kind::TimestampTz
            | Kind::Interval
            | Kind::Enum(_)
            | Kind::Vector(_)
            | Kind::Formatted(_) => false,
        }
    }
}
