//! Casts between Polars types that keep every value or fail.
//!
//! Polars' own `cast` wraps, rounds or nulls in places; [`cast`] gives each value of a column exactly or names the first
//! one that it can't give. What becomes of what is one table, in [`rule`]. What "exactly" means where it is not obvious:
//!
//! - *Floats.* From and to integers and each other: the same number (−0.0 counts as 0). As decimals and text: by their
//!   shortest form, so 0.1 is `0.1`; text with more digits than that has to be what the float would show with as many.
//! - *Text.* What [`crate::temporal`] and [`crate::decimal`] read and write; `true`, `false`, `1` and `0`; Binary as
//!   lower-case hexadecimal digits; lists, arrays and structs as JSON, in which what JSON has no type for is text.
//!   Text as Binary is its UTF-8 bytes.
//! - *Durations* as integers count microseconds.
//! - *Time zones.* From one zone to another the instant stays. Between a naive and an aware Datetime nothing is exact.
//!
//! Null stays Null.

mod hint;
mod json;
mod name;
mod nested;
mod number;
mod parse;
mod rows;
mod rule;
#[cfg(test)]
mod tests;
mod text;
mod time;

use polars_core::prelude::{DataType, Series};

use crate::error::{Error, Result};
pub use hint::override_of;
pub use name::type_name;
use rows::Failure;
use rule::{Rule, rule};
pub use text::hex;

/// The longest that a value may get in a message, in characters.
const SHOWN: usize = 60;

/// Whether [`cast`] could succeed: whether any value of `from` has an equal in `to`.
pub fn castable(from: &DataType, to: &DataType) -> bool {
    rule(from, to).is_some()
}

/// `column` as `to`, each value exactly. Costs nothing if it is of that type already.
///
/// # Errors
/// [`crate::error::ErrorKind::Conversion`] naming the column and both types if no value of the one has an equal in the
/// other (including types that this build does not support: Object, UInt128, Float16), and naming column, row and value
/// of the first one that has none.
pub fn cast(column: &Series, to: &DataType) -> Result<Series> {
    cast_from(column, to, 0)
}

/// As [`cast`], for a column whose first row is row `first_row` of the whole.
///
/// # Errors
/// As [`cast`].
pub fn cast_from(column: &Series, to: &DataType, first_row: usize) -> Result<Series> {
    let from = column.dtype();
    let Some(rule) = rule(from, to) else { return Err(no_rule(column.name(), from, to)) };
    apply(rule, column, to).map_err(|failure| match failure {
        Failure::Row(row) => misfit(column, row, first_row, to),
        Failure::Whole(reason) => {
            error(column.name(), format!("{} cannot become {}: {reason}", type_name(from), type_name(to)))
        }
    })
}

/// As [`cast_from`], for a column that was read as `from` because an override asks for `to`.
///
/// # Errors
/// As [`cast`], with an override that works in the hint where a value has no place.
pub fn cast_read(column: &Series, to: &DataType, first_row: usize) -> Result<Series> {
    cast_from(column, to, first_row).map_err(|error| {
        // Anything else is wrong with the types, and its message says what to do.
        if to == &DataType::String || rule(column.dtype(), to).is_none() {
            return error;
        }
        error.with_hint(format!("{} reads it", override_of(column.name(), "pl.String")))
    })
}

/// Casts by a rule that [`rule`] gave for the two types.
fn apply(rule: Rule, column: &Series, to: &DataType) -> rows::Result<Series> {
    match rule {
        Rule::Same => Ok(column.clone()),
        Rule::Nulls => Ok(Series::full_null(column.name().clone(), column.len(), to)),
        Rule::Numbers => number::cast(column, to),
        Rule::Decimals => number::decimal(column, to),
        Rule::Times => time::cast(column, to),
        Rule::Parse => parse::cast(column, to),
        Rule::Text => text::cast(column),
        Rule::ViaText => parse::cast(&text::cast(column)?, to),
        Rule::Json => json::cast(column),
        Rule::Nested => nested::cast(column, to),
    }
}

/// Casts a part of a column; its rule exists because the whole column's does.
fn cast_part(part: &Series, to: &DataType) -> rows::Result<Series> {
    match rule(part.dtype(), to) {
        Some(rule) => apply(rule, part, to),
        None => Err(Failure::Whole(format!("{} has no exact {}", type_name(part.dtype()), type_name(to)))),
    }
}

fn error(column: &str, what: impl std::fmt::Display) -> Error {
    Error::conversion(format!("column {column:?}: {what}")).with_column(column)
}

fn no_rule(column: &str, from: &DataType, to: &DataType) -> Error {
    let names = (type_name(from), type_name(to));
    let why = match (from, to) {
        (DataType::Datetime(_, None), DataType::Datetime(_, Some(_))) => {
            ": which instants its values mean is not known; say so with dt.replace_time_zone"
        }
        (DataType::Datetime(_, Some(_)), DataType::Datetime(_, None)) => {
            ": its time zone would be lost; drop it with dt.replace_time_zone(None), or keep it with an aware type"
        }
        _ if !rule::supported(from) => ": the first type is not supported",
        _ if !rule::supported(to) => ": the second type is not supported",
        _ => "",
    };
    error(column, format!("{} cannot become {}{why}", names.0, names.1))
}

fn misfit(column: &Series, row: usize, first_row: usize, to: &DataType) -> Error {
    let from = column.dtype();
    if rule(from, to) == Some(Rule::Json)
        && let Some(number) = json::no_json(&column.slice(i64::try_from(row).unwrap_or(i64::MAX), 1))
    {
        let (name, row) = (column.name(), first_row + row);
        let message = format!("column {name:?}, row {row}: the {} holds {number}, which JSON has not", type_name(from));
        return Error::conversion(message).with_column(name.as_str());
    }
    let holders = match (from, to) {
        (DataType::String, _) | (_, DataType::String) => type_name(from),
        _ => format!("{} or String", type_name(from)),
    };
    let name = column.name();
    let message = format!(
        "column {name:?}, row {}: the {} {} is not exactly any {}; {holders} would hold it",
        first_row + row,
        type_name(from),
        shown(column, row),
        type_name(to),
    );
    Error::conversion(message).with_column(name.as_str())
}

/// The value in `row`, for a person.
fn shown(column: &Series, row: usize) -> String {
    let value = column.slice(i64::try_from(row).unwrap_or(i64::MAX), 1);
    // A date too far off for text still has a number.
    let text = [&value, value.to_physical_repr().as_ref()].into_iter().find_map(|value| {
        let text = cast_part(value, &DataType::String).ok()?;
        text.str().ok()?.get(0).map(str::to_owned)
    });
    let mut text = text.unwrap_or_else(|| "value".to_owned());
    if let Some((end, _)) = text.char_indices().nth(SHOWN) {
        text.truncate(end);
        text.push('…');
    }
    if column.dtype() == &DataType::String { format!("{text:?}") } else { text }
}
