//! A value of any type as text: what a `sql_variant` holds, and instants with all their digits.

use industrydb_core::decimal::decimal_to_string;
use industrydb_core::exact::hex;
use industrydb_core::temporal::{Style, Unrepresentable, format_date, format_datetime_parts, format_time};
use tiberius::ColumnData;

use crate::instant::{self, Instant};

/// Whether the value is NULL.
pub fn is_null(cell: &ColumnData<'_>) -> bool {
    match cell {
        ColumnData::U8(value) => value.is_none(),
        ColumnData::I16(value) => value.is_none(),
        ColumnData::I32(value) => value.is_none(),
        ColumnData::I64(value) => value.is_none(),
        ColumnData::F32(value) => value.is_none(),
        ColumnData::F64(value) => value.is_none(),
        ColumnData::Bit(value) => value.is_none(),
        ColumnData::String(value) => value.is_none(),
        ColumnData::Guid(value) => value.is_none(),
        ColumnData::Binary(value) => value.is_none(),
        ColumnData::Numeric(value) => value.is_none(),
        ColumnData::Xml(value) => value.is_none(),
        ColumnData::DateTime(value) => value.is_none(),
        ColumnData::SmallDateTime(value) => value.is_none(),
        ColumnData::Time(value) => value.is_none(),
        ColumnData::Date(value) => value.is_none(),
        ColumnData::DateTime2(value) => value.is_none(),
        ColumnData::DateTimeOffset(value) => value.is_none(),
    }
}

/// A double of a `sql_variant` that may be money which lost digits on its way: the client library makes doubles of money,
/// which are exact below 9.0e11; beyond 922,337,203,685,477.5807 there is no money.
pub fn doubtful_money(cell: &ColumnData<'_>) -> Option<f64> {
    match cell {
        ColumnData::F64(Some(value)) if (9.0e11..=922_337_203_685_478.0).contains(&value.abs()) => Some(*value),
        _ => None,
    }
}

/// The value as text: numbers in full, times in ISO 8601, bytes in hexadecimal. `None` for NULL.
pub fn text(cell: &ColumnData<'_>) -> Option<String> {
    Some(match cell {
        ColumnData::U8(value) => (*value)?.to_string(),
        ColumnData::I16(value) => (*value)?.to_string(),
        ColumnData::I32(value) => (*value)?.to_string(),
        ColumnData::I64(value) => (*value)?.to_string(),
        ColumnData::F32(value) => format!("{:?}", (*value)?),
        ColumnData::F64(value) => format!("{:?}", (*value)?),
        // As the server's own CAST has it.
        ColumnData::Bit(value) => u8::from((*value)?).to_string(),
        ColumnData::String(value) => value.as_ref()?.to_string(),
        ColumnData::Guid(value) => (*value)?.hyphenated().to_string(),
        ColumnData::Binary(value) => hex(value.as_ref()?),
        ColumnData::Numeric(value) => {
            let value = (*value)?;
            decimal_to_string(value.value(), usize::from(value.scale()))
        }
        ColumnData::Xml(value) => value.as_ref()?.to_string(),
        ColumnData::DateTime(value) => of_instant(instant::from_micros(instant::of_datetime((*value)?)), false)?,
        ColumnData::SmallDateTime(value) => {
            of_instant(instant::from_micros(instant::of_smalldatetime((*value)?)), false)?
        }
        ColumnData::Time(value) => {
            let nanos = instant::of_time((*value)?);
            written(|out| format_time(nanos, Style::for_time(nanos), out))?
        }
        ColumnData::Date(value) => {
            let days = instant::of_date((*value)?);
            written(|out| format_date(days, out))?
        }
        ColumnData::DateTime2(value) => of_instant(instant::of_datetime2((*value)?), false)?,
        ColumnData::DateTimeOffset(value) => of_instant(instant::of_datetimeoffset((*value)?), true)?,
    })
}

/// An instant in ISO 8601, with `+00:00` if it is one of UTC.
pub fn of_instant(instant: Instant, utc: bool) -> Option<String> {
    let style = Style::for_nanos(instant.nanos, utc);
    written(|out| format_datetime_parts(instant.seconds, instant.nanos, style, out))
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> Result<(), Unrepresentable>) -> Option<String> {
    let mut out = Vec::new();
    write(&mut out).ok()?;
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiberius::numeric::Numeric;
    use tiberius::time::{Date, DateTime2, DateTimeOffset, Time};

    #[test]
    fn values_have_a_text() {
        let instant = DateTime2::new(Date::new(719_162), Time::new(1, 7));
        for (cell, expected) in [
            (ColumnData::Bit(Some(true)), "1"),
            (ColumnData::F64(Some(0.1)), "0.1"),
            (ColumnData::Numeric(Some(Numeric::new_with_scale(-1_250, 2))), "-12.50"),
            (ColumnData::Binary(Some(vec![0, 255].into())), "00ff"),
            (ColumnData::DateTime2(Some(instant)), "1970-01-01 00:00:00.000000100"),
            (ColumnData::DateTimeOffset(Some(DateTimeOffset::new(instant, 60))), "1970-01-01 00:00:00.000000100+00:00"),
            (ColumnData::Date(Some(Date::new(0))), "0001-01-01"),
            (ColumnData::Time(Some(Time::new(5, 1))), "00:00:00.500000"),
        ] {
            assert_eq!(text(&cell).as_deref(), Some(expected));
        }
        assert_eq!(text(&ColumnData::I32(None)), None);
    }

    #[test]
    fn money_in_a_variant_is_exact_or_doubtful() {
        for (value, doubtful) in [(8.9e11, false), (-9.0e11, true), (922_337_203_685_477.6, true), (1e16, false)] {
            assert_eq!(doubtful_money(&ColumnData::F64(Some(value))).is_some(), doubtful, "{value}");
        }
    }
}
