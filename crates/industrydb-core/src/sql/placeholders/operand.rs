//! Whether a token ends an operand: a `?` behind one is PostgreSQL's operator, a `:` at one is an array slice's.

use crate::sql::tokens::{Kind, Token};

/// Words behind which an operand begins. All others are operands themselves: columns, types, `NULL`, `END`.
const BEFORE_OPERANDS: &[&str] = &[
    "all",
    "and",
    "any",
    "array",
    "as",
    "asymmetric",
    "between",
    "by",
    "call",
    "case",
    "check",
    "default",
    "distinct",
    "do",
    "else",
    "escape",
    "except",
    "execute",
    "exists",
    "fetch",
    "filter",
    "first",
    "following",
    "for",
    "from",
    "having",
    "if",
    "ilike",
    "in",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "like",
    "limit",
    "next",
    "not",
    "notnull",
    "of",
    "offset",
    "on",
    "only",
    "or",
    "over",
    "overlaps",
    "preceding",
    "range",
    "return",
    "returning",
    "rows",
    "select",
    "set",
    "similar",
    "some",
    "symmetric",
    "then",
    "to",
    "top",
    "union",
    "using",
    "values",
    "variadic",
    "when",
    "where",
    "with",
    "zone",
];

/// Whether `token` ends an operand. Trivia is not to be asked.
pub(super) fn ends_operand(sql: &str, token: Token) -> bool {
    match token.kind {
        Kind::Word => {
            let word = token.text(sql);
            !BEFORE_OPERANDS.iter().any(|before| before.eq_ignore_ascii_case(word))
        }
        Kind::Quoted | Kind::Literal | Kind::Dollar | Kind::Symbol(')' | ']') => true,
        Kind::Trivia | Kind::Symbol(_) => false,
    }
}
