//! What takes several requests: the server says what it has to know, and the client asks again with it.

use rmcp::model::{ClientCapabilities, InputRequests, InputRequiredResult, InputResponses};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::Value;

use super::{Conformant, read};

/// What comes next.
pub(super) enum Round {
    /// Something has to be known first.
    Asks(InputRequiredResult),
    /// It is done, with these words.
    Ends(String),
}

/// Whether a client can answer this at all.
fn can(declared: &ClientCapabilities, question: &Value) -> bool {
    match question["method"].as_str().unwrap_or_default() {
        "elicitation/create" => declared.elicitation.is_some(),
        "sampling/createMessage" => declared.sampling.is_some(),
        _ => declared.roots.is_some(),
    }
}

impl Conformant {
    /// The next round of what has this name, which began or goes on with this request.
    pub(super) fn round(
        &self,
        name: &str,
        mut rounds: Value,
        state: Option<&str>,
        answers: Option<&InputResponses>,
        context: &RequestContext<RoleServer>,
    ) -> Result<Round, ErrorData> {
        let sealed = self.0.fixed["sealed"].as_array().unwrap();
        let is_sealed = sealed.iter().any(|known| known == name);
        let mut number: usize = match state {
            Some(state) if is_sealed => self.0.seal.open_json(state).map_err(|error| {
                ErrorData::invalid_params(format!("this is no state of ours: {error}"), None)
            })?,
            _ => 0,
        };
        if name.ends_with("_capabilities") {
            let declared = context.meta.client_capabilities().unwrap_or_default();
            let questions = rounds[0].as_object_mut().unwrap();
            questions.retain(|_, question| can(&declared, question));
        }
        let is_answered =
            |key: &String| answers.and_then(|given| given.get(key)).is_some_and(Value::is_object);
        let began = state.is_some() || !is_sealed;
        if began && rounds[number].as_object().unwrap().keys().all(is_answered) {
            number += 1;
        }
        let Some(questions) = rounds.get(number) else {
            let answers = answers.map(|given| serde_json::to_string(given).unwrap());
            return Ok(Round::Ends(format!("state-ok: {}", answers.unwrap_or_default())));
        };
        let questions: InputRequests = read(questions.clone());
        let state = is_sealed.then(|| self.0.seal.seal_json(&number).unwrap());
        Ok(Round::Asks(InputRequiredResult::new(Some(questions), state)))
    }
}
