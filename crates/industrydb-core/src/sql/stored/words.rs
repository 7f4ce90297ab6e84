//! The words that say what an expression is part of (<https://www.sqlite.org/lang_keywords.html>).

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
