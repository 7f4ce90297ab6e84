//! Who makes a call, to whom an open transaction belongs, and whether they are still there to end it.

use std::cell::OnceCell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread::ThreadId;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyModule;

use crate::interpreter;

thread_local! {
    /// Goes with the thread.
    static LIFE: OnceCell<Arc<()>> = const { OnceCell::new() };
}

/// Who makes a call: a thread of Python that waits for it, or a task of asyncio that awaits it.
#[derive(Debug, Clone)]
pub enum Caller {
    /// A thread.
    Thread(ThreadId),
    /// A task.
    Task(Arc<Task>),
}

/// A task of asyncio, which is not kept alive.
#[derive(Debug)]
pub struct Task {
    /// Its own, for as long as the process lives: a task's address is given again.
    number: u64,
    reference: Py<PyAny>,
}

impl PartialEq for Caller {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Thread(one), Self::Thread(other)) => one == other,
            (Self::Task(one), Self::Task(other)) => one.number == other.number,
            (Self::Thread(_), Self::Task(_)) | (Self::Task(_), Self::Thread(_)) => false,
        }
    }
}

impl Caller {
    /// The thread that asks.
    pub fn thread() -> Self {
        Self::Thread(std::thread::current().id())
    }

    /// The task that runs on this thread's event loop.
    ///
    /// # Errors
    /// `RuntimeError` if there is no running event loop.
    pub fn task(py: Python<'_>) -> PyResult<Self> {
        static CURRENT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        static REFERENCE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        static NUMBERS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let task = CURRENT.import(py, "asyncio", "current_task")?.call0()?;
        if task.is_none() {
            // Awaited without a task, step by step: whoever does so is as good as a thread.
            return Ok(Self::thread());
        }
        let numbers = NUMBERS
            .get_or_try_init(py, || py.import("weakref")?.getattr("WeakKeyDictionary")?.call0().map(Bound::unbind))?;
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let number = numbers.bind(py).call_method1(intern!(py, "setdefault"), (&task, next))?.extract()?;
        let reference = REFERENCE.import(py, "weakref", "ref")?.call1((task,))?.unbind();
        Ok(Self::Task(Arc::new(Task { number, reference })))
    }
}

/// The owner of an open transaction.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Who it is.
    pub caller: Caller,
    thread: Option<Thread>,
}

#[derive(Debug, Clone)]
struct Thread {
    life: Weak<()>,
    name: Option<String>,
}

impl Owner {
    /// `caller`, which runs on this thread if it is one.
    pub fn new(caller: Caller) -> Self {
        let thread = match caller {
            Caller::Thread(_) => {
                let life = LIFE.try_with(|life| Arc::downgrade(life.get_or_init(Arc::default))).unwrap_or_default();
                Some(Thread { life, name: thread_name() })
            }
            Caller::Task(_) => None,
        };
        Self { caller, thread }
    }

    /// Whether it has ended, so that nobody is left to end the transaction. Asks the interpreter about a task: nobody may
    /// wait for the caller of this who has the GIL.
    pub fn is_gone(&self) -> bool {
        match (&self.caller, &self.thread) {
            // Neither Python's numbers of threads nor the system's would tell: they are given again.
            (Caller::Thread(_), thread) => thread.as_ref().is_some_and(|thread| thread.life.strong_count() == 0),
            (Caller::Task(task), _) => interpreter::enter(|py| task.is_done(py)).unwrap_or(false),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.caller, &self.thread) {
            (Caller::Thread(_), thread) => {
                let name = thread.as_ref().and_then(|thread| thread.name.as_deref()).unwrap_or("unknown to Python");
                write!(f, "thread ({name})")
            }
            (Caller::Task(task), _) => {
                let name = interpreter::enter(|py| task.name(py)).flatten();
                write!(f, "task ({})", name.as_deref().unwrap_or("which is gone"))
            }
        }
    }
}

impl Task {
    fn get<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.reference.bind(py).call0().ok().filter(|task| !task.is_none())
    }

    fn is_done(&self, py: Python<'_>) -> bool {
        let done = |task: Bound<'_, PyAny>| task.call_method0(intern!(py, "done")).and_then(|done| done.is_truthy());
        self.get(py).is_none_or(|task| done(task).unwrap_or(false))
    }

    fn name(&self, py: Python<'_>) -> Option<String> {
        self.get(py)?.call_method0(intern!(py, "get_name")).ok()?.extract().ok()
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
    interpreter::enter(name)?.ok().flatten()
}
