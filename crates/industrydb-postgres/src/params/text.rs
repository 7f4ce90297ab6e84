//! A stored value as text that the server's input function reads.

use super::stored::{Array, Stored};
use crate::encode::form::{self, Float as _, display};

impl Stored<'_> {
    /// Appends its text; NULL has none and leaves `out` as it is.
    pub fn form(&self, out: &mut String) {
        match self {
            Self::Null => {}
            Self::Bool(value) => display(value, out),
            Self::Int2(value) => display(value, out),
            Self::Int4(value) => display(value, out),
            Self::Int8(value) => display(value, out),
            Self::Oid(value) => display(value, out),
            Self::Float4(value) => value.form(out),
            Self::Float8(value) => value.form(out),
            Self::Numeric(value) => value.text(out),
            Self::Text(text) | Self::Jsonb(text) | Self::Parsed(text) => out.push_str(text),
            Self::Bytea(bytes) => form::bytea(bytes, out),
            Self::Geometry(bytes) => out.push_str(&industrydb_core::exact::hex(bytes)),
            Self::Date(days) => form::date(*days, out),
            Self::Time(micros) => form::time(*micros, out),
            Self::Timestamp(micros) => form::timestamp(*micros, false, out),
            Self::TimestampTz(micros) => form::timestamp(*micros, true, out),
            Self::Interval(micros) => form::interval(0, *micros, out),
            Self::Uuid(bytes) => form::uuid(bytes, out),
            Self::Array(array) => array.form(out),
            Self::Row(values) => {
                form::listed(('(', ',', ')'), values, out, |(_, value), out| value.listed("", out));
            }
            Self::Vector(values) => form::listed(('[', ',', ']'), values, out, |value, out| value.form(out)),
        }
    }

    /// Appends it as an array or a row has it; NULL as `null`.
    fn listed(&self, null: &str, out: &mut String) {
        if let Self::Null = self {
            out.push_str(null);
        } else {
            let mut text = String::new();
            self.form(&mut text);
            form::quoted(&text, out);
        }
    }
}

impl Array<'_> {
    fn form(&self, out: &mut String) {
        match self.lengths.split_first() {
            None => out.push_str("{}"),
            Some((_, inner)) => dimension(&self.values, inner, char::from(self.element.delimiter()), out),
        }
    }
}

fn dimension(values: &[Stored<'_>], inner: &[usize], delimiter: char, out: &mut String) {
    let marks = ('{', delimiter, '}');
    match inner.split_first() {
        None => form::listed(marks, values, out, |value, out| value.listed("NULL", out)),
        Some((_, deeper)) => {
            let parts = values.chunks(inner.iter().product::<usize>().max(1));
            form::listed(marks, parts, out, |part, out| dimension(part, deeper, delimiter, out));
        }
    }
}
