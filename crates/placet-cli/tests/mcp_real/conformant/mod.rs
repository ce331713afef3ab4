//! A server of MCP by another hand, `rmcp`, with everything that the conformance suite asks a server
//! for. What it always answers alike is in `fixed.json`.
#![allow(deprecated, reason = "the suite asks for what the older of the two versions of MCP has")]

mod acts;
mod jobs;
mod rounds;

use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams,
    CompleteRequestParams, CompleteResult, ContentBlock, CreateTaskResult, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, GetTaskParams, GetTaskResult, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, RequestStateCodec,
    ServerConfig, SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
    UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{RequestContext, SubscriptionContext, SubscriptionSink};
use rmcp::task_manager::{TaskManager, TaskOptions};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use rounds::Round;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// The server at a port of its own, which ends when this is dropped.
pub(crate) struct Serving {
    pub(crate) url: String,
    _runtime: Runtime,
}

impl Serving {
    pub(crate) fn start() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let server = Conformant::new();
        let service = StreamableHttpService::new(
            move || Ok(server.clone()),
            Arc::new(LocalSessionManager::default()),
            StreamableHttpServerConfig::default(),
        );
        let router = Router::new().route_service("/mcp", service);
        runtime.spawn(axum::serve(listener, router).into_future());
        Self { url, _runtime: runtime }
    }
}

/// What every session and every request has in common.
#[derive(Clone)]
struct Conformant(Arc<Shared>);

struct Shared {
    fixed: Value,
    seal: RequestStateCodec,
    tasks: TaskManager,
    listening: Mutex<Vec<SubscriptionSink>>,
}

fn read<T: DeserializeOwned>(value: Value) -> T {
    let shown = value.to_string();
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{error}: {shown}"))
}

/// A result, with what the newer version asks of it.
fn result<T: DeserializeOwned>(mut value: Value) -> T {
    value["resultType"] = json!("complete");
    value["ttlMs"] = json!(60_000);
    value["cacheScope"] = json!("public");
    read(value)
}

fn says(text: impl Into<String>) -> Result<CallToolResponse, ErrorData> {
    Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
}

fn unknown(what: &str, name: &str) -> ErrorData {
    ErrorData::invalid_params(format!("no {what} {name}"), None)
}

impl Conformant {
    fn new() -> Self {
        let fixed = serde_json::from_str(include_str!("fixed.json")).unwrap();
        let seal = RequestStateCodec::new(b"nobody has to be kept out of a test".to_vec());
        Self(Arc::new(Shared {
            fixed,
            seal,
            tasks: TaskManager::new(),
            listening: Mutex::default(),
        }))
    }

    /// What `fixed.json` has of this kind under this name.
    fn fixed(&self, kind: &str, name: &str) -> Option<Value> {
        self.0.fixed[kind].get(name).cloned()
    }

    /// A list of everything of a kind.
    fn list<T: DeserializeOwned>(&self, kind: &str, field: &str) -> Result<T, ErrorData> {
        let mut listed = json!({});
        listed[field] = self.0.fixed[kind].clone();
        Ok(result(listed))
    }

    fn listening(&self) -> Vec<SubscriptionSink> {
        self.0.listening.lock().unwrap().clone()
    }
}

impl ServerHandler for Conformant {
    fn get_info(&self) -> ServerConfig {
        read(json!({
            "protocolVersion": "2025-11-25",
            "serverInfo": { "name": "conformant", "version": "1.0.0" },
            "capabilities": {
                "extensions": { "io.modelcontextprotocol/tasks": {} },
                "completions": {}, "logging": {}, "tools": { "listChanged": true },
                "prompts": { "listChanged": true },
                "resources": { "listChanged": true, "subscribe": true },
            },
        }))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let tools = self.0.fixed["tools"].as_array().unwrap();
        tools.iter().find(|tool| tool["name"] == name).cloned().map(read)
    }

    fn accepted_subscription_filter(
        &self,
        wanted: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(wanted.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        self.0.listening.lock().unwrap().push(context.sink().clone());
        context.cancelled().await;
        Ok(())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        self.list("tools", "tools")
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if let Some(rounds) = self.fixed("rounds", &request.name) {
            let state = request.request_state.as_deref();
            let answers = request.input_responses.as_ref();
            return match self.round(&request.name, rounds, state, answers, &context)? {
                Round::Asks(asked) => Ok(asked.into()),
                Round::Ends(text) if request.name == "test_tool_with_task" => {
                    let result = CallToolResult::success(vec![ContentBlock::text(text)]);
                    let task = self
                        .0
                        .tasks
                        .spawn(TaskOptions::default(), |_| Box::pin(async { Ok(result) }));
                    Ok(CreateTaskResult::new(task).into())
                }
                Round::Ends(text) => says(text),
            };
        }
        if let Some(form) = self.fixed("forms", &request.name) {
            return acts::ask(form, &request, &context).await;
        }
        if self.fixed("jobs", &request.name).is_some() {
            let arguments = request.arguments.unwrap_or_default();
            return self.job(request.name.into_owned(), arguments, &context).await;
        }
        match self.fixed("answers", &request.name) {
            Some(mut answer) => {
                answer["resultType"] = json!("complete");
                Ok(read::<CallToolResult>(answer).into())
            }
            None => self.acts(request, &context).await,
        }
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.list("resources", "resources")
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.list("templates", "resourceTemplates")
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = &request.uri;
        if let Some(contents) = self.fixed("contents", uri) {
            return Ok(result::<ReadResourceResult>(contents).into());
        }
        let id = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data"));
        let Some(id) = id else {
            let place = json!({ "uri": uri });
            return Err(ErrorData::resource_not_found("no such resource", Some(place)));
        };
        let text = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
        let content =
            json!({ "uri": uri, "mimeType": "application/json", "text": text.to_string() });
        Ok(result::<ReadResourceResult>(json!({ "contents": [content] })).into())
    }

    async fn subscribe(
        &self,
        _: SubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(
        &self,
        _: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.list("prompts", "prompts")
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        if let Some(rounds) = self.fixed("rounds", &request.name) {
            let state = request.request_state.as_deref();
            let answers = request.input_responses.as_ref();
            let text = match self.round(&request.name, rounds, state, answers, &context)? {
                Round::Asks(asked) => return Ok(asked.into()),
                Round::Ends(text) => text,
            };
            let said = json!({ "role": "user", "content": { "type": "text", "text": text } });
            return Ok(result::<GetPromptResult>(json!({ "messages": [said] })).into());
        }
        let messages = self.fixed("messages", &request.name);
        let messages = messages.ok_or_else(|| unknown("prompt", &request.name))?;
        let mut text = messages.to_string();
        for (name, value) in request.arguments.unwrap_or_default() {
            text = text.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default());
        }
        let messages: Value = serde_json::from_str(&text).unwrap();
        Ok(result::<GetPromptResult>(json!({ "messages": messages })).into())
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let values = [format!("{}is", request.argument.value)];
        Ok(result(json!({ "completion": { "values": values, "total": 1, "hasMore": false } })))
    }

    async fn set_level(
        &self,
        _: SetLevelRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        self.0.tasks.get_task(&request.task_id).map(GetTaskResult::new)
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.0.tasks.update_task(&request.task_id, request.input_responses)
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.0.tasks.cancel_task(&request.task_id)
    }
}
