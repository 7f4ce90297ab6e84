//! Quotes around a value that stands in an array, a row or a range.
//! (PostgreSQL source: `array_out`, `record_out`, `range_bound_escape`.)

use super::Malformed;

/// The longest text that the server makes (PostgreSQL source, `MaxAllocSize`).
const LONGEST: usize = 0x3fff_ffff;

/// What a value stands in.
#[derive(Clone, Copy)]
pub(super) enum Inside {
    /// `{a,b}`; what stands between two elements.
    Array(u8),
    /// `(a,b)`
    Composite,
    /// `[a,b)`
    Range,
}

impl Inside {
    /// Puts quotes around the text from `start` on, if it needs them there.
    ///
    /// # Errors
    /// [`Malformed`] if the text would be longer than the server's can be.
    pub(super) fn quote(self, start: usize, out: &mut String) -> Result<(), Malformed> {
        if !out.get(start..).is_some_and(|text| self.needs_quotes(text)) {
            return Ok(());
        }
        let text = out.split_off(start);
        let escapes = text.bytes().filter(|&byte| is_escaped(byte)).count();
        let len = text.len() + escapes + 2;
        if len > LONGEST {
            return Err(Malformed);
        }
        out.reserve(len);
        out.push('"');
        let mut rest = text.as_str();
        while let Some(at) = rest.bytes().position(is_escaped) {
            let (before, after) = rest.split_at(at);
            out.push_str(before);
            let (escaped, after) = after.split_at(1);
            out.push_str(match self {
                Self::Array(_) => "\\",
                Self::Composite | Self::Range => escaped,
            });
            out.push_str(escaped);
            rest = after;
        }
        out.push_str(rest);
        out.push('"');
        Ok(())
    }

    fn needs_quotes(self, text: &str) -> bool {
        text.is_empty() || text.bytes().any(|byte| self.is_special(byte)) || self.reads_as_null(text)
    }

    fn is_special(self, byte: u8) -> bool {
        is_escaped(byte)
            || matches!(byte, b' ' | b'\t'..=b'\r')
            || match self {
                Self::Array(delimiter) => byte == delimiter || matches!(byte, b'{' | b'}'),
                Self::Composite => matches!(byte, b'(' | b')' | b','),
                Self::Range => matches!(byte, b'(' | b')' | b'[' | b']' | b','),
            }
    }

    fn reads_as_null(self, text: &str) -> bool {
        match self {
            Self::Array(_) => text.eq_ignore_ascii_case("null"),
            Self::Composite | Self::Range => false,
        }
    }
}

fn is_escaped(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\')
}
