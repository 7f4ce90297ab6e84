mod atomic;
mod insert;
mod transaction;
mod verbs;

use super::fake::Fake;
use crate::connector::Progress;
use crate::table::TableName;

/// A runtime moves futures between threads.
#[test]
fn futures_can_be_sent() {
    fn check(_: impl Send) {}
    let mut fake = Fake::new();
    let table = TableName::parse("t").unwrap();
    let frame = polars_core::prelude::DataFrame::empty();
    check(super::insert(&mut fake, &table, &frame, &super::InsertOptions::default(), &Progress::default()));
    check(super::begin(&mut fake, &super::TransactionOptions::default()));
    check(super::execute_simple(&mut fake, ""));
}
