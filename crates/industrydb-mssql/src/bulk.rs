//! Frames into tables: INSERT BULK, straight into the table or through a staging table.
//!
//! The client library declares some columns in another way than it sends them: `time` and `datetimeoffset` without their
//! digits, `smalldatetime` as `datetime`, `nchar(n)` and long `nvarchar(n)` with their length in bytes; the server then
//! refuses the rows (error 4816 and its like). `image`, `xml` and types of the CLR it does not send at all. Rows for such
//! columns go into a temporary table of types that it sends right, and from there with one INSERT … SELECT.

use industrydb_core::connector::Progress;
use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::sql::generate::unique_name;
use industrydb_core::table::{ColumnInfo, TableName};
use polars_core::prelude::{CompatLevel, DataFrame};
use tiberius::{SqlBulkCopyOption, TokenRow};
use tokio::time::timeout;

use crate::dialect::DIALECT;
use crate::encode::{Encoder, stored_frame};
use crate::error::{self, BACKEND};
use crate::session::{ATTENTION_TIMEOUT, Request, Session, stopped};
use crate::types::Kind;

/// Rows between two reports of progress, and two looks at whether the call is to stop.
const ROWS_BETWEEN_LOOKS: usize = 1_024;
/// The longest `nvarchar(n)` that the client library declares as it is.
const LONGEST_NVARCHAR: usize = 2_000;

/// Appends all rows of `frame` to `table` and gives their number.
///
/// # Errors
/// [`ErrorKind::Conversion`] for a value that its column does not hold exactly, before or while rows are sent; what the
/// server says. What was sent by then is for the caller's transaction to take back.
pub async fn append(
    session: &mut Session,
    table: &TableName,
    columns: &[ColumnInfo],
    frame: &DataFrame,
    progress: &Progress,
) -> Result<u64> {
    let stored = stored_frame(frame, columns).map_err(|error| error.with_backend(BACKEND))?;
    let rows = stored.height() as u64;
    if rows == 0 {
        return Ok(0);
    }
    let target = DIALECT.quote_table(table)?;
    let bytes = frame.estimated_size() as u64;
    let names: Vec<String> = columns.iter().map(|column| DIALECT.quote(&column.name)).collect::<Result<_>>()?;
    if columns.iter().all(|column| staged_as(column).is_none()) {
        send(session, &target, &names, columns, &stored, &Report { progress, bytes, staged: false }).await?;
        return Ok(rows);
    }
    let staging = DIALECT.quote(&unique_name("#industrydb_bulk"))?;
    let mut declarations = Vec::with_capacity(columns.len());
    let mut sources = Vec::with_capacity(columns.len());
    for (column, name) in columns.iter().zip(&names) {
        declarations.push(format!("{name} {} NULL", staging_type(column)));
        sources.push(source(column, name));
    }
    session.rows(Request::Batch(&format!("CREATE TABLE {staging} ({})", declarations.join(", ")))).await?;
    send(session, &staging, &names, columns, &stored, &Report { progress, bytes, staged: true }).await?;
    let names = names.join(", ");
    let insert = format!("INSERT INTO {target} ({names}) SELECT {} FROM {staging}", sources.join(", "));
    session.rows(Request::Batch(&insert)).await?;
    session.rows(Request::Batch(&format!("DROP TABLE {staging}"))).await?;
    Ok(rows)
}

/// The type that a column is staged as, if it can't be sent to straight away.
fn staged_as(column: &ColumnInfo) -> Option<&'static str> {
    let declared = column.declared_type.as_str();
    let utf8 = column.collation.as_deref().is_some_and(|name| name.to_ascii_uppercase().ends_with("_UTF8"));
    match Kind::of_declared(declared) {
        Kind::Time(digits) if digits < 7 => Some("time(7)"),
        Kind::DateTimeOffset(digits) if digits < 7 => Some("datetimeoffset(7)"),
        Kind::SmallDateTime => Some("datetime2(0)"),
        Kind::NText(length) if length > LONGEST_NVARCHAR || declared.starts_with("nchar") => Some("nvarchar(max)"),
        Kind::CodePageText(_) if utf8 => Some("nvarchar(max)"),
        Kind::LongText if utf8 && !declared.starts_with('n') => Some("nvarchar(max)"),
        Kind::Xml => Some("nvarchar(max)"),
        // varbinary(max) alone is sent as such.
        Kind::LongBinary if !declared.starts_with("varbinary") => Some("varbinary(max)"),
        _ => None,
    }
}

/// What the staging table declares for `column`.
fn staging_type(column: &ColumnInfo) -> String {
    match (staged_as(column), &column.collation) {
        (Some(staged), _) => staged.to_owned(),
        // The temporary tables' database may have another collation, and so another code page.
        (None, Some(collation)) if !column.declared_type.starts_with('n') => {
            format!("{} COLLATE {collation}", column.declared_type)
        }
        (None, _) => column.declared_type.clone(),
    }
}

/// What moves the staged values into `column`: bytes become a type of the CLR only when they are told to.
fn source(column: &ColumnInfo, name: &str) -> String {
    let declared = column.declared_type.as_str();
    let is_clr =
        Kind::of_declared(declared) == Kind::LongBinary && !declared.starts_with("varbinary") && declared != "image";
    if is_clr { format!("CAST({name} AS {declared})") } else { name.to_owned() }
}

struct Report<'p> {
    progress: &'p Progress,
    bytes: u64,
    staged: bool,
}

/// Sends all rows in one INSERT BULK.
async fn send(
    session: &mut Session,
    table: &str,
    names: &[String],
    columns: &[ColumnInfo],
    stored: &DataFrame,
    report: &Report<'_>,
) -> Result<()> {
    let types = stored.dtypes();
    let chunks: Vec<_> = stored.iter_chunks(CompatLevel::newest(), false).collect();
    let mut encoders = Vec::with_capacity(chunks.len());
    for chunk in &chunks {
        let each = chunk.arrays().iter().zip(&types).zip(columns);
        encoders.push(
            each.map(|((array, dtype), column)| Encoder::new(array.as_ref(), dtype, column, report.staged))
                .collect::<Result<Vec<_>>>()?,
        );
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let interrupt = std::sync::Arc::clone(session.interrupt());
    let watch = session.watch();
    let client = session.borrow_client().await?;
    let mut read_before = watch.read();
    // Constraints hold and triggers run as for any INSERT, and NULL is NULL, not the column's default.
    let options = SqlBulkCopyOption::CheckConstraints | SqlBulkCopyOption::FireTriggers | SqlBulkCopyOption::KeepNulls;
    let outcome: Result<(), Failure> = async {
        let mut request = tokio::select! {
            biased;
            request = client.bulk_insert_with_options(table, &names, options, &[]) => request?,
            () = interrupt.stopped() => return Err(Failure::Stopped),
        };
        read_before = watch.read();
        let mut done = 0;
        let mut failure = None;
        'rows: for (chunk, encoders) in chunks.iter().zip(&encoders) {
            for row in 0..chunk.len() {
                let mut cells = TokenRow::with_capacity(encoders.len());
                for encoder in encoders {
                    match encoder.cell(row, done) {
                        Ok(cell) => cells.push(cell),
                        Err(error) => {
                            failure = Some(Failure::Value(error));
                            break 'rows;
                        }
                    }
                }
                if let Err(cause) = request.send(cells).await {
                    failure = Some(refused(cause, encoders, row, done));
                    break 'rows;
                }
                if (done + row).is_multiple_of(ROWS_BETWEEN_LOOKS) {
                    report.at(done + row, stored.height());
                    if interrupt.is_stopped() {
                        failure = Some(Failure::Stopped);
                        break 'rows;
                    }
                }
            }
            done += chunk.len();
        }
        match failure {
            // A message that was begun has to be ended; the caller's transaction takes its rows back.
            Some(Failure::Client(cause)) => Err(Failure::Client(cause)),
            Some(failure) => match timeout(ATTENTION_TIMEOUT, request.finalize()).await {
                Ok(Ok(_)) => Err(failure.ended()),
                Ok(Err(cause)) if !error::is_fatal(&cause) => Err(failure.ended()),
                Ok(Err(cause)) => Err(Failure::Client(cause)),
                Err(_) => Err(Failure::Stuck),
            },
            None => {
                tokio::select! {
                    biased;
                    outcome = request.finalize() => outcome.map(drop)?,
                    () = interrupt.stopped() => return Err(Failure::Stopped),
                }
                report.at(done, stored.height());
                Ok(())
            }
        }
    }
    .await;
    match outcome {
        Ok(()) => {
            session.done();
            Ok(())
        }
        Err(failure) => Err(after(session, failure, read_before).await),
    }
}

/// Why a bulk insert ended early.
enum Failure {
    /// The connection or the server.
    Client(tiberius::error::Error),
    /// A value does not fit.
    Value(Error),
    /// Somebody asked for it; the server works on it still.
    Stopped,
    /// As the last two, and the server has ended what it had got.
    Ended(Option<Error>),
    /// The server did not end.
    Stuck,
}

impl From<tiberius::error::Error> for Failure {
    fn from(cause: tiberius::error::Error) -> Self {
        Self::Client(cause)
    }
}

impl Failure {
    fn ended(self) -> Self {
        match self {
            Self::Value(error) => Self::Ended(Some(error)),
            Self::Client(_) | Self::Stopped | Self::Ended(_) | Self::Stuck => Self::Ended(None),
        }
    }
}

/// Leaves the connection ready for the next request, or closed; gives the error.
async fn after(session: &mut Session, failure: Failure, read_before: u64) -> Error {
    match failure {
        Failure::Client(cause) => {
            let failure = error::of(&cause);
            if error::is_fatal(&cause) {
                session.close_because(format!("the connection is closed: {}", failure.message()));
            } else {
                session.done();
                if session.in_transaction() {
                    session.ask_depth().await;
                }
            }
            failure
        }
        Failure::Ended(error) => {
            session.done();
            error.unwrap_or_else(|| stopped(ErrorKind::Cancelled))
        }
        Failure::Value(error) => error,
        Failure::Stopped => {
            session.recover(read_before).await;
            stopped(ErrorKind::Cancelled)
        }
        Failure::Stuck => {
            session
                .close_because("the connection is closed: a bulk insert was cancelled, and the server did not end it");
            stopped(ErrorKind::Cancelled)
        }
    }
}

/// The error of a row that the client library would not send: text that is too long for its column or that its code
/// page does not hold. Anything else is the connection's.
fn refused(cause: tiberius::error::Error, encoders: &[Encoder<'_>], row: usize, first_row: usize) -> Failure {
    let (what, culprit) = match &cause {
        tiberius::error::Error::Encoding(_) => (
            "a character that the code page of its collation does not have",
            encoders.iter().find(|encoder| encoder.is_code_page_text(row)),
        ),
        tiberius::error::Error::BulkInput(_) => {
            ("a text that is too long", encoders.iter().find(|encoder| encoder.is_too_long(row)))
        }
        _ => return Failure::Client(cause),
    };
    let row = first_row + row;
    Failure::Value(match culprit.map(Encoder::target) {
        Some(ColumnInfo { name, declared_type, .. }) => {
            Error::conversion(format!("column {name:?}, row {row}: {what} for a column declared {declared_type}"))
                .with_column(name)
                .with_backend(BACKEND)
        }
        None => Error::conversion(format!("row {row}: {cause}")).with_backend(BACKEND),
    })
}

impl Report<'_> {
    fn at(&self, rows: usize, all: usize) {
        self.progress.set(rows as u64, self.bytes * rows as u64 / all.max(1) as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use industrydb_core::table::ColumnInfo;

    fn column(declared: &str, collation: Option<&str>) -> ColumnInfo {
        ColumnInfo {
            name: "c".into(),
            declared_type: declared.into(),
            dtype: Kind::of_declared(declared).dtype(),
            nullable: true,
            default: None,
            primary_key: None,
            generated: false,
            collation: collation.map(str::to_owned),
        }
    }

    #[test]
    fn what_the_library_sends_wrong_is_staged() {
        for (declared, collation, staged) in [
            ("time(7)", None, None),
            ("time(6)", None, Some("time(7)")),
            ("datetimeoffset(6)", None, Some("datetimeoffset(7)")),
            ("datetime2(6)", None, None),
            ("smalldatetime", None, Some("datetime2(0)")),
            ("nvarchar(2000)", None, None),
            ("nvarchar(2001)", None, Some("nvarchar(max)")),
            ("nvarchar(max)", None, None),
            ("nchar(3)", None, Some("nvarchar(max)")),
            ("varchar(10)", Some("Latin1_General_CI_AS"), None),
            ("varchar(10)", Some("Latin1_General_100_CI_AS_SC_UTF8"), Some("nvarchar(max)")),
            ("text", Some("Latin1_General_CI_AS"), None),
            ("xml", None, Some("nvarchar(max)")),
            ("image", None, Some("varbinary(max)")),
            ("varbinary(max)", None, None),
            ("hierarchyid", None, Some("varbinary(max)")),
            ("decimal(38,10)", None, None),
        ] {
            assert_eq!(staged_as(&column(declared, collation)), staged, "{declared}");
        }
        let text = column("varchar(10)", Some("Cyrillic_General_CI_AS"));
        assert_eq!(staging_type(&text), "varchar(10) COLLATE Cyrillic_General_CI_AS");
        assert_eq!(source(&column("geometry", None), "[c]"), "CAST([c] AS geometry)");
        assert_eq!(source(&column("image", None), "[c]"), "[c]");
    }
}
