//! Values as servers gave them, binary (in hexadecimal digits) and as `value::text`; and bytes that are no values.

mod array;
mod bits;
mod composite;
mod float;
mod geometric;
mod interval;
mod malformed;
mod network;
mod number;
mod range;
mod search;
mod text;
mod time;
mod types;

use super::*;
use types::named;

/// A type's name, and its values.
type Rows = &'static [(&'static str, &'static [(&'static str, &'static str)])];

const FAMILIES: [Rows; 11] = [
    array::ROWS,
    bits::ROWS,
    composite::ROWS,
    float::ROWS,
    geometric::ROWS,
    network::ROWS,
    number::ROWS,
    range::ROWS,
    search::ROWS,
    text::ROWS,
    time::ROWS,
];

/// Every row: the type, the bytes, the server's text.
fn rows() -> impl Iterator<Item = (Type, Vec<u8>, &'static str)> {
    let types = FAMILIES.into_iter().flatten().map(|(name, values)| (named(name), *values));
    types.flat_map(|(ty, values)| values.iter().map(move |(hex, text)| (ty.clone(), unhex(hex), *text)))
}

fn unhex(hex: &str) -> Vec<u8> {
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { panic!("an odd number of digits: {hex}") };
    pairs.iter().map(|pair| u8::from_str_radix(utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn text_of(ty: &Type, bytes: &[u8]) -> Result<String, Malformed> {
    let mut out = String::new();
    write(ty, bytes, &mut out).map(|()| out)
}

#[test]
fn every_value_has_the_text_that_the_server_gives_it() {
    for (ty, bytes, text) in rows() {
        assert_eq!(text_of(&ty, &bytes).as_deref(), Ok(text), "{} {bytes:02x?}", ty.name);
    }
}

#[test]
fn text_is_appended() {
    let mut out = String::from("before ");
    for (ty, bytes, text) in rows() {
        out.truncate("before ".len());
        write(&ty, &bytes, &mut out).unwrap();
        assert_eq!(out.strip_prefix("before "), Some(text), "{}", ty.name);
    }
}

#[test]
fn a_geometry_is_shown_as_postgis_shows_it() {
    // `POINT(1 2)` and `SRID=4326;POINT(1 2)` (PostGIS manual, ST_AsEWKB and ST_AsHEXEWKB).
    for text in ["0101000000000000000000F03F0000000000000040", "0101000020E6100000000000000000F03F0000000000000040"] {
        assert_eq!(text_of(&named("geometry"), &unhex(text)).as_deref(), Ok(text));
    }
}
