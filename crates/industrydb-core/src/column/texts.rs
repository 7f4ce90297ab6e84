//! Text as it comes off the wire, checked many values at a time.

use polars_arrow::array::{Utf8ViewArray, View};
use polars_arrow::datatypes::ArrowDataType;
use polars_core::prelude::{IntoSeries, PlSmallStr, Series, StringChunked};

use super::Validity;

/// The longest value that stands in its view.
const INLINE: usize = View::MAX_INLINE_SIZE as usize;
/// Bytes after which the values since the last check are checked: they are in the cache still.
const PIECE: usize = 16 << 10;
/// The first and the largest buffer, each twice the one before it: none is ever moved.
const FIRST_BUFFER: usize = 8 << 10;
const LARGEST_BUFFER: usize = 16 << 20;

/// Bytes that are to be UTF-8, in the view layout: up to 12 bytes inline, longer ones one behind the other in buffers.
///
/// A check of each short value takes longer than its copy. Here one check runs over many: where the bytes of several are
/// UTF-8 as a whole, and each begins with the first byte of a character, each is UTF-8 (RFC 3629, section 3: no byte that
/// continues a character begins one). So what is not UTF-8 may be told some values later.
#[derive(Debug, Default)]
pub struct Texts {
    views: Vec<View>,
    validity: Validity,
    full: Vec<Vec<u8>>,
    /// The one that is being filled, whose number is that of the full ones.
    buffer: Vec<u8>,
    /// The bytes of `buffer` that are checked, and the rows.
    checked: usize,
    checked_rows: usize,
    /// Whether a value is known not to be UTF-8.
    odd: bool,
    bytes: usize,
}

/// A value that is not UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUtf8 {
    /// Its row, counted from 0.
    pub row: usize,
    /// What it is instead.
    pub bytes: Vec<u8>,
}

impl Texts {
    /// An empty column.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty column with room for `rows` values of up to 12 bytes.
    pub fn with_capacity(rows: usize) -> Self {
        Self { views: Vec::with_capacity(rows), ..Self::default() }
    }

    /// A column of `rows` NULLs.
    pub fn nulls(rows: usize) -> Self {
        let mut column = Self::with_capacity(rows);
        (0..rows).for_each(|_| column.push_null());
        column
    }

    /// Appends a value shorter than 4 GiB; `false` once it is known that it, or one before it, is not UTF-8, of which
    /// [`Self::first_odd`] is the first.
    #[inline]
    #[must_use]
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        self.bytes += bytes.len();
        self.validity.push_valid();
        if bytes.len() <= INLINE {
            self.views.push(View::new_inline(bytes));
            self.odd |= !bytes.is_ascii() && std::str::from_utf8(bytes).is_err();
            return !self.odd;
        }
        self.odd |= continues(bytes[0]);
        if bytes.len() > self.buffer.capacity() - self.buffer.len() {
            self.begin_buffer(bytes.len());
        }
        // A buffer is shorter than 4 GiB: 16 MiB, or one value.
        let (number, offset) = (self.full.len() as u32, self.buffer.len() as u32);
        self.buffer.extend_from_slice(bytes);
        self.views.push(View::new_from_bytes(bytes, number, offset));
        if self.buffer.len() - self.checked >= PIECE {
            return self.check();
        }
        !self.odd
    }

    /// Appends a NULL.
    #[inline]
    pub fn push_null(&mut self) {
        self.validity.push_null(self.views.len());
        self.views.push(View::default());
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.views.len()
    }

    /// Whether there is no row yet.
    pub fn is_empty(&self) -> bool {
        self.views.is_empty()
    }

    /// Whether any row holds a value.
    pub fn has_values(&self) -> bool {
        self.validity.nulls() < self.views.len()
    }

    /// Bytes of the values.
    pub fn byte_len(&self) -> usize {
        self.bytes
    }

    /// The rows in order, checked or not.
    pub fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        (0..self.views.len()).map(|row| self.validity.is_valid(row).then(|| self.value(row)))
    }

    /// Whether all values are UTF-8.
    pub fn check(&mut self) -> bool {
        self.odd = self.odd || simdutf8::basic::from_utf8(&self.buffer[self.checked..]).is_err();
        if !self.odd {
            (self.checked, self.checked_rows) = (self.buffer.len(), self.views.len());
        }
        !self.odd
    }

    /// The first value that is not UTF-8; nothing if [`Self::check`] holds.
    pub fn first_odd(&self) -> Option<NotUtf8> {
        let mut unchecked = (self.checked_rows..self.views.len()).map(|row| (row, self.value(row)));
        let (row, bytes) = unchecked.find(|(_, bytes)| std::str::from_utf8(bytes).is_err())?;
        Some(NotUtf8 { row, bytes: bytes.to_vec() })
    }

    /// The finished String column.
    ///
    /// # Errors
    /// The first value that is not UTF-8.
    pub fn finish(mut self, name: PlSmallStr) -> Result<Series, NotUtf8> {
        if !self.check() {
            return Err(self.first_odd().unwrap_or(NotUtf8 { row: self.len(), bytes: Vec::new() }));
        }
        if !self.buffer.is_empty() {
            self.full.push(self.buffer);
        }
        let long = self.full.iter().map(Vec::len).sum();
        let buffers: Vec<_> = self.full.into_iter().map(Into::into).collect();
        #[allow(
            unsafe_code,
            reason = "the checks that the safe way makes again for each value cost more than the copy"
        )]
        // SAFETY: `push` alone makes views, each within the buffer whose number it bears, and nothing leaves a buffer. All of
        // them are UTF-8 by the check.
        let array = unsafe {
            Utf8ViewArray::new_unchecked(
                ArrowDataType::Utf8View,
                self.views.into(),
                buffers.into(),
                self.validity.finish(),
                Some(self.bytes),
                long,
            )
        };
        Ok(StringChunked::with_chunk(name, array).into_series())
    }

    /// Another buffer, with room for a value of `length`; the one before is checked to its end.
    #[cold]
    fn begin_buffer(&mut self, length: usize) {
        self.check();
        let capacity = (2 * self.buffer.capacity()).clamp(FIRST_BUFFER, LARGEST_BUFFER).max(length);
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(capacity));
        if !full.is_empty() {
            self.full.push(full);
        }
        self.checked = 0;
    }

    fn value(&self, row: usize) -> &[u8] {
        let view = &self.views[row];
        view.get_inlined_slice().unwrap_or_else(|| {
            let number = view.buffer_idx as usize;
            let buffer = self.full.get(number).unwrap_or(&self.buffer);
            &buffer[view.offset as usize..][..view.length as usize]
        })
    }
}

/// Whether a byte continues a character rather than begins one.
#[inline]
fn continues(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "größer als zwölf Bytes, 東京";

    fn texts(values: &[Option<&[u8]>]) -> Texts {
        let mut texts = Texts::new();
        for value in values {
            match value {
                Some(bytes) => {
                    let _ = texts.push(bytes);
                }
                None => texts.push_null(),
            }
        }
        texts
    }

    #[test]
    fn what_is_text_becomes_a_column() {
        let values =
            [Some(""), Some("é"), None, Some("twelve bytes"), Some(LONG), None, Some("\u{10ffff} and more text")];
        // Several buffers, and a value longer than any.
        let huge = LONG.repeat(1 << 20);
        let all: Vec<Option<&str>> =
            std::iter::repeat_n(values, 3_000).flatten().chain([Some(huge.as_str()), None, Some(LONG)]).collect();
        let mut texts = Texts::with_capacity(all.len());
        for value in &all {
            match value {
                Some(text) => assert!(texts.push(text.as_bytes())),
                None => texts.push_null(),
            }
        }
        assert!(texts.iter().zip(&all).all(|(row, value)| row == value.map(str::as_bytes)));
        assert_eq!(texts.byte_len(), all.iter().flatten().map(|text| text.len()).sum::<usize>());
        let series = texts.finish("t".into()).expect("text");
        assert_eq!(series.null_count(), 6_001);
        assert!(series.str().expect("strings").iter().eq(all));
    }

    #[test]
    fn the_first_value_that_is_no_text_is_told() {
        let cut = &LONG.as_bytes()[..LONG.len() - 1];
        let rest = [&LONG.as_bytes()[LONG.len() - 1..], LONG.as_bytes()].concat();
        for (values, row) in [
            (vec![Some(LONG.as_bytes()), Some(b"\xff")], 1),
            (vec![None, Some(b"caf\xc3"), Some(b"\xa9")], 1),
            (vec![Some(b"long enough to go to a buffer \xed\xa0\x80"), None], 0),
            // Together they are UTF-8.
            (vec![Some(LONG.as_bytes()), Some(cut), Some(rest.as_slice())], 1),
            (vec![Some(rest.as_slice()), Some(LONG.as_bytes())], 0),
            (vec![Some(cut)], 0),
        ] {
            let mut texts = texts(&values);
            assert!(!texts.check(), "{values:?}");
            let odd = NotUtf8 { row, bytes: values[row].expect("a value").to_vec() };
            assert_eq!(texts.first_odd().as_ref(), Some(&odd));
            assert_eq!(texts.finish("t".into()), Err(odd));
        }
    }

    #[test]
    fn it_is_told_within_a_piece() {
        let mut texts = Texts::new();
        assert!(texts.push(b"a value that ends in the middle of a character \xc3"));
        let later = (0..PIECE).take_while(|_| texts.push(LONG.as_bytes())).count();
        assert!(later < PIECE / LONG.len(), "{later}");
        assert_eq!(texts.first_odd().map(|odd| odd.row), Some(0));
    }
}
