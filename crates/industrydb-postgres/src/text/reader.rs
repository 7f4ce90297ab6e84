//! Takes a binary value apart, from front to back.

use super::Malformed;
use crate::decode::wire::Wire;

/// What is left to read, and [`Malformed`] where that is not enough.
pub(super) struct Reader<'a>(Wire<'a>);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(Wire(bytes))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.0.array().ok_or(Malformed)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.take().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        self.take().map(u16::from_be_bytes)
    }

    pub(super) fn i16(&mut self) -> Result<i16, Malformed> {
        self.take().map(i16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.take().map(u32::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, Malformed> {
        self.take().map(i32::from_be_bytes)
    }

    pub(super) fn i64(&mut self) -> Result<i64, Malformed> {
        self.take().map(i64::from_be_bytes)
    }

    pub(super) fn f32(&mut self) -> Result<f32, Malformed> {
        self.take().map(f32::from_be_bytes)
    }

    pub(super) fn f64(&mut self) -> Result<f64, Malformed> {
        self.take().map(f64::from_be_bytes)
    }

    /// So many bytes.
    pub(super) fn bytes(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (first, rest) = self.0.0.split_at_checked(len).ok_or(Malformed)?;
        self.0 = Wire(rest);
        Ok(first)
    }

    /// A value behind its length; `None` for the length −1, which is NULL.
    pub(super) fn value(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        self.0.value().ok_or(Malformed)
    }

    /// The bytes before the next zero byte, which goes with them.
    pub(super) fn until_zero(&mut self) -> Result<&'a [u8], Malformed> {
        let end = self.0.0.iter().position(|&byte| byte == 0).ok_or(Malformed)?;
        let text = self.bytes(end)?;
        self.u8()?;
        Ok(text)
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), Malformed> {
        if self.0.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}
