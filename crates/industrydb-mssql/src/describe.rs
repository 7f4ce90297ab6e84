//! What a statement would give, asked without running it.
//!
//! The metadata that comes with a result lacks a decimal's digits and the size of money (the client library leaves them
//! out). `sp_describe_first_result_set` has them, but not for statements on temporary tables or with dynamic SQL.

use std::collections::HashMap;
use std::sync::Arc;

use industrydb_core::error::{Error, Result};
use tiberius::ColumnData;

use crate::error::BACKEND;
use crate::reply::Item;
use crate::session::{Request, Session, Sink, text};
use crate::statement::Statement;
use crate::types::Kind;

/// Statements of which the results are remembered.
const MOST_REMEMBERED: usize = 256;
/// More parameters than this no statement has.
const MOST_PARAMETERS: usize = 2_100;

/// One column as the server describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its name, empty if it has none.
    pub name: String,
    /// Its type.
    pub kind: Kind,
}

/// What is known of a statement's first result set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Description {
    /// Its metadata says all of it.
    NotNeeded,
    /// The server described it.
    Known(Arc<[Described]>),
    /// The server can't describe it.
    Unknown,
}

/// What is known of the statements that ran.
#[derive(Debug, Default)]
pub struct DescriptionCache {
    results: HashMap<String, Description>,
    parameters: HashMap<String, Arc<[Option<String>]>>,
}

impl DescriptionCache {
    /// What is known of `sql`.
    pub fn get(&self, sql: &str) -> Option<&Description> {
        self.results.get(sql)
    }

    /// The types of the parameters of `sql`, if they are known.
    pub fn parameters(&self, sql: &str) -> Option<Arc<[Option<String>]>> {
        self.parameters.get(sql).map(Arc::clone)
    }

    /// Remembers the types of its parameters.
    pub fn put_parameters(&mut self, sql: &str, types: Vec<Option<String>>) -> Arc<[Option<String>]> {
        if self.parameters.len() >= MOST_REMEMBERED {
            self.parameters.clear();
        }
        let types: Arc<[Option<String>]> = types.into();
        self.parameters.insert(sql.to_owned(), Arc::clone(&types));
        types
    }

    /// Remembers it.
    pub fn put(&mut self, sql: &str, description: Description) {
        if self.results.len() >= MOST_REMEMBERED && !self.results.contains_key(sql) {
            self.results.clear();
        }
        self.results.insert(sql.to_owned(), description);
    }

    /// Forgets what a statement may have changed.
    pub fn forget_all(&mut self) {
        self.results.clear();
        self.parameters.clear();
    }
}

/// A call of one of the server's procedures that look at a statement. In a transaction with XACT_ABORT ON, an error of
/// theirs would roll it back: there it is turned off for as long as the call lasts.
fn ask<'r>(session: &Session, procedure: Procedure, sql: &'r str, declarations: &'r str) -> Request<'r> {
    let mut arguments = vec![("@tsql".to_owned(), text(sql))];
    if !declarations.is_empty() {
        arguments.push(("@params".to_owned(), text(declarations)));
    }
    if !session.in_transaction() {
        return Request::Call(procedure.name(), arguments);
    }
    let (call, declared) = procedure.safely(!declarations.is_empty());
    let mut safe = vec![(String::new(), text(call)), (String::new(), text(declared))];
    safe.append(&mut arguments);
    Request::Call("sp_executesql", safe)
}

/// The procedures (Transact-SQL reference, "System stored procedures").
#[derive(Debug, Clone, Copy)]
enum Procedure {
    FirstResultSet,
    UndeclaredParameters,
}

impl Procedure {
    fn name(self) -> &'static str {
        match self {
            Self::FirstResultSet => "sp_describe_first_result_set",
            Self::UndeclaredParameters => "sp_describe_undeclared_parameters",
        }
    }

    /// The call with XACT_ABORT turned off, and the declarations of its parameters.
    fn safely(self, with_params: bool) -> (&'static str, &'static str) {
        let one = "@tsql nvarchar(max)";
        let two = "@tsql nvarchar(max), @params nvarchar(max)";
        match (self, with_params) {
            (Self::FirstResultSet, false) => {
                ("SET XACT_ABORT OFF; EXEC sp_describe_first_result_set @tsql = @tsql", one)
            }
            (Self::FirstResultSet, true) => {
                ("SET XACT_ABORT OFF; EXEC sp_describe_first_result_set @tsql = @tsql, @params = @params", two)
            }
            (Self::UndeclaredParameters, _) => {
                ("SET XACT_ABORT OFF; EXEC sp_describe_undeclared_parameters @tsql = @tsql", one)
            }
        }
    }
}

/// The columns of `sql`, whose parameters are declared as `declarations`; none for a statement without a result set.
///
/// # Errors
/// What the server says: that there is something wrong with `sql`, or that it can't be described.
pub async fn describe(session: &mut Session, sql: &str, declarations: &str) -> Result<Vec<Described>> {
    let request = ask(session, Procedure::FirstResultSet, sql, declarations);
    session.rows(request).await?.iter().map(|row| described(row)).filter_map(Result::transpose).collect()
}

/// As [`describe`], for statements that the procedure can't describe: on temporary tables, with dynamic SQL. The setting
/// has the server compile without running anything (Transact-SQL reference, "SET FMTONLY"). Decimals stay open.
///
/// # Errors
/// What the server says.
pub async fn compile(session: &mut Session, statement: &Statement<'_>) -> Result<Vec<Described>> {
    let sql = format!("SET FMTONLY ON; {}", statement.sql);
    let mut first = FirstColumns::default();
    session.compile(Request::with_params(&sql, statement.params.clone()), &mut first).await?;
    Ok(first.0.unwrap_or_default())
}

/// Whether the error says that a statement is right but can't be described (11501 and what follows).
pub fn is_beyond_description(error: &Error) -> bool {
    let number = error.details().code.as_deref().and_then(|code| code.parse::<u32>().ok());
    number.is_some_and(|number| (11_501..=11_540).contains(&number))
}

/// The columns of the first result set.
#[derive(Default)]
struct FirstColumns(Option<Vec<Described>>);

impl Sink for FirstColumns {
    async fn take(&mut self, item: Item) -> Result<()> {
        if let (Item::Columns(metadata), None) = (item, &self.0) {
            let columns = metadata.columns().iter();
            columns.clone().try_for_each(|column| check_name(column.name()))?;
            let described = columns.map(|column| Described {
                name: column.name().to_owned(),
                kind: Kind::of_column(column.column_type()),
            });
            self.0 = Some(described.collect());
        }
        Ok(())
    }
}

/// The type that the server expects for each of the parameters `@P1`, `@P2`, … of `sql`.
///
/// # Errors
/// What the server says; it can't tell for every statement.
pub async fn undeclared_parameters(session: &mut Session, sql: &str) -> Result<Vec<Option<String>>> {
    let rows = session.rows(ask(session, Procedure::UndeclaredParameters, sql, "")).await?;
    // `parameter_ordinal`, `name`, `suggested_system_type_id`, `suggested_system_type_name`, …
    let mut types = Vec::new();
    for row in &rows {
        let [_, ColumnData::String(Some(name)), _, declared, ..] = &row[..] else { continue };
        let number =
            name.get(2..).and_then(|number| number.parse::<usize>().ok()).and_then(|number| number.checked_sub(1));
        if let (Some(at), ColumnData::String(Some(declared))) = (number, declared)
            && at < MOST_PARAMETERS
        {
            types.resize(types.len().max(at + 1), None);
            types[at] = Some(declared.to_string());
        }
    }
    Ok(types)
}

/// A row of the procedure's result (Transact-SQL reference, "sp_describe_first_result_set"): `is_hidden`,
/// `column_ordinal`, `name`, `is_nullable`, `system_type_id`, `system_type_name`, …; `None` for a hidden column.
fn described(row: &[ColumnData<'static>]) -> Result<Option<Described>> {
    let [hidden, _, name, _, _, declared, ..] = row else {
        return Err(Error::execution("the server described a result in an unknown form").with_backend(BACKEND));
    };
    if *hidden == ColumnData::Bit(Some(true)) {
        return Ok(None);
    }
    let text = |cell: &ColumnData<'static>| match cell {
        ColumnData::String(Some(text)) => text.to_string(),
        _ => String::new(),
    };
    let name = text(name);
    check_name(&name)?;
    Ok(Some(Described { name, kind: Kind::of_declared(&text(declared)) }))
}

/// Refuses a name that no frame can have: Arrow's end with the first NUL. SQL Server gives none of these.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Conversion`].
pub fn check_name(name: &str) -> Result<()> {
    if !name.contains('\0') {
        return Ok(());
    }
    Err(Error::conversion(format!("the server named a column {name:?}: a name can't contain NUL"))
        .with_backend(BACKEND))
}

/// The kinds of a result set with `names` and the `kinds` of its own metadata, made whole by what was described, if that
/// is of the same columns.
pub fn completed<'n>(
    names: impl ExactSizeIterator<Item = &'n str>,
    kinds: &[Kind],
    described: &[Described],
) -> Option<Vec<Kind>> {
    if names.len() != described.len() || kinds.len() != described.len() {
        return None;
    }
    names
        .zip(kinds)
        .zip(described)
        .map(|((name, kind), described)| {
            let same = match (kind, described.kind) {
                (Kind::OpenDecimal, Kind::Decimal { .. }) | (Kind::Money, Kind::Money | Kind::SmallMoney) => true,
                (Kind::OpenDecimal | Kind::Money, _) => false,
                _ => true,
            };
            let whole = if kind.needs_description() { described.kind } else { *kind };
            (same && name == described.name).then_some(whole)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_completes_the_metadata_of_the_same_columns() {
        let described = |name: &str, declared| Described { name: name.to_owned(), kind: Kind::of_declared(declared) };
        let known = [described("a", "decimal(10,2)"), described("b", "smallmoney"), described("", "int")];
        let kinds = [Kind::OpenDecimal, Kind::Money, Kind::Int];
        let whole = vec![Kind::Decimal { precision: 10, scale: 2 }, Kind::SmallMoney, Kind::Int];
        assert_eq!(completed(["a", "b", ""].into_iter(), &kinds, &known), Some(whole));
        assert_eq!(completed(["a", "x", ""].into_iter(), &kinds, &known), None);
        assert_eq!(completed(["a", "b"].into_iter(), &kinds[..2], &known), None);
        assert_eq!(completed(["a", "b", ""].into_iter(), &[Kind::OpenDecimal; 3], &known), None);
    }
}
