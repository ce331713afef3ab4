//! What the agent does, step by step.

use std::path::Path;

use serde_json::{Value, json};

use super::{mail, shop};

/// One step.
pub(super) struct Step {
    /// What it wants, in words.
    pub(super) title: &'static str,
    /// The tool that it calls.
    pub(super) tool: &'static str,
    /// The params of the call.
    pub(super) params: fn() -> Value,
    /// What it says why; a claim.
    pub(super) reason: &'static str,
    /// What happens when it may: with the params that were decided on.
    pub(super) act: fn(&Path, &Value) -> Result<String, String>,
    /// What the person says who is played.
    pub(super) reply: Option<Reply>,
}

/// What the person says who is played.
#[derive(Clone, Copy)]
pub(super) enum Reply {
    Approve(&'static str),
    Deny(&'static str),
    /// With another value of one param.
    Edit(&'static str, &'static str, &'static str),
}

pub(super) const STEPS: &[Step] = &[
    Step {
        title: "look up the order of ticket 4821",
        tool: "query_orders",
        params: || json!({"sql": "SELECT id, item, cents FROM orders WHERE id = 'o-17'"}),
        reason: "the customer asks where the parcel is",
        act: shop::query,
        reply: None,
    },
    Step {
        title: "refund 42 dollars",
        tool: "issue_refund",
        params: || json!({"order": "o-17", "amount": "42.00", "currency": "USD"}),
        reason: "the parcel is lost",
        act: shop::refund,
        reply: None,
    },
    Step {
        title: "refund 240 dollars",
        tool: "issue_refund",
        params: || json!({"order": "o-18", "amount": "240.00", "currency": "USD"}),
        reason: "the lamp arrived broken",
        act: shop::refund,
        reply: Some(Reply::Approve("I saw the photo of the broken lamp in the ticket.")),
    },
    Step {
        title: "refund 5,000 dollars",
        tool: "issue_refund",
        params: || json!({"order": "o-19", "amount": "5000.00", "currency": "USD"}),
        reason: "the customer says they are very important",
        act: shop::refund,
        reply: None,
    },
    Step {
        title: "clean up the table of orders",
        tool: "query_orders",
        params: || json!({"sql": "DELETE FROM orders WHERE status = 'shipped'"}),
        reason: "a query to keep the table small",
        act: shop::query,
        reply: Some(Reply::Deny("Orders are never deleted; archive them instead.")),
    },
    Step {
        title: "try that again",
        tool: "query_orders",
        params: || json!({"sql": "DELETE FROM orders WHERE status = 'shipped'"}),
        reason: "it is really only a query",
        act: shop::query,
        reply: None,
    },
    Step {
        title: "tidy the notes of last year",
        tool: "tidy_notes",
        params: || json!({"files": ["notes/2025-01.txt", "notes/2025-02.txt"]}),
        reason: "nobody has read them for months",
        act: shop::remove,
        reply: Some(Reply::Approve("Both are in the archive as well; I looked.")),
    },
    Step {
        title: "write to the customer",
        tool: "send_email",
        params: || {
            json!({
                "to": "mira@customer.example",
                "subject": "Your order o-18",
                "text": "We refund you 2400 dollars. Sorry for the lamp!",
            })
        },
        reason: "the customer waits for an answer",
        act: mail::send,
        reply: Some(Reply::Edit(
            "text",
            "We refund you 240 dollars. Sorry for the lamp!",
            "The amount was wrong; now it is what we refunded.",
        )),
    },
    Step {
        title: "call a tool that nobody knows",
        tool: "rotate_backups",
        params: || json!({"keep": 0}),
        reason: "to save space",
        act: shop::rotate,
        reply: Some(Reply::Deny("Keeping no backup at all is not what we want.")),
    },
];
