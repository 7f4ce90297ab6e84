//! `begin`, `commit`, `rollback`.

use super::atomic::roll_back;
use super::execute::execute_simple;
use crate::connector::DatabaseConnector;
use crate::error::{Error, ErrorKind, Result};
use crate::sql::Dialect;

/// How a transaction was begun; ending it needs the same, to put the session back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransactionOptions {
    /// The isolation level's name in any case; the server's usual one if `None`.
    pub isolation: Option<String>,
    /// Whether it may only read.
    pub read_only: bool,
    /// Whether it waits until nothing can conflict with what it reads.
    pub deferrable: bool,
}

impl TransactionOptions {
    /// Refuses what `dialect` does not have, before anything is begun.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Argument`].
    pub fn check(&self, dialect: &Dialect) -> Result<()> {
        dialect.begin(self.isolation.as_deref(), self.read_only, self.deferrable).map(drop)
    }
}

/// Begins a transaction.
///
/// # Errors
/// [`crate::error::ErrorKind::Argument`] for an isolation level that the backend does not have;
/// [`crate::error::ErrorKind::Execution`] if a transaction is open; whatever the server says.
pub async fn begin(connector: &mut dyn DatabaseConnector, options: &TransactionOptions) -> Result<()> {
    let dialect = connector.dialect();
    let statements = dialect.begin(options.isolation.as_deref(), options.read_only, options.deferrable)?;
    if connector.in_transaction() {
        return Err(Error::execution("a transaction is open already").with_backend(dialect.backend));
    }
    for statement in statements {
        if let Err(error) = execute_simple(connector, &statement).await {
            return Err(roll_back(connector, &[dialect.transactions.rollback.to_owned()], error).await);
        }
    }
    Ok(())
}

/// Commits. What a constraint forbids to commit is rolled back; where a lock is in the way, the transaction stays open and
/// the commit can be tried again.
///
/// # Errors
/// [`crate::error::ErrorKind::Execution`] if no transaction is open; whatever the server says.
pub async fn commit(connector: &mut dyn DatabaseConnector, options: &TransactionOptions) -> Result<()> {
    let transactions = &connector.dialect().transactions;
    let outcome = match end(connector, transactions.commit).await {
        Err(error) if error.kind().is_constraint() => {
            Err(roll_back(connector, &[transactions.rollback.to_owned()], error).await)
        }
        outcome => outcome,
    };
    outcome.and(put_back(connector, options).await)
}

/// Rolls back.
///
/// # Errors
/// As [`commit`].
pub async fn rollback(connector: &mut dyn DatabaseConnector, options: &TransactionOptions) -> Result<()> {
    let statement = connector.dialect().transactions.rollback;
    let outcome = match end(connector, statement).await {
        // A cancel that came late; what it was meant for is over.
        Err(error) if error.kind() == ErrorKind::Cancelled => {
            let error = roll_back(connector, &[statement.to_owned()], error).await;
            if connector.in_transaction() { Err(error) } else { Ok(()) }
        }
        outcome => outcome,
    };
    outcome.and(put_back(connector, options).await)
}

async fn end(connector: &mut dyn DatabaseConnector, statement: &str) -> Result<()> {
    if !connector.in_transaction() {
        return Err(Error::execution("no transaction is open").with_backend(connector.dialect().backend));
    }
    execute_simple(connector, statement).await.map(drop)
}

/// Puts back what [`begin`] set for the session, once the transaction is over.
///
/// # Errors
/// Whatever the server says.
pub async fn put_back(connector: &mut dyn DatabaseConnector, options: &TransactionOptions) -> Result<()> {
    if connector.in_transaction() || connector.closed_because().is_some() {
        return Ok(());
    }
    for statement in connector.dialect().after_transaction(options.isolation.as_deref(), options.read_only) {
        execute_simple(connector, statement).await?;
    }
    Ok(())
}
