//! Held actions, as commands see and answer them: the same at a log file and at a daemon.

use placet::{
    ActionId, ApprovalId, Approver, AutonomyState, ClassName, Digest, Finding, Json, Pending,
    PersonId, Reply, Resolution, RiskTier, Timestamp,
};
use placet_client::ClientError;
use placet_core::approval::{OpenApproval, OpenApprovals, Statement};
use placet_core::digest::Domain;
use placet_store::Reader as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::daemon::failure;
use super::{Change, Daemon, Look, standing};
use crate::failure::Failure;
use crate::log_file::{self, LogArgument};

/// Approvals that are asked for at a time.
const PAGE: usize = 100;

/// Most approvals that are looked at: nobody reads more, and the oldest come first.
const MAX_APPROVALS: usize = 10_000;

/// A held action, with the form for programs in which it was read.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    shown: Value,
    parts: Parts,
}

#[derive(Clone, Debug, Deserialize)]
struct Parts {
    decision: Decision,
    action: Option<Json>,
    evidence: Option<Json>,
    signed: Vec<PersonId>,
    identical: usize,
}

/// What was decided on it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Decision {
    pub(crate) id: ActionId,
    pub(crate) digest: Option<Digest>,
    pub(crate) class: Option<ClassName>,
    pub(crate) risk: Option<RiskTier>,
    pub(crate) autonomy: Option<AutonomyState>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) at: Timestamp,
    pub(crate) log_index: u64,
    pub(crate) replaces: Option<ActionId>,
    approval: Terms,
}

/// What it takes.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Terms {
    pub(crate) id: ApprovalId,
    pub(crate) deadline: Timestamp,
    pub(crate) quorum: u8,
    pub(crate) fields: Vec<String>,
    #[serde(default)]
    pub(crate) groups: Vec<String>,
    pub(crate) least_length: u16,
}

impl Held {
    /// As the engine has it.
    pub(super) fn of(pending: &Pending) -> Result<Self, Failure> {
        Self::read(serde_json::to_value(pending).map_err(Failure::unusable)?)
    }

    /// As it is on the wire.
    pub(crate) fn read(shown: Value) -> Result<Self, Failure> {
        let parts = Parts::deserialize(&shown).map_err(|error| {
            Failure::unusable(error)
                .context("a held action cannot be read; it may be of another version")
        })?;
        Ok(Self { shown, parts })
    }

    pub(crate) fn terms(&self) -> &Terms {
        &self.parts.decision.approval
    }

    pub(crate) fn decision(&self) -> &Decision {
        &self.parts.decision
    }

    /// The frozen action; none when it was erased.
    pub(crate) fn action(&self) -> Option<&Json> {
        self.parts.action.as_ref()
    }

    /// A field of the action that is a text.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.action()?.as_object()?.get(field)?.as_str()
    }

    /// What inspection saw.
    pub(crate) fn evidence(&self) -> Option<&Json> {
        self.parts.evidence.as_ref()
    }

    /// Who has signed off so far.
    pub(crate) fn signed(&self) -> &[PersonId] {
        &self.parts.signed
    }

    /// How many wait that ask for the same call.
    pub(crate) fn identical(&self) -> usize {
        self.parts.identical
    }

    /// Whether what is shown is what the decision, the sign-off and the warrant name. Nobody has to
    /// take the daemon's word for it.
    pub(crate) fn is_genuine(&self) -> bool {
        let digest = |action: &Json| Digest::of(Domain::Action, action.canonical().as_bytes());
        self.action().map(digest) == self.decision().digest
    }
}

impl Serialize for Held {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.shown.serialize(serializer)
    }
}

/// What an answer to a held action led to.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Resolved {
    pub(crate) outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
}

impl Resolved {
    /// The same from a log.
    pub(super) fn of(id: ApprovalId, resolution: Resolution) -> Result<Self, Failure> {
        if resolution == Resolution::Unknown {
            return Err(unknown(id));
        }
        let status = resolution.status().map(|status| status.as_str().to_owned());
        Ok(Self { outcome: resolution.as_str().to_owned(), status })
    }
}

#[derive(Deserialize)]
struct Approvals {
    approvals: Vec<Value>,
}

impl Look {
    /// The actions that wait for people.
    pub(crate) fn approvals(&self) -> Result<Vec<Held>, Failure> {
        match self {
            Self::Log(state, log) => {
                let mut open: Vec<_> = state.approvals().iter().map(|(_, open)| open).collect();
                open.sort_unstable_by_key(|open| open.decided);
                read(log, state.approvals(), open)
            }
            Self::Daemon(daemon) => daemon.approvals(),
        }
    }

    /// One of them.
    pub(crate) fn approval(&self, id: ApprovalId) -> Result<Held, Failure> {
        let held = match self {
            Self::Log(state, log) => {
                let open = state.approvals().open(id).into_iter().collect();
                read(log, state.approvals(), open)?.pop()
            }
            Self::Daemon(daemon) => daemon.approval(id)?,
        };
        held.ok_or_else(|| waits_no_more(id))
    }
}

/// What is said of an approval that nobody can answer.
pub(crate) fn waits_no_more(id: ApprovalId) -> Failure {
    Failure::found_because(format!("{id} does not wait for an answer"))
        .help(format!("see what became of it with placet log show --action {}", id.action()))
}

impl Change {
    /// A held action; none if it waits no more.
    pub(crate) fn approval(&self, id: ApprovalId) -> Result<Option<Held>, Failure> {
        match self {
            Self::Log(guard) => {
                let held = guard.held(id).map_err(log_file::rejected)?;
                held.as_ref().map(Held::of).transpose()
            }
            Self::Daemon(daemon) => daemon.approval(id),
        }
    }

    /// Answers a held action: at a log in the name of a person, at a daemon in that of the one whom
    /// the key speaks for.
    pub(crate) fn resolve(
        &self,
        id: ApprovalId,
        by: Option<PersonId>,
        reply: Reply,
    ) -> Result<Resolved, Failure> {
        match (self, by) {
            (Self::Log(guard), Some(person)) => {
                let groups = guard.people().get(&person).map(|known| known.groups.clone());
                let by = Approver { person, groups: groups.unwrap_or_default() };
                let resolution = guard.blocking().resolve(id, &by, reply);
                Resolved::of(id, resolution.map_err(log_file::rejected)?)
            }
            (Self::Log(_), None) => Err(Failure::usage("say who answers with --as")),
            (Self::Daemon(daemon), None) => daemon.resolve(id, &reply),
            (Self::Daemon(_), Some(_)) => {
                Err(Failure::usage("at a daemon the key says who answers; leave out --as"))
            }
        }
    }
}

impl Daemon {
    /// The actions that wait for people, the oldest first.
    pub(crate) fn approvals(&self) -> Result<Vec<Held>, Failure> {
        let mut held: Vec<Held> = Vec::new();
        loop {
            let after = held.last().map(|last| format!("&after={}", last.terms().id));
            let path = format!("/v1/approvals?limit={PAGE}{}", after.unwrap_or_default());
            let page: Approvals = self.0.get(&path).map_err(failure)?;
            let is_last = page.approvals.len() < PAGE;
            for shown in page.approvals {
                held.push(Held::read(shown)?);
            }
            if is_last || held.len() >= MAX_APPROVALS {
                return Ok(held);
            }
        }
    }

    /// One of them; none if it waits no more.
    pub(super) fn approval(&self, id: ApprovalId) -> Result<Option<Held>, Failure> {
        match self.0.get(&format!("/v1/approvals/{id}")) {
            Ok(shown) => Held::read(shown).map(Some),
            Err(ClientError::Refused(problem)) if problem.status == 404 => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }

    /// Answers one of them, in the name of the person whom the key speaks for.
    pub(crate) fn resolve(&self, id: ApprovalId, reply: &Reply) -> Result<Resolved, Failure> {
        let body = match reply {
            Reply::Approve { statement } => with(json!({ "approved": true }), statement),
            Reply::ApproveStanding { statement, reach } => {
                with(json!({ "approved": true, "standing": standing::reach(reach) }), statement)
            }
            Reply::Edit { params, statement } => {
                with(json!({ "approved": true, "params": params }), statement)
            }
            Reply::Deny { reason } => json!({ "approved": false, "reason": reason }),
        };
        let path = format!("/v1/approvals/{id}/resolve");
        let resolved: Resolved = self.0.post(&path, &body).map_err(unanswered)?;
        if resolved.outcome == Resolution::Unknown.as_str() {
            Err(unknown(id))
        } else {
            Ok(resolved)
        }
    }
}

fn unknown(id: ApprovalId) -> Failure {
    Failure::found_because(format!("there is no approval {id}"))
}

/// Why an answer was not taken in, in the words that a log file has for it.
fn unanswered(error: ClientError) -> Failure {
    match error {
        // That somebody else has to answer is an answer, too.
        ClientError::Refused(problem) if problem.status == 403 => {
            Failure::found(ClientError::Refused(problem))
        }
        // The field is in the words as well as in the pointer before them.
        ClientError::Refused(problem) if problem.detail.starts_with('/') => {
            let words = problem.detail.split_once(": ").map_or("", |(_, words)| words);
            Failure::found_because(words)
        }
        other => failure(other),
    }
}

/// Open approvals with their actions, as a log file has them.
fn read(
    log: &LogArgument,
    all: &OpenApprovals,
    open: Vec<&OpenApproval>,
) -> Result<Vec<Held>, Failure> {
    let mut reader = log.reader()?;
    let view = reader.view().map_err(Failure::unusable)?;
    let mut held = Vec::with_capacity(open.len());
    for open in open {
        held.extend(Pending::read(&*view, all, open).map_err(Failure::unusable)?);
    }
    held.iter().map(Held::of).collect()
}

/// An answer with what a person wrote: each field by its name.
fn with(mut body: Value, statement: &Statement) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.extend(statement.iter().map(|(field, text)| (field.clone(), json!(text))));
    }
    body
}
