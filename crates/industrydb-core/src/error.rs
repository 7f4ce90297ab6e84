//! The one error type of the workspace.
//!
//! A connector classifies what its server said once, in its own `error.rs`, into an [`ErrorKind`]; the Python layer
//! maps each kind to one exception class. Everything a server told beside the message travels in [`Details`].

use std::fmt;

/// `Result` with the workspace's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong; one variant for each exception class of `industrydb.exceptions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A bad URI, option or configuration file.
    Configuration,
    /// Refused, unreachable, login failed, or the connection was lost.
    Connection,
    /// The connection was used after it was closed.
    ConnectionClosed,
    /// The server (or we, on its behalf) refused the statement.
    Execution,
    /// The statement ran out of its `timeout`.
    Timeout,
    /// The statement was cancelled.
    Cancelled,
    /// A constraint that is none of the four below.
    Constraint,
    /// A unique or primary key constraint.
    UniqueViolation,
    /// A foreign key constraint.
    ForeignKeyViolation,
    /// A NOT NULL constraint.
    NotNullViolation,
    /// A CHECK constraint.
    CheckViolation,
    /// A value does not fit the type it has to become.
    Conversion,
    /// An argument of a call has a value that it cannot have (Python: `ValueError`).
    Argument,
    /// An argument of a call has a type that it cannot have (Python: `TypeError`).
    ArgumentType,
}

impl ErrorKind {
    /// Whether a constraint was violated, of whatever kind.
    pub fn is_constraint(self) -> bool {
        match self {
            Self::Constraint
            | Self::UniqueViolation
            | Self::ForeignKeyViolation
            | Self::NotNullViolation
            | Self::CheckViolation => true,
            Self::Configuration
            | Self::Connection
            | Self::ConnectionClosed
            | Self::Execution
            | Self::Timeout
            | Self::Cancelled
            | Self::Conversion
            | Self::Argument
            | Self::ArgumentType => false,
        }
    }
}

/// What is known beside the message; `None` where unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The backend's name, such as `sqlite`.
    pub backend: Option<&'static str>,
    /// SQLSTATE, SQLite result name or SQL Server number, always as text.
    pub code: Option<String>,
    /// The server's DETAIL.
    pub detail: Option<String>,
    /// What the user can do about it.
    pub hint: Option<String>,
    /// The schema of the object at fault.
    pub schema_name: Option<String>,
    /// The table at fault.
    pub table_name: Option<String>,
    /// The column at fault.
    pub column_name: Option<String>,
    /// The constraint at fault.
    pub constraint_name: Option<String>,
    /// Where in the statement, in characters counted from 1.
    pub position: Option<u64>,
}

/// An error with its kind, its message and what else is known about it.
///
/// One pointer wide, so that a `Result` of a small value stays small.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    message: String,
    details: Details,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), details: Details::default() }))
    }

    /// [`ErrorKind::Configuration`].
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    /// [`ErrorKind::Connection`].
    pub fn connection(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Connection, message)
    }

    /// [`ErrorKind::ConnectionClosed`].
    pub fn closed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::ConnectionClosed, message)
    }

    /// [`ErrorKind::Execution`].
    pub fn execution(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Execution, message)
    }

    /// [`ErrorKind::Conversion`].
    pub fn conversion(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conversion, message)
    }

    /// [`ErrorKind::Argument`].
    pub fn argument(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Argument, message)
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What a person reads.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What else is known.
    pub fn details(&self) -> &Details {
        &self.0.details
    }

    /// What else is known, to be filled in.
    pub fn details_mut(&mut self) -> &mut Details {
        &mut self.0.details
    }

    /// The same error as another kind: a cancelled statement whose `timeout` ran out is a timeout.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// The same error with another message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// The same error with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.details.hint = Some(hint.into());
        self
    }

    /// The same error with a code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.details.code = Some(code.into());
        self
    }

    /// The same error with the column at fault.
    #[must_use]
    pub fn with_column(mut self, column: impl Into<String>) -> Self {
        self.0.details.column_name = Some(column.into());
        self
    }

    /// The same error with the table at fault.
    #[must_use]
    pub fn with_table(mut self, table: impl Into<String>) -> Self {
        self.0.details.table_name = Some(table.into());
        self
    }

    /// The same error with its backend, unless it has one.
    #[must_use]
    pub fn with_backend(mut self, backend: &'static str) -> Self {
        self.0.details.backend.get_or_insert(backend);
        self
    }
}
