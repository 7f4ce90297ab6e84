//! Stopping a call from any thread, without a lock of the connection.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use industrydb_core::connector::{BoxFuture, Canceller};
use industrydb_core::error::Result;
use tokio::sync::Notify;

/// Whether a call runs, and whether it has been asked to stop.
#[derive(Debug, Default)]
pub struct Interrupt {
    state: Mutex<State>,
    asked: Notify,
    limits_itself: AtomicBool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Running,
    Stopped,
}

impl Interrupt {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call begins; it ends when what this gives is dropped.
    pub fn begin(self: &Arc<Self>) -> Running {
        *self.state() = State::Running;
        Running(Arc::clone(self))
    }

    /// Asks the running call to stop; does nothing if none runs.
    pub fn cancel(&self) {
        let mut state = self.state();
        if *state == State::Running {
            *state = State::Stopped;
        }
        drop(state);
        self.asked.notify_waiters();
    }

    /// Whether the call has a time limit of its own, which somebody else keeps.
    pub fn limits_itself(&self) -> bool {
        self.limits_itself.load(Ordering::Relaxed)
    }

    /// Waits until the running call has been asked to stop.
    pub async fn stopped(&self) {
        loop {
            let mut asked = std::pin::pin!(self.asked.notified());
            asked.as_mut().enable();
            if self.is_stopped() {
                return;
            }
            asked.await;
        }
    }

    /// Whether the running call has been asked to stop.
    pub fn is_stopped(&self) -> bool {
        *self.state() == State::Stopped
    }
}

/// A call that runs for as long as this lives.
#[derive(Debug)]
pub struct Running(Arc<Interrupt>);

impl Drop for Running {
    fn drop(&mut self) {
        *self.0.state() = State::Idle;
    }
}

/// The connection's canceller.
#[derive(Debug)]
pub struct MssqlCanceller(pub Arc<Interrupt>);

impl Canceller for MssqlCanceller {
    fn cancel(&self) -> BoxFuture<'static, Result<()>> {
        self.0.cancel();
        Box::pin(std::future::ready(Ok(())))
    }

    fn limits(&self, itself: bool) {
        self.0.limits_itself.store(itself, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_running_call_is_stopped() {
        let interrupt = Arc::new(Interrupt::default());
        interrupt.cancel();
        let running = interrupt.begin();
        assert!(!interrupt.is_stopped());
        interrupt.cancel();
        assert!(interrupt.is_stopped());
        drop(running);
        assert!(!interrupt.is_stopped());
        let _next = interrupt.begin();
        assert!(!interrupt.is_stopped());
    }
}
