//! The only `unsafe` of this crate: calls into the SQLite library on the handle that sqlx opened.
//!
//! Two rules make them sound. *One at a time*: the connection is opened with `SQLITE_OPEN_NOMUTEX`, so one thread may
//! use it at a time; [`Database`] and its [`Statement`]s live together inside one connector, which is used through
//! `&mut`. sqlx' worker thread makes no call of its own: after opening we send it nothing but the closing. *Nothing
//! outlives the handle*: every statement holds the connection's [`Owner`] alive.

use std::cell::Cell as StdCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libsqlite3_sys as ffi;
use sqlx::sqlite::SqliteConnection;

/// Virtual machine steps between two looks at the interrupt flag: a fraction of a millisecond.
const STEPS_BETWEEN_LOOKS: c_int = 1_000;
/// How often the thread's owner gets a tick while SQLite works.
const TICK_EVERY: Duration = Duration::from_millis(10);

/// What SQLite said when a call failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The extended result code.
    pub code: c_int,
    /// The message of the connection.
    pub message: String,
    /// The byte of the statement at which it failed.
    pub offset: Option<usize>,
}

/// One value of one row, borrowed until the statement moves on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// NULL.
    Null,
    /// An INTEGER.
    Int(i64),
    /// A REAL; never NaN, which SQLite stores as NULL.
    Real(f64),
    /// TEXT in UTF-8, not checked.
    Text(&'a [u8]),
    /// A BLOB.
    Blob(&'a [u8]),
    /// A value that SQLite could not give for want of memory.
    OutOfMemory,
}

/// Stops what a connection does, from any thread.
#[derive(Debug, Default)]
pub struct Interrupt {
    state: AtomicU8,
    /// Held while the state changes and while SQLite is interrupted, so that no interrupt reaches the next call.
    handle: Mutex<Option<Handle>>,
}

const IDLE: u8 = 0;
const RUNNING: u8 = 1;
const STOPPED: u8 = 2;

#[derive(Debug, Clone, Copy)]
struct Handle(NonNull<ffi::sqlite3>);

// SAFETY: the pointer is only an address here; whoever calls through it keeps the module's two rules.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Interrupt {
    fn handle(&self) -> MutexGuard<'_, Option<Handle>> {
        self.handle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the running call to stop; does nothing if none runs.
    pub fn cancel(&self) {
        let handle = self.handle();
        if self.state.load(Ordering::Acquire) == IDLE {
            return;
        }
        self.state.store(STOPPED, Ordering::Release);
        if let Some(handle) = *handle {
            // SAFETY: allowed from any thread while the connection is open (sqlite.org/c3ref/interrupt.html); `close`
            // takes the handle out under the same lock first.
            unsafe { ffi::sqlite3_interrupt(handle.0.as_ptr()) };
        }
    }

    /// Whether the running call has been asked to stop.
    pub fn stopped(&self) -> bool {
        self.state.load(Ordering::Acquire) == STOPPED
    }

    /// A call begins.
    pub fn begin(&self) {
        let _handle = self.handle();
        self.state.store(RUNNING, Ordering::Release);
    }

    /// The call ended.
    pub fn end(&self) {
        let _handle = self.handle();
        self.state.store(IDLE, Ordering::Release);
    }
}

/// What SQLite's callbacks look at.
struct Hooks {
    interrupt: Arc<Interrupt>,
    busy_timeout: StdCell<Duration>,
    last_tick: StdCell<Instant>,
    busy_since: StdCell<Instant>,
}

impl Hooks {
    /// Lets the thread's owner look up, now and then; whether to stop.
    fn look_up(&self) -> bool {
        if self.last_tick.get().elapsed() >= TICK_EVERY {
            self.last_tick.set(Instant::now());
            industrydb_core::tick::tick();
        }
        self.interrupt.stopped()
    }
}

/// Keeps the connection open for as long as anything uses its handle.
struct Owner {
    handle: Handle,
    hooks: Box<Hooks>,
    connection: Mutex<Option<SqliteConnection>>,
}

// SAFETY: `hooks` is touched only inside SQLite's calls, which the module's first rule keeps on one thread at a time.
unsafe impl Send for Owner {}
// SAFETY: as above.
unsafe impl Sync for Owner {}

impl Drop for Owner {
    fn drop(&mut self) {
        let connection = self.connection.get_mut().unwrap_or_else(PoisonError::into_inner);
        if connection.is_some() {
            // SAFETY: the handle is open until sqlx' thread is told to close it, which dropping `connection` does next;
            // it may do so after `hooks` is gone, so nothing may call them any more.
            unsafe {
                ffi::sqlite3_progress_handler(self.handle.0.as_ptr(), 0, None, ptr::null_mut());
                ffi::sqlite3_busy_handler(self.handle.0.as_ptr(), None, ptr::null_mut());
            }
        }
    }
}

/// An open database connection.
pub struct Database {
    owner: Arc<Owner>,
}

extern "C" fn on_progress(hooks: *mut c_void) -> c_int {
    // SAFETY: registered by `Database::new` with its own boxed `Hooks`; `Owner` takes the handler out before they go.
    let hooks = unsafe { &*hooks.cast::<Hooks>() };
    c_int::from(hooks.look_up())
}

extern "C" fn on_busy(hooks: *mut c_void, earlier_calls: c_int) -> c_int {
    // SAFETY: as in `on_progress`.
    let hooks = unsafe { &*hooks.cast::<Hooks>() };
    if earlier_calls == 0 {
        hooks.busy_since.set(Instant::now());
    }
    if hooks.look_up() || hooks.busy_since.get().elapsed() >= hooks.busy_timeout.get() {
        return 0;
    }
    // Short naps first, since most locks are held for microseconds; never so long that Ctrl-C would be felt.
    let nap = Duration::from_millis(u64::from(earlier_calls.unsigned_abs()).clamp(1, 20));
    std::thread::sleep(nap.min(hooks.busy_timeout.get()));
    1
}

unsafe extern "C" fn on_authorize(
    names: *mut c_void,
    action: c_int,
    table: *const c_char,
    _column: *const c_char,
    _schema: *const c_char,
    _view: *const c_char,
) -> c_int {
    if action == ffi::SQLITE_READ {
        // SAFETY: registered by `Database::tables_read` with its own vector; SQLite's strings end in NUL.
        let (names, table) = unsafe { (&mut *names.cast::<Vec<String>>(), text(table)) };
        names.extend(table);
    }
    ffi::SQLITE_OK
}

/// What a statement writes, by itself or through triggers.
#[derive(Debug)]
pub struct Written {
    /// The schema of the table.
    pub schema: String,
    /// The table or view.
    pub table: String,
    /// The column that an UPDATE sets; `None` for an INSERT.
    pub column: Option<String>,
}

unsafe extern "C" fn on_authorize_write(
    writes: *mut c_void,
    action: c_int,
    table: *const c_char,
    column: *const c_char,
    schema: *const c_char,
    _trigger: *const c_char,
) -> c_int {
    if action == ffi::SQLITE_INSERT || action == ffi::SQLITE_UPDATE {
        // SAFETY: registered by `Database::columns_written` with its own vector; SQLite's strings end in NUL.
        let (writes, table, column, schema) =
            unsafe { (&mut *writes.cast::<Vec<Written>>(), text(table), text(column), text(schema)) };
        let column = column.filter(|_| action == ffi::SQLITE_UPDATE);
        writes.extend(table.zip(schema).map(|(table, schema)| Written { schema, table, column }));
    }
    ffi::SQLITE_OK
}

impl Database {
    /// Takes over a connection that sqlx has just opened.
    ///
    /// # Errors
    /// What sqlx says if its worker thread is gone.
    pub async fn new(
        mut connection: SqliteConnection,
        interrupt: Arc<Interrupt>,
        busy_timeout: Duration,
    ) -> Result<Self, sqlx::Error> {
        let handle = Handle(connection.lock_handle().await?.as_raw_handle());
        *interrupt.handle() = Some(handle);
        let now = Instant::now();
        let hooks = Box::new(Hooks {
            interrupt,
            busy_timeout: StdCell::new(busy_timeout),
            last_tick: StdCell::new(now),
            busy_since: StdCell::new(now),
        });
        let context = ptr::from_ref::<Hooks>(&hooks).cast_mut().cast::<c_void>();
        let owner = Arc::new(Owner { handle, hooks, connection: Mutex::new(Some(connection)) });
        let db = owner.handle.0.as_ptr();
        // SAFETY: the handle is open and ours alone; `hooks` is boxed and lives as long as `Owner`, which takes the
        // handlers out again.
        unsafe {
            ffi::sqlite3_progress_handler(db, STEPS_BETWEEN_LOOKS, Some(on_progress), context);
            ffi::sqlite3_busy_handler(db, Some(on_busy), context);
            // A misspelt "column" must not become a string (sqlite.org/quirks.html, section 8).
            ffi::sqlite3_db_config(db, ffi::SQLITE_DBCONFIG_DQS_DML, 0 as c_int, ptr::null_mut::<c_int>());
            ffi::sqlite3_db_config(db, ffi::SQLITE_DBCONFIG_DQS_DDL, 0 as c_int, ptr::null_mut::<c_int>());
        }
        Ok(Self { owner })
    }

    fn ptr(&self) -> *mut ffi::sqlite3 {
        self.owner.handle.0.as_ptr()
    }

    /// How long to wait for a lock of another connection.
    pub fn set_busy_timeout(&self, timeout: Duration) {
        self.owner.hooks.busy_timeout.set(timeout);
    }

    /// What stops this connection's calls.
    pub fn interrupt(&self) -> &Arc<Interrupt> {
        &self.owner.hooks.interrupt
    }

    /// Compiles the first statement of `sql` from byte `at` on; with it the byte behind it. `None` for white space and
    /// comments alone.
    ///
    /// # Errors
    /// What SQLite says of it.
    pub fn prepare(&self, sql: &CStr, at: usize) -> Result<(Option<Statement>, usize), Failure> {
        let rest = sql.to_bytes_with_nul().get(at..).unwrap_or(b"\0");
        let Ok(length) = c_int::try_from(rest.len()) else {
            return Err(Failure {
                code: ffi::SQLITE_TOOBIG,
                message: "the statement is longer than 2 GiB".into(),
                offset: None,
            });
        };
        let start = rest.as_ptr().cast::<c_char>();
        let mut statement = ptr::null_mut();
        let mut tail = ptr::null();
        // A handler that has given up once is not asked again until a statement runs, yet compiling may have to wait for the
        // schema's lock: naming it anew makes SQLite forget that.
        let hooks = ptr::from_ref::<Hooks>(&self.owner.hooks).cast_mut().cast::<c_void>();
        // SAFETY: as in `new`.
        unsafe { ffi::sqlite3_busy_handler(self.ptr(), Some(on_busy), hooks) };
        // SAFETY: `start` points to `length` bytes, the last one NUL, so that SQLite need not copy them; both out
        // pointers are ours.
        let code = unsafe {
            ffi::sqlite3_prepare_v3(
                self.ptr(),
                start,
                length,
                ffi::SQLITE_PREPARE_PERSISTENT,
                &raw mut statement,
                &raw mut tail,
            )
        };
        if code != ffi::SQLITE_OK {
            return Err(self.failure(code));
        }
        let used = if tail.is_null() { rest.len() } else { (tail as usize).saturating_sub(start as usize) };
        let statement = NonNull::new(statement).map(|ptr| Statement { ptr, owner: Arc::clone(&self.owner) });
        Ok((statement, at + used))
    }

    fn failure(&self, code: c_int) -> Failure {
        failure(self.ptr(), code)
    }

    /// Whether no transaction is open.
    pub fn autocommit(&self) -> bool {
        // SAFETY: the handle is open.
        unsafe { ffi::sqlite3_get_autocommit(self.ptr()) != 0 }
    }

    /// Rows changed since the connection was opened, by triggers too.
    pub fn total_changes(&self) -> i64 {
        // SAFETY: the handle is open.
        unsafe { ffi::sqlite3_total_changes64(self.ptr()) }
    }

    /// Rows changed by the statement that ended last, triggers not counted.
    pub fn changes(&self) -> i64 {
        // SAFETY: the handle is open.
        unsafe { ffi::sqlite3_changes64(self.ptr()) }
    }

    /// The collation of a table's column (`BINARY` unless declared otherwise), if there is such a column.
    pub fn collation(&self, schema: Option<&CStr>, table: &CStr, column: &CStr) -> Option<String> {
        let mut collation = ptr::null();
        // SAFETY: all strings end in NUL; the unwanted out pointers may be null (c3ref/table_column_metadata.html).
        let code = unsafe {
            ffi::sqlite3_table_column_metadata(
                self.ptr(),
                schema.map_or(ptr::null(), CStr::as_ptr),
                table.as_ptr(),
                column.as_ptr(),
                ptr::null_mut(),
                &raw mut collation,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        // SAFETY: valid until the next call on this connection; copied at once.
        (code == ffi::SQLITE_OK).then(|| unsafe { text(collation) }).flatten()
    }

    /// The names of all tables and views that a query reads, through views too.
    ///
    /// # Errors
    /// What SQLite says of the query.
    pub fn tables_read(&self, sql: &CStr) -> Result<Vec<String>, Failure> {
        let mut names: Vec<String> = Vec::new();
        let context = (&raw mut names).cast::<c_void>();
        // SAFETY: compiling alone calls the authorizer; it is taken out again before `names` goes.
        unsafe { ffi::sqlite3_set_authorizer(self.ptr(), Some(on_authorize), context) };
        let compiled = self.prepare(sql, 0);
        // SAFETY: as above.
        unsafe { ffi::sqlite3_set_authorizer(self.ptr(), None, ptr::null_mut()) };
        compiled.map(|_| names)
    }

    /// All that a statement may insert or update, through triggers too.
    ///
    /// # Errors
    /// What SQLite says of the statement.
    pub fn columns_written(&self, sql: &CStr) -> Result<Vec<Written>, Failure> {
        let mut writes: Vec<Written> = Vec::new();
        let context = (&raw mut writes).cast::<c_void>();
        // SAFETY: compiling alone calls the authorizer; it is taken out again before `writes` goes.
        unsafe { ffi::sqlite3_set_authorizer(self.ptr(), Some(on_authorize_write), context) };
        let compiled = self.prepare(sql, 0);
        // SAFETY: as above.
        unsafe { ffi::sqlite3_set_authorizer(self.ptr(), None, ptr::null_mut()) };
        compiled.map(|_| writes)
    }

    /// Ends the connection; the statements must be gone.
    ///
    /// # Errors
    /// What sqlx says.
    pub async fn close(self) -> Result<(), sqlx::Error> {
        *self.interrupt().handle() = None;
        let connection = self.owner.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        match connection {
            Some(connection) => sqlx::Connection::close(connection).await,
            None => Ok(()),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        *self.interrupt().handle() = None;
    }
}

/// The library's version, such as `3.51.3`.
pub fn version() -> String {
    // SAFETY: a string of the library itself.
    unsafe { text(ffi::sqlite3_libversion()) }.unwrap_or_default()
}

/// A NUL-terminated UTF-8 string, copied; `None` for a null pointer.
///
/// # Safety
/// `pointer` is null or points to such a string.
unsafe fn text(pointer: *const c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    Some(unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}

fn failure(db: *mut ffi::sqlite3, code: c_int) -> Failure {
    // SAFETY: the handle is open; the message is copied at once.
    unsafe {
        let message = text(ffi::sqlite3_errmsg(db)).unwrap_or_default();
        let extended = ffi::sqlite3_extended_errcode(db);
        let offset = usize::try_from(ffi::sqlite3_error_offset(db)).ok();
        Failure { code: if extended & 0xff == code & 0xff { extended } else { code }, message, offset }
    }
}

/// A compiled statement.
pub struct Statement {
    ptr: NonNull<ffi::sqlite3_stmt>,
    owner: Arc<Owner>,
}

// SAFETY: a statement may move between threads with its connection; the module's first rule keeps use apart.
unsafe impl Send for Statement {}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: `ptr` came from `sqlite3_prepare_v3` and is finalized once. Its result repeats an earlier failure.
        unsafe { ffi::sqlite3_finalize(self.ptr.as_ptr()) };
    }
}

impl Statement {
    fn check(&self, code: c_int) -> Result<(), Failure> {
        if code == ffi::SQLITE_OK { Ok(()) } else { Err(failure(self.owner.handle.0.as_ptr(), code)) }
    }

    /// Goes to the next row: `true` if there is one, `false` at the end.
    ///
    /// # Errors
    /// What SQLite says; the statement has to be [`Self::reset`] then.
    #[inline]
    pub fn step(&mut self) -> Result<bool, Failure> {
        // SAFETY: `ptr` is a live statement.
        match unsafe { ffi::sqlite3_step(self.ptr.as_ptr()) } {
            ffi::SQLITE_ROW => Ok(true),
            ffi::SQLITE_DONE => Ok(false),
            code => Err(failure(self.owner.handle.0.as_ptr(), code)),
        }
    }

    /// Makes it ready to run again, with no parameter bound.
    pub fn reset(&mut self) {
        // SAFETY: `ptr` is a live statement; reset's result repeats what `step` said.
        unsafe {
            ffi::sqlite3_reset(self.ptr.as_ptr());
            ffi::sqlite3_clear_bindings(self.ptr.as_ptr());
        }
    }

    /// Its text.
    pub fn sql(&self) -> String {
        // SAFETY: `ptr` is a live statement, which keeps its text; copied at once.
        unsafe { text(ffi::sqlite3_sql(self.ptr.as_ptr())) }.unwrap_or_default()
    }

    /// Whether it cannot change the database.
    pub fn is_read_only(&self) -> bool {
        // SAFETY: `ptr` is a live statement.
        unsafe { ffi::sqlite3_stmt_readonly(self.ptr.as_ptr()) != 0 }
    }

    /// How many columns a row has; 0 for a statement without a result set.
    pub fn column_count(&self) -> usize {
        // SAFETY: `ptr` is a live statement.
        let count = unsafe { ffi::sqlite3_column_count(self.ptr.as_ptr()) };
        usize::try_from(count).unwrap_or(0)
    }

    /// The name of a column.
    pub fn column_name(&self, column: usize) -> String {
        // SAFETY: SQLite answers null for a column that is not there; copied at once.
        unsafe { text(ffi::sqlite3_column_name(self.ptr.as_ptr(), index(column))) }.unwrap_or_default()
    }

    /// The declared type of the table's column that a result column shows, if it shows one and one was declared.
    pub fn declared_type(&self, column: usize) -> Option<String> {
        // SAFETY: as in `column_name`.
        unsafe { text(ffi::sqlite3_column_decltype(self.ptr.as_ptr(), index(column))) }
    }

    /// How often SQLite had to compile it anew because the schema changed; its columns may be others then.
    pub fn recompiled(&self) -> c_int {
        // SAFETY: `ptr` is a live statement.
        unsafe { ffi::sqlite3_stmt_status(self.ptr.as_ptr(), ffi::SQLITE_STMTSTATUS_REPREPARE, 0) }
    }

    /// The value in a column of the row that `step` reached.
    #[inline]
    pub fn cell(&self, column: usize) -> Cell<'_> {
        // SAFETY: `column` is checked by SQLite. The value is an unprotected one, fit for use on the connection's own
        // thread (c3ref/value.html); it stays until the next `step` or `reset`, which need `&mut self`.
        unsafe {
            let value = ffi::sqlite3_column_value(self.ptr.as_ptr(), index(column));
            match ffi::sqlite3_value_type(value) {
                ffi::SQLITE_INTEGER => Cell::Int(ffi::sqlite3_value_int64(value)),
                ffi::SQLITE_FLOAT => Cell::Real(ffi::sqlite3_value_double(value)),
                ffi::SQLITE_TEXT => {
                    // Asking for the bytes spares SQLite the copy that a terminating NUL would cost; only UTF-16 needs
                    // the translation.
                    let start = if ffi::sqlite3_value_encoding(value) == ffi::SQLITE_UTF8 {
                        ffi::sqlite3_value_blob(value)
                    } else {
                        ffi::sqlite3_value_text(value).cast::<c_void>()
                    };
                    bytes(start, ffi::sqlite3_value_bytes(value)).map_or(Cell::OutOfMemory, Cell::Text)
                }
                ffi::SQLITE_BLOB => {
                    let start = ffi::sqlite3_value_blob(value);
                    bytes(start, ffi::sqlite3_value_bytes(value)).map_or(Cell::OutOfMemory, Cell::Blob)
                }
                _ => Cell::Null,
            }
        }
    }

    /// How many parameters it has: the largest index, gaps counted.
    pub fn parameter_count(&self) -> usize {
        // SAFETY: `ptr` is a live statement.
        let count = unsafe { ffi::sqlite3_bind_parameter_count(self.ptr.as_ptr()) };
        usize::try_from(count).unwrap_or(0)
    }

    /// The name of the parameter at `at` (counted from 0) with its sigil; `None` for a bare `?`.
    pub fn parameter_name(&self, at: usize) -> Option<String> {
        // SAFETY: as in `column_name`.
        unsafe { text(ffi::sqlite3_bind_parameter_name(self.ptr.as_ptr(), index(at) + 1)) }
    }

    /// Binds a value that SQLite copies, to the parameter at `at` (counted from 0).
    ///
    /// # Errors
    /// What SQLite says, such as `SQLITE_TOOBIG`.
    pub fn bind(&mut self, at: usize, value: Cell<'_>) -> Result<(), Failure> {
        // SAFETY: SQLITE_TRANSIENT makes SQLite copy the bytes before the call returns.
        let code = unsafe { self.bind_as(at, value, ffi::SQLITE_TRANSIENT()) };
        self.check(code)
    }

    /// Runs the statement once with a whole row of values, which are not copied.
    ///
    /// # Errors
    /// What SQLite says, or the first error among `cells`.
    pub fn run_row<'r, E: From<Failure>>(&mut self, cells: impl Iterator<Item = Result<Cell<'r>, E>>) -> Result<(), E> {
        let outcome = self.bind_row_and_step(cells);
        // SAFETY: `ptr` is a live statement. Bindings that point into `cells` are never read again: a row binds every
        // parameter anew, and every other use begins with `reset`, which clears them.
        unsafe { ffi::sqlite3_reset(self.ptr.as_ptr()) };
        outcome
    }

    fn bind_row_and_step<'r, E: From<Failure>>(
        &mut self,
        cells: impl Iterator<Item = Result<Cell<'r>, E>>,
    ) -> Result<(), E> {
        for (at, cell) in cells.enumerate() {
            // SAFETY: no destructor means that SQLite does not copy; the bytes live for 'r, which outlasts the step.
            let code = unsafe { self.bind_as(at, cell?, None) };
            self.check(code)?;
        }
        while self.step()? {}
        Ok(())
    }

    /// # Safety
    /// With `destructor` `None` the bytes of `value` must live until the parameter is bound anew or cleared.
    #[inline]
    unsafe fn bind_as(&mut self, at: usize, value: Cell<'_>, destructor: ffi::sqlite3_destructor_type) -> c_int {
        let statement = self.ptr.as_ptr();
        let at = index(at) + 1;
        // SAFETY: `statement` is live, `at` is checked by SQLite, slices give their true lengths.
        unsafe {
            match value {
                Cell::Null => ffi::sqlite3_bind_null(statement, at),
                Cell::Int(value) => ffi::sqlite3_bind_int64(statement, at, value),
                Cell::Real(value) => ffi::sqlite3_bind_double(statement, at, value),
                Cell::Text(value) => ffi::sqlite3_bind_text64(
                    statement,
                    at,
                    value.as_ptr().cast::<c_char>(),
                    value.len() as u64,
                    destructor,
                    ffi::SQLITE_UTF8 as u8,
                ),
                Cell::Blob(value) => ffi::sqlite3_bind_blob64(
                    statement,
                    at,
                    value.as_ptr().cast::<c_void>(),
                    value.len() as u64,
                    destructor,
                ),
                Cell::OutOfMemory => ffi::SQLITE_NOMEM,
            }
        }
    }
}

/// # Safety
/// `start` is null or points to `length` bytes that live for `'a`.
#[inline]
unsafe fn bytes<'a>(start: *const c_void, length: c_int) -> Option<&'a [u8]> {
    match usize::try_from(length) {
        Ok(0) | Err(_) => Some(&[]),
        Ok(_) if start.is_null() => None,
        // SAFETY: the caller's promise.
        Ok(length) => Some(unsafe { slice::from_raw_parts(start.cast::<u8>(), length) }),
    }
}

/// SQLite counts in C ints; what is beyond them is beyond any column and parameter.
#[inline]
fn index(at: usize) -> c_int {
    c_int::try_from(at).unwrap_or(c_int::MAX - 1)
}
