//! Bytes and bits: `bytea`, `uuid`, `bit`, `geometry`.

use super::Malformed;
use super::ascii::{Ascii, LOWER, UPPER, hex};
use super::reader::Reader;

/// Appends bytes as `\x01ab`.
pub(super) fn bytea(bytes: &[u8], out: &mut String) {
    out.reserve(2 + 2 * bytes.len());
    let mut line = Ascii::new(out);
    line.push_str("\\x");
    bytes.iter().for_each(|&byte| line.hex(byte, LOWER));
    line.finish();
}

/// Appends EWKB in upper-case digits, as PostGIS shows a geometry. What is checked is that the bytes start as EWKB: with
/// their byte order, 0 or 1, and four bytes of type.
pub(super) fn geometry(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let [0 | 1, _, _, _, _, ..] = bytes else { return Err(Malformed) };
    out.reserve(2 * bytes.len());
    let mut line = Ascii::new(out);
    bytes.iter().for_each(|&byte| line.hex(byte, UPPER));
    line.finish();
    Ok(())
}

/// Appends `a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11`.
pub(super) fn uuid(bytes: [u8; 16], out: &mut String) {
    let mut text = [b'-'; 36];
    // Where each byte's digits stand.
    let places = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
    for (byte, at) in bytes.into_iter().zip(places) {
        [text[at], text[at + 1]] = hex(byte, LOWER);
    }
    let mut line = Ascii::new(out);
    line.push_all(&text);
    line.finish();
}

/// Appends a bit string, `10110`: the number of bits, then the bits, the first one highest.
pub(super) fn bit(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    let len = usize::try_from(from.i32()?).map_err(|_| Malformed)?;
    let packed = from.bytes(len.div_ceil(8))?;
    from.end()?;
    out.reserve(len);
    let mut line = Ascii::new(out);
    let bits = packed.iter().flat_map(|byte| (0..8).map(move |at| byte >> (7 - at) & 1));
    bits.take(len).for_each(|bit| line.push(b'0' + bit));
    line.finish();
    Ok(())
}
