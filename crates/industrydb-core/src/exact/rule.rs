//! Which types become which, and by what means: the one table.

use polars_core::prelude::DataType;

use crate::decimal::MAX_PRECISION;

/// How one type becomes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// It is the same.
    Same,
    /// Nothing but Null.
    Nulls,
    /// Numbers and truth values of any width.
    Numbers,
    /// From or to decimals.
    Decimals,
    /// Dates, datetimes, durations.
    Times,
    /// Out of text.
    Parse,
    /// Into text.
    Text,
    /// Labels of one kind into labels of another.
    ViaText,
    /// A nested value into text.
    Json,
    /// List, array or struct, by what they hold.
    Nested,
}

/// How `from` becomes `to`; `None` if it can't.
pub(super) fn rule(from: &DataType, to: &DataType) -> Option<Rule> {
    use DataType as T;
    if !supported(from) || !supported(to) {
        return None;
    }
    if from == to {
        return Some(Rule::Same);
    }
    let rule = match (from, to) {
        (T::Null, _) => Rule::Nulls,

        (T::List(_) | T::Array(..) | T::Struct(_), T::String) => Rule::Json,
        (_, T::String) => Rule::Text,
        (T::List(from), T::List(to)) => return rule(from, to).map(|_| Rule::Nested),
        (T::List(from), T::Array(to, _)) | (T::Array(from, _), T::List(to)) => {
            return rule(from, to).map(|_| Rule::Nested);
        }
        (T::Array(from, width), T::Array(to, other)) if width == other => {
            return rule(from, to).map(|_| Rule::Nested);
        }
        (T::Struct(from), T::Struct(to)) if from.len() == to.len() => {
            let by_name = |to: &polars_core::prelude::Field| {
                from.iter().any(|from| from.name == to.name && rule(&from.dtype, &to.dtype).is_some())
            };
            return to.iter().all(by_name).then_some(Rule::Nested);
        }

        (T::String, to) if !to.is_nested() && !to.is_null() => Rule::Parse,
        (T::Categorical(..) | T::Enum(..), T::Categorical(..) | T::Enum(..)) => Rule::ViaText,

        (from, to) if is_plain_number(from) && is_plain_number(to) => Rule::Numbers,
        (T::Boolean, to) if to.is_integer() => Rule::Numbers,
        (from, T::Boolean) if from.is_integer() => Rule::Numbers,

        (T::Decimal(..), T::Decimal(..)) => Rule::Decimals,
        (T::Decimal(..), to) if is_plain_number(to) => Rule::Decimals,
        (from, T::Decimal(..)) if is_plain_number(from) => Rule::Decimals,

        (T::Date, T::Datetime(_, None)) | (T::Datetime(_, None), T::Date) => Rule::Times,
        (T::Datetime(_, from), T::Datetime(_, to)) if from.is_some() == to.is_some() => Rule::Times,
        (T::Duration(_), T::Duration(_)) => Rule::Times,
        (T::Duration(_), to) if to.is_integer() => Rule::Times,
        (from, T::Duration(_)) if from.is_integer() => Rule::Times,

        _ => return None,
    };
    Some(rule)
}

fn is_plain_number(dtype: &DataType) -> bool {
    dtype.is_integer() || dtype.is_float()
}

/// Whether values of that type can exist in this build at all.
pub(super) fn supported(dtype: &DataType) -> bool {
    use DataType as T;
    match dtype {
        T::Boolean | T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 => true,
        T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::Int128 | T::Float32 | T::Float64 => true,
        T::String | T::Binary | T::Date | T::Datetime(..) | T::Duration(_) | T::Time | T::Null => true,
        T::Categorical(..) | T::Enum(..) => true,
        T::Decimal(precision, scale) => (1..=MAX_PRECISION).contains(precision) && scale <= precision,
        T::List(inner) | T::Array(inner, _) => supported(inner),
        T::Struct(fields) => fields.iter().all(|field| supported(&field.dtype)),
        // Among them UInt128, Float16 and Object, on which Polars panics where they are not compiled in.
        _ => false,
    }
}
