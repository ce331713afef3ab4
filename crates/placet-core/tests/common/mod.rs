//! A small world to test in: a log in memory, builders with harmless defaults, and strategies that
//! draw from few names and few numbers, so that boundaries and collisions are hit often.
#![allow(dead_code, reason = "every test file uses another part of it")]

pub(crate) mod arbitrary;
pub(crate) mod build;

use placet_core::autonomy::Evidence;
use placet_core::command::Proposal;
use placet_core::event::{ActionPayload, Decided};
use placet_core::log::{Commitment, Salt};
use placet_core::{
    ActionId, ApprovalId, Assessment, AutonomyState, Command, Digest, Entry, Event, Fact, Json,
    Origin, Rejection, State, Terms, Timestamp, audit, handle,
};
use uuid::Uuid;

/// A log in memory with the state that it folds to. Every entry is audited before it is taken in.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) log: Vec<Entry>,
    ids: u128,
}

impl World {
    /// A log that starts with a policy, at time 0.
    pub(crate) fn with(terms: Terms) -> Self {
        let mut world = Self::default();
        world.install(terms, ms(0));
        world
    }

    pub(crate) fn install(&mut self, terms: Terms, now: Timestamp) {
        self.run(install(terms), now).expect("a policy can always be installed");
    }

    /// Judges a command and takes in what follows.
    pub(crate) fn run(
        &mut self,
        command: Command,
        now: Timestamp,
    ) -> Result<Vec<Entry>, Rejection> {
        let now = self.state.clock(now);
        let facts = handle(&self.state, command, now)?;
        Ok(self.take_facts(facts, None, now))
    }

    /// Takes in facts that were judged, on the word of somebody.
    pub(crate) fn take_facts(
        &mut self,
        facts: Vec<Fact>,
        origin: Option<Origin>,
        now: Timestamp,
    ) -> Vec<Entry> {
        let first = self.log.len();
        for fact in facts {
            let payload = fact.payload.map(|_| commitment());
            let (index, event) = (self.state.size(), fact.event);
            let entry = Entry { index, at: now, event, origin, payload };
            audit(&self.state, &entry, cited(&self.log, &entry))
                .expect("what handle wrote must pass the audit");
            self.state.apply(&entry);
            self.log.push(entry);
        }
        self.log[first..].to_vec()
    }

    /// Judges a command and takes in what follows without asking whether it could be there.
    pub(crate) fn run_unaudited(
        &mut self,
        command: Command,
        now: Timestamp,
    ) -> Result<Vec<Entry>, Rejection> {
        let facts = handle(&self.state, command, now)?;
        let first = self.log.len();
        for fact in facts {
            let (index, event) = (self.state.size(), fact.event);
            let entry = Entry { index, at: now, event, origin: None, payload: None };
            self.state.apply(&entry);
            self.log.push(entry);
        }
        Ok(self.log[first..].to_vec())
    }

    /// Takes in an event that nobody judged and that is not kept, to get to a state quickly.
    pub(crate) fn take_unrecorded(&mut self, event: Event, now: Timestamp) {
        let index = self.state.size();
        self.state.apply(&Entry { index, at: now, event, origin: None, payload: None });
    }

    /// Proposes an action under the policy that holds.
    pub(crate) fn propose(&mut self, of: Assessment, now: Timestamp) -> Decided {
        let policy = self.state.terms().policy;
        let command = self.proposal(Assessment { policy, ..of });
        decided(&self.run(command, now).expect("the proposal must be judged"))
    }

    /// Takes in an allowed action without auditing or keeping its entry, where there are many.
    pub(crate) fn propose_unrecorded(&mut self, of: Assessment, now: Timestamp) {
        let policy = self.state.terms().policy;
        let command = self.proposal(Assessment { policy, ..of });
        for fact in handle(&self.state, command, now).expect("judged") {
            let entry = Entry {
                index: self.state.size(),
                at: now,
                event: fact.event,
                origin: None,
                payload: fact.payload.map(|_| commitment()),
            };
            self.state.apply(&entry);
        }
    }

    /// Lets a class earn a state under [`build::graduation`].
    pub(crate) fn earn(&mut self, class: &str, state: AutonomyState, now: Timestamp) {
        let samples = match state {
            AutonomyState::Manual => return,
            AutonomyState::Supervised => 1,
            AutonomyState::Autonomous => 10,
        };
        let ordinary = build::evidence(class, "nightly", samples, 0);
        let hostile = Evidence { adversarial: true, ..ordinary.clone() };
        self.run(Command::Report(ordinary), now).expect("evidence");
        self.run(Command::Report(hostile), now).expect("evidence");
        // Refused where the class needs none.
        let _unneeded = self.run(build::ratify(class, "ana"), now).is_err();
    }

    /// A proposal with ids of its own.
    pub(crate) fn proposal(&mut self, assessment: Assessment) -> Command {
        self.ids += 1;
        proposal(self.ids, assessment)
    }
}

/// The entry that another one rests on.
pub(crate) fn cited<'a>(log: &'a [Entry], by: &Entry) -> Option<&'a Entry> {
    by.event.cites().and_then(|index| log.iter().find(|entry| entry.index == index))
}

/// The one decision in what a proposal led to.
pub(crate) fn decided(entries: &[Entry]) -> Decided {
    match entries {
        [Entry { event: Event::Decided(decided), .. }] => (**decided).clone(),
        other => panic!("not one decision: {other:?}"),
    }
}

pub(crate) fn proposal(id: u128, assessment: Assessment) -> Command {
    Command::Propose(Box::new(Proposal {
        id: ActionId::new(Uuid::from_u128(id)),
        assessment,
        payload: payload().into(),
    }))
}

pub(crate) fn approval_id(id: u128) -> ApprovalId {
    ActionId::new(Uuid::from_u128(id)).approval()
}

pub(crate) fn install(terms: Terms) -> Command {
    Command::InstallPolicy { terms: terms.into(), files: Vec::new(), by: None }
}

pub(crate) fn payload() -> ActionPayload {
    ActionPayload { digest: Digest::from_bytes([7; 32]), action: Json::Null, evidence: Json::Null }
}

pub(crate) fn commitment() -> Commitment {
    Commitment::of(&Salt::from_bytes([9; 32]), b"a payload")
}

pub(crate) fn ms(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

pub(crate) fn seconds(seconds: i64) -> Timestamp {
    ms(seconds * 1_000)
}
