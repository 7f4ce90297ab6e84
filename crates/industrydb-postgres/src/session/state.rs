//! What the connector tells of a session while a statement may have it, and who has it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use industrydb_core::error::{Error, Result};

use super::Session;
use crate::error::BACKEND;

/// What the connector tells without asking the server, while a statement may be running.
#[derive(Debug, Default)]
pub struct State {
    pub(super) in_transaction: AtomicBool,
    closed: Mutex<Option<String>>,
}

impl State {
    /// Whether a transaction is open.
    pub fn in_transaction(&self) -> bool {
        self.in_transaction.load(Ordering::Acquire)
    }

    /// Why the connection can't be used any more, if it can't.
    pub fn closed(&self) -> Option<String> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Refuses a connection that can't be used any more.
    ///
    /// # Errors
    /// [`ErrorKind::Connection`] with the reason.
    pub fn check(&self) -> Result<()> {
        self.closed().map_or(Ok(()), |reason| Err(Error::connection(reason).with_backend(BACKEND)))
    }

    /// Nothing more can be done with the connection.
    pub fn close(&self, reason: impl Into<String>) {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| reason.into());
        self.in_transaction.store(false, Ordering::Release);
    }
}

/// A session until it is let go, which closes its socket once no call has it.
pub struct Held(Mutex<Option<Arc<tokio::sync::Mutex<Session>>>>);

impl Held {
    /// Holds `session`.
    pub fn new(session: Session) -> Self {
        Self(Mutex::new(Some(Arc::new(tokio::sync::Mutex::new(session)))))
    }

    /// The session, unless it was let go.
    pub fn get(&self) -> Option<Arc<tokio::sync::Mutex<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets the session go and gives it, if there still is one.
    pub fn let_go(&self) -> Option<Arc<tokio::sync::Mutex<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
