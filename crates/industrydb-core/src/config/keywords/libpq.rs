//! `host=localhost dbname='my db'` (PostgreSQL manual 34.1.1.1).
//!
//! Spaces around `=` are optional. A value with spaces, or an empty one, is in single quotes; a backslash takes the
//! next character as it is, inside quotes and outside.

use super::Scan;

pub(super) fn scan(text: &str) -> Scan {
    let mut scan = Scan::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let Some((name, after)) =
            rest.split_once('=').filter(|(name, _)| !name.trim_end().contains(char::is_whitespace))
        else {
            scan.fault = Some("a word in the key=value string has no \"=\"; a value with spaces goes in single quotes");
            return scan;
        };
        let name = name.trim_end().to_owned();
        let after = after.trim_start();
        let (value, left, quoted) = if let Some(after) = after.strip_prefix('\'') {
            let (value, Some(left)) = take_until(after, |c| c == '\'') else {
                return scan.stop(name, "a quoted value in the key=value string does not end");
            };
            (value, &left[1..], true)
        } else {
            let (value, left) = take_until(after, char::is_whitespace);
            (value, left.unwrap_or(""), false)
        };
        scan.push(name, value, quoted);
        rest = left.trim_start();
    }
    scan
}

/// The value up to where `ends` holds, and the text from there on.
fn take_until(text: &str, ends: impl Fn(char) -> bool) -> (String, Option<&str>) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            c if ends(c) => return (value, Some(&text[at..])),
            c => value.push(c),
        }
    }
    (value, None)
}
