//! What inspection saw, in the form in which it is kept beside a decision.

use placet_core::Json;
use placet_core::json::Object;

use super::effect::{Concern, Effect, Evidence, Inspection};

impl Inspection {
    /// All of it as JSON: the value that it serialises to.
    #[must_use]
    pub fn to_json(&self) -> Json {
        object([
            ("confusables", list(self.confusables(), concern)),
            (
                "effects",
                Json::Array(self.effects().iter().map(Effect::as_str).map(Json::from).collect()),
            ),
            ("evidence", list(self.evidence(), evidence)),
            ("sensitive", list(self.sensitive(), concern)),
            ("uninspectable", list(self.uninspectable(), concern)),
        ])
    }
}

fn evidence(evidence: &Evidence) -> Json {
    object([
        ("effect", evidence.effect.as_str().into()),
        ("pointer", evidence.pointer.as_str().into()),
        ("reason", evidence.reason.as_str().into()),
        ("source", evidence.source.as_str().into()),
        ("weight", evidence.weight.as_str().into()),
    ])
}

fn concern(concern: &Concern) -> Json {
    object([
        ("pointer", concern.pointer.as_str().into()),
        ("reason", concern.reason.as_str().into()),
        ("source", concern.source.as_str().into()),
    ])
}

fn list<T>(items: &[T], json: fn(&T) -> Json) -> Json {
    Json::Array(items.iter().map(json).collect())
}

fn object<const N: usize>(entries: [(&str, Json); N]) -> Json {
    let entries = entries.map(|(key, value)| (key.to_owned(), value)).into();
    Object::from_entries(entries).map_or(Json::Null, Json::Object)
}
