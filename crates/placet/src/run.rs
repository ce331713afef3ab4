//! Running an action under the guard: decided, waited for, permitted, run, and reported.
//!
//! What has consequences asks for a [`Permit`], and a permit comes only from a [`Warrant`] that was
//! spent. So a program that runs something it did not ask for does not compile:
//!
//! ```compile_fail
//! use placet::Permit;
//!
//! fn refund(permit: Permit) {}
//! fn main() { refund(Permit { }) }
//! ```

use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use placet_core::json::Object;
use placet_core::mode::Treatment;
use placet_core::{Action, ActionId, Command, Mode, Outcome, Rejection, ToolName, Verdict};
use placet_store::projection::Status;
use placet_store::sequencer::wait;

use crate::answer::Answer;
use crate::ask::Ask;
use crate::error::GuardError;
use crate::followed::Followed;
use crate::guard::Guard;
use crate::log::Way;
use crate::warrant::RedeemError;

/// What a place in a program does when its action has to wait for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnReview {
    /// It waits until people have answered, at most until the deadline; no answer is a no.
    #[default]
    Block,
    /// It returns at once, and the approval can be followed later.
    FailClosed,
    /// It runs without waiting. Only where the policy says `on_review = "fail_open"` or laxer.
    FailOpen,
    /// Nothing stops it. Only where the policy says `on_review = "shadow"`.
    Shadow,
}

impl OnReview {
    fn treatment(self) -> Treatment {
        match self {
            Self::Block | Self::FailClosed => Treatment::Binding,
            Self::FailOpen => Treatment::FailOpen,
            Self::Shadow => Treatment::Shadow,
        }
    }
}

/// How an action is run.
#[derive(Clone, Default)]
pub struct RunOptions {
    /// What to do when it has to wait for people.
    pub on_review: OnReview,
    /// Whether a person approves it in any case, in any mode.
    pub gated: bool,
    /// Who is asked while it waits, besides those who look into the inbox.
    pub ask: Option<Arc<dyn Ask>>,
}

impl std::fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RunOptions({:?}, gated: {})", self.on_review, self.gated)
    }
}

/// Why an action did not run, or what came of it.
#[derive(Debug, thiserror::Error)]
pub enum RunError<E> {
    /// The policy, a kill switch or a check stops it.
    #[error("the action is blocked: {}", because(.0))]
    Blocked(Box<Answer>),
    /// It waits for people, and the caller did not want to wait.
    #[error("the action waits for approval")]
    Pending(Box<Answer>),
    /// A person said no. It is not to be tried again.
    #[error("a person denied the action: {reason}")]
    Denied {
        /// The action.
        id: ActionId,
        /// Why, in their words.
        reason: String,
    },
    /// It was not approved in the end: nobody answered in time, or it was ended.
    #[error("the action was not approved: it is {status}")]
    NotApproved {
        /// The action.
        id: ActionId,
        /// What became of it.
        status: Status,
    },
    /// The policy does not permit what the caller asks for when an action has to wait.
    #[error("the policy does not permit {0:?} here; write on_review in the policy, or wait")]
    NotPermitted(OnReview),
    /// Its warrant could not be spent.
    #[error(transparent)]
    Redeem(#[from] RedeemError),
    /// Nothing could be recorded, so nothing may run.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// It ran and failed.
    #[error("the action failed: {0}")]
    Failed(E),
}

/// What stops an action, in words.
fn because(answer: &Answer) -> String {
    let stops = answer.findings.iter().filter(|finding| finding.verdict == Verdict::Block);
    stops.map(|finding| finding.reason.as_str()).collect::<Vec<_>>().join("; ")
}

/// The permission to run one action, not yet used.
///
/// There is one for an action and it cannot be copied; spending it consumes it.
#[derive(Debug)]
pub struct Warrant {
    guard: Guard,
    action: Action,
    /// None where shadow let it through without a record.
    id: Option<ActionId>,
    /// Whether what goes wrong on our side must not stop it.
    is_lenient: bool,
}

/// A spent warrant: its action runs now, and somebody has to say what came of it. Dropped before
/// that, the action counts as failed.
#[derive(Debug)]
pub struct Permit {
    guard: Guard,
    action: Action,
    id: Option<ActionId>,
}

impl Warrant {
    /// The action that it permits, frozen.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// Spends it, at the tip of the log. Dropped meanwhile, the action counts as failed.
    ///
    /// # Errors
    /// When a kill switch was tripped since, it has expired, or the log cannot be written.
    pub async fn redeem(self) -> Result<Permit, RedeemError> {
        Spending(Some(Box::pin(self.spend()))).await
    }

    async fn spend(self) -> Result<Permit, RedeemError> {
        let Self { guard, action, id, is_lenient } = self;
        let Some(id) = id else { return Ok(Permit { guard, action, id }) };
        let spent = match guard.log().action(id).map_err(GuardError::from) {
            Ok(Some(followed)) => guard.spend(&followed, None).await.map(drop),
            Ok(None) => Err(GuardError::Rejected(Rejection::UnknownAction(id)).into()),
            Err(error) => Err(error.into()),
        };
        match spent {
            Ok(()) => Ok(Permit { guard, action, id: Some(id) }),
            Err(_) if is_lenient => Ok(Permit { guard, action, id: None }),
            Err(error) => Err(error),
        }
    }
}

impl Permit {
    /// The action's id; none where shadow let it through without a record.
    #[must_use]
    pub fn id(&self) -> Option<ActionId> {
        self.id
    }

    /// The tool to call.
    #[must_use]
    pub fn tool(&self) -> &ToolName {
        &self.action.tool
    }

    /// The params to call it with: those that were decided on, and no others.
    #[must_use]
    pub fn params(&self) -> &Object {
        &self.action.params
    }

    /// Says what came of it.
    ///
    /// # Errors
    /// When that could not be recorded; it is then in doubt what came of the action.
    pub async fn conclude(mut self, outcome: Outcome, detail: &str) -> Result<(), GuardError> {
        match self.id.take() {
            Some(id) => self.guard.conclude(id, outcome, detail).await.map(drop),
            None => Ok(()),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            let detail = "it was abandoned while it ran, and may have had some of its effect";
            // Not let in, it never happened: then it is in doubt what came of it, and shown so.
            let _sent = self.guard.conclude_unawaited(id, Outcome::Failed, detail);
        }
    }
}

/// A warrant that is being spent.
///
/// Dropped before it heard whether it was, it goes on to hear it: who else would say of an action
/// whose warrant is spent that it did not run?
struct Spending(Option<Pin<Box<dyn Future<Output = Spent> + Send>>>);

type Spent = Result<Permit, RedeemError>;

impl Future for Spending {
    type Output = Spent;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Spent> {
        let Some(spending) = &mut self.0 else { return Poll::Pending };
        let spent = spending.as_mut().poll(context);
        if spent.is_ready() {
            self.0 = None;
        }
        spent
    }
}

impl Drop for Spending {
    fn drop(&mut self) {
        if let Some(spending) = self.0.take() {
            // As long as one commit takes. Without a thread it stays in doubt, and is shown so.
            let hears = std::thread::Builder::new().name("placet-abandoned".to_owned());
            drop(hears.spawn(move || {
                if let Ok(permit) = wait(spending) {
                    let detail = "it was abandoned before it ran";
                    drop(wait(permit.conclude(Outcome::Failed, detail)));
                }
            }));
        }
    }
}

/// What was asked for, and is taken back when nobody waits for it any more.
///
/// It knows the action before the log does. Dropped between the two, it sends the withdrawal after
/// the proposal, and the log takes them in that order; dropped before, it takes back what was never
/// asked for, which changes nothing.
struct Wanted<'a> {
    guard: &'a Guard,
    action: Option<ActionId>,
}

impl Wanted<'_> {
    /// What people put in the place of an action, and again in its place: only the last can be open.
    fn last(&self, mut action: ActionId) -> ActionId {
        while let Ok(Some(Followed { successor: Some(next), .. })) = self.guard.log().action(action)
        {
            action = next;
        }
        action
    }
}

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        if let Some(action) = self.action.take() {
            let approval = self.last(action).approval();
            // Where there is no room for it, the deadline ends the approval.
            let _sent = self.guard.send(Command::Withdraw { approval });
        }
    }
}

impl Guard {
    /// Runs an action: decides on it, waits for people where that is needed, spends its warrant,
    /// calls `run` with the frozen params, and reports what came of it, also when `run` panics or
    /// the whole is dropped.
    ///
    /// `run` is called once or not at all. Dropped at any moment before the action is approved, it
    /// is taken back.
    ///
    /// # Errors
    /// When it did not run, or failed; the error says which.
    pub async fn run<T, E, F>(
        &self,
        action: Action,
        options: &RunOptions,
        run: impl FnOnce(Running) -> F,
    ) -> Result<T, RunError<E>>
    where
        E: Display,
        F: Future<Output = Result<T, E>>,
    {
        let warrant = self.permission(action, options).await?;
        let permit = warrant.redeem().await?;
        let running = Running { tool: permit.tool().clone(), params: permit.params().clone() };
        match caught(AssertUnwindSafe(|| run(running))).await {
            Ok(Ok(value)) => {
                // What came of it is known to the caller. Not recorded, the log shows it in doubt.
                drop(permit.conclude(Outcome::Succeeded, "").await);
                Ok(value)
            }
            Ok(Err(error)) => {
                drop(permit.conclude(Outcome::Failed, &clipped(&error.to_string())).await);
                Err(RunError::Failed(error))
            }
            Err(panic) => {
                drop(permit.conclude(Outcome::Failed, "it panicked").await);
                resume_unwind(panic)
            }
        }
    }

    /// Runs an action that a person has to approve in any case, in any mode.
    ///
    /// # Errors
    /// When it did not run, or failed; the error says which.
    pub async fn gate<T, E, F>(
        &self,
        action: Action,
        run: impl FnOnce(Running) -> F,
    ) -> Result<T, RunError<E>>
    where
        E: Display,
        F: Future<Output = Result<T, E>>,
    {
        let options = RunOptions { gated: true, ..RunOptions::default() };
        self.run(action, &options, run).await
    }

    /// Decides on an action and waits for people where that is needed.
    ///
    /// # Errors
    /// When it may not run; the error says why.
    pub async fn permission<E>(
        &self,
        action: Action,
        options: &RunOptions,
    ) -> Result<Warrant, RunError<E>> {
        let treatment =
            if options.gated { Treatment::Gated } else { options.on_review.treatment() };
        if !treatment.is_permitted(self.policy().terms().laxest) {
            return Err(RunError::NotPermitted(options.on_review));
        }
        let mut wanted = Wanted { guard: self, action: None };
        let told = |id| wanted.action = Some(id);
        let answer = self.propose_by(Way::Await, &action, treatment, &[], told).await?;
        let is_shadow = answer.mode == Mode::Shadow && !action.enforce && !options.gated;
        let is_lenient = is_shadow || treatment == Treatment::Shadow;
        let warrant = |action, id| Warrant { guard: self.clone(), action, id, is_lenient };
        // Only what is waited for here is taken back. A repetition tells the id of the first time.
        let is_awaited =
            answer.verdict == Verdict::RequireApproval && options.on_review != OnReview::FailClosed;
        wanted.action = answer.id.filter(|_| is_awaited);
        match answer.verdict {
            Verdict::Allow => Ok(warrant(action, answer.id)),
            Verdict::Block => Err(RunError::Blocked(Box::new(answer))),
            Verdict::RequireApproval
                if options.on_review == OnReview::FailClosed && !answer.is_approved =>
            {
                Err(RunError::Pending(Box::new(answer)))
            }
            Verdict::RequireApproval => {
                let id = answer.id.ok_or(GuardError::Rejected(Rejection::StalePolicy))?;
                let (id, edited) = self.approved(id, options.ask.as_deref(), &mut wanted).await?;
                Ok(warrant(edited.unwrap_or(action), Some(id)))
            }
        }
    }

    /// Waits until a held action is approved, also when people put another in its place.
    async fn approved<E>(
        &self,
        mut id: ActionId,
        ask: Option<&dyn Ask>,
        wanted: &mut Wanted<'_>,
    ) -> Result<(ActionId, Option<Action>), RunError<E>> {
        let mut edited = None;
        loop {
            let found = self.settle(id, ask).await?;
            if found.successor.is_none() {
                wanted.action = None;
            }
            match (found.status, found.successor) {
                (Status::Approved | Status::Allowed, _) => return Ok((id, edited)),
                (Status::Superseded, Some(successor)) => {
                    id = successor;
                    let next = self.log().action(id).map_err(GuardError::from)?;
                    edited = next.and_then(|next| next.action());
                    if edited.is_none() {
                        return Err(GuardError::Erased.into());
                    }
                }
                (Status::Denied, _) => {
                    let reason = found.denial.unwrap_or_default();
                    return Err(RunError::Denied { id, reason });
                }
                (status, _) => return Err(RunError::NotApproved { id, status }),
            }
        }
    }

    /// Waits until an action is pending no more, asks somebody meanwhile where there is somebody to
    /// ask, and says what became of it.
    ///
    /// The wait takes no thread, and nothing is lost when it is dropped.
    ///
    /// # Errors
    /// When the log does not have the action, or cannot be read.
    pub async fn settle(
        &self,
        id: ActionId,
        ask: Option<&dyn Ask>,
    ) -> Result<Followed, GuardError> {
        let mut answered = std::pin::pin!(self.answered(id));
        let mut asked: Pin<Box<dyn Future<Output = ()> + Send + '_>> = match ask {
            Some(ask) => Box::pin(self.ask(id, ask)),
            None => Box::pin(std::future::pending()),
        };
        let mut is_asking = true;
        poll_fn(|context| {
            if let Poll::Ready(answered) = answered.as_mut().poll(context) {
                return Poll::Ready(answered);
            }
            if is_asking && asked.as_mut().poll(context).is_ready() {
                is_asking = false;
                return answered.as_mut().poll(context);
            }
            Poll::Pending
        })
        .await?;
        let found = self.log().action(id)?;
        found.ok_or(GuardError::Rejected(Rejection::UnknownAction(id)))
    }

    /// Asks somebody for an answer to a held action, and takes it in. What they answer wrongly is asked
    /// again. Returns when it is answered, by them or by anybody else, or when they do not answer.
    async fn ask(&self, id: ActionId, ask: &dyn Ask) {
        let mut problem = None;
        loop {
            let Ok(Some(pending)) = self.held(id.approval()) else { return };
            let Some((by, reply)) = ask.ask(&pending, problem.as_deref()).await else { return };
            match self.resolve(id.approval(), &by, reply).await {
                Ok(_) => return,
                Err(error) => problem = Some(error.to_string()),
            }
        }
    }
}

/// What is called: the tool and its frozen params.
///
/// Only the guard makes one, so that a function which asks for it cannot be called past the guard.
#[derive(Debug)]
pub struct Running {
    tool: ToolName,
    params: Object,
}

impl Running {
    /// The tool to call.
    #[must_use]
    pub fn tool(&self) -> &ToolName {
        &self.tool
    }

    /// The params to call it with: those that were decided on, and no others.
    #[must_use]
    pub fn params(&self) -> &Object {
        &self.params
    }
}

/// Longest error that is recorded of a failed action, in bytes.
const MAX_ERROR_BYTES: usize = 4096;

/// The beginning of a text.
fn clipped(text: &str) -> String {
    let mut end = text.len().min(MAX_ERROR_BYTES);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// Calls a function and awaits its future; what panics in either is handed back.
async fn caught<T, F: Future<Output = T>>(
    run: AssertUnwindSafe<impl FnOnce() -> F>,
) -> std::thread::Result<T> {
    let mut future = match catch_unwind(run) {
        Ok(future) => Box::pin(future),
        Err(panic) => return Err(panic),
    };
    poll_fn(move |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}
