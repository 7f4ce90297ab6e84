//! One statement for many rows of parameters: as many rows in one request as a call takes parameters.
//!
//! A call's text repeats the statement for each of its rows, with parameters of their own. Behind each the batch adds up
//! `ROWCOUNT_BIG()`, which is what the statement itself changed, whatever its triggers did, and ends if it failed. So it
//! is what a call for each row would be, for statements that do not look at each other: an INSERT, UPDATE or DELETE
//! without variables (`@@ROWCOUNT`, `@@IDENTITY`), results and control flow. Others go one by one.

use std::fmt::Write as _;

use industrydb_core::error::{Error, Result};
use industrydb_core::sql::PlaceholderStyle;
use industrydb_core::sql::tokens::{Kind, Token, tokenize};
use industrydb_core::value::Params;
use tiberius::ColumnData;

use crate::dialect::DIALECT;
use crate::error::{BACKEND, line_of, set_line};
use crate::params::Bound;
use crate::reply::Item;
use crate::session::{Request, Session, Sink};
use crate::statement::Statement;
use crate::stored;

/// The most statements of a request: the server compiles all of them before it runs the first.
const MOST_ROWS: usize = 100;
/// Rows whose parameters are looked at before any of them is sent: what the server has to be asked about them goes in one
/// request.
const CHECKED_TOGETHER: usize = 1_000;
/// The longest text of a request, in bytes.
const LONGEST_TEXT: usize = 1 << 18;
/// The most bytes of its parameters that have no fixed size.
const MOST_BYTES: usize = 1 << 20;

const HEAD: &str = "DECLARE @industrydb_rows bigint = 0, @industrydb_error int = 0;\n";
const BEHIND_EACH: &str = "\n; SELECT @industrydb_rows = @industrydb_rows + ROWCOUNT_BIG(), @industrydb_error = @@ERROR; \
     IF @industrydb_error <> 0 RETURN;\n";
const TAIL: &str = "SELECT @industrydb_rows";

/// Runs `sql` for each of `rows` and gives the number of rows changed.
///
/// # Errors
/// What the server says, with the row of parameters that it said it of.
pub async fn execute_many(session: &mut Session, sql: &str, rows: &[Params]) -> Result<u64> {
    let mut changed = 0;
    let mut waiting: Option<Together<'_>> = None;
    let mut template: Option<(String, Option<Template>)> = None;
    for (chunk, params) in rows.chunks(CHECKED_TOGETHER).enumerate() {
        let statements: Vec<Statement<'_>> =
            params.iter().map(|params| Statement::new(sql, params)).collect::<Result<_>>()?;
        stored::check(session, &statements).await?;
        for (row, mut statement) in (chunk * CHECKED_TOGETHER..).zip(statements) {
            statement.type_nulls(session).await?;
            // The text is the same for all rows, unless their keys come in another order.
            if template.as_ref().is_none_or(|(text, _)| text.as_str() != statement.sql.as_ref()) {
                changed += run(session, waiting.take()).await?;
                let found = Template::of(&statement);
                template = Some((statement.sql.clone().into_owned(), found));
            }
            let Some((_, Some(template))) = &template else {
                changed += alone(session, &statement, row).await?;
                continue;
            };
            if let Some(full) = waiting.take_if(|together| !together.has_room_for(template, &statement.params)) {
                changed += run(session, Some(full)).await?;
            }
            waiting.get_or_insert_with(|| Together::new(row, template)).add(template, statement.params);
        }
    }
    Ok(changed + run(session, waiting).await?)
}

/// One statement as a request of its own.
async fn alone(session: &mut Session, statement: &Statement<'_>, row: usize) -> Result<u64> {
    let shape = statement.shape;
    let mut counts = Counts { single: shape.is_single && !shape.calls, rows: 0, gave_rows: false };
    session.run(statement.request(), &mut counts).await.map_err(|error| of_row(error, row))?;
    // A query changes nothing, whatever it counts.
    if shape.is_select {
        return Ok(0);
    }
    // A batch tells no counts; nor does a call under SET NOCOUNT ON, but a procedure may have its reasons for that. The
    // server knows the last statement's: the one that changed rows, unless another gave some behind it.
    let untold = counts.rows == 0 && (!statement.is_call() || shape.is_straight && !shape.calls);
    if untold && shape.changes_rows && (shape.is_single || !counts.gave_rows) {
        return session.ask_counts().await.map_err(|error| of_row(error, row));
    }
    Ok(counts.rows)
}

/// Says which row of parameters an error is about.
fn of_row(mut error: Error, row: usize) -> Error {
    if error.details().code.is_some() {
        let detail = error.details().detail.clone().unwrap_or_default();
        let comma = if detail.is_empty() { "" } else { ", " };
        error.details_mut().detail = Some(format!("{detail}{comma}row {row} of the parameters"));
    }
    error
}

/// A statement that may be repeated in one text.
#[derive(Debug, PartialEq, Eq)]
struct Template {
    /// Its text up to each of its parameters, with the parameter's number from 0.
    pieces: Vec<(String, usize)>,
    rest: String,
    lines: u32,
}

impl Template {
    fn of(statement: &Statement<'_>) -> Option<Self> {
        const VERBS: &[&str] = &["insert", "update", "delete"];
        // What reads what another statement left, gives rows, or is no statement of rows.
        const NO: &[&str] =
            &["output", "scope_identity", "ident_current", "rowcount_big", "statistics", "bulk", "declare"];
        let (sql, shape) = (statement.sql.as_ref(), statement.shape);
        let tokens = tokenize(sql, PlaceholderStyle::At)?;
        let first = tokens.iter().find(|token| token.kind != Kind::Trivia)?;
        let has = |words: &[&str], token: &Token| words.iter().any(|word| token.is_word(sql, word));
        let plain = has(VERBS, first)
            && shape.is_single
            && shape.is_straight
            && !(shape.calls || shape.transacts || shape.needs_session || shape.defines)
            && !tokens.iter().any(|token| has(NO, token));
        if !plain {
            return None;
        }
        let (mut pieces, mut from) = (Vec::new(), 0);
        for token in tokens.iter().filter(|token| token.kind == Kind::Word && token.text(sql).starts_with('@')) {
            let number = token.text(sql).strip_prefix(['@'])?.strip_prefix(['P', 'p'])?.parse::<usize>().ok()?;
            let at = number.checked_sub(1).filter(|at| *at < statement.params.len())?;
            pieces.push((sql[from..token.start].to_owned(), at));
            from = token.end;
        }
        let lines = sql.matches('\n').count();
        Some(Self { pieces, rest: sql[from..].to_owned(), lines: u32::try_from(lines).ok()? + 1 })
    }

    /// Writes it with parameters that are numbered from behind `first`.
    fn write(&self, first: usize, out: &mut String) {
        for (text, at) in &self.pieces {
            out.push_str(text);
            // Writing into a String does not fail.
            let _ = write!(out, "@P{}", first + at + 1);
        }
        out.push_str(&self.rest);
    }
}

/// Rows of parameters that go in one request.
struct Together<'v> {
    first_row: usize,
    rows: usize,
    lines: u32,
    sql: String,
    params: Vec<Bound<'v>>,
    bytes: usize,
}

impl<'v> Together<'v> {
    fn new(first_row: usize, template: &Template) -> Self {
        Self { first_row, rows: 0, lines: template.lines, sql: HEAD.to_owned(), params: Vec::new(), bytes: 0 }
    }

    fn has_room_for(&self, template: &Template, params: &[Bound<'_>]) -> bool {
        let digits = 5;
        let text: usize = template.pieces.iter().map(|(text, _)| text.len() + digits).sum();
        self.rows < MOST_ROWS
            && self.params.len() + params.len() <= DIALECT.max_parameters
            && self.sql.len() + text + template.rest.len() + BEHIND_EACH.len() <= LONGEST_TEXT
            && self.bytes + bytes(params) <= MOST_BYTES
    }

    fn add(&mut self, template: &Template, params: Vec<Bound<'v>>) {
        template.write(self.params.len(), &mut self.sql);
        self.sql.push_str(BEHIND_EACH);
        self.bytes += bytes(&params);
        self.params.extend(params);
        self.rows += 1;
    }

    /// The row of parameters, and the line of its statement, of an error that the server met at `line`.
    fn place(&self, line: u32) -> Option<(usize, u32)> {
        // The first line declares; behind each statement there is one more.
        let behind = line.checked_sub(2)?;
        let row = usize::try_from(behind / (self.lines + 1)).ok()?;
        (row < self.rows).then(|| (self.first_row + row, behind % (self.lines + 1) + 1))
    }
}

/// How much of `params` has no fixed size.
fn bytes(params: &[Bound<'_>]) -> usize {
    let long = params.iter().map(|bound| match &bound.data {
        ColumnData::String(Some(text)) => text.len(),
        ColumnData::Binary(Some(bytes)) => bytes.len(),
        _ => 0,
    });
    long.sum()
}

async fn run(session: &mut Session, together: Option<Together<'_>>) -> Result<u64> {
    let Some(mut together) = together else { return Ok(0) };
    let params = std::mem::take(&mut together.params);
    let sql = format!("{}{TAIL}", together.sql);
    let mut last = LastRow::default();
    session.run(Request::with_params(&sql, params), &mut last).await.map_err(|error| {
        match line_of(&error).and_then(|line| together.place(line)) {
            Some((row, line)) => of_row(set_line(error, line), row),
            None => error,
        }
    })?;
    match last.0.as_deref() {
        Some([ColumnData::I64(Some(rows))]) => Ok(u64::try_from(*rows).unwrap_or(0)),
        _ => Err(Error::execution("the server did not say how many rows changed").with_backend(BACKEND)),
    }
}

/// The last row of an answer: triggers may give rows of their own before it.
#[derive(Default)]
struct LastRow(Option<Vec<ColumnData<'static>>>);

impl Sink for LastRow {
    async fn take(&mut self, item: Item) -> Result<()> {
        if let Item::Row(row) = item {
            self.0 = Some(row.into_iter().collect());
        }
        Ok(())
    }
}

/// Adds up the rows that a call's statements changed.
struct Counts {
    /// The count of a single statement comes last, behind those of its triggers.
    single: bool,
    rows: u64,
    gave_rows: bool,
}

impl Sink for Counts {
    async fn take(&mut self, item: Item) -> Result<()> {
        match item {
            Item::Count(rows) => self.rows = if self.single { rows } else { self.rows + rows },
            Item::Row(_) => self.gave_rows = true,
            Item::Columns(_) => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use industrydb_core::value::Value;

    fn statement<'s>(sql: &'s str, params: &'s Params) -> Statement<'s> {
        Statement::new(sql, params).expect(sql)
    }

    #[test]
    fn only_statements_that_do_not_look_at_each_other_are_repeated() {
        for (sql, count, repeats) in [
            ("INSERT INTO t VALUES (?, ?)", 2, true),
            ("update t set a = @P2 where b = @p1", 2, true),
            ("-- why\nDELETE FROM t WHERE a = ?;", 1, true),
            ("INSERT INTO t SELECT a FROM u WHERE a = ?", 1, true),
            ("INSERT INTO t DEFAULT VALUES", 0, true),
            ("SELECT ?", 1, false),
            ("INSERT INTO t VALUES (?); SELECT SCOPE_IDENTITY()", 1, false),
            ("INSERT INTO t OUTPUT inserted.a VALUES (?)", 1, false),
            ("INSERT INTO t VALUES (?, @@IDENTITY)", 1, false),
            ("INSERT INTO t VALUES (?, SCOPE_IDENTITY())", 1, false),
            ("INSERT INTO t EXEC p ?", 1, false),
            ("UPDATE STATISTICS t", 0, false),
            ("MERGE t USING (SELECT ? AS a) AS s ON 1 = 1 WHEN MATCHED THEN DELETE;", 1, false),
            ("DECLARE @x int = ?; DELETE t WHERE a = @x", 1, false),
            ("IF 1 = 1 DELETE t WHERE a = ?", 1, false),
        ] {
            let params = Params::Positional(vec![Value::Int(1); count]);
            assert_eq!(Template::of(&statement(sql, &params)).is_some(), repeats, "{sql}");
        }
    }

    #[test]
    fn rows_get_parameters_and_lines_of_their_own() {
        let params = Params::Positional(vec![Value::Int(1), Value::Int(2)]);
        let repeated = statement("DELETE t -- @P1\nWHERE a = ? OR b = '@P1' OR c = ?", &params);
        let template = Template::of(&repeated).expect("repeats");
        let mut together = Together::new(7, &template);
        for _ in 0..2 {
            assert!(together.has_room_for(&template, &repeated.params));
            together.add(&template, repeated.params.clone());
        }
        let statements: Vec<&str> = together.sql.lines().filter(|line| line.starts_with("WHERE")).collect();
        assert_eq!(statements, ["WHERE a = @P1 OR b = '@P1' OR c = @P2", "WHERE a = @P3 OR b = '@P1' OR c = @P4"]);
        let line = |text: &str| 1 + together.sql.lines().position(|line| line.contains(text)).expect("is there");
        let second = u32::try_from(line("c = @P4")).expect("is small");
        assert_eq!(together.place(second), Some((8, 2)));
        assert_eq!((together.place(1), together.place(1_000)), (None, None));
    }

    #[test]
    fn a_request_ends_where_the_parameters_do() {
        let params = Params::Positional(vec![Value::Int(1); 1_000]);
        let sql = format!("INSERT INTO t VALUES ({})", vec!["?"; 1_000].join(","));
        let repeated = statement(&sql, &params);
        let template = Template::of(&repeated).expect("repeats");
        let mut together = Together::new(0, &template);
        let mut rows = 0;
        while together.has_room_for(&template, &repeated.params) {
            together.add(&template, repeated.params.clone());
            rows += 1;
        }
        assert_eq!((rows, together.params.len()), (2, 2_000));
    }
}
