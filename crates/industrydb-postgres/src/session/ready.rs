//! Statements on their way to the server: prepared for the types of their parameters, or with these written into them.

use std::sync::Arc;

use industrydb_core::error::{Error, Result};
use industrydb_core::names;
use industrydb_core::sql::generate::unique_name;
use industrydb_core::sql::tokens::tokenize;
use industrydb_core::sql::{PlaceholderStyle, first_keyword, split, translate};
use industrydb_core::value::{Params, Value};
use sqlx::{AssertSqlSafe, Column as _, Row as _, raw_sql};

use super::Session;
use super::casts::{Cast, Casts, add_natural, bind, splice, written};
use crate::bind::Bindings;
use crate::dialect::DIALECT;
use crate::error::{BACKEND, is_misread, of_driver, sqlstate};
use crate::params::{self, Bound};
use crate::plan::{Plan, PlannedColumn};
use crate::types::Type;
use crate::{copy, kept, stored};

/// `text`, which the server also takes for a parameter about which nothing else is known.
const TEXT: u32 = 25;
/// "could not determine data type of parameter": an error of preparing, before anything is run.
const INDETERMINATE: &str = "42P18";

/// A statement with its parameters, ready to run.
pub struct Ready {
    /// What is sent.
    pub sql: String,
    /// Its types.
    pub plan: Arc<Plan>,
    /// Its parameters.
    pub bindings: Bindings,
    /// The same with its parameters written into it, where the result can only be read as text.
    pub textual: Option<Textual>,
}

/// A query with its parameters written into it, and what it gives.
pub struct Textual {
    /// What is sent.
    pub sql: String,
    /// The result's columns.
    pub columns: Vec<PlannedColumn>,
}

impl Session {
    /// Prepares `sql` for `params`: each value goes out in the type that the server gives its placeholder.
    ///
    /// Where the server only guessed `text`, because nothing around the placeholder says more, the value's own type is
    /// written into the statement (`$1::bigint`); where a type has no binary form here, the value goes out as text and
    /// the server converts it (`CAST($1::text AS inet)`).
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Execution`] if `params` do not fit the placeholders; [`industrydb_core::error::ErrorKind::Conversion`] for a value that its
    /// type does not hold; what the server says.
    pub async fn ready(&mut self, sql: &str, params: &Params) -> Result<Ready> {
        check_text(sql)?;
        copy::check(sql)?;
        if params.is_empty() && has_own_parameters(sql) {
            let plan = self.prepare(sql).await.map_err(|cause| self.error(cause))?;
            return Ok(Ready { sql: sql.to_owned(), plan, bindings: Bindings::default(), textual: None });
        }
        let translated = translate(sql, PlaceholderStyle::Dollar, params)?;
        let values = translated.values(params)?;
        let mut casts = Casts::new();
        // Each round writes casts for placeholders that had none, so this ends.
        loop {
            let (text, plan) = self.typed_with(sql, &translated.sql, &values, &mut casts).await?;
            let before = casts.len();
            let bindings = bind(&plan, &values, &mut casts)?;
            if casts.len() == before {
                let (sql, row) = (&translated.sql, std::slice::from_ref(&values));
                let checked = stored::check(self, sql, &plan.parameters, !casts.is_empty(), row).await;
                checked.map_err(|(_, error)| error)?;
                let textual = if plan.needs_text && !values.is_empty() {
                    let sql = written(&text, &values, &plan.parameters, &casts)?;
                    Some(Textual { sql, columns: plan.columns.clone() })
                } else {
                    None
                };
                return Ok(Ready { sql: text, plan, bindings, textual });
            }
        }
    }

    /// Prepares `translated`, which is `sql` with the server's placeholders, for values of the types of `values`.
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub async fn typed(&mut self, sql: &str, translated: &str, values: &[&Value]) -> Result<(String, Arc<Plan>)> {
        self.typed_with(sql, translated, values, &mut Casts::new()).await
    }

    /// The columns that `sql` would give.
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub async fn described_columns(&mut self, sql: &str, params: &Params) -> Result<Vec<PlannedColumn>> {
        match self.describe(sql, params).await {
            Ok(plan) => Ok(plan.columns.clone()),
            Err(error) if is_unknown(&error) && params.is_empty() => self.describe_by_row(sql).await,
            Err(error) => Err(error),
        }
    }

    async fn describe(&mut self, sql: &str, params: &Params) -> Result<Arc<Plan>> {
        check_text(sql)?;
        let translated = translate(sql, PlaceholderStyle::Dollar, params)?;
        let values = translated.values(params)?;
        self.typed(sql, &translated.sql, &values).await.map(|(_, plan)| plan)
    }

    async fn typed_with(
        &mut self,
        sql: &str,
        translated: &str,
        values: &[&Value],
        casts: &mut Casts,
    ) -> Result<(String, Arc<Plan>)> {
        if values.len() > DIALECT.max_parameters {
            let message = format!("{} parameters: a statement takes at most {}", values.len(), DIALECT.max_parameters);
            return Err(Error::execution(message).with_backend(BACKEND));
        }
        loop {
            let text = splice(translated, casts);
            let plan = match self.prepare(&text).await {
                Ok(plan) => plan,
                Err(cause)
                    if sqlstate(&cause) == Some(INDETERMINATE)
                        && !self.state.in_transaction()
                        && add_natural(casts, values, |_| true) =>
                {
                    continue;
                }
                Err(sqlx::Error::ColumnDecode { .. }) => {
                    // The driver does not know the class of a type; ours to say what the parameters are.
                    if self.cast_unknown(&text, values, casts).await? {
                        continue;
                    }
                    return Err(unknown_to_the_driver());
                }
                Err(cause) => {
                    // The casts may follow from a plan with types that its tables no longer have.
                    self.stale |= !casts.is_empty() && is_misread(&cause);
                    return Err(self.located(cause, sql, &text));
                }
            };
            if plan.parameters.len() != values.len() {
                let message = format!("the statement has {} parameters, not {}", plan.parameters.len(), values.len());
                return Err(Error::execution(message).with_backend(BACKEND));
            }
            // Bytes on their way into a text column are refused; the server would write them as hexadecimal digits.
            let stores = is_writing(sql);
            let guessed = |at: usize| {
                plan.parameters.get(at).is_some_and(|ty| ty.oid == TEXT)
                    && !(stores && matches!(values.get(at), Some(Value::Bytes(_))))
            };
            if !add_natural(casts, values, guessed) {
                return Ok((text.into_owned(), plan));
            }
        }
    }

    /// Adds a cast from text for each parameter of a type that the driver can't prepare a statement with (it does not
    /// know multiranges); whether there was any.
    async fn cast_unknown(&mut self, sql: &str, values: &[&Value], casts: &mut Casts) -> Result<bool> {
        let types = self.parameter_types(sql).await?;
        let before = casts.len();
        for (at, (value, ty)) in values.iter().zip(&types).enumerate() {
            if Type::builtin(ty.oid, -1).is_none() && !casts.contains_key(&at) {
                let text = match params::encode(value, ty, &mut Vec::new())? {
                    Bound::Text(text) => Some(text),
                    Bound::Null => None,
                    Bound::Binary => continue,
                };
                casts.insert(at, Cast::Text(params::cast_name(ty).to_owned(), text));
            }
        }
        Ok(casts.len() > before)
    }

    /// The types that the server gives the parameters of `sql`, which the driver can't prepare.
    async fn parameter_types(&mut self, sql: &str) -> Result<Vec<Type>> {
        self.drop_left().await?;
        // Behind a pooler nobody may come across one that could not be dropped.
        let name = unique_name("industrydb_types");
        self.run_simple(&format!("PREPARE {name} AS {sql}")).await?;
        let types = "SELECT pg_catalog.unnest(parameter_types)::pg_catalog.oid::bigint \
                     FROM pg_catalog.pg_prepared_statements WHERE name = ";
        let rows = raw_sql(AssertSqlSafe(format!("{types}'{name}'"))).fetch_all(&mut self.connection).await;
        let rows = rows.map_err(|cause| self.error(cause));
        self.forget_prepared(&name, rows.is_err()).await?;
        let rows = rows?;
        let oids =
            rows.iter().map(|row| row.try_get::<i64, _>(0)).collect::<sqlx::Result<Vec<_>>>().map_err(of_driver)?;
        let wanted: Vec<(u32, i32)> = oids.into_iter().map(|oid| (u32::try_from(oid).unwrap_or(0), -1)).collect();
        self.resolve_types(&wanted).await
    }

    /// A query with parameters that the driver can't prepare (it does not know multiranges), as text.
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub async fn ready_as_text(&mut self, sql: &str, params: &Params) -> Result<Textual> {
        check_text(sql)?;
        let translated = translate(sql, PlaceholderStyle::Dollar, params)?;
        let values = translated.values(params)?;
        let mut casts = Casts::new();
        loop {
            let text = splice(&translated.sql, &casts);
            let types = self.parameter_types(&text).await?;
            if types.len() != values.len() {
                let message = format!("the statement has {} parameters, not {}", types.len(), values.len());
                return Err(Error::execution(message).with_backend(BACKEND));
            }
            if !add_natural(&mut casts, &values, |at| types.get(at).is_some_and(|ty| ty.oid == TEXT)) {
                let (own, row) = (&translated.sql, std::slice::from_ref(&values));
                let checked = stored::check(self, own, &types, !casts.is_empty(), row).await;
                checked.map_err(|(_, error)| error)?;
                let sql = written(&text, &values, &types, &casts)?;
                let columns = self.describe_by_row(&sql).await?;
                return Ok(Textual { sql, columns });
            }
        }
    }

    /// What a query of no parameters gives, for one that the driver can't prepare: its columns, from a row of NULLs that
    /// an outer join gives without running it.
    ///
    /// # Errors
    /// That of [`is_unknown`] for a statement that can't stand in a FROM; what the server says.
    pub async fn describe_by_row(&mut self, sql: &str) -> Result<Vec<PlannedColumn>> {
        let Some(sql) = split(sql, PlaceholderStyle::Dollar).first().copied().filter(|sql| only_reads(sql)) else {
            // The server would refuse it as a mistake, which ends an open transaction.
            return Err(unknown_to_the_driver());
        };
        let probe = format!("SELECT described.* FROM (SELECT 1) one LEFT JOIN (\n{sql}\n) described ON false");
        let rows = raw_sql(AssertSqlSafe(probe)).fetch_all(&mut self.connection).await;
        let rows = rows.map_err(|cause| self.error(cause))?;
        let Some(row) = rows.first() else { return Err(unknown_to_the_driver()) };
        let wanted: Vec<(u32, i32)> =
            row.columns().iter().map(|column| (column.type_info().oid().map_or(0, |oid| oid.0), -1)).collect();
        let types = self.resolve_types(&wanted).await?;
        let names = names::unique(row.columns().iter().map(|column| column.name().to_owned()).collect());
        Ok(names.into_iter().zip(types).map(|(name, ty)| PlannedColumn { name, ty }).collect())
    }
}

/// Whether `$1` in a statement may be a parameter of what it defines, such as a prepared statement or a function.
fn has_own_parameters(sql: &str) -> bool {
    let keyword = first_keyword(sql, PlaceholderStyle::Dollar).unwrap_or_default().to_ascii_lowercase();
    matches!(keyword.as_str(), "prepare" | "create")
}

/// Whether a statement is a query that changes nothing, as one has to be that stands in a FROM.
fn only_reads(sql: &str) -> bool {
    let style = PlaceholderStyle::Dollar;
    let keyword = first_keyword(sql, style).unwrap_or_default().to_ascii_lowercase();
    match keyword.as_str() {
        "select" | "values" | "table" => true,
        // Any of its parts may be one that writes; a word of a column's name is taken for one as well.
        "with" => {
            let tokens = tokenize(sql, style).unwrap_or_default();
            let writes = |word| tokens.iter().any(|token| token.is_word(sql, word));
            !["insert", "update", "delete", "merge"].into_iter().any(writes)
        }
        _ => false,
    }
}

/// Whether a statement stores values, rather than only reading some.
fn is_writing(sql: &str) -> bool {
    let keyword = first_keyword(sql, PlaceholderStyle::Dollar).unwrap_or_default().to_ascii_lowercase();
    matches!(keyword.as_str(), "insert" | "update" | "merge" | "call")
}

/// The error for a statement that the driver can't prepare.
fn unknown_to_the_driver() -> Error {
    crate::error::conversion("the statement has a type that can't be read or bound here")
        .with_hint("cast it in the statement, such as with ::text")
}

/// Whether the error is that of [`unknown_to_the_driver`].
pub fn is_unknown(error: &Error) -> bool {
    *error == unknown_to_the_driver()
}

/// Refuses a NUL, which the protocol takes for the end of the text, and another encoding than UTF-8.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Execution`].
pub fn check_text(sql: &str) -> Result<()> {
    if sql.contains('\0') {
        return Err(Error::execution("the SQL text contains a NUL character").with_backend(BACKEND));
    }
    kept::check_encoding(sql)
}
