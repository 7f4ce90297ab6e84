//! Results in the server's text format: for types whose binary form is not known here.

use industrydb_core::column::{Fixed, Views, finish_duration};
use industrydb_core::connector::{ReadOptions, Settle};
use industrydb_core::decimal::MAX_PRECISION;
use industrydb_core::error::Result;
use industrydb_core::exact;
use industrydb_core::names;
use industrydb_core::temporal::parse_datetime;
use industrydb_core::text::utf8;
use polars_core::prelude::{
    Column, DataFrame, DataType, IntoSeries as _, ListBuilderTrait as _, ListStringChunkedBuilder, PlSmallStr, Series,
    TimeUnit,
};
use sqlx::postgres::PgRow;
use sqlx::{Column as _, Row as _, ValueRef as _};

use crate::decode::time;
use crate::encode::form;
use crate::error::{BACKEND, conversion, of_driver};
use crate::plan::PlannedColumn;
use crate::text::{parse_interval, write_interval_iso};
use crate::types::{Formatted, Kind, NumericModifier, OPEN_SCALE, Type};

/// A column while it is filled with text.
struct TextColumn {
    name: PlSmallStr,
    /// What the text is of; `None` if that is not known.
    ty: Option<Type>,
    dtype: DataType,
    values: Views<str>,
    /// Bytes, where they are what is wanted.
    bytes: Option<Views<[u8]>>,
    /// The elements of arrays.
    lists: Option<ListStringChunkedBuilder>,
    /// Whether they are booleans.
    of_bools: bool,
    /// Microseconds, of intervals that are not to stay text.
    durations: Option<Fixed<i64>>,
    /// When the scale of numbers that declare none settles, until it has.
    open: Option<Settle>,
}

/// Reads rows of text into one frame.
pub struct TextReader {
    columns: Vec<TextColumn>,
    rows_out: usize,
    rows: usize,
}

impl TextReader {
    /// A reader of the columns `planned`.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] for a column whose text is not a value of its Polars type, such
    /// as an array beside a type without a binary form.
    pub fn new(planned: &[PlannedColumn], options: &ReadOptions) -> Result<Self> {
        let mut columns = Vec::with_capacity(planned.len());
        for column in planned {
            let asked = options.override_for(&column.name);
            let wanted = asked.cloned().unwrap_or_else(|| column.ty.dtype());
            let is_text = wanted == DataType::String || matches!(column.ty.kind, Kind::Other);
            if !is_text && !has_plain_text(&column.ty.kind) {
                let message = format!(
                    "column {:?}: {} can't be read beside a type that only has a text form",
                    column.name, column.ty.name
                );
                let remedy = format!("cast one of them: {}::text", column.name);
                return Err(conversion(message).with_column(column.name.as_str()).with_hint(remedy));
            }
            let mut filled = TextColumn::new(column.name.clone(), Some(column.ty.clone()), wanted);
            if asked.is_none() && options.settle != Settle::Declared && is_open(&column.ty) {
                filled.open = Some(options.settle);
            }
            columns.push(filled);
        }
        Ok(Self { columns, rows_out: 0, rows: 0 })
    }

    /// A reader of rows about whose types nothing is known: SHOW behind a pooler.
    pub fn of_row(row: &PgRow, options: &ReadOptions) -> Self {
        let names = names::unique(row.columns().iter().map(|column| column.name().to_owned()).collect());
        let columns = names.into_iter().map(|name| {
            let dtype = options.override_for(&name).cloned().unwrap_or(DataType::String);
            TextColumn::new(name, None, dtype)
        });
        Self { columns: columns.collect(), rows_out: 0, rows: 0 }
    }

    /// Takes a row.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] for text that is not UTF-8.
    pub fn read_row(&mut self, row: &PgRow) -> Result<()> {
        for (at, column) in self.columns.iter_mut().enumerate() {
            let value = row.try_get_raw(at).map_err(of_driver)?;
            if value.is_null() {
                column.push_null();
            } else {
                let bytes = value.as_bytes().map_err(|cause| conversion(cause.to_string()))?;
                column.push(bytes, self.rows_out + self.rows)?;
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Whether no row was read yet.
    pub fn is_fresh(&self) -> bool {
        self.rows_out + self.rows == 0
    }

    /// Rows of the batch so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows so far as a frame.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] for a value that its type does not hold exactly.
    pub fn finish_batch(&mut self) -> Result<DataFrame> {
        let first_row = self.rows_out;
        let columns = self.columns.iter_mut().map(|column| column.finish(first_row)).collect::<Result<Vec<_>>>()?;
        let rows = std::mem::take(&mut self.rows);
        self.rows_out += rows;
        DataFrame::new(rows, columns).map_err(|cause| conversion(cause.to_string()))
    }
}

impl TextColumn {
    fn new(name: PlSmallStr, ty: Option<Type>, dtype: DataType) -> Self {
        let bytes =
            matches!(ty.as_ref().map(|ty| &ty.kind), Some(Kind::Bytea | Kind::Geometry)) && dtype == DataType::Binary;
        let lists =
            matches!(ty.as_ref().map(|ty| &ty.kind), Some(Kind::Array(_))) && matches!(dtype, DataType::List(_));
        let of_bools =
            matches!(ty.as_ref().map(|ty| &ty.kind), Some(Kind::Array(element)) if element.kind == Kind::Bool);
        let lists = lists.then(|| ListStringChunkedBuilder::new(name.clone(), 0, 0));
        let durations = ty.as_ref().is_some_and(|ty| ty.kind == Kind::Interval) && dtype != DataType::String;
        let (bytes, durations) = (bytes.then(Views::new), durations.then(Fixed::new));
        Self { name, ty, dtype, values: Views::new(), bytes, lists, of_bools, durations, open: None }
    }

    fn push_null(&mut self) {
        match (&mut self.bytes, &mut self.lists, &mut self.durations) {
            (Some(bytes), _, _) => bytes.push_null(),
            (None, Some(lists), _) => lists.append_null(),
            (None, None, Some(durations)) => durations.push_null(),
            (None, None, None) => self.values.push_null(),
        }
    }

    fn push(&mut self, bytes: &[u8], row: usize) -> Result<()> {
        let place = |what: &str| {
            conversion(format!("column {:?}, row {row}: {what}", self.name)).with_column(self.name.as_str())
        };
        let text = utf8(bytes).ok_or_else(|| place("it is not UTF-8"))?;
        if let Some(values) = &mut self.bytes {
            let is_bytea = self.ty.as_ref().is_some_and(|ty| ty.kind == Kind::Bytea);
            let value = if is_bytea { bytea(text) } else { unhex(text) };
            values.push(&value.ok_or_else(|| place("it is not the text of bytes"))?);
            return Ok(());
        }
        if let Some(lists) = &mut self.lists {
            let mut elements =
                elements(text).ok_or_else(|| place("only an array of one dimension can be read here"))?;
            if self.of_bools {
                elements.iter_mut().flatten().for_each(|element| *element = boolean(element).to_owned());
            }
            lists.append_trusted_len_iter(elements.iter().map(Option::as_deref));
            return Ok(());
        }
        match self.ty.as_ref().map(|ty| &ty.kind) {
            Some(Kind::Bool) if self.dtype == DataType::Boolean => self.values.push(boolean(text)),
            Some(Kind::Interval) => {
                let mut iso = String::new();
                let bytes = parse_interval(text).ok_or_else(|| place("it is no interval in the style postgres"))?;
                write_interval_iso(&bytes, &mut iso).map_err(|_| place("it is no interval"))?;
                let Some(durations) = &mut self.durations else {
                    self.values.push(&iso);
                    return Ok(());
                };
                let micros = time::interval(&bytes).map_err(|_| {
                    let hint = format!("{} reads it", exact::override_of(&self.name, "pl.String"));
                    place(&format!("Duration('us') does not hold the interval {iso}")).with_hint(hint)
                })?;
                durations.push(micros);
            }
            Some(Kind::TimestampTz) if matches!(self.dtype, DataType::Datetime(..)) => match in_utc(text) {
                Some(utc) => self.values.push(&utc),
                None => self.values.push(text),
            },
            _ => self.values.push(text),
        }
        Ok(())
    }

    fn finish(&mut self, first_row: usize) -> Result<Column> {
        let name = self.name.clone();
        let series = match (&mut self.bytes, &mut self.lists, &mut self.durations) {
            (Some(bytes), _, _) => std::mem::replace(bytes, Views::new()).finish(name),
            (None, Some(lists), _) => lists.finish().into_series(),
            (None, None, Some(durations)) => {
                finish_duration(std::mem::replace(durations, Fixed::new()), name, TimeUnit::Microseconds)
            }
            (None, None, None) => std::mem::replace(&mut self.values, Views::new()).finish(name),
        };
        if let Some(scale) = self.open.and_then(|settle| settled_scale(&series, settle)) {
            self.open = None;
            let decimal = DataType::Decimal(MAX_PRECISION, scale);
            self.dtype = if series.dtype().is_list() { DataType::List(Box::new(decimal)) } else { decimal };
        }
        let cast =
            if series.dtype() == &self.dtype { Ok(series) } else { exact::cast_read(&series, &self.dtype, first_row) };
        cast.map(Column::from).map_err(|error| error.with_backend(BACKEND))
    }
}

/// A boolean of the server's, as [`exact`] reads it.
fn boolean(text: &str) -> &str {
    match text {
        "t" => "true",
        "f" => "false",
        other => other,
    }
}

/// Whether its text shows a floating point number.
pub fn has_float(ty: &Type) -> bool {
    match &ty.kind {
        Kind::Float4 | Kind::Float8 => true,
        Kind::Array(element) => has_float(element),
        Kind::Formatted(formatted) => match formatted {
            Formatted::Range(bound) | Formatted::Multirange(bound) => has_float(bound),
            Formatted::Point
            | Formatted::Line
            | Formatted::Lseg
            | Formatted::Box
            | Formatted::Path
            | Formatted::Polygon
            | Formatted::Circle => true,
            Formatted::Transaction
            | Formatted::Char
            | Formatted::Uuid
            | Formatted::Inet
            | Formatted::Cidr
            | Formatted::Macaddr
            | Formatted::Macaddr8
            | Formatted::Bit
            | Formatted::Money
            | Formatted::TimeTz
            | Formatted::TsVector => false,
        },
        Kind::Bool
        | Kind::Int2
        | Kind::Int4
        | Kind::Int8
        | Kind::Oid
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
        | Kind::Composite(_)
        | Kind::Vector(_)
        | Kind::Other => false,
    }
}

/// Whether it is a NUMERIC whose scale its values decide, or an array of those.
fn is_open(ty: &Type) -> bool {
    match &ty.kind {
        Kind::Numeric(declared) => declared.and_then(NumericModifier::decimal).is_none(),
        Kind::Array(element) => matches!(element.kind, Kind::Numeric(_)) && is_open(element),
        Kind::Bool
        | Kind::Int2
        | Kind::Int4
        | Kind::Int8
        | Kind::Oid
        | Kind::Float4
        | Kind::Float8
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
        | Kind::Composite(_)
        | Kind::Vector(_)
        | Kind::Formatted(_)
        | Kind::Other => false,
    }
}

/// The scale on which these numbers settle, as those in binary form do; `None` if there is none yet.
fn settled_scale(texts: &Series, settle: Settle) -> Option<usize> {
    let texts = texts.list().map_or_else(|_| texts.clone(), |lists| lists.get_inner());
    let (mut any, mut whole_digits, mut scale, mut zero_scale) = (false, 0, 0, 0);
    for text in texts.str().ok()?.iter().flatten() {
        let (whole, fraction) = text.trim_start_matches('-').split_once('.').unwrap_or((text, ""));
        let whole = whole.trim_start_matches(['-', '0']);
        any = true;
        if whole.is_empty() && fraction.bytes().all(|digit| digit == b'0') {
            zero_scale = zero_scale.max(fraction.len());
        } else {
            whole_digits = whole_digits.max(whole.len());
            scale = scale.max(fraction.len());
        }
    }
    let wanted = if settle == Settle::FirstBatch { OPEN_SCALE } else { zero_scale };
    let room = MAX_PRECISION.saturating_sub(whole_digits);
    any.then(|| wanted.max(scale).min(room).max(scale).min(MAX_PRECISION))
}

/// An instant in UTC whose offset has seconds, as it was before there were time zones: `1800-01-01 09:18:59+09:18:59`.
fn in_utc(text: &str) -> Option<String> {
    let (local, offset) = text.split_at_checked(text.len().checked_sub("+00:00:00".len())?)?;
    let (sign, offset) = offset.split_at_checked(1)?;
    let sign = match sign {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let mut seconds = 0;
    for part in offset.split(':') {
        seconds = seconds * 60 + part.parse::<i64>().ok()?;
    }
    let (micros, _) = parse_datetime(local.as_bytes())?;
    let mut utc = String::new();
    form::timestamp(micros - sign * seconds * 1_000_000, true, &mut utc);
    Some(utc)
}

/// Whether `row` has the columns `planned`: as many, of the same names and types.
pub fn are_of(planned: &[PlannedColumn], row: &PgRow) -> bool {
    let names = names::unique(row.columns().iter().map(|column| column.name().to_owned()).collect());
    let types = row.columns().iter().map(|column| column.type_info().oid().map(|oid| oid.0));
    names.len() == planned.len()
        && names
            .iter()
            .zip(types)
            .zip(planned)
            .all(|((name, oid), column)| *name == column.name && oid.is_none_or(|oid| oid == column.ty.oid))
}

/// Whether the text of such values is one that their Polars type is parsed from.
fn has_plain_text(kind: &Kind) -> bool {
    match kind {
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
        | Kind::Formatted(_)
        | Kind::Other => true,
        Kind::Array(element) => {
            !matches!(element.kind, Kind::Bytea | Kind::Geometry | Kind::Interval | Kind::Array(_))
                && has_plain_text(&element.kind)
        }
        Kind::Composite(_) | Kind::Vector(_) => false,
    }
}

/// The elements of a one-dimensional array's text; `None` for any other text (PostgreSQL manual 8.15.6).
fn elements(text: &str) -> Option<Vec<Option<String>>> {
    // Lower bounds come first, and are dropped: `[0:1]={a,b}`.
    let body = text.find('{').and_then(|at| text.get(at + 1..))?.strip_suffix('}')?;
    let mut elements = Vec::new();
    if body.is_empty() {
        return Some(elements);
    }
    let mut element = String::new();
    let (mut quoted, mut inside) = (false, false);
    let mut chars = body.chars().chain([',']);
    while let Some(c) = chars.next() {
        match c {
            '\\' => element.push(chars.next()?),
            '"' => (quoted, inside) = (true, !inside),
            ',' if !inside => {
                let value = std::mem::take(&mut element);
                elements.push((quoted || value != "NULL").then_some(value));
                quoted = false;
            }
            '{' | '}' if !inside => return None,
            c => element.push(c),
        }
    }
    (!inside).then_some(elements)
}

/// Bytes in either of the server's formats (PostgreSQL manual 8.4). In the older one `\` is doubled and what can't be shown
/// is `\ooo`, so that it never begins as the newer one does.
fn bytea(text: &str) -> Option<Vec<u8>> {
    if let Some(hex) = text.strip_prefix("\\x") {
        return unhex(hex);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let octal = |byte: u8| char::from(byte).to_digit(8);
        out.push(match byte {
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                first => {
                    let value = octal(first)? << 6 | octal(bytes.next()?)? << 3 | octal(bytes.next()?)?;
                    u8::try_from(value).ok()?
                }
            },
            byte if byte.is_ascii() => byte,
            _ => return None,
        });
    }
    Some(out)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_both_formats() {
        for (text, expected) in [
            ("\\x", Some(&b""[..])),
            ("\\x00ff", Some(b"\0\xff")),
            ("", Some(b"")),
            ("abcd", Some(b"abcd")),
            (r"\\x41\000\377", Some(b"\\x41\0\xff")),
            (r"\x4", None),
            (r"\9", None),
            (r"\400", None),
            (r"\12", None),
            ("ä", None),
        ] {
            assert_eq!(bytea(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn offsets_with_seconds() {
        for (text, expected) in [
            ("1800-01-01 09:18:59+09:18:59", Some("1800-01-01 00:00:00+00:00")),
            ("1799-12-31 16:07:02.5-07:52:58", Some("1800-01-01 00:00:00.500000+00:00")),
            ("1800-01-01 09:18:59+09", None),
            ("2024-02-29 12:34:56", None),
            ("infinity", None),
            ("", None),
        ] {
            assert_eq!(in_utc(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn elements_of_an_array() {
        for (text, expected) in [
            ("{}", Some(vec![])),
            ("{1,NULL,3}", Some(vec![Some("1"), None, Some("3")])),
            (r#"{"a,b","NULL","\"\\",""}"#, Some(vec![Some("a,b"), Some("NULL"), Some("\"\\"), Some("")])),
            ("[0:1]={x,y}", Some(vec![Some("x"), Some("y")])),
            ("{{1},{2}}", None),
            ("{\"open}", None),
            ("", None),
        ] {
            let expected: Option<Vec<Option<String>>> =
                expected.map(|all: Vec<Option<&str>>| all.into_iter().map(|one| one.map(str::to_owned)).collect());
            assert_eq!(elements(text), expected, "{text}");
        }
    }
}
