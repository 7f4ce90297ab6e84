//! What the catalog says about types: looked up when a statement first shows them, then kept.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use polars_core::prelude::PlSmallStr;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row as _, raw_sql};

use crate::types::{Attribute, Formatted, Kind, Labels, Type};

/// How deep types may stand in one another.
const MAX_DEPTH: usize = 32;
/// `money`, whose text depends on the server's locale.
const MONEY: u32 = 790;
/// `timestamp with time zone`.
const TIMESTAMPTZ: u32 = 1184;

/// Everything that decides how a type is read; `{oids}` is replaced. As a simple query: it leaves nothing prepared
/// behind a pooler. (`to_jsonb`: servers before 14 have no multiranges.)
const TYPES: &str = "\
SELECT t.oid::bigint AS oid, pg_catalog.format_type(t.oid, NULL) AS name, \
  pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.typname) AS qualified, t.typname AS bare, \
  t.typtype::pg_catalog.text AS class, \
  CASE WHEN t.typcategory = 'A' THEN t.typelem::bigint ELSE 0 END AS element, t.typbasetype::bigint AS base, \
  t.typtypmod AS modifier, p.proname AS receive, coalesce(r.rngsubtype, m.rngsubtype, 0)::bigint AS bound, \
  (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder)::pg_catalog.text \
    FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) AS labels, \
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, a.atttypid::bigint, a.atttypmod) \
    ORDER BY a.attnum)::pg_catalog.text \
    FROM pg_catalog.pg_attribute a \
    WHERE t.typrelid <> 0 AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS attributes \
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
  LEFT JOIN pg_catalog.pg_proc p ON p.oid = t.typreceive \
  LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid \
  LEFT JOIN pg_catalog.pg_range m ON pg_catalog.to_jsonb(m)->>'rngmultitypid' = t.oid::pg_catalog.text \
WHERE t.oid IN ({oids})";

/// A row of [`TYPES`].
#[derive(Debug)]
struct Row {
    name: Arc<str>,
    qualified: Arc<str>,
    bare: String,
    class: String,
    element: u32,
    base: u32,
    modifier: i32,
    receive: String,
    bound: u32,
    labels: Vec<String>,
    attributes: Vec<(String, u32, i32)>,
}

/// The types that were looked up on a connection.
#[derive(Debug)]
pub struct Types {
    rows: HashMap<u32, Row>,
    /// Whether `money` is written as `$1,234.56`.
    dollars: bool,
    /// Whether the session is in UTC, which ranges of instants are then written in.
    utc: bool,
}

impl Types {
    /// Nothing looked up yet; `lc_monetary` is the server's locale for `money`,
    /// `time_zone` the session's zone.
    pub fn new(lc_monetary: &str, time_zone: &str) -> Self {
        let dollars = matches!(lc_monetary, "C" | "POSIX" | "") || lc_monetary.starts_with("en_US");
        Self { rows: HashMap::new(), dollars, utc: is_utc(time_zone) }
    }

    /// The session's zone is another one now; whether types are read in another way because of that.
    pub fn set_time_zone(&mut self, time_zone: &str) -> bool {
        let before = std::mem::replace(&mut self.utc, is_utc(time_zone));
        self.utc != before
    }

    /// Forgets everything: types may have changed.
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// Forgets the types that anybody may change without their OID changing: labels and attributes are added.
    pub fn clear_changing(&mut self) {
        self.rows.retain(|_, row| !matches!(row.class.as_str(), "e" | "c"));
    }

    /// The types with these OIDs and modifiers.
    ///
    /// # Errors
    /// What the server says.
    pub async fn resolve(&mut self, connection: &mut PgConnection, wanted: &[(u32, i32)]) -> sqlx::Result<Vec<Type>> {
        loop {
            let missing: Vec<u32> = wanted.iter().flat_map(|(oid, _)| self.missing(*oid, 0)).collect();
            if missing.is_empty() {
                break;
            }
            self.fetch(connection, &missing).await?;
        }
        Ok(wanted.iter().map(|(oid, modifier)| self.build(*oid, *modifier, 0)).collect())
    }

    /// The OIDs that have to be fetched before `oid` is known all through.
    fn missing(&self, oid: u32, depth: usize) -> Vec<u32> {
        if oid == 0 || depth > MAX_DEPTH || Type::builtin(oid, -1).is_some() {
            return Vec::new();
        }
        let Some(row) = self.rows.get(&oid) else { return vec![oid] };
        let parts = [row.element, row.base, row.bound];
        let attributes = row.attributes.iter().map(|(_, oid, _)| *oid);
        parts.into_iter().chain(attributes).flat_map(|oid| self.missing(oid, depth + 1)).collect()
    }

    async fn fetch(&mut self, connection: &mut PgConnection, oids: &[u32]) -> sqlx::Result<()> {
        let mut list = String::new();
        for oid in oids {
            // Writing to a String does not fail.
            let _ = write!(list, "{}{oid}", if list.is_empty() { "" } else { ", " });
        }
        let found = raw_sql(AssertSqlSafe(TYPES.replace("{oids}", &list))).fetch_all(&mut *connection).await?;
        for row in &found {
            let oid = unsigned(row, "oid")?;
            self.rows.insert(oid, Row::read(row)?);
        }
        for oid in oids {
            // Dropped in between, or a type that only the server knows: read as text.
            self.rows.entry(*oid).or_insert_with(|| Row::unknown(*oid));
        }
        Ok(())
    }

    fn build(&self, oid: u32, modifier: i32, depth: usize) -> Type {
        if let Some(mut builtin) = Type::builtin(oid, modifier) {
            if oid == MONEY && !self.dollars {
                builtin.kind = Kind::Other;
            }
            return builtin;
        }
        let Some(row) = self.rows.get(&oid).filter(|_| depth <= MAX_DEPTH) else {
            return Type::new(oid, oid.to_string(), Kind::Other);
        };
        let part = |oid: u32, modifier: i32| Arc::new(self.build(oid, modifier, depth + 1));
        let kind = match row.class.as_str() {
            "d" => {
                let base = self.build(row.base, row.modifier, depth + 1);
                return Type { oid, name: Arc::clone(&row.name), qualified: Arc::clone(&row.qualified), ..base };
            }
            "e" => Labels::new(row.labels.clone()).map_or(Kind::Text, |labels| Kind::Enum(Arc::new(labels))),
            // The server writes them in the session's zone, whose rules are not known here.
            "r" | "m" if row.bound == TIMESTAMPTZ && !self.utc => Kind::Other,
            "r" => Kind::Formatted(Formatted::Range(part(row.bound, -1))),
            "m" => Kind::Formatted(Formatted::Multirange(part(row.bound, -1))),
            "c" => Kind::Composite(
                row.attributes
                    .iter()
                    .map(|(name, oid, modifier)| Attribute {
                        name: PlSmallStr::from_str(name),
                        ty: self.build(*oid, *modifier, depth + 1),
                    })
                    .collect(),
            ),
            // Vectors of the catalog's own: not written as arrays are, and without a NULL.
            _ if matches!(row.bare.as_str(), "int2vector" | "oidvector") => Kind::Other,
            _ if row.element != 0 => Kind::Array(part(row.element, modifier)),
            _ => kind_of_base(row, modifier),
        };
        let ty = Type::new(oid, Arc::clone(&row.name), kind);
        Type { modifier, qualified: Arc::clone(&row.qualified), ..ty }.settled()
    }
}

fn is_utc(time_zone: &str) -> bool {
    matches!(time_zone.to_ascii_uppercase().as_str(), "UTC" | "ETC/UTC" | "GMT")
}

/// The kind of a type that stands for itself: an extension's, or one of the catalog's rarer ones.
fn kind_of_base(row: &Row, modifier: i32) -> Kind {
    match (row.receive.as_str(), row.bare.as_str()) {
        ("textrecv" | "citextrecv" | "bpcharrecv" | "varcharrecv" | "cstring_recv" | "void_recv", _) => Kind::Text,
        (_, "void") => Kind::Text,
        (_, "vector") => Kind::Vector(usize::try_from(modifier).ok().filter(|width| *width > 0)),
        (_, "geometry" | "geography") => Kind::Geometry,
        _ => Kind::Other,
    }
}

impl Row {
    fn read(row: &PgRow) -> sqlx::Result<Self> {
        let json = |name: &str| row.try_get::<Option<String>, _>(name);
        let malformed = |cause: serde_json::Error| sqlx::Error::Decode(Box::new(cause));
        let labels = json("labels")?;
        let attributes = json("attributes")?;
        Ok(Self {
            name: row.try_get::<String, _>("name")?.into(),
            qualified: row.try_get::<String, _>("qualified")?.into(),
            bare: row.try_get("bare")?,
            class: row.try_get("class")?,
            element: unsigned(row, "element")?,
            base: unsigned(row, "base")?,
            modifier: row.try_get("modifier")?,
            receive: row.try_get::<Option<String>, _>("receive")?.unwrap_or_default(),
            bound: unsigned(row, "bound")?,
            labels: labels.map_or(Ok(Vec::new()), |text| serde_json::from_str(&text)).map_err(malformed)?,
            attributes: attributes.map_or(Ok(Vec::new()), |text| serde_json::from_str(&text)).map_err(malformed)?,
        })
    }

    fn unknown(oid: u32) -> Self {
        Self {
            name: oid.to_string().into(),
            qualified: oid.to_string().into(),
            bare: String::new(),
            class: String::new(),
            element: 0,
            base: 0,
            modifier: -1,
            receive: String::new(),
            bound: 0,
            labels: Vec::new(),
            attributes: Vec::new(),
        }
    }
}

/// An OID that was sent as a bigint.
fn unsigned(row: &PgRow, name: &str) -> sqlx::Result<u32> {
    let value: i64 = row.try_get(name)?;
    u32::try_from(value).map_err(|cause| sqlx::Error::Decode(Box::new(cause)))
}
