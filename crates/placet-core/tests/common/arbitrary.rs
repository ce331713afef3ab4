//! Strategies for policies, actions and histories.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use placet_core::assessment::{InputFault, Inspected, Money, Subject, Value, ValueFault};
use placet_core::autonomy::{Evidence, Graduation, LedgerKey, Thresholds};
use placet_core::mode::Treatment;
use placet_core::terms::{Budget, Defaults, Per, Unclassified, WarrantTerms};
use placet_core::{
    ActionClass, Amount, ApprovalTerms, Assessment, AutonomyState, BuildId, ClassName, Command,
    Mode, RiskTier, Scope, TenantId, Terms, Verdict,
};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::build::{self, bucket, share, tag};
use super::{World, install, ms};

/// Classes that a policy may have; an action may name one that its policy lacks.
const CLASSES: [&str; 4] = ["lookup", "refund", "mail", "deploy"];

/// What happens next in a history, before it is known what there is to refer to.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Install(Box<Terms>),
    Propose {
        of: Box<Assessment>,
        is_stale: bool,
    },
    /// Denies one of the open approvals, if there is any.
    Deny(usize),
    Trip(Scope),
    Reset(Scope),
    Report(Evidence),
    Ratify(LedgerKey, &'static str),
    Erase(u64),
    Tick,
}

/// A step, and by how many milliseconds the clock moved before it; clocks also move back.
pub(crate) type Timed = (i64, Step);

pub(crate) fn history(length: usize) -> impl Strategy<Value = Vec<Timed>> {
    let first = terms().prop_map(|terms| (0, Step::Install(Box::new(terms))));
    (first, vec((jump(), step()), 0..length)).prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        rest
    })
}

impl World {
    /// Takes a step, and returns the command and the time of it if there was anything to do.
    pub(crate) fn command(&mut self, step: Step) -> Option<Command> {
        Some(match step {
            Step::Install(terms) => {
                let number = u8::try_from(self.log.len() % 250).unwrap_or_default() + 1;
                install(Terms { policy: build::digest(number), ..*terms })
            }
            Step::Propose { of, is_stale } => {
                let policy = if is_stale { build::digest(0) } else { self.state.terms().policy };
                self.proposal(Assessment { policy, ..*of })
            }
            Step::Deny(choice) => {
                let far = ms(i64::MAX);
                let open: Vec<_> = self.state.approvals().due(far).map(|(id, _)| id).collect();
                build::deny(*open.get(choice % open.len().max(1))?)
            }
            Step::Trip(scope) => Command::Trip { scope, reason: "an incident".into(), by: None },
            Step::Reset(scope) => Command::Reset { scope, reason: "over".into(), by: None },
            Step::Report(evidence) => Command::Report(evidence),
            Step::Ratify(of, by) => Command::Ratify { of, by: by.parse().expect("a person") },
            Step::Erase(index) => {
                Command::Erase { index, reason: "asked to".into(), by: None, of: None }
            }
            Step::Tick => Command::Tick,
        })
    }

    /// Plays a history; what is rejected changes nothing.
    pub(crate) fn play(&mut self, history: Vec<Timed>) {
        let mut now = 0;
        for (jump, step) in history {
            now += jump;
            if let Some(command) = self.command(step) {
                let _rejected = self.run(command, ms(now)).is_err();
            }
        }
    }
}

fn jump() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 0..100_i64,
        4 => 0..20_000_i64,
        2 => -10_000..0_i64,
        1 => 0..2_000_000_i64,
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => terms().prop_map(|terms| Step::Install(Box::new(terms))),
        16 => (assessment(), prop::bool::weighted(0.02))
            .prop_map(|(of, is_stale)| Step::Propose { of: Box::new(of), is_stale }),
        3 => any::<usize>().prop_map(Step::Deny),
        1 => scope().prop_map(Step::Trip),
        2 => scope().prop_map(Step::Reset),
        5 => evidence().prop_map(Step::Report),
        2 => (ledger(), select(&["ana", "ben", "cem"][..]))
            .prop_map(|(of, by)| Step::Ratify(of, by)),
        1 => (0..20_u64).prop_map(Step::Erase),
        1 => Just(Step::Tick),
    ]
}

pub(crate) fn terms() -> impl Strategy<Value = Terms> {
    let treatment = (
        select(&[Mode::Shadow, Mode::Sample, Mode::Enforce, Mode::Enforce][..]),
        select(&[0, 1, 5_000, 9_999, 10_000][..]),
        unclassified(),
        select(&[Defaults::Strict, Defaults::Strict, Defaults::Permissive][..]),
        verdict(),
        select(&[0, 1_000, 60_000, 3_600_000][..]),
        select(&[Treatment::Binding, Treatment::FailOpen, Treatment::Shadow][..]),
    );
    let budgets = (budget("b0"), budget("b1"), budget("b2"), 0..=3_usize);
    (treatment, vec(option::weighted(0.9, class()), 4), budgets, graduation()).prop_map(
        |(
            (mode, sample, unclassified, defaults, kill_switch, cool, laxest),
            classes,
            budgets,
            grades,
        )| {
            let (b0, b1, b2, count) = budgets;
            let named = CLASSES.iter().zip(classes).filter_map(|(name, class)| {
                let name: ClassName = name.parse().ok()?;
                Some((name.clone(), Arc::new(ActionClass { name, ..class? })))
            });
            Terms {
                policy: build::digest(1),
                mode,
                sample: share(sample),
                unclassified,
                defaults,
                kill_switch,
                cool_down: Duration::from_millis(cool),
                laxest,
                warrants: WarrantTerms::default(),
                classes: named.collect(),
                budgets: [b0, b1, b2].into_iter().take(count).collect(),
                graduation: grades,
            }
        },
    )
}

fn unclassified() -> impl Strategy<Value = Unclassified> {
    select(&[Unclassified::RequireApproval, Unclassified::Block, Unclassified::Inspect][..])
}

fn class() -> impl Strategy<Value = ActionClass> {
    let risks = [
        RiskTier::Read,
        RiskTier::ReversibleWrite,
        RiskTier::ReversibleWrite,
        RiskTier::Consequential,
    ];
    let caps = (option::of(0..=6_u8), option::of(0..=9_u8));
    (select(risks.to_vec()), caps, state(), approval_terms(), any::<bool>()).prop_map(
        |(risk, (auto_cap, hard_cap), max_state, approval, has_value)| ActionClass {
            value: has_value.then(|| "/amount".parse().expect("a pointer")),
            auto_cap: auto_cap.map(whole),
            hard_cap: hard_cap.map(whole),
            max_state,
            approval,
            ..build::class("any", risk)
        },
    )
}

fn approval_terms() -> impl Strategy<Value = ApprovalTerms> {
    (1..=3_u8, select(&[1_u64, 60, 900][..])).prop_map(|(quorum, deadline)| ApprovalTerms {
        quorum,
        deadline: Duration::from_secs(deadline),
        ..ApprovalTerms::default()
    })
}

fn state() -> impl Strategy<Value = AutonomyState> {
    use AutonomyState::{Autonomous, Manual, Supervised};
    select(&[Manual, Supervised, Autonomous, Autonomous, Autonomous][..])
}

fn budget(name: &'static str) -> impl Strategy<Value = Budget> {
    let windows = [1, 60, 119, 1_000, 10_000, 60_000, 900_007];
    let actions = option::of(btree_set(class_name(), 0..3));
    let per = select(&[Per::Tenant, Per::Agent, Per::Class][..]);
    let limits = (option::of(0..5_u64), option::of(0..15_u8));
    (actions, per, select(windows.to_vec()), limits, verdict()).prop_map(
        move |(actions, per, window, (count, value), over)| Budget {
            actions,
            count,
            value: value.map(whole),
            over,
            ..build::budget(name, per, Duration::from_millis(window))
        },
    )
}

/// What a switch or a budget may ask for.
fn verdict() -> impl Strategy<Value = Verdict> {
    select(&[Verdict::RequireApproval, Verdict::Block][..])
}

fn graduation() -> impl Strategy<Value = Graduation> {
    let sources = prop_oneof![
        3 => Just(BTreeSet::new()),
        1 => btree_set(source().prop_map(|name| name.parse().expect("a source")), 1..3),
    ];
    let thresholds = (option::weighted(0.9, thresholds()), option::weighted(0.9, thresholds()));
    (thresholds, 0..12_u64, sources, 1..=2_u8).prop_map(
        |((supervised, autonomous), window, sources, ratification_quorum)| Graduation {
            supervised,
            autonomous,
            window,
            sources,
            ratification_quorum,
        },
    )
}

fn thresholds() -> impl Strategy<Value = Thresholds> {
    let rates = [0, 0, 500_000, 750_000, 1_000_000];
    (select(rates.to_vec()), select(rates.to_vec()), 0..5_u64)
        .prop_map(|(pass, adversarial, samples)| build::thresholds(pass, adversarial, samples))
}

pub(crate) fn evidence() -> impl Strategy<Value = Evidence> {
    (ledger(), source(), any::<bool>(), 0..6_u64, prop_oneof![2 => Just(0), 1 => 0..3_u64])
        .prop_map(|(of, source, adversarial, passed, failed)| Evidence {
            tenant: of.tenant,
            class: of.class,
            build: of.build,
            source: source.parse().expect("a source"),
            adversarial,
            passed,
            failed,
        })
}

fn source() -> impl Strategy<Value = &'static str> {
    select(&["nightly", "monitor"][..])
}

fn ledger() -> impl Strategy<Value = LedgerKey> {
    (tenant(), class_name(), build_id()).prop_map(|(tenant, class, build)| LedgerKey {
        tenant,
        class,
        build,
    })
}

fn tenant() -> impl Strategy<Value = TenantId> {
    prop_oneof![6 => Just("default"), 1 => Just("acme")]
        .prop_map(|name| name.parse().expect("a tenant"))
}

fn class_name() -> impl Strategy<Value = ClassName> {
    select(&CLASSES[..]).prop_map(|name| name.parse().expect("a class"))
}

fn build_id() -> impl Strategy<Value = Option<BuildId>> {
    prop_oneof![6 => Just(None), 1 => Just(Some("v2".parse().expect("a build")))]
}

pub(crate) fn scope() -> impl Strategy<Value = Scope> {
    let scopes = [
        "all",
        "tenant:acme",
        "agent:ada",
        "tenant:acme/agent:ada",
        "tool:refund",
        "tool:refund_order",
        "tenant:default/tool:mail",
    ];
    select(scopes.to_vec()).prop_map(build::scope)
}

pub(crate) fn assessment() -> impl Strategy<Value = Assessment> {
    let agents = [None, Some("ada"), Some("bob")];
    let subject = (tenant(), select(agents.to_vec()), build_id(), any::<bool>());
    let class = option::weighted(0.85, class_name());
    let rules = vec(verdict().prop_map(build::rule), 0..2);
    let treatment = (select(&[0, 1, 4_999, 5_000, 9_999][..]), prop::bool::weighted(0.1), asked());
    (subject, class, 0..8_u8, value(), rarely(faults()), inspected(), rarely(rules), treatment)
        .prop_map(|(subject, class, number, value, faults, inspected, rules, treatment)| {
            let (tenant, agent, build, is_alias) = subject;
            let name = class.as_ref().map_or("mystery", ClassName::as_str);
            let tool = if is_alias { format!("{name}_order") } else { name.to_owned() };
            Assessment {
                policy: build::digest(1),
                subject: Subject {
                    tenant,
                    agent: agent.map(|name| name.parse().expect("an agent")),
                    build,
                    tool: tool.parse().expect("a tool"),
                },
                class,
                tag: tag(number % 4),
                alike: (number >= 4).then(|| tag(number % 3)),
                user: None,
                treatment: treatment.2,
                value,
                faults,
                inspected,
                rules,
                bucket: bucket(treatment.0),
                pins: Default::default(),
                enforce: treatment.1,
            }
        })
}

/// What the caller asks for; mostly nothing.
fn asked() -> impl Strategy<Value = Treatment> {
    prop_oneof![
        8 => Just(Treatment::Binding),
        1 => Just(Treatment::Gated),
        1 => Just(Treatment::Unasked),
        1 => Just(Treatment::Stopped),
        1 => Just(Treatment::FailOpen),
        1 => Just(Treatment::Shadow),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let faults = [
        ValueFault::NotANumber,
        ValueFault::Negative,
        ValueFault::OutOfRange,
        ValueFault::Disagrees,
        ValueFault::BadCurrency,
        ValueFault::OtherCurrency,
    ];
    prop_oneof![
        3 => Just(Value::Missing),
        1 => select(faults.to_vec()).prop_map(Value::Bad),
        12 => (money(), option::of(select(&["EUR", "USD"][..]))).prop_map(|(amount, currency)| {
            let currency = currency.map(|code| code.parse().expect("a currency"));
            Value::Is(Money { amount, currency })
        }),
    ]
}

fn money() -> impl Strategy<Value = Amount> {
    prop_oneof![
        20 => (0..=11_u8).prop_map(whole),
        1 => Just(Amount::MAX),
        1 => Just(build::amount("-1")),
        2 => Just(build::amount("3.000000000000000001")),
    ]
}

fn faults() -> impl Strategy<Value = Vec<InputFault>> {
    let faults = [InputFault::TooDeep, InputFault::TooLarge, InputFault::ParamType];
    vec(select(faults.to_vec()), 0..3)
}

fn inspected() -> impl Strategy<Value = Inspected> {
    (any::<bool>(), rarely(vec(Just("it deletes".to_owned()), 0..3)))
        .prop_map(|(proven_read, exceeds)| Inspected { proven_read, exceeds })
}

fn rarely<T: Clone + std::fmt::Debug>(
    some: impl Strategy<Value = Vec<T>>,
) -> impl Strategy<Value = Vec<T>> {
    prop_oneof![6 => Just(Vec::new()), 1 => some]
}

fn whole(number: u8) -> Amount {
    build::amount(&number.to_string())
}
