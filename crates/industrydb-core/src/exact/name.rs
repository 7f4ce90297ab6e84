//! Types as a Python user writes them.

use polars_core::prelude::{DataType, TimeUnit};

/// The type's Python spelling, without `pl.`: `Int64`, `Decimal(10, 2)`, `Datetime('us', 'UTC')`, `List(String)`.
pub fn type_name(dtype: &DataType) -> String {
    use DataType as T;
    match dtype {
        T::Decimal(precision, scale) => format!("Decimal({precision}, {scale})"),
        T::Datetime(unit, None) => format!("Datetime('{}')", unit_name(*unit)),
        T::Datetime(unit, Some(zone)) => format!("Datetime('{}', '{zone}')", unit_name(*unit)),
        T::Duration(unit) => format!("Duration('{}')", unit_name(*unit)),
        T::List(inner) => format!("List({})", type_name(inner)),
        T::Array(inner, width) => format!("Array({}, {width})", type_name(inner)),
        T::Struct(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|field| format!("{:?}: {}", field.name, type_name(&field.dtype))).collect();
            format!("Struct({{{}}})", fields.join(", "))
        }
        T::Categorical(..) => "Categorical".to_owned(),
        T::Enum(..) => "Enum".to_owned(),
        T::Unknown(_) => "Unknown".to_owned(),
        // What has no parameters is named as its variant is.
        plain => format!("{plain:?}"),
    }
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Nanoseconds => "ns",
        TimeUnit::Microseconds => "us",
        TimeUnit::Milliseconds => "ms",
    }
}
