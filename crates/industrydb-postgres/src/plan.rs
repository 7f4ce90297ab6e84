//! A prepared statement: what goes in and what comes out, by type.

use std::collections::HashMap;
use std::sync::Arc;

use industrydb_core::names;
use polars_core::prelude::PlSmallStr;
use sqlx::postgres::{PgStatement, PgTypeInfo};
use sqlx::{Column as _, Either, Statement as _};

use crate::types::Type;

/// Statements that are kept prepared, on the server and here.
pub const CACHED_STATEMENTS: usize = 128;

/// A result column.
#[derive(Debug, Clone)]
pub struct PlannedColumn {
    /// Its name, unique in the result.
    pub name: PlSmallStr,
    /// Its type.
    pub ty: Type,
}

/// A prepared statement with the types of all that goes in and comes out.
#[derive(Debug)]
pub struct Plan {
    /// The driver's part.
    pub statement: PgStatement,
    /// The parameters' types, the first is `$1`.
    pub parameters: Vec<Type>,
    /// The result's columns; empty for a statement without one.
    pub columns: Vec<PlannedColumn>,
    /// Whether a column has no binary form that is known here.
    pub needs_text: bool,
}

impl Plan {
    /// Whether the driver still has this very statement prepared, rather than another one with the same text.
    pub fn is_of(&self, statement: &PgStatement) -> bool {
        std::ptr::eq(self.statement.columns(), statement.columns())
            && std::ptr::eq(parameters(&self.statement), parameters(statement))
    }

    /// Names `types` after the statement's columns.
    pub fn name_columns(statement: &PgStatement, types: Vec<Type>) -> Vec<PlannedColumn> {
        let names = names::unique(statement.columns().iter().map(|column| column.name().to_owned()).collect());
        names.into_iter().zip(types).map(|(name, ty)| PlannedColumn { name, ty }).collect()
    }
}

/// The types that the server gave the parameters.
pub fn parameters(statement: &PgStatement) -> &[PgTypeInfo] {
    match statement.parameters() {
        Some(Either::Left(types)) => types,
        Some(Either::Right(_)) | None => &[],
    }
}

/// The plans of the statements that the driver keeps prepared.
#[derive(Debug, Default)]
pub struct Plans(HashMap<String, Arc<Plan>>);

impl Plans {
    /// The plan of `statement`, if it is that very one.
    pub fn get(&self, sql: &str, statement: &PgStatement) -> Option<Arc<Plan>> {
        self.0.get(sql).filter(|plan| plan.is_of(statement)).cloned()
    }

    /// Keeps a plan.
    pub fn put(&mut self, sql: &str, plan: Arc<Plan>) {
        // The driver's cache goes by use; starting over now and then costs a look at the types, no round trip.
        if self.0.len() >= CACHED_STATEMENTS {
            self.0.clear();
        }
        self.0.insert(sql.to_owned(), plan);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
