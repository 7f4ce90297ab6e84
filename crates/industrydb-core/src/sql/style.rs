//! How a backend spells its placeholders.

/// The spelling that a server itself understands; everything else is translated into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceholderStyle {
    /// `$1`, `$2` (PostgreSQL).
    Dollar,
    /// `?`, `?1`, `:name`, `@name`, `$name`: SQLite reads them all itself, nothing is translated.
    Sqlite,
    /// `@P1`, `@P2` (SQL Server).
    At,
}
