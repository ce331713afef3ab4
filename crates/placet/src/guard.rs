//! The guard: what software that acts on its own asks before it acts.

use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use placet_core::autonomy::Metrics;
use placet_core::event::{Event, Payload};
use placet_core::mode::Treatment;
use placet_core::{
    Action, ActionId, ApprovalId, Caller, Command, Digest, Mode, PersonId, Rejection, Scope,
    Verdict,
};
use placet_policy::Policy;
use placet_store::sequencer::{Repeated, wait};
use placet_store::{Committed, Environment, SubmitError, System};

use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::config::{Config, PolicySource, read_policy};
use crate::error::{GuardError, OpenError};
use crate::installed::{Replaced, install_if_changed};
use crate::log::{Log, Way};
use crate::notice::Notice;
use crate::password::Stretcher;
use crate::tail::Tail;

/// How often an action is assessed again when the policy changes under it.
pub(crate) const MAX_REASSESSMENTS: usize = 8;

/// Decides on actions and keeps the record of it.
///
/// A guard is cheap to clone, and all clones share one policy and one log. Its methods are async
/// and need no particular runtime. Each is safe to cancel: dropped before its command reaches the
/// log's sequencer nothing has happened, dropped after that the command takes effect all the same
/// and only its answer is lost. Synchronous code uses [`Guard::blocking`].
#[derive(Clone, Debug)]
pub struct Guard {
    shared: Arc<Shared>,
    caller: Option<Arc<Caller>>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) policy: ArcSwap<Policy>,
    /// Whoever puts another policy there holds it from its comparison with the log on, so that none
    /// takes the place of one that came after it.
    pub(crate) taking_over: Mutex<()>,
    replaced: Option<Replaced>,
    log: Log,
    stretcher: Stretcher,
}

impl Guard {
    /// Opens the log, reads the policy and, where it is another than the log's, installs it.
    ///
    /// Blocks while the log is read; a log of a million entries takes about a second.
    ///
    /// # Errors
    /// When the policy has errors, or the log is damaged, in use, or cannot be written.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        Self::open_in(config, Arc::new(System))
    }

    /// The same with a clock and a random source of one's own, as a test may want them.
    ///
    /// # Errors
    /// As there.
    pub fn open_in(config: Config, environment: Arc<dyn Environment>) -> Result<Self, OpenError> {
        let files = match config.policy {
            PolicySource::Log => None,
            PolicySource::Path(path) => Some(read_policy(&path)?),
            PolicySource::Files(files) => Some(files),
        };
        let policy = files.map(|files| Policy::load(&files)).transpose()?;
        let log = Log::open(&config.log, environment)?;
        let (before, installed_at) = {
            let state = log.state();
            (state.terms().policy, state.installed_at())
        };
        let policy = match policy {
            Some(policy) => {
                install_if_changed(&log, &policy).map_err(OpenError::Install)?;
                policy
            }
            None => log.policy()?,
        };
        let is_another = policy.terms().policy != before;
        let shared = Arc::new(Shared {
            policy: ArcSwap::from_pointee(policy),
            taking_over: Mutex::default(),
            replaced: installed_at
                .filter(|_| is_another)
                .map(|entry| Replaced { policy: before, installed_by_entry: entry }),
            log,
            stretcher: Stretcher::default(),
        });
        let guard = Self { shared, caller: None };
        if is_another {
            wait(guard.recheck_unasked());
        }
        Ok(guard)
    }

    /// The policy that the log held before this guard was opened, where the guard brought another one.
    #[must_use]
    pub fn replaced(&self) -> Option<&Replaced> {
        self.shared.replaced.as_ref()
    }

    /// The same guard, on the word of someone who showed an API key: what they may not do is
    /// refused, the log names their key, and a request that is repeated gets its answer again.
    #[must_use]
    pub fn with_caller(&self, caller: Caller) -> Self {
        Self { shared: Arc::clone(&self.shared), caller: Some(Arc::new(caller)) }
    }

    /// The same guard on nobody's word.
    pub(crate) fn without_caller(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), caller: None }
    }

    /// On whose word it acts.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        self.caller.as_deref()
    }

    /// The same guard for synchronous code.
    #[must_use]
    pub fn blocking(&self) -> Blocking<'_> {
        Blocking::new(self)
    }

    /// The policy that holds.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.shared.policy.load_full()
    }

    /// What all clones share.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The log, to look at.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.shared.log
    }

    /// Follows the log from an entry on, waiting for those still to come.
    #[must_use]
    pub fn tail(&self, from: u64) -> Tail {
        Tail::new(self.clone(), from)
    }

    /// Decides on an action without recording anything, and without permitting it: the answer is
    /// what [`Guard::propose`] would say now.
    #[must_use]
    pub fn evaluate(&self, action: &Action) -> Answer {
        self.judge(&self.know(action), None)
    }

    /// The same, where figures that the program keeps itself stand in for the evidence of the log.
    #[must_use]
    pub fn evaluate_by(&self, action: &Action, metrics: &Metrics) -> Answer {
        self.judge(&self.know(action), Some(metrics))
    }

    /// Decides on an action and makes the decision durable before it is answered.
    ///
    /// # Errors
    /// When it could not be recorded; then it is not permitted either. In shadow mode there is no
    /// such error: shadow never stops a caller, and the answer then has no place in the log.
    pub async fn propose(&self, action: &Action) -> Result<Answer, GuardError> {
        self.propose_by(Way::Await, action, Treatment::Binding, &[], |_| {}).await
    }

    /// The same, asking at this place for other treatment: stricter at will, laxer where the policy
    /// permits it by `on_review`.
    ///
    /// # Errors
    /// As [`Guard::propose`], and when the policy does not permit it.
    pub async fn propose_as(
        &self,
        action: &Action,
        treatment: Treatment,
    ) -> Result<Answer, GuardError> {
        self.propose_with(action, treatment, &[]).await
    }

    /// The same with what the program itself has to say of the call: whoever is asked is shown it as
    /// the gate's word, and not as the agent's.
    ///
    /// # Errors
    /// As [`Guard::propose_as`].
    pub async fn propose_with(
        &self,
        action: &Action,
        treatment: Treatment,
        notices: &[Notice],
    ) -> Result<Answer, GuardError> {
        self.check_permitted(treatment)?;
        self.propose_by(Way::Await, action, treatment, notices, |_| {}).await
    }

    pub(crate) fn check_permitted(&self, treatment: Treatment) -> Result<(), GuardError> {
        let is_permitted = treatment.is_permitted(self.policy().terms().laxest);
        if is_permitted { Ok(()) } else { Err(GuardError::NotPermitted(treatment)) }
    }

    /// The same, for a caller that may block or may not, and that asks for other treatment at this
    /// place. It is told the id that the action gets before anything is recorded.
    pub(crate) async fn propose_by(
        &self,
        way: Way,
        action: &Action,
        treatment: Treatment,
        notices: &[Notice],
        told: impl FnMut(ActionId),
    ) -> Result<Answer, GuardError> {
        let answer = self.record(way, action, treatment, notices, told).await;
        match answer {
            Err(error) if self.is_shadow(action, treatment) && !is_callers_fault(&error) => {
                let evaluated = self.evaluate(action);
                // Whatever would bind here does not, and nobody can be asked without a record.
                let real = evaluated.would_have.unwrap_or(evaluated.verdict);
                let would_have = (real != Verdict::Allow).then_some(real);
                Ok(Answer { verdict: Verdict::Allow, would_have, ..evaluated })
            }
            answer => answer,
        }
    }

    async fn record(
        &self,
        way: Way,
        action: &Action,
        treatment: Treatment,
        notices: &[Notice],
        mut told: impl FnMut(ActionId),
    ) -> Result<Answer, GuardError> {
        for _ in 0..MAX_REASSESSMENTS {
            // What is left to the log is only what takes the tip: the payload is sealed here.
            let (mut proposal, digest) = self.freeze(action, notices)?;
            proposal.assessment.treatment = treatment;
            told(proposal.id);
            match self.submit_by(way, Command::Propose(Box::new(proposal))).await {
                // Another policy was installed between assessing and judging.
                Err(GuardError::Rejected(Rejection::StalePolicy)) => self.follow_policy()?,
                committed => return decided(committed?, digest),
            }
        }
        Err(GuardError::Rejected(Rejection::StalePolicy))
    }

    /// Nothing that goes wrong on our side may stop a caller in shadow mode.
    fn is_shadow(&self, action: &Action, treatment: Treatment) -> bool {
        let policy = self.policy();
        let terms = policy.terms();
        let asked = treatment == Treatment::Shadow && treatment.is_permitted(terms.laxest);
        let is_gated = action.enforce || treatment == Treatment::Gated;
        (asked || terms.mode == Mode::Shadow) && !is_gated
    }

    /// Says no to a held action. It stays denied for the policy's cool-down.
    ///
    /// # Errors
    /// When the approval is not open any more, or the denial could not be recorded.
    pub async fn deny(
        &self,
        approval: ApprovalId,
        by: PersonId,
        reason: &str,
    ) -> Result<(), GuardError> {
        self.command(Command::Deny { approval, by, reason: reason.to_owned() }).await.map(drop)
    }

    /// Trips a kill switch: what it covers is stopped from the next decision on. Tripping a
    /// switch that is tripped already changes nothing and is no error.
    ///
    /// # Errors
    /// When it could not be recorded.
    pub async fn trip(
        &self,
        scope: Scope,
        reason: &str,
        by: Option<PersonId>,
    ) -> Result<Change, GuardError> {
        let reason = self.reason_without_secrets(reason);
        self.command(Command::Trip { scope, reason, by }).await
    }

    /// Resets a kill switch.
    ///
    /// # Errors
    /// When it is not tripped, or could not be recorded.
    pub async fn reset(
        &self,
        scope: Scope,
        reason: &str,
        by: Option<PersonId>,
    ) -> Result<Change, GuardError> {
        let reason = self.reason_without_secrets(reason);
        self.command(Command::Reset { scope, reason, by }).await
    }

    /// Erases what is kept beside an entry: params, reasons, names of people. The entry itself,
    /// its place and its proof stay. A key of a tenant may where the entry is about one of its actions.
    ///
    /// # Errors
    /// When there is no such entry, it cannot be erased, or it could not be recorded.
    pub async fn erase(
        &self,
        index: u64,
        reason: &str,
        by: Option<PersonId>,
    ) -> Result<Change, GuardError> {
        self.command(Command::Erase { index, reason: reason.to_owned(), by, of: None }).await
    }

    pub(crate) fn stretcher(&self) -> &Stretcher {
        &self.shared.stretcher
    }

    pub(crate) async fn command(&self, command: Command) -> Result<Change, GuardError> {
        Ok(Change::of(&self.submit(command).await?))
    }

    pub(crate) async fn submit(&self, command: Command) -> Result<Committed, GuardError> {
        self.submit_by(Way::Await, command).await
    }

    /// Sends a command whose answer nobody waits for.
    pub(crate) fn send(&self, command: Command) -> bool {
        self.log().send(command, self.caller.as_deref().cloned())
    }

    async fn submit_by(&self, way: Way, command: Command) -> Result<Committed, GuardError> {
        let caller = self.caller.as_deref().cloned();
        Ok(self.log().submit(way, command, caller).await?)
    }

    /// Carries out what was asked, keeps a snapshot and closes the log, if this is the last clone
    /// of the guard; says whether it was. Dropping the last clone does the same.
    ///
    /// Blocks until the log is closed.
    pub fn close(self) -> bool {
        match Arc::into_inner(self.shared) {
            Some(shared) => {
                shared.log.close();
                true
            }
            None => false,
        }
    }
}

/// Where a command's facts came to stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The index of the first entry that was added; none when nothing changed.
    pub log_index: Option<u64>,
}

impl Change {
    pub(crate) fn of(committed: &Committed) -> Self {
        Self { log_index: committed.entries.first().map(|entry| entry.index) }
    }
}

/// Whether the caller may not do this at all, or says two things under one name.
fn is_callers_fault(error: &GuardError) -> bool {
    use Rejection::{DeadKey, Forbidden, OtherRequest};
    matches!(error, GuardError::Rejected(DeadKey(_) | Forbidden(_) | OtherRequest))
}

/// The decision that a proposal led to; where it is a repetition, to the first.
fn decided(committed: Committed, digest: Digest) -> Result<Answer, GuardError> {
    let is_repeated = committed.repeated.is_some();
    let digest = match committed.repeated {
        None => Some(digest),
        // Under another policy the same action may be frozen in another way.
        Some(Repeated { payload: Some(Payload::Action(first)), .. }) => Some(first.digest),
        Some(_) => None,
    };
    let is_last = |event: &Event| matches!(event, Event::SignedOff(it) if it.expires.is_some());
    let is_approved = committed.entries.iter().any(|entry| is_last(&entry.event));
    committed
        .entries
        .into_iter()
        .find_map(|entry| match entry.event {
            Event::Decided(decided) => {
                let answer = Answer::recorded(digest, *decided, entry.index, entry.at);
                Some(Answer { is_approved, is_repeated, ..answer })
            }
            _ => None,
        })
        .ok_or(GuardError::Unrecorded(SubmitError::Closed))
}
