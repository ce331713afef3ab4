//! Takes secrets out of an action before anything is stored or shown.
//!
//! A customer types a card number into a chat, and the agent passes it on in the reason of a
//! refund. Nobody who reads the log later needs that number, but they do need the rest of the
//! sentence. So only the number is replaced, by a placeholder such as
//! `[redacted:card-number hmac-sha256:2f4c81d09a6be573]`. The placeholder is keyed with the log's
//! pepper: the same secret always gives the same text, so that two calls can be told apart or
//! recognised, and whoever lacks the pepper learns nothing from it.
//!
//! Secrets are found in three ways: the policy marks a field; a field or an assignment has a name
//! that says so (`api_key`, `--password`); or the text has the shape of a key, a token or a card
//! number. Names and shapes are a net and not a wall: an agent that wants to hide a secret in its
//! params can always write it in a way that no detector knows. What must not be stored is marked
//! in the policy.
//!
//! The time is linear in the size of the input. One pass of a prefilter over a text finds out
//! which detectors can match at all; for ordinary text that is none.

mod assignment;
mod card;
mod clean;
mod detector;
mod entropy;
mod fold;
mod kind;
mod name;
mod placeholder;
mod quote;
mod rule;
mod walk;

use std::sync::LazyLock;

use placet_core::json::{Json, Object, Pointer};
use placet_core::{Action, Pepper, PersonId, SessionId};

pub use kind::Kind;

use clean::Look;
use detector::Detector;
use placeholder::Mark;
use walk::Walk;

/// A secret that was taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redaction {
    /// Where it was; in the path, too, secrets are already replaced.
    pub pointer: Pointer,
    /// What it was.
    pub kind: Kind,
}

/// An action without its secrets, in the shape of the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Frozen {
    json: Json,
    redactions: Vec<Redaction>,
}

impl Frozen {
    /// What was taken out, with pointers from the action on, as in `/params/card`.
    #[must_use]
    pub fn redactions(&self) -> &[Redaction] {
        &self.redactions
    }

    /// The action as it is stored and shown, and as its digest is taken of it.
    #[must_use]
    pub fn into_json(self) -> Json {
        self.json
    }
}

/// Finds and replaces secrets.
#[derive(Clone, Copy, Debug)]
pub struct Redactor {
    detector: &'static Detector,
}

static DETECTOR: LazyLock<Detector> = LazyLock::new(Detector::new);

/// The fields of an action that are public facts of the log, and so names and never prose. All
/// others are searched.
const PUBLIC: [&str; 4] = ["tool", "tenant", "agent", "build"];

impl Default for Redactor {
    /// A redactor with every detector. The first one makes them for all.
    fn default() -> Self {
        Self { detector: &DETECTOR }
    }
}

impl Redactor {
    /// The action without its secrets. `secret` are the params that its class marks.
    #[must_use]
    pub fn freeze(&self, action: &Action, secret: &[Pointer], pepper: &Pepper) -> Frozen {
        if self.is_clean(action, secret) {
            return Frozen { json: action.clone().into_json(), redactions: Vec::new() };
        }
        self.replace(action, secret, pepper)
    }

    /// Whether there is surely nothing to take out of the action, so that it is frozen as it is.
    #[must_use]
    pub fn is_clean(&self, action: &Action, secret: &[Pointer]) -> bool {
        let look = Look(self.detector);
        let texts = [
            action.session.as_ref().map(SessionId::as_str),
            action.user.as_ref().map(PersonId::as_str),
            action.reason.as_deref(),
        ];
        let objects = [Some(&action.params), action.context.as_ref()];
        let is_there =
            |secret: &Pointer| secret.is_root() || action.params.pointer(secret).is_some();
        !secret.iter().any(is_there)
            && texts.into_iter().flatten().all(|text| look.text(text))
            && objects.into_iter().flatten().all(|object| look.object(object))
            && action.value.as_ref().is_none_or(|value| look.value(value))
    }

    fn replace(&self, action: &Action, secret: &[Pointer], pepper: &Pepper) -> Frozen {
        let mut json = action.clone().into_json();
        let mut walk = Walk::new(self.detector, Mark::Keyed(pepper));
        if let Json::Object(fields) = &mut json {
            for (name, value) in fields.iter_mut().filter(|(name, _)| !PUBLIC.contains(name)) {
                if name == "params" {
                    walk.marked(value, &place(name), secret);
                }
                walk.value(value, &place(name));
            }
        }
        Frozen { json, redactions: walk.into_found() }
    }

    /// Replaces what `secret` marks and what the detectors find, in values and in keys.
    ///
    /// A marked field is replaced as a whole, whatever its type; a pointer to nothing is ignored.
    /// The result is the same when it is redacted again.
    pub fn redact(
        &self,
        params: &mut Object,
        secret: &[Pointer],
        pepper: &Pepper,
    ) -> Vec<Redaction> {
        let mut json = Json::Object(std::mem::take(params));
        let mut walk = Walk::new(self.detector, Mark::Keyed(pepper));
        walk.marked(&mut json, &Pointer::root(), secret);
        walk.value(&mut json, &Pointer::root());
        if let Json::Object(redacted) = json {
            *params = redacted;
        }
        walk.into_found()
    }

    /// The text with its secrets replaced by placeholders that are keyed with the log's pepper: for
    /// what is stored beside an action and is no part of it.
    #[must_use]
    pub fn redact_text(&self, text: &str, pepper: &Pepper) -> String {
        let mut text = text.to_owned();
        Walk::new(self.detector, Mark::Keyed(pepper)).text(&mut text);
        text
    }

    /// The text with its secrets replaced by bare placeholders such as `[redacted:jwt]`: for
    /// messages and traces, where there is no pepper.
    #[must_use]
    pub fn scan_text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        Walk::new(self.detector, Mark::Bare).text(&mut text);
        text
    }

    /// Whether params already hold text in the form of a placeholder, in values or in keys.
    ///
    /// Redaction leaves such text alone, so a caller who sends one could pass it off as the secret
    /// that it stands for. Whoever takes actions in from outside should refuse it.
    #[must_use]
    pub fn holds_placeholder(params: &Object) -> bool {
        params.iter().any(|(key, value)| {
            placeholder::is_in(key) || walk::any_text(value, &placeholder::is_in)
        })
    }
}

fn place(field: &str) -> Pointer {
    let mut pointer = Pointer::root();
    pointer.push(field);
    pointer
}
