//! Compiled statements kept for the next time, the least recently used one going first.

use std::collections::HashMap;
use std::sync::Arc;

use industrydb_core::error::Result;
use industrydb_core::names;
use industrydb_core::value::Value;
use polars_core::prelude::{Field, PlSmallStr, Schema, SchemaRef};

use crate::numbers::{Edit, Reading, Written, edited, without_edits};
use crate::raw::Statement;
use crate::session::Session;
use crate::stored::Targets;
use crate::types::Kind;

/// How many statements a connection keeps.
const CAPACITY: usize = 128;
/// Longer texts are scripts and bulk statements that hardly come twice.
const LONGEST: usize = 8 * 1024;

/// One result column, as far as its declaration tells.
#[derive(Debug)]
pub struct PlannedColumn {
    /// Its name in the frame.
    pub name: PlSmallStr,
    /// The type that it was declared with, if it is a table's column and has one.
    pub declared: Option<String>,
    /// What that means.
    pub kind: Kind,
}

/// The columns of a result, and the schema that their declarations promise.
#[derive(Debug)]
pub struct Plan {
    /// The columns in their order.
    pub columns: Vec<PlannedColumn>,
    /// What the result has where nothing contradicts its declarations.
    pub schema: SchemaRef,
}

/// A statement and what is known of its result.
pub struct Prepared {
    /// The statement, reset: as it was written, or with something put in for the numbers among its parameters.
    pub statement: Statement,
    /// What was put in.
    edits: Vec<Edit>,
    /// The one that was used before, with what was put into that.
    other: Option<(Vec<Edit>, Statement)>,
    /// How it was written, once that was asked for.
    written: Option<Arc<Written>>,
    plan: Option<(i32, Arc<Plan>)>,
    /// Where it stores its parameters, if one was at risk; `true` once that was compared with the schema of today.
    targets: Option<(bool, Targets)>,
}

impl Prepared {
    /// A statement that has just been compiled.
    pub fn new(statement: Statement) -> Self {
        Self { statement, edits: Vec::new(), other: None, written: None, plan: None, targets: None }
    }

    /// Makes it fit for `values`, among which are Decimals, and says how to bind them; `place` gives a parameter's
    /// placeholder.
    ///
    /// # Errors
    /// Those of [`Written::read`], and what SQLite says.
    pub fn read(&mut self, session: &Session, values: &[&Value], place: &dyn Fn(usize) -> String) -> Result<Reading> {
        let statement = &self.statement;
        let written = Arc::clone(self.written.get_or_insert_with(|| Arc::new(Written::of(statement))));
        let mut reading = written.read(session, values, place)?;
        self.put_in(session, std::mem::take(&mut reading.edits))?;
        Ok(reading)
    }

    /// Makes it the statement with `edits`, which are none where its parameters are bound as they come.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn put_in(&mut self, session: &Session, edits: Vec<Edit>) -> Result<()> {
        if self.edits == edits {
            return Ok(());
        }
        let sql = self.sql();
        let fit = match self.other.take() {
            Some((known, statement)) if known == edits => statement,
            Some(_) | None => session.only_statement(&edited(&sql, &edits))?,
        };
        let before = (std::mem::replace(&mut self.edits, edits), std::mem::replace(&mut self.statement, fit));
        self.other = Some(before);
        self.plan = None;
        Ok(())
    }

    /// Its text, as it was written.
    fn sql(&self) -> String {
        self.written.as_ref().map_or_else(|| self.statement.sql(), |written| written.sql.clone())
    }

    /// Whether [`Self::targets`] is at hand.
    pub fn knows_targets(&self) -> bool {
        self.targets.as_ref().is_some_and(|(compared, _)| *compared)
    }

    /// Where it stores its parameters.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn targets(&mut self, session: &Session) -> Result<&Targets> {
        let targets = match self.targets.take() {
            Some((true, targets)) => targets,
            Some((false, targets)) if targets.are_current(session)? => targets,
            Some((false, _)) | None => Targets::of(session, &self.statement, &self.sql())?,
        };
        Ok(&self.targets.insert((true, targets)).1)
    }

    /// The columns of its result. Asked after the first step, since that may compile it anew for a changed schema.
    pub fn plan(&mut self) -> Arc<Plan> {
        let recompiled = self.statement.recompiled();
        match &self.plan {
            Some((then, plan)) if *then == recompiled => Arc::clone(plan),
            _ => {
                let plan = Arc::new(plan(&self.statement));
                self.plan = Some((recompiled, Arc::clone(&plan)));
                plan
            }
        }
    }
}

fn plan(statement: &Statement) -> Plan {
    let count = statement.column_count();
    let unique = names::unique((0..count).map(|column| without_edits(statement.column_name(column))).collect());
    let columns: Vec<PlannedColumn> = unique
        .into_iter()
        .enumerate()
        .map(|(column, name)| {
            let declared = statement.declared_type(column);
            let kind = declared.as_deref().map_or(Kind::Untyped, Kind::of_declared);
            PlannedColumn { name, declared, kind }
        })
        .collect();
    let fields = columns.iter().map(|column| Field::new(column.name.clone(), column.kind.dtype()));
    Plan { schema: Arc::new(Schema::from_iter(fields)), columns }
}

/// The statements of one connection by their text.
#[derive(Default)]
pub struct StatementCache {
    entries: HashMap<String, (u64, Prepared)>,
    clock: u64,
}

impl StatementCache {
    /// Takes the statement of `sql` out, if it is there.
    pub fn take(&mut self, sql: &str) -> Option<Prepared> {
        self.entries.remove(sql).map(|(_, prepared)| prepared)
    }

    /// Keeps a statement, reset, for the next time.
    pub fn put(&mut self, sql: &str, mut prepared: Prepared) {
        prepared.statement.reset();
        if let Some((compared, _)) = &mut prepared.targets {
            *compared = false;
        }
        if sql.len() > LONGEST {
            return;
        }
        if self.entries.len() >= CAPACITY {
            let oldest = self.entries.iter().min_by_key(|(_, (used, _))| *used).map(|(sql, _)| sql.clone());
            if let Some(oldest) = oldest {
                self.entries.remove(&oldest);
            }
        }
        self.clock += 1;
        self.entries.insert(sql.to_owned(), (self.clock, prepared));
    }

    /// Forgets them all.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}
