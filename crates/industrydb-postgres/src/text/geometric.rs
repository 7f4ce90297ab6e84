//! Figures in the plane, and pgvector's `vector`. (PostgreSQL source: `geo_ops.c`.)

use super::Malformed;
use super::float::{float4, float8};
use super::reader::Reader;

/// Appends `(x,y)`.
pub(super) fn point(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    pair(&mut from, out)?;
    from.end()
}

/// Appends `{A,B,C}`: Ax + By + C = 0.
pub(super) fn line(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    for before in ['{', ',', ','] {
        out.push(before);
        float8(from.f64()?, out);
    }
    out.push('}');
    from.end()
}

/// Appends `[(x1,y1),(x2,y2)]`.
pub(super) fn lseg(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    out.push('[');
    pairs(2, &mut from, out)?;
    out.push(']');
    from.end()
}

/// Appends a box by two of its corners, `(x1,y1),(x2,y2)`.
pub(super) fn corners(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    pairs(2, &mut from, out)?;
    from.end()
}

/// Appends `((x1,y1),…)`, or `[(x1,y1),…]` where it is open: whether it is closed, the number of points, and these.
pub(super) fn path(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    let (opening, closing) = match from.u8()? {
        0 => ('[', ']'),
        1 => ('(', ')'),
        _ => return Err(Malformed),
    };
    let count = from.u32()?;
    out.push(opening);
    pairs(count, &mut from, out)?;
    out.push(closing);
    from.end()
}

/// Appends `((x1,y1),…)`: the number of points, and these.
pub(super) fn polygon(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    let count = from.u32()?;
    out.push('(');
    pairs(count, &mut from, out)?;
    out.push(')');
    from.end()
}

/// Appends `<(x,y),r>`.
pub(super) fn circle(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    out.push('<');
    pair(&mut from, out)?;
    out.push(',');
    float8(from.f64()?, out);
    out.push('>');
    from.end()
}

/// At least one point: the server has no figure without any.
fn pairs(count: u32, from: &mut Reader<'_>, out: &mut String) -> Result<(), Malformed> {
    if count == 0 {
        return Err(Malformed);
    }
    for at in 0..count {
        if at > 0 {
            out.push(',');
        }
        pair(from, out)?;
    }
    Ok(())
}

fn pair(from: &mut Reader<'_>, out: &mut String) -> Result<(), Malformed> {
    for before in ['(', ','] {
        out.push(before);
        float8(from.f64()?, out);
    }
    out.push(')');
    Ok(())
}

/// Appends `[1,2,3]`: the number of dimensions, two bytes that are not used, and the numbers in single precision.
pub(super) fn vector(bytes: &[u8], out: &mut String) -> Result<(), Malformed> {
    let mut from = Reader::new(bytes);
    let (count, _unused) = (from.u16()?, from.u16()?);
    out.push('[');
    for at in 0..count {
        if at > 0 {
            out.push(',');
        }
        float4(from.f32()?, out);
    }
    out.push(']');
    from.end()
}
