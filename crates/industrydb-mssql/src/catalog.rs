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

// Not as varchar, which is in the database's code page: the client library does not know all of them.
const TABLES: &str = "SELECT s.name, o.name, CASE WHEN o.type = 'V' THEN N'view' ELSE N'table' END \
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
            [] | [_, _, _, _, ..] => {
                return Err(Error::argument(format!(
                    "{table}: a table of SQL Server is named by itself, as schema.table or as database.schema.table"
                ))
                .with_backend(BACKEND));
            }
            // Whatever stands before such a name, it is a temporary table's.
            [.., name] if name.starts_with('#') => {
                Self { database: "tempdb.".into(), name: format!("tempdb..{}", DIALECT.quote(name)?) }
            }
            [database, _, _] => Self { database: format!("{}.", DIALECT.quote(database)?), name: quoted },
            [_] | [_, _] => Self { database: String::new(), name: quoted },
        })
    }

    /// Runs `sql`, in which `{db}` stands for the database and `@P1` for the name. An error of it, as of a database that
    /// is not there or of a missing right, is to roll nothing back.
    async fn rows(&self, session: &mut Session, sql: &str) -> Result<Vec<Vec<ColumnData<'static>>>> {
        let sql = format!("SET XACT_ABORT OFF; {}", sql.replace("{db}", &self.database));
        let bound = Bound { data: text(&self.name), declared: "nvarchar(800)".into() };
        session.rows(Request::with_params(&sql, vec![bound])).await
    }
}

/// The columns of `table` in their order, or `None` if there is no such table.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Argument`] for a name of more than three parts, and what the server says.
pub async fn columns(session: &mut Session, table: &TableName) -> Result<Option<Vec<ColumnInfo>>> {
    let described = described(session, table).await?;
    Ok(described.map(|columns| columns.into_iter().map(|column| column.info).collect()))
}

/// Those that an INSERT without a list of columns has a value for: no identity, nothing computed or hidden, and no
/// sparse column of a table that shows them as a column set.
///
/// # Errors
/// As [`columns`].
pub async fn listed(session: &mut Session, table: &TableName) -> Result<Option<Vec<ColumnInfo>>> {
    let described = described(session, table).await?;
    let listed = |column: Described| column.is_listed.then_some(column.info);
    Ok(described.map(|columns| columns.into_iter().filter_map(listed).collect()))
}

/// A column, and whether an INSERT without a list of columns has a value for it.
struct Described {
    info: ColumnInfo,
    is_listed: bool,
}

/// The columns of `table` or of what it is a synonym of.
async fn described(session: &mut Session, table: &TableName) -> Result<Option<Vec<Described>>> {
    if let Some(columns) = described_itself(session, table).await? {
        return Ok(Some(columns));
    }
    let base = resolve(session, table).await?;
    if base == *table { Ok(None) } else { described_itself(session, &base).await }
}

async fn described_itself(session: &mut Session, table: &TableName) -> Result<Option<Vec<Described>>> {
    // An alias type has its system type in `system_type_id`, a type of the CLR has none of its own there.
    // SQL Server 2014 has no columns that are hidden, encrypted or generated: there, the names in the subquery mean
    // those of `older`, which are what is found next. What is found is no varchar, as above.
    const COLUMNS: &str = "SELECT c.name, COALESCE(b.name, t.name), c.max_length, c.[precision], c.[scale], c.is_nullable, \
         c.is_identity, c.is_computed, c.collation_name, d.definition, k.key_ordinal, c.is_sparse, c.is_column_set, \
         (SELECT CASE WHEN encryption_type IS NOT NULL THEN N'encrypted' WHEN is_hidden = 1 THEN N'hidden' \
         WHEN generated_always_type <> 0 THEN N'generated' ELSE N'' END \
         FROM {db}sys.columns AS x WHERE x.object_id = c.object_id AND x.column_id = c.column_id) \
         FROM {db}sys.columns AS c CROSS JOIN (SELECT NULL AS encryption_type, 0 AS is_hidden, \
         0 AS generated_always_type) AS older JOIN {db}sys.types AS t ON t.user_type_id = c.user_type_id \
         LEFT JOIN {db}sys.types AS b ON b.user_type_id = c.system_type_id \
         LEFT JOIN {db}sys.default_constraints AS d ON d.object_id = c.default_object_id \
         LEFT JOIN (SELECT x.object_id, x.column_id, x.key_ordinal FROM {db}sys.index_columns AS x \
         JOIN {db}sys.indexes AS i ON i.object_id = x.object_id AND i.index_id = x.index_id \
         WHERE i.is_primary_key = 1) AS k ON k.object_id = c.object_id AND k.column_id = c.column_id \
         WHERE c.object_id = OBJECT_ID(@P1) ORDER BY c.column_id";
    let rows = Place::of(table)?.rows(session, COLUMNS).await?;
    let has_set = rows.iter().any(|row| row.get(COLUMN_SET).is_some_and(boolean));
    let columns: Vec<Described> = rows.iter().map(|row| column(row, has_set)).collect::<Result<_>>()?;
    Ok((!columns.is_empty()).then_some(columns))
}

/// Where a row about a column says whether it is a column set.
const COLUMN_SET: usize = 12;

/// `has_set`: whether a column of the table shows its sparse ones.
fn column(row: &[ColumnData<'static>], has_set: bool) -> Result<Described> {
    let [name, kind, length, precision, scale, nullable, identity, computed, collation, default, key, sparse, _, more] =
        row
    else {
        return Err(unknown_form());
    };
    let (Some(name), Some(kind)) = (string(name), string(kind)) else { return Err(unknown_form()) };
    let number = |cell| integer(cell).unwrap_or(0);
    let more = string(more).unwrap_or_default();
    let mut declared_type = declared(&kind, number(length), number(precision), number(scale));
    if more == "encrypted" {
        // What a client without the key reads are bytes.
        declared_type.insert_str(0, ENCRYPTED);
    }
    let kind = Kind::of_declared(&declared_type);
    let is_computed = boolean(identity) || boolean(computed) || more == "hidden";
    let info = ColumnInfo {
        name,
        dtype: kind.dtype(),
        nullable: boolean(nullable),
        default: string(default),
        primary_key: integer(key).and_then(|place| u32::try_from(place).ok()),
        generated: is_computed || more == "generated" || kind == Kind::RowVersion,
        collation: string(collation),
        declared_type,
    };
    // A rowversion and a visible column of a period take DEFAULT in their places.
    Ok(Described { info, is_listed: !(is_computed || has_set && boolean(sparse)) })
}

/// What stands before the type of a column that only clients with its key read and write (Always Encrypted).
pub const ENCRYPTED: &str = "encrypted ";

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
         WHERE i.object_id = OBJECT_ID(@P1) AND i.is_unique = 1 AND i.is_disabled = 0 AND i.is_hypothetical = 0 \
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

/// The table with the schema in which the server finds it, or what it is a synonym of; one that is not there stays as it
/// is.
///
/// # Errors
/// As [`columns`].
pub async fn resolve(session: &mut Session, table: &TableName) -> Result<TableName> {
    if table.table().starts_with('#') {
        return Ok(table.clone());
    }
    let place = Place::of(table)?;
    let Some((schema, base)) = place.object(session).await? else { return Ok(table.clone()) };
    let found = match (base, table.parts()) {
        // A synonym stands for no other one.
        (Some(base), parts) => {
            let database = if let [database, _, _] = parts { Some(database.as_str()) } else { None };
            base_of(session, &base, database).await?
        }
        (None, [name]) => TableName::new(vec![schema, name.clone()]),
        (None, _) => None,
    };
    Ok(found.unwrap_or_else(|| table.clone()))
}

impl Place {
    /// The schema of the object that is here and, of a synonym, the name that it stands for.
    async fn object(&self, session: &mut Session) -> Result<Option<(String, Option<String>)>> {
        const OBJECT: &str = "SELECT s.name, y.base_object_name FROM {db}sys.objects AS o \
             JOIN {db}sys.schemas AS s ON s.schema_id = o.schema_id \
             LEFT JOIN {db}sys.synonyms AS y ON y.object_id = o.object_id WHERE o.object_id = OBJECT_ID(@P1)";
        let rows = self.rows(session, OBJECT).await?;
        let Some([schema, base]) = rows.first().map(Vec::as_slice) else { return Ok(None) };
        Ok(string(schema).map(|schema| (schema, string(base))))
    }
}

/// The table that `base` names, as a synonym in `database` has it; `None` for one of another server. Where the name lacks
/// a schema, it is the one in which the server finds it.
async fn base_of(session: &mut Session, base: &str, database: Option<&str>) -> Result<Option<TableName>> {
    let Some(parts) = unquoted(base) else { return Ok(None) };
    let (given, schema, name) = match parts.as_slice() {
        [name] => (None, "", name),
        [schema, name] => (None, schema.as_str(), name),
        [given, schema, name] => (Some(given.as_str()).filter(|given| !given.is_empty()), schema.as_str(), name),
        _ => return Ok(None),
    };
    let database = given.or(database);
    let schema = if schema.is_empty() {
        let quoted = DIALECT.quote(name)?;
        let place = match database {
            Some(database) => {
                let database = DIALECT.quote(database)?;
                Place { name: format!("{database}..{quoted}"), database: format!("{database}.") }
            }
            None => Place { database: String::new(), name: quoted },
        };
        let Some((schema, _)) = place.object(session).await? else { return Ok(None) };
        schema
    } else {
        schema.to_owned()
    };
    let database = database.map(str::to_owned);
    Ok(TableName::new(database.into_iter().chain([schema, name.clone()]).collect()))
}

/// The parts of a name as the server quotes it, `[a].[b]]c]` or `[a]..[c]`; `None` if it is another text.
fn unquoted(name: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = name;
    loop {
        let mut part = String::new();
        if let Some(inside) = rest.strip_prefix('[') {
            rest = inside;
            loop {
                let (before, after) = rest.split_once(']')?;
                part.push_str(before);
                rest = after;
                match rest.strip_prefix(']') {
                    Some(more) => {
                        part.push(']');
                        rest = more;
                    }
                    None => break,
                }
            }
        }
        parts.push(part);
        if rest.is_empty() {
            return Some(parts);
        }
        rest = rest.strip_prefix('.')?;
    }
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
/// along, as far as the login may see it. The view of dependencies itself is for owners of the database alone.
///
/// # Errors
/// As [`columns`].
pub async fn dependents(session: &mut Session, table: &TableName) -> Result<Vec<String>> {
    const DEPENDENTS: [(&str, &str); 2] = [
        ("trigger", "SELECT name FROM {db}sys.triggers WHERE parent_id = OBJECT_ID(@P1) ORDER BY name"),
        (
            "foreign key of table",
            "SELECT DISTINCT o.name FROM {db}sys.foreign_keys AS f JOIN {db}sys.objects AS o \
             ON o.object_id = f.parent_object_id WHERE f.referenced_object_id = OBJECT_ID(@P1) \
             AND f.parent_object_id <> OBJECT_ID(@P1) ORDER BY o.name",
        ),
    ];
    const VIEWS: &str = "SELECT name FROM {db}sys.objects WHERE type = 'V' AND object_id IN (SELECT referencing_id \
         FROM {db}sys.dm_sql_referencing_entities(@P1, N'OBJECT')) ORDER BY name";
    let place = Place::of(table)?;
    let mut found = Vec::new();
    for (what, sql) in DEPENDENTS {
        let rows = place.rows(session, sql).await?;
        found.extend(names(&rows).map(|name| format!("{what} {name}")));
    }
    // It takes a name of two parts, of the database that it is called in.
    let parts = table.parts();
    let name =
        parts[parts.len().saturating_sub(2)..].iter().map(|part| DIALECT.quote(part)).collect::<Result<Vec<_>>>()?;
    let inside = Place { database: place.database, name: name.join(".") };
    let rows = inside.rows(session, VIEWS).await.map_err(|error| may_not_look(error, table))?;
    found.extend(names(&rows).map(|name| format!("view {name}")));
    Ok(found)
}

/// The first cells.
fn names(rows: &[Vec<ColumnData<'static>>]) -> impl Iterator<Item = String> {
    rows.iter().filter_map(|row| row.first().and_then(string))
}

/// Says which right is missing, if one is: SQL Server 2012 shows what reads a table only to those who control it.
fn may_not_look(error: Error, table: &TableName) -> Error {
    const DENIED: [&str; 4] = ["229", "262", "297", "300"];
    if !error.details().code.as_deref().is_some_and(|code| DENIED.contains(&code)) {
        return error;
    }
    error.with_table(table.table()).with_hint(
        "to replace a table takes a look at the views that read it: GRANT CONTROL on the table allows it, \
         mode=\"overwrite\" does without",
    )
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

    /// A row about a column `c`, as [`described_itself`] asks for it.
    fn row(kind: &'static str, identity: bool, sparse: bool, more: &'static str) -> Vec<ColumnData<'static>> {
        let bit = |value| ColumnData::Bit(Some(value));
        let none = || ColumnData::String(None);
        vec![
            text("c"),
            text(kind),
            ColumnData::I16(Some(20)),
            ColumnData::U8(Some(0)),
            ColumnData::U8(Some(0)),
            bit(true),
            bit(identity),
            bit(false),
            none(),
            none(),
            ColumnData::U8(None),
            bit(sparse),
            bit(false),
            text(more),
        ]
    }

    #[test]
    fn what_the_server_alone_writes_is_generated_and_what_it_hides_has_no_place() {
        for (kind, identity, sparse, more, has_set, declared, generated, listed) in [
            ("int", false, false, "", false, "int", false, true),
            ("int", true, false, "", false, "int", true, false),
            ("timestamp", false, false, "", false, "timestamp", true, true),
            ("int", false, false, "generated", false, "int", true, true),
            ("int", false, false, "hidden", false, "int", true, false),
            ("int", false, true, "", false, "int", false, true),
            ("int", false, true, "", true, "int", false, false),
            ("nvarchar", false, false, "encrypted", false, "encrypted nvarchar(10)", false, true),
        ] {
            let described = column(&row(kind, identity, sparse, more), has_set).unwrap();
            let Described { info, is_listed } = described;
            assert_eq!(
                (info.declared_type.as_str(), info.generated, is_listed),
                (declared, generated, listed),
                "{more}"
            );
        }
        let encrypted = column(&row("nvarchar", false, false, "encrypted"), false).unwrap();
        assert_eq!(encrypted.info.dtype, polars_core::prelude::DataType::Binary);
    }

    #[test]
    fn names_as_the_server_quotes_them() {
        for (name, parts) in [
            ("[t]", Some(vec!["t"])),
            ("[s].[t]", Some(vec!["s", "t"])),
            ("[d]..[t]", Some(vec!["d", "", "t"])),
            ("[a.b].[c]]d]", Some(vec!["a.b", "c]d"])),
            ("[l].[d].[s].[t]", Some(vec!["l", "d", "s", "t"])),
            ("t", None),
            ("[t", None),
            ("[t]x", None),
        ] {
            let parts = parts.map(|parts| parts.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(unquoted(name), parts, "{name}");
        }
    }

    #[test]
    fn a_missing_right_is_named() {
        let table = TableName::parse("s.t").expect("a name");
        let error = |code: &str| may_not_look(Error::execution("no").with_code(code), &table);
        let denied = error("297");
        assert!(denied.details().hint.as_deref().is_some_and(|hint| hint.contains("CONTROL")), "{denied}");
        assert_eq!(error("208").details().hint, None);
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
        assert_eq!(place(&["tempdb", "dbo", "#t"]), Ok(("tempdb.".into(), "tempdb..[#t]".into())));
        assert_eq!(place(&["d", "s", "t"]), Ok(("[d].".into(), "[d].[s].[t]".into())));
        assert!(place(&["x", "d", "s", "t"]).is_err());
    }
}
