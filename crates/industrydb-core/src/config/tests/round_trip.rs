//! Any text in any field goes through a URI and through names and back unchanged.

use super::*;

/// Texts that one grammar or another could trip over.
const NASTY: &[&str] = &[
    "",
    " ",
    "x",
    "@",
    ":",
    "/",
    "#",
    "%",
    "?",
    "&",
    "=",
    "+",
    ";",
    ",",
    "a,b",
    ",,",
    "[",
    "]",
    "[::1]",
    "::1",
    "fe80::1%eth0",
    "\\",
    "'",
    "\"",
    "{",
    "}",
    "%40",
    "%zz",
    "%",
    "***",
    ":memory:",
    "/:memory:",
    "./x",
    "../x",
    "//x",
    "/abs/x.db",
    "C:\\x.db",
    "a b",
    " a ",
    "\t",
    "\n",
    "\r\n",
    "\u{7f}",
    "é",
    "名前",
    "🦀",
    "\u{202e}",
    "e\u{301}",
    "p@ss:w/o#r%d?&=",
    "a=b;c='d'",
    "true",
    "5",
    "file:///x",
    "many://u:p@h/d",
];

fn assert_round_trip(config: &Config) {
    let uri = config.to_uri(Secrets::Shown);
    assert_eq!(parse(&uri), *config, "{uri}");
    assert!(uri.is_ascii() && !uri.contains(char::is_whitespace), "{uri}");

    let map = config.to_map(Secrets::Shown);
    let pairs: Vec<(String, String)> = map
        .into_iter()
        .map(|(name, value)| (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    let back = Config::from_pairs(pairs.iter().map(|(name, text)| (name.as_str(), text.as_str())), SPECS);
    assert_eq!(back.as_ref(), Ok(config), "{uri}");
}

/// A URI with a password, where messages would show it.
fn is_refused(db_type: &str, field: &str, text: &str) -> bool {
    matches!(field, "host" | "database") && text.starts_with(&format!("{db_type}://"))
}

#[test]
fn one_nasty_field() {
    for db_type in ["many", "one"] {
        for field in ["host", "database", "username", "password", "note", "token"] {
            for text in NASTY {
                let made = config(&[("db_type", db_type), (field, text)]);
                if is_refused(db_type, field, text) {
                    assert!(made.is_err_and(|error| error.message().contains("whole URI")), "{field}");
                } else {
                    assert_round_trip(&made.expect("any text is valid"));
                }
            }
        }
    }
    for text in NASTY {
        let config = config(&[("db_type", "file"), ("path", text), ("note", text)]).expect("any text is valid");
        assert_eq!(config.path(), Some(*text));
        assert_round_trip(&config);
    }
}

#[test]
fn every_pair_of_nasty_fields() {
    for db_type in ["many", "one"] {
        for a in NASTY {
            for b in NASTY {
                let pairs = [
                    ("db_type", db_type),
                    ("host", a),
                    ("database", b),
                    ("username", a),
                    ("password", b),
                    ("note", a),
                    ("token", b),
                    ("port", "7"),
                ];
                if is_refused(db_type, "host", a) || is_refused(db_type, "database", b) {
                    assert!(config(&pairs).is_err());
                } else {
                    assert_round_trip(&config(&pairs).expect("any text is valid"));
                }
            }
        }
    }
}

#[test]
fn every_subset_of_fields() {
    let pairs = [("host", "h"), ("port", "5"), ("database", ""), ("username", ""), ("password", ""), ("flag", "true")];
    for db_type in ["many", "one"] {
        for mask in 0..1_u32 << pairs.len() {
            let given = pairs.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1).map(|(_, pair)| *pair);
            let config = Config::from_pairs(std::iter::once(("db_type", db_type)).chain(given), SPECS);
            assert_round_trip(&config.expect("any subset is valid"));
        }
    }
}

#[test]
fn ports() {
    for (host, port, uri) in [
        ("h", "5", "many://h:5"),
        ("a,b", "5", "many://a,b?port=5"),
        ("a,b", "5,6", "many://a:5,b:6"),
        ("a,b", ",6", "many://a,b:6"),
        ("a,b", ",", "many://a,b"),
        ("::1,b", "5,6", "many://[::1]:5,b:6"),
        ("a,", "5,6", "many://a:5,:6"),
        ("", "5", "many://:5?host="),
        ("/run/db", "5", "many://%2Frun%2Fdb:5"),
        ("h", "", "many://h"),
    ] {
        let config = config(&[("db_type", "many"), ("host", host), ("port", port)]).expect("valid");
        assert_eq!(config.to_uri(Secrets::Shown), uri);
        assert_round_trip(&config);
    }
}
