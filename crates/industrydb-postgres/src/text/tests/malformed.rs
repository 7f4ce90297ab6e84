//! Bytes that are no values: an error that leaves nothing behind, and never a panic.

use std::sync::Arc;

use super::*;

/// Types and bytes of which none is a value, and why.
const ROWS: &[(&str, &str, &str)] = &[
    ("boolean", "02", "neither true nor false"),
    ("text", "ff41", "no UTF-8"),
    ("mood", "ff41", "no UTF-8"),
    ("jsonb", "027b7d", "another version"),
    ("jsonb", "", "no version"),
    ("geometry", "0201000000", "neither byte order"),
    ("geometry", "01010000", "no type"),
    ("date", "7ffffffe", "past the last day"),
    ("date", "80000001", "before the first day"),
    ("date", "ffda97a6", "before the first day"),
    ("time", "000000141dd76001", "past 24:00:00"),
    ("time", "ffffffffffffffff", "before midnight"),
    ("timestamp", "7ffffffffffffffe", "past the last year"),
    ("timestamptz", "8000000000000001", "before the first year"),
    ("timetz", "000000000000000000010000", "an offset of more than 16 hours"),
    ("timetz", "000000141dd7600100000000", "past 24:00:00"),
    ("numeric", "00010000000000002710", "a digit of 10,000"),
    ("numeric", "0001000010000000", "a digit that is missing"),
    ("numeric", "0000000010000000", "no such sign"),
    ("numeric", "00010000c00000000001", "NaN with a digit"),
    ("numeric", "0000000000004000", "a scale too long"),
    ("inet", "0420000401020304", "no such family"),
    ("inet", "0221000401020304", "a network of 33 bits"),
    ("inet", "0220020401020304", "neither inet nor cidr"),
    ("inet", "02200004010203", "an address too short"),
    ("inet", "0320000401020304", "four bytes of IPv6"),
    ("bit", "0000000900", "a byte missing"),
    ("bit", "ffffffff", "a length below zero"),
    ("bit", "00000001", "no bits"),
    ("bit", "000000010000", "a byte too many"),
    ("path", "0200000001", "neither open nor closed"),
    ("path", "0100000000", "no points"),
    ("polygon", "00000000", "no points"),
    ("polygon", "ffffffff", "four billion points"),
    ("vector", "00010000", "a number missing"),
    ("tsvector", "000000016100", "no number of positions"),
    ("tsvector", "00000001610000010001ff", "a byte too many"),
    ("tsvector", "0000000161", "no zero byte"),
    ("tsvector", "00000001ff000000", "no UTF-8"),
    ("integer[]", "ffffffff0000000000000017", "less than no dimensions"),
    ("integer[]", "000000070000000000000017", "seven dimensions"),
    ("integer[]", "000000010000000000000017ffffffff00000001", "a length below zero"),
    ("integer[]", "0000000100000000000000177fffffff00000001", "two billion elements"),
    ("integer[]", "0000000100000000000000170000000200007fff0000000400000001", "an element missing"),
    ("integer[]", "000000010000000000000017000000017fffffff0000000400000001", "a last number of 2³¹"),
    ("integer[]", "0000000100000000000000170000000100000001fffffffe", "a length of −2"),
    ("integer[]", "00000001000000000000001700000001000000010000000300000001", "a length that does not fit"),
    ("integer[]", "00000000000000000000001700", "a byte too many"),
    ("int4range", "01000000", "bytes behind an empty range"),
    ("int4range", "20", "no such flag"),
    ("int4range", "02ffffffffffffffff", "a bound that is NULL"),
    ("int4range", "0200000004", "no bound"),
    ("int4multirange", "ffffffff", "four billion ranges"),
    ("int4multirange", "00000001ffffffff", "a range that is NULL"),
    ("pair", "00000001000000170000000400000001", "a field missing"),
    ("pair", "000000020000001700000004000000010000001700000004000000ff", "a field of another type"),
    ("nothing", "00000001", "a field too many"),
];

/// Numbers that look random and are the same in each run (Marsaglia, Xorshift RNGs, 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    fn byte(&mut self) -> u8 {
        // Lengths and counts are small, or the few above all others.
        match self.below(4) {
            0 => [0, 1, 0x7f, 0x80, 0xfe, 0xff][self.below(6)],
            1 => self.below(8) as u8,
            _ => self.below(256) as u8,
        }
    }
}

/// An error leaves the text as it was; a value leaves what stood before it.
fn is_value(ty: &Type, bytes: &[u8]) -> bool {
    let mut out = String::from("before");
    let written = write(ty, bytes, &mut out);
    assert!(out.starts_with("before"), "{} {bytes:02x?}", ty.name);
    assert!(written.is_ok() || out == "before", "{} {bytes:02x?}: {out}", ty.name);
    written.is_ok()
}

/// Whether bytes can be added to a value, or taken away, and what is left is one.
fn is_open(ty: &Type) -> bool {
    matches!(ty.kind, Kind::Text | Kind::Jsonb | Kind::Bytea | Kind::Geometry | Kind::Enum(_))
}

#[test]
fn what_is_no_value_is_an_error() {
    for (name, hex, why) in ROWS {
        assert!(!is_value(&named(name), &unhex(hex)), "{name} {hex}: {why}");
    }
}

#[test]
fn values_are_neither_shorter_nor_longer() {
    for (ty, bytes, _) in rows().filter(|(ty, ..)| !is_open(ty)) {
        for end in 0..bytes.len() {
            assert!(!is_value(&ty, &bytes[..end]), "{} {:02x?}", ty.name, &bytes[..end]);
        }
        for more in [0, 1, 0xff] {
            assert!(!is_value(&ty, &[&bytes[..], &[more]].concat()), "{} {bytes:02x?} {more}", ty.name);
        }
    }
}

#[test]
fn a_type_without_a_known_form_has_no_text() {
    let other = Type::new(0, "other", Kind::Other);
    assert!(!is_value(&other, b""));
    let array = Type::new(0, "other[]", Kind::Array(Arc::new(other)));
    assert!(!is_value(&array, &unhex("00000001000000000000000000000001000000010000000161")));
}

#[test]
fn no_bytes_panic() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for (ty, bytes, _) in rows() {
        for _ in 0..200 {
            let mut changed = bytes.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(changed.len());
                if let Some(byte) = changed.get_mut(at) {
                    *byte = random.byte();
                }
            }
            changed.truncate(random.below(3 * changed.len() + 1).max(changed.len() / 2));
            is_value(&ty, &changed);
            let noise: Vec<u8> = (0..random.below(40)).map(|_| random.byte()).collect();
            is_value(&ty, &noise);
        }
    }
}

#[test]
fn types_stand_in_each_other_so_deep_and_no_deeper() {
    let (mut ty, mut bytes) = (named("integer"), unhex("00000007"));
    for depth in 1..=100 {
        ty = Type::new(0, "nested", Kind::Composite([attribute(ty)].into()));
        bytes = [&[0, 0, 0, 1, 0, 0, 0, 0][..], &u32::try_from(bytes.len()).unwrap().to_be_bytes(), &bytes].concat();
        if depth == 1 {
            // The integer has an OID, the rows have none.
            bytes[7] = 23;
        }
        // The text doubles with each level of quotes.
        if depth <= 12 || depth > usize::from(DEEPEST) {
            assert_eq!(is_value(&ty, &bytes), depth <= 12, "{depth}");
        }
    }
}

fn attribute(ty: Type) -> crate::types::Attribute {
    crate::types::Attribute { name: "a".into(), ty }
}
