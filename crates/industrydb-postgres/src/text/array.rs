//! `T[]`: `{1,NULL,"a b"}`, `{{1,2},{3,4}}`, `[2:3]={1,2}`. (PostgreSQL source: `array_out`, `array_send`.)

use std::fmt::Write;

use super::quote::Inside;
use super::reader::Reader;
use super::{Malformed, nested};
use crate::types::Type;

/// The most dimensions (PostgreSQL source, `MAXDIM`).
const MOST: usize = 6;

/// How many elements, and the first one's number.
#[derive(Clone, Copy)]
struct Dimension {
    len: i32,
    lower: i32,
}

/// Appends an array: the number of dimensions, whether there are NULLs, the elements' OID, each dimension's length and
/// lower bound, and the elements behind their lengths.
pub(super) fn array(element: &Type, bytes: &[u8], depth: u8, out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    let count = usize::try_from(from.i32()?).map_err(|_| Malformed)?;
    let (_has_nulls, _element_oid) = (from.i32()?, from.u32()?);
    let mut dimensions = [Dimension { len: 0, lower: 1 }; MOST];
    let dimensions = dimensions.get_mut(..count).ok_or(Malformed)?;
    for dimension in &mut *dimensions {
        *dimension = Dimension { len: from.i32()?, lower: from.i32()? };
        if dimension.len < 0 || dimension.lower.checked_add(dimension.len).is_none() {
            return Err(Malformed);
        }
    }
    if dimensions.iter().all(|dimension| dimension.len > 0) && !dimensions.is_empty() {
        bounds(dimensions, out);
        elements(dimensions, element, element.delimiter(), &mut from, depth, out)?;
    } else {
        out.push_str("{}");
    }
    from.end()
}

/// Where a dimension does not start at 1, all of them say where they start and end.
fn bounds(dimensions: &[Dimension], out: &mut String) {
    if dimensions.iter().all(|dimension| dimension.lower == 1) {
        return;
    }
    for dimension in dimensions {
        // Writing to a string cannot fail; the sum was checked.
        let _ = write!(out, "[{}:{}]", dimension.lower, dimension.lower + (dimension.len - 1));
    }
    out.push('=');
}

fn elements(
    dimensions: &[Dimension],
    element: &Type,
    delimiter: u8,
    from: &mut Reader<'_>,
    depth: u8,
    out: &mut String,
) -> Result<(), Malformed> {
    let Some((outer, inner)) = dimensions.split_first() else {
        let Some(value) = from.value()? else {
            out.push_str("NULL");
            return Ok(());
        };
        let start = out.len();
        nested(element, value, depth, out)?;
        return Inside::Array(delimiter).quote(start, out);
    };
    out.push('{');
    for at in 0..outer.len {
        if at > 0 {
            out.push(char::from(delimiter));
        }
        elements(inner, element, delimiter, from, depth, out)?;
    }
    out.push('}');
    Ok(())
}
