//! The types of the rows, by their names.

use std::sync::Arc;

use crate::types::{Attribute, Formatted, Kind, Labels, Type};

/// The types that the rows' servers were given; their OIDs follow each other, from the first that a server gives away.
const MADE: [&str; 22] = [
    "mood",
    "flag",
    "positive",
    "tags",
    "corners",
    "letter",
    "pair",
    "nothing",
    "single",
    "mixed",
    "deep",
    "textrange",
    "boolrange",
    "floatrange",
    "inetrange",
    "pairrange",
    "timerange",
    "positiverange",
    "listrange",
    "bytearange",
    "ivrange",
    "pair[]",
];

/// The OIDs of the catalog's own types.
const BUILTIN: [(&str, u32); 44] = [
    ("boolean", 16),
    ("bytea", 17),
    ("\"char\"", 18),
    ("name", 19),
    ("bigint", 20),
    ("smallint", 21),
    ("integer", 23),
    ("text", 25),
    ("oid", 26),
    ("xid", 28),
    ("json", 114),
    ("xml", 142),
    ("point", 600),
    ("lseg", 601),
    ("path", 602),
    ("box", 603),
    ("polygon", 604),
    ("line", 628),
    ("cidr", 650),
    ("real", 700),
    ("double precision", 701),
    ("circle", 718),
    ("macaddr8", 774),
    ("money", 790),
    ("macaddr", 829),
    ("inet", 869),
    ("text[]", 1009),
    ("box[]", 1020),
    ("char", 1042),
    ("character varying", 1043),
    ("date", 1082),
    ("time", 1083),
    ("timestamp", 1114),
    ("timestamptz", 1184),
    ("interval", 1186),
    ("timetz", 1266),
    ("bit", 1560),
    ("bit varying", 1562),
    ("numeric", 1700),
    ("uuid", 2950),
    ("tsvector", 3614),
    ("jsonb", 3802),
    ("int4range", 3904),
    ("int4multirange", 4451),
];

/// The type of that name; what stands in parentheses makes no difference to a text.
pub(super) fn named(name: &str) -> Type {
    let name = match name.split_once('(') {
        Some((before, after)) => {
            format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit() || ",)".contains(c)))
        }
        None => name.to_owned(),
    };
    let oid = BUILTIN.iter().find(|(builtin, _)| *builtin == name).map(|(_, oid)| *oid);
    let made = MADE.iter().position(|made| *made == name).map(|at| 16_384 + u32::try_from(at).unwrap());
    let kind = kind(&name).unwrap_or_else(|| Type::builtin(oid.unwrap_or_else(|| panic!("{name}")), -1).unwrap().kind);
    Type::new(oid.or(made).unwrap_or(0), name, kind)
}

/// What `Type::builtin` does not know.
fn kind(name: &str) -> Option<Kind> {
    if let Some(element) = name.strip_suffix("[]") {
        return Some(Kind::Array(Arc::new(named(element))));
    }
    if name.starts_with("vector") {
        return Some(Kind::Vector(None));
    }
    Some(match name {
        "geometry" => Kind::Geometry,
        "mood" => {
            let labels = ["sad", "ok", "very happy", "a\"b\\c", "NULL", "é,{}"];
            Kind::Enum(Arc::new(Labels::new(labels.map(str::to_owned).to_vec()).unwrap()))
        }
        "flag" => Kind::Bool,
        "positive" => Kind::Int4,
        "tags" => named("text[]").kind,
        "corners" => named("box").kind,
        "letter" => named("\"char\"").kind,
        "pair" => row(&[("n", "integer"), ("t", "text")]),
        "nothing" => row(&[]),
        "single" => row(&[("v", "text")]),
        "mixed" => row(&[
            ("b", "boolean"),
            ("i", "smallint"),
            ("f", "double precision"),
            ("d", "numeric"),
            ("j", "jsonb"),
            ("y", "bytea"),
            ("dt", "date"),
            ("ts", "timestamptz"),
            ("iv", "interval"),
            ("ip", "inet"),
            ("r", "int4range"),
            ("a", "text[]"),
            ("m", "mood"),
            ("g", "flag"),
            ("bx", "box"),
            ("bs", "box[]"),
        ]),
        "deep" => row(&[("p", "pair"), ("ps", "pair[]"), ("t", "tags"), ("mr", "int4multirange"), ("s", "single")]),
        _ => {
            let bound = name.strip_suffix("multirange").or_else(|| name.strip_suffix("range"))?;
            let bound = Arc::new(named(match bound {
                "int4" => "integer",
                "int8" => "bigint",
                "num" => "numeric",
                "ts" => "timestamp",
                "tstz" => "timestamptz",
                "bool" => "boolean",
                "float" => "double precision",
                "list" => "integer[]",
                "iv" => "interval",
                other => other,
            }));
            let multi = name.ends_with("multirange");
            Kind::Formatted(if multi { Formatted::Multirange(bound) } else { Formatted::Range(bound) })
        }
    })
}

fn row(attributes: &[(&str, &str)]) -> Kind {
    Kind::Composite(attributes.iter().map(|(name, ty)| Attribute { name: (*name).into(), ty: named(ty) }).collect())
}
