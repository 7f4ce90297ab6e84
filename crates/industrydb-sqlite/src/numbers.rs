//! Decimals where they are numbers.
//!
//! A Decimal is bound as text, which is how a column keeps its digits. Anywhere else it has to be the number it is, and
//! text is larger than any number (<https://www.sqlite.org/datatype3.html>, section 4.1). There it is bound as REAL, or as
//! INTEGER if it is one beyond the doubles, and its placeholder becomes `CAST(? AS NUMERIC)`, which leaves both as they are: the value alone would be turned into text again where it meets a TEXT
//! column, whereas an operand of numeric affinity makes a number of what the column holds (section 4.2). What stands in
//! a list behind IN has no affinity at all (section 4.2 again), so such a list becomes a subquery.
//!
//! Not INTEGER otherwise: `7 / ?` with 2 is 3.5. More than 15 significant digits are no number in SQLite, and refused.

use industrydb_core::error::{Error, Result};
use industrydb_core::sql::stored::{List, Role, Uses, uses};
use industrydb_core::table::TableName;
use industrydb_core::value::Value;

use crate::error::BACKEND;
use crate::params::{decimal_number, has_decimal, not_a_number};
use crate::raw::Statement;
use crate::session::Session;
use crate::stored::{affinity_of, reads_exactly};
use crate::types::Affinity;

/// Text that is put into a statement, and where. Nothing is taken out, so that a name made of the statement's text can be
/// had back: the comments make each piece unlike anything that people write.
pub type Edit = (usize, &'static str);

const CAST: [&str; 2] = [" CAST(/*=*/", "/*=*/ AS NUMERIC)"];
// A cast of each item would count for nothing; that of an integer to NUMERIC leaves it as it is.
const LIST: [&str; 2] = ["SELECT CAST(column1 AS NUMERIC)/*=*/ FROM (VALUES (/*=*/", "/*=*/))"];
const ITEM: [&str; 2] = ["/*=*/)", "(/*=*/"];

/// The name of a result column without what [`Edit`]s put into it.
pub fn without_edits(mut name: String) -> String {
    if !name.contains("/*=*/") {
        return name;
    }
    // A name has no white space before it. `ITEM` last: its pieces are parts of the others.
    for piece in [CAST[0], CAST[0].trim_start(), CAST[1], LIST[0], LIST[1], ITEM[0], ITEM[1]] {
        name = name.replace(piece, "");
    }
    name
}

/// A statement as it was written, and what it does with its parameters.
pub struct Written {
    /// Its text.
    pub sql: String,
    /// `None` if that can't be read.
    uses: Option<Uses>,
    parameters: usize,
}

/// How the parameters of one call are bound.
#[derive(Debug, Default)]
pub struct Reading {
    /// What has to be put into the statement, in the order of the text.
    pub edits: Vec<Edit>,
    /// For each parameter whether it is bound as a number; empty if none is.
    numbers: Vec<bool>,
}

impl Reading {
    /// Whether the parameter at `at` is bound as a number.
    pub fn is_number(&self, at: usize) -> bool {
        self.numbers.get(at).copied().unwrap_or(false)
    }
}

/// What the places of one parameter make of it.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    as_text: bool,
    as_number: bool,
}

impl Written {
    /// What `statement`, which nothing was put into, does.
    pub fn of(statement: &Statement) -> Self {
        let sql = statement.sql();
        let parameters = statement.parameter_count();
        let names: Vec<Option<String>> = (0..parameters).map(|at| statement.parameter_name(at)).collect();
        let names: Vec<Option<&str>> = names.iter().map(Option::as_deref).collect();
        let uses = uses(&sql, &names);
        Self { sql, uses, parameters }
    }

    /// How to bind `values`; `place` gives a parameter's placeholder.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Conversion`] naming the parameter: a Decimal that is no number in SQLite
    /// where it would have to be one.
    pub fn read(&self, session: &Session, values: &[&Value], place: &dyn Fn(usize) -> String) -> Result<Reading> {
        let mut reading = Reading::default();
        // Only a statement whose tokens end nowhere, which SQLite understood all the same.
        let Some(uses) = &self.uses else { return Ok(reading) };
        let mut found = vec![Found::default(); self.parameters];
        let mut listed = vec![false; uses.lists.len()];
        for each in &uses.each {
            let (Some(value), Some(found)) = (values.get(each.parameter), found.get_mut(each.parameter)) else {
                continue;
            };
            if !has_decimal(value) {
                continue;
            }
            let number = decimal_number(value);
            let cast = match &each.role {
                Role::Stored | Role::Text => false,
                // Longer ones are checked as what is stored.
                Role::Named => number.is_some(),
                // JSON text, with numbers in it.
                Role::Operand { .. } | Role::Listed(_) if matches!(value, Value::List(_)) => {
                    found.as_number = true;
                    continue;
                }
                Role::Operand { .. } if number.is_some() => true,
                Role::Operand { equals } if self.is_text(session, equals.as_deref())? => false,
                Role::Operand { .. } => return Err(not_a_number(value, &place(each.parameter))),
                Role::Listed(list) => {
                    if let Some(listed) = listed.get_mut(*list) {
                        *listed = true;
                    }
                    continue;
                }
            };
            found.as_number |= cast;
            found.as_text |= !cast;
            if cast {
                reading.edits.extend([(each.span.start, CAST[0]), (each.span.end, CAST[1])]);
            }
        }
        for (at, list) in uses.lists.iter().enumerate().filter(|(at, _)| listed[*at]) {
            let members: Vec<usize> =
                uses.each.iter().filter(|each| each.role == Role::Listed(at)).map(|each| each.parameter).collect();
            let numbers = self.read_list(session, list, &members, values, place)?;
            for member in members {
                if let Some(found) = found.get_mut(member) {
                    found.as_number |= numbers;
                    found.as_text |= !numbers;
                }
            }
            if numbers {
                let [before, after] = ITEM;
                reading.edits.push((list.inside.start, LIST[0]));
                reading.edits.extend(list.commas.iter().flat_map(|comma| [(*comma, before), (comma + 1, after)]));
                reading.edits.push((list.inside.end, LIST[1]));
            }
        }
        reading.edits.sort_by_key(|(at, _)| *at);
        let both = |found: &Found| found.as_number && found.as_text;
        for at in (0..found.len()).filter(|at| found.get(*at).is_some_and(both)) {
            // One binding for both: SQLite reads the number off the text.
            if let Some(value @ Value::Decimal(text)) = values.get(at)
                && !(text.contains(|digit: char| digit.is_ascii_digit()) && reads_exactly(text, true))
            {
                return Err(not_a_number(value, &place(at)));
            }
        }
        if found.iter().any(|found| found.as_number) {
            reading.numbers = found.iter().map(|found| found.as_number && !found.as_text).collect();
        }
        Ok(reading)
    }

    /// Whether the items of `list` are numbers; `false` if they are text for a column that holds text.
    fn read_list(
        &self,
        session: &Session,
        list: &List,
        members: &[usize],
        values: &[&Value],
        place: &dyn Fn(usize) -> String,
    ) -> Result<bool> {
        let given = || members.iter().filter_map(|at| values.get(*at).map(|value| (*at, *value)));
        let long = given().find(|(_, value)| matches!(value, Value::Decimal(_)) && decimal_number(value).is_none());
        if let Some((at, value)) = long {
            return match self.is_text(session, list.column.as_deref())? {
                true => Ok(false),
                false => Err(not_a_number(value, &place(at))),
            };
        }
        let is_number = |value: &Value| {
            matches!(value, Value::Decimal(_) | Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Null)
        };
        if list.plain && given().all(|(_, value)| is_number(value)) {
            return Ok(true);
        }
        let at = given().find(|(_, value)| has_decimal(value)).map_or(0, |(at, _)| at);
        Err(Error::conversion(format!(
            "parameter {}: a Decimal in an IN list whose other items are no numbers",
            place(at)
        ))
        .with_hint(
            "compare it by itself, as in `x = ? OR x IN (…)`, or pass text if it is text that it is compared with",
        )
        .with_backend(BACKEND))
    }

    /// Whether `column` of the one table is kept as it was written.
    fn is_text(&self, session: &Session, column: Option<&str>) -> Result<bool> {
        let table = self.uses.as_ref().and_then(|uses| uses.table.clone()).and_then(TableName::new);
        match (table, column) {
            (Some(table), Some(column)) => {
                let affinity = affinity_of(session, &table, column)?;
                Ok(matches!(affinity, Some(Affinity::Text | Affinity::Blob)))
            }
            _ => Ok(false),
        }
    }
}

/// `sql` with `edits` put in.
pub fn edited(sql: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(sql.len() + edits.iter().map(|(_, text)| text.len()).sum::<usize>());
    let mut copied = 0;
    for (at, text) in edits {
        out.push_str(sql.get(copied..*at).unwrap_or_default());
        out.push_str(text);
        copied = *at;
    }
    out.push_str(sql.get(copied..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::{CAST, ITEM, LIST, edited, without_edits};

    #[test]
    fn what_is_put_in_comes_out_again() {
        let sql = "SELECT ? + 1, x IN (?, ?)";
        let edits = [(7, CAST[0]), (8, CAST[1]), (20, LIST[0]), (21, ITEM[0]), (22, ITEM[1]), (24, LIST[1])];
        let sent = edited(sql, &edits);
        assert_eq!(
            sent.replace("/*=*/", ""),
            "SELECT  CAST(? AS NUMERIC) + 1, x IN (SELECT CAST(column1 AS NUMERIC) FROM (VALUES (?),( ?)))"
        );
        assert_eq!(without_edits(sent), sql);
        assert_eq!(without_edits("CAST(/*=*/?/*=*/ AS NUMERIC) + 1".into()), "? + 1");
    }
}
