//! How a connector that keeps its caller's thread busy lets that caller look up now and then.
//!
//! A connector that waits for a socket gives its thread back at every `await`. SQLite has no socket: its work happens
//! on the thread that polls it. Such a connector calls [`tick`] every few milliseconds; whoever owns the thread may
//! have put something there with [`scope`] (Python: looking for signals and reporting progress).

use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    static TICK: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
}

/// Runs `body` with `on_tick` as this thread's tick, and puts back what was there before.
pub fn scope<T>(on_tick: Rc<dyn Fn()>, body: impl FnOnce() -> T) -> T {
    struct Restore(Option<Rc<dyn Fn()>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            TICK.with_borrow_mut(|tick| *tick = self.0.take());
        }
    }
    let _restore = Restore(TICK.with_borrow_mut(|tick| tick.replace(on_tick)));
    body()
}

/// Calls this thread's tick, if it has one.
pub fn tick() {
    let on_tick = TICK.with_borrow(Clone::clone);
    if let Some(on_tick) = on_tick {
        on_tick();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_scope_ends_where_it_ends() {
        let count = Rc::new(Cell::new(0));
        let counter = Rc::clone(&count);
        tick();
        scope(Rc::new(move || counter.set(counter.get() + 1)), || {
            tick();
            scope(Rc::new(|| ()), tick);
            tick();
        });
        tick();
        assert_eq!(count.get(), 2);
    }
}
