//! Tools that do something: they tell, ask the client, or look at what it declared.

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ClientCapabilities, CreateMessageRequestParams,
    ElicitRequestParams, LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::{Value, json};

use super::{Conformant, read, says, unknown};

impl Conformant {
    /// A tool that does something.
    pub(super) async fn acts(
        &self,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        match request.name.as_ref() {
            "test_tool_with_logging" => {
                for step in ["started", "processing data", "completed"] {
                    log(context, LoggingLevel::Info, step).await;
                }
            }
            "test_logging_tool" => {
                if let Some(level) = context.meta.log_level() {
                    log(context, level, "somebody wants to know").await;
                }
            }
            "test_tool_with_progress" => progress(context).await,
            "test_sampling" => return sample(&request, context).await,
            "test_trigger_tool_change" => {
                for sink in self.listening() {
                    drop(sink.notify_tool_list_changed().await);
                }
            }
            "test_trigger_prompt_change" => {
                for sink in self.listening() {
                    drop(sink.notify_prompt_list_changed().await);
                }
            }
            "test_missing_capability" => {
                let declared = context.meta.client_capabilities().unwrap_or_default();
                if declared.sampling.is_none() {
                    let needed = ClientCapabilities::builder().enable_sampling().build();
                    return Err(ErrorData::missing_required_client_capability(needed));
                }
            }
            "test_reconnection" => {}
            "greet" => {
                let name = request.arguments.as_ref().and_then(|given| given.get("name"));
                return says(format!("Hello, {}!", name.and_then(Value::as_str).unwrap_or("you")));
            }
            other => return Err(unknown("tool", other)),
        }
        says(format!("{} has ended", request.name))
    }
}

async fn log(context: &RequestContext<RoleServer>, level: LoggingLevel, what: &str) {
    let message = LoggingMessageNotificationParam::new(level, json!(what));
    drop(context.peer.notify_logging_message(message).await);
}

async fn progress(context: &RequestContext<RoleServer>) {
    let Some(token) = context.meta.get_progress_token() else { return };
    for so_far in [0.0, 50.0, 100.0] {
        let progress = ProgressNotificationParam::new(token.clone(), so_far).with_total(100.0);
        drop(context.peer.notify_progress(progress).await);
    }
}

async fn sample(
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let prompt = request.arguments.as_ref().and_then(|given| given.get("prompt"));
    let params: CreateMessageRequestParams = read(json!({
        "messages": [{ "role": "user", "content": { "type": "text", "text": prompt } }],
        "maxTokens": 100,
    }));
    match context.peer.create_message(params).await {
        Ok(answer) => says(format!("LLM response: {}", json!(answer.message.content))),
        Err(error) => Err(ErrorData::internal_error(error.to_string(), None)),
    }
}

/// Asks what a form asks, and says what the answer was.
pub(super) async fn ask(
    mut form: Value,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    if let Some(message) = request.arguments.as_ref().and_then(|given| given.get("message")) {
        form["message"] = message.clone();
    }
    form["mode"] = json!("form");
    match context.peer.create_elicitation(read::<ElicitRequestParams>(form)).await {
        Ok(answer) => {
            let action = json!(answer.action);
            let (action, content) = (action.as_str().unwrap(), json!(answer.content));
            says(format!("Elicitation completed: action={action}, content={content}"))
        }
        Err(error) => Err(ErrorData::internal_error(error.to_string(), None)),
    }
}
