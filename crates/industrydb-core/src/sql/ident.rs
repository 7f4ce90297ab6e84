//! Quoted identifiers.

use crate::error::{Error, Result};
use crate::sql::Dialect;
use crate::table::TableName;

impl Dialect {
    /// `name` as a quoted identifier; a closing quote inside it is doubled.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Argument`] if it is empty or contains a NUL, which no server takes, and if the server
    /// would cut it off: the name of something else may come out.
    pub fn quote(&self, name: &str) -> Result<String> {
        if name.is_empty() {
            return Err(Error::argument("an identifier must not be empty"));
        }
        if name.contains('\0') {
            return Err(Error::argument(format!("the identifier {name:?} contains a NUL character")));
        }
        if let Some(longest) = self.longest_name.filter(|longest| name.len() > *longest) {
            let message = format!("the identifier {name:?} has more than {longest} bytes: the server would cut it off");
            return Err(Error::argument(message));
        }
        let (open, close) = self.quotes;
        let mut quoted = String::with_capacity(name.len() + 2);
        quoted.push(open);
        for character in name.chars() {
            quoted.push(character);
            if character == close {
                quoted.push(close);
            }
        }
        quoted.push(close);
        Ok(quoted)
    }

    /// Each of `names` quoted, joined by commas.
    ///
    /// # Errors
    /// As [`Dialect::quote`].
    pub fn quote_list<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<String> {
        let quoted: Vec<String> = names.into_iter().map(|name| self.quote(name)).collect::<Result<_>>()?;
        Ok(quoted.join(", "))
    }

    /// A table's name, each part quoted.
    ///
    /// # Errors
    /// As [`Dialect::quote`].
    pub fn quote_table(&self, table: &TableName) -> Result<String> {
        let parts: Vec<String> = table.parts().iter().map(|part| self.quote(part)).collect::<Result<_>>()?;
        Ok(parts.join("."))
    }
}
