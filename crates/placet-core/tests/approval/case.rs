//! A desk at which held actions are answered, and the names that every file here uses.

pub(crate) use std::time::Duration;

pub(crate) use placet_core::approval::Statement;
pub(crate) use placet_core::command::{Conclusion, Edit, Redemption, SigningOff};
pub(crate) use placet_core::{
    ActionId, ApprovalId, ApprovalTerms, Approver, Assessment, AutonomyState, Command, Entry,
    Event, Mismatch, Outcome, PersonTag, Refusal, Rejection, RiskTier, Terms, Timestamp, Verdict,
};
pub(crate) use uuid::Uuid;

pub(crate) use crate::common::build::{
    call, class, deny, digest, graduation, reset, scope, tag, terms_of, trip,
};
pub(crate) use crate::common::{World, approval_id, ms, seconds};

/// What every person here writes: long enough for the default terms.
pub(crate) const WORDS: &str = "I read the order, the customer is right, pay back all of it.";

pub(crate) fn statement() -> Statement {
    [("verbatim_response", WORDS), ("responsible_owner", "finance")]
        .map(|(field, text)| (field.to_owned(), text.to_owned()))
        .into()
}

/// A person of no group, whose tag is made of their name.
pub(crate) fn person(name: &str) -> Approver {
    Approver { person: name.parse().unwrap(), tag: person_tag(name), groups: [].into() }
}

pub(crate) fn of_group(name: &str, groups: &[&str]) -> Approver {
    let groups = groups.iter().map(|group| group.parse().unwrap()).collect();
    Approver { groups, ..person(name) }
}

pub(crate) fn person_tag(name: &str) -> PersonTag {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
    PersonTag::from_bytes(bytes)
}

pub(crate) fn action(number: u128) -> ActionId {
    ActionId::new(Uuid::from_u128(number))
}

pub(crate) fn signing(approval: ApprovalId, by: Approver) -> SigningOff {
    SigningOff {
        approval,
        by,
        statement: statement(),
        digest: digest(7),
        fresh: None,
        standing: None,
    }
}

pub(crate) fn sign(approval: ApprovalId, name: &str) -> Command {
    Command::SignOff(Box::new(signing(approval, person(name))))
}

/// One class, `refund`, held on the given terms.
pub(crate) fn refunds(approval: ApprovalTerms) -> Terms {
    let mut refund = class("refund", RiskTier::ReversibleWrite);
    refund.approval = approval;
    terms_of([refund])
}

pub(crate) fn quorum(quorum: u8) -> ApprovalTerms {
    ApprovalTerms { quorum, ..ApprovalTerms::default() }
}

/// A world that holds refunds on the default terms.
pub(crate) fn desk() -> World {
    World::with(refunds(ApprovalTerms::default()))
}

/// A call to `refund` by ada, on behalf of uma, other than those of other numbers.
pub(crate) fn refund(number: u8) -> Assessment {
    let mut of = call("refund");
    of.subject.agent = Some("ada".parse().unwrap());
    of.tag = tag(number);
    of.user = Some(person_tag("uma"));
    of
}

impl World {
    /// Holds a refund, and gives its approval.
    pub(crate) fn hold(&mut self, number: u8, now: Timestamp) -> ApprovalId {
        self.propose(refund(number), now).approval.expect("it is held").id
    }

    /// Holds a refund that ben signs off on.
    pub(crate) fn grant(&mut self, number: u8, now: Timestamp) -> ActionId {
        let id = self.hold(number, now);
        self.run(sign(id, "ben"), now).expect("signed off");
        assert!(self.state.executions().grant(id.action()).is_some(), "one is enough");
        id.action()
    }

    /// The latest entry that decided on an action.
    pub(crate) fn decided_on(&self, of: ActionId) -> Entry {
        let is_it = |entry: &&Entry| matches!(&entry.event, Event::Decided(it) if it.id == of);
        self.log.iter().rev().find(is_it).expect("it was decided on").clone()
    }

    pub(crate) fn redemption(&self, action: ActionId) -> Redemption {
        Redemption { action, decided: self.decided_on(action), mismatch: None }
    }

    /// Redeems an action, and says why not where it is not.
    pub(crate) fn redeem(&mut self, action: ActionId, now: Timestamp) -> Result<(), Refusal> {
        let command = Command::Redeem(Box::new(self.redemption(action)));
        let [entry] = &self.run(command, now).expect("a redemption is judged")[..] else {
            panic!("a redemption is one entry")
        };
        match &entry.event {
            Event::Redeemed(_) => Ok(()),
            Event::RedemptionRefused(refused) => Err(refused.why.clone()),
            other => panic!("no answer to a redemption: {other:?}"),
        }
    }

    /// Says what came of an action, citing the entry that let it run.
    pub(crate) fn conclude(
        &mut self,
        action: ActionId,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<Vec<Entry>, Rejection> {
        let is_run =
            |entry: &&Entry| matches!(&entry.event, Event::Redeemed(it) if it.action == action);
        let run = self.log.iter().find(is_run).cloned();
        let of = run.unwrap_or_else(|| self.decided_on(action));
        let conclusion = Conclusion { action, of, outcome, detail: String::new() };
        self.run(Command::Conclude(Box::new(conclusion)), now)
    }

    /// An edit of a held action into another call, by somebody.
    pub(crate) fn edit(&mut self, approval: ApprovalId, by: &str, into: Assessment) -> Edit {
        let policy = self.state.terms().policy;
        let Command::Propose(proposal) = self.proposal(Assessment { policy, ..into }) else {
            panic!("a proposal is one")
        };
        let (by, statement, digest) = (person(by), statement(), digest(7));
        Edit { approval, by, statement, digest, proposal: *proposal }
    }
}

/// The words of the entries, for short.
pub(crate) fn kinds(entries: &[Entry]) -> Vec<&'static str> {
    entries.iter().map(|entry| entry.event.kind()).collect()
}
