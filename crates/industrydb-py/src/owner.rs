//! To whom an open transaction belongs, and whether that thread is still there to end it.

use std::cell::OnceCell;
use std::sync::{Arc, Weak};

use pyo3::prelude::*;
use pyo3::types::PyModule;

use crate::session::Caller;

thread_local! {
    /// Goes with the thread.
    static LIFE: OnceCell<Arc<()>> = const { OnceCell::new() };
}

/// The owner of an open transaction.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Who it is.
    pub caller: Caller,
    life: Weak<()>,
    name: Option<String>,
}

impl Owner {
    /// `caller`, which runs on this thread.
    pub fn on_this_thread(caller: Caller) -> Self {
        let life = LIFE.try_with(|life| Arc::downgrade(life.get_or_init(Arc::default))).unwrap_or_default();
        Self { caller, life, name: thread_name() }
    }

    /// Whether the thread has ended. Neither Python's numbers of threads nor the system's would tell: they are given again.
    pub fn is_gone(&self) -> bool {
        self.life.strong_count() == 0
    }

    /// The thread's name in Python, if it has one.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("unknown to Python")
    }
}

/// The name of this thread among those that Python started; asking for the current one would make up a thread.
fn thread_name() -> Option<String> {
    let name = |py: Python<'_>| -> PyResult<Option<String>> {
        let threading = PyModule::import(py, "threading")?;
        let this: u64 = threading.call_method0("get_ident")?.extract()?;
        for thread in threading.call_method0("enumerate")?.try_iter()? {
            let thread = thread?;
            if thread.getattr("ident")?.extract::<Option<u64>>()? == Some(this) {
                return thread.getattr("name")?.extract().map(Some);
            }
        }
        Ok(None)
    };
    // A thread without a name that can be found is still an owner.
    Python::try_attach(name)?.ok().flatten()
}
