//! The words that say what an expression is part of (<https://www.sqlite.org/lang_keywords.html>; PostgreSQL manual,
//! appendix C; Transact-SQL reference, "Reserved keywords").

use crate::sql::PlaceholderStyle;

/// What the words of one dialect mean.
pub(super) struct Words {
    /// Words that begin a clause.
    pub(super) clauses: &'static [&'static str],
    /// Operators that are words.
    pub(super) operators: &'static [&'static str],
    /// Functions that give one of their arguments back.
    pub(super) give_back: &'static [&'static str],
    /// Whose words they are.
    pub(super) style: PlaceholderStyle,
}

/// SQLite's.
pub(super) const SQLITE: Words =
    Words { clauses: CLAUSES, operators: OPERATORS, give_back: GIVE_BACK, style: PlaceholderStyle::Sqlite };
/// PostgreSQL's.
pub(super) const POSTGRES: Words = Words {
    clauses: &[
        "SELECT",
        "VALUES",
        "FROM",
        "WHERE",
        "GROUP",
        "HAVING",
        "WINDOW",
        "ORDER",
        "LIMIT",
        "OFFSET",
        "FETCH",
        "ON",
        "USING",
        "SET",
        "RETURNING",
        "JOIN",
        "INTO",
    ],
    operators: &[
        "IS", "NOT", "NOTNULL", "ISNULL", "LIKE", "ILIKE", "SIMILAR", "BETWEEN", "IN", "AND", "OR", "ESCAPE", "AT",
        "OVERLAPS", "OPERATOR",
    ],
    give_back: &[
        "coalesce",
        "nullif",
        "greatest",
        "least",
        "max",
        "min",
        "any_value",
        "lag",
        "lead",
        "first_value",
        "last_value",
        "nth_value",
    ],
    style: PlaceholderStyle::Dollar,
};
/// Those of T-SQL.
pub(super) const TRANSACT_SQL: Words = Words {
    clauses: &[
        "SELECT", "VALUES", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "OFFSET", "FETCH", "ON", "USING", "SET",
        "OUTPUT", "OPTION", "JOIN", "APPLY", "INTO", "EXEC", "EXECUTE",
    ],
    operators: &["IS", "NOT", "LIKE", "BETWEEN", "IN", "AND", "OR", "ESCAPE", "AT"],
    give_back: &[
        "coalesce",
        "isnull",
        "nullif",
        "iif",
        "choose",
        "greatest",
        "least",
        "max",
        "min",
        "lag",
        "lead",
        "first_value",
        "last_value",
    ],
    style: PlaceholderStyle::At,
};

/// Words that begin a clause; all are reserved, so that no bare name is one of them.
pub(super) const CLAUSES: &[&str] = &[
    "SELECT",
    "VALUES",
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "ON",
    "USING",
    "SET",
    "RETURNING",
    "JOIN",
    "INTO",
];
/// Behind these an expression begins whose value goes on as it is.
pub(super) const BEFORE_A_VALUE: &[&str] = &["SELECT", "DISTINCT", "ALL", "THEN", "ELSE"];
/// Operators that are words.
pub(super) const OPERATORS: &[&str] =
    &["IS", "NOT", "NOTNULL", "ISNULL", "LIKE", "GLOB", "MATCH", "REGEXP", "BETWEEN", "IN", "AND", "OR", "ESCAPE"];
/// Words before a parenthesis that do not call a function.
pub(super) const BEFORE_A_GROUP: &[&str] =
    &["FROM", "JOIN", "AS", "MATERIALIZED", "WHERE", "ON", "WHEN", "CASE", "HAVING", "BY"];
/// Functions that give one of their arguments back.
pub(super) const GIVE_BACK: &[&str] = &[
    "coalesce",
    "ifnull",
    "nullif",
    "iif",
    "if",
    "max",
    "min",
    "likely",
    "unlikely",
    "likelihood",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
];
/// Those of them that compare their arguments.
pub(super) const COMPARE: &[&str] = &["max", "min", "nullif"];
/// Operators that read both sides as text.
pub(super) const READ_TEXT: &[&str] = &["LIKE", "GLOB", "MATCH", "REGEXP"];
