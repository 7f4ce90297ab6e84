//! What the server's catalog says about tables.

use industrydb_core::error::{Error, Result};
use industrydb_core::table::{ColumnInfo, TableName};
use polars_core::prelude::{Column, DataFrame};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row as _, raw_sql};

use crate::connect::quoted;
use crate::dialect::DIALECT;
use crate::encode::Target;
use crate::error::{BACKEND, conversion, of_driver};
use crate::session::Session;

/// Tables, views and the like that a user made or may see; `{schema}` is a condition.
const TABLES: &str = "\
SELECT n.nspname, c.relname, CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' \
  WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' END \
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {schema} ORDER BY 1, 2";

/// The schemas that are the server's own.
const NOT_INTERNAL: &str = "n.nspname <> 'information_schema' AND n.nspname !~ '^pg_(catalog|toast)' \
     AND (n.nspname !~ '^pg_temp_' OR n.oid = pg_catalog.pg_my_temp_schema())";

/// The columns of the relation `{oid}`. An identity that is GENERATED ALWAYS takes no value, nor does a computed column. COPY
/// takes no view without an INSTEAD OF trigger (of `tgtype`, the bits for INSTEAD, INSERT and ROW), and no table whose row
/// security holds for the session's role (PostgreSQL manual, COPY; source, `trigger.h`).
const COLUMNS: &str = "\
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypid::bigint, a.atttypmod, a.attnotnull, \
  pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attgenerated <> '' OR a.attidentity = 'a', \
  (SELECT k.place::integer \
    FROM pg_catalog.pg_index i, pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, place) \
    WHERE i.indrelid = a.attrelid AND i.indisprimary AND k.attnum = a.attnum), \
  NOT pg_catalog.row_security_active(c.oid) AND (c.relkind <> 'v' OR EXISTS ( \
    SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal AND tgtype & 69 = 69)) \
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated = '' \
WHERE a.attrelid = {oid} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

/// What a DROP of the relation `{oid}` would take along or be refused for, and what a table made anew would lack without a
/// word: its place in another table, row security, a publication.
const DEPENDENTS: &str = "\
SELECT DISTINCT text FROM ( \
  SELECT 'view ' || v.oid::regclass FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid \
    JOIN pg_catalog.pg_class v ON v.oid = r.ev_class \
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = {oid} \
      AND v.oid <> {oid} \
  UNION ALL SELECT 'foreign key ' || conname || ' of ' || conrelid::regclass FROM pg_catalog.pg_constraint \
    WHERE contype = 'f' AND confrelid = {oid} AND conrelid <> {oid} \
  UNION ALL SELECT 'trigger ' || tgname FROM pg_catalog.pg_trigger WHERE tgrelid = {oid} AND NOT tgisinternal \
  UNION ALL SELECT 'table ' || inhrelid::regclass FROM pg_catalog.pg_inherits WHERE inhparent = {oid} \
  UNION ALL SELECT 'the rows of table ' || inhparent::regclass FROM pg_catalog.pg_inherits WHERE inhrelid = {oid} \
  UNION ALL SELECT 'rule ' || rulename FROM pg_catalog.pg_rewrite WHERE ev_class = {oid} AND rulename <> '_RETURN' \
  UNION ALL SELECT 'policy ' || polname FROM pg_catalog.pg_policy WHERE polrelid = {oid} \
  UNION ALL SELECT 'row security' FROM pg_catalog.pg_class \
    WHERE oid = {oid} AND (relrowsecurity OR relforcerowsecurity) \
  UNION ALL SELECT 'publication ' || pubname FROM pg_catalog.pg_publication_rel \
    JOIN pg_catalog.pg_publication p ON p.oid = prpubid WHERE prrelid = {oid} \
  UNION ALL SELECT pg_catalog.pg_describe_object(classid, objid, 0) FROM pg_catalog.pg_depend \
    WHERE refclassid = 'pg_class'::regclass AND refobjid = {oid} AND deptype = 'n' AND classid = 'pg_proc'::regclass \
) AS found (text) ORDER BY 1";

/// A schema and a name, or a name alone; a third part can only be the database that we are in.
fn parts(table: &TableName) -> Result<(Option<&str>, &str)> {
    match table.parts() {
        [_] | [_, _] => Ok((table.schema(), table.table())),
        _ => Err(Error::argument(format!("{table}: a table of PostgreSQL is named by itself or as schema.table"))
            .with_backend(BACKEND)),
    }
}

async fn rows(session: &mut Session, sql: String) -> Result<Vec<PgRow>> {
    let rows = raw_sql(AssertSqlSafe(sql)).fetch_all(&mut session.connection).await;
    rows.map_err(|cause| session.error(cause))
}

/// The relation's OID.
async fn oid(session: &mut Session, table: &TableName) -> Result<Option<i64>> {
    parts(table)?;
    let name = quoted(&DIALECT.quote_table(table)?);
    let found = rows(session, format!("SELECT pg_catalog.to_regclass({name})::pg_catalog.oid::bigint")).await?;
    found.first().map_or(Ok(None), |row| row.try_get(0).map_err(of_driver))
}

/// The tables and views, in `schema` or in all that are not the server's own.
///
/// # Errors
/// What the server says.
pub async fn tables(session: &mut Session, schema: Option<&str>) -> Result<DataFrame> {
    let condition = schema.map_or(NOT_INTERNAL.to_owned(), |schema| format!("n.nspname = {}", quoted(schema)));
    let found = rows(session, TABLES.replace("{schema}", &condition)).await?;
    let column = |name: &str, at: usize| -> Result<Column> {
        let texts = found.iter().map(|row| row.try_get::<String, _>(at)).collect::<sqlx::Result<Vec<_>>>();
        Ok(Column::new(name.into(), texts.map_err(of_driver)?))
    };
    let columns = vec![column("schema", 0)?, column("name", 1)?, column("kind", 2)?];
    DataFrame::new(found.len(), columns).map_err(|cause| conversion(cause.to_string()))
}

/// The columns of `table` in their order, or `None` if there is no such table.
///
/// # Errors
/// What the server says.
pub async fn columns(session: &mut Session, table: &TableName) -> Result<Option<Vec<ColumnInfo>>> {
    let Some(found) = attributes(session, table).await? else { return Ok(None) };
    Ok(Some(found.columns.into_iter().map(|(column, _)| column).collect()))
}

/// Where a COPY goes.
pub struct Targets {
    /// The columns, in the order asked for.
    pub columns: Vec<Target>,
    /// Whether COPY can write there at all.
    pub takes_copy: bool,
}

/// The columns of `table` named as in `columns`, as COPY needs them.
///
/// # Errors
/// [`industrydb_core::error::ErrorKind::Execution`] for a column that is not there any more; what the server says.
pub async fn targets(session: &mut Session, table: &TableName, columns: &[ColumnInfo]) -> Result<Targets> {
    let Relation { columns: found, takes_copy } = attributes(session, table).await?.unwrap_or_default();
    let target = |column: &ColumnInfo| {
        let target = found.iter().find(|(info, _)| info.name == column.name).map(|(_, target)| target.clone());
        target.ok_or_else(|| {
            Error::execution(format!("the table {table} has no column {:?} any more", column.name))
                .with_backend(BACKEND)
        })
    };
    Ok(Targets { columns: columns.iter().map(target).collect::<Result<_>>()?, takes_copy })
}

/// What the catalog says about a relation's columns.
#[derive(Default)]
struct Relation {
    columns: Vec<(ColumnInfo, Target)>,
    takes_copy: bool,
}

async fn attributes(session: &mut Session, table: &TableName) -> Result<Option<Relation>> {
    let Some(oid) = oid(session, table).await? else { return Ok(None) };
    let found = rows(session, COLUMNS.replace("{oid}", &oid.to_string())).await?;
    let wanted: Vec<(u32, i32)> = found
        .iter()
        .map(|row| Ok((u32::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0), row.try_get(3)?)))
        .collect::<sqlx::Result<_>>()
        .map_err(of_driver)?;
    let types = session.resolve_types(&wanted).await?;
    let read = |(row, ty): (&PgRow, crate::types::Type)| -> sqlx::Result<(ColumnInfo, Target)> {
        let column = ColumnInfo {
            name: row.try_get(0)?,
            declared_type: row.try_get(1)?,
            dtype: ty.dtype(),
            nullable: !row.try_get::<bool, _>(4)?,
            default: row.try_get(5)?,
            primary_key: row.try_get::<Option<i32>, _>(7)?.and_then(|place| u32::try_from(place).ok()),
            generated: row.try_get(6)?,
            collation: None,
        };
        let target = Target { name: column.name.clone(), ty };
        Ok((column, target))
    };
    let takes_copy = found.iter().map(|row| row.try_get::<bool, _>(8)).collect::<sqlx::Result<Vec<_>>>();
    let takes_copy = takes_copy.map_err(of_driver)?.into_iter().all(|takes| takes);
    let read = found.iter().zip(types).map(read).collect::<sqlx::Result<Vec<_>>>();
    read.map(|columns| Some(Relation { columns, takes_copy })).map_err(of_driver)
}

/// `table` with its schema: the one on the search path that has it, else the one in which it would be made.
///
/// # Errors
/// What the server says.
pub async fn resolve(session: &mut Session, table: &TableName) -> Result<TableName> {
    let (schema, name) = parts(table)?;
    if schema.is_some() {
        return Ok(table.clone());
    }
    let literal = quoted(&DIALECT.quote_table(table)?);
    let sql = format!(
        "SELECT coalesce((SELECT n.nspname FROM pg_catalog.pg_class c \
           JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
           WHERE c.oid = pg_catalog.to_regclass({literal})), pg_catalog.current_schema())"
    );
    let found = rows(session, sql).await?;
    let schema: Option<String> = found.first().map_or(Ok(None), |row| row.try_get(0)).map_err(of_driver)?;
    let schema = schema.ok_or_else(|| {
        Error::execution(format!("there is no schema for the table {table}: the search_path names none that exists"))
            .with_backend(BACKEND)
    })?;
    Ok(TableName::new(vec![schema, name.to_owned()]).unwrap_or_else(|| table.clone()))
}

/// What stands in the way of dropping `table`.
///
/// # Errors
/// What the server says.
pub async fn dependents(session: &mut Session, table: &TableName) -> Result<Vec<String>> {
    let Some(oid) = oid(session, table).await? else { return Ok(Vec::new()) };
    let found = rows(session, DEPENDENTS.replace("{oid}", &oid.to_string())).await?;
    found.iter().map(|row| row.try_get(0).map_err(of_driver)).collect()
}
