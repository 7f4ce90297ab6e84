//! A stored value in the binary form that the server's receive function reads.

use super::stored::{Array, Stored};
use crate::encode::limits;
use crate::types::Type;

/// The form is longer than 32 bits can say, or a time beyond what the server counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;

impl Stored<'_> {
    /// Appends its binary form (PostgreSQL source, the `…_recv` functions); NULL has none.
    pub(super) fn binary(&self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        match self {
            // What is parsed goes as text, which is its own form.
            Self::Null => {}
            Self::Parsed(text) | Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Bool(value) => out.push(u8::from(*value)),
            Self::Int2(value) => out.extend_from_slice(&value.to_be_bytes()),
            Self::Int4(value) => out.extend_from_slice(&value.to_be_bytes()),
            Self::Int8(value) | Self::Time(value) => out.extend_from_slice(&value.to_be_bytes()),
            Self::Oid(value) => out.extend_from_slice(&value.to_be_bytes()),
            Self::Float4(value) => out.extend_from_slice(&value.to_be_bytes()),
            Self::Float8(value) => out.extend_from_slice(&value.to_be_bytes()),
            Self::Numeric(value) => value.binary(out),
            Self::Jsonb(text) => {
                out.push(1); // the only version there is
                out.extend_from_slice(text.as_bytes());
            }
            Self::Bytea(bytes) | Self::Geometry(bytes) => out.extend_from_slice(bytes),
            Self::Date(days) => out.extend_from_slice(&limits::date(*days).ok_or(TooLarge)?.to_be_bytes()),
            Self::Timestamp(micros) | Self::TimestampTz(micros) => {
                out.extend_from_slice(&limits::timestamp(*micros).ok_or(TooLarge)?.to_be_bytes());
            }
            Self::Interval(micros) => {
                out.extend_from_slice(&micros.to_be_bytes());
                out.extend_from_slice(&[0; 8]); // days, months
            }
            Self::Uuid(bytes) => out.extend_from_slice(bytes),
            Self::Array(array) => array.binary(out)?,
            Self::Row(values) => {
                out.extend_from_slice(&length(values.len())?);
                for (ty, value) in values {
                    out.extend_from_slice(&ty.oid.to_be_bytes());
                    value.with_length(out)?;
                }
            }
            Self::Vector(values) => {
                out.extend_from_slice(&u16::try_from(values.len()).map_err(|_| TooLarge)?.to_be_bytes());
                out.extend_from_slice(&[0; 2]); // unused
                values.iter().for_each(|value| out.extend_from_slice(&value.to_be_bytes()));
            }
        }
        Ok(())
    }

    /// Appends it with its length in front, −1 for NULL.
    fn with_length(&self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        if let Self::Null = self {
            out.extend_from_slice(&(-1_i32).to_be_bytes());
            return Ok(());
        }
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        self.binary(out)?;
        let length = length(out.len() - start - 4)?;
        out[start..start + 4].copy_from_slice(&length);
        Ok(())
    }
}

impl Array<'_> {
    fn binary(&self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        array_header(&self.lengths, self.values.contains(&Stored::Null), self.element, out)?;
        self.values.iter().try_for_each(|value| value.with_length(out))
    }
}

/// Appends what stands before an array's values: dimensions, whether there are NULLs, the values' type, then length and
/// lower bound of each dimension.
fn array_header(lengths: &[usize], nulls: bool, element: &Type, out: &mut Vec<u8>) -> Result<(), TooLarge> {
    out.extend_from_slice(&length(lengths.len())?);
    out.extend_from_slice(&i32::from(nulls).to_be_bytes());
    out.extend_from_slice(&element.oid.to_be_bytes());
    for dimension in lengths {
        out.extend_from_slice(&length(*dimension)?);
        out.extend_from_slice(&1_i32.to_be_bytes());
    }
    Ok(())
}

fn length(length: usize) -> Result<[u8; 4], TooLarge> {
    i32::try_from(length).map(i32::to_be_bytes).map_err(|_| TooLarge)
}
