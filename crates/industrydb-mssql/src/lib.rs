//! Microsoft SQL Server for `industrydb`.
#![forbid(unsafe_code)]

pub mod dialect;
