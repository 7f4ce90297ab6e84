//! Results in the server's text format: for types whose binary form is not known here.

use industrydb_core::column::Views;
use industrydb_core::connector::ReadOptions;
use industrydb_core::error::Result;
use industrydb_core::exact;
use industrydb_core::names;
use industrydb_core::text::utf8;
use polars_core::prelude::{
    Column, DataFrame, DataType, IntoSeries as _, ListBuilderTrait as _, ListStringChunkedBuilder, PlSmallStr,
};
use sqlx::postgres::PgRow;
use sqlx::{Column as _, Row as _, ValueRef as _};

use crate::error::{BACKEND, conversion, of_driver};
use crate::plan::PlannedColumn;
use crate::types::{Kind, Type};

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
            let wanted = options.override_for(&column.name).cloned().unwrap_or_else(|| column.ty.dtype());
            let is_text = wanted == DataType::String || matches!(column.ty.kind, Kind::Other);
            if !is_text && !has_plain_text(&column.ty.kind) {
                let message = format!(
                    "column {:?}: {} can't be read beside a type that only has a text form",
                    column.name, column.ty.name
                );
                let remedy = format!("cast one of them: {}::text", column.name);
                return Err(conversion(message).with_column(column.name.as_str()).with_hint(remedy));
            }
            columns.push(TextColumn::new(column.name.clone(), Some(column.ty.clone()), wanted));
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
        let lists = lists.then(|| ListStringChunkedBuilder::new(name.clone(), 0, 0));
        Self { name, ty, dtype, values: Views::new(), bytes: bytes.then(Views::new), lists }
    }

    fn push_null(&mut self) {
        match (&mut self.bytes, &mut self.lists) {
            (Some(bytes), _) => bytes.push_null(),
            (None, Some(lists)) => lists.append_null(),
            (None, None) => self.values.push_null(),
        }
    }

    fn push(&mut self, bytes: &[u8], row: usize) -> Result<()> {
        let place = |what: &str| {
            conversion(format!("column {:?}, row {row}: {what}", self.name)).with_column(self.name.as_str())
        };
        let text = utf8(bytes).ok_or_else(|| place("it is not UTF-8"))?;
        if let Some(values) = &mut self.bytes {
            let hex = text.strip_prefix("\\x").unwrap_or(text);
            values.push(&unhex(hex).ok_or_else(|| place("it is no bytea in the format hex"))?);
            return Ok(());
        }
        if let Some(lists) = &mut self.lists {
            let elements = elements(text).ok_or_else(|| place("only an array of one dimension can be read here"))?;
            lists.append_trusted_len_iter(elements.iter().map(Option::as_deref));
            return Ok(());
        }
        let is_bool = self.dtype == DataType::Boolean && self.ty.as_ref().is_some_and(|ty| ty.kind == Kind::Bool);
        self.values.push(match text {
            "t" if is_bool => "true",
            "f" if is_bool => "false",
            text => text,
        });
        Ok(())
    }

    fn finish(&mut self, first_row: usize) -> Result<Column> {
        let name = self.name.clone();
        let series = match (&mut self.bytes, &mut self.lists) {
            (Some(bytes), _) => std::mem::replace(bytes, Views::new()).finish(name),
            (None, Some(lists)) => lists.finish().into_series(),
            (None, None) => std::mem::replace(&mut self.values, Views::new()).finish(name),
        };
        let cast =
            if series.dtype() == &self.dtype { Ok(series) } else { exact::cast_from(&series, &self.dtype, first_row) };
        cast.map(Column::from).map_err(|error| error.with_backend(BACKEND))
    }
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
        | Kind::Enum(_)
        | Kind::Formatted(_)
        | Kind::Other => true,
        Kind::Array(element) => {
            !matches!(element.kind, Kind::Bool | Kind::Bytea | Kind::Geometry | Kind::Array(_))
                && has_plain_text(&element.kind)
        }
        Kind::Interval | Kind::Composite(_) | Kind::Vector(_) => false,
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

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
