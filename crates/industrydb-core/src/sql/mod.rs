mod style;
pub use style::PlaceholderStyle;
