//! Parameters that the server would change as it stores them: refused before the statement runs.
//!
//! A parameter has a type of its own, and what the server does on the way into a column of another one it does without a
//! word: it cuts fractions off for an `int`, rounds for `decimal(p, s)`, `money`, `real` and the types of time, cuts
//! spaces and zeros that have no room, fills up `binary(n)`, writes six digits of a `float` as text, and puts a question
//! mark for what a code page lacks (Transact-SQL reference, "Data type conversion", "Truncating and rounding results").
//! Few values are at risk, and [`Given::is_at_risk`] tells at a glance. For one that is, [`whereabouts`] says which
//! columns it goes to and what they are declared as, and [`crate::keeps`] whether such a column keeps it: what `insert`
//! takes.

use std::collections::HashMap;
use std::sync::Arc;

use industrydb_core::error::{Error, Result};
use industrydb_core::table::ColumnInfo;
use industrydb_core::value::Value;

use crate::code_page::{Question, answers};
use crate::error::BACKEND;
use crate::keeps::{Given, Verdict, code_page, shown};
use crate::session::Session;
use crate::statement::Statement;
use crate::whereabouts::{self, Parameter};

/// Statements that are remembered.
const MOST_REMEMBERED: usize = 256;

/// Where each statement stores its parameters, as of when it was looked up.
#[derive(Debug, Default)]
pub struct Cache(HashMap<String, Arc<[Parameter]>>);

impl Cache {
    /// Forgets all: there are other tables now.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    fn put(&mut self, sql: &str, found: Vec<Parameter>) -> Arc<[Parameter]> {
        if self.0.len() >= MOST_REMEMBERED {
            self.0.clear();
        }
        let found: Arc<[Parameter]> = found.into();
        self.0.insert(sql.to_owned(), Arc::clone(&found));
        found
    }
}

/// Refuses the first parameter of `statements` that they would not store as it is.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Conversion`] naming parameter, value, column and what to do; a lost connection, a
/// cancel.
pub async fn check(session: &mut Session, statements: &[Statement<'_>]) -> Result<()> {
    let has_any = |statement: &&Statement<'_>| {
        let mut given = statement.values.iter().zip(&statement.params).map(|(value, bound)| Given { value, bound });
        given.any(Given::is_at_risk)
    };
    let at_risk: Vec<&Statement<'_>> = statements.iter().filter(has_any).collect();
    let remembered = at_risk.iter().any(|statement| session.descriptions.stored.0.contains_key(&*statement.sql));
    let Some(error) = refusal(session, &at_risk).await? else { return Ok(()) };
    if !remembered {
        return Err(error);
    }
    // Somebody else may have changed the table since.
    for statement in &at_risk {
        session.descriptions.stored.0.remove(&*statement.sql);
    }
    refusal(session, &at_risk).await?.map_or(Ok(()), Err)
}

/// What `statement` has in the place of `parameter`, if that is at risk.
fn at_risk<'g>(statement: &'g Statement<'_>, parameter: &Parameter) -> Option<Given<'g>> {
    let (value, bound) = (statement.values.get(parameter.at)?, statement.params.get(parameter.at)?);
    Some(Given { value, bound }).filter(|given| given.is_at_risk())
}

/// What is said of the first value that no column that it may go to keeps.
async fn refusal(session: &mut Session, statements: &[&Statement<'_>]) -> Result<Option<Error>> {
    let mut known = Vec::with_capacity(statements.len());
    for statement in statements {
        let remembered = session.descriptions.stored.0.get(&*statement.sql).map(Arc::clone);
        known.push(match remembered {
            Some(stored) => stored,
            None => {
                let found = whereabouts::parameters(session, &statement.sql).await?;
                session.descriptions.stored.put(&statement.sql, found)
            }
        });
    }
    let mut open = Vec::new();
    for (statement, stored) in statements.iter().zip(&known) {
        for parameter in stored.iter() {
            let Some(given) = at_risk(statement, parameter) else { continue };
            match judge(given, parameter) {
                Judgement::Stored => {}
                Judgement::Refused(error) => return Ok(Some(error)),
                Judgement::Open(question) => open.push(question),
            }
        }
    }
    if open.is_empty() {
        return Ok(None);
    }
    let questions: Vec<Question<'_>> = open.iter().flat_map(|open| &open.questions).copied().collect();
    let answers = answers(session, &questions).await?;
    let is_kept = |question: &Question<'_>| answers.get(question).is_some_and(|kept| *kept);
    let refused = open.into_iter().find(|open| !open.questions.iter().any(is_kept));
    Ok(refused.map(|open| refused_by(open.given, open.parameter, open.target)))
}

/// What is known of a parameter.
enum Judgement<'g> {
    /// A column may keep it.
    Stored,
    /// None does.
    Refused(Error),
    /// The server has to say.
    Open(Open<'g>),
}

/// A parameter that is kept if the server says so of one of its columns.
struct Open<'g> {
    given: Given<'g>,
    parameter: &'g Parameter,
    /// The column that an error names.
    target: &'g ColumnInfo,
    questions: Vec<Question<'g>>,
}

fn judge<'g>(given: Given<'g>, parameter: &'g Parameter) -> Judgement<'g> {
    let mut first = None;
    let mut questions = Vec::new();
    for target in &parameter.targets {
        match given.verdict(target) {
            Verdict::Keeps => return Judgement::Stored,
            Verdict::ForTheServer => continue,
            Verdict::Changes => {}
            Verdict::InCodePage => {
                questions.extend(given.wide_text().and_then(|text| Question::of(text, target)));
            }
        }
        first.get_or_insert(target);
    }
    match first {
        None => Judgement::Stored,
        Some(target) if questions.is_empty() => Judgement::Refused(refused_by(given, parameter, target)),
        Some(target) => Judgement::Open(Open { given, parameter, target, questions }),
    }
}

/// What is said of a parameter that `target` does not keep.
fn refused_by(given: Given<'_>, parameter: &Parameter, target: &ColumnInfo) -> Error {
    let (place, ColumnInfo { name, declared_type, .. }) = (parameter.at + 1, target);
    let collation = given.wide_text().and_then(|_| code_page(target)).map(|name| format!(" COLLATE {name}"));
    let collation = collation.unwrap_or_default();
    let change_it = format!("change it first, or let the statement do so: CAST(@P{place} AS {declared_type})");
    let (shown, hint) = match given.value {
        Value::Text(_) | Value::List(_) | Value::Json(_) if collation.is_empty() => ("the text".to_owned(), change_it),
        Value::Bytes(_) => (shown(given.value), change_it),
        Value::Time(_) | Value::Datetime(_) | Value::DatetimeUtc(_) if target.collation.is_some() => {
            (shown(given.value), change_it)
        }
        Value::Text(_) | Value::List(_) | Value::Json(_) => (
            "the text".to_owned(),
            format!(
                "nvarchar holds all characters; to lose some, let the statement do so: \
                 CAST(@P{place}{collation} AS {declared_type})"
            ),
        ),
        Value::Float(_) if target.collation.is_some() => (
            shown(given.value),
            format!(
                "pass text; CAST(@P{place} AS varchar(30)) writes six digits, CONVERT(varchar(30), @P{place}, 3) all"
            ),
        ),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::Datetime(_)
        | Value::DatetimeUtc(_)
        | Value::Duration(_)
        | Value::Uuid(_) => (
            shown(given.value),
            format!("round it first, or let the statement do so: CAST(@P{place} AS {declared_type})"),
        ),
    };
    let message = format!(
        "parameter @P{place}: {shown} is not kept exactly by the column {name:?}, declared {declared_type}{collation}"
    );
    let error = Error::conversion(message).with_hint(hint).with_column(name).with_table(&parameter.table);
    error.with_backend(BACKEND)
}
