//! What a declared type means: the type table of this backend.

use polars_core::prelude::{DataType, TimeUnit, TimeZone};

/// SQLite keeps 15 significant digits of a decimal number (<https://www.sqlite.org/floatingpoint.html>).
pub const DECIMAL_DIGITS: usize = 15;

/// What a result column's declaration promises; what is stored may contradict it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An expression, or a column without a declared type: what is there decides.
    Untyped,
    /// INTEGER affinity.
    Int64,
    /// REAL affinity, or a number without precision.
    Float64,
    /// TEXT affinity.
    Text,
    /// A BLOB.
    Binary,
    /// 0 and 1.
    Boolean,
    /// ISO 8601 text.
    Date,
    /// ISO 8601 text.
    Time,
    /// ISO 8601 text without an offset.
    Datetime,
    /// ISO 8601 text with an offset.
    DatetimeUtc,
    /// Up to 15 digits, each REAL by its shortest decimal form.
    Decimal {
        /// All digits.
        precision: usize,
        /// Those behind the point.
        scale: usize,
    },
}

impl Kind {
    /// The kind of a column declared as `declared` (any case, with or without arguments).
    ///
    /// Names with a meaning of their own come first; the rest follows the affinity rules of
    /// <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>, in their order.
    pub fn of_declared(declared: &str) -> Self {
        let upper = declared.trim().to_ascii_uppercase();
        let (name, arguments) = split_arguments(&upper);
        let has = |part: &str| upper.contains(part);
        match name {
            "" | "ANY" => Self::Untyped,
            "BOOLEAN" | "BOOL" => Self::Boolean,
            "DATE" => Self::Date,
            "TIME" => Self::Time,
            "DATETIME" | "TIMESTAMP" => Self::Datetime,
            "TIMESTAMPTZ" => Self::DatetimeUtc,
            "DECIMAL" | "NUMERIC" => match arguments {
                Some((precision, scale)) if (1..=DECIMAL_DIGITS).contains(&precision) && scale <= precision => {
                    Self::Decimal { precision, scale }
                }
                _ => Self::Float64,
            },
            _ if has("INT") => Self::Int64,
            _ if has("CHAR") || has("CLOB") || has("TEXT") => Self::Text,
            _ if has("BLOB") => Self::Binary,
            _ if has("REAL") || has("FLOA") || has("DOUB") => Self::Float64,
            // NUMERIC affinity under a name that says nothing (JSON, UUID, MONEY): numbers stay numbers and text
            // stays text, so what is there decides.
            _ => Self::Untyped,
        }
    }

    /// The Polars type that the kind reads as; for an untyped column without a value, Null.
    pub fn dtype(self) -> DataType {
        match self {
            Self::Untyped => DataType::Null,
            Self::Int64 => DataType::Int64,
            Self::Float64 => DataType::Float64,
            Self::Text => DataType::String,
            Self::Binary => DataType::Binary,
            Self::Boolean => DataType::Boolean,
            Self::Date => DataType::Date,
            Self::Time => DataType::Time,
            Self::Datetime => DataType::Datetime(TimeUnit::Microseconds, None),
            Self::DatetimeUtc => DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC)),
            Self::Decimal { precision, scale } => DataType::Decimal(precision, scale),
        }
    }
}

/// What a column makes of the values that it stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affinity {
    /// Text that looks like a number becomes one.
    Integer,
    /// Numbers become text.
    Text,
    /// Every value stays what it is.
    Blob,
    /// Numbers, and text that looks like one, become doubles.
    Real,
    /// As [`Self::Integer`].
    Numeric,
}

impl Affinity {
    /// The affinity of a column declared as `declared`, in a STRICT table or not
    /// (<https://www.sqlite.org/datatype3.html#determination_of_column_affinity>).
    pub fn of_declared(declared: &str, strict: bool) -> Self {
        let upper = declared.trim().to_ascii_uppercase();
        let has = |part: &str| upper.contains(part);
        if has("INT") {
            Self::Integer
        } else if has("CHAR") || has("CLOB") || has("TEXT") {
            Self::Text
        } else if upper.is_empty() || has("BLOB") || strict && upper == "ANY" {
            // A STRICT table's ANY keeps what it is given; elsewhere the word has NUMERIC affinity.
            Self::Blob
        } else if has("REAL") || has("FLOA") || has("DOUB") {
            Self::Real
        } else {
            Self::Numeric
        }
    }

    /// Whether SQLite turns text that looks like a number into a number.
    pub fn is_numeric(self) -> bool {
        match self {
            Self::Integer | Self::Real | Self::Numeric => true,
            Self::Text | Self::Blob => false,
        }
    }
}

/// `DECIMAL(12, 2)` → (`DECIMAL`, (12, 2)); a lone precision has scale 0.
fn split_arguments(declared: &str) -> (&str, Option<(usize, usize)>) {
    let Some((name, rest)) = declared.split_once('(') else { return (declared, None) };
    let inner = rest.split_once(')').map_or(rest, |(inner, _)| inner);
    let mut numbers = inner.split(',').map(|part| part.trim().parse::<usize>());
    let arguments = match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Ok(precision)), None, None) => Some((precision, 0)),
        (Some(Ok(precision)), Some(Ok(scale)), None) => Some((precision, scale)),
        _ => None,
    };
    (name.trim_end(), arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_types_have_kinds() {
        let decimal = |precision, scale| Kind::Decimal { precision, scale };
        for (declared, kind, numeric) in [
            ("", Kind::Untyped, false),
            ("INTEGER", Kind::Int64, true),
            ("int unsigned", Kind::Int64, true),
            ("BIGINT", Kind::Int64, true),
            ("tinyint(1)", Kind::Int64, true),
            ("CHARINT", Kind::Int64, true),
            ("TEXT", Kind::Text, false),
            ("VARCHAR(20)", Kind::Text, false),
            ("nclob", Kind::Text, false),
            ("BLOB", Kind::Binary, false),
            ("REAL", Kind::Float64, true),
            ("DOUBLE PRECISION", Kind::Float64, true),
            ("FLOAT", Kind::Float64, true),
            ("BOOLEAN", Kind::Boolean, true),
            ("Date", Kind::Date, true),
            ("TIME", Kind::Time, true),
            ("TIME(6)", Kind::Time, true),
            ("DATETIME", Kind::Datetime, true),
            ("timestamp", Kind::Datetime, true),
            ("TIMESTAMPTZ", Kind::DatetimeUtc, true),
            ("DECIMAL(12,2)", decimal(12, 2), true),
            ("numeric ( 15 , 15 )", decimal(15, 15), true),
            ("DECIMAL(9)", decimal(9, 0), true),
            ("DECIMAL(16,2)", Kind::Float64, true),
            ("DECIMAL(5,6)", Kind::Float64, true),
            ("DECIMAL", Kind::Float64, true),
            ("NUMERIC", Kind::Float64, true),
            ("DECIMAL(a,b)", Kind::Float64, true),
            ("JSON", Kind::Untyped, true),
        ] {
            assert_eq!(Kind::of_declared(declared), kind, "{declared}");
            assert_eq!(Affinity::of_declared(declared, false).is_numeric(), numeric, "{declared}");
        }
    }
}
