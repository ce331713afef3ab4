//! Where what is done while Python does something else is left for it.
//!
//! An event loop waits for the mailbox's file descriptor to become readable and then takes out what
//! lies there. So a thousand waits are a thousand small tasks and no thread, and no thread of ours
//! ever calls into Python, which may be ending at that moment.

use std::collections::VecDeque;
use std::io::{PipeReader, PipeWriter, Read as _, Write as _, pipe};
use std::os::fd::AsRawFd as _;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;

use crate::failure::Failure;
use crate::operation::Done;

type Letter = (u64, Result<Done, Failure>);

/// What is done, in the order in which it was.
#[pyclass(frozen, module = "placet._core")]
pub(crate) struct Mailbox {
    pub(crate) shared: Arc<Shared>,
}

/// What the mailbox shares with whoever fills it.
pub(crate) struct Shared {
    letters: Mutex<VecDeque<Letter>>,
    reader: PipeReader,
    writer: PipeWriter,
}

#[pymethods]
impl Mailbox {
    #[new]
    fn new() -> PyResult<Self> {
        let (reader, writer) = pipe()?;
        Ok(Self { shared: Arc::new(Shared { letters: Mutex::default(), reader, writer }) })
    }

    /// Readable while there is something to take.
    fn fileno(&self) -> i32 {
        self.shared.reader.as_raw_fd()
    }

    /// Takes out what lies there: pairs of a number and its result, which is an exception where the
    /// operation failed.
    fn take(&self, py: Python<'_>) -> PyResult<Vec<(u64, Py<PyAny>)>> {
        let letters = self.shared.take();
        let open = |(token, result): Letter| {
            let value = match result {
                Ok(done) => done.into_pyobject(py)?.unbind(),
                Err(failure) => failure.into_error(py).into_value(py).into_any(),
            };
            Ok((token, value))
        };
        letters.into_iter().map(open).collect()
    }
}

impl Shared {
    /// Leaves a result. The pipe has one byte in it exactly while there are letters, so that it
    /// never fills up.
    pub(crate) fn put(&self, token: u64, result: Result<Done, Failure>) {
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        letters.push_back((token, result));
        if letters.len() == 1 {
            // Nobody reads any more when it fails.
            drop((&self.writer).write_all(&[0]));
        }
    }

    fn take(&self) -> VecDeque<Letter> {
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        if !letters.is_empty() {
            drop((&self.reader).read_exact(&mut [0]));
        }
        std::mem::take(&mut *letters)
    }
}
