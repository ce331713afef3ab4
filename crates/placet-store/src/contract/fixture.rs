//! What tests of stores need: a clock that stands still, keys, and commands.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use placet_core::assessment::{Inspected, Subject, Value};
use placet_core::command::{Conclusion, Mismatch, Proposal, Redemption, SigningOff};
use placet_core::digest::Domain;
use placet_core::event::ActionPayload;
use placet_core::mode::{Bucket, Treatment};
use placet_core::terms::Unclassified;
use placet_core::{
    ActionId, AgentId, Approver, Assessment, Command, Digest, Entry, Json, Outcome, Scope, Target,
    TenantId, Terms, Timestamp, ToolName,
};

use crate::environment::Environment;
use crate::keys::Keys;
use crate::projection::Status;
use crate::sequencer::Sequencer;

/// A clock that moves when it is told to, and bytes that count instead of being random.
#[derive(Debug)]
pub struct Bench {
    now: AtomicI64,
    passed: AtomicI64,
    filled: AtomicU64,
}

impl Bench {
    /// Starts at a fixed time. Different seeds give different bytes.
    #[must_use]
    pub fn new(seed: u64) -> Arc<Self> {
        let (now, passed) = (AtomicI64::new(1_700_000_000_000), AtomicI64::new(0));
        Arc::new(Self { now, passed, filled: AtomicU64::new(seed << 32) })
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        let ms = i64::try_from(time.as_millis()).unwrap_or(0);
        self.passed.fetch_add(ms, Ordering::SeqCst);
        self.now.fetch_add(ms, Ordering::SeqCst);
    }

    /// Sets the clock forwards, or back, while no time passes.
    pub fn set(&self, by_ms: i64) {
        self.now.fetch_add(by_ms, Ordering::SeqCst);
    }
}

impl Environment for Bench {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.passed.load(Ordering::SeqCst)).unwrap_or(0))
    }

    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        let count = self.filled.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        for (byte, value) in bytes.iter_mut().zip(count.iter().cycle()) {
            *byte = *value;
        }
        Ok(())
    }
}

/// The same keys every time, so that several nodes and several starts share a log.
#[must_use]
pub fn keys() -> Keys {
    Keys::generate(Some("example.com/test"), &*Bench::new(7)).expect("the name is one")
}

/// Other keys under the same name.
#[must_use]
pub fn other_keys() -> Keys {
    Keys::generate(Some("example.com/test"), &*Bench::new(8)).expect("the name is one")
}

/// Trips a switch of its own for each number; one entry.
#[must_use]
pub fn trip(number: u64) -> Command {
    let target = Target::Tool(ToolName::new(format!("tool-{number}")).expect("a name"));
    let scope = Scope { tenant: None, target };
    Command::Trip { scope, reason: "a test".to_owned(), by: None }
}

/// Resets what [`trip`] trips; rejected if it is not tripped.
#[must_use]
pub fn reset(number: u64) -> Command {
    match trip(number) {
        Command::Trip { scope, reason, by } => Command::Reset { scope, reason, by },
        other => other,
    }
}

/// Proposes an action under the terms of no policy, which hold it for approval.
#[must_use]
pub fn propose(number: u64) -> Command {
    propose_under(&Terms::default(), number)
}

/// Proposes an action under some terms.
#[must_use]
pub fn propose_under(terms: &Terms, number: u64) -> Command {
    let action = format!(r#"{{"params":{{"secret":"private-{number}"}},"tool":"issue_refund"}}"#);
    let digest = Digest::of(Domain::Action, action.as_bytes());
    let assessment = Assessment {
        policy: terms.policy,
        pins: BTreeSet::new(),
        subject: Subject {
            tenant: TenantId::default(),
            agent: Some(AgentId::new(format!("agent-{}", number % 5)).expect("a name")),
            build: None,
            tool: ToolName::new("issue_refund").expect("a name"),
        },
        class: None,
        tag: keys().pepper().tag(&digest),
        alike: None,
        user: None,
        treatment: Treatment::Binding,
        value: Value::Missing,
        faults: Vec::new(),
        inspected: Inspected::default(),
        rules: Vec::new(),
        bucket: Bucket::from_hash(&[0; 32]),
        enforce: false,
    };
    let payload = ActionPayload {
        digest,
        action: Json::parse(action.as_bytes()).expect("it is JSON"),
        evidence: Json::Null,
    };
    Command::Propose(Box::new(Proposal {
        id: id("act", number).parse().expect("an id"),
        assessment,
        payload: payload.into(),
    }))
}

/// Denies what [`propose`] proposes.
#[must_use]
pub fn deny(number: u64) -> Command {
    Command::Deny {
        approval: id("apr", number).parse().expect("an id"),
        by: "ann".parse().expect("a name"),
        reason: format!("private-reason-{number}"),
    }
}

/// The action that [`propose`] proposes.
#[must_use]
pub fn action(number: u64) -> ActionId {
    id("act", number).parse().expect("an id")
}

/// Signs off on what [`propose`] proposes; one person is enough.
#[must_use]
pub fn sign(number: u64, name: &str) -> Command {
    let statement = [
        ("verbatim_response", "I looked at every part of it and it is what they asked for."),
        ("responsible_owner", "private-owner"),
    ];
    let person = name.parse().expect("a name");
    let tag = keys().pepper().person_tag(&person);
    Command::SignOff(Box::new(SigningOff {
        approval: action(number).approval(),
        by: Approver { person, tag, groups: [].into() },
        statement: statement.map(|(field, text)| (field.to_owned(), text.to_owned())).into(),
        digest: Digest::of(Domain::Action, &number.to_be_bytes()),
        fresh: None,
        standing: None,
    }))
}

/// Takes back what [`propose`] proposes.
#[must_use]
pub fn withdraw(number: u64) -> Command {
    Command::Withdraw { approval: action(number).approval() }
}

/// Redeems what [`propose`] proposes, shown for the same call or for another one.
#[must_use]
pub fn redeem(log: &Sequencer, number: u64, is_same_call: bool) -> Command {
    let (action, decided) = (action(number), entry(log, decided(log, number)));
    let mismatch = (!is_same_call).then_some(Mismatch::Call);
    Command::Redeem(Box::new(Redemption { action, decided, mismatch }))
}

/// Says what came of what [`propose`] proposes, once it was redeemed.
#[must_use]
pub fn conclude(log: &Sequencer, number: u64, outcome: Outcome) -> Command {
    let action = action(number);
    let mut reader = log.reader().expect("a reader");
    let steps = reader.view().expect("a view").steps_of(action, 100).expect("its steps");
    let redeemed = steps.iter().find(|step| step.status == Status::Redeemed);
    let of = entry(log, redeemed.map_or_else(|| decided(log, number), |step| step.entry));
    let detail = format!("private-report-{number}");
    Command::Conclude(Box::new(Conclusion { action, of, outcome, detail }))
}

fn decided(log: &Sequencer, number: u64) -> u64 {
    let mut reader = log.reader().expect("a reader");
    let row = reader.view().expect("a view").action(action(number)).expect("it can be read");
    row.expect("it was decided on").entry
}

fn entry(log: &Sequencer, index: u64) -> Entry {
    let mut reader = log.reader().expect("a reader");
    let stored = reader.view().expect("a view").entries(index, 1).expect("it can be read");
    stored.first().expect("it is there").decode().expect("it is one")
}

/// Erases the payload of an entry.
#[must_use]
pub fn erase(index: u64) -> Command {
    Command::Erase { index, reason: "asked to".to_owned(), by: None, of: None }
}

/// Installs a policy that blocks every tool it does not know, and knows none.
#[must_use]
pub fn install(number: u64) -> (Arc<Terms>, Command) {
    let policy = Digest::of(Domain::Policy, &number.to_be_bytes());
    let terms = Arc::new(Terms { policy, unclassified: Unclassified::Block, ..Terms::default() });
    let command = Command::InstallPolicy { terms: Arc::clone(&terms), files: Vec::new(), by: None };
    (terms, command)
}

/// The text of an id that is made of a number.
#[must_use]
pub fn id(kind: &str, number: u64) -> String {
    format!("{kind}_0198c2f4-0000-7000-8000-{number:012x}")
}
