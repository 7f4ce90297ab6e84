//! A caller's statement on its way to the server: translated, its parameters bound, its way chosen.

use std::borrow::Cow;

use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::sql::{TransactionEffect, transaction_effects, translate};
use industrydb_core::value::Params;

use crate::describe::undeclared_parameters;
use crate::dialect::DIALECT;
use crate::error::BACKEND;
use crate::params::Bound;
use crate::request::{Shape, statements_with_parameters};
use crate::session::{Request, Session, declarations};
use crate::variant::is_null;

/// Whether the server said it of the statement: a cancel or a lost connection is something else.
pub fn is_of_the_statement(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Connection | ErrorKind::ConnectionClosed | ErrorKind::Cancelled | ErrorKind::Timeout => false,
        _ => error.details().code.is_some(),
    }
}

/// A statement that is ready to be sent.
#[derive(Debug)]
pub struct Statement<'s> {
    /// What is sent.
    pub sql: Cow<'s, str>,
    /// Its parameters, `@P1` first.
    pub params: Vec<Bound<'s>>,
    /// What its text says about it.
    pub shape: Shape,
}

impl<'s> Statement<'s> {
    /// Fits `params` to the placeholders of `sql`.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Execution`] if they do not fit or are too many,
    /// [`industrydb_core::error::ErrorKind::Conversion`] for a value that the server does not hold.
    pub fn new(sql: &'s str, params: &'s Params) -> Result<Self> {
        let translated = translate(sql, DIALECT.placeholders, params).map_err(|error| error.with_backend(BACKEND))?;
        let values = translated.values(params).map_err(|error| error.with_backend(BACKEND))?;
        if values.len() > DIALECT.max_parameters {
            let (given, most) = (values.len(), DIALECT.max_parameters);
            return Err(Error::execution(format!(
                "the statement has {given} parameters, SQL Server takes {most} in one"
            ))
            .with_hint("insert the values into a temporary table and use that")
            .with_backend(BACKEND));
        }
        let params: Vec<Bound<'s>> =
            values.into_iter().enumerate().map(|(at, value)| Bound::of(value, at + 1)).collect::<Result<_>>()?;
        let sql = translated.sql;
        if !params.is_empty() && statements_with_parameters(&sql) > 1 {
            return Err(Error::execution("parameters need a single statement; this is a script of several")
                .with_hint("a script that begins with DECLARE may use them anywhere")
                .with_backend(BACKEND));
        }
        let shape = Shape::of(&sql);
        Ok(Self { sql, params, shape })
    }

    /// Gives each NULL among its parameters the type that the server expects there: a NULL of another type is refused
    /// where the two do not convert (text and bytes).
    ///
    /// # Errors
    /// A lost connection, a cancel.
    pub async fn type_nulls(&mut self, session: &mut Session) -> Result<()> {
        if !self.params.iter().any(|bound| is_null(&bound.data)) {
            return Ok(());
        }
        let types = match session.descriptions.parameters(&self.sql) {
            Some(types) => types,
            None => {
                let types = match undeclared_parameters(session, &self.sql).await {
                    Ok(types) => types,
                    // The server can't tell for every statement; running it says what is wrong.
                    Err(error) if is_of_the_statement(&error) => Vec::new(),
                    Err(error) => return Err(error),
                };
                session.descriptions.put_parameters(&self.sql, types)
            }
        };
        for (bound, declared) in self.params.iter_mut().zip(types.iter()) {
            if let (true, Some(declared)) = (is_null(&bound.data), declared) {
                *bound = Bound::null(declared.clone());
            }
        }
        Ok(())
    }

    /// Whether it goes as a call: it has parameters, or it changes rows and nothing of the session.
    pub fn is_call(&self) -> bool {
        !self.params.is_empty()
            || self.shape.changes_rows
                && !self.shape.needs_session
                && (!self.shape.transacts || self.shape.is_straight && self.ends_what_it_begins())
    }

    /// Whether it leaves as many transactions open as it meets, and none of those that it meets ends meanwhile.
    fn ends_what_it_begins(&self) -> bool {
        let effects = transaction_effects(&self.sql, DIALECT.placeholders);
        let own = effects.into_iter().try_fold(0_u32, |own, effect| match effect {
            TransactionEffect::Begin => Some(own + 1),
            TransactionEffect::Commit => own.checked_sub(1),
            TransactionEffect::Savepoint => Some(own),
            TransactionEffect::Rollback
            | TransactionEffect::Chain
            | TransactionEffect::RollbackTo
            | TransactionEffect::Release => None,
        });
        own == Some(0)
    }

    /// What is to be sent.
    pub fn request(&self) -> Request<'_> {
        if self.is_call() { Request::with_params(&self.sql, self.params.clone()) } else { Request::Batch(&self.sql) }
    }

    /// The declarations of its parameters.
    pub fn declarations(&self) -> String {
        declarations(&self.params)
    }

    /// `@@TRANCOUNT` after it, if it is `depth` before it and nothing fails.
    pub fn depth_after(&self, depth: u32) -> u32 {
        if !self.shape.transacts {
            return depth;
        }
        transaction_effects(&self.sql, DIALECT.placeholders).into_iter().fold(depth, |depth, effect| match effect {
            TransactionEffect::Begin => depth + 1,
            TransactionEffect::Commit => depth.saturating_sub(1),
            TransactionEffect::Rollback => 0,
            TransactionEffect::Chain
            | TransactionEffect::Savepoint
            | TransactionEffect::RollbackTo
            | TransactionEffect::Release => depth,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use industrydb_core::value::Value;

    #[test]
    fn transactions_are_counted() {
        for (sql, before, after) in [
            ("BEGIN TRANSACTION", 0, 1),
            ("BEGIN TRAN; BEGIN TRAN", 0, 2),
            ("COMMIT", 2, 1),
            ("ROLLBACK", 2, 0),
            ("SAVE TRANSACTION a", 1, 1),
            ("ROLLBACK TRANSACTION [a]", 1, 1),
            ("INSERT INTO t VALUES (1)", 1, 1),
            ("BEGIN TRAN; INSERT INTO t VALUES (1); COMMIT", 0, 0),
        ] {
            let none = Params::NONE;
            let statement = Statement::new(sql, &none).expect(sql);
            assert_eq!(statement.depth_after(before), after, "{sql}");
        }
    }

    #[test]
    fn a_script_that_ends_its_transactions_is_a_call() {
        for (sql, is_call) in [
            ("INSERT INTO t VALUES (1)", true),
            ("CREATE TABLE t (a int); INSERT INTO t VALUES (1); DELETE t", true),
            ("BEGIN TRAN; INSERT INTO t VALUES (1); COMMIT", true),
            ("BEGIN TRAN; INSERT INTO t VALUES (1)", false),
            ("COMMIT; INSERT INTO t VALUES (1); BEGIN TRAN", false),
            ("BEGIN TRAN; INSERT INTO t VALUES (1); ROLLBACK", false),
            ("IF 1 = 1 BEGIN TRAN; INSERT INTO t VALUES (1); IF 1 = 1 COMMIT", false),
            ("CREATE TABLE #t (a int); INSERT INTO #t VALUES (1)", false),
            ("CREATE TABLE t (a int)", false),
            ("SELECT 1 AS a", false),
        ] {
            let none = Params::NONE;
            assert_eq!(Statement::new(sql, &none).expect(sql).is_call(), is_call, "{sql}");
        }
    }

    #[test]
    fn parameters_are_counted_before_anything_is_sent() {
        let many = Params::Positional(vec![Value::Int(1); 2_099]);
        let sql = format!("SELECT 1 WHERE 1 IN ({})", vec!["?"; 2_099].join(","));
        let error = Statement::new(&sql, &many).expect_err("too many");
        assert!(error.message().contains("2099 parameters"), "{error}");
        let two = Params::Positional(vec![Value::Int(1); 2]);
        assert!(Statement::new("DELETE t WHERE a = ?; DELETE t WHERE a = ?", &two).is_err());
        let statement = Statement::new("SELECT ?, ?", &two).expect("fits");
        assert_eq!(
            (statement.sql.as_ref(), statement.declarations().as_str()),
            ("SELECT @P1, @P2", "@P1 bigint, @P2 bigint")
        );
        assert!(statement.is_call());
    }
}
