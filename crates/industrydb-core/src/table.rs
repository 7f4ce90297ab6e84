//! Names of tables, and what a server says about their columns.

use polars_core::prelude::DataType;

/// A table's name in parts: `[table]`, `[schema, table]` or `[catalog, schema, table]`; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableName(Vec<String>);

impl TableName {
    /// From its parts, outermost first. `None` if there are none or one of them is empty.
    pub fn new(parts: Vec<String>) -> Option<Self> {
        (!parts.is_empty() && parts.iter().all(|part| !part.is_empty())).then_some(Self(parts))
    }

    /// From `name` or `schema.name`, split at each dot. `None` if a part is empty.
    pub fn parse(name: &str) -> Option<Self> {
        Self::new(name.split('.').map(str::to_owned).collect())
    }

    /// The parts, outermost first.
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// The table's own name.
    pub fn table(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// The schema, if one was given.
    pub fn schema(&self) -> Option<&str> {
        self.0.len().checked_sub(2).map(|at| self.0[at].as_str())
    }

    /// The same schema, another table.
    #[must_use]
    pub fn sibling(&self, table: impl Into<String>) -> Self {
        let mut parts = self.0.clone();
        parts.pop();
        parts.push(table.into());
        Self(parts)
    }
}

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// One column of a table, as its server describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// Its type as the server spells it, such as `DECIMAL(12, 2)`; empty where none was declared.
    pub declared_type: String,
    /// What reading it gives.
    pub dtype: DataType,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// Its default as SQL text.
    pub default: Option<String>,
    /// Its place in the primary key, counted from 1.
    pub primary_key: Option<u32>,
    /// Whether the server alone computes it: it cannot be written.
    pub generated: bool,
    /// The collation that its comparisons use, where it is not the server's usual one.
    pub collation: Option<String>,
}
