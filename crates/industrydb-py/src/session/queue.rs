//! The order in which callers get their turns: that in which they asked.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

use super::Session;
use crate::caller::Caller;

/// Who waits, first come first.
#[derive(Debug, Default)]
pub struct Queue {
    places: VecDeque<Place>,
    next: u64,
}

#[derive(Debug)]
struct Place {
    number: u64,
    caller: Caller,
    woken: Arc<Notify>,
}

impl Queue {
    fn join(&mut self, caller: &Caller) -> (u64, Arc<Notify>) {
        let (number, woken) = (self.next, Arc::new(Notify::new()));
        self.next += 1;
        self.places.push_back(Place { number, caller: caller.clone(), woken: Arc::clone(&woken) });
        (number, woken)
    }

    fn leave(&mut self, number: u64) {
        self.places.retain(|place| place.number != number);
    }

    /// Whether nobody has asked before.
    pub fn is_at_the_head(&self, ticket: &Ticket) -> bool {
        self.places.front().is_some_and(|place| place.number == ticket.number)
    }

    /// Whether nobody has asked before who could have a turn: while `owner` has a transaction open, that is the owner alone.
    pub fn is_next(&self, ticket: &Ticket, owner: Option<&Caller>) -> bool {
        let before = self.places.iter().take_while(|place| place.number != ticket.number);
        before.into_iter().all(|place| owner.is_some_and(|owner| place.caller != *owner))
    }

    /// Has the next one look whether it is its turn: of `owner`'s, while it has a transaction open, if it is there.
    pub fn wake_next(&self, owner: Option<&Caller>) {
        let of_owner = self.places.iter().find(|place| owner == Some(&place.caller));
        if let Some(place) = of_owner.or_else(|| self.places.front()) {
            place.woken.notify_one();
        }
    }

    /// Has everybody look.
    pub fn wake_all(&self) {
        self.places.iter().for_each(|place| place.woken.notify_one());
    }
}

/// A place in the queue until it is dropped.
pub struct Ticket {
    session: Arc<Session>,
    number: u64,
    woken: Arc<Notify>,
}

impl Ticket {
    /// The last place in the queue of `session`.
    pub fn new(session: &Arc<Session>, caller: &Caller) -> Self {
        let (number, woken) = session.turns().queue.join(caller);
        Self { session: Arc::clone(session), number, woken }
    }

    /// Waits until it may be this one's turn.
    pub async fn woken(&self) {
        self.woken.notified().await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut turns = self.session.turns();
        turns.queue.leave(self.number);
        turns.wake_next();
    }
}
