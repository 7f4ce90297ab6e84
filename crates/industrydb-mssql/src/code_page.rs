//! What the code page of a column holds: only the server knows.
//!
//! Text on its way into a `char`, `varchar` or `text` column gets the code page of the column's collation, and what that
//! lacks becomes a look-alike or a question mark without a word (Transact-SQL reference, "char and varchar", "Collation
//! and code page support"). So the server is asked to take the way there and back.

use std::collections::HashMap;
use std::fmt::Write as _;

use industrydb_core::error::{Error, Result};
use industrydb_core::table::ColumnInfo;
use tiberius::ColumnData;

use crate::error::BACKEND;
use crate::keeps::code_page;
use crate::params::Bound;
use crate::session::{Request, Session};
use crate::types::Kind;

/// The most texts of a request, each of which is a parameter and a column of its answer.
const MOST_TEXTS: usize = 1_000;
/// The most bytes of a request's texts, but for one that is longer by itself.
const MOST_BYTES: usize = 1 << 20;

/// Whether a column keeps a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question<'q> {
    text: &'q str,
    collation: &'q str,
    /// So many bytes are kept; text that is longer is an error of the server's, unless only spaces go.
    most: Option<usize>,
}

impl<'q> Question<'q> {
    /// Whether `target` keeps `text`; `None` for a column without a code page.
    pub fn of(text: &'q str, target: &'q ColumnInfo) -> Option<Self> {
        let collation = code_page(target)?;
        let kind = Kind::of_declared(&target.declared_type);
        let most = if let (Kind::CodePageText(most), true) = (kind, text.ends_with(' ')) { Some(most) } else { None };
        Some(Self { text, collation, most })
    }

    /// The question about the parameter with `number`: 1 if the text comes back as it went. As bytes, since each collation
    /// has characters that are the same to it.
    fn write(self, number: usize, out: &mut String) {
        let most = self.most.map_or_else(|| "max".to_owned(), |most| most.to_string());
        let collation = self.collation;
        // Writing into a String does not fail.
        let _ = write!(
            out,
            "CASE WHEN CAST(CAST(CAST(@P{number} COLLATE {collation} AS varchar({most})) AS nvarchar(max)) AS varbinary(max)) \
             = CAST(@P{number} AS varbinary(max)) THEN 1 ELSE 0 END"
        );
    }
}

/// The answer to each of `questions`; what is asked twice is sent once.
///
/// # Errors
/// What the server says.
pub async fn answers<'q>(session: &mut Session, questions: &[Question<'q>]) -> Result<HashMap<Question<'q>, bool>> {
    let mut answers = HashMap::with_capacity(questions.len());
    let mut waiting = Vec::new();
    let mut bytes = 0;
    for question in questions {
        if answers.insert(*question, false).is_some() {
            continue;
        }
        if waiting.len() >= MOST_TEXTS || bytes + question.text.len() > MOST_BYTES {
            ask(session, &std::mem::take(&mut waiting), &mut answers).await?;
            bytes = 0;
        }
        bytes += question.text.len();
        waiting.push(*question);
    }
    ask(session, &waiting, &mut answers).await?;
    Ok(answers)
}

/// Asks all of `questions` in one request.
async fn ask<'q>(
    session: &mut Session,
    questions: &[Question<'q>],
    answers: &mut HashMap<Question<'q>, bool>,
) -> Result<()> {
    if questions.is_empty() {
        return Ok(());
    }
    let mut sql = "SELECT ".to_owned();
    for (at, question) in questions.iter().enumerate() {
        sql.push_str(if at == 0 { "" } else { ",\n" });
        question.write(at + 1, &mut sql);
    }
    let texts = questions.iter().map(|question| Bound::of_text(question.text)).collect();
    let rows = session.rows(Request::with_params(&sql, texts)).await?;
    let row = rows.first().filter(|row| row.len() == questions.len());
    let row =
        row.ok_or_else(|| Error::execution("the server did not say what its code page holds").with_backend(BACKEND))?;
    answers.extend(questions.iter().zip(row).map(|(question, cell)| (*question, *cell == ColumnData::I32(Some(1)))));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::column;

    #[test]
    fn a_column_with_a_code_page_is_asked_about() {
        const POLISH: &str = "Polish_CI_AS";
        for (text, declared, collation, expected) in [
            ("żółw", "varchar(10)", POLISH, Some(("varchar(max)", POLISH))),
            ("żółw ", "varchar(10)", POLISH, Some(("varchar(10)", POLISH))),
            ("żółw ", "CHAR(4)", POLISH, Some(("varchar(4)", POLISH))),
            ("żółw ", "varchar(max)", POLISH, Some(("varchar(max)", POLISH))),
            ("żółw", "text", POLISH, Some(("varchar(max)", POLISH))),
            ("żółw", "varchar(10)", "Latin1_General_100_CI_AS_SC_UTF8", None),
            ("żółw", "nvarchar(10)", POLISH, None),
            ("żółw", "ntext", POLISH, None),
        ] {
            let target = column(declared, Some(collation));
            let asked = Question::of(text, &target).map(|question| {
                let mut sql = String::new();
                question.write(7, &mut sql);
                sql
            });
            match (&asked, expected) {
                (None, None) => {}
                (Some(sql), Some((kind, collation))) => {
                    assert!(sql.contains(&format!("CAST(@P7 COLLATE {collation} AS {kind})")), "{declared}: {sql}");
                }
                _ => panic!("{declared} {collation}: {asked:?}"),
            }
        }
    }
}
