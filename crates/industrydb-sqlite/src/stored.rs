//! Parameters that SQLite would change as it stores them: refused before the statement runs.
//!
//! SQLite converts what it stores to its column's affinity (<https://www.sqlite.org/datatype3.html>, section 3): text that
//! looks like a number becomes one, of 15 significant digits; an integer becomes a double in a REAL column, a REAL text
//! of 15 digits in a TEXT column. Hardly any value is at risk, and [`at_risk`] tells at a glance. For one that is,
//! [`Targets`] says which columns it goes to.

use industrydb_core::error::{Error, Result};
use industrydb_core::sql::stored::{Place, Stored, stored};
use industrydb_core::table::TableName;
use industrydb_core::value::Value;

use crate::catalog;
use crate::encode::looks_like_a_number;
use crate::error::BACKEND;
use crate::params::Bound;
use crate::raw::Statement;
use crate::session::Session;
use crate::store::{exact_f64, real_to_text};
use crate::types::{Affinity, DECIMAL_DIGITS, Kind};

/// A parameter whose value not every column would keep.
pub struct Parameter<'v> {
    /// Its index, counted from 0.
    pub at: usize,
    /// Its value.
    pub value: &'v Value,
    /// The form in which it is bound.
    pub bound: Bound,
}

/// Whether there is a column that would not keep `bound`, the form of `value`. `loosely` says yes to some values that are
/// safe: where the targets are known, asking them is cheaper than to count the digits of a double.
pub fn at_risk(value: &Value, bound: &Bound, loosely: bool) -> bool {
    match bound {
        Bound::Null | Bound::Blob(_) => false,
        Bound::Int(int) => exact_f64(*int).is_none(),
        Bound::Real(real) => !has_few_places(*real) && (loosely || !is_short(*real)),
        Bound::Text(text) if looks_like_a_number(text) => {
            let as_number = matches!(value, Value::Decimal(_));
            let as_text = || [Affinity::Real, Affinity::Numeric].iter().all(|to| number_text(text, *to) == *text);
            let too_large = || trimmed(text).parse::<i64>().is_ok_and(|int| exact_f64(int).is_none());
            !reads_exactly(text, as_number) || !(as_number || as_text()) || too_large()
        }
        Bound::Text(_) => false,
    }
}

/// A column that a parameter is stored in.
#[derive(Debug, Clone)]
pub struct Target {
    name: String,
    declared: String,
    affinity: Affinity,
    /// Whether numbers are what the column is for: how one is spelled says nothing there.
    numbers: bool,
}

impl Target {
    /// A column declared as `declared`, in a STRICT table or not.
    fn new(name: &str, declared: &str, strict: bool) -> Self {
        let numbers = match Kind::of_declared(declared) {
            Kind::Int64 | Kind::Float64 | Kind::Decimal { .. } => true,
            Kind::Untyped
            | Kind::Text
            | Kind::Binary
            | Kind::Boolean
            | Kind::Date
            | Kind::Time
            | Kind::Datetime
            | Kind::DatetimeUtc => false,
        };
        let affinity = Affinity::of_declared(declared, strict);
        Self { name: name.to_owned(), declared: declared.to_owned(), affinity, numbers }
    }

    /// Whether the column keeps `bound`, the form of `value`.
    fn keeps(&self, value: &Value, bound: &Bound) -> bool {
        match (bound, self.affinity) {
            (Bound::Int(int), Affinity::Real) => exact_f64(*int).is_some(),
            (Bound::Real(real), Affinity::Text) => is_short(*real),
            (Bound::Text(text), Affinity::Integer | Affinity::Numeric | Affinity::Real) => {
                if !looks_like_a_number(text) {
                    return true;
                }
                let decimal = matches!(value, Value::Decimal(_));
                let exact = match (trimmed(text).parse::<i64>(), self.affinity) {
                    (Ok(int), Affinity::Real) => exact_f64(int).is_some(),
                    (Ok(_), _) => true,
                    (Err(_), _) => reads_exactly(text, decimal),
                };
                let means_a_number = self.numbers || decimal;
                exact && (means_a_number || number_text(text, self.affinity) == *text)
            }
            (Bound::Null | Bound::Int(_) | Bound::Real(_) | Bound::Text(_) | Bound::Blob(_), _) => true,
        }
    }
}

/// Where a statement stores its parameters, as of the schema that it was looked up in.
pub struct Targets {
    /// The schema that holds the table.
    home: String,
    table: String,
    versions: [i64; 2],
    of_parameter: Vec<Vec<Target>>,
}

impl Targets {
    /// The targets of `statement`, written as `sql`, looked up in the catalog.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn of(session: &Session, statement: &Statement, sql: &str) -> Result<Self> {
        let count = statement.parameter_count();
        let names: Vec<Option<String>> = (0..count).map(|at| statement.parameter_name(at)).collect();
        let names: Vec<Option<&str>> = names.iter().map(Option::as_deref).collect();
        let mut of_parameter = vec![Vec::new(); count];
        let read = stored(sql, &names);
        let named = read.as_ref().and_then(|read| TableName::new(read.table.clone()));
        let home = named.map(|table| catalog::resolve(session, &table)).transpose()?;
        let schema = home.as_ref().and_then(TableName::schema).unwrap_or("main").to_owned();
        let versions = versions(session, &schema)?;
        match (read, &home) {
            // Tokens that end nowhere, which SQLite understood all the same.
            (None, _) => of_parameter.fill(written(session, sql)?),
            (Some(stored), Some(home)) => match catalog::nature(session, home)? {
                // A trigger of the view does the writing, and may do anything.
                catalog::Nature::View => {
                    let written = written(session, sql)?;
                    for (at, _) in &stored.parameters {
                        if let Some(targets) = of_parameter.get_mut(*at) {
                            targets.clone_from(&written);
                        }
                    }
                }
                catalog::Nature::Table { strict } => {
                    let columns = columns(session, home, strict)?;
                    for (at, place) in &stored.parameters {
                        if let Some(found) = of_parameter.get_mut(*at) {
                            found.extend(targets(&columns, &stored, place));
                        }
                    }
                }
            },
            (Some(_), None) => {}
        }
        let table = home.map_or_else(String::new, |home| home.table().to_owned());
        Ok(Self { home: schema, table, versions, of_parameter })
    }

    /// Whether the schema is still the one that was looked at.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn are_current(&self, session: &Session) -> Result<bool> {
        Ok(versions(session, &self.home)? == self.versions)
    }

    /// Refuses `parameter` if a column that it goes to would not keep it; `place` is its placeholder.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] naming the column, the value and what to do.
    pub fn check(&self, parameter: &Parameter<'_>, place: &str) -> Result<()> {
        let Parameter { at, value, bound } = parameter;
        let targets = self.of_parameter.get(*at).map_or(&[][..], Vec::as_slice);
        let Some(target) = targets.iter().find(|target| !target.keeps(value, bound)) else { return Ok(()) };
        let Target { name, declared, .. } = target;
        let (shown, becomes, remedy) = match bound {
            Bound::Text(text) => {
                let shown = if matches!(value, Value::Decimal(_)) { text.clone() } else { format!("{text:?}") };
                let remedy = "declare the column TEXT to keep it; pass a float where the nearest double will do";
                (shown, number_text(text, target.affinity), remedy)
            }
            Bound::Int(int) => {
                let remedy = "declare the column INTEGER to keep it; pass a float where the nearest double will do";
                (int.to_string(), real_to_text(*int as f64), remedy)
            }
            Bound::Real(real) => {
                let becomes = format!("{:?}", real_to_text(fifteen_digits(*real).unwrap_or(*real)));
                (real_to_text(*real), becomes, "declare the column REAL to keep it, or pass it as a str")
            }
            Bound::Null | Bound::Blob(_) => return Ok(()),
        };
        let shown = shortened(&shown);
        let mut error = Error::conversion(format!(
            "parameter {place}: {shown} in the column {name:?} (declared {declared:?}) would become {becomes} or near it"
        ))
        .with_hint(remedy)
        .with_column(name)
        .with_backend(BACKEND);
        if !self.table.is_empty() {
            error = error.with_table(&self.table);
        }
        Err(error)
    }
}

/// What changes whenever a table of `schema` changes, or is hidden by a temporary one.
fn versions(session: &Session, schema: &str) -> Result<[i64; 2]> {
    let mut versions = [0; 2];
    for (version, schema) in versions.iter_mut().zip(["temp", schema]) {
        let sql = format!("PRAGMA {}.schema_version", catalog::quoted(schema));
        session.for_each_row(&sql, &[], |row| *version = catalog::int(row, 0))?;
    }
    Ok(versions)
}

/// The columns of `table` that can be written, in their order.
fn columns(session: &Session, table: &TableName, strict: bool) -> Result<Vec<Target>> {
    let columns = catalog::columns(session, table)?.unwrap_or_default();
    let writable = columns.iter().filter(|column| !column.generated);
    Ok(writable.map(|column| Target::new(&column.name, &column.declared_type, strict)).collect())
}

/// The affinity of the column of `table` named `column`; `None` if there is none, or the table is a view, whose columns
/// may be expressions.
///
/// # Errors
/// What SQLite says.
pub fn affinity_of(session: &Session, table: &TableName, column: &str) -> Result<Option<Affinity>> {
    let table = catalog::resolve(session, table)?;
    let catalog::Nature::Table { strict } = catalog::nature(session, &table)? else { return Ok(None) };
    let columns = catalog::columns(session, &table)?.unwrap_or_default();
    let found = columns.iter().find(|known| known.name.eq_ignore_ascii_case(column));
    Ok(found.map(|found| Affinity::of_declared(&found.declared_type, strict)))
}

/// Every column that `sql` may write, by triggers too.
fn written(session: &Session, sql: &str) -> Result<Vec<Target>> {
    let text = Session::text(sql)?;
    let written = session.database().columns_written(&text).map_err(|failure| session.error(&failure, sql))?;
    let mut targets = Vec::new();
    for column in written {
        let Some(table) = TableName::new(vec![column.schema, column.table]) else { continue };
        if let catalog::Nature::Table { strict } = catalog::nature(session, &table)? {
            let all = columns(session, &table, strict)?;
            targets.extend(all.into_iter().filter(|target| match &column.column {
                Some(name) => target.name.eq_ignore_ascii_case(name),
                None => true,
            }));
        }
    }
    Ok(targets)
}

/// The columns that `place` stands for.
fn targets(columns: &[Target], stored: &Stored, place: &Place) -> Vec<Target> {
    let named = |name: &str| {
        let known = columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
        // The statement has been compiled: any other name is one of the row's number.
        known.cloned().unwrap_or_else(|| Target::new(name, "INTEGER", false))
    };
    match (place, &stored.columns) {
        (Place::Column(name), _) => vec![named(name)],
        (Place::Position(at), _) => columns.get(*at).cloned().into_iter().collect(),
        (Place::Any, Some(names)) => names.iter().map(|name| named(name)).collect(),
        (Place::Any, None) => columns.to_vec(),
    }
}

/// The text without the white space that SQLite allows around a number.
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c'])
}

/// Whether SQLite keeps every digit of the number that `text` spells when it makes a double of it: 15 digits, and as text
/// what a double of up to 17 shows. Numbers of extreme size it does not read right to the last digit.
pub fn reads_exactly(text: &str, decimal: bool) -> bool {
    const SIZES: std::ops::RangeInclusive<f64> = 1e-80..=1e80;
    if text.len() <= DECIMAL_DIGITS && !text.contains(['e', 'E']) {
        return true;
    }
    let digits = significant(text);
    match trimmed(text).parse::<f64>() {
        _ if digits.is_empty() => true,
        Ok(real) if SIZES.contains(&real.abs()) => {
            digits.len() <= DECIMAL_DIGITS || !decimal && digits == significant(&format!("{real:e}"))
        }
        Ok(_) | Err(_) => false,
    }
}

/// The digits of a number without point, exponent, leading and trailing zeros.
pub fn significant(text: &str) -> String {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').to_owned()
}

/// The number that `text` becomes in a column of `affinity`, as text.
fn number_text(text: &str, affinity: Affinity) -> String {
    let text = trimmed(text);
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(int), _) if affinity != Affinity::Real || exact_f64(int).is_some() => int.to_string(),
        (_, Ok(real)) if affinity != Affinity::Real && real.fract() == 0.0 && real.abs() < 9e18 => format!("{real:.0}"),
        (_, Ok(real)) => real_to_text(real),
        (_, Err(_)) => text.to_owned(),
    }
}

/// Whether `real` is a decimal of at most 15 digits, six of them behind the point: a quick look that most values pass.
fn has_few_places(real: f64) -> bool {
    const PLACES: f64 = 1e6;
    let scaled = (real * PLACES).round();
    scaled.abs() < 1e15 && scaled / PLACES == real
}

/// Whether SQLite's text form of `real`, which has 15 significant digits, reads back as the same.
fn is_short(real: f64) -> bool {
    has_few_places(real) || real.is_infinite() || fifteen_digits(real) == Some(real)
}

fn fifteen_digits(real: f64) -> Option<f64> {
    format!("{real:.14e}").parse().ok()
}

/// A value in a message, cut where it gets long.
pub fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the columns keep the value: REAL, NUMERIC, INTEGER, TEXT, BLOB, STRING.
    fn kept(value: &Value) -> String {
        let bound = Bound::of(value, "?1").expect("bound");
        let columns = ["REAL", "NUMERIC", "INTEGER", "TEXT", "BLOB", "STRING"];
        let mark = |declared: &&str| if Target::new("c", declared, false).keeps(value, &bound) { '+' } else { '-' };
        let marks: String = columns.iter().map(mark).collect();
        assert!(at_risk(value, &bound, false) || !marks.contains('-'), "{value:?} is at risk: {marks}");
        assert!(!at_risk(value, &bound, false) || at_risk(value, &bound, true), "{value:?} is loosely at risk too");
        marks
    }

    #[test]
    fn columns_keep_values_or_do_not() {
        let text = |text: &str| Value::Text(text.into());
        let decimal = |text: &str| Value::Decimal(text.into());
        for (value, expected) in [
            (Value::Null, "++++++"),
            (Value::Int(1), "++++++"),
            (Value::Int(1 << 53), "++++++"),
            (Value::Int((1 << 53) + 1), "-+++++"),
            (Value::Int(i128::from(i64::MAX)), "-+++++"),
            (Value::Float(0.1), "++++++"),
            (Value::Float(1.5e300), "++++++"),
            (Value::Float(0.1 + 0.2), "+++-++"),
            (Value::Float(1.0 / 3.0), "+++-++"),
            (Value::Float(1e22 / 3.0), "+++-++"),
            (Value::Float(f64::INFINITY), "++++++"),
            (Value::Bytes(vec![0x31]), "++++++"),
            (decimal("1.50"), "++++++"),
            (decimal("123456789012345"), "++++++"),
            (decimal("0.000123456789012345"), "++++++"),
            (decimal("1234567890123456.00"), "---++-"),
            (decimal("1234567890.1234567"), "---++-"),
            (decimal("1234567890.12345678901"), "---++-"),
            (decimal("9007199254740993"), "-+++++"),
            (decimal("1E+400"), "---++-"),
            (decimal("1E-400"), "---++-"),
            (decimal("1E+100"), "---++-"),
            (decimal("0E-400"), "++++++"),
            (decimal("NaN"), "++++++"),
            (text("abc"), "++++++"),
            (text("12"), "++++++"),
            (text("-1.5"), "++++++"),
            (text("2024-01-01"), "++++++"),
            (text("0.1234567890123456"), "++++++"),
            (text("1234567890.12345678901"), "---++-"),
            (text("9007199254740993"), "-+++++"),
            (text("18446744073709551616"), "---++-"),
            // Kept as a number, not as it is spelled.
            (text("00123"), "+++++-"),
            (text("1.50"), "+++++-"),
            (text("2.0"), "+++++-"),
            (text(" 7"), "+++++-"),
            (text("1e5"), "+++++-"),
        ] {
            assert_eq!(kept(&value), expected, "{value:?}");
        }
    }
}
