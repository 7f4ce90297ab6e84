//! The settings of a session that decide how its answers are understood, and when they may have changed.

use std::time::Duration;

use industrydb_core::sql::{PlaceholderStyle, TransactionEffect, first_keyword};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

/// What [`Settings::read`] reads, as a select list.
pub const COLUMNS: &str = "pg_catalog.current_setting('TimeZone') AS time_zone, \
     (extract(epoch FROM pg_catalog.current_setting('statement_timeout')::interval) * 1000)::int8 \
       AS statement_timeout, \
     pg_catalog.current_setting('extra_float_digits')::int4 > 0 AS exact_floats";

/// The settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The zone that instants are written in.
    pub time_zone: String,
    /// After how long the server stops a statement by itself; `None` for never.
    pub statement_timeout: Option<Duration>,
    /// Whether floats are written with all of their digits where they are written as text.
    pub exact_floats: bool,
}

impl Settings {
    /// Those in a row with [`COLUMNS`].
    ///
    /// # Errors
    /// [`sqlx::Error::Decode`] and its like, if there are none.
    pub fn read(row: &PgRow) -> sqlx::Result<Self> {
        let millis: i64 = row.try_get("statement_timeout")?;
        let statement_timeout = u64::try_from(millis).ok().filter(|millis| *millis > 0).map(Duration::from_millis);
        let (time_zone, exact_floats) = (row.try_get("time_zone")?, row.try_get("exact_floats")?);
        Ok(Self { time_zone, statement_timeout, exact_floats })
    }
}

/// Whether the settings have to be read again.
#[derive(Debug, Default)]
pub struct Changes {
    /// They may be others than those last read.
    stale: bool,
    /// They may have changed in the open transaction, and with its end may change back.
    in_transaction: bool,
}

impl Changes {
    /// `sql` has run, or failed, with these effects on the transaction, which is `open` afterwards. What a function of
    /// the server's sets is not seen.
    pub fn note(&mut self, sql: &str, effects: &[TransactionEffect], open: bool) {
        self.stale |= self.in_transaction && !effects.is_empty();
        self.in_transaction &= open;
        if sets(sql) {
            self.stale = true;
            self.in_transaction = open;
        }
    }

    /// Whether to read them; they are then taken for read.
    pub fn take(&mut self) -> bool {
        std::mem::take(&mut self.stale)
    }

    /// They could not be read.
    pub fn put_back(&mut self) {
        self.stale = true;
    }
}

/// Whether a statement may change settings.
fn sets(sql: &str) -> bool {
    const CALL: &[u8] = b"set_config";
    let keyword = first_keyword(sql, PlaceholderStyle::Dollar).unwrap_or_default().to_ascii_lowercase();
    matches!(keyword.as_str(), "set" | "reset" | "discard")
        || sql.as_bytes().windows(CALL.len()).any(|part| part.eq_ignore_ascii_case(CALL))
}

#[cfg(test)]
mod tests {
    use industrydb_core::sql::transaction_effects;

    use super::*;

    #[test]
    fn settings_are_read_again_when_they_may_have_changed() {
        // The statements in their order, whether a transaction is open after each, and whether it makes them stale.
        for (case, steps) in [
            ("SET", vec![("SET timezone = 'Asia/Tokyo'", false, true), ("SELECT 1", false, false)]),
            ("RESET", vec![("reset timezone", false, true), ("DISCARD ALL", false, true)]),
            ("a function", vec![("SELECT Set_Config('TimeZone', 'UTC', false)", false, true)]),
            ("elsewhere", vec![("SELECT 'set', 1 AS reset", false, false), ("BEGIN", true, false)]),
            ("rolled back", vec![("BEGIN", true, false), ("SET LOCAL a.b = 1", true, true), ("ROLLBACK", false, true)]),
            (
                "to a savepoint",
                vec![
                    ("SET a.b = 1", true, true),
                    ("ROLLBACK TO SAVEPOINT s", true, true),
                    ("COMMIT", false, true),
                    ("SELECT 1", false, false),
                ],
            ),
        ] {
            let mut changes = Changes::default();
            for (sql, open, stale) in steps {
                changes.note(sql, &transaction_effects(sql, PlaceholderStyle::Dollar), open);
                assert_eq!(changes.take(), stale, "{case}: {sql}");
            }
        }
    }
}
