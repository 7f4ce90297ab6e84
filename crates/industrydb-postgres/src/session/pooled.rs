//! Calls that leave the server's session as they found it: behind a pooler, and while it listens.

use industrydb_core::error::Result;
use sqlx::Connection as _;

use super::Session;

impl Session {
    /// Takes the notifications that have come.
    ///
    /// # Errors
    /// What the server says.
    pub async fn settle(&mut self) -> Result<()> {
        if !self.listening || self.state.in_transaction() {
            return Ok(());
        }
        self.connection.ping().await.map_err(|cause| self.error(cause))
    }

    /// Begins the transaction that a call behind a pooler needs, so that all of it reaches the same server session.
    ///
    /// # Errors
    /// What the server says.
    pub async fn enter_pooled(&mut self) -> Result<bool> {
        self.settle().await?;
        if !(self.pooled || self.listening) || self.state.in_transaction() {
            return Ok(false);
        }
        self.run_simple("BEGIN").await.map(|()| true)
    }

    /// Drops what is prepared on the server, while it is still this server session that answers.
    ///
    /// # Errors
    /// What the server says.
    pub async fn clear_prepared(&mut self) -> Result<()> {
        self.plans.clear();
        let cleared = self.connection.clear_cached_statements().await;
        cleared.map_err(|cause| self.error(cause))
    }

    /// Leaves the server's session as it was found: nothing prepared, and the transaction of [`Self::enter_pooled`]
    /// ended.
    ///
    /// # Errors
    /// That of `outcome`, else what the server says.
    pub async fn leave_pooled<T>(&mut self, entered: bool, outcome: Result<T>) -> Result<T> {
        if !(self.pooled || entered) || self.state.closed().is_some() {
            return outcome;
        }
        let cleared = if self.pooled { self.clear_prepared().await } else { Ok(()) };
        if !entered {
            return cleared.and(outcome);
        }
        match cleared.and(outcome) {
            Ok(value) => self.run_simple("COMMIT").await.map(|()| value),
            Err(error) => {
                // What went wrong is what the caller has to know, whatever becomes of the rollback.
                let _ = self.run_simple("ROLLBACK").await;
                Err(error)
            }
        }
    }
}
