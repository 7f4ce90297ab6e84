//! `Server=host,1433;Database=db;Pwd={a;b}`: pairs with semicolons between them.
//!
//! A value may be in double or single quotes (ADO.NET: `SqlConnection.ConnectionString`) or in braces (ODBC:
//! `SQLDriverConnect`); inside, the closing mark is doubled.

use super::Scan;

pub(super) fn scan(text: &str) -> Scan {
    let mut scan = Scan::default();
    let mut rest = skip_separators(text);
    while !rest.is_empty() {
        let Some((name, after)) = rest.split_once('=').filter(|(name, _)| !name.contains(';')) else {
            scan.fault =
                Some("a part of the key=value string has no \"=\"; a value with a semicolon goes in braces or quotes");
            return scan;
        };
        let name = name.trim().to_owned();
        let after = after.trim_start();
        let closing = match after.chars().next() {
            Some('{') => Some('}'),
            Some(quote @ ('"' | '\'')) => Some(quote),
            _ => None,
        };
        rest = match closing {
            None => {
                let (value, left) = after.split_once(';').unwrap_or((after, ""));
                scan.push(name, value.trim_end().to_owned(), false);
                left
            }
            Some(closing) => {
                let Some((value, left)) = take_quoted(&after[1..], closing) else {
                    return scan.stop(name, "a quoted value in the key=value string does not end");
                };
                let left = left.trim_start();
                if !(left.is_empty() || left.starts_with(';')) {
                    return scan.stop(name, "a quoted value in the key=value string is not followed by a semicolon");
                }
                scan.push(name, value, true);
                left
            }
        };
        rest = skip_separators(rest);
    }
    scan
}

fn skip_separators(text: &str) -> &str {
    text.trim_start_matches(|c: char| c == ';' || c.is_whitespace())
}

/// The value up to its closing mark, and the text after that.
fn take_quoted(text: &str, closing: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == closing && chars.next_if(|(_, next)| *next == closing).is_none() {
            return Some((value, &text[at + 1..]));
        }
        value.push(c);
    }
    None
}

/// The parts of `Server=tcp:host\instance,port`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Server<'t> {
    pub(super) host: &'t str,
    pub(super) instance: Option<&'t str>,
    pub(super) port: Option<&'t str>,
}

/// The parts of a server's address, or `None` if it is for another protocol than TCP.
pub(super) fn split_server(text: &str) -> Option<Server<'_>> {
    let address = match text.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("tcp:") => text[4..].trim_start(),
        // `np:`, `lpc:`, `admin:`; an IPv6 address has more colons.
        _ if text.matches(':').count() == 1 => return None,
        _ => text,
    };
    let (place, port) = address.split_once(',').map_or((address, None), |(place, port)| (place, Some(port.trim())));
    let (host, instance) = place.split_once('\\').map_or((place, None), |(host, name)| (host, Some(name.trim())));
    let host = match host.trim() {
        "." | "(local)" => "localhost",
        host => host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host),
    };
    Some(Server { host, instance, port })
}
