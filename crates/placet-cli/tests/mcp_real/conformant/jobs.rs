//! What takes longer than a client wants to wait for: it is told of a task and comes back for the result.

use std::time::Duration;

use rmcp::model::{
    CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock, CreateTaskResult,
    InputRequests, JsonObject,
};
use rmcp::service::RequestContext;
use rmcp::task_manager::{TaskContext, TaskExit, TaskOptions};
use rmcp::{ErrorData, RoleServer};
use serde_json::Value;

use super::{Conformant, read};

type Came = Result<CallToolResult, TaskExit>;

fn text(what: impl Into<String>) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(what)])
}

/// Asks whoever comes back for the task everything at once, and says what the answers were.
async fn asks(context: &TaskContext, questions: Value) -> Came {
    let mut open = tokio::task::JoinSet::new();
    for (key, question) in read::<InputRequests>(questions) {
        let context = context.clone();
        open.spawn(async move { context.request_input(key, question).await });
    }
    let mut answers = Vec::new();
    while let Some(answer) = open.join_next().await {
        let broke_off = |error| ErrorData::internal_error(format!("{error}"), None);
        answers.push(answer.map_err(broke_off)??.to_string());
    }
    Ok(text(answers.join(" ")))
}

/// Takes its time, unless nobody wants the result any more.
async fn computes(arguments: &JsonObject, context: Option<&TaskContext>) -> Came {
    let seconds = arguments.get("seconds").and_then(Value::as_f64).unwrap_or_default();
    let done = tokio::time::sleep(Duration::from_secs_f64(seconds));
    match context {
        None => done.await,
        Some(context) => tokio::select! {
            () = context.cancelled() => return Err(TaskExit::Cancelled),
            () = done => {}
        },
    }
    Ok(text("computed"))
}

impl Conformant {
    /// Does a job as a task, for a client that knows of tasks, or else at once where that can be.
    pub(super) async fn job(
        &self,
        name: String,
        arguments: JsonObject,
        request: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let declared = request.client_capabilities();
        let job = self.0.fixed["jobs"][&name].clone();
        if declared.is_some_and(|declared| declared.supports_tasks()) {
            let task = self.0.tasks.spawn(TaskOptions::default(), move |context| {
                Box::pin(async move { work(&name, job, &arguments, Some(&context)).await })
            });
            return Ok(CreateTaskResult::new(task).into());
        }
        if job["needs a task"] == true {
            let needed = ClientCapabilities::builder().enable_tasks().build();
            return Err(ErrorData::missing_required_client_capability(needed));
        }
        match work(&name, job, &arguments, None).await {
            Ok(result) => Ok(result.into()),
            Err(TaskExit::Error(error)) => Err(error),
            Err(TaskExit::Cancelled) => Err(ErrorData::internal_error("cancelled", None)),
        }
    }
}

async fn work(
    name: &str,
    job: Value,
    arguments: &JsonObject,
    context: Option<&TaskContext>,
) -> Came {
    match (name, context) {
        ("slow_compute", _) => computes(arguments, context).await,
        ("failing_job", _) => Ok(CallToolResult::error(vec![ContentBlock::text("it went wrong")])),
        ("protocol_error_job", _) => Err(ErrorData::internal_error("it broke off", None).into()),
        (_, Some(context)) => asks(context, job["questions"].clone()).await,
        (_, None) => Err(TaskExit::Cancelled),
    }
}
