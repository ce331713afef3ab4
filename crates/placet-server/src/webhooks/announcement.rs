//! What is announced, and in which words.

use placet::{AgentId, ApprovalId, Event, Followed, RiskTier, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
pub enum Kind {
    /// An action waits for people.
    #[serde(rename = "approval.opened")]
    Opened,
    /// It waits no more.
    #[serde(rename = "approval.resolved")]
    Resolved,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "approval.opened",
            Self::Resolved => "approval.resolved",
        }
    }
}

/// What an event of the log is announced as, if at all.
pub(super) fn kind(event: &Event) -> Option<(Kind, ApprovalId)> {
    Some(match event {
        Event::Decided(decided) => (Kind::Opened, decided.approval.as_ref()?.id),
        // One of several people who must sign off leaves it waiting.
        Event::SignedOff(signed) => {
            signed.expires?;
            (Kind::Resolved, signed.approval)
        }
        Event::Denied(denied) => (Kind::Resolved, denied.approval),
        Event::Withdrawn(withdrawn) => (Kind::Resolved, withdrawn.approval),
        Event::Superseded(superseded) => (Kind::Resolved, superseded.approval),
        Event::Voided(voided) => (Kind::Resolved, voided.action.approval()),
        Event::Expired(expired) => (Kind::Resolved, expired.action.approval()),
        _ => return None,
    })
}

/// One message, the same for all who get it and however often it is sent.
#[derive(Debug)]
pub(super) struct Announcement {
    pub(super) kind: Kind,
    pub(super) approval: ApprovalId,
    /// Whose action it is about.
    pub(super) tenant: TenantId,
    /// By which a receiver knows it when it comes again.
    pub(super) id: String,
    pub(super) body: String,
}

impl Announcement {
    /// Which action it is about, and where people answer it. Nothing of its params, of what the agent
    /// claims, or of whom it acts for.
    pub(super) fn new(
        kind: Kind,
        approval: ApprovalId,
        of: &Followed,
        console: Option<&str>,
    ) -> Self {
        let (answer, subject) = (&of.answer, &of.subject);
        let action = approval.action();
        let terms = answer.approval.as_ref();
        let word = match kind {
            Kind::Opened => "opened",
            Kind::Resolved => "resolved",
        };
        let at = match kind {
            Kind::Opened => answer.at,
            Kind::Resolved => of.steps.first().map(|step| step.at),
        };
        let mut data = json!({
            "approval": approval,
            "action": action,
            "tool": subject.tool,
            "class": answer.class,
            "risk": answer.risk.map(RiskTier::as_str),
            "agent": subject.agent.as_ref().map(AgentId::as_str),
            "tenant": subject.tenant,
            "digest": answer.digest,
            "deadline": terms.map(|terms| terms.deadline),
            "quorum": terms.map(|terms| terms.quorum),
            "url": format!("{}/console/actions/{action}", console.unwrap_or_default()),
        });
        if let (Kind::Resolved, Some(data)) = (kind, data.as_object_mut()) {
            data.insert("status".to_owned(), json!(of.status.as_str()));
        }
        let at = at.unwrap_or(Timestamp::from_millis(0));
        let body = json!({ "type": kind.as_str(), "timestamp": at, "data": data }).to_string();
        let (id, tenant) = (format!("{approval}_{word}"), subject.tenant.clone());
        Self { kind, approval, tenant, id, body }
    }
}
