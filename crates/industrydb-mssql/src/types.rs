//! What the server's types mean: the type table of this backend.

use polars_core::prelude::{DataType, TimeUnit, TimeZone};
use tiberius::ColumnType;

/// The most digits of a decimal.
pub const MOST_DIGITS: usize = 38;
/// All digits and the scale of a decimal of which nothing is known: an empty result that can't be described.
pub const OPEN_DECIMAL: (usize, usize) = (MOST_DIGITS, 18);
/// `money` and `smallmoney`: all digits, and those behind the point.
pub const MONEY: (usize, usize) = (19, 4);
/// See [`MONEY`].
pub const SMALLMONEY: (usize, usize) = (10, 4);

/// A type of SQL Server, as far as reading and writing go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `bit`
    Bit,
    /// `tinyint`, which has no sign.
    TinyInt,
    /// `smallint`
    SmallInt,
    /// `int`
    Int,
    /// `bigint`
    BigInt,
    /// `real`
    Real,
    /// `float`
    Float,
    /// `decimal(p, s)` and `numeric(p, s)`.
    Decimal {
        /// All digits.
        precision: usize,
        /// Those behind the point.
        scale: usize,
    },
    /// A decimal of which only its values say the scale.
    OpenDecimal,
    /// `money`
    Money,
    /// `smallmoney`
    SmallMoney,
    /// `date`
    Date,
    /// `time(n)`
    Time(u8),
    /// `datetime`
    DateTime,
    /// `smalldatetime`
    SmallDateTime,
    /// `datetime2(n)`
    DateTime2(u8),
    /// `datetimeoffset(n)`
    DateTimeOffset(u8),
    /// `nchar` and `nvarchar` of so many UTF-16 units.
    NText(usize),
    /// `char` and `varchar` of so many bytes in the collation's code page.
    CodePageText(usize),
    /// `nvarchar(max)`, `varchar(max)`, `ntext`, `text`, and what clients of before SQL Server 2025 get as text: `json`
    /// and `vector`.
    LongText,
    /// `xml`
    Xml,
    /// `uniqueidentifier`
    Guid,
    /// `sql_variant`
    Variant,
    /// `binary` and `varbinary` of so many bytes.
    Binary(usize),
    /// `varbinary(max)`, `image`, and types of the CLR.
    LongBinary,
    /// `rowversion`, which only the server writes.
    RowVersion,
}

impl Kind {
    /// What a result's metadata says; precision, scale and lengths are not in it.
    pub fn of_column(column: ColumnType) -> Self {
        match column {
            ColumnType::Bit | ColumnType::Bitn => Self::Bit,
            ColumnType::Int1 => Self::TinyInt,
            ColumnType::Int2 => Self::SmallInt,
            // `SELECT NULL` is an int to the server.
            ColumnType::Int4 | ColumnType::Null => Self::Int,
            ColumnType::Int8 | ColumnType::Intn => Self::BigInt,
            ColumnType::Float4 => Self::Real,
            ColumnType::Float8 | ColumnType::Floatn => Self::Float,
            ColumnType::Decimaln | ColumnType::Numericn => Self::OpenDecimal,
            ColumnType::Money => Self::Money,
            ColumnType::Money4 => Self::SmallMoney,
            ColumnType::Daten => Self::Date,
            ColumnType::Timen => Self::Time(7),
            ColumnType::Datetime | ColumnType::Datetimen => Self::DateTime,
            ColumnType::Datetime4 => Self::SmallDateTime,
            ColumnType::Datetime2 => Self::DateTime2(7),
            ColumnType::DatetimeOffsetn => Self::DateTimeOffset(7),
            ColumnType::NVarchar
            | ColumnType::NChar
            | ColumnType::BigVarChar
            | ColumnType::BigChar
            | ColumnType::Text
            | ColumnType::NText => Self::LongText,
            ColumnType::Xml => Self::Xml,
            ColumnType::Guid => Self::Guid,
            ColumnType::SSVariant => Self::Variant,
            ColumnType::BigVarBin | ColumnType::BigBinary | ColumnType::Image | ColumnType::Udt => Self::LongBinary,
        }
    }

    /// What a declaration says, as `sys.columns` and `sp_describe_first_result_set` spell it. A name that is none of
    /// the server's own is a type of the CLR, whose values are bytes.
    pub fn of_declared(declared: &str) -> Self {
        let lower = declared.trim().to_ascii_lowercase();
        let (name, arguments) = name_and_arguments(&lower);
        let mut numbers = arguments.split(',').map(|part| part.trim().parse::<usize>().ok());
        let (first, second) = (numbers.next().flatten(), numbers.next().flatten());
        let fraction = first.map_or(7, |digits| digits.min(7) as u8);
        match name {
            "bit" => Self::Bit,
            "tinyint" => Self::TinyInt,
            "smallint" => Self::SmallInt,
            "int" => Self::Int,
            "bigint" => Self::BigInt,
            "real" => Self::Real,
            "float" if first.is_some_and(|bits| bits <= 24) => Self::Real,
            "float" => Self::Float,
            "decimal" | "numeric" => {
                // Whatever a server says, no type has more digits behind the point than digits.
                let scale = second.unwrap_or(0).min(MOST_DIGITS);
                Self::Decimal { precision: first.unwrap_or(18).clamp(scale.max(1), MOST_DIGITS), scale }
            }
            "money" => Self::Money,
            "smallmoney" => Self::SmallMoney,
            "date" => Self::Date,
            "time" => Self::Time(fraction),
            "datetime" => Self::DateTime,
            "smalldatetime" => Self::SmallDateTime,
            "datetime2" => Self::DateTime2(fraction),
            "datetimeoffset" => Self::DateTimeOffset(fraction),
            "nchar" | "nvarchar" => first.map_or(Self::LongText, Self::NText),
            "sysname" => Self::NText(128),
            "char" | "varchar" => first.map_or(Self::LongText, Self::CodePageText),
            "text" | "ntext" | "json" | "vector" => Self::LongText,
            "xml" => Self::Xml,
            "uniqueidentifier" => Self::Guid,
            "sql_variant" => Self::Variant,
            "binary" | "varbinary" => first.map_or(Self::LongBinary, Self::Binary),
            "timestamp" | "rowversion" => Self::RowVersion,
            _ => Self::LongBinary,
        }
    }

    /// The Polars type that it reads as.
    pub fn dtype(self) -> DataType {
        let instant = |zone| DataType::Datetime(TimeUnit::Microseconds, zone);
        match self {
            Self::Bit => DataType::Boolean,
            Self::TinyInt => DataType::UInt8,
            Self::SmallInt => DataType::Int16,
            Self::Int => DataType::Int32,
            Self::BigInt => DataType::Int64,
            Self::Real => DataType::Float32,
            Self::Float => DataType::Float64,
            Self::Decimal { precision, scale } => DataType::Decimal(precision, scale),
            Self::OpenDecimal => DataType::Decimal(OPEN_DECIMAL.0, OPEN_DECIMAL.1),
            Self::Money => DataType::Decimal(MONEY.0, MONEY.1),
            Self::SmallMoney => DataType::Decimal(SMALLMONEY.0, SMALLMONEY.1),
            Self::Date => DataType::Date,
            Self::Time(_) => DataType::Time,
            Self::DateTime | Self::SmallDateTime | Self::DateTime2(_) => instant(None),
            Self::DateTimeOffset(_) => instant(Some(TimeZone::UTC)),
            Self::NText(_) | Self::CodePageText(_) | Self::LongText | Self::Xml | Self::Guid | Self::Variant => {
                DataType::String
            }
            Self::Binary(_) | Self::LongBinary | Self::RowVersion => DataType::Binary,
        }
    }

    /// Whether the metadata of a result leaves out what the type needs: a decimal's digits, and whether money is small.
    pub fn needs_description(self) -> bool {
        matches!(self, Self::OpenDecimal | Self::Money)
    }
}

/// `varchar` and `10` of `varchar(10)`.
fn name_and_arguments(declared: &str) -> (&str, &str) {
    match declared.split_once('(') {
        Some((name, rest)) => (name.trim(), rest.trim_end_matches(')')),
        None => (declared.trim(), ""),
    }
}

/// Whether a declared type is text of bytes, in the code page of its collation.
pub fn is_narrow(declared: &str) -> bool {
    let (name, _) = name_and_arguments(declared);
    ["char", "varchar", "text"].iter().any(|narrow| name.eq_ignore_ascii_case(narrow))
}

/// Whether a declared type is `binary(n)`, in which bytes that are too short get zeros behind them.
pub fn is_filled_up(declared: &str) -> bool {
    name_and_arguments(declared).0.eq_ignore_ascii_case("binary")
}

/// Whether text of bytes under `collation` is UTF-8, which lacks no character.
pub fn is_utf8(collation: &str) -> bool {
    collation.to_ascii_uppercase().ends_with("_UTF8")
}

/// A column for tests: `c`, which takes NULL.
#[cfg(test)]
pub fn column(declared: &str, collation: Option<&str>) -> industrydb_core::table::ColumnInfo {
    industrydb_core::table::ColumnInfo {
        name: "c".into(),
        declared_type: declared.into(),
        dtype: Kind::of_declared(declared).dtype(),
        nullable: true,
        default: None,
        primary_key: None,
        generated: false,
        collation: collation.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_types_have_kinds() {
        for (declared, kind) in [
            ("bit", Kind::Bit),
            ("TINYINT", Kind::TinyInt),
            ("int", Kind::Int),
            ("float", Kind::Float),
            ("float(24)", Kind::Real),
            ("decimal(12,2)", Kind::Decimal { precision: 12, scale: 2 }),
            ("numeric(38, 38)", Kind::Decimal { precision: 38, scale: 38 }),
            ("decimal", Kind::Decimal { precision: 18, scale: 0 }),
            ("decimal(0,99)", Kind::Decimal { precision: 38, scale: 38 }),
            ("money", Kind::Money),
            ("smallmoney", Kind::SmallMoney),
            ("time(3)", Kind::Time(3)),
            ("time", Kind::Time(7)),
            ("datetime2(0)", Kind::DateTime2(0)),
            ("datetimeoffset(7)", Kind::DateTimeOffset(7)),
            ("nvarchar(50)", Kind::NText(50)),
            ("nvarchar(max)", Kind::LongText),
            ("varchar(8000)", Kind::CodePageText(8000)),
            ("text", Kind::LongText),
            ("varbinary(16)", Kind::Binary(16)),
            ("varbinary(max)", Kind::LongBinary),
            ("image", Kind::LongBinary),
            ("json", Kind::LongText),
            ("vector(3)", Kind::LongText),
            ("hierarchyid", Kind::LongBinary),
            ("timestamp", Kind::RowVersion),
            ("uniqueidentifier", Kind::Guid),
            ("sql_variant", Kind::Variant),
        ] {
            assert_eq!(Kind::of_declared(declared), kind, "{declared}");
        }
    }

    #[test]
    fn text_is_of_bytes_or_of_utf_16() {
        for declared in ["char(3)", "VARCHAR(10)", "varchar(max)", "Text", "varchar (10)"] {
            assert!(is_narrow(declared), "{declared}");
        }
        for declared in
            ["nchar(3)", "NVARCHAR(10)", "nvarchar(max)", "ntext", "sysname", "json", "vector(3)", "xml", "int"]
        {
            assert!(!is_narrow(declared), "{declared}");
        }
        assert!(is_utf8("Latin1_General_100_CI_AS_SC_UTF8") && !is_utf8("Latin1_General_100_CI_AS_SC"));
    }

    #[test]
    fn kinds_read_as_polars_types() {
        for (declared, dtype) in [
            ("tinyint", DataType::UInt8),
            ("decimal(10,2)", DataType::Decimal(10, 2)),
            ("money", DataType::Decimal(19, 4)),
            ("smallmoney", DataType::Decimal(10, 4)),
            ("datetime", DataType::Datetime(TimeUnit::Microseconds, None)),
            ("datetimeoffset(3)", DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC))),
            ("xml", DataType::String),
            ("geometry", DataType::Binary),
        ] {
            assert_eq!(Kind::of_declared(declared).dtype(), dtype, "{declared}");
        }
    }
}
