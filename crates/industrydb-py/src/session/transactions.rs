//! The transactions that our verbs begin and end: what they were begun with, by whom, and whether they are lost.

use std::sync::{Arc, MutexGuard, PoisonError};

use industrydb_core::connector::DatabaseConnector;
use industrydb_core::error::{Error, Result};
use industrydb_core::ops::{self, Atomic, TransactionOptions};

use super::Session;
use crate::call::Call;
use crate::caller::Caller;

/// What is known of the transactions that our verbs have begun and not ended.
#[derive(Debug, Default)]
pub struct Ledger {
    open: Option<Begun>,
    /// Those that the database has rolled back by itself. Others may have begun since.
    lost: Vec<Lost>,
}

#[derive(Debug)]
struct Begun {
    options: TransactionOptions,
    by: Caller,
}

#[derive(Debug)]
struct Lost {
    begun: Begun,
    reason: String,
}

/// What a `with` block has opened.
pub enum Block {
    /// A transaction.
    Whole,
    /// A savepoint of the transaction around it.
    Nested(Atomic),
}

impl Session {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember_transaction(&self, by: Caller, options: TransactionOptions) {
        self.ledger().open = Some(Begun { options, by });
    }

    /// Takes back what [`Self::remember_transaction`] noted: one of our verbs ends the transaction.
    fn forget_transaction(&self) -> Option<TransactionOptions> {
        self.ledger().open.take().map(|begun| begun.options)
    }

    /// What the open transaction was begun with.
    fn transaction_options(&self) -> TransactionOptions {
        self.ledger().open.as_ref().map(|begun| begun.options.clone()).unwrap_or_default()
    }

    /// The error for this caller's transaction if the database has rolled it back by itself. What runs before the caller
    /// has ended it would be stored at once, and is refused.
    pub(super) fn lost_transaction(&self, caller: &Caller) -> Option<Error> {
        let ledger = self.ledger();
        let reason = &ledger.lost.iter().find(|lost| lost.begun.by == *caller)?.reason;
        let message =
            format!("the transaction is over: the database rolled it back when a statement failed ({reason})");
        let hint = "nothing of it is stored; leave its block, or call rollback(), and begin again";
        Some(self.refusal(&message).with_hint(hint))
    }

    /// The caller has acknowledged that its transaction is lost.
    fn forget_lost(&self, caller: &Caller) {
        self.ledger().lost.retain(|lost| lost.begun.by != *caller);
    }

    /// Notes whether a call that ended with `outcome` has cost the transaction that `was_open`.
    pub fn note_outcome<T>(&self, was_open: bool, connector: &dyn DatabaseConnector, outcome: &Result<T>) {
        if let (true, false, Err(error)) = (was_open, connector.in_transaction(), outcome) {
            let mut ledger = self.ledger();
            if let Some(begun) = ledger.open.take() {
                ledger.lost.push(Lost { begun, reason: error.message().to_owned() });
            }
        }
    }

    /// Rolls back the transaction that a call has begun, if it is `unwanted`: the caller does not hear of it. Puts back
    /// what `begin` set for the session, if the transaction was not ended by our verbs.
    ///
    /// # Errors
    /// Whatever the server says.
    pub(super) async fn tidy_transaction(&self, connector: &mut dyn DatabaseConnector, unwanted: bool) -> Result<()> {
        if connector.in_transaction() {
            return if unwanted { self.roll_back(connector).await } else { Ok(()) };
        }
        let options = {
            let mut ledger = self.ledger();
            let Ledger { open, lost } = &mut *ledger;
            // Noted as begun all the same: whoever ends it has to hear that it is gone.
            let mut over = open.iter_mut().chain(lost.iter_mut().map(|lost| &mut lost.begun));
            let set = over.find(|begun| begun.options != TransactionOptions::default());
            match set {
                Some(begun) => std::mem::take(&mut begun.options),
                None => return Ok(()),
            }
        };
        ops::put_back(connector, &options).await
    }

    async fn roll_back(&self, connector: &mut dyn DatabaseConnector) -> Result<()> {
        let options = self.transaction_options();
        let outcome = ops::rollback(connector, &options).await;
        self.forget_if_over(connector);
        outcome
    }

    fn forget_if_over(&self, connector: &dyn DatabaseConnector) {
        if !connector.in_transaction() {
            self.forget_transaction();
        }
    }

    /// Begins a transaction, which belongs to `caller`.
    ///
    /// # Errors
    /// Those of [`Self::run`] and of [`ops::begin`].
    pub async fn begin(self: &Arc<Self>, caller: &Caller, call: &Call, options: TransactionOptions) -> Result<()> {
        let (session, by) = (Arc::clone(self), caller.clone());
        self.run(caller, call, move |connector| {
            Box::pin(async move {
                ops::begin(connector, &options).await?;
                session.remember_transaction(by, options);
                Ok(())
            })
        })
        .await
    }

    /// Commits the open transaction.
    ///
    /// # Errors
    /// Those of [`Self::run`] and of [`ops::commit`]; what the transaction was lost by, if it was.
    pub async fn commit(self: &Arc<Self>, caller: &Caller, call: &Call) -> Result<()> {
        let (session, by) = (Arc::clone(self), caller.clone());
        self.run(caller, call, move |connector| {
            Box::pin(async move {
                if let Some(lost) = session.lost_transaction(&by) {
                    session.forget_lost(&by);
                    return Err(lost);
                }
                let options = session.transaction_options();
                let outcome = ops::commit(connector, &options).await;
                session.forget_if_over(connector);
                outcome
            })
        })
        .await
    }

    /// Rolls back the open transaction; one that was lost is rolled back already.
    ///
    /// # Errors
    /// Those of [`Self::run`] and of [`ops::rollback`].
    pub async fn rollback(self: &Arc<Self>, caller: &Caller, call: &Call) -> Result<()> {
        let (session, by) = (Arc::clone(self), caller.clone());
        self.run(caller, call, move |connector| {
            Box::pin(async move {
                if session.lost_transaction(&by).is_some() {
                    session.forget_lost(&by);
                    return Ok(());
                }
                session.roll_back(connector).await
            })
        })
        .await
    }

    /// Rolls back what `caller` began and never heard of. From now on, nobody gets a turn before that: what the caller
    /// does next must not happen in that transaction.
    pub fn undo_begin(self: &Arc<Self>, caller: &Caller) -> impl Future<Output = ()> + Send + use<> {
        let (session, caller) = (Arc::clone(self), caller.clone());
        session.turns().undoing = true;
        async move {
            let Some(turn) = session.turn_to_undo(&caller).await else { return };
            let (in_turn, call) = (Arc::clone(&session), Call::ending(None));
            let undo = session.run_in(turn, &call, move |connector| {
                Box::pin(async move {
                    let outcome = if connector.in_transaction() { in_turn.roll_back(connector).await } else { Ok(()) };
                    in_turn.turns().undoing = false;
                    outcome
                })
            });
            if let Err(error) = undo.await {
                let reason = format!("the connection is closed: a transaction could not be rolled back ({error})");
                session.abandon(&reason);
            }
        }
    }

    /// Opens what a `with` block is: a transaction, or a savepoint inside one.
    ///
    /// # Errors
    /// Those of [`Self::run`], of [`ops::begin`] and of [`Atomic::begin`].
    pub async fn enter(self: &Arc<Self>, caller: &Caller, call: &Call, options: TransactionOptions) -> Result<Block> {
        let (session, by) = (Arc::clone(self), caller.clone());
        self.run(caller, call, move |connector| {
            Box::pin(async move {
                if connector.in_transaction() {
                    return nest(connector, &options).await;
                }
                ops::begin(connector, &options).await?;
                session.remember_transaction(by, options);
                Ok(Block::Whole)
            })
        })
        .await
    }

    /// Ends what a `with` block has opened, and what still reads in it: rolls back if the block has `failed`.
    ///
    /// # Errors
    /// Those of [`Self::run`]; what the server says; what the transaction was lost by, if the block does not know.
    pub async fn leave(
        self: &Arc<Self>,
        caller: &Caller,
        call: &Call,
        block: Block,
        options: TransactionOptions,
        failed: bool,
    ) -> Result<()> {
        if failed && self.is_closed() {
            // Closing has rolled back.
            return Ok(());
        }
        self.close_reader().await;
        let (session, by) = (Arc::clone(self), caller.clone());
        self.run(caller, call, move |connector| {
            Box::pin(async move {
                // Only now, since a call of the block that was cancelled may have gone on until here.
                let is_whole = matches!(block, Block::Whole);
                if let Some(lost) = session.lost_transaction(&by) {
                    if is_whole {
                        session.forget_lost(&by);
                    }
                    return if failed { Ok(()) } else { Err(lost) };
                }
                if is_whole && session.forget_transaction().is_none() {
                    // The block itself has called commit() or rollback().
                    return Ok(());
                }
                end(connector, block, &options, failed).await
            })
        })
        .await
    }
}

async fn nest(connector: &mut dyn DatabaseConnector, options: &TransactionOptions) -> Result<Block> {
    if *options != TransactionOptions::default() {
        return Err(Error::execution(
            "a transaction is open already: what is nested in it is a savepoint, without isolation, read_only or \
             deferrable of its own",
        ));
    }
    Atomic::begin(connector).await.map(Block::Nested)
}

async fn end(
    connector: &mut dyn DatabaseConnector,
    block: Block,
    options: &TransactionOptions,
    failed: bool,
) -> Result<()> {
    match (block, failed) {
        (Block::Whole, false) => match ops::commit(connector, options).await {
            Err(error) if connector.in_transaction() => {
                // Nobody is left who could try again. Why it could not be committed is what the caller has to know.
                let _ = ops::rollback(connector, options).await;
                Err(error)
            }
            outcome => outcome,
        },
        // The server may have rolled back by itself: SQLite does when the disk is full.
        (Block::Whole, true) if !connector.in_transaction() => ops::put_back(connector, options).await,
        (Block::Whole, true) => ops::rollback(connector, options).await,
        (Block::Nested(savepoint), false) => savepoint.end(connector, Ok(())).await,
        (Block::Nested(savepoint), true) => {
            // The exception of the body goes on by itself; only a rollback that failed is news.
            let body = Error::execution("the block of a savepoint raised");
            match savepoint.end::<()>(connector, Err(body)).await {
                Err(error) if error.details().detail.is_some() => Err(error),
                _ => Ok(()),
            }
        }
    }
}
