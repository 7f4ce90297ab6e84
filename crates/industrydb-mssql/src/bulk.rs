//! Frames into tables: INSERT BULK, straight into the table or through a staging table.
//!
//! The client library declares some columns in another way than it sends them: `time` and `datetimeoffset` without their
//! digits, `smalldatetime` as `datetime`, `nchar(n)` and long `nvarchar(n)` with their length in bytes; the server then
//! refuses the rows (error 4816 and its like). `image`, `xml` and types of the CLR it does not send at all, and values of
//! the `(max)` types only up to 65,535 bytes. Rows for such columns go into a temporary table of types that it sends
//! right, and from there with one INSERT … SELECT.

use std::time::Duration;

use industrydb_core::connector::Progress;
use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::sql::generate::unique_name;
use industrydb_core::table::{ColumnInfo, TableName};
use polars_core::prelude::{CompatLevel, DataFrame, DataType, Series};
use tiberius::{SqlBulkCopyOption, TokenRow};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use crate::catalog::ENCRYPTED;
use crate::dialect::DIALECT;
use crate::encode::{Encoder, Way, stored_frame};
use crate::error::{self, BACKEND};
use crate::session::{ATTENTION_TIMEOUT, ITEM_TIMEOUT, Request, Session, stopped};
use crate::types::Kind;

/// Rows between two reports of progress, and two looks at whether the call is to stop.
const ROWS_BETWEEN_LOOKS: usize = 1_024;
/// How long a cancelled insert waits for the server to take the rows that it is sent.
const BLOCKED: Duration = Duration::from_millis(300);
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
    if let Some(ColumnInfo { name, .. }) = columns.iter().find(|column| column.declared_type.starts_with(ENCRYPTED)) {
        let message =
            format!("the column {name:?} is encrypted (Always Encrypted): only clients with its key write it");
        return Err(Error::execution(message).with_column(name).with_table(table.table()).with_backend(BACKEND));
    }
    let stored = stored_frame(frame, columns).map_err(|error| error.with_backend(BACKEND))?;
    let rows = stored.height() as u64;
    if rows == 0 {
        return Ok(0);
    }
    let target = DIALECT.quote_table(table)?;
    let names: Vec<String> = columns.iter().map(|column| DIALECT.quote(&column.name)).collect::<Result<_>>()?;
    let routes: Vec<Route> = columns
        .iter()
        .zip(stored.columns())
        .map(|(column, values)| Route::of(column, is_long(values.as_materialized_series())))
        .collect();
    // The client library takes no such names.
    let odd = table
        .parts()
        .iter()
        .chain(columns.iter().map(|column| &column.name))
        .any(|name| name.contains(char::is_control));
    let staged = odd || routes.iter().any(|route| *route != Route::Straight);
    let staged_names: Vec<String> = (0..if staged { columns.len() } else { 0 }).map(|at| format!("[c{at}]")).collect();
    let load = Load {
        names: if staged { &staged_names } else { &names },
        columns,
        stored: &stored,
        routes: &routes,
        staged,
        progress,
        bytes: frame.estimated_size() as u64,
    };
    if !staged {
        send(session, &target, &load).await?;
        return Ok(rows);
    }
    let staging = DIALECT.quote(&unique_name("#industrydb_bulk"))?;
    let mut declarations = Vec::with_capacity(columns.len());
    let mut sources = Vec::with_capacity(columns.len());
    for ((column, name), route) in columns.iter().zip(&staged_names).zip(&routes) {
        declarations.push(format!("{name} {} NULL", route.declared(column)));
        sources.push(route.source(column, name));
    }
    session.rows(Request::Batch(&format!("CREATE TABLE {staging} ({})", declarations.join(", ")))).await?;
    send(session, &staging, &load).await?;
    let names = names.join(", ");
    let insert = format!("INSERT INTO {target} ({names}) SELECT {} FROM {staging}", sources.join(", "));
    session.rows(Request::Batch(&insert)).await?;
    session.rows(Request::Batch(&format!("DROP TABLE {staging}"))).await?;
    Ok(rows)
}

/// Whether a value may have more bytes than the client library sends of a `(max)` type.
fn is_long(values: &Series) -> bool {
    const LONGEST: usize = 65_535;
    // A character has no more bytes in UTF-16 or a code page than twice those in UTF-8.
    match values.dtype() {
        DataType::String => {
            values.str().is_ok_and(|values| values.iter().flatten().any(|text| text.len() > LONGEST / 2))
        }
        DataType::Binary => {
            values.binary().is_ok_and(|values| values.iter().flatten().any(|bytes| bytes.len() > LONGEST))
        }
        _ => false,
    }
}

/// How a column's values get to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// As the column's own type.
    Straight,
    /// Through a staging table, as this type.
    As(&'static str),
    /// Through a staging table, as long text.
    AsLongText,
    /// Through a staging table, as the hexadecimal digits of their bytes in long text.
    AsHex,
}

impl Route {
    fn of(column: &ColumnInfo, long: bool) -> Self {
        let declared = column.declared_type.as_str();
        match Kind::of_declared(declared) {
            // `text` and `ntext` themselves have no limit.
            Kind::LongText | Kind::Xml if long && !matches!(declared, "text" | "ntext") => Self::AsLongText,
            Kind::LongBinary if long => Self::AsHex,
            _ => staged_as(column).map_or(Self::Straight, Self::As),
        }
    }

    /// What the staging table declares for `column`.
    fn declared(self, column: &ColumnInfo) -> String {
        let narrow = !column.declared_type.starts_with('n') && !is_read_from_text(&column.declared_type);
        match (self, &column.collation) {
            (Self::As(staged), _) => staged.to_owned(),
            (Self::AsHex, _) => "ntext".to_owned(),
            // The temporary tables' database may have another collation, and so another code page.
            (Self::AsLongText, Some(collation)) if narrow && !is_utf8(collation) => format!("text COLLATE {collation}"),
            (Self::AsLongText, _) => "ntext".to_owned(),
            (Self::Straight, Some(collation)) if narrow => format!("{} COLLATE {collation}", column.declared_type),
            (Self::Straight, _) => column.declared_type.clone(),
        }
    }

    /// What moves the staged values into `column`: bytes become a type of the CLR only when they are told to, and the
    /// old types of long values become nothing else by themselves.
    fn source(self, column: &ColumnInfo, name: &str) -> String {
        let declared = column.declared_type.as_str();
        let is_clr = Kind::of_declared(declared) == Kind::LongBinary
            && !declared.starts_with("varbinary")
            && declared != "image";
        let value = match self {
            Self::Straight | Self::As(_) => name.to_owned(),
            // Not to a narrow type, whose code page would be that of the temporary tables' database (Transact-SQL
            // reference, "Collation Precedence").
            Self::AsLongText if self.declared(column) == "ntext" => format!("CAST({name} AS nvarchar(max))"),
            Self::AsLongText => format!("CAST({name} AS {declared})"),
            // Style 2: digits without 0x before them.
            Self::AsHex => format!("CONVERT(varbinary(max), CAST({name} AS nvarchar(max)), 2)"),
        };
        if is_clr || declared == "json" { format!("CAST({value} AS {declared})") } else { value }
    }
}

fn is_utf8(collation: &str) -> bool {
    collation.to_ascii_uppercase().ends_with("_UTF8")
}

/// Whether the server reads the type from text of any collation.
fn is_read_from_text(declared: &str) -> bool {
    declared == "xml" || declared == "json" || declared.starts_with("vector")
}

/// The type that a column is staged as, if it can't be sent to straight away.
fn staged_as(column: &ColumnInfo) -> Option<&'static str> {
    let declared = column.declared_type.as_str();
    let utf8 = column.collation.as_deref().is_some_and(is_utf8);
    match Kind::of_declared(declared) {
        Kind::Time(digits) if digits < 7 => Some("time(7)"),
        Kind::DateTimeOffset(digits) if digits < 7 => Some("datetimeoffset(7)"),
        Kind::SmallDateTime => Some("datetime2(0)"),
        Kind::NText(length) if length > LONGEST_NVARCHAR || declared.starts_with("nchar") => Some("nvarchar(max)"),
        Kind::CodePageText(_) if utf8 => Some("nvarchar(max)"),
        Kind::LongText if utf8 && !declared.starts_with('n') => Some("nvarchar(max)"),
        Kind::LongText | Kind::Xml if is_read_from_text(declared) => Some("nvarchar(max)"),
        // varbinary(max) alone is sent as such.
        Kind::LongBinary if !declared.starts_with("varbinary") => Some("varbinary(max)"),
        _ => None,
    }
}

/// Rows on their way.
struct Load<'l> {
    names: &'l [String],
    columns: &'l [ColumnInfo],
    stored: &'l DataFrame,
    routes: &'l [Route],
    staged: bool,
    progress: &'l Progress,
    bytes: u64,
}

/// Sends all rows in one INSERT BULK.
async fn send(session: &mut Session, table: &str, load: &Load<'_>) -> Result<()> {
    let Load { names, columns, stored, routes, .. } = load;
    let types = stored.dtypes();
    let chunks: Vec<_> = stored.iter_chunks(CompatLevel::newest(), false).collect();
    let mut encoders = Vec::with_capacity(chunks.len());
    for chunk in &chunks {
        let mut of_chunk = Vec::with_capacity(columns.len());
        for (at, (array, column)) in chunk.arrays().iter().zip(*columns).enumerate() {
            let way = Way { staged: load.staged, hex: routes[at] == Route::AsHex };
            of_chunk.push(Encoder::new(array.as_ref(), &types[at], column, way)?);
        }
        encoders.push(of_chunk);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let interrupt = std::sync::Arc::clone(session.interrupt());
    let watch = session.watch();
    let client = session.borrow_client().await?;
    let mut read_before = watch.read();
    // Constraints hold and triggers run as for any INSERT, and NULL is NULL, not the column's default.
    let options = SqlBulkCopyOption::CheckConstraints | SqlBulkCopyOption::FireTriggers | SqlBulkCopyOption::KeepNulls;
    let outcome: Result<(), Failure> = async {
        let mut request = {
            let mut begin = std::pin::pin!(client.bulk_insert_with_options(table, &names, options, &[]));
            tokio::select! {
                biased;
                request = &mut begin => request?,
                // It is about to be answered, unless the table is locked.
                () = interrupt.stopped() => match timeout(ITEM_TIMEOUT, begin).await {
                    Ok(request) => request?,
                    Err(_) => return Err(Failure::Stopped),
                },
            }
        };
        read_before = watch.read();
        let sending = async {
            let mut done = 0;
            for (chunk, encoders) in chunks.iter().zip(&encoders) {
                for row in 0..chunk.len() {
                    let mut cells = TokenRow::with_capacity(encoders.len());
                    for encoder in encoders {
                        cells.push(encoder.cell(row, done).map_err(Failure::Value)?);
                    }
                    request.send(cells).await.map_err(|cause| refused(cause, encoders, row, done))?;
                    if (done + row).is_multiple_of(ROWS_BETWEEN_LOOKS) {
                        load.report(done + row);
                        // The server may take rows as fast as they come: whoever waits has to look up now and then.
                        yield_now().await;
                        if interrupt.is_stopped() {
                            return Err(Failure::Stopped);
                        }
                    }
                }
                done += chunk.len();
            }
            Ok(done)
        };
        let told = async {
            interrupt.stopped().await;
            sleep(BLOCKED).await;
        };
        let sent = tokio::select! {
            biased;
            sent = sending => sent,
            // The server takes no rows: it may wait for somebody's lock.
            () = told => return Err(Failure::Stuck),
        };
        match sent {
            // A message that was begun has to be ended; the caller's transaction takes its rows back.
            Err(Failure::Client(cause)) => Err(Failure::Client(cause)),
            Err(failure) => match timeout(ATTENTION_TIMEOUT, request.finalize()).await {
                Ok(Ok(_)) => Err(failure.ended()),
                Ok(Err(cause)) if !error::is_fatal(&cause) => Err(failure.ended()),
                Ok(Err(cause)) => Err(Failure::Client(cause)),
                Err(_) => Err(Failure::Stuck),
            },
            Ok(done) => {
                tokio::select! {
                    biased;
                    outcome = request.finalize() => outcome.map(drop)?,
                    () = interrupt.stopped() => return Err(Failure::Stopped),
                }
                load.report(done);
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

impl Load<'_> {
    fn report(&self, rows: usize) {
        let all = self.stored.height().max(1) as u64;
        self.progress.set(rows as u64, self.bytes * rows as u64 / all);
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
            ("json", Some("Latin1_General_100_BIN2_UTF8"), Some("nvarchar(max)")),
            ("vector(3)", None, Some("nvarchar(max)")),
            ("image", None, Some("varbinary(max)")),
            ("varbinary(max)", None, None),
            ("hierarchyid", None, Some("varbinary(max)")),
            ("decimal(38,10)", None, None),
        ] {
            assert_eq!(staged_as(&column(declared, collation)), staged, "{declared}");
        }
    }

    #[test]
    fn long_values_are_staged_as_long_text() {
        for (declared, collation, long, staged, source) in [
            ("varchar(10)", Some("Cyrillic_General_CI_AS"), false, "varchar(10) COLLATE Cyrillic_General_CI_AS", "[c]"),
            ("varchar(max)", Some("Greek_CI_AS"), true, "text COLLATE Greek_CI_AS", "CAST([c] AS varchar(max))"),
            ("varchar(max)", Some("Greek_100_CI_AS_SC_UTF8"), true, "ntext", "CAST([c] AS nvarchar(max))"),
            ("nvarchar(max)", Some("Greek_CI_AS"), true, "ntext", "CAST([c] AS nvarchar(max))"),
            ("nvarchar(max)", Some("Greek_CI_AS"), false, "nvarchar(max)", "[c]"),
            ("text", Some("Greek_CI_AS"), true, "text COLLATE Greek_CI_AS", "[c]"),
            ("xml", None, true, "ntext", "CAST([c] AS nvarchar(max))"),
            ("json", None, false, "nvarchar(max)", "CAST([c] AS json)"),
            ("json", None, true, "ntext", "CAST(CAST([c] AS nvarchar(max)) AS json)"),
            ("vector(3)", None, false, "nvarchar(max)", "[c]"),
            ("image", None, false, "varbinary(max)", "[c]"),
            ("image", None, true, "ntext", "CONVERT(varbinary(max), CAST([c] AS nvarchar(max)), 2)"),
            ("geometry", None, false, "varbinary(max)", "CAST([c] AS geometry)"),
        ] {
            let column = column(declared, collation);
            let route = Route::of(&column, long);
            assert_eq!((route.declared(&column), route.source(&column, "[c]")), (staged.to_owned(), source.to_owned()));
        }
    }
}
