//! What an option is, and how its values are checked and brought into one spelling.

use serde_json::Value as Json;

/// The longest span an option in seconds takes: what fits 32 bits as milliseconds, as clients count them.
const MAX_SECONDS: f64 = 2_147_483.0;

/// An option of a backend.
#[derive(Debug)]
pub struct OptionSpec {
    /// The name that it reads back as.
    pub name: &'static str,
    /// Other names that are accepted.
    pub aliases: &'static [&'static str],
    /// What its values are.
    pub kind: OptionKind,
    /// One sentence for the user.
    pub doc: &'static str,
}

/// What an option's values are.
#[derive(Debug)]
pub enum OptionKind {
    /// `true` or `false`; `yes`, `on`, `1`, `no`, `off`, `0` are accepted as well.
    Bool,
    /// A whole number.
    Integer {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// A span of time in seconds, fractions allowed.
    Seconds,
    /// Any text.
    Text,
    /// One of several words, upper or lower case.
    Choice(&'static [Choice]),
    /// Any text, never shown.
    Secret,
    /// A path in the file system.
    Path,
}

/// A word that an option takes, and the others that mean the same.
pub type Choice = (&'static str, &'static [&'static str]);

const TRUE: &[&str] = &["true", "yes", "on", "1"];
const FALSE: &[&str] = &["false", "no", "off", "0"];

impl OptionKind {
    /// The one spelling of `text`, or `None` if it is no value of this kind.
    pub(super) fn canonical(&self, text: &str) -> Option<String> {
        match self {
            Self::Bool => {
                let is_any_of = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
                (is_any_of(TRUE) || is_any_of(FALSE)).then(|| is_any_of(TRUE).to_string())
            }
            Self::Integer { min, max } => {
                text.parse::<i64>().ok().filter(|number| (min..=max).contains(&number)).map(|number| number.to_string())
            }
            // Adding zero turns -0 into 0; NaN is in no range.
            Self::Seconds => text
                .parse::<f64>()
                .ok()
                .filter(|seconds| (0.0..=MAX_SECONDS).contains(seconds))
                .map(|seconds| (seconds + 0.0).to_string()),
            Self::Choice(choices) => choices
                .iter()
                .find(|(word, synonyms)| {
                    word.eq_ignore_ascii_case(text) || synonyms.iter().any(|synonym| synonym.eq_ignore_ascii_case(text))
                })
                .map(|(word, _)| (*word).to_owned()),
            Self::Text | Self::Secret | Self::Path => Some(text.to_owned()),
        }
    }

    /// What values of this kind look like, for an error message.
    pub(super) fn expected(&self) -> String {
        match self {
            Self::Bool => "true or false".into(),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Seconds => format!("seconds from 0 to {MAX_SECONDS}"),
            Self::Choice(choices) => choices.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", "),
            Self::Text | Self::Secret | Self::Path => "text".into(),
        }
    }

    /// A value in its one spelling, as the type that a caller expects to read.
    pub(super) fn typed(&self, canonical: &str) -> Json {
        let number = match self {
            Self::Bool => return Json::Bool(canonical == "true"),
            Self::Integer { .. } | Self::Seconds => {
                canonical.parse::<i64>().map(Json::from).or_else(|_| canonical.parse::<f64>().map(Json::from))
            }
            Self::Text | Self::Choice(_) | Self::Secret | Self::Path => return Json::from(canonical),
        };
        number.unwrap_or_else(|_| Json::from(canonical))
    }

    /// Whether values are never shown.
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Secret)
    }
}
