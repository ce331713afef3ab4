//! Whose the entry is that is erased.
//!
//! Whoever runs the daemon may erase what is kept beside any entry. Whoever is in charge of a tenant may
//! where the entry is about an action of that tenant. Most such entries name the action alone, so the
//! erasure cites the entry that decided on it, which says whose it was; the sequencer looks both up when
//! the erasure is judged, and an auditor when it is judged again.

use serde::{Deserialize, Serialize};

use crate::event::{Entry, Erased, Event};
use crate::name::TenantId;

/// Whose an entry is that was erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasedOf {
    /// The tenant.
    pub tenant: TenantId,
    /// The entry that decided on the action that the erased one is about.
    pub decided: u64,
}

impl ErasedOf {
    /// Whose an entry is, as the entry says that decided on the action it is about. None when it is
    /// about no action, or the other entry decided on none or on another.
    #[must_use]
    pub fn new(erased: &Entry, decided: &Entry) -> Option<Self> {
        let Event::Decided(decision) = &decided.event else { return None };
        let is_about = erased.event.action() == Some(decision.id);
        let tenant = decision.assessment.subject.tenant.clone();
        is_about.then_some(Self { tenant, decided: decided.index })
    }
}

impl Erased {
    /// Whether the earlier entries that it rests on say the same of whose the erased one is. Without
    /// such a claim there is nothing to look at.
    #[must_use]
    pub fn holds(&self, look: impl Fn(u64) -> Option<Entry>) -> bool {
        let Some(of) = &self.of else { return true };
        let found = look(self.index).zip(look(of.decided));
        found.and_then(|(erased, decided)| ErasedOf::new(&erased, &decided)).as_ref() == Some(of)
    }
}
