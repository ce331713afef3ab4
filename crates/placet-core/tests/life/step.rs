//! What may happen next, with few names and few numbers, so that they meet often.

use placet_core::Outcome;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A call that an agent asks for, or that a person makes of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) tenant: &'static str,
    pub(crate) agent: &'static str,
    pub(crate) user: &'static str,
    pub(crate) tool: &'static str,
    /// Tells calls of the same tool apart.
    pub(crate) number: u8,
    /// How much harm it would do: policies forbid from different levels on.
    pub(crate) harm: u8,
    pub(crate) enforce: bool,
}

/// How far the like of an action may be done without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Only with the same number.
    pub(crate) is_narrow: bool,
    pub(crate) uses: Option<u32>,
    /// How long, in milliseconds.
    pub(crate) lasts: i64,
}

/// One thing that somebody does. A choice is of all the actions there have been, the latest first.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Install(u8),
    Propose(Ask),
    Sign {
        choice: usize,
        by: &'static str,
        looked_at: bool,
    },
    /// Signs, and lets the like of it stand.
    Stand {
        choice: usize,
        by: &'static str,
        looked_at: bool,
        bounds: Bounds,
    },
    /// Of all that ever stood, the latest first.
    Revoke(usize),
    Deny(usize),
    Withdraw(usize),
    Edit {
        choice: usize,
        by: &'static str,
        number: u8,
        harm: u8,
    },
    Recheck(usize),
    Trip(&'static str),
    Reset(&'static str),
    Redeem {
        choice: usize,
        is_same_call: bool,
    },
    Conclude {
        choice: usize,
        outcome: Outcome,
    },
    Tick,
}

/// Some of them may answer; one is in finance, one has the name of an agent, one is a user.
pub(crate) const PEOPLE: [&str; 5] = ["ben", "cem", "fin", "ada", "uma"];

pub(crate) const SCOPES: [&str; 6] =
    ["all", "tenant:acme", "agent:ada", "tool:refund", "tool:payment", "tenant:acme/agent:bob"];

pub(crate) fn sequence(length: usize) -> impl Strategy<Value = Vec<(i64, Step)>> {
    vec((jump(), step()), 1..length)
}

/// Milliseconds; clocks also run back.
fn jump() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => 0..50_i64,
        3 => 0..5_000_i64,
        1 => select(&[10_000, 29_999, 30_000, 60_000][..]),
        1 => -5_000..0_i64,
    ]
}

/// The latest actions are the likeliest.
fn choice() -> impl Strategy<Value = usize> {
    prop_oneof![4 => Just(0_usize), 3 => 0..3_usize, 1 => 0..12_usize]
}

fn step() -> impl Strategy<Value = Step> {
    let person = || select(&PEOPLE[..]);
    prop_oneof![
        2 => (1..=POLICIES).prop_map(Step::Install),
        8 => ask().prop_map(Step::Propose),
        9 => (choice(), person(), prop::bool::weighted(0.9))
            .prop_map(|(choice, by, looked_at)| Step::Sign { choice, by, looked_at }),
        4 => (choice(), person(), prop::bool::weighted(0.9), bounds())
            .prop_map(|(choice, by, looked_at, bounds)| Step::Stand { choice, by, looked_at, bounds }),
        1 => choice().prop_map(Step::Revoke),
        3 => choice().prop_map(Step::Deny),
        1 => choice().prop_map(Step::Withdraw),
        4 => (choice(), person(), 0..3_u8, 0..4_u8)
            .prop_map(|(choice, by, number, harm)| Step::Edit { choice, by, number, harm }),
        1 => choice().prop_map(Step::Recheck),
        1 => select(&SCOPES[..]).prop_map(Step::Trip),
        1 => select(&SCOPES[..]).prop_map(Step::Reset),
        8 => (choice(), prop::bool::weighted(0.95))
            .prop_map(|(choice, is_same_call)| Step::Redeem { choice, is_same_call }),
        4 => (choice(), outcome()).prop_map(|(choice, outcome)| Step::Conclude { choice, outcome }),
        2 => Just(Step::Tick),
    ]
}

fn bounds() -> impl Strategy<Value = Bounds> {
    let uses = select(&[None, Some(1), Some(2), Some(3)][..]);
    let lasts = select(&[1, 5_000, 60_000, 600_000][..]);
    (any::<bool>(), uses, lasts).prop_map(|(is_narrow, uses, lasts)| Bounds {
        is_narrow,
        uses,
        lasts,
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    select(&[Outcome::Succeeded, Outcome::Failed, Outcome::Reversed][..])
}

fn ask() -> impl Strategy<Value = Ask> {
    let names = (
        select(&["acme", "acme", "umbrella"][..]),
        select(&["ada", "bob"][..]),
        select(&["uma", "ulf"][..]),
        select(&["refund", "refund", "refund", "refund", "lookup", "mail"][..]),
    );
    (
        names,
        select(&[0, 0, 0, 0, 1][..]),
        select(&[0, 0, 0, 1, 2, 3][..]),
        prop::bool::weighted(0.2),
    )
        .prop_map(|((tenant, agent, user, tool), number, harm, enforce)| Ask {
            tenant,
            agent,
            user,
            tool,
            number,
            harm,
            enforce,
        })
}

/// How many policies there are; see [`crate::model::Policy`].
pub(crate) const POLICIES: u8 = 5;
