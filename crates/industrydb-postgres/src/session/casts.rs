//! What stands around the placeholders of a statement, so that each value goes out in a type that the server takes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use industrydb_core::error::{Error, Result};
use industrydb_core::sql::PlaceholderStyle;
use industrydb_core::sql::tokens::{Kind as TokenKind, tokenize};
use industrydb_core::value::Value;

use crate::bind::Bindings;
use crate::error::{BACKEND, conversion};
use crate::literal;
use crate::params::{self, Bound};
use crate::plan::Plan;
use crate::types::Type;

/// How many bytes the values of parameters can have: a message is shorter than 1 GiB (PostgreSQL source, `PQ_LARGE_MESSAGE_LIMIT`),
/// what stands around the values included.
const MOST_BYTES: usize = (1 << 30) - (1 << 20);

/// What stands around each placeholder, by its place counted from 0.
pub(super) type Casts = BTreeMap<usize, Cast>;

/// What stands around a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cast {
    /// `$1::bigint`: the value's own type.
    Natural(&'static str),
    /// `CAST($1::text AS inet)`, and the text to send.
    Text(String, Option<String>),
    /// The value itself, in place of the placeholder.
    Literal(String),
}

/// Adds a cast to the value's own type wherever `wanted` says so and there is none yet; whether there was any.
pub(super) fn add_natural(casts: &mut Casts, values: &[&Value], wanted: impl Fn(usize) -> bool) -> bool {
    let before = casts.len();
    for (at, value) in values.iter().enumerate() {
        if let Some(ty) = params::cast_type(value)
            && wanted(at)
            && !casts.contains_key(&at)
        {
            casts.insert(at, Cast::Natural(ty));
        }
    }
    casts.len() > before
}

/// Encodes the values; those that only the server can convert get a cast.
pub(super) fn bind(plan: &Plan, values: &[&Value], casts: &mut Casts) -> Result<Bindings> {
    let mut bindings = Bindings::default();
    for (at, (value, ty)) in values.iter().zip(&plan.parameters).enumerate() {
        let begin = bindings.bytes.len();
        let as_text = match casts.get(&at) {
            Some(Cast::Text(_, text)) => Some(text.clone().map_or(Value::Null, Value::Text)),
            Some(Cast::Natural(_) | Cast::Literal(_)) | None => None,
        };
        let numbered = |error: Error| {
            let message = format!("parameter ${}: {}", at + 1, error.message());
            error.with_message(message).with_backend(BACKEND)
        };
        let bound = params::encode(as_text.as_ref().unwrap_or(value), ty, &mut bindings.bytes).map_err(numbered)?;
        bindings.values.push(match bound {
            Bound::Null => None,
            Bound::Binary => Some(begin..bindings.bytes.len()),
            Bound::Text(text) => {
                casts.insert(at, Cast::Text(params::cast_name(ty).to_owned(), Some(text)));
                None
            }
        });
        if bindings.bytes.len() > MOST_BYTES {
            let message = "with this value the parameters have more bytes than a message to the server holds (1 GiB)";
            return Err(numbered(conversion(message)));
        }
    }
    Ok(bindings)
}

/// `sql`, whose placeholders have `types`, with the values in their places.
pub(super) fn written(sql: &str, values: &[&Value], types: &[Type], casts: &Casts) -> Result<String> {
    let mut literals = Casts::new();
    for (at, (value, ty)) in values.iter().zip(types).enumerate() {
        let as_text = match casts.get(&at) {
            Some(Cast::Text(_, text)) => Some(text.clone().map_or(Value::Null, Value::Text)),
            Some(Cast::Natural(_) | Cast::Literal(_)) | None => None,
        };
        let mut literal = String::from("CAST(");
        literal::write(as_text.as_ref().unwrap_or(value), ty, &mut literal)?;
        literal.extend([" AS ", params::cast_name(ty), ")"]);
        literals.insert(at, Cast::Literal(literal));
    }
    Ok(splice(sql, &literals).into_owned())
}

/// Writes the casts around their placeholders.
pub(super) fn splice<'s>(sql: &'s str, casts: &Casts) -> Cow<'s, str> {
    if casts.is_empty() {
        return Cow::Borrowed(sql);
    }
    let Some(tokens) = tokenize(sql, PlaceholderStyle::Dollar) else { return Cow::Borrowed(sql) };
    let mut out = String::with_capacity(sql.len() + 24 * casts.len());
    let mut copied = 0;
    for token in tokens.iter().filter(|token| token.kind == TokenKind::Dollar) {
        let placeholder = token.text(sql);
        let number = placeholder.get(1..).and_then(|digits| digits.parse::<usize>().ok());
        let Some(cast) = number.and_then(|number| casts.get(&number.checked_sub(1)?)) else { continue };
        out.push_str(&sql[copied..token.start]);
        match cast {
            Cast::Natural(ty) => out.extend(["CAST(", placeholder, " AS ", ty, ")"]),
            Cast::Text(ty, _) => out.extend(["CAST(", placeholder, "::text AS ", ty, ")"]),
            Cast::Literal(literal) => out.push_str(literal),
        }
        copied = token.end;
    }
    out.push_str(&sql[copied..]);
    Cow::Owned(out)
}
