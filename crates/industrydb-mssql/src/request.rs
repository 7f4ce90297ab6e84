//! How a statement goes to the server: as a batch of the session, or as a call of `sp_executesql`.
//!
//! Only a call tells how many rows each of its statements changed, and only a call takes parameters; but what a call
//! sets or makes for the session ends with it (`SET`, `USE`, `#table`s: Transact-SQL reference, "sp_executesql" and "SET
//! statements"), and it has to leave as many transactions open as it met (error 266). So a call is what changes rows
//! and nothing of the session.

use industrydb_core::sql::PlaceholderStyle;
use industrydb_core::sql::tokens::{Kind, Token, tokenize};

/// What the text of a statement says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Whether it does something to the session that ends with a call.
    pub needs_session: bool,
    /// Whether it is of three words at most.
    pub is_short: bool,
    /// Whether it switches IDENTITY_INSERT on and off again, and does so whatever it finds.
    pub switches_identity_insert: bool,
    /// Whether it leaves IDENTITY_INSERT switched.
    pub leaves_identity_insert: bool,
    /// Whether it has statements begin transactions by themselves.
    pub sets_implicit_transactions: bool,
    /// Whether it begins or ends transactions.
    pub transacts: bool,
    /// Whether it makes, alters or drops anything.
    pub defines: bool,
    /// Whether its statements run one after the other, whatever they find.
    pub is_straight: bool,
    /// Whether it may change rows.
    pub changes_rows: bool,
    /// Whether it may give a result set.
    pub gives_rows: bool,
    /// Whether it begins with SELECT: the rows that it counts are those that it gives.
    pub is_select: bool,
    /// Whether it is a single statement as far as semicolons tell.
    pub is_single: bool,
    /// Whether it calls a procedure, in which any number of statements may run.
    pub calls: bool,
    /// Whether rows that it gives are rows that it changes.
    pub outputs: bool,
}

impl Shape {
    /// Looks at the words of `sql`.
    pub fn of(sql: &str) -> Self {
        let Some(tokens) = tokenize(sql, PlaceholderStyle::At) else {
            // It does not end; the server says where.
            return Self {
                needs_session: true,
                is_short: false,
                switches_identity_insert: false,
                leaves_identity_insert: false,
                sets_implicit_transactions: false,
                transacts: true,
                defines: true,
                is_straight: false,
                changes_rows: false,
                gives_rows: true,
                is_select: false,
                is_single: true,
                calls: false,
                outputs: false,
            };
        };
        let tokens: Vec<Token> = tokens.into_iter().filter(|token| token.kind != Kind::Trivia).collect();
        let words = Words { sql, tokens: &tokens };
        let first = words.first();
        let module = words.is_any(first, &["create", "alter"]) && words.defines_a_module(first);
        let changes = !module && (0..tokens.len()).any(|at| words.changes_rows(at));
        let has = |names: &[&str]| (0..tokens.len()).any(|at| words.is_any(at, names));
        let (calls, outputs) = (has(&["exec", "execute"]), has(&["output"]));
        let is_straight = !has(&["if", "while", "try", "goto", "return"]);
        let identity_insert = words.identity_insert();
        let switches = is_straight && identity_insert == Some(true);
        let only_changes = changes && words.is_single() && !calls && !outputs;
        Self {
            needs_session: (0..tokens.len())
                .any(|at| words.needs_session(at) && !(switches && words.sets_identity_insert(at))),
            switches_identity_insert: switches,
            leaves_identity_insert: identity_insert.is_some() && !switches,
            is_short: tokens.iter().filter(|token| token.kind != Kind::Symbol(';')).count() <= 3,
            sets_implicit_transactions: (0..tokens.len())
                .any(|at| words.is(at, "set") && words.is_any(at + 1, &["implicit_transactions", "ansi_defaults"])),
            transacts: !module && (0..tokens.len()).any(|at| words.transacts(at)),
            defines: has(&["create", "alter", "drop"]),
            is_straight,
            changes_rows: changes,
            gives_rows: !module && !only_changes && (0..tokens.len()).any(|at| words.gives_rows(at)),
            is_select: words.is_any(first, &["select"]) || words.is_any(first, &["with"]) && !changes,
            is_single: words.is_single(),
            calls,
            outputs: outputs && !calls && words.is_single(),
        }
    }
}

struct Words<'s> {
    sql: &'s str,
    tokens: &'s [Token],
}

impl Words<'_> {
    fn is(&self, at: usize, word: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is_word(self.sql, word))
    }

    fn is_any(&self, at: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(at, word))
    }

    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text(self.sql))
    }

    /// The first word behind semicolons and parentheses.
    fn first(&self) -> usize {
        let skipped = |token: &&Token| matches!(token.kind, Kind::Symbol('(' | ';'));
        self.tokens.iter().take_while(skipped).count()
    }

    fn is_single(&self) -> bool {
        let ends = |token: &Token| token.kind == Kind::Symbol(';');
        let from = self.first();
        let mut rest = self.tokens[from.min(self.tokens.len())..].iter().skip_while(|token| !ends(token));
        rest.all(ends)
    }

    /// A procedure, function, trigger or view: its body runs later.
    fn defines_a_module(&self, first: usize) -> bool {
        const MODULES: &[&str] = &["proc", "procedure", "function", "trigger", "view"];
        self.is_any(first + 1, MODULES) || self.is(first + 1, "or") && self.is_any(first + 3, MODULES)
    }

    fn needs_session(&self, at: usize) -> bool {
        const ALWAYS: &[&str] = &[
            "use",
            "cursor",
            "revert",
            "setuser",
            "open",
            "close",
            "backup",
            "restore",
            "kill",
            "dbcc",
            "sp_setapprole",
            "sp_unsetapprole",
        ];
        self.is_any(at, ALWAYS)
            || self.is(at, "create") && self.is_temporary()
            || self.is(at, "set") && self.sets_the_session(at)
            || self.is(at, "into") && self.makes_a_temporary_table(at)
            || self.is_any(at, &["exec", "execute"]) && self.is(at + 1, "as")
    }

    fn transacts(&self, at: usize) -> bool {
        const WHAT: &[&str] = &["tran", "transaction", "distributed", "dialog", "conversation"];
        self.is_any(at, &["commit", "rollback", "save"]) || self.is(at, "begin") && self.is_any(at + 1, WHAT)
    }

    /// Whether a name anywhere is one of a temporary thing.
    fn is_temporary(&self) -> bool {
        (0..self.tokens.len()).any(|at| self.text(at).trim_start_matches(['[', '"']).starts_with('#'))
    }

    /// `SELECT … INTO #t`, not `INSERT INTO #t` or `OUTPUT … INTO #t`.
    fn makes_a_temporary_table(&self, at: usize) -> bool {
        let of_select = || {
            let verbs = (0..at).rev().find(|before| self.is_any(*before, &["select", "insert", "merge", "output"]));
            verbs.is_some_and(|verb| self.is(verb, "select"))
        };
        self.text(at + 1).trim_start_matches(['[', '"']).starts_with('#') && of_select()
    }

    /// `SET NOCOUNT ON`, not `SET column = …` or `SET @variable = …`.
    fn sets_the_session(&self, at: usize) -> bool {
        let Some(name) = self.tokens.get(at + 1) else { return false };
        if name.kind != Kind::Word || name.text(self.sql).starts_with('@') {
            return false;
        }
        // An assignment has `=`, `+=` or a dot behind the name; a setting has a word or a number, maybe with a sign.
        match self.tokens.get(at + 2).map(|token| token.kind) {
            Some(Kind::Symbol('=' | '.')) => false,
            Some(Kind::Symbol(_)) => self.text(at + 3) != "=",
            Some(Kind::Word | Kind::Quoted | Kind::Literal | Kind::Dollar | Kind::Trivia) | None => true,
        }
    }

    fn sets_identity_insert(&self, at: usize) -> bool {
        self.is(at, "set") && self.is(at + 1, "identity_insert") && self.sets_the_session(at)
    }

    /// Whether each SET IDENTITY_INSERT … ON is followed by one … OFF, of the same spelling of the table, before the next;
    /// `None` if there is none.
    fn identity_insert(&self) -> Option<bool> {
        let mut open: Option<String> = None;
        let mut found = None;
        for at in (0..self.tokens.len()).filter(|at| self.sets_identity_insert(*at)) {
            let name = (at + 2..self.tokens.len()).take_while(|at| !self.is_any(*at, &["on", "off"]));
            let (name, end) = name.fold((String::new(), at + 2), |(name, _), at| (name + self.text(at), at + 1));
            let pairs = match open.take() {
                None => {
                    open = Some(name);
                    self.is(end, "on")
                }
                Some(on) => on == name && self.is(end, "off"),
            };
            found = Some(found.unwrap_or(true) && pairs);
        }
        found.map(|paired| paired && open.is_none())
    }

    fn changes_rows(&self, at: usize) -> bool {
        self.is_any(at, &["insert", "update", "delete", "merge", "into", "exec", "execute"])
    }

    fn gives_rows(&self, at: usize) -> bool {
        self.is_any(at, &["select", "output", "exec", "execute", "values", "fetch", "dbcc", "readtext"])
            // A procedure's name alone, as the first word of a batch, calls it.
            || at == self.first() && !self.is_any(at, STATEMENTS)
    }
}

/// What a batch may begin with beside a procedure's name.
const STATEMENTS: &[&str] = &[
    "alter",
    "begin",
    "bulk",
    "close",
    "commit",
    "create",
    "deallocate",
    "declare",
    "delete",
    "deny",
    "disable",
    "drop",
    "enable",
    "exec",
    "execute",
    "grant",
    "if",
    "insert",
    "merge",
    "open",
    "print",
    "raiserror",
    "revoke",
    "rollback",
    "save",
    "select",
    "set",
    "throw",
    "truncate",
    "update",
    "use",
    "waitfor",
    "while",
    "with",
];

/// How many statements of `sql` have a parameter, as far as semicolons tell; 1 for a script with variables of its own,
/// which belongs together.
pub fn statements_with_parameters(sql: &str) -> usize {
    let Some(tokens) = tokenize(sql, PlaceholderStyle::At) else { return 1 };
    let has = |word: &str| tokens.iter().any(|token| token.is_word(sql, word));
    if has("declare") || has("begin") || has("if") {
        return 1;
    }
    let is_parameter = |token: &Token| {
        let text = token.text(sql);
        token.kind == Kind::Word && text.starts_with('@') && !text.starts_with("@@")
    };
    let statements = tokens.split(|token| token.kind == Kind::Symbol(';'));
    statements.filter(|statement| statement.iter().any(is_parameter)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_the_session_goes_as_a_batch() {
        for (sql, needs_session) in [
            ("INSERT INTO t VALUES (1)", false),
            ("UPDATE t SET a = 1 WHERE b = 2", false),
            ("UPDATE t SET [a] = 1, b += 1", false),
            ("UPDATE t SET a += 1", false),
            ("UPDATE t SET a.b = 1", false),
            ("DECLARE @x int; SET @x = 1; DELETE t WHERE a = @x", false),
            ("MERGE t USING s ON 1 = 1 WHEN MATCHED THEN UPDATE SET a = 1;", false),
            ("EXEC p 1", false),
            ("WITH a AS (SELECT 1 AS x) INSERT INTO t SELECT x FROM a", false),
            ("SET NOCOUNT ON", true),
            ("SET IDENTITY_INSERT t ON; INSERT INTO t (id) VALUES (1)", true),
            ("SET IDENTITY_INSERT t ON; INSERT INTO t (id) VALUES (1); SET IDENTITY_INSERT t OFF", false),
            ("SET IDENTITY_INSERT a.[t] ON INSERT INTO a.t (id) VALUES (1) SET IDENTITY_INSERT a.[t] OFF;", false),
            (
                "SET IDENTITY_INSERT t ON; DELETE t; SET IDENTITY_INSERT t OFF; \
                 SET IDENTITY_INSERT u ON; DELETE u; SET IDENTITY_INSERT u OFF",
                false,
            ),
            ("SET IDENTITY_INSERT t ON; DELETE t; SET IDENTITY_INSERT u OFF", true),
            ("SET IDENTITY_INSERT t OFF; DELETE t; SET IDENTITY_INSERT t ON", true),
            ("SET IDENTITY_INSERT t ON; DELETE t; SET IDENTITY_INSERT t OFF; SET IDENTITY_INSERT t ON", true),
            ("SET IDENTITY_INSERT t ON; IF 1 = 1 RETURN; DELETE t; SET IDENTITY_INSERT t OFF", true),
            ("SET NOCOUNT ON; SET IDENTITY_INSERT t ON; DELETE t; SET IDENTITY_INSERT t OFF", true),
            ("SET IDENTITY_INSERT t", true),
            ("SET LOCK_TIMEOUT -1", true),
            ("SET TRANSACTION ISOLATION LEVEL SNAPSHOT", true),
            ("SELECT 1 AS a INTO #t", true),
            ("SELECT 1 AS a INTO [#t]", true),
            ("INSERT INTO #t VALUES (1)", false),
            ("INSERT TOP (1) INTO #t SELECT 1", false),
            ("DELETE t OUTPUT deleted.a INTO #t", false),
            ("CREATE TABLE t (a int)", false),
            ("CREATE TABLE #t (a int)", true),
            ("CREATE TABLE tempdb..[#t] (a int)", true),
            ("IF 1 = 1 BEGIN INSERT INTO t VALUES (1); DELETE t END", false),
            ("USE master", true),
            ("EXECUTE AS USER = 'x'", true),
            ("SELECT 'open", true),
        ] {
            assert_eq!(Shape::of(sql).needs_session, needs_session, "{sql}");
        }
    }

    #[test]
    fn settings_that_begin_transactions() {
        for (sql, sets) in [
            ("SET IMPLICIT_TRANSACTIONS ON", true),
            ("set nocount on set ansi_defaults on", true),
            ("SET NOCOUNT ON", false),
        ] {
            assert_eq!(Shape::of(sql).sets_implicit_transactions, sets, "{sql}");
        }
    }

    #[test]
    fn transactions_are_told_from_blocks() {
        for (sql, transacts, straight) in [
            ("BEGIN TRANSACTION", true, true),
            ("begin tran; INSERT INTO t VALUES (1); commit", true, true),
            ("ROLLBACK TRANSACTION a", true, true),
            ("SAVE TRAN a", true, true),
            ("BEGIN DELETE t END", false, true),
            ("BEGIN TRY DELETE t END TRY BEGIN CATCH END CATCH", false, false),
            ("IF @@TRANCOUNT > 0 COMMIT", true, false),
            ("CREATE PROCEDURE p AS BEGIN TRAN; DELETE t; COMMIT", false, true),
        ] {
            let shape = Shape::of(sql);
            assert_eq!((shape.transacts, shape.is_straight), (transacts, straight), "{sql}");
        }
    }

    #[test]
    fn results_are_told_by_words() {
        for (sql, gives, changes, select) in [
            ("SELECT 1", true, false, true),
            (" ; (SELECT 1)", true, false, true),
            ("WITH a AS (SELECT 1 AS x) SELECT x FROM a", true, false, true),
            ("INSERT INTO t VALUES (1)", false, true, false),
            ("DELETE FROM t OUTPUT deleted.a", true, true, false),
            ("DELETE FROM t", false, true, false),
            ("DELETE FROM t WHERE a = (SELECT 1)", false, true, false),
            ("INSERT INTO t SELECT 1; SELECT 2", true, true, false),
            ("CREATE TABLE t (a int)", false, false, false),
            ("CREATE PROCEDURE p AS SELECT 1; INSERT INTO t VALUES (1)", false, false, false),
            ("sp_who", true, false, false),
        ] {
            let shape = Shape::of(sql);
            assert_eq!((shape.gives_rows, shape.changes_rows, shape.is_select), (gives, changes, select), "{sql}");
        }
        for (sql, single) in
            [("SELECT 1", true), ("SELECT 1;; ", true), ("SELECT 1; SELECT 2", false), (";SELECT 1", true)]
        {
            assert_eq!(Shape::of(sql).is_single, single, "{sql}");
        }
    }

    #[test]
    fn parameters_belong_to_one_statement() {
        for (sql, count) in [
            ("SELECT @P1", 1),
            ("INSERT INTO t VALUES (@P1); SELECT SCOPE_IDENTITY()", 1),
            ("INSERT INTO t VALUES (@P1); INSERT INTO t VALUES (@P2)", 2),
            ("DECLARE @x int = @P1; SELECT @x + @P2", 1),
            ("SELECT @@ROWCOUNT; SELECT @P1", 1),
        ] {
            assert_eq!(statements_with_parameters(sql), count, "{sql}");
        }
    }
}
