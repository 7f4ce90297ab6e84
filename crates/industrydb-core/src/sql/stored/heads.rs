//! How a statement of PostgreSQL or SQL Server begins: its verb, its table, its list of columns.

use std::ops::Range;

use super::items::{Item, What, numbered_items};
use super::words::{POSTGRES, TRANSACT_SQL, Words};
use super::{Statement, Stored};
use crate::sql::PlaceholderStyle;

/// Verbs of T-SQL that change rows.
const VERBS: &[&str] = &["INSERT", "UPDATE", "DELETE", "MERGE"];

/// What the one statement `sql` of PostgreSQL stores, those in its common table expressions first. Its parameters are
/// `$1`, `$2`, …; nothing if its strings or parentheses do not end.
pub fn stored_by_postgres(sql: &str) -> Vec<Stored> {
    let mut found = Vec::new();
    if let Some(items) = numbered_items(sql, &POSTGRES) {
        collect(&items, &mut found);
    }
    found
}

/// What the statements of the batch `sql` store in SQL Server. Their parameters are `@P1`, `@P2`, …; nothing if the strings
/// or parentheses do not end.
pub fn stored_by_sql_server(sql: &str) -> Vec<Stored> {
    let Some(items) = numbered_items(sql, &TRANSACT_SQL) else { return Vec::new() };
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(verb) = (start..items.len()).find(|&at| is_verb(&items, at)) {
        let end = end_of(&items, verb);
        found.extend(Statement::of_sql_server(&items, verb, start..end).map(Statement::into_stored));
        start = end;
    }
    found
}

/// The statements in common table expressions of `items`, then the one around them.
fn collect(items: &[Item<'_>], found: &mut Vec<Stored>) {
    for open in 0..items.len() {
        let changes = items[open].is_symbol('(')
            && items[open].parent.is_none()
            && items.get(open + 1).is_some_and(|word| word.is_word(&["INSERT", "UPDATE", "MERGE", "WITH"]))
            && open.checked_sub(1).is_some_and(|before| items[before].is_word(&["AS", "MATERIALIZED"]));
        if changes {
            let first = open + 1;
            let inner = items[first..items[open].close].iter().map(|item| Item {
                parent: item.parent.and_then(|parent| parent.checked_sub(first)),
                clause: item.clause.and_then(|clause| clause.checked_sub(first)),
                close: item.close - first,
                ..*item
            });
            collect(&inner.collect::<Vec<_>>(), found);
        }
    }
    found.extend(Statement::of_postgres(items).map(Statement::into_stored));
}

/// Whether a statement of T-SQL that changes rows begins at `at`: not a branch of MERGE, nor a cursor's FOR UPDATE.
fn is_verb(items: &[Item<'_>], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| &items[before]);
    items[at].parent.is_none() && items[at].is_word(VERBS) && !before.is_some_and(|word| word.is_word(&["THEN", "FOR"]))
}

/// The end of the statement of T-SQL whose verb is at `verb`; semicolons are optional there.
fn end_of(items: &[Item<'_>], verb: usize) -> usize {
    let mut has_rows = false;
    for at in verb + 1..items.len() {
        let item = &items[at];
        if item.parent.is_some() {
            continue;
        }
        let next = item.is_symbol(';') || is_verb(items, at) || has_rows && item.is_word(&["SELECT"]);
        if next {
            return at;
        }
        has_rows |= item.is_word(&["VALUES"]);
    }
    items.len()
}

/// The name in parts that begins at `at`, and the item behind it.
fn dotted(statement: &Statement<'_, '_>, mut at: usize) -> Option<(Vec<String>, usize)> {
    let mut parts = Vec::new();
    loop {
        match statement.items.get(at)?.what {
            What::Word | What::Name => {
                parts.push(statement.name(at));
                at += 1;
            }
            // `database..table`: the schema is the user's own, and not known here.
            What::Symbol('.') => parts.push(String::new()),
            What::Parameter(_) | What::Literal | What::Symbol(_) => return None,
        }
        if !statement.items.get(at).is_some_and(|next| next.is_symbol('.')) {
            return Some((parts, at));
        }
        at += 1;
    }
}

impl<'a, 's> Statement<'a, 's> {
    fn bare(items: &'a [Item<'s>], verb: usize, whole: Range<usize>, words: &'static Words) -> Self {
        let merges = items[verb].is_word(&["MERGE"]);
        let inserts = merges || items[verb].is_word(&["INSERT"]);
        Self { items, table: Vec::new(), listed: None, verb, whole, inserts, merges, source: None, words }
    }

    /// PostgreSQL manual, INSERT, UPDATE, MERGE.
    fn of_postgres(items: &'a [Item<'s>]) -> Option<Self> {
        if !items.first()?.is_word(&["WITH", "INSERT", "UPDATE", "MERGE"]) {
            return None;
        }
        let top = |at: &usize| items[*at].parent.is_none();
        let verb = (0..items.len())
            .filter(top)
            .find(|&at| items[at].is_word(&["INSERT", "UPDATE", "MERGE", "DELETE", "SELECT", "VALUES", "TABLE"]))?;
        if !items[verb].is_word(&["INSERT", "UPDATE", "MERGE"]) {
            return None;
        }
        let mut statement = Self::bare(items, verb, 0..items.len(), &POSTGRES);
        let mut at = verb + 1;
        while items.get(at)?.is_word(&["INTO", "ONLY"]) {
            at += 1;
        }
        let (table, mut at) = dotted(&statement, at)?;
        statement.table = table;
        if items.get(at).is_some_and(|next| next.is_word(&["AS"])) {
            at += 2;
        }
        if !statement.merges && statement.inserts {
            statement.read_columns(at);
        }
        Some(statement)
    }

    /// Transact-SQL reference, "INSERT", "UPDATE", "MERGE".
    fn of_sql_server(items: &'a [Item<'s>], verb: usize, whole: Range<usize>) -> Option<Self> {
        if items[verb].is_word(&["DELETE"]) {
            return None;
        }
        let mut statement = Self::bare(items, verb, whole, &TRANSACT_SQL);
        let mut at = verb + 1;
        if items.get(at)?.is_word(&["TOP"]) {
            at = items.get(at + 1)?.close + 1;
        }
        while items.get(at)?.is_word(&["PERCENT", "INTO"]) {
            at += 1;
        }
        let (table, mut at) = dotted(&statement, at)?;
        if items.get(at).is_some_and(|next| next.is_word(&["WITH"])) {
            at = items.get(at + 1)?.close + 1;
        }
        if statement.inserts && !statement.merges {
            statement.read_columns(at);
        }
        statement.table = match table.as_slice() {
            [name] if statement.is_common(name) => return None,
            [name] if !statement.inserts => statement.aliased(name).unwrap_or(table),
            _ => table,
        };
        Some(statement)
    }

    /// Reads what stands behind an INSERT's table.
    fn read_columns(&mut self, at: usize) {
        self.listed = self.list(at);
        let source = if self.listed.is_some() { self.items[at].close + 1 } else { at };
        self.source = self.items.get(source).filter(|open| open.is_symbol('(')).map(|_| source);
    }

    /// The list of columns in the parenthesis at `at`; a column that is more than a name (`a[1]`) is one without a name.
    fn list(&self, at: usize) -> Option<Vec<String>> {
        let open = self.items.get(at).filter(|open| open.is_symbol('('))?;
        let first = self.items.get(at + 1)?;
        if first.is_symbol('(') || first.is_word(&["SELECT", "VALUES", "WITH"]) {
            return None;
        }
        let mut names = Vec::new();
        let mut start = at + 1;
        for end in at + 1..=open.close {
            let ends = end == open.close || self.items[end].parent == Some(at) && self.items[end].is_symbol(',');
            if ends {
                names.push(if end == start + 1 { self.name(start) } else { String::new() });
                start = end + 1;
            }
        }
        Some(names)
    }

    /// The list of the INSERT of a MERGE that stands before `at`.
    pub(super) fn list_before(&self, at: usize) -> Option<Vec<String>> {
        self.inserts_of_merge().filter(|insert| *insert < at).last().and_then(|insert| self.list(insert + 1))
    }

    /// All columns that the INSERTs of a MERGE list; `None` if one of them lists none.
    pub(super) fn merged_columns(&self) -> Option<Vec<String>> {
        let lists = self.inserts_of_merge().map(|insert| self.list(insert + 1)).collect::<Option<Vec<_>>>()?;
        Some(lists.into_iter().flatten().collect())
    }

    fn inserts_of_merge(&self) -> impl Iterator<Item = usize> {
        let whole = self.verb..self.whole.end;
        whole.filter(|&at| self.items[at].parent.is_none() && self.items[at].is_word(&["INSERT"]))
    }

    /// Whether `name` is that of a common table expression: `WITH name AS (`, `, name (a, b) AS (`.
    fn is_common(&self, name: &str) -> bool {
        let is_named = |at: usize| {
            let Some(next) = self.items.get(at + 1) else { return false };
            let after = if next.is_symbol('(') { next.close + 1 } else { at + 1 };
            self.items.get(after).is_some_and(|word| word.is_word(&["AS"]))
        };
        (self.whole.start..self.verb)
            .any(|at| self.items[at].parent.is_none() && self.name(at).eq_ignore_ascii_case(name) && is_named(at))
    }

    /// The table that FROM calls `alias`.
    fn aliased(&self, alias: &str) -> Option<Vec<String>> {
        let top = |at: &usize| self.items[*at].parent.is_none();
        let from = (self.verb..self.whole.end).filter(top).find(|&at| self.items[at].is_word(&["FROM"]))?;
        let source =
            |at: &usize| *at == from || self.items[*at].is_symbol(',') || self.items[*at].is_word(&["JOIN", "APPLY"]);
        (from..self.whole.end).filter(top).filter(source).find_map(|at| {
            let (table, mut next) = dotted(self, at + 1)?;
            if self.items.get(next)?.is_word(&["AS"]) {
                next += 1;
            }
            let named = matches!(self.items.get(next)?.what, What::Word | What::Name);
            (named && self.name(next).eq_ignore_ascii_case(alias)).then_some(table)
        })
    }

    /// Whether an item of a SELECT begins at `at`, behind `TOP (…)` or `DISTINCT ON (…)`.
    pub(super) fn is_past_modifiers(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        let first = if self.items[before].is_symbol(')') {
            let Some(open) = (0..before).find(|&open| self.items[open].close == before) else { return false };
            open
        } else {
            before
        };
        let word =
            |back: usize, words: &[&str]| first.checked_sub(back).is_some_and(|at| self.items[at].is_word(words));
        match self.words.style {
            PlaceholderStyle::At => first != at && word(1, &["TOP"]),
            PlaceholderStyle::Dollar => first != before && word(1, &["ON"]) && word(2, &["DISTINCT"]),
            PlaceholderStyle::Sqlite => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::stored::Place;

    /// `t: 0 a, 1 #2, 1 *`, a statement behind each `;`.
    fn shown(found: &[Stored]) -> String {
        let each = found.iter().filter(|stored| !stored.parameters.is_empty()).map(|stored| {
            let parameters = stored.parameters.iter().map(|(index, place)| match place {
                Place::Column(name) => format!("{index} {name}"),
                Place::Position(at) => format!("{index} #{at}"),
                Place::Any => format!("{index} *"),
            });
            format!("{}: {}", stored.table.join("."), parameters.collect::<Vec<_>>().join(", "))
        });
        each.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn statements_of_postgres_are_read() {
        for (sql, expected) in [
            ("INSERT INTO t VALUES ($1, $2)", "t: 0 #0, 1 #1"),
            ("insert into S.\"T\"(A, \"B \"\"c\") values ($2, $1), ($3, 1);", "s.T: 1 a, 0 B \"c, 2 a"),
            (
                "INSERT INTO t AS x (a, b[1], c) OVERRIDING USER VALUE VALUES ($1, $2, $3) RETURNING $4",
                "t: 0 a, 1 , 2 c",
            ),
            ("INSERT INTO t (SELECT $1, $2 + 1)", "t: 0 #0"),
            ("INSERT INTO t (a, b) (VALUES (ARRAY[$1, $2], $3))", "t: 2 b"),
            ("INSERT INTO t (a) SELECT DISTINCT ON (b) $1 FROM c WHERE d = $2 LIMIT $3", "t: 0 a"),
            ("INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET b = $2, c = excluded.c + $3", "t: 0 a, 1 b"),
            ("UPDATE ONLY s.t AS x SET a = $1, B = (($2)) FROM u WHERE x.a = $3", "s.t: 0 a, 1 b"),
            ("UPDATE t SET (a, b) = ($1, $2), c[1] = $3, d.e = $4", "t: 0 a, 1 b"),
            (
                "UPDATE t SET a = CASE WHEN b = $1 THEN $2 ELSE a END, c = coalesce($3, c), d = greatest($4, d)",
                "t: 1 a, 2 c, 3 d",
            ),
            // The statement says what becomes of these.
            ("UPDATE t SET a = $1::numeric(5,2), b = CAST($2 AS text), c = round($3, 2), d = -$4", ""),
            ("UPDATE t SET a = $1 AT TIME ZONE 'UTC', b = $2 || 'x', c = $3 ->> 'a', d = $4 IS NULL, e = $5[1]", ""),
            ("UPDATE t SET a = $1 COLLATE \"C\", b = E'\\'?' || $2, c = $$ $1 $$", "t: 0 a"),
            (
                "MERGE INTO t AS x USING (VALUES ($1, $2)) AS s (i, n) ON s.i = x.i WHEN MATCHED AND x.n > $3 THEN UPDATE SET n = $4 \
              WHEN NOT MATCHED THEN INSERT (i, n) VALUES ($5, $6)",
                "t: 0 *, 1 *, 3 n, 4 i, 5 n",
            ),
            (
                "MERGE INTO t USING s ON s.i = t.i WHEN NOT MATCHED THEN INSERT VALUES (1, $1) WHEN MATCHED THEN DELETE",
                "t: 0 #1",
            ),
            (
                "WITH x AS (INSERT INTO a (n) VALUES ($1) RETURNING i), y AS (SELECT $2) UPDATE b SET m = $3 FROM x",
                "a: 0 n; b: 1 *, 2 m",
            ),
            ("WITH x AS (UPDATE a SET n = $1 RETURNING *) SELECT $2 FROM x", "a: 0 n"),
            ("SELECT $1", ""),
            ("DELETE FROM t WHERE a = $1", ""),
            ("PREPARE x AS INSERT INTO t VALUES ($1)", ""),
            ("INSERT INTO t VALUES ($1", ""),
        ] {
            assert_eq!(shown(&stored_by_postgres(sql)), expected, "{sql}");
        }
        let merge = "MERGE INTO t USING s ON true WHEN MATCHED THEN UPDATE SET C = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (1)";
        let columns = stored_by_postgres(merge).into_iter().next().and_then(|stored| stored.columns);
        assert_eq!(columns, Some(vec!["a".to_owned(), "c".to_owned()]));
    }

    /// It takes time in proportion to the statement's length; the number is the protocol's most.
    #[test]
    fn long_statements_are_read() {
        let row = |at: usize| format!("(${}, ${})", 2 * at + 1, 2 * at + 2);
        let rows: Vec<String> = (0..32_767).map(row).collect();
        let found = stored_by_postgres(&format!("INSERT INTO t VALUES {}", rows.join(", ")));
        assert_eq!(found.first().map(|stored| stored.parameters.len()), Some(65_534));
        let list: Vec<String> = (1..65_535).map(|at| format!("${at}")).collect();
        let found = stored_by_postgres(&format!("UPDATE t SET a = $65535 WHERE b IN ({})", list.join(", ")));
        assert_eq!(found.first().map(|stored| stored.parameters.len()), Some(1));
    }

    #[test]
    fn statements_of_sql_server_are_read() {
        for (sql, expected) in [
            ("INSERT t VALUES (@P1, @p2)", "t: 0 #0, 1 #1"),
            (
                "INSERT TOP (5) INTO [d b].dbo.[t]]x] WITH (TABLOCK) ([a b], C) OUTPUT inserted.id, @P3 VALUES (@P1, N'@P9'), (1, @P2)",
                "d b.dbo.t]x: 0 a b, 1 C",
            ),
            ("INSERT INTO d..t (a) SELECT TOP (1) @P1 FROM u WHERE b = @P2", "d..t: 0 a"),
            ("INSERT INTO t (a) OUTPUT inserted.a INTO @log (b) VALUES (@P1)", "t: 0 a"),
            ("INSERT INTO #t EXEC p @P1, @x = @P2", ""),
            (
                "UPDATE TOP (3) t SET a = @P1, t.b = @P2, c += @P3, @v = d = @P4, e.WRITE(@P5, 0, 1) OUTPUT deleted.a WHERE f = @P6",
                "t: 0 a, 1 b",
            ),
            ("UPDATE x SET x.a = @P1 FROM dbo.t AS x JOIN u ON u.i = x.i AND u.k = @P2", "dbo.t: 0 a"),
            ("UPDATE x SET a = @P1 FROM u, dbo.t x", "dbo.t: 0 a"),
            ("UPDATE t SET a = @P1 FROM t JOIN u ON 1 = 1", "t: 0 a"),
            ("WITH x AS (SELECT * FROM t) UPDATE x SET a = @P1", ""),
            ("WITH x AS (SELECT @P1 AS v) INSERT INTO t (a) SELECT v FROM x", "t: 0 *"),
            (
                "UPDATE t SET a = CAST(@P1 AS int), b = CONVERT(int, @P2), c = ROUND(@P3, 2), d = ISNULL(@P4, 0), e = @P5 + 1",
                "t: 3 d",
            ),
            (
                "MERGE TOP (1) INTO dbo.t WITH (HOLDLOCK) AS x USING (SELECT @P1 AS i) AS s ON s.i = x.i WHEN MATCHED THEN UPDATE SET x.n = @P2, m = @P3 WHEN NOT MATCHED BY TARGET THEN INSERT (i, n) VALUES (@P4, @P5) OUTPUT $action, @P6;",
                "dbo.t: 0 *, 1 n, 2 m, 3 i, 4 n",
            ),
            (
                "DECLARE @a int = 1; IF @a = @P1 UPDATE t SET a = @P2 WHERE b = @P3 ELSE INSERT INTO u VALUES (@P4) SELECT @P5",
                "t: 1 a; u: 3 #0",
            ),
            ("SET NOCOUNT ON; INSERT INTO t (a) VALUES (@P1); SELECT SCOPE_IDENTITY(), @P2", "t: 0 a"),
            ("DELETE t WHERE a = @P1", ""),
            ("SELECT @P1", ""),
            ("EXEC p @P1", ""),
            ("INSERT INTO t VALUES ('x", ""),
        ] {
            assert_eq!(shown(&stored_by_sql_server(sql)), expected, "{sql}");
        }
    }
}
