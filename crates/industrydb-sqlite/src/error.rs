//! What SQLite's result codes mean: one table of names, one function that classifies.
//!
//! Source: <https://www.sqlite.org/rescode.html>.

use industrydb_core::error::{Error, ErrorKind};
use libsqlite3_sys as ffi;

use crate::raw::Failure;

/// The backend's name in errors.
pub const BACKEND: &str = "sqlite";

/// Extended result codes by number, then the primary codes.
const NAMES: &[(i32, &str)] = &[
    (ffi::SQLITE_CONSTRAINT_CHECK, "SQLITE_CONSTRAINT_CHECK"),
    (ffi::SQLITE_CONSTRAINT_COMMITHOOK, "SQLITE_CONSTRAINT_COMMITHOOK"),
    (ffi::SQLITE_CONSTRAINT_DATATYPE, "SQLITE_CONSTRAINT_DATATYPE"),
    (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, "SQLITE_CONSTRAINT_FOREIGNKEY"),
    (ffi::SQLITE_CONSTRAINT_FUNCTION, "SQLITE_CONSTRAINT_FUNCTION"),
    (ffi::SQLITE_CONSTRAINT_NOTNULL, "SQLITE_CONSTRAINT_NOTNULL"),
    (ffi::SQLITE_CONSTRAINT_PINNED, "SQLITE_CONSTRAINT_PINNED"),
    (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, "SQLITE_CONSTRAINT_PRIMARYKEY"),
    (ffi::SQLITE_CONSTRAINT_ROWID, "SQLITE_CONSTRAINT_ROWID"),
    (ffi::SQLITE_CONSTRAINT_TRIGGER, "SQLITE_CONSTRAINT_TRIGGER"),
    (ffi::SQLITE_CONSTRAINT_UNIQUE, "SQLITE_CONSTRAINT_UNIQUE"),
    (ffi::SQLITE_CONSTRAINT_VTAB, "SQLITE_CONSTRAINT_VTAB"),
    (ffi::SQLITE_BUSY_RECOVERY, "SQLITE_BUSY_RECOVERY"),
    (ffi::SQLITE_BUSY_SNAPSHOT, "SQLITE_BUSY_SNAPSHOT"),
    (ffi::SQLITE_BUSY_TIMEOUT, "SQLITE_BUSY_TIMEOUT"),
    (ffi::SQLITE_LOCKED_SHAREDCACHE, "SQLITE_LOCKED_SHAREDCACHE"),
    (ffi::SQLITE_LOCKED_VTAB, "SQLITE_LOCKED_VTAB"),
    (ffi::SQLITE_READONLY_RECOVERY, "SQLITE_READONLY_RECOVERY"),
    (ffi::SQLITE_READONLY_CANTLOCK, "SQLITE_READONLY_CANTLOCK"),
    (ffi::SQLITE_READONLY_ROLLBACK, "SQLITE_READONLY_ROLLBACK"),
    (ffi::SQLITE_READONLY_DBMOVED, "SQLITE_READONLY_DBMOVED"),
    (ffi::SQLITE_READONLY_CANTINIT, "SQLITE_READONLY_CANTINIT"),
    (ffi::SQLITE_READONLY_DIRECTORY, "SQLITE_READONLY_DIRECTORY"),
    (ffi::SQLITE_CORRUPT_VTAB, "SQLITE_CORRUPT_VTAB"),
    (ffi::SQLITE_CORRUPT_SEQUENCE, "SQLITE_CORRUPT_SEQUENCE"),
    (ffi::SQLITE_CORRUPT_INDEX, "SQLITE_CORRUPT_INDEX"),
    (ffi::SQLITE_CANTOPEN_ISDIR, "SQLITE_CANTOPEN_ISDIR"),
    (ffi::SQLITE_CANTOPEN_FULLPATH, "SQLITE_CANTOPEN_FULLPATH"),
    (ffi::SQLITE_CANTOPEN_SYMLINK, "SQLITE_CANTOPEN_SYMLINK"),
    (ffi::SQLITE_ABORT_ROLLBACK, "SQLITE_ABORT_ROLLBACK"),
    (ffi::SQLITE_IOERR_READ, "SQLITE_IOERR_READ"),
    (ffi::SQLITE_IOERR_SHORT_READ, "SQLITE_IOERR_SHORT_READ"),
    (ffi::SQLITE_IOERR_WRITE, "SQLITE_IOERR_WRITE"),
    (ffi::SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC"),
    (ffi::SQLITE_IOERR_TRUNCATE, "SQLITE_IOERR_TRUNCATE"),
    (ffi::SQLITE_IOERR_FSTAT, "SQLITE_IOERR_FSTAT"),
    (ffi::SQLITE_IOERR_LOCK, "SQLITE_IOERR_LOCK"),
    (ffi::SQLITE_IOERR_UNLOCK, "SQLITE_IOERR_UNLOCK"),
    (ffi::SQLITE_IOERR_DELETE, "SQLITE_IOERR_DELETE"),
    (ffi::SQLITE_IOERR_NOMEM, "SQLITE_IOERR_NOMEM"),
    (ffi::SQLITE_IOERR_CORRUPTFS, "SQLITE_IOERR_CORRUPTFS"),
    (ffi::SQLITE_IOERR_DATA, "SQLITE_IOERR_DATA"),
    (ffi::SQLITE_ERROR, "SQLITE_ERROR"),
    (ffi::SQLITE_INTERNAL, "SQLITE_INTERNAL"),
    (ffi::SQLITE_PERM, "SQLITE_PERM"),
    (ffi::SQLITE_ABORT, "SQLITE_ABORT"),
    (ffi::SQLITE_BUSY, "SQLITE_BUSY"),
    (ffi::SQLITE_LOCKED, "SQLITE_LOCKED"),
    (ffi::SQLITE_NOMEM, "SQLITE_NOMEM"),
    (ffi::SQLITE_READONLY, "SQLITE_READONLY"),
    (ffi::SQLITE_INTERRUPT, "SQLITE_INTERRUPT"),
    (ffi::SQLITE_IOERR, "SQLITE_IOERR"),
    (ffi::SQLITE_CORRUPT, "SQLITE_CORRUPT"),
    (ffi::SQLITE_NOTFOUND, "SQLITE_NOTFOUND"),
    (ffi::SQLITE_FULL, "SQLITE_FULL"),
    (ffi::SQLITE_CANTOPEN, "SQLITE_CANTOPEN"),
    (ffi::SQLITE_PROTOCOL, "SQLITE_PROTOCOL"),
    (ffi::SQLITE_SCHEMA, "SQLITE_SCHEMA"),
    (ffi::SQLITE_TOOBIG, "SQLITE_TOOBIG"),
    (ffi::SQLITE_CONSTRAINT, "SQLITE_CONSTRAINT"),
    (ffi::SQLITE_MISMATCH, "SQLITE_MISMATCH"),
    (ffi::SQLITE_MISUSE, "SQLITE_MISUSE"),
    (ffi::SQLITE_NOLFS, "SQLITE_NOLFS"),
    (ffi::SQLITE_AUTH, "SQLITE_AUTH"),
    (ffi::SQLITE_RANGE, "SQLITE_RANGE"),
    (ffi::SQLITE_NOTADB, "SQLITE_NOTADB"),
];

/// The name of a result code: the extended one where the table has it, else the primary one.
fn name(code: i32) -> String {
    let known = |wanted| NAMES.iter().find(|(number, _)| *number == wanted);
    known(code)
        .or_else(|| known(code & 0xff))
        .map_or_else(|| format!("SQLITE_ERROR_{code}"), |(_, name)| (*name).to_owned())
}

/// The class of a result code: exact codes first, then the primary code, then the default.
fn kind(code: i32) -> ErrorKind {
    match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            ErrorKind::UniqueViolation
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => ErrorKind::ForeignKeyViolation,
        ffi::SQLITE_CONSTRAINT_NOTNULL => ErrorKind::NotNullViolation,
        ffi::SQLITE_CONSTRAINT_CHECK => ErrorKind::CheckViolation,
        _ => match code & 0xff {
            ffi::SQLITE_CONSTRAINT => ErrorKind::Constraint,
            ffi::SQLITE_INTERRUPT => ErrorKind::Cancelled,
            _ => ErrorKind::Execution,
        },
    }
}

/// What can be done about it, where SQLite's own words do not say.
fn hint(code: i32) -> Option<&'static str> {
    match code & 0xff {
        _ if code == ffi::SQLITE_LOCKED_SHAREDCACHE => Some(
            "connections that share a cache do not wait for each other's tables: try again, or leave out cache=shared",
        ),
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => {
            Some("another connection holds the lock: raise `busy_timeout`, or use journal_mode=wal")
        }
        ffi::SQLITE_READONLY => Some("the connection or the file is read-only"),
        ffi::SQLITE_CORRUPT => Some("`PRAGMA integrity_check` tells what is damaged"),
        ffi::SQLITE_NOTADB => Some("the file is no SQLite database, or it is encrypted"),
        ffi::SQLITE_FULL => Some("the disk, or the limit set by `PRAGMA max_page_count`, is full"),
        _ => None,
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        of(&failure)
    }
}

/// The error for a call that failed while `sql` ran.
pub fn of_statement(failure: &Failure, sql: &str) -> Error {
    let mut error = of(failure);
    let position = failure.offset.and_then(|offset| sql.get(..offset)).map(|before| before.chars().count() as u64 + 1);
    error.details_mut().position = position;
    error
}

/// The error for a call that failed.
pub fn of(failure: &Failure) -> Error {
    let mut error =
        Error::new(kind(failure.code), &failure.message).with_code(name(failure.code)).with_backend(BACKEND);
    if let Some(hint) = hint(failure.code) {
        error = error.with_hint(hint);
    }
    if failure.code & 0xff == ffi::SQLITE_CONSTRAINT {
        name_the_culprit(&mut error);
    }
    error
}

/// Reads table, column and constraint off SQLite's message: `UNIQUE constraint failed: t.a, t.b`,
/// `NOT NULL constraint failed: t.a`, `CHECK constraint failed: name`, `UNIQUE constraint failed: index 'name'`; and of a
/// STRICT table `cannot store TEXT value in INTEGER column t.a`.
fn name_the_culprit(error: &mut Error) {
    let mismatch = error.message().strip_prefix("cannot store ").and_then(|rest| rest.split_once(" column "));
    if let Some((table, column)) = mismatch.and_then(|(_, place)| place.split_once('.')) {
        let (table, column) = (table.to_owned(), column.to_owned());
        let details = error.details_mut();
        details.table_name = Some(table);
        details.column_name = Some(column);
        return;
    }
    let Some((_, culprit)) = error.message().split_once("constraint failed: ") else { return };
    let culprit = culprit.to_owned();
    let kind = error.kind();
    let details = error.details_mut();
    if kind == ErrorKind::CheckViolation {
        details.constraint_name = Some(culprit);
    } else if let Some(index) = culprit.strip_prefix("index '").and_then(|rest| rest.strip_suffix('\'')) {
        details.constraint_name = Some(index.to_owned());
    } else if let Some((table, column)) = culprit.split(", ").next().and_then(|first| first.split_once('.')) {
        details.table_name = Some(table.to_owned());
        let columns: Vec<&str> =
            culprit.split(", ").map(|part| part.split_once('.').map_or(part, |(_, column)| column)).collect();
        details.column_name = Some(if columns.len() == 1 { column.to_owned() } else { columns.join(", ") });
    }
}

/// The error of opening `path`.
pub fn of_opening(error: &sqlx::Error, path: &str) -> Error {
    let (code, reason) = match error {
        sqlx::Error::Database(cause) => {
            (cause.code().and_then(|code| code.parse::<i32>().ok()), cause.message().to_owned())
        }
        other => (None, other.to_string()),
    };
    let mut opened =
        Error::connection(format!("cannot open the SQLite database {path:?}: {reason}")).with_backend(BACKEND);
    if let Some(code) = code {
        opened = opened.with_code(name(code));
        let hint = hint(code).or((code & 0xff == ffi::SQLITE_CANTOPEN)
            .then_some("the directory must exist; with mode=ro or mode=rw the file must exist as well"));
        if let Some(hint) = hint {
            opened = opened.with_hint(hint);
        }
    }
    opened
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: i32, message: &str) -> Failure {
        Failure { code, message: message.into(), offset: None }
    }

    #[test]
    fn codes_have_names_and_kinds() {
        for (code, expected, expected_kind) in [
            (ffi::SQLITE_CONSTRAINT_UNIQUE, "SQLITE_CONSTRAINT_UNIQUE", ErrorKind::UniqueViolation),
            (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, "SQLITE_CONSTRAINT_PRIMARYKEY", ErrorKind::UniqueViolation),
            (ffi::SQLITE_CONSTRAINT_TRIGGER, "SQLITE_CONSTRAINT_TRIGGER", ErrorKind::Constraint),
            (ffi::SQLITE_INTERRUPT, "SQLITE_INTERRUPT", ErrorKind::Cancelled),
            (ffi::SQLITE_BUSY_SNAPSHOT, "SQLITE_BUSY_SNAPSHOT", ErrorKind::Execution),
            (ffi::SQLITE_IOERR | (99 << 8), "SQLITE_IOERR", ErrorKind::Execution),
            (12345 << 8 | 250, "SQLITE_ERROR_3160570", ErrorKind::Execution),
        ] {
            let error = of(&failure(code, "x"));
            assert_eq!(error.details().code.as_deref(), Some(expected));
            assert_eq!(error.kind(), expected_kind);
        }
    }

    #[test]
    fn the_culprit_is_read_off_the_message() {
        for (code, message, table, column, constraint) in [
            (ffi::SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: t.a", Some("t"), Some("a"), None),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: t.a, t.b", Some("t"), Some("a, b"), None),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: index 'i'", None, None, Some("i")),
            (ffi::SQLITE_CONSTRAINT_NOTNULL, "NOT NULL constraint failed: t.a", Some("t"), Some("a"), None),
            (ffi::SQLITE_CONSTRAINT_CHECK, "CHECK constraint failed: age > 0", None, None, Some("age > 0")),
            (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, "FOREIGN KEY constraint failed", None, None, None),
            (
                ffi::SQLITE_CONSTRAINT_DATATYPE,
                "cannot store TEXT value in INTEGER column t.a column b",
                Some("t"),
                Some("a column b"),
                None,
            ),
        ] {
            let error = of(&failure(code, message));
            let details = error.details();
            assert_eq!(details.table_name.as_deref(), table, "{message}");
            assert_eq!(details.column_name.as_deref(), column, "{message}");
            assert_eq!(details.constraint_name.as_deref(), constraint, "{message}");
        }
    }
}
