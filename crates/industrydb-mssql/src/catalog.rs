//! What the database says about its own tables.

use industrydb_core::error::{Error, Result};
use industrydb_core::sql::generate::Key;
use industrydb_core::table::{ColumnInfo, TableName};
use polars_core::prelude::{Column, DataFrame};
use tiberius::ColumnData;

use crate::dialect::DIALECT;
use crate::error::BACKEND;
use crate::params::Bound;
use crate::session::{Request, Session, text};
use crate::types::Kind;

const TABLES: &str = "SELECT s.name, o.name, CASE WHEN o.type = 'V' THEN 'view' ELSE 'table' END \
     FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
     WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND (@P1 IS NULL OR s.name = @P1) ORDER BY s.name, o.name";

/// A cell as text.
fn string(cell: &ColumnData<'static>) -> Option<String> {
    match cell {
        ColumnData::String(Some(text)) => Some(text.to_string()),
        _ => None,
    }
}

fn boolean(cell: &ColumnData<'static>) -> bool {
    matches!(cell, ColumnData::Bit(Some(true)))
}

/// An integer of any width.
fn integer(cell: &ColumnData<'static>) -> Option<i64> {
    match cell {
        ColumnData::U8(value) => value.map(i64::from),
        ColumnData::I16(value) => value.map(i64::from),
        ColumnData::I32(value) => value.map(i64::from),
        ColumnData::I64(value) => *value,
        _ => None,
    }
}

fn unknown_form() -> Error {
    Error::execution("the server described its tables in an unknown form").with_backend(BACKEND)
}

/// The tables and views that a user made: columns `schema`, `name`, `kind`.
///
/// # Errors
/// What the server says.
pub async fn tables(session: &mut Session, schema: Option<&str>) -> Result<DataFrame> {
    let data = schema.map_or(ColumnData::String(None), text);
    let bound = Bound { data, declared: "sysname".into() };
    let rows = session.rows(Request::with_params(TABLES, vec![bound])).await?;
    let column = |at: usize, name: &str| {
        let values: Vec<Option<String>> = rows.iter().map(|row| row.get(at).and_then(string)).collect();
        Column::new(name.into(), values)
    };
    DataFrame::new(rows.len(), vec![column(0, "schema"), column(1, "name"), column(2, "kind")])
        .map_err(|cause| Error::execution(cause.to_string()).with_backend(BACKEND))
}

/// Where a table's own catalog is, and its quoted name as `OBJECT_ID` takes it.
struct Place {
    /// `[database].`, or nothing for the one that is in use.
    database: String,
    name: String,
}

impl Place {
    fn of(table: &TableName) -> Result<Self> {
        let quoted = DIALECT.quote_table(table)?;
        Ok(match table.parts() {
            [name] if name.starts_with('#') => Self { database: "tempdb.".into(), name: format!("tempdb..{quoted}") },
            [database, _, _] => Self { database: format!("{}.", DIALECT.quote(database)?), name: quoted },
            [_] | [_, _] => Self { database: String::new(), name: quoted },
            _ => {
                return Err(Error::argument(format!(
                    "{table}: a table of SQL Server is named by itself, as schema.table or as database.schema.table"
                ))
                .with_backend(BACKEND));
            }
        })
    }

    /// Runs `sql`, in which `{db}` stands for the database and `@P1` for the name.
    async fn rows(&self, session: &mut Session, sql: &str) -> Result<Vec<Vec<ColumnData<'static>>>> {
        let sql = sql.replace("{db}", &self.database);
        let bound = Bound { data: text(&self.name), declared: "nvarchar(800)".into() };
        session.rows(Request::with_params(&sql, vec![bound])).await
    }
}

/// The columns of `table` in their order, or `None` if there is no such table.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Argument`] for a name of more than three parts, and what the server says.
pub async fn columns(session: &mut Session, table: &TableName) -> Result<Option<Vec<ColumnInfo>>> {
    // An alias type has its system type in `system_type_id`, a type of the CLR has none of its own there.
    // An error of it, as of a database that is not there, is to roll nothing back.
    const COLUMNS: &str = "SET XACT_ABORT OFF; SELECT c.name, COALESCE(b.name, t.name), c.max_length, c.[precision], c.[scale], c.is_nullable, \
         c.is_identity, c.is_computed, c.collation_name, d.definition, k.key_ordinal \
         FROM {db}sys.columns AS c JOIN {db}sys.types AS t ON t.user_type_id = c.user_type_id \
         LEFT JOIN {db}sys.types AS b ON b.user_type_id = c.system_type_id \
         LEFT JOIN {db}sys.default_constraints AS d ON d.object_id = c.default_object_id \
         LEFT JOIN (SELECT x.object_id, x.column_id, x.key_ordinal FROM {db}sys.index_columns AS x \
         JOIN {db}sys.indexes AS i ON i.object_id = x.object_id AND i.index_id = x.index_id \
         WHERE i.is_primary_key = 1) AS k ON k.object_id = c.object_id AND k.column_id = c.column_id \
         WHERE c.object_id = OBJECT_ID(@P1) ORDER BY c.column_id";
    let rows = Place::of(table)?.rows(session, COLUMNS).await?;
    let columns: Vec<ColumnInfo> = rows.iter().map(|row| column(row)).collect::<Result<_>>()?;
    Ok((!columns.is_empty()).then_some(columns))
}

fn column(row: &[ColumnData<'static>]) -> Result<ColumnInfo> {
    let [name, kind, length, precision, scale, nullable, identity, computed, collation, default, key] = row else {
        return Err(unknown_form());
    };
    let (Some(name), Some(kind)) = (string(name), string(kind)) else { return Err(unknown_form()) };
    let number = |cell| integer(cell).unwrap_or(0);
    let declared_type = declared(&kind, number(length), number(precision), number(scale));
    let kind = Kind::of_declared(&declared_type);
    Ok(ColumnInfo {
        name,
        dtype: kind.dtype(),
        nullable: boolean(nullable),
        default: string(default),
        primary_key: integer(key).and_then(|place| u32::try_from(place).ok()),
        generated: boolean(identity) || boolean(computed) || kind == Kind::RowVersion,
        collation: string(collation),
        declared_type,
    })
}

/// A type as `CREATE TABLE` spells it; `length` counts bytes, −1 is `max`.
fn declared(name: &str, length: i64, precision: i64, scale: i64) -> String {
    match name {
        "nchar" | "nvarchar" if length >= 0 => format!("{name}({})", length / 2),
        "char" | "varchar" | "binary" | "varbinary" if length >= 0 => format!("{name}({length})"),
        "nvarchar" | "varchar" | "varbinary" => format!("{name}(max)"),
        "decimal" | "numeric" => format!("{name}({precision},{scale})"),
        "time" | "datetime2" | "datetimeoffset" => format!("{name}({scale})"),
        _ => name.to_owned(),
    }
}

/// The unique constraints and indexes of `table`. NULLs are the same in them, but for an index that leaves them out by
/// its filter; one with another filter is unique among some rows only, and is no key.
///
/// # Errors
/// As [`columns`].
pub async fn unique_keys(session: &mut Session, table: &TableName) -> Result<Vec<Key>> {
    const KEYS: &str = "SELECT i.index_id, c.name, i.filter_definition FROM {db}sys.indexes AS i \
         JOIN {db}sys.index_columns AS x ON x.object_id = i.object_id AND x.index_id = i.index_id \
         JOIN {db}sys.columns AS c ON c.object_id = x.object_id AND c.column_id = x.column_id \
         WHERE i.object_id = OBJECT_ID(@P1) AND i.is_unique = 1 AND i.is_disabled = 0 \
         AND x.is_included_column = 0 ORDER BY i.index_id, x.key_ordinal";
    let mut indexes: Vec<(i64, Vec<String>, Option<String>)> = Vec::new();
    for row in Place::of(table)?.rows(session, KEYS).await? {
        let [index, name, filter] = row.as_slice() else { return Err(unknown_form()) };
        let (Some(index), Some(name)) = (integer(index), string(name)) else { return Err(unknown_form()) };
        match indexes.last_mut() {
            Some((last, names, _)) if *last == index => names.push(name),
            Some(_) | None => indexes.push((index, vec![name], string(filter))),
        }
    }
    Ok(indexes.into_iter().filter_map(|(_, columns, filter)| key(columns, filter.as_deref())).collect())
}

fn key(columns: Vec<String>, filter: Option<&str>) -> Option<Key> {
    let Some(filter) = filter else { return Some(Key { columns, nulls_are_equal: true }) };
    // As the server spells it: `([a] IS NOT NULL AND [b] IS NOT NULL)`.
    let leaves_out = |term: &str| {
        columns.iter().any(|name| DIALECT.quote(name).is_ok_and(|name| term == format!("{name} IS NOT NULL")))
    };
    let terms = filter.strip_prefix('(')?.strip_suffix(')')?;
    terms.split(" AND ").all(leaves_out).then_some(Key { columns, nulls_are_equal: false })
}

/// The table with the schema in which the server finds it; one that is not there stays as it is.
///
/// # Errors
/// As [`columns`].
pub async fn resolve(session: &mut Session, table: &TableName) -> Result<TableName> {
    const SCHEMA: &str = "SELECT s.name FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
         WHERE o.object_id = OBJECT_ID(@P1)";
    let [name] = table.parts() else { return Ok(table.clone()) };
    if name.starts_with('#') {
        return Ok(table.clone());
    }
    let rows = Place::of(table)?.rows(session, SCHEMA).await?;
    let schema = rows.first().and_then(|row| row.first()).and_then(string);
    Ok(schema.and_then(|schema| TableName::new(vec![schema, name.clone()])).unwrap_or_else(|| table.clone()))
}

/// What decides how rows get into a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// Whether an index of it drops duplicates in place of refusing them (IGNORE_DUP_KEY).
    pub drops_duplicates: bool,
    /// The code page of the database in use.
    pub database_page: Option<i64>,
    /// Those of the collations that were asked for; `None` for one that has no code page.
    pub pages: Vec<Option<i64>>,
}

/// How `table` and the code pages of these collations are.
///
/// # Errors
/// As [`columns`].
pub async fn storage(session: &mut Session, table: &TableName, collations: &[&str]) -> Result<Storage> {
    const INDEXES: &str =
        "SELECT COUNT(*) FROM {db}sys.indexes WHERE object_id = OBJECT_ID(@P1) AND ignore_dup_key = 1";
    const DATABASE: &str = "CAST(DATABASEPROPERTYEX(DB_NAME(), N'Collation') AS nvarchar(128))";
    let names = collations.iter().map(|collation| match *collation {
        "database_default" => DATABASE.to_owned(),
        named => format!("N'{}'", named.replace('\'', "''")),
    });
    let names = std::iter::once(DATABASE.to_owned()).chain(names);
    let pages: Vec<String> = names.map(|name| format!("CAST(COLLATIONPROPERTY({name}, N'CodePage') AS int)")).collect();
    let rows = Place::of(table)?.rows(session, &format!("SELECT ({INDEXES}), {}", pages.join(", "))).await?;
    let Some([dropping, database, pages @ ..]) = rows.first().map(Vec::as_slice) else { return Err(unknown_form()) };
    let page = |cell| integer(cell).filter(|page| *page != 0);
    Ok(Storage {
        drops_duplicates: integer(dropping).is_some_and(|indexes| indexes > 0),
        database_page: page(database),
        pages: pages.iter().map(page).collect(),
    })
}

/// Views that read `table`, foreign keys that point to it, and triggers on it: what dropping it would break or take
/// along.
///
/// # Errors
/// As [`columns`].
pub async fn dependents(session: &mut Session, table: &TableName) -> Result<Vec<String>> {
    const DEPENDENTS: [(&str, &str); 3] = [
        ("trigger", "SELECT name FROM {db}sys.triggers WHERE parent_id = OBJECT_ID(@P1) ORDER BY name"),
        (
            "foreign key of table",
            "SELECT DISTINCT o.name FROM {db}sys.foreign_keys AS f JOIN {db}sys.objects AS o \
             ON o.object_id = f.parent_object_id WHERE f.referenced_object_id = OBJECT_ID(@P1) \
             AND f.parent_object_id <> OBJECT_ID(@P1) ORDER BY o.name",
        ),
        (
            "view",
            "SELECT name FROM {db}sys.objects WHERE type = 'V' AND object_id IN (SELECT referencing_id \
             FROM {db}sys.sql_expression_dependencies WHERE referenced_id = OBJECT_ID(@P1)) ORDER BY name",
        ),
    ];
    let place = Place::of(table)?;
    let mut found = Vec::new();
    for (what, sql) in DEPENDENTS {
        for row in place.rows(session, sql).await? {
            found.extend(row.first().and_then(string).map(|name| format!("{what} {name}")));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_spelled_as_they_are_declared() {
        for (name, length, precision, scale, expected) in [
            ("nvarchar", 100, 0, 0, "nvarchar(50)"),
            ("nvarchar", -1, 0, 0, "nvarchar(max)"),
            ("varchar", 8000, 0, 0, "varchar(8000)"),
            ("varbinary", -1, 0, 0, "varbinary(max)"),
            ("decimal", 9, 12, 2, "decimal(12,2)"),
            ("datetime2", 8, 27, 7, "datetime2(7)"),
            ("float", 8, 53, 0, "float"),
            ("xml", -1, 0, 0, "xml"),
            ("int", 4, 10, 0, "int"),
        ] {
            assert_eq!(declared(name, length, precision, scale), expected);
        }
    }

    #[test]
    fn a_filter_may_leave_out_nulls() {
        let columns = || vec!["a".to_owned(), "b".to_owned()];
        for (filter, nulls_are_equal) in [
            (None, Some(true)),
            (Some("([a] IS NOT NULL)"), Some(false)),
            (Some("([a] IS NOT NULL AND [b] IS NOT NULL)"), Some(false)),
            (Some("([c] IS NOT NULL)"), None),
            (Some("([deleted]=(0))"), None),
        ] {
            assert_eq!(key(columns(), filter).map(|key| key.nulls_are_equal), nulls_are_equal, "{filter:?}");
        }
    }

    #[test]
    fn temporary_tables_are_in_tempdb() {
        let place = |parts: &[&str]| {
            let table = TableName::new(parts.iter().map(|part| (*part).to_owned()).collect()).expect("a name");
            Place::of(&table).map(|place| (place.database, place.name))
        };
        assert_eq!(place(&["t"]), Ok((String::new(), "[t]".into())));
        assert_eq!(place(&["#t"]), Ok(("tempdb.".into(), "tempdb..[#t]".into())));
        assert_eq!(place(&["d", "s", "t"]), Ok(("[d].".into(), "[d].[s].[t]".into())));
        assert!(place(&["x", "d", "s", "t"]).is_err());
    }
}
