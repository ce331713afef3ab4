//! Standing approvals: what they cover, what ends them, and that they never widen.

use std::collections::BTreeMap;

use placet_core::api_key::KeyScope;
use placet_core::audit::Violation;
use placet_core::event::{KeyCreated, SignedOff};
use placet_core::json::{Json, Pointer};
use placet_core::limits;
use placet_core::person::{Invite, PersonChanged, PersonInvited, PersonRemoved};
use placet_core::standing_approval::{Bounds, Pin, StandingGranted, pin, pinned};
use placet_core::{
    Caller, KeyId, Origin, ParamTag, Pepper, StandingApprovalId, audit, handle, handle_as,
};

use crate::case::*;
use crate::common::build::{budget, money, rule};
use crate::common::cited;

fn id(number: u128) -> StandingApprovalId {
    StandingApprovalId::new(Uuid::from_u128(number))
}

fn param(number: u8) -> ParamTag {
    ParamTag::from_bytes([number; 32])
}

/// Bounds that pin one param for good.
fn bounds(number: u128) -> Bounds {
    let pin = Pin { tag: param(1), value: Json::Null };
    Bounds { id: id(number), pins: [(at("/order"), pin)].into(), uses: None, until: None }
}

fn at(text: &str) -> Pointer {
    text.parse().unwrap()
}

/// A refund over 40 dollars for the order that is pinned.
fn pinned_refund(number: u8) -> Assessment {
    let mut of = refund(number);
    of.pins = [param(1), param(2)].into();
    of.value = money("40 USD");
    of
}

fn standing(approval: ApprovalId, by: Approver, bounds: Bounds) -> Command {
    let signing = signing(approval, by);
    Command::SignOff(Box::new(SigningOff { standing: Some(Box::new(bounds)), ..signing }))
}

/// Ben approves a refund and lets the like of it stand.
fn stands(world: &mut World, bounds: Bounds) {
    let approval = held(world, pinned_refund(1), 1);
    let entries = world.run(standing(approval, person("ben"), bounds), seconds(2)).unwrap();
    assert_eq!(kinds(&entries), ["standing_granted", "signed_off"]);
}

fn held(world: &mut World, of: Assessment, at: i64) -> ApprovalId {
    world.propose(of, seconds(at)).approval.expect("it is held").id
}

/// What becomes of a proposal: the words of its entries.
fn proposed(world: &mut World, of: Assessment, at: i64) -> Vec<&'static str> {
    let policy = world.state.terms().policy;
    let command = world.proposal(Assessment { policy, ..of });
    kinds(&world.run(command, seconds(at)).expect("judged"))
}

const COVERED: [&str; 2] = ["decided", "signed_off"];
const HELD: [&str; 1] = ["decided"];

fn is_covered(world: &mut World, of: Assessment) -> bool {
    match &proposed(world, of, 3)[..] {
        words if words == COVERED => true,
        words if words == HELD => false,
        other => panic!("{other:?}"),
    }
}

fn with(terms: Terms) -> World {
    let mut world = World::with(terms);
    stands(&mut world, bounds(1));
    world
}

fn usual() -> World {
    with(refunds(ApprovalTerms::default()))
}

#[test]
fn the_like_of_what_was_approved_runs_without_asking() {
    let mut world = usual();
    assert_eq!(proposed(&mut world, pinned_refund(2), 3), COVERED);
    let decision = world.log[world.log.len() - 2].clone();
    let Event::Decided(decided) = &decision.event else { panic!("a decision") };
    assert_eq!(decided.decision.verdict, Verdict::RequireApproval, "it was held all the same");
    let Event::SignedOff(signed) = &world.log.last().unwrap().event else { panic!("a sign-off") };
    assert_eq!((signed.standing, &signed.by), (Some(id(1)), &person("ben")));
    assert!(world.state.approvals().open(signed.approval).is_none());
    world.redeem(decided.id, seconds(4)).unwrap();
    assert_eq!(world.redeem(decided.id, seconds(5)), Err(Refusal::Spent));
    assert_eq!(world.state.standing_approvals().get(id(1)).unwrap().used, 1);
}

#[test]
fn the_action_that_it_is_given_with_uses_none_of_it() {
    assert_eq!(usual().state.standing_approvals().get(id(1)).unwrap().used, 0);
}

#[test]
fn nothing_else_is_covered() {
    type Change = fn(&mut Assessment);
    let changes: [(&str, Change); 13] = [
        ("another value of the pinned param", |of| of.pins = [param(2)].into()),
        ("another agent", |of| of.subject.agent = Some("bob".parse().unwrap())),
        ("an agent without a name", |of| of.subject.agent = None),
        ("another tenant", |of| of.subject.tenant = "acme".parse().unwrap()),
        ("another class", |of| of.class = Some("mail".parse().unwrap())),
        ("a tool without a class", |of| of.class = None),
        ("more money", |of| of.value = money("40.01 USD")),
        ("other money", |of| of.value = money("40 EUR")),
        ("money of no currency", |of| of.value = money("40")),
        ("no value at all", |of| of.value = Default::default()),
        ("a rule that did not hold the first", |of| {
            of.rules = vec![rule(Verdict::RequireApproval)];
        }),
        ("more than the class declares", |of| of.inspected.exceeds = vec!["it deletes".into()]),
        ("its person is whom it is done for", |of| of.user = Some(person_tag("ben"))),
    ];
    let mail = class("mail", RiskTier::ReversibleWrite);
    let terms = || {
        let refund = class("refund", RiskTier::ReversibleWrite);
        terms_of([refund, mail.clone()])
    };
    for (what, change) in changes {
        let mut world = with(terms());
        let mut of = pinned_refund(2);
        change(&mut of);
        assert!(!is_covered(&mut world, of), "{what}");
        assert!(is_covered(&mut world, pinned_refund(3)), "{what}: the like of it still is");
    }
}

#[test]
fn less_money_and_other_params_are_covered() {
    let changes: [fn(&mut Assessment); 4] = [
        |of| of.value = money("39.99 USD"),
        |of| of.pins = [param(1)].into(),
        |of| of.user = Some(person_tag("ida")),
        |of| of.user = None,
    ];
    for change in changes {
        let mut of = pinned_refund(2);
        change(&mut of);
        assert!(is_covered(&mut usual(), of));
    }
}

#[test]
fn what_a_check_stops_stays_stopped() {
    let mut world = usual();
    let mut of = pinned_refund(2);
    of.rules = vec![rule(Verdict::Block)];
    let policy = world.state.terms().policy;
    let command = world.proposal(Assessment { policy, ..of });
    let entries = world.run(command, seconds(3)).unwrap();
    assert_eq!(kinds(&entries), HELD);
    let Event::Decided(decided) = &entries[0].event else { panic!("a decision") };
    assert_eq!(decided.decision.verdict, Verdict::Block);
}

/// The reason of one that is held for its amount has the amount in it. What is above the cap as the
/// first one was is covered.
#[test]
fn what_is_held_for_a_smaller_amount_is_covered() {
    let mut refund = class("refund", RiskTier::ReversibleWrite);
    refund.auto_cap = Some("10".parse().unwrap());
    refund.hard_cap = Some("100".parse().unwrap());
    let mut world = World::with(Terms { graduation: graduation(), ..terms_of([refund]) });
    world.earn("refund", AutonomyState::Supervised, ms(0));
    stands(&mut world, bounds(1));
    let mut of = pinned_refund(2);
    of.value = money("30 USD");
    assert!(is_covered(&mut world, of));
}

#[test]
fn a_budget_that_is_used_up_is_nobodys_to_answer_beforehand() {
    let mut all = budget("all", placet_core::terms::Per::Tenant, Duration::from_secs(3_600));
    all.count = Some(2);
    let terms = refunds(ApprovalTerms::default());
    let mut world = with(Terms { budgets: vec![all], ..terms });
    assert!(is_covered(&mut world, pinned_refund(2)), "the second");
    assert!(!is_covered(&mut world, pinned_refund(3)), "the third is over the budget");
}

#[test]
fn a_program_that_asks_for_a_person_gets_one() {
    let mut of = pinned_refund(2);
    of.treatment = placet_core::mode::Treatment::Gated;
    assert!(!is_covered(&mut usual(), of));
}

#[test]
fn it_ends_with_its_uses() {
    let mut world = World::with(refunds(ApprovalTerms::default()));
    stands(&mut world, Bounds { uses: Some(2), ..bounds(1) });
    let covered = [2, 3, 4].map(|number| is_covered(&mut world, pinned_refund(number)));
    assert_eq!(covered, [true, true, false]);
    assert!(world.state.standing_approvals().is_empty());
}

#[test]
fn it_ends_with_its_time() {
    let mut world = World::with(refunds(ApprovalTerms::default()));
    stands(&mut world, Bounds { until: Some(seconds(100)), ..bounds(1) });
    let at = |world: &mut World, now| {
        let policy = world.state.terms().policy;
        let command = world.proposal(Assessment { policy, ..pinned_refund(9) });
        kinds(
            &handle(&world.state, command, now)
                .map(|facts| world.take_facts(facts, None, now))
                .unwrap(),
        )
    };
    assert_eq!(at(&mut world, ms(99_999)), COVERED);
    assert_eq!(at(&mut world, ms(100_000)), HELD);
}

#[test]
fn what_says_no_end_ends_all_the_same() {
    let world = usual();
    let granted = &world.state.standing_approvals().get(id(1)).unwrap().granted;
    assert_eq!(granted.until, seconds(2).saturating_add(limits::MAX_STANDING_TIME));
}

#[test]
fn another_policy_ends_it_for_good() {
    let mut world = usual();
    let terms = refunds(ApprovalTerms::default());
    world.install(Terms { policy: digest(2), ..terms.clone() }, seconds(3));
    assert!(!is_covered(&mut world, pinned_refund(2)));
    world.install(terms, seconds(4));
    assert!(!is_covered(&mut world, pinned_refund(3)), "also where the old policy comes back");
}

#[test]
fn the_same_policy_again_does_not_end_it() {
    let mut world = usual();
    world.install(refunds(ApprovalTerms::default()), seconds(3));
    assert!(is_covered(&mut world, pinned_refund(2)));
}

#[test]
fn a_switch_that_could_stop_it_ends_it_and_another_does_not() {
    for (switch, ends) in [
        ("all", true),
        ("tenant:default", true),
        ("tenant:acme", false),
        ("agent:ada", true),
        ("agent:bob", false),
        ("tenant:default/agent:ada", true),
        ("tenant:acme/agent:ada", false),
        ("tool:refund", true),
        ("tool:anything", true),
        ("tenant:acme/tool:refund", false),
    ] {
        let mut world = usual();
        world.run(trip(switch), seconds(2)).unwrap();
        world.run(Command::Tick, seconds(2)).unwrap();
        world.run(reset(switch), seconds(2)).unwrap();
        assert_eq!(is_covered(&mut world, pinned_refund(2)), !ends, "{switch}");
    }
}

#[test]
fn it_is_taken_back_at_once_and_once() {
    let mut world = usual();
    let revoke = |reason: &str| {
        let reason = reason.to_owned();
        Command::RevokeStanding { id: id(1), reason, by: Some("cem".parse().unwrap()) }
    };
    assert_eq!(world.run(revoke(""), seconds(3)), Err(Rejection::Reason));
    assert_eq!(kinds(&world.run(revoke("enough"), seconds(3)).unwrap()), ["standing_revoked"]);
    assert!(!is_covered(&mut world, pinned_refund(2)));
    assert_eq!(world.run(revoke("again"), seconds(4)), Err(Rejection::UnknownStanding(id(1))));
}

#[test]
fn what_nobody_can_read_any_more_covers_nothing() {
    let mut world = usual();
    let entry = world.state.standing_approvals().get(id(1)).unwrap().entry;
    let erase = |index| Command::Erase { index, reason: "asked to".into(), by: None, of: None };
    world.run(erase(entry + 1), seconds(3)).unwrap();
    assert!(is_covered(&mut world, pinned_refund(2)), "another entry was erased");
    world.run(erase(entry), seconds(3)).unwrap();
    assert!(!is_covered(&mut world, pinned_refund(3)));
}

/// Ben, who is in finance and gives a standing approval on what takes finance.
fn finance() -> World {
    let groups = vec!["finance".into()];
    let mut world = World::with(refunds(ApprovalTerms { groups, ..ApprovalTerms::default() }));
    world.take_unrecorded(invited(&[KeyScope::Approver], &["finance", "support"]), ms(0));
    let approval = held(&mut world, pinned_refund(1), 1);
    let ben = of_group("ben", &["finance"]);
    let facts = handle(&world.state, standing(approval, ben, bounds(1)), seconds(2)).unwrap();
    // The entry of the invitation is not kept, so that indices in the log are off by one.
    for fact in facts {
        world.take_unrecorded(fact.event, seconds(2));
    }
    world
}

fn invited(roles: &[KeyScope], groups: &[&str]) -> Event {
    Event::PersonInvited(Box::new(PersonInvited {
        person: "ben".parse().unwrap(),
        tenant: None,
        roles: roles.iter().copied().collect(),
        groups: groups.iter().map(|group| group.parse().unwrap()).collect(),
        invite: Invite { digest: digest(9), expires: seconds(3_600) },
    }))
}

#[test]
fn it_ends_with_the_right_of_its_person_to_give_it() {
    use KeyScope::{Admin, Approver as Approves};
    let changed = |roles: &[KeyScope], groups: &[&str]| {
        Event::PersonChanged(PersonChanged {
            person: "ben".parse().unwrap(),
            roles: roles.iter().copied().collect(),
            groups: groups.iter().map(|group| group.parse().unwrap()).collect(),
        })
    };
    let removed =
        |name: &str| Event::PersonRemoved(PersonRemoved { person: name.parse().unwrap() });
    for (event, stays) in [
        (changed(&[Approves, Admin], &["finance"]), true),
        (changed(&[Approves], &["support"]), false),
        (changed(&[Admin], &["finance"]), false),
        (invited(&[Approves], &["finance"]), true),
        (invited(&[Admin], &["finance"]), false),
        (removed("ben"), false),
        (removed("cem"), true),
    ] {
        let mut world = finance();
        world.take_unrecorded(event.clone(), seconds(3));
        assert_eq!(world.state.standing_approvals().len(), usize::from(stays), "{event:?}");
    }
}

#[test]
fn where_two_must_sign_it_is_one_of_them() {
    let mut world = World::with(refunds(quorum(2)));
    let approval = held(&mut world, pinned_refund(1), 1);
    world.run(standing(approval, person("ben"), bounds(1)), seconds(2)).unwrap();
    world.run(sign(approval, "cem"), seconds(2)).unwrap();
    assert_eq!(proposed(&mut world, pinned_refund(2), 3), COVERED);
    let Event::SignedOff(signed) = &world.log.last().unwrap().event else { panic!("a sign-off") };
    let (second, is_last) = (signed.approval, signed.expires.is_some());
    assert!(!is_last, "one of two");
    assert_eq!(world.run(sign(second, "ben"), seconds(4)), Err(Rejection::SignedAlready));
    // Cem's own completes it, and then two of them do.
    world.run(standing(second, person("cem"), bounds(2)), seconds(4)).unwrap();
    assert!(world.state.executions().grant(second.action()).is_some());
    assert_eq!(proposed(&mut world, pinned_refund(3), 5), ["decided", "signed_off", "signed_off"]);
    let used = [1, 2].map(|number| world.state.standing_approvals().get(id(number)).unwrap().used);
    assert_eq!(used, [2, 1]);
}

#[test]
fn two_of_one_person_are_one_sign_off() {
    let mut world = World::with(refunds(quorum(2)));
    let approval = held(&mut world, pinned_refund(1), 1);
    let other = held(&mut world, pinned_refund(2), 1);
    world.run(standing(approval, person("ben"), bounds(1)), seconds(2)).unwrap();
    world.run(standing(other, person("ben"), bounds(2)), seconds(2)).unwrap();
    assert_eq!(proposed(&mut world, pinned_refund(3), 3), COVERED);
    let used = [1, 2].map(|number| world.state.standing_approvals().get(id(number)).unwrap().used);
    assert_eq!(used, [1, 0]);
}

#[test]
fn its_bounds_are_bounds() {
    let longest = seconds(2).saturating_add(limits::MAX_STANDING_TIME);
    let many = |count: u8| -> BTreeMap<Pointer, Pin> {
        let pin =
            |number| (at(&format!("/{number}")), Pin { tag: param(number), value: Json::Null });
        (1..=count).map(pin).collect()
    };
    let most = u8::try_from(limits::MAX_PINS).unwrap();
    for (given, expected) in [
        (Bounds { pins: many(0), ..bounds(1) }, Err(Rejection::StandingBounds)),
        (Bounds { pins: many(most), ..bounds(1) }, Ok(2)),
        (Bounds { pins: many(most + 1), ..bounds(1) }, Err(Rejection::StandingBounds)),
        (Bounds { uses: Some(0), ..bounds(1) }, Err(Rejection::StandingBounds)),
        (Bounds { uses: Some(1), ..bounds(1) }, Ok(2)),
        (Bounds { uses: Some(limits::MAX_STANDING_USES), ..bounds(1) }, Ok(2)),
        (
            Bounds { uses: Some(limits::MAX_STANDING_USES + 1), ..bounds(1) },
            Err(Rejection::StandingBounds),
        ),
        (Bounds { until: Some(seconds(2)), ..bounds(1) }, Err(Rejection::StandingBounds)),
        (Bounds { until: Some(ms(2_001)), ..bounds(1) }, Ok(2)),
        (Bounds { until: Some(longest), ..bounds(1) }, Ok(2)),
        (
            Bounds { until: Some(longest.saturating_add(Duration::from_millis(1))), ..bounds(1) },
            Err(Rejection::StandingBounds),
        ),
    ] {
        let mut world = desk();
        let approval = held(&mut world, pinned_refund(1), 1);
        let said = format!("{given:?}");
        let found = world.run(standing(approval, person("ben"), given), seconds(2));
        assert_eq!(found.map(|entries| entries.len()), expected, "{said}");
    }
}

#[test]
fn whoever_may_not_sign_may_not_let_it_stand() {
    let mut world = desk();
    let approval = held(&mut world, pinned_refund(1), 1);
    let mut uma = person("uma");
    uma.tag = person_tag("uma");
    for by in [uma, person("ada")] {
        let found = world.run(standing(approval, by, bounds(1)), seconds(2));
        assert_eq!(found, Err(Rejection::OwnAction));
    }
    let mut silent = signing(approval, person("ben"));
    silent.standing = Some(Box::new(bounds(1)));
    silent.statement.clear();
    let found = world.run(Command::SignOff(Box::new(silent)), seconds(2));
    assert!(matches!(found, Err(Rejection::ShortField { .. })), "{found:?}");
    assert!(world.state.standing_approvals().is_empty(), "a refused answer leaves nothing");
}

#[test]
fn only_classes_have_them() {
    let mut world = desk();
    let mut unknown = pinned_refund(1);
    unknown.class = None;
    let approval = held(&mut world, unknown, 1);
    let found = world.run(standing(approval, person("ben"), bounds(1)), seconds(2));
    assert_eq!(found, Err(Rejection::NoClass));
}

#[test]
fn one_is_not_given_with_what_was_held_under_another_policy() {
    let mut world = desk();
    let approval = held(&mut world, pinned_refund(1), 1);
    let terms = refunds(ApprovalTerms::default());
    world.install(Terms { policy: digest(2), ..terms }, seconds(2));
    let mut signing = signing(approval, person("ben"));
    signing.fresh = Some(Assessment { policy: digest(2), ..pinned_refund(1) });
    signing.standing = Some(Box::new(bounds(1)));
    let found = world.run(Command::SignOff(Box::new(signing)), seconds(2));
    assert_eq!(found, Err(Rejection::StandingPolicy));
}

#[test]
fn an_id_is_given_once() {
    let mut world = usual();
    let mut other = pinned_refund(2);
    other.pins.clear();
    let approval = held(&mut world, other, 3);
    let found = world.run(standing(approval, person("ben"), bounds(1)), seconds(3));
    assert_eq!(found, Err(Rejection::KnownStanding(id(1))));
}

#[test]
fn a_tenant_has_room_for_so_many() {
    let mut world = usual();
    let granted = world.state.standing_approvals().get(id(1)).unwrap().granted.clone();
    let another = |number, tenant: &str| {
        let tenant = tenant.parse().unwrap();
        Event::StandingGranted(Box::new(StandingGranted {
            id: id(number),
            tenant,
            ..granted.clone()
        }))
    };
    let most = u128::try_from(limits::MAX_STANDING_PER_TENANT).unwrap();
    for number in 2..most {
        world.take_unrecorded(another(number, "default"), seconds(2));
        world.take_unrecorded(another(number + most, "acme"), seconds(2));
    }
    let mut plain = pinned_refund(2);
    plain.pins.clear();
    let mut next = |number| {
        let command = world.proposal(plain.clone());
        let facts = handle(&world.state, command, seconds(3)).unwrap();
        let Event::Decided(decided) = facts[0].event.clone() else { panic!("a decision") };
        world.take_unrecorded(facts[0].event.clone(), seconds(3));
        let approval = decided.approval.unwrap().id;
        let given =
            handle(&world.state, standing(approval, person("ben"), bounds(number)), seconds(3));
        let facts = given?;
        world.take_unrecorded(facts[0].event.clone(), seconds(3));
        Ok::<_, Rejection>(())
    };
    assert_eq!(next(50_000), Ok(()), "the last one");
    assert!(matches!(next(50_001), Err(Rejection::TooMany { .. })));
}

fn key(number: u128) -> KeyId {
    KeyId::new(Uuid::from_u128(number))
}

/// Proposes with a key of an agent that speaks for a person or for nobody.
fn proposed_by(person: Option<&str>) -> Vec<&'static str> {
    let mut world = usual();
    let created = KeyCreated {
        id: key(1),
        name: "a key".parse().unwrap(),
        tenant: Some("default".parse().unwrap()),
        agent: None,
        person: person.map(|name| name.parse().unwrap()),
        scopes: [KeyScope::Agent].into(),
        secret_digest: digest(1),
    };
    let event = Event::KeyCreated(created);
    let index = world.state.size();
    let entry = Entry { index, at: seconds(2), event, origin: None, payload: None };
    world.state.apply(&entry);
    world.log.push(entry);
    let policy = world.state.terms().policy;
    let command = world.proposal(Assessment { policy, ..pinned_refund(2) });
    let caller = Caller { key: key(1), generation: 0, request: None };
    let facts = handle_as(&world.state, &caller, command, seconds(3)).unwrap();
    let entries = u32::try_from(facts.len()).unwrap();
    let origin = Some(Origin { key: key(1), request: None, entries });
    kinds(&world.take_facts(facts, origin, seconds(3)))
}

#[test]
fn nobody_uses_what_they_gave_themselves() {
    assert_eq!(proposed_by(None), COVERED);
    assert_eq!(proposed_by(Some("cem")), COVERED);
    assert_eq!(proposed_by(Some("ben")), HELD, "it waits for somebody else");
}

#[test]
fn a_forged_entry_is_found() {
    let mut world = usual(); // 0: policy, 1: decided, 2: granted, 3: signed off
    proposed(&mut world, pinned_refund(2), 3); // 4: decided, 5: signed off
    let mut other = pinned_refund(3);
    other.value = money("41 USD");
    proposed(&mut world, other, 4); // 6: decided, and held
    let judged = |index: usize, event: Event| {
        let mut state = placet_core::State::default();
        world.log[..index].iter().for_each(|entry| state.apply(entry));
        let at = world.log[index.min(world.log.len() - 1)].at;
        let entry = Entry { index: state.size(), at, event, origin: None, payload: None };
        audit(&state, &entry, cited(&world.log, &entry))
    };
    let Event::StandingGranted(granted) = world.log[2].event.clone() else { panic!("a grant") };
    let granted = *granted;
    let given = |granted: StandingGranted| judged(2, Event::StandingGranted(Box::new(granted)));
    assert_eq!(given(granted.clone()), Ok(()), "the true one");
    let wider: [fn(&mut StandingGranted); 9] = [
        |it| it.tenant = "acme".parse().unwrap(),
        |it| it.agent = None,
        |it| it.class = "mail".parse().unwrap(),
        |it| it.worth = money("4000 USD"),
        |it| {
            it.held_by =
                vec![placet_core::Finding::require_approval(placet_core::CheckName::Rule, "any")];
        },
        |it| it.policy = digest(2),
        |it| it.pins.clear(),
        |it| it.uses = Some(0),
        |it| it.until = seconds(2).saturating_add(limits::MAX_STANDING_TIME * 2),
    ];
    for (place, change) in wider.into_iter().enumerate() {
        let mut forged = granted.clone();
        change(&mut forged);
        assert!(given(forged).is_err(), "change {place}");
    }
    let own = StandingGranted { by: person("ada"), ..granted.clone() };
    assert_eq!(given(own), Err(Violation::Refused(Rejection::OwnAction)));
    let twice = judged(4, Event::StandingGranted(Box::new(granted)));
    assert!(twice.is_err(), "with an action that is answered");

    let Event::SignedOff(signed) = world.log[5].event.clone() else { panic!("a sign-off") };
    let signed = *signed;
    let said = |index, signed: SignedOff| judged(index, Event::SignedOff(Box::new(signed)));
    assert_eq!(said(5, signed.clone()), Ok(()), "the true one");
    let unknown = SignedOff { standing: Some(id(9)), ..signed.clone() };
    assert_eq!(said(5, unknown), Err(Violation::Standing(id(9))));
    let by_cem = SignedOff { by: person("cem"), ..signed.clone() };
    assert_eq!(said(5, by_cem), Err(Violation::Standing(id(1))));
    let Event::Decided(dearer) = &world.log[6].event else { panic!("a decision") };
    let (approval, action) = (dearer.approval.as_ref().unwrap().id, dearer.id);
    let expires = Some(world.log[6].at.saturating_add(limits::DEFAULT_WARRANT_TIME));
    let dearer = SignedOff { approval, action, expires, ..signed };
    assert_eq!(said(7, dearer), Err(Violation::Standing(id(1))));
}

#[test]
fn pins_are_values_in_their_places() {
    let pepper = Pepper::from_bytes([3; 32]);
    let json = |text: &str| Json::parse(text.as_bytes()).unwrap();
    let first = json(r#"{"order":"o-1","lines":[{"id":7},{"id":8}],"note":"hi","a/b":1}"#);
    let places = ["/order", "/lines/0/id", "/lines/1", "/a~1b", ""].map(at);
    let pins = pin(&pepper, &first, places).unwrap();
    assert_eq!(pins[&at("/lines/1")].value, json(r#"{"id":8}"#));
    let tags = pins.values().map(|pin| pin.tag).collect();
    assert_eq!(pinned(&pepper, &first, &tags), tags);
    let same = json(r#"{"a/b":1.0,"note":"hi","order":"o-1","lines":[{"id":7},{"id":8}]}"#);
    assert_eq!(pinned(&pepper, &same, &tags), tags, "neither order nor form of numbers matters");
    let other = json(r#"{"order":"o-1","lines":[{"id":7},{"id":9}],"note":"ho","a":{"b":1}}"#);
    let found = pinned(&pepper, &other, &tags);
    let expected = ["/order", "/lines/0/id"].map(|place| pins[&at(place)].tag);
    assert_eq!(found, expected.into());
    assert_eq!(pin(&pepper, &first, [at("/order"), at("/nowhere")]), Err(at("/nowhere")));
    let elsewhere = json(r#"{"note":"o-1","lines":{"0":{"id":7}}}"#);
    let only = [pins[&at("/order")].tag].into();
    assert_eq!(pinned(&pepper, &elsewhere, &only), [].into(), "the value in another place");
    assert_eq!(pinned(&Pepper::from_bytes([4; 32]), &first, &tags), [].into(), "another log");
}

#[test]
fn what_has_too_many_places_has_none_of_the_pinned_values() {
    let pepper = Pepper::from_bytes([3; 32]);
    let of = |items: usize| {
        let items = vec!["1"; items].join(",");
        Json::parse(format!(r#"{{"order":"o-1","items":[{items}]}}"#).as_bytes()).unwrap()
    };
    // Two members and the whole are places as well.
    let most = limits::MAX_PINNABLE_PLACES - 3;
    let pins = pin(&pepper, &of(1), [at("/order")]).unwrap();
    let tags = pins.values().map(|pin| pin.tag).collect();
    assert_eq!(pinned(&pepper, &of(most), &tags), tags);
    assert_eq!(pinned(&pepper, &of(most + 1), &tags), [].into());
}
