//! Bytes → text, checked. With [`crate::column::Texts`] the only `unsafe` of this crate, since it
//! stands in the inner loop of reads.

/// The bytes as text, or `None` if they are not UTF-8.
///
/// Most text in databases is short ASCII, for which the standard library's full check takes three times as long as the
/// look whether a byte has its high bit set.
#[inline]
pub fn utf8(bytes: &[u8]) -> Option<&str> {
    if bytes.is_ascii() {
        // SAFETY: every ASCII byte is a character of UTF-8 by itself (RFC 3629, section 3).
        Some(unsafe { std::str::from_utf8_unchecked(bytes) })
    } else {
        simdutf8::basic::from_utf8(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::utf8;

    #[test]
    fn text_is_told_from_bytes() {
        for text in ["", "a", "seven b", "exactly sixteen.", "größer als sechzehn Bytes", "日本語", "\u{10ffff}\0"]
        {
            assert_eq!(utf8(text.as_bytes()), Some(text));
        }
        for bytes in [&b"\xff"[..], b"caf\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"sixteen bytes and \x80"] {
            assert_eq!(utf8(bytes), None);
        }
    }
}
