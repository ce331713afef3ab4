//! A person's answer as it comes over a wire.

use std::collections::{BTreeMap, BTreeSet};

use placet_core::json::{Object, Pointer, PointerError};
use placet_core::{Json, Timestamp};

use crate::approval::Reply;
use crate::standing_approval::Reach;

/// Most fields of an answer that are looked at: no policy asks for so many.
const MAX_FIELDS: usize = 64;

/// An answer that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {detail}", place = if pointer.is_empty() { "the answer" } else { pointer })]
pub struct ReplyError {
    /// JSON Pointer to what is wrong; empty for the whole.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl ReplyError {
    fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

impl Reply {
    /// Reads an answer. Nothing but a real `true` approves, and every other field is a text.
    ///
    /// # Errors
    /// When it says neither yes nor no, or something that goes with neither.
    pub fn from_json(json: &Json) -> Result<Self, ReplyError> {
        let Json::Object(fields) = json else {
            return Err(ReplyError::new("", "a JSON object is expected"));
        };
        let mut approved = None;
        let (mut params, mut standing) = (None, None);
        let mut statement = BTreeMap::new();
        for (name, value) in fields.iter().take(MAX_FIELDS) {
            match (name, value) {
                ("approved", Json::Bool(value)) => approved = Some(*value),
                ("approved", _) => {
                    return Err(ReplyError::new("/approved", "true or false is expected"));
                }
                ("params", Json::Object(value)) => params = Some(Object::clone(value)),
                ("params", _) => return Err(ReplyError::new("/params", "an object is expected")),
                ("standing", value) => standing = Some(reach(value)?),
                (name, Json::String(text)) => drop(statement.insert(name.to_owned(), text.clone())),
                (name, _) => {
                    return Err(ReplyError::new(format!("/{name}"), "a text is expected"));
                }
            }
        }
        if approved.ok_or_else(|| ReplyError::new("/approved", "is missing"))? {
            yes(statement, params, standing)
        } else {
            no(statement, params.is_some(), standing.is_some())
        }
    }
}

fn yes(
    statement: BTreeMap<String, String>,
    params: Option<Object>,
    standing: Option<Reach>,
) -> Result<Reply, ReplyError> {
    match (params, standing) {
        (None, None) => Ok(Reply::Approve { statement }),
        (None, Some(reach)) => Ok(Reply::ApproveStanding { statement, reach }),
        (Some(params), None) => Ok(Reply::Edit { params, statement }),
        (Some(_), Some(_)) => {
            let detail = "what is edited is approved alone; let the next one like it stand";
            Err(ReplyError::new("/standing", detail))
        }
    }
}

fn no(
    mut statement: BTreeMap<String, String>,
    has_params: bool,
    has_standing: bool,
) -> Result<Reply, ReplyError> {
    if has_params {
        return Err(ReplyError::new("/params", "only what is approved has params"));
    }
    if has_standing {
        return Err(ReplyError::new("/standing", "only what is approved can stand"));
    }
    let reason = statement.remove("reason").or(statement.remove("verbatim_response"));
    let missing = || ReplyError::new("/reason", "say why not; the agent is told");
    Ok(Reply::Deny { reason: reason.ok_or_else(missing)? })
}

/// Reads how far the like of an action may be done without asking.
fn reach(json: &Json) -> Result<Reach, ReplyError> {
    let Json::Object(fields) = json else {
        return Err(ReplyError::new("/standing", "an object is expected"));
    };
    let (mut pins, mut uses, mut until) = (None, None, None);
    for (name, value) in fields.iter() {
        match name {
            "params" => pins = Some(places(value)?),
            "uses" => uses = Some(count(value)?),
            "until" => until = Some(time(value)?),
            _ => {
                let detail = "is not a field of it; the fields are params, uses and until";
                return Err(ReplyError::new(format!("/standing/{name}"), detail));
            }
        }
    }
    let missing = || ReplyError::new("/standing", "params is missing; name what is to be the same");
    Ok(Reach { pins: pins.ok_or_else(missing)?, uses, until })
}

fn places(json: &Json) -> Result<BTreeSet<Pointer>, ReplyError> {
    let Json::Array(places) = json else {
        return Err(ReplyError::new("/standing/params", "an array is expected"));
    };
    let pointer = |(number, place): (usize, &Json)| {
        let at = format!("/standing/params/{number}");
        let text = place.as_str().ok_or_else(|| ReplyError::new(&at, "a text is expected"))?;
        text.parse().map_err(|error: PointerError| ReplyError::new(&at, error.to_string()))
    };
    places.iter().enumerate().map(pointer).collect()
}

fn count(json: &Json) -> Result<u32, ReplyError> {
    let whole = json.as_number().and_then(|number| u32::try_from(number.as_i64()?).ok());
    whole.ok_or_else(|| ReplyError::new("/standing/uses", "a whole number is expected"))
}

fn time(json: &Json) -> Result<Timestamp, ReplyError> {
    let wrong = |detail: String| ReplyError::new("/standing/until", detail);
    let text = json.as_str().ok_or_else(|| wrong("a text is expected".to_owned()))?;
    text.parse().map_err(|error: placet_core::time::TimestampError| wrong(error.to_string()))
}
