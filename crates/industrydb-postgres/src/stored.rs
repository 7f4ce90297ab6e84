//! Parameters that a column's declaration would change as they are stored: refused before the statement runs.
//!
//! A placeholder has its column's type, but not what is declared with it: the server rounds to the scale of
//! `numeric(p, s)` and the digits of `timestamp(p)`, and cuts spaces that have no room in `varchar(n)`, without a word
//! (PostgreSQL manual 8.1.2, 8.3, 8.5). Few values are at risk, and [`at_risk`] tells at a glance. For one that is, the
//! statement's words say which columns it goes to, and the catalog what those keep.

use std::collections::HashMap;
use std::sync::Arc;

use industrydb_core::error::Error;
use industrydb_core::exact;
use industrydb_core::sql::stored::{Place, Stored, stored_by_postgres};
use industrydb_core::table::TableName;
use industrydb_core::temporal::MICROS_PER_DAY;
use industrydb_core::value::Value;
use polars_core::prelude::{DataType, NamedFrom as _, Series, TimeUnit, TimeZone};
use sqlx::{AssertSqlSafe, Row as _, raw_sql};

use crate::connect::quoted;
use crate::dialect::DIALECT;
use crate::encode::check::{DOES_NOT_FIT, Fault, TOO_LONG, stepped};
use crate::encode::shape::{Limit, Steps, step};
use crate::error::{conversion, ends_connection, sqlstate};
use crate::params::number::Number;
use crate::params::refusal::shown;
use crate::plan::CACHED_STATEMENTS;
use crate::session::Session;
use crate::types::{Formatted, Kind, NumericModifier, Type};

/// The columns of a table: name, declaration, type and its modifier, domains followed to what they stand on.
const COLUMNS: &str = "\
WITH RECURSIVE base (number, type, modifier) AS ( \
  SELECT attnum, atttypid, atttypmod FROM pg_catalog.pg_attribute \
    WHERE attrelid = pg_catalog.to_regclass({name}) AND attnum > 0 AND NOT attisdropped \
  UNION ALL SELECT number, typbasetype, typtypmod FROM base \
    JOIN pg_catalog.pg_type t ON t.oid = type WHERE typtype = 'd') \
SELECT attname, pg_catalog.format_type(atttypid, atttypmod), type::int8, modifier FROM base \
  JOIN pg_catalog.pg_type t ON t.oid = type JOIN pg_catalog.pg_attribute \
    ON attrelid = pg_catalog.to_regclass({name}) AND attnum = number WHERE typtype <> 'd' ORDER BY number";
/// `query_canceled`: of the caller's cancel, and of the server's own timeout.
const CANCELLED: &str = "57014";
/// What a look-up that fails in a transaction goes back to.
const SAVEPOINT: &str = "industrydb_stored";

/// A column that a parameter is stored in.
#[derive(Debug, Clone)]
struct Target {
    name: String,
    /// As the server spells it.
    declared: String,
    ty: Type,
    modifier: i32,
}

/// A parameter that is stored as it is.
#[derive(Debug)]
struct Parameter {
    /// Its index, counted from 0.
    at: usize,
    table: String,
    /// The columns that it may go to: one, unless it comes out of a subquery.
    targets: Vec<Target>,
}

/// Where each statement stores its parameters, as of when it was looked up.
#[derive(Debug, Default)]
pub struct Cache {
    known: HashMap<String, Arc<[Parameter]>>,
    /// The end of the transaction may undo a setting.
    unsettled: bool,
}

impl Cache {
    /// Forgets all: there are other tables now.
    pub fn clear(&mut self) {
        self.known.clear();
    }

    /// A statement has run that begins with `keyword`, in lower case: the `search_path` may be another one, and a table
    /// what it was before.
    pub fn note(&mut self, keyword: &str) {
        let sets = matches!(keyword, "set" | "reset" | "discard");
        let ends = matches!(keyword, "commit" | "end") && self.unsettled;
        if sets || ends || matches!(keyword, "rollback" | "abort") {
            self.clear();
            self.unsettled = sets;
        }
    }

    fn put(&mut self, sql: &str, found: Vec<Parameter>) -> Arc<[Parameter]> {
        if self.known.len() >= CACHED_STATEMENTS {
            self.known.clear();
        }
        let found: Arc<[Parameter]> = found.into();
        self.known.insert(sql.to_owned(), Arc::clone(&found));
        found
    }
}

/// Refuses the first of `rows` that the statement would not store as it is. `sql` has the caller's own casts and no
/// others, `types` are those that the server gave its placeholders; `casts` says that it is sent with some of ours, so
/// that a placeholder may have another type than its column.
///
/// # Errors
/// The row and [`industrydb_core::error::ErrorKind::Conversion`] naming parameter, value, column and what to do; a lost
/// connection.
pub async fn check(
    session: &mut Session,
    sql: &str,
    types: &[Type],
    casts: bool,
    rows: &[Vec<&Value>],
) -> Result<(), (usize, Error)> {
    let is_risky = |(value, ty): (&&Value, &Type)| at_risk(value, ty, casts);
    let Some(first) = rows.iter().position(|row| row.iter().zip(types).any(is_risky)) else { return Ok(()) };
    let refusal = |stored: &[Parameter], row: &[&Value]| {
        let risky =
            |at: &usize| row.get(*at).copied().zip(types.get(*at)).filter(|(value, ty)| at_risk(value, ty, casts));
        stored.iter().find_map(|parameter| parameter.refusal(risky(&parameter.at)?.0))
    };
    let (mut stored, mut is_new) = match session.stored.known.get(sql) {
        Some(known) => (Arc::clone(known), false),
        None => (look_up(session, sql).await.map_err(|error| (first, error))?, true),
    };
    for (at, row) in rows.iter().enumerate().skip(first) {
        let Some(mut error) = refusal(&stored, row) else { continue };
        if !is_new {
            // Somebody else may have changed the table since.
            stored = look_up(session, sql).await.map_err(|error| (at, error))?;
            is_new = true;
            match refusal(&stored, row) {
                Some(now) => error = now,
                None => continue,
            }
        }
        return Err((at, error));
    }
    Ok(())
}

/// Whether a column might change `value`, whose placeholder is of type `ty`, or of another one than the column if `casts`
/// says so.
fn at_risk(value: &Value, ty: &Type, casts: bool) -> bool {
    /// What a number that could be rounded has, and a time.
    const NUMBER: [char; 3] = ['.', 'e', 'E'];
    match value {
        Value::Int(_) | Value::Float(_) | Value::Decimal(_) => casts || matches!(ty.kind, Kind::Numeric(_)),
        Value::Time(micros) => micros % 1_000_000 != 0,
        Value::Datetime(micros) | Value::DatetimeUtc(micros) => casts || micros % 1_000_000 != 0,
        Value::Duration(micros) => *micros != 0,
        Value::Text(text) => match ty.kind {
            Kind::Text if casts => text.ends_with(' ') || text.contains(NUMBER),
            Kind::Text => text.ends_with(' '),
            Kind::Numeric(_) => true,
            Kind::Time | Kind::Timestamp | Kind::TimestampTz => text.contains(NUMBER),
            _ => false,
        },
        Value::List(values) => {
            let element = if let Kind::Array(element) = &ty.kind { element } else { ty };
            values.iter().any(|value| at_risk(value, element, casts))
        }
        Value::Null | Value::Bool(_) | Value::Bytes(_) | Value::Date(_) | Value::Uuid(_) | Value::Json(_) => false,
    }
}

impl Parameter {
    /// What is said of `value` if no column that it may go to keeps it.
    fn refusal(&self, value: &Value) -> Option<Error> {
        let Self { at, table, targets } = self;
        let mut taking = targets.iter().filter_map(|target| Some((target, target.fault(&target.ty, value)?)));
        let (target, fault) = taking.next()?;
        let fault = fault?;
        if taking.any(|(_, fault)| fault.is_none()) {
            return None;
        }
        let (place, Target { name, declared, .. }) = (at + 1, target);
        let message = format!("parameter ${place}: {} {fault} {declared} of the column {name:?}", shown(value));
        let change = if fault == TOO_LONG { "cut" } else { "round" };
        let hint = format!("{change} it first, or let the statement do so: CAST(${place} AS {declared})");
        Some(conversion(message).with_hint(hint).with_column(name).with_table(table))
    }
}

impl Target {
    /// What would be wrong with `value` in a column of `ty`, or of its arrays; `None` if such a column is not for such
    /// values, or leaves them to the server.
    fn fault(&self, ty: &Type, value: &Value) -> Option<Option<Fault>> {
        let fits = || crate::params::stored::Stored::of(value, ty).is_ok();
        let fine = |fits: bool| if fits { None } else { Some(DOES_NOT_FIT) };
        let steps = |micros: i64| stepped(micros, step(self.modifier)).err();
        Some(match (value, &ty.kind) {
            (Value::Null, _) => None,
            (
                Value::Int(_) | Value::Float(_) | Value::Decimal(_),
                Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Float4 | Kind::Float8 | Kind::Numeric(_),
            ) => fine(fits()),
            (Value::Text(text), Kind::Numeric(modifier)) => number_fault(text, *modifier),
            (Value::Text(text), Kind::Text) => Limit::new(ty.oid, self.modifier).check(text).err(),
            (Value::Text(text), Kind::Time | Kind::Timestamp | Kind::TimestampTz) => steps(parsed(text, &ty.kind)?),
            (Value::Time(micros), Kind::Time | Kind::Formatted(Formatted::TimeTz)) => steps(*micros),
            (Value::Datetime(micros) | Value::DatetimeUtc(micros), Kind::Timestamp | Kind::TimestampTz) => {
                steps(*micros)
            }
            (Value::Datetime(micros) | Value::DatetimeUtc(micros), Kind::Date) => fine(micros % MICROS_PER_DAY == 0),
            (Value::Duration(micros), Kind::Interval) => Steps::new(self.modifier).split(*micros).err(),
            (Value::List(values), Kind::Array(element)) => {
                let leaf = |value: &Value| if let Value::List(_) = value { ty } else { element.as_ref() };
                values.iter().find_map(|value| self.fault(leaf(value), value).flatten())
            }
            _ => return None,
        })
    }
}

/// What is wrong with the number that `text` spells; what is none, the server says.
fn number_fault(text: &str, modifier: Option<NumericModifier>) -> Option<Fault> {
    let number = Number::parse(text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']))?;
    if number.fits(modifier) { None } else { Some(DOES_NOT_FIT) }
}

/// The microseconds that `text` in ISO 8601 stands for; whatever else the server reads is left to it.
fn parsed(text: &str, kind: &Kind) -> Option<i64> {
    let micros = TimeUnit::Microseconds;
    let (dtype, unit) = match kind {
        Kind::Time => (DataType::Time, 1_000),
        Kind::Timestamp => (DataType::Datetime(micros, None), 1),
        _ => (DataType::Datetime(micros, Some(TimeZone::UTC)), 1),
    };
    let cast = exact::cast(&Series::new("".into(), [text]), &dtype).ok()?;
    cast.to_physical_repr().i64().ok()?.get(0).map(|value| value / unit)
}

/// Asks where `sql` stores its parameters, and remembers it. What the catalog does not say is left to the server.
async fn look_up(session: &mut Session, sql: &str) -> Result<Arc<[Parameter]>, Error> {
    let mut found = Vec::new();
    for stored in stored_by_postgres(sql) {
        if stored.parameters.is_empty() {
            continue;
        }
        let columns = columns(session, &stored.table).await?;
        let table = stored.table.last().cloned().unwrap_or_default();
        found.extend(stored.parameters.iter().map(|(at, place)| Parameter {
            at: *at,
            table: table.clone(),
            targets: targets(&columns, &stored, place),
        }));
    }
    Ok(session.stored.put(sql, found))
}

/// The columns that `place` stands for.
fn targets(columns: &[Target], stored: &Stored, place: &Place) -> Vec<Target> {
    let named = |name: &String| columns.iter().find(|column| column.name == *name).cloned();
    match (place, &stored.columns) {
        (Place::Column(name), _) => named(name).into_iter().collect(),
        (Place::Position(at), _) => columns.get(*at).cloned().into_iter().collect(),
        (Place::Any, Some(names)) => names.iter().filter_map(named).collect(),
        (Place::Any, None) => columns.to_vec(),
    }
}

/// The columns of the table in their order; none if the catalog does not show them.
async fn columns(session: &mut Session, table: &[String]) -> Result<Vec<Target>, Error> {
    // The statement has been prepared: a database in front of the schema is the one that we are in.
    let parts = table.len().checked_sub(2).map_or(table, |schema| &table[schema..]);
    let Some(table) = TableName::new(parts.to_vec()) else { return Ok(Vec::new()) };
    let mut sql = COLUMNS.replace("{name}", &quoted(&DIALECT.quote_table(&table)?));
    let inside = session.is_inside();
    if inside {
        sql = format!("SAVEPOINT {SAVEPOINT}; {sql}; RELEASE SAVEPOINT {SAVEPOINT}");
    }
    let rows = match raw_sql(AssertSqlSafe(sql)).fetch_all(&mut session.connection).await {
        Ok(rows) => rows,
        Err(cause) if ends_connection(&cause) || sqlstate(&cause) == Some(CANCELLED) => {
            return Err(session.error(cause));
        }
        Err(_) => {
            if inside {
                let back = format!("ROLLBACK TO SAVEPOINT {SAVEPOINT}; RELEASE SAVEPOINT {SAVEPOINT}");
                session.run_simple(&back).await?;
            }
            return Ok(Vec::new());
        }
    };
    let read = |row: &sqlx::postgres::PgRow| -> sqlx::Result<Target> {
        let oid = u32::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0);
        let modifier = row.try_get(3)?;
        let declared: String = row.try_get(1)?;
        // A type that is no column's of the catalog's own has nothing declared with it that is known here.
        let unknown = || Type::new(oid, declared.as_str(), Kind::Other);
        let ty = Type::builtin(oid, modifier).unwrap_or_else(unknown);
        Ok(Target { name: row.try_get(0)?, ty, modifier, declared })
    };
    rows.iter().map(read).collect::<sqlx::Result<_>>().map_err(|cause| session.error(cause))
}
