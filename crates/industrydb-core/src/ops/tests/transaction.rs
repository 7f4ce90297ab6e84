use crate::error::{Error, ErrorKind};
use crate::ops::fake::{Failure, Fake, now};
use crate::ops::{TransactionOptions, begin, commit, rollback};
use crate::sql::dialect::fixture::OTHER;

fn options(isolation: Option<&str>, read_only: bool) -> TransactionOptions {
    TransactionOptions { isolation: isolation.map(str::to_owned), read_only, deferrable: false }
}

#[test]
fn a_transaction_sets_the_session_and_puts_it_back() {
    let deferrable = TransactionOptions { deferrable: true, ..options(Some("LAX"), true) };
    let rows: [(TransactionOptions, &[&str]); 5] = [
        (deferrable, &["BEGIN LAX LATER", "READ ONLY", "COMMIT", "SET USUAL", "READ WRITE"]),
        (options(None, false), &["BEGIN", "COMMIT"]),
        (options(Some("LAX"), false), &["BEGIN LAX", "COMMIT", "SET USUAL"]),
        (options(None, true), &["BEGIN", "READ ONLY", "COMMIT", "READ WRITE"]),
        (options(Some("strict"), true), &["SET STRICT", "BEGIN", "READ ONLY", "COMMIT", "SET USUAL", "READ WRITE"]),
    ];
    for (options, log) in rows {
        let mut fake = Fake::new();
        now(begin(&mut fake, &options)).unwrap();
        assert!(fake.open);
        now(commit(&mut fake, &options)).unwrap();
        assert_eq!(fake.log, log);

        let mut fake = Fake::new();
        now(begin(&mut fake, &options)).unwrap();
        now(rollback(&mut fake, &options)).unwrap();
        let log: Vec<&str> = log.iter().map(|&entry| if entry == "COMMIT" { "ROLLBACK" } else { entry }).collect();
        assert_eq!(fake.log, log);
    }
}

#[test]
fn what_was_not_begun_is_not_ended() {
    for outcome in
        [now(commit(&mut Fake::new(), &options(None, false))), now(rollback(&mut Fake::new(), &options(None, false)))]
    {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Execution, "no transaction is open"));
    }
    let mut open = Fake { open: true, ..Fake::new() };
    assert_eq!(now(begin(&mut open, &options(None, false))).unwrap_err().kind(), ErrorKind::Execution);
    assert_eq!(open.log, [""; 0]);
}

#[test]
fn unknown_options_are_told_before_anything_runs() {
    let mut fake = Fake::new();
    let error = now(begin(&mut fake, &options(Some("odd"), false))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.message().contains("\"strict\", \"lax\""), "{error}");
    let mut other = Fake { dialect: &OTHER, ..Fake::new() };
    assert_eq!(now(begin(&mut other, &options(None, true))).unwrap_err().kind(), ErrorKind::Argument);
    assert_eq!((fake.log.len(), other.log.len()), (0, 0));
}

#[test]
fn a_transaction_that_cannot_be_set_up_does_not_stay_open() {
    let mut fake = Fake::new();
    fake.fail_at("READ ONLY");
    assert_eq!(now(begin(&mut fake, &options(None, true))).unwrap_err().message(), "no READ ONLY");
    assert_eq!(fake.log, ["BEGIN", "READ ONLY", "ROLLBACK"]);
}

#[test]
fn a_commit_that_a_constraint_forbids_ends_the_transaction_and_puts_the_session_back() {
    let mut fake = Fake::new();
    let options = options(None, true);
    now(begin(&mut fake, &options)).unwrap();
    let error = Error::new(ErrorKind::ForeignKeyViolation, "no parent");
    fake.failures.push(Failure { at: "COMMIT".into(), error, times: 1, rolls_back: false });
    assert_eq!(now(commit(&mut fake, &options)).unwrap_err().message(), "no parent");
    assert_eq!(fake.log, ["BEGIN", "READ ONLY", "COMMIT", "ROLLBACK", "READ WRITE"]);
}

#[test]
fn a_commit_that_a_lock_stops_can_be_tried_again() {
    let mut fake = Fake::new();
    let options = options(None, true);
    now(begin(&mut fake, &options)).unwrap();
    fake.fail_at("COMMIT");
    assert_eq!(now(commit(&mut fake, &options)).unwrap_err().message(), "no COMMIT");
    assert!(fake.open);
    now(commit(&mut fake, &options)).unwrap();
    assert_eq!(fake.log, ["BEGIN", "READ ONLY", "COMMIT", "COMMIT", "READ WRITE"]);
}

#[test]
fn a_rollback_that_a_late_cancel_hits_is_tried_again() {
    let mut fake = Fake::new();
    now(begin(&mut fake, &options(None, false))).unwrap();
    let error = Error::new(ErrorKind::Cancelled, "interrupted");
    fake.failures.push(Failure { at: "ROLLBACK".into(), error, times: 1, rolls_back: false });
    now(rollback(&mut fake, &options(None, false))).unwrap();
    assert!(!fake.open);
    assert_eq!(fake.log, ["BEGIN", "ROLLBACK", "ROLLBACK"]);
}
