//! Pieces of a binary value, in network byte order.

/// What is left of a value; every piece is `None` if there is not enough.
#[derive(Clone, Copy)]
pub struct Wire<'b>(pub &'b [u8]);

impl<'b> Wire<'b> {
    /// The next `N` bytes.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    /// A 16-bit integer.
    #[inline]
    pub fn i16(&mut self) -> Option<i16> {
        self.array().map(i16::from_be_bytes)
    }

    /// A 32-bit integer.
    #[inline]
    pub fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_be_bytes)
    }

    /// An unsigned 32-bit integer.
    #[inline]
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// A count, which is never negative.
    pub fn count(&mut self) -> Option<usize> {
        self.i32().and_then(|count| usize::try_from(count).ok())
    }

    /// A value with its length before it; the inner `None` is NULL.
    pub fn value(&mut self) -> Option<Option<&'b [u8]>> {
        let length = self.i32()?;
        if length == -1 {
            return Some(None);
        }
        let (value, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(Some(value))
    }
}

/// All of a fixed-width value.
#[inline]
pub fn exactly<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}
