//! Hints that can be pasted into a Python program.

use std::fmt::Write as _;

/// The argument that reads the column `name` as `dtype`, such as `schema_overrides={"v": pl.String}`.
pub fn override_of(name: &str, dtype: &str) -> String {
    format!("schema_overrides={{{}: {dtype}}}", literal(name))
}

/// `text` as a Python string (Python reference, 2.4.1).
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // None is beyond U+009F. Writing to a String does not fail.
            c if c.is_control() => drop(write!(out, "\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::override_of;

    #[test]
    fn a_name_is_a_string_of_python() {
        for (name, expected) in [
            ("v", r#""v""#),
            ("größe e\u{301}", "\"größe e\u{301}\""),
            (r#"a "b" \c"#, r#""a \"b\" \\c""#),
            ("a\nb\tc\rd", r#""a\nb\tc\rd""#),
            ("\0\u{7f}\u{9f}", r#""\x00\x7f\x9f""#),
            ("", r#""""#),
        ] {
            assert_eq!(override_of(name, "pl.String"), format!("schema_overrides={{{expected}: pl.String}}"));
        }
    }
}
