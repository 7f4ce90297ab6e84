//! The column types that `CREATE TABLE` declares.

use std::borrow::Cow;

use polars_core::prelude::DataType;

use super::Dialect;
use crate::error::{Error, Result};

/// Each Polars type's name in `CREATE TABLE`.
#[derive(Debug)]
pub struct TypeNames {
    /// Boolean.
    pub boolean: &'static str,
    /// Int8.
    pub int8: &'static str,
    /// Int16.
    pub int16: &'static str,
    /// Int32.
    pub int32: &'static str,
    /// Int64.
    pub int64: &'static str,
    /// Int128; values beyond what this type holds are refused when they are written.
    pub int128: &'static str,
    /// UInt8.
    pub uint8: &'static str,
    /// UInt16.
    pub uint16: &'static str,
    /// UInt32.
    pub uint32: &'static str,
    /// UInt64; values beyond what this type holds are refused when they are written.
    pub uint64: &'static str,
    /// Float32.
    pub float32: &'static str,
    /// Float64.
    pub float64: &'static str,
    /// Decimal(precision, scale).
    pub decimal: DecimalType,
    /// String, Categorical and Enum.
    pub text: &'static str,
    /// The same in a unique constraint.
    pub key_text: &'static str,
    /// Binary.
    pub binary: &'static str,
    /// The same in a unique constraint.
    pub key_binary: &'static str,
    /// Date.
    pub date: &'static str,
    /// Time.
    pub time: &'static str,
    /// Datetime without a zone.
    pub datetime: &'static str,
    /// Datetime with a zone: an instant.
    pub datetime_utc: &'static str,
    /// Duration.
    pub duration: &'static str,
    /// List and Array.
    pub list: ListType,
    /// A document: Struct, and lists where [`ListType::Document`] says so.
    pub document: &'static str,
    /// Null: a column of which nothing is known yet.
    pub null: &'static str,
}

/// Decimal(precision, scale).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecimalType {
    /// What stands before `(precision, scale)`.
    pub name: &'static str,
    /// The largest precision that the server keeps exactly under that name.
    pub max_precision: usize,
    /// The type of all beyond it.
    pub beyond: &'static str,
}

/// List and Array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListType {
    /// The element's type with `[]` behind it; lists of lists and of structs are documents.
    ArrayOf,
    /// A document, as a struct.
    Document,
}

impl Dialect {
    /// What `CREATE TABLE` declares for `column` of `dtype`; empty where nothing is to be declared.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Conversion`], naming column and type, if the backend has nothing for it.
    pub fn type_name(&self, column: &str, dtype: &DataType) -> Result<Cow<'static, str>> {
        let unsupported = || {
            Error::conversion(format!("column {column:?}: {} can't store the Polars type {dtype}", self.backend))
                .with_column(column)
                .with_hint(format!("cast it first, such as with pl.col({column:?}).cast(pl.String)"))
        };
        let names = &self.types;
        let name = match dtype {
            DataType::Boolean => names.boolean,
            DataType::Int8 => names.int8,
            DataType::Int16 => names.int16,
            DataType::Int32 => names.int32,
            DataType::Int64 => names.int64,
            DataType::Int128 => names.int128,
            DataType::UInt8 => names.uint8,
            DataType::UInt16 => names.uint16,
            DataType::UInt32 => names.uint32,
            DataType::UInt64 => names.uint64,
            DataType::Float32 => names.float32,
            DataType::Float64 => names.float64,
            DataType::Decimal(precision, scale) => return Ok(names.decimal.declare(*precision, *scale)),
            DataType::String | DataType::Categorical(..) | DataType::Enum(..) => names.text,
            DataType::Binary | DataType::BinaryOffset => names.binary,
            DataType::Date => names.date,
            DataType::Time => names.time,
            DataType::Datetime(_, None) => names.datetime,
            DataType::Datetime(_, Some(_)) => names.datetime_utc,
            DataType::Duration(_) => names.duration,
            DataType::List(element) | DataType::Array(element, _) => {
                let element_type = self.type_name(column, element).map_err(|_| unsupported())?;
                return Ok(match names.list {
                    ListType::ArrayOf if !element.is_nested() => Cow::Owned(format!("{element_type}[]")),
                    ListType::ArrayOf | ListType::Document => Cow::Borrowed(names.document),
                });
            }
            DataType::Struct(fields) => {
                for field in fields {
                    self.type_name(column, field.dtype()).map_err(|_| unsupported())?;
                }
                names.document
            }
            DataType::Null => names.null,
            // UInt128, Float16, Object, Extension, Unknown, and whatever Polars adds.
            _ => return Err(unsupported()),
        };
        Ok(Cow::Borrowed(name))
    }
}

impl DecimalType {
    fn declare(self, precision: usize, scale: usize) -> Cow<'static, str> {
        if precision <= self.max_precision {
            Cow::Owned(format!("{}({precision}, {scale})", self.name))
        } else {
            Cow::Borrowed(self.beyond)
        }
    }
}
