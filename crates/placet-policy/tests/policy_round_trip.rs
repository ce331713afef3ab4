//! Random policies, written out as TOML and read back; and random damage, which must not be fatal.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use placet_core::autonomy::{Graduation, Rate, Thresholds};
use placet_core::class::{ActionClass, ApprovalTerms, AutonomyState, RiskTier};
use placet_core::digest::{Digest, Domain};
use placet_core::mode::{Mode, Share, Treatment};
use placet_core::terms::{Budget, Defaults, Per, Unclassified, WarrantTerms};
use placet_core::time::human_duration;
use placet_core::{BudgetName, ClassName, SourceName, Terms, Verdict};
use placet_policy::file;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn digest() -> Digest {
    Digest::of(Domain::Policy, b"random")
}

fn seconds(most: u64) -> impl Strategy<Value = Duration> {
    (1..=most).prop_map(Duration::from_secs)
}

fn approval() -> impl Strategy<Value = ApprovalTerms> {
    let fields = prop::collection::btree_set("[a-z]{3,8}", 0..3);
    let groups = prop::collection::btree_set("[a-zé \"\\\\]{1,8}", 0..3);
    (1_u8..=100, groups, seconds(31 * 86_400), fields, 0_u16..=1_000).prop_map(
        |(quorum, groups, deadline, fields, least_length)| ApprovalTerms {
            quorum,
            groups: groups.into_iter().collect(),
            deadline,
            fields: fields.into_iter().filter(|field| field != "params").collect(),
            least_length,
        },
    )
}

/// A class without what would be refused: its name is given later.
fn class() -> impl Strategy<Value = ActionClass> {
    let risk = select(vec![RiskTier::Read, RiskTier::ReversibleWrite, RiskTier::Consequential]);
    let max_state =
        select(vec![AutonomyState::Manual, AutonomyState::Supervised, AutonomyState::Autonomous]);
    let value =
        of((select(vec!["/amount", "/a~1b/0"]), of(select(vec!["/currency"])), any::<bool>()));
    let caps = (of((0_u64..1_000, 0_u32..100)), of((1_000_u64..2_000, 0_u32..100)));
    (risk, max_state, value, caps, approval(), any::<bool>()).prop_map(
        |(risk, max_state, value, (auto, hard), approval, secret)| {
            let cap =
                |cap: Option<(u64, u32)>| cap.map(|(a, b)| format!("{a}.{b:02}").parse().unwrap());
            let capped = risk != RiskTier::Read;
            let (value, currency, listed) =
                value.map_or((None, None, false), |(v, c, l)| (Some(v), c, l));
            ActionClass {
                name: ClassName::new("unnamed").unwrap(),
                risk,
                value: value.map(|value| value.parse().unwrap()),
                currency: currency.map(|currency| currency.parse().unwrap()),
                currencies: if listed && currency.is_some() {
                    vec!["EUR".parse().unwrap()]
                } else {
                    Vec::new()
                },
                auto_cap: cap(auto).filter(|_| capped && max_state != AutonomyState::Manual),
                hard_cap: cap(hard).filter(|_| capped),
                max_state,
                approval,
                secret: if secret { vec!["/card/number".parse().unwrap()] } else { Vec::new() },
            }
        },
    )
}

/// Classes under names of one length, so that none looks like another.
fn classes() -> impl Strategy<Value = BTreeMap<ClassName, Arc<ActionClass>>> {
    prop::collection::btree_map("[a-e]{4}\\*?", class(), 0..6).prop_map(|classes| {
        let mut seen = BTreeSet::new();
        let named = classes
            .into_iter()
            .filter(|(name, _)| seen.insert(name.trim_end_matches('*').to_owned()));
        named
            .map(|(name, class)| {
                let name = ClassName::new(name).unwrap();
                (name.clone(), Arc::new(ActionClass { name, ..class }))
            })
            .collect()
    })
}

fn graduation() -> impl Strategy<Value = Graduation> {
    let rate = |parts: u32| Rate::of_million(parts).unwrap();
    let steps = (0_u32..=1_000_000, 0_u32..=1_000_000, 1_u64..=500).prop_map(
        move |(pass, adversarial, min_samples)| Thresholds {
            pass_rate: rate(pass),
            adversarial_pass_rate: rate(adversarial),
            min_samples,
        },
    );
    let sources = prop::collection::btree_set("[a-z-]{1,9}", 0..3);
    (of((steps.clone(), of(steps))), 500_u64..=10_000, sources, 1_u8..=100).prop_map(
        |(steps, window, sources, ratification_quorum)| {
            let (supervised, autonomous) = match steps {
                None => (None, None),
                Some((one, None)) => (Some(one), None),
                Some((one, Some(two))) => {
                    let pick = |high: bool| Thresholds {
                        pass_rate: pick(high, one.pass_rate, two.pass_rate),
                        adversarial_pass_rate: pick(
                            high,
                            one.adversarial_pass_rate,
                            two.adversarial_pass_rate,
                        ),
                        min_samples: pick(high, one.min_samples, two.min_samples),
                    };
                    (Some(pick(false)), Some(pick(true)))
                }
            };
            let sources =
                sources.into_iter().map(|source| SourceName::new(source).unwrap()).collect();
            Graduation { supervised, autonomous, window, sources, ratification_quorum }
        },
    )
}

fn pick<T: Ord>(high: bool, one: T, two: T) -> T {
    if high { one.max(two) } else { one.min(two) }
}

fn budget(classes: Vec<ClassName>) -> impl Strategy<Value = Budget> {
    let actions = of(prop::collection::vec(any::<prop::sample::Index>(), 1..4));
    let per = select(vec![Per::Tenant, Per::Agent, Per::Class]);
    let over = select(vec![Verdict::RequireApproval, Verdict::Block]);
    let limits = (of(1_u64..1_000_000), of(0_u64..1_000_000));
    (actions, per, seconds(366 * 86_400), limits, over).prop_map(
        move |(actions, per, window, (count, value), over)| Budget {
            name: BudgetName::new("unnamed").unwrap(),
            actions: actions
                .filter(|_| !classes.is_empty())
                .map(|actions| actions.iter().map(|index| index.get(&classes).clone()).collect()),
            per,
            window,
            count: count.or(value.is_none().then_some(7)),
            value: value.map(|value| value.to_string().parse().unwrap()),
            over,
        },
    )
}

fn terms() -> impl Strategy<Value = Terms> {
    let mode = select(vec![Mode::Shadow, Mode::Sample, Mode::Enforce]);
    let unclassified =
        select(vec![Unclassified::RequireApproval, Unclassified::Block, Unclassified::Inspect]);
    let defaults = select(vec![Defaults::Strict, Defaults::Permissive]);
    let kill_switch = select(vec![Verdict::RequireApproval, Verdict::Block]);
    let laxest = select(vec![Treatment::Binding, Treatment::FailOpen, Treatment::Shadow]);
    let warrants = (1_u64..=3_600, 1_u64..=7 * 86_400, laxest);
    let top =
        (mode, 0_u16..=10_000, unclassified, defaults, kill_switch, seconds(31 * 86_400), warrants);
    let classes = classes().prop_flat_map(|classes| {
        let names: Vec<_> = classes.keys().cloned().collect();
        (Just(classes), prop::collection::vec(budget(names), 0..4))
    });
    (top, classes, graduation()).prop_map(
        |(
            (
                mode,
                sample,
                unclassified,
                defaults,
                kill_switch,
                cool_down,
                (lifetime, outcome, laxest),
            ),
            (classes, budgets),
            graduation,
        )| {
            let named = budgets.into_iter().enumerate().map(|(index, budget)| Budget {
                name: BudgetName::new(format!("budget \"{index}\"")).unwrap(),
                ..budget
            });
            Terms {
                policy: digest(),
                mode,
                sample: Share::of_ten_thousand(sample).unwrap(),
                unclassified,
                defaults,
                kill_switch,
                cool_down,
                laxest,
                warrants: WarrantTerms {
                    lifetime: Duration::from_secs(lifetime),
                    outcome: Duration::from_secs(outcome),
                },
                classes: classes.into_iter().collect(),
                budgets: named.collect(),
                graduation,
            }
        },
    )
}

/// Strings and lists of strings are the same in JSON and in TOML.
fn json(value: impl serde::Serialize) -> String {
    serde_json::to_string(&value).unwrap()
}

fn texts<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    json(items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>())
}

fn written(terms: &Terms) -> String {
    let mut text = String::from("version = 1\n");
    let parts = u16::from(terms.sample);
    writeln!(text, "mode = {}", json(terms.mode)).unwrap();
    writeln!(text, "sample = {}.{:04}", parts / 10_000, parts % 10_000).unwrap();
    writeln!(text, "unclassified = {}", json(terms.unclassified)).unwrap();
    writeln!(text, "defaults = {}", json(terms.defaults)).unwrap();
    writeln!(text, "kill_switch = {}", json(terms.kill_switch)).unwrap();
    writeln!(text, "cool_down = {:?}", human_duration(terms.cool_down)).unwrap();
    writeln!(text, "warrant_lifetime = {:?}", human_duration(terms.warrants.lifetime)).unwrap();
    writeln!(text, "outcome_within = {:?}", human_duration(terms.warrants.outcome)).unwrap();
    writeln!(text, "on_review = {}", json(terms.laxest)).unwrap();
    terms.budgets.iter().for_each(|budget| write_budget(&mut text, budget));
    terms.classes.values().for_each(|class| write_class(&mut text, class));
    write_graduation(&mut text, &terms.graduation);
    text
}

fn write_class(text: &mut String, class: &ActionClass) {
    writeln!(text, "[actions.{}]\nrisk = \"{}\"", json(class.name.as_str()), class.risk).unwrap();
    let optional = [
        ("value", class.value.as_ref().map(ToString::to_string)),
        ("currency", class.currency.as_ref().map(ToString::to_string)),
        ("auto_cap", class.auto_cap.map(|cap| cap.to_string())),
        ("hard_cap", class.hard_cap.map(|cap| cap.to_string())),
        ("max_state", Some(class.max_state.to_string())),
    ];
    for (key, value) in optional {
        value.map_or(Ok(()), |value| writeln!(text, "{key} = {}", json(value))).unwrap();
    }
    if !class.currencies.is_empty() {
        writeln!(text, "currencies = {}", texts(&class.currencies)).unwrap();
    }
    writeln!(text, "secret = {}", texts(&class.secret)).unwrap();
    let approval = &class.approval;
    writeln!(text, "[actions.{}.approval]", json(class.name.as_str())).unwrap();
    writeln!(text, "quorum = {}\nleast_length = {}", approval.quorum, approval.least_length)
        .unwrap();
    writeln!(
        text,
        "deadline = {:?}\nfields = {}",
        human_duration(approval.deadline),
        texts(&approval.fields)
    )
    .unwrap();
    if !approval.groups.is_empty() {
        writeln!(text, "groups = {}", texts(&approval.groups)).unwrap();
    }
}

fn write_budget(text: &mut String, budget: &Budget) {
    writeln!(text, "[[budgets]]\nname = {}", json(budget.name.as_str())).unwrap();
    writeln!(text, "per = {}\nover = {}", json(budget.per), json(budget.over)).unwrap();
    writeln!(text, "window = {:?}", human_duration(budget.window)).unwrap();
    if let Some(actions) = &budget.actions {
        writeln!(text, "actions = {}", texts(actions)).unwrap();
    }
    budget.count.map_or(Ok(()), |count| writeln!(text, "count = {count}")).unwrap();
    budget.value.map_or(Ok(()), |value| writeln!(text, "value = {value}")).unwrap();
}

fn write_graduation(text: &mut String, graduation: &Graduation) {
    writeln!(text, "[graduation]\nwindow = {}", graduation.window).unwrap();
    writeln!(text, "sources = {}", texts(&graduation.sources)).unwrap();
    writeln!(text, "ratification_quorum = {}", graduation.ratification_quorum).unwrap();
    for (name, steps) in
        [("supervised", &graduation.supervised), ("autonomous", &graduation.autonomous)]
    {
        let Some(steps) = steps else { continue };
        writeln!(text, "[graduation.{name}]\npass_rate = {}", steps.pass_rate).unwrap();
        writeln!(text, "adversarial_pass_rate = {}", steps.adversarial_pass_rate).unwrap();
        writeln!(text, "min_samples = {}", steps.min_samples).unwrap();
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(terms in terms()) {
        let text = written(&terms);
        match file::parse("policy.toml", &text, digest()) {
            Ok(doc) => prop_assert_eq!(doc.terms, terms),
            Err(found) => prop_assert!(false, "{}\n{}", found.render(&text), text),
        }
    }

    #[test]
    fn damage_is_reported_inside_the_file(
        terms in terms(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..9, ".{0,4}|[\\[\\]{}\"'=#.\n*0-9-]{1,3}"), 1..5),
    ) {
        let mut chars: Vec<char> = written(&terms).chars().collect();
        for (at, removed, added) in damage {
            let start = at.index(chars.len() + 1).min(chars.len());
            let end = (start + removed).min(chars.len());
            chars.splice(start..end, added.chars());
        }
        let text: String = chars.into_iter().collect();
        check_places(&text)?;
    }

    #[test]
    fn any_text_is_survived(text in "\\PC*|[a-z\\[\\]{}\"'=#.\n\r\t \u{feff}\u{0}]{0,200}") {
        check_places(&text)?;
        check_places(&format!("version = 1\n{text}"))?;
    }
}

/// Every place that is named is one of the text, and there is a remedy for each.
fn check_places(text: &str) -> Result<(), TestCaseError> {
    let Err(found) = file::parse("policy.toml", text, digest()) else { return Ok(()) };
    prop_assert!(found.has_errors());
    let lines: Vec<&str> = text.split('\n').collect();
    for diagnostic in &found {
        let line = lines.get(diagnostic.line - 1);
        prop_assert!(
            line.is_some_and(|line| diagnostic.column <= line.chars().count() + 1),
            "{}",
            diagnostic
        );
        prop_assert!(!diagnostic.message.is_empty() && !diagnostic.remedy.is_empty());
        let rendered = diagnostic.render(text);
        prop_assert!(!rendered.chars().any(|c| c.is_control() && c != '\n'), "{:?}", rendered);
    }
    Ok(())
}
