//! What tests of stores need: a clock that stands still, keys, and commands.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use placet_core::assessment::{Inspected, Subject, Value};
use placet_core::command::Proposal;
use placet_core::digest::Domain;
use placet_core::event::ActionPayload;
use placet_core::mode::{Bucket, Treatment};
use placet_core::terms::Unclassified;
use placet_core::{
    AgentId, Assessment, Command, Digest, Json, Scope, Target, TenantId, Terms, Timestamp, ToolName,
};

use crate::environment::Environment;
use crate::keys::Keys;

/// A clock that moves when it is told to, and bytes that count instead of being random.
#[derive(Debug)]
pub struct Bench {
    now: AtomicI64,
    filled: AtomicU64,
}

impl Bench {
    /// Starts at a fixed time. Different seeds give different bytes.
    #[must_use]
    pub fn new(seed: u64) -> Arc<Self> {
        let (now, filled) = (AtomicI64::new(1_700_000_000_000), AtomicU64::new(seed << 32));
        Arc::new(Self { now, filled })
    }

    /// Moves the clock.
    pub fn pass(&self, time: Duration) {
        let ms = i64::try_from(time.as_millis()).unwrap_or(0);
        self.now.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Environment for Bench {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
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
        subject: Subject {
            tenant: TenantId::default(),
            agent: Some(AgentId::new(format!("agent-{}", number % 5)).expect("a name")),
            build: None,
            tool: ToolName::new("issue_refund").expect("a name"),
        },
        class: None,
        tag: keys().pepper().tag(&digest),
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

/// Erases the payload of an entry.
#[must_use]
pub fn erase(index: u64) -> Command {
    Command::Erase { index, reason: "asked to".to_owned(), by: None }
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
