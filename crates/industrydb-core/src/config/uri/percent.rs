//! Percent-encoding (RFC 3986, 2.1), strict both ways.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::config::spec::BackendSpec;
use crate::error::Result;

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What a path keeps beside them: its separators, and the colon of `C:/`.
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/').remove(b':');

/// `text` so that it is safe anywhere in a URI.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// `path` so that it is safe in a URI's path.
pub(super) fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, RESERVED_IN_PATH).to_string()
}

/// What `text` stands for.
///
/// # Errors
/// A `%` without two hexadecimal digits, bytes that are not UTF-8. The message does not show the text.
pub(super) fn decode(spec: &'static BackendSpec, text: &str) -> Result<String> {
    let is_escape = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !text.split('%').skip(1).all(is_escape) {
        return Err(
            spec.error("a % in the URI is not followed by two hexadecimal digits; a percent sign is written %25")
        );
    }
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| spec.error("an escape in the URI is not UTF-8"))
}
