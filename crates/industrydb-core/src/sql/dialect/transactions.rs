//! The SQL of transactions and savepoints.

use super::Dialect;
use crate::error::{Error, Result};

/// How a backend spells transactions.
#[derive(Debug)]
pub struct Transactions {
    /// What begins a transaction with the default isolation.
    pub begin: &'static [&'static str],
    /// What begins one that will write: it takes the lock that it needs at once, where a later one could be refused.
    pub begin_writing: &'static str,
    /// Each isolation level that a caller may name, and what begins a transaction with it.
    pub isolation: &'static [(&'static str, &'static [&'static str])],
    /// How a transaction becomes read-only.
    pub read_only: ReadOnly,
    /// The clause behind the statement that begins a transaction which waits for a snapshot that nothing can conflict
    /// with; `None` where there is no such thing.
    pub deferrable: Option<&'static str>,
    /// What commits.
    pub commit: &'static str,
    /// What rolls back.
    pub rollback: &'static str,
    /// What puts the session's isolation level back after a transaction that named one, where it would stay.
    pub reset_isolation: &'static [&'static str],
    /// Savepoints.
    pub savepoints: Savepoints,
}

/// How a transaction becomes read-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOnly {
    /// By a clause behind the statement that begins it.
    Clause(&'static str),
    /// By a setting of the session, put back when the transaction ends.
    Setting {
        /// Runs after the transaction began.
        enter: &'static str,
        /// Runs after it ended.
        leave: &'static str,
    },
    /// Not at all.
    Unsupported,
}

/// What stands before a savepoint's quoted name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Savepoints {
    /// Sets it.
    pub set: &'static str,
    /// Takes back everything since.
    pub rollback_to: &'static str,
    /// Forgets it; `None` where savepoints last until the transaction ends.
    pub release: Option<&'static str>,
}

impl Dialect {
    /// The statements that begin a transaction.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Argument`] for an isolation level that the backend does not have, naming those that
    /// it has, and for `read_only` and `deferrable` where there is no such thing.
    pub fn begin(&self, isolation: Option<&str>, read_only: bool, deferrable: bool) -> Result<Vec<String>> {
        let transactions = &self.transactions;
        let begin = match isolation {
            None => transactions.begin,
            Some(wanted) => {
                let known = transactions.isolation.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
                known.map(|(_, begin)| *begin).ok_or_else(|| self.unknown_isolation(wanted))?
            }
        };
        let mut statements: Vec<String> = begin.iter().map(|&statement| statement.to_owned()).collect();
        if deferrable {
            match (transactions.deferrable, statements.last_mut()) {
                (Some(clause), Some(last)) => last.push_str(clause),
                (None, _) | (_, None) => {
                    return Err(Error::argument(format!("{} has no deferrable transactions", self.backend)));
                }
            }
        }
        if read_only {
            match transactions.read_only {
                ReadOnly::Clause(clause) => {
                    if let Some(last) = statements.last_mut() {
                        last.push_str(clause);
                    }
                }
                ReadOnly::Setting { enter, leave: _ } => statements.push(enter.to_owned()),
                ReadOnly::Unsupported => {
                    return Err(Error::argument(format!("{} has no read-only transactions", self.backend)));
                }
            }
        }
        Ok(statements)
    }

    /// The statements that put the session back after a transaction that [`Dialect::begin`] began has ended.
    pub fn after_transaction(&self, isolation: Option<&str>, read_only: bool) -> Vec<&'static str> {
        let transactions = &self.transactions;
        let isolation = if isolation.is_some() { transactions.reset_isolation } else { &[] };
        let read_only = match transactions.read_only {
            ReadOnly::Setting { enter: _, leave } if read_only => Some(leave),
            ReadOnly::Setting { .. } | ReadOnly::Clause(_) | ReadOnly::Unsupported => None,
        };
        isolation.iter().copied().chain(read_only).collect()
    }

    fn unknown_isolation(&self, wanted: &str) -> Error {
        let known: Vec<String> = self.transactions.isolation.iter().map(|(name, _)| format!("{name:?}")).collect();
        Error::argument(format!("isolation must be one of {} for {}, not {wanted:?}", known.join(", "), self.backend))
    }
}
