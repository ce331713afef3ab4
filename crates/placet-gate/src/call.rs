//! A call on its way, and how far it got.

use placet::{ActionId, ApprovalId, Mode, Object, Status, Timestamp, ToolName, Verdict};

/// A call that was decided on.
#[derive(Clone)]
pub struct Call {
    /// The action's id; none where shadow let it through without a record.
    pub id: Option<ActionId>,
    /// The tool to call.
    pub tool: ToolName,
    /// The params to call it with: those that were proposed, or those that a person put in their
    /// place.
    pub params: Object,
    /// Whether a person put other params in the place of those that were proposed.
    pub is_edited: bool,
    /// What was decided.
    pub verdict: Verdict,
    /// What it would have been, where the mode changed it.
    pub would_have: Option<Verdict>,
    /// The policy's mode.
    pub mode: Mode,
    /// What speaks for the verdict, in words, the gravest only.
    pub reasons: Vec<String>,
    /// What it waits for, when it is held.
    pub approval: Option<Held>,
    /// Whether it may run, because it was allowed or people approved it.
    pub is_permitted: bool,
    /// Whether what goes wrong on our side must not stop it: shadow let it through.
    pub(crate) is_lenient: bool,
    /// What permits it at a daemon.
    pub(crate) warrant: Option<String>,
}

/// What a held call waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The approval.
    pub id: ApprovalId,
    /// When the answer is no, if nobody has answered.
    pub deadline: Timestamp,
    /// Where people answer it, where there is a console.
    pub url: Option<String>,
}

/// How far a call is that was held.
#[derive(Clone, Debug)]
pub enum Course {
    /// It still waits.
    Pending,
    /// It may run, as it says here.
    Permitted(Box<Call>),
    /// A person said no, and why. It is not to be tried again.
    Denied(String),
    /// It was not approved in the end, or it ran already.
    Over(Status),
}

impl Call {
    /// Whether it must not go on without its permission. What shadow let through goes on whatever
    /// happens.
    #[must_use]
    pub fn binds(&self) -> bool {
        !self.is_lenient
    }

    /// Why, as one sentence.
    #[must_use]
    pub fn because(&self) -> String {
        self.reasons.join("; ")
    }
}

/// A warrant is a secret of whoever carries it.
impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Call({:?}, {}, {:?})", self.id, self.tool, self.verdict)
    }
}
