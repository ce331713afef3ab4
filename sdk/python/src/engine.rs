//! The guard in this process.

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use placet::core::autonomy::Metrics;
use placet::store::sequencer::wait;
use placet::{Config, Guard, LogPlace, PolicyFile, PolicySource, Trouble};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;

use crate::decision::Decision;
use crate::failure::Failure;
use crate::mailbox::Mailbox;
use crate::open::{GRACE, Held, Open, closed};
use crate::operation::{Done, Operation};
use crate::request::ActionRequest;
use crate::started::Started;

/// How often a thread that waits for people looks whether Ctrl-C was pressed.
const LOOK_FOR_SIGNALS: Duration = Duration::from_millis(50);

/// How often this process, or one that it comes from, was forked.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// Called in every child, directly after a fork.
#[pyfunction]
pub(crate) fn forked() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// A guard with its log in this process.
///
/// It belongs to the process that opened it. In a child of that process its threads are gone, and
/// its locks may be held for ever by nobody, so a child is told so and touches none of it.
#[pyclass(frozen, module = "placet._core")]
pub(crate) struct Engine {
    process: u32,
    /// What [`FORKS`] was when it was opened. To ask for the process each time would take as long as a
    /// tenth of a decision.
    forks: u32,
    guard: Mutex<Option<Open>>,
    runtime: OnceLock<Option<Runtime>>,
}

#[pymethods]
impl Engine {
    /// Opens a log, in memory without a path, and holds to a policy: a path, or the names and texts
    /// of files; without either to the one that the log has.
    #[new]
    #[pyo3(signature = (policy_path = None, policy_files = None, store = None))]
    fn new(
        policy_path: Option<PathBuf>,
        policy_files: Option<Vec<(String, String)>>,
        store: Option<PathBuf>,
        py: Python<'_>,
    ) -> PyResult<Self> {
        let file = |(name, text)| PolicyFile { name, text };
        let policy = match (policy_path, policy_files) {
            (Some(path), _) => PolicySource::Path(path),
            (None, Some(files)) => PolicySource::Files(files.into_iter().map(file).collect()),
            (None, None) => PolicySource::Log,
        };
        let log = store.map_or(LogPlace::Memory, LogPlace::File);
        let opened = py.detach(|| Guard::open(Config { policy, log }));
        let guard = opened.map_err(|error| Failure::from(error).into_error(py))?;
        Ok(Self {
            process: std::process::id(),
            forks: FORKS.load(Ordering::Relaxed),
            guard: Mutex::new(Some(Open::new(guard))),
            runtime: OnceLock::new(),
        })
    }

    /// Decides without recording anything. `earned` are the rates of an evaluation elsewhere, which
    /// then stand in for the evidence of the log: pass rate, adversarial pass rate, samples.
    #[pyo3(signature = (request, earned = None))]
    fn evaluate(
        &self,
        request: &ActionRequest,
        earned: Option<(f64, f64, u64)>,
        py: Python<'_>,
    ) -> PyResult<Decision> {
        // It writes nothing: whoever forked behind Python's back is told so by what does.
        self.check_process(self.forks == FORKS.load(Ordering::Relaxed), py)?;
        let metrics = earned.map(|(pass, adversarial, n)| Metrics::new(pass, adversarial, n));
        let metrics = metrics.transpose();
        let metrics =
            metrics.map_err(|error| Failure::new(Trouble::Invalid, error).into_error(py))?;
        if request.is_large() {
            let guard = self.hold(py)?;
            return Ok(Decision::new(py.detach(|| request.evaluate(&guard, metrics.as_ref()))));
        }
        // It ends before any other thread of Python runs, so that whoever closes the guard can wait
        // for it here, and nothing need say that the guard is in use.
        let open = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = open.as_ref().map(|open| request.evaluate(open.guard(), metrics.as_ref()));
        drop(open);
        answer.map(Decision::new).ok_or_else(|| closed().into_error(py))
    }

    /// Carries out an operation and waits for its result. One that waits for people gives none when
    /// they take longer than `within`, in seconds.
    #[pyo3(signature = (name, request = None, body = "{}", within = None))]
    fn call(
        &self,
        name: &str,
        request: Option<&ActionRequest>,
        body: &str,
        within: Option<f64>,
        py: Python<'_>,
    ) -> PyResult<Option<Done>> {
        let within = within.map(Duration::try_from_secs_f64).transpose();
        let within = within.map_err(|error| PyValueError::new_err(error.to_string()))?;
        let guard = self.guard(py)?;
        let operation =
            Operation::read(name, request, body).map_err(|failure| failure.into_error(py))?;
        let done = if operation.is_long() {
            self.wait_long(operation, guard, within, py)?
        } else {
            Some(py.detach(|| perform_here(operation, &guard)))
        };
        done.transpose().map_err(|failure| failure.into_error(py))
    }

    /// Starts an operation whose result is left in a mailbox under a number.
    #[pyo3(signature = (mailbox, token, name, request = None, body = "{}"))]
    fn start(
        slf: &Bound<'_, Self>,
        mailbox: &Mailbox,
        token: u64,
        name: &str,
        request: Option<&ActionRequest>,
        body: &str,
    ) -> PyResult<Started> {
        let py = slf.py();
        let guard = slf.get().guard(py)?;
        let operation =
            Operation::read(name, request, body).map_err(|failure| failure.into_error(py))?;
        Started::begin(slf, guard, operation, Arc::clone(&mailbox.shared), token)
            .map_err(|failure| failure.into_error(py))
    }

    /// The policy's mode.
    fn mode(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(self.guard(py)?.policy().terms().mode.as_str())
    }

    /// The signed head of the log.
    fn checkpoint(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.guard(py)?.log().checkpoint().to_string())
    }

    /// The receipt for an entry, as a JSON text.
    fn receipt(&self, index: u64, py: Python<'_>) -> PyResult<String> {
        let guard = self.guard(py)?;
        let read = py.detach(|| guard.log().receipt(index, true));
        let receipt = read.map_err(|error| Failure::new(Trouble::Missing, error).into_error(py))?;
        serde_json::to_string(&receipt)
            .map_err(|error| Failure::new(Trouble::Unavailable, error).into_error(py))
    }

    /// Closes the log: what was asked for is carried out and recorded first.
    fn close(&self, py: Python<'_>) {
        if self.is_here() {
            py.detach(|| self.shut());
        }
    }
}

impl Engine {
    fn guard(&self, py: Python<'_>) -> PyResult<Held> {
        self.check_process(self.is_here(), py)?;
        self.hold(py)
    }

    /// Whether this is the process that opened it.
    pub(crate) fn is_here(&self) -> bool {
        self.process == std::process::id()
    }

    /// Says so where this is no longer the process that opened the guard.
    fn check_process(&self, is_here: bool, py: Python<'_>) -> PyResult<()> {
        if is_here {
            return Ok(());
        }
        let wrong = format!(
            "this guard was opened by process {}, and its threads are not in this one; open one \
             after the fork, or share a daemon with Guard.connect",
            self.process
        );
        Err(Failure::new(Trouble::Unavailable, wrong).into_error(py))
    }

    fn hold(&self, py: Python<'_>) -> PyResult<Held> {
        self.held().ok_or_else(|| closed().into_error(py))
    }

    /// The guard, unless it is closed.
    pub(crate) fn held(&self) -> Option<Held> {
        let open = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().map(Open::hold)
    }

    /// Waits as long as people take, or as long as they may. Ctrl-C ends the wait as well.
    fn wait_long(
        &self,
        operation: Operation,
        guard: Held,
        within: Option<Duration>,
        py: Python<'_>,
    ) -> PyResult<Option<Result<Done, Failure>>> {
        let until = within.and_then(|within| Instant::now().checked_add(within));
        let (done, result) = sync_channel(1);
        // Only this thread takes from it; the mutex says so to the compiler.
        let result = Mutex::new(result);
        let task = async move {
            // Whoever hears that it is over can close the log at once: nothing here holds it then.
            let (done, guard) = (done, guard);
            let result = guard.perform(operation).await;
            drop(guard);
            drop(done.send(result));
        };
        let task = self.spawn(task).map_err(|failure| failure.into_error(py))?;
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let look = left.map_or(LOOK_FOR_SIGNALS, |left| left.min(LOOK_FOR_SIGNALS));
            let next = || result.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(look);
            match py.detach(next) {
                Ok(done) => return Ok(Some(done)),
                Err(RecvTimeoutError::Timeout) => {
                    let interrupted = py.check_signals();
                    if interrupted.is_err() || until.is_some_and(|until| Instant::now() >= until) {
                        task.abort();
                        // Until it is gone.
                        drop(py.detach(|| {
                            result
                                .lock()
                                .unwrap_or_else(PoisonError::into_inner)
                                .recv_timeout(GRACE)
                        }));
                        return interrupted.map(|()| None);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Ok(Some(Err(closed())));
                }
            }
        }
    }

    /// Lets a task run beside Python, on the one thread that this engine has for all of them.
    pub(crate) fn spawn(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> Result<AbortHandle, Failure> {
        let start = || {
            let mut threads = Builder::new_multi_thread();
            threads.worker_threads(1).thread_name("placet-python").build().ok()
        };
        let none = || Failure::new(Trouble::Unavailable, "no thread could be started");
        let runtime = self.runtime.get_or_init(start).as_ref().ok_or_else(none)?;
        Ok(runtime.spawn(task).abort_handle())
    }

    fn shut(&self) {
        let open = self.guard.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(open) = open {
            open.close();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if !self.is_here() {
            // Neither the threads nor the lock on the log are ours.
            let guard = self.guard.get_mut().unwrap_or_else(PoisonError::into_inner).take();
            std::mem::forget((guard, self.runtime.take()));
            return;
        }
        self.shut();
        if let Some(Some(runtime)) = self.runtime.take() {
            runtime.shutdown_timeout(GRACE);
        }
    }
}

/// Carries out an operation on this thread.
fn perform_here(operation: Operation, guard: &Held) -> Result<Done, Failure> {
    match operation {
        // Where nobody else is at the log this thread writes it, and no other has to be woken.
        Operation::Propose(action, treatment, is_mine) => {
            let answer = guard.blocking().propose_as(&action, treatment)?;
            if is_mine {
                guard.keep(&answer);
            }
            Ok(Done::Decision(Box::new(answer)))
        }
        operation => wait(guard.perform(operation)),
    }
}
