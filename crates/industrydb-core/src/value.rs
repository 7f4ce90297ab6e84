//! A parameter's value on its way from the caller to the server.

/// One bound value. Each backend's `params.rs` says what becomes of each variant.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer of up to 128 bits; the backend refuses what its type does not hold.
    Int(i128),
    /// A double; NaN and infinities included.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A decimal in plain or scientific notation (`-12.50`, `1E+3`, `NaN`), every digit kept.
    Decimal(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01T00:00:00, no zone.
    Datetime(i64),
    /// Microseconds since 1970-01-01T00:00:00Z; the instant of an aware datetime.
    DatetimeUtc(i64),
    /// Microseconds.
    Duration(i64),
    /// A UUID's 16 bytes, most significant first.
    Uuid([u8; 16]),
    /// A list: an array where the server has arrays, JSON text elsewhere.
    List(Vec<Value>),
    /// A JSON document.
    Json(serde_json::Value),
}

/// The parameters of one statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Params {
    /// By position.
    Positional(Vec<Value>),
    /// By name, without the placeholder's sigil.
    Named(Vec<(String, Value)>),
}

impl Params {
    /// No parameters at all.
    pub const NONE: Self = Self::Positional(Vec::new());

    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Positional(values) => values.len(),
            Self::Named(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for Params {
    fn default() -> Self {
        Self::NONE
    }
}
