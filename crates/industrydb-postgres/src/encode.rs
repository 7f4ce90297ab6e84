//! Columns → `COPY … FROM STDIN`.

pub mod form;
pub mod limits;
