//! What a server says about a table, as a frame.

use polars_core::prelude::{Column, DataFrame};

use crate::connector::DatabaseConnector;
use crate::error::{Error, Result};
use crate::table::{ColumnInfo, TableName};

/// The columns of `table`, one row each, in their order: `name`, `type` (as the server spells it), `dtype` (what
/// reading it gives), `nullable`, `default` (SQL text), `primary_key` (its place in the key, from 1), `generated`.
///
/// # Errors
/// [`crate::error::ErrorKind::Execution`] if there is no such table; whatever the server says.
pub async fn columns(connector: &mut dyn DatabaseConnector, table: &TableName) -> Result<DataFrame> {
    let Some(columns) = connector.columns(table).await? else {
        return Err(Error::execution(format!("there is no table {table}"))
            .with_table(table.table())
            .with_backend(connector.dialect().backend));
    };
    let each = |take: fn(&ColumnInfo) -> String| columns.iter().map(take).collect::<Vec<_>>();
    let frame = vec![
        Column::new("name".into(), each(|column| column.name.clone())),
        Column::new("type".into(), each(|column| column.declared_type.clone())),
        Column::new("dtype".into(), each(|column| column.dtype.to_string())),
        Column::new("nullable".into(), columns.iter().map(|column| column.nullable).collect::<Vec<_>>()),
        Column::new("default".into(), columns.iter().map(|column| column.default.clone()).collect::<Vec<_>>()),
        Column::new(
            "primary_key".into(),
            columns.iter().map(|column| column.primary_key.map(i64::from)).collect::<Vec<_>>(),
        ),
        Column::new("generated".into(), columns.iter().map(|column| column.generated).collect::<Vec<_>>()),
    ];
    DataFrame::new(columns.len(), frame).map_err(|cause| Error::execution(cause.to_string()))
}
