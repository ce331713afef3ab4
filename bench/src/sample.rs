//! What is decided on: refunds, each class with a rule of its own, said in three languages.
//!
//! A rule is a comparison on the params, `amount > 500`, and applies to one class only. Every class
//! is a reversible write that has earned `supervised`, so a small refund runs the whole length of
//! the checks and is allowed, and a large one is held by its rule and its cap.

use anyhow::Result;
use placet::core::digest::Digest;
use placet::core::event::{AutonomyChanged, PolicyInstalled};
use placet::core::{Entry, Event, State};
use placet::{
    Action, AutonomyState, ClassName, Evidence, Json, LedgerKey, Policy, PolicyFile, SourceName,
    TenantId, Timestamp,
};

/// When everything happens.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000)
}

/// Above this amount a rule holds a refund.
pub(crate) const THRESHOLD: u32 = 500;

/// Up to this amount a class may act alone.
pub(crate) const AUTO_CAP: u32 = 100;

/// How many different actions are decided on in turn.
pub(crate) const ACTIONS: usize = 256;

pub(crate) fn class(number: usize) -> String {
    format!("refund_{number:05}")
}

/// A policy of so many classes, with a rule each.
pub(crate) fn policy(classes: usize) -> Vec<PolicyFile> {
    let mut toml = String::from(
        "version = 1\nmode = \"enforce\"\n[graduation.supervised]\npass_rate = 0.9\n\
         adversarial_pass_rate = 0.0\nmin_samples = 10\n",
    );
    for name in (0..classes).map(class) {
        toml += &format!(
            "[actions.{name}]\nrisk = \"reversible_write\"\nvalue = \"/amount\"\n\
             auto_cap = \"{AUTO_CAP}\"\nhard_cap = \"1000\"\nmax_state = \"supervised\"\n\
             params = {{ order = \"string\", amount = \"long\", currency = \"string\" }}\n"
        );
    }
    let file = |name: &str, text| PolicyFile { name: name.to_owned(), text };
    vec![file("policy.toml", toml), file("rules.cedar", cedar(classes))]
}

/// The rules in Cedar.
pub(crate) fn cedar(classes: usize) -> String {
    let rule = |name: String| {
        format!(
            "@verdict(\"require_approval\")\n@reason(\"a large refund\")\n\
             forbid(principal, action == Action::\"{name}\", resource)\n\
             when {{ context.params.amount > {THRESHOLD} }};\n"
        )
    };
    (0..classes).map(class).map(rule).collect()
}

/// The rules in Rego, in files that are not too long for its parser.
pub(crate) fn rego(classes: usize) -> Vec<String> {
    let rule = |name: String| {
        format!(
            "deny contains \"{name}: a large refund\" if {{\n  input.action == \"{name}\"\n  \
             input.params.amount > {THRESHOLD}\n}}\n"
        )
    };
    let names: Vec<_> = (0..classes).map(class).collect();
    let file = |names: &[String]| {
        let rules: String = names.iter().cloned().map(rule).collect();
        format!("package gate\n\n{rules}")
    };
    names.chunks(1_000).map(file).collect()
}

/// One refund.
#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(crate) class: String,
    pub(crate) order: String,
    pub(crate) amount: u32,
}

impl Refund {
    /// Different refunds, over classes in no order; `large` are one in eight of them.
    pub(crate) fn several(classes: usize, large: bool) -> Vec<Self> {
        let refund = |nth: usize| Self {
            // A prime step, so that neighbours in time are far apart in the policy.
            class: class((nth * 7_919) % classes),
            order: format!("o-{:06}", 100_000 + nth),
            amount: if large && nth.is_multiple_of(8) { 900 } else { 42 },
        };
        (0..ACTIONS).map(refund).collect()
    }

    pub(crate) fn is_large(&self) -> bool {
        self.amount > THRESHOLD
    }

    pub(crate) fn action(&self) -> Result<Action> {
        Ok(Action::from_json(Json::parse(self.text().as_bytes())?)?)
    }

    /// The action as JSON.
    pub(crate) fn text(&self) -> String {
        let Self { class, order, amount } = self;
        format!(
            r#"{{"tool": "{class}", "agent": "support-bot", "session": "s-4711", "user": "ada",
                "params": {{"order": "{order}", "amount": {amount}, "currency": "EUR"}},
                "reason": "The parcel arrived damaged, and the customer sent a photograph of it."}}"#
        )
    }
}

/// The actions of some refunds.
pub(crate) fn actions(refunds: &[Refund]) -> Result<Vec<Action>> {
    refunds.iter().map(Refund::action).collect()
}

/// A state in which the policy holds and every class is supervised.
pub(crate) fn state(policy: &Policy) -> State {
    let mut state = State::default();
    let installed = PolicyInstalled {
        policy: digest(policy),
        by: None,
        terms: Some(std::sync::Arc::clone(policy.terms())),
    };
    let earned = policy.terms().classes.keys().map(|class| {
        Event::AutonomyChanged(AutonomyChanged {
            of: LedgerKey { tenant: TenantId::default(), class: class.clone(), build: None },
            from: AutonomyState::Manual,
            to: AutonomyState::Supervised,
            missing: Vec::new(),
        })
    });
    let events = std::iter::once(Event::PolicyInstalled(installed)).chain(earned);
    for (index, event) in (0..).zip(events) {
        state.apply(&Entry { index, at: now(), event, origin: None, payload: None });
    }
    state
}

fn digest(policy: &Policy) -> Digest {
    policy.terms().policy
}

/// What makes a class supervised.
pub(crate) fn evidence(number: usize) -> Result<Evidence> {
    Ok(Evidence {
        tenant: TenantId::default(),
        class: ClassName::new(class(number))?,
        build: None,
        source: SourceName::new("evals")?,
        adversarial: false,
        passed: 20,
        failed: 0,
    })
}
