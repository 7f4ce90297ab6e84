//! How each column's values get to the server.
//!
//! The client library declares some columns in another way than it sends them: `time` and `datetimeoffset` without their
//! digits, `smalldatetime` as `datetime`, `nchar(n)` and long `nvarchar(n)` with their length in bytes; the server then
//! refuses the rows (error 4816 and its like). `image`, `xml` and types of the CLR it does not send at all, and values of
//! the `(max)` types only up to 65,535 bytes.
//!
//! It also names no collation: the server reads `char`, `varchar` and `text` in the code page of the database, whatever
//! that of the column is. Text goes to them as it is only if that comes to the same, else as `nvarchar`.

use industrydb_core::table::ColumnInfo;
use polars_core::prelude::{DataType, Series};

use crate::types::{Kind, is_narrow, is_utf8};

/// The longest `nvarchar(n)` that the client library declares as it is.
const LONGEST_NVARCHAR: usize = 2_000;

/// A collation in which texts are equal only if all their characters are, and which all types of text may have: the old
/// ones refuse those with supplementary characters, which the temporary tables' database may have (error 4188).
pub(super) const BINARY: &str = "Latin1_General_BIN2";
/// The code pages that the client library writes as the server does.
const SENT_AS_THE_SERVER_DOES: [i64; 10] = [874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258];
/// Those of which that holds for ASCII alone: the client library has the web's variants of them.
const SENT_AS_ASCII: [i64; 4] = [932, 936, 949, 950];

/// Whether a value may have more bytes than the client library sends of a `(max)` type.
pub(super) fn is_long(values: &Series) -> bool {
    const LONGEST: usize = 65_535;
    // A character has no more bytes in UTF-16 or a code page than twice those in UTF-8.
    match values.dtype() {
        DataType::String => {
            values.str().is_ok_and(|values| values.iter().flatten().any(|text| text.len() > LONGEST / 2))
        }
        DataType::Binary => {
            values.binary().is_ok_and(|values| values.iter().flatten().any(|bytes| bytes.len() > LONGEST))
        }
        _ => false,
    }
}

/// Whether all of it is text that has the same bytes in every code page, of as many bytes as characters.
pub(super) fn is_ascii(values: &Series) -> bool {
    values.str().is_ok_and(|values| values.iter().flatten().all(str::is_ascii))
}

/// Whether the server reads the type from text of any collation.
fn is_read_from_text(declared: &str) -> bool {
    declared == "json" || declared.starts_with("vector")
}

/// The collation that says the code page of a column.
pub(super) fn narrow_collation(column: &ColumnInfo) -> Option<&str> {
    // It is that of the database only where nothing else is known.
    is_narrow(&column.declared_type).then(|| column.collation.as_deref().unwrap_or("database_default"))
}

/// What there is to know of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Values {
    /// Whether one may have more bytes than the client library sends of a `(max)` type.
    pub(super) long: bool,
    /// Whether all are ASCII, of a narrow column.
    pub(super) ascii: bool,
    /// The code page that they are stored in, of a narrow column.
    pub(super) page: Option<i64>,
    /// Whether INSERT BULK reads them in that code page.
    pub(super) is_read_alike: bool,
}

impl Values {
    /// Whether the bytes that the client library sends mean the same to the server, in a narrow column.
    fn are_sent_right(self) -> bool {
        self.page.is_some_and(|page| {
            let is_known = SENT_AS_THE_SERVER_DOES.contains(&page);
            (is_known && self.is_read_alike) || (self.ascii && (is_known || SENT_AS_ASCII.contains(&page)))
        })
    }
}

/// How a column's values get to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// As the column's own type.
    Straight,
    /// Through a staging table, as this type.
    As(&'static str),
    /// Through a staging table, as text of UTF-16.
    AsText,
    /// The same for values that the client library sends in a long type only.
    AsLongText,
    /// Through a staging table, as the hexadecimal digits of their bytes in long text.
    AsHex,
}

impl Route {
    /// `staged` says that there is a staging table, whichever column is the reason.
    pub(super) fn of(column: &ColumnInfo, values: Values, staged: bool) -> Self {
        let declared = column.declared_type.as_str();
        let utf8 = column.collation.as_deref().is_some_and(is_utf8);
        let is_old = matches!(declared, "text" | "ntext");
        if is_narrow(declared) {
            // The temporary tables' database may have another collation than the database in use.
            let is_sent_right = !staged && !utf8 && values.are_sent_right();
            return match (is_sent_right, values.long) {
                (true, long) if is_old || !long => Self::Straight,
                (_, true) => Self::AsLongText,
                (_, false) => Self::AsText,
            };
        }
        match Kind::of_declared(declared) {
            // `ntext` itself has no limit, but in a staging table it would have any collation.
            Kind::LongText | Kind::Xml if values.long && (staged || !is_old) => Self::AsLongText,
            Kind::LongText if is_read_from_text(declared) || is_old && staged => Self::AsText,
            Kind::LongBinary if values.long => Self::AsHex,
            Kind::Time(digits) if digits < 7 => Self::As("time(7)"),
            Kind::DateTimeOffset(digits) if digits < 7 => Self::As("datetimeoffset(7)"),
            Kind::SmallDateTime => Self::As("datetime2(0)"),
            Kind::NText(length) if length > LONGEST_NVARCHAR || declared.starts_with("nchar") => Self::AsText,
            Kind::Xml => Self::AsText,
            // varbinary(max) alone is sent as such.
            Kind::LongBinary if !declared.starts_with("varbinary") => Self::As("varbinary(max)"),
            _ => Self::Straight,
        }
    }

    /// What the staging table declares for `column`.
    pub(super) fn declared(self, column: &ColumnInfo) -> String {
        match self {
            Self::Straight => column.declared_type.clone(),
            Self::As(staged) => staged.to_owned(),
            Self::AsText => format!("nvarchar(max) COLLATE {BINARY}"),
            Self::AsLongText | Self::AsHex => format!("ntext COLLATE {BINARY}"),
        }
    }

    /// The staged values as the type that they are meant to be: the old types of long values become nothing else by
    /// themselves.
    pub(super) fn text(self, name: &str) -> String {
        match self {
            Self::Straight | Self::As(_) | Self::AsText => name.to_owned(),
            Self::AsLongText => format!("CAST({name} AS nvarchar(max))"),
            // Style 2: digits without 0x before them.
            Self::AsHex => format!("CONVERT(varbinary(max), CAST({name} AS nvarchar(max)), 2)"),
        }
    }

    /// What moves the staged values into `column`. Bytes become a type of the CLR only when they are told to. XML keeps its
    /// white space in style 1, else what seems insignificant goes (Transact-SQL reference, "CAST and CONVERT").
    pub(super) fn source(self, column: &ColumnInfo, name: &str) -> String {
        let declared = column.declared_type.as_str();
        let value = self.text(name);
        match Kind::of_declared(declared) {
            Kind::Xml => format!("CONVERT(xml, {value}, 1)"),
            Kind::LongText if declared == "json" => format!("CAST({value} AS json)"),
            Kind::LongBinary if !declared.starts_with("varbinary") && declared != "image" => {
                format!("CAST({value} AS {declared})")
            }
            _ => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::column;

    /// Short text in the code page 1252, which the database has as well.
    const USUAL: Values = Values { long: false, ascii: false, page: Some(1252), is_read_alike: true };

    #[test]
    fn what_the_library_sends_wrong_is_staged() {
        for (declared, route) in [
            ("time(7)", Route::Straight),
            ("time(6)", Route::As("time(7)")),
            ("datetimeoffset(6)", Route::As("datetimeoffset(7)")),
            ("datetime2(6)", Route::Straight),
            ("smalldatetime", Route::As("datetime2(0)")),
            ("nvarchar(2000)", Route::Straight),
            ("nvarchar(2001)", Route::AsText),
            ("nvarchar(max)", Route::Straight),
            ("nchar(3)", Route::AsText),
            ("ntext", Route::Straight),
            ("xml", Route::AsText),
            ("json", Route::AsText),
            ("vector(3)", Route::AsText),
            ("image", Route::As("varbinary(max)")),
            ("varbinary(max)", Route::Straight),
            ("hierarchyid", Route::As("varbinary(max)")),
            ("decimal(38,10)", Route::Straight),
        ] {
            assert_eq!(Route::of(&column(declared, None), USUAL, false), route, "{declared}");
        }
    }

    #[test]
    fn narrow_text_goes_straight_only_where_its_bytes_mean_the_same() {
        let elsewhere = Values { is_read_alike: false, ..USUAL };
        let page = |page, values: Values| Values { page: Some(page), ..values };
        let ascii = |values: Values| Values { ascii: true, ..values };
        for (values, straight) in [
            (USUAL, true),
            (page(1251, USUAL), true),
            (page(874, USUAL), true),
            (elsewhere, false),
            (page(1251, elsewhere), false),
            (page(1251, ascii(elsewhere)), true),
            // The web's Shift_JIS writes a yen sign as a backslash.
            (page(932, USUAL), false),
            (page(936, USUAL), false),
            (page(949, USUAL), false),
            (page(950, USUAL), false),
            (page(932, ascii(elsewhere)), true),
            // The client library does not have these at all.
            (page(437, USUAL), false),
            (page(850, ascii(USUAL)), false),
            (Values { page: None, ..ascii(USUAL) }, false),
        ] {
            for declared in ["char(10)", "varchar(10)", "varchar(max)", "text"] {
                let column = column(declared, Some("Some_CI_AS"));
                let expected = if straight { Route::Straight } else { Route::AsText };
                assert_eq!(Route::of(&column, values, false), expected, "{declared} {values:?}");
                assert_eq!(Route::of(&column, values, true), Route::AsText, "{declared} {values:?}");
            }
        }
        let utf8 = column("varchar(10)", Some("Latin1_General_100_CI_AS_SC_UTF8"));
        assert_eq!(Route::of(&utf8, ascii(page(65_001, USUAL)), false), Route::AsText);
    }

    #[test]
    fn staging_tables_name_collations_and_no_narrow_type() {
        let (short, text) = (USUAL, "nvarchar(max) COLLATE Latin1_General_BIN2");
        let (long, ntext) = (Values { long: true, ..USUAL }, "ntext COLLATE Latin1_General_BIN2");
        for (declared, values, staged, source) in [
            ("varchar(10)", short, text, "[c]"),
            ("varchar(max)", long, ntext, "CAST([c] AS nvarchar(max))"),
            ("nvarchar(max)", long, ntext, "CAST([c] AS nvarchar(max))"),
            ("nvarchar(max)", short, "nvarchar(max)", "[c]"),
            ("text", short, text, "[c]"),
            ("text", long, ntext, "CAST([c] AS nvarchar(max))"),
            ("ntext", short, text, "[c]"),
            ("ntext", long, ntext, "CAST([c] AS nvarchar(max))"),
            ("xml", short, text, "CONVERT(xml, [c], 1)"),
            ("xml", long, ntext, "CONVERT(xml, CAST([c] AS nvarchar(max)), 1)"),
            ("json", short, text, "CAST([c] AS json)"),
            ("json", long, ntext, "CAST(CAST([c] AS nvarchar(max)) AS json)"),
            ("vector(3)", short, text, "[c]"),
            ("image", short, "varbinary(max)", "[c]"),
            ("image", long, ntext, "CONVERT(varbinary(max), CAST([c] AS nvarchar(max)), 2)"),
            ("geometry", short, "varbinary(max)", "CAST([c] AS geometry)"),
            ("int", short, "int", "[c]"),
        ] {
            let column = column(declared, Some("Greek_CI_AS"));
            let route = Route::of(&column, values, true);
            assert_eq!((route.declared(&column), route.source(&column, "[c]")), (staged.to_owned(), source.to_owned()));
        }
    }
}
