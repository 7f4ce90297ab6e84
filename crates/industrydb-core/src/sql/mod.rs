//! SQL as text: how a backend spells it, what a caller's statement contains, and the statements we write ourselves.
//! Everything here is pure: no I/O, no driver.

pub mod dialect;
mod ident;
mod style;

pub use dialect::Dialect;
pub use style::PlaceholderStyle;
