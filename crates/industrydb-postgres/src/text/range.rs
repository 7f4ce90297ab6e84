//! Ranges and multiranges: `[1,5)`, `(,"a b"]`, `empty`, `{[1,3),[5,8)}`.
//! (PostgreSQL source: `range_out`, `range_send`, `multirange_out`, `multirange_send`.)

use super::quote::Inside;
use super::reader::Reader;
use super::{Malformed, nested};
use crate::types::Type;

// What the first byte says (PostgreSQL source, `rangetypes.h`).
const EMPTY: u8 = 0x01;
const LOWER_INCLUSIVE: u8 = 0x02;
const UPPER_INCLUSIVE: u8 = 0x04;
const LOWER_INFINITE: u8 = 0x08;
const UPPER_INFINITE: u8 = 0x10;

/// Appends a range: its flags, then the bounds that it has, each behind its length.
pub(super) fn range(bound: &Type, bytes: &[u8], depth: u8, out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    let flags = from.u8()?;
    if flags & !(EMPTY | LOWER_INCLUSIVE | UPPER_INCLUSIVE | LOWER_INFINITE | UPPER_INFINITE) != 0 {
        return Err(Malformed);
    }
    if flags & EMPTY != 0 {
        out.push_str("empty");
        return from.end();
    }
    out.push(if flags & LOWER_INCLUSIVE != 0 { '[' } else { '(' });
    if flags & LOWER_INFINITE == 0 {
        one(bound, &mut from, depth, out)?;
    }
    out.push(',');
    if flags & UPPER_INFINITE == 0 {
        one(bound, &mut from, depth, out)?;
    }
    out.push(if flags & UPPER_INCLUSIVE != 0 { ']' } else { ')' });
    from.end()
}

fn one(bound: &Type, from: &mut Reader<'_>, depth: u8, out: &mut String) -> Result<(), Malformed> {
    let value = from.value()?.ok_or(Malformed)?;
    let start = out.len();
    nested(bound, value, depth, out)?;
    Inside::Range.quote(start, out)
}

/// Appends a multirange: the number of its ranges, each behind its length.
pub(super) fn multirange(bound: &Type, bytes: &[u8], depth: u8, out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    let count = from.u32()?;
    out.push('{');
    for at in 0..count {
        if at > 0 {
            out.push(',');
        }
        range(bound, from.value()?.ok_or(Malformed)?, depth, out)?;
    }
    out.push('}');
    from.end()
}
