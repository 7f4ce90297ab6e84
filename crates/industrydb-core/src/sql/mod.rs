//! SQL as text: how a backend spells it, what a caller's statement contains, and the statements we write ourselves.
//! Everything here is pure: no I/O, no driver.

pub mod dialect;
pub mod generate;
mod ident;
mod lexicon;
pub mod placeholders;
pub mod script;
pub mod stored;
mod style;
pub mod tokens;
pub mod transaction;

pub use dialect::Dialect;
pub use placeholders::{Translated, bind_order, renumber, translate};
pub use script::{first_keyword, split};
pub use style::PlaceholderStyle;
pub use transaction::{TransactionEffect, transaction_effects};
