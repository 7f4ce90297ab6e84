//! Waiting for the server on the thread that asks it.
//!
//! On a runtime of several threads one of them sleeps on the sockets and wakes another, which is where the work goes on:
//! for a look-up of one row these hops take longer than the rest. So each connection has a runtime of its own without
//! threads, whose sockets are waited for by whoever polls the call. It does so a slice of time at a time, so that the
//! caller's thread still looks up (signals, deadlines, progress), and gets a worker's other tasks out of the way first.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use industrydb_core::error::{Error, Result};
use tokio::runtime::{Builder, Runtime};
use tokio::task::block_in_place;
use tokio::time::timeout;

use crate::error::BACKEND;

/// How long a poll may wait: less than whoever polls lets pass between two looks.
const SLICE: Duration = Duration::from_millis(10);

/// What drives the sockets of one connection.
pub struct Driver(Option<Runtime>);

impl Driver {
    /// A driver without sockets.
    ///
    /// # Errors
    /// [`industrydb_core::error::ErrorKind::Connection`] if the system has no file descriptors left.
    pub fn new() -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.map(|runtime| Self(Some(runtime))).map_err(|cause| {
            Error::connection(format!("the connection's sockets can't be waited for: {cause}")).with_backend(BACKEND)
        })
    }

    /// Drives `work` to its end. Sockets that it opens are this driver's from then on.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|cx| self.poll(work.as_mut(), cx)).await
    }

    /// Drives `work` for a slice of time.
    pub fn poll<T>(&self, work: Pin<&mut (impl Future<Output = T> + ?Sized)>, cx: &mut Context<'_>) -> Poll<T> {
        // Gone only while it is dropped, when nobody polls.
        let Some(runtime) = &self.0 else { return work.poll(cx) };
        if let Ok(value) = block_in_place(|| runtime.block_on(async { timeout(SLICE, work).await })) {
            return Poll::Ready(value);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // A look-up of a name that goes on is not waited for.
            runtime.shutdown_background();
        }
    }
}
