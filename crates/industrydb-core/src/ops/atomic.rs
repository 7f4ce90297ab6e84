//! All or nothing: a transaction, or a savepoint where one is open already.

use super::execute::execute_simple;
use crate::connector::DatabaseConnector;
use crate::error::{Error, ErrorKind, Result};
use crate::sql::generate::unique_name;

/// How often a rollback is tried that a late cancel hits.
const ROLLBACK_TRIES: usize = 3;

/// A transaction, or a savepoint in the one that is open, on its way to an end.
///
/// ```text
/// let atomic = Atomic::begin(connector).await?;
/// let outcome = work(connector).await;
/// atomic.end(connector, outcome).await
/// ```
#[derive(Debug)]
#[must_use = "it stays open until `end`"]
pub struct Atomic {
    /// The savepoint's quoted name.
    savepoint: Option<String>,
}

impl Atomic {
    /// Begins a transaction that will write, or sets a savepoint if one is open.
    ///
    /// # Errors
    /// Whatever the server says.
    pub async fn begin(connector: &mut dyn DatabaseConnector) -> Result<Self> {
        let dialect = connector.dialect();
        if connector.in_transaction() {
            let savepoint = dialect.quote(&unique_name("industrydb"))?;
            execute_simple(connector, &format!("{}{savepoint}", dialect.transactions.savepoints.set)).await?;
            return Ok(Self { savepoint: Some(savepoint) });
        }
        execute_simple(connector, dialect.transactions.begin_writing).await?;
        Ok(Self { savepoint: None })
    }

    /// Keeps what was done if `outcome` is good, else takes it back, and gives `outcome`. What can't be committed is
    /// taken back as well.
    ///
    /// # Errors
    /// That of `outcome`, else that of the commit. A rollback that fails as well is told in the error's detail.
    pub async fn end<T>(self, connector: &mut dyn DatabaseConnector, outcome: Result<T>) -> Result<T> {
        let kept = match outcome {
            Ok(value) => self.keep(connector).await.map(|()| value),
            Err(error) => Err(error),
        };
        match kept {
            Ok(value) => Ok(value),
            Err(error) => Err(self.take_back(connector, error).await),
        }
    }

    async fn keep(&self, connector: &mut dyn DatabaseConnector) -> Result<()> {
        let transactions = &connector.dialect().transactions;
        match (&self.savepoint, transactions.savepoints.release) {
            (None, _) => execute_simple(connector, transactions.commit).await.map(drop),
            (Some(savepoint), Some(release)) => {
                execute_simple(connector, &format!("{release}{savepoint}")).await.map(drop)
            }
            (Some(_), None) => Ok(()),
        }
    }

    /// Gives `error`, which nothing hides: neither that the server rolled back by itself (SQLite does when the disk is
    /// full) nor that the connection is gone.
    async fn take_back(&self, connector: &mut dyn DatabaseConnector, error: Error) -> Error {
        let transactions = &connector.dialect().transactions;
        let savepoints = transactions.savepoints;
        let statements = match (&self.savepoint, savepoints.release) {
            (None, _) => vec![transactions.rollback.to_owned()],
            (Some(savepoint), None) => vec![format!("{}{savepoint}", savepoints.rollback_to)],
            (Some(savepoint), Some(release)) => {
                vec![format!("{}{savepoint}", savepoints.rollback_to), format!("{release}{savepoint}")]
            }
        };
        roll_back(connector, &statements, error).await
    }
}

/// Runs `statements`, which take back what led to `error`, and gives `error`. Nothing is to be done where no
/// transaction is open any more.
pub(super) async fn roll_back(connector: &mut dyn DatabaseConnector, statements: &[String], mut error: Error) -> Error {
    for statement in statements {
        let mut tries = ROLLBACK_TRIES;
        while connector.in_transaction() && connector.closed_because().is_none() {
            let Err(failure) = execute_simple(connector, statement).await else {
                break;
            };
            tries -= 1;
            if tries == 0 || failure.kind() != ErrorKind::Cancelled {
                error.details_mut().detail.get_or_insert_with(|| format!("{statement} failed as well: {failure}"));
                return error;
            }
        }
    }
    error
}
