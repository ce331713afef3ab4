//! Builders: what a test does not mention is harmless.

use std::sync::Arc;
use std::time::Duration;

use placet_core::assessment::{Inspected, Money, RuleHit, Subject, Value};
use placet_core::autonomy::{Evidence, Graduation, LedgerKey, Rate, Thresholds};
use placet_core::mode::Treatment;
use placet_core::mode::{Bucket, Share};
use placet_core::terms::{Budget, Defaults, Per, Unclassified, WarrantTerms};
use placet_core::{
    ActionClass, ActionTag, Amount, ApprovalTerms, Assessment, AutonomyState, Command, Digest,
    Mode, RiskTier, Scope, TenantId, Terms, Verdict,
};

pub(crate) fn digest(number: u8) -> Digest {
    Digest::from_bytes([number; 32])
}

pub(crate) fn tag(number: u8) -> ActionTag {
    ActionTag::from_bytes([number; 32])
}

pub(crate) fn amount(text: &str) -> Amount {
    text.parse().expect("an amount")
}

pub(crate) fn money(text: &str) -> Value {
    match text.split_once(' ') {
        None => Value::Is(Money { amount: amount(text), currency: None }),
        Some((sum, of)) => {
            let currency = Some(of.parse().expect("a currency"));
            Value::Is(Money { amount: amount(sum), currency })
        }
    }
}

/// The bucket with this number: the first hash that falls into it.
pub(crate) fn bucket(number: u16) -> Bucket {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&u64::from(number).to_be_bytes());
    Bucket::from_hash(&hash)
}

pub(crate) fn share(parts: u16) -> Share {
    Share::of_ten_thousand(parts).expect("a share")
}

/// Enforce, strict, and no class at all.
pub(crate) fn terms() -> Terms {
    Terms {
        policy: digest(1),
        mode: Mode::Enforce,
        sample: Share::NONE,
        unclassified: Unclassified::RequireApproval,
        defaults: Defaults::Strict,
        kill_switch: Verdict::Block,
        cool_down: Duration::from_secs(60),
        laxest: Treatment::Binding,
        warrants: WarrantTerms::default(),
        classes: Default::default(),
        budgets: Vec::new(),
        graduation: Graduation::default(),
    }
}

pub(crate) fn terms_of(classes: impl IntoIterator<Item = ActionClass>) -> Terms {
    let classes = classes.into_iter().map(|class| (class.name.clone(), Arc::new(class)));
    Terms { classes: classes.collect(), ..terms() }
}

/// A class without caps that may earn everything.
pub(crate) fn class(name: &str, risk: RiskTier) -> ActionClass {
    ActionClass {
        name: name.parse().expect("a class"),
        risk,
        value: None,
        currency: None,
        currencies: Vec::new(),
        auto_cap: None,
        hard_cap: None,
        max_state: AutonomyState::Autonomous,
        approval: ApprovalTerms::default(),
        secret: Vec::new(),
    }
}

/// An action of the tool and class `name`, by nobody in particular.
pub(crate) fn call(name: &str) -> Assessment {
    Assessment {
        policy: digest(1),
        subject: Subject {
            tenant: TenantId::default(),
            agent: None,
            build: None,
            tool: name.parse().expect("a tool"),
        },
        class: Some(name.parse().expect("a class")),
        tag: tag(0),
        alike: None,
        user: None,
        treatment: Treatment::Binding,
        value: Value::Missing,
        faults: Vec::new(),
        inspected: Inspected::default(),
        rules: Vec::new(),
        bucket: bucket(0),
        pins: Default::default(),
        enforce: false,
    }
}

pub(crate) fn rule(verdict: Verdict) -> RuleHit {
    RuleHit { rule: "office-hours".into(), verdict, reason: "the office is closed".into() }
}

/// A budget over everything, without a limit yet.
pub(crate) fn budget(name: &str, per: Per, window: Duration) -> Budget {
    Budget {
        name: name.parse().expect("a budget"),
        actions: None,
        per,
        window,
        count: None,
        value: None,
        over: Verdict::RequireApproval,
    }
}

pub(crate) fn rate(millionths: u32) -> Rate {
    Rate::of_million(millionths).expect("a rate")
}

pub(crate) fn thresholds(pass: u32, adversarial: u32, min_samples: u64) -> Thresholds {
    Thresholds { pass_rate: rate(pass), adversarial_pass_rate: rate(adversarial), min_samples }
}

pub(crate) fn evidence(class: &str, source: &str, passed: u64, failed: u64) -> Evidence {
    Evidence {
        tenant: TenantId::default(),
        class: class.parse().expect("a class"),
        build: None,
        source: source.parse().expect("a source"),
        adversarial: false,
        passed,
        failed,
    }
}

pub(crate) fn ledger(class: &str) -> LedgerKey {
    LedgerKey { tenant: TenantId::default(), class: class.parse().expect("a class"), build: None }
}

pub(crate) fn ratify(class: &str, by: &str) -> Command {
    Command::Ratify { of: ledger(class), by: by.parse().expect("a person") }
}

pub(crate) fn trip(scope: &str) -> Command {
    Command::Trip { scope: self::scope(scope), reason: "an incident".into(), by: None }
}

pub(crate) fn reset(scope: &str) -> Command {
    Command::Reset { scope: self::scope(scope), reason: "all is well".into(), by: None }
}

pub(crate) fn scope(text: &str) -> Scope {
    text.parse().expect("a scope")
}

pub(crate) fn deny(approval: placet_core::ApprovalId) -> Command {
    let by = "petra".parse().expect("a person");
    Command::Deny { approval, by, reason: "not today".into() }
}

/// One sample is enough for `Supervised`, ten are for `Autonomous`; all must pass.
pub(crate) fn graduation() -> Graduation {
    Graduation {
        supervised: Some(thresholds(1_000_000, 0, 1)),
        autonomous: Some(thresholds(1_000_000, 0, 10)),
        ..Graduation::default()
    }
}
