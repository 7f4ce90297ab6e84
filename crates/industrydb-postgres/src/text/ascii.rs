//! ASCII text on its way into a string: collected on the stack, so that the string grows once for most values.

/// Longer than nearly all values.
const ROOM: usize = 64;

/// The digits of the lower-case hexadecimal system.
pub(super) const LOWER: &[u8; 16] = b"0123456789abcdef";
/// The digits of the upper-case hexadecimal system.
pub(super) const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// The two digits of a byte, of [`LOWER`] or [`UPPER`].
pub(super) fn hex(byte: u8, digits: &[u8; 16]) -> [u8; 2] {
    [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]
}

/// Collects ASCII; [`Self::finish`] appends what is there.
pub(super) struct Ascii<'a> {
    out: &'a mut String,
    bytes: [u8; ROOM],
    len: usize,
}

impl<'a> Ascii<'a> {
    pub(super) fn new(out: &'a mut String) -> Self {
        Self { out, bytes: [0; ROOM], len: 0 }
    }

    /// One byte below 0x80.
    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        debug_assert!(byte.is_ascii());
        if self.len == ROOM {
            self.flush();
        }
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    /// Bytes below 0x80.
    #[inline]
    pub(super) fn push_all(&mut self, bytes: &[u8]) {
        match self.bytes.get_mut(self.len..self.len + bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => bytes.iter().for_each(|&byte| self.push(byte)),
        }
    }

    #[inline]
    pub(super) fn push_str(&mut self, text: &str) {
        self.push_all(text.as_bytes());
    }

    /// The two digits of a byte, of [`LOWER`] or [`UPPER`].
    #[inline]
    pub(super) fn hex(&mut self, byte: u8, digits: &[u8; 16]) {
        hex(byte, digits).into_iter().for_each(|digit| self.push(digit));
    }

    /// A number with at least so many digits (at most 20), zeros in front.
    pub(super) fn number(&mut self, mut value: u64, width: usize) {
        let mut digits = [b'0'; 20];
        let mut first = digits.len();
        while value > 0 && first > 0 {
            first -= 1;
            digits[first] = b'0' + (value % 10) as u8;
            value /= 10;
        }
        for &digit in &digits[first.min(digits.len().saturating_sub(width))..] {
            self.push(digit);
        }
    }

    /// A number below 100, as two digits.
    #[inline]
    pub(super) fn two(&mut self, value: u64) {
        self.push_all(&[b'0' + (value / 10) as u8, b'0' + (value % 10) as u8]);
    }

    /// `.` and microseconds without the zeros at their end; nothing if there are none.
    pub(super) fn fraction(&mut self, mut micros: u64) {
        if micros == 0 {
            return;
        }
        let mut width = 6;
        while micros.is_multiple_of(10) {
            micros /= 10;
            width -= 1;
        }
        self.push(b'.');
        self.number(micros, width);
    }

    fn flush(&mut self) {
        // It is ASCII, as `push` demands: there is no error to lose.
        self.out.push_str(std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default());
        self.len = 0;
    }

    pub(super) fn finish(mut self) {
        self.flush();
    }
}
