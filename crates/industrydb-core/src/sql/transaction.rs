//! What a statement does to the open transaction, told by its keywords, so that nobody has to ask the server.

use super::PlaceholderStyle;
use super::script::plain_keyword;
use super::tokens::{Kind, Token, tokenize};

/// What every statement of [`of_statement`] that has an effect begins with.
const KEYWORDS: &[&str] = &["begin", "start", "commit", "end", "prepare", "rollback", "abort", "savepoint", "release"];

/// What one statement does to the open transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionEffect {
    /// Begins one.
    Begin,
    /// Commits it.
    Commit,
    /// Rolls it back.
    Rollback,
    /// Commits it and begins the next one (`COMMIT AND CHAIN`).
    CommitChain,
    /// Rolls it back and begins the next one (`ROLLBACK AND CHAIN`).
    RollbackChain,
    /// Sets a savepoint.
    Savepoint,
    /// Goes back to a savepoint; the transaction goes on.
    RollbackTo,
    /// Forgets a savepoint.
    Release,
}

impl TransactionEffect {
    /// Whether a transaction is open after it, given whether one was before.
    pub fn leaves_open(self, open: bool) -> bool {
        match self {
            Self::Begin | Self::CommitChain | Self::RollbackChain => true,
            Self::Commit | Self::Rollback => false,
            Self::Savepoint | Self::RollbackTo | Self::Release => open,
        }
    }
}

/// What the statements of `sql` do to the open transaction, in their order. SQLite and PostgreSQL: the first words
/// after each semicolon. SQL Server, which needs no semicolons: the keywords wherever they stand, procedures that are
/// only being defined aside.
pub fn transaction_effects(sql: &str, style: PlaceholderStyle) -> Vec<TransactionEffect> {
    if style != PlaceholderStyle::At && is_plain(sql) {
        return Vec::new();
    }
    let Some(tokens) = tokenize(sql, style) else {
        return Vec::new();
    };
    let significant: Vec<Token> = tokens.into_iter().filter(|token| token.kind != Kind::Trivia).collect();
    match style {
        PlaceholderStyle::Dollar | PlaceholderStyle::Sqlite => {
            let statements = significant.split(|token| token.kind == Kind::Symbol(';'));
            statements.filter_map(|statement| of_statement(sql, statement)).collect()
        }
        PlaceholderStyle::At => of_batch(sql, &significant),
    }
}

/// Whether `sql` is one statement that begins with another word, as can be told without a look at all of it.
fn is_plain(sql: &str) -> bool {
    let other = |word: &str| KEYWORDS.iter().all(|keyword| !word.eq_ignore_ascii_case(keyword));
    plain_keyword(sql).is_some_and(other) && !sql.contains(';')
}

/// PostgreSQL manual, BEGIN to START TRANSACTION; SQLite manual, "Transaction" and "Savepoints".
fn of_statement(sql: &str, statement: &[Token]) -> Option<TransactionEffect> {
    let has = |at: usize, word: &str| statement.get(at).is_some_and(|token| token.is_word(sql, word));
    let is_any = |words: &[&str]| words.iter().any(|word| has(0, word));
    let chains = || statement.windows(2).any(|pair| pair[0].is_word(sql, "and") && pair[1].is_word(sql, "chain"));
    let behind_noise = if has(1, "work") || has(1, "transaction") { 2 } else { 1 };
    if is_any(&["commit", "rollback"]) && has(1, "prepared") {
        None
    } else if has(0, "begin") || has(0, "start") && has(1, "transaction") {
        Some(TransactionEffect::Begin)
    } else if is_any(&["commit", "end"]) || has(0, "prepare") && has(1, "transaction") {
        Some(if chains() { TransactionEffect::CommitChain } else { TransactionEffect::Commit })
    } else if has(0, "rollback") && has(behind_noise, "to") {
        Some(TransactionEffect::RollbackTo)
    } else if is_any(&["rollback", "abort"]) {
        Some(if chains() { TransactionEffect::RollbackChain } else { TransactionEffect::Rollback })
    } else if has(0, "savepoint") {
        Some(TransactionEffect::Savepoint)
    } else if has(0, "release") {
        Some(TransactionEffect::Release)
    } else {
        None
    }
}

/// Transact-SQL reference, "Transactions". `ROLLBACK TRANSACTION name` counts as one to a savepoint.
fn of_batch(sql: &str, tokens: &[Token]) -> Vec<TransactionEffect> {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(sql, word));
    let is_transaction = |at: usize| is(at, "tran") || is(at, "transaction");
    if is(0, "create") || is(0, "alter") {
        return Vec::new();
    }
    let effect_at = |at: usize| {
        if is(at, "begin") && (is_transaction(at + 1) || is(at + 1, "distributed") && is_transaction(at + 2)) {
            Some(TransactionEffect::Begin)
        } else if is(at, "commit") {
            Some(TransactionEffect::Commit)
        } else if is(at, "rollback")
            && is_transaction(at + 1)
            && tokens.get(at + 2).is_some_and(|next| is_name(sql, *next))
        {
            Some(TransactionEffect::RollbackTo)
        } else if is(at, "rollback") {
            Some(TransactionEffect::Rollback)
        } else if is(at, "save") && is_transaction(at + 1) {
            Some(TransactionEffect::Savepoint)
        } else {
            None
        }
    };
    (0..tokens.len()).filter_map(effect_at).collect()
}

/// Whether `token` is a name rather than the beginning of the next statement.
fn is_name(sql: &str, token: Token) -> bool {
    const STATEMENTS: &[&str] = &[
        "alter",
        "begin",
        "close",
        "commit",
        "create",
        "deallocate",
        "declare",
        "delete",
        "drop",
        "else",
        "end",
        "exec",
        "execute",
        "fetch",
        "goto",
        "grant",
        "if",
        "insert",
        "merge",
        "open",
        "print",
        "raiserror",
        "return",
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
    match token.kind {
        Kind::Quoted => true,
        Kind::Word => !STATEMENTS.iter().any(|word| token.is_word(sql, word)),
        Kind::Trivia | Kind::Literal | Kind::Dollar | Kind::Symbol(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PlaceholderStyle::{At, Dollar, Sqlite};
    use TransactionEffect::{Begin, Commit, CommitChain, Release, Rollback, RollbackChain, RollbackTo, Savepoint};

    #[test]
    fn keywords_tell_what_becomes_of_the_transaction() {
        let rows: &[(&[PlaceholderStyle], &str, &[TransactionEffect])] = &[
            (&[Dollar, Sqlite, At], "", &[]),
            (&[Dollar, Sqlite, At], "SELECT 'BEGIN', \"commit\" -- rollback", &[]),
            (&[Dollar, Sqlite], "begin immediate; select 1; COMMIT", &[Begin, Commit]),
            (&[Dollar, Sqlite], "/* x */ END;ROLLBACK TRANSACTION", &[Commit, Rollback]),
            (
                &[Dollar, Sqlite],
                "SAVEPOINT a; ROLLBACK TO a; ROLLBACK TRANSACTION TO SAVEPOINT a; RELEASE a",
                &[Savepoint, RollbackTo, RollbackTo, Release],
            ),
            (&[Dollar], "START TRANSACTION READ ONLY; ROLLBACK WORK; ABORT", &[Begin, Rollback, Rollback]),
            (&[Dollar], "COMMIT AND CHAIN; ROLLBACK AND NO CHAIN", &[CommitChain, Rollback]),
            (&[Dollar], "END AND CHAIN; ABORT WORK AND CHAIN", &[CommitChain, RollbackChain]),
            (
                &[Dollar],
                "PREPARE TRANSACTION 'x'; COMMIT PREPARED 'x'; ROLLBACK PREPARED 'x'; PREPARE p AS SELECT 1",
                &[Commit],
            ),
            (&[Dollar], "SELECT 'open", &[]),
            (&[Dollar, Sqlite], "select 1; commit", &[Commit]),
            (&[Dollar, Sqlite], " Commit ", &[Commit]),
            (&[At], "BEGIN TRAN UPDATE t SET a = 1 COMMIT", &[Begin, Commit]),
            (&[At], "BEGIN SELECT 1 END; BEGIN DISTRIBUTED TRANSACTION", &[Begin]),
            (
                &[At],
                "SAVE TRAN a; ROLLBACK TRAN a; ROLLBACK TRAN SELECT 1; ROLLBACK",
                &[Savepoint, RollbackTo, Rollback, Rollback],
            ),
            (&[At], "CREATE PROCEDURE p AS BEGIN TRAN COMMIT", &[]),
        ];
        for (styles, sql, effects) in rows {
            for &style in *styles {
                assert_eq!(transaction_effects(sql, style), *effects, "{sql} as {style:?}");
            }
        }
    }

    #[test]
    fn only_an_end_without_a_chain_closes() {
        for (effect, from_closed, from_open) in [
            (Begin, true, true),
            (CommitChain, true, true),
            (RollbackChain, true, true),
            (Commit, false, false),
            (Rollback, false, false),
            (Savepoint, false, true),
            (RollbackTo, false, true),
            (Release, false, true),
        ] {
            assert_eq!((effect.leaves_open(false), effect.leaves_open(true)), (from_closed, from_open), "{effect:?}");
        }
    }
}
