//! `tsvector`: `'cat':3A,7 'fat':2`. (PostgreSQL source: `tsvectorout`, `tsvectorsend`.)

use super::ascii::Ascii;
use super::reader::Reader;
use super::{Malformed, utf8};

/// The bits of a position that are no weight.
const POSITION: u16 = 0x3fff;

/// Appends a vector: the number of its words, each with a zero byte behind it, the number of its positions, and these.
pub(super) fn tsvector(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    for at in 0..from.u32()? {
        if at > 0 {
            out.push(' ');
        }
        word(utf8(from.until_zero()?)?, out);
        for at in 0..from.u16()? {
            position(from.u16()?, if at == 0 { b':' } else { b',' }, out);
        }
    }
    from.end()
}

fn word(mut text: &str, out: &mut String) {
    out.push('\'');
    while let Some(at) = text.bytes().position(|byte| matches!(byte, b'\'' | b'\\')) {
        let (before, after) = text.split_at(at);
        let (doubled, after) = after.split_at(1);
        out.extend([before, doubled, doubled]);
        text = after;
    }
    out.push_str(text);
    out.push('\'');
}

/// A position with its weight, of which D, the usual one, is not shown.
fn position(packed: u16, before: u8, out: &mut String) {
    let mut line = Ascii::new(out);
    line.push(before);
    line.number(u64::from(packed & POSITION), 1);
    match packed >> 14 {
        3 => line.push(b'A'),
        2 => line.push(b'B'),
        1 => line.push(b'C'),
        _ => {}
    }
    line.finish();
}
