//! One statement over many rows of parameters, without a round trip for each.
//!
//! The driver sends one statement and waits for its answer. So the statement is prepared under a name, and many
//! `EXECUTE name(…)` with literal values travel as one message (PostgreSQL manual, PREPARE, EXECUTE; 54.2.2.1: they run
//! one after the other, inside the caller's transaction).

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use futures_core::Stream as _;
use industrydb_core::error::{Error, Result};
use industrydb_core::sql::tokens::{Kind, tokenize};
use industrydb_core::sql::{PlaceholderStyle, first_keyword, translate};
use industrydb_core::value::{Params, Value};
use sqlx::{AssertSqlSafe, Either, Executor as _, raw_sql};

use crate::literal;
use crate::session::{Session, check_text};
use crate::stored;

/// What the statement is called on the server.
const NAME: &str = "industrydb_many";
/// How much SQL goes into one message.
const MESSAGE: usize = 256 << 10;

/// Runs `sql` for each of `rows` and adds up the rows changed.
///
/// # Errors
/// As [`Session::ready`], with the row in the detail; what the server says.
pub async fn execute_many(session: &mut Session, sql: &str, rows: &[Params]) -> Result<u64> {
    check_text(sql)?;
    let Some(first) = rows.first() else { return Ok(0) };
    let keyword = first_keyword(sql, PlaceholderStyle::Dollar).unwrap_or_default().to_ascii_lowercase();
    let preparable =
        matches!(keyword.as_str(), "insert" | "update" | "delete" | "merge" | "with" | "select" | "values");
    // Behind a pooler a statement that SQL has prepared would outlast a transaction that fails.
    if !preparable || first.is_empty() || session.is_pooled() {
        return one_by_one(session, sql, rows).await;
    }
    let translated = translate(sql, PlaceholderStyle::Dollar, first)?;
    let values = rows
        .iter()
        .enumerate()
        .map(|(row, params)| translated.values(params).map_err(|error| in_row(error, row)))
        .collect::<Result<Vec<_>>>()?;
    let (text, plan) = session.typed(sql, &translated.sql, &typical(&values)).await?;
    let checked = stored::check(session, &translated.sql, &plan.parameters, text != translated.sql, &values).await;
    checked.map_err(|(row, error)| in_row(error, row))?;
    session.drop_left().await?;
    session.run_simple(&format!("PREPARE {NAME} AS {text}")).await?;
    let outcome = run_all(session, &plan.parameters, &values).await;
    // In a transaction that failed nothing more is heard; its end comes before the next use of the name.
    session.forget_prepared(NAME, outcome.is_err()).await?;
    let changed = outcome?;
    Ok(if reads(&keyword, sql) { 0 } else { changed })
}

/// Whether the number of rows that the server reports is of rows read: a query, also one behind a WITH.
fn reads(keyword: &str, sql: &str) -> bool {
    if keyword != "with" {
        return matches!(keyword, "select" | "values");
    }
    let tokens = tokenize(sql, PlaceholderStyle::Dollar).unwrap_or_default();
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Symbol('(') => depth += 1,
            Kind::Symbol(')') => depth = depth.saturating_sub(1),
            Kind::Word if depth == 0 && (token.is_word(sql, "select") || token.is_word(sql, "table")) => return true,
            // What is no name of a query, which AS or its columns would follow.
            Kind::Word
                if depth == 0
                    && ["insert", "update", "delete", "merge"].iter().any(|word| token.is_word(sql, word)) =>
            {
                let next = tokens.iter().skip(at + 1).find(|token| token.kind != Kind::Trivia);
                if next.is_some_and(|next| next.kind != Kind::Symbol('(') && !next.is_word(sql, "as")) {
                    return false;
                }
            }
            Kind::Trivia | Kind::Word | Kind::Quoted | Kind::Literal | Kind::Dollar | Kind::Symbol(_) => {}
        }
    }
    true
}

/// For each placeholder the first value that is not NULL: it decides the type where the statement does not.
fn typical<'v>(rows: &[Vec<&'v Value>]) -> Vec<&'v Value> {
    let width = rows.first().map_or(0, Vec::len);
    let value = |at: usize| {
        let mut values = rows.iter().filter_map(|row| row.get(at).copied());
        values.find(|value| **value != Value::Null).unwrap_or(&Value::Null)
    };
    (0..width).map(value).collect()
}

async fn run_all(session: &mut Session, types: &[crate::types::Type], rows: &[Vec<&Value>]) -> Result<u64> {
    let mut message = String::with_capacity(MESSAGE + 1024);
    let mut changed = 0;
    let mut sent = 0;
    for (at, row) in rows.iter().enumerate() {
        message.extend(["EXECUTE ", NAME, "("]);
        for (place, (value, ty)) in row.iter().zip(types).enumerate() {
            if place > 0 {
                message.push_str(", ");
            }
            literal::write(value, ty, &mut message).map_err(|error| in_row(error, at))?;
        }
        message.push_str(");");
        if message.len() >= MESSAGE || at + 1 == rows.len() {
            changed += send(session, &message, sent).await?;
            message.clear();
            sent = at + 1;
        }
    }
    Ok(changed)
}

/// Runs one message, whose first statement is for the row `first`.
async fn send(session: &mut Session, message: &str, first: usize) -> Result<u64> {
    let mut changed = 0;
    let mut done = 0;
    let calls = Arc::clone(&session.calls);
    let outcome = calls
        .watched(async {
            let mut results = (&mut session.connection).fetch_many(raw_sql(AssertSqlSafe(message)));
            while let Some(result) = poll_fn(|cx| Pin::new(&mut results).poll_next(cx)).await {
                if let Either::Left(result) = result? {
                    changed += result.rows_affected();
                    done += 1;
                }
            }
            Ok(())
        })
        .await;
    match outcome {
        Ok(()) => Ok(changed),
        Err(cause) => {
            let mut error = session.error(cause);
            // It counts in the message, which the caller did not write.
            error.details_mut().position = None;
            Err(in_row(error, first + done))
        }
    }
}

async fn one_by_one(session: &mut Session, sql: &str, rows: &[Params]) -> Result<u64> {
    let mut changed = 0;
    for (row, params) in rows.iter().enumerate() {
        let ready = session.ready(sql, params).await.map_err(|error| in_row(error, row))?;
        let arguments = ready.bindings.arguments().map_err(|cause| session.error(cause))?;
        let query = sqlx::Statement::query_with(&ready.plan.statement, arguments);
        let outcome = query.execute(&mut session.connection).await;
        match outcome {
            Ok(result) => changed += result.rows_affected(),
            Err(cause) => return Err(in_row(session.located(cause, sql, &ready.sql), row)),
        }
    }
    Ok(changed)
}

/// The error with the row of parameters that caused it.
fn in_row(mut error: Error, row: usize) -> Error {
    let place = format!("row {row} of the parameters");
    let detail = error.details_mut().detail.take();
    error.details_mut().detail = Some(detail.map_or_else(|| place.clone(), |detail| format!("{detail} ({place})")));
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads() {
        for (sql, expected) in [
            ("SELECT 1", true),
            ("INSERT INTO t VALUES ($1)", false),
            ("WITH a AS (SELECT $1) SELECT * FROM a", true),
            ("WITH a AS (SELECT $1) INSERT INTO t SELECT * FROM a", false),
            ("WITH a AS (INSERT INTO t VALUES ($1) RETURNING *) SELECT * FROM a", true),
            ("WITH a (delete) AS (SELECT $1), update AS (SELECT 1) DELETE FROM t", false),
            ("WITH a AS (SELECT $1) SELECT * FROM t FOR UPDATE OF t", true),
            ("WITH delete AS (SELECT $1) (SELECT * FROM delete)", true),
        ] {
            let keyword = first_keyword(sql, PlaceholderStyle::Dollar).unwrap().to_ascii_lowercase();
            assert_eq!(reads(&keyword, sql), expected, "{sql}");
        }
    }
}
