//! Frames into tables: INSERT BULK, straight into the table or through a staging table.
//!
//! The client library declares some columns in another way than it sends them: `time` and `datetimeoffset` without their
//! digits, `smalldatetime` as `datetime`, `nchar(n)` and long `nvarchar(n)` with their length in bytes; the server then
//! refuses the rows (error 4816 and its like). `image`, `xml` and types of the CLR it does not send at all, and values of
//! the `(max)` types only up to 65,535 bytes. Rows for such columns go into a temporary table of types that it sends
//! right, and from there with one INSERT … SELECT.
//!
//! It also names no collation: the server reads `char`, `varchar` and `text` in the code page of the database, whatever
//! that of the column is. Text goes to them as it is only if that comes to the same, else through the temporary table as
//! `nvarchar`, once the server has said that the column's code page holds all of it.

use std::time::Duration;

use industrydb_core::connector::Progress;
use industrydb_core::error::{Error, ErrorKind, Result};
use industrydb_core::sql::generate::unique_name;
use industrydb_core::table::{ColumnInfo, TableName};
use polars_core::prelude::{CompatLevel, DataFrame, DataType, Series};
use tiberius::{ColumnData, SqlBulkCopyOption, TokenRow};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use crate::catalog::{self, ENCRYPTED};
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

/// A collation in which texts are equal only if all their characters are, and which all types of text may have: the old
/// ones refuse those with supplementary characters, which the temporary tables' database may have (error 4188).
const BINARY: &str = "Latin1_General_BIN2";
/// The code pages that the client library writes as the server does.
const SENT_AS_THE_SERVER_DOES: [i64; 10] = [874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258];
/// Those of which that holds for ASCII alone: the client library has the web's variants of them.
const SENT_AS_ASCII: [i64; 4] = [932, 936, 949, 950];

/// Appends all rows of `frame` to `table` and gives their number.
///
/// # Errors
/// [`ErrorKind::Conversion`] for a value that its column does not hold exactly, before or while rows are sent, or when
/// they are staged; [`ErrorKind::UniqueViolation`] if an index dropped rows, [`ErrorKind::Execution`] if the server stored
/// fewer for another reason; what the server says. What was sent by then is for the caller's transaction to take back.
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
    let collations: Vec<Option<&str>> = columns.iter().map(narrow_collation).collect();
    let asked: Vec<&str> = collations.iter().copied().flatten().collect();
    let storage = catalog::storage(session, table, &asked).await?;
    // In another database, temporary tables' among them, it may be another collation that INSERT BULK goes by.
    let is_here = matches!(table.parts(), [name] | [_, name] if !name.starts_with('#'));
    let mut pages = storage.pages.iter();
    let values: Vec<Values> = stored
        .columns()
        .iter()
        .zip(&collations)
        .map(|(column, collation)| {
            let series = column.as_materialized_series();
            let page = collation.and_then(|_| pages.next().copied().flatten());
            let is_read_alike = is_here && page == storage.database_page;
            Values { long: is_long(series), ascii: collation.is_some() && is_ascii(series), page, is_read_alike }
        })
        .collect();
    let routes = |staged| -> Vec<Route> {
        columns.iter().zip(&values).map(|(column, values)| Route::of(column, *values, staged)).collect()
    };
    // The client library takes no such names.
    let odd = table
        .parts()
        .iter()
        .chain(columns.iter().map(|column| &column.name))
        .any(|name| name.contains(char::is_control));
    let straight = routes(false);
    // Only the count of an INSERT is sure to be that of the rows that were stored.
    let staged = odd || storage.drops_duplicates || straight.iter().any(|route| *route != Route::Straight);
    let routes = if staged { routes(true) } else { straight };
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
        let told = send(session, &target, &load).await?;
        check_count(session, table, told, rows).await?;
        return Ok(rows);
    }
    let staging = DIALECT.quote(&unique_name("#industrydb_bulk"))?;
    let mut declarations = Vec::with_capacity(columns.len());
    let mut sources = Vec::with_capacity(columns.len());
    let mut checks = Vec::new();
    for (at, ((column, name), (route, values))) in
        columns.iter().zip(&staged_names).zip(routes.iter().zip(&values)).enumerate()
    {
        declarations.push(format!("{name} {} NULL", route.declared(column)));
        sources.push(route.source(column, name));
        if collations[at].is_some() && !values.ascii {
            checks.push(check(at, column, &route.text(name), &staging));
        }
    }
    session.rows(Request::Batch(&format!("CREATE TABLE {staging} ({})", declarations.join(", ")))).await?;
    let told = send(session, &staging, &load).await?;
    check_count(session, table, told, rows).await?;
    if !checks.is_empty() {
        let misfits = session.rows(Request::Batch(&checks.join(" UNION ALL "))).await?;
        if let Some(misfit) = misfits.first() {
            return Err(unkept(misfit, columns, &stored));
        }
    }
    let names = names.join(", ");
    let insert = format!("INSERT INTO {target} ({names}) SELECT {} FROM {staging}", sources.join(", "));
    session.rows(Request::Batch(&insert)).await?;
    // A trigger's statements do not count here, nor does NOCOUNT hold.
    let inserted = session.ask_counts().await?;
    if inserted < rows && (inserted > 0 || storage.drops_duplicates) {
        return Err(fewer(table, inserted, rows, storage.drops_duplicates));
    }
    session.rows(Request::Batch(&format!("DROP TABLE {staging}"))).await?;
    Ok(rows)
}

/// Whether a bulk load stored all rows, of which its answer told `told`: none under NOCOUNT.
///
/// # Errors
/// [`ErrorKind::Execution`] if it did not.
async fn check_count(session: &mut Session, table: &TableName, told: u64, rows: u64) -> Result<()> {
    if told == rows {
        return Ok(());
    }
    let counted = session.ask_counts().await?;
    missing(told, counted, rows).map_or(Ok(()), |stored| Err(fewer(table, stored, rows, false)))
}

/// How many rows a bulk load stored, if that is fewer than `rows`. What the server counts (`@@ROWCOUNT`) stands above what
/// the answer told; where neither says anything, nothing is held against the rows: tables whose indexes drop some are not
/// loaded straight.
fn missing(told: u64, counted: u64, rows: u64) -> Option<u64> {
    let stored = if counted == 0 { told } else { counted };
    (stored > 0 && stored < rows).then_some(stored)
}

/// The error of rows that the server did not store.
fn fewer(table: &TableName, inserted: u64, rows: u64, drops_duplicates: bool) -> Error {
    let message = format!("{table}: of {rows} rows the server stored {inserted}");
    let error = if drops_duplicates {
        let message = format!("{message}: a unique index with IGNORE_DUP_KEY = ON dropped the others");
        Error::new(ErrorKind::UniqueViolation, message)
            .with_hint("on_conflict=\"ignore\" leaves duplicates out and counts the others")
    } else {
        Error::execution(message).with_hint("SET ROWCOUNT holds for inserts as well: SET ROWCOUNT 0 ends it")
    };
    error.with_table(table.table()).with_backend(BACKEND)
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

/// Whether all of it is text that has the same bytes in every code page, of as many bytes as characters.
fn is_ascii(values: &Series) -> bool {
    values.str().is_ok_and(|values| values.iter().flatten().all(str::is_ascii))
}

/// Whether a column has text of bytes in a code page.
fn is_narrow(column: &ColumnInfo) -> bool {
    match Kind::of_declared(&column.declared_type) {
        Kind::CodePageText(_) => true,
        Kind::LongText => !column.declared_type.starts_with('n') && !is_read_from_text(&column.declared_type),
        _ => false,
    }
}

/// Whether the server reads the type from text of any collation.
fn is_read_from_text(declared: &str) -> bool {
    declared == "json" || declared.starts_with("vector")
}

/// The collation that says the code page of a column.
fn narrow_collation(column: &ColumnInfo) -> Option<&str> {
    // It is that of the database only where nothing else is known.
    is_narrow(column).then(|| column.collation.as_deref().unwrap_or("database_default"))
}

/// What there is to know of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Values {
    /// Whether one may have more bytes than the client library sends of a `(max)` type.
    long: bool,
    /// Whether all are ASCII, of a narrow column.
    ascii: bool,
    /// The code page that they are stored in, of a narrow column.
    page: Option<i64>,
    /// Whether INSERT BULK reads them in that code page.
    is_read_alike: bool,
}

impl Values {
    /// Whether the bytes that the client library sends mean the same to the server, in a narrow column.
    fn are_sent_right(self) -> bool {
        self.page.is_some_and(|page| {
            let is_known = SENT_AS_THE_SERVER_DOES.contains(&page);
            (is_known && self.is_read_alike) || (self.ascii && (is_known || SENT_AS_ASCII.contains(&page)))
        })
    }
}

/// How a column's values get to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// As the column's own type.
    Straight,
    /// Through a staging table, as this type.
    As(&'static str),
    /// Through a staging table, as text of UTF-16.
    AsText,
    /// The same for values that the client library sends in a long type only.
    AsLongText,
    /// Through a staging table, as the hexadecimal digits of their bytes in long text.
    AsHex,
}

impl Route {
    /// `staged` says that there is a staging table, whichever column is the reason.
    fn of(column: &ColumnInfo, values: Values, staged: bool) -> Self {
        let declared = column.declared_type.as_str();
        let utf8 = column.collation.as_deref().is_some_and(is_utf8);
        let is_old = matches!(declared, "text" | "ntext");
        if is_narrow(column) {
            // The temporary tables' database may have another collation than the database in use.
            let is_sent_right = !staged && !utf8 && values.are_sent_right();
            return match (is_sent_right, values.long) {
                (true, long) if is_old || !long => Self::Straight,
                (_, true) => Self::AsLongText,
                (_, false) => Self::AsText,
            };
        }
        match Kind::of_declared(declared) {
            // `ntext` itself has no limit, but in a staging table it would have any collation.
            Kind::LongText | Kind::Xml if values.long && (staged || !is_old) => Self::AsLongText,
            Kind::LongText if is_read_from_text(declared) || is_old && staged => Self::AsText,
            Kind::LongBinary if values.long => Self::AsHex,
            Kind::Time(digits) if digits < 7 => Self::As("time(7)"),
            Kind::DateTimeOffset(digits) if digits < 7 => Self::As("datetimeoffset(7)"),
            Kind::SmallDateTime => Self::As("datetime2(0)"),
            Kind::NText(length) if length > LONGEST_NVARCHAR || declared.starts_with("nchar") => Self::AsText,
            Kind::Xml => Self::AsText,
            // varbinary(max) alone is sent as such.
            Kind::LongBinary if !declared.starts_with("varbinary") => Self::As("varbinary(max)"),
            _ => Self::Straight,
        }
    }

    /// What the staging table declares for `column`.
    fn declared(self, column: &ColumnInfo) -> String {
        match self {
            Self::Straight => column.declared_type.clone(),
            Self::As(staged) => staged.to_owned(),
            Self::AsText => format!("nvarchar(max) COLLATE {BINARY}"),
            Self::AsLongText | Self::AsHex => format!("ntext COLLATE {BINARY}"),
        }
    }

    /// The staged values as the type that they are meant to be: the old types of long values become nothing else by
    /// themselves.
    fn text(self, name: &str) -> String {
        match self {
            Self::Straight | Self::As(_) | Self::AsText => name.to_owned(),
            Self::AsLongText => format!("CAST({name} AS nvarchar(max))"),
            // Style 2: digits without 0x before them.
            Self::AsHex => format!("CONVERT(varbinary(max), CAST({name} AS nvarchar(max)), 2)"),
        }
    }

    /// What moves the staged values into `column`. Bytes become a type of the CLR only when they are told to. XML keeps its
    /// white space in style 1, else what seems insignificant goes (Transact-SQL reference, "CAST and CONVERT").
    fn source(self, column: &ColumnInfo, name: &str) -> String {
        let declared = column.declared_type.as_str();
        let value = self.text(name);
        match Kind::of_declared(declared) {
            Kind::Xml => format!("CONVERT(xml, {value}, 1)"),
            Kind::LongText if declared == "json" => format!("CAST({value} AS json)"),
            Kind::LongBinary if !declared.starts_with("varbinary") && declared != "image" => {
                format!("CAST({value} AS {declared})")
            }
            _ => value,
        }
    }
}

fn is_utf8(collation: &str) -> bool {
    collation.to_ascii_uppercase().ends_with("_UTF8")
}

/// A query that gives a row if the narrow column `at` would not keep a staged `value`: its place, whether its code page
/// lacks a character (else it is too long), and the value. INSERT would store `?` or what looks alike, and, under
/// ANSI_WARNINGS OFF or where only spaces go, cut. The collation has to stand on what is converted: it is that which says
/// the code page. Equal texts may differ in spaces at the end, so the lengths are compared as well.
fn check(at: usize, column: &ColumnInfo, value: &str, staging: &str) -> String {
    let collation = narrow_collation(column).unwrap_or("database_default");
    let bytes = format!("CONVERT(varchar(max), {value} COLLATE {collation})");
    let back = format!("CONVERT(nvarchar(max), {bytes})");
    let lost =
        format!("{back} COLLATE {BINARY} <> {value} COLLATE {BINARY} OR DATALENGTH({back}) <> DATALENGTH({value})");
    let long = match Kind::of_declared(&column.declared_type) {
        Kind::CodePageText(most) => format!(" OR DATALENGTH({bytes}) > {most}"),
        _ => String::new(),
    };
    format!(
        "SELECT TOP (1) {at} AS [at], CASE WHEN {lost} THEN 1 ELSE 0 END AS [lost], {value} AS [value] FROM {staging} \
         WHERE {lost}{long}"
    )
}

/// The error of a row of [`check`].
fn unkept(misfit: &[ColumnData<'static>], columns: &[ColumnInfo], stored: &DataFrame) -> Error {
    let error = match misfit {
        [ColumnData::I32(Some(at)), ColumnData::I32(Some(lost)), ColumnData::String(Some(text))] => {
            let place = usize::try_from(*at).ok().and_then(|at| Some((columns.get(at)?, stored.columns().get(at)?)));
            place.map(|(column, values)| {
                let values = values.as_materialized_series();
                let same = |value: Option<&str>| value == Some(text.as_ref());
                let row = values.str().ok().and_then(|values| values.iter().position(same));
                let what = if *lost == 1 { LACKING } else { TOO_LONG };
                not_kept(column, row, &format!("{:?}, {what}", shortened(text)))
            })
        }
        _ => None,
    };
    error.unwrap_or_else(|| {
        Error::execution("the server compared the staged rows in an unknown form").with_backend(BACKEND)
    })
}

const LACKING: &str = "a text with a character that the code page of its collation does not have";
const TOO_LONG: &str = "a text that is too long";

/// The beginning of a long text, for a message.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The error of a text that a narrow column does not keep.
fn not_kept(ColumnInfo { name, declared_type, .. }: &ColumnInfo, row: Option<usize>, what: &str) -> Error {
    let row = row.map_or_else(String::new, |row| format!(", row {row}"));
    Error::conversion(format!("column {name:?}{row}: {what}, for a column declared {declared_type}"))
        .with_column(name)
        .with_backend(BACKEND)
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

/// Sends all rows in one INSERT BULK and gives how many the server says that it stored: none under NOCOUNT. What a trigger
/// counts comes before that.
async fn send(session: &mut Session, table: &str, load: &Load<'_>) -> Result<u64> {
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
    let outcome: Result<u64, Failure> = async {
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
                let told = tokio::select! {
                    biased;
                    outcome = request.finalize() => outcome?.rows_affected().last().copied(),
                    () = interrupt.stopped() => return Err(Failure::Stopped),
                };
                load.report(done);
                Ok(told.unwrap_or(0))
            }
        }
    }
    .await;
    match outcome {
        Ok(told) => {
            session.done();
            Ok(told)
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
        tiberius::error::Error::Encoding(_) => {
            (LACKING, encoders.iter().find(|encoder| encoder.is_code_page_text(row)))
        }
        tiberius::error::Error::BulkInput(_) => (TOO_LONG, encoders.iter().find(|encoder| encoder.is_too_long(row))),
        _ => return Failure::Client(cause),
    };
    let row = first_row + row;
    Failure::Value(match culprit.map(Encoder::target) {
        Some(column) => not_kept(column, Some(row), what),
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
    use polars_core::prelude::Column;

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

    /// Short text in the code page 1252, which the database has as well.
    const USUAL: Values = Values { long: false, ascii: false, page: Some(1252), is_read_alike: true };

    #[test]
    fn what_the_library_sends_wrong_is_staged() {
        for (declared, route) in [
            ("time(7)", Route::Straight),
            ("time(6)", Route::As("time(7)")),
            ("datetimeoffset(6)", Route::As("datetimeoffset(7)")),
            ("datetime2(6)", Route::Straight),
            ("smalldatetime", Route::As("datetime2(0)")),
            ("nvarchar(2000)", Route::Straight),
            ("nvarchar(2001)", Route::AsText),
            ("nvarchar(max)", Route::Straight),
            ("nchar(3)", Route::AsText),
            ("ntext", Route::Straight),
            ("xml", Route::AsText),
            ("json", Route::AsText),
            ("vector(3)", Route::AsText),
            ("image", Route::As("varbinary(max)")),
            ("varbinary(max)", Route::Straight),
            ("hierarchyid", Route::As("varbinary(max)")),
            ("decimal(38,10)", Route::Straight),
        ] {
            assert_eq!(Route::of(&column(declared, None), USUAL, false), route, "{declared}");
        }
    }

    #[test]
    fn narrow_text_goes_straight_only_where_its_bytes_mean_the_same() {
        let elsewhere = Values { is_read_alike: false, ..USUAL };
        let page = |page, values: Values| Values { page: Some(page), ..values };
        let ascii = |values: Values| Values { ascii: true, ..values };
        for (values, straight) in [
            (USUAL, true),
            (page(1251, USUAL), true),
            (page(874, USUAL), true),
            (elsewhere, false),
            (page(1251, elsewhere), false),
            (page(1251, ascii(elsewhere)), true),
            // The web's Shift_JIS writes a yen sign as a backslash.
            (page(932, USUAL), false),
            (page(936, USUAL), false),
            (page(949, USUAL), false),
            (page(950, USUAL), false),
            (page(932, ascii(elsewhere)), true),
            // The client library does not have these at all.
            (page(437, USUAL), false),
            (page(850, ascii(USUAL)), false),
            (Values { page: None, ..ascii(USUAL) }, false),
        ] {
            for declared in ["char(10)", "varchar(10)", "varchar(max)", "text"] {
                let column = column(declared, Some("Some_CI_AS"));
                let expected = if straight { Route::Straight } else { Route::AsText };
                assert_eq!(Route::of(&column, values, false), expected, "{declared} {values:?}");
                assert_eq!(Route::of(&column, values, true), Route::AsText, "{declared} {values:?}");
            }
        }
        let utf8 = column("varchar(10)", Some("Latin1_General_100_CI_AS_SC_UTF8"));
        assert_eq!(Route::of(&utf8, ascii(page(65_001, USUAL)), false), Route::AsText);
    }

    #[test]
    fn staging_tables_name_collations_and_no_narrow_type() {
        let (short, text) = (USUAL, "nvarchar(max) COLLATE Latin1_General_BIN2");
        let (long, ntext) = (Values { long: true, ..USUAL }, "ntext COLLATE Latin1_General_BIN2");
        for (declared, values, staged, source) in [
            ("varchar(10)", short, text, "[c]"),
            ("varchar(max)", long, ntext, "CAST([c] AS nvarchar(max))"),
            ("nvarchar(max)", long, ntext, "CAST([c] AS nvarchar(max))"),
            ("nvarchar(max)", short, "nvarchar(max)", "[c]"),
            ("text", short, text, "[c]"),
            ("text", long, ntext, "CAST([c] AS nvarchar(max))"),
            ("ntext", short, text, "[c]"),
            ("ntext", long, ntext, "CAST([c] AS nvarchar(max))"),
            ("xml", short, text, "CONVERT(xml, [c], 1)"),
            ("xml", long, ntext, "CONVERT(xml, CAST([c] AS nvarchar(max)), 1)"),
            ("json", short, text, "CAST([c] AS json)"),
            ("json", long, ntext, "CAST(CAST([c] AS nvarchar(max)) AS json)"),
            ("vector(3)", short, text, "[c]"),
            ("image", short, "varbinary(max)", "[c]"),
            ("image", long, ntext, "CONVERT(varbinary(max), CAST([c] AS nvarchar(max)), 2)"),
            ("geometry", short, "varbinary(max)", "CAST([c] AS geometry)"),
            ("int", short, "int", "[c]"),
        ] {
            let column = column(declared, Some("Greek_CI_AS"));
            let route = Route::of(&column, values, true);
            assert_eq!((route.declared(&column), route.source(&column, "[c]")), (staged.to_owned(), source.to_owned()));
        }
    }

    #[test]
    fn a_check_goes_through_the_columns_code_page() {
        let sql = check(3, &column("varchar(10)", Some("Greek_CI_AS")), "[c3]", "[#s]");
        let bytes = "CONVERT(varchar(max), [c3] COLLATE Greek_CI_AS)";
        assert!(sql.starts_with("SELECT TOP (1) 3 AS [at], "), "{sql}");
        assert!(sql.ends_with(&format!(" OR DATALENGTH({bytes}) > 10")), "{sql}");
        let differ = format!("CONVERT(nvarchar(max), {bytes}) COLLATE Latin1_General_BIN2 <> [c3] COLLATE");
        assert_eq!(sql.matches(&differ).count(), 2, "{sql}");
        let sql = check(0, &column("text", Some("Greek_CI_AS")), "CAST([c0] AS nvarchar(max))", "[#s]");
        assert!(sql.contains("CONVERT(varchar(max), CAST([c0] AS nvarchar(max)) COLLATE Greek_CI_AS)"), "{sql}");
        assert!(!sql.contains(" > "), "{sql}");
    }

    #[test]
    fn a_misfit_names_its_row_and_value() {
        let columns = [column("varchar(10)", Some("Greek_CI_AS"))];
        let stored = DataFrame::new(3, vec![Column::new("c".into(), ["a", "łza", "łza"])]).expect("a frame");
        let misfit = |lost| {
            let text = ColumnData::String(Some("łza".into()));
            unkept(&[ColumnData::I32(Some(0)), ColumnData::I32(Some(lost)), text], &columns, &stored)
        };
        let lacking = misfit(1);
        assert_eq!(lacking.kind(), ErrorKind::Conversion);
        assert!(lacking.message().starts_with("column \"c\", row 1: \"łza\", a text with a character"), "{lacking:?}");
        assert!(misfit(0).message().contains("too long"));
        assert_eq!(unkept(&[], &columns, &stored).kind(), ErrorKind::Execution);
        assert_eq!(shortened(&"ł".repeat(70)), format!("{}…", "ł".repeat(60)));
    }

    #[test]
    fn rows_that_are_missing_are_an_error() {
        for (told, counted, expected) in [
            (3, 0, None),
            (0, 3, None),
            // NOCOUNT, and a server that does not count bulk loads.
            (0, 0, None),
            // A trigger's count came last.
            (1, 3, None),
            (7, 3, None),
            (0, 2, Some(2)),
            (2, 2, Some(2)),
            (2, 0, Some(2)),
        ] {
            assert_eq!(missing(told, counted, 3), expected, "{told} {counted}");
        }
        let table = TableName::new(vec!["dbo".into(), "t".into()]).expect("a name");
        assert_eq!(fewer(&table, 2, 3, true).kind(), ErrorKind::UniqueViolation);
        let other = fewer(&table, 2, 3, false);
        assert_eq!(other.kind(), ErrorKind::Execution);
        assert!(other.details().hint.as_deref().is_some_and(|hint| hint.contains("ROWCOUNT")));
    }
}
