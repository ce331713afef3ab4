//! What only the log's own keys and a clock of one's own can show: warrants across rotations, and
//! those with a signature of ours that say what we never said.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use placet_core::json::{Json, Object};
use placet_core::limits::{MAX_WARRANT_KEYS, MAX_WARRANT_TIME};
use placet_core::warrant::{Claims, WarrantError, WarrantKey, open};
use placet_core::{Action, ActionId, Event, Refusal, Rejection, Timestamp};
use placet_store::projection::Status;
use placet_store::sequencer::wait;
use placet_store::{Environment, System};

use crate::approval::{Approver, Reply};
use crate::config::{Config, LogPlace, PolicySource};
use crate::error::GuardError;
use crate::guard::Guard;
use crate::warrant::RedeemError;

/// Warrants that live as long as any can.
const POLICY: &str = r#"
version = 1
mode = "enforce"
warrant_lifetime = "1h"
[actions.get_order]
risk = "read"
[actions.pay]
risk = "reversible_write"
approval = { fields = ["why"], least_length = 3 }
"#;

const DAY: i64 = 24 * 3600;

/// A clock that moves when it is told to.
struct Clock(AtomicI64);

impl Environment for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        System.fill(bytes)
    }
}

struct World {
    guard: Guard,
    clock: Arc<Clock>,
}

impl World {
    fn new() -> Self {
        let file = placet_core::event::PolicyFile {
            name: "policy.toml".to_owned(),
            text: POLICY.to_owned(),
        };
        let policy = PolicySource::Files(vec![file]);
        let clock = Arc::new(Clock(AtomicI64::new(1_700_000_000_000)));
        let environment: Arc<dyn Environment> = Arc::<Clock>::clone(&clock);
        let config = Config { policy, log: LogPlace::Memory };
        Self { guard: Guard::open_in(config, environment).unwrap(), clock }
    }

    fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }

    fn rotate(&self) -> Result<(), GuardError> {
        wait(self.guard.rotate_warrant_key(None)).map(drop)
    }

    /// An action that is allowed at once, and its warrant.
    fn allowed(&self) -> (ActionId, String) {
        let action = action("get_order");
        let answer = self.guard.blocking().propose(&action).unwrap();
        (answer.id.unwrap(), self.guard.warrant(&action, &answer).unwrap())
    }

    /// An action that a person approves, and its warrant.
    fn approved(&self) -> (ActionId, String) {
        let id = self.guard.blocking().propose(&action("pay")).unwrap().id.unwrap();
        let ben = Approver { person: "ben".parse().unwrap(), groups: [].into() };
        let statement = [("why".to_owned(), "I read it".to_owned())].into();
        wait(self.guard.resolve(id.approval(), &ben, Reply::Approve { statement })).unwrap();
        let followed = self.guard.log().action(id).unwrap().unwrap();
        (id, self.guard.warrant_of(&followed).unwrap())
    }

    fn redeem(&self, tool: &str, token: &str) -> Result<(), RedeemError> {
        let tool = tool.parse().unwrap();
        wait(self.guard.redeem(token, None, &tool, &Object::default())).map(drop)
    }

    fn status(&self, id: ActionId) -> Status {
        self.guard.log().action(id).unwrap().unwrap().status
    }

    /// Why redemptions were refused, as the log has it.
    fn refused(&self) -> Vec<Refusal> {
        let entries = self.guard.log().entries(0, 10_000).unwrap();
        let refused = entries.into_iter().filter_map(|entry| match entry.event {
            Event::RedemptionRefused(refused) => Some(refused.why),
            _ => None,
        });
        refused.collect()
    }

    /// The ids of the published keys.
    fn published(&self) -> Vec<String> {
        self.guard.warrant_keys().iter().map(|key| key.id().to_owned()).collect()
    }

    fn key(&self, generation: u32) -> WarrantKey {
        WarrantKey::of(self.guard.log().pepper(), generation)
    }

    /// What a warrant says, otherwise and signed by a key of ours.
    fn forged(&self, token: &str, generation: u32, change: impl FnOnce(&mut Claims)) -> String {
        let mut claims = open(token, &self.guard.warrant_keys()).unwrap();
        change(&mut claims);
        self.key(generation).sign(&claims).unwrap()
    }
}

fn action(tool: &str) -> Action {
    Action::from_json(Json::parse(format!(r#"{{"tool": "{tool}"}}"#).as_bytes()).unwrap()).unwrap()
}

fn longest() -> i64 {
    i64::try_from(MAX_WARRANT_TIME.as_secs()).unwrap()
}

#[test]
fn a_warrant_is_good_until_it_expires_however_often_the_key_rotates() {
    let world = World::new();
    let (_, read) = world.allowed();
    let (_, paid) = world.approved();
    let mut others = Vec::new();
    for _ in 1..MAX_WARRANT_KEYS {
        world.rotate().unwrap();
        others.push(world.allowed().1);
    }
    world.pass(longest() - 1);
    for (tool, token) in [("get_order", &read), ("pay", &paid)] {
        assert!(open(token, &world.guard.warrant_keys()).is_ok(), "it can be verified");
        world.redeem(tool, token).unwrap();
    }
    for token in others {
        world.redeem("get_order", &token).unwrap();
    }
    assert!(world.refused().is_empty());
}

#[test]
fn retired_keys_are_published_for_as_long_as_they_are_good() {
    let world = World::new();
    let id = |generation| world.key(generation).public().id().to_owned();
    assert_eq!(world.published(), [id(0)]);
    world.rotate().unwrap();
    assert_eq!(world.published(), [id(1), id(0)]);
    world.pass(60);
    world.rotate().unwrap();
    assert_eq!(world.published(), [id(2), id(1), id(0)], "the one that signs first");
    world.pass(longest() - 61);
    assert_eq!(world.published(), [id(2), id(1), id(0)]);
    world.pass(1);
    assert_eq!(world.published(), [id(2), id(1)]);
    world.pass(60);
    assert_eq!(world.published(), [id(2)]);
}

#[test]
fn too_many_good_keys_make_the_next_one_wait() {
    let world = World::new();
    for _ in 1..MAX_WARRANT_KEYS {
        world.rotate().unwrap();
    }
    let refused = world.rotate();
    let waits = matches!(
        refused,
        Err(GuardError::Rejected(Rejection::TooManyWarrantKeys { limit: MAX_WARRANT_KEYS, .. }))
    );
    assert!(waits, "{refused:?}");
    world.pass(longest());
    world.rotate().unwrap();
}

/// Whoever got hold of an old key can sign what looks good in everything else.
#[test]
fn what_a_key_signed_that_is_good_no_more_is_refused_and_logged() {
    let world = World::new();
    for _ in 0..2 {
        world.rotate().unwrap();
    }
    world.pass(longest());
    let (id, token) = world.allowed();
    for old in [0, 1] {
        let forged = world.forged(&token, old, |_| {});
        let refused = world.redeem("get_order", &forged);
        assert!(matches!(refused, Err(RedeemError::Refused(Refusal::OldKey))), "{refused:?}");
    }
    assert_eq!(world.refused(), [Refusal::OldKey, Refusal::OldKey]);
    assert_eq!(world.status(id), Status::Allowed);
    world.redeem("get_order", &token).unwrap();
}

/// An honest warrant of such a key has long expired; that the key is over is what its bearer hears.
#[test]
fn a_warrant_is_worth_nothing_after_its_key() {
    let world = World::new();
    let (id, token) = world.allowed();
    world.rotate().unwrap();
    world.pass(longest());
    assert!(world.redeem("get_order", &token).is_err());
    assert_eq!((world.refused(), world.status(id)), (vec![Refusal::OldKey], Status::Allowed));
}

#[test]
fn so_old_a_key_that_nobody_remembers_it_is_as_good_as_none() {
    let world = World::new();
    for _ in 0..70 {
        world.rotate().unwrap();
        world.pass(DAY);
    }
    let (_, token) = world.allowed();
    let (older, newer) = (world.forged(&token, 6, |_| {}), world.forged(&token, 7, |_| {}));
    let refused = world.redeem("get_order", &older);
    assert!(matches!(refused, Err(RedeemError::Warrant(WarrantError::Signature))), "{refused:?}");
    assert!(world.refused().is_empty());
    assert!(world.redeem("get_order", &newer).is_err());
    assert_eq!(world.refused(), [Refusal::OldKey]);
}

#[test]
fn what_we_signed_for_another_issuer_or_audience_is_refused_and_logged_once() {
    type Change = fn(&mut Claims);
    let changes: [(Change, Refusal); 4] = [
        (|it| it.iss.push('x'), Refusal::OtherIssuer),
        (|it| it.iss = String::new(), Refusal::OtherIssuer),
        (|it| it.aud = "placet:umbrella".to_owned(), Refusal::OtherAudience),
        (|it| it.aud = String::new(), Refusal::OtherAudience),
    ];
    for (change, why) in changes {
        let world = World::new();
        let (id, token) = world.allowed();
        let forged = world.forged(&token, 0, change);
        let found = world.redeem("get_order", &forged);
        assert!(matches!(found, Err(RedeemError::Refused(found)) if found == why));
        assert_eq!((world.refused(), world.status(id)), (vec![why], Status::Allowed));
        world.redeem("get_order", &token).unwrap();
    }
}

#[test]
fn what_an_executor_of_another_tenant_is_shown_is_refused_and_logged_once() {
    let world = World::new();
    let (id, token) = world.allowed();
    let (tenant, tool) = ("umbrella".parse().unwrap(), "get_order".parse().unwrap());
    let found = wait(world.guard.redeem(&token, Some(&tenant), &tool, &Object::default()));
    assert!(matches!(found, Err(RedeemError::Refused(Refusal::OtherAudience))), "{found:?}");
    assert_eq!(
        (world.refused(), world.status(id)),
        (vec![Refusal::OtherAudience], Status::Allowed)
    );
}

/// Anybody could fill the log with it.
#[test]
fn what_we_did_not_sign_leaves_no_entry() {
    let world = World::new();
    let (_, token) = world.allowed();
    let size = world.guard.log().size();
    let stranger = WarrantKey::of(&placet_core::Pepper::from_bytes([7; 32]), 0);
    let claims = open(&token, &world.guard.warrant_keys()).unwrap();
    let swapped = token.rsplit_once('.').unwrap().0;
    for forged in [
        stranger.sign(&claims).unwrap(),
        format!("{swapped}.{}", "A".repeat(86)),
        format!("{swapped}."),
        "a.b.c".to_owned(),
    ] {
        let refused = world.redeem("get_order", &forged);
        assert!(matches!(refused, Err(RedeemError::Warrant(_))), "{refused:?}");
    }
    assert_eq!(world.guard.log().size(), size);
}
