//! Row types: `(1,"a b",)`. (PostgreSQL source: `record_out`, `record_send`.)

use super::quote::Inside;
use super::reader::Reader;
use super::{Malformed, nested};
use crate::types::Attribute;

/// Appends a row: the number of its fields, each with its type's OID and its value behind its length. A row of other
/// types than `attributes`, because the type was altered, is [`Malformed`].
pub(super) fn composite(attributes: &[Attribute], bytes: &[u8], depth: u8, out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    if usize::try_from(from.i32()?) != Ok(attributes.len()) {
        return Err(Malformed);
    }
    out.push('(');
    for (at, attribute) in attributes.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        if from.u32()? != attribute.ty.oid {
            return Err(Malformed);
        }
        if let Some(value) = from.value()? {
            let start = out.len();
            nested(&attribute.ty, value, depth, out)?;
            Inside::Composite.quote(start, out)?;
        }
    }
    out.push(')');
    from.end()
}
