//! Settings of the session that a statement must not change, and the one that has to be given back.
//!
//! The decoder takes UTF-8, whose bytes say nothing when they are another encoding's: no statement may ask for one. The
//! driver's startup message asks for UTC, so a statement that resets the time zone does not get to the configured one.

use industrydb_core::error::{Error, Result};
use industrydb_core::sql::tokens::{Kind, tokenize};
use industrydb_core::sql::{PlaceholderStyle, first_keyword};

use crate::error::BACKEND;

/// The setting that stays UTF8.
const ENCODING: &str = "client_encoding";

/// Refuses a statement that asks for another encoding: SET, SET NAMES, `set_config` or DO.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Execution`].
pub fn check_encoding(sql: &str) -> Result<()> {
    let named = mentions(sql, ENCODING);
    if !(named || mentions(sql, "names")) {
        return Ok(());
    }
    let other = match first_keyword(sql, PlaceholderStyle::Dollar).unwrap_or_default().to_ascii_lowercase().as_str() {
        "set" => sets_other_encoding(sql),
        "do" => named,
        // What is only defined runs in a session of its own, or gives the setting back when it is left.
        "create" | "alter" => false,
        _ => named && mentions(sql, "set_config"),
    };
    if !other {
        return Ok(());
    }
    let error = Error::execution("client_encoding is UTF8 here and can't be changed");
    Err(error.with_hint("the values of other encodings are converted by the server").with_backend(BACKEND))
}

fn sets_other_encoding(sql: &str) -> bool {
    let words = words(sql);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (["set", "session" | "local", what @ ..] | ["set", what @ ..]) = words.as_slice() else { return false };
    let (["names", value @ ..] | [ENCODING, "=" | "to", value @ ..]) = what else { return false };
    let name: String = value.concat().chars().filter(char::is_ascii_alphanumeric).collect();
    // As the server compares names (PostgreSQL source, `encnames.c`).
    !matches!(name.as_str(), "" | "default" | "utf8" | "unicode")
}

/// Whether `sql` resets the time zone; if so, whether only until the transaction ends.
pub fn resets_zone(sql: &str) -> Option<bool> {
    let keyword = first_keyword(sql, PlaceholderStyle::Dollar)?;
    if !["set", "reset", "discard"].iter().any(|word| keyword.eq_ignore_ascii_case(word)) {
        return None;
    }
    let words = words(sql);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (local, what) = match words.as_slice() {
        ["discard" | "reset", "all"] | ["reset", "timezone"] | ["reset", "time", "zone"] => return Some(false),
        ["set", "local", what @ ..] => (true, what),
        ["set", "session", what @ ..] | ["set", what @ ..] => (false, what),
        _ => return None,
    };
    let resets = matches!(what, ["timezone", "=" | "to", "default"] | ["time", "zone", "default" | "local"]);
    resets.then_some(local)
}

/// What a statement consists of, in lower case, without quotes and semicolons.
fn words(sql: &str) -> Vec<String> {
    let tokens = tokenize(sql, PlaceholderStyle::Dollar).unwrap_or_default();
    let told = tokens.iter().filter(|token| !matches!(token.kind, Kind::Trivia | Kind::Symbol(';')));
    told.map(|token| token.text(sql).trim_matches(['"', '\'']).to_ascii_lowercase()).collect()
}

fn mentions(sql: &str, word: &str) -> bool {
    sql.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_encoding() {
        for (sql, refused) in [
            ("SET client_encoding = 'LATIN1'", true),
            ("set session \"client_encoding\" to latin1;", true),
            ("SET LOCAL NAMES 'SQL_ASCII'", true),
            ("SELECT set_config('client_encoding', 'LATIN1', false)", true),
            ("DO 'BEGIN SET client_encoding = LATIN1; END'", true),
            ("SET client_encoding = 'utf-8'", false),
            ("SET NAMES", false),
            ("SET client_encoding TO DEFAULT", false),
            ("SELECT 'client_encoding'", false),
            ("SELECT set_config('names', '1', false)", false),
            ("ALTER ROLE a SET client_encoding = 'LATIN1'", false),
            ("SET search_path = names", false),
        ] {
            assert_eq!(check_encoding(sql).is_err(), refused, "{sql}");
        }
    }

    #[test]
    fn what_resets_the_zone() {
        for (sql, expected) in [
            ("DISCARD ALL", Some(false)),
            ("reset all;", Some(false)),
            ("RESET /* the */ TimeZone", Some(false)),
            ("RESET TIME ZONE", Some(false)),
            ("SET LOCAL TIME ZONE DEFAULT", Some(true)),
            ("SET SESSION timezone TO DEFAULT", Some(false)),
            ("SET timezone = DEFAULT", Some(false)),
            ("SET timezone = 'Asia/Tokyo'", None),
            ("RESET work_mem", None),
            ("DISCARD PLANS", None),
            ("SELECT 'RESET ALL'", None),
            ("", None),
        ] {
            assert_eq!(resets_zone(sql), expected, "{sql}");
        }
    }
}
