//! Text that must not be shown.

use std::fmt;

/// What stands in for a secret wherever it is hidden.
pub const HIDDEN: &str = "***";

/// Whether a text may contain passwords and tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// They are written out.
    Shown,
    /// [`HIDDEN`] stands in their place.
    Hidden,
}

/// A password or token; its `Debug` is [`HIDDEN`], and it has no `Display`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one who logs in with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}
