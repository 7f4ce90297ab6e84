//! Whether the columns of a table keep the text that was staged for them.

use industrydb_core::error::Error;
use industrydb_core::table::ColumnInfo;
use polars_core::prelude::DataFrame;
use tiberius::ColumnData;

use super::route::{BINARY, narrow_collation};
use crate::error::BACKEND;
use crate::types::Kind;

/// A query that gives a row if the narrow column `at` would not keep a staged `value`: its place, whether its code page
/// lacks a character (else it is too long), and the value. INSERT would store `?` or what looks alike, and, under
/// ANSI_WARNINGS OFF or where only spaces go, cut. The collation has to stand on what is converted: it is that which says
/// the code page. Equal texts may differ in spaces at the end, so the lengths are compared as well.
pub(super) fn check(at: usize, column: &ColumnInfo, value: &str, staging: &str) -> String {
    let collation = narrow_collation(column).unwrap_or("database_default");
    let bytes = format!("CONVERT(varchar(max), {value} COLLATE {collation})");
    let back = format!("CONVERT(nvarchar(max), {bytes})");
    let lost =
        format!("{back} COLLATE {BINARY} <> {value} COLLATE {BINARY} OR DATALENGTH({back}) <> DATALENGTH({value})");
    let long = match Kind::of_declared(&column.declared_type) {
        Kind::CodePageText(most) => format!(" OR DATALENGTH({bytes}) > {most}"),
        _ => String::new(),
    };
    format!(
        "SELECT TOP (1) {at} AS [at], CASE WHEN {lost} THEN 1 ELSE 0 END AS [lost], {value} AS [value] FROM {staging} \
         WHERE {lost}{long}"
    )
}

/// The error of a row of [`check`].
pub(super) fn unkept(misfit: &[ColumnData<'static>], columns: &[ColumnInfo], stored: &DataFrame) -> Error {
    let error = match misfit {
        [ColumnData::I32(Some(at)), ColumnData::I32(Some(lost)), ColumnData::String(Some(text))] => {
            let place = usize::try_from(*at).ok().and_then(|at| Some((columns.get(at)?, stored.columns().get(at)?)));
            place.map(|(column, values)| {
                let values = values.as_materialized_series();
                let same = |value: Option<&str>| value == Some(text.as_ref());
                let row = values.str().ok().and_then(|values| values.iter().position(same));
                let what = if *lost == 1 { LACKING } else { TOO_LONG };
                not_kept(column, row, &format!("{:?}, {what}", shortened(text)))
            })
        }
        _ => None,
    };
    error.unwrap_or_else(|| {
        Error::execution("the server compared the staged rows in an unknown form").with_backend(BACKEND)
    })
}

pub(super) const LACKING: &str = "a text with a character that the code page of its collation does not have";
pub(super) const TOO_LONG: &str = "a text that is too long";

/// The beginning of a long text, for a message.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The error of a text that a narrow column does not keep.
pub(super) fn not_kept(ColumnInfo { name, declared_type, .. }: &ColumnInfo, row: Option<usize>, what: &str) -> Error {
    let row = row.map_or_else(String::new, |row| format!(", row {row}"));
    Error::conversion(format!("column {name:?}{row}: {what}, for a column declared {declared_type}"))
        .with_column(name)
        .with_backend(BACKEND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::column;
    use industrydb_core::error::ErrorKind;
    use polars_core::prelude::Column;

    #[test]
    fn a_check_goes_through_the_columns_code_page() {
        let sql = check(3, &column("varchar(10)", Some("Greek_CI_AS")), "[c3]", "[#s]");
        let bytes = "CONVERT(varchar(max), [c3] COLLATE Greek_CI_AS)";
        assert!(sql.starts_with("SELECT TOP (1) 3 AS [at], "), "{sql}");
        assert!(sql.ends_with(&format!(" OR DATALENGTH({bytes}) > 10")), "{sql}");
        let differ = format!("CONVERT(nvarchar(max), {bytes}) COLLATE Latin1_General_BIN2 <> [c3] COLLATE");
        assert_eq!(sql.matches(&differ).count(), 2, "{sql}");
        let sql = check(0, &column("text", Some("Greek_CI_AS")), "CAST([c0] AS nvarchar(max))", "[#s]");
        assert!(sql.contains("CONVERT(varchar(max), CAST([c0] AS nvarchar(max)) COLLATE Greek_CI_AS)"), "{sql}");
        assert!(!sql.contains(" > "), "{sql}");
    }

    #[test]
    fn a_misfit_names_its_row_and_value() {
        let columns = [column("varchar(10)", Some("Greek_CI_AS"))];
        let stored = DataFrame::new(3, vec![Column::new("c".into(), ["a", "łza", "łza"])]).expect("a frame");
        let misfit = |lost| {
            let text = ColumnData::String(Some("łza".into()));
            unkept(&[ColumnData::I32(Some(0)), ColumnData::I32(Some(lost)), text], &columns, &stored)
        };
        let lacking = misfit(1);
        assert_eq!(lacking.kind(), ErrorKind::Conversion);
        assert!(lacking.message().starts_with("column \"c\", row 1: \"łza\", a text with a character"), "{lacking:?}");
        assert!(misfit(0).message().contains("too long"));
        assert_eq!(unkept(&[], &columns, &stored).kind(), ErrorKind::Execution);
        assert_eq!(shortened(&"ł".repeat(70)), format!("{}…", "ł".repeat(60)));
    }
}
