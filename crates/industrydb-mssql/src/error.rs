//! What SQL Server's error numbers mean: one function that classifies, one that reads names off the message.
//!
//! Source: Microsoft Learn, "Database Engine events and errors". The messages are those of `sys.messages` in English;
//! in another language the kinds stay right and the names unknown.

use industrydb_core::error::{Error, ErrorKind};
use tiberius::error::TokenError;

/// The backend's name in errors.
pub const BACKEND: &str = "mssql";

/// The error of an option that can't be honoured.
pub fn of_option(option: &str, why: &str) -> Error {
    Error::configuration(format!("{option}: {why}")).with_backend(BACKEND)
}

/// The statement was chosen as the victim of a deadlock; its transaction is rolled back.
const DEADLOCK: u32 = 1205;

/// The severity from which on an error ends the session ("Database Engine error severities").
const ENDS_SESSION: u8 = 20;

/// The kind of an error number; 547 is told by its message.
fn kind(number: u32, message: &str) -> ErrorKind {
    match number {
        // Unique index; unique constraint or primary key.
        2601 | 2627 => ErrorKind::UniqueViolation,
        515 => ErrorKind::NotNullViolation,
        // In every language the constraint's kind stands before its name.
        547 if message.split('"').next().is_some_and(|before| before.contains("CHECK")) => ErrorKind::CheckViolation,
        547 => ErrorKind::ForeignKeyViolation,
        // A view's WITH CHECK OPTION.
        550 => ErrorKind::CheckViolation,
        // Text or bytes that would be cut off.
        2628 | 8152 => ErrorKind::Conversion,
        // Not permitted to log in, no such database, the server goes down, the session is killed. What is only busy or
        // on the move (below) is the statement's error: the connection is there, unless the severity says otherwise.
        596 | 4060 | 6005 | 18_452 | 18_456 | 18_470 | 18_486 | 18_487 | 18_488 | 40_615 => ErrorKind::Connection,
        3617 => ErrorKind::Cancelled,
        _ => ErrorKind::Execution,
    }
}

/// What can be done about it, where the server's own words do not say.
fn hint(number: u32, message: &str) -> Option<&'static str> {
    match number {
        102 if message.to_ascii_uppercase().contains("'GO'") => {
            Some("GO is a word of Microsoft's tools, not of the server: send what stands between one by one")
        }
        DEADLOCK => Some("the transaction was rolled back: run all of it again"),
        1222 => Some("another session holds the lock: raise it with SET LOCK_TIMEOUT, or try again"),
        3960 => Some("a snapshot transaction met a newer version of the row: run all of it again"),
        3961 => Some("a snapshot transaction met a table that was altered since it began: run all of it again"),
        // Of memory-optimised tables ("Transactions with Memory-Optimized Tables", its errors to retry).
        41_301 | 41_302 | 41_305 | 41_325 | 41_839 => {
            Some("another transaction came between; this one can't commit: run all of it again")
        }
        // "Transient fault error messages" and "Resource governance errors" of Azure SQL.
        4221 | 40_197 | 40_501 | 40_540 | 40_613 | 49_918..=49_920 => Some(PASSING),
        10_928 | 10_929 | 10_930 | 10_936 => Some(
            "a limit of the database or its pool has been reached: try again in some seconds, on fewer connections at a \
             time",
        ),
        40_549..=40_553 => Some("it took too much of what the service shares out: do it in smaller transactions"),
        3952 => Some("ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON allows it"),
        41_368 => Some("ALTER DATABASE CURRENT SET MEMORY_OPTIMIZED_ELEVATE_TO_SNAPSHOT = ON allows it"),
        // In every language the lock stands in it as Transact-SQL names it, in letters of either case.
        10_794 if message.to_ascii_uppercase().contains("UPDLOCK") => Some(
            "on_conflict locks keys, which a memory-optimised table does not have: UPDATE and INSERT by execute_many",
        ),
        257 | 206 => Some("convert the value with CAST in the statement"),
        _ => None,
    }
}

/// What helps where the service is busy, or moves the database to another machine.
const PASSING: &str = "that passes: try again in some seconds, on a new connection if this one is closed, and all of the \
     transaction if one was open";

/// The error that the server reported.
pub fn of_server(cause: &TokenError) -> Error {
    let number = cause.code();
    let kind = match kind(number, cause.message()) {
        ErrorKind::Execution if cause.class() >= ENDS_SESSION => ErrorKind::Connection,
        kind => kind,
    };
    let mut error = Error::new(kind, cause.message()).with_code(number.to_string()).with_backend(BACKEND);
    let mut detail = format!("severity {}, state {}{LINE}{}", cause.class(), cause.state(), cause.line());
    if !cause.procedure().is_empty() {
        detail.push_str(&format!(", procedure {}", cause.procedure()));
    }
    error.details_mut().detail = Some(detail);
    if let Some(hint) = hint(number, cause.message()) {
        error = error.with_hint(hint);
    }
    name_the_culprit(&mut error, number);
    error
}

/// What stands before the line in an error's detail.
const LINE: &str = ", line ";

/// The line of the request that the server met an error at; `None` if it was in a procedure or trigger.
pub fn line_of(error: &Error) -> Option<u32> {
    let (_, line) = error.details().detail.as_deref()?.split_once(LINE)?;
    line.parse().ok()
}

/// The error at another line.
pub fn set_line(mut error: Error, line: u32) -> Error {
    let detail = error.details().detail.as_deref();
    if let Some((before, _)) = detail.and_then(|detail| detail.split_once(LINE)) {
        error.details_mut().detail = Some(format!("{before}{LINE}{line}"));
    }
    error
}

/// The error of a statement, whatever went wrong.
pub fn of(cause: &tiberius::error::Error) -> Error {
    use tiberius::error::Error as Cause;
    match cause {
        Cause::Server(token) => of_server(token),
        // The client library's words for the end of the stream are its own.
        Cause::Io { kind: std::io::ErrorKind::UnexpectedEof, .. } => lost("the server hung up"),
        Cause::Io { message, .. } => lost(message),
        Cause::Tls(message) => lost(message),
        _ if is_half_a_character(cause) => {
            Error::conversion("text that is not valid UTF-16, such as half of a character beyond U+FFFF")
                .with_hint("CAST(column AS varbinary(max)) reads its bytes")
                .with_backend(BACKEND)
        }
        Cause::Protocol(message) => lost(&format!("what the server sent is not understood: {message}")),
        Cause::Encoding(message) => Error::conversion(format!("text in a code page that can't be read: {message}"))
            .with_hint("CAST(column AS nvarchar(max)) reads it")
            .with_backend(BACKEND),
        Cause::Conversion(message) | Cause::BulkInput(message) => {
            Error::conversion(message.to_string()).with_backend(BACKEND)
        }
        other => lost(&other.to_string()),
    }
}

fn lost(why: &str) -> Error {
    Error::connection(format!("the connection to SQL Server is lost: {why}")).with_backend(BACKEND)
}

/// Whether it is a value of nvarchar, nchar, ntext or sql_variant that is not UTF-16: the server keeps any pairs of bytes.
fn is_half_a_character(cause: &tiberius::error::Error) -> bool {
    use tiberius::error::Error as Cause;
    match cause {
        Cause::Utf16 => true,
        // The client library's words for nvarchar; what else is wrong with a value, its length, is the protocol's.
        Cause::Protocol(message) => message.contains("invalid UTF-16 sequence"),
        _ => false,
    }
}

/// Whether `cause` is about the text of a value alone: it has come as it should, and the client library has stopped behind
/// it, in the middle of a row.
pub fn is_of_a_value(cause: &tiberius::error::Error) -> bool {
    matches!(cause, tiberius::error::Error::Encoding(_)) || is_half_a_character(cause)
}

/// Whether the client library refuses to go on because a request has gone out in part: the call was stopped while the
/// server took nothing. It has no kind of error for that.
pub fn is_half_sent(cause: &tiberius::error::Error) -> bool {
    matches!(cause, tiberius::error::Error::Protocol(message) if message.contains("cancelled write"))
}

/// Whether the answer to a request had come to its end when the server heard that it is to stop: what it says to that comes
/// behind, and the client library does not read it.
pub fn is_too_late(cause: &tiberius::error::Error) -> bool {
    matches!(cause, tiberius::error::Error::Protocol(message) if message.contains("acknowledging the Attention"))
}

/// Whether the connection is of no use after `cause`: all but what the server itself reports, unless that
/// ends the session.
pub fn is_fatal(cause: &tiberius::error::Error) -> bool {
    match cause {
        tiberius::error::Error::Server(token) => token.class() >= ENDS_SESSION,
        _ => true,
    }
}

/// Reads schema, table, column and constraint off the message.
fn name_the_culprit(error: &mut Error, number: u32) {
    let message = error.message().to_owned();
    let after = |start: &str, end: char| {
        let (_, rest) = message.split_once(start)?;
        rest.split_once(end).map(|(name, _)| name.to_owned()).filter(|name| !name.is_empty())
    };
    let details = error.details_mut();
    let mut object = None;
    match number {
        2627 => {
            details.constraint_name = after("constraint '", '\'');
            object = after("object '", '\'');
        }
        2601 => {
            object = after("object '", '\'');
            details.constraint_name = after("unique index '", '\'');
        }
        // `… conflicted with the FOREIGN KEY constraint "fk". … table "dbo.t", column 'id'.`
        547 => {
            details.constraint_name = after("constraint \"", '"');
            object = after("table \"", '"');
            details.column_name = after("column '", '\'');
        }
        // `Cannot insert the value NULL into column 'c', table 'd.s.t'; …`
        // `String or binary data would be truncated in table 'd.s.t', column 'c'. Truncated value: '…'.`
        515 | 2628 => {
            object = after("table '", '\'');
            details.column_name = after("column '", '\'');
        }
        // `The SELECT permission was denied on the object 't', database 'd', schema 's'.`, or `… on the column 'c' of the
        // object 't', …`. What one may EXECUTE is no table.
        229 | 230 if !message.split('\'').next().is_some_and(|start| start.contains("EXECUTE")) => {
            details.column_name = after("column '", '\'');
            details.schema_name = after("schema '", '\'');
            object = after("object '", '\'');
        }
        208 => object = after("object name '", '\''),
        207 => details.column_name = after("column name '", '\''),
        2714 => object = after("named '", '\''),
        3701 => object = after("table '", '\''),
        _ => {}
    }
    if let Some(object) = object {
        // A name may have dots itself; how many parts the server puts before it goes by the message.
        let most = match number {
            229 | 230 | 2714 => 1,
            547 | 2601 | 2627 => 2,
            515 | 2628 => 3,
            _ => usize::MAX,
        };
        let mut parts: Vec<&str> = object.splitn(most, '.').collect();
        details.table_name = parts.pop().map(|name| name.trim_matches(['[', ']']).to_owned());
        if let Some(schema) = parts.pop().filter(|name| !name.is_empty()) {
            details.schema_name = Some(schema.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_kinds() {
        for (number, message, expected) in [
            (2627, "", ErrorKind::UniqueViolation),
            (2601, "", ErrorKind::UniqueViolation),
            (515, "", ErrorKind::NotNullViolation),
            (547, "The INSERT statement conflicted with the CHECK constraint \"c\".", ErrorKind::CheckViolation),
            (
                547,
                "Die INSERT-Anweisung steht in Konflikt mit der CHECK-Einschränkung \"c\".",
                ErrorKind::CheckViolation,
            ),
            (
                547,
                "The DELETE statement conflicted with the REFERENCE constraint \"f\".",
                ErrorKind::ForeignKeyViolation,
            ),
            (8152, "", ErrorKind::Conversion),
            (2628, "", ErrorKind::Conversion),
            (1205, "", ErrorKind::Execution),
            (208, "", ErrorKind::Execution),
            (18_456, "", ErrorKind::Connection),
            (50_000, "", ErrorKind::Execution),
            (40_613, "", ErrorKind::Execution),
            (40_197, "", ErrorKind::Execution),
        ] {
            assert_eq!(kind(number, message), expected, "{number} {message}");
        }
    }

    /// The client library's words, which nothing else tells apart.
    #[test]
    fn what_a_cancel_met_is_told_by_words() {
        use tiberius::error::Error as Cause;
        for (words, half_sent, too_late) in [
            (
                "connection was left in an inconsistent state by a cancelled write and can no longer be used; open a new connection",
                true,
                false,
            ),
            ("Never got a DONE token acknowledging the Attention signal.", false, true),
            ("invalid token type 0", false, false),
        ] {
            let cause = Cause::Protocol(words.into());
            assert_eq!((is_half_sent(&cause), is_too_late(&cause)), (half_sent, too_late), "{words}");
        }
    }

    #[test]
    fn what_passes_is_to_be_tried_again() {
        for number in [1205, 3960, 3961, 41_302, 41_305, 41_325, 41_839] {
            assert!(hint(number, "").is_some_and(|hint| hint.contains("run all of it again")), "{number}");
        }
        for number in [4221, 10_928, 10_929, 40_197, 40_501, 40_613, 49_918, 49_919, 49_920] {
            assert!(hint(number, "").is_some_and(|hint| hint.contains("try again in some seconds")), "{number}");
        }
        assert_eq!(hint(208, ""), None);
    }

    #[test]
    fn half_a_character_is_a_value_and_no_lost_connection() {
        use tiberius::error::Error as Cause;
        for (cause, kind, of_a_value) in [
            (Cause::Utf16, ErrorKind::Conversion, true),
            (Cause::Protocol("nvarchar: invalid UTF-16 sequence".into()), ErrorKind::Conversion, true),
            (Cause::Encoding("invalid sequence".into()), ErrorKind::Conversion, true),
            (Cause::Protocol("nvarchar: invalid plp length".into()), ErrorKind::Connection, false),
            (Cause::Utf8, ErrorKind::Connection, false),
        ] {
            assert_eq!((of(&cause).kind(), is_of_a_value(&cause)), (kind, of_a_value), "{cause}");
        }
    }

    #[test]
    fn memory_optimised_tables_have_remedies() {
        let hinted = |number, message, word: &str| hint(number, message).is_some_and(|hint| hint.contains(word));
        assert!(hinted(41_368, "", "MEMORY_OPTIMIZED_ELEVATE_TO_SNAPSHOT"));
        let refused = "The table option 'updlock' is not supported with memory optimized tables.";
        assert!(hinted(10_794, refused, "execute_many"));
        assert_eq!(hint(10_794, "The statement 'CREATE TRIGGER' is not supported with memory optimized tables."), None);
    }

    #[test]
    fn names_are_read_off_the_message() {
        for (number, message, schema, table, column, constraint) in [
            (
                2627,
                "Violation of PRIMARY KEY constraint 'PK_t'. Cannot insert duplicate key in object 'dbo.t'. The duplicate key value is (1).",
                Some("dbo"),
                Some("t"),
                None,
                Some("PK_t"),
            ),
            (
                2601,
                "Cannot insert duplicate key row in object 'dbo.t' with unique index 'ix'. The duplicate key value is (1).",
                Some("dbo"),
                Some("t"),
                None,
                Some("ix"),
            ),
            (
                547,
                "The INSERT statement conflicted with the FOREIGN KEY constraint \"fk\". The conflict occurred in database \"d\", table \"s.parent\", column 'id'.",
                Some("s"),
                Some("parent"),
                Some("id"),
                Some("fk"),
            ),
            (
                515,
                "Cannot insert the value NULL into column 'a', table 'd.dbo.t'; column does not allow nulls. INSERT fails.",
                Some("dbo"),
                Some("t"),
                Some("a"),
                None,
            ),
            (
                2628,
                "String or binary data would be truncated in table 'd.dbo.t', column 'c'. Truncated value: 'x'.",
                Some("dbo"),
                Some("t"),
                Some("c"),
                None,
            ),
            (
                2627,
                "Violation of UNIQUE KEY constraint 'u'. Cannot insert duplicate key in object 's.a.b'. The duplicate key value is (1).",
                Some("s"),
                Some("a.b"),
                None,
                Some("u"),
            ),
            (
                515,
                "Cannot insert the value NULL into column 'c', table 'd.s.a.b'; column does not allow nulls. INSERT fails.",
                Some("s"),
                Some("a.b"),
                Some("c"),
                None,
            ),
            (
                229,
                "The INSERT permission was denied on the object 'a.b', database 'd', schema 's'.",
                Some("s"),
                Some("a.b"),
                None,
                None,
            ),
            (
                230,
                "The SELECT permission was denied on the column 'c' of the object 't', database 'd', schema 'dbo'.",
                Some("dbo"),
                Some("t"),
                Some("c"),
                None,
            ),
            (
                229,
                "The EXECUTE permission was denied on the object 'p', database 'd', schema 'dbo'.",
                None,
                None,
                None,
                None,
            ),
            (2714, "There is already an object named 'a.b' in the database.", None, Some("a.b"), None, None),
            (208, "Invalid object name 'missing'.", None, Some("missing"), None, None),
            (207, "Invalid column name 'nope'.", None, None, Some("nope"), None),
            (102, "Incorrect syntax near 'x'.", None, None, None, None),
        ] {
            let mut error = Error::execution(message);
            name_the_culprit(&mut error, number);
            let details = error.details();
            assert_eq!(details.schema_name.as_deref(), schema, "{message}");
            assert_eq!(details.table_name.as_deref(), table, "{message}");
            assert_eq!(details.column_name.as_deref(), column, "{message}");
            assert_eq!(details.constraint_name.as_deref(), constraint, "{message}");
        }
    }
}
