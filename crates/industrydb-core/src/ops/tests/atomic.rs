use crate::connector::DatabaseConnector as _;
use crate::error::{Error, ErrorKind, Result};
use crate::ops::Atomic;
use crate::ops::fake::{Failure, Fake, now};
use crate::sql::dialect::fixture::OTHER;

/// Runs `INSERT` all or nothing.
fn work(fake: &mut Fake, outcome: Result<u8>) -> Result<u8> {
    now(async {
        let atomic = Atomic::begin(fake).await?;
        atomic.end(fake, outcome).await
    })
}

fn boom() -> Result<u8> {
    Err(Error::execution("boom"))
}

#[test]
fn what_goes_well_is_kept_and_what_fails_is_taken_back() {
    let mut savepoints_that_stay = Fake { open: true, dialect: &OTHER, ..Fake::new() };
    let mut inside = Fake { open: true, ..Fake::new() };
    let mut outside = Fake::new();
    let rows: [(&mut Fake, Result<u8>, &[&str], bool); 6] = [
        (&mut outside, Ok(1), &["BEGIN", "COMMIT"], false),
        (&mut Fake::new(), boom(), &["BEGIN", "ROLLBACK"], false),
        (&mut inside, Ok(1), &["SAVEPOINT \"industrydb_#\"", "RELEASE \"industrydb_#\""], true),
        (
            &mut Fake { open: true, ..Fake::new() },
            boom(),
            &["SAVEPOINT \"industrydb_#\"", "ROLLBACK TO \"industrydb_#\"", "RELEASE \"industrydb_#\""],
            true,
        ),
        (&mut savepoints_that_stay, Ok(1), &["SAVE \"industrydb_#\""], true),
        (
            &mut Fake { open: true, dialect: &OTHER, ..Fake::new() },
            boom(),
            &["SAVE \"industrydb_#\"", "ROLLBACK TO \"industrydb_#\""],
            true,
        ),
    ];
    for (fake, outcome, log, open) in rows {
        assert_eq!(work(fake, outcome.clone()), outcome);
        assert_eq!(fake.log, log);
        assert_eq!(fake.in_transaction(), open);
    }
}

#[test]
fn what_cannot_be_committed_is_taken_back() {
    let mut fake = Fake::new();
    fake.fail_at("COMMIT");
    assert_eq!(work(&mut fake, Ok(1)).unwrap_err().message(), "no COMMIT");
    assert_eq!(fake.log, ["BEGIN", "COMMIT", "ROLLBACK"]);
    assert!(!fake.open);
}

#[test]
fn what_the_server_took_back_itself_is_left() {
    for open in [false, true] {
        let mut fake = Fake { open, ..Fake::new() };
        let outcome: Result<u8> = now(async {
            let atomic = Atomic::begin(&mut fake).await?;
            fake.open = false;
            atomic.end(&mut fake, boom()).await
        });
        assert_eq!(outcome, boom());
        assert_eq!(fake.log.len(), 1, "{:?}", fake.log);
    }
}

#[test]
fn a_lost_connection_is_left() {
    let mut fake = Fake::new();
    let outcome: Result<u8> = now(async {
        let atomic = Atomic::begin(&mut fake).await?;
        fake.closed = Some("lost".to_owned());
        atomic.end(&mut fake, boom()).await
    });
    assert_eq!((outcome, fake.log), (boom(), vec!["BEGIN".to_owned()]));
}

#[test]
fn a_rollback_that_fails_hides_nothing() {
    let mut fake = Fake::new();
    fake.fail_at("ROLLBACK");
    let error = work(&mut fake, boom()).unwrap_err();
    assert_eq!(error.message(), "boom");
    assert_eq!(error.details().detail.as_deref(), Some("ROLLBACK failed as well: no ROLLBACK"));
}

#[test]
fn a_rollback_that_a_late_cancel_hits_is_tried_again() {
    for (times, open, rollbacks) in [(2, false, 3), (9, true, 3)] {
        let error = Error::new(ErrorKind::Cancelled, "cancelled");
        let mut fake = Fake::new();
        fake.failures.push(Failure { at: "ROLLBACK".to_owned(), error, times, rolls_back: false });
        assert_eq!(work(&mut fake, boom()).unwrap_err().message(), "boom");
        assert_eq!(fake.log.len(), 1 + rollbacks);
        assert_eq!(fake.open, open);
    }
}

#[test]
fn a_transaction_that_cannot_begin_is_not_ended() {
    let mut fake = Fake::new();
    fake.fail_at("BEGIN");
    assert_eq!(work(&mut fake, Ok(1)).unwrap_err().message(), "no BEGIN");
    assert_eq!(fake.log, ["BEGIN"]);
}
