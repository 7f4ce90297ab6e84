//! What the server's errors mean: one function that classifies an SQLSTATE, and the driver's errors as ours.
//!
//! Source: PostgreSQL manual, appendix A (error codes) and section 54.8 (error fields).

use std::time::Duration;

use industrydb_core::error::{Error, ErrorKind};
use sqlx::postgres::{PgDatabaseError, PgErrorPosition, PgSeverity};

/// The backend's name in errors.
pub const BACKEND: &str = "postgres";

/// A cached statement whose result type has changed under it: `feature_not_supported`, raised by the plan cache.
const CHANGED_RESULT: (&str, &str) = ("0A000", "RevalidateCachedQuery");

/// A statement that is not prepared any more: `invalid_sql_statement_name`, after DISCARD or DEALLOCATE.
const FORGOTTEN: &str = "26000";

/// The class of an SQLSTATE: exact codes first, then the class, then the default.
fn kind(code: &str) -> ErrorKind {
    match code {
        "23502" => ErrorKind::NotNullViolation,
        // 23001: RESTRICT, since PostgreSQL 18.
        "23503" | "23001" => ErrorKind::ForeignKeyViolation,
        "23505" => ErrorKind::UniqueViolation,
        "23514" => ErrorKind::CheckViolation,
        "57014" => ErrorKind::Cancelled,
        // The server ended the connection: shut down by the administrator, crashed, dropped, idle for too long.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" | "25P04" => ErrorKind::Connection,
        _ => match code.get(..2) {
            Some("08") => ErrorKind::Connection,
            Some("23") => ErrorKind::Constraint,
            _ => ErrorKind::Execution,
        },
    }
}

/// What the server says of its own `statement_timeout`, in English; it has the code of a cancel.
const TIMEOUT: &str = "statement timeout";
/// What it says of a cancel.
const CANCEL: &str = "user request";

/// Whether an error with the code of a cancel is the server's own timeout. Where the server speaks English its text
/// tells; elsewhere it is one if nobody here has asked for a cancel, so that it is known how long the call `took`, and
/// that is at least the session's `timeout`.
fn is_timeout(message: &str, took: Option<Duration>, timeout: Option<Duration>) -> bool {
    let over = || matches!((took, timeout), (Some(took), Some(timeout)) if took >= timeout);
    message.contains(TIMEOUT) || (!message.contains(CANCEL) && over())
}

/// As [`of_driver`], for a statement that may have been interrupted; see [`is_timeout`].
pub fn of_interrupted(cause: sqlx::Error, took: Option<Duration>, timeout: Option<Duration>) -> Error {
    let error = of_driver(cause);
    if error.kind() == ErrorKind::Cancelled && is_timeout(error.message(), took, timeout) {
        return error.with_kind(ErrorKind::Timeout);
    }
    error
}

/// An error of the driver while `sql` was running, in our words where the driver has none.
pub fn of_driver(cause: sqlx::Error) -> Error {
    let error = match cause {
        sqlx::Error::Database(database) => match database.try_downcast::<PgDatabaseError>() {
            Ok(server) => return of_server(&server),
            Err(other) => Error::execution(other.message()),
        },
        sqlx::Error::Io(cause) => Error::connection(format!("the connection to the server is lost: {cause}")),
        sqlx::Error::Tls(cause) => Error::connection(format!("the connection to the server is lost: TLS: {cause}")),
        cause if is_notification(&cause) => {
            let message = "the statement has run, but a notification came in the place of its result";
            let hint = "a function called LISTEN: run it as a statement, so that notifications are expected";
            Error::execution(message).with_hint(hint)
        }
        sqlx::Error::Protocol(message) => {
            let message = without_place(&message);
            Error::connection(format!("the server does not speak PostgreSQL's protocol as expected: {message}"))
        }
        sqlx::Error::Encode(cause) => Error::conversion(cause.to_string()),
        other => Error::execution(other.to_string()),
    };
    error.with_backend(BACKEND)
}

/// A message of the driver's without the place in its source, which it ends with.
pub fn without_place(message: &str) -> &str {
    message.split_once(" (sqlx").map_or(message, |(text, _)| text)
}

/// The server's own error, with all that it tells.
pub fn of_server(server: &PgDatabaseError) -> Error {
    let code = server.code();
    let text = |text: Option<&str>| text.map(str::to_owned);
    let kind = match kind(code) {
        _ if is_last_word(server) => ErrorKind::Connection,
        // That of a statement, such as one over a foreign data wrapper: this connection goes on.
        ErrorKind::Connection => ErrorKind::Execution,
        kind => kind,
    };
    let mut error = Error::new(kind, server.message()).with_code(code).with_backend(BACKEND);
    let details = error.details_mut();
    details.detail = text(server.detail());
    details.hint = text(server.hint());
    details.schema_name = text(server.schema());
    details.table_name = text(server.table());
    details.column_name = text(server.column());
    details.constraint_name = text(server.constraint());
    details.position = match server.position() {
        Some(PgErrorPosition::Original(position)) => u64::try_from(position).ok(),
        // A place in a statement that the caller did not write.
        Some(PgErrorPosition::Internal { .. }) | None => None,
    };
    if error.kind() == ErrorKind::Connection {
        let message = format!("the server ended the connection: {}", server.message());
        error = error.with_message(message);
    }
    error
}

/// Whether the server ends the session with this error (PostgreSQL manual, 54.8, field `S`).
fn is_last_word(server: &PgDatabaseError) -> bool {
    matches!(server.severity(), PgSeverity::Fatal | PgSeverity::Panic)
}

/// Whether the server refuses a cached statement because its result would be of other types now, or because somebody
/// has told it to forget it.
pub fn is_stale_plan(cause: &sqlx::Error) -> bool {
    let sqlx::Error::Database(database) = cause else { return false };
    database.try_downcast_ref::<PgDatabaseError>().is_some_and(|server| {
        let changed = (server.code(), server.routine()) == (CHANGED_RESULT.0, Some(CHANGED_RESULT.1));
        changed || server.code() == FORGOTTEN
    })
}

/// Whether the server found a mistake in the text of a statement (class 42: syntax error or access rule violation, with a
/// place in it). One that was prepared before has none: it reads otherwise now, such as with a parameter of its old type
/// beside a column of a new one.
pub fn is_misread(cause: &sqlx::Error) -> bool {
    let sqlx::Error::Database(database) = cause else { return false };
    database.try_downcast_ref::<PgDatabaseError>().is_some_and(|server| {
        server.code().starts_with("42") && matches!(server.position(), Some(PgErrorPosition::Original(_)))
    })
}

/// Whether the driver stumbled over a notification, which it expects nowhere. What was sent to the server runs all the
/// same, and the answer can still be waited for.
pub fn is_notification(cause: &sqlx::Error) -> bool {
    matches!(cause, sqlx::Error::Protocol(message) if message.contains("NotificationResponse"))
}

/// The SQLSTATE of an error of the server.
pub fn sqlstate(cause: &sqlx::Error) -> Option<&str> {
    let sqlx::Error::Database(database) = cause else { return None };
    database.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::code)
}

/// Whether nothing more can come over the connection after this error.
pub fn ends_connection(cause: &sqlx::Error) -> bool {
    match cause {
        cause if is_notification(cause) => false,
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(database) => database.try_downcast_ref::<PgDatabaseError>().is_some_and(is_last_word),
        _ => false,
    }
}

/// An error of ours that a value causes.
pub fn conversion(message: impl Into<String>) -> Error {
    Error::conversion(message).with_backend(BACKEND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sqlstate_has_a_class() {
        for (code, expected) in [
            ("23505", ErrorKind::UniqueViolation),
            ("23503", ErrorKind::ForeignKeyViolation),
            ("23502", ErrorKind::NotNullViolation),
            ("23514", ErrorKind::CheckViolation),
            ("23P01", ErrorKind::Constraint),
            ("23000", ErrorKind::Constraint),
            ("57014", ErrorKind::Cancelled),
            ("57P01", ErrorKind::Connection),
            ("08006", ErrorKind::Connection),
            ("42601", ErrorKind::Execution),
            ("40P01", ErrorKind::Execution),
            ("22012", ErrorKind::Execution),
            ("", ErrorKind::Execution),
        ] {
            assert_eq!(kind(code), expected, "{code}");
        }
    }

    #[test]
    fn a_timeout_of_the_server_is_no_cancel() {
        let (short, long) = (Some(Duration::from_millis(99)), Some(Duration::from_millis(101)));
        let timeout = Some(Duration::from_millis(100));
        let german = "storniere Anfrage wegen Zeitüberschreitung der Anfrage";
        for (message, took, timeout, expected) in [
            ("canceling statement due to statement timeout", None, None, true),
            ("canceling statement due to statement timeout", short, timeout, true),
            ("canceling statement due to user request", long, timeout, false),
            (german, long, timeout, true),
            (german, short, timeout, false),
            // No timeout is set.
            (german, long, None, false),
            // A cancel of ours.
            (german, None, timeout, false),
        ] {
            assert_eq!(is_timeout(message, took, timeout), expected, "{message} {took:?} {timeout:?}");
        }
    }
}
